//! Files of the PKI's folder: each is written beside its place and then renamed, so that a reader sees the old
//! file or the new one and never half of one.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use serde::{Serialize, de::DeserializeOwned};

use crate::Error;

pub(crate) fn create(folder: &Path) -> Result<(), Error> {
    fs::create_dir_all(folder).map_err(io_error(folder))
}

pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(io_error(path))
}

pub(crate) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, Error> {
    serde_json::from_slice(&read(path)?)
        .map_err(|source| Error::MalformedJson { path: path.to_owned(), source })
}

pub(crate) fn write(path: &Path, octets: &[u8]) -> Result<(), Error> {
    write_parts(path, &[octets])
}

/// A file of several parts, one after the other.
pub(crate) fn write_parts(path: &Path, parts: &[impl AsRef<[u8]>]) -> Result<(), Error> {
    replace(path, parts, 0o644)
}

/// Only the owner may read it.
pub(crate) fn write_secret(path: &Path, octets: &[u8]) -> Result<(), Error> {
    replace(path, &[octets], 0o600)
}

/// JSON may hold a PIN: only the owner may read it.
pub(crate) fn write_json<T: Serialize>(path: &Path, value: &T) -> Result<(), Error> {
    let mut text = zeroize::Zeroizing::new(
        serde_json::to_vec_pretty(value)
            .map_err(|source| Error::MalformedJson { path: path.to_owned(), source })?,
    );
    text.push(b'\n');
    replace(path, &[text.as_slice()], 0o600)
}

/// Removes a file; one that is not there is fine.
pub(crate) fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(io_error(path)(error)),
        _ => Ok(()),
    }
}

/// Waits until no other process changes the PKI, and keeps others out until the file is dropped.
pub(crate) fn lock(folder: &Path) -> Result<File, Error> {
    let path = folder.join("lock");
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(&path)
        .map_err(io_error(&path))?;
    file.lock().map_err(io_error(&path))?;
    Ok(file)
}

pub(crate) fn io_error(path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Io { path, source }
}

fn replace(path: &Path, parts: &[impl AsRef<[u8]>], mode: u32) -> Result<(), Error> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = Path::new(&beside);
    // A leftover of a writer that died would keep its own mode.
    remove(beside)?;
    let mut file =
        OpenOptions::new().create_new(true).write(true).mode(mode).open(beside).map_err(io_error(beside))?;
    for part in parts {
        file.write_all(part.as_ref()).map_err(io_error(beside))?;
    }
    fs::rename(beside, path).map_err(io_error(path))
}
