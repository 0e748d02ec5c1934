//! What certificates and paths cost, in ratios within one run: `cargo bench -p madoguchi-cert-verify --bench path`.
//!
//! Bars: an honest chain of two against the bare `ring` verifications it needs (RSA 1.10, P-384 1.02); octets that
//! nobody should send are refused in less than 10 µs. A cloud of namesakes costs at most one signature check for each
//! certificate and anchor, and the steps of the budget.

#![expect(clippy::disallowed_methods, reason = "a benchmark is the edge that reads the clock")]
#![expect(clippy::print_stdout, reason = "this is where a benchmark says what it found")]
#![expect(clippy::unwrap_used, reason = "a benchmark stops where it cannot go on")]

#[path = "../tests/support/mod.rs"]
mod support;

use std::hint::black_box;
use std::time::{Duration, Instant};

use madoguchi_cert_verify::{Anchor, Budget, Certificate, NoObserver, PathSettings, der, verify_chain};
use madoguchi_test_pki::KeyKind;
use ring::signature::{
    ECDSA_P384_SHA384_ASN1, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey, VerificationAlgorithm,
};

use support::chain::Holder;
use support::{AKI, Ext, SKI, now, tlv};

fn main() {
    hostile_octets();
    chains();
    cloud();
}

/// The median of many rounds of so many calls, for one call.
fn measure(calls: u32, work: impl FnMut()) -> Duration {
    compare(calls, work, || ()).0
}

/// The same for two, in turns, so that both meet the same weather.
fn compare(calls: u32, mut one: impl FnMut(), mut other: impl FnMut()) -> (Duration, Duration) {
    fn round(calls: u32, work: &mut impl FnMut()) -> Duration {
        let start = Instant::now();
        (0..calls).for_each(|_| work());
        start.elapsed() / calls
    }
    let rounds = (0..ROUNDS).map(|_| (round(calls, &mut one), round(calls, &mut other)));
    let (mut ones, mut others): (Vec<Duration>, Vec<Duration>) = rounds.unzip();
    ones.sort_unstable();
    others.sort_unstable();
    (ones[ROUNDS / 2], others[ROUNDS / 2])
}

const ROUNDS: usize = 31;

fn hostile_octets() {
    let deep = nested(20_000);
    let long = [&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff][..], &[0; 64]].concat();
    for (name, octets) in [("20,000 levels", &deep), ("a length of 4 GiB", &long)] {
        assert!(der::check(octets, usize::MAX).is_err());
        let walk = measure(1_000, || assert!(der::check(black_box(octets), usize::MAX).is_err()));
        let parse = measure(1_000, || {
            assert!(Certificate::parse_from_anywhere(black_box(octets)).is_err());
        });
        println!("{name}: walk {walk:?}, certificate {parse:?} (bar 10 µs)");
    }
}

/// A NULL inside so many SEQUENCEs, each with its right length.
fn nested(levels: usize) -> Vec<u8> {
    let mut backwards = vec![0x00, 0x05];
    for _ in 0..levels {
        let length = u32::try_from(backwards.len()).unwrap();
        let digits: Vec<u8> = length.to_be_bytes().into_iter().skip_while(|digit| *digit == 0).collect();
        backwards.extend(digits.iter().rev());
        if length >= 0x80 {
            backwards.push(0x80 | u8::try_from(digits.len()).unwrap());
        }
        backwards.push(0x30);
    }
    backwards.reverse();
    backwards
}

fn chains() {
    for (name, kind, algorithm, bar, calls) in [
        ("RSA-2048", KeyKind::Rsa2048, &RSA_PKCS1_2048_8192_SHA256 as &dyn VerificationAlgorithm, 1.10, 200),
        ("P-384", KeyKind::P384, &ECDSA_P384_SHA384_ASN1, 1.02, 10),
    ] {
        let (root, middle, end) =
            (Holder::of("Root", kind), Holder::of("Middle", kind), Holder::of("End", kind));
        let anchors = [root.root().anchor(&root)];
        let (middle_der, end_der) = (middle.ca().der(&root), end.leaf().der(&middle));
        let bare = || {
            for (der, issuer) in [(&middle_der, &root), (&end_der, &middle)] {
                let mut outer = der::Reader::new(der).sequence().unwrap();
                let tbs = outer.read().unwrap().whole;
                outer.read().unwrap();
                let signature = outer.bit_string_of_octets().unwrap();
                let key = UnparsedPublicKey::new(algorithm, issuer.key.public_key());
                key.verify(black_box(tbs), signature).unwrap();
            }
        };
        let settings = PathSettings::default();
        let whole = || {
            let target = Certificate::parse(black_box(&end_der)).unwrap();
            let pool = [Certificate::parse(black_box(&middle_der)).unwrap()];
            let mut budget = Budget::default();
            verify_chain(&target, &pool, &anchors, &settings, now(), &mut budget, &mut NoObserver).unwrap();
        };
        let (bare, whole) = compare(calls, bare, whole);
        let ratio = whole.as_secs_f64() / bare.as_secs_f64();
        println!(
            "chain of two, {name}: ring alone {bare:?}, parse and verify {whole:?}: {ratio:.3} x (bar {bar})"
        );
    }
}

/// Everybody of one name certifies everybody, with one key identifier; no path holds.
fn cloud() {
    let shared = [7; 20];
    let holders: Vec<Holder> = (0..10).map(|_| Holder::new("Cloud")).collect();
    let of_key = |draft: support::chain::Draft| {
        draft.with(Ext::new(AKI, false, &tlv(0x30, &tlv(0x80, &shared)))).with(Ext::new(
            SKI,
            false,
            &tlv(4, &shared),
        ))
    };
    let pool: Vec<Certificate> = holders
        .iter()
        .flat_map(|issuer| holders.iter().map(|subject| of_key(subject.ca()).by(issuer)))
        .collect();
    let target = of_key(Holder::new("End").leaf()).by(&holders[0]);
    let (elsewhere, stranger) = (Holder::new("Elsewhere"), Holder::new("Cloud"));
    for (name, anchors) in [
        ("without the anchor's name", [elsewhere.root().anchor(&elsewhere)]),
        ("with the anchor's name", [of_key(stranger.root()).anchor(&stranger)]),
    ] {
        let anchors: &[Anchor] = &anchors;
        let settings = PathSettings::default();
        let time = measure(3, || {
            let mut budget = Budget::default();
            let found = verify_chain(&target, &pool, anchors, &settings, now(), &mut budget, &mut NoObserver);
            assert!(found.is_err());
        });
        println!("cloud of {} certificates {name}: {time:?}", pool.len());
    }
}
