//! The lists that somebody offers: each read whole before anything is asked of it.

use crate::crl::list::List;
use crate::crl::process::cost_of_octets;
use crate::crl::walk::EntryFault;
use crate::crl::{CrlProfile, CrlSettings};
use crate::{Error, Name};

/// Lists from anywhere, each read strictly to its last entry. Nothing is verified.
#[derive(Clone, Debug)]
pub struct OfferedCrls<'a> {
    pub(super) settings: CrlSettings,
    pub(super) lists: Vec<Offered<'a>>,
}

/// One of them.
#[derive(Clone, Debug)]
pub(super) struct Offered<'a> {
    /// Its issuer, as far as that can be told.
    pub(super) issuer: Option<Name>,
    pub(super) read: Result<List<'a>, Error>,
    /// It reads, and no conforming issuer makes it so: what it revokes is revoked, and it calls nothing good.
    pub(super) fault: Option<Error>,
    /// What going through its entries costs.
    pub(super) walk_cost: u64,
}

impl<'a> OfferedCrls<'a> {
    /// Reads lists in DER. One that is refused stays among them: whatever it should have said is then not known.
    pub fn read(lists: impl IntoIterator<Item = &'a [u8]>, settings: CrlSettings) -> Self {
        let lists = lists.into_iter().map(|der| Offered::read(der, &settings)).collect();
        Self { settings, lists }
    }

    /// Each list, in order: why it is refused by itself, if it is.
    pub fn refusals(&self) -> impl Iterator<Item = Option<&Error>> {
        self.lists.iter().map(Offered::refusal)
    }
}

impl<'a> Offered<'a> {
    fn read(der: &'a [u8], settings: &CrlSettings) -> Self {
        let limit = settings.max_octets;
        if der.len() > limit {
            let error = Error::CrlTooLong { octets: der.len(), limit };
            return Self { issuer: None, read: Err(error), fault: None, walk_cost: 0 };
        }
        match read_whole(der, settings.profile) {
            Ok((list, Walked { fault, issuer_octets })) => {
                let walk_cost = cost_of_octets(&list).saturating_add(cost_of_issuers(issuer_octets));
                Self { issuer: Some(list.issuer.clone()), read: Ok(list), fault, walk_cost }
            }
            Err(error) => Self { issuer: List::issuer_of(der), read: Err(error), fault: None, walk_cost: 0 },
        }
    }

    /// Why it calls nothing good, by itself.
    pub(super) fn refusal(&self) -> Option<&Error> {
        self.read.as_ref().err().or(self.fault.as_ref())
    }
}

/// The list and every entry: one that is malformed, or that has a critical extension that is not known, makes the
/// whole list unusable (RFC 5280 section 5.3).
fn read_whole(der: &[u8], profile: CrlProfile) -> Result<(List<'_>, Walked), Error> {
    let list = List::read(der)?;
    let fault = match profile {
        CrlProfile::Rfc5280 => list.demand_rfc_5280().err(),
        CrlProfile::X509 => None,
    };
    // The form of an entry harms nobody; whose certificate it is about matters in every profile.
    let counts = |fault| match fault {
        EntryFault::TimeForm | EntryFault::ReasonCritical | EntryFault::InvalidityDateCritical => {
            profile == CrlProfile::Rfc5280
        }
        EntryFault::IssuerNotCritical | EntryFault::IssuerWithoutName => true,
    };
    let (mut of_entries, mut issuer_octets) = (None, 0_usize);
    let entries = list.entries().try_for_each(|entry| {
        entry.map(|entry| {
            of_entries = of_entries.or(entry.fault.filter(|fault| counts(*fault)));
            let octets = entry.certificate_issuer.map_or(0, <[u8]>::len);
            issuer_octets = issuer_octets.saturating_add(octets);
        })
    });
    // The fault of the whole tells more than that of an entry.
    entries.map_err(|error| fault.clone().unwrap_or(error))?;
    Ok((list, Walked { fault: fault.or(of_entries.map(EntryFault::error)), issuer_octets }))
}

/// What the walk through all entries has shown.
struct Walked {
    /// The first demand of the profile that the list does not meet.
    fault: Option<Error>,
    /// How many octets the certificateIssuers of the entries have: each is compared as a name.
    issuer_octets: usize,
}

/// Comparing names costs many times as much as passing over octets.
fn cost_of_issuers(octets: usize) -> u64 {
    u64::try_from(octets / 64).unwrap_or(u64::MAX)
}
