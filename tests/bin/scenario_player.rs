//! Plays a scenario of the mock card through PC/SC: `madoguchi-scenario-player FILE CONTROL`, where CONTROL is the running
//! card's control socket. Says what does not come out as the file says, a line each, and then ends with 1.

use std::error::Error;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use madoguchi_mock_card::{Act, Scenario, Step};
use pcsc::{Card, Context, Disposition, Protocols, ReaderState, Scope, ShareMode, State};

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (file, control) = (arguments.next().ok_or("which file?")?, arguments.next().ok_or("which socket?")?);
    let scenario = Scenario::read(Path::new(&file))?;
    let mut player = Player::start(&control)?;
    let mut failures = 0;
    for (number, step) in (1..).zip(&scenario.steps) {
        if let Err(error) = player.play(step) {
            failures += 1;
            writeln!(io::stdout(), "{file}, step {number}, {:?}: {error}", step.say())?;
        }
    }
    player.leave()?;
    Ok(if failures == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

struct Player {
    context: Context,
    control: BufReader<UnixStream>,
    card: Option<Card>,
}

impl Player {
    fn start(control: &str) -> Result<Self, Box<dyn Error>> {
        let context = Context::establish(Scope::User)?;
        let control = BufReader::new(UnixStream::connect(control)?);
        let mut player = Self { context, control, card: None };
        player.connect()?;
        // Whatever pcscd still thinks of the card before this one: this one starts with power.
        player.card()?.reconnect(ShareMode::Exclusive, Protocols::ANY, Disposition::UnpowerCard)?;
        Ok(player)
    }

    fn play(&mut self, step: &Step) -> Result<(), Box<dyn Error>> {
        match step.act() {
            Act::Command(command) => {
                let mut buffer = [0; 4096];
                let answer = self.card()?.transmit(command, &mut buffer)?;
                step.check_answer(answer)?;
            }
            Act::WarmReset => {
                self.card()?.reconnect(ShareMode::Exclusive, Protocols::ANY, Disposition::ResetCard)?;
            }
            Act::PowerCycle => {
                self.card()?.reconnect(ShareMode::Exclusive, Protocols::ANY, Disposition::UnpowerCard)?;
            }
            Act::Remove => {
                self.tell("remove")?;
                // Not by dropping it, which resets: when that fails, pcscd takes the card for gone without having looked,
                // and does not notice the next one.
                if let Some(card) = self.card.take() {
                    card.disconnect(Disposition::LeaveCard).map_err(|(_, error)| error)?;
                }
                self.wait(|states| states.iter().all(|state| !state.event_state().contains(State::PRESENT)))?;
            }
            Act::Insert => {
                self.tell("insert")?;
                self.connect()?;
            }
            other => return Err(format!("{other:?} is not played").into()),
        }
        let state = self.tell("state")?;
        for (key, tries) in [("auth_tries", step.tries()), ("sign_tries", step.sign_tries())] {
            if let Some(tries) = tries {
                let expected = format!("{key}={tries}");
                if !state.split(' ').any(|word| word == expected) {
                    return Err(format!("expected {expected}: {state}").into());
                }
            }
        }
        Ok(())
    }

    fn leave(&mut self) -> Result<(), Box<dyn Error>> {
        if let Some(card) = self.card.take() {
            card.disconnect(Disposition::UnpowerCard).map_err(|(_, error)| error)?;
        }
        Ok(())
    }

    fn card(&mut self) -> Result<&mut Card, &'static str> {
        self.card.as_mut().ok_or("the card is out")
    }

    /// Waits for the card and takes it for this program alone.
    fn connect(&mut self) -> Result<(), Box<dyn Error>> {
        let with_card =
            |states: &[ReaderState]| states.iter().any(|state| state.event_state().contains(State::PRESENT));
        let states = self.wait(with_card)?;
        let present = states.iter().find(|state| state.event_state().contains(State::PRESENT));
        let reader = present.ok_or("no card")?.name();
        self.card = Some(self.context.connect(reader, ShareMode::Exclusive, Protocols::ANY)?);
        Ok(())
    }

    /// Waits for what pcscd says of the readers.
    fn wait(&self, wanted: impl Fn(&[ReaderState]) -> bool) -> Result<Vec<ReaderState>, Box<dyn Error>> {
        let names = self.context.list_readers_owned()?;
        let mut states: Vec<_> =
            names.into_iter().map(|name| ReaderState::new(name, State::UNAWARE)).collect();
        loop {
            self.context.get_status_change(SEEN_WITHIN, &mut states)?;
            if wanted(&states) {
                return Ok(states);
            }
            states.iter_mut().for_each(ReaderState::sync_current_state);
        }
    }

    fn tell(&mut self, line: &str) -> Result<String, Box<dyn Error>> {
        writeln!(self.control.get_mut(), "{line}")?;
        let mut answer = String::new();
        self.control.read_line(&mut answer)?;
        if answer.starts_with("ok") { Ok(answer.trim().to_owned()) } else { Err(answer.into()) }
    }
}

const SEEN_WITHIN: Duration = Duration::from_secs(20);
