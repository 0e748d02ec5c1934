//! What somebody may send to make a verifier work: each with what it costs.

use madoguchi_cert_verify::{Anchor, Budget, Certificate, NoObserver, PathSettings, verify_chain};

use crate::support::chain::{Draft, Holder};
use crate::support::{AKI, Ext, NAME_CONSTRAINTS, POLICIES, SAN, SKI, now, tlv};

/// Octets as they come in, and what becomes of them.
pub(crate) struct Attack {
    pub(crate) name: &'static str,
    pub(crate) target: Vec<u8>,
    pub(crate) pool: Vec<Vec<u8>>,
    pub(crate) anchor: Anchor,
    /// How it ends.
    pub(crate) code: &'static str,
    /// What it takes of a budget: signatures, steps.
    pub(crate) cost: (u64, u64),
}

impl Attack {
    /// Reads everything and looks for a path: how it ends, and what was spent.
    pub(crate) fn run(&self) -> (&'static str, u64, u64) {
        let mut budget = Budget::default();
        let (signatures, steps) = (budget.signatures_left(), budget.steps_left());
        let code = self.judge(&mut budget);
        (code, signatures - budget.signatures_left(), steps - budget.steps_left())
    }

    fn judge(&self, budget: &mut Budget) -> &'static str {
        // What a card sends is at most 16 KiB; what an operator has may be longer.
        let target = match Certificate::parse(&self.target) {
            Ok(target) => target,
            Err(error) => return error.code(),
        };
        let pool: Result<Vec<Certificate>, _> =
            self.pool.iter().map(|der| Certificate::parse_from_anywhere(der)).collect();
        let pool = match pool {
            Ok(pool) => pool,
            Err(error) => return error.code(),
        };
        let (anchors, settings) = (std::slice::from_ref(&self.anchor), PathSettings::default());
        match verify_chain(&target, &pool, anchors, &settings, now(), budget, &mut NoObserver) {
            Ok(_) => "accepted",
            Err(error) => error.code(),
        }
    }
}

pub(crate) fn all() -> Vec<Attack> {
    vec![
        deep(),
        long_length(),
        junk(),
        giant_name(),
        many_extensions(),
        many_alternative_names(),
        policy_mappings(),
        name_constraints(),
        cloud(),
        issuers_names(),
    ]
}

fn root_and_end() -> (Holder, Holder) {
    (Holder::new("Root"), Holder::new("End"))
}

/// Octets that are no certificate cost no step and no signature.
fn octets(name: &'static str, target: Vec<u8>, code: &'static str) -> Attack {
    let root = Holder::new("Root");
    Attack { name, target, pool: Vec::new(), anchor: root.root().anchor(&root), code, cost: (0, 0) }
}

fn deep() -> Attack {
    let mut octets_of_it = vec![5, 0];
    while octets_of_it.len() < 16_000 {
        octets_of_it = tlv(0x30, &octets_of_it);
    }
    octets("nested as deep as 16 KiB hold", octets_of_it, "der_depth")
}

fn long_length() -> Attack {
    octets(
        "a length of 4 GiB",
        [&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff][..], &[0; 64]].concat(),
        "der_truncated",
    )
}

fn junk() -> Attack {
    let nulls = [5, 0].repeat(8_000);
    octets("16 KiB of NULL", tlv(0x30, &nulls), "der_unexpected_tag")
}

fn giant_name() -> Attack {
    let (root, end) = root_and_end();
    let attribute = tlv(0x31, &tlv(0x30, &[6, 3, 0x55, 4, 3, 0x0c, 1, b'A']));
    let name = tlv(0x30, &attribute.repeat(600));
    let target = Draft { issuer: Some(name.clone()), subject: name, ..end.leaf() }.der(&root);
    Attack { code: "issuer_unknown", cost: (0, 16), ..with(&root, "two names of 600 attributes", target) }
}

fn many_extensions() -> Attack {
    let (root, end) = root_and_end();
    let target = (0..300_u16).fold(end.leaf(), |draft, number| {
        let [high, low] = [number / 100, number % 100].map(|arc| u8::try_from(arc).expect("an arc"));
        draft.with(Ext::new(&[0x2a, 3, high, low], true, &[5, 0]))
    });
    let target = target.der(&root);
    Attack { code: "der_too_long", cost: (0, 0), ..with(&root, "300 unknown critical extensions", target) }
}

fn many_alternative_names() -> Attack {
    let (root, end) = root_and_end();
    let names: Vec<u8> =
        (0..1_000).flat_map(|number| tlv(0x82, format!("n{number}.example").as_bytes())).collect();
    let target = end.leaf().with(Ext::new(SAN, false, &tlv(0x30, &names))).der(&root);
    let anchor = root.root().permits("example").anchor(&root);
    Attack {
        code: "accepted",
        cost: (2, 1_004),
        anchor,
        ..with(&root, "1,000 names under one constraint", target)
    }
}

