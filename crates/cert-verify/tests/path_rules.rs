//! The rules of a path (RFC 5280 sections 4 and 6.1): a path that holds, and for each rule one that breaks it alone.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::slice::from_ref;
use std::time::Duration;

use madoguchi_cert_verify::{
    Anchor, Budget, Certificate, InitialPolicies, KeyPurpose, NoObserver, PathSettings, verify_chain,
};
use madoguchi_test_pki::KeyKind;
use rustls_pki_types::UnixTime;

use support::chain::{Draft, Holder, name, outcome, outcome_with, validity};
use support::{AKI, BASIC_CONSTRAINTS, Ext, KEY_USAGE, NAME_CONSTRAINTS, POLICIES, SAN, SKI, tlv};

const AIA: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 1, 1];
const FRESHEST_CRL: &[u8] = &[0x55, 0x1d, 46];
const INHIBIT_ANY: &[u8] = &[0x55, 0x1d, 54];
const POLICY_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 36];
const POLICY_MAPPINGS: &[u8] = &[0x55, 0x1d, 33];
const UNKNOWN: &[u8] = &[0x2a, 3, 4];
const CLIENT_AUTH: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 2];
const SERVER_AUTH: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 1];
const ANY_PURPOSE: &[u8] = &[0x55, 0x1d, 37, 0];

/// Root → intermediate → target, all good until something is changed.
struct Three {
    root: Holder,
    middle: Holder,
    end: Holder,
}

impl Three {
    fn new() -> Self {
        Self { root: Holder::new("Root"), middle: Holder::new("Middle"), end: Holder::new("End") }
    }

    fn judge(&self, root: &Draft, middle: &Draft, end: &Draft) -> String {
        self.judge_with(root, middle, end, &PathSettings::default())
    }

    fn judge_with(&self, root: &Draft, middle: &Draft, end: &Draft, settings: &PathSettings) -> String {
        let (anchor, middle, end) = (root.anchor(&self.root), middle.by(&self.root), end.by(&self.middle));
        outcome_with(&end, &[middle], &[anchor], settings)
    }

    fn root_with(&self, change: impl FnOnce(Draft) -> Draft) -> String {
        self.judge(&change(self.root.root()), &self.middle.ca(), &self.end.leaf())
    }

    fn middle_with(&self, change: impl FnOnce(Draft) -> Draft) -> String {
        self.judge(&self.root.root(), &change(self.middle.ca()), &self.end.leaf())
    }

    fn end_with(&self, change: impl FnOnce(Draft) -> Draft) -> String {
        self.judge(&self.root.root(), &self.middle.ca(), &change(self.end.leaf()))
    }
}

#[test]
fn paths_that_hold() {
    let three = Three::new();
    assert_eq!(three.end_with(|end| end), "accepted");
    let direct = three.end.leaf().by(&three.root);
    assert_eq!(outcome(&direct, &[], &[three.root.root().anchor(&three.root)]), "accepted");
    // A CA certificate may be asked about, too.
    let ca = three.middle.ca().by(&three.root);
    assert_eq!(outcome(&ca, &[], &[three.root.root().anchor(&three.root)]), "accepted");
    // And an anchor itself.
    let root = three.root.root();
    assert_eq!(outcome(&root.by(&three.root), &[], &[root.anchor(&three.root)]), "accepted");
}

#[test]
fn every_kind_of_key_signs() {
    for kind in [KeyKind::P256, KeyKind::P384, KeyKind::Rsa2048] {
        let (root, end) = (Holder::of("Root", kind), Holder::new("End"));
        assert_eq!(outcome(&end.leaf().by(&root), &[], &[root.root().anchor(&root)]), "accepted", "{kind:?}");
    }
}

