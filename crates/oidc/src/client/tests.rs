use serde_json::json;

use super::*;
use crate::jose::{JwsAlg, PublicJwkSet};
use crate::testing::client;
use crate::{AssertionKeys, ClientSecret};

const SECRET: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc";
const CALLBACK: &str = "https://service.example/callback";

fn secret() -> ClientSecret {
    ClientSecret::parse(SECRET).expect("a secret")
}

/// RFC 7517 appendix A.1, with `alg` or without, and its RSA key.
fn keys(kind: &str, alg: Option<JwsAlg>) -> PublicJwkSet {
    let mut key = if kind == "EC" {
        json!({
            "kty": "EC", "crv": "P-256",
            "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
            "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
        })
    } else {
        json!({ "kty": "RSA", "e": "AQAB", "n": format!("{}w", "_".repeat(341)) })
    };
    if let Some(alg) = alg {
        key["alg"] = json!(alg);
    }
    PublicJwkSet::from_json(json!({ "keys": [key] }).to_string().as_bytes()).expect("a key")
}

fn with_keys(profile: Profile, kind: &str, alg: Option<JwsAlg>) -> Client {
    let authentication = ClientAuthentication::private_key_jwt(keys(kind, alg));
    Client::new(profile, "kosodate", vec![CALLBACK.to_owned()], authentication)
}

#[test]
fn what_an_operator_registers_is_checked() {
    assert_eq!(client().check(), Ok(()));
    let long = "a".repeat(256);
    for id in ["", "a b", "a/b", "窓口", "a\n", &long] {
        assert_eq!(Client { id: id.to_owned(), ..client() }.check(), Err(ClientError::Id), "{id}");
    }
    assert_eq!(Client { id: "a".repeat(255), ..client() }.check(), Ok(()));
    let none = Client { redirect_uris: Vec::new(), ..client() };
    assert_eq!(none.check(), Err(ClientError::NoRedirectUri));
    let many = |count| Client { redirect_uris: vec![CALLBACK.to_owned(); count], ..client() };
    assert_eq!(many(100).check(), Ok(()));
    assert_eq!(many(101).check(), Err(ClientError::ManyUris));
}

/// The Digital Agency's reference: `[0-9a-zA-Z]`.
#[test]
fn an_id_of_da_compat_is_alphanumeric() {
    let of = |id: &str| Client { id: id.to_owned(), ..with_keys(Profile::DaCompat, "RSA", None) };
    assert_eq!(of("Kosodate1").check(), Ok(()));
    assert_eq!(of("kosodate-1").check(), Err(ClientError::IdOfProfile { profile: "da-compat" }));
    assert_eq!(of("").check(), Err(ClientError::IdOfProfile { profile: "da-compat" }));
}

#[test]
fn c2_every_registered_uri_follows_one_rule() {
    for (uri, error) in [
        ("http://service.example/", RedirectUriError::PlainHttp),
        ("JaVaScRiPt:alert(1)", RedirectUriError::Scheme),
    ] {
        let refused = Err(ClientError::RedirectUri { uri: uri.to_owned(), error });
        let uri = uri.to_owned();
        assert_eq!(Client { redirect_uris: vec![uri.clone()], ..client() }.check(), refused);
        assert_eq!(Client { post_logout_redirect_uris: vec![uri.clone()], ..client() }.check(), refused);
        assert_eq!(Client { backchannel_logout_uri: Some(uri), ..client() }.check(), refused);
    }
    let logout = Client {
        post_logout_redirect_uris: vec!["https://service.example/bye".to_owned()],
        backchannel_logout_uri: Some("http://127.0.0.1:8080/logout".to_owned()),
        ..client()
    };
    assert_eq!(logout.check(), Ok(()));
}

/// OpenID Connect Core section 8.1.
#[test]
fn one_client_has_one_sector() {
    let uris = |second: &str| vec!["https://a.example/1".to_owned(), second.to_owned()];
    let same = Client { redirect_uris: uris("https://a.example:8443/2"), ..client() };
    assert_eq!(same.check(), Ok(()));
    assert_eq!(same.sector_identifier().as_deref(), Some("a.example"));
    let other = Client { redirect_uris: uris("https://b.example/1"), ..client() };
    assert_eq!(other.check(), Err(ClientError::SeveralHosts));
    let named = Client { sector: Some("midori.example".to_owned()), ..other };
    assert_eq!(named.check(), Ok(()));
    assert_eq!(named.sector_identifier().as_deref(), Some("midori.example"));
    for sector in
        ["", "Midori.example", "midori.example:443", "a/b", "緑.example", "user@a", "127.0.0.1", "*.a"]
    {
        let refused = Err(ClientError::Sector { sector: sector.to_owned() });
        assert_eq!(Client { sector: Some(sector.to_owned()), ..client() }.check(), refused, "{sector}");
    }
}

#[test]
fn a_new_client_is_what_its_profile_demands() {
    let fapi2 = with_keys(Profile::Fapi2, "EC", None);
    assert_eq!(fapi2.check(), Ok(()));
    assert_eq!((fapi2.require_pushed, fapi2.require_dpop), (true, true));
    assert_eq!(fapi2.id_token_alg, JwsAlg::Es256);
    let compat = with_keys(Profile::DaCompat, "RSA", None);
    assert_eq!(compat.check(), Ok(()));
    assert_eq!((compat.require_pushed, compat.id_token_alg), (false, JwsAlg::Rs256));
    for profile in Profile::ALL {
        let client = with_keys(profile, "EC", None);
        assert!(!client.refresh && !client.disabled && !client.danger_pkce_lifted, "{profile:?}");
    }
}

