//! What the resident sees and answers, whatever the front is: a terminal today, a window later, nobody in automation.

use madoguchi_jpki_card::Pin;
use madoguchi_protocol::{Display, ErrorCode, Origin};

use crate::Patience;

/// A front. Every question ends with an answer, or with the code under which the sign-in stops. A question asks its
/// [`Patience`] at least twice a second and stops when that is over.
pub trait Prompt: Send {
    /// Shows who asks for what, and nothing else about the request; goes on when the resident agrees. The card has not been
    /// touched.
    fn ask_consent(&mut self, request: &ShownRequest<'_>, patience: &Patience<'_>) -> Result<(), ErrorCode>;

    /// Asks for the PIN. An empty answer declines.
    fn ask_pin(&mut self, tries_left: u8, patience: &Patience<'_>) -> Result<Pin, ErrorCode>;

    /// Tells that the PIN is to be typed on the reader's own keypad, which begins to wait for it as soon as this returns.
    fn ask_pin_on_reader(&mut self, tries_left: u8, patience: &Patience<'_>) -> Result<(), ErrorCode>;

    /// Nothing was typed on the reader in time, or not four digits; the card has seen nothing. Goes on only when the
    /// resident wants to type there again.
    fn ask_reader_again(&mut self, patience: &Patience<'_>) -> Result<(), ErrorCode>;

    /// One try is left: goes on only when the resident insists.
    fn ask_last_try(&mut self, patience: &Patience<'_>) -> Result<(), ErrorCode>;

    /// The PIN was wrong: goes on only when the resident wants to type it again.
    fn ask_again(&mut self, tries_left: u8, patience: &Patience<'_>) -> Result<(), ErrorCode>;

    /// Tells how far it is.
    fn notice(&mut self, notice: Notice);

    /// Tells how it ended. `tries_left` is what the card said after a wrong PIN of this sign-in.
    fn tell_end(&mut self, result: Result<(), ErrorCode>, tries_left: Option<u8>);
}

/// What is shown about a request.
#[derive(Debug)]
pub struct ShownRequest<'a> {
    /// The gateway, by its configured origin.
    pub gateway: &'a Origin,
    /// Municipality, service, purpose and comparison code.
    pub display: &'a Display,
}

/// How far a sign-in is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// No reader is there yet.
    ConnectReader,
    /// No card is there yet.
    PlaceCard,
    /// Another program is using the card; it is waited for.
    CardInUse,
    /// A card is there and does not answer: it may lie the wrong way.
    CardUnreadable,
    /// The cards that are there are no My Number cards.
    OtherCard,
    /// The card is being read; no try is spent.
    ReadingCard,
    /// The card is checking the PIN and signing: it must stay where it is.
    Signing,
    /// The connection broke during VERIFY, or its answer says neither right nor wrong: a try may have been spent.
    TryMayBeSpent {
        /// What the card says now, if it could be asked.
        tries_left: Option<u8>,
    },
    /// The computer's smart card service does not run; it is waited for.
    WaitForService,
    /// The card is no longer needed.
    Sending,
}
