//! The visual application (券面事項確認AP): tags as measured, pictures and signatures as placeholders.

use madoguchi_iso7816::Aid;

use crate::{
    CardContents,
    application::{Access, Application, File},
    pin::{Pin, PinFormat},
    placeholder::placeholder,
    printed::Printed,
    tlv::{tlv, with_offsets},
};

pub(crate) fn visual(contents: &CardContents, printed: &Printed) -> Application {
    let person = printed.person;
    let birth_date = person.birth_date.as_bytes();
    let (key, signature) = (placeholder("public key", 265), placeholder("signature", 256));
    let age = [tlv(0xDF11, birth_date), tlv(0xDF12, &key), tlv(0xDF13, &signature)].concat();
    let face = [
        tlv(0xDF22, birth_date),
        tlv(0xDF23, person.sex.as_bytes()),
        tlv(0xDF24, &key),
        tlv(0xDF25, &placeholder("PNG of the name", 32)),
        tlv(0xDF26, &placeholder("PNG of the address", 32)),
        tlv(0xDF27, &placeholder("JPEG 2000 of a face", 32)),
        tlv(0xDF28, &signature),
        tlv(0xDF29, printed.expiry.as_bytes()),
        tlv(0xDF2A, &placeholder("PNG of the code", 32)),
    ];
    let basic = [
        tlv(0xDF31, &[0x06, 0x03, 0x0E, 0x01]),
        tlv(0xDF32, &placeholder("key reference", 16)),
        tlv(0xDF33, &[0x01]),
        tlv(0xDF34, contents.files.municipality.as_bytes()),
        tlv(0xDF35, &placeholder("opaque block", 272)),
    ]
    .concat();
    let number = [
        tlv(0xDF41, &placeholder("PNG of the individual number", 48)),
        tlv(0xDF42, &key),
        tlv(0xDF43, &signature),
    ]
    .concat();
    let either_code = Access::After(&[CODE_B, CODE_A]);
    Application {
        aid: VISUAL_AID,
        files: vec![
            File::transparent(0x0001, tlv(0xFF10, &age), Access::After(&[BIRTH_DATE])),
            File::transparent(0x0002, with_offsets(0xFF20, 0xDF21, &face), either_code),
            File::transparent(0x0003, tlv(0xFF30, &basic), Access::Free),
            File::transparent(0x0004, placeholder("card-verifiable certificate", 568), Access::Free),
            File::transparent(0x0005, tlv(0xFF40, &number), Access::After(&[CODE_A])),
            File::pin(BIRTH_DATE, Pin::new(printed.birth_date_of_era, PinFormat::Fixed(6), 10)),
            File::pin(CODE_B, printed.pin_b()),
            File::pin(CODE_A, Printed::pin_a()),
        ],
    }
}

/// Date of birth, six digits with the year of the era. Its tries are inferred from the others'.
const BIRTH_DATE: u16 = 0x0011;
/// 照合番号B
const CODE_B: u16 = 0x0012;
/// 照合番号A
const CODE_A: u16 = 0x0013;

const VISUAL_AID: Aid = match Aid::new(&[0xD3, 0x92, 0x10, 0x00, 0x31, 0x00, 0x01, 0x01, 0x04, 0x02]) {
    Ok(aid) => aid,
    Err(_) => panic!("an AID has 5 to 16 octets"),
};
