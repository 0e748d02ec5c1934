//! The fault plan: what goes wrong, and at which command.

use std::{fmt, str::FromStr, time::Duration};

use serde::Deserialize;
use thiserror::Error;

use crate::chance::Chance;

/// What can go wrong between a card and its user. `docs/mock-card.md` has the same list in words.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The card is taken out before the command takes effect.
    Remove,
    /// The card is taken out after the command took effect and before its answer.
    RemoveAfter,
    /// The reader is unplugged, and the card loses its power, before the command takes effect.
    Unplug,
    /// Another program resets the card (warm reset) before the command.
    WarmReset,
    /// The card loses its power for a moment before the command, and nobody is told.
    PowerLoss,
    /// 6F00, without effect.
    NoDiagnosis,
    /// 61xx: the data must be fetched by GET RESPONSE. Where there is none, two octets wait that nobody asked for.
    MoreData,
    /// 6Cxx, without effect: the command must be sent again with this Le.
    WrongLe,
    /// Half of the data, and 9000.
    ShortRead,
    /// A TLV whose length field is wrong; where the answer has none, one octet more than asked.
    LyingLength,
    /// Other octets in the place of the data.
    Garbage,
    /// The right answer, late.
    SlowAnswer,
    /// From now on the token information names a kind of card that nobody knows.
    WrongLabel,
    /// 6985, without effect.
    Spurious6985,
    /// From now on the PIN of user authentication is blocked.
    BlockedPin,
    /// Another program has the card.
    Hold,
}

impl Fault {
    /// Every fault.
    pub const ALL: [Self; 16] = [
        Self::Remove,
        Self::RemoveAfter,
        Self::Unplug,
        Self::WarmReset,
        Self::PowerLoss,
        Self::NoDiagnosis,
        Self::MoreData,
        Self::WrongLe,
        Self::ShortRead,
        Self::LyingLength,
        Self::Garbage,
        Self::SlowAnswer,
        Self::WrongLabel,
        Self::Spurious6985,
        Self::BlockedPin,
        Self::Hold,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Remove => "remove",
            Self::RemoveAfter => "remove-after",
            Self::Unplug => "unplug",
            Self::WarmReset => "warm-reset",
            Self::PowerLoss => "power-loss",
            Self::NoDiagnosis => "no-diagnosis",
            Self::MoreData => "more-data",
            Self::WrongLe => "wrong-le",
            Self::ShortRead => "short-read",
            Self::LyingLength => "lying-length",
            Self::Garbage => "garbage",
            Self::SlowAnswer => "slow-answer",
            Self::WrongLabel => "wrong-label",
            Self::Spurious6985 => "spurious-6985",
            Self::BlockedPin => "blocked-pin",
            Self::Hold => "hold",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Fault {
    type Err = FaultPlanError;

    fn from_str(text: &str) -> Result<Self, FaultPlanError> {
        let named = Self::ALL.into_iter().find(|fault| fault.name() == text);
        named.ok_or_else(|| FaultPlanError::UnknownFault { name: text.to_owned() })
    }
}

/// One fault at one command. Written `remove@7`, with the number's own argument `slow-answer@7:500` (milliseconds)
/// and `garbage@7:99` (seed), or `seed:42`: a fault and a command that the seed chooses, always the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct FaultPlan {
    fault: Fault,
    at_apdu: u32,
    delay: Duration,
    seed: u64,
}

/// Why a text is no fault plan.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FaultPlanError {
    /// Not of the form `FAULT@N` or `seed:S`.
    #[error("{text:?} is not a fault plan: write FAULT@N, for instance remove@7, or seed:42")]
    Form {
        /// The text.
        text: String,
    },
    /// No such fault.
    #[error("there is no fault {name:?}; there is: {}", every_name())]
    UnknownFault {
        /// The name.
        name: String,
    },
    /// A number after the colon, and this fault has none.
    #[error(
        "the fault {fault} has no number after a colon: only slow-answer (milliseconds) and garbage (seed) do"
    )]
    NoArgument {
        /// The fault.
        fault: Fault,
    },
}

impl FaultPlan {
    /// This fault at this command, counted from 1.
    pub fn new(fault: Fault, at_apdu: u32) -> Self {
        Self { fault, at_apdu: at_apdu.max(1), delay: SLOW_ANSWER, seed: 0 }
    }

    /// A fault and a command from 1 to `max_apdu` that the seed chooses.
    pub fn from_seed(seed: u64, max_apdu: u32) -> Self {
        let mut chance = Chance::new(seed);
        let last = u64::try_from(Fault::ALL.len()).unwrap_or(1);
        let chosen = usize::try_from(chance.below(last)).unwrap_or(0);
        // Below `max_apdu`, hence a u32.
        let at = u32::try_from(chance.below(u64::from(max_apdu.max(1)))).unwrap_or(0);
        Self { seed, ..Self::new(Fault::ALL[chosen], at + 1) }
    }

    /// How late the answer of `slow-answer` comes.
    pub fn with_delay(self, delay: Duration) -> Self {
        Self { delay, ..self }
    }

    /// What the octets of `garbage` are made from.
    pub fn with_seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// What goes wrong.
    pub fn fault(&self) -> Fault {
        self.fault
    }

    /// At which command, from 1.
    pub fn at_apdu(&self) -> u32 {
        self.at_apdu
    }

