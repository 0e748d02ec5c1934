//! What lists and responses do to the verdict.

use madoguchi_test_pki::{Extension, IssuingDistributionPoint, OcspStatus, RevocationReason, reason_flags};
use madoguchi_tests::town::random;
use madoguchi_tests::verify::batch;
use serde_json::Value;

use super::world::{DAY, Holder, NOW, World, at};

const STOLEN: RevocationReason = RevocationReason::KeyCompromise;
const HOLD: RevocationReason = RevocationReason::CertificateHold;

#[test]
fn missing_evidence_is_accepted_and_said_unless_it_is_required() {
    let world = World::new();
    let unknown = world.verify(&[]);
    unknown.is("accepted", None);
    unknown.says(
        "revocation not shown: intermediate 1 (no revocation list of the certificate's issuer), target (",
    );
    world.verify(&["--require-revocation"]).is("undetermined", Some("crl_missing"));
    // Each certificate below the anchor needs evidence.
    world.file("of-root", &world.root.list(&[]));
    world.file("of-ca", &world.ca.list(&[]));
    world.verify(&["--require-revocation", "--crl", "of-ca"]).says("intermediate 1: ");
    let half = world.verify(&["--require-revocation", "--crl", "of-root"]);
    half.is("undetermined", Some("crl_missing"));
    half.says("target: ");
    world.verify(&["--require-revocation", "--crl", "of-root", "--crl", "of-ca"]).is("accepted", None);
    // Undetermined only when the path is good.
    let no_path = world.run(&["--at", super::world::AT, "--anchor", "root", "--require-revocation", "end"]);
    no_path.is("rejected", Some("issuer_unknown"));
}

#[test]
fn revoked_is_rejected_required_or_not() {
    let world = World::new();
    world.file("of-root", &world.root.list(&[]));
    world.file("end-revoked", &world.ca.list(&[(3, STOLEN)]));
    world.file("ca-revoked", &world.root.list(&[(2, STOLEN)]));
    world.file("on-hold", &world.ca.list(&[(3, HOLD)]));
    for more in [&[][..], &["--require-revocation", "--crl", "of-root"]] {
        let end = world.verify(&[&["--crl", "end-revoked"], more].concat());
        end.is("rejected", Some("revoked"));
        end.says("target: ");
        world.verify(&[&["--crl", "on-hold"], more].concat()).is("rejected", Some("on_hold"));
    }
    // Of a list too old to say good, too; and a revoked target outweighs a CA that nothing is known about.
    let old = world.ca.list_of(NOW - 30 * DAY, NOW - 20 * DAY, &[(3, STOLEN)]);
    world.file("old", &old.sign(&world.ca.key, random()).expect("signed"));
    world.verify(&["--crl", "old"]).is("rejected", Some("revoked"));
    world.verify(&["--crl", "old", "--require-revocation"]).is("rejected", Some("revoked"));
    let ca = world.verify(&["--crl", "ca-revoked"]);
    ca.is("rejected", Some("revoked"));
    ca.says("intermediate 1: ");
}

