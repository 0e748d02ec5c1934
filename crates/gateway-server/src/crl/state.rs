//! A state folder that cannot be used, with what helps.

use std::io::ErrorKind;
use std::path::Path;

use madoguchi_revocation::Error;

/// Why, and what to do. A command beside a gateway runs as the gateway's user: anybody else would leave files behind that
/// the gateway cannot use, or map files that somebody else may change.
pub(crate) fn unusable(folder: &Path, error: &Error) -> String {
    let advice = match error {
        Error::StateOfOther { owner, .. } => {
            format!("; run it as the gateway's user: sudo -u '#{owner}' madoguchi …")
        }
        Error::Io(error) if error.kind() == ErrorKind::NotFound => {
            "; has the gateway, or madoguchi crl index, run yet?".to_owned()
        }
        Error::Io(error) if error.kind() == ErrorKind::PermissionDenied => {
            "; run it as the gateway's user".to_owned()
        }
        _ => String::new(),
    };
    match error {
        // They name it, or what lies in it.
        Error::NotAState { .. }
        | Error::StateBusy { .. }
        | Error::StateNotPrivate { .. }
        | Error::StateOfOther { .. } => format!("{error}{advice}"),
        Error::Io(error) if error.kind() == ErrorKind::NotFound => {
            format!("{}: there is no such folder{advice}", folder.display())
        }
        _ => format!("{}: {error}{advice}", folder.display()),
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn what_helps() {
        let path = Path::new("crl-state");
        let other = Error::StateOfOther { path: path.to_owned(), owner: 990 };
        let told = unusable(path, &other);
        assert!(told.ends_with("run it as the gateway's user: sudo -u '#990' madoguchi …"));
        assert_eq!(told.matches("crl-state").count(), 1, "{told}");
        let absent = Error::Io(io::Error::from(ErrorKind::NotFound));
        assert!(unusable(path, &absent).ends_with("run yet?"));
        let denied = Error::Io(io::Error::from(ErrorKind::PermissionDenied));
        assert!(unusable(path, &denied).ends_with("run it as the gateway's user"));
    }
}
