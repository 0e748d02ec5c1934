//! Finding paths: several anchors, an unordered pool that may hold anything, bounded work, the most telling error.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::slice::from_ref;

use madoguchi_cert_verify::{
    Anchor, Budget, Certificate, Check, Error, KeyKind, Name, NoObserver, Observer, PathError, PathSettings,
    Place, VerifiedChain, verify_chain, verify_chain_where,
};

use support::chain::{Draft, Holder, name, outcome, outcome_with, said};
use support::{AKI, Ext, SKI, now, tlv};

/// A certificate that says nothing about keys: every holder of the right name may have issued it.
fn silent(draft: Draft) -> Draft {
    draft.with(Ext::new(AKI, false, &tlv(0x30, &tlv(0x80, &SHARED)))).with(Ext::new(
        SKI,
        false,
        &tlv(4, &SHARED),
    ))
}

const SHARED: [u8; 20] = [7; 20];

/// Holders of one name with different keys.
fn namesakes(common_name: &str, count: usize) -> Vec<Holder> {
    (0..count).map(|_| Holder::new(common_name)).collect()
}

#[test]
fn the_pool_is_in_no_order_and_holds_anything() {
    let [root, a, b, end, other] = ["Root", "A", "B", "End", "Other"].map(Holder::new);
    let anchor = root.root().anchor(&root);
    let target = end.leaf().by(&b);
    let mut pool = vec![
        b.ca().by(&a),
        other.ca().by(&other),
        root.root().by(&root),
        target.clone(),
        a.ca().by(&root),
        b.ca().by(&other),
        a.ca().by(&b),
    ];
    for _ in 0..pool.len() {
        pool.rotate_left(1);
        assert_eq!(outcome(&target, &pool, from_ref(&anchor)), "accepted");
    }
}

#[test]
fn the_chain_tells_who_issued_whom() {
    let [root, a, end] = ["Root", "A", "End"].map(Holder::new);
    let (anchors, pool, target) = ([root.root().anchor(&root)], [a.ca().by(&root)], end.leaf().by(&a));
    let mut budget = Budget::default();
    let settings = PathSettings::default();
    let chain =
        verify_chain(&target, &pool, &anchors, &settings, now(), &mut budget, &mut NoObserver).unwrap();
    assert_eq!(chain.certificates(), [&pool[0], &target]);
    assert_eq!(chain.anchor().name(), anchors[0].name());
    let links: Vec<_> = chain.links().collect();
    assert_eq!(links, [(anchors[0].certificate(), &pool[0]), (&pool[0], &target)]);
    assert_eq!(format!("{chain:?}"), "VerifiedChain { certificates: 2, .. }", "nothing of a person");
}

#[test]
fn the_key_identifier_chooses_and_every_match_is_tried() {
    let end = Holder::new("End");
    let roots = namesakes("Root", 4);
    let anchors: Vec<Anchor> = roots.iter().map(|root| root.root().anchor(root)).collect();
    for root in &roots {
        // One signature: the others are not asked.
        let target = end.leaf().by(root);
        let mut budget = Budget::new(2, 1_000);
        let settings = PathSettings::default();
        let found = verify_chain(&target, &[], &anchors, &settings, now(), &mut budget, &mut NoObserver);
        assert_eq!(said(found), "accepted");
    }
    // Of two with one key identifier, issuer and serial number tell.
    let numbered = |root: &Holder, serial| Draft { serial: tlv(2, &[serial]), ..root.root() };
    let shared = |draft: Draft| draft.with(Ext::new(SKI, false, &tlv(4, &SHARED)));
    let named = |serial| {
        let issuer = tlv(0xa1, &tlv(0xa4, &name("Root")));
        let authority = [tlv(0x80, &SHARED), issuer, tlv(0x82, &[serial])].concat();
        end.leaf().with(Ext::new(AKI, false, &tlv(0x30, &authority)))
    };
    let two =
        [shared(numbered(&roots[0], 1)).anchor(&roots[0]), shared(numbered(&roots[1], 2)).anchor(&roots[1])];
    for (serial, root) in [(1, &roots[0]), (2, &roots[1])] {
        let (target, settings) = (named(serial).by(root), PathSettings::default());
        let mut budget = Budget::new(2, 1_000);
        let found = verify_chain(&target, &[], &two, &settings, now(), &mut budget, &mut NoObserver);
        assert_eq!(said(found), "accepted", "{serial}");
    }
    // The same key identifier everywhere: it is a hint, and nothing is lost.
    let anchors: Vec<Anchor> =
        roots.iter().map(|root| silent(root.root()).without(AKI).anchor(root)).collect();
    for root in &roots {
        assert_eq!(outcome(&silent(end.leaf()).by(root), &[], &anchors), "accepted");
    }
    // RFC 5280 section 4.2.1.2: another key identifier is another key.
    let target = silent(end.leaf()).by(&roots[0]);
    let anchor = roots[0].root().anchor(&roots[0]);
    assert_eq!(outcome(&target, &[], &[anchor]), "target: authority_key_unknown");
}

