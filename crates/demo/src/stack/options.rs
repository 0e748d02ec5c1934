//! What can be chosen about a [`super::Stack`].

use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use zeroize::Zeroizing;

use crate::{Binaries, DemoError};

/// The PIN of the mock card.
pub const TEST_PIN: &str = "1234";

/// How to set up the stack.
#[derive(Debug)]
pub struct StackOptions {
    /// Where the programs are.
    pub binaries: Binaries,
    /// The ports.
    pub ports: Ports,
    /// The card.
    pub card: Card,
    /// Who answers the agent's questions.
    pub agent: AgentFront,
    /// What a test adds.
    pub extras: Extras,
}

/// What a test adds to the parts' own set-up.
#[derive(Clone, Debug, Default)]
pub struct Extras {
    /// More arguments for the agent, such as `--counter`.
    pub agent_args: Vec<String>,
    /// More tables at the end of the gateway's configuration, such as `[sign_in]`.
    pub gateway_toml: String,
    /// More arguments for the sample service, such as `--after-login`.
    pub service_args: Vec<String>,
    /// A second service, of whoever tries the gateway.
    pub my_service: Option<MyService>,
}

/// A service of somebody's own, registered as `my-service` with a secret.
#[derive(Clone, Debug, Default)]
pub struct MyService {
    /// Where answers may go.
    pub redirect_uris: Vec<String>,
    /// Where the browser may go after signing out.
    pub post_logout_redirect_uris: Vec<String>,
    /// Where it is told that a session ended.
    pub backchannel_logout_uri: Option<String>,
}

/// The ports, all on 127.0.0.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ports {
    /// The gateway.
    pub gateway: u16,
    /// The sample service.
    pub service: u16,
    /// The OCSP responder.
    pub ocsp: u16,
    /// The gateway's health and metrics.
    pub operations: u16,
    /// The agent.
    pub agent: u16,
}

impl Ports {
    /// The ports of the documentation: gateway 24810, service 24811, OCSP 24812, health 24813, agent 24817.
    pub const DEFAULT_BASE: u16 = 24810;

    /// All ports from a base: base, +1, +2, +3 and +7.
    pub fn from_base(base: u16) -> Result<Self, DemoError> {
        match base.checked_add(7) {
            Some(agent) if base >= 1024 => {
                Ok(Self { gateway: base, service: base + 1, ocsp: base + 2, operations: base + 3, agent })
            }
            _ => Err(DemoError::PortBase { base }),
        }
    }

    /// Ports that nobody listens on now, for tests that run side by side.
    ///
    /// From below the range that the system gives to outgoing connections, which could take a port between this look and
    /// its use; and at a place of this process's own, so that two tests do not look at the same ones.
    pub fn unused() -> io::Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        for _ in 0..TEST_BASES {
            let turn = NEXT.fetch_add(1, Ordering::Relaxed);
            let place = std::process::id().wrapping_mul(7).wrapping_add(turn) % TEST_BASES;
            // At most 11_000 + 2_499 * 8.
            let base = u16::try_from(11_000 + place * 8).unwrap_or(11_000);
            let ports = Self {
                gateway: base,
                service: base + 1,
                ocsp: base + 2,
                operations: base + 3,
                agent: base + 7,
            };
            if ports.all().into_iter().all(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()) {
                return Ok(ports);
            }
        }
        Err(io::ErrorKind::AddrInUse.into())
    }

    /// Each of them.
    pub(super) fn all(self) -> [u16; 5] {
        [self.gateway, self.service, self.ocsp, self.operations, self.agent]
    }

    /// The gateway's origin and issuer. A name, not 127.0.0.1: cookies ignore ports, and the agent and the service
    /// are on that address.
    pub fn issuer(self) -> String {
        format!("http://localhost:{}", self.gateway)
    }

    /// The front page of the sample service.
    pub fn service_url(self) -> String {
        format!("http://127.0.0.1:{}/", self.service)
    }

    /// Where the OCSP responder listens.
    pub fn ocsp_url(self) -> String {
        format!("http://127.0.0.1:{}/", self.ocsp)
    }

    /// Where the gateway's health and metrics are.
    pub fn operations_url(self) -> String {
        format!("http://127.0.0.1:{}", self.operations)
    }

    /// Where the agent listens.
    pub fn agent_url(self) -> String {
        format!("http://127.0.0.1:{}", self.agent)
    }
}

/// Which card signs.
#[derive(Debug)]
pub enum Card {
    /// A card on a reader of the running PC/SC service, with the trust that fits it.
    External(ExternalCard),
    /// A mock card behind a private PC/SC service, with a test PKI made for it.
    Mock(MockCard),
}

/// Somebody else's card, with anchors and CRLs trusted as test trust.
#[derive(Clone, Debug, Default)]
pub struct ExternalCard {
    /// Trust anchors: certificate files.
    pub anchors: Vec<PathBuf>,
    /// CRL files.
    pub crls: Vec<PathBuf>,
    /// Certificate policies of which one must be there; any policy when empty.
    pub policies: Vec<String>,
    /// The socket of the PC/SC service when it is not the usual one.
    pub socket: Option<PathBuf>,
}

