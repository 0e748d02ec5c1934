//! All readers of the smart card service, and the wait for a card on one of them.

use std::ffi::CString;
use std::time::Duration;

use madoguchi_protocol::ErrorCode;
use pcsc::{Context, Error, Scope};
use tracing::debug;

use super::card::{LateCards, PcscCard};
use super::error::reader_error;
use super::virtual_readers::is_virtual;
use super::watch::{Seen, SeenCard, Watch};
use crate::{CardSource, InsertedCard, Notice, Patience, ReaderError};

/// The readers of the computer's smart card service.
#[derive(Clone, Debug)]
pub struct PcscReaders {
    filter: ReaderFilter,
    pin_pads: bool,
    late: LateCards,
}

/// Which readers are looked at.
#[derive(Clone, Debug)]
pub(super) struct ReaderFilter {
    /// Part of the name of the reader to use; all of them but virtual ones when absent.
    name: Option<String>,
}

impl PcscReaders {
    /// All readers that can hold a card, or those whose name holds `name`.
    pub fn new(name: Option<String>) -> Self {
        Self { filter: ReaderFilter { name }, pin_pads: true, late: LateCards::default() }
    }

    /// The same, with the keypads of readers left alone: the PIN is typed on the computer.
    #[must_use]
    pub fn without_pin_pads(self) -> Self {
        Self { pin_pads: false, ..self }
    }

    /// Names of the readers that are connected now and are looked at.
    pub fn names(&self) -> Result<Vec<String>, ReaderError> {
        let context = Context::establish(Scope::User).map_err(reader_error)?;
        let names = self.filter.list(&context)?;
        Ok(names.iter().map(|name| name.to_string_lossy().into_owned()).collect())
    }
}

impl ReaderFilter {
    pub(super) fn list(&self, context: &Context) -> Result<Vec<CString>, ReaderError> {
        match context.list_readers_owned() {
            Ok(mut names) => {
                names.retain(|name| self.takes(&name.to_string_lossy()));
                Ok(names)
            }
            Err(Error::NoReadersAvailable) => Ok(Vec::new()),
            Err(error) => Err(reader_error(error)),
        }
    }

    fn takes(&self, name: &str) -> bool {
        self.name.as_ref().map_or_else(|| !is_virtual(name), |part| name.contains(part.as_str()))
    }
}

impl CardSource for PcscReaders {
    type Card = PcscCard;

    fn wait(
        &mut self,
        tried: &[InsertedCard],
        patience: &Patience<'_>,
        notice: &mut dyn FnMut(Notice),
    ) -> Result<Vec<InsertedCard>, ReaderError> {
        let mut watch = Watch::new(self.filter.clone());
        let mut told = None;
        let mut tell = |now: Notice| {
            if told.replace(now) != Some(now) {
                notice(now);
            }
        };
        // What is told when the time is over. A service that does not answer at all gets a moment even where nobody waits.
        let mut lacking = ReaderError::ServiceUnavailable;
        let mut limit = patience.left().max(FIRST_LOOK);
        let mut service: Option<Patience<'_>> = None;
        loop {
            match watch.next(limit, patience) {
                None => {}
                Some(Ok(readers)) => {
                    debug!(?readers, "waiting for a card");
                    service = None;
                    let fresh = with_new_card(&readers, tried);
                    if !fresh.is_empty() || no_place_left(&readers, tried) {
                        return Ok(fresh);
                    }
                    lacking = if readers.is_empty() { ReaderError::NoReader } else { ReaderError::NoCard };
                    tell(what_is_lacking(&readers, tried));
                }
                Some(Err(ReaderError::ServiceUnavailable)) => {
                    lacking = ReaderError::ServiceUnavailable;
                    let service = service.get_or_insert_with(|| patience.at_most(SERVICE_TIME));
                    if service.check() == Err(ErrorCode::SignInExpired) {
                        return Err(lacking);
                    }
                    tell(Notice::WaitForService);
                    // Nobody tells when a service starts.
                    watch.pause(SERVICE_PAUSE.min(service.left()), patience);
                }
                Some(Err(error)) => return Err(error),
            }
            match patience.check() {
                Ok(()) => limit = patience.left(),
                Err(ErrorCode::SignInExpired) => return Err(lacking),
                Err(code) => return Err(ReaderError::Interrupted(code)),
            }
        }
    }

    fn open(&mut self, card: &InsertedCard, patience: &Patience<'_>) -> Result<PcscCard, ReaderError> {
        let reader = CString::new(card.reader.as_str()).map_err(|_| ReaderError::NoReader)?;
        PcscCard::connect(reader, self.pin_pads, patience, &self.late)
    }