#[test]
fn an_expired_twin_and_a_longer_way_do_no_harm() {
    let [root, old_root, a, end] = ["Root", "Old root", "A", "End"].map(Holder::new);
    let target = end.leaf().by(&a);
    let expired = a.ca().valid("250101000000Z", "251231235959Z").by(&root);
    let pool = [expired.clone(), a.ca().by(&root)];
    let anchor = root.root().anchor(&root);
    assert_eq!(outcome(&target, &pool, from_ref(&anchor)), "accepted");
    assert_eq!(outcome(&target, &pool[..1], from_ref(&anchor)), "intermediate 1: expired");
    // The root is also certified by an old root that has expired.
    let old = old_root.root().valid("250101000000Z", "251231235959Z").anchor(&old_root);
    let pool = [root.ca().by(&old_root), a.ca().by(&root)];
    assert_eq!(outcome(&target, &pool, &[old.clone(), anchor]), "accepted");
    assert_eq!(outcome(&target, &pool, &[old]), "trust anchor: anchor_expired");
}

#[test]
fn circles_end() {
    let [root, a, b, end] = ["Root", "A", "B", "End"].map(Holder::new);
    let target = end.leaf().by(&a);
    let circle = [a.ca().by(&b), b.ca().by(&a)];
    let anchor = root.root().anchor(&root);
    assert_eq!(outcome(&target, &circle, from_ref(&anchor)), "intermediate 2: issuer_unknown");
    // With a way out of it.
    let way_out = [a.ca().by(&b), b.ca().by(&a), b.ca().by(&root)];
    assert_eq!(outcome(&target, &way_out, from_ref(&anchor)), "accepted");
    // Nobody is in a path twice: there is one path, and it is judged once.
    let expired = end.leaf().valid("250101000000Z", "251231235959Z").by(&a);
    let (mut budget, mut protocol) = (Budget::default(), Protocol::default());
    let (settings, anchors) = (PathSettings::default(), [anchor]);
    let found = verify_chain(&expired, &way_out, &anchors, &settings, now(), &mut budget, &mut protocol);
    assert_eq!(said(found), "target: expired");
    let paths: Vec<&String> = protocol.0.iter().filter(|line| line.starts_with("path")).collect();
    assert_eq!(paths, ["path of 3"]);
}

#[test]
fn paths_are_not_longer_than_the_settings_say() {
    let holders: Vec<Holder> = (0..6).map(|number| Holder::new(&format!("CA {number}"))).collect();
    let pool: Vec<Certificate> = holders.windows(2).map(|two| two[1].ca().by(&two[0])).collect();
    let target = Holder::new("End").leaf().by(&holders[5]);
    let anchors = [holders[0].root().anchor(&holders[0])];
    let limited = |max_certificates| PathSettings { max_certificates, ..PathSettings::default() };
    assert_eq!(outcome_with(&target, &pool, &anchors, &limited(6)), "accepted");
    assert_eq!(outcome_with(&target, &pool, &anchors, &limited(5)), "intermediate 4: path_too_long");
    let direct = Holder::new("Direct").leaf().by(&holders[0]);
    assert_eq!(outcome_with(&direct, &pool, &anchors, &limited(1)), "accepted");
    assert_eq!(outcome_with(&target, &pool, &[], &limited(3)), "intermediate 2: path_too_long");
}

