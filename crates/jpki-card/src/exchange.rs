//! One command and its whole answer, in the two forms that a card may give it in pieces (ISO 7816-4 section 5.1.3,
//! 61xx and 6Cxx). No My Number card is known to do so, but readers and cards of T=0 may.

use madoguchi_iso7816::{CardTransaction, CommandApdu, MAX_RESPONSE_DATA, ResponseApdu, StatusWord};
use zeroize::Zeroizing;

/// Sends a command; with 6Cxx once more with the Le that the card wants, with 61xx fetches the rest.
///
/// Never for VERIFY, with a PIN or without: sent again it may cost a second try, and an Le in the place of Lc could be
/// taken for one.
pub(crate) fn exchange<T: CardTransaction>(
    transaction: &mut T,
    command: CommandApdu,
) -> Result<ResponseApdu, T::Error> {
    let mut response = transaction.transmit(&command)?;
    if let (StatusWord::WrongLe(le), Some(_)) = (response.status(), command.le()) {
        response = transaction.transmit(&command.with_le(le))?;
    }
    if !matches!(response.status(), StatusWord::MoreData(_)) {
        return Ok(response);
    }
    // Room for all that is taken: a growing buffer would leave copies behind.
    let mut data = Zeroizing::new(Vec::with_capacity(2 * MAX_RESPONSE_DATA));
    take(&mut data, &response);
    for _ in 0..PIECES_AT_MOST {
        let StatusWord::MoreData(le) = response.status() else { break };
        response = transaction.transmit(&CommandApdu::new(0x00, 0xC0, 0x00, 0x00).with_le(le))?;
        take(&mut data, &response);
    }
    // A card that never stops answers 61xx here, which no caller takes for success.
    Ok(ResponseApdu::new(std::mem::take(&mut *data), response.status()))
}

/// Adds a piece. Beyond what a short command can be answered with it only needs to show that it is too long.
fn take(data: &mut Vec<u8>, response: &ResponseApdu) {
    let room = (2 * MAX_RESPONSE_DATA).saturating_sub(data.len());
    data.extend(response.data().iter().take(room));
}

/// The longest answer to a short command has 256 octets: even a card that gives 16 at a time is done by then.
const PIECES_AT_MOST: usize = 16;