/// Section 6.1.3 (a)(1).
#[test]
fn signatures() {
    let three = Three::new();
    let imposter = Holder { name: three.root.name.clone(), ..Holder::new("Imposter") };
    let key_id = Ext::new(AKI, false, &tlv(0x30, &tlv(0x80, &three.root.key_id())));
    let middle = three.middle.ca().with(key_id.clone()).by(&imposter);
    let (anchor, end) = (three.root.root().anchor(&three.root), three.end.leaf().by(&three.middle));
    assert_eq!(outcome(&end, &[middle], from_ref(&anchor)), "intermediate 1: signature_invalid");
    let end = three.end.leaf().with(key_id).by(&imposter);
    assert_eq!(outcome(&end, &[], from_ref(&anchor)), "target: signature_invalid");
    // The issuer's key is of another kind than the algorithm.
    let rsa = Holder { name: three.root.name.clone(), ..Holder::of("Other", KeyKind::Rsa2048) };
    let end = three.end.leaf().without(AKI).with(Ext::new(
        AKI,
        false,
        &tlv(0x30, &tlv(0x80, &three.root.key_id())),
    ));
    assert_eq!(outcome(&end.by(&rsa), &[], &[anchor]), "target: algorithm_not_of_key");
    // What an operator does not let the anchor use.
    let none = Anchor::with_algorithms(&three.root.root().der(&three.root), Vec::new()).unwrap();
    let end = three.end.leaf().by(&three.root);
    assert_eq!(outcome(&end, &[], &[none]), "target: algorithm_not_allowed");
    // It is about the anchor's own signatures: a CA below it may have another kind of key.
    let p256 = Anchor::new(&three.root.root().der(&three.root)).unwrap();
    let rsa = Holder::of("Middle", KeyKind::Rsa2048);
    let (middle, end) = (rsa.ca().by(&three.root), three.end.leaf().by(&rsa));
    assert_eq!(outcome(&end, &[middle], &[p256]), "accepted");
}

/// Section 6.1.3 (a)(2), of every certificate and of the anchor.
#[test]
fn validity_of_all() {
    let three = Three::new();
    for (from, to, expected) in [
        ("260101000000Z", "261121235959Z", "expired"),
        ("261122000001Z", "270101000000Z", "not_yet_valid"),
        ("261122000000Z", "261122000000Z", ""),
    ] {
        let expected = |place: &str, prefix: &str| match expected {
            "" => "accepted".to_owned(),
            code => format!("{place}: {prefix}{code}"),
        };
        assert_eq!(three.root_with(|root| root.valid(from, to)), expected("trust anchor", "anchor_"));
        assert_eq!(three.middle_with(|middle| middle.valid(from, to)), expected("intermediate 1", ""));
        assert_eq!(three.end_with(|end| end.valid(from, to)), expected("target", ""));
    }
}

/// Section 6.1.3 (a)(4): names chain, compared as section 7.1 says.
#[test]
fn names_chain() {
    let three = Three::new();
    let other = |issuer: &str| Draft { issuer: Some(name(issuer)), ..three.end.leaf() };
    assert_eq!(three.end_with(|_| other("Somebody")), "target: issuer_unknown");
    assert_eq!(three.end_with(|_| other(" mIDDLE ")), "accepted");
}

/// Section 6.1.3 (b) and (c), and the exception for self-issued certificates that are not the last.
#[test]
fn name_constraints() {
    let three = Three::new();
    let named = |domain: &'static str| three.end.leaf().dns(false, &[domain]);
    let judge = |end: &Draft| three.judge(&three.root.root(), &three.middle.ca().permits("example.com"), end);
    assert_eq!(judge(&named("a.example.com")), "accepted");
    assert_eq!(judge(&named("a.example.org")), "target: name_not_permitted");
    // The anchor's constraints count.
    let root = three.root.root().permits("example.com");
    assert_eq!(three.judge(&root, &three.middle.ca(), &named("example.org")), "target: name_not_permitted");
    assert_eq!(
        three.judge(&root, &three.middle.ca().dns(false, &["example.org"]), &named("example.com")),
        "intermediate 1: name_not_permitted"
    );
    // A CA that issues to itself changes its key: its names are not asked.
    let renewed = Holder { name: three.root.name.clone(), ..Holder::new("Renewed") };
    let step = renewed.ca().dns(false, &["example.org"]).by(&three.root);
    let end = named("example.com").by(&renewed);
    assert_eq!(outcome(&end, from_ref(&step), &[root.anchor(&three.root)]), "accepted");
    assert_eq!(outcome(&step, &[], &[root.anchor(&three.root)]), "target: name_not_permitted");
}