#[test]
fn the_worse_of_list_and_response_counts() {
    let world = World::new();
    let ca = &world.ca;
    world.file("good.crl", &ca.list(&[]));
    world.file("revoked.crl", &ca.list(&[(3, STOLEN)]));
    world.file("hold.crl", &ca.list(&[(3, HOLD)]));
    let revoked = |reason| OcspStatus::Revoked { at: at(NOW - DAY), reason };
    world.file("good", &ca.response(3, OcspStatus::Good));
    world.file("unknown", &ca.response(3, OcspStatus::Unknown));
    world.file("revoked", &ca.response(3, revoked(Some(1))));
    world.file("hold", &ca.response(3, revoked(Some(6))));
    world.file("of-another", &ca.response(4, revoked(None)));
    for (files, verdict, error) in [
        (&["--ocsp", "good"][..], "accepted", None),
        (&["--ocsp", "unknown"], "rejected", Some("ocsp_unknown")),
        (&["--ocsp", "revoked"], "rejected", Some("revoked")),
        (&["--ocsp", "hold"], "rejected", Some("on_hold")),
        (&["--ocsp", "good", "--crl", "revoked.crl"], "rejected", Some("revoked")),
        (&["--ocsp", "revoked", "--crl", "good.crl"], "rejected", Some("revoked")),
        (&["--ocsp", "unknown", "--crl", "good.crl"], "rejected", Some("ocsp_unknown")),
        (&["--ocsp", "unknown", "--crl", "revoked.crl"], "rejected", Some("revoked")),
        (&["--ocsp", "hold", "--crl", "revoked.crl"], "rejected", Some("revoked")),
        (&["--ocsp", "revoked", "--crl", "hold.crl"], "rejected", Some("revoked")),
        (&["--ocsp", "good", "--crl", "good.crl"], "accepted", None),
        (&["--ocsp", "good", "--ocsp", "revoked"], "rejected", Some("revoked")),
        (&["--ocsp", "unknown", "--ocsp", "good"], "rejected", Some("ocsp_unknown")),
        (&["--ocsp", "good", "--ocsp", "unknown"], "rejected", Some("ocsp_unknown")),
        (&["--ocsp", "hold", "--ocsp", "revoked"], "rejected", Some("revoked")),
        (&["--ocsp", "revoked", "--ocsp", "hold"], "rejected", Some("revoked")),
        (&["--ocsp", "of-another", "--ocsp", "good"], "accepted", None),
        (&["--ocsp", "of-another"], "accepted", None),
    ] {
        world.verify(files).is(verdict, error);
    }
    world.verify(&["--ocsp", "of-another"]).says("revocation not shown: intermediate 1");
    world.verify(&["--ocsp", "good", "--crl", "good.crl"]).says("target by OCSP and CRL");
    // A response for the CA's certificate is its own issuer's.
    world.file("of-root", &world.root.response(2, OcspStatus::Good));
    let both = ["--ocsp", "of-root", "--ocsp", "good", "--require-revocation"];
    world.verify(&both).says("not revoked: intermediate 1 by OCSP, target by OCSP");
    let neither = world.verify(&["--ocsp", "of-root", "--ocsp", "of-another", "--require-revocation"]);
    neither.is("undetermined", Some("crl_missing"));
}

/// Revoked is revoked, also by a list that no conforming issuer makes, such as OpenSSL's without configuration.
#[test]
fn a_list_that_does_not_conform_revokes() {
    let world = World::new();
    let ca = &world.ca;
    let bare = |revoked: &[(u64, RevocationReason)]| madoguchi_test_pki::CrlBuilder {
        extensions: Vec::new(),
        ..ca.list_of(NOW - DAY, NOW + DAY, revoked)
    };
    world.file("silent", &bare(&[]).sign(&ca.key, random()).expect("signed"));
    world.file("against", &bare(&[(3, STOLEN)]).sign(&ca.key, random()).expect("signed"));
    world.file("of-root", &world.root.list(&[]));
    for more in [&[][..], &["--require-revocation", "--crl", "of-root"]] {
        world.verify(&[&["--crl", "against"], more].concat()).is("rejected", Some("revoked"));
    }
    world.verify(&["--crl", "silent"]).is("accepted", None);
    let required = world.verify(&["--crl", "silent", "--crl", "of-root", "--require-revocation"]);
    required.is("rejected", Some("crl_without_authority_key_id"));
}

