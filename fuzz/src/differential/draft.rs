//! A chain of three certificates, honest where the input is zero: each certificate chooses from menus of what its
//! extensions may say, then its tree may be changed anywhere, and it is signed.

use std::sync::LazyLock;

use madoguchi_test_pki::{KeyKind, PrivateKey};
use ring::rand::SystemRandom;

use crate::differential::oid;
use crate::input::Input;
use crate::tree::{Content, Node};

/// What the verifiers are asked.
pub(super) struct Question {
    /// Trust anchor, CA, target: in DER.
    pub(super) certificates: [Vec<u8>; 3],
    /// Whether the path must be for client authentication; otherwise for anything.
    pub(super) client: bool,
    /// The initial flags of RFC 5280 section 6.1.1 (e), (f), (g).
    pub(super) explicit_policy: bool,
    pub(super) inhibit_mapping: bool,
    pub(super) inhibit_any: bool,
}

pub(super) const ANCHOR: usize = 0;
pub(super) const CA: usize = 1;
pub(super) const TARGET: usize = 2;

impl Question {
    /// One octet for the question and for how many choices are not the honest ones; for each, which and what; then for
    /// anchor and CA how many octets change its tree, and those; the rest changes the target's.
    pub(super) fn read(input: &mut Input<'_>) -> Self {
        let flags = input.octet();
        let mut choices = [ANCHOR, CA, TARGET].map(|place| Choices { place, octets: [0; 6] });
        for _ in 0..flags >> 4 {
            let (which, what) = (usize::from(input.octet()), input.octet());
            let octet = &mut choices[which % 3].octets[which / 3 % 6];
            let mask = MENUS[which / 18 % MENUS.len()];
            *octet = *octet & !mask | what & mask;
        }
        let mut place = 0;
        let certificates = choices.map(|choices| {
            let mut tbs = Node::read(&choices.tbs()).expect("a tree");
            let length = if place == TARGET { usize::MAX } else { usize::from(input.octet()) };
            tbs.edit(&mut Input::new(input.octets(length)));
            place += 1;
            choices.sign(&tbs.der())
        });
        Self {
            certificates,
            client: flags & 1 == 0,
            explicit_policy: flags & 2 != 0,
            inhibit_mapping: flags & 4 != 0,
            inhibit_any: flags & 8 != 0,
        }
    }
}

impl Question {
    /// The same with an anchor that says nothing about policies. Its signature, which nobody checks, no longer holds.
    pub(super) fn without_policies_of_anchor(&self) -> Option<Self> {
        let mut anchor = Node::read(&self.certificates[ANCHOR])?;
        let Content::Nodes(parts) = &mut anchor.content else { return None };
        let Content::Nodes(fields) = &mut parts.first_mut()?.content else { return None };
        let explicit = fields.iter_mut().find(|field| field.tag == 0xA3)?;
        let Content::Nodes(lists) = &mut explicit.content else { return None };
        let Content::Nodes(extensions) = &mut lists.first_mut()?.content else { return None };
        extensions.retain(|extension| {
            extension.children().first().is_none_or(|id| !oid::OF_POLICIES.contains(&id.octets()))
        });
        let certificates = [anchor.der(), self.certificates[CA].clone(), self.certificates[TARGET].clone()];
        Some(Self { certificates, ..*self })
    }
}

/// Bits of an octet of choices that are one menu, or several.
const MENUS: [u8; 13] = [0xFF, 0x07, 0x38, 0xC0, 0x03, 0x0C, 0x10, 0xE0, 0x0F, 0xF0, 0x18, 0x60, 0x30];

/// Names, keys and key identifiers of the three, and of somebody else.
struct Holder {
    common_name: &'static str,
    key: PrivateKey,
}

static HOLDERS: LazyLock<[Holder; 4]> = LazyLock::new(|| {
    ["Root", "Middle", "Holder", "Stranger"].map(|common_name| Holder {
        common_name,
        key: PrivateKey::generate(KeyKind::P256, &SystemRandom::new()).expect("a key"),
    })
});

const STRANGER: usize = 3;

/// One certificate's choices; zero is the honest one.
struct Choices {
    place: usize,
    octets: [u8; 6],
}

impl Choices {
    /// So many bits of an octet, as a choice from a menu of that length.
    fn pick<const N: usize, T: Clone>(&self, octet: usize, shift: u8, menu: &[T; N]) -> T {
        menu[usize::from(self.octets[octet] >> shift) % N].clone()
    }

    fn is_ca(&self) -> bool {
        self.place != TARGET
    }