/// Sections 6.1.3 (d) to (f), 6.1.4 (a), (b), (h) to (j), 6.1.5 (a), (b), (g).
#[test]
fn policies() {
    let three = Three::new();
    let explicit = |policies: &[&str]| {
        let initial = policies.iter().map(|policy| policy.parse().unwrap()).collect();
        let mut settings = PathSettings::default();
        settings.policies.initial = InitialPolicies::of(initial);
        settings.policies.explicit_policy = true;
        settings
    };
    let (root, middle, end) =
        (three.root.root(), three.middle.ca().policies(&[3, 4]), three.end.leaf().policies(&[4]));
    let judge = |settings: &PathSettings| three.judge_with(&root, &middle, &end, settings);
    assert_eq!(judge(&explicit(&[])), "accepted");
    assert_eq!(judge(&explicit(&["1.2.4"])), "accepted");
    assert_eq!(judge(&explicit(&["1.2.3"])), "target: policy_not_asked_for");
    let without = three.end.leaf();
    assert_eq!(three.judge_with(&root, &middle, &without, &explicit(&[])), "target: policy_required");
    assert_eq!(three.judge(&root, &middle, &without), "accepted");
    // An intermediate asks for explicit policies from the next certificate on.
    let demanding = middle.clone().with(Ext::new(POLICY_CONSTRAINTS, true, &[0x30, 3, 0x80, 1, 0]));
    assert_eq!(three.judge(&root, &demanding, &without), "target: policy_required");
    // A mapping from 1.2.4 to 1.2.5, and one from anyPolicy.
    let mapping = |from: &[u8], to: &[u8]| {
        let pair = tlv(0x30, &[tlv(6, from), tlv(6, to)].concat());
        middle.clone().with(Ext::new(POLICY_MAPPINGS, true, &tlv(0x30, &pair)))
    };
    let (mapped, end_5) = (mapping(&[0x2a, 4], &[0x2a, 5]), three.end.leaf().policies(&[5]));
    assert_eq!(three.judge_with(&root, &mapped, &end_5, &explicit(&["1.2.4"])), "accepted");
    let mut inhibited = explicit(&["1.2.4"]);
    inhibited.policies.inhibit_mapping = true;
    assert_eq!(three.judge_with(&root, &mapped, &end_5, &inhibited), "target: policy_required");
    let any = mapping(&[0x55, 0x1d, 32, 0], &[0x2a, 5]);
    assert_eq!(three.judge(&root, &any, &end_5), "intermediate 1: policy_mapping_any");
    // anyPolicy in the path, unless it is inhibited.
    let any_policy = Ext::new(POLICIES, false, &tlv(0x30, &tlv(0x30, &tlv(6, &[0x55, 0x1d, 32, 0]))));
    let any_end = three.end.leaf().with(any_policy);
    assert_eq!(three.judge_with(&root, &middle, &any_end, &explicit(&["1.2.3"])), "accepted");
    let mut inhibited = explicit(&["1.2.3"]);
    inhibited.policies.inhibit_any_policy = true;
    assert_eq!(three.judge_with(&root, &middle, &any_end, &inhibited), "target: policy_required");
}

/// RFC 5937: what an anchor's certificate says about policies counts, and the anchor is no certificate of the path.
#[test]
fn policies_of_the_anchor() {
    let three = Three::new();
    let (middle, end) = (three.middle.ca().policies(&[4]), three.end.leaf().policies(&[4]));
    let demanding =
        |skip: u8| three.root.root().with(Ext::new(POLICY_CONSTRAINTS, true, &[0x30, 3, 0x80, 1, skip]));
    assert_eq!(three.judge(&demanding(0).policies(&[4]), &middle, &end), "accepted");
    assert_eq!(three.judge(&demanding(0).policies(&[3]), &middle, &end), "intermediate 1: policy_required");
    assert_eq!(three.judge(&demanding(0), &middle, &three.end.leaf()), "target: policy_required");
    assert_eq!(three.judge(&demanding(1), &three.middle.ca(), &three.end.leaf()), "target: policy_required");
    assert_eq!(three.judge(&demanding(3), &three.middle.ca(), &three.end.leaf()), "accepted");
    // An anchor that another CA issued does not count down either.
    let issued = Draft { issuer: Some(name("Above")), ..three.root.root() };
    let issued = issued.with(Ext::new(AKI, false, &tlv(0x30, &tlv(0x80, &[7; 20]))));
    assert_eq!(three.judge(&issued, &three.middle.ca(), &three.end.leaf()), "accepted");
}

