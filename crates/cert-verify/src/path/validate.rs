//! Judges one path from the anchor down: RFC 5280 sections 6.1.2 to 6.1.5, each rule one function.
//!
//! The anchor is judged as a certificate that constrains (RFC 5937): its validity, critical extensions, key usage,
//! path length, name constraints and policies count, its own signature does not.

use rustls_pki_types::UnixTime;

use crate::crl::is_version_1;
use crate::name_constraints::NameState;
use crate::path::{Check, KeyPurpose, Observer, PathError, PathSettings, Place, form};
use crate::policy_graph::{PolicyGraph, PolicyInput};
use crate::usage::KeyUsage;
use crate::{Anchor, Budget, Certificate, Error, PolicySet, PublicKey, SignatureAlgorithm, oid};

/// Judges paths for one question. A signature that was checked for one path is not checked again for the next.
pub(crate) struct Checker<'q, 'c> {
    settings: &'q PathSettings,
    now: UnixTime,
    pub(super) budget: &'q mut Budget,
    observer: &'q mut dyn Observer,
    /// As many as the budget pays for.
    signatures: Vec<Signature<'c>>,
}

/// A signature that was checked.
struct Signature<'c> {
    certificate: &'c Certificate,
    issuer_key: &'c PublicKey,
    holds: bool,
}

impl<'q, 'c> Checker<'q, 'c> {
    pub(crate) fn new(
        settings: &'q PathSettings,
        now: UnixTime,
        budget: &'q mut Budget,
        observer: &'q mut dyn Observer,
    ) -> Self {
        Self { settings, now, budget, observer, signatures: Vec::new() }
    }

