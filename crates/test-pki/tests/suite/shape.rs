//! Order and criticality of the extensions as JPKI has them, and what is inside, read by `x509-parser`.

use madoguchi_test_pki::{CardOptions, CertificateFault, KeyKind, MUNICIPALITIES, RevocationReason};
use x509_parser::{
    certificate::X509Certificate,
    extensions::{DistributionPointName, GeneralName, ParsedExtension},
    prelude::FromDer,
    revocation_list::CertificateRevocationList,
};

use crate::support::{Folder, HOUR, now, random};

fn certificate(der: &[u8]) -> X509Certificate<'_> {
    let (rest, certificate) = X509Certificate::from_der(der).unwrap();
    assert!(rest.is_empty());
    certificate
}

fn shape(certificate: &X509Certificate) -> Vec<(String, bool)> {
    certificate.extensions().iter().map(|one| (one.oid.to_id_string(), one.critical)).collect()
}

fn expected(list: &[(&str, bool)]) -> Vec<(String, bool)> {
    list.iter().map(|(id, critical)| ((*id).to_owned(), *critical)).collect()
}

const KEY_USAGE: (&str, bool) = ("2.5.29.15", true);
const EXT_KEY_USAGE: (&str, bool) = ("2.5.29.37", false);
const POLICIES: (&str, bool) = ("2.5.29.32", true);
const ISSUER_ALT_NAME: (&str, bool) = ("2.5.29.18", false);
const SUBJECT_ALT_NAME: (&str, bool) = ("2.5.29.17", false);
const DISTRIBUTION_POINTS: (&str, bool) = ("2.5.29.31", false);
const INFO_ACCESS: (&str, bool) = ("1.3.6.1.5.5.7.1.1", false);
const AUTHORITY_KEY: (&str, bool) = ("2.5.29.35", false);
const SUBJECT_KEY: (&str, bool) = ("2.5.29.14", false);
const BASIC_CONSTRAINTS: (&str, bool) = ("2.5.29.19", true);

const AUTH: [(&str, bool); 8] = [
    KEY_USAGE,
    EXT_KEY_USAGE,
    POLICIES,
    ISSUER_ALT_NAME,
    DISTRIBUTION_POINTS,
    INFO_ACCESS,
    AUTHORITY_KEY,
    SUBJECT_KEY,
];

#[test]
fn extensions_in_order() {
    let mut folder = Folder::new(KeyKind::P256);
    let card = folder.card("card", None);
    let authority = [KEY_USAGE, SUBJECT_ALT_NAME, BASIC_CONSTRAINTS, DISTRIBUTION_POINTS, SUBJECT_KEY];
    assert_eq!(shape(&certificate(folder.pki.auth_ca())), expected(&authority));
    assert_eq!(shape(&certificate(folder.pki.sign_ca())), expected(&authority));
    assert_eq!(shape(&certificate(&card.auth_certificate)), expected(&AUTH));
    let sign = [
        KEY_USAGE,
        SUBJECT_ALT_NAME,
        POLICIES,
        ISSUER_ALT_NAME,
        DISTRIBUTION_POINTS,
        AUTHORITY_KEY,
        SUBJECT_KEY,
    ];
    assert_eq!(shape(&certificate(&card.sign_certificate)), expected(&sign));
}

#[test]
fn faults_change_one_thing() {
    let mut folder = Folder::new(KeyKind::P256);
    for (name, fault) in [
        ("ca", CertificateFault::CaFlag),
        ("twice", CertificateFault::DuplicateExtension),
        ("eku", CertificateFault::MissingExtendedKeyUsage),
        ("usage", CertificateFault::WrongKeyUsage),
    ] {
        let card = folder.card(name, Some(fault));
        let read = certificate(&card.auth_certificate);
        let (got, mut wanted) = (shape(&read), AUTH.to_vec());
        match fault {
            CertificateFault::CaFlag => {
                wanted.push(BASIC_CONSTRAINTS);
                assert!(read.is_ca());
            }
            CertificateFault::DuplicateExtension => wanted.push(SUBJECT_KEY),
            CertificateFault::MissingExtendedKeyUsage => drop(wanted.remove(1)),
            _ => assert!(read.key_usage().unwrap().unwrap().value.non_repudiation()),
        }
        assert_eq!(got, expected(&wanted), "{fault:?}");
    }
}

#[test]
fn subjects_are_in_the_form_of_jpki() {
    let mut folder = Folder::new(KeyKind::P256);
    let card = folder.card("card", None);
    let read = certificate(&card.auth_certificate);
    let common_name = read.subject().iter_common_name().next().unwrap().as_str().unwrap();
    assert!(common_name.len() == 23 && common_name.ends_with("99201003A"), "{common_name}");
    let read = certificate(&card.sign_certificate);
    let common_name = read.subject().iter_common_name().next().unwrap().as_str().unwrap();
    assert!(common_name.len() == 28 && common_name.starts_with("20261122050000"), "{common_name}");
    assert!(common_name.ends_with("99201003A"), "{common_name}");
}

