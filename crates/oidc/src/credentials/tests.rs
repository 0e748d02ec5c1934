use super::*;
use crate::testing::{client, parameters};
use crate::{ClientSecret, Profile};

const SECRET: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc";
const REFUSED: Option<TokenError> = Some(TokenError::ClientAuthentication);

fn secret() -> ClientSecret {
    ClientSecret::parse(SECRET).expect("a secret")
}

fn confidential() -> Client {
    Client { authentication: ClientAuthentication::secret_basic(&secret()), ..client() }
}

/// A client of profile basic that sends its secret in the form.
fn posting() -> Client {
    let authentication = ClientAuthentication::secret_post(&secret());
    Client { profile: Profile::Basic, authentication, ..client() }
}

fn prove(client: &Client, credentials: &ClientCredentials) -> Result<String, TokenError> {
    match authenticate(&Arc::new(client.clone()), credentials, "https://midori.example", 0)? {
        Authentication::Done(client) => Ok(client.client().id.clone()),
        Authentication::IfUnused(_) => panic!("no assertion was brought"),
    }
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
        prove(&client, &credentials)
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
    assert_eq!(prove(&client, &bare).err(), REFUSED);
}

#[test]
fn a_public_client_brings_no_secret() {
    let client = client();
    let bare = read(None, &[("client_id", "kosodate")]).expect("credentials");
    assert!(prove(&client, &bare).is_ok());
    let other = read(None, &[("client_id", "other")]).expect("credentials");
    assert_eq!(prove(&client, &other).err(), REFUSED);
    for header in [basic_header("kosodate:"), basic_header(&format!("kosodate:{SECRET}"))] {
        let credentials = read(Some(&header), &[]).expect("credentials");
        assert_eq!(prove(&client, &credentials).err(), REFUSED);
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
    for second in [("client_assertion", "a"), ("client_assertion_type", CLIENT_ASSERTION_TYPE)] {
        let form = [("client_id", "kosodate"), ("client_secret", SECRET), second];
        assert_eq!(read(None, &form).err(), many, "{second:?}");
    }
    let same = read(Some(&header), &[("client_id", "kosodate"), ("client_secret", "")]);
    assert_eq!(same.expect("credentials").client_id(), "kosodate");
}

#[test]
fn a_secret_works_in_its_registered_place_alone() {
    let header = basic_header(&format!("kosodate:{SECRET}"));
    let in_header = read(Some(&header), &[]).expect("credentials");
    let in_form = read(None, &[("client_id", "kosodate"), ("client_secret", SECRET)]).expect("credentials");
    assert_eq!(prove(&confidential(), &in_header), Ok("kosodate".to_owned()));
    assert_eq!(prove(&posting(), &in_form), Ok("kosodate".to_owned()));
    assert_eq!(prove(&confidential(), &in_form).err(), REFUSED);
    assert_eq!(prove(&posting(), &in_header).err(), REFUSED);
    assert_eq!(prove(&client(), &in_form).err(), REFUSED);
    let wrong = [("client_id", "kosodate"), ("client_secret", "x")];
    assert_eq!(prove(&posting(), &read(None, &wrong).expect("credentials")).err(), REFUSED);
}

#[test]
fn a_disabled_client_is_nobody() {
    let disabled = Client { disabled: true, ..confidential() };
    let credentials = read(Some(&basic_header(&format!("kosodate:{SECRET}"))), &[]).expect("credentials");
    assert_eq!(prove(&confidential(), &credentials), Ok("kosodate".to_owned()));
    assert_eq!(prove(&disabled, &credentials).err(), REFUSED);
}

#[test]
fn what_names_no_client_is_refused() {
    for form in [
        &[("client_secret", SECRET)][..],
        &[("client_id", "kosodate"), ("client_assertion", "a")],
        &[("client_id", "kosodate"), ("client_assertion_type", CLIENT_ASSERTION_TYPE)],
        &[("client_assertion", "a.b.c"), ("client_assertion_type", CLIENT_ASSERTION_TYPE)],
        &[],
    ] {
        assert_eq!(read(None, form).err(), REFUSED, "{form:?}");
    }
    assert_eq!(read(Some(&format!("Bearer {SECRET}")), &[("client_id", "kosodate")]).err(), REFUSED);
}

/// RFC 6749 section 2.3.1: id and secret are form-encoded before RFC 7617 joins them.
#[test]
fn basic_is_decoded_strictly() {
    let credentials = read(Some(&basic_header("a%3Ab+c:d%3A+:e")), &[]).expect("credentials");
    assert_eq!(credentials.client_id(), "a:b c");
    let Presented::SecretBasic(secret) = &credentials.presented else { panic!("{credentials:?}") };
    assert_eq!(secret.0.as_str(), "d: :e");
    let printed = r#"ClientCredentials { client_id: "a:b c", presented: SecretBasic(PresentedSecret(..)) }"#;
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
