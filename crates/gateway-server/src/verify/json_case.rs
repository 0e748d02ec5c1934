//! A case of a batch.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use madoguchi_cert_verify::{Case, InitialPolicies, PolicySettings, Profile};
use rustls_pki_types::UnixTime;
use serde::Deserialize;
use serde_json::Value;

use crate::verify::instant;
use crate::verify::material::{CaseError, Kind, Material};

/// The members of a case. Absent and null mean empty or false; other members are the sender's own.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct JsonCase {
    profile: Option<String>,
    at: Option<String>,
    cert: Option<JsonFile>,
    anchor: Option<Vec<JsonFile>>,
    intermediate: Option<Vec<JsonFile>>,
    crl: Option<Vec<JsonFile>>,
    ocsp: Option<Vec<JsonFile>>,
    require_revocation: Option<bool>,
    policy: Option<Vec<String>>,
    explicit_policy: Option<bool>,
    inhibit_mapping: Option<bool>,
    inhibit_any: Option<bool>,
}

/// A path, or the octets themselves.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "a path, or {\"der\": base64}")]
enum JsonFile {
    Path(PathBuf),
    Octets { der: String },
}

/// Reads a case and its files. The moment is absent unless the case has one.
pub(super) fn read(value: Value) -> Result<(Case, Option<UnixTime>), CaseError> {
    if !value.is_object() {
        return Err(CaseError::Json { reason: "a case is a JSON object".to_owned() });
    }
    let json: JsonCase =
        serde_json::from_value(value).map_err(|error| CaseError::Json { reason: error.to_string() })?;
    let invalid = |key| move |reason: String| CaseError::Value { key, reason };
    let profile = profile(json.profile.as_deref()).map_err(invalid("profile"))?;
    let at = json.at.as_deref().map(instant::parse).transpose().map_err(invalid("at"))?;
    let policies = json.policy.unwrap_or_default().iter().map(|oid| oid.parse()).collect::<Result<_, _>>();
    let policies =
        policies.map_err(|error: madoguchi_cert_verify::OidError| invalid("policy")(error.to_string()))?;
    let mut material = Material::default();
    let target = json.cert.ok_or_else(|| invalid("cert")("there is none".to_owned()))?;
    let (octets, place) = target.read("cert", &mut material)?;
    material.target(&octets, &place)?;
    for (key, kind, files) in [
        ("anchor", Kind::Anchor, json.anchor),
        ("intermediate", Kind::Intermediate, json.intermediate),
        ("crl", Kind::Crl, json.crl),
        ("ocsp", Kind::Ocsp, json.ocsp),
    ] {
        for file in files.unwrap_or_default() {
            let (octets, place) = file.read(key, &mut material)?;
            material.add(kind, &octets, &place)?;
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
            Self::Octets { der } => {
                let octets = STANDARD
                    .decode(der)
                    .map_err(|error| CaseError::Value { key, reason: format!("der: {error}") })?;
                Ok((octets, Path::new(key).to_owned()))
            }
        }
    }
}
