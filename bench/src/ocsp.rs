//! Judging an OCSP response: signed by the issuer itself (one signature), and by a responder whose certificate comes
//! with it (two).

use std::hint::black_box;
use std::time::Duration;

use madoguchi_cert_verify::{
    Budget, Certificate, NoncePolicy, OcspAnswer, OcspQuestion, OcspResponse, OcspSettings,
    ResponderStanding, check_ocsp,
};
use madoguchi_test_pki::{
    OcspCertId, OcspResponderId, OcspResponseBuilder, OcspSingle, OcspStatus, PrivateKey,
};
use rustls_pki_types::UnixTime;

use crate::rounds::{Work, print};
use crate::world::{Bare, KINDS, World, now};

pub(crate) fn run() {
    for (name, kind, calls) in KINDS {
        of(name, &World::of(kind), calls);
    }
}

fn of(name: &str, world: &World, calls: u32) {
    let certificate = Certificate::parse(&world.card.auth_certificate).expect("read");
    let issuer = Certificate::parse(world.pki.auth_ca()).expect("read");
    let (issuer_key, responder_key) = (world.pki.auth_ca_key(), world.pki.responder_key());
    let builder = |key: &PrivateKey, certificates| OcspResponseBuilder {
        response_type: "1.3.6.1.5.5.7.48.1.1".to_owned(),
        version: None,
        responder: OcspResponderId::of_key(key),
        produced_at: now(),
        singles: vec![OcspSingle {
            cert_id: OcspCertId::sha1(issuer.subject().der(), issuer_key.public_key(), serial(&certificate)),
            status: OcspStatus::Good,
            this_update: now(),
            next_update: Some(UnixTime::since_unix_epoch(Duration::from_secs(now().as_secs() + 600))),
            extensions: Vec::new(),
        }],
        extensions: Vec::new(),
        algorithm: None,
        certificates,
    };
    let algorithms = world.anchors[0].algorithms();
    let question = OcspQuestion {
        certificate: &certificate,
        issuer_key: issuer.public_key(),
        algorithms,
        nonce: NoncePolicy::Ignore,
    };
    let judge = |response: &[u8]| {
        let (mut budget, settings) = (Budget::default(), OcspSettings::default());
        let response = OcspResponse::parse(black_box(response)).expect("read");
        let standing = |_: &Certificate| ResponderStanding::Good;
        let answer = check_ocsp(&response, &question, &settings, &standing, now(), &mut budget);
        assert!(matches!(answer, Ok(OcspAnswer::Good(_))), "{answer:?}");
    };
    let responder = world.pki.responder_certificate().to_vec();
    let direct = builder(issuer_key, Vec::new());
    let delegated =
        builder(responder_key, vec![responder]).sign(responder_key, &world.random).expect("signed");
    let tbs = direct.to_tbs().expect("a response");
    let signature = issuer_key.sign(&tbs, &world.random).expect("a signature");
    let bare = Bare::of_message(issuer_key, &tbs, &signature);
    let direct = direct.sign(issuer_key, &world.random).expect("signed");
    print(
        &format!("an OCSP response, {name}"),
        calls,
        vec![
            Work::new("ring alone: one signature", || bare.verify()),
            Work::new("signed by the issuer (bar 1.15)", || judge(&direct)),
            Work::new("signed by a responder, its certificate with it (bar 2.2)", || judge(&delegated)),
        ],
    );
}

fn serial(certificate: &Certificate) -> Vec<u8> {
    let length = u8::try_from(certificate.serial().len()).expect("short");
    [&[0x02, length][..], certificate.serial()].concat()
}
