//! The two applications that only town offices use: 住基AP and 共通カードAP.

use madoguchi_iso7816::Aid;

use crate::{
    CardContents,
    application::{Access, Application, File},
    pin::{Pin, PinFormat},
    placeholder::placeholder,
    printed::Printed,
};

/// The resident registry application. Little is known of it: a PIN with four digits and a record that names a key.
pub(crate) fn juki(contents: &CardContents) -> Application {
    Application { aid: JUKI_AID, files: vec![key_reference(), pin(contents)] }
}

/// The common card application: the card's own number, and a PIN.
pub(crate) fn common(contents: &CardContents, printed: &Printed) -> Application {
    let identity = format!("{CARD_NUMBER}{}{}", contents.files.municipality, printed.expiry);
    // Simple TLV: one octet of tag, one of length; 28 digits are 1C.
    let record = [&[0x01, 0x1C], identity.as_bytes()].concat();
    Application {
        aid: COMMON_AID,
        files: vec![
            File::records(0x0001, vec![record], Access::Free),
            key_reference(),
            // The key of INTERNAL AUTHENTICATE. Nothing on a card lets anybody check what it signs: it is not there.
            File::internal(0x0019),
            pin(contents),
        ],
    }
}

fn key_reference() -> File {
    File::records(0x0002, vec![placeholder("key reference", 16)], Access::Free)
}

/// Its tries are inferred from the other PINs of four digits.
fn pin(contents: &CardContents) -> File {
    File::pin(0x001C, Pin::new(&contents.files.pin, PinFormat::Digits(4), 3))
}

/// カード管理番号: nobody's.
pub(crate) const CARD_NUMBER: &str = "000000000000000";

const JUKI_AID: Aid = match Aid::new(&[0xD3, 0x92, 0x10, 0x00, 0x31, 0x00, 0x01, 0x01, 0x04, 0x01]) {
    Ok(aid) => aid,
    Err(_) => panic!("an AID has 5 to 16 octets"),
};
const COMMON_AID: Aid = match Aid::new(&[0xD3, 0x92, 0x10, 0x00, 0x31, 0x00, 0x01, 0x01, 0x01, 0x00]) {
    Ok(aid) => aid,
    Err(_) => panic!("an AID has 5 to 16 octets"),
};
