//! The control socket of the OCSP responder: lines that change how it behaves. Only its owner may use it.

use std::{
    fs, io,
    os::unix::fs::{FileTypeExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{UnixListener, UnixStream},
};

use crate::{Error, OcspSwitch, folder::io_error};

/// A control socket; its file goes with it.
pub struct Control {
    listener: UnixListener,
    path: PathBuf,
}

impl Control {
    /// Makes the socket. One that a dead program left is replaced; anything else that is there is not. A folder that
    /// others may write to is refused.
    pub fn bind(path: &Path) -> Result<Self, Error> {
        let bind = || {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            let mode = fs::metadata(folder.unwrap_or(Path::new(".")))?.permissions().mode();
            if mode & 0o022 != 0 {
                return Err(io::Error::other("others may write to the folder"));
            }
            match fs::symlink_metadata(path) {
                Ok(file) if !file.file_type().is_socket() => return Err(io::ErrorKind::AlreadyExists.into()),
                Ok(_) => match std::os::unix::net::UnixStream::connect(path) {
                    Ok(_) => return Err(io::ErrorKind::AddrInUse.into()),
                    Err(_) => fs::remove_file(path)?,
                },
                Err(_) => {}
            }
            let listener = UnixListener::bind(path)?;
            fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
            Ok(listener)
        };
        let listener = bind().map_err(io_error(path))?;
        Ok(Self { listener, path: path.to_owned() })
    }

    /// Takes connections until it is dropped; each line is obeyed and answered by a line.
    pub async fn serve(self, switch: OcspSwitch) {
        while let Ok((stream, _)) = self.listener.accept().await {
            tokio::spawn(follow(stream, switch.clone()));
        }
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        // Gone already is as well.
        let _ = fs::remove_file(&self.path);
    }
}

async fn follow(stream: UnixStream, switch: OcspSwitch) {
    let (reader, mut writer) = stream.into_split();
    let mut reader = BufReader::new(reader);
    loop {
        let mut line = String::new();
        match (&mut reader).take(LONGEST_LINE).read_line(&mut line).await {
            Ok(1..) => {}
            _ => return,
        }
        let answer = format!("{}\n", switch.obey(line.trim_end_matches(['\r', '\n'])));
        if writer.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

const LONGEST_LINE: u64 = 4096;