#[test]
fn l5_a_cloud_of_namesakes_is_looked_at_within_the_budget() {
    // Everybody certifies everybody, with one key identifier, and the anchor's name is among theirs.
    let cloud = namesakes("Cloud", 12);
    let pool: Vec<Certificate> =
        cloud.iter().flat_map(|issuer| cloud.iter().map(|subject| silent(subject.ca()).by(issuer))).collect();
    let target = silent(Holder::new("End").leaf()).by(&cloud[0]);
    let stranger = Holder::new("Cloud");
    let anchors = [silent(stranger.root()).anchor(&stranger)];
    let settings = PathSettings::default();
    let mut budget = Budget::new(1_000, 1_000_000);
    let found = verify_chain(&target, &pool, &anchors, &settings, now(), &mut budget, &mut NoObserver);
    assert!(said(found).ends_with(": budget_spent"));
    // A signature is checked once for each certificate and anchor, not once for each path.
    let spent = 1_000 - budget.signatures_left();
    assert!(spent <= 2 * u64::try_from(pool.len() + 1).unwrap(), "{spent}");
    // Few signatures are enough to stop at.
    let mut budget = Budget::new(10, 1_000_000);
    let found = verify_chain(&target, &pool, &anchors, &settings, now(), &mut budget, &mut NoObserver);
    assert!(said(found).ends_with(": budget_spent"));
    assert!(budget.steps_left() > 900_000);
    // Without the anchor's name no signature is checked at all, and every certificate is looked at once.
    let elsewhere = Holder::new("Elsewhere");
    let anchors = [elsewhere.root().anchor(&elsewhere)];
    let mut budget = Budget::new(0, 60_000);
    let found = verify_chain(&target, &pool, &anchors, &settings, now(), &mut budget, &mut NoObserver);
    assert!(said(found).ends_with(": path_too_long"));
}

#[test]
fn a_path_is_tried_as_soon_as_it_is_found() {
    let [root, a, end, other] = ["Root", "A", "End", "Other"].map(Holder::new);
    let anchors = [root.root().anchor(&root)];
    // Whoever is called like the issuers is above them, too, and looking at all of that costs 300 times 300.
    let numbered = |draft: Draft, number: u16| {
        let [high, low] = number.to_be_bytes();
        Draft { serial: tlv(2, &[1, high, low]), ..draft }
    };
    let mut pool: Vec<Certificate> = (0..300)
        .map(|number| silent(numbered(root.ca(), number)).without(AKI).without(SKI).by(&other))
        .collect();
    pool.push(a.ca().by(&root));
    pool.extend((300..320).map(|number| silent(numbered(other.ca(), number)).by(&root)));
    let settings = PathSettings::default();
    for target in [end.leaf().by(&root), end.leaf().by(&a)] {
        let mut budget = Budget::new(10, 2_000);
        let found = verify_chain(&target, &pool, &anchors, &settings, now(), &mut budget, &mut NoObserver);
        assert_eq!(said(found), "accepted");
    }
    // When that path does not hold, everything is looked at.
    let expired = end.leaf().valid("250101000000Z", "251231235959Z").by(&root);
    let mut budget = Budget::new(10, 2_000);
    let found = verify_chain(&expired, &pool, &anchors, &settings, now(), &mut budget, &mut NoObserver);
    assert_eq!(said(found), "target: budget_spent");
}

#[test]
fn an_anchors_own_signature_is_not_checked_without_need() {
    let [above, root, end] = ["Above", "Root", "End"].map(Holder::new);
    let (target, settings) = (end.leaf().by(&root), PathSettings::default());
    let judge = |anchor: Anchor, signatures| {
        let (mut budget, anchors) = (Budget::new(signatures, 1_000), [anchor]);
        said(verify_chain(&target, &[], &anchors, &settings, now(), &mut budget, &mut NoObserver))
    };
    assert_eq!(judge(root.root().anchor(&root), 2), "accepted");
    assert_eq!(judge(root.ca().anchor(&above), 2), "accepted");
    let odd = Draft { issuer: Some(name("Somebody")), ..root.root() };
    assert_eq!(judge(odd.anchor(&root), 4), "accepted");
    assert_eq!(judge(odd.anchor(&root), 2), "target: budget_spent");
}