/// Section 6.1.4 (k). A version 1 certificate says nothing: for a root, its being an anchor says it.
#[test]
fn only_a_ca_issues() {
    let three = Three::new();
    let no_ca = Ext::new(BASIC_CONSTRAINTS, true, &[0x30, 0]);
    let harmless = Ext::new(KEY_USAGE, true, &[3, 2, 7, 0x80]);
    let v1 = |draft: Draft| Draft { version: Vec::new(), extensions: Vec::new(), ..draft };
    for (change, code) in [
        (
            &(|ca: Draft| ca.without(BASIC_CONSTRAINTS).without(KEY_USAGE)) as &dyn Fn(Draft) -> Draft,
            "basic_constraints_missing",
        ),
        (&|ca: Draft| ca.with(no_ca.clone()).with(harmless.clone()), "not_ca"),
    ] {
        assert_eq!(three.root_with(change), format!("trust anchor: {code}"));
        assert_eq!(three.middle_with(change), format!("intermediate 1: {code}"));
    }
    assert_eq!(three.root_with(v1), "accepted");
    // Between, version 1 has no authorityKeyIdentifier to begin with.
    assert_eq!(three.middle_with(v1), "intermediate 1: authority_key_id_missing");
}

/// Section 6.1.4 (l) and (m): self-issued certificates and the last one are not counted.
#[test]
fn path_lengths() {
    let holders: Vec<Holder> = ["Root", "A", "B", "C"].into_iter().map(Holder::new).collect();
    let [root, a, b, c] = holders.as_slice() else { unreachable!() };
    let judge = |root_len: Option<u8>, a_len: Option<u8>, b_len: Option<u8>| {
        let limited = |ca: Draft, len: Option<u8>| len.map_or(ca.clone(), |len| ca.path_len(len));
        let anchor = limited(root.root(), root_len).anchor(root);
        let pool = [limited(a.ca(), a_len).by(root), limited(b.ca(), b_len).by(a)];
        outcome(&c.leaf().by(b), &pool, &[anchor])
    };
    assert_eq!(judge(None, None, None), "accepted");
    assert_eq!(judge(Some(2), Some(1), Some(0)), "accepted");
    assert_eq!(judge(Some(1), None, None), "intermediate 1: path_length_exceeded");
    assert_eq!(judge(Some(0), None, None), "intermediate 2: path_length_exceeded");
    assert_eq!(judge(Some(1), Some(9), None), "intermediate 1: path_length_exceeded");
    assert_eq!(judge(None, Some(0), Some(9)), "intermediate 1: path_length_exceeded");
    assert_eq!(judge(Some(2), Some(9), None), "accepted");
    // The target may be a CA: it is not counted.
    let anchor = root.root().path_len(0).anchor(root);
    assert_eq!(outcome(&a.ca().by(root), &[], from_ref(&anchor)), "accepted");
    // A CA that issues to itself is not counted either.
    let renewed = Holder { name: a.name.clone(), ..Holder::new("Renewed") };
    let pool = [a.ca().path_len(0).by(root), renewed.ca().by(a)];
    assert_eq!(outcome(&c.leaf().by(&renewed), &pool, &[root.root().anchor(root)]), "accepted");
    let pool = [a.ca().path_len(0).by(root), b.ca().by(a)];
    assert_eq!(
        outcome(&c.leaf().by(b), &pool, &[root.root().anchor(root)]),
        "intermediate 1: path_length_exceeded"
    );
}

/// Section 6.1.4 (n): only when keyUsage is there.
#[test]
fn key_usage_of_issuers() {
    let three = Three::new();
    let crl_sign = |ca: Draft| ca.with(Ext::new(KEY_USAGE, true, &[3, 2, 1, 0x02]));
    assert_eq!(three.root_with(crl_sign), "trust anchor: key_cert_sign_missing");
    assert_eq!(three.middle_with(crl_sign), "intermediate 1: key_cert_sign_missing");
    assert_eq!(three.root_with(|ca| ca.without(KEY_USAGE)), "accepted");
    assert_eq!(three.middle_with(|ca| ca.without(KEY_USAGE)), "accepted");
    assert_eq!(three.middle_with(|ca| ca.with(Ext::new(KEY_USAGE, false, &[3, 2, 1, 0x06]))), "accepted");
}

