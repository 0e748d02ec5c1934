//! OCSP (RFC 6960): one case for each rule and for each way of breaking it, each with its own code.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::sync::LazyLock;
use std::time::Duration;

use madoguchi_cert_verify::der::Reader;
use madoguchi_cert_verify::{
    Budget, Certificate, NoncePolicy, OcspAnswer, OcspError, OcspNonce, OcspQuestion, OcspResponse,
    OcspSettings, ResponderStanding, RevocationReason, SignatureAlgorithm, check_ocsp,
};
use madoguchi_test_pki::{
    CardOptions, Extension, KeyKind, Name, ORGANIZATION, OcspCertId, OcspResponderId, OcspResponseBuilder,
    OcspSingle, OcspStatus, PrivateKey,
};
use rustls_pki_types::UnixTime;

use support::{DAY, EKU, Ext, KEY_USAGE, NOW, Parts, World, at, now, tlv};

const NO_CHECK: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 48, 1, 5];
const OCSP_SIGNING: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 9];
const CLIENT_AUTH: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 2];
const ANY: &[u8] = &[0x55, 0x1d, 37, 0];
const NONCE: &str = "1.3.6.1.5.5.7.48.1.2";
const ARCHIVE_CUTOFF: &str = "1.3.6.1.5.5.7.48.1.6";
const UNKNOWN: &str = "1.3.6.1.4.1.32473.1";
const BASIC: &str = "1.3.6.1.5.5.7.48.1.1";
const SHA512: &str = "2.16.840.1.101.3.4.2.3";
const SENT: [u8; 32] = [7; 32];

/// A world in which one certificate is asked about, and everything is right.
struct Fixture {
    world: World,
    certificate: Certificate,
    issuer: Certificate,
    other_key: PrivateKey,
    /// Of the other municipality's CA: same name, another key.
    other: World,
}

/// Keys are made once: every case reads them only.
static FIXTURE: LazyLock<Fixture> = LazyLock::new(|| {
    let mut world = World::new();
    let options = CardOptions { not_before: Some(at(NOW - 30 * DAY)), ..CardOptions::default() };
    let certificate = Certificate::parse(&world.card_with(options).auth_certificate).unwrap();
    let issuer = Certificate::parse(world.pki.auth_ca()).unwrap();
    let other_key = PrivateKey::generate(KeyKind::P256, &world.random).unwrap();
    Fixture { world, certificate, issuer, other_key, other: World::new() }
});

static P384_KEY: LazyLock<PrivateKey> =
    LazyLock::new(|| PrivateKey::generate(KeyKind::P384, &FIXTURE.world.random).unwrap());

impl Fixture {
    fn responder(&self) -> Parts {
        Parts::of(self.world.pki.responder_certificate())
    }

    fn cert_id(&self) -> OcspCertId {
        OcspCertId::sha1(
            self.issuer.subject().der(),
            self.world.pki.auth_ca_key().public_key(),
            self.serial(),
        )
    }

    fn serial(&self) -> Vec<u8> {
        tlv(2, self.certificate.serial())
    }
}

/// A response in the making, and how it is asked.
struct Case {
    builder: OcspResponseBuilder,
    key: &'static PrivateKey,
    /// Changes the octets after signing.
    after: fn(Vec<u8>) -> Vec<u8>,
    nonce: fn(&OcspNonce) -> NoncePolicy<'_>,
    settings: OcspSettings,
    standing: ResponderStanding,
    now: UnixTime,
    certificate: Option<Certificate>,
    algorithms: Vec<SignatureAlgorithm>,
    budget: Budget,
}

impl Case {
    /// By the delegated responder, good, with the nonce; every rule is kept.
    fn new() -> Self {
        let fixture = &*FIXTURE;
        let single = OcspSingle {
            cert_id: fixture.cert_id(),
            status: OcspStatus::Good,
            this_update: at(NOW - 60),
            next_update: Some(at(NOW + 600)),
            extensions: Vec::new(),
        };
        Self {
            builder: OcspResponseBuilder {
                response_type: BASIC.to_owned(),
                version: None,
                responder: OcspResponderId::of_key(fixture.world.pki.responder_key()),
                produced_at: at(NOW - 30),
                singles: vec![single],
                extensions: vec![nonce_of(&SENT)],
                algorithm: None,
                certificates: vec![fixture.world.pki.responder_certificate().to_vec()],
            },
            key: fixture.world.pki.responder_key(),
            after: |octets| octets,
            nonce: |nonce| NoncePolicy::Require(nonce),
            settings: OcspSettings { skew: Duration::from_mins(5), max_age: Some(Duration::from_hours(24)) },
            standing: ResponderStanding::Unknown,
            now: now(),
            certificate: None,
            algorithms: vec![SignatureAlgorithm::EcdsaP256Sha256],
            budget: Budget::default(),
        }
    }

    /// By the issuer itself.
    fn direct() -> Self {
        let mut case = Self::new();
        case.key = FIXTURE.world.pki.auth_ca_key();
        case.builder.responder = OcspResponderId::of_key(case.key);
        case.builder.certificates.clear();
        case
    }

