//! Members whose names are nearly those of a case: `require-revocation`, as the option is written, must not be taken for the
//! sender's own and make "undetermined" an acceptance.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};

/// The first member of an object that is nearly one of a case.
pub(super) struct NearMiss(Option<(&'static str, String)>);

impl NearMiss {
    /// The member that was meant, and what to say.
    pub(super) fn told(self) -> Option<(&'static str, String)> {
        let (meant, written) = self.0?;
        Some((meant, format!("{written:?} is no member of a case; write {meant:?}")))
    }
}

impl<'de> Deserialize<'de> for NearMiss {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Names)
    }
}

struct Names;

impl<'de> Visitor<'de> for Names {
    type Value = NearMiss;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a case")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<NearMiss, A::Error> {
        let mut found = None;
        while let Some(name) = members.next_key::<Cow<'_, str>>()? {
            members.next_value::<IgnoredAny>()?;
            if found.is_none() && !MEMBERS.contains(&&*name) {
                let alike = MEMBERS.iter().find(|member| **member != "id" && plain(member) == plain(&name));
                found = alike.map(|member| (*member, name.into_owned()));
            }
        }
        Ok(NearMiss(found))
    }
}

/// A name without what is easily mistaken: capitals, what stands between words, and the plural.
fn plain(name: &str) -> String {
    let letters = name.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase());
    letters.collect::<String>().trim_end_matches('s').to_owned()
}

const MEMBERS: [&str; 13] = [
    "id",
    "profile",
    "at",
    "cert",
    "anchor",
    "intermediate",
    "crl",
    "ocsp",
    "require_revocation",
    "policy",
    "explicit_policy",
    "inhibit_mapping",
    "inhibit_any",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_nearly_right_are_told_and_others_are_the_senders() {
        for (line, meant) in [
            (r#"{"require-revocation":true}"#, Some("require_revocation")),
            (r#"{"requireRevocation":true}"#, Some("require_revocation")),
            (r#"{"intermediates":[]}"#, Some("intermediate")),
            (r#"{"CRL":[]}"#, Some("crl")),
            (r#"{"require_revocation":true,"id":1,"expected":"accepted","ids":[1],"note":{"crls":1}}"#, None),
        ] {
            let near: NearMiss = serde_json::from_str(line).expect("an object");
            assert_eq!(near.told().map(|(meant, _)| meant), meant, "{line}");
        }
    }
}
