//! The applications beside JPKI: that they are there, and that nobody reads them without their PINs.

use madoguchi_mock_card::{Card, Scenario};

use crate::common::{PIN, card, check, digits, files, octets, verify};

const SELECT_TEXT: (&str, &str) = ("00A4040C 0A D3921000310001010408", "9000");
const SELECT_VISUAL: (&str, &str) = ("00A4040C 0A D3921000310001010402", "9000");
const SELECT_JUKI: (&str, &str) = ("00A4040C 0A D3921000310001010401", "9000");
const SELECT_COMMON: (&str, &str) = ("00A4040C 0A D3921000310001010100", "9000");
/// The number that nobody has.
const CODE_A: &str = "000000000001";
/// Born on 1 January of the year 12 of the era, card until 2036, security code 0000.
const CODE_B: &str = "12010120360000";

fn selected(select: (&str, &str)) -> Card {
    let mut card = card(&Scenario::default());
    check(&mut card, &[select]);
    card
}

/// VERIFY by short EF identifier.
fn verify_short(card: &mut Card, id: u8, value: &str) -> String {
    let mut command = verify(value);
    command[3] = 0x80 | id;
    digits(&card.handle(&command))
}

/// Files that READ BINARY opens at this moment.
fn readable(card: &mut Card) -> Vec<u8> {
    let ids = 0x01..=0x1E;
    ids.filter(|id| card.handle(&[0x00, 0xB0, 0x80 | id, 0x00, 0x00]).ends_with(&[0x90, 0x00])).collect()
}

#[test]
fn the_start_of_a_name_selects_the_first_in_order() {
    for (start, has, has_not) in [
        // JPKI before text
        ("00A4040C 02 D392", 0x0A, 0x14),
        // text before visual, 住基 and common
        ("00A4040C 04 D3921000", 0x14, 0x0A),
        ("00A4040C 0A D3921000310001010402", 0x13, 0x14),
        ("00A4040C 09 D39210003100010101", 0x19, 0x13),
    ] {
        let mut card = selected((start, "9000"));
        check(&mut card, &[(&format!("00A4020C 02 00{has:02X}"), "9000")]);
        check(&mut card, &[(&format!("00A4020C 02 00{has_not:02X}"), "6A82")]);
    }
}

#[test]
fn what_each_key_of_the_text_application_opens() {
    let free = vec![0x04, 0x05];
    assert_eq!(readable(&mut selected(SELECT_TEXT)), free);
    let all = vec![0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07];
    let without = |id| all.iter().copied().filter(|other| *other != id).collect::<Vec<u8>>();
    for (key, value, open) in
        [(0x11, PIN, all.clone()), (0x14, CODE_A, without(0x02)), (0x15, CODE_B, without(0x01))]
    {
        let mut card = selected(SELECT_TEXT);
        assert_eq!(verify_short(&mut card, key, value), "9000");
        assert_eq!(readable(&mut card), open, "key {key:02X}");
        check(&mut card, &[SELECT_VISUAL, SELECT_TEXT]);
        assert_eq!(readable(&mut card), free, "another application ends it");
    }
}

#[test]
fn the_files_of_the_text_application() {
    let mut card = selected(SELECT_TEXT);
    check(&mut card, &[("00B08100 00", "6982"), ("00B08200 00", "6982"), ("00B08800 10", "6982")]);
    assert_eq!(verify_short(&mut card, 0x11, PIN), "9000");
    check(&mut card, &[("00B08100 00", "FF100C 303030303030303030303031 FFFF 9000")]);
    let mut attributes = card.handle(&octets("00B08200 00"));
    attributes.truncate(attributes.len() - 2);
    let (tag, table) = (&attributes[..2], &attributes[3..14]);
    assert_eq!((tag, usize::from(attributes[2])), (&[0xFF, 0x20][..], attributes.len() - 3));
    // The offsets are from the start of the file, the first one after the table.
    assert_eq!(table[..5], [0xDF, 0x21, 0x08, 0x00, 0x0E]);
    let fields: Vec<(&[u8], &str)> = table[3..]
        .chunks(2)
        .map(|offset| {
            let at = usize::from(u16::from_be_bytes([offset[0], offset[1]]));
            let value = &attributes[at + 3..at + 3 + usize::from(attributes[at + 2])];
            (&attributes[at..at + 2], std::str::from_utf8(value).expect("text"))
        })
        .collect();
    assert_eq!(
        fields,
        [
            (&[0xDF, 0x22][..], "架空　みどり"),
            (&[0xDF, 0x23], "みどり県みどり市架空町１丁目２番３号"),
            (&[0xDF, 0x24], "20000101"),
            (&[0xDF, 0x25], "2"),
        ]
    );
    check(&mut card, &[("00A4020C 02 0004", "9000")]);
    assert_eq!(card.handle(&octets("00B00200 00")).len(), 568 - 512 + 2);
}

