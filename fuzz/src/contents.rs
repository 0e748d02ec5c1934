//! A card's keys and certificates, made once for each process and kept nowhere.

use std::{collections::HashSet, sync::LazyLock, time::Duration};

use madoguchi_mock_card::CardContents;
use madoguchi_test_pki::{CardOptions, KeyKind, Options, TestPki};
use ring::rand::SystemRandom;
use rustls_pki_types::UnixTime;

pub(crate) const AUTH_PIN: &[u8] = b"4649";
pub(crate) const SIGN_PASSWORD: &[u8] = b"ABC123";

pub(crate) static CONTENTS: LazyLock<CardContents> = LazyLock::new(|| {
    let random = SystemRandom::new();
    let now = UnixTime::since_unix_epoch(Duration::from_hours(490_000));
    let options = Options { authority_key: KeyKind::P256, ..Options::default() };
    let mut pki = TestPki::create(&options, now, &random).expect("a PKI");
    let text = |octets: &[u8]| String::from_utf8(octets.to_vec()).expect("ASCII");
    let card =
        CardOptions { pin: text(AUTH_PIN), sign_password: text(SIGN_PASSWORD), ..CardOptions::default() };
    CardContents {
        files: pki.issue_card(&card, now, &random).expect("a card"),
        auth_ca_certificate: pki.auth_ca().to_vec(),
        sign_ca_certificate: pki.sign_ca().to_vec(),
    }
});

/// Pieces of the signature certificate that no other file has: of the holder's public key.
pub(crate) static SIGN_CERTIFICATE: LazyLock<Pieces> = LazyLock::new(|| {
    let files = &CONTENTS.files;
    Pieces::of(&files.sign_key).within(&Pieces::of(&files.sign_certificate)).without(&PUBLIC)
});

/// The same of the user-authentication certificate.
pub(crate) static AUTH_CERTIFICATE: LazyLock<Pieces> = LazyLock::new(|| {
    let files = &CONTENTS.files;
    let authorities = Pieces::of(&CONTENTS.auth_ca_certificate);
    Pieces::of(&files.auth_key).within(&Pieces::of(&files.auth_certificate)).without(&authorities)
});

/// Pieces of the private keys, which nobody may see: what is in no certificate.
pub(crate) static PRIVATE_KEYS: LazyLock<Pieces> = LazyLock::new(|| {
    let files = &CONTENTS.files;
    let mut pieces = Pieces::of(&files.auth_key);
    pieces.0.extend(Pieces::of(&files.sign_key).0);
    pieces.without(&PUBLIC).without(&Pieces::of(&files.sign_certificate))
});

static PUBLIC: LazyLock<Pieces> = LazyLock::new(|| {
    let mut pieces = Pieces::of(&CONTENTS.files.auth_certificate);
    pieces.0.extend(Pieces::of(&CONTENTS.auth_ca_certificate).0);
    pieces.0.extend(Pieces::of(&CONTENTS.sign_ca_certificate).0);
    pieces
});

/// All runs of so many octets in a row.
pub(crate) struct Pieces(HashSet<[u8; RUN]>);

impl Pieces {
    fn of(octets: &[u8]) -> Self {
        Self(octets.windows(RUN).map(|run| run.try_into().expect("a run")).collect())
    }

    fn within(mut self, others: &Self) -> Self {
        self.0.retain(|piece| others.0.contains(piece));
        self
    }

    fn without(mut self, others: &Self) -> Self {
        self.0.retain(|piece| !others.0.contains(piece));
        self
    }

    /// Whether one of them is in `data`.
    pub(crate) fn any_in(&self, data: &[u8]) -> bool {
        data.windows(RUN).any(|run| self.0.contains(run))
    }
}

const RUN: usize = 24;
