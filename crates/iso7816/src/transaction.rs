//! The way to a card, whatever lies between.

use std::error::Error;

use crate::{CommandApdu, ResponseApdu};

/// Exclusive use of one card: nobody else's command comes between two of ours. A PC/SC transaction and a card in
/// process are both one.
pub trait CardTransaction {
    /// Why a command got no answer. A card that answers with an unhappy status word has answered.
    type Error: Error + 'static;

    /// Sends one command and waits for its answer. Sends it once: whether to send again is not the transport's to
    /// decide, because a VERIFY sent twice costs a resident two tries.
    fn transmit(&mut self, command: &CommandApdu) -> Result<ResponseApdu, Self::Error>;
}

impl<T: CardTransaction + ?Sized> CardTransaction for &mut T {
    type Error = T::Error;

    fn transmit(&mut self, command: &CommandApdu) -> Result<ResponseApdu, Self::Error> {
        (**self).transmit(command)
    }
}