#[test]
fn name_constraints_are_counted_before_the_work() {
    let [root, end] = ["Root", "End"].map(Holder::new);
    let names: Vec<String> = (0..400).map(|number| format!("n{number}.example.com")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let target = end.leaf().dns(false, &names).by(&root);
    let anchors = [root.root().permits("example.com").anchor(&root)];
    let settings = PathSettings::default();
    let mut enough = Budget::new(10, 410);
    let found = verify_chain(&target, &[], &anchors, &settings, now(), &mut enough, &mut NoObserver);
    assert_eq!(said(found), "accepted");
    let mut little = Budget::new(10, 390);
    let found = verify_chain(&target, &[], &anchors, &settings, now(), &mut little, &mut NoObserver);
    assert_eq!(said(found), "target: budget_spent");
}

#[test]
fn the_most_telling_error_is_reported() {
    let [root, middle, end] = ["Root", "Middle", "End"].map(Holder::new);
    let anchor = root.root().anchor(&root);
    let stranger = Holder::new("Stranger");
    let target = silent(end.leaf()).by(&middle);
    // A dead end, a wrong key, and a rule near the target: the last one tells the most.
    let of_key = |draft: Draft| draft.with(Ext::new(SKI, false, &tlv(4, &SHARED)));
    let dead_end = of_key(middle.ca()).by(&stranger);
    let wrong_key = Draft { spki: stranger.ca().spki, ..of_key(middle.ca()) }.by(&root);
    let expired = of_key(middle.ca()).valid("250101000000Z", "251231235959Z").by(&root);
    let judge = |pool: &[&Certificate]| {
        let pool: Vec<Certificate> = pool.iter().copied().cloned().collect();
        let mut backwards = pool.clone();
        backwards.reverse();
        let said = outcome(&target, &pool, from_ref(&anchor));
        assert_eq!(said, outcome(&target, &backwards, from_ref(&anchor)), "the order does not matter");
        said
    };
    assert_eq!(judge(&[]), "target: issuer_unknown");
    assert_eq!(judge(&[&dead_end]), "intermediate 1: issuer_unknown");
    assert_eq!(judge(&[&dead_end, &wrong_key]), "target: signature_invalid");
    assert_eq!(judge(&[&dead_end, &wrong_key, &expired]), "intermediate 1: expired");
}

#[test]
fn a_path_that_the_caller_refuses_is_not_the_answer() {
    let [root, a, end] = ["Root", "A", "End"].map(Holder::new);
    let (first, second) = (a.ca().by(&root), Draft { serial: tlv(2, &[2]), ..a.ca() }.by(&root));
    let (pool, target, anchors) = ([first, second], end.leaf().by(&a), [root.root().anchor(&root)]);
    let settings = PathSettings::default();
    let judge = |refused: &[&[u8]]| {
        let mut accepts = |chain: &VerifiedChain<'_>, _: &mut Budget| {
            let issuer = chain.certificates()[0];
            if !refused.contains(&issuer.serial()) {
                return Ok(());
            }
            let (place, subject) = (Place::Intermediate(1), issuer.subject().clone());
            Err(PathError { place, subject, error: Error::CrlIsDelta })
        };
        let mut budget = Budget::default();
        let found = verify_chain_where(
            &target,
            &pool,
            &anchors,
            &settings,
            now(),
            &mut budget,
            &mut NoObserver,
            &mut accepts,
        );
        found.map(|chain| chain.certificates()[0].serial().to_vec()).map_err(|error| error.code())
    };
    assert_eq!(judge(&[&[1]]), Ok(vec![2]));
    assert_eq!(judge(&[&[2]]), Ok(vec![1]));
    assert_eq!(judge(&[&[1], &[2]]), Err("crl_is_delta"));
}

/// Writes down what it sees.
#[derive(Default)]
struct Protocol(Vec<String>);

impl Observer for Protocol {
    fn path(&mut self, _: &Certificate, certificates: &[&Certificate]) {
        self.0.push(format!("path of {}", certificates.len()));
    }

    fn checked(&mut self, place: Place, _: &Name, check: Check, result: Result<(), &Error>) {
        let result = result.map_or_else(Error::code, |()| "ok");
        self.0.push(format!("{place}: {check}: {result}"));
    }
}