/// Required: evidence that is not there, or not of this time, leaves the question open; evidence about the certificate
/// that is refused refuses.
#[test]
fn open_and_refused_evidence() {
    let world = World::new();
    let (ca, stranger) = (&world.ca, Holder::new("stranger"));
    world.file("of-root", &world.root.list(&[]));
    let sign = |name: &str, builder: &madoguchi_test_pki::CrlBuilder, signer: &Holder| {
        world.file(name, &builder.sign(&signer.key, random()).expect("signed"));
    };
    sign("expired", &ca.list_of(NOW - 3 * DAY, NOW - DAY, &[]), ca);
    sign("to-come", &ca.list_of(NOW + DAY, NOW + 2 * DAY, &[]), ca);
    sign("forged", &ca.list_of(NOW - DAY, NOW + DAY, &[]), &stranger);
    let mut numberless = ca.list_of(NOW - DAY, NOW + DAY, &[]);
    numberless.extensions.truncate(1);
    sign("numberless", &numberless, ca);
    let mut delta = ca.list_of(NOW - DAY, NOW + DAY, &[]);
    delta.extensions.push(Extension::delta_crl_indicator(1));
    sign("delta", &delta, ca);
    let mut lost_keys = ca.list_of(NOW - DAY, NOW + DAY, &[]);
    let some = IssuingDistributionPoint {
        only_some_reasons: Some(reason_flags(&[1])),
        ..IssuingDistributionPoint::default()
    };
    lost_keys.extensions.push(Extension::issuing_point(&some));
    sign("some-reasons", &lost_keys, ca);
    world.file("not-a-list", b"0\x01");
    world.file("of-stranger", &stranger.list(&[]));
    world.file("late", &ca.response(3, OcspStatus::Good));
    let mut forged = ca.response(3, OcspStatus::Good);
    let last = forged.len() - 1;
    forged[last] ^= 1;
    world.file("forged-response", &forged);
    world.file("try-later", &[0x30, 3, 0x0a, 1, 3]);
    for (kind, file, verdict, error) in [
        ("--crl", "expired", "undetermined", "crl_expired"),
        ("--crl", "to-come", "undetermined", "crl_not_yet_valid"),
        ("--crl", "of-stranger", "undetermined", "crl_missing"),
        ("--crl", "delta", "undetermined", "crl_delta_without_base"),
        ("--crl", "some-reasons", "undetermined", "crl_some_reasons_only"),
        ("--crl", "forged", "rejected", "crl_signature_invalid"),
        ("--crl", "numberless", "rejected", "crl_without_number"),
        ("--crl", "not-a-list", "rejected", "der_truncated"),
        ("--ocsp", "try-later", "undetermined", "ocsp_try_later"),
        ("--ocsp", "forged-response", "rejected", "ocsp_signature_invalid"),
    ] {
        let judged = world.verify(&["--crl", "of-root", "--require-revocation", kind, file]);
        judged.is(verdict, Some(error));
        world.verify(&["--crl", "of-root", kind, file]).is("accepted", None);
    }
    // What is refused tells more than what is not there, wherever in the path.
    let both = world.verify(&["--require-revocation", "--crl", "forged"]);
    both.is("rejected", Some("crl_signature_invalid"));
    both.says("target: ");
    let late = [
        "--at",
        "2026-11-24T09:00:00Z",
        "--anchor",
        "root",
        "--intermediate",
        "ca",
        "--crl",
        "of-root",
        "--ocsp",
        "late",
        "--require-revocation",
        "end",
    ];
    world.run(&late).is("undetermined", Some("ocsp_expired"));
}

/// A path with a revoked CA does not condemn a certificate that has another one.
#[test]
fn another_path_may_be_good() {
    let world = World::new();
    let other = Holder::new("other root");
    world.file("other", &other.certify(&other, 1, true, Vec::new()));
    world.file("cross", &other.certify(&world.ca, 7, true, Vec::new()));
    world.file("ca-revoked", &world.root.list(&[(2, STOLEN)]));
    world
        .verify(&["--crl", "ca-revoked", "--anchor", "other", "--intermediate", "cross"])
        .is("accepted", None);
    // Not when the certificate itself is revoked, which both paths say.
    world.file("end-revoked", &world.ca.list(&[(3, STOLEN)]));
    let both = world.verify(&["--crl", "end-revoked", "--anchor", "other", "--intermediate", "cross"]);
    both.is("rejected", Some("revoked"));
    // Revocation in a path that holds tells more than a path that does not.
    let mut broken = other.certify(&world.ca, 8, true, Vec::new());
    let last = broken.len() - 1;
    broken[last] ^= 1;
    world.file("broken", &broken);
    for order in [["other", "root"], ["root", "other"]] {
        let [first, second] = order;
        let judged = world.run(&[
            "--at",
            super::world::AT,
            "--anchor",
            first,
            "--anchor",
            second,
            "--intermediate",
            "broken",
            "--intermediate",
            "ca",
            "--crl",
            "ca-revoked",
            "end",
        ]);
        judged.is("rejected", Some("revoked"));
    }
}

