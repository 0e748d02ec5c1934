//! Certificates, whole and changed, against two other readers and a path that may not hold.

use madoguchi_cert_verify::{Certificate, MAX_CERTIFICATE_OCTETS_ANYWHERE, SERIAL_MAX_OCTETS, der};

use crate::authority::AUTHORITY;
use crate::input::Input;
use crate::second_reader;
use crate::tree::Node;

/// The first octet says what follows: any octets (even), or changes to the tree of a card's certificate (odd); of
/// those, 1 leaves the old signature and the others have the result signed again.
pub fn certificate(input: &[u8]) {
    let authority = &*AUTHORITY;
    let mut input = Input::new(input);
    let how = input.octet();
    let octets = if how.is_multiple_of(2) {
        input.octets(usize::MAX).to_vec()
    } else {
        let mut tree = Node::read(&authority.card).expect("a tree");
        if how == 1 {
            tree.edit(&mut input);
            tree.der()
        } else {
            let [tbs, algorithm, _] = tree.children() else { panic!("a certificate has three parts") };
            let mut tbs = tbs.clone();
            tbs.edit(&mut input);
            authority.sign(tbs.der(), algorithm.der(), authority.pki.auth_ca_key())
        }
    };
    let read = read(&octets);
    if let Some(certificate) = &read {
        is_what_was_given(certificate, &octets);
        // The issuer's signature holds for what the issuer signed, and for nothing else.
        if how == 1 && authority.path(certificate).is_some() {
            assert!(octets == authority.card, "an old signature over something new");
        }
    }
    if octets == authority.card {
        assert!(
            read.is_some_and(|certificate| authority.path(&certificate).is_some()),
            "an honest one is refused"
        );
    }
}

fn read(octets: &[u8]) -> Option<Certificate> {
    let read = Certificate::parse_from_anywhere(octets).ok();
    // A planted bug: a reader that takes any octet but zero for TRUE.
    if cfg!(feature = "planted_certificate") && read.is_none() {
        let mut lenient = octets.to_vec();
        for place in 2..lenient.len() {
            if lenient[place - 2..place] == [0x01, 0x01] && lenient[place] != 0 {
                lenient[place] = 0xFF;
            }
        }
        return Certificate::parse_from_anywhere(&lenient).ok();
    }
    read
}

fn is_what_was_given(certificate: &Certificate, octets: &[u8]) {
    assert!(certificate.der() == octets, "other octets than were read");
    assert!(der::check(octets, MAX_CERTIFICATE_OCTETS_ANYWHERE).is_ok(), "read what the strict walk refuses");
    let tree = Node::read(octets).expect("the second reader reads it too");
    assert!(tree.der() == octets, "a length is not canonical");
    let [tbs, algorithm, _] = tree.children() else { panic!("not three parts") };
    let fields = tbs.children();
    let version = usize::from(fields[0].tag == 0xA0);
    assert_eq!(fields[version].octets(), certificate.serial());
    assert!((1..=SERIAL_MAX_OCTETS).contains(&certificate.serial().len()));
    assert_eq!(&fields[version + 1], algorithm, "two algorithms");
    assert_eq!(fields[version + 2].der(), certificate.issuer().der());
    assert_eq!(fields[version + 4].der(), certificate.subject().der());
    assert!(certificate.not_before() <= certificate.not_after());
    second_reader::same_certificate(certificate);
    assert_eq!(format!("{certificate:?}"), "Certificate(..)", "personal data is shown");
}
