//! Another program that uses the card: `madoguchi-card-holder exclusive|transaction|shared`. It takes the first card that it
//! finds, says `ready`, and lets go of it at the line `release`, or at the end of its input.

use std::error::Error;
use std::io::{self, BufRead as _, Write as _};

use pcsc::{Context, Disposition, Protocols, ReaderState, Scope, ShareMode, State};

fn main() -> Result<(), Box<dyn Error>> {
    let way = std::env::args().nth(1).ok_or("how?")?;
    let context = Context::establish(Scope::User)?;
    let names = context.list_readers_owned()?;
    let mut states: Vec<_> =
        names.iter().map(|name| ReaderState::new(name.clone(), State::UNAWARE)).collect();
    context.get_status_change(None, &mut states)?;
    let with_card = states.iter().find(|state| state.event_state().contains(State::PRESENT));
    let reader = with_card.ok_or("no card")?.name();
    let mode = if way == "exclusive" { ShareMode::Exclusive } else { ShareMode::Shared };
    let mut card = context.connect(reader, mode, Protocols::ANY)?;
    if way == "transaction" {
        let transaction = card.transaction()?;
        wait_for_release()?;
        transaction.end(Disposition::LeaveCard).map_err(|(_, error)| error)?;
    } else {
        wait_for_release()?;
    }
    card.disconnect(Disposition::LeaveCard).map_err(|(_, error)| error)?;
    writeln!(io::stdout(), "released")?;
    Ok(())
}

fn wait_for_release() -> io::Result<()> {
    writeln!(io::stdout(), "ready")?;
    io::stdout().flush()?;
    io::stdin()
        .lock()
        .lines()
        .find(|line| line.as_ref().map_or(true, |line| line == "release"))
        .transpose()?;
    Ok(())
}