/// The mock card.
#[derive(Clone, Debug, Default)]
pub struct MockCard {
    /// What the sign-in shall come to.
    pub answer: Option<Answer>,
    /// A scenario of the mock card, as TOML.
    pub scenario: Option<String>,
    /// More arguments for `madoguchi-test-pki issue`, such as `--fault`.
    pub issue_args: Vec<String>,
}

/// Outcomes other than a sign-in, each produced by the real parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Answer {
    /// The resident declines.
    AccessDenied,
    /// The municipality's CRL is stale, and the OCSP responder has no answer.
    CannotCheck,
    /// The card is taken away while it is in use.
    CardRemoved,
    /// The holder wanted no user-authentication certificate.
    CertificateMissing,
    /// The certificate on the card has expired.
    Expired,
    /// The card on the reader is another one: a driving licence.
    NotMyNumberCard,
    /// The certificate on the card is suspended, as after a loss report.
    OnHold,
    /// The PIN was blocked before.
    PinBlocked,
    /// The resident types a wrong PIN.
    PinWrong,
    /// The certificate on the card is revoked.
    Revoked,
}

impl Answer {
    /// The mock card's scenario that brings it about, where it is the card that differs.
    pub(super) fn scenario(self) -> Option<&'static str> {
        match self {
            // While the agent reads from it.
            Self::CardRemoved => Some("fault = \"remove@8\""),
            Self::CertificateMissing => Some("persona = \"no-certificate\""),
            Self::NotMyNumberCard => Some("persona = \"other-card\""),
            Self::PinBlocked => Some("auth_tries = 0"),
            _ => None,
        }
    }
}

/// Who answers the agent's questions.
#[derive(Debug)]
pub enum AgentFront {
    /// The caller writes PIN lines to the agent's standard input and reads its events.
    Driven,
    /// A person at our terminal.
    Terminal,
    /// Every request gets this PIN; an empty one means that the resident declines.
    Unattended(Pin),
}

/// A PIN line for the agent. Wiped when dropped, never printed.
pub struct Pin(Zeroizing<Vec<u8>>);

impl Pin {
    /// A PIN of four digits.
    pub fn new(digits: &[u8]) -> Result<Self, DemoError> {
        if digits.len() == 4 && digits.iter().all(u8::is_ascii_digit) {
            Ok(Self(Zeroizing::new(digits.to_vec())))
        } else {
            Err(DemoError::NotAPin)
        }
    }

    /// What an unattended agent is told so that `answer` comes of it, with the mock card's PIN.
    pub fn for_answer(answer: Option<Answer>) -> Self {
        Self(Zeroizing::new(match answer {
            Some(Answer::AccessDenied) => Vec::new(),
            Some(Answer::PinWrong) => b"0000".to_vec(),
            _ => TEST_PIN.as_bytes().to_vec(),
        }))
    }

    /// The line as it is written, with its end.
    pub(super) fn line(&self) -> Zeroizing<Vec<u8>> {
        // Room for the line's end from the start: growing would leave a copy behind.
        let mut line = Zeroizing::new(Vec::with_capacity(self.0.len() + 1));
        line.extend_from_slice(&self.0);
        line.push(b'\n');
        line
    }
}

impl std::fmt::Debug for Pin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pin(..)")
    }
}

/// Places for the ports of tests, eight ports each, from 11000 to 30999.
const TEST_BASES: u32 = 2500;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ports_move_together() {
        let ports = Ports::from_base(Ports::DEFAULT_BASE).expect("ports");
        assert_eq!(
            ports,
            Ports { gateway: 24810, service: 24811, ocsp: 24812, operations: 24813, agent: 24817 }
        );
        assert_eq!(Ports::from_base(3000).expect("ports").agent, 3007);
        assert!(Ports::from_base(80).is_err());
        assert!(Ports::from_base(65529).is_err());
    }

    #[test]
    fn unused_ports_differ() {
        let ports = Ports::unused().expect("ports");
        let all = std::collections::BTreeSet::from(ports.all());
        assert_eq!(all.len(), 5);
    }

    #[test]
    fn a_pin_is_four_digits_and_does_not_print() {
        for wrong in ["", "123", "12345", "12a4", "１２３４"] {
            assert!(Pin::new(wrong.as_bytes()).is_err(), "{wrong}");
        }
        let pin = Pin::new(b"5678").expect("a PIN");
        assert_eq!(format!("{pin:?}"), "Pin(..)");
        assert_eq!(pin.line().as_slice(), b"5678\n");
    }

    #[test]
    fn answers_that_need_another_line_get_it() {
        assert_eq!(Pin::for_answer(Some(Answer::AccessDenied)).line().as_slice(), b"\n");
        assert_ne!(Pin::for_answer(Some(Answer::PinWrong)).line(), Pin::for_answer(None).line());
    }
}
