//! The JPKI application (公的個人認証AP): its files as public measurements of test cards have them.

use madoguchi_iso7816::Aid;

use crate::{
    CardContents, MockCardError, Scenario,
    application::{Access, Application, Content, File},
    key::SigningKey,
    pin::{Pin, PinFormat},
    token_info::{LABEL_OCTETS, token_info},
};

/// Makes the application of a card with these contents.
pub(crate) fn jpki(contents: &CardContents, scenario: &Scenario) -> Result<Application, MockCardError> {
    let persona = scenario.persona.traits();
    let label = scenario.token_label.as_deref().unwrap_or(persona.token_label);
    if label.len() > LABEL_OCTETS || !label.is_ascii() {
        return Err(MockCardError::TokenLabel { label: label.to_owned() });
    }
    let auth_access = if MOBILE_LABELS.contains(&label) { Access::After(&[AUTH_PIN]) } else { Access::Free };
    let (auth, sign) = (persona.certificates.auth(), persona.certificates.sign());
    let files = &contents.files;
    // Made even for a card that does not get them, so that keys of another kind never pass unseen.
    let key = |der: &[u8], name| SigningKey::from_der(der, persona.key, scenario.ecdsa_form, name);
    let (auth_key, sign_key) =
        (key(&files.auth_key, "user-authentication")?, key(&files.sign_key, "signature")?);
    contents.check()?;
    let certificate = |id, der: &[u8], access| {
        let mut octets = der.to_vec();
        octets.resize(der.len().max(scenario.allocated_octets), scenario.filler);
        File::transparent(id, octets, access)
    };
    let present = |there: bool| if there { 0x8F } else { 0x00 };
    let availability = scenario.availability.unwrap_or([present(sign), present(auth), 0x00]);
    let auth_pin = if persona.auth_pin {
        Pin::new(&files.pin, PinFormat::Digits(4), AUTH_TRIES).with_tries_left(scenario.auth_tries)
    } else {
        Pin::blocked(PinFormat::Digits(4), AUTH_TRIES)
    };
    // Without a certificate nobody chose a password (inferred).
    let sign_password = if sign {
        Pin::new(&files.sign_password, PinFormat::Password, SIGN_TRIES).with_tries_left(scenario.sign_tries)
    } else {
        Pin::blocked(PinFormat::Password, SIGN_TRIES)
    };
    let private_key =
        |id, key, there: bool, after| File { id, content: Content::Key { key: there.then_some(key), after } };
    let issued = |der: &'_ [u8], there: bool| if there { der.to_vec() } else { Vec::new() };
    Ok(Application {
        aid: JPKI_AID,
        files: vec![
            certificate(0x0001, &issued(&files.sign_certificate, sign), Access::After(&[SIGN_PIN])),
            certificate(0x0002, &contents.sign_ca_certificate, Access::Free),
            File::transparent(0x0006, token_info(label), Access::Free),
            // Signature certificate, user-authentication certificate: 8F is present, 00 absent.
            File::transparent(0x0008, availability.to_vec(), Access::Free),
            // Protected even with both PINs; what it holds nobody knows.
            File::transparent(0x0009, vec![scenario.filler; 16], Access::Never),
            certificate(0x000A, &issued(&files.auth_certificate, auth), auth_access),
            certificate(0x000B, &contents.auth_ca_certificate, Access::Free),
            // Reference to the key that checks a terminal's card-verifiable certificate.
            File::internal(0x0016),
            private_key(0x0017, auth_key, auth, AUTH_PIN),
            File::pin(AUTH_PIN, auth_pin),
            private_key(0x001A, sign_key, sign, SIGN_PIN),
            File::pin(SIGN_PIN, sign_password),
        ],
    })
}

/// Internal EF with the PIN of the user-authentication key.
pub(crate) const AUTH_PIN: u16 = 0x0018;
/// Internal EF with the password of the signature key.
pub(crate) const SIGN_PIN: u16 = 0x001B;

pub(crate) const JPKI_AID: Aid = match Aid::new(&[0xD3, 0x92, 0xF0, 0x00, 0x26, 0x01, 0x00, 0x00, 0x00, 0x01])
{
    Ok(aid) => aid,
    Err(_) => panic!("an AID has 5 to 16 octets"),
};

/// All tries that the user-authentication PIN has.
pub(crate) const AUTH_TRIES: u8 = 3;
/// All tries that the signature password has.
pub(crate) const SIGN_TRIES: u8 = 5;
/// Tokens in phones: the user-authentication certificate is behind its PIN (seen on Android, inferred for iPhone).
const MOBILE_LABELS: [&str; 2] = ["JPKIAPGPSETOKEN", "JPKIAPIOSTOKEN"];