/// Sections 6.1.4 (o) and 6.1.5 (f), of the anchor too; what no path uses does no harm.
#[test]
fn unknown_critical_extensions() {
    let three = Three::new();
    let unknown = |draft: Draft| draft.with(Ext::new(UNKNOWN, true, &[5, 0]));
    assert_eq!(three.root_with(unknown), "trust anchor: extension_unknown_critical");
    assert_eq!(three.middle_with(unknown), "intermediate 1: extension_unknown_critical");
    assert_eq!(three.end_with(unknown), "target: extension_unknown_critical");
    assert_eq!(three.end_with(|end| end.with(Ext::new(UNKNOWN, false, &[5, 0]))), "accepted");
    let (root, end) = (three.root.root().anchor(&three.root), three.end.leaf().by(&three.root));
    let (other, unrelated) = (unknown(three.root.root()).anchor(&three.root), Holder::new("Unrelated"));
    let strange = unknown(unrelated.root()).anchor(&unrelated);
    assert_eq!(outcome(&end, &[], &[other, strange, root]), "accepted");
}

/// Section 4.2.1.12, when client authentication is asked for.
#[test]
fn purposes() {
    let three = Three::new();
    let settings = PathSettings { key_purpose: KeyPurpose::ClientAuth, ..PathSettings::default() };
    let judge = |root: &[&[u8]], middle: &[&[u8]], end: &[&[u8]]| {
        let limited =
            |draft: Draft, oids: &[&[u8]]| if oids.is_empty() { draft } else { draft.purposes(oids) };
        let (root, middle) = (limited(three.root.root(), root), limited(three.middle.ca(), middle));
        three.judge_with(&root, &middle, &limited(three.end.leaf(), end), &settings)
    };
    assert_eq!(judge(&[], &[], &[]), "accepted");
    assert_eq!(judge(&[ANY_PURPOSE], &[SERVER_AUTH, CLIENT_AUTH], &[CLIENT_AUTH]), "accepted");
    assert_eq!(judge(&[], &[], &[SERVER_AUTH]), "target: purpose_not_allowed");
    assert_eq!(judge(&[], &[SERVER_AUTH], &[CLIENT_AUTH]), "intermediate 1: purpose_not_allowed");
    assert_eq!(judge(&[SERVER_AUTH], &[], &[CLIENT_AUTH]), "trust anchor: purpose_not_allowed");
    assert_eq!(three.end_with(|end| end.purposes(&[SERVER_AUTH])), "accepted", "when nothing is asked for");
}

