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

    /// One try is left: goes on only when the resident insists.
    fn ask_last_try(&mut self, patience: &Patience<'_>) -> Result<(), ErrorCode>;

    /// The PIN was wrong: goes on only when the resident wants to type it again.
    fn ask_again(&mut self, tries_left: u8, patience: &Patience<'_>) -> Result<(), ErrorCode>;

    /// Tells how far it is.
    fn notice(&mut self, notice: Notice);

    /// Tells how it ended.
    fn tell_end(&mut self, result: Result<(), ErrorCode>);
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
    /// The card is being read; no try is spent.
    ReadingCard,
    /// The card is checking the PIN and signing: it must stay where it is.
    Signing,
    /// The transport failed during VERIFY: a try may have been spent.
    TryMayBeSpent,
    /// The card is no longer needed.
    Sending,
}
