//! A list before its signature is checked: its header is read strictly, its entries wait for the walk.

use madoguchi_protocol::Octets;
use rustls_pki_types::UnixTime;

use crate::crl::list::List;
use crate::crl::{CrlHead, CrlNumber, EntryWalk, WalkedEntry};
use crate::{Anchor, Error, Name, SignatureAlgorithm};

/// A version 2 list with all that a conforming issuer puts around the entries (RFC 5280 sections 5.1 and 5.2), complete
/// or a delta. Nothing is verified, and no entry is read.
#[derive(Clone, Debug)]
pub struct UnverifiedCrl<'a> {
    list: List<'a>,
    next_update: UnixTime,
    number: CrlNumber,
}

impl<'a> UnverifiedCrl<'a> {
    /// Reads everything but the entries.
    pub fn read(der: &'a [u8]) -> Result<Self, Error> {
        let list = List::read(der)?;
        list.demand_rfc_5280()?;
        let next_update = list.next_update.ok_or(Error::CrlWithoutNextUpdate)?;
        let number = list.number().cloned().ok_or(Error::CrlWithoutNumber)?;
        Ok(Self { list, next_update, number })
    }

    /// cRLNumber, as it claims.
    pub fn number(&self) -> &CrlNumber {
        &self.number
    }

    /// The issuer, as it claims.
    pub fn issuer(&self) -> &Name {
        &self.list.issuer
    }

    /// Whether it claims to be a delta (section 5.2.4).
    pub fn is_delta(&self) -> bool {
        self.list.is_delta()
    }

    /// Every entry, strictly, with what is demanded here beside what all lists must have: dates in the form of their
    /// year, and no entry about another issuer's certificate.
    pub fn walk(&self) -> EntryWalk<'a> {
        self.list.entries().of_one_issuer()
    }

    /// Reads one entry that [`Self::walk`] has told the offset of, strictly.
    pub fn entry_at(&self, offset: usize) -> Result<WalkedEntry<'a>, Error> {
        EntryWalk::at_entry(self.walk().place(), self.list.der, offset)
    }

    /// RFC 5280 section 6.3.3 (f) and (g): the signature is by an anchor with the issuer's name and cRLSign.
    pub fn verify_signature(&self, anchors: &[Anchor]) -> Result<CrlHead, Error> {
        let list = &self.list;
        let (algorithm, allowed) = self.may_have_signed(anchors)?;
        let signer = allowed.into_iter().find(|anchor| {
            let of_key = algorithm.of_key(anchor.public_key().kind());
            uses(anchor, algorithm) && of_key.verifies(anchor.public_key(), list.tbs, list.signature)
        });
        Ok(self.head(signer.ok_or(Error::CrlSignatureInvalid)?))
    }

    /// The same without the signature, for whoever knows that it held: he has verified these octets before and can tell
    /// that they are the same. `signer` is the hash of the key that it held with; that key's anchor must still be
    /// there, and still be allowed to have signed.
    pub fn verified_before(&self, anchors: &[Anchor], signer: Octets<32>) -> Result<CrlHead, Error> {
        let (algorithm, allowed) = self.may_have_signed(anchors)?;
        let mut allowed = allowed.into_iter().filter(|anchor| uses(anchor, algorithm));
        let anchor = allowed.find(|anchor| anchor.key_hash() == signer);
        Ok(self.head(anchor.ok_or(Error::CrlIssuerUnknown)?))
    }

    fn head(&self, signer: &Anchor) -> CrlHead {
        CrlHead {
            issuer: self.list.issuer.clone(),
            issuer_key: signer.key_hash(),
            this_update: self.list.this_update,
            next_update: self.next_update,
            number: self.number.clone(),
            base: self.list.base().cloned(),
            scope: self.list.scope().clone(),
            entries: self.walk().place(),
        }
    }

    /// RFC 5280 section 6.3.3 (f): the issuer's name and key, which must have cRLSign; algorithm first.
    fn may_have_signed<'b>(
        &self,
        anchors: &'b [Anchor],
    ) -> Result<(SignatureAlgorithm, Vec<&'b Anchor>), Error> {
        let list = &self.list;
        let algorithm = list.algorithm.clone().map_err(|oid| Error::AlgorithmUnsupported { oid })?;
        if !anchors.iter().any(|anchor| uses(anchor, algorithm)) {
            return Err(Error::AlgorithmNotAllowed { algorithm });
        }
        let key_id = list.authority_key_id().ok_or(Error::CrlWithoutAuthorityKeyId)?;
        let named: Vec<&Anchor> = anchors
            .iter()
            .filter(|anchor| *anchor.name() == list.issuer && anchor.has_key_id(key_id))
            .collect();
        if named.is_empty() {
            return Err(Error::CrlIssuerUnknown);
        }
        let allowed: Vec<&Anchor> = named.into_iter().filter(|anchor| anchor.may_sign_lists()).collect();
        if allowed.is_empty() { Err(Error::CrlIssuerMayNotSign) } else { Ok((algorithm, allowed)) }
    }
}

fn uses(anchor: &Anchor, algorithm: SignatureAlgorithm) -> bool {
    anchor.may_use(algorithm.of_key(anchor.public_key().kind()))
}
