//! Client authentication at the token endpoint (RFC 6749 sections 2.3 and 3.2.1).

use base64::{Engine as _, engine::general_purpose::STANDARD};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::form::decode_component;
use crate::opaque::sha256;
use crate::{Client, ClientAuthentication, Parameters, TokenError};

/// Who a request says it is from, not yet believed.
#[derive(Debug)]
pub struct ClientCredentials {
    client_id: String,
    secret: Option<PresentedSecret>,
}

impl ClientCredentials {
    /// Reads the `Authorization` header and the form. One method alone (RFC 6749 section 2.3); a secret in the
    /// form and an assertion are methods that no client is registered with.
    pub fn from_request(authorization: Option<&str>, form: &Parameters) -> Result<Self, TokenError> {
        let in_form = FORM_CREDENTIALS.iter().any(|name| form.value(name).is_some());
        match (authorization, form.value("client_id")) {
            (Some(_), _) if in_form => Err(TokenError::ManyAuthentications),
            (Some(header), named) => {
                let credentials = basic(header)?;
                match named {
                    Some(named) if named != credentials.client_id => Err(TokenError::ManyAuthentications),
                    _ => Ok(credentials),
                }
            }
            (None, Some(named)) if !in_form => Ok(Self { client_id: named.to_owned(), secret: None }),
            (None, _) => Err(TokenError::ClientAuthentication),
        }
    }

    /// The client to look up and [`authenticate`].
    pub fn client_id(&self) -> &str {
        &self.client_id
    }
}

/// A client that proved who it is, or a public one that need not.
#[derive(Clone, Copy, Debug)]
pub struct AuthenticatedClient<'c>(&'c Client);

impl<'c> AuthenticatedClient<'c> {
    /// The client.
    pub fn client(&self) -> &'c Client {
        self.0
    }
}

/// Checks the credentials by the client's registered method alone: a confidential client must bring its secret, a
/// public one must bring none.
pub fn authenticate<'c>(
    client: &'c Client,
    credentials: &ClientCredentials,
) -> Result<AuthenticatedClient<'c>, TokenError> {
    let authenticated = match (&client.authentication, &credentials.secret) {
        (ClientAuthentication::SecretBasic { sha256: expected }, Some(PresentedSecret(secret))) => {
            sha256(secret.as_bytes()).ct_eq(expected).into()
        }
        (ClientAuthentication::None, None) => true,
        (ClientAuthentication::SecretBasic { .. }, None) | (ClientAuthentication::None, Some(_)) => false,
    };
    if authenticated && credentials.client_id == client.id {
        Ok(AuthenticatedClient(client))
    } else {
        Err(TokenError::ClientAuthentication)
    }
}

struct PresentedSecret(Zeroizing<String>);

impl std::fmt::Debug for PresentedSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PresentedSecret(..)")
    }
}

/// RFC 7617 section 2 with the form encoding that RFC 6749 section 2.3.1 puts inside: one space, canonical base64,
/// both halves decoded strictly.
fn basic(header: &str) -> Result<ClientCredentials, TokenError> {
    let refused = TokenError::ClientAuthentication;
    if header.len() > MAX_HEADER_OCTETS {
        return Err(refused);
    }
    let (scheme, encoded) = header.split_once(' ').ok_or(refused)?;
    if !scheme.eq_ignore_ascii_case("Basic") {
        return Err(refused);
    }
    let decoded = Zeroizing::new(STANDARD.decode(encoded).map_err(|_| refused)?);
    let colon = decoded.iter().position(|&octet| octet == b':').ok_or(refused)?;
    let (id, secret) = decoded.split_at(colon);
    let id = decode_component(id).map_err(|_| refused)?;
    let secret = decode_component(secret.get(1..).unwrap_or_default()).map_err(|_| refused)?;
    if id.is_empty() {
        return Err(refused);
    }
    Ok(ClientCredentials { client_id: id.to_string(), secret: Some(PresentedSecret(secret)) })
}

