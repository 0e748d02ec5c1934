//! Who signed in, as far as anything after the verification may know.

use std::fmt;

use madoguchi_protocol::Octets;
use rustls_pki_types::UnixTime;

use crate::{Certificate, CrlPoint, Error, NotRevoked, Source, StatementSigned, VerifiedPath};

/// The holder of a card who just proved it: made from the three proofs and from nothing else, and a session is
/// made from nothing else than this.
pub struct AuthenticatedHolder {
    path: VerifiedPath,
    not_revoked: NotRevoked,
}

impl AuthenticatedHolder {
    /// Joins the proofs, which must be about one certificate.
    pub fn new(
        statement: StatementSigned,
        path: VerifiedPath,
        not_revoked: NotRevoked,
    ) -> Result<Self, Error> {
        let certificate = path.certificate_sha256();
        if statement.into_certificate_sha256() != certificate
            || not_revoked.certificate_sha256() != certificate
        {
            return Err(Error::ProofsDiffer);
        }
        Ok(Self { path, not_revoked })
    }

    /// SHA-256 of the SubjectPublicKeyInfo of the issuer's key. With the serial it names the certificate.
    pub fn issuer_key_hash(&self) -> Octets<32> {
        self.path.issuer_key_hash()
    }

    /// The content octets of the serial number. It identifies a person everywhere: it goes into keyed hashes and
    /// sealed fields, and nowhere else.
    pub fn serial(&self) -> &[u8] {
        self.path.serial()
    }

    /// The certificate. It names its holder everywhere, as the serial does: it goes into sealed fields, and nowhere else.
    pub fn certificate(&self) -> &Certificate {
        self.path.certificate()
    }

    /// The last second of the certificate's validity.
    pub fn not_after(&self) -> UnixTime {
        self.path.not_after()
    }

    /// Which source of revocation information spoke for the certificate.
    pub fn revocation_source(&self) -> Source {
        self.not_revoked.source()
    }

    /// Where lists that cover the certificate are found.
    pub fn crl_points(&self) -> impl Iterator<Item = CrlPoint<'_>> {
        self.path.crl_points()
    }

    /// What said that the certificate is not revoked.
    pub fn evidence(&self) -> &NotRevoked {
        &self.not_revoked
    }
}

impl fmt::Debug for AuthenticatedHolder {
    /// Shows the evidence, nothing of the person.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthenticatedHolder").field("evidence", &self.not_revoked).finish_non_exhaustive()
    }
}