/// A responder whose certificate has no id-pkix-ocsp-nocheck: lists decide, and without one the profile.
#[test]
fn a_responder_that_lists_are_asked_about() {
    let world = World::new();
    let (ca, responder) = (&world.ca, Holder::new("responder"));
    let signing = Extension::ext_key_usage("1.3.6.1.5.5.7.3.9").expect("a purpose");
    let certificate = ca.certify(&responder, 9, false, vec![signing]);
    world.file("response", &ca.response_by(&responder, certificate, 3, OcspStatus::Good));
    world.file("of-root", &world.root.list(&[]));
    world.file("good", &ca.list(&[]));
    world.file("revoked", &ca.list(&[(9, STOLEN)]));
    let mut forged = ca.list(&[]);
    let last = forged.len() - 1;
    forged[last] ^= 1;
    world.file("forged", &forged);
    let verify = |more: &[&str]| {
        world.verify(&[&["--crl", "of-root", "--ocsp", "response", "--require-revocation"], more].concat())
    };
    verify(&[]).says("target by OCSP");
    verify(&["--crl", "good"]).says("target by OCSP and CRL");
    // The list that revokes the responder is about the certificate, too, and calls it good.
    verify(&["--crl", "revoked"]).says("target by CRL");
    verify(&["--crl", "forged"]).is("rejected", Some("crl_signature_invalid"));
}