/// What section 4 demands of each certificate by itself, anchor, intermediate and target.
#[test]
fn form_of_certificates() {
    let three = Three::new();
    let key_id = |holder: &Holder| tlv(0x30, &tlv(0x80, &holder.key_id()));
    let ski = |holder: &Holder| tlv(4, &holder.key_id());
    let aia =
        tlv(0x30, &tlv(0x30, &[tlv(6, &[0x2b, 6, 1, 5, 5, 7, 48, 1]), tlv(0x86, b"http://a.b")].concat()));
    let point = tlv(0x30, &tlv(0x30, &tlv(0xa0, &tlv(0xa0, &tlv(0x86, b"http://a.b")))));
    let serial = |serial: &'static [u8]| move |draft: Draft| Draft { serial: tlv(2, serial), ..draft };
    let no_subject = |draft: Draft| Draft { subject: vec![0x30, 0], ..draft };

    // 4.1.2.2. An anchor's number is never looked up.
    assert_eq!(three.end_with(serial(&[0])), "target: serial_zero");
    assert_eq!(three.middle_with(serial(&[0])), "intermediate 1: serial_zero");
    assert_eq!(three.root_with(serial(&[0])), "accepted");
    assert_eq!(three.end_with(serial(&[0xff])), "accepted");
    // 4.1.2.4, with an anchor that has no name either.
    let nameless = three.root.renamed(vec![0x30, 0]);
    let end = three.end.leaf().by(&nameless);
    assert_eq!(
        outcome(&end, &[], &[nameless.root().anchor(&nameless)]),
        "trust anchor: issuer_empty",
        "who has no name is no issuer"
    );
    let anchor = Draft { issuer: Some(name("Above")), ..nameless.ca() }.anchor(&nameless);
    assert_eq!(outcome(&end, &[], &[anchor]), "trust anchor: subject_empty");
    // 4.1.2.6 and 4.2.1.6.
    assert_eq!(three.end_with(no_subject), "target: subject_alt_name_not_critical");
    assert_eq!(
        three.end_with(|end| no_subject(end).dns(false, &["a.b"])),
        "target: subject_alt_name_not_critical"
    );
    assert_eq!(three.end_with(|end| no_subject(end).dns(true, &["a.b"])), "accepted");
    // 4.2.1.1. A self-signed certificate needs none.
    assert_eq!(three.end_with(|end| end.without(AKI)), "target: authority_key_id_missing");
    assert_eq!(
        three.end_with(|end| end.with(Ext::new(AKI, false, &[0x30, 0]))),
        "target: authority_key_id_missing"
    );
    assert_eq!(three.middle_with(|ca| ca.without(AKI)), "intermediate 1: authority_key_id_missing");
    assert_eq!(
        three.end_with(|end| end.with(Ext::new(AKI, true, &key_id(&three.middle)))),
        "target: extension_critical"
    );
    assert_eq!(
        three.root_with(|ca| ca.with(Ext::new(AKI, true, &key_id(&three.root)))),
        "trust anchor: extension_critical"
    );
    // 4.2.1.2.
    assert_eq!(three.root_with(|ca| ca.without(SKI)), "trust anchor: subject_key_id_missing");
    assert_eq!(three.middle_with(|ca| ca.without(SKI)), "intermediate 1: subject_key_id_missing");
    assert_eq!(three.end_with(|end| end.without(SKI)), "accepted");
    assert_eq!(
        three.root_with(|ca| ca.with(Ext::new(SKI, true, &ski(&three.root)))),
        "trust anchor: extension_critical"
    );
    // 4.2.1.4.
    let qualified = |critical, policy: &[u8], oid: &[u8]| {
        let qualifier = tlv(0x30, &tlv(0x30, &[tlv(6, oid), vec![5, 0]].concat()));
        let value = tlv(0x30, &tlv(0x30, &[tlv(6, policy), qualifier].concat()));
        move |end: Draft| end.with(Ext::new(POLICIES, critical, &value))
    };
    let qualifier = |critical, oid| qualified(critical, &[0x2a, 3], oid);
    let any_policy = [0x55, 0x1d, 0x20, 0];
    assert_eq!(three.end_with(qualified(false, &any_policy, UNKNOWN)), "target: policy_qualifier_unknown");
    assert_eq!(three.end_with(qualified(false, &any_policy, &[0x2b, 6, 1, 5, 5, 7, 2, 2])), "accepted");
    assert_eq!(three.end_with(qualifier(true, UNKNOWN)), "target: policy_qualifier_unknown");
    assert_eq!(three.end_with(qualifier(false, UNKNOWN)), "accepted");
    assert_eq!(three.end_with(qualifier(true, &[0x2b, 6, 1, 5, 5, 7, 2, 1])), "accepted");
    // 4.2.1.3 and 4.2.1.9.
    let no_ca_signs = |end: Draft| end.with(Ext::new(KEY_USAGE, true, &[3, 2, 2, 0x04]));
    assert_eq!(three.end_with(no_ca_signs), "target: ca_extensions_inconsistent");
    let limited = |ca: Draft| ca.path_len(0).with(Ext::new(KEY_USAGE, true, &[3, 2, 1, 0x02]));
    assert_eq!(three.middle_with(limited), "intermediate 1: ca_extensions_inconsistent");
    let relaxed = |ca: Draft| ca.with(Ext::new(BASIC_CONSTRAINTS, false, &[0x30, 3, 1, 1, 0xff]));
    assert_eq!(three.root_with(relaxed), "trust anchor: extension_not_critical");
    assert_eq!(three.middle_with(relaxed), "accepted");
    // 4.2.1.10.
    let constraints = tlv(0x30, &tlv(0xa0, &tlv(0x30, &tlv(0x82, b"example.com"))));
    assert_eq!(
        three.middle_with(|ca| ca.with(Ext::new(NAME_CONSTRAINTS, false, &constraints))),
        "intermediate 1: extension_not_critical"
    );
    assert_eq!(
        three.end_with(|end| end.with(Ext::new(NAME_CONSTRAINTS, true, &constraints))),
        "target: name_constraints_not_of_ca"
    );
    // 4.2.1.11 (not held against a certificate), 4.2.1.14.
    assert_eq!(
        three.middle_with(|ca| ca.with(Ext::new(POLICY_CONSTRAINTS, false, &[0x30, 3, 0x81, 1, 0]))),
        "accepted"
    );
    assert_eq!(
        three.middle_with(|ca| ca.with(Ext::new(INHIBIT_ANY, false, &[2, 1, 0]))),
        "intermediate 1: extension_not_critical"
    );
    assert_eq!(three.middle_with(|ca| ca.with(Ext::new(INHIBIT_ANY, true, &[2, 1, 0]))), "accepted");
    // 4.2.1.15, 4.2.2.1, 4.2.2.2.
    for (oid, value) in [(AIA, &aia), (FRESHEST_CRL, &point), (&[0x2b, 6, 1, 5, 5, 7, 1, 11], &aia)] {
        assert_eq!(three.end_with(|end| end.with(Ext::new(oid, true, value))), "target: extension_critical");
        assert_eq!(three.end_with(|end| end.with(Ext::new(oid, false, value))), "accepted");
    }
}

