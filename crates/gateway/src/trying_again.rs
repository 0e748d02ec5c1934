//! Whether trying again can help a resident whose sign-in stopped: the one place that decides which way on its page leads.

use madoguchi_protocol::ErrorCode;

/// What another try is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TryingAgain {
    /// It may go well: it comes first.
    MayHelp,
    /// It ends the same way with this card: the way back to the service comes first, and another card is offered quietly.
    NeedsAnotherCard,
    /// It ends the same way here until somebody has done something about it: the way back comes first.
    CannotHelpNow,
}

impl TryingAgain {
    /// After a sign-in stopped by `code`.
    pub(crate) const fn after(code: ErrorCode) -> Self {
        match code {
            ErrorCode::CertificateExpired
            | ErrorCode::CertificateMissing
            | ErrorCode::CertificateNotYetValid
            | ErrorCode::CertificateOnHold
            | ErrorCode::CertificateRevoked
            | ErrorCode::CertificateUntrusted
            | ErrorCode::CertificateUnusable
            | ErrorCode::OcspUnknown
            | ErrorCode::PinBlocked
            | ErrorCode::TestCardOnly => Self::NeedsAnotherCard,
            ErrorCode::AutomationEnded | ErrorCode::NoSigningKey => Self::CannotHelpNow,
            // Codes without another try on their page are among these, too.
            _ => Self::MayHelp,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whoever adds a code says here what another try is worth after it.
    #[test]
    fn codes_after_which_the_same_card_is_of_no_use() {
        let of = |kind| -> Vec<&str> {
            let codes = ErrorCode::ALL.iter().filter(|code| TryingAgain::after(**code) == kind);
            codes.map(|code| code.as_str()).collect()
        };
        assert_eq!(
            of(TryingAgain::NeedsAnotherCard),
            [
                "certificate_expired",
                "certificate_missing",
                "certificate_not_yet_valid",
                "certificate_unusable",
                "pin_blocked",
                "test_card_only",
                "certificate_on_hold",
                "certificate_revoked",
                "certificate_untrusted",
                "ocsp_unknown",
            ]
        );
        assert_eq!(of(TryingAgain::CannotHelpNow), ["automation_ended", "no_signing_key"]);
    }
}
