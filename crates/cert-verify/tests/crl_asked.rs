//! What a complete list and a delta that changes it say about a certificate (RFC 5280 section 6.3.3).

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::collections::BTreeSet;
use std::time::Duration;

use madoguchi_cert_verify::{
    Anchor, AskedCrl, Budget, CrlAbsence, CrlAnswer, CrlChecker, CrlEntry, CrlHead, CrlSettings, CrlStatus,
    NoObserver, OfferedCrls, PathSettings, RevocationReason, UnverifiedCrl, VerifiedPath, verify_chain,
};
use rustls_pki_types::UnixTime;

use support::{CRL_NUMBER, DAY, DELTA, Ext, NOW, Parts, World, at, code, now, tlv};

const THIS_UPDATE: usize = 3;
const NEXT_UPDATE: usize = 4;

struct Scene {
    world: World,
    path: VerifiedPath,
    list: Parts,
}

/// A list as its issuer might make it.
#[derive(Clone, Copy)]
struct Spec {
    number: u8,
    base: Option<u8>,
    /// Seconds from now.
    from: i64,
    to: i64,
}

const BASE: Spec = Spec { number: 9, base: None, from: -3600, to: 3600 };
const DELTA_OF_BASE: Spec = Spec { number: 10, base: Some(9), from: -60, to: 60 };

fn scene() -> Scene {
    let mut world = World::new();
    let card = world.card();
    let path = world.path(&card.auth_certificate).unwrap();
    let list = Parts::of(&world.crl());
    Scene { world, path, list }
}

fn moment(offset: i64) -> Vec<u8> {
    // 2026-11-22T00:00:00Z is the world's now: whole minutes of that day or the day before.
    let minutes = offset.div_euclid(60);
    let (day, minute) = (22 + minutes.div_euclid(1440), minutes.rem_euclid(1440));
    tlv(0x17, format!("2611{day:02}{:02}{:02}00Z", minute / 60, minute % 60).as_bytes())
}

impl Scene {
    fn parts(&self, spec: Spec) -> Parts {
        let number = |number: u8| tlv(2, &[number]);
        let list =
            self.list.with_field(THIS_UPDATE, moment(spec.from)).with_field(NEXT_UPDATE, moment(spec.to));
        let list = list.with(Ext::new(CRL_NUMBER, false, &number(spec.number)));
        match spec.base {
            Some(base) => list.with(Ext::new(DELTA, true, &number(base))),
            None => list,
        }
    }

    fn head(&self, spec: Spec) -> CrlHead {
        let der = self.world.sign(&self.parts(spec));
        UnverifiedCrl::read(&der).unwrap().verify_signature(&self.world.anchors()).unwrap()
    }

    fn found(&self, reason: Option<RevocationReason>) -> Option<CrlEntry<'_>> {
        reason.map(|reason| CrlEntry { serial: self.path.serial(), revoked_at: at(NOW - DAY), reason })
    }

    /// Lists of each kind with each entry for the certificate, and none.
    fn lists(&self, specs: &[Spec], entries: &[Option<RevocationReason>]) -> Vec<Option<(CrlHead, Vec<u8>)>> {
        let signed = specs.iter().flat_map(|spec| entries.iter().map(|entry| (*spec, *entry)));
        let signed = signed.map(|(spec, entry)| {
            let mut parts = self.parts(spec);
            let entries = entry.map(|reason| tlv(0x30, &self.entry(reason)));
            if let Some(entries) = entries {
                parts.fields.insert(NEXT_UPDATE + 1, entries);
            }
            let der = self.world.sign(&parts);
            let list = UnverifiedCrl::read(&der).unwrap();
            Some((list.verify_signature(&self.world.anchors()).unwrap(), der))
        });
        signed.chain([None]).collect()
    }

    /// The certificate's entry with a reason, of a day ago.
    fn entry(&self, reason: RevocationReason) -> Vec<u8> {
        let number = match reason {
            RevocationReason::CertificateHold => 6,
            RevocationReason::RemoveFromCrl => 8,
            _ => 4,
        };
        let reason = tlv(0x30, &[tlv(6, &[0x55, 0x1d, 21]), tlv(4, &tlv(10, &[number]))].concat());
        let serial = tlv(2, self.path.serial());
        tlv(0x30, &[serial, tlv(0x17, b"261121000000Z"), tlv(0x30, &reason)].concat())
    }

    /// What the general judge makes of these lists, in short.
    fn general(&self, lists: &[&[u8]]) -> char {
        let (anchors, settings) = (self.world.anchors(), PathSettings::default());
        let target = self.path.certificate();
        let mut budget = Budget::default();
        let chain =
            verify_chain(target, &[], &anchors, &settings, now(), &mut budget, &mut NoObserver).unwrap();
        let crls = OfferedCrls::read(lists.iter().copied(), CrlSettings::default());
        let (issuer, certificate) = chain.links().next().unwrap();
        match CrlChecker::new(&crls, &[], now()).status(certificate, issuer, &chain, &mut budget) {
            CrlStatus::Good(times) => short(CrlAnswer::Good(times)),
            CrlStatus::Revoked(revocation) => short(CrlAnswer::Revoked(revocation)),
            CrlStatus::Undetermined(_) => '-',
        }
    }

    fn ask(
        &self,
        (base, in_base): (Spec, Option<RevocationReason>),
        (delta, in_delta): (Spec, Option<RevocationReason>),
        now: UnixTime,
    ) -> CrlAnswer {
        let (base, delta) = (self.head(base), self.head(delta));
        let base = AskedCrl { head: &base, found: self.found(in_base) };
        let delta = AskedCrl { head: &delta, found: self.found(in_delta) };
        base.evidence_with_delta(delta, &self.path, now, None).answer()
    }
}

