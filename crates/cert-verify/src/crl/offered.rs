//! The lists that somebody offers: each read whole before anything is asked of it.

use crate::crl::list::List;
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
            return Self { issuer: None, read: Err(error), fault: None };
        }
        match read_whole(der, settings.profile) {
            Ok((list, fault)) => Self { issuer: Some(list.issuer.clone()), read: Ok(list), fault },
            Err(error) => Self { issuer: List::issuer_of(der), read: Err(error), fault: None },
        }
    }

    /// Why it calls nothing good, by itself.
    pub(super) fn refusal(&self) -> Option<&Error> {
        self.read.as_ref().err().or(self.fault.as_ref())
    }
}

/// The list and every entry: one that is malformed, or that has a critical extension that is not known, makes the
/// whole list unusable (RFC 5280 section 5.3). Beside it the first demand of the profile that it does not meet.
fn read_whole(der: &[u8], profile: CrlProfile) -> Result<(List<'_>, Option<Error>), Error> {
    let list = List::read(der)?;
    let fault = match profile {
        CrlProfile::Rfc5280 => list.demand_rfc_5280().err(),
        CrlProfile::X509 => None,
    };
    let mut profiled_times = true;
    let entries =
        list.entries().try_for_each(|entry| entry.map(|entry| profiled_times &= entry.profiled_time));
    // The fault of the whole tells more than that of an entry.
    entries.map_err(|error| fault.clone().unwrap_or(error))?;
    let of_entries = profile == CrlProfile::Rfc5280 && !profiled_times;
    Ok((list, fault.or(of_entries.then_some(Error::CrlTimeForm))))
}