    fn change(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    fn single(self, change: impl FnOnce(&mut OcspSingle)) -> Self {
        self.change(|case| change(&mut case.builder.singles[0]))
    }

    fn settings(self, change: impl FnOnce(&mut OcspSettings)) -> Self {
        self.change(|case| change(&mut case.settings))
    }

    /// With another certificate of the delegated responder.
    fn responder(self, certificate: Vec<u8>) -> Self {
        self.change(|case| case.builder.certificates = vec![certificate])
    }

    fn after(mut self, after: fn(Vec<u8>) -> Vec<u8>) -> Self {
        self.after = after;
        self
    }

    fn der(&self) -> Vec<u8> {
        (self.after)(self.builder.sign(self.key, &FIXTURE.world.random).unwrap())
    }

    fn judge(&mut self, response: &[u8]) -> Result<OcspAnswer, OcspError> {
        let nonce = OcspNonce::new(&SENT).unwrap();
        let question = OcspQuestion {
            certificate: self.certificate.as_ref().unwrap_or(&FIXTURE.certificate),
            issuer_key: FIXTURE.issuer.public_key(),
            algorithms: &self.algorithms,
            nonce: (self.nonce)(&nonce),
        };
        let response = OcspResponse::parse(response)?;
        let standing = self.standing;
        check_ocsp(&response, &question, &self.settings, &|_| standing, self.now, &mut self.budget)
    }

    fn answer(mut self) -> Result<OcspAnswer, OcspError> {
        let der = self.der();
        self.judge(&der)
    }
}

fn nonce_of(octets: &[u8]) -> Extension {
    Extension::new(NONCE, false, tlv(4, octets))
}

fn unknown(critical: bool) -> Extension {
    Extension::new(UNKNOWN, critical, b"DEADBEEF".to_vec())
}

fn generalized(text: &str) -> Vec<u8> {
    tlv(0x18, text.as_bytes())
}

/// A certificate of the responder's, changed and signed again by the authority.
fn reissued(parts: &Parts) -> Vec<u8> {
    FIXTURE.world.sign(parts)
}

fn validity(from: &str, to: &str) -> Vec<u8> {
    tlv(0x30, &[tlv(0x17, from.as_bytes()), tlv(0x17, to.as_bytes())].concat())
}

/// One word for an answer, the code for an error.
fn word(answer: &Result<OcspAnswer, OcspError>) -> &'static str {
    match answer {
        Ok(OcspAnswer::Good(_)) => "good",
        Ok(OcspAnswer::Unknown(_)) => "unknown",
        Ok(OcspAnswer::Revoked(revocation)) if revocation.reason == RevocationReason::CertificateHold => {
            "hold"
        }
        Ok(OcspAnswer::Revoked(_)) => "revoked",
        Ok(OcspAnswer::None(_)) => "none",
        Err(error) => error.code(),
    }
}

#[track_caller]
fn check(cases: Vec<(&str, Case, &str)>) {
    for (name, case, expected) in cases {
        let answer = case.answer();
        assert_eq!(word(&answer), expected, "{name}: {answer:?}");
    }
}

const REVOKED: OcspStatus = OcspStatus::Revoked { at: at_const(NOW - DAY), reason: Some(1) };

