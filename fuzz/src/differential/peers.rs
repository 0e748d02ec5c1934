//! The verifiers that are asked the same.

use madoguchi_cert_verify::{
    Anchor, Budget, Certificate, Error, KeyPurpose, NoObserver, PathSettings, Place, PolicySettings,
    verify_chain,
};
use openssl::stack::Stack;
use openssl::x509::store::X509StoreBuilder;
use openssl::x509::verify::{X509VerifyFlags, X509VerifyParam};
use openssl::x509::{X509, X509PurposeId, X509StoreContext};
use rustls_pki_types::{CertificateDer, SignatureVerificationAlgorithm};
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert, ring as webpki_ring};

use crate::authority::now;
use crate::differential::draft::{ANCHOR, CA, Question, TARGET};

/// Why ours refuses, and which certificate.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    pub(super) place: usize,
    pub(super) error: Error,
}

pub(super) fn ours(question: &Question) -> Result<(), Refusal> {
    let [anchor, ca, target] = &question.certificates;
    let read = |place, octets: &[u8]| {
        Certificate::parse_from_anywhere(octets).map_err(|error| Refusal { place, error })
    };
    let target = read(TARGET, target)?;
    let anchors = [Anchor::of_others(read(ANCHOR, anchor)?)];
    let pool = [read(CA, ca)?];
    let policies = PolicySettings {
        explicit_policy: question.explicit_policy,
        inhibit_mapping: question.inhibit_mapping,
        inhibit_any_policy: question.inhibit_any,
        ..PolicySettings::default()
    };
    let key_purpose = if question.client { KeyPurpose::ClientAuth } else { KeyPurpose::Any };
    let settings = PathSettings { policies, key_purpose, ..PathSettings::default() };
    let (mut budget, mut nobody) = (Budget::default(), NoObserver);
    match verify_chain(&target, &pool, &anchors, &settings, now(), &mut budget, &mut nobody) {
        Ok(_) => Ok(()),
        // A planted bug: whoever may not sign certificates signs them.
        Err(error) if cfg!(feature = "planted_differential") && error.error == Error::KeyCertSignMissing => {
            Ok(())
        }
        Err(error) => {
            let place = match error.place {
                Place::Anchor => ANCHOR,
                Place::Intermediate(_) => CA,
                Place::Target => TARGET,
            };
            Err(Refusal { place, error: error.error })
        }
    }
}

/// rustls-webpki, with the algorithms that ours has. It always asks for a purpose.
pub(super) fn webpki(question: &Question) -> Result<(), webpki::Error> {
    let [anchor, ca, target] =
        question.certificates.each_ref().map(|der| CertificateDer::from(der.as_slice()));
    let target = EndEntityCert::try_from(&target)?;
    let anchors = [anchor_from_trusted_cert(&anchor)?];
    let pool = [ca];
    target
        .verify_for_usage(WEBPKI_ALGORITHMS, &anchors, &pool, now(), KeyUsage::client_auth(), None, None)
        .map(drop)
}

const WEBPKI_ALGORITHMS: &[&dyn SignatureVerificationAlgorithm] = &[
    webpki_ring::ECDSA_P256_SHA256,
    webpki_ring::ECDSA_P256_SHA384,
    webpki_ring::ECDSA_P384_SHA256,
    webpki_ring::ECDSA_P384_SHA384,
    webpki_ring::ED25519,
    webpki_ring::RSA_PKCS1_2048_8192_SHA256,
    webpki_ring::RSA_PKCS1_2048_8192_SHA384,
    webpki_ring::RSA_PKCS1_2048_8192_SHA512,
];

/// Why OpenSSL refuses: a certificate does not read, it fails, or X509_V_ERR_….
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OpensslRefusal {
    Unreadable(usize),
    NoVerdict,
    Verify { code: i32, depth: u32 },
}

/// OpenSSL as `openssl verify -x509_strict -partial_chain` asks it.
pub(super) fn openssl(question: &Question) -> Result<(), OpensslRefusal> {
    let read = |place: usize| {
        X509::from_der(&question.certificates[place]).map_err(|_| OpensslRefusal::Unreadable(place))
    };
    let (anchor, ca, target) = (read(ANCHOR)?, read(CA)?, read(TARGET)?);
    let mut store = X509StoreBuilder::new().expect("memory");
    let mut flags =
        X509VerifyFlags::X509_STRICT | X509VerifyFlags::PARTIAL_CHAIN | X509VerifyFlags::POLICY_CHECK;
    for (wanted, flag) in [
        (question.explicit_policy, X509VerifyFlags::EXPLICIT_POLICY),
        (question.inhibit_mapping, X509VerifyFlags::INHIBIT_MAP),
        (question.inhibit_any, X509VerifyFlags::INHIBIT_ANY),
    ] {
        if wanted {
            flags |= flag;
        }
    }
    let mut settings = X509VerifyParam::new().expect("memory");
    settings.set_flags(flags).expect("flags");
    settings.set_time(i64::try_from(now().as_secs()).expect("this century"));
    if question.client {
        settings.set_purpose(X509PurposeId::SSL_CLIENT).expect("a purpose");
    }
    store.set_param(&settings).expect("settings");
    store.add_cert(anchor).map_err(|_| OpensslRefusal::Unreadable(ANCHOR))?;
    let store = store.build();
    let mut pool = Stack::new().expect("memory");
    pool.push(ca).expect("memory");
    let mut context = X509StoreContext::new().expect("memory");
    let answer = context.init(&store, &target, &pool, |context| {
        Ok((context.verify_cert()?, context.error().as_raw(), context.error_depth()))
    });
    match answer {
        Ok((true, ..)) => Ok(()),
        Ok((false, code, depth)) => Err(OpensslRefusal::Verify { code, depth }),
        Err(_) => Err(OpensslRefusal::NoVerdict),
    }
}