    /// Judges the certificates from the one that the anchor issued to the target.
    pub(crate) fn path(
        &mut self,
        anchor: &'c Anchor,
        certificates: &[&'c Certificate],
    ) -> Result<PolicySet, PathError> {
        self.observer.path(anchor.certificate(), certificates);
        let mut state = State::new(anchor, certificates.len(), self.settings);
        self.anchor(anchor, &mut state)?;
        let Some((target, above)) = certificates.split_last() else { return Ok(PolicySet::default()) };
        for (index, certificate) in above.iter().enumerate() {
            let place = Place::above_target(above.len() - index);
            self.basic(certificate, place, false, &mut state)?;
            self.prepare_next(certificate, place, &mut state)?;
        }
        self.basic(target, Place::Target, true, &mut state)?;
        self.wrap_up(target, Place::Target, state)
    }

    /// What RFC 5937 takes from the anchor's certificate.
    fn anchor(&mut self, anchor: &'c Anchor, state: &mut State<'c, 'q>) -> Result<(), PathError> {
        let certificate = anchor.certificate();
        let at = At { place: Place::Anchor, certificate };
        self.check(at, Check::Form, |checker| {
            let signs_itself = checker.anchor_signs_itself(certificate)?;
            form::check(certificate, true, signs_itself || !has_key_id(certificate))
        })?;
        self.check(at, Check::Key, |_| certificate.public_key().is_supported())?;
        self.check(at, Check::Validity, |checker| anchor_is_valid_at(certificate, checker.now))?;
        self.check(at, Check::BasicConstraints, |_| anchor_is_ca(certificate))?;
        self.check(at, Check::KeyUsage, |_| may_sign_certificates(certificate))?;
        self.check(at, Check::CriticalExtensions, |_| no_unknown_critical(certificate))?;
        self.check(at, Check::KeyPurpose, |checker| checker.allows_purpose(certificate))?;
        self.check(at, Check::Policies, |checker| checker.anchor_policies(certificate, state))?;
        state.constrain(certificate);
        Ok(())
    }

    /// Section 6.1.3, after what section 4 demands of the certificate by itself.
    fn basic(
        &mut self,
        certificate: &'c Certificate,
        place: Place,
        is_final: bool,
        state: &mut State<'c, 'q>,
    ) -> Result<(), PathError> {
        let at = At { place, certificate };
        let signs_itself = certificate.public_key() == state.working_key && certificate.is_self_issued();
        let needs_none = signs_itself || !has_key_id(state.working_issuer);
        self.check(at, Check::Form, |_| form::check(certificate, false, needs_none))?;
        let issuer_place = if state.anchor.is_some() { Place::Anchor } else { place.above() };
        let issuer = At { place: issuer_place, certificate: state.working_issuer };
        if names_key_of_nobody(certificate, state.working_issuer) {
            self.check(issuer, Check::Form, |_| Err::<(), _>(Error::SubjectKeyIdMissing))?;
        }
        self.check(at, Check::Key, |_| {
            let key = certificate.public_key();
            // An issuer's is asked where it verifies.
            key.is_supported().and_then(|()| if is_final { key.is_on_curve() } else { Ok(()) })
        })?;
        self.check(at, Check::Signature, |checker| checker.signature(certificate, state))?;
        self.check(at, Check::Validity, |checker| is_valid_at(certificate, checker.now))?;
        self.check(at, Check::IssuerName, |_| follows(certificate, state))?;
        if is_final || !certificate.is_self_issued() {
            self.check(at, Check::NameConstraints, |checker| checker.names(certificate, state))?;
        }
        self.check(at, Check::Policies, |checker| checker.policies(certificate, is_final, state))
    }

    /// Section 6.1.4.
    fn prepare_next(
        &mut self,
        certificate: &'c Certificate,
        place: Place,
        state: &mut State<'c, 'q>,
    ) -> Result<(), PathError> {
        let at = At { place, certificate };
        let self_issued = certificate.is_self_issued();
        self.check(at, Check::PolicyMappings, |_| prepare_policies(certificate, self_issued, state))?;
        self.check(at, Check::BasicConstraints, |_| is_ca(certificate))?;
        self.check(at, Check::PathLength, |_| state.count(self_issued))?;
        self.check(at, Check::KeyUsage, |_| may_sign_certificates(certificate))?;
        self.check(at, Check::CriticalExtensions, |_| no_unknown_critical(certificate))?;
        self.check(at, Check::KeyPurpose, |checker| checker.allows_purpose(certificate))?;
        state.constrain(certificate);
        Ok(())
    }

    /// Section 6.1.5.
    fn wrap_up(
        &mut self,
        certificate: &Certificate,
        place: Place,
        state: State<'c, 'q>,
    ) -> Result<PolicySet, PathError> {
        let at = At { place, certificate };
        self.check(at, Check::CriticalExtensions, |_| no_unknown_critical(certificate))?;
        self.check(at, Check::KeyPurpose, |checker| checker.allows_purpose(certificate))?;
        self.check(at, Check::RequiredPolicies, |_| {
            let policies = state.policies.wrap_up(&policy_input(certificate));
            policies.map_err(|reason| Error::Policies { reason })
        })
    }

    /// Makes one check and shows it.
    fn check<T>(
        &mut self,
        at: At<'_>,
        check: Check,
        rule: impl FnOnce(&mut Self) -> Result<T, Error>,
    ) -> Result<T, PathError> {
        let result = rule(self);
        let subject = at.certificate.subject();
        self.observer.checked(at.place, subject, check, result.as_ref().map(|_| ()));
        result.map_err(|error| PathError { place: at.place, subject: subject.clone(), error })
    }

    /// Section 3.2: made with the key that it certifies, whatever its names. Asked only when it matters, and not of
    /// a self-issued anchor: old roots sign themselves with algorithms that nothing else may use any more.
    fn anchor_signs_itself(&mut self, certificate: &Certificate) -> Result<bool, Error> {
        if certificate.is_self_issued() {
            return Ok(true);
        }
        let Ok(algorithm) = certificate.algorithm() else { return Ok(false) };
        let algorithm = algorithm.of_key(certificate.public_key().kind());
        if certificate.extensions.authority_key_id().is_some() {
            return Ok(false);
        }
        self.budget.spend_signature(algorithm)?;
        let (tbs, signature) = certificate.signed();
        Ok(algorithm.verifies(certificate.public_key(), tbs, signature))
    }

    /// Section 6.1.3 (a)(1).
    fn signature(&mut self, certificate: &'c Certificate, state: &State<'c, '_>) -> Result<(), Error> {
        let key = state.working_key;
        let algorithm = certificate.algorithm()?.of_key(key.kind());
        if !algorithm.fits(key.kind()) {
            return Err(Error::AlgorithmNotOfKey { algorithm });
        }
        if !state.allows(algorithm) {
            return Err(Error::AlgorithmNotAllowed { algorithm });
        }
        let checked = self.signatures.iter().find(|checked| checked.is_of(certificate, key));
        let holds = if let Some(checked) = checked {
            checked.holds
        } else {
            self.budget.spend_signature(algorithm)?;
            let (tbs, signature) = certificate.signed();
            let holds = algorithm.verifies(key, tbs, signature);
            self.signatures.push(Signature { certificate, issuer_key: key, holds });
            holds
        };
        if holds { Ok(()) } else { Err(Error::SignatureInvalid) }
    }

    /// Section 6.1.3 (b) and (c).
    fn names(&mut self, certificate: &Certificate, state: &State<'_, '_>) -> Result<(), Error> {
        let (subject, names) = (certificate.subject(), &certificate.extensions.subject_alt_names);
        self.budget.spend_steps(state.names.cost(subject, names.len()))?;
        state.names.check(subject, names.iter()).map_err(|reason| Error::NameConstrained { reason })
    }

    /// Section 6.1.3 (d), (e), (f).
    fn policies(
        &mut self,
        certificate: &Certificate,
        is_final: bool,
        state: &mut State<'_, '_>,
    ) -> Result<(), Error> {
        let extensions = &certificate.extensions;
        let input = extensions.policies.oids.len().saturating_add(extensions.policy_mappings.len());
        self.budget
            .spend_steps(state.policies.size().saturating_add(u64::try_from(input).unwrap_or(u64::MAX)))?;
        // Asked of a certificate that is not the last only.
        let self_issued = !is_final && certificate.is_self_issued();
        let input = policy_input(certificate);
        state.policies.process(&input, self_issued, is_final).map_err(|reason| Error::Policies { reason })
    }

    /// RFC 5937 section 3.2: an anchor without certificatePolicies may be for any policy.
    fn anchor_policies(&mut self, certificate: &Certificate, state: &mut State<'_, '_>) -> Result<(), Error> {
        if !certificate.extensions.policies.oids.is_empty() {
            self.policies(certificate, false, state)?;
        }
        // It is no certificate of the path, and counts as little as a self-issued one.
        prepare_policies(certificate, true, state)
    }

    /// Section 4.2.1.12. RFC 5280 does not say what the extension means in a CA certificate; the field takes it as a
    /// limit of what the CA may certify.
    fn allows_purpose(&self, certificate: &Certificate) -> Result<(), Error> {
        let purposes = &certificate.extensions.ext_key_usage;
        let allowed = match self.settings.key_purpose {
            KeyPurpose::Any => true,
            KeyPurpose::ClientAuth => purposes
                .iter()
                .any(|purpose| purpose == oid::CLIENT_AUTH || purpose == oid::ANY_EXTENDED_KEY_USAGE),
        };
        if allowed || purposes.is_empty() { Ok(()) } else { Err(Error::PurposeNotAllowed) }
    }
}

impl Signature<'_> {
    /// The very same certificate, which stays where it is as long as the checker lives. Several certificates may have
    /// one key.
    fn is_of(&self, certificate: &Certificate, issuer_key: &PublicKey) -> bool {
        std::ptr::eq(self.certificate, certificate) && self.issuer_key == issuer_key
    }
}

