//! Why a gateway was not reached, by what a person can do about it.

use std::io::{self, ErrorKind};

use rustls::CertificateError;

/// What stands between us and a gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The gateway's certificate is over, or this computer's clock is wrong.
    CertificateExpired,
    /// The gateway's certificate is not valid yet, or this computer's clock is wrong.
    CertificateNotYetValid,
    /// There is no such name, or no name service.
    NameUnknown,
    /// The network does not lead there.
    NoRoute,
    /// Something else.
    Other,
    /// Nobody listens there.
    Refused,
    /// No answer in time.
    TimedOut,
    /// The handshake failed for another reason than trust in the certificate.
    Tls,
    /// Nobody whom this computer trusts issued the gateway's certificate.
    UnknownIssuer,
    /// The certificate is for another name.
    WrongName,
}

impl Trouble {
    pub(super) fn of(error: &ureq::Error) -> Self {
        match error {
            ureq::Error::HostNotFound => Self::NameUnknown,
            ureq::Error::Io(error) => Self::of_io(error),
            ureq::Error::Rustls(error) => Self::of_tls(error),
            ureq::Error::Timeout(_) => Self::TimedOut,
            ureq::Error::Tls(_) => Self::Tls,
            _ => Self::Other,
        }
    }

    fn of_io(error: &io::Error) -> Self {
        // The handshake's errors come wrapped.
        if let Some(error) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            return Self::of_tls(error);
        }
        match error.kind() {
            ErrorKind::ConnectionRefused => Self::Refused,
            ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable | ErrorKind::NetworkDown => {
                Self::NoRoute
            }
            ErrorKind::TimedOut => Self::TimedOut,
            _ => Self::Other,
        }
    }

    fn of_tls(error: &rustls::Error) -> Self {
        match error {
            rustls::Error::InvalidCertificate(error) => match error {
                CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                    Self::CertificateExpired
                }
                CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                    Self::CertificateNotYetValid
                }
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                    Self::WrongName
                }
                // Self-signed certificates that are no authority's come as others too.
                _ => Self::UnknownIssuer,
            },
            _ => Self::Tls,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_trouble_has_its_meaning() {
        let tls = |error| ureq::Error::Rustls(rustls::Error::InvalidCertificate(error));
        let wrapped = rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer);
        for (error, trouble) in [
            (tls(CertificateError::Expired), Trouble::CertificateExpired),
            (tls(CertificateError::NotValidYet), Trouble::CertificateNotYetValid),
            (tls(CertificateError::NotValidForName), Trouble::WrongName),
            (tls(CertificateError::UnknownIssuer), Trouble::UnknownIssuer),
            (ureq::Error::Rustls(rustls::Error::NoCertificatesPresented), Trouble::Tls),
            (ureq::Error::Io(io::Error::new(ErrorKind::InvalidData, wrapped)), Trouble::UnknownIssuer),
            (ureq::Error::Io(ErrorKind::ConnectionRefused.into()), Trouble::Refused),
            (ureq::Error::Io(ErrorKind::NetworkUnreachable.into()), Trouble::NoRoute),
            (ureq::Error::Timeout(ureq::Timeout::Connect), Trouble::TimedOut),
            (ureq::Error::HostNotFound, Trouble::NameUnknown),
            (ureq::Error::ConnectionFailed, Trouble::Other),
        ] {
            assert_eq!(Trouble::of(&error), trouble, "{error}");
        }
    }
}
