//! Which card is taken, on a desk with several readers.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use madoguchi_mock_card::{CardContents, Fault, FaultPlan, InstalledApplication, Scenario};
use madoguchi_test_pki::CardOptions;

use super::*;
use crate::Interrupt;
use crate::testing::{Desktop, DesktopCard, HandClock, issue, pki};

/// Readers, and for each what comes of opening it: a card, or an error each time until none is left.
#[derive(Default)]
struct Desk {
    readers: Vec<(Desktop, VecDeque<ReaderError>)>,
    /// One more reader, which stays empty until the patience is over.
    empty: bool,
    /// One more reader, in which this card is placed when no other is left.
    later: Option<Desktop>,
    /// Opening a card takes half a second.
    clock: Arc<HandClock>,
}

impl CardSource for Desk {
    type Card = DesktopCard;

    fn wait(
        &mut self,
        tried: &[InsertedCard],
        _: &Patience<'_>,
        notice: &mut dyn FnMut(Notice),
    ) -> Result<Vec<InsertedCard>, ReaderError> {
        let all = (0..self.readers.len()).map(|index| InsertedCard { reader: index.to_string(), count: 1 });
        let mut new: Vec<_> = all.filter(|card| !tried.contains(card)).collect();
        if new.is_empty()
            && let Some(later) = self.later.take()
        {
            notice(Notice::OtherCard);
            new.push(InsertedCard { reader: self.readers.len().to_string(), count: 1 });
            self.readers.push((later, VecDeque::new()));
        }
        if new.is_empty() && self.empty { Err(ReaderError::NoCard) } else { Ok(new) }
    }

    fn open(&mut self, card: &InsertedCard, patience: &Patience<'_>) -> Result<DesktopCard, ReaderError> {
        self.clock.advance(Duration::from_millis(500));
        let (desktop, errors) = &mut self.readers[card.reader.parse::<usize>().expect("a number")];
        match errors.pop_front() {
            Some(error) => Err(error),
            None => desktop.open(card, patience),
        }
    }
}

impl Desk {
    fn with(mut self, card: &CardContents, scenario: &Scenario) -> Self {
        self.readers.push((Desktop::new(card, scenario), VecDeque::new()));
        self
    }

    /// The last reader fails like this before it works.
    fn failing(mut self, error: &ReaderError, times: usize) -> Self {
        self.readers.last_mut().expect("a reader").1 = std::iter::repeat_n(error.clone(), times).collect();
        self
    }

    /// The reader of the card that is taken, and what was told meanwhile.
    fn find(&mut self) -> (Result<String, ErrorCode>, Vec<Notice>) {
        let clock = Arc::clone(&self.clock);
        let patience = Patience::new(&*clock, Duration::from_mins(1), Interrupt::default());
        let mut notices = Vec::new();
        let found = find_card(self, &[CardProfile::TODAY], &patience, &mut |notice| notices.push(notice))
            .map(|(place, _)| place.reader);
        for (desktop, _) in &self.readers {
            desktop.assert_left_well();
        }
        (found, notices)
    }
}

#[test]
fn the_one_my_number_card_is_taken_wherever_it_lies() {
    let card = issue(&mut pki(), &CardOptions::default());
    let (mine, other) =
        (Scenario::default(), Scenario { application: InstalledApplication::None, ..Scenario::default() });
    let desk = Desk::default;
    let found = |mut desk: Desk| desk.find().0;
    assert_eq!(found(desk().with(&card, &mine)), Ok("0".to_owned()));
    assert_eq!(found(desk().with(&card, &other).with(&card, &mine)), Ok("1".to_owned()));
    assert_eq!(found(desk().with(&card, &mine).with(&card, &other)), Ok("0".to_owned()));
    assert_eq!(found(desk().with(&card, &mine).with(&card, &mine)), Err(ErrorCode::SeveralCards));
    for empty in [false, true] {
        let others = Desk { empty, ..desk().with(&card, &other).with(&card, &other) };
        assert_eq!(found(others), Err(ErrorCode::NotMyNumberCard));
    }
}