#[test]
fn issuer_alt_name_is_the_authoritys_japanese_name() {
    let mut folder = Folder::new(KeyKind::P256);
    let card = folder.card("card", None);
    let of = |der: &[u8], id: &str| {
        let read = certificate(der);
        read.extensions().iter().find(|one| one.oid.to_id_string() == id).unwrap().value.to_vec()
    };
    let subject_alt_name = of(folder.pki.auth_ca(), SUBJECT_ALT_NAME.0);
    assert_eq!(of(&card.auth_certificate, ISSUER_ALT_NAME.0), subject_alt_name);
    let text = String::from_utf8_lossy(&subject_alt_name).into_owned();
    assert!(text.contains("利用者証明用") && text.contains("試験"), "{text}");
}

#[test]
fn the_holder_is_invented_and_in_order() {
    let mut folder = Folder::new(KeyKind::P256);
    let card = folder.card("card", None);
    let read = certificate(&card.sign_certificate);
    let names = &read.subject_alternative_name().unwrap().unwrap().value.general_names;
    let mut found = Vec::new();
    for name in names {
        let GeneralName::OtherName(kind, value) = name else { panic!("{name:?}") };
        // [0] EXPLICIT around a UTF8String
        assert_eq!((value[0], value[2]), (0xa0, 0x0c));
        found.push((kind.to_id_string(), String::from_utf8(value[4..].to_vec()).unwrap()));
    }
    let numbers: Vec<_> = found.iter().map(|(kind, _)| kind.rsplit_once('.').unwrap()).collect();
    let arc = "1.2.392.200149.8.5.5";
    assert_eq!(numbers, [(arc, "1"), (arc, "4"), (arc, "3"), (arc, "5"), (arc, "2"), (arc, "6")]);
    assert!(found[0].1.starts_with("架空"), "{found:?}");
    // One digit for each character of name and address.
    assert_eq!(found[4].1.chars().count(), found[0].1.chars().count());
    assert_eq!(found[5].1.chars().count(), found[3].1.chars().count());
}

#[test]
fn lists_cover_exactly_the_point_of_the_certificates() {
    let mut folder = Folder::new(KeyKind::P256);
    let lists = folder.pki.crls(now(), HOUR, &random()).unwrap();
    for (municipality, (file, der)) in MUNICIPALITIES.iter().zip(&lists) {
        assert_eq!(*file, format!("{}.crl", municipality.code));
        let options = CardOptions {
            name: municipality.code.to_owned(),
            municipality: municipality.code.to_owned(),
            ..CardOptions::default()
        };
        let card = folder.issue(&options);
        let (_, list) = CertificateRevocationList::from_der(der).unwrap();
        let issuing = list.extensions().iter().find(|one| one.oid.to_id_string() == "2.5.29.28").unwrap();
        assert!(issuing.critical);
        let ParsedExtension::IssuingDistributionPoint(issuing) = issuing.parsed_extension() else { panic!() };
        let read = certificate(&card.auth_certificate);
        let points = read.extensions().iter().find_map(|one| match one.parsed_extension() {
            ParsedExtension::CRLDistributionPoints(points) => Some(points),
            _ => None,
        });
        let point = &points.unwrap().points[0];
        let name = |point: &Option<DistributionPointName>| {
            let Some(DistributionPointName::FullName(names)) = point else { panic!("{point:?}") };
            let [GeneralName::DirectoryName(name)] = names.as_slice() else { panic!("{names:?}") };
            name.as_raw().to_vec()
        };
        assert_eq!(name(&issuing.distribution_point), name(&point.distribution_point));
    }
}

#[test]
fn a_list_leaves_out_the_unspecified_reason() {
    let mut folder = Folder::new(KeyKind::P256);
    for (name, reason, code) in [
        ("unspecified", RevocationReason::Unspecified, None),
        ("compromised", RevocationReason::KeyCompromise, Some(1)),
        ("held", RevocationReason::CertificateHold, Some(6)),
    ] {
        let card = folder.card(name, None);
        folder.pki.revoke(card.auth_serial, reason, now()).unwrap();
        let lists = folder.pki.crls(now(), HOUR, &random()).unwrap();
        let (_, list) = CertificateRevocationList::from_der(&lists[0].1).unwrap();
        let entry = list.iter_revoked_certificates().last().unwrap();
        assert_eq!(entry.user_certificate.to_string(), card.auth_serial.number().to_string());
        assert_eq!(entry.reason_code().map(|(_, reason)| reason.0), code);
        assert_eq!(entry.extensions().is_empty(), code.is_none());
    }
}
