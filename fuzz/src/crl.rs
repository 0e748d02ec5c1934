//! Lists, changed and signed again: whoever is listed is never good, and only the issuer's key makes a list.

use madoguchi_cert_verify::{Certificate, CrlAnswer, VerifiedCrl, VerifiedPath};

use crate::authority::{AUTHORITY, now};
use crate::input::Input;
use crate::second_reader;
use crate::tree::{Content, Node};

/// The first octet: 0 gives the rest as it is; of the others, odd ones are signed by the issuer, even ones by
/// somebody else, and from 128 on the card is on the list, at a place that the two bits below say.
pub fn crl(input: &[u8]) {
    let authority = &*AUTHORITY;
    let mut input = Input::new(input);
    let who = input.octet();
    if who == 0 {
        assert!(VerifiedCrl::verify(input.octets(usize::MAX).to_vec(), &authority.anchors).is_err());
        return;
    }
    let list = if who < 128 { &authority.crl } else { &authority.crl_with_card };
    let [honest, algorithm, _] = list.children() else { panic!("a list has three parts") };
    let mut honest = honest.clone();
    if let Some(entries) = entries(&mut honest) {
        let count = entries.len();
        entries.rotate_left(usize::from(who >> 5 & 3) % count);
    }
    let mut tbs = honest.clone();
    tbs.edit(&mut input);
    let key = if who % 2 == 1 { authority.pki.auth_ca_key() } else { &authority.other_key };
    let der = authority.sign(tbs.der(), algorithm.der(), key);
    let Ok(list) = VerifiedCrl::verify(der.clone(), &authority.anchors) else {
        assert!(who.is_multiple_of(2) || tbs != honest, "an honest one is refused");
        return;
    };
    assert!(who % 2 == 1, "signed by somebody else");
    assert_eq!(list.der(), der);
    second_reader::same_list(&list);
    let listed = listed(&Node::read(&der).expect("the second reader reads it too"));
    let serials: Vec<&[u8]> = list.entries().map(|entry| entry.expect("read before").serial).collect();
    assert_eq!(serials, listed.iter().map(Vec::as_slice).collect::<Vec<_>>(), "other entries");
    assert_eq!(list.entry_count(), listed.len());
    let certificate = Certificate::parse(&authority.card).expect("a certificate");
    let path = authority.path(&certificate).expect("a path");
    let answer = answer(&list, &path, &listed);
    if listed.iter().any(|serial| serial == certificate.serial()) {
        assert!(!matches!(answer, CrlAnswer::Good(_)), "good, and on the list");
    }
    if matches!(answer, CrlAnswer::Good(_)) {
        assert!(list.this_update() <= now() && now() <= list.next_update(), "good by a stale list");
        assert!(list.covers(&path));
    }
}

fn answer(list: &VerifiedCrl, path: &VerifiedPath, listed: &[Vec<u8>]) -> CrlAnswer {
    // A planted bug: the last entry is not looked at.
    if cfg!(feature = "planted_crl") && listed.last().is_some_and(|last| last == path.serial()) {
        return list.evidence(path, None, now(), None).answer();
    }
    list.evidence_for(path, now(), None).answer()
}

/// The serials of revokedCertificates.
fn listed(list: &Node) -> Vec<Vec<u8>> {
    let mut tbs = list.children()[0].clone();
    let entries = entries(&mut tbs).map(|entries| entries.as_slice()).unwrap_or_default();
    entries.iter().map(|entry| entry.children()[0].octets().to_vec()).collect()
}

/// revokedCertificates: the SEQUENCE behind the times that holds SEQUENCEs.
fn entries(tbs: &mut Node) -> Option<&mut Vec<Node>> {
    let Content::Nodes(fields) = &mut tbs.content else { return None };
    let times = fields.iter().rposition(|field| field.tag == 0x17 || field.tag == 0x18).expect("thisUpdate");
    match fields.get_mut(times + 1) {
        Some(Node { tag: 0x30, content: Content::Nodes(entries) }) => Some(entries),
        _ => None,
    }
}
