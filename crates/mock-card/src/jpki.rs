//! The JPKI application (公的個人認証AP): its files as public measurements of test cards have them.

use madoguchi_iso7816::Aid;
use zeroize::Zeroizing;

use crate::{
    CardContents, MockCardError, Scenario,
    application::{Application, Content, File},
    pin::Pin,
    rsa::RsaKey,
    token_info::token_info,
};

/// Makes the application of a card with these contents.
pub(crate) fn jpki(contents: &CardContents, scenario: &Scenario) -> Result<Application, MockCardError> {
    let file = |id, content| File { id, content };
    let certificate = |id, der: &[u8], after| {
        let allocated = der.len().next_multiple_of(CERTIFICATE_FILE_OCTETS);
        let mut octets = der.to_vec();
        octets.resize(allocated, scenario.filler);
        file(id, Content::Transparent { octets, after })
    };
    let pin = |id, value: &str, tries_at_most, tries_left| {
        let value = Zeroizing::new(value.as_bytes().to_vec());
        file(id, Content::Pin(Pin::new(value, tries_at_most, tries_left)))
    };
    let files = &contents.files;
    let auth_key = RsaKey::from_der(&files.auth_key, "user-authentication")?;
    let sign_key = RsaKey::from_der(&files.sign_key, "signature")?;
    Ok(Application {
        aid: JPKI_AID,
        files: vec![
            certificate(0x0001, &files.sign_certificate, Some(SIGN_PIN)),
            certificate(0x0002, &contents.sign_ca_certificate, None),
            file(0x0006, Content::Transparent { octets: token_info(), after: None }),
            // Signature certificate, user-authentication certificate: 8F is present, 00 absent.
            file(0x0008, Content::Transparent { octets: vec![0x8F, 0x8F, 0x00], after: None }),
            certificate(0x000A, &files.auth_certificate, None),
            certificate(0x000B, &contents.auth_ca_certificate, None),
            file(0x0017, Content::Key { key: auth_key, after: AUTH_PIN }),
            pin(AUTH_PIN, &files.pin, 3, scenario.auth_tries),
            file(0x001A, Content::Key { key: sign_key, after: SIGN_PIN }),
            pin(SIGN_PIN, &files.sign_password, 5, scenario.sign_tries),
        ],
    })
}

/// Internal EF with the PIN of the user-authentication key.
pub(crate) const AUTH_PIN: u16 = 0x0018;
/// Internal EF with the password of the signature key.
const SIGN_PIN: u16 = 0x001B;

const JPKI_AID: Aid = match Aid::new(&[0xD3, 0x92, 0xF0, 0x00, 0x26, 0x01, 0x00, 0x00, 0x00, 0x01]) {
    Ok(aid) => aid,
    Err(_) => panic!("an AID has 5 to 16 octets"),
};

/// The allocated size is unknown; every known certificate fits.
const CERTIFICATE_FILE_OCTETS: usize = 0x800;
