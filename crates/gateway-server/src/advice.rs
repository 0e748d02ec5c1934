//! What an operator should know of a configuration that is well by itself: files that the service's user could not read,
//! although whoever checks could, and anchors that are over.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rustls_pki_types::UnixTime;

use madoguchi_cert_verify::Anchor;

use crate::Config;
use crate::regular_file::{MOST_KEY_OCTETS, read_regular};
use crate::verify::instant;

/// Warnings, each a line or two. `user` is whoever runs the check, `file` the configuration.
pub fn advice(config: &Config, file: &Path, user: u32, now: UnixTime) -> Vec<String> {
    let mut all: Vec<String> =
        config.trust.anchors.iter().filter_map(|anchor| of_anchor(anchor, now)).collect();
    let run = |name: &str| {
        format!(
            "run it as the service's user: sudo -u {name} madoguchi config check --config {}",
            file.display()
        )
    };
    match service_user(config) {
        Service::Uid(uid) if uid == user => {}
        Service::Uid(uid) => {
            let account = Account::of(uid);
            let who = Account::of(user).name;
            let name = &account.name;
            all.push(format!(
                "this check runs as {who}, and the gateway's files belong to {name}; {}",
                run(name)
            ));
            for (path, needs) in needed(config, file) {
                if account.may(&path, needs) == Some(false) {
                    let verb = if needs.contains(Needs::WRITE) { "read or write" } else { "read" };
                    all.push(format!(
                        "{name} could not {verb} {}, by its mode or a folder's",
                        path.display()
                    ));
                }
            }
        }
        Service::Hidden(path) => {
            let path = path.display();
            all.push(format!("{path} cannot be looked at by this user; {}", run("USER")));
        }
        Service::Unknown => {}
    }
    all
}

fn of_anchor(path: &Path, now: UnixTime) -> Option<String> {
    // What cannot be read or used is an error of the check.
    let anchor = Anchor::new(&read_regular(path, MOST_KEY_OCTETS).ok()?).ok()?;
    let (certificate, path) = (anchor.certificate(), path.display());
    if now > certificate.not_after() {
        let since = instant::format(certificate.not_after());
        Some(format!("trust.anchors: {path} expired at {since}: no card of it gets in"))
    } else if now < certificate.not_before() {
        let from = instant::format(certificate.not_before());
        Some(format!("trust.anchors: {path} is not valid before {from}: no card of it gets in"))
    } else {
        None
    }
}

/// Who runs the gateway, as far as its files tell.
enum Service {
    /// The owner of what only it may open.
    Uid(u32),
    /// This file is in a folder that this user may not enter.
    Hidden(PathBuf),
    /// There is no such file yet.
    Unknown,
}

fn service_user(config: &Config) -> Service {
    let database = [config.database.file(), config.revocation.state_dir.as_deref(), Some(&*config.kek_file)];
    for path in database.into_iter().flatten() {
        match fs::metadata(path) {
            Ok(metadata) => return Service::Uid(metadata.uid()),
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                return Service::Hidden(path.to_owned());
            }
            Err(_) => {}
        }
    }
    Service::Unknown
}

/// What a user must be allowed to do, as the bits of one class of a mode.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Needs(u32);

impl Needs {
    const READ: Self = Self(0o4);
    const ENTER: Self = Self(0o1);
    const LIST: Self = Self(0o5);
    const WRITE: Self = Self(0o2);
    const READ_AND_WRITE: Self = Self(0o6);
    /// Of a folder: to list it, and to move files out of it.
    const MANAGE: Self = Self(0o7);

    fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// Everything that the gateway opens, with what it does there.
fn needed(config: &Config, file: &Path) -> Vec<(PathBuf, Needs)> {
    let mut all = vec![(file.to_owned(), Needs::READ), (config.kek_file.clone(), Needs::READ)];
    all.extend(config.trust.anchors.iter().map(|path| (path.clone(), Needs::READ)));
    all.extend(
        config
            .tls
            .iter()
            .flat_map(|tls| [(tls.certificate.clone(), Needs::READ), (tls.key.clone(), Needs::READ)]),
    );
    if let Some(database) = config.database.file() {
        all.push((database.to_owned(), Needs::READ_AND_WRITE));
        let folder = database.parent().filter(|folder| !folder.as_os_str().is_empty());
        all.push((folder.unwrap_or(Path::new(".")).to_owned(), Needs::MANAGE));
    }
    all.extend(config.postgresql.password_file.iter().map(|path| (path.clone(), Needs::READ)));
    all.extend(config.postgresql.ca.iter().map(|path| (path.clone(), Needs::READ)));
    all.extend(config.revocation.state_dir.iter().map(|path| (path.clone(), Needs::MANAGE)));
    // Without the right to write a refused file stays where it is, which is told where it happens.
    all.extend(config.revocation.crl_dir.iter().map(|path| (path.clone(), Needs::LIST)));
    all.extend(config.revocation.crl_files.iter().map(|path| (path.clone(), Needs::READ)));
    all
}

/// A user of this computer, as its files have it.
struct Account {
    name: String,
    uid: u32,
    groups: BTreeSet<u32>,
}

impl Account {
    fn of(uid: u32) -> Self {
        let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
        let groups = fs::read_to_string("/etc/group").unwrap_or_default();
        Self::read(uid, &passwd, &groups)
    }

