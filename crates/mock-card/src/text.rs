//! The text application (券面事項入力補助AP). Nobody's data: the person is invented, the number has a wrong check digit.
//! Signatures and keys of its files are placeholders that say so; secure messaging is not there.

use madoguchi_iso7816::Aid;

use crate::{
    CardContents,
    application::{Access, Application, File},
    pin::{Pin, PinFormat},
    placeholder::placeholder,
    printed::{INDIVIDUAL_NUMBER, Printed},
    tlv::{tlv, with_offsets},
};

pub(crate) fn text(contents: &CardContents, printed: &Printed) -> Application {
    let person = printed.person;
    let individual_number = [tlv(0xFF10, INDIVIDUAL_NUMBER.as_bytes()), vec![0xFF; 2]].concat();
    let attributes = [
        tlv(0xDF22, person.name.as_bytes()),
        tlv(0xDF23, person.address.as_bytes()),
        tlv(0xDF24, person.birth_date.as_bytes()),
        tlv(0xDF25, person.sex.as_bytes()),
    ];
    let any = Access::After(&[PIN, CODE_A, CODE_B]);
    Application {
        aid: TEXT_AID,
        files: vec![
            File::transparent(0x0001, individual_number, Access::After(&[PIN, CODE_A])),
            File::transparent(
                0x0002,
                with_offsets(0xFF20, 0xDF21, &attributes),
                Access::After(&[PIN, CODE_B]),
            ),
            File::transparent(0x0003, tlv(0xFF30, &placeholder("digests and signature", 64)), any),
            File::transparent(0x0004, placeholder("card-verifiable certificate", 568), Access::Free),
            File::transparent(0x0005, tlv(0xFF40, &placeholder("application", 32)), Access::Free),
            File::transparent(0x0006, placeholder("session key's public key", 64), any),
            File::transparent(0x0007, placeholder("public key and signature", 64), any),
            // Sixteen octets of FF were seen; what for is not known, nor who may read them.
            File::transparent(0x0008, vec![0xFF; 16], Access::Never),
            File::pin(PIN, Pin::new(&contents.files.pin, PinFormat::Digits(4), 3)),
            // Blocked on every card that was looked at.
            File::pin(0x0012, Pin::blocked(PinFormat::Fixed(4), 3)),
            File::pin(CODE_A, Printed::pin_a()),
            File::pin(CODE_B, printed.pin_b()),
        ],
    }
}

/// The PIN with four digits; a fresh card of ours has the same as for user authentication, as most people choose.
const PIN: u16 = 0x0011;
/// 照合番号A
const CODE_A: u16 = 0x0014;
/// 照合番号B
const CODE_B: u16 = 0x0015;

const TEXT_AID: Aid = match Aid::new(&[0xD3, 0x92, 0x10, 0x00, 0x31, 0x00, 0x01, 0x01, 0x04, 0x08]) {
    Ok(aid) => aid,
    Err(_) => panic!("an AID has 5 to 16 octets"),
};