    fn left_within(&mut self, limit: Duration) -> bool {
        self.late.left_within(limit)
    }
}

/// Cards that were not tried yet. Those that did not answer when they were put there only if there is no other: they get
/// power once more when they are opened, which may help.
fn with_new_card(readers: &[Seen], tried: &[InsertedCard]) -> Vec<InsertedCard> {
    [SeenCard::There, SeenCard::Mute]
        .into_iter()
        .map(|kind| {
            let cards = readers.iter().filter(|seen| seen.card == kind).map(inserted);
            cards.filter(|card| !tried.contains(card)).collect::<Vec<_>>()
        })
        .find(|cards| !cards.is_empty())
        .unwrap_or_default()
}

/// Whether every reader holds a card that will not do.
fn no_place_left(readers: &[Seen], tried: &[InsertedCard]) -> bool {
    !readers.is_empty()
        && readers.iter().all(|seen| seen.card == SeenCard::There && tried.contains(&inserted(seen)))
}

fn what_is_lacking(readers: &[Seen], tried: &[InsertedCard]) -> Notice {
    if readers.is_empty() {
        Notice::ConnectReader
    } else if readers.iter().any(|seen| seen.card == SeenCard::Mute) {
        Notice::CardUnreadable
    } else if tried.is_empty() {
        Notice::PlaceCard
    } else {
        Notice::OtherCard
    }
}

fn inserted(seen: &Seen) -> InsertedCard {
    // A card that begins to answer is as good as a new one.
    let count = seen.count * 2 + u32::from(seen.card == SeenCard::Mute);
    InsertedCard { reader: seen.reader.to_string_lossy().into_owned(), count }
}

/// What a service gets for its first answer.
const FIRST_LOOK: Duration = Duration::from_secs(3);
/// How often a service that does not run is looked for.
const SERVICE_PAUSE: Duration = Duration::from_millis(500);
/// How long a service that does not run is waited for: it may just be starting, or being started again.
const SERVICE_TIME: Duration = Duration::from_secs(15);

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(name: &str, card: SeenCard, count: u32) -> Seen {
        Seen { reader: CString::new(name).expect("a name"), card, count }
    }

    fn card(reader: &str, count: u32) -> InsertedCard {
        InsertedCard { reader: reader.to_owned(), count: count * 2 }
    }

    #[test]
    fn a_name_overrides_what_is_left_out() {
        let all = ReaderFilter { name: None };
        assert!(all.takes("Virtual PCD 00 00") && !all.takes("Windows Hello for Business 1"));
        let named = ReaderFilter { name: Some("Hello".to_owned()) };
        assert!(!named.takes("Virtual PCD 00 00") && named.takes("Windows Hello for Business 1"));
    }

    #[test]
    fn a_dead_card_hides_no_good_one() {
        let readers = [seen("A", SeenCard::Mute, 1), seen("B", SeenCard::There, 3)];
        assert_eq!(with_new_card(&readers, &[]), [card("B", 3)]);
        let dead = [InsertedCard { reader: "A".to_owned(), count: 3 }];
        assert_eq!(with_new_card(&readers[..1], &[]), dead, "it is tried where there is no other");
        assert!(with_new_card(&readers[..1], &dead).is_empty());
        assert!(!no_place_left(&readers[..1], &dead), "it may be turned over");
        assert_eq!(what_is_lacking(&readers[..1], &dead), Notice::CardUnreadable);
        assert_eq!(with_new_card(&[seen("A", SeenCard::There, 1)], &dead), [card("A", 1)], "it answers now");
    }

    #[test]
    fn a_card_that_was_tried_is_new_when_it_is_put_there_again() {
        let readers = [seen("A", SeenCard::There, 3), seen("B", SeenCard::None, 0)];
        assert!(with_new_card(&readers, &[card("A", 3)]).is_empty());
        assert!(!no_place_left(&readers, &[card("A", 3)]), "reader B is empty");
        assert_eq!(what_is_lacking(&readers, &[card("A", 3)]), Notice::OtherCard);
        assert!(no_place_left(&readers[..1], &[card("A", 3)]));
        assert_eq!(with_new_card(&readers, &[card("A", 1)]), [card("A", 3)]);
        assert!(!no_place_left(&readers[..1], &[]) && !no_place_left(&[], &[card("A", 3)]));
    }

    #[test]
    fn what_is_lacking_is_told() {
        assert_eq!(what_is_lacking(&[], &[]), Notice::ConnectReader);
        assert_eq!(what_is_lacking(&[seen("A", SeenCard::None, 0)], &[]), Notice::PlaceCard);
    }
}
