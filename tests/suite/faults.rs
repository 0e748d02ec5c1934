//! Every fault at every command of a sign-in, through the shipped agent.
//!
//! All of it takes minutes (`script/faults`); a tenth, chosen by a seed that stays the same, runs with the other tests. The
//! whole of it runs in process with the agent's own tests.

use std::collections::{BTreeMap, BTreeSet};

use madoguchi_mock_card::Fault;
use madoguchi_tests::faults::{Matrix, PINS, Plan, Run, TIME_LIMIT};

#[tokio::test(flavor = "multi_thread")]
async fn faults_of_the_card_through_the_shipped_agent() {
    let seed = setting("MADOGUCHI_FAULTS_SEED").map_or(SEED, |seed| seed.parse().expect("a number"));
    let share = setting("MADOGUCHI_FAULTS_SHARE").map_or(SHARE, |share| share.parse().expect("a number"));
    let mut matrix = Matrix::start().await;
    let mut plans: Vec<_> = PINS.into_iter().flat_map(|pin| every_plan(pin, matrix.commands(pin))).collect();
    let all = plans.len();
    shuffle(&mut plans, seed);
    plans.truncate(all.div_ceil(share));
    println!("seed {seed}: {} of {all} sign-ins, each within {TIME_LIMIT:?}", plans.len());

    let mut runs = Vec::new();
    for plan in plans {
        runs.push(matrix.run(&plan).await);
    }
    matrix.stop().await;
    // Seen with `--nocapture`; `script/faults` shows it.
    println!("{}", table(&runs));
    let wrong: Vec<_> =
        runs.iter().filter(|run| !run.wrong.is_empty()).map(|run| format!("{run:?}")).collect();
    assert!(wrong.is_empty(), "{} of {} went wrong:\n{}", wrong.len(), runs.len(), wrong.join("\n"));
    // Whatever was chosen, the faults must have happened.
    let met = runs.iter().filter(|run| run.step.is_some()).count();
    assert!(met * 10 >= runs.len() * 9, "only {met} of {} faults were met", runs.len());
}

/// Each fault at each command, and at the one after the last.
fn every_plan(pin: &'static str, commands: u32) -> Vec<Plan> {
    let mut plans = Vec::new();
    for fault in Fault::ALL {
        for at in 1..=commands + 1 {
            // Late enough to be late, and no later.
            let late = if fault == Fault::SlowAnswer { ":700" } else { "" };
            plans.push(Plan { fault: format!("{fault}@{at}{late}"), pin });
        }
    }
    plans
}

/// Fisher and Yates, by the numbers of SplitMix64.
fn shuffle(plans: &mut [Plan], seed: u64) {
    let mut state = seed;
    for left in (2..=plans.len()).rev() {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        let chosen = (mixed ^ (mixed >> 31)) % u64::try_from(left).expect("few plans");
        plans.swap(left - 1, usize::try_from(chosen).expect("few plans"));
    }
}

/// In Markdown.
fn table(runs: &[Run]) -> String {
    let mut rows = BTreeMap::<&str, Vec<&Run>>::new();
    for run in runs {
        rows.entry(run.plan.fault.split('@').next().expect("a fault")).or_default().push(run);
    }
    let mut table =
        "| Fault | Commands that met it | Sign-ins | Outcomes | Tries lost | Left logged in | Longest |\n\
                     |---|---|---|---|---|---|---|\n"
            .to_owned();
    for (fault, runs) in rows {
        let met: BTreeSet<_> =
            runs.iter().filter(|run| run.step.is_some()).map(|run| &run.plan.fault).collect();
        let mut outcomes = BTreeMap::<&str, u32>::new();
        for run in &runs {
            *outcomes.entry(&run.outcome).or_default() += 1;
        }
        let outcomes: Vec<_> = outcomes.iter().map(|(code, count)| format!("{code} {count}")).collect();
        let after: Vec<_> = runs.iter().filter_map(|run| run.after).collect();
        // Not of all cards is it known: those went with their reader.
        let (lost, logged_in) = if after.len() < runs.len() {
            ("–".to_owned(), "–".to_owned())
        } else {
            let lost: u64 = after.iter().map(|card| card.tries_lost).sum();
            let logged_in = after.iter().filter(|card| card.left_logged_in).count();
            (lost.to_string(), logged_in.to_string())
        };
        let longest = runs.iter().map(|run| run.took).max().unwrap_or_default().as_secs_f32();
        let (met, all, outcomes) = (met.len(), runs.len(), outcomes.join(", "));
        let row =
            format!("| {fault} | {met} | {all} | {outcomes} | {lost} | {logged_in} | {longest:.1} s |\n");
        table.push_str(&row);
    }
    table
}

#[test]
fn the_plans_are_shuffled_by_the_seed_and_none_is_lost() {
    let mut one = every_plan("1234", 20);
    let (mut same, mut other) = (one.clone(), one.clone());
    let all: BTreeSet<_> = one.iter().cloned().collect();
    assert_eq!(all.len(), Fault::ALL.len() * 21);
    shuffle(&mut one, SEED);
    shuffle(&mut same, SEED);
    shuffle(&mut other, SEED + 1);
    assert_eq!(one, same);
    assert_ne!(one, other);
    assert_eq!(one.into_iter().collect::<BTreeSet<_>>(), all);
}

#[expect(
    clippy::disallowed_methods,
    reason = "how much is run is the caller's choice, and a test has no command line"
)]
fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Fixed, so that every run of the tests is the same.
const SEED: u64 = 3;
/// One plan of this many.
const SHARE: usize = 10;
