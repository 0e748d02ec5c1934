//! The GlobalPlatform issuer security domain: current at power-on, without files, with data objects for GET DATA.

use madoguchi_iso7816::Aid;

use crate::{
    AnswerToReset, CardContents, placeholder::placeholder, printed::Printed, town_office::CARD_NUMBER,
};

/// Its data objects by their tags; answered as they are, without tag and length (measured).
pub(crate) fn data_objects(contents: &CardContents, printed: &Printed) -> Vec<(u16, Vec<u8>)> {
    let contact = AnswerToReset::NAMED.iter().find(|(name, _)| *name == "contact");
    vec![
        (0x0045, CARD_NUMBER.into()),
        (0x00F0, contents.files.municipality.clone().into_bytes()),
        (0x00F2, printed.expiry.into()),
        // Card-verifiable certificates: too long for a short Le.
        (0x00F8, placeholder("card-verifiable certificate", 568)),
        (0x7F21, placeholder("card-verifiable certificate", 568)),
        // The contact interface's answer to reset, without TS.
        (0x5F51, contact.map(|(_, atr)| atr[1..].to_vec()).unwrap_or_default()),
    ]
}

pub(crate) const ISSUER_DOMAIN_AID: Aid = match Aid::new(&[0xA0, 0x00, 0x00, 0x01, 0x51, 0x00, 0x00]) {
    Ok(aid) => aid,
    Err(_) => panic!("an AID has 5 to 16 octets"),
};
