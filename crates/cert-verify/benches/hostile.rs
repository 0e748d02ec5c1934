//! How long attacks on the work of a verifier take: `cargo bench -p madoguchi-cert-verify --bench hostile`. What they
//! take of a budget is a test (`tests/hostile_cost.rs`).
//!
//! Bar: what a card can send, refused, costs at most ten times an honest P-384 certificate, parsed and verified.

#![expect(clippy::disallowed_methods, reason = "a benchmark is the edge that reads the clock")]
#![expect(clippy::print_stdout, reason = "this is where a benchmark says what it found")]
#![expect(clippy::unwrap_used, reason = "a benchmark stops where it cannot go on")]

#[path = "../tests/attacks/mod.rs"]
mod attacks;
#[path = "../tests/support/mod.rs"]
mod support;

use std::time::{Duration, Instant};

use madoguchi_cert_verify::{Budget, Certificate, NoObserver, PathSettings, verify_chain};
use madoguchi_test_pki::KeyKind;

use support::chain::Holder;
use support::now;

fn main() {
    let (root, end) = (Holder::of("Root", KeyKind::P384), Holder::of("End", KeyKind::P384));
    let (anchors, der) = ([root.root().anchor(&root)], end.leaf().der(&root));
    let honest = least(|| {
        let target = Certificate::parse(&der).unwrap();
        let (settings, mut budget) = (PathSettings::default(), Budget::default());
        verify_chain(&target, &[], &anchors, &settings, now(), &mut budget, &mut NoObserver).unwrap();
    });
    println!("an honest P-384 certificate: {honest:?}");
    println!("{:<48} {:>12} {:>8}  {:>10} {:>8}  outcome", "attack", "time", "ratio", "signatures", "steps");
    for attack in attacks::all() {
        let (code, signatures, steps) = attack.run();
        assert_eq!(code, attack.code, "{}", attack.name);
        assert_eq!((signatures, steps), attack.cost, "{}", attack.name);
        let time = least(|| assert_eq!(attack.run().0, code));
        let ratio = time.as_secs_f64() / honest.as_secs_f64();
        println!(
            "{:<48} {:>12} {ratio:>7.3}x  {signatures:>10} {steps:>8}  {code}",
            attack.name,
            format!("{time:.1?}")
        );
    }
}

/// The least of many: an attack takes milliseconds, in which other programs interrupt it, and that is not its work.
fn least(mut work: impl FnMut()) -> Duration {
    let times = (0..ROUNDS).map(|_| {
        let start = Instant::now();
        work();
        start.elapsed()
    });
    times.min().unwrap_or_default()
}

const ROUNDS: usize = 31;