    fn issuer(&self) -> usize {
        self.place.saturating_sub(1)
    }

    fn tbs(&self) -> Vec<u8> {
        let version: fn() -> Vec<u8> =
            self.pick(4, 6, &[|| tlv(0xA0, &[2, 1, 2]), Vec::new, Vec::new, || tlv(0xA0, &[2, 1, 1])]);
        let serial = self.pick(4, 2, &[vec![1], vec![0], vec![0xFF], vec![1; 21]]);
        let issuer = self.issuer_name();
        let subject = match self.octets[5] & 3 {
            1 => Vec::new(),
            2 => name(self.place, true),
            _ => name(self.place, false),
        };
        let key = HOLDERS[self.place].key.subject_public_key_info().expect("a key");
        let extensions = tlv(0xA3, &tlv(0x30, &self.extensions().concat()));
        // The third version has no extensions either, as a certificate of version 1 should.
        let extensions = if self.octets[4] >> 6 == 2 { Vec::new() } else { extensions };
        let parts = [
            version(),
            tlv(2, &serial),
            algorithm(),
            tlv(0x30, &issuer),
            self.validity(),
            tlv(0x30, &subject),
            key,
            extensions,
        ];
        tlv(0x30, &parts.concat())
    }

    fn issuer_name(&self) -> Vec<u8> {
        match self.octets[4] & 3 {
            0 => name(self.issuer(), false),
            1 => name(self.issuer(), true),
            2 => Vec::new(),
            _ => name(STRANGER, false),
        }
    }

    /// Around the moment of the question, 2026-11-22 00:00:00.
    fn validity(&self) -> Vec<u8> {
        let (from, to) = self.pick(
            1,
            5,
            &[
                ("260101000000Z", "270101000000Z"),
                ("260101000000Z", "261121235959Z"),
                ("261122000001Z", "270101000000Z"),
                ("260101000000Z", "261122000000Z"),
                ("261122000000Z", "270101000000Z"),
                ("260101000000Z", "20500101000000Z"),
                ("260101000000Z", "20270101000000Z"),
                ("270101000000Z", "260101000000Z"),
            ],
        );
        let time = |text: &str| tlv(if text.len() == 13 { 0x17 } else { 0x18 }, text.as_bytes());
        tlv(0x30, &[time(from), time(to)].concat())
    }

    fn extensions(&self) -> Vec<Vec<u8>> {
        let all = [
            self.basic_constraints(),
            self.key_usage(),
            self.key_purposes(),
            self.authority_key(),
            self.subject_key(),
            self.alternative_names(),
            self.name_constraints(),
            self.policies(),
            self.policy_mappings(),
            self.policy_constraints(),
            (self.octets[3] & 0x80 != 0).then(|| extension(oid::INHIBIT_ANY_POLICY, true, &[2, 1, 0])),
            self.another(),
        ];
        all.into_iter().flatten().collect()
    }

    fn basic_constraints(&self) -> Option<Vec<u8>> {
        let of = |critical, value: &[u8]| Some(extension(oid::BASIC_CONSTRAINTS, critical, value));
        let ca = [0x30, 3, 1, 1, 0xFF];
        match self.octets[0] & 7 {
            0 if self.is_ca() => of(true, &ca),
            2 => of(true, &[0x30, 0]),
            3 => of(true, &ca),
            4 => of(true, &[0x30, 6, 1, 1, 0xFF, 2, 1, 0]),
            5 => of(true, &[0x30, 6, 1, 1, 0xFF, 2, 1, 1]),
            6 => of(false, &ca),
            7 => of(true, &[0x30, 3, 2, 1, 0]),
            _ => None,
        }
    }

    fn key_usage(&self) -> Option<Vec<u8>> {
        let of = |critical, value: &[u8]| Some(extension(oid::KEY_USAGE, critical, value));
        match (self.octets[0] >> 3) & 7 {
            0 if self.is_ca() => of(true, &[3, 2, 1, 6]),
            0 | 3 => of(true, &[3, 2, 7, 0x80]),
            2 => of(true, &[3, 2, 2, 4]),
            4 => of(true, &[3, 2, 1, 0x86]),
            5 => of(false, &[3, 2, 1, 6]),
            6 => of(true, &[3, 2, 0, 0x80]),
            7 => of(true, &[3, 1, 0]),
            _ => None,
        }
    }

