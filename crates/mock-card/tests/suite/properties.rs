//! Whatever comes in: the card answers, and gives nothing away.

use madoguchi_mock_card::{Card, Scenario};
use proptest::prelude::*;

use crate::common::{PIN, card};

/// Octets that make sense more often than chance would have it.
fn command() -> impl Strategy<Value = Vec<u8>> {
    let class = prop_oneof![8 => Just(0x00), 3 => Just(0x80), 1 => any::<u8>()];
    let instruction = prop_oneof![
        9 => prop::sample::select(vec![0x20_u8, 0x24, 0x2A, 0x84, 0xA4, 0xB0, 0xB2, 0xCA]),
        1 => any::<u8>()
    ];
    let parameter = prop_oneof![
        6 => prop::sample::select(vec![0x00_u8, 0x01, 0x02, 0x04, 0x05, 0x0C, 0x80, 0x81, 0x8A, 0x97, 0x98, 0x9A, 0x9B]),
        1 => any::<u8>()
    ];
    let data = prop_oneof![
        4 => Just(vec![]),
        3 => Just([&[4], PIN.as_bytes()].concat()),
        3 => Just(b"\x040000".to_vec()),
        3 => Just(b"\x0A\xD3\x92\xF0\x00\x26\x01\x00\x00\x00\x01".to_vec()),
        2 => Just(b"\x02\x00\x17".to_vec()),
        2 => Just(b"\x05\xD3\x92\x10\x00\x31".to_vec()),
        2 => prop::collection::vec(any::<u8>(), 0..300),
    ];
    let le =
        prop_oneof![2 => Just(vec![]), 3 => Just(vec![0x00]), 1 => prop::collection::vec(any::<u8>(), 0..4)];
    (class, instruction, parameter.clone(), parameter, data, le).prop_map(
        |(class, instruction, p1, p2, data, le)| {
            [&[class, instruction, p1, p2], data.as_slice(), &le].concat()
        },
    )
}

/// Data of a happy answer to a signature.
fn signed(command: &[u8], answer: &[u8]) -> bool {
    command.get(1) == Some(&0x2A) && answer.ends_with(&[0x90, 0x00])
}

fn logins(card: &Card) -> (bool, bool) {
    (card.is_auth_verified(), card.is_sign_verified())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]
    #[test]
    fn any_sequence_of_commands(
        commands in prop::collection::vec(command(), 1..40),
        hashing_signatures: bool,
        extended_length_everywhere: bool,
    ) {
        let scenario = Scenario { hashing_signatures, extended_length_everywhere, ..Scenario::default() };
        let mut card = card(&scenario);
        let (mut tries, mut before) = (3, logins(&card));
        for command in commands {
            let answer = card.handle(&command);
            prop_assert!(answer.len() >= 2, "{command:02X?}");
            let left = card.auth_tries_left().expect("a PIN");
            let verify = command.get(1) == Some(&0x20) && command.len() > 5;
            // At most one try for one VERIFY, and none for anything else; back only by the right value.
            prop_assert!(left == tries || (verify && (left + 1 == tries || left == 3)), "{command:02X?}");
            if signed(&command, &answer) {
                prop_assert!(before.0 || before.1, "{command:02X?} signed without a PIN");
            }
            // Nobody is logged in by anything but VERIFY.
            let after = logins(&card);
            prop_assert!(verify || ((before.0 || !after.0) && (before.1 || !after.1)), "{command:02X?}");
            (tries, before) = (left, after);
        }
        card.power_off();
        prop_assert_eq!(logins(&card), (false, false));
    }
}