/// Each profile against each method.
#[test]
fn a_method_is_one_of_the_profile() {
    let all = [
        ClientAuthentication::secret_basic(&secret()),
        ClientAuthentication::secret_post(&secret()),
        ClientAuthentication::private_key_jwt(keys("EC", None)),
        ClientAuthentication::None,
    ];
    for (profile, accepted) in [
        (Profile::Standard, [true, false, true, true]),
        (Profile::Fapi2, [false, false, true, false]),
        (Profile::DaCompat, [false, false, true, false]),
        (Profile::Basic, [true, true, false, false]),
    ] {
        for (authentication, accepted) in all.iter().zip(accepted) {
            let method = authentication.method();
            let uris = vec![CALLBACK.to_owned()];
            let checked = Client::new(profile, "kosodate", uris, authentication.clone()).check();
            let refused = ClientError::AuthenticationOfProfile { profile: profile.as_str(), method };
            assert_eq!(checked, if accepted { Ok(()) } else { Err(refused) }, "{profile:?} {method:?}");
        }
    }
}

#[test]
fn what_a_profile_demands_cannot_be_taken_back() {
    let fapi2 = with_keys(Profile::Fapi2, "EC", None);
    for weakened in [
        Client { require_pushed: false, ..fapi2.clone() },
        Client { require_dpop: false, ..fapi2.clone() },
        Client { danger_pkce_lifted: true, ..fapi2.clone() },
    ] {
        assert!(matches!(weakened.check(), Err(ClientError::Profile { profile: "fapi2", .. })));
    }
    let rs256 = Client { id_token_alg: JwsAlg::Rs256, ..fapi2.clone() };
    assert_eq!(rs256.check(), Err(ClientError::AlgOfProfile { profile: "fapi2", alg: "RS256" }));
    assert_eq!(Client { id_token_alg: JwsAlg::Ps256, ..fapi2 }.check(), Ok(()));
    let lifted = Client { danger_pkce_lifted: true, ..client() };
    assert!(matches!(lifted.check(), Err(ClientError::Profile { profile: "standard", .. })));
    let basic = ClientAuthentication::secret_basic(&secret());
    let basic = Client::new(Profile::Basic, "kosodate", vec![CALLBACK.to_owned()], basic);
    assert_eq!(Client { danger_pkce_lifted: true, ..basic }.check(), Ok(()));
    let pushed = Client { require_pushed: true, ..client() };
    assert_eq!(pushed.check(), Err(ClientError::PublicPushed));
}

/// A key is for one algorithm: what it says, or what its kind has in the profile.
#[test]
fn c12_a_keys_algorithm_is_pinned_and_one_of_the_profile() {
    for (profile, kind, alg, accepted) in [
        (Profile::Fapi2, "EC", None, true),
        (Profile::Fapi2, "RSA", None, true),
        (Profile::Fapi2, "RSA", Some(JwsAlg::Ps256), true),
        (Profile::Fapi2, "RSA", Some(JwsAlg::Rs256), false),
        (Profile::Standard, "RSA", Some(JwsAlg::Rs256), true),
        (Profile::DaCompat, "RSA", Some(JwsAlg::Rs256), true),
        (Profile::DaCompat, "RSA", None, true),
    ] {
        let refused = ClientError::KeyAlgOfProfile { profile: profile.as_str(), alg: "RS256" };
        let checked = with_keys(profile, kind, alg).check();
        assert_eq!(checked, if accepted { Ok(()) } else { Err(refused) }, "{profile:?} {kind} {alg:?}");
    }
}

#[test]
fn c10_another_audience_is_for_da_compat_alone() {
    let tolerant = |profile| {
        let authentication = ClientAuthentication::PrivateKeyJwt(AssertionKeys {
            jwks: keys("RSA", None),
            danger_token_endpoint_audience: true,
        });
        Client::new(profile, "kosodate", vec![CALLBACK.to_owned()], authentication).check()
    };
    assert_eq!(tolerant(Profile::DaCompat), Ok(()));
    for profile in [Profile::Standard, Profile::Fapi2] {
        assert!(matches!(tolerant(profile), Err(ClientError::Profile { .. })), "{profile:?}");
    }
}

#[test]
fn a_client_is_written_as_operators_read_it() {
    let json = r#"{"id":"kosodate","redirect_uris":["https://service.example/callback"],"id_token_alg":"ES256",
        "authentication":{"client_secret_basic":{"sha256":"BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc"}}}"#;
    let confidential: Client = serde_json::from_str(json).expect("a client");
    let authentication =
        ClientAuthentication::SecretBasic(crate::HashedSecret { sha256: [7; 32], previous: None });
    assert_eq!(confidential, Client { authentication, ..client() });

    for client in [client(), confidential, with_keys(Profile::Fapi2, "EC", None)] {
        let json = serde_json::to_string(&client).expect("serialises");
        assert_eq!(serde_json::from_str::<Client>(&json).expect("a client"), client);
    }
    let json = serde_json::to_value(client()).expect("serialises");
    assert_eq!((&json["authentication"], &json["profile"]), (&json!("none"), &json!("standard")));
    let misspelt =
        r#"{"id":"a","redirect_uri":[],"redirect_uris":[],"authentication":"none","id_token_alg":"ES256"}"#;
    assert!(serde_json::from_str::<Client>(misspelt).is_err());
}
