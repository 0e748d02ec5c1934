//! Certificates of a card's holder and of the OCSP responder, extension by extension in JPKI's order.

use ring::rand::SecureRandom;
use rustls_pki_types::UnixTime;

use crate::{
    AUTH_POLICY, CertificateBuilder, CertificateFault, Error, Extension, Municipality, Name, OTHER_POLICY,
    Person, PrivateKey, SIGN_POLICY, Serial,
    authority::{Authority, ORGANIZATION, Purpose},
    der,
    extension::{DIGITAL_SIGNATURE, NON_REPUDIATION},
    oid, validity,
};

const CPS: &str = "https://madoguchi.example/test-cps";

/// What the certificates of one card have in common.
pub(crate) struct Holder<'a> {
    pub(crate) municipality: &'static Municipality,
    pub(crate) not_before: UnixTime,
    pub(crate) not_after: UnixTime,
    pub(crate) ocsp_url: Option<&'a str>,
}

impl Holder<'_> {
    /// 利用者証明用電子証明書
    pub(crate) fn auth(
        &self,
        authority: &Authority,
        serial: Serial,
        key: &PrivateKey,
        fault: Option<CertificateFault>,
        random: &dyn SecureRandom,
    ) -> Result<CertificateBuilder, Error> {
        let usage = match fault {
            Some(CertificateFault::WrongKeyUsage) => DIGITAL_SIGNATURE | NON_REPUDIATION,
            _ => DIGITAL_SIGNATURE,
        };
        let policy = match fault {
            Some(CertificateFault::WrongPolicy) => OTHER_POLICY,
            _ => AUTH_POLICY,
        };
        let mut extensions = vec![Extension::key_usage(usage)];
        if fault != Some(CertificateFault::MissingExtendedKeyUsage) {
            extensions.push(Extension::ext_key_usage(oid::CLIENT_AUTH)?);
        }
        extensions.push(Extension::certificate_policies(policy, CPS)?);
        extensions.push(Extension::issuer_alt_name(&authority.purpose.alternative_name()?));
        extensions.push(self.distribution_points(authority.purpose)?);
        if let Some(url) = self.ocsp_url {
            extensions.push(Extension::authority_info_access(url)?);
        }
        extensions.push(authority.key_identifier()?);
        extensions.push(Extension::subject_key_identifier(key.public_key()));
        match fault {
            Some(CertificateFault::CaFlag) => extensions.push(Extension::basic_constraints_ca()),
            Some(CertificateFault::DuplicateExtension) => {
                extensions.push(Extension::subject_key_identifier(key.public_key()));
            }
            Some(CertificateFault::UnknownCriticalExtension) => {
                extensions.push(Extension::new(oid::UNKNOWN_EXTENSION, true, der::null()));
            }
            _ => {}
        }
        let common_name = format!("{}{}003A", alphanumerics(14, random)?, self.municipality.code);
        let subject = Name::new(&[(oid::COUNTRY_NAME, "JP"), (oid::COMMON_NAME, &common_name)])?;
        self.certificate(authority, serial, key, subject, extensions)
    }

    /// 署名用電子証明書
    pub(crate) fn sign(
        &self,
        authority: &Authority,
        serial: Serial,
        key: &PrivateKey,
    ) -> Result<CertificateBuilder, Error> {
        let attributes = Person::ADULT.attributes();
        let attributes = attributes
            .each_ref()
            .map(|(number, text)| (format!("{}.{number}", oid::JPKI_ATTRIBUTES), text.as_str()));
        let extensions = vec![
            Extension::key_usage(DIGITAL_SIGNATURE | NON_REPUDIATION),
            Extension::subject_alt_other_names(&attributes)?,
            Extension::certificate_policies(SIGN_POLICY, CPS)?,
            Extension::issuer_alt_name(&authority.purpose.alternative_name()?),
            self.distribution_points(authority.purpose)?,
            authority.key_identifier()?,
            Extension::subject_key_identifier(key.public_key()),
        ];
        let municipality = self.municipality;
        let common_name = format!(
            "{}{:05}{}003A",
            digits_of(self.not_before)?,
            serial.number() % 100_000,
            municipality.code
        );
        let subject = Name::new(&[
            (oid::COUNTRY_NAME, "JP"),
            (oid::LOCALITY_NAME, municipality.prefecture),
            (oid::LOCALITY_NAME, municipality.name),
            (oid::COMMON_NAME, &common_name),
        ])?;
        self.certificate(authority, serial, key, subject, extensions)
    }

    fn distribution_points(&self, purpose: Purpose) -> Result<Extension, Error> {
        Ok(Extension::crl_distribution_points(&purpose.distribution_point(self.municipality)?))
    }

    fn certificate(
        &self,
        authority: &Authority,
        serial: Serial,
        key: &PrivateKey,
        subject: Name,
        extensions: Vec<Extension>,
    ) -> Result<CertificateBuilder, Error> {
        Ok(CertificateBuilder {
            serial,
            issuer: authority.purpose.name()?,
            not_before: self.not_before,
            not_after: self.not_after,
            subject,
            subject_public_key_info: key.subject_public_key_info()?,
            extensions,
        })
    }
}

/// The delegated OCSP responder of RFC 6960 section 4.2.2.2, issued directly by the authority it answers for.
pub(crate) fn responder(
    authority: &Authority,
    serial: Serial,
    key: &PrivateKey,
    not_before: UnixTime,
    not_after: UnixTime,
) -> Result<CertificateBuilder, Error> {
    Ok(CertificateBuilder {
        serial,
        issuer: authority.purpose.name()?,
        not_before,
        not_after,
        subject: Name::new(&[
            (oid::COUNTRY_NAME, "JP"),
            (oid::ORGANIZATION_NAME, ORGANIZATION),
            (oid::COMMON_NAME, "Madoguchi Test OCSP Responder"),
        ])?,
        subject_public_key_info: key.subject_public_key_info()?,
        extensions: vec![
            Extension::key_usage(DIGITAL_SIGNATURE),
            Extension::ext_key_usage(oid::OCSP_SIGNING)?,
            Extension::ocsp_no_check(),
            authority.key_identifier()?,
            Extension::subject_key_identifier(key.public_key()),
        ],
    })
}

fn alphanumerics(count: usize, random: &dyn SecureRandom) -> Result<String, Error> {
    // 32 characters, so that five bits choose one evenly.
    const ALPHABET: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
    let mut octets = vec![0; count];
    random.fill(&mut octets).map_err(|_| Error::NoRandomness)?;
    Ok(octets.iter().map(|octet| char::from(ALPHABET[usize::from(octet & 0x1f)])).collect())
}

/// YYYYMMDDhhmmss
fn digits_of(at: UnixTime) -> Result<String, Error> {
    let t = validity::date_time(at)?;
    let month: u8 = t.month().into();
    Ok(format!("{:04}{month:02}{:02}{:02}{:02}{:02}", t.year(), t.day(), t.hour(), t.minute(), t.second()))
}
