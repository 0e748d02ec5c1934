//! What reader agent and gateway say to each other: messages, the signed statement, limits, error codes.
//!
//! This crate decides the shape of what crosses the wire and nothing else: no I/O, no clock, no randomness of
//! its own. Agent and gateway never depend on each other; both depend on this.
//!
//! The order to read it in is the order of a sign-in: [`gateway_tag`] and [`Secret`] (the address the browser
//! carries to the agent), [`ClaimRequest`], [`Display`], [`SignInStatement`], [`FinishRequest`], [`ErrorCode`].

mod comparison;
mod display;
mod error_code;
mod lang;
mod limits;
mod local_text;
mod message;
mod octets;
mod origin;
mod reading;
mod statement;
mod texts;

pub use comparison::{COMPARISON_WORDS, ComparisonWord, comparison_code};
pub use display::{Display, DisplayError, DisplayText, check_text};
pub use error_code::{ErrorCode, UnknownErrorCode};
pub use lang::Lang;
pub use limits::{
    AGENT_PORTS, CLAIMED_SECONDS, MAX_CERTIFICATE_OCTETS, MAX_MESSAGE_OCTETS, MAX_SIGNATURE_OCTETS,
    MIN_SECONDS_FOR_PIN, PROTOCOL_VERSION, PROVEN_SECONDS, STARTED_SECONDS,
};
pub use local_text::LocalText;
pub use message::{
    CancelRequest, ClaimAnswer, ClaimRequest, ErrorAnswer, FinishAnswer, FinishRequest, KIND_SIGN_IN,
    PATH_CANCEL, PATH_CLAIM, PATH_FINISH, sign_in_return_url, sign_in_stopped_url,
};
pub use octets::{Octets, OctetsError, Secret, sha256};
pub use origin::{Origin, OriginError, gateway_tag};
pub use reading::kanji_without_reading;
pub use statement::{STATEMENT_CONTEXT, SignInStatement};
pub use texts::{ErrorText, error_text};
