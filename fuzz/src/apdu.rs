//! APDUs: what is read is written back octet for octet, and nothing is read that is not one.

use madoguchi_iso7816::{Aid, CommandApdu, ResponseApdu, StatusWord};

/// Reads any octets as a command, an answer and an application identifier.
pub fn apdu_parse(input: &[u8]) {
    match CommandApdu::parse(input) {
        Ok(command) => {
            assert_eq!(*encode(&command), *input, "not the octets that were read");
            assert!(is_short_command(input), "read what is no short command");
            assert!(command.data().len() <= 255 && command.ne() <= 256);
            let shown = format!("{command:?}");
            assert!(shown.len() <= "00 20 00 80 Lc=255".len(), "more than the header is shown: {shown}");
        }
        Err(_) => assert!(!is_short_command(input), "did not read a short command"),
    }
    match ResponseApdu::parse(input) {
        Ok(response) => {
            assert_eq!(*response.to_octets(), *input);
            let status = response.status();
            assert_eq!(StatusWord::from(status.to_u16()), status);
        }
        Err(_) => assert!(input.len() < 2),
    }
    match Aid::new(input) {
        Ok(aid) => assert_eq!(aid.as_octets(), input),
        Err(_) => assert!(!(5..=16).contains(&input.len())),
    }
}

fn encode(command: &CommandApdu) -> Vec<u8> {
    let mut octets = command.to_octets().to_vec();
    // A planted bug: Le 00 is left out after a data field of 0x42 octets.
    if cfg!(feature = "planted_apdu") && command.data().len() == 0x42 && command.le() == Some(0) {
        octets.pop();
    }
    octets
}

/// ISO 7816-4 section 5.1, told a second time by lengths alone.
fn is_short_command(octets: &[u8]) -> bool {
    match octets.len() {
        0..4 => false,
        4 | 5 => true,
        length => {
            let lc = usize::from(octets[4]);
            lc > 0 && (length == 5 + lc || length == 6 + lc)
        }
    }
}