/// Sections 4.2.1.1 and 4.2.1.2: who issued and who is issued both have the identifier, or, as authorities from before
/// they had to, neither.
#[test]
fn key_identifiers_are_used_throughout_or_not_at_all() {
    let three = Three::new();
    let bare = |draft: Draft| draft.without(SKI).without(AKI);
    let [root, middle, end] = [three.root.root(), three.middle.ca(), three.end.leaf()].map(bare);
    assert_eq!(three.judge(&root, &middle, &end), "accepted");
    for (changed, expected) in [
        ([&three.root.root(), &middle, &end], "intermediate 1: authority_key_id_missing"),
        ([&root, &three.middle.ca(), &end], "trust anchor: subject_key_id_missing"),
        ([&root, &middle, &three.end.leaf()], "intermediate 1: subject_key_id_missing"),
        ([&root, &three.middle.ca().without(AKI), &end], "target: authority_key_id_missing"),
        ([&root, &three.middle.ca().without(AKI), &three.end.leaf()], "accepted"),
        (
            [&three.root.root(), &three.middle.ca().without(SKI), &end],
            "intermediate 1: subject_key_id_missing",
        ),
    ] {
        let [root, middle, end] = changed;
        assert_eq!(three.judge(root, middle, end), expected);
    }
    // A cross-certificate as anchor: nobody can tell whether its issuer has an identifier.
    let above = Holder::new("Above");
    let end = three.end.leaf();
    let judge = |draft: Draft, end: Draft| {
        let anchor = Anchor::of_others(draft.by(&above));
        outcome(&end.by(&three.root), &[], &[anchor])
    };
    assert_eq!(judge(bare(three.root.ca()), bare(end.clone())), "accepted");
    assert_eq!(judge(three.root.ca().without(AKI), end), "trust anchor: authority_key_id_missing");
}

/// Section 3.2: an anchor that signs itself needs no authorityKeyIdentifier, whatever its names; one that another key
/// signed does.
#[test]
fn an_anchor_of_another_issuer() {
    let (above, root, end) = (Holder::new("Above"), Holder::new("Root"), Holder::new("End"));
    let end = end.leaf().by(&root);
    let judge = |anchor: Certificate| outcome(&end, &[], &[Anchor::of_others(anchor)]);
    assert_eq!(judge(root.ca().by(&above)), "accepted");
    assert_eq!(judge(root.root().by(&above)), "trust anchor: authority_key_id_missing");
    let odd = Draft { issuer: Some(name("Somebody")), ..root.root() };
    assert_eq!(judge(odd.by(&root)), "accepted");
}

/// Section 4.2.1.6: the preferred name syntax.
#[test]
fn dns_names() {
    let three = Three::new();
    let label = "a".repeat(63);
    for right in
        ["a", "example.com", "EXAMPLE.com", "xn--bcher-kva.example", "*.example.com", "3com.com", &label]
    {
        assert_eq!(three.end_with(|end| end.dns(false, &[right])), "accepted", "{right}");
    }
    for wrong in [
        "a_b.com",
        "-a.com",
        "a-.com",
        "a..com",
        ".a.com",
        "a.com.",
        "*",
        "a.*.com",
        "b*.com",
        "1.2.3.4",
        "*.4",
        "a b",
        &"a".repeat(64),
    ] {
        let names = ["example.com", wrong];
        assert_eq!(three.end_with(|end| end.dns(false, &names)), "target: dns_name_invalid", "{wrong}");
    }
    let address = Ext::new(SAN, false, &tlv(0x30, &tlv(0x87, &[127, 0, 0, 1])));
    assert_eq!(three.end_with(|end| end.with(address)), "accepted");
}