#[test]
fn every_check_is_shown_in_its_order() {
    let [root, end] = ["Root", "End"].map(Holder::new);
    let target = end.leaf().dns(false, &["a_b"]).by(&root);
    let anchors = [root.root().anchor(&root)];
    let (mut budget, mut protocol) = (Budget::default(), Protocol::default());
    let settings = PathSettings::default();
    let found = verify_chain(&target, &[], &anchors, &settings, now(), &mut budget, &mut protocol);
    let error = found.unwrap_err();
    assert_eq!(error.to_string(), "target: a dNSName is not in the preferred name syntax");
    assert_eq!(&error.subject, target.subject());
    assert_eq!(
        protocol.0,
        [
            "path of 1",
            "trust anchor: form of the certificate (section 4): ok",
            "trust anchor: kind of public key: ok",
            "trust anchor: validity (6.1.3 a2): ok",
            "trust anchor: basic constraints (6.1.4 k): ok",
            "trust anchor: key usage (6.1.4 n): ok",
            "trust anchor: critical extensions (6.1.4 o, 6.1.5 f): ok",
            "trust anchor: extended key usage (4.2.1.12): ok",
            "trust anchor: certificate policies (6.1.3 d-f): ok",
            "target: form of the certificate (section 4): dns_name_invalid",
        ]
    );
    let target = end.leaf().by(&root);
    let mut protocol = Protocol::default();
    let found = verify_chain(&target, &[], &anchors, &settings, now(), &mut budget, &mut protocol);
    assert_eq!(said(found), "accepted");
    assert_eq!(
        protocol.0[9..],
        [
            "target: form of the certificate (section 4): ok",
            "target: kind of public key: ok",
            "target: signature (6.1.3 a1): ok",
            "target: validity (6.1.3 a2): ok",
            "target: issuer's name (6.1.3 a4): ok",
            "target: name constraints (6.1.3 b c): ok",
            "target: certificate policies (6.1.3 d-f): ok",
            "target: critical extensions (6.1.4 o, 6.1.5 f): ok",
            "target: extended key usage (4.2.1.12): ok",
            "target: required policies (6.1.5 g): ok",
        ]
    );
}

#[test]
fn ed25519_and_the_other_hash_of_a_curve() {
    for (root, end, kind) in [
        (ED25519_ROOT, ED25519_END, KeyKind::Ed25519),
        (P384_SHA256_ROOT, P384_SHA256_END, KeyKind::EcP384),
        (P256_SHA384_ROOT, P256_SHA384_END, KeyKind::EcP256),
    ] {
        let read = |hex: &str| Certificate::parse(&octets(hex)).unwrap();
        let (anchor, target) = (Anchor::of_others(read(root)), read(end));
        assert_eq!(anchor.public_key().kind(), kind);
        assert_eq!(outcome(&target, &[], &[anchor]), "accepted", "{kind:?}");
        let mut wrong = octets(end);
        *wrong.last_mut().unwrap() ^= 1;
        let target = Certificate::parse(&wrong).unwrap();
        assert_eq!(outcome(&target, &[], &[Anchor::of_others(read(root))]), "target: signature_invalid");
        // An operator's anchor uses the hash that its key prescribes.
        let prescribed = outcome(&read(end), &[], &[Anchor::new(&octets(root)).unwrap()]);
        let expected = if kind == KeyKind::Ed25519 { "accepted" } else { "target: algorithm_not_allowed" };
        assert_eq!(prescribed, expected, "{kind:?}");
    }
}