const fn at_const(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

#[test]
fn what_a_right_response_says() {
    let status = |status| Case::new().single(|single| single.status = status);
    let revoked = |reason| status(OcspStatus::Revoked { at: at(NOW - DAY), reason });
    check(vec![
        ("good", Case::new(), "good"),
        ("unknown", status(OcspStatus::Unknown), "unknown"),
        ("revoked", revoked(Some(1)), "revoked"),
        ("revoked without a reason", revoked(None), "revoked"),
        ("on hold", revoked(Some(6)), "hold"),
        ("removeFromCRL", revoked(Some(8)), "ocsp_reason_invalid"),
        ("reason 7, which nobody has", revoked(Some(7)), "ocsp_reason_invalid"),
        ("by the issuer itself", Case::direct(), "good"),
        ("version v1 written out", Case::new().change(|case| case.builder.version = Some(0)), "good"),
        ("version 2", Case::new().change(|case| case.builder.version = Some(1)), "ocsp_version_unknown"),
    ]);
    let answer = revoked(Some(4)).answer();
    let Ok(OcspAnswer::Revoked(revocation)) = answer else { panic!("{answer:?}") };
    assert_eq!((revocation.reason, revocation.revoked_at), (RevocationReason::Superseded, at(NOW - DAY)));
    let times = (revocation.times.this_update, revocation.times.next_update, revocation.times.produced_at);
    assert_eq!(times, (at(NOW - 60), Some(at(NOW + 600)), Some(at(NOW - 30))));
    // Whose word it is: the responder's, or the issuer's own.
    let responder = Certificate::parse(FIXTURE.world.pki.responder_certificate()).unwrap();
    assert_eq!(revocation.signer_key, responder.public_key().spki_sha256());
    let direct = Case::direct().single(|single| {
        single.status = OcspStatus::Revoked { at: at(NOW - DAY), reason: Some(4) };
    });
    let answer = direct.answer();
    let Ok(OcspAnswer::Revoked(revocation)) = answer else { panic!("{answer:?}") };
    assert_eq!(revocation.signer_key, FIXTURE.issuer.public_key().spki_sha256());
}

#[test]
fn the_envelope() {
    for (octets, expected) in [
        (OcspResponseBuilder::error(1), "ocsp_malformed_request"),
        (OcspResponseBuilder::error(2), "ocsp_internal_error"),
        (OcspResponseBuilder::error(3), "ocsp_try_later"),
        (OcspResponseBuilder::error(5), "ocsp_sig_required"),
        (OcspResponseBuilder::error(6), "ocsp_unauthorized"),
        (OcspResponseBuilder::error(4), "ocsp_status_unknown"),
        (OcspResponseBuilder::error(17), "ocsp_status_unknown"),
        (OcspResponseBuilder::error(0), "ocsp_response_missing"),
        (Vec::new(), "der_truncated"),
        (vec![0x30, 0], "der_truncated"),
        (vec![0x30, 3, 2, 1, 0], "der_unexpected_tag"),
        (vec![0x30; 128 * 1024 + 1], "der_too_long"),
    ] {
        let start = &octets[..octets.len().min(16)];
        assert_eq!(word(&Case::new().judge(&octets)), expected, "{start:02x?}");
    }
    check(vec![
        (
            "another type",
            Case::new().change(|case| case.builder.response_type = UNKNOWN.to_owned()),
            "ocsp_type_unknown",
        ),
        (
            "an octet after the end",
            Case::new().after(|octets| [octets, vec![0]].concat()),
            "der_trailing_octets",
        ),
        (
            "cut off",
            Case::new().after(|mut octets| octets.split_off(0).into_iter().take(40).collect()),
            "der_truncated",
        ),
        (
            "an error that has a response",
            Case::new().after(with_status_try_later),
            "ocsp_error_with_response",
        ),
        (
            "an octet after the basic response",
            Case::new().after(|der| in_basic(&der, |basic| [basic, vec![0]].concat())),
            "der_trailing_octets",
        ),
        (
            "a length that is not minimal",
            Case::new().after(|der| {
                in_basic(&der, |basic| {
                    // 30 82 xx xx becomes 30 83 00 xx xx.
                    [&[0x30, 0x83, 0][..], &basic[2..]].concat()
                })
            }),
            "der_length_not_minimal",
        ),
        (
            "the response type only",
            Case::new().after(|_| {
                let bytes = tlv(0x30, &tlv(6, &[0x2b, 6, 1, 5, 5, 7, 48, 1, 1]));
                tlv(0x30, &[tlv(0x0a, &[0]), tlv(0xa0, &bytes)].concat())
            }),
            "der_truncated",
        ),
    ]);
}

fn with_status_try_later(mut octets: Vec<u8>) -> Vec<u8> {
    // SEQUENCE with two octets of length, then ENUMERATED of one octet.
    octets[6] = 3;
    octets
}

/// The response with its BasicOCSPResponse changed, and all lengths right.
fn in_basic(der: &[u8], change: fn(Vec<u8>) -> Vec<u8>) -> Vec<u8> {
    let mut response = Reader::new(der).sequence().unwrap();
    let status = response.read().unwrap().whole.to_vec();
    let mut bytes = response.read().unwrap().content().sequence().unwrap();
    let kind = bytes.read().unwrap().whole.to_vec();
    let basic = change(bytes.octet_string().unwrap().to_vec());
    let bytes = tlv(0x30, &[kind, tlv(4, &basic)].concat());
    tlv(0x30, &[status, tlv(0xa0, &bytes)].concat())
}

/// The response with other octets in place of tbsResponseData, signed.
fn signed_tbs(tbs: &[u8]) -> Result<OcspAnswer, OcspError> {
    let mut case = Case::new();
    let signature = case.key.sign(tbs, &FIXTURE.world.random).unwrap();
    let algorithm = case.key.signature_algorithm().unwrap();
    let der = case.builder.assemble(tbs, &algorithm, &signature).unwrap();
    case.judge(&der)
}

#[test]
fn fields_of_the_response_data() {
    let tbs = Case::new().builder.to_tbs().unwrap();
    let mut fields = Vec::new();
    let mut reader = Reader::new(&tbs).sequence().unwrap();
    while !reader.is_empty() {
        fields.push(reader.read().unwrap().whole.to_vec());
    }
    let with = |index: usize, field: Vec<u8>| {
        let mut changed = fields.clone();
        changed[index] = field;
        signed_tbs(&tlv(0x30, &changed.concat()))
    };
    assert_eq!(word(&with(1, fields[1].clone())), "good");
    let id = &fields[2][2..];
    let cert_id_len = usize::from(id[3]) + 2;
    let cert_id = id[2..2 + cert_id_len].to_vec();
    let single = |rest: &[Vec<u8>]| tlv(0x30, &tlv(0x30, &[cert_id.clone(), rest.concat()].concat()));
    let (good, this) = (tlv(0x80, &[]), generalized("20261121235900Z"));
    assert_eq!(word(&with(2, single(&[good.clone(), this.clone()]))), "good");
    for (name, result, expected) in [
        ("neither byName nor byKey", with(0, tlv(0xa3, &tlv(4, &[0; 20]))), "der_unexpected_tag"),
        ("two keys", with(0, tlv(0xa2, &[tlv(4, &[0; 20]), tlv(4, &[])].concat())), "der_trailing_octets"),
        ("producedAt as UTCTime", with(1, tlv(0x17, b"261121235900Z")), "der_unexpected_tag"),
        ("producedAt with a fraction", with(1, generalized("20261121235900.5Z")), "der_time"),
        ("producedAt without Z", with(1, generalized("20261121235900")), "der_time"),
        ("good with content", with(2, single(&[tlv(0x80, &[0]), this.clone()])), "der_null"),
        ("unknown with content", with(2, single(&[tlv(0x82, &[0]), this.clone()])), "der_null"),
        ("a fourth status", with(2, single(&[tlv(0x83, &[]), this.clone()])), "der_unexpected_tag"),
        ("revoked without a time", with(2, single(&[tlv(0xa1, &[]), this.clone()])), "der_truncated"),
        ("no thisUpdate", with(2, single(std::slice::from_ref(&good))), "der_truncated"),
        (
            "a field after the last",
            with(2, single(&[good.clone(), this.clone(), tlv(5, &[])])),
            "der_trailing_octets",
        ),
        ("empty extensions", with(2, single(&[good, this, tlv(0xa1, &tlv(0x30, &[]))])), "der_truncated"),
        ("empty response extensions", with(3, tlv(0xa1, &tlv(0x30, &[]))), "der_truncated"),
        (
            "a field after the extensions",
            with(3, [fields[3].clone(), tlv(5, &[])].concat()),
            "der_trailing_octets",
        ),
    ] {
        assert_eq!(word(&result), expected, "{name}: {result:?}");
    }
}

#[test]
fn o1_the_cert_id_is_compared_in_every_part() {
    let issuer = FIXTURE.issuer.subject().der();
    let (key, serial) = (FIXTURE.world.pki.auth_ca_key().public_key(), FIXTURE.serial());
    let other_key = FIXTURE.other.pki.auth_ca_key().public_key();
    let id = |id: OcspCertId| Case::new().single(|single| single.cert_id = id);
    let mut unknown_hash = FIXTURE.cert_id();
    SHA512.clone_into(&mut unknown_hash.hash);
    let mut sha1_as_sha256 = OcspCertId::sha256(issuer, key, serial.clone());
    FIXTURE.cert_id().issuer_key_hash.clone_into(&mut sha1_as_sha256.issuer_key_hash);
    let padded = [&[2, u8::try_from(serial[2..].len() + 1).unwrap(), 0][..], &serial[2..]].concat();
    check(vec![
        ("SHA-256", id(OcspCertId::sha256(issuer, key, serial.clone())), "good"),
        ("another serial number", id(OcspCertId::sha1(issuer, key, vec![2, 1, 1])), "ocsp_wrong_serial"),
        ("a padded serial number", id(OcspCertId::sha1(issuer, key, padded)), "der_integer"),
        (
            "another issuer's name",
            id(OcspCertId::sha1(b"other", key, serial.clone())),
            "ocsp_wrong_issuer_name",
        ),
        (
            "another issuer's key",
            id(OcspCertId::sha1(issuer, other_key, serial.clone())),
            "ocsp_wrong_issuer_key",
        ),
        ("another key, SHA-256", id(OcspCertId::sha256(issuer, other_key, serial)), "ocsp_wrong_issuer_key"),
        ("a hash of the other algorithm", id(sha1_as_sha256), "ocsp_wrong_issuer_key"),
        ("an unknown hash", id(unknown_hash), "ocsp_hash_unknown"),
        ("no statement", Case::new().change(|case| case.builder.singles.clear()), "ocsp_no_single_response"),
    ]);
}

#[test]
fn o2_the_signer_is_the_one_that_responder_id_names() {
    let pki = &FIXTURE.world.pki;
    let subject = test_name(&[("2.5.4.10", ORGANIZATION), ("2.5.4.3", "Madoguchi Test OCSP Responder")]);
    let issuer = test_name(&[
        ("2.5.4.10", ORGANIZATION),
        ("2.5.4.11", "JPKI for user authentication"),
        ("2.5.4.11", "Madoguchi Test Authority"),
    ]);
    let named = |case: Case, responder| case.change(|case| case.builder.responder = responder);
    let by_name = |case, name: &Name| named(case, OcspResponderId::Name(name.clone()));
    let by_key = |octets: &[u8]| named(Case::new(), OcspResponderId::Key(octets.to_vec()));
    let OcspResponderId::Key(key) = OcspResponderId::of_key(pki.responder_key()) else { unreachable!() };
    let (own, foreign) =
        (pki.responder_certificate().to_vec(), FIXTURE.other.pki.responder_certificate().to_vec());
    let certificates = |list: Vec<Vec<u8>>| Case::new().change(|case| case.builder.certificates = list);
    check(vec![
        ("byName", by_name(Case::new(), &subject), "good"),
        ("byName of nobody", by_name(Case::new(), &test_name(&[])), "ocsp_responder_unknown"),
        ("byName of the issuer", by_name(Case::direct(), &issuer), "good"),
        ("the responder names the issuer", by_name(Case::new(), &issuer), "ocsp_signature_invalid"),
        ("the issuer names the responder", by_name(Case::direct(), &subject), "ocsp_responder_unknown"),
        ("byKey", by_key(&key), "good"),
        ("byKey of nobody", by_key(&[0; 20]), "ocsp_responder_unknown"),
        ("byKey cut short", by_key(&key[..8]), "ocsp_responder_unknown"),
        ("no certificate", certificates(Vec::new()), "ocsp_responder_unknown"),
        (
            "the right one is not the first",
            certificates(vec![pki.auth_ca().to_vec(), foreign.clone(), own.clone()]),
            "good",
        ),
        ("garbage beside it", certificates(vec![vec![0x30, 0], own.clone()]), "good"),
        (
            "beside it what is not canonical",
            certificates(vec![tlv(0x30, &[2, 2, 0, 1]), own.clone()]),
            "der_integer",
        ),
        ("garbage alone", certificates(vec![vec![0x30, 0]]), "ocsp_responder_malformed"),
        ("nine certificates", certificates([vec![foreign; 8], vec![own]].concat()), "good"),
    ]);
}

#[test]
fn o2_only_the_issuer_or_its_own_responder_signs() {
    let responder = FIXTURE.responder();
    assert_eq!(responder.fields[3], FIXTURE.issuer.subject().der(), "the fourth field is the issuer");
    let other_issuer = responder.with_field(3, test_name(&[]).as_der().to_vec());
    // The other world's responder: same names, another authority's key.
    let foreign = Case::new().change(|case| {
        case.key = FIXTURE.other.pki.responder_key();
        case.builder.responder = OcspResponderId::of_key(case.key);
        case.builder.certificates = vec![FIXTURE.other.pki.responder_certificate().to_vec()];
    });
    // An end entity of the same issuer, as every card's holder is.
    let holder = Case::new().change(|case| {
        case.builder.responder = OcspResponderId::Name(name_of(&FIXTURE.certificate));
        case.builder.certificates = vec![FIXTURE.certificate.der().to_vec()];
    });
    let key = |case: Case| case.change(|case| case.key = &FIXTURE.other_key);
    check(vec![
        ("another authority of the same names", foreign, "ocsp_responder_not_signed_by_issuer"),
        (
            "another issuer's name",
            Case::new().responder(reissued(&other_issuer)),
            "ocsp_responder_of_other_issuer",
        ),
        ("the holder of a card", holder, "ocsp_responder_without_purpose"),
        ("another key signs", key(Case::new()), "ocsp_signature_invalid"),
        ("another key signs for the issuer", key(Case::direct()), "ocsp_signature_invalid"),
    ]);
}

/// A name in Japan.
fn test_name(attributes: &[(&str, &str)]) -> Name {
    Name::new(&[&[("2.5.4.6", "JP")], attributes].concat()).unwrap()
}

/// A test-pki name of a certificate's subject.
fn name_of(certificate: &Certificate) -> Name {
    // C and CN, as every card has.
    let text = String::from_utf8_lossy(certificate.subject().der()).into_owned();
    let common_name: String = text.chars().rev().take_while(char::is_ascii_alphanumeric).collect();
    let common_name: String = common_name.chars().rev().collect();
    test_name(&[("2.5.4.3", &common_name)])
}

#[test]
fn the_certificate_of_a_responder() {
    let responder = FIXTURE.responder();
    let purpose = |purposes: &[&[u8]]| {
        let list: Vec<u8> = purposes.iter().flat_map(|oid| tlv(6, oid)).collect();
        reissued(&responder.with(Ext::new(EKU, false, &tlv(0x30, &list))))
    };
    let usage = |bits: &[u8]| reissued(&responder.with(Ext::new(KEY_USAGE, true, bits)));
    let valid = |from, to| reissued(&responder.with_field(4, validity(from, to)));
    let critical = responder.with(Ext::new(&[0x2b, 6, 1, 4, 1, 0x81, 0xfd, 0x59, 1], true, &[5, 0]));
    let mut tampered = FIXTURE.world.pki.responder_certificate().to_vec();
    *tampered.last_mut().unwrap() ^= 1;
    let sha1 = tlv(0x30, &[6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 1]);
    let mut with_sha1 = responder.with_field(2, sha1.clone());
    with_sha1.outer_algorithm = sha1;
    check(vec![
        ("OCSP signing among others", Case::new().responder(purpose(&[CLIENT_AUTH, OCSP_SIGNING])), "good"),
        (
            "no extKeyUsage",
            Case::new().responder(reissued(&responder.without(EKU))),
            "ocsp_responder_without_purpose",
        ),
        ("clientAuth only", Case::new().responder(purpose(&[CLIENT_AUTH])), "ocsp_responder_without_purpose"),
        ("anyExtendedKeyUsage", Case::new().responder(purpose(&[ANY])), "ocsp_responder_without_purpose"),
        ("no keyUsage", Case::new().responder(reissued(&responder.without(KEY_USAGE))), "good"),
        (
            "keyUsage without digitalSignature",
            Case::new().responder(usage(&[3, 2, 6, 0x40])),
            "ocsp_responder_key_usage",
        ),
        ("expired", Case::new().responder(valid("260101000000Z", "261121235959Z")), "ocsp_responder_expired"),
        ("until this second", Case::new().responder(valid("260101000000Z", "261122000000Z")), "good"),
        (
            "not yet valid",
            Case::new().responder(valid("261122000001Z", "271122000000Z")),
            "ocsp_responder_not_yet_valid",
        ),
        (
            "unknown critical extension",
            Case::new().responder(reissued(&critical)),
            "ocsp_responder_critical_extension",
        ),
        ("tampered", Case::new().responder(tampered), "ocsp_responder_not_signed_by_issuer"),
        ("signed with SHA-1", Case::new().responder(reissued(&with_sha1)), "ocsp_responder_algorithm"),
    ]);
}

#[test]
fn the_key_of_a_responder() {
    let responder = FIXTURE.responder();
    let p384 = LazyLock::force(&P384_KEY);
    let with_key = |spki: Vec<u8>| reissued(&responder.with_field(6, spki));
    let by_p384 = |algorithms: &[SignatureAlgorithm]| {
        let algorithms = algorithms.to_vec();
        Case::new().responder(with_key(p384.subject_public_key_info().unwrap())).change(|case| {
            case.key = p384;
            case.builder.responder = OcspResponderId::of_key(p384);
            case.algorithms = algorithms;
        })
    };
    let (p256, p384_sha384) = (SignatureAlgorithm::EcdsaP256Sha256, SignatureAlgorithm::EcdsaP384Sha384);
    // Ed448, which nothing here verifies with.
    let ed448 = tlv(0x30, &[tlv(0x30, &[6, 3, 0x2b, 0x65, 0x71]), tlv(3, &[0; 58])].concat());
    let name = test_name(&[("2.5.4.10", ORGANIZATION), ("2.5.4.3", "Madoguchi Test OCSP Responder")]);
    let unsupported = Case::new()
        .responder(with_key(ed448))
        .change(|case| case.builder.responder = OcspResponderId::Name(name));
    check(vec![
        ("P-384", by_p384(&[p256, p384_sha384]), "good"),
        ("the certificate's algorithm is not allowed", by_p384(&[p384_sha384]), "ocsp_responder_algorithm"),
        ("the response's algorithm is not allowed", by_p384(&[p256]), "ocsp_algorithm_not_allowed"),
        ("a key that is not supported", unsupported, "ocsp_responder_key"),
    ]);
}

#[test]
fn o3_a_responder_without_nocheck_must_be_shown_not_revoked() {
    let unchecked = reissued(&FIXTURE.responder().without(NO_CHECK));
    let standing =
        |standing| Case::new().responder(unchecked.clone()).change(|case| case.standing = standing);
    check(vec![
        ("no list covers it", standing(ResponderStanding::Unknown), "ocsp_responder_unchecked"),
        ("a list says revoked", standing(ResponderStanding::Revoked), "ocsp_responder_revoked"),
        ("a list says good", standing(ResponderStanding::Good), "good"),
        // With nocheck nobody is asked.
        ("nocheck", Case::new().change(|case| case.standing = ResponderStanding::Revoked), "good"),
        (
            "the issuer itself",
            Case::direct().change(|case| case.standing = ResponderStanding::Revoked),
            "good",
        ),
    ]);
    let garbled = FIXTURE.responder().with(Ext::new(NO_CHECK, false, &[4, 0]));
    check(vec![(
        "nocheck that is no NULL",
        Case::new().responder(reissued(&garbled)),
        "ocsp_responder_malformed",
    )]);
}

#[test]
fn algorithms_and_signature() {
    let algorithm = |octets: &[u8]| {
        let identifier = tlv(0x30, octets);
        Case::new().change(move |case| case.builder.algorithm = Some(identifier))
    };
    let rsa = |last: u8| [&[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1][..], &[last, 5, 0]].concat();
    check(vec![
        ("SHA-1 with RSA", algorithm(&rsa(5)), "algorithm_sha1"),
        ("MD5 with RSA", algorithm(&rsa(4)), "algorithm_md5"),
        ("PSS", algorithm(&rsa(10)), "algorithm_pss"),
        ("SHA-1 with ECDSA", algorithm(&[6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 1]), "algorithm_sha1"),
        ("RSA, which is not allowed here", algorithm(&rsa(11)), "ocsp_algorithm_not_allowed"),
        (
            "RSA with a key that is not RSA",
            algorithm(&rsa(11)).change(|case| {
                case.algorithms.push(SignatureAlgorithm::RsaSha256);
            }),
            "ocsp_signature_invalid",
        ),
        ("RSA without its NULL", algorithm(&rsa(11)[..11]), "ocsp_algorithm_not_allowed"),
        ("RSA with half a NULL", algorithm(&rsa(11)[..12]), "der_truncated"),
        ("no algorithm", algorithm(&[]), "der_truncated"),
        (
            "ECDSA with parameters",
            algorithm(&[6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2, 5, 0]),
            "der_trailing_octets",
        ),
        (
            "nothing is allowed",
            Case::new().change(|case| case.algorithms.clear()),
            "ocsp_algorithm_not_allowed",
        ),
        (
            "the signature is changed",
            Case::direct().after(|mut octets| {
                *octets.last_mut().unwrap() ^= 1;
                octets
            }),
            "ocsp_signature_invalid",
        ),
        (
            "an octet after the signature",
            Case::direct()
                .change(|case| {
                    // Inside the BIT STRING: the ECDSA value ends before it does.
                    case.builder.algorithm = None;
                })
                .after(|der| {
                    in_basic(&der, |basic| {
                        let mut reader = Reader::new(&basic).sequence().unwrap();
                        let (tbs, algorithm) = (reader.read().unwrap().whole, reader.read().unwrap().whole);
                        let signature = [reader.read().unwrap().value, &[0]].concat();
                        tlv(0x30, &[tbs, algorithm, &tlv(3, &signature)].concat())
                    })
                }),
            "ocsp_signature_invalid",
        ),
    ]);
    // A good answer whose status was turned to good after the signature.
    let mut case = Case::direct().single(|single| single.status = OcspStatus::Unknown);
    let der = case.der();
    let good: Vec<u8> = der.windows(2).position(|pair| pair == [0x82, 0]).map_or_else(Vec::new, |place| {
        let mut changed = der.clone();
        changed[place] = 0x80;
        changed
    });
    assert_eq!(word(&case.judge(&der)), "unknown");
    assert_eq!(word(&case.judge(&good)), "ocsp_signature_invalid");
}

#[test]
fn o4_an_old_answer_is_no_answer() {
    let this = |this: u64, next: Option<u64>| {
        Case::new().single(|single| {
            single.this_update = at(this);
            single.next_update = next.map(at);
        })
    };
    let produced = |produced| Case::new().change(move |case| case.builder.produced_at = at(produced));
    check(vec![
        ("no nextUpdate", this(NOW - 60, None), "good"),
        ("no nextUpdate, a year old", this(NOW - 365 * DAY, None), "ocsp_too_old"),
        ("a year old with a far nextUpdate", this(NOW - 365 * DAY, Some(NOW + DAY)), "ocsp_too_old"),
        ("as old as allowed", this(NOW - DAY - 300, Some(NOW + DAY)), "good"),
        ("a second older", this(NOW - DAY - 301, Some(NOW + DAY)), "ocsp_too_old"),
        (
            "any age is allowed",
            this(NOW - 365 * DAY, None).settings(|settings| settings.max_age = None),
            "good",
        ),
        ("past nextUpdate within the skew", this(NOW - 900, Some(NOW - 300)), "good"),
        ("past nextUpdate", this(NOW - 900, Some(NOW - 301)), "ocsp_expired"),
        (
            "past nextUpdate without skew",
            this(NOW - 900, Some(NOW - 1)).settings(|settings| {
                settings.skew = Duration::ZERO;
            }),
            "ocsp_expired",
        ),
        ("to come within the skew", this(NOW + 300, Some(NOW + 900)), "good"),
        ("to come", this(NOW + 301, Some(NOW + 900)), "ocsp_not_yet_valid"),
        ("nextUpdate before thisUpdate", this(NOW - 60, Some(NOW - 61)), "ocsp_times_reversed"),
        ("produced within the skew", produced(NOW + 300), "good"),
        ("produced in the future", produced(NOW + 301), "ocsp_produced_in_future"),
        (
            "unknown must be fresh too",
            this(NOW - 900, Some(NOW - 301)).single(|single| {
                single.status = OcspStatus::Unknown;
            }),
            "ocsp_expired",
        ),
        (
            "revoked counts at any age",
            this(NOW - 900 * DAY, Some(NOW - 899 * DAY)).single(|single| {
                single.status = REVOKED;
            }),
            "revoked",
        ),
    ]);
}

#[test]
fn archive_cutoff_of_a_certificate_that_had_expired() {
    let mut world = World::new();
    let options = CardOptions {
        not_before: Some(at(NOW - 30 * DAY)),
        not_after: Some(at(NOW - DAY)),
        ..CardOptions::default()
    };
    // Of another authority: the case signs for itself.
    let card = world.card_with(options).auth_certificate;
    let expired = Certificate::parse(&FIXTURE.world.sign(&Parts::of(&card))).unwrap();
    let case = |cutoff: Option<&str>| {
        let expired = expired.clone();
        Case::new()
            .single(|single| {
                single.cert_id = OcspCertId::sha1(
                    FIXTURE.issuer.subject().der(),
                    FIXTURE.world.pki.auth_ca_key().public_key(),
                    tlv(2, expired.serial()),
                );
                if let Some(cutoff) = cutoff {
                    single.extensions = vec![Extension::new(ARCHIVE_CUTOFF, false, generalized(cutoff))];
                }
            })
            .change(|case| case.certificate = Some(expired))
    };
    check(vec![
        ("no cut-off", case(None), "ocsp_certificate_expired"),
        ("remembers from before its end", case(Some("20261120235959Z")), "good"),
        ("remembers from its end", case(Some("20261121000000Z")), "good"),
        ("remembers from after its end", case(Some("20261121000001Z")), "ocsp_certificate_expired"),
        ("a cut-off that is no time", case(Some("2026")), "der_time"),
        ("revoked needs none", case(None).single(|single| single.status = REVOKED), "revoked"),
    ]);
}

#[test]
fn o5_the_nonce() {
    let with = |extensions: Vec<Extension>| Case::new().change(|case| case.builder.extensions = extensions);
    let prefer = |case: Case| case.change(|case| case.nonce = |nonce| NoncePolicy::Prefer(nonce));
    let ignore = |case: Case| case.change(|case| case.nonce = |_| NoncePolicy::Ignore);
    let raw = |value: &[u8]| vec![Extension::new(NONCE, false, value.to_vec())];
    check(vec![
        ("it must come back", with(Vec::new()), "ocsp_nonce_missing"),
        ("another one", with(vec![nonce_of(&[8; 32])]), "ocsp_nonce_wrong"),
        ("its beginning", with(vec![nonce_of(&SENT[..31])]), "ocsp_nonce_wrong"),
        ("not an OCTET STRING", with(raw(&SENT)), "ocsp_nonce_malformed"),
        ("no octet", with(raw(&[4, 0])), "ocsp_nonce_malformed"),
        ("129 octets", with(raw(&tlv(4, &[7; 129]))), "ocsp_nonce_malformed"),
        ("an octet after it", with(raw(&[tlv(4, &SENT), vec![0]].concat())), "ocsp_nonce_malformed"),
        ("critical", with(vec![Extension::new(NONCE, true, tlv(4, &SENT))]), "good"),
        ("twice", with(vec![nonce_of(&SENT), nonce_of(&SENT)]), "ocsp_extension_twice"),
        ("preferred and there", prefer(Case::new()), "good"),
        ("preferred and not there", prefer(with(Vec::new())), "good"),
        ("preferred and another", prefer(with(vec![nonce_of(&[8; 32])])), "ocsp_nonce_wrong"),
        (
            "preferred, not there and old",
            prefer(with(Vec::new())).single(|single| {
                single.this_update = at(NOW - 2 * DAY);
            }),
            "ocsp_too_old",
        ),
        ("not looked at", ignore(with(vec![nonce_of(&[8; 32])])), "good"),
        (
            "unknown needs it too",
            with(Vec::new()).single(|single| single.status = OcspStatus::Unknown),
            "ocsp_nonce_missing",
        ),
        ("revoked needs none", with(Vec::new()).single(|single| single.status = REVOKED), "revoked"),
    ]);
    assert!(OcspNonce::new(&[]).is_none() && OcspNonce::new(&[0; 129]).is_none());
    assert!(OcspNonce::new(&[0]).is_some() && OcspNonce::new(&[0; 128]).is_some());
    let random = OcspNonce::random(OcspNonce::OCTETS, &FIXTURE.world.random).unwrap();
    assert_eq!(random.as_octets().len(), 32);
    assert_eq!(format!("{random:?}"), "OcspNonce(32 octets)");
}

#[test]
fn o6_the_worst_of_several_statements_counts() {
    let several = |statuses: &[OcspStatus]| {
        let statuses = statuses.to_vec();
        Case::new().change(move |case| {
            let first = case.builder.singles[0].clone();
            case.builder.singles =
                statuses.into_iter().map(|status| OcspSingle { status, ..first.clone() }).collect();
        })
    };
    let hold = OcspStatus::Revoked { at: at(NOW - DAY), reason: Some(6) };
    let (good, unknown_status) = (OcspStatus::Good, OcspStatus::Unknown);
    let beside = |change: fn(&mut OcspSingle)| {
        several(&[good, good]).change(move |case| change(&mut case.builder.singles[1]))
    };
    check(vec![
        ("good and revoked", several(&[good, REVOKED]), "revoked"),
        ("revoked and good", several(&[REVOKED, good]), "revoked"),
        ("good and unknown", several(&[good, unknown_status]), "unknown"),
        ("unknown and good", several(&[unknown_status, good]), "unknown"),
        ("unknown and revoked", several(&[unknown_status, REVOKED]), "revoked"),
        ("hold and revoked", several(&[hold, REVOKED]), "revoked"),
        ("revoked and hold", several(&[REVOKED, hold]), "revoked"),
        ("hold and unknown", several(&[hold, unknown_status]), "hold"),
        ("good and good", several(&[good, good]), "good"),
        ("good and another certificate's", beside(|single| single.cert_id.serial = vec![2, 1, 1]), "good"),
        (
            "good and a stale good",
            beside(|single| {
                single.this_update = at(NOW - 900);
                single.next_update = Some(at(NOW - 400));
            }),
            "ocsp_expired",
        ),
        (
            "another certificate is revoked",
            beside(|single| {
                single.cert_id.serial = vec![2, 1, 1];
                single.status = REVOKED;
            }),
            "good",
        ),
        ("sixty-five", several(&[good; 65]), "good"),
        ("the last of many", several(&[&[good; 500][..], &[REVOKED]].concat()), "revoked"),
    ]);
}

#[test]
fn extensions_that_are_not_known() {
    let response = |extension| Case::new().change(|case| case.builder.extensions.push(extension));
    let single = |extension| Case::new().single(|single| single.extensions.push(extension));
    check(vec![
        ("not critical, in the response", response(unknown(false)), "good"),
        ("not critical, in the statement", single(unknown(false)), "good"),
        ("critical, in the response", response(unknown(true)), "ocsp_critical_extension"),
        ("critical, in the statement", single(unknown(true)), "ocsp_critical_extension"),
        (
            "critical beside revoked",
            single(unknown(true)).single(|single| single.status = REVOKED),
            "ocsp_critical_extension",
        ),
        (
            "a critical nonce in the statement",
            single(Extension::new(NONCE, true, tlv(4, &SENT))),
            "ocsp_critical_extension",
        ),
        (
            "a critical cut-off",
            single(Extension::new(ARCHIVE_CUTOFF, true, generalized("20200101000000Z"))),
            "good",
        ),
        (
            "twice in the statement",
            single(unknown(false)).single(|single| {
                single.extensions.push(unknown(false));
            }),
            "ocsp_extension_twice",
        ),
    ]);
}

#[test]
fn the_budget_is_asked_before_each_signature() {
    // Two P-256 signatures: the responder's certificate and the response.
    let budget = |signatures| Case::new().change(|case| case.budget = Budget::new(signatures, 100));
    check(vec![
        ("enough", budget(4), "good"),
        ("for the certificate only", budget(3), "budget_spent"),
        ("for none", budget(1), "budget_spent"),
        (
            "the issuer itself needs one",
            Case::direct().change(|case| case.budget = Budget::new(2, 100)),
            "good",
        ),
    ]);
}

/// Statements are compared, and certificates read, within the budget.
#[test]
fn a_long_response_costs_steps() {
    let spent = |mut case: Case| {
        let der = case.der();
        assert_eq!(word(&case.judge(&der)), "good");
        Budget::default().steps_left() - case.budget.steps_left()
    };
    let right = || spent(Case::new());
    let statements = Case::new().change(|case| {
        let single = case.builder.singles[0].clone();
        case.builder.singles = vec![single; 400];
    });
    assert!(spent(statements) >= right() + 399);
    let others = Case::new().change(|case| {
        let octets = FIXTURE.issuer.der().to_vec();
        case.builder.certificates.splice(0..0, vec![octets; 50]);
    });
    assert!(spent(others) >= right() + 50 * u64::try_from(FIXTURE.issuer.der().len() / 64).unwrap());
}