/// The target's own key, too: nothing is signed with it here, but what it will sign is verified one day.
#[test]
fn keys_and_algorithms_are_refused_by_name() {
    let three = Three::new();
    let dsa = tlv(0x30, &tlv(6, &[0x2a, 0x86, 0x48, 0xce, 0x38, 4, 1]));
    let spki = tlv(0x30, &[dsa, tlv(3, &[0, 2, 1, 7])].concat());
    let change = |draft: Draft| Draft { spki: spki.clone(), ..draft };
    assert_eq!(three.end_with(change), "target: key_dsa");
    assert_eq!(three.middle_with(change), "intermediate 1: key_dsa");
    assert_eq!(three.root_with(change), "trust anchor: key_dsa");
    let sha1 = tlv(0x30, &tlv(6, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 1]));
    let der = three.end.leaf().der(&three.root);
    let algorithm = three.root.key.signature_algorithm().unwrap();
    let weak = replaced(&der, &algorithm, &sha1);
    let weak = Certificate::parse(&weak).unwrap();
    assert_eq!(outcome(&weak, &[], &[three.root.root().anchor(&three.root)]), "target: algorithm_sha1");
}

#[test]
fn a_key_that_nothing_is_verified_with_is_a_key_too() {
    let three = Three::new();
    let of = |spki: Vec<u8>| three.end_with(|draft| Draft { spki, ..draft });
    let spki = three.end.leaf().spki;
    // One bit of y.
    let mut off_curve = spki.clone();
    *off_curve.last_mut().unwrap() ^= 1;
    assert_eq!(of(spki), "accepted");
    assert_eq!(of(off_curve), "target: key_point");
    // RSA: ring takes exponents of 33 bits.
    let rsa = |exponent: &[u8]| {
        let modulus = tlv(2, &[&[0][..], &[0xff; 256]].concat());
        let key = tlv(0x30, &[modulus, tlv(2, exponent)].concat());
        let algorithm = tlv(0x30, &[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 5, 0]);
        of(tlv(0x30, &[algorithm, tlv(3, &[&[0][..], &key].concat())].concat()))
    };
    assert_eq!(rsa(&[1, 0, 1]), "accepted");
    assert_eq!(rsa(&[1, 0xff, 0xff, 0xff, 0xff]), "accepted");
    assert_eq!(rsa(&[2, 0, 0, 0, 1]), "target: key_rsa_exponent");
}

/// Puts one encoding for another of nearly the same length, and mends the two lengths around it.
fn replaced(der: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let mut outer = madoguchi_cert_verify::der::Reader::new(der).sequence().unwrap();
    let change = |octets: &[u8]| {
        let place = octets.windows(old.len()).position(|window| window == old).unwrap();
        [&octets[..place], new, &octets[place + old.len()..]].concat()
    };
    let tbs = tlv(0x30, &change(outer.read().unwrap().value));
    assert_eq!(outer.read().unwrap().whole, old);
    tlv(0x30, &[&tbs[..], new, outer.rest()].concat())
}

#[test]
fn validity_may_be_over_before_1970() {
    let three = Three::new();
    let target = |not_after: (u8, &[u8])| {
        let times = [tlv(0x17, b"500101000000Z"), tlv(not_after.0, not_after.1)].concat();
        Draft { validity: tlv(0x30, &times), ..three.end.leaf() }.by(&three.root)
    };
    let always = three.root.root().valid("500101000000Z", "491231235959Z").anchor(&three.root);
    let first = UnixTime::since_unix_epoch(Duration::ZERO);
    for (not_after, expected) in [
        ((0x17, &b"550101000000Z"[..]), "target: expired"),
        ((0x18, b"19691231235959Z"), "target: expired"),
        ((0x17, b"700101000000Z"), "accepted"),
        ((0x18, b"19700101000000Z"), "accepted"),
    ] {
        let (target, settings) = (target(not_after), PathSettings::default());
        let (mut budget, anchors) = (Budget::default(), from_ref(&always));
        let found = verify_chain(&target, &[], anchors, &settings, first, &mut budget, &mut NoObserver);
        assert_eq!(support::chain::said(found), expected, "{not_after:?}");
    }
}

#[test]
fn generalized_time_is_readable_through_2049_too() {
    let three = Three::new();
    let early = tlv(0x30, &[tlv(0x18, b"20260101000000Z"), tlv(0x17, b"270101000000Z")].concat());
    assert_eq!(three.end_with(|end| Draft { validity: early, ..end }), "accepted");
    let good = validity("260101000000Z", "270101000000Z");
    assert_eq!(three.end_with(|end| Draft { validity: good, ..end }), "accepted");
}
