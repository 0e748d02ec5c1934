//! One code for each thing that can go wrong for a resident, a service or an operator. What people read about each
//! is in `texts/errors.toml`, in every [`crate::Lang`].

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

macro_rules! error_codes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $code:literal,)+) => {
        /// What went wrong, by meaning. Stable: printed, stored, sent and documented in `docs/errors.md`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum ErrorCode {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl ErrorCode {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The code as it is printed, stored and sent.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $code,)+
                }
            }
        }
    };
}

error_codes! {
    // The agent, its reader and its card.
    /// The agent speaks an older protocol than the gateway accepts.
    AgentTooOld = "agent_too_old",
    /// Automation ended after a wrong PIN; nothing more is sent to the card.
    AutomationEnded = "automation_ended",
    /// Another program holds the card.
    CardBusy = "card_busy",
    /// The card or the reader answered something unexpected.
    CardError = "card_error",
    /// The card left the reader while it was being used.
    CardRemoved = "card_removed",
    /// The user-authentication certificate's validity is over.
    CertificateExpired = "certificate_expired",
    /// The card holds no user-authentication certificate.
    CertificateMissing = "certificate_missing",
    /// The certificate's validity has not begun.
    CertificateNotYetValid = "certificate_not_yet_valid",
    /// The certificate cannot be read, or is not one for user authentication.
    CertificateUnusable = "certificate_unusable",
    /// The resident said no, or closed the window.
    Declined = "declined",
    /// The gateway is not one that this agent may talk to.
    GatewayNotAllowed = "gateway_not_allowed",
    /// The agent could not reach the gateway.
    GatewayUnreachable = "gateway_unreachable",
    /// No card on the reader in the time there was.
    NoCard = "no_card",
    /// No card reader is connected.
    NoReader = "no_reader",
    /// The card on the reader is not a My Number card.
    NotMyNumberCard = "not_my_number_card",
    /// The PIN is blocked.
    PinBlocked = "pin_blocked",
    /// One try is left, and the resident did not insist.
    PinLastTry = "pin_last_try",
    /// The PIN was wrong.
    PinWrong = "pin_wrong",
    /// The computer's smart card service does not run.
    ReaderServiceUnavailable = "reader_service_unavailable",
    /// More than one My Number card lies on the readers.
    SeveralCards = "several_cards",
    /// Automation met a card that is not of the test anchor, and left it alone.
    TestCardOnly = "test_card_only",
    /// Too little time of the sign-in is left to send a PIN.
    TooLittleTime = "too_little_time",

    // The gateway's judgement of the card.
    /// Neither source of revocation information could answer now.
    CannotCheck = "cannot_check",
    /// The certificate is suspended (certificateHold).
    CertificateOnHold = "certificate_on_hold",
    /// The certificate is revoked.
    CertificateRevoked = "certificate_revoked",
    /// The certificate does not come from an authority that the gateway trusts for this.
    CertificateUntrusted = "certificate_untrusted",
    /// The responder does not know the certificate.
    OcspUnknown = "ocsp_unknown",
    /// The signature is not the card's over this sign-in.
    SignatureInvalid = "signature_invalid",

    // The sign-in.
    /// The service's request or the button's form is no longer usable.
    FormExpired = "form_expired",
    /// Somebody may be trying to use the resident's card.
    PossiblePhishing = "possible_phishing",
    /// The sign-in ran out of time.
    SignInExpired = "sign_in_expired",
    /// The sign-in is over.
    SignInOver = "sign_in_over",
    /// A newer attempt in the same browser took its place.
    SignInReplaced = "sign_in_replaced",
    /// No such sign-in, or not this browser's.
    SignInUnknown = "sign_in_unknown",
    /// The ticket was used before by another agent.
    TicketUsed = "ticket_used",

    // The service's request.
    /// No such service is registered here.
    ClientUnknown = "client_unknown",
    /// The service's redirect URI is not one it registered.
    RedirectUriUnregistered = "redirect_uri_unregistered",
    /// The service's request or a message is malformed.
    RequestInvalid = "request_invalid",

    // The gateway itself.
    /// Something failed inside; the cause is in the operator's log.
    Internal = "internal",
    /// No key signs ID tokens for this service.
    NoSigningKey = "no_signing_key",
    /// Too many requests at once.
    Overloaded = "overloaded",
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for ErrorCode {
    type Err = UnknownErrorCode;

    fn from_str(code: &str) -> Result<Self, UnknownErrorCode> {
        Self::ALL.iter().copied().find(|known| known.as_str() == code).ok_or(UnknownErrorCode)
    }
}

impl Serialize for ErrorCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for ErrorCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// A code that this version does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an error code of this version")]
pub struct UnknownErrorCode;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_reads_back_and_none_is_given_twice() {
        for (index, code) in ErrorCode::ALL.iter().enumerate() {
            assert_eq!(code.as_str().parse(), Ok(*code));
            assert!(ErrorCode::ALL.iter().skip(index + 1).all(|other| other.as_str() != code.as_str()));
        }
        assert_eq!("because".parse::<ErrorCode>(), Err(UnknownErrorCode));
    }
}
