//! The lists that are measured, in a folder that goes with the run.

use std::path::{Path, PathBuf};
use std::time::Duration;

use madoguchi_cert_verify::Anchor;
use madoguchi_test_pki::{BulkEntries, BulkOrder, BulkReasons, BulkSerials, Options, SerialLength, TestPki};
use ring::rand::SystemRandom;

use crate::crl::build::indexed;
use crate::crl::child::run_part;
use crate::world::now;

/// Shapes of entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// As JPKI's: serial numbers of 5 octets, a reason in each entry.
    Jp,
    /// Serial numbers of 20 octets, no reasons.
    R20,
}

impl Shape {
    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::Jp, Self::R20].into_iter().find(|shape| shape.name() == name)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Jp => "jp",
            Self::R20 => "r20",
        }
    }

    pub(crate) fn describe(self) -> &'static str {
        match self {
            Self::Jp => "5-octet serials",
            Self::R20 => "20-octet serials",
        }
    }

    pub(crate) fn serials(self) -> BulkSerials {
        let length = match self {
            Self::Jp => SerialLength::Five,
            Self::R20 => SerialLength::Twenty,
        };
        BulkSerials { length, seed: 20_261_122 }
    }

    fn reasons(self) -> BulkReasons {
        match self {
            Self::Jp => BulkReasons::Mixed,
            Self::R20 => BulkReasons::None,
        }
    }

    pub(crate) fn bulk(self, revoked: std::ops::Range<u64>) -> BulkEntries {
        let (serials, reasons, order) = (self.serials(), self.reasons(), BulkOrder::Random);
        BulkEntries { serials, revoked, removed: 0..0, reasons, order }
    }

    /// The list of this shape.
    pub(crate) fn list(self, folder: &Path) -> PathBuf {
        folder.join(format!("{}.crl", self.name()))
    }

    /// The first list of this shape and its index, which is made when it is not there.
    pub(crate) fn saved(self, folder: &Path) -> (PathBuf, PathBuf) {
        let (list, index) = (self.list(folder), folder.join(format!("{}.idx", self.name())));
        if !index.exists() {
            indexed(&anchors(folder), &list).save(&index).expect("saved");
        }
        (list, index)
    }
}

/// The authority, and unless all that is measured makes its own lists, a list of each shape.
pub(crate) fn make_lists(folder: &Path, entries: u64, lists: bool) -> Result<(), String> {
    let random = SystemRandom::new();
    let pki = TestPki::create(&Options::default(), now(), &random).map_err(|error| error.to_string())?;
    pki.save(folder).map_err(|error| error.to_string())?;
    if lists {
        for shape in [Shape::Jp, Shape::R20] {
            run_part("make", folder, entries, shape)?;
        }
    }
    Ok(())
}

/// Part `make`.
pub(crate) fn make(folder: &Path, entries: u64, shape: Shape) {
    make_one(folder, entries, shape, 1, &shape.list(folder));
}

pub(crate) fn make_one(folder: &Path, entries: u64, shape: Shape, number: u64, path: &Path) {
    let random = SystemRandom::new();
    let pki = pki(folder);
    let day = Duration::from_hours(24);
    let list = pki.large_crl(None, shape.bulk(0..entries), (number, None), now(), day).expect("a list");
    list.save(pki.auth_ca_key(), &random, path).expect("written");
    make_private(path);
}

/// What is mapped must be ours alone.
pub(crate) fn make_private(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).expect("a file of ours");
}

pub(crate) fn pki(folder: &Path) -> TestPki {
    TestPki::load(folder, &SystemRandom::new()).expect("the run's PKI")
}

pub(crate) fn anchors(folder: &Path) -> Vec<Anchor> {
    vec![Anchor::new(pki(folder).auth_ca()).expect("an anchor")]
}
