//! Every fault of the mock card at every command of a sign-in: each run ends, says the right thing, costs no try that no
//! wrong PIN took, and leaves nobody logged in.

mod allowed;
mod bench;
mod run;
mod step;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use madoguchi_mock_card::{BlockedQuery, CardContents, Fault, FaultPlan, Scenario};
use madoguchi_protocol::ErrorCode;
use madoguchi_test_pki::CardOptions;

use self::allowed::Allowed;
use self::bench::{Planted, Surroundings};
use self::run::{RIGHT_PIN, Run, Trial, Violation};
use self::step::Step;
use crate::testing::{issue, pki};

/// What a resident may type: the right PIN, a wrong one, a wrong one and then the right one.
const TYPED: [&[&str]; 3] = [&[RIGHT_PIN], &["0000"], &["0000", RIGHT_PIN]];

fn card() -> CardContents {
    issue(&mut pki(), &CardOptions::default())
}

fn trial(scenario: Scenario, pins: &'static [&'static str], surroundings: Surroundings) -> Trial {
    Trial { scenario, pins, surroundings }
}

/// The trial with the fault at the first command, at the second, and so on, until a sign-in is over before it is met.
fn at_every_command(
    card: &CardContents,
    trial: &Trial,
    fault: Fault,
    mut each: impl FnMut(u32, &Run, &Trial),
) {
    for at in 1.. {
        let mut trial = trial.clone();
        trial.scenario.fault = Some(FaultPlan::new(fault, at));
        let run = trial.run(card);
        each(at, &run, &trial);
        if run.struck.is_none() {
            return;
        }
    }
}

/// Good surroundings, a reader that does not take the power away, and a card that is back at once.
fn surroundings() -> [Surroundings; 3] {
    let good = Surroundings::default();
    [good, Surroundings { keeps_power: true, ..good }, Surroundings { comes_back: true, ..good }]
}

/// What a row of the printed table counts.
#[derive(Default)]
struct Row {
    steps: BTreeSet<u32>,
    outcomes: BTreeMap<String, u32>,
    tries_lost: u32,
    left_logged_in: u32,
}

impl Row {
    fn count(&mut self, at: u32, run: &Run, trial: &Trial) {
        if run.struck.is_some() {
            self.steps.insert(at);
        }
        *self.outcomes.entry(name(run.result)).or_default() += 1;
        let wrong_pins = u8::from(trial.pins[0] != RIGHT_PIN);
        let lost = trial.scenario.auth_tries.saturating_sub(run.tries_left) > wrong_pins;
        self.tries_lost += u32::from(lost && trial.fault() != Some(Fault::BlockedPin));
        self.left_logged_in += u32::from(run.violations(trial).contains(&Violation::LeftLoggedIn));
    }
}

fn name(result: Result<(), ErrorCode>) -> String {
    result.map_or_else(|code| code.to_string(), |()| "proven".to_owned())
}

/// Seen with `--no-capture`; `script/faults` shows it.
fn print_table(table: &BTreeMap<String, Row>) {
    println!("| Fault | Steps | Runs | Outcomes | Tries lost without a wrong PIN | Left logged in |");
    println!("|---|---|---|---|---|---|");
    for (fault, row) in table {
        let runs: u32 = row.outcomes.values().sum();
        let outcomes: Vec<_> = row.outcomes.iter().map(|(code, count)| format!("{code} {count}")).collect();
        let (steps, outcomes) = (row.steps.len(), outcomes.join(", "));
        println!("| {fault} | {steps} | {runs} | {outcomes} | {} | {} |", row.tries_lost, row.left_logged_in);
    }
}

