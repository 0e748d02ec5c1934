//! The computer's smart card service.

use std::io::ErrorKind;
use std::os::unix::net::UnixStream;

use pcsc::{Context, Scope};

use super::{About, Finding, State};

/// `socket` is what `PCSCLITE_CSOCK_NAME` names.
pub(super) fn examine(socket: Option<&str>) -> Finding {
    let values = [("socket", shown(socket))];
    let finding = |state, code| Finding::new(About::ReaderService, state, code, &values);
    match Context::establish(Scope::User) {
        Ok(_) => finding(State::Ok, "service_running"),
        Err(pcsc::Error::SecurityViolation) => finding(State::Ng, "service_denied"),
        Err(_) => match UnixStream::connect(socket.unwrap_or(SOCKET)).map_err(|error| error.kind()) {
            Err(ErrorKind::PermissionDenied) => finding(State::Ng, "service_denied"),
            Err(_) if socket.is_some() => finding(State::Ng, "service_not_at_path"),
            Err(_) => finding(State::Ng, "service_absent"),
            // It answers, but not as a service that lets us in.
            Ok(_) => finding(State::Ng, "service_refuses"),
        },
    }
}

/// The usual socket by its path; another one only by the variable that names it, because its path may be somebody's folder.
fn shown(socket: Option<&str>) -> String {
    if socket.is_none() { SOCKET.to_owned() } else { "$PCSCLITE_CSOCK_NAME".to_owned() }
}

/// Where pcscd(8) listens.
const SOCKET: &str = "/run/pcscd/pcscd.comm";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_of_somebodys_folder_is_not_shown() {
        assert_eq!(shown(None), SOCKET);
        assert_eq!(shown(Some("/home/hanako/pcscd.comm")), "$PCSCLITE_CSOCK_NAME");
    }
}
