//! Profiles: what is demanded of a client, and the one place that says so.
//!
//! An operator chooses one for each service. [`Profile::Fapi2`] follows the FAPI 2.0 Security Profile and is the one to
//! prefer; [`Profile::DaCompat`] takes over services that integrated with the Digital Agency's authentication app
//! (デジタル認証アプリ); [`Profile::Basic`] is for services that cannot do better, and for certification.

use serde::{Deserialize, Serialize};

use crate::AuthenticationMethod;
use crate::jose::JwsAlg;

/// The rules that a client lives by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Profile {
    /// OAuth 2.1 as RFC 9700 has it: PKCE always; pushed requests and DPoP are accepted.
    #[default]
    #[serde(rename = "standard")]
    Standard,
    /// FAPI 2.0 Security Profile: pushed requests, `private_key_jwt` and DPoP always.
    #[serde(rename = "fapi2")]
    Fapi2,
    /// The request rules of the Digital Agency's authentication app.
    #[serde(rename = "da-compat")]
    DaCompat,
    /// A secret, and PKCE that can be lifted.
    #[serde(rename = "basic")]
    Basic,
}

impl Profile {
    /// Every profile, the recommended order of reading.
    pub const ALL: [Self; 4] = [Self::Standard, Self::Fapi2, Self::DaCompat, Self::Basic];

    /// The name in files and on command lines.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Fapi2 => "fapi2",
            Self::DaCompat => "da-compat",
            Self::Basic => "basic",
        }
    }

    /// The profile of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.as_str() == name)
    }

    /// How a client may authenticate.
    pub const fn authentication_methods(self) -> &'static [AuthenticationMethod] {
        use AuthenticationMethod::{ClientSecretBasic, ClientSecretPost, None, PrivateKeyJwt};
        match self {
            Self::Standard => &[PrivateKeyJwt, ClientSecretBasic, None],
            Self::Fapi2 | Self::DaCompat => &[PrivateKeyJwt],
            Self::Basic => &[ClientSecretBasic, ClientSecretPost],
        }
    }

    /// How its ID tokens may be signed; the first is what it gets when nobody chooses.
    pub const fn id_token_algs(self) -> &'static [JwsAlg] {
        use JwsAlg::{Es256, Ps256, Rs256};
        match self {
            Self::Standard => &[Es256, Rs256],
            Self::Fapi2 => &[Es256, Ps256],
            Self::DaCompat | Self::Basic => &[Rs256, Es256],
        }
    }

    /// How its assertions and request objects may be signed.
    pub const fn client_algs(self) -> &'static [JwsAlg] {
        match self {
            Self::Fapi2 => &[JwsAlg::Es256, JwsAlg::Ps256],
            Self::Standard | Self::DaCompat => &[JwsAlg::Es256, JwsAlg::Ps256, JwsAlg::Rs256],
            Self::Basic => &[],
        }
    }

    /// What a registered RSA key is for that does not say so itself.
    pub const fn rsa_alg(self) -> JwsAlg {
        match self {
            Self::Fapi2 => JwsAlg::Ps256,
            Self::Standard | Self::DaCompat | Self::Basic => JwsAlg::Rs256,
        }
    }

    /// Every authorization request is pushed (RFC 9126), whatever the client's registration says.
    pub const fn requires_pushed(self) -> bool {
        matches!(self, Self::Fapi2)
    }

    /// Every token is bound to a key by DPoP (RFC 9449), whatever the client's registration says.
    pub const fn requires_dpop(self) -> bool {
        matches!(self, Self::Fapi2)
    }

    /// `state` and `nonce` must be there, as the Digital Agency's reference has it.
    pub const fn requires_state_and_nonce(self) -> bool {
        matches!(self, Self::DaCompat)
    }

    /// A scope value that we do not have is refused instead of ignored: a service that asks for `name` must learn at once
    /// that no name will come.
    pub const fn refuses_unknown_scopes(self) -> bool {
        matches!(self, Self::DaCompat)
    }

    /// A client may be registered without PKCE.
    pub const fn may_lift_pkce(self) -> bool {
        matches!(self, Self::Basic)
    }

    /// A client may be registered whose assertions name the token endpoint as audience (CVE-2025-27370).
    pub const fn may_accept_endpoint_audience(self) -> bool {
        matches!(self, Self::DaCompat)
    }

    /// The alphabet of its client ids is `0-9 A-Z a-z` alone.
    pub const fn client_id_is_alphanumeric(self) -> bool {
        matches!(self, Self::DaCompat)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_serialised_ones() {
        for profile in Profile::ALL {
            assert_eq!(serde_json::to_value(profile).expect("serialises"), profile.as_str());
            assert_eq!(Profile::from_name(profile.as_str()), Some(profile));
        }
        assert_eq!(Profile::from_name("Standard"), None);
    }

    /// FAPI 2.0 Security Profile sections 5.3.2 and 5.4, and no shared secret anywhere near it.
    #[test]
    fn fapi2_leaves_nothing_to_choose() {
        let fapi2 = Profile::Fapi2;
        assert!(fapi2.requires_pushed() && fapi2.requires_dpop() && !fapi2.may_lift_pkce());
        assert_eq!(fapi2.authentication_methods(), [AuthenticationMethod::PrivateKeyJwt]);
        assert!(!fapi2.id_token_algs().contains(&JwsAlg::Rs256));
    }

    /// What weakens a client is in the one profile that is for it.
    #[test]
    fn each_weakness_has_one_profile() {
        let only = |is: fn(Profile) -> bool| -> Vec<Profile> {
            Profile::ALL.into_iter().filter(|profile| is(*profile)).collect()
        };
        assert_eq!(only(Profile::may_lift_pkce), [Profile::Basic]);
        assert_eq!(only(Profile::may_accept_endpoint_audience), [Profile::DaCompat]);
        let post = |profile: Profile| {
            profile.authentication_methods().contains(&AuthenticationMethod::ClientSecretPost)
        };
        assert_eq!(only(post), [Profile::Basic]);
        let public =
            |profile: Profile| profile.authentication_methods().contains(&AuthenticationMethod::None);
        assert_eq!(only(public), [Profile::Standard]);
    }
}