const HOLD: Option<RevocationReason> = Some(RevocationReason::CertificateHold);
const FINAL: Option<RevocationReason> = Some(RevocationReason::Superseded);
const REMOVED: Option<RevocationReason> = Some(RevocationReason::RemoveFromCrl);

/// In short: G good as of the base, g good as of the delta, H hold, R revoked, - nothing.
fn short(answer: CrlAnswer) -> char {
    match answer {
        CrlAnswer::Good(times) if times.this_update == at(NOW - 60) => 'g',
        CrlAnswer::Good(_) => 'G',
        CrlAnswer::Revoked(revocation) if revocation.is_hold() => 'H',
        CrlAnswer::Revoked(revocation) => {
            assert_eq!(revocation.reason, RevocationReason::Superseded);
            'R'
        }
        CrlAnswer::None(_) => '-',
    }
}

#[test]
fn a_delta_over_its_base() {
    let scene = scene();
    let expired = Spec { to: -60, from: -120, ..DELTA_OF_BASE };
    let future = Spec { from: 600, to: 720, ..DELTA_OF_BASE };
    let of_later_base = Spec { number: 12, base: Some(11), ..DELTA_OF_BASE };
    let old = Spec { number: 9, base: Some(8), ..DELTA_OF_BASE };
    let of_earlier_base = Spec { base: Some(3), ..DELTA_OF_BASE };
    //                      in the delta:  nothing, removed, hold, final
    for (delta, in_base, expected) in [
        (DELTA_OF_BASE, None, "ggHR"),
        (DELTA_OF_BASE, HOLD, "HgHR"),
        (DELTA_OF_BASE, FINAL, "RRRR"),
        (of_earlier_base, None, "ggHR"),
        (of_earlier_base, HOLD, "HgHR"),
        // It takes nothing back and makes nothing fresher.
        (expired, None, "GGHR"),
        (expired, HOLD, "HHHR"),
        (of_later_base, None, "GGHR"),
        (of_later_base, HOLD, "HHHR"),
        // Not newer than the base, or not there yet: only what is final counts.
        (old, None, "GGGR"),
        (old, HOLD, "HHHR"),
        (future, None, "GGGR"),
        (future, HOLD, "HHHR"),
    ] {
        let said = [None, REMOVED, HOLD, FINAL]
            .map(|in_delta| short(scene.ask((BASE, in_base), (delta, in_delta), now())));
        let said: String = said.into_iter().collect();
        assert_eq!(said, expected, "number {}, base {:?}, {in_base:?}", delta.number, delta.base);
    }
}

#[test]
fn freshness_is_that_of_the_newer_list() {
    let scene = scene();
    let stale = Spec { from: -7200, to: -3600, ..BASE };
    let expired = Spec { from: -120, to: -60, ..DELTA_OF_BASE };
    let future = Spec { from: 600, to: 7200, ..BASE };
    for (base, delta, expected) in [
        (BASE, DELTA_OF_BASE, 'g'),
        (stale, DELTA_OF_BASE, 'g'),
        (BASE, expired, 'G'),
        (stale, expired, '-'),
        (future, DELTA_OF_BASE, '-'),
    ] {
        assert_eq!(short(scene.ask((base, None), (delta, None), now())), expected);
    }
    let answer = scene.ask((stale, None), (expired, None), now());
    assert_eq!(answer, CrlAnswer::None(CrlAbsence::Expired));
}

