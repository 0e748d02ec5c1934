//! What lies on the readers, and who holds it. Only the service's own book is asked: nothing is sent to a card.

use std::ffi::CString;
use std::time::Duration;

use pcsc::{Context, ReaderState, Scope, State as CardState};

use super::process::{self, Program};
use super::readers::without_serial;
use super::{About, Finding, State};

/// `name` is a part of the names of the readers to look at.
pub(super) fn examine(name: Option<&str>, socket: Option<&str>) -> Vec<Finding> {
    let Ok(context) = Context::establish(Scope::User) else { return Vec::new() };
    let mut names: Vec<CString> = context.list_readers_owned().unwrap_or_default();
    names.retain(|reader| name.is_none_or(|part| reader.to_string_lossy().contains(part)));
    if names.is_empty() {
        return Vec::new();
    }
    let mut states: Vec<ReaderState> =
        names.into_iter().map(|name| ReaderState::new(name, CardState::UNAWARE)).collect();
    // What is known now: the readers' states differ from "unaware", so this answers at once.
    if context.get_status_change(NOW, &mut states).is_err() {
        return Vec::new();
    }
    // Another socket is another service, whose clients cannot be told from the usual one's.
    let clients = if socket.is_none() { process::clients_of_pcsc() } else { Vec::new() };
    states
        .iter()
        .map(|state| judge(&without_serial(&state.name().to_string_lossy()), state.event_state(), &clients))
        .collect()
}

fn judge(reader: &str, card: CardState, clients: &[Program]) -> Finding {
    let programs = clients.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let seen = !clients.is_empty();
    let (state, code) = match card {
        card if card.contains(CardState::EXCLUSIVE) && seen => (State::Ng, "card_held_by"),
        card if card.contains(CardState::EXCLUSIVE) => (State::Ng, "card_held"),
        card if card.contains(CardState::MUTE) => (State::Warn, "card_mute"),
        card if card.contains(CardState::INUSE) && seen => (State::Warn, "card_shared_by"),
        card if card.contains(CardState::INUSE) => (State::Warn, "card_shared"),
        card if card.contains(CardState::PRESENT) => (State::Ok, "card_there"),
        _ => (State::Ok, "card_absent"),
    };
    Finding::new(About::Card, state, code, &[("reader", reader.to_owned()), ("programs", programs)])
}

const NOW: Duration = Duration::from_millis(500);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_services_book_is_read() {
        let program = [Program { name: "opensc-tool".to_owned(), pid: 7 }];
        for (card, clients, code, state) in [
            (CardState::EMPTY, &[][..], "card_absent", State::Ok),
            (CardState::PRESENT, &program, "card_there", State::Ok),
            (CardState::PRESENT | CardState::MUTE, &[], "card_mute", State::Warn),
            (CardState::PRESENT | CardState::INUSE, &[], "card_shared", State::Warn),
            (CardState::PRESENT | CardState::INUSE, &program, "card_shared_by", State::Warn),
            (CardState::PRESENT | CardState::INUSE | CardState::EXCLUSIVE, &[], "card_held", State::Ng),
            (CardState::PRESENT | CardState::EXCLUSIVE, &program, "card_held_by", State::Ng),
        ] {
            let finding = judge("Reader", card, clients);
            assert_eq!((finding.code, finding.state), (code, state), "{card:?}");
        }
        let told = judge("Reader", CardState::EXCLUSIVE, &program).text(madoguchi_protocol::Lang::English);
        assert!(told.contains("opensc-tool (7)"), "{told}");
    }
}
