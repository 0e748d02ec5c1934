//! OCSP responses, changed and signed again: nothing but what a right responder says, for this certificate, to this
//! question, is good.

use std::sync::LazyLock;
use std::time::Duration;

use madoguchi_cert_verify::{
    Budget, Certificate, NoncePolicy, OcspAnswer, OcspError, OcspNonce, OcspQuestion, OcspResponse,
    OcspSettings, ResponderStanding, SignatureAlgorithm, check_ocsp,
};
use madoguchi_test_pki::{
    Extension, OcspCertId, OcspResponderId, OcspResponseBuilder, OcspSingle, OcspStatus,
};
use rustls_pki_types::UnixTime;

use crate::authority::{AUTHORITY, now};
use crate::input::Input;
use crate::second_reader;
use crate::tree::{Content, Node};

struct Honest {
    certificate: Certificate,
    issuer: Certificate,
    builder: OcspResponseBuilder,
    tbs: Node,
}

static HONEST: LazyLock<Honest> = LazyLock::new(|| {
    let authority = &*AUTHORITY;
    let certificate = Certificate::parse(&authority.card).expect("a certificate");
    let issuer = Certificate::parse(authority.pki.auth_ca()).expect("a certificate");
    let serial = Node { tag: 0x02, content: Content::Octets(certificate.serial().to_vec()) }.der();
    let key = authority.pki.auth_ca_key().public_key();
    let single = |status| OcspSingle {
        cert_id: OcspCertId::sha1(issuer.subject().der(), key, serial.clone()),
        status,
        this_update: later(-60),
        next_update: Some(later(600)),
        extensions: Vec::new(),
    };
    let nonce = Node { tag: 0x04, content: Content::Octets(SENT.to_vec()) }.der();
    let builder = OcspResponseBuilder {
        response_type: "1.3.6.1.5.5.7.48.1.1".to_owned(),
        version: None,
        responder: OcspResponderId::of_key(authority.pki.responder_key()),
        produced_at: later(-30),
        singles: vec![single(OcspStatus::Good)],
        extensions: vec![Extension::new("1.3.6.1.5.5.7.48.1.2", false, nonce)],
        algorithm: None,
        certificates: vec![authority.pki.responder_certificate().to_vec()],
    };
    let tbs = Node::read(&builder.to_tbs().expect("a response")).expect("a tree");
    Honest { certificate, issuer, builder, tbs }
});

/// The first octet: 0 gives the rest as it is; otherwise, modulo 3, the responder signs (1), the issuer (2), somebody
/// else (0), what the rest makes of an honest response.
pub fn ocsp_response(input: &[u8]) {
    let (authority, honest) = (&*AUTHORITY, &*HONEST);
    let mut input = Input::new(input);
    let who = input.octet();
    if who == 0 {
        let answer = judge(input.octets(usize::MAX));
        assert!(answer.is_err(), "nobody signed it: {answer:?}");
        return;
    }
    let mut tbs = honest.tbs.clone();
    tbs.edit(&mut input);
    let key = match who % 3 {
        1 => authority.pki.responder_key(),
        2 => authority.pki.auth_ca_key(),
        _ => &authority.other_key,
    };
    let der = tbs.der();
    let signature = key.sign(&der, &authority.random).expect("a signature");
    let algorithm = key.signature_algorithm().expect("an algorithm");
    let response = honest.builder.assemble(&der, &algorithm, &signature).expect("a response");
    let answer = judge(&response);
    if who.is_multiple_of(3) {
        assert!(answer.is_err(), "signed by somebody else: {answer:?}");
    }
    if who % 3 == 1 && tbs == honest.tbs {
        assert!(matches!(answer, Ok(OcspAnswer::Good(_))), "an honest one is refused: {answer:?}");
    }
    assert!(!matches!(answer, Ok(OcspAnswer::None(_))));
    if let Ok(answer) = &answer {
        second_reader::same_answer(&response, honest.certificate.serial(), answer);
    }
    if let Ok(OcspAnswer::Good(times)) = answer {
        let skew = OcspSettings::default().skew.as_secs();
        assert!(times.this_update.as_secs() <= now().as_secs() + skew, "from the future");
        assert!(times.next_update.is_none_or(|next| next.as_secs() + skew >= now().as_secs()), "stale");
        assert!(contains(&der, &SENT), "another nonce");
        assert!(contains(&der, honest.certificate.serial()), "another certificate");
        let singles = singles(&Node::read(&der).expect("the second reader reads it too"));
        let about: Vec<&(Vec<u8>, u8)> =
            singles.iter().filter(|(serial, _)| serial == honest.certificate.serial()).collect();
        assert!(about.iter().any(|(_, status)| *status == 0x80), "nothing says good: {singles:?}");
    }
}

fn judge(octets: &[u8]) -> Result<OcspAnswer, OcspError> {
    let honest = &*HONEST;
    let nonce = OcspNonce::new(&SENT).expect("a nonce");
    let question = OcspQuestion {
        certificate: &honest.certificate,
        issuer_key: honest.issuer.public_key(),
        algorithms: &[SignatureAlgorithm::EcdsaP256Sha256],
        // A planted bug: whatever nonce comes back.
        nonce: if cfg!(feature = "planted_ocsp") {
            NoncePolicy::Ignore
        } else {
            NoncePolicy::Require(&nonce)
        },
    };
    let (mut budget, settings) = (Budget::default(), OcspSettings::default());
    let response = OcspResponse::parse(octets)?;
    check_ocsp(&response, &question, &settings, &|_| ResponderStanding::Unknown, now(), &mut budget)
}

/// Serial number and tag of the status of each SingleResponse.
fn singles(tbs: &Node) -> Vec<(Vec<u8>, u8)> {
    let Some(singles) = tbs.children().iter().find(|field| field.tag == 0x30) else { return Vec::new() };
    let single = |single: &Node| {
        let [cert_id, status, ..] = single.children() else { panic!("a single response has more") };
        (cert_id.children().last().expect("a serial").octets().to_vec(), status.tag)
    };
    singles.children().iter().map(single).collect()
}

fn contains(octets: &[u8], part: &[u8]) -> bool {
    octets.windows(part.len()).any(|window| window == part)
}

fn later(seconds: i64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(now().as_secs().saturating_add_signed(seconds)))
}

const SENT: [u8; 32] = [7; 32];
