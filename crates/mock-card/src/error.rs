//! Why there is no mock card. What the card itself refuses is a status word.

use std::{io, net::SocketAddr, path::PathBuf};

use thiserror::Error;

use crate::{AnswerToReset, Persona, TraceError};

/// Why a mock card cannot be made, or cannot go on.
#[non_exhaustive]
#[derive(Debug, Error)]
pub enum MockCardError {
    /// The private key of an authority is not in the test PKI's folder: nobody here made the card up.
    #[error("{} is not there: only a test PKI's folder, with its authorities' private keys, is taken", .path.display())]
    AuthorityKeyAbsent {
        /// Where it should be.
        path: PathBuf,
    },
    /// The private key in the test PKI's folder is not the authority's.
    #[error("{} is not the key of the authority's certificate beside it", .path.display())]
    AuthorityKeyOfAnother {
        /// The file.
        path: PathBuf,
    },
    /// A certificate of a real authority. The mock card is for tests only.
    #[error(
        "the {certificate} certificate may be a real one: {reason}; the mock card holds test certificates only"
    )]
    CertificateIsReal {
        /// Which one.
        certificate: &'static str,
        /// What shows it.
        reason: &'static str,
    },
    /// A certificate that cannot be read; so nobody can tell that it is a test's.
    #[error("the {certificate} certificate cannot be read")]
    CertificateUnreadable {
        /// Which one.
        certificate: &'static str,
    },
    /// The test PKI's folder has no such card, or not in the form that it writes.
    #[error(transparent)]
    CardFiles(#[from] madoguchi_test_pki::Error),
    /// A certificate is not from the authorities beside it.
    #[error("the {certificate} certificate is not issued by an authority of this test PKI")]
    IssuerAbsent {
        /// Which one.
        certificate: &'static str,
    },
    /// A private key is not of the persona's kind: RSA-2048, or P-384 for the hypothetical next card.
    #[error("the {key} key does not fit the persona: {reason}")]
    Key {
        /// Which of the two.
        key: &'static str,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A private key is not its certificate's.
    #[error("the {key} key is not the one of its certificate")]
    KeyOfAnother {
        /// Which of the two.
        key: &'static str,
    },
    /// The card was not issued as the persona needs it.
    #[error(
        "persona {persona} needs a card of its own; make it: madoguchi-test-pki issue --pki {} --name {persona} {}, \
         then start with --card {persona}",
        .pki.display(), .persona.issue_options()
    )]
    PersonaNeedsAnotherCard {
        /// The persona.
        persona: Persona,
        /// The folder where the card was.
        pki: PathBuf,
    },
    /// The test PKI's folder has no card of this name.
    #[error(
        "there is no card {name:?} in {0}; {1}make it: madoguchi-test-pki issue --pki {0} --name {name}",
        .pki.display(), there_is(.others)
    )]
    CardAbsent {
        /// The name.
        name: String,
        /// The folder.
        pki: PathBuf,
        /// The cards that it has.
        others: Vec<String>,
    },
    /// Something else is where the control socket should be.
    #[error("cannot make the control socket {}: this file exists and is no socket", .path.display())]
    ControlIsNoSocket {
        /// Where.
        path: PathBuf,
    },
    /// The control socket cannot be made.
    #[error("cannot make the control socket {}", .path.display())]
    Control {
        /// Where.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The folder is not what the test PKI's program writes.
    #[error("{0} is not a test PKI; make one: madoguchi-test-pki init --out {0} && madoguchi-test-pki issue --pki {0} --name default", .pki.display())]
    PkiAbsent {
        /// The folder.
        pki: PathBuf,
    },
    /// A scenario file is not TOML of the documented form.
    #[error("{path} is not a scenario")]
    Scenario {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<toml::de::Error>,
    },
    /// A token label that does not fit into EF 0006.
    #[error("{label:?} is no token label: at most 32 octets of ASCII")]
    TokenLabel {
        /// What was given.
        label: String,
    },
    /// No answer to reset has this name.
    #[error("{name:?} is no answer to reset; there are: random:SEED, {}", AnswerToReset::NAMED.map(|(name, _)| name).join(", "))]
    UnknownAnswerToReset {
        /// What was given.
        name: String,
    },
    /// No persona has this name.
    #[error("{name:?} is no persona; there are: {}", Persona::ALL.map(|persona| persona.to_string()).join(", "))]
    UnknownPersona {
        /// What was given.
        name: String,
    },
    /// A file cannot be read.
    #[error("cannot read {path}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file to replay is not a trace.
    #[error("{} cannot be replayed", .path.display())]
    Trace {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: TraceError,
    },
    /// A trace cannot be written.
    #[error("cannot write the trace {}", .path.display())]
    TraceUnwritable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Standard output is closed: nobody steers this card.
    #[error("cannot answer on standard output")]
    Unsteered {
        /// Why.
        source: io::Error,
    },
    /// Nothing that speaks vpcd's protocol answers at the address.
    #[error("no virtual reader (vpcd) at {address}: is pcscd running with libifdvpcd?")]
    VpcdAbsent {
        /// Where it should be.
        address: SocketAddr,
        /// What connecting to it said last.
        source: io::Error,
    },
    /// The virtual reader takes connections and asks nothing.
    #[error("nothing asks for this card: the reader at {address} has a card already?{}", other_slot(.address))]
    VpcdSilent {
        /// Where it is.
        address: SocketAddr,
    },
    /// The virtual reader closed the connection: pcscd ended, or it took another card.
    #[error("the virtual reader (vpcd) at {address} is gone")]
    VpcdGone {
        /// Where it was.
        address: SocketAddr,
    },
}

fn there_is(cards: &[String]) -> String {
    if cards.is_empty() { String::new() } else { format!("there is: {}; or ", cards.join(", ")) }
}

/// vsmartcard's driver has two slots, each with a port of its own.
fn other_slot(address: &SocketAddr) -> &'static str {
    match address.port() {
        35963 => " (the other slot: 35964)",
        35964 => " (the other slot: 35963)",
        _ => "",
    }
}
