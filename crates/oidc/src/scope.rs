//! The scope of an authorization request (RFC 6749 section 3.3, OpenID Connect Core section 3.1.2.1).

use crate::authorization_error::Refusal;
use crate::{Client, Description, OAuthError, Prompt, SCOPE_OFFLINE_ACCESS};

/// Requests an ID token. Every request has it.
pub const SCOPE_OPENID: &str = "openid";

/// What is granted of what was asked for: `openid`, and `offline_access` for a client that may have refresh tokens.
/// What does not exist here is ignored, except where the client's profile wants to hear of it.
///
/// OpenID Connect Core section 11: offline access is a resident's to give. Without a page nobody gives it, and the rest
/// of the request goes on without.
pub(crate) fn granted_scope(scope: &str, prompt: &[Prompt], client: &Client) -> Result<String, Refusal> {
    let asked = || scope.split(' ');
    if !asked().all(is_scope_token) {
        return Err(invalid_scope(const { Description::new("scope is missing or malformed") }));
    }
    if !asked().any(|token| token == SCOPE_OPENID) {
        return Err(invalid_scope(const { Description::new("scope lacks openid") }));
    }
    if client.profile.refuses_unknown_scopes() {
        asked().try_for_each(exists)?;
    }
    let asked_offline = asked().any(|token| token == SCOPE_OFFLINE_ACCESS);
    let offline = client.refresh && asked_offline && !prompt.contains(&Prompt::None);
    Ok(if offline { format!("{SCOPE_OPENID} {SCOPE_OFFLINE_ACCESS}") } else { SCOPE_OPENID.to_owned() })
}

/// A service that asks for a name learns at once that none will come, and why.
fn exists(token: &str) -> Result<(), Refusal> {
    match token {
        SCOPE_OPENID | SCOPE_OFFLINE_ACCESS => Ok(()),
        "name" | "address" | "birthdate" | "gender" => Err(invalid_scope(
            const {
                Description::new(
                    "name, address, birthdate and gender do not exist here: the certificate for user \
                     authentication holds none of them",
                )
            },
        )),
        "sign" => Err(invalid_scope(
            const {
                Description::new(
                    "sign does not exist here: only the certificate for user authentication is used",
                )
            },
        )),
        _ => Err(invalid_scope(const { Description::new("the only scope is openid") })),
    }
}

/// RFC 6749 appendix A.4.
fn is_scope_token(token: &str) -> bool {
    let allowed = |octet: u8| matches!(octet, b'!'..=b'~') && octet != b'"' && octet != b'\\';
    !token.is_empty() && token.bytes().all(allowed)
}

fn invalid_scope(description: Description) -> Refusal {
    Refusal(OAuthError::InvalidScope, description)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Profile;
    use crate::testing::client;

    fn of(profile: Profile, scope: &str) -> Result<String, &'static str> {
        let client = Client { profile, ..client() };
        granted_scope(scope, &[], &client).map_err(|Refusal(error, description)| {
            assert_eq!(error, OAuthError::InvalidScope);
            description.as_str()
        })
    }

    #[test]
    fn openid_is_there_and_the_rest_is_ignored() {
        for profile in [Profile::Standard, Profile::Fapi2, Profile::Basic] {
            for scope in ["openid", "email openid profile", "openid name sign", "openid offline_access"] {
                assert_eq!(of(profile, scope).as_deref(), Ok("openid"), "{scope}");
            }
        }
        for scope in ["", "profile", "openidx", "OpenID"] {
            assert!(of(Profile::Standard, scope).is_err(), "{scope}");
        }
        for scope in
            ["openid  profile", " openid", "openid ", "openid \"", "openid \\", "openid 窓", "openid\tx"]
        {
            assert_eq!(of(Profile::Standard, scope), Err("scope is missing or malformed"), "{scope}");
        }
    }

    /// The Digital Agency's attributes: the description says why they will never come.
    #[test]
    fn da_compat_hears_that_no_attributes_exist() {
        assert_eq!(of(Profile::DaCompat, "openid").as_deref(), Ok("openid"));
        for scope in ["name", "address", "birthdate", "gender"] {
            let description = of(Profile::DaCompat, &format!("openid {scope}")).expect_err("refused");
            assert!(description.contains(scope) && description.contains("certificate"), "{description}");
        }
        assert!(of(Profile::DaCompat, "sign openid").expect_err("refused").starts_with("sign does not"));
        assert_eq!(of(Profile::DaCompat, "openid email"), Err("the only scope is openid"));
    }

    #[test]
    fn refresh_tokens_are_asked_for_by_clients_that_may_have_them() {
        let client = Client { refresh: true, ..client() };
        let granted = |scope: &str, prompt: &[Prompt]| granted_scope(scope, prompt, &client);
        assert_eq!(granted("offline_access openid", &[]).as_deref(), Ok("openid offline_access"));
        assert_eq!(granted("openid", &[]).as_deref(), Ok("openid"));
        // Nobody was asked.
        assert_eq!(granted("openid offline_access", &[Prompt::None]).as_deref(), Ok("openid"));
        for prompt in [[Prompt::Consent], [Prompt::Login], [Prompt::SelectAccount]] {
            assert_eq!(granted("openid offline_access", &prompt).as_deref(), Ok("openid offline_access"));
        }
    }
}
