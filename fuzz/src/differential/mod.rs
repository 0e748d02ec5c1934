//! Our verdict about a chain against those of rustls-webpki and OpenSSL. Verifiers differ, and each way in which these
//! may is a rule with a name that looks at the certificates and says why; a difference that no rule explains is a
//! finding.
//!
//! - Ours refuses what a peer accepts: what ours says is wrong must be so, by a second reader ([`wrong`]), and must be
//!   something that the peer is known not to ask ([`stricter`]).
//! - Ours accepts what a peer refuses: the certificates must hold what that peer is known to refuse ([`lenient`]).
//! - What ours accepts breaks no rule of the encoding, whatever the peers say ([`canonical`]).

mod canonical;
mod draft;
mod fields;
mod lenient;
mod oid;
mod peers;
mod stricter;
mod wrong;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Mutex;

use crate::differential::draft::Question;
use crate::differential::fields::Fields;
use crate::input::Input;

pub(crate) use crate::differential::wrong::is_known;

/// A question and what the second reader finds in its certificates.
struct Asked<'q> {
    question: &'q Question,
    fields: [Option<Fields>; 3],
}

/// See [`Question::read`].
pub fn differential(input: &[u8]) {
    let question = Question::read(&mut Input::new(input));
    let asked =
        Asked { question: &question, fields: question.certificates.each_ref().map(|der| Fields::read(der)) };
    let ours = peers::ours(&question);
    if ours.is_ok() {
        asked.is_canonical();
    }
    count("asked");
    count(if ours.is_ok() { "ours accepts" } else { "ours refuses" });
    let openssl = peers::openssl(&question);
    match (&ours, &openssl) {
        (Ok(()), Ok(())) => count("OpenSSL agrees: accepted"),
        (Err(_), Err(_)) => count("OpenSSL agrees: refused"),
        (Err(ours), Ok(())) => {
            asked.explained(stricter::than_openssl(&asked, ours), ours, &("OpenSSL", &openssl))
        }
        (Ok(()), Err(theirs)) => {
            asked.explained(lenient::than_openssl(&asked, *theirs), &ours, &("OpenSSL", theirs))
        }
    }
    // webpki cannot be asked about any purpose.
    if question.client {
        let webpki = peers::webpki(&question);
        match (&ours, &webpki) {
            (Ok(()), Ok(())) => count("webpki agrees: accepted"),
            (Err(_), Err(_)) => count("webpki agrees: refused"),
            (Err(ours), Ok(())) => {
                asked.explained(stricter::than_webpki(&asked, ours), ours, &("webpki", &webpki))
            }
            (Ok(()), Err(theirs)) => {
                asked.explained(lenient::than_webpki(&asked, theirs), &ours, &("webpki", theirs))
            }
        }
    }
}

impl Asked<'_> {
    /// What is accepted is DER, and each extension that is known is what its definition says.
    fn is_canonical(&self) {
        for (octets, fields) in self.question.certificates.iter().zip(&self.fields) {
            assert!(!canonical::is_broken(octets), "accepted, and not canonical: {octets:02x?}");
            for extension in fields.iter().flat_map(Fields::all) {
                assert!(
                    !canonical::extension_is_broken(extension) || !wrong::is_known(&extension.id),
                    "accepted with a broken extension {:02x?}: {:02x?}",
                    extension.id,
                    extension.value
                );
            }
        }
    }

    fn explained(&self, reason: Option<&'static str>, ours: &dyn Debug, theirs: &dyn Debug) {
        let Some(reason) = reason else {
            let certificates: Vec<String> = self
                .question
                .certificates
                .iter()
                .map(|der| der.iter().map(|octet| format!("{octet:02x}")).collect())
                .collect();
            let Question { client, explicit_policy, inhibit_mapping, inhibit_any, .. } = self.question;
            panic!(
                "nobody knows why: ours {ours:?}, the peer {theirs:?}; client {client}, explicit policy \
                 {explicit_policy}, inhibit mapping {inhibit_mapping}, inhibit any {inhibit_any}; {certificates:#?}"
            );
        };
        count(reason);
    }
}

/// How often what came out: shown now and then.
static COUNTS: Mutex<BTreeMap<&'static str, u64>> = Mutex::new(BTreeMap::new());

fn count(what: &'static str) {
    let mut counts = COUNTS.lock().expect("nobody panics with it");
    let count = counts.entry(what).or_default();
    *count += 1;
    if what == "asked" && count.is_multiple_of(SHOWN_EACH) {
        for (what, count) in &*counts {
            eprintln!("differences: {count} {what}");
        }
    }
}

const SHOWN_EACH: u64 = 20_000;