#[test]
fn a_delta_alone_revokes_and_holds_and_says_nothing_else() {
    let scene = scene();
    let head = scene.head(DELTA_OF_BASE);
    let missing = CrlAnswer::None(CrlAbsence::MissingPartition);
    for (found, expected) in [(None, Some(missing)), (REMOVED, Some(missing)), (HOLD, None), (FINAL, None)] {
        let asked = AskedCrl { head: &head, found: scene.found(found) };
        let answer = asked.evidence(&scene.path, now(), Some(Duration::from_secs(DAY))).answer();
        match expected {
            Some(expected) => assert_eq!(answer, expected, "{found:?}"),
            None => assert_eq!(short(answer), if found == HOLD { 'H' } else { 'R' }),
        }
        // Nor is it a base for another.
        assert_eq!(short(scene.ask((DELTA_OF_BASE, found), (DELTA_OF_BASE, None), now())), short(answer));
    }
}

/// The gateway's judge of two lists and the general one of any number: whatever is in the two, they agree.
#[test]
fn the_general_judge_says_the_same() {
    let scene = scene();
    // Of a time to come by more than clocks may differ, which is the gateway's concern alone.
    let complete = [BASE, Spec { from: -7200, to: -3600, ..BASE }, Spec { from: 600, to: 7200, ..BASE }];
    let deltas = [
        DELTA_OF_BASE,
        Spec { to: -60, from: -120, ..DELTA_OF_BASE },
        Spec { from: 600, to: 720, ..DELTA_OF_BASE },
        Spec { number: 12, base: Some(11), ..DELTA_OF_BASE },
        Spec { number: 9, base: Some(8), ..DELTA_OF_BASE },
        Spec { base: Some(3), ..DELTA_OF_BASE },
    ];
    let complete = scene.lists(&complete, &[None, HOLD, FINAL]);
    let deltas = scene.lists(&deltas, &[None, REMOVED, HOLD, FINAL]);
    let (mut seen, mut pairs) = (BTreeSet::new(), 0);
    for complete in &complete {
        for delta in &deltas {
            let [of_complete, of_delta] = [complete, delta].map(|list| {
                list.as_ref().map(|(head, der)| {
                    let found = head.walk(der).next().map(|entry| entry.unwrap().reason);
                    AskedCrl { head, found: scene.found(found) }
                })
            });
            let evidence = match (of_complete, of_delta) {
                (Some(complete), Some(delta)) => {
                    complete.evidence_with_delta(delta, &scene.path, now(), None)
                }
                (Some(alone), None) | (None, Some(alone)) => alone.evidence(&scene.path, now(), None),
                (None, None) => continue,
            };
            let both: Vec<&[u8]> =
                [complete, delta].into_iter().flatten().map(|(_, der)| der.as_slice()).collect();
            let said = short(evidence.answer());
            assert_eq!(said, scene.general(&both), "{of_complete:?} {of_delta:?}");
            seen.insert(said);
            pairs += 1;
        }
    }
    assert_eq!((String::from_iter(seen).as_str(), pairs), ("-GHRg", 10 * 25 - 1));
}

#[test]
fn a_delta_of_another_partition_or_key_changes_nothing() {
    let scene = scene();
    let other = self::scene();
    let (base, delta) = (scene.head(BASE), other.head(DELTA_OF_BASE));
    assert!(!delta.changes(&base), "another key");
    let der = scene.world.sign(&scene.parts(DELTA_OF_BASE).without(support::IDP));
    let whole = UnverifiedCrl::read(&der).unwrap().verify_signature(&scene.world.anchors()).unwrap();
    assert!(!whole.changes(&base), "another scope");
    assert!(scene.head(DELTA_OF_BASE).changes(&base));
    assert!(!base.changes(&base));
    for (delta, found, expected) in
        [(&delta, FINAL, 'G'), (&delta, HOLD, 'G'), (&whole, REMOVED, 'G'), (&whole, HOLD, 'H')]
    {
        let base = AskedCrl { head: &base, found: None };
        let delta = AskedCrl { head: delta, found: scene.found(found) };
        let answer = base.evidence_with_delta(delta, &scene.path, now(), None).answer();
        assert_eq!(short(answer), expected);
    }
}

#[test]
fn an_entry_of_another_certificate_is_nothing() {
    let scene = scene();
    let head = scene.head(BASE);
    let other = CrlEntry { serial: &[1], revoked_at: now(), reason: RevocationReason::Superseded };
    let asked = AskedCrl { head: &head, found: Some(other) };
    assert_eq!(short(asked.evidence(&scene.path, now(), None).answer()), 'G');
}

