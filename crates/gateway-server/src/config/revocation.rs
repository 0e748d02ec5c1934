//! `[revocation]`: which sources there are, and where they are.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use madoguchi_cert_verify::Sources;
use madoguchi_revocation::{HttpUrl, OcspLimits};

use crate::ServerError;

/// `[revocation]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RevocationConfig {
    /// Which sources there are.
    pub sources: SourcesConfig,
    /// Folder where CRLs are dropped, `*.crl`.
    pub crl_dir: Option<PathBuf>,
    /// CRLs by name.
    #[serde(default)]
    pub crl_files: Vec<PathBuf>,
    /// CRLs to fetch.
    #[serde(rename = "crl_url", default)]
    pub crl_urls: Vec<CrlUrlConfig>,
    /// Seconds that a whole download may take.
    #[serde(default = "fetch_seconds")]
    pub fetch_seconds: u64,
    /// Folder of the private copies of CRLs with their indices; `crl-state` beside the database when absent.
    pub state_dir: Option<PathBuf>,
    /// Most hours since a CRL's thisUpdate.
    #[serde(default = "max_age_hours")]
    pub max_age_hours: u64,
    /// Largest CRL that is read, in octets.
    #[serde(default = "max_crl_octets")]
    pub max_crl_octets: u64,
    /// Seconds between looks at the CRL files for a change.
    #[serde(default = "reload_seconds")]
    pub reload_seconds: u64,
    /// CA certificates, PEM: the servers of `https` addresses must have theirs from one of these, instead of those that
    /// the system trusts.
    pub https_ca: Option<PathBuf>,
    /// OCSP responders, in the order in which they are asked.
    #[serde(default)]
    pub ocsp: Vec<OcspConfig>,
    /// The bounds of asking them.
    #[serde(default)]
    pub ocsp_limits: OcspLimitsConfig,
}

/// `revocation.sources`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SourcesConfig {
    /// OCSP and revocation lists.
    Both,
    /// Revocation lists only.
    Crl,
    /// OCSP only.
    Ocsp,
}

/// `[[revocation.crl_url]]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CrlUrlConfig {
    /// Where the list is.
    pub url: HttpUrl,
    /// Minutes between looks.
    #[serde(default = "every_minutes")]
    pub every_minutes: u64,
}

/// `[[revocation.ocsp]]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OcspConfig {
    /// Where the responder is.
    pub url: HttpUrl,
    /// How requests travel.
    #[serde(default = "post")]
    pub method: MethodConfig,
    /// Whether a nonce is sent.
    #[serde(default = "prefer")]
    pub nonce: NonceConfig,
    /// The hash that names the issuer in a request.
    #[serde(default = "sha1")]
    pub hash: HashConfig,
    /// Most minutes since an answer's thisUpdate.
    #[serde(default = "max_age_minutes")]
    pub max_age_minutes: u64,
    /// Seconds for which an answer is used again.
    #[serde(default = "reuse_seconds")]
    pub reuse_seconds: u64,
}

/// `[revocation.ocsp_limits]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OcspLimitsConfig {
    /// Seconds for name, connection and TLS.
    pub connect_seconds: u64,
    /// Seconds from the request to the last octet of its answer.
    pub answer_seconds: u64,
    /// Seconds for one question with all its responders.
    pub question_seconds: u64,
    /// So many failures in a row, and a responder is left alone.
    pub failures_to_open: u32,
    /// Seconds until one request finds out whether it is back.
    pub open_seconds: u64,
    /// Requests to the next responder, for every hundred questions.
    pub retry_percent: u32,
    /// So many of these at once after a quiet time.
    pub retries_saved: u32,
}

impl Default for OcspLimitsConfig {
    /// Those of [`OcspLimits`].
    fn default() -> Self {
        let OcspLimits { connect, answer, whole, breaker, retries, .. } = OcspLimits::default();
        Self {
            connect_seconds: connect.as_secs(),
            answer_seconds: answer.as_secs(),
            question_seconds: whole.as_secs(),
            failures_to_open: breaker.failures,
            open_seconds: breaker.open_for.as_secs(),
            retry_percent: retries.percent,
            retries_saved: retries.saved,
        }
    }
}

/// `revocation.ocsp.method`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MethodConfig {
    /// GET for short requests.
    Get,
    /// POST.
    Post,
}

/// `revocation.ocsp.nonce`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NonceConfig {
    /// Not sent.
    None,
    /// Sent, and compared when it comes back.
    Prefer,
    /// Sent, and must come back.
    Require,
}

/// `revocation.ocsp.hash`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HashConfig {
    /// SHA-1, which every responder knows.
    Sha1,
    /// SHA-256.
    Sha256,
}

impl SourcesConfig {
    /// The same for the table of verdicts.
    pub(crate) fn sources(self) -> Sources {
        match self {
            Self::Both => Sources::Both,
            Self::Crl => Sources::CrlOnly,
            Self::Ocsp => Sources::OcspOnly,
        }
    }
}

impl RevocationConfig {
    /// Makes paths relative to the configuration file's folder; the state is beside the database unless it is elsewhere.
    pub(super) fn resolve(&mut self, base: &Path, state: PathBuf) {
        let resolve = |path: &mut PathBuf| *path = base.join(&*path);
        self.crl_dir.iter_mut().for_each(resolve);
        self.crl_files.iter_mut().for_each(resolve);
        self.state_dir.iter_mut().for_each(resolve);
        self.https_ca.iter_mut().for_each(resolve);
        self.state_dir.get_or_insert(state);
    }

    /// Whether any place of lists is named. A revocation counts from them also where OCSP alone is a source.
    pub(crate) fn has_lists(&self) -> bool {
        self.crl_dir.is_some() || !self.crl_files.is_empty() || !self.crl_urls.is_empty()
    }

