//! The two certification authorities: for user authentication (利用者証明用) and for digital signature (署名用).

use ring::rand::SecureRandom;
use rustls_pki_types::UnixTime;

use crate::{
    CertificateBuilder, Error, Extension, KeyKind, Municipality, Name, PrivateKey, Serial,
    extension::{CRL_SIGN, KEY_CERT_SIGN},
    oid, validity,
};

/// Organisation of every name of this PKI. Never JPKI's own, nor that of its test hierarchy.
pub const ORGANIZATION: &str = "MADOGUCHI-TEST-JPKI";

const JAPANESE_ORGANIZATION: &str = "窓口試験用公的個人認証";

/// What an authority's certificates are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Purpose {
    /// User authentication.
    Auth,
    /// Digital signature.
    Sign,
}

/// One authority: its certificate and key.
pub(crate) struct Authority {
    pub(crate) purpose: Purpose,
    pub(crate) serial: Serial,
    pub(crate) certificate: Vec<u8>,
    pub(crate) key: PrivateKey,
}

impl Purpose {
    fn unit(self) -> &'static str {
        match self {
            Self::Auth => "JPKI for user authentication",
            Self::Sign => "JPKI for digital signature",
        }
    }

    /// Subject of the authority and issuer of its certificates.
    pub(crate) fn name(self) -> Result<Name, Error> {
        Name::new(&[
            (oid::COUNTRY_NAME, "JP"),
            (oid::ORGANIZATION_NAME, ORGANIZATION),
            (oid::ORGANIZATIONAL_UNIT_NAME, self.unit()),
            (oid::ORGANIZATIONAL_UNIT_NAME, "Madoguchi Test Authority"),
        ])
    }

    /// The same in Japanese.
    pub(crate) fn alternative_name(self) -> Result<Name, Error> {
        let unit = match self {
            Self::Auth => "窓口試験用公的個人認証 利用者証明用",
            Self::Sign => "窓口試験用公的個人認証 署名用",
        };
        Name::new(&[
            (oid::COUNTRY_NAME, "JP"),
            (oid::ORGANIZATION_NAME, JAPANESE_ORGANIZATION),
            (oid::ORGANIZATIONAL_UNIT_NAME, unit),
            (oid::ORGANIZATIONAL_UNIT_NAME, "窓口試験用認証局"),
        ])
    }

    /// The distribution point of a municipality's list.
    pub(crate) fn distribution_point(self, municipality: &Municipality) -> Result<Name, Error> {
        Name::new(&[
            (oid::COUNTRY_NAME, "JP"),
            (oid::ORGANIZATION_NAME, ORGANIZATION),
            (oid::ORGANIZATIONAL_UNIT_NAME, self.unit()),
            (oid::ORGANIZATIONAL_UNIT_NAME, "CRL Distribution Points"),
            (oid::ORGANIZATIONAL_UNIT_NAME, municipality.prefecture),
            (oid::COMMON_NAME, &format!("{} CRLDP", municipality.name)),
        ])
    }
}

impl Authority {
    /// A new key under the authority's name, and its self-signed certificate for ten years.
    pub(crate) fn create(
        purpose: Purpose,
        serial: Serial,
        kind: KeyKind,
        now: UnixTime,
        random: &dyn SecureRandom,
    ) -> Result<Self, Error> {
        let key = PrivateKey::generate(kind, random)?;
        let name = purpose.name()?;
        let builder = CertificateBuilder {
            serial,
            issuer: name.clone(),
            // A card may be given a notBefore in the past; its authority should be older.
            not_before: validity::days_before(now, 365),
            not_after: validity::end_of_day_after_years(now, 10)?,
            subject: name.clone(),
            subject_public_key_info: key.subject_public_key_info()?,
            extensions: vec![
                Extension::key_usage(KEY_CERT_SIGN | CRL_SIGN),
                Extension::subject_alt_name(&purpose.alternative_name()?),
                Extension::basic_constraints_ca(),
                Extension::crl_distribution_points(&name),
                Extension::subject_key_identifier(key.public_key()),
            ],
        };
        let certificate = builder.sign(&key, random)?;
        Ok(Self { purpose, serial, certificate, key })
    }

    /// authorityKeyIdentifier of the certificates it issues.
    pub(crate) fn key_identifier(&self) -> Result<Extension, Error> {
        Ok(Extension::authority_key_identifier(self.key.public_key(), &self.purpose.name()?, self.serial))
    }
}