#[test]
fn a_reader_that_fails_hides_no_good_one() {
    let card = issue(&mut pki(), &CardOptions::default());
    let mine = Scenario::default();
    for error in
        [ReaderError::Mute, ReaderError::NoReader, ReaderError::Reader { reason: "broken".to_owned() }]
    {
        let mut desk = Desk::default().with(&card, &mine).failing(&error, 9).with(&card, &mine);
        assert_eq!(desk.find().0, Ok("1".to_owned()), "{error}");
    }
    // Nor does it end the wait for one in the reader beside it.
    for error in [
        ReaderError::Mute,
        ReaderError::Reader { reason: "broken".to_owned() },
        ReaderError::Removed,
        ReaderError::ServiceUnavailable,
    ] {
        let later = Some(Desktop::new(&card, &mine));
        let mut desk = Desk { later, ..Desk::default().with(&card, &mine).failing(&error, 9) };
        let (found, notices) = desk.find();
        assert_eq!(found, Ok("1".to_owned()), "{error}");
        assert_eq!(notices.last(), Some(&Notice::CardUnreadable), "{error}");
        let mut nobody_comes = Desk { empty: true, ..Desk::default().with(&card, &mine).failing(&error, 9) };
        assert_eq!(nobody_comes.find().0, Err(error.code()), "{error}");
    }
    // Nor does a card that is odd at any command of its selection.
    for fault in [Fault::Spurious6985, Fault::WarmReset, Fault::Hold, Fault::ShortRead, Fault::LyingLength] {
        for at in 2..=4 {
            let odd = Scenario { fault: Some(FaultPlan::new(fault, at)), ..Scenario::default() };
            // Only the fourth reads.
            if matches!(fault, Fault::ShortRead | Fault::LyingLength) && at < 4 {
                continue;
            }
            let later = Some(Desktop::new(&card, &mine));
            let mut desk = Desk { later, ..Desk::default().with(&card, &odd) };
            assert_eq!(desk.find().0, Ok("1".to_owned()), "{fault}@{at}");
        }
    }
}

/// Each card has its own rounds: what one uses up is not missing for another.
#[test]
fn rounds_are_counted_for_each_card() {
    let card = issue(&mut pki(), &CardOptions::default());
    let mine = Scenario::default();
    let broken = ReaderError::Reader { reason: "broken".to_owned() };
    let mut desk =
        Desk::default().with(&card, &mine).failing(&broken, 9).with(&card, &mine).failing(&broken, 4);
    assert_eq!(desk.find().0, Ok("1".to_owned()));
}

#[test]
fn what_kind_of_card_lies_there_is_told() {
    let card = issue(&mut pki(), &CardOptions::default());
    let other = Scenario { application: InstalledApplication::None, ..Scenario::default() };
    let later = Some(Desktop::new(&card, &Scenario::default()));
    let (found, notices) = Desk { later, ..Desk::default().with(&card, &other) }.find();
    assert_eq!(found, Ok("1".to_owned()));
    assert_eq!(notices, [Notice::OtherCard]);
}

#[test]
fn what_may_pass_is_tried_again_and_then_told() {
    let card = issue(&mut pki(), &CardOptions::default());
    let mine = Scenario::default();
    let desk = |error: &ReaderError, times| Desk::default().with(&card, &mine).failing(error, times);
    for (error, code) in [
        (ReaderError::Removed, ErrorCode::CardRemoved),
        (ReaderError::Reader { reason: "broken".to_owned() }, ErrorCode::CardError),
        (ReaderError::ServiceUnavailable, ErrorCode::ReaderServiceUnavailable),
    ] {
        let (found, notices) = desk(&error, 4).find();
        assert_eq!(found, Ok("0".to_owned()), "{error}");
        assert!(!notices.contains(&Notice::CardInUse), "{error}");
        assert_eq!(desk(&error, 5).find().0, Err(code), "{error}");
    }
    // A card that does not answer is not tried again before it is put there again.
    assert_eq!(desk(&ReaderError::Mute, 1).find().0, Err(ErrorCode::CardError));
    let interrupted = ReaderError::Interrupted(ErrorCode::SignInReplaced);
    assert_eq!(desk(&interrupted, 1).find().0, Err(ErrorCode::SignInReplaced));
}

/// Another program may need its time: its card is waited for as long as the sign-in lasts, and told once.
#[test]
fn a_card_that_another_program_uses_is_waited_for() {
    let card = issue(&mut pki(), &CardOptions::default());
    let mine = Scenario::default();
    for error in [ReaderError::Busy, ReaderError::Reset] {
        for empty in [false, true] {
            let desk = || Desk { empty, ..Desk::default().with(&card, &mine) };
            assert_eq!(
                desk().failing(&error, 100).find(),
                (Ok("0".to_owned()), vec![Notice::CardInUse]),
                "{error}"
            );
            assert_eq!(desk().failing(&error, 200).find().0, Err(ErrorCode::CardBusy), "{error}");
        }
    }
}

/// The resident's own card may be the one that cannot be looked at: a PIN meant for it must not go to the other.
#[test]
fn no_card_is_chosen_while_another_cannot_be_looked_at() {
    let card = issue(&mut pki(), &CardOptions::default());
    let (mine, other) =
        (Scenario::default(), Scenario { application: InstalledApplication::None, ..Scenario::default() });
    let beside = |scenario: &Scenario, times| {
        Desk::default().with(&card, scenario).failing(&ReaderError::Busy, times).with(&card, &mine)
    };
    assert_eq!(beside(&mine, 200).find().0, Err(ErrorCode::CardBusy));
    assert_eq!(beside(&mine, 9).find().0, Err(ErrorCode::SeveralCards));
    assert_eq!(beside(&other, 9).find().0, Ok("1".to_owned()));
    let broken = ReaderError::Reader { reason: "bad contact".to_owned() };
    let mut bad_contact = Desk::default().with(&card, &mine).failing(&broken, 3).with(&card, &mine);
    assert_eq!(bad_contact.find().0, Err(ErrorCode::SeveralCards));
}
