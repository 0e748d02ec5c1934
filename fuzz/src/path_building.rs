//! Clouds of certificates: a path that is found holds, one that is there is found, and the work stays in the budget.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};
use std::time::Duration;

use madoguchi_cert_verify::{Anchor, Budget, Certificate, Error, NoObserver, PathSettings, verify_chain};
use madoguchi_test_pki::{
    CertificateBuilder, DIGITAL_SIGNATURE, Extension, KEY_CERT_SIGN, KeyKind, Name, PrivateKey, Serial,
};
use ring::rand::SystemRandom;
use rustls_pki_types::UnixTime;

use crate::authority::now;
use crate::input::Input;

/// What one certificate says and who really signed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Kind {
    subject: usize,
    issuer: usize,
    signer: usize,
    expired: bool,
    ca: bool,
    no_ca_below: bool,
    shared_authority_key_id: bool,
    shared_subject_key_id: bool,
}

impl Kind {
    fn read(input: &mut Input<'_>) -> Self {
        let (who, flags) = (usize::from(input.octet()), input.octet());
        let issuer = (who >> 4) % HOLDERS;
        Self {
            subject: (who & 0x0F) % HOLDERS,
            issuer,
            signer: if flags & 0x03 == 0x03 { (issuer + 1) % HOLDERS } else { issuer },
            expired: flags & 0x0C == 0x0C,
            ca: flags & 0x30 != 0x30,
            no_ca_below: flags & 0xC0 == 0xC0,
            shared_authority_key_id: flags & 0x05 == 0x05,
            shared_subject_key_id: flags & 0x50 == 0x50,
        }
    }

    fn root(holder: usize) -> Self {
        Self {
            subject: holder,
            issuer: holder,
            signer: holder,
            expired: false,
            ca: true,
            no_ca_below: false,
            shared_authority_key_id: false,
            shared_subject_key_id: false,
        }
    }

    fn is_self_issued(self) -> bool {
        name_of(self.subject) == name_of(self.issuer)
    }

    /// Whether this one can be the issuer's that the other names.
    fn issued(self, other: Self) -> bool {
        let key_id = match (other.shared_authority_key_id, self.shared_subject_key_id) {
            (false, false) => other.issuer == self.subject,
            (one, two) => one && two,
        };
        key_id && name_of(self.subject) == name_of(other.issuer) && self.subject == other.signer
    }
}

/// First octet: how many anchors (1 or 2). Each two octets after it are a certificate; the first is the target.
pub fn path_building(input: &[u8]) {
    let mut input = Input::new(input);
    let roots: Vec<Kind> = (0..=usize::from(input.octet() % 2)).map(|root| Kind::root(root * 3)).collect();
    let target = Kind { ca: false, no_ca_below: false, subject: HOLDERS, ..Kind::read(&mut input) };
    let mut pool = Vec::new();
    while !input.is_empty() && pool.len() < MOST_CERTIFICATES {
        pool.push(Kind::read(&mut input));
    }
    let anchors: Vec<Anchor> = roots.iter().map(|root| Anchor::of_others(certificate(*root))).collect();
    let end = certificate(target);
    let mut certificates: Vec<Certificate> = pool.iter().map(|kind| certificate(*kind)).collect();
    // A planted bug: whoever looks for paths gives up after the third certificate.
    if cfg!(feature = "planted_path") {
        certificates.truncate(3);
    }
    let settings = PathSettings::default();
    let mut budget = Budget::new(SIGNATURES, STEPS);
    let found = verify_chain(&end, &certificates, &anchors, &settings, now(), &mut budget, &mut NoObserver);
    match found {
        Ok(chain) => {
            let of = |found: &Certificate| {
                let all = pool.iter().chain([&target]);
                *all.into_iter().find(|kind| &certificate(**kind) == found).expect("one of those given")
            };
            let anchor = roots.iter().find(|root| certificate(**root) == *chain.anchor().certificate());
            let mut downwards = vec![*anchor.expect("an anchor")];
            downwards.extend(chain.certificates().iter().map(|certificate| of(certificate)));
            assert!(holds(&downwards), "a path that does not hold: {downwards:?}");
        }
        Err(error) if error.error == Error::BudgetSpent => {}
        Err(error) => {
            let missed = search(&mut vec![target], &pool, &roots);
            assert!(missed.is_none(), "{error}, but here is a path: {missed:?}");
        }
    }
    // Each certificate is checked against each key once.
    let most = (pool.len() + 1) * (pool.len() + roots.len()) * 2;
    let spent = SIGNATURES - budget.signatures_left();
    assert!(spent <= u64::try_from(most).expect("few"), "{spent} for signatures");
}

