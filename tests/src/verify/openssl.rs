//! The same cases for `openssl verify`.

use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Whether `openssl verify` accepts a case, strictly (`-x509_strict`) or not. None when it cannot be asked: OCSP, and
/// the profile `jpki-auth`. Lists that are offered are asked about every certificate. `folder` takes the case's files.
pub fn accepts(case: &Value, strict: bool, folder: &Path) -> Option<bool> {
    if !list(case, "ocsp").is_empty() || case["profile"] == "jpki-auth" {
        return None;
    }
    let mut command = Command::new("openssl");
    command.args(["verify", "-no-CApath", "-no-CAstore", "-policy_check"]);
    let at = OffsetDateTime::parse(case["at"].as_str()?, &Rfc3339).ok()?;
    command.args(["-attime", &at.unix_timestamp().to_string()]);
    command.args(strict.then_some("-x509_strict"));
    // Not `-trusted`, with which issuers of lists are not found; CAfile is PEM only.
    let anchors: Option<String> = list(case, "anchor").iter().map(pem).collect();
    std::fs::write(folder.join("anchors"), anchors?).ok()?;
    command.arg("-CAfile").arg(folder.join("anchors"));
    for (flag, key) in [("-untrusted", "intermediate"), ("-CRLfile", "crl")] {
        for (index, value) in list(case, key).iter().enumerate() {
            command.arg(flag).arg(file(value, &folder.join(format!("{key}-{index}")))?);
        }
    }
    if !list(case, "crl").is_empty() || case["require_revocation"] == true {
        command.args(["-crl_check_all", "-extended_crl", "-use_deltas"]);
    }
    let policies = list(case, "policy").iter().map(Value::as_str).collect::<Option<Vec<_>>>()?;
    for policy in if policies.is_empty() { vec![ANY_POLICY] } else { policies } {
        command.args(["-policy", policy]);
    }
    for (flag, key) in [
        ("-explicit_policy", "explicit_policy"),
        ("-inhibit_map", "inhibit_mapping"),
        ("-inhibit_any", "inhibit_any"),
    ] {
        command.args((case[key] == true).then_some(flag));
    }
    command.arg(file(&case["cert"], &folder.join("cert"))?);
    Some(command.output().expect("openssl runs; script/setup test").status.success())
}

fn list<'a>(case: &'a Value, key: &str) -> &'a [Value] {
    case[key].as_array().map_or(&[], Vec::as_slice)
}

/// The file of a path, or one with the octets.
fn file(value: &Value, place: &Path) -> Option<PathBuf> {
    if let Some(path) = value.as_str() {
        return Some(path.into());
    }
    std::fs::write(place, octets(value)?).ok()?;
    Some(place.to_owned())
}

fn octets(value: &Value) -> Option<Vec<u8>> {
    match value.as_str() {
        Some(path) => std::fs::read(path).ok(),
        None => STANDARD.decode(value["der"].as_str()?).ok(),
    }
}

fn pem(value: &Value) -> Option<String> {
    let octets = octets(value)?;
    if octets.first() != Some(&0x30) {
        return String::from_utf8(octets).ok();
    }
    let base64 = STANDARD.encode(octets);
    let lines: Option<Vec<&str>> =
        base64.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).ok()).collect();
    Some(format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines?.join("\n")))
}

const ANY_POLICY: &str = "2.5.29.32.0";