#[test]
fn only_what_stands_among_the_entries_is_an_entry() {
    const ENTRY: &[u8] = b"\x30\x12\x02\x01\x05\x17\x0d260101000000Z";
    const ISSUER: usize = 2;
    let scene = scene();
    // The issuer's name holds what looks like an entry, and so does an extension that nobody knows.
    let name = tlv(0x30, &tlv(0x31, &tlv(0x30, &[tlv(6, &[0x55, 4, 10]), tlv(0x0c, ENTRY)].concat())));
    let ca = scene.world.sign(&Parts::of(scene.world.pki.auth_ca()).with_field(5, name.clone()));
    let mut parts = scene.parts(BASE).with_field(ISSUER, name).with(Ext::new(&[0x2a, 3], false, ENTRY));
    parts.fields.insert(NEXT_UPDATE + 1, tlv(0x30, ENTRY));
    let der = scene.world.sign(&parts);
    let list = UnverifiedCrl::read(&der).unwrap();
    let head = list.verify_signature(&[Anchor::new(&ca).unwrap()]).unwrap();
    let places: Vec<usize> = der
        .windows(ENTRY.len())
        .enumerate()
        .filter(|(_, octets)| *octets == ENTRY)
        .map(|(place, _)| place)
        .collect();
    let right: Vec<bool> = places.iter().map(|place| head.entry_at(&der, *place).is_ok()).collect();
    assert_eq!(right, [false, true, false]);
    assert_eq!(head.walk(&der).map(|entry| entry.unwrap().offset).collect::<Vec<_>>(), [places[1]]);
    for place in [places[1] - 1, places[1] + 1, places[1] + ENTRY.len(), der.len(), usize::MAX] {
        assert!(head.entry_at(&der, place).is_err() && list.entry_at(place).is_err());
    }
}

#[test]
fn what_was_verified_before_needs_its_anchor_still() {
    let scene = scene();
    let der = scene.world.sign(&scene.parts(BASE));
    let list = UnverifiedCrl::read(&der).unwrap();
    let anchors = scene.world.anchors();
    let head = list.verify_signature(&anchors).unwrap();
    let again = list.verified_before(&anchors, head.issuer_key_hash()).unwrap();
    assert_eq!((again.partition(), again.number()), (head.partition(), head.number()));
    let other = World::new().anchors();
    assert_eq!(code(list.verified_before(&other, head.issuer_key_hash())), "crl_issuer_unknown");
    assert_eq!(code(list.verified_before(&anchors, other[0].key_hash())), "crl_issuer_unknown");
    let none = Anchor::with_algorithms(scene.world.pki.auth_ca(), Vec::new()).unwrap();
    assert_eq!(code(list.verified_before(&[none], head.issuer_key_hash())), "algorithm_not_allowed");
}

#[test]
fn partitions_differ_by_issuer_name_key_and_scope() {
    let scene = scene();
    let head = scene.head(BASE);
    let delta = scene.head(DELTA_OF_BASE);
    assert_eq!((head.partition(), head.partition().id()), (delta.partition(), delta.partition().id()));
    let der = scene.world.sign(&scene.parts(BASE).without(support::IDP));
    let whole = UnverifiedCrl::read(&der).unwrap().verify_signature(&scene.world.anchors()).unwrap();
    let other = self::scene().head(BASE);
    let other_name = renamed(&scene, BASE);
    assert_eq!(other_name.issuer_key_hash(), head.issuer_key_hash());
    assert!(!renamed(&scene, DELTA_OF_BASE).changes(&head), "another issuer");
    assert!(renamed(&scene, DELTA_OF_BASE).changes(&other_name));
    for different in [whole, other, other_name] {
        assert_ne!(different.partition(), head.partition());
        assert_ne!(different.partition().id(), head.partition().id());
    }
}

/// A list of an issuer of another name with the same key.
fn renamed(scene: &Scene, spec: Spec) -> CrlHead {
    const ISSUER: usize = 2;
    let name = tlv(0x30, &tlv(0x31, &tlv(0x30, &[tlv(6, &[0x55, 4, 10]), tlv(0x13, b"OTHER")].concat())));
    let ca = scene.world.sign(&Parts::of(scene.world.pki.auth_ca()).with_field(5, name.clone()));
    let der = scene.world.sign(&scene.parts(spec).with_field(ISSUER, name));
    UnverifiedCrl::read(&der).unwrap().verify_signature(&[Anchor::new(&ca).unwrap()]).unwrap()
}