fn octets(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

#[test]
fn names_of_nobody() {
    // Two certificates without a subject never chain by their emptiness alone.
    let nobody = Holder::new("Nobody").renamed(vec![0x30, 0]);
    let target = Draft { issuer: Some(name("Root")), ..Holder::new("End").leaf() }.by(&nobody);
    assert_eq!(outcome(&target, &[], &[nobody.root().anchor(&nobody)]), "target: issuer_unknown");
}

// Made once with the Python package `cryptography`; the keys were thrown away.
const ED25519_ROOT: &str = "
    308201083081bba003020102020101300506032b6570300c310a300806035504030c0152301e170d323630313031303030303030
    5a170d3436303130313030303030305a300c310a300806035504030c0152302a300506032b65700321002488c5af7950203be3b6
    4e5fb38c280c5a7646200d892018f370966baf01fe55a3423040300f0603551d130101ff040530030101ff300e0603551d0f0101
    ff040403020106301d0603551d0e0416041498ed9662c18d14c30d6fd8556ef5ac4163082b1b300506032b657003410022ef7715
    4e98accddded2021927fd4e5137a4b8217b7aca27e326be21d884dd036e4d8c4f8636d5eb8666a3926ff2ee807dcc82f7f2948b3
    638c605286128c01";
const ED25519_END: &str = "
    3081e930819ca003020102020102300506032b6570300c310a300806035504030c0152301e170d3236303130313030303030305a
    170d3436303130313030303030305a300c310a300806035504030c0145302a300506032b65700321002f664cc7639bcc5de48af2
    a2f965769ca0255cd41c9c60e5d9b21c922c27d2a9a3233021301f0603551d2304183016801498ed9662c18d14c30d6fd8556ef5
    ac4163082b1b300506032b6570034100d0a409512a27c6469d3352875c1ebb4031376916056ceca02de224a15a27b42a256a4650
    808f25350a363e363dbe5aa5ac63bc1fcbe83c26fafa38e80a14170f";
const P384_SHA256_ROOT: &str = "
    308201863082010ca003020102020101300a06082a8648ce3d040302300c310a300806035504030c0152301e170d323630313031
    3030303030305a170d3436303130313030303030305a300c310a300806035504030c01523076301006072a8648ce3d020106052b
    8104002203620004a5006e07dc409ca0658a128fc586249118424986bd0e20ddb5e26305161aae27197e9ebfded3c71cce2b61f9
    8a342d7ac3109317d67ffc724554cc371e910ecdf508e6dc209e464aa8ac045f027a212975e736978726afe48bea8c633e3c8c18
    a3423040300f0603551d130101ff040530030101ff300e0603551d0f0101ff040403020106301d0603551d0e04160414acbfe16b
    4c2a713c8cd1aeeeadbafcbb4a5e1170300a06082a8648ce3d040302036800306502303530bfbf029c2552589ade2666e3afbd34
    d37e8c897036814e90079710c7943f088a62bdcd86f01372d23bb4cf9058cd023100dde5e1fad043212e6a6ca13fae68376283be
    a8eb63558d22febce4d5e51e894e56ae9f0250ed4cf9a18267c9c7e87fca";
const P384_SHA256_END: &str = "
    308201663081eda003020102020102300a06082a8648ce3d040302300c310a300806035504030c0152301e170d32363031303130
    30303030305a170d3436303130313030303030305a300c310a300806035504030c01453076301006072a8648ce3d020106052b81
    04002203620004846da87927f3533523577611a7c15a64e3c8fe962ae00609218f0bfd04e79081ce680a02e1f2e6b1dc4b684b10
    bbead3281f83ba4c8b6089ec9fc06097422c63e9ec905331f90cfd8eb3a24f9afa2cd6b1a78c7d3340f1e30269ac6716c0c1efa3
    233021301f0603551d23041830168014acbfe16b4c2a713c8cd1aeeeadbafcbb4a5e1170300a06082a8648ce3d04030203680030
    6502310080d505448577bfa7f3760882b9abb44bd323a74abf79c34e693eaedf3d190d63af7108ece33c07bbed02e5976c79850e
    023005961c171d719492ad8c28f7c0f1ddd0a2e98388f2f614e96b72a3f32e93bc5d1865efed5dea73f4176c8914fa35ff34";
const P256_SHA384_ROOT: &str = "
    308201493081efa003020102020101300a06082a8648ce3d040303300c310a300806035504030c0152301e170d32363031303130
    30303030305a170d3436303130313030303030305a300c310a300806035504030c01523059301306072a8648ce3d020106082a86
    48ce3d03010703420004ecf9dbc99f2cae1ff76867c223ac9a9df5583fb39cf1289a7ab30a19702a5a4c3d695d0408fe2ab64bb4
    46292d5c46fec6bc9e69e79988ebb555b77b2994fd7ca3423040300f0603551d130101ff040530030101ff300e0603551d0f0101
    ff040403020106301d0603551d0e04160414b867fa9fd9179f8215b1a067db3d1628bde0ecfc300a06082a8648ce3d0403030349
    003046022100ee92adc0c80c7014bfd71f291741cf3090bfa79fb0fe9ade1d3c32ee2b854b750221008e3b07b2a654ab7581aceb
    61f724e704059462af82f6b90594581cd34896cf3c";
const P256_SHA384_END: &str = "
    308201293081d0a003020102020102300a06082a8648ce3d040303300c310a300806035504030c0152301e170d32363031303130
    30303030305a170d3436303130313030303030305a300c310a300806035504030c01453059301306072a8648ce3d020106082a86
    48ce3d030107034200044e4129e001a5a60134ee91f293753c6105691bdfce9de6a7831913fd85b502059ffcda586e2a8ba0312b
    7138d818787f5364877e317df94d79289607fe4b1f45a3233021301f0603551d23041830168014b867fa9fd9179f8215b1a067db
    3d1628bde0ecfc300a06082a8648ce3d0403030348003045022100d9364cd137fe1501be18d79320fce7a8d002451e6033597be0
    c1f49ae5a867a0022013b78c2e09ab4aef936124ba075bd32aa109ede6ff1c09a978e0686f462dbce5";
