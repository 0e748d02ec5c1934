//! What is still known of a sign-in, for an operator who has a complaint and its id, and no certificate. What it was about
//! is asked where its identity is still kept, under seal or keyed hash; it is never told.

use std::fmt;

use rustls_pki_types::UnixTime;
use serde_json::{Value, json};

use madoguchi_cert_verify::Revocation;
use madoguchi_gateway::SessionCertificate;
use madoguchi_protocol::{ErrorCode, Octets};
use madoguchi_revocation::{CrlShelf, Damaged};
use madoguchi_storage::{CertificateId, KeptRecord, SignIn, SignInState, SignInTrace};

use crate::revocation::error::CommandError;
use crate::revocation::evidence::{Evidence, wrapped, write_lines};
use crate::revocation::explanation::{kept_json, kept_lines};
use crate::revocation::store::OpenStore;
use crate::verify::instant;

/// A sign-in that something is known of.
pub(super) struct Traced {
    id: Octets<16>,
    municipality: String,
    trace: SignInTrace,
    /// As long as its session lives, or its card was just shown.
    of_session: Option<SessionCertificate>,
    certificate: Option<CertificateId>,
    kept: Vec<KeptRecord>,
}

impl Traced {
    /// Looks in each of these municipalities; an id is in one of them at most.
    pub(super) async fn find(
        store: &OpenStore,
        municipalities: &[impl AsRef<str>],
        id: Octets<16>,
    ) -> Result<Self, CommandError> {
        for municipality in municipalities.iter().map(AsRef::as_ref) {
            let trace = store.storage.trace(municipality, id).await?;
            if trace == SignInTrace::default() {
                continue;
            }
            let of_session = match sealed(&trace) {
                Some(sealed) => store.session_certificate(municipality, sealed).await?,
                None => None,
            };
            let certificate = match &of_session {
                Some(certificate) => Some(certificate.id(&store.certificate_ids(municipality).await?)),
                None => trace.refused,
            };
            let kept = match certificate {
                Some(certificate) => store.storage.kept(municipality, certificate).await?,
                None => Vec::new(),
            };
            let municipality = (*municipality).to_owned();
            return Ok(Self { id, municipality, trace, of_session, certificate, kept });
        }
        let municipalities: Vec<&str> = municipalities.iter().map(AsRef::as_ref).collect();
        let municipalities = municipalities.join(", ");
        Err(CommandError::SignInUnknown { id, municipalities })
    }

    /// The certificate by the name under which something may be kept against it.
    pub(super) fn certificate(&self) -> Result<CertificateId, CommandError> {
        self.certificate.ok_or(CommandError::CertificateNotKept { id: self.id })
    }

    /// What these lists say of its certificate now. `None` when only its keyed hash is kept: no list can be asked with it.
    pub(super) fn listed(&self, lists: Option<&CrlShelf>) -> Option<Listed> {
        let (certificate, lists) = (self.of_session.as_ref()?, lists?);
        Some(certificate.listed(lists).into())
    }

    /// All decisions that are stored, oldest first.
    fn decisions(&self) -> Vec<DecisionRecord> {
        let mut all: Vec<DecisionRecord> = self
            .trace
            .records
            .iter()
            .map(|record| DecisionRecord {
                at: record.at,
                what: record.kind.as_str(),
                code: record.code.map(ErrorCode::as_str),
                evidence: record.evidence.as_deref().map(evidence),
            })
            .collect();
        // The log has what was completed, kept or burned; the rest is in the sign-in for as long as that is there.
        let has_all = |sign_in: &SignIn| {
            let stored = stored_evidence(sign_in);
            stored.is_none() || self.trace.records.iter().any(|record| record.evidence.as_deref() == stored)
        };
        if let Some(sign_in) = self.trace.sign_in.as_ref().filter(|sign_in| !has_all(sign_in)) {
            all.push(DecisionRecord {
                at: sign_in.proven_at.unwrap_or(sign_in.expires_at),
                what: if sign_in.proof.is_some() { "card_proven" } else { "finish_refused" },
                code: sign_in.state.stopped_by().map(ErrorCode::as_str),
                evidence: stored_evidence(sign_in).map(evidence),
            });
        }
        all
    }

    fn client_id(&self) -> Option<&str> {
        let of_row = self.trace.sign_in.as_ref().map(|sign_in| sign_in.new.request.client_id.as_str());
        of_row.or_else(|| self.trace.records.iter().find_map(|record| record.client_id.as_deref()))
    }

    /// What cannot be shown, and why.
    fn not_kept(&self) -> Vec<&'static str> {
        let mut all = vec![NEVER_KEPT];
        if self.trace.sign_in.is_none() {
            all.push(SIGN_IN_GONE);
        }
        if self.certificate.is_none() {
            all.push(CERTIFICATE_GONE);
        } else if self.of_session.is_none() {
            all.push(HASH_ALONE);
        }
        all
    }
}

/// What lists say of a session's certificate now.
pub(super) enum Listed {
    Damaged,
    No,
    Yes(Box<Revocation>),
}

impl From<Result<Option<Revocation>, Damaged>> for Listed {
    fn from(found: Result<Option<Revocation>, Damaged>) -> Self {
        match found {
            Err(_) => Self::Damaged,
            Ok(None) => Self::No,
            Ok(Some(revocation)) => Self::Yes(Box::new(revocation)),
        }
    }
}

/// One decision as it is stored.
struct DecisionRecord {
    at: UnixTime,
    what: &'static str,
    code: Option<&'static str>,
    evidence: Option<Value>,
}