    fn key_purposes(&self) -> Option<Vec<u8>> {
        let of = |purpose: &[u8]| Some(extension(oid::EXT_KEY_USAGE, false, &tlv(0x30, &tlv(6, purpose))));
        match self.octets[1] & 3 {
            0 if !self.is_ca() => of(oid::CLIENT_AUTH),
            2 => of(oid::SERVER_AUTH),
            3 => of(oid::ANY_PURPOSE),
            _ => None,
        }
    }

    fn authority_key(&self) -> Option<Vec<u8>> {
        let of = |value: Vec<u8>| Some(extension(oid::AUTHORITY_KEY_IDENTIFIER, false, &tlv(0x30, &value)));
        let issuer = || tlv(0xA1, &tlv(0xA4, &tlv(0x30, &name(self.issuer().saturating_sub(1), false))));
        match (self.octets[1] >> 2) & 3 {
            0 => of(tlv(0x80, &key_id(self.issuer()))),
            2 => of(tlv(0x80, &key_id(STRANGER))),
            3 => of([tlv(0x80, &key_id(self.issuer())), issuer(), vec![0x82, 1, 1]].concat()),
            _ => None,
        }
    }

    fn subject_key(&self) -> Option<Vec<u8>> {
        let present = self.octets[1] & 0x10 == 0;
        present.then(|| extension(oid::SUBJECT_KEY_IDENTIFIER, false, &tlv(4, &key_id(self.place))))
    }

    fn alternative_names(&self) -> Option<Vec<u8>> {
        let (tag, text): (u8, &[u8]) = match self.octets[2] & 0x0F {
            0 if self.is_ca() => return None,
            0 => (0x82, b"a.good.example"),
            2 => (0x82, b"a.bad.example"),
            3 => (0x82, b"*.good.example"),
            4 => (0x81, b"a@good.example"),
            5 => (0x81, b"a@bad.example"),
            6 => (0x86, b"http://a.good.example/"),
            7 => (0x87, &[192, 0, 2, 1]),
            8 => (0x87, &[198, 51, 100, 1]),
            9 => (0xA4, &[0x30, 0]),
            10 => (0xA0, &[6, 2, 0x2A, 3, 0xA0, 2, 5, 0]),
            11 => (0x88, &[0x2A, 3]),
            12 => (0x82, b"A.GOOD.EXAMPLE"),
            13 => (0x82, b"a.good.example."),
            14 => (0x86, b"mailto:a@good.example"),
            15 => {
                return Some(extension(
                    oid::SUBJECT_ALT_NAME,
                    true,
                    &tlv(0x30, &tlv(0x82, b"a.good.example")),
                ));
            }
            _ => return None,
        };
        Some(extension(oid::SUBJECT_ALT_NAME, false, &tlv(0x30, &tlv(tag, text))))
    }

    fn name_constraints(&self) -> Option<Vec<u8>> {
        let (list, tag, base): (u8, u8, Vec<u8>) = match self.octets[2] >> 4 {
            1 => (0xA0, 0x82, b"good.example".to_vec()),
            2 => (0xA1, 0x82, b"bad.example".to_vec()),
            3 => (0xA1, 0x82, b"good.example".to_vec()),
            4 => (0xA0, 0x81, b"good.example".to_vec()),
            5 => (0xA0, 0x86, b".good.example".to_vec()),
            6 => (0xA0, 0x87, vec![192, 0, 2, 0, 255, 255, 255, 0]),
            7 => (0xA1, 0x87, vec![192, 0, 2, 0, 255, 255, 255, 0]),
            8 => (0xA0, 0xA4, tlv(0x30, &organization("Good"))),
            9 => (0xA1, 0xA4, tlv(0x30, &organization("good"))),
            10 => (0xA0, 0xA0, vec![6, 2, 0x2A, 3, 0xA0, 2, 5, 0]),
            11 => (0xA0, 0x82, Vec::new()),
            12 => (0xA0, 0x82, b".good.example".to_vec()),
            13 => (0xA1, 0x81, b"a@bad.example".to_vec()),
            14 => return Some(extension(oid::NAME_CONSTRAINTS, false, &[0x30, 5, 0xA1, 3, 0x30, 1, 0x82])),
            15 => return Some(extension(oid::NAME_CONSTRAINTS, true, &[0x30, 0])),
            _ => return None,
        };
        let value = tlv(0x30, &tlv(list, &tlv(0x30, &tlv(tag, &base))));
        Some(extension(oid::NAME_CONSTRAINTS, true, &value))
    }