/// From the anchor down: the rules of RFC 5280 section 6.1 that these certificates can break.
fn holds(downwards: &[Kind]) -> bool {
    let certificates = &downwards[1..];
    let last = certificates.len() - 1;
    let links = downwards.windows(2).all(|two| two[0].issued(two[1]));
    let each = certificates.iter().enumerate().all(|(index, kind)| {
        let below =
            certificates[(index + 1).min(last)..last].iter().filter(|kind| !kind.is_self_issued()).count();
        !kind.expired && (index == last || (kind.ca && !(kind.no_ca_below && below > 0)))
    });
    links && each
}

/// Every path there is, without a holder twice.
fn search(upwards: &mut Vec<Kind>, pool: &[Kind], roots: &[Kind]) -> Option<Vec<Kind>> {
    let last = *upwards.last().expect("the target");
    for root in roots.iter().filter(|root| root.issued(last)) {
        let downwards: Vec<Kind> = [*root].into_iter().chain(upwards.iter().rev().copied()).collect();
        if holds(&downwards) {
            return Some(downwards);
        }
    }
    for issuer in pool {
        if issuer.issued(last) && !upwards.iter().any(|earlier| earlier.subject == issuer.subject) {
            upwards.push(*issuer);
            let found = search(upwards, pool, roots);
            upwards.pop();
            if found.is_some() {
                return found;
            }
        }
    }
    None
}

/// Signing takes longer than all the rest: each certificate is made once.
fn certificate(kind: Kind) -> Certificate {
    static MADE: LazyLock<Mutex<HashMap<Kind, Certificate>>> = LazyLock::new(Mutex::default);
    let mut made = MADE.lock().expect("nobody panics with it");
    made.entry(kind).or_insert_with(|| make(kind)).clone()
}

static KEYS: LazyLock<Vec<PrivateKey>> = LazyLock::new(|| {
    let random = SystemRandom::new();
    (0..=HOLDERS).map(|_| PrivateKey::generate(KeyKind::P256, &random).expect("a key")).collect()
});

fn make(kind: Kind) -> Certificate {
    let key_id =
        |shared: bool, holder: usize| if shared { vec![7; 20] } else { vec![holder_octet(holder); 20] };
    let tlv =
        |tag: u8, value: Vec<u8>| [vec![tag, u8::try_from(value.len()).expect("short")], value].concat();
    let authority = tlv(0x30, tlv(0x80, key_id(kind.shared_authority_key_id, kind.issuer)));
    let subject = tlv(0x04, key_id(kind.shared_subject_key_id, kind.subject));
    let mut extensions =
        vec![Extension::new("2.5.29.35", false, authority), Extension::new("2.5.29.14", false, subject)];
    extensions.push(Extension::key_usage(if kind.ca { KEY_CERT_SIGN } else { DIGITAL_SIGNATURE }));
    if kind.ca {
        let length = if kind.no_ca_below { vec![2, 1, 0] } else { Vec::new() };
        let constraints = tlv(0x30, [vec![1, 1, 0xFF], length].concat());
        extensions.push(Extension::new("2.5.29.19", true, constraints));
    }
    let day = 24 * 60 * 60;
    let at =
        |days: u64| UnixTime::since_unix_epoch(Duration::from_secs(now().as_secs() - 20 * day + days * day));
    let builder = CertificateBuilder {
        serial: Serial::new(1).expect("a serial"),
        issuer: name(kind.issuer),
        not_before: at(0),
        not_after: at(if kind.expired { 10 } else { 100 }),
        subject: name(kind.subject),
        subject_public_key_info: KEYS[kind.subject].subject_public_key_info().expect("a key"),
        extensions,
    };
    let der = builder.sign(&KEYS[kind.signer], &SystemRandom::new()).expect("signed");
    Certificate::parse(&der).expect("read")
}

/// Two holders have one name.
fn name_of(holder: usize) -> usize {
    holder / 2
}

fn name(holder: usize) -> Name {
    Name::new(&[("2.5.4.3", &format!("Holders {}", name_of(holder)))]).expect("a name")
}

fn holder_octet(holder: usize) -> u8 {
    0x40 + u8::try_from(holder).expect("few")
}

const HOLDERS: usize = 6;
const MOST_CERTIFICATES: usize = 10;
const SIGNATURES: u64 = 1_000;
const STEPS: u64 = 100_000;