#[test]
fn every_fault_at_every_command() {
    let card = card();
    let allowed = Allowed::read();
    let mut unmet = allowed.named();
    let mut table = BTreeMap::<String, Row>::new();
    let mut wrong = Vec::new();
    for (pins, surroundings) in TYPED.iter().flat_map(|pins| surroundings().map(|around| (*pins, around))) {
        let healthy = trial(Scenario::default(), pins, surroundings).run(&card).result;
        // Cards differ in what a warm reset does to a login.
        let clears = Fault::ALL.into_iter().map(|fault| (fault, false)).chain([(Fault::WarmReset, true)]);
        for (fault, warm_reset_clears_login) in clears {
            let scenario = Scenario { warm_reset_clears_login, ..Scenario::default() };
            let trial = trial(scenario, pins, surroundings);
            at_every_command(&card, &trial, fault, |at, run, trial| {
                table.entry(fault.to_string()).or_default().count(at, run, trial);
                let unharmed = BTreeSet::from(["unharmed".to_owned()]);
                let may = run.struck.map_or(&unharmed, |step| allowed.outcomes(fault, step));
                if let Some(step) = run.struck {
                    unmet.remove(&(fault.to_string(), step.to_string()));
                }
                let outcome = name(run.result);
                let fine = may.contains(&outcome) || (may.contains("unharmed") && run.result == healthy);
                let violations = run.violations(trial);
                if !fine || !violations.is_empty() {
                    let step = run.struck.map_or_else(|| "beyond".to_owned(), |step| step.to_string());
                    wrong.push(format!(
                        "{fault}@{at} {step}: {outcome} {violations:?} {pins:?} {surroundings:?}"
                    ));
                }
            });
        }
    }
    print_table(&table);
    assert!(wrong.is_empty(), "{} runs went wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(unmet.is_empty(), "rows of tests/faults.toml that nothing met: {unmet:?}");
}

/// Where the facts of the card are not known, both answers will do.
#[test]
fn a_sign_in_goes_well_under_every_setting_of_what_is_unknown() {
    let card = card();
    let settings = [
        ("nothing special", Scenario::default()),
        ("filler 00", Scenario { filler: 0x00, ..Scenario::default() }),
        ("no filler", Scenario { allocated_octets: 0, ..Scenario::default() }),
        ("a lot of filler", Scenario { allocated_octets: 0x1FFF, ..Scenario::default() }),
        ("a warm reset clears", Scenario { warm_reset_clears_login: true, ..Scenario::default() }),
        ("a warm reset keeps the DF", Scenario { warm_reset_keeps_df: true, ..Scenario::default() }),
        (
            "a wrong VERIFY keeps the login",
            Scenario { wrong_verify_keeps_login: true, ..Scenario::default() },
        ),
        ("a wrong length is free", Scenario { wrong_length_is_free: true, ..Scenario::default() }),
        ("a verified PIN's query is 9000", Scenario { verified_query_is_ok: true, ..Scenario::default() }),
        (
            "an unknown AID drops the selection",
            Scenario { unknown_aid_drops_selection: true, ..Scenario::default() },
        ),
        ("6985 without a PIN", Scenario { unverified_signature_is_6985: true, ..Scenario::default() }),
        ("6F00 after power", Scenario { first_command_fails: true, ..Scenario::default() }),
        ("hashing signatures", Scenario { hashing_signatures: true, ..Scenario::default() }),
        ("extended length", Scenario { extended_length_everywhere: true, ..Scenario::default() }),
    ];
    for (setting, scenario) in settings {
        for (pins, surroundings) in TYPED.iter().flat_map(|pins| surroundings().map(|around| (*pins, around)))
        {
            let trial = trial(scenario.clone(), pins, surroundings);
            let run = trial.run(&card);
            let expected = if pins.contains(&RIGHT_PIN) { Ok(()) } else { Err(ErrorCode::PinWrong) };
            assert_eq!(run.result, expected, "{setting} {pins:?} {surroundings:?}");
            assert_eq!(run.violations(&trial), [], "{setting} {pins:?} {surroundings:?}");
        }
    }
    for blocked_query in [BlockedQuery::NoTriesLeft, BlockedQuery::ReferenceDataNotUsable] {
        let scenario = Scenario { auth_tries: 0, blocked_query, ..Scenario::default() };
        let trial = trial(scenario, TYPED[0], Surroundings::default());
        let run = trial.run(&card);
        assert_eq!((run.result, run.violations(&trial)), (Err(ErrorCode::PinBlocked), vec![]));
    }
}

/// A card that answers after minutes: no PIN is sent into a sign-in that cannot end well.
#[test]
fn a_late_answer_at_every_command() {
    let card = card();
    for (seconds, before, at_verify) in [
        (585, ErrorCode::TooLittleTime, Ok(())),
        (700, ErrorCode::SignInExpired, Err(ErrorCode::SignInExpired)),
    ] {
        for at in 1.. {
            let late = FaultPlan::new(Fault::SlowAnswer, at).with_delay(Duration::from_secs(seconds));
            let scenario = Scenario { fault: Some(late), ..Scenario::default() };
            let trial = trial(scenario, TYPED[0], Surroundings::default());
            let run = trial.run(&card);
            let verified = run.seen.iter().position(|seen| seen.step == Step::Verify);
            let late = run.seen.iter().position(|seen| seen.struck);
            let expected = match (late, verified) {
                (Some(_), None) => Err(before),
                (Some(late), Some(verified)) if late < verified => {
                    panic!("a PIN was sent {seconds} s late, at {at}")
                }
                (Some(late), Some(verified)) if late == verified => at_verify,
                // Not met, or after the last look at the clock: the gateway's decides.
                (None, _) | (Some(_), Some(_)) => Ok(()),
            };
            assert_eq!(run.result, expected, "at {at} ({:?}), {seconds} s late", run.struck);
            let violations = run.violations(&trial);
            assert!(violations.iter().all(|found| *found == Violation::TooLong), "at {at}: {violations:?}");
            if late.is_none() {
                break;
            }
        }
    }
}

/// The checks above can fail: each mistake, planted, is found.
#[test]
fn planted_mistakes_are_found() {
    let card = card();
    let finds = |violation, planted, scenario: &Scenario, keeps_power| {
        let surroundings = Surroundings { planted: Some(planted), keeps_power, ..Surroundings::default() };
        Fault::ALL.into_iter().any(|fault| {
            let mut found = false;
            let trial = trial(scenario.clone(), TYPED[0], surroundings);
            at_every_command(&card, &trial, fault, |_, run, trial| {
                found |= run.violations(trial).contains(&violation);
            });
            found
        })
    };
    let healthy = Scenario::default();
    let blocked = Scenario { auth_tries: 0, ..healthy.clone() };
    assert!(finds(Violation::VerifiedAgain, Planted::VerifiesAgain, &healthy, false));
    // Either of the two ways out is enough where nothing goes wrong with it.
    assert!(finds(Violation::LeftLoggedIn, Planted::StaysInApplication, &healthy, true));
    assert!(!finds(Violation::LeftLoggedIn, Planted::StaysInApplication, &healthy, false));
    assert!(finds(Violation::LeftLoggedIn, Planted::StaysPowered, &healthy, false));
    assert!(finds(Violation::VerifiedBlindly, Planted::CounterMadeUp, &healthy, false));
    assert!(finds(Violation::VerifiedBlindly, Planted::CounterIgnored, &blocked, false));
    assert!(finds(Violation::TriesLost, Planted::QueryCosts, &healthy, false));
}