    fn policies(&self) -> Option<Vec<u8>> {
        let policy = |id: &[u8]| tlv(0x30, &tlv(6, id));
        let practice = [tlv(6, oid::CPS_URI), tlv(0x16, b"http://a")].concat();
        let of = |critical, all: &[Vec<u8>]| {
            Some(extension(oid::CERTIFICATE_POLICIES, critical, &tlv(0x30, &all.concat())))
        };
        match self.octets[3] & 7 {
            0 => of(false, &[policy(ONE)]),
            2 => of(false, &[policy(oid::ANY_POLICY)]),
            3 => of(false, &[policy(TWO)]),
            4 => of(false, &[policy(ONE), policy(TWO)]),
            5 => of(false, &[policy(oid::ANY_POLICY), policy(ONE)]),
            6 => of(false, &[tlv(0x30, &[tlv(6, ONE), tlv(0x30, &tlv(0x30, &practice))].concat())]),
            7 => of(true, &[policy(ONE)]),
            _ => None,
        }
    }

    fn policy_mappings(&self) -> Option<Vec<u8>> {
        let of = |from: &[u8], to: &[u8]| {
            let pair = tlv(0x30, &[tlv(6, from), tlv(6, to)].concat());
            Some(extension(oid::POLICY_MAPPINGS, false, &tlv(0x30, &pair)))
        };
        match (self.octets[3] >> 3) & 3 {
            1 => of(ONE, TWO),
            2 => of(TWO, ONE),
            3 => of(oid::ANY_POLICY, ONE),
            _ => None,
        }
    }

    fn policy_constraints(&self) -> Option<Vec<u8>> {
        let of = |value: &[u8]| Some(extension(oid::POLICY_CONSTRAINTS, true, value));
        match (self.octets[3] >> 5) & 3 {
            1 => of(&[0x30, 3, 0x80, 1, 0]),
            2 => of(&[0x30, 3, 0x81, 1, 0]),
            3 => of(&[0x30, 3, 0x80, 1, 1]),
            _ => None,
        }
    }

    fn another(&self) -> Option<Vec<u8>> {
        match (self.octets[4] >> 4) & 3 {
            1 => Some(extension(&[0x2A, 3, 9], false, &[5, 0])),
            2 => Some(extension(&[0x2A, 3, 9], true, &[5, 0])),
            3 => Some(extension(oid::ISSUER_ALT_NAME, true, &tlv(0x30, &tlv(0x82, b"a.example")))),
            _ => None,
        }
    }

    fn sign(&self, tbs: &[u8]) -> Vec<u8> {
        let how = self.octets[0] >> 6;
        let signer = &HOLDERS[if how == 2 { STRANGER } else { self.issuer() }].key;
        let mut signature = signer.sign(tbs, &SystemRandom::new()).expect("a signature");
        if let (1, Some(last)) = (how, signature.last_mut()) {
            *last ^= 1;
        }
        let outer = if how == 3 { tlv(0x30, &tlv(6, oid::ECDSA_WITH_SHA384)) } else { algorithm() };
        tlv(0x30, &[tbs, &outer, &tlv(3, &[vec![0], signature].concat())].concat())
    }
}

fn algorithm() -> Vec<u8> {
    tlv(0x30, &tlv(6, oid::ECDSA_WITH_SHA256))
}

fn key_id(holder: usize) -> Vec<u8> {
    vec![0x40 + u8::try_from(holder).expect("few"); 20]
}

/// The RDNs of a name; the other spelling is the same name to RFC 5280 section 7.1.
fn name(holder: usize, other_spelling: bool) -> Vec<u8> {
    let common_name = HOLDERS[holder].common_name;
    let spelt = if other_spelling { common_name.to_uppercase() } else { common_name.to_owned() };
    [organization("Good"), attribute(oid::COMMON_NAME, if other_spelling { 0x13 } else { 0x0C }, &spelt)]
        .concat()
}

fn organization(text: &str) -> Vec<u8> {
    attribute(oid::ORGANIZATION, 0x0C, text)
}

fn attribute(kind: &[u8], tag: u8, text: &str) -> Vec<u8> {
    tlv(0x31, &tlv(0x30, &[tlv(6, kind), tlv(tag, text.as_bytes())].concat()))
}

fn extension(id: &[u8], critical: bool, value: &[u8]) -> Vec<u8> {
    let critical = if critical { vec![1, 1, 0xFF] } else { Vec::new() };
    tlv(0x30, &[tlv(6, id), critical, tlv(4, value)].concat())
}

fn tlv(tag: u8, value: &[u8]) -> Vec<u8> {
    Node { tag, content: Content::Octets(value.to_vec()) }.der()
}

/// Two policies.
const ONE: &[u8] = &[0x2A, 3, 1];
const TWO: &[u8] = &[0x2A, 3, 2];