    fn read(uid: u32, passwd: &str, group: &str) -> Self {
        let number = |text: Option<&&str>| text.and_then(|text| text.parse::<u32>().ok());
        let users = passwd.lines().map(|line| line.split(':').collect::<Vec<_>>());
        let Some(user) = users.into_iter().find(|user| number(user.get(2)) == Some(uid)) else {
            return Self { name: format!("'#{uid}'"), uid, groups: BTreeSet::new() };
        };
        let name = user.first().copied().unwrap_or_default();
        let mut groups: BTreeSet<u32> = number(user.get(3)).into_iter().collect();
        for line in group.lines() {
            let fields: Vec<&str> = line.split(':').collect();
            if fields.get(3).is_some_and(|members| members.split(',').any(|member| member == name)) {
                groups.extend(number(fields.get(2)));
            }
        }
        Self { name: name.to_owned(), uid, groups }
    }

    /// Whether modes let the account do this; nothing when there is no such file, or it cannot be looked at.
    fn may(&self, path: &Path, needs: Needs) -> Option<bool> {
        let path = std::path::absolute(path).ok()?;
        let mut allowed = self.may_here(&path, needs)?;
        for folder in path.ancestors().skip(1) {
            allowed &= self.may_here(folder, Needs::ENTER)?;
        }
        Some(allowed)
    }

    fn may_here(&self, path: &Path, needs: Needs) -> Option<bool> {
        let metadata = fs::metadata(path).ok()?;
        let class = if metadata.uid() == self.uid {
            6
        } else if self.groups.contains(&metadata.gid()) {
            3
        } else {
            0
        };
        Some(self.uid == 0 || Needs(metadata.mode() >> class).contains(needs))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    const PASSWD: &str = "root:x:0:0::/root:/bin/sh\nmadoguchi:x:990:980::/:/bin/false\n";
    const GROUP: &str = "madoguchi:x:980:\ncrl:x:70:hanako,madoguchi\nother:x:71:hanako\n";

    #[test]
    fn an_account_has_its_groups() {
        let account = Account::read(990, PASSWD, GROUP);
        assert_eq!((account.name.as_str(), account.groups), ("madoguchi", BTreeSet::from([70, 980])));
        assert_eq!(Account::read(991, PASSWD, GROUP).name, "'#991'");
    }

    #[test]
    fn owner_group_and_others_and_every_folder_above() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("file");
        fs::write(&file, b"").expect("written");
        let (owner, group) = {
            let metadata = fs::metadata(&file).expect("there");
            (metadata.uid(), metadata.gid())
        };
        let mode = |path: &Path, mode| {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode");
        };
        let of = |uid, groups: &[u32]| Account {
            name: String::new(),
            uid,
            groups: groups.iter().copied().collect(),
        };
        // One that is neither root nor the owner.
        let stranger = owner.max(1) + 1;
        mode(folder.path(), 0o755);
        mode(&file, 0o640);
        assert_eq!(of(stranger, &[]).may(&file, Needs::READ), Some(false));
        assert_eq!(of(stranger, &[group]).may(&file, Needs::READ), Some(true));
        assert_eq!(of(stranger, &[group]).may(&file, Needs::READ_AND_WRITE), Some(false));
        assert_eq!(of(owner, &[]).may(&file, Needs::READ_AND_WRITE), Some(true));
        mode(folder.path(), 0o750);
        mode(&file, 0o644);
        assert_eq!(of(stranger, &[]).may(&file, Needs::READ), Some(false), "it cannot enter the folder");
        assert_eq!(of(stranger, &[]).may(&folder.path().join("none"), Needs::READ), None);
        assert_eq!(of(0, &[]).may(&file, Needs::READ_AND_WRITE), Some(true));
    }
}
