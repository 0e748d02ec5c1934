//! Where the programs are: all in one folder, the one that holds the running program.

use std::io;
use std::path::{Path, PathBuf};

use crate::DemoError;

/// The folder with the programs of the workspace.
#[derive(Clone, Debug)]
pub struct Binaries {
    folder: PathBuf,
}

impl Binaries {
    /// The folder of the running program; for a test program, whose own folder is `deps`, the one above it.
    pub fn beside_this_program() -> io::Result<Self> {
        let program = std::env::current_exe()?;
        let mut folder = program.parent().unwrap_or(Path::new("/"));
        if folder.ends_with("deps") {
            folder = folder.parent().unwrap_or(folder);
        }
        Ok(Self { folder: folder.to_owned() })
    }

    /// Programs in another folder.
    pub fn in_folder(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The path of one program; an error that says how to build it when it is not there.
    pub fn path(&self, name: &str) -> Result<PathBuf, DemoError> {
        let path = self.folder.join(name);
        if path.is_file() { Ok(path) } else { Err(DemoError::NotBuilt { name: name.to_owned(), path }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_program_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let error = Binaries::in_folder(folder.path()).path("madoguchi-nothing").expect_err("not there");
        assert!(error.to_string().contains("madoguchi-nothing"), "{error}");
    }

    #[test]
    fn a_test_program_looks_above_deps() {
        let binaries = Binaries::beside_this_program().expect("a folder");
        assert!(!binaries.folder.ends_with("deps"), "{binaries:?}");
    }
}