const MAX_HEADER_OCTETS: usize = 4096;
/// `client_secret_post` (RFC 6749 section 2.3.1) and assertions (RFC 7521 section 4.2).
const FORM_CREDENTIALS: [&str; 3] = ["client_secret", "client_assertion", "client_assertion_type"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ClientSecret;
    use crate::testing::{client, parameters};

    const SECRET: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc";
    const REFUSED: Option<TokenError> = Some(TokenError::ClientAuthentication);

    fn confidential() -> Client {
        let secret = ClientSecret::parse(SECRET).expect("a secret");
        Client { authentication: ClientAuthentication::secret_basic(&secret), ..client() }
    }

    fn basic_header(id_and_secret: &str) -> String {
        format!("Basic {}", STANDARD.encode(id_and_secret))
    }

    fn read(authorization: Option<&str>, form: &[(&str, &str)]) -> Result<ClientCredentials, TokenError> {
        ClientCredentials::from_request(authorization, &parameters(form))
    }

    #[test]
    fn a_confidential_client_brings_its_secret() {
        let client = confidential();
        let check = |header: &str| {
            let credentials = read(Some(header), &[])?;
            authenticate(&client, &credentials).map(|client| client.client().id.clone())
        };
        assert_eq!(check(&basic_header(&format!("kosodate:{SECRET}"))), Ok("kosodate".to_owned()));
        for wrong in [
            format!("kosodate:{SECRET}x"),
            "kosodate:".to_owned(),
            format!("other:{SECRET}"),
            format!("kosodate:{}", SECRET.replace("wc", "wd")),
        ] {
            assert_eq!(check(&basic_header(&wrong)).err(), REFUSED, "{wrong}");
        }
        let bare = read(None, &[("client_id", "kosodate")]).expect("credentials");
        assert_eq!(authenticate(&client, &bare).err(), REFUSED);
    }

    #[test]
    fn a_public_client_brings_no_secret() {
        let client = client();
        let bare = read(None, &[("client_id", "kosodate")]).expect("credentials");
        assert!(authenticate(&client, &bare).is_ok());
        let other = read(None, &[("client_id", "other")]).expect("credentials");
        assert_eq!(authenticate(&client, &other).err(), REFUSED);
        for header in [basic_header("kosodate:"), basic_header(&format!("kosodate:{SECRET}"))] {
            let credentials = read(Some(&header), &[]).expect("credentials");
            assert_eq!(authenticate(&client, &credentials).err(), REFUSED);
        }
    }

    /// RFC 6749 section 2.3.
    #[test]
    fn two_methods_at_once_are_refused() {
        let header = basic_header(&format!("kosodate:{SECRET}"));
        let many = Some(TokenError::ManyAuthentications);
        for form in [("client_secret", SECRET), ("client_assertion", "a"), ("client_assertion_type", "b")] {
            assert_eq!(read(Some(&header), &[form]).err(), many, "{form:?}");
        }
        assert_eq!(read(Some(&header), &[("client_id", "other")]).err(), many);
        let same = read(Some(&header), &[("client_id", "kosodate"), ("client_secret", "")]);
        assert_eq!(same.expect("credentials").client_id(), "kosodate");
    }

    #[test]
    fn methods_that_nobody_is_registered_with_are_refused() {
        for form in [("client_secret", SECRET), ("client_assertion", "a"), ("client_assertion_type", "b")] {
            assert_eq!(read(None, &[("client_id", "kosodate"), form]).err(), REFUSED, "{form:?}");
        }
        assert_eq!(read(None, &[]).err(), REFUSED);
        assert_eq!(read(Some(&format!("Bearer {SECRET}")), &[("client_id", "kosodate")]).err(), REFUSED);
    }

    /// RFC 6749 section 2.3.1: id and secret are form-encoded before RFC 7617 joins them.
    #[test]
    fn basic_is_decoded_strictly() {
        let credentials = read(Some(&basic_header("a%3Ab+c:d%3A+:e")), &[]).expect("credentials");
        assert_eq!(credentials.client_id(), "a:b c");
        assert_eq!(credentials.secret.as_ref().map(|secret| secret.0.as_str()), Some("d: :e"));
        let printed = r#"ClientCredentials { client_id: "a:b c", secret: Some(PresentedSecret(..)) }"#;
        assert_eq!(format!("{credentials:?}"), printed);
        assert!(read(Some(&basic_header("a:b").replace("Basic", "bASIC")), &[]).is_ok());

        for header in [
            "Basic".to_owned(),
            "Basic ".to_owned(),
            basic_header("a:b").replace("Basic", "Digest"),
            basic_header("no colon"),
            basic_header(":secret"),
            basic_header("a:%zz"),
            basic_header("%zz:a"),
            basic_header("a:b\nc"),
            basic_header("a:窓"),
            basic_header("a:%00"),
            // `YTpi` with padding it does not have, a second spelling of its last bits, a second space.
            "Basic YTpi====".to_owned(),
            "Basic YTp=".to_owned(),
            "Basic YTo".to_owned(),
            "Basic  YTpi".to_owned(),
            "Basic YTpi ".to_owned(),
            "Basic _Tpi".to_owned(),
            basic_header(&format!("a:{}", "b".repeat(4096))),
        ] {
            assert_eq!(read(Some(&header), &[]).err(), REFUSED, "{header}");
        }
    }
}