    /// The age up to which a list says good.
    pub(crate) fn max_age(&self) -> Duration {
        Duration::from_secs(self.max_age_hours.saturating_mul(3600))
    }

    pub(super) fn check(&self) -> Result<(), ServerError> {
        let sources = self.sources.sources();
        if sources.crl() && !self.has_lists() {
            let message = "write crl_dir, crl_files or [[revocation.crl_url]]: the check cannot be skipped";
            return Err(ServerError::value("revocation", message));
        }
        if sources.ocsp() && self.ocsp.is_empty() {
            let message =
                "write [[revocation.ocsp]] with the url of a responder: the check cannot be skipped";
            return Err(ServerError::value("revocation", message));
        }
        if !sources.ocsp() && !self.ocsp.is_empty() {
            let message = r#"write "both" or "ocsp", or take [[revocation.ocsp]] out: its responders would not be asked"#;
            return Err(ServerError::value("revocation.sources", message));
        }
        if let (Some(state), Some(drop)) = (&self.state_dir, &self.crl_dir)
            && one_in_the_other(state, drop)
        {
            let message = "another folder than crl_dir, neither in it nor around it: nobody but the gateway may write here";
            return Err(ServerError::value("revocation.state_dir", message));
        }
        for (key, value) in [
            ("revocation.fetch_seconds", self.fetch_seconds),
            ("revocation.max_age_hours", self.max_age_hours),
            ("revocation.reload_seconds", self.reload_seconds),
        ] {
            at_least_1(key, value)?;
        }
        self.crl_urls
            .iter()
            .try_for_each(|url| at_least_1("revocation.crl_url.every_minutes", url.every_minutes))?;
        self.ocsp.iter().try_for_each(OcspConfig::check)?;
        self.ocsp_limits.check()?;
        let has_https = self.ocsp.iter().any(|ocsp| ocsp.url.is_tls())
            || self.crl_urls.iter().any(|list| list.url.is_tls());
        if self.https_ca.is_some() && !has_https {
            let message = "take it out: no address of a list or responder begins with https";
            return Err(ServerError::value("revocation.https_ca", message));
        }
        Ok(())
    }
}

impl OcspConfig {
    fn check(&self) -> Result<(), ServerError> {
        at_least_1("revocation.ocsp.max_age_minutes", self.max_age_minutes)?;
        if self.method == MethodConfig::Get && self.nonce != NonceConfig::None {
            let message = r#""get" is for answers that caches keep: write nonce = "none" beside it"#;
            return Err(ServerError::value("revocation.ocsp.method", message));
        }
        if self.url.has_query() {
            return Err(ServerError::value("revocation.ocsp.url", "a responder's address has no query"));
        }
        Ok(())
    }
}

impl OcspLimitsConfig {
    fn check(&self) -> Result<(), ServerError> {
        for (key, value, most) in [
            ("connect_seconds", self.connect_seconds, MOST_QUESTION_SECONDS),
            ("answer_seconds", self.answer_seconds, MOST_QUESTION_SECONDS),
            ("question_seconds", self.question_seconds, MOST_QUESTION_SECONDS),
            ("failures_to_open", self.failures_to_open.into(), 1000),
            ("open_seconds", self.open_seconds, 3600),
            ("retry_percent", self.retry_percent.into(), 100),
            ("retries_saved", self.retries_saved.into(), 10_000),
        ] {
            if !(1..=most).contains(&value) {
                let key = format!("revocation.ocsp_limits.{key}");
                return Err(ServerError::value(key, format!("from 1 to {most}")));
            }
        }
        if self.question_seconds < self.connect_seconds.saturating_add(self.answer_seconds) {
            let message =
                "at least connect_seconds and answer_seconds together: the first responder would be cut off";
            return Err(ServerError::value("revocation.ocsp_limits.question_seconds", message));
        }
        Ok(())
    }
}

/// Whether both are one folder, or one lies in the other: whoever may write in a folder may move away all that is in it.
fn one_in_the_other(one: &Path, other: &Path) -> bool {
    let (one, other) = (as_it_is(one), as_it_is(other));
    one.starts_with(&other) || other.starts_with(&one)
}

/// The path with the links followed of as much of it as is there.
fn as_it_is(path: &Path) -> PathBuf {
    let found =
        path.ancestors().find_map(|above| Some((above.canonicalize().ok()?, path.strip_prefix(above).ok()?)));
    found.map_or_else(|| path.components().collect(), |(above, rest)| above.join(rest).components().collect())
}

fn at_least_1(key: &str, value: u64) -> Result<(), ServerError> {
    if value == 0 { Err(ServerError::value(key, "at least 1")) } else { Ok(()) }
}

/// An agent waits 15 seconds for the answer to a finish.
const MOST_QUESTION_SECONDS: u64 = 12;

/// Two days: yesterday's list may still be in use while today's arrives.
const fn max_age_hours() -> u64 {
    48
}

/// Fourteen million entries of JPKI's shape.
const fn max_crl_octets() -> u64 {
    512 * 1024 * 1024
}

const fn reload_seconds() -> u64 {
    30
}

const fn fetch_seconds() -> u64 {
    600
}

const fn every_minutes() -> u64 {
    60
}

const fn post() -> MethodConfig {
    MethodConfig::Post
}

const fn prefer() -> NonceConfig {
    NonceConfig::Prefer
}

const fn sha1() -> HashConfig {
    HashConfig::Sha1
}

/// A day.
const fn max_age_minutes() -> u64 {
    1440
}

/// A resident who tries again, or goes on to the next service.
const fn reuse_seconds() -> u64 {
    300
}
