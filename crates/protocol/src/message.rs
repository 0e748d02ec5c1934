//! The three messages that an agent sends, and their answers, as JSON (RFC 8259). They do not know their
//! transport; over HTTP each is a POST to the path beside it.

use serde::{Deserialize, Serialize};

use crate::{ErrorCode, Octets, Origin, Secret};

/// Path of [`ClaimRequest`].
pub const PATH_CLAIM: &str = "/agent/v1/claim";
/// Path of [`FinishRequest`].
pub const PATH_FINISH: &str = "/agent/v1/finish";
/// Path of [`CancelRequest`].
pub const PATH_CANCEL: &str = "/agent/v1/cancel";

/// The one kind of request there is today. A later purpose has its own kind, statement and state machine.
pub const KIND_SIGN_IN: &str = "sign-in-v1";

/// "I hold this ticket; show me the request." The same claim again gets the same answer; one with other hashes burns
/// the sign-in; an unsupported version or kind changes nothing.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimRequest {
    /// What the browser carried to the agent.
    pub ticket: Secret<32>,
    /// SHA-256 of the return verifier `v`.
    pub return_verifier_hash: Octets<32>,
    /// SHA-256 of the claim secret `c`.
    pub claim_secret_hash: Octets<32>,
    /// [`crate::PROTOCOL_VERSION`] of the agent.
    pub version: u32,
    /// Version of the agent's program, for the operator's statistics.
    pub agent_version: String,
    /// Kinds that the agent can do.
    pub kinds: Vec<String>,
    /// True on a shared computer: no single sign-on, cookies end with the sign-in.
    pub counter: bool,
}

/// What the agent shows and signs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimAnswer {
    /// The sign-in.
    pub sign_in_id: Octets<16>,
    /// `n` of the statement.
    pub gateway_nonce: Octets<32>,
    /// The service, as it is registered.
    pub client_id: String,
    /// [`KIND_SIGN_IN`].
    pub kind: String,
    /// DER of a [`crate::Display`], base64url.
    #[serde(with = "octet_string")]
    pub display: Vec<u8>,
    /// Seconds until the sign-in expires, by the gateway's clock.
    pub expires_in: u64,
}

/// "This card says yes."
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FinishRequest {
    /// The sign-in.
    pub sign_in_id: Octets<16>,
    /// `c`, of which the claim had the hash.
    pub claim_secret: Secret<32>,
    /// DER of the user-authentication certificate, base64url.
    #[serde(with = "octet_string")]
    pub certificate: Vec<u8>,
    /// The card's signature over the DER of the statement, base64url; ECDSA as DER.
    #[serde(with = "octet_string")]
    pub signature: Vec<u8>,
}

/// The proof holds; the browser may go back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FinishAnswer {
    /// Seconds within which the browser must be back.
    pub return_within: u64,
}

/// "It ends here", and why.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CancelRequest {
    /// The sign-in.
    pub sign_in_id: Octets<16>,
    /// `c`, of which the claim had the hash.
    pub claim_secret: Secret<32>,
    /// What the resident was told.
    pub reason: ErrorCode,
}

/// Any answer that is not a success.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorAnswer {
    /// What went wrong, for the resident.
    pub error: ErrorCode,
}

/// Where the agent sends the browser after a proof. The only address that holds `v`; it is never logged.
pub fn sign_in_return_url(origin: &Origin, sign_in_id: Octets<16>, return_verifier: &Secret<32>) -> String {
    format!("{origin}/sign-in/{sign_in_id}/return?v={}", *return_verifier.encode())
}

/// Where the agent sends the browser when a sign-in stopped early.
pub fn sign_in_stopped_url(origin: &Origin, sign_in_id: Octets<16>) -> String {
    format!("{origin}/sign-in/{sign_in_id}/stopped")
}

mod octet_string {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    use serde::{Deserialize as _, Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(octets: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&URL_SAFE_NO_PAD.encode(octets))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        URL_SAFE_NO_PAD.decode(text).map_err(|_| de::Error::custom("not base64url without padding"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cancel_reads_as_documented() {
        let json = format!(
            r#"{{"sign_in_id":"{}","claim_secret":"{}","reason":"pin_wrong"}}"#,
            Octets([1; 16]),
            Octets([2; 32])
        );
        let cancel: CancelRequest = serde_json::from_str(&json).expect("a cancel");
        assert_eq!((cancel.sign_in_id, cancel.reason), (Octets([1; 16]), ErrorCode::PinWrong));
    }

    #[test]
    fn unknown_fields_and_reasons_are_refused() {
        let id = Octets([1; 16]);
        let secret = Octets([2; 32]);
        for json in [
            format!(r#"{{"sign_in_id":"{id}","claim_secret":"{secret}","reason":"because"}}"#),
            format!(r#"{{"sign_in_id":"{id}","claim_secret":"{secret}","reason":"pin_wrong","more":1}}"#),
            format!(r#"{{"sign_in_id":"{secret}","claim_secret":"{secret}","reason":"pin_wrong"}}"#),
        ] {
            assert!(serde_json::from_str::<CancelRequest>(&json).is_err(), "{json}");
        }
    }

    #[test]
    fn debug_output_holds_no_secret() {
        let ticket = Octets([5; 32]).encode();
        let claim = ClaimRequest {
            ticket: Secret::decode(&ticket).expect("32 octets"),
            return_verifier_hash: Octets([1; 32]),
            claim_secret_hash: Octets([2; 32]),
            version: 1,
            agent_version: "0".to_owned(),
            kinds: vec![],
            counter: false,
        };
        assert!(!format!("{claim:?}").contains(&ticket));
    }
}
