//! The `claims` parameter (OpenID Connect Core section 5.5).
//!
//! Its shape is checked whole, so that a mistake is heard of. Of its content two things mean something here: an
//! essential `acr` of the ID token, and a `sub` with a value. All other claims are voluntary by definition (section
//! 5.5.1) and do not exist here, so they are ignored.

use serde_json::Value;

use crate::Description;
use crate::authorization_error::{Refusal, invalid_request};
use crate::jose::json::object;

/// What a `claims` parameter demands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ClaimsRequest {
    /// The essential `acr` of the ID token: any of these, or any at all when the list is empty.
    pub(crate) essential_acr: Option<Vec<String>>,
    /// The `sub` that the ID token must have.
    pub(crate) sub: Option<String>,
}

impl ClaimsRequest {
    /// Reads the parameter's JSON.
    pub(crate) fn parse(text: &str) -> Result<Self, Refusal> {
        let malformed = invalid_request(const { Description::new("claims is malformed") });
        let members = object(text.as_bytes()).ok_or(malformed)?;
        let mut request = Self::default();
        for (destination, claims) in &members {
            // Section 5.5: members that are not understood are ignored.
            if !["id_token", "userinfo"].contains(&destination.as_str()) {
                continue;
            }
            for (name, wish) in claims.as_object().ok_or(malformed)? {
                let wish = Wish::parse(wish).ok_or(malformed)?;
                match (destination.as_str(), name.as_str()) {
                    ("id_token", "acr") if wish.essential => {
                        request.essential_acr = Some(wish.texts().ok_or(malformed)?);
                    }
                    // Section 3.1.2.2 binds whether or not it is called essential.
                    (_, "sub") => {
                        let wanted = wish.sub().map_err(|SeveralSubs| malformed)?;
                        request.sub = merge(request.sub, wanted).map_err(|SeveralSubs| malformed)?;
                    }
                    _ => {}
                }
            }
        }
        Ok(request)
    }
}

/// How one claim is requested (section 5.5.1).
struct Wish<'v> {
    essential: bool,
    value: Option<&'v Value>,
    values: &'v [Value],
}

impl<'v> Wish<'v> {
    /// `null`, or an object whose known members have their types.
    fn parse(wish: &'v Value) -> Option<Self> {
        let members = match wish {
            Value::Null => return Some(Self { essential: false, value: None, values: &[] }),
            Value::Object(members) => members,
            _ => return None,
        };
        let essential = match members.get("essential") {
            None => false,
            Some(essential) => essential.as_bool()?,
        };
        let values = match members.get("values") {
            None => &[],
            Some(values) => values.as_array()?.as_slice(),
        };
        Some(Self { essential, value: members.get("value"), values })
    }

    /// The wanted values, which are texts. `value` and `values` at once mean either.
    fn texts(&self) -> Option<Vec<String>> {
        let all = self.value.into_iter().chain(self.values);
        all.map(|value| value.as_str().map(str::to_owned)).collect()
    }

    /// The one wanted `sub`, if any.
    fn sub(&self) -> Result<Option<String>, SeveralSubs> {
        match self.texts().ok_or(SeveralSubs)?.as_slice() {
            [] => Ok(None),
            [sub] => Ok(Some(sub.clone())),
            _ => Err(SeveralSubs),
        }
    }
}

/// An answer is about one subject.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SeveralSubs;

/// Two wishes for one subject agree, or nobody can fulfil both.
pub(crate) fn merge(one: Option<String>, other: Option<String>) -> Result<Option<String>, SeveralSubs> {
    match (one, other) {
        (Some(one), Some(other)) if one != other => Err(SeveralSubs),
        (one, other) => Ok(one.or(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn essential(text: &str) -> Option<Vec<String>> {
        ClaimsRequest::parse(text).expect("a claims request").essential_acr
    }

    fn sub(text: &str) -> Option<String> {
        ClaimsRequest::parse(text).expect("a claims request").sub
    }

    #[test]
    fn what_does_not_exist_here_is_ignored() {
        for text in [
            "{}",
            r#"{"userinfo":{"given_name":{"essential":true},"nickname":null,"http://example.info/claims/groups":null}}"#,
            r#"{"id_token":{"auth_time":{"essential":true},"acr":{"values":["urn:mace:incommon:iap:silver"]}}}"#,
            r#"{"verified_claims":[1],"userinfo":{"a":{"value":[{}],"purpose":1}}}"#,
            r#"{"userinfo":{"acr":{"essential":true,"value":"x"}}}"#,
        ] {
            assert_eq!(ClaimsRequest::parse(text), Ok(ClaimsRequest::default()), "{text}");
        }
    }

    #[test]
    fn an_essential_acr_lists_what_would_do() {
        let list = |values: &[&str]| Some(values.iter().map(|&value| value.to_owned()).collect());
        assert_eq!(essential(r#"{"id_token":{"acr":{"essential":true}}}"#), list(&[]));
        assert_eq!(essential(r#"{"id_token":{"acr":{"essential":true,"value":"a"}}}"#), list(&["a"]));
        assert_eq!(
            essential(r#"{"id_token":{"acr":{"essential":true,"values":["a","b"]}}}"#),
            list(&["a", "b"])
        );
        assert_eq!(essential(r#"{"id_token":{"acr":{"essential":false,"value":"a"}}}"#), None);
        assert_eq!(essential(r#"{"id_token":{"acr":null}}"#), None);
    }

    #[test]
    fn a_sub_is_one_sub() {
        assert_eq!(sub(r#"{"id_token":{"sub":{"value":"a"}}}"#), Some("a".to_owned()));
        assert_eq!(
            sub(r#"{"userinfo":{"sub":{"values":["a"]}},"id_token":{"sub":{"value":"a"}}}"#),
            Some("a".to_owned())
        );
        assert_eq!(sub(r#"{"id_token":{"sub":{"essential":true}}}"#), None);
        for wrong in [
            r#"{"id_token":{"sub":{"values":["a","b"]}}}"#,
            r#"{"userinfo":{"sub":{"value":"a"}},"id_token":{"sub":{"value":"b"}}}"#,
            r#"{"id_token":{"sub":{"value":1}}}"#,
        ] {
            assert!(ClaimsRequest::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_malformed_shape_is_refused() {
        for wrong in [
            "",
            "x",
            "[]",
            "null",
            "{",
            r#"{"id_token":{}"#,
            r#"{"id_token":null}"#,
            r#"{"userinfo":[]}"#,
            r#"{"id_token":{"acr":true}}"#,
            r#"{"id_token":{"acr":"a"}}"#,
            r#"{"id_token":{"acr":["a"]}}"#,
            r#"{"id_token":{"acr":{"essential":"true"}}}"#,
            r#"{"id_token":{"acr":{"values":"a"}}}"#,
            r#"{"id_token":{"acr":{"essential":true,"values":[1]}}}"#,
            r#"{"id_token":{"acr":{"essential":true,"value":null}}}"#,
            r#"{"id_token":{"acr":null,"acr":{"essential":true}}}"#,
            r#"{"userinfo":{},"userinfo":{}}"#,
            r#"{"userinfo":{"name":{"essential":1}}}"#,
        ] {
            assert_eq!(
                ClaimsRequest::parse(wrong).map_err(|Refusal(_, description)| description.as_str()),
                Err("claims is malformed"),
                "{wrong}"
            );
        }
    }
}