    /// How late the answer of `slow-answer` comes.
    pub fn delay(&self) -> Duration {
        self.delay
    }

    /// What the octets of `garbage` are made from.
    pub fn seed(&self) -> u64 {
        self.seed
    }
}

impl fmt::Display for FaultPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.fault, self.at_apdu)?;
        match self.fault {
            Fault::SlowAnswer if self.delay != SLOW_ANSWER => write!(f, ":{}", self.delay.as_millis()),
            Fault::Garbage if self.seed != 0 => write!(f, ":{}", self.seed),
            _ => Ok(()),
        }
    }
}

impl FromStr for FaultPlan {
    type Err = FaultPlanError;

    fn from_str(text: &str) -> Result<Self, FaultPlanError> {
        let form = || FaultPlanError::Form { text: text.to_owned() };
        if let Some(seed) = text.strip_prefix("seed:") {
            return Ok(Self::from_seed(seed.parse().map_err(|_| form())?, COMMANDS_OF_A_SIGN_IN));
        }
        let (name, rest) = text.split_once('@').ok_or_else(|| match text.parse::<Fault>() {
            // A fault without a command, or no fault at all: say which.
            Ok(_) => form(),
            Err(unknown) => unknown,
        })?;
        let fault = name.parse()?;
        let (at, argument) = match rest.split_once(':') {
            Some((at, argument)) => (at, Some(argument.parse().map_err(|_| form())?)),
            None => (rest, None),
        };
        let at_apdu = at.parse().ok().filter(|at| *at > 0).ok_or_else(form)?;
        let plan = Self::new(fault, at_apdu);
        match (fault, argument) {
            (_, None) => Ok(plan),
            (Fault::SlowAnswer, Some(milliseconds)) => {
                Ok(plan.with_delay(Duration::from_millis(milliseconds)))
            }
            (Fault::Garbage, Some(seed)) => Ok(plan.with_seed(seed)),
            (fault, Some(_)) => Err(FaultPlanError::NoArgument { fault }),
        }
    }
}

impl TryFrom<String> for FaultPlan {
    type Error = FaultPlanError;

    fn try_from(text: String) -> Result<Self, FaultPlanError> {
        text.parse()
    }
}

fn every_name() -> String {
    Fault::ALL.map(Fault::name).join(", ")
}

/// A contactless card that asks for more time to sign takes this long at worst.
const SLOW_ANSWER: Duration = Duration::from_secs(3);
/// What `seed:` chooses from: the commands of a whole sign-in, and a few beyond the last.
const COMMANDS_OF_A_SIGN_IN: u32 = 28;

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_fault_has_a_name_that_reads_back() {
        let names: HashSet<_> = Fault::ALL.map(Fault::name).into();
        assert_eq!(names.len(), Fault::ALL.len());
        for fault in Fault::ALL {
            assert_eq!(fault.to_string().parse(), Ok(fault));
        }
        assert_eq!(format!("{:>8}", Fault::Hold), "    hold");
    }

    #[test]
    fn plans_read_back() {
        let milliseconds = Duration::from_millis(250);
        for (text, plan) in [
            ("remove@7", FaultPlan::new(Fault::Remove, 7)),
            ("slow-answer@21", FaultPlan::new(Fault::SlowAnswer, 21)),
            ("slow-answer@21:250", FaultPlan::new(Fault::SlowAnswer, 21).with_delay(milliseconds)),
            ("garbage@9:77", FaultPlan::new(Fault::Garbage, 9).with_seed(77)),
        ] {
            assert_eq!(text.parse(), Ok(plan));
            assert_eq!(plan.to_string(), text);
        }
    }

    #[test]
    fn what_is_no_plan_says_why() {
        for text in
            ["remove", "remove@", "remove@0", "remove@-1", "remove@seven", "seed:", "seed:x", "garbage@7:x"]
        {
            assert_eq!(text.parse::<FaultPlan>(), Err(FaultPlanError::Form { text: text.to_owned() }));
        }
        let told = "explode@7".parse::<FaultPlan>().expect_err("no such fault").to_string();
        assert!(Fault::ALL.iter().all(|fault| told.contains(fault.name())), "{told}");
        assert_eq!("explode".parse::<FaultPlan>().expect_err("no such fault").to_string(), { told.as_str() });
        assert_eq!(
            "remove@7:3".parse::<FaultPlan>(),
            Err(FaultPlanError::NoArgument { fault: Fault::Remove })
        );
    }

    #[test]
    fn a_seed_always_chooses_the_same_and_seeds_together_choose_everything() {
        let mut faults = HashSet::new();
        let mut commands = HashSet::new();
        for seed in 0..1000 {
            let plan = FaultPlan::from_seed(seed, 21);
            assert_eq!(plan, FaultPlan::from_seed(seed, 21));
            faults.insert(plan.fault());
            commands.insert(plan.at_apdu());
        }
        assert_eq!(faults.len(), Fault::ALL.len());
        assert_eq!(commands, (1..=21).collect());
        let plan: FaultPlan = "seed:42".parse().expect("a plan");
        assert_eq!(plan, FaultPlan::from_seed(42, COMMANDS_OF_A_SIGN_IN));
        assert_eq!(FaultPlan::from_seed(42, 0).at_apdu(), 1);
    }
}
