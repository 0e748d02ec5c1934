//! NIST's suite for path validation (PKITS), as the Python package `pyhanko_certvalidator` carries it: certificates,
//! lists, and the expected result of each case with its initial policy settings.

use std::path::PathBuf;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::verify::corpora;

/// One case.
#[derive(Debug)]
pub struct Case {
    /// Its number in NIST's document, such as 4.1.4.
    pub number: String,
    /// What is different in this of several cases with the same number.
    pub name: String,
    /// Whether the path is good.
    pub valid: bool,
    /// user-initial-policy-set; none is any.
    pub policies: Vec<String>,
    /// For `madoguchi verify --batch`.
    pub json: Value,
}

impl Case {
    /// Its section, such as 4.1.
    pub fn section(&self) -> &str {
        self.number.rsplit_once('.').map_or("", |(section, _)| section)
    }
}

/// All cases.
pub fn cases() -> Vec<Case> {
    let folder = folder();
    let mut cases = Vec::new();
    for file in ["pkits.json", "pkits-user-notice.json"] {
        let text = std::fs::read(folder.join(file)).unwrap_or_else(|error| {
            panic!("{}: {error}. Run: script/setup test", folder.join(file).display())
        });
        let all: Vec<Listed> = serde_json::from_slice(&text).expect("the list of cases");
        cases.extend(all.into_iter().map(|listed| listed.case(&folder)));
    }
    // The package has this one in its code.
    let last = Listed {
        id: "40820".into(),
        name: "cps_pointer_qualifier_test20".into(),
        cert: "CPSPointerQualifierTest20EE.crt".into(),
        other_certs: vec!["GoodCACert.crt".into()],
        crls: vec!["GoodCACRL.crl".into()],
        params: Settings::default(),
        error: None,
    };
    cases.push(last.case(&folder));
    cases
}

fn folder() -> PathBuf {
    corpora().join("pyhanko_certvalidator-0.33.0/tests/fixtures/nist_pkits")
}

/// As the package lists it.
#[derive(Deserialize)]
struct Listed {
    id: String,
    name: String,
    cert: String,
    #[serde(default)]
    other_certs: Vec<String>,
    #[serde(default)]
    crls: Vec<String>,
    #[serde(default)]
    params: Settings,
    error: Option<Value>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Settings {
    user_initial_policy_set: Vec<String>,
    initial_explicit_policy: bool,
    initial_policy_mapping_inhibit: bool,
    initial_any_policy_inhibit: bool,
}

impl Listed {
    /// Revocation is asked for everywhere, as NIST's document has it.
    fn case(self, folder: &std::path::Path) -> Case {
        let file = |kind: &str, name: &str| folder.join(kind).join(name).display().to_string();
        let all = |kind, names: &[String]| names.iter().map(|name| file(kind, name)).collect::<Vec<_>>();
        let number: Vec<String> = [&self.id[..1], &self.id[1..3], &self.id[3..]]
            .iter()
            .map(|part| part.parse::<u8>().expect("a number").to_string())
            .collect();
        let mut crls = vec![file("crls", "TrustAnchorRootCRL.crl")];
        crls.extend(all("crls", &self.crls));
        let json = json!({
            "id": self.name,
            "at": "2022-05-01T00:00:00Z",
            "cert": file("certs", &self.cert),
            "anchor": [file("certs", "TrustAnchorRootCertificate.crt")],
            "intermediate": all("certs", &self.other_certs),
            "crl": crls,
            "require_revocation": true,
            "policy": self.params.user_initial_policy_set,
            "explicit_policy": self.params.initial_explicit_policy,
            "inhibit_mapping": self.params.initial_policy_mapping_inhibit,
            "inhibit_any": self.params.initial_any_policy_inhibit,
        });
        Case {
            number: number.join("."),
            name: self.name,
            valid: self.error.is_none(),
            policies: self.params.user_initial_policy_set,
            json,
        }
    }
}
