//! The profile `jpki-auth` on cards of the test PKI.

use std::time::Duration;

use madoguchi_test_pki::{
    AUTH_POLICY, CardOptions, CertificateFault, Extension, KeyKind, Options, SIGN_POLICY, TestPki,
};
use madoguchi_tests::town::random;

use super::world::{AT, DAY, NOW, World, at};

/// A world with the files of a card beside.
fn world() -> World {
    let world = World::new();
    let options = Options { authority_key: KeyKind::P256, ..Options::default() };
    let mut pki = TestPki::create(&options, at(NOW - 30 * DAY), random()).expect("a PKI");
    let mut card = |fault| {
        let options = CardOptions { key: KeyKind::P256, fault, ..CardOptions::default() };
        pki.issue_card(&options, at(NOW - DAY), random()).expect("a card")
    };
    let right = card(None);
    world.file("auth", &right.auth_certificate);
    world.file("sign", &right.sign_certificate);
    world.file("no-purpose", &card(Some(CertificateFault::MissingExtendedKeyUsage)).auth_certificate);
    world.file("auth-ca", pki.auth_ca());
    world.file("sign-ca", pki.sign_ca());
    for (file, age, due) in [("fresh", 1, 3), ("aged", 3, 3)] {
        let days = Duration::from_secs((age + due) * DAY);
        let lists = pki.crls(at(NOW - age * DAY), days, random()).expect("lists");
        world.file(file, &lists[0].1);
    }
    world
}

#[test]
fn a_certificate_for_user_authentication_and_nothing_else() {
    let world = world();
    let jpki = |more: &[&str]| world.run(&[&["--at", AT, "--profile", "jpki-auth"], more].concat());
    jpki(&["--policy", AUTH_POLICY, "--anchor", "auth-ca", "auth"]).is("accepted", None);
    // The production policy unless replaced.
    jpki(&["--anchor", "auth-ca", "auth"]).is("rejected", Some("policy_missing"));
    let two = jpki(&["--policy", "1.2.3", "--policy", AUTH_POLICY, "--anchor", "auth-ca", "auth"]);
    two.is("accepted", None);
    let sign = jpki(&["--policy", SIGN_POLICY, "--anchor", "sign-ca", "sign"]);
    sign.is("rejected", Some("key_usage_not_authentication"));
    let purpose = jpki(&["--policy", AUTH_POLICY, "--anchor", "auth-ca", "no-purpose"]);
    purpose.is("rejected", Some("not_for_client_auth"));
    let production_sign = jpki(&["--policy", "1.2.392.200149.8.5.1.1.20", "--anchor", "auth-ca", "auth"]);
    production_sign.is("rejected", Some("policy_of_signature_certificate"));
    // The general profile asks nothing of the kind.
    for (anchor, certificate) in [("sign-ca", "sign"), ("auth-ca", "auth"), ("auth-ca", "no-purpose")] {
        world.run(&["--at", AT, "--anchor", anchor, certificate]).is("accepted", None);
    }
}

/// CAs between count as in the general profile: what they rule out does not authenticate.
#[test]
fn the_path_is_valid_for_the_policy_too() {
    let world = World::new();
    let policy = |oid: &str| Extension::certificate_policies(oid, "https://test.invalid/").expect("a policy");
    let client = || Extension::ext_key_usage("1.3.6.1.5.5.7.3.2").expect("a purpose");
    let server = || Extension::ext_key_usage("1.3.6.1.5.5.7.3.1").expect("a purpose");
    let points = Extension::crl_distribution_points(&world.ca.name);
    world.file("end", &world.ca.certify(&world.end, 3, false, vec![policy("1.2.3"), client(), points]));
    for (extensions, verdict, error) in [
        (vec![policy("1.2.3")], "accepted", None),
        (vec![policy("1.2.3"), client()], "accepted", None),
        (vec![policy("1.2.4")], "rejected", Some("policy_missing")),
        (vec![], "rejected", Some("policy_missing")),
        (vec![policy("1.2.3"), server()], "rejected", Some("purpose_not_allowed")),
    ] {
        world.file("ca", &world.root.certify(&world.ca, 2, true, extensions));
        world.verify(&["--profile", "jpki-auth", "--policy", "1.2.3"]).is(verdict, error);
    }
}

#[test]
fn only_here_sources_have_an_age_limit() {
    let world = world();
    let common = ["--at", AT, "--anchor", "auth-ca", "--require-revocation", "auth", "--policy", AUTH_POLICY];
    for (list, profile, verdict, error) in [
        ("fresh", "rfc5280", "accepted", None),
        ("fresh", "jpki-auth", "accepted", None),
        ("aged", "rfc5280", "accepted", None),
        ("aged", "jpki-auth", "undetermined", Some("crl_too_old")),
    ] {
        let judged = world.run(&[&common[..], &["--crl", list, "--profile", profile]].concat());
        judged.is(verdict, error);
    }
}