/// A trace with what is said now.
pub(super) struct Now {
    pub(super) traced: Traced,
    pub(super) at: UnixTime,
    pub(super) listed: Option<Listed>,
}

impl Now {
    /// One object.
    pub(super) fn to_json(&self) -> Value {
        let traced = &self.traced;
        let decision = |decision: DecisionRecord| {
            json!({
                "at": instant::format(decision.at),
                "what": decision.what,
                "code": decision.code,
                "evidence": decision.evidence,
            })
        };
        let listed = self.listed.as_ref().map(|listed| match listed {
            Listed::Damaged => json!({ "says": "damaged" }),
            Listed::No => json!({ "says": "not_listed" }),
            Listed::Yes(revocation) => json!({
                "says": "revoked",
                "reason": revocation.reason.name(),
                "revoked_at": instant::format(revocation.revoked_at),
                "this_update": instant::format(revocation.times.this_update),
            }),
        });
        json!({
            "sign_in": traced.id.encode(),
            "municipality": traced.municipality,
            "client_id": traced.client_id(),
            "state": traced.trace.sign_in.as_ref().map(|sign_in| state(sign_in.state)),
            "session_until": traced.trace.session.as_ref().map(|session| instant::format(session.expires_at)),
            "decisions": traced.decisions().into_iter().map(decision).collect::<Vec<_>>(),
            "now": { "at": instant::format(self.at), "crl": listed, "kept": kept_json(&traced.kept) },
            "not_kept": traced.not_kept(),
        })
    }
}

impl fmt::Display for Now {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let traced = &self.traced;
        writeln!(f, "sign-in {}", traced.id)?;
        write!(f, "  municipality {}", traced.municipality)?;
        match traced.client_id() {
            Some(client_id) => writeln!(f, ", service {client_id}")?,
            None => writeln!(f)?,
        }
        if let Some(sign_in) = &traced.trace.sign_in {
            let since = if sign_in.state.is_open() { "until" } else { "at" };
            write!(f, "  {} {since} {}", state(sign_in.state), instant::format(sign_in.expires_at))?;
            match sign_in.state.stopped_by() {
                Some(code) => writeln!(f, ": {code}")?,
                None => writeln!(f)?,
            }
        }
        if let Some(session) = &traced.trace.session {
            writeln!(f, "  its session lives until {}", instant::format(session.expires_at))?;
        }
        let mut shown = None;
        for decision in traced.decisions() {
            write!(f, "{} {}", instant::format(decision.at), decision.what)?;
            match decision.code {
                Some(code) => writeln!(f, ": {code}")?,
                None => writeln!(f)?,
            }
            // One decision may have several records.
            if let Some(evidence) = decision.evidence.filter(|evidence| shown.as_ref() != Some(evidence)) {
                write_lines(f, "  ", &Evidence(&evidence).sources())?;
                write_lines(f, "  ", &Evidence(&evidence).ruling())?;
                shown = Some(evidence);
            }
        }
        writeln!(f, "now, {}", instant::format(self.at))?;
        match &self.listed {
            None => {}
            Some(Listed::Damaged) => writeln!(f, "  CRL   damaged: it says nothing")?,
            Some(Listed::No) => {
                writeln!(f, "  CRL   not listed (how old the lists are: madoguchi crl status)")?;
            }
            Some(Listed::Yes(revocation)) => {
                let at = instant::format(revocation.revoked_at);
                writeln!(f, "  CRL   revoked at {at} ({})", revocation.reason.name())?;
                writeln!(f, "        thisUpdate {}", instant::format(revocation.times.this_update))?;
            }
        }
        if traced.certificate.is_some() && traced.kept.is_empty() {
            writeln!(f, "  nothing is kept against its certificate")?;
        }
        write_lines(f, "  ", &kept_lines(&traced.kept))?;
        traced
            .not_kept()
            .into_iter()
            .try_for_each(|line| write_lines(f, "", &wrapped(&format!("note: {line}"))))
    }
}

/// What a session, or a card that was just shown, keeps of its certificate.
fn sealed(trace: &SignInTrace) -> Option<&[u8]> {
    let of_session = trace.session.as_ref().map(|session| session.holder_sealed.as_slice());
    let of_proof = trace.sign_in.as_ref().and_then(|sign_in| sign_in.proof.as_ref());
    of_session.or(of_proof.map(|proof| proof.holder_sealed.as_slice())).filter(|sealed| !sealed.is_empty())
}

fn stored_evidence(sign_in: &SignIn) -> Option<&str> {
    sign_in.refused_on.as_deref().or(sign_in.proof.as_ref().map(|proof| proof.evidence.as_str()))
}

fn evidence(json: &str) -> Value {
    serde_json::from_str(json).unwrap_or(Value::Null)
}

fn state(state: SignInState) -> &'static str {
    match state {
        SignInState::Started => "started",
        SignInState::Claimed => "claimed",
        SignInState::Proven => "proven",
        SignInState::Completed => "completed",
        SignInState::Cancelled(_) => "cancelled",
        SignInState::Burned(_) => "burned",
        SignInState::Expired => "expired",
    }
}

const NEVER_KEPT: &str = "never kept: the certificate, its serial number, the resident's name; OCSP can be asked only with \
                          the certificate: madoguchi revocation explain CERT";
const SIGN_IN_GONE: &str =
    "the sign-in itself is deleted an hour after its end; what is shown is the audit log's";
const CERTIFICATE_GONE: &str = "which certificate it was is not kept any more, or never was: it goes with the session, and \
                                with what is kept against it";
const HASH_ALONE: &str =
    "of the certificate a keyed hash is kept, which finds what is kept against it and no entry of a list";
