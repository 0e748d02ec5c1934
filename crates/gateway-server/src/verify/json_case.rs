//! A case of a batch.
//!
//! Read without a tree of the whole line: of what nobody asked for nothing is kept, so that memory stays near the
//! line's length, whatever is in it.

mod near_miss;
mod value;

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use madoguchi_cert_verify::{Case, InitialPolicies, OidError, PolicySettings, Profile};
use rustls_pki_types::UnixTime;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::verify::instant;
use crate::verify::json_case::near_miss::NearMiss;
use crate::verify::json_case::value::{JsonFile, Several};
use crate::verify::material::{CaseError, Kind, Material};

/// The members of a case. Absent and null mean empty or false; other members are the sender's own.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct JsonCase {
    profile: Option<String>,
    at: Option<String>,
    cert: Option<JsonFile>,
    anchor: Option<Several<JsonFile>>,
    intermediate: Option<Several<JsonFile>>,
    crl: Option<Several<JsonFile>>,
    ocsp: Option<Several<JsonFile>>,
    require_revocation: Option<bool>,
    policy: Option<Several<String>>,
    explicit_policy: Option<bool>,
    inhibit_mapping: Option<bool>,
    inhibit_any: Option<bool>,
}

/// The member that is answered even when the others do not read.
#[derive(Deserialize)]
struct WithId {
    #[serde(default)]
    id: Option<Box<RawValue>>,
}

/// A line as text that starts as an object does.
pub(super) fn text(line: &[u8]) -> Result<&str, CaseError> {
    let text = std::str::from_utf8(line).map_err(|error| CaseError::Json { reason: error.to_string() })?;
    // Asked here because a list of values would be read as the members in their order.
    if text.trim_start().starts_with('{') {
        Ok(text)
    } else {
        Err(CaseError::Json { reason: "a case is a JSON object".to_owned() })
    }
}

/// The case's id as it was written; null when there is none.
pub(super) fn id(line: &str) -> Result<Box<RawValue>, CaseError> {
    let read: WithId = serde_json::from_str(line).map_err(|error| json(&error))?;
    Ok(read.id.unwrap_or_else(|| RawValue::NULL.to_owned()))
}

/// Reads a case and its files. The moment is absent unless the case has one.
pub(super) fn read(line: &str) -> Result<(Case, Option<UnixTime>), CaseError> {
    let near_miss: NearMiss = serde_json::from_str(line).map_err(|error| json(&error))?;
    if let Some((key, reason)) = near_miss.told() {
        return Err(CaseError::Value { key, reason });
    }
    let json: JsonCase = serde_json::from_str(line).map_err(|error| json(&error))?;
    let invalid = |key| move |reason: String| CaseError::Value { key, reason };
    let profile = profile(json.profile.as_deref()).map_err(invalid("profile"))?;
    let at = json.at.as_deref().map(instant::parse).transpose().map_err(invalid("at"))?;
    let policies = of_member(json.policy)?.iter().map(|oid| oid.parse()).collect::<Result<_, _>>();
    let policies = policies.map_err(|error: OidError| invalid("policy")(error.to_string()))?;
    // A path that nobody writes to would be waited for, and standard input is the batch's own.
    let mut material = Material::of_regular_files();
    let target = json.cert.ok_or_else(|| invalid("cert")("there is none".to_owned()))?;
    let (octets, place) = target.read("cert", &mut material)?;
    material.target(octets, &place)?;
    for (key, kind, files) in [
        ("anchor", Kind::Anchor, json.anchor),
        ("intermediate", Kind::Intermediate, json.intermediate),
        ("crl", Kind::Crl, json.crl),
        ("ocsp", Kind::Ocsp, json.ocsp),
    ] {
        for file in of_member(files)? {
            let (octets, place) = file.read(key, &mut material)?;
            material.add(kind, octets, &place)?;
        }
    }
    let case = Case {
        profile,
        require_revocation: json.require_revocation.unwrap_or_default(),
        policies: PolicySettings {
            initial: InitialPolicies::of(policies),
            explicit_policy: json.explicit_policy.unwrap_or_default(),
            inhibit_mapping: json.inhibit_mapping.unwrap_or_default(),
            inhibit_any_policy: json.inhibit_any.unwrap_or_default(),
        },
        ..material.into_case()
    };
    Ok((case, at))
}

fn json(error: &serde_json::Error) -> CaseError {
    CaseError::Json { reason: error.to_string() }
}

fn of_member<T>(values: Option<Several<T>>) -> Result<Vec<T>, CaseError> {
    values.map_or(Ok(Vec::new()), |values| values.into_vec().ok_or(CaseError::TooMany))
}

fn profile(name: Option<&str>) -> Result<Profile, String> {
    let Some(name) = name else { return Ok(Profile::default()) };
    let known = [Profile::Rfc5280, Profile::JpkiAuth];
    known
        .into_iter()
        .find(|profile| profile.name() == name)
        .ok_or_else(|| format!("{name:?} is neither rfc5280 nor jpki-auth"))
}

impl JsonFile {
    fn read(self, key: &'static str, material: &mut Material) -> Result<(Vec<u8>, PathBuf), CaseError> {
        match self {
            Self::Path(path) => Ok((material.file(&path)?, path)),
            Self::Octets(der) => {
                let octets = STANDARD
                    .decode(der)
                    .map_err(|error| CaseError::Value { key, reason: format!("der: {error}") })?;
                Ok((octets, Path::new(key).to_owned()))
            }
        }
    }
}