fn with(root: &Holder, name: &'static str, target: Vec<u8>) -> Attack {
    Attack { target, anchor: root.root().anchor(root), ..octets(name, Vec::new(), "accepted") }
}

/// Every policy is mapped to every other, in every certificate: a tree would have 5 to the power of 8 leaves.
fn policy_mappings() -> Attack {
    let holders: Vec<Holder> = (0..9).map(|number| Holder::new(&format!("CA {number}"))).collect();
    let pool = holders.windows(2).map(|two| {
        let mappings: Vec<u8> = (1..=5)
            .flat_map(|from| (1..=5).map(move |to| [tlv(6, &[0x2a, from]), tlv(6, &[0x2a, to])].concat()))
            .flat_map(|pair| tlv(0x30, &pair))
            .collect();
        let mappings = Ext::new(&[0x55, 0x1d, 33], true, &tlv(0x30, &mappings));
        two[1].ca().policies(&(1..=5).collect::<Vec<u8>>()).with(mappings).der(&two[0])
    });
    let pool = pool.collect();
    let target = Holder::new("End").leaf().policies(&(1..=5).collect::<Vec<u8>>()).der(&holders[8]);
    let anchor = holders[0].root().anchor(&holders[0]);
    let attack = octets("25 policy mappings in each of 8 certificates", target, "accepted");
    Attack { pool, anchor, cost: (18, 1_300), ..attack }
}

/// 700 constraints and 700 names: half a million comparisons, refused before the first.
fn name_constraints() -> Attack {
    let (root, end) = root_and_end();
    let middle = Holder::new("Middle");
    let subtrees: Vec<u8> =
        (0..700).flat_map(|number| tlv(0x30, &tlv(0x82, format!("x{number}.example").as_bytes()))).collect();
    let constraints = Ext::new(NAME_CONSTRAINTS, true, &tlv(0x30, &tlv(0xa1, &subtrees)));
    let names: Vec<u8> =
        (0..700).flat_map(|number| tlv(0x82, format!("n{number}.example").as_bytes())).collect();
    let target = end.leaf().with(Ext::new(SAN, false, &tlv(0x30, &names))).der(&middle);
    let pool = vec![middle.ca().with(constraints).der(&root)];
    let attack = with(&root, "700 names under 700 constraints", target);
    Attack { pool, code: "budget_spent", cost: (4, 8), ..attack }
}

/// Everybody of one name certifies everybody, with one key identifier; no path holds.
fn cloud() -> Attack {
    let shared = [7; 20];
    let of_key = |draft: Draft| {
        let authority = Ext::new(AKI, false, &tlv(0x30, &tlv(0x80, &shared)));
        draft.with(authority).with(Ext::new(SKI, false, &tlv(4, &shared))).without(POLICIES)
    };
    let holders: Vec<Holder> = (0..10).map(|_| Holder::new("Cloud")).collect();
    let pool = holders
        .iter()
        .flat_map(|issuer| holders.iter().map(|subject| of_key(subject.ca()).der(issuer)).collect::<Vec<_>>())
        .collect();
    let target = of_key(Holder::new("End").leaf()).der(&holders[0]);
    let stranger = Holder::new("Cloud");
    let anchor = of_key(stranger.root()).anchor(&stranger);
    // Each certificate against the anchor's key and against its issuer's once, and the rest of the steps.
    let attack = octets("a cloud of 100 namesakes", target, "budget_spent");
    Attack { pool, anchor, cost: (202, 299_992), ..attack }
}

/// Any of 200 namesakes with one serial number may be the issuer whom a certificate calls by 500 names.
fn issuers_names() -> Attack {
    let (root, end) = root_and_end();
    let middle = Holder::new("Middle");
    let names: Vec<u8> =
        (0..500).flat_map(|number| tlv(0x82, format!("n{number}.example").as_bytes())).collect();
    let shared = [7; 20];
    let authority = [tlv(0x80, &shared), tlv(0xa1, &names), tlv(0x82, &[1])].concat();
    let authority = Ext::new(AKI, false, &tlv(0x30, &authority));
    let target = end.leaf().with(authority).der(&middle);
    let issuer = || middle.ca().with(Ext::new(SKI, false, &tlv(4, &shared)));
    let pool = (0..200).map(|_| issuer().der(&root)).collect();
    let attack = with(&root, "200 namesakes of an issuer with 500 names", target);
    Attack { pool, code: "accepted", cost: (4, 100_606), ..attack }
}