/// The identifier of an ECDSA signature names the hash alone: whichever goes with a curve. An anchor's algorithms are
/// the anchor's, not those of a CA below it. Each response says revoked.
#[test]
fn responses_are_signed_with_whatever_fits_the_key() {
    let cases: Vec<Value> = include_str!("responders.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).expect("a case"))
        .collect();
    assert_eq!(cases.len(), 4);
    for answer in batch(&cases) {
        assert_eq!(answer["error"], "revoked", "{answer}");
    }
}

/// However much comes before it, a revocation does not give way to a good answer of the other kind.
#[test]
fn what_was_not_looked_at_is_not_taken_for_good() {
    let world = World::new();
    let ca = &world.ca;
    // The same list again costs nothing, and what revokes is looked at first: each has another signature, and revokes.
    let list = ca.list(&[(3, STOLEN)]);
    let forged: Vec<String> = (1..=310).map(|number| format!("forged-{number}.crl")).collect();
    for (number, name) in (1_u16..).zip(&forged) {
        let mut list = list.clone();
        let [.., high, low] = list.as_mut_slice() else { panic!("a signature") };
        let [changed_high, changed_low] = number.to_be_bytes();
        *high ^= changed_high;
        *low ^= changed_low;
        world.file(name, &list);
    }
    let forged_lists = || forged.iter().flat_map(|name| ["--crl", name]).collect::<Vec<_>>();
    world.file("revoked.crl", &ca.list(&[(3, STOLEN)]));
    let of_statement = |revoked: bool| {
        let stolen = OcspStatus::Revoked { at: at(NOW - DAY), reason: Some(1) };
        ca.response(3, if revoked { stolen } else { OcspStatus::Good })
    };
    world.file("good", &of_statement(false));
    world.file("revoked", &of_statement(true));
    let mut forged = of_statement(false);
    *forged.last_mut().expect("a signature") ^= 1;
    world.file("forged", &forged);
    world.file("good.crl", &ca.list(&[]));
    let many = |flag, file| [flag, file].repeat(310);
    let mut silent = ca.list(&[]);
    *silent.last_mut().expect("a signature") ^= 1;
    world.file("silent.crl", &silent);
    let seen =
        world.verify(&[vec!["--crl", "silent.crl", "--crl", "revoked.crl", "--ocsp", "good"]].concat());
    seen.is("rejected", Some("revoked"));
    let hidden = world.verify(&[forged_lists(), vec!["--crl", "revoked.crl", "--ocsp", "good"]].concat());
    hidden.is("rejected", Some("budget_spent"));
    let seen = world.verify(&[vec!["--crl", "revoked.crl"], forged_lists(), vec!["--ocsp", "good"]].concat());
    seen.is("rejected", Some("revoked"));
    let hidden =
        world.verify(&[many("--ocsp", "forged"), vec!["--ocsp", "revoked", "--crl", "good.crl"]].concat());
    hidden.is("rejected", Some("budget_spent"));
    let seen = world
        .verify(&[vec!["--ocsp", "revoked"], many("--ocsp", "forged"), vec!["--crl", "good.crl"]].concat());
    seen.is("rejected", Some("revoked"));
    // Nor does one that is too long to be read.
    world.file("long", &vec![0x30; 128 * 1024 + 1]);
    world.verify(&["--ocsp", "long", "--crl", "good.crl"]).is("rejected", Some("der_too_long"));
}

/// What is refused tells more than what is not of this time, in whichever order and of whichever kind.
#[test]
fn what_is_refused_counts_before_what_is_too_old() {
    let world = World::new();
    let ca = &world.ca;
    world.file("of-root", &world.root.list(&[]));
    let old = ca.list_of(NOW - 3 * DAY, NOW - DAY, &[]);
    world.file("old.crl", &old.sign(&ca.key, random()).expect("signed"));
    let mut forged = ca.list(&[]);
    *forged.last_mut().expect("a signature") ^= 1;
    world.file("forged.crl", &forged);
    world.file("try-later", &[0x30, 3, 0x0a, 1, 3]);
    let mut forged = ca.response(3, OcspStatus::Good);
    *forged.last_mut().expect("a signature") ^= 1;
    world.file("forged", &forged);
    for (one, other, error) in [
        (["--crl", "old.crl"], ["--crl", "forged.crl"], "crl_signature_invalid"),
        (["--crl", "old.crl"], ["--ocsp", "forged"], "ocsp_signature_invalid"),
        (["--ocsp", "try-later"], ["--ocsp", "forged"], "ocsp_signature_invalid"),
        (["--ocsp", "try-later"], ["--crl", "forged.crl"], "crl_signature_invalid"),
    ] {
        for both in [[one, other], [other, one]] {
            let judged =
                world.verify(&[&["--crl", "of-root", "--require-revocation"], both.as_flattened()].concat());
            judged.is("rejected", Some(error));
        }
    }
}

/// Authorities of one name and several keys: the list of another generation is about other certificates.
#[test]
fn a_list_of_another_generation_leaves_it_open() {
    let world = World::new();
    let before = Holder { name: world.ca.name.clone(), ..Holder::new("before") };
    world.file("of-root", &world.root.list(&[]));
    world.file("before.crl", &before.list(&[(3, STOLEN)]));
    world.file("before", &before.certify(&before, 1, true, Vec::new()));
    let required = ["--crl", "of-root", "--require-revocation", "--crl", "before.crl"];
    world.verify(&required).is("undetermined", Some("crl_issuer_unknown"));
    let known = world.verify(&[&required[..], &["--intermediate", "before"]].concat());
    known.is("undetermined", Some("crl_issuer_path"));
}

/// Of two paths that hold, one with a revoked CA and one of which nothing is known, the second leaves the question
/// open, whichever is tried first.
#[test]
fn an_open_path_counts_before_one_with_a_revoked_ca() {
    let world = World::new();
    world.file("of-ca", &world.ca.list(&[]));
    for (revoked, silent) in [("root", "other"), ("other", "root")] {
        let other = Holder::new("other root");
        world.file("other", &other.certify(&other, 1, true, Vec::new()));
        world.file("cross", &other.certify(&world.ca, 7, true, Vec::new()));
        let list =
            if revoked == "root" { world.root.list(&[(2, STOLEN)]) } else { other.list(&[(7, STOLEN)]) };
        world.file("of-anchor", &list);
        for anchors in [[revoked, silent], [silent, revoked]] {
            let [first, second] = anchors;
            let judged = world.run(&[
                "--at",
                super::world::AT,
                "--anchor",
                first,
                "--anchor",
                second,
                "--intermediate",
                "ca",
                "--intermediate",
                "cross",
                "--crl",
                "of-ca",
                "--crl",
                "of-anchor",
                "--require-revocation",
                "end",
            ]);
            judged.is("undetermined", Some("crl_missing"));
        }
    }
}
