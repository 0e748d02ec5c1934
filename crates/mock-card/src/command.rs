//! Command APDUs as the card reads them (ISO 7816-4 section 5.2): short and extended, cases 1 to 4.

use madoguchi_iso7816::StatusWord;
use zeroize::Zeroizing;

/// One command.
pub(crate) struct Command {
    pub(crate) class: u8,
    pub(crate) instruction: u8,
    pub(crate) p1: u8,
    pub(crate) p2: u8,
    /// May be a PIN.
    pub(crate) data: Zeroizing<Vec<u8>>,
    /// Ne; none without an Le field.
    pub(crate) ne: Option<usize>,
    /// Whether the length fields are extended.
    pub(crate) extended: bool,
}

impl Command {
    pub(crate) fn parse(octets: &[u8]) -> Result<Self, StatusWord> {
        let Some((&[class, instruction, p1, p2], body)) = octets.split_first_chunk::<4>() else {
            return Err(StatusWord::WrongLength);
        };
        let (data, le, extended) = match *body {
            [] => (&[][..], &[][..], false),
            [_] => (&[][..], body, false),
            [0x00, _, _] => (&[][..], &body[1..], true),
            [0x00, high, low, ref rest @ ..] => {
                let (data, le) = split(rest, usize::from(u16::from_be_bytes([high, low])))?;
                (data, le, true)
            }
            [lc, ref rest @ ..] => {
                let (data, le) = split(rest, usize::from(lc))?;
                (data, le, false)
            }
        };
        let ne = match *le {
            [] => None,
            [le] if !extended => Some(if le == 0 { 0x100 } else { usize::from(le) }),
            [high, low] if extended => match u16::from_be_bytes([high, low]) {
                0 => Some(0x1_0000),
                le => Some(usize::from(le)),
            },
            _ => return Err(StatusWord::WrongLength),
        };
        Ok(Self { class, instruction, p1, p2, data: Zeroizing::new(data.to_vec()), ne, extended })
    }
}

/// The data field and what follows it. An Lc of nothing is none.
fn split(rest: &[u8], lc: usize) -> Result<(&[u8], &[u8]), StatusWord> {
    rest.split_at_checked(lc).filter(|(data, _)| !data.is_empty()).ok_or(StatusWord::WrongLength)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(octets: &[u8]) -> Option<(usize, Option<usize>, bool)> {
        let command = Command::parse(octets).ok()?;
        Some((command.data.len(), command.ne, command.extended))
    }

    #[test]
    fn short_and_extended_in_their_four_cases() {
        let header = [0x00, 0xCA, 0x00, 0x45];
        let with = |body: &[u8]| read(&[&header, body].concat());
        assert_eq!(with(&[]), Some((0, None, false)));
        assert_eq!(with(&[0x00]), Some((0, Some(256), false)));
        assert_eq!(with(&[0x01, 0xAA]), Some((1, None, false)));
        assert_eq!(with(&[0x01, 0xAA, 0x03]), Some((1, Some(3), false)));
        assert_eq!(with(&[0x00, 0x00, 0x00]), Some((0, Some(65_536), true)));
        assert_eq!(with(&[0x00, 0x01, 0x02]), Some((0, Some(0x102), true)));
        assert_eq!(with(&[0x00, 0x00, 0x01, 0xAA]), Some((1, None, true)));
        assert_eq!(with(&[0x00, 0x00, 0x01, 0xAA, 0x00, 0x10]), Some((1, Some(16), true)));
    }

    #[test]
    fn what_does_not_add_up_is_refused() {
        for octets in [
            &[0x00, 0xCA, 0x00][..],
            &[0, 0, 0, 0, 0x02, 0xAA],
            &[0, 0, 0, 0, 0x01, 0xAA, 0x00, 0x00],
            &[0, 0, 0, 0, 0x00, 0x00],
            &[0, 0, 0, 0, 0x00, 0x00, 0x00, 0x00],
            &[0, 0, 0, 0, 0x00, 0x00, 0x02, 0xAA],
            &[0, 0, 0, 0, 0x00, 0x00, 0x01, 0xAA, 0x00],
            &[0, 0, 0, 0, 0x00, 0x00, 0x01, 0xAA, 0x00, 0x00, 0x00],
        ] {
            assert!(read(octets).is_none(), "{octets:02X?}");
        }
    }
}