/// The certificate that a check is about.
#[derive(Clone, Copy)]
struct At<'a> {
    place: Place,
    certificate: &'a Certificate,
}

/// The state variables of section 6.1.2.
struct State<'a, 's> {
    /// What the anchor's key may sign with; a CA below it signs with whatever fits its key.
    anchor: Option<&'a Anchor>,
    working_issuer: &'a Certificate,
    working_key: &'a PublicKey,
    max_path_length: u32,
    names: NameState<'a>,
    policies: PolicyGraph<'s>,
}

impl<'a, 's> State<'a, 's> {
    fn new(anchor: &'a Anchor, path_len: usize, settings: &'s PathSettings) -> Self {
        Self {
            anchor: Some(anchor),
            working_issuer: anchor.certificate(),
            working_key: anchor.public_key(),
            max_path_length: u32::MAX,
            names: NameState::new(),
            policies: PolicyGraph::new(&settings.policies, path_len),
        }
    }

    /// Section 6.1.4 (c) to (g) and (m): the certificate is the next one's issuer.
    fn constrain(&mut self, certificate: &'a Certificate) {
        if !std::ptr::eq(self.working_issuer, certificate) {
            self.anchor = None;
        }
        self.working_issuer = certificate;
        self.working_key = certificate.public_key();
        if let Some(constraints) = &certificate.extensions.name_constraints {
            self.names.add(constraints);
        }
        if let Some(path_len) = certificate.extensions.basic_constraints.and_then(|basic| basic.path_len) {
            self.max_path_length = self.max_path_length.min(path_len);
        }
    }

