//! How a sign-in is named to services (OpenID Connect Core sections 2 and 5.5.1.1).
//!
//! There is one way to sign in, and it has one name of ours. What a service asks for never changes what is answered
//! about what was done; it can only make the request fail, when it asked for something else as essential.

use crate::{ACR_CARD_PIN, Profile};

/// The Digital Agency's name for what [`ACR_CARD_PIN`] names: a hardware key opened by a PIN.
pub const ACR_AAL3: &str = "aal3";

/// The name under which a client hears of a sign-in with card and PIN: ours, or the Digital Agency's for a client of
/// that profile that asked by it. `crl`, the agency's other token, asks how revocation is checked and names no
/// sign-in; it is accepted and answered by the claim `revocation_source`.
pub(crate) fn acr_told(profile: Profile, acr_values: &[String]) -> &'static str {
    if profile == Profile::DaCompat && acr_values.iter().any(|value| value == ACR_AAL3) {
        ACR_AAL3
    } else {
        ACR_CARD_PIN
    }
}

/// Which of these essential values a sign-in with card and PIN meets. `None`: it meets none of them.
pub(crate) fn essential_acr_met(essential: &[String]) -> Option<&'static str> {
    [ACR_CARD_PIN, ACR_AAL3].into_iter().find(|acr| essential.iter().any(|value| value == acr))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(values: &[&str]) -> Vec<String> {
        values.iter().map(|&value| value.to_owned()).collect()
    }

    #[test]
    fn what_was_done_has_our_name_and_for_da_compat_the_agencys() {
        for profile in Profile::ALL {
            for asked in [&[][..], &["crl"], &["urn:other"], &["aal2"], &["AAL3"]] {
                assert_eq!(acr_told(profile, &list(asked)), ACR_CARD_PIN, "{profile:?} {asked:?}");
            }
            let told = if profile == Profile::DaCompat { ACR_AAL3 } else { ACR_CARD_PIN };
            assert_eq!(acr_told(profile, &list(&["crl", "aal3"])), told);
        }
    }

    #[test]
    fn an_essential_acr_is_met_by_what_is_done_alone() {
        assert_eq!(essential_acr_met(&list(&["urn:other", ACR_CARD_PIN])), Some(ACR_CARD_PIN));
        assert_eq!(essential_acr_met(&list(&["aal3"])), Some(ACR_AAL3));
        for other in
            [&["crl"][..], &["aal2"], &["urn:openbanking:psd2:sca", "urn:openbanking:psd2:ca"], &[""]]
        {
            assert_eq!(essential_acr_met(&list(other)), None, "{other:?}");
        }
    }
}