#[test]
fn the_tries_of_the_text_application_s_keys() {
    check(
        &mut selected(SELECT_TEXT),
        &[
            ("00200091", "63C3"),
            // blocked on every card
            ("00200092", "63C0"),
            ("00200092 04 34363439", "6984"),
            ("00200094", "63CA"),
            ("00200095", "63CA"),
            ("00200094 0C 303030303030303030303032", "63C9"),
        ],
    );
}

#[test]
fn what_each_key_of_the_visual_application_opens() {
    assert_eq!(readable(&mut selected(SELECT_VISUAL)), [0x03, 0x04]);
    for (key, value, open) in [
        (0x11, "120101", &[0x01, 0x03, 0x04][..]),
        (0x12, CODE_B, &[0x02, 0x03, 0x04]),
        (0x13, CODE_A, &[0x02, 0x03, 0x04, 0x05]),
    ] {
        let mut card = selected(SELECT_VISUAL);
        assert_eq!(verify_short(&mut card, key, value), "9000");
        assert_eq!(readable(&mut card), open, "key {key:02X}");
    }
    // Basic information names the municipality; pictures are placeholders and say so.
    let mut card = selected(SELECT_VISUAL);
    let basic = card.handle(&octets("00B08300 00"));
    let municipality = files().municipality.as_bytes();
    assert!(basic.starts_with(&[0xFF, 0x30, 0x82]) && basic.windows(5).any(|part| part == municipality));
    assert_eq!(verify_short(&mut card, 0x13, CODE_A), "9000");
    let picture = card.handle(&octets("00B08500 00"));
    assert!(String::from_utf8_lossy(&picture).contains("MADOGUCHI TEST, NO PNG"));
}

#[test]
fn the_record_of_the_common_application() {
    let record =
        format!("011C{}", digits(format!("000000000000000{}20360101", files().municipality).as_bytes()));
    let whole = format!("{record}9000");
    check(
        &mut selected(SELECT_COMMON),
        &[
            ("00B20104 00", "6986"),
            ("00A4020C 02 0001", "9000"),
            ("00B20104 00", &whole),
            // from this record to the last
            ("00B20105 00", &whole),
            ("00B20104 02", "011C 9000"),
            ("00B20204 00", "6A83"),
            ("00B20004 00", "6A83"),
            ("00B20106 00", "6A86"),
            ("00B20104", "6700"),
            // by short EF identifier, which becomes the current EF
            ("00A4020C 02 0002", "9000"),
            ("00B2010C 00", &whole),
            ("00B20104 00", &whole),
            ("00B2010C 00", &whole),
            ("00B201FC 00", "6A86"),
            ("00B2011C 00", "6A82"),
            // neither command reads the other's files
            ("00B00000 00", "6981"),
            ("00B201CC 00", "6981"),
            ("0020009C", "63C3"),
            ("0020009C 04 34363439", "9000"),
        ],
    );
    let mut text = selected(SELECT_TEXT);
    check(&mut text, &[("00A4020C 02 0004", "9000"), ("00B20104 00", "6981")]);
}

#[test]
fn the_resident_registry_application() {
    let mut card = selected(SELECT_JUKI);
    check(&mut card, &[("0020009C", "63C3"), ("0020009C 04 30303030", "63C2")]);
    assert_eq!(card.handle(&octets("00B20114 00")).len(), 18);
    // A PIN of one application is not another's.
    check(&mut card, &[SELECT_COMMON, ("0020009C", "63C3")]);
}

#[test]
fn data_objects_of_the_issuer_security_domain() {
    let mut card = card(&Scenario::default());
    let number = "303030303030303030303030303030 9000";
    let municipality = format!("{}9000", digits(files().municipality.as_bytes()));
    check(
        &mut card,
        &[
            ("00CA0045 00", number),
            ("00CA00F0 00", &municipality),
            ("00CA00F2 00", "3230333630313031 9000"),
            ("00CA5F51 00", "E000FF8131FE4514 9000"),
            ("00CA0099 00", "6A88"),
            ("00CA0045", "6700"),
            // too long for a short Le, and then by extended length
            ("00CA00F8 00", "6700"),
            ("00CA7F21 00", "6700"),
        ],
    );
    for command in ["00CA00F8 000000", "00CA7F21 000400"] {
        assert_eq!(card.handle(&octets(command)).len(), 568 + 2);
    }
    // Only there.
    check(&mut card, &[SELECT_TEXT, ("00CA0045 00", "6A88"), ("00A4040C 07 A0000001510000", "9000")]);
    check(&mut card, &[("00CA0045 00", number)]);
}

#[test]
fn extended_length_is_for_few_commands() {
    let mut card = card(&Scenario::default());
    check(&mut card, &[("00840000 000010", "6985"), ("00A4040C 00000A D392F000260100000001", "6700")]);
    check(&mut card, &[("00A4040C 0A D392F000260100000001", "9000"), ("00B08A00 000004", "6700")]);
    let scenario = Scenario { extended_length_everywhere: true, ..Scenario::default() };
    let mut card = crate::common::card(&scenario);
    check(&mut card, &[("00840000 000010", "6985"), ("00A4040C 00000A D392F000260100000001", "9000")]);
    assert_eq!(card.handle(&octets("00B08A00 000000")).len(), 0x800 + 2);
}
