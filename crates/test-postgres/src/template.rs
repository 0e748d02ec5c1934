//! A data folder as `initdb` makes it, made once and copied for each server: it takes longer than all else of a start.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::database::USER;
use crate::server::{folder, run};
use crate::{is_root, program, run_as_server};

/// Copies the template to `data`, which the server's user owns then.
pub(crate) fn copy_to(data: &Path) {
    run(Command::new("cp").arg("--archive").arg(template()).arg(data));
}

/// Beside the programs of the tests, for this version and user. Of those who make it at once one stays.
fn template() -> PathBuf {
    let tests = std::env::current_exe().expect("the program of a test");
    let initdb = program("initdb");
    let version = initdb.ancestors().nth(2).and_then(Path::file_name).expect("a version").to_string_lossy();
    let user = if is_root() { "root" } else { "user" };
    let template = tests.with_file_name(format!("postgresql-{version}-{user}"));
    if template.is_dir() {
        return template;
    }
    let fresh = folder();
    let made = fresh.path().join("data");
    run(run_as_server(&initdb)
        .args(["--no-sync", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"])
        .args(["--username", USER, "--pgdata"])
        .arg(&made));
    let beside = tempfile::tempdir_in(tests.parent().expect("a folder")).expect("a folder");
    let whole = beside.path().join("data");
    run(Command::new("cp").arg("--archive").arg(&made).arg(&whole));
    if fs::rename(&whole, &template).is_err() {
        assert!(template.is_dir(), "{} cannot be made", template.display());
    }
    template
}