    /// Section 6.1.4 (l).
    fn count(&mut self, self_issued: bool) -> Result<(), Error> {
        if !self_issued {
            self.max_path_length = self.max_path_length.checked_sub(1).ok_or(Error::PathLengthExceeded)?;
        }
        Ok(())
    }

    fn allows(&self, algorithm: SignatureAlgorithm) -> bool {
        self.anchor.is_none_or(|anchor| anchor.may_use(algorithm))
    }
}

fn policy_input(certificate: &Certificate) -> PolicyInput<'_> {
    let extensions = &certificate.extensions;
    PolicyInput {
        policies: &extensions.policies.oids,
        mappings: &extensions.policy_mappings,
        constraints: extensions.policy_constraints,
        inhibit_any: extensions.inhibit_any_policy,
    }
}

/// Section 6.1.4 (a), (b), (h), (i), (j).
fn prepare_policies(
    certificate: &Certificate,
    self_issued: bool,
    state: &mut State<'_, '_>,
) -> Result<(), Error> {
    let input = policy_input(certificate);
    state.policies.prepare_next(&input, self_issued).map_err(|reason| Error::Policies { reason })
}

/// Section 6.1.3 (a)(2); both ends belong to the validity.
pub(crate) fn is_valid_at(certificate: &Certificate, now: UnixTime) -> Result<(), Error> {
    let (not_before, not_after) = (certificate.not_before(), certificate.not_after());
    if now < not_before {
        return Err(Error::NotYetValid { now, not_before });
    }
    if now > not_after || certificate.ended_before_1970 {
        return Err(Error::Expired { now, not_after });
    }
    Ok(())
}

fn anchor_is_valid_at(certificate: &Certificate, now: UnixTime) -> Result<(), Error> {
    is_valid_at(certificate, now).map_err(|error| match error {
        Error::NotYetValid { now, not_before } => Error::AnchorNotYetValid { now, not_before },
        Error::Expired { now, not_after } => Error::AnchorExpired { now, not_after },
        other => other,
    })
}

/// Section 6.1.3 (a)(4).
fn follows(certificate: &Certificate, state: &State<'_, '_>) -> Result<(), Error> {
    if certificate.issuer() == state.working_issuer.subject() { Ok(()) } else { Err(Error::IssuerUnknown) }
}

/// Section 6.1.4 (k). A version 1 certificate has no extensions and so is none.
fn is_ca(certificate: &Certificate) -> Result<(), Error> {
    match certificate.extensions.basic_constraints {
        None => Err(Error::BasicConstraintsMissing),
        Some(constraints) if constraints.ca => Ok(()),
        Some(_) => Err(Error::NotCa),
    }
}

/// Section 4.2.1.2. Authorities from before key identifiers had to be there have none, and then nobody below names one.
fn has_key_id(certificate: &Certificate) -> bool {
    certificate.extensions.subject_key_id.is_some()
}

/// The other way round. Version 1 has no room for an identifier.
fn names_key_of_nobody(certificate: &Certificate, issuer: &Certificate) -> bool {
    certificate.extensions.authority_key_id().is_some() && !has_key_id(issuer) && !is_version_1(issuer)
}

/// A version 1 root cannot say that it is a CA: whoever configured it did (section 6.1.4 (k) leaves version 1 to other
/// means). Below an anchor nobody has.
fn anchor_is_ca(certificate: &Certificate) -> Result<(), Error> {
    if is_version_1(certificate) { Ok(()) } else { is_ca(certificate) }
}

/// Section 6.1.4 (n): only when keyUsage is there.
fn may_sign_certificates(certificate: &Certificate) -> Result<(), Error> {
    match certificate.extensions.key_usage {
        Some(key_usage) if !KeyUsage::may_sign_certificates(key_usage) => Err(Error::KeyCertSignMissing),
        _ => Ok(()),
    }
}

/// Sections 6.1.4 (o) and 6.1.5 (f).
pub(crate) fn no_unknown_critical(certificate: &Certificate) -> Result<(), Error> {
    match certificate.extensions.unknown_critical.first() {
        None => Ok(()),
        Some(oid) => {
            Err(Error::ExtensionUnknownCritical { part: crate::Part::Certificate, oid: oid.clone() })
        }
    }
}
