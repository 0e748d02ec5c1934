//! The command line.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use madoguchi_cert_verify::{Anchor, Case, Certificate, InitialPolicies, Oid, PolicySettings, Profile};
use rustls_pki_types::UnixTime;

use crate::verify::instant;
use crate::verify::material::{CaseError, Kind, Material};

/// Judges a certificate with the files that are given, and prints one JSON line.
#[derive(Args, Debug)]
#[command(after_help = ENDS, override_usage = USAGE)]
pub struct VerifyArguments {
    /// By which rules.
    #[arg(long, value_enum, default_value = "rfc5280", conflicts_with = "batch")]
    pub(super) profile: ProfileName,
    /// The moment that counts, as RFC 3339 has it; now unless given.
    #[arg(long, value_name = "RFC3339", value_parser = instant::parse, conflicts_with = "batch")]
    pub(super) at: Option<UnixTime>,
    /// A trust anchor: a CA certificate to begin with. Nothing else is trusted.
    #[arg(long, value_name = "FILE", required_unless_present = "batch", conflicts_with = "batch")]
    pub(super) anchor: Vec<PathBuf>,
    /// A certificate that may help, in any order: a CA, an issuer of revocation lists.
    #[arg(long, value_name = "FILE", conflicts_with = "batch")]
    pub(super) intermediate: Vec<PathBuf>,
    /// A revocation list, complete or delta.
    #[arg(long, value_name = "FILE", conflicts_with = "batch")]
    pub(super) crl: Vec<PathBuf>,
    /// An OCSP response.
    #[arg(long, value_name = "FILE", conflicts_with = "batch")]
    pub(super) ocsp: Vec<PathBuf>,
    /// Every certificate below the anchor must be shown not to be revoked.
    #[arg(long, conflicts_with = "batch")]
    pub(super) require_revocation: bool,
    #[command(flatten)]
    pub(super) policies: PolicyFlags,
    /// Shows every check on standard error, in order, passed or failed.
    #[arg(long, conflicts_with = "batch")]
    pub(super) explain: bool,
    /// Reads cases from standard input, one JSON object a line, and answers one line each.
    #[arg(long)]
    pub(super) batch: bool,
    /// The certificate. Of a file with several the first is judged, the others may help.
    #[arg(value_name = "CERT", required_unless_present = "batch", conflicts_with = "batch")]
    pub(super) certificate: Option<PathBuf>,
}

/// The initial policy settings (RFC 5280 section 6.1.1).
#[derive(Args, Debug)]
pub(super) struct PolicyFlags {
    /// A certificate policy that the path may be valid for; any unless given. In `jpki-auth` a policy that replaces
    /// the production policy.
    #[arg(long, value_name = "OID", conflicts_with = "batch")]
    policy: Vec<Oid>,
    /// The path must be valid for one of the policies.
    #[arg(long, conflicts_with = "batch")]
    explicit_policy: bool,
    /// Policy mappings do not count.
    #[arg(long, conflicts_with = "batch")]
    inhibit_mapping: bool,
    /// anyPolicy in a certificate does not stand for every policy.
    #[arg(long, conflicts_with = "batch")]
    inhibit_any: bool,
}

impl PolicyFlags {
    fn settings(&self) -> PolicySettings {
        PolicySettings {
            initial: InitialPolicies::of(self.policy.clone()),
            explicit_policy: self.explicit_policy,
            inhibit_mapping: self.inhibit_mapping,
            inhibit_any_policy: self.inhibit_any,
        }
    }
}

/// The names of the profiles.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum ProfileName {
    Rfc5280,
    JpkiAuth,
}

impl From<ProfileName> for Profile {
    fn from(name: ProfileName) -> Self {
        match name {
            ProfileName::Rfc5280 => Self::Rfc5280,
            ProfileName::JpkiAuth => Self::JpkiAuth,
        }
    }
}

impl VerifyArguments {
    /// What is wrong with each anchor that cannot be used, or not at this moment: the verdict has no names of files.
    pub(super) fn anchor_problems(&self, now: UnixTime) -> Vec<String> {
        let at = self.at.unwrap_or(now);
        let mut problems = Vec::new();
        for path in &self.anchor {
            let mut material = Material::default();
            // What does not read at all is told by whoever reads the case.
            let Ok(octets) = material.file(path) else { continue };
            if material.add(Kind::Anchor, octets, path).is_err() {
                continue;
            }
            for der in material.into_case().anchors {
                if let Some(problem) = anchor_problem(&der, self.profile.into(), at) {
                    problems.push(format!("{}: {problem}", path.display()));
                }
            }
        }
        problems
    }

    /// Reads the files. The moment is absent unless it was given.
    pub(super) fn case(&self) -> Result<(Case, Option<UnixTime>), CaseError> {
        let mut material = Material::default();
        if let Some(path) = &self.certificate {
            let octets = material.file(path)?;
            material.target(octets, path)?;
        }
        for (kind, paths) in [
            (Kind::Anchor, &self.anchor),
            (Kind::Intermediate, &self.intermediate),
            (Kind::Crl, &self.crl),
            (Kind::Ocsp, &self.ocsp),
        ] {
            for path in paths {
                let octets = material.file(path)?;
                material.add(kind, octets, path)?;
            }
        }
        let case = Case {
            profile: self.profile.into(),
            require_revocation: self.require_revocation,
            policies: self.policies.settings(),
            ..material.into_case()
        };
        Ok((case, self.at))
    }
}

fn anchor_problem(der: &[u8], profile: Profile, at: UnixTime) -> Option<String> {
    let certificate = match profile {
        Profile::Rfc5280 => Certificate::parse_from_anywhere(der),
        Profile::JpkiAuth => Anchor::new(der).map(|anchor| anchor.certificate().clone()),
    };
    let certificate = match certificate {
        Ok(certificate) => certificate,
        Err(error) => return Some(format!("no anchor that can be used: {error} ({})", error.code())),
    };
    let (from, until) = (certificate.not_before(), certificate.not_after());
    if at > until {
        Some(format!("the anchor expired at {}", instant::format(until)))
    } else if at < from {
        Some(format!("the anchor is not valid before {}", instant::format(from)))
    } else {
        None
    }
}

const ENDS: &str = concat!(
    "Files are DER or PEM, told by content.\n",
    "\n",
    "Exit codes:\n",
    "  0  accepted; of a batch: every line was answered\n",
    "  1  rejected; or a stream broke\n",
    "  3  undetermined: nothing is wrong, but revocation had to be shown and was not\n",
    "  2  the command line or a file cannot be used",
);
const USAGE: &str =
    concat!("madoguchi verify [OPTIONS] --anchor <FILE> <CERT>\n", "       madoguchi verify --batch",);
