//! The agent's side of the three messages, with real hashes and a real signature.

use axum::body::Body;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::Request;
use serde_json::{Value, json};

use madoguchi_protocol::{
    ClaimAnswer, ErrorCode, KIND_SIGN_IN, Octets, Origin, PATH_CANCEL, PATH_CLAIM, PATH_FINISH, Secret,
    SignInStatement, sign_in_return_url, sign_in_stopped_url,
};

use super::browser::split;
use super::{Answer, TestCard, TestGateway, Town, random};

/// An agent with the secrets of one sign-in.
pub struct TestAgent {
    /// The gateway that it talks to.
    pub town: Town,
    /// `v`.
    pub return_verifier: Secret<32>,
    /// `c`.
    pub claim_secret: Secret<32>,
}

impl TestAgent {
    /// An agent that just took a ticket for this gateway.
    pub fn new(town: Town) -> Self {
        Self {
            town,
            return_verifier: Secret::generate(random()).expect("randomness"),
            claim_secret: Secret::generate(random()).expect("randomness"),
        }
    }

    /// The claim of a ticket.
    pub fn claim_of(&self, ticket: &str) -> Value {
        json!({
            "ticket": ticket,
            "return_verifier_hash": self.return_verifier.hash(),
            "claim_secret_hash": self.claim_secret.hash(),
            "version": 1,
            "agent_version": "0.0.1",
            "kinds": [KIND_SIGN_IN],
            "counter": false,
        })
    }

    /// The finish of a sign-in.
    pub fn finish_of(&self, id: Octets<16>, certificate: &[u8], signature: &[u8]) -> Value {
        json!({
            "sign_in_id": id,
            "claim_secret": &*self.claim_secret.encode(),
            "certificate": URL_SAFE_NO_PAD.encode(certificate),
            "signature": URL_SAFE_NO_PAD.encode(signature),
        })
    }

    /// The cancel of a sign-in.
    pub fn cancel_of(&self, id: Octets<16>, reason: ErrorCode) -> Value {
        json!({ "sign_in_id": id, "claim_secret": &*self.claim_secret.encode(), "reason": reason })
    }

    /// Claims.
    pub async fn claim(&self, gateway: &TestGateway, ticket: &str) -> Answer {
        self.post(gateway, PATH_CLAIM, &self.claim_of(ticket)).await
    }

    /// Finishes with a card that signs exactly what it should.
    pub async fn finish(&self, gateway: &TestGateway, claim: &ClaimAnswer, card: &TestCard) -> Answer {
        let signature = card.sign(&self.statement(claim, card).build());
        let finish = self.finish_of(claim.sign_in_id, &card.certificate, &signature);
        self.post(gateway, PATH_FINISH, &finish).await
    }

    /// Cancels.
    pub async fn cancel(&self, gateway: &TestGateway, id: Octets<16>, reason: ErrorCode) -> Answer {
        self.post(gateway, PATH_CANCEL, &self.cancel_of(id, reason)).await
    }

    /// What the card should sign.
    pub fn statement(&self, claim: &ClaimAnswer, card: &TestCard) -> Statement {
        Statement {
            origin: self.town.origin(),
            sign_in_id: claim.sign_in_id,
            gateway_nonce: claim.gateway_nonce,
            client_id: claim.client_id.clone(),
            display: claim.display.clone(),
            return_verifier_hash: self.return_verifier.hash(),
            certificate: card.certificate.clone(),
        }
    }

    /// Sends a message as the agent does.
    pub async fn post(&self, gateway: &TestGateway, path: &str, message: &Value) -> Answer {
        self.post_with(gateway, path, &[("content-type", "application/json")], message.to_string()).await
    }

    /// Sends any body with any headers.
    pub async fn post_with(
        &self,
        gateway: &TestGateway,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Answer {
        let (authority, _) = split(self.town.issuer);
        let mut request = Request::post(path).header("host", authority);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        gateway.send(request.body(body.into()).expect("a request")).await
    }

    /// Where it sends the browser after a proof.
    pub fn return_url(&self, id: Octets<16>) -> String {
        sign_in_return_url(&self.town.origin(), id, &self.return_verifier)
    }

    /// Where it sends the browser when it stopped early.
    pub fn stopped_url(&self, id: Octets<16>) -> String {
        sign_in_stopped_url(&self.town.origin(), id)
    }
}

/// The parts of a statement, each open to be made wrong.
#[expect(missing_docs, reason = "the fields are those of SignInStatement")]
pub struct Statement {
    pub origin: Origin,
    pub sign_in_id: Octets<16>,
    pub gateway_nonce: Octets<32>,
    pub client_id: String,
    pub display: Vec<u8>,
    pub return_verifier_hash: Octets<32>,
    pub certificate: Vec<u8>,
}

impl Statement {
    /// The statement of these parts.
    pub fn build(&self) -> SignInStatement {
        SignInStatement::new(
            &self.origin,
            self.sign_in_id,
            self.gateway_nonce,
            &self.client_id,
            &self.display,
            self.return_verifier_hash,
            &self.certificate,
        )
    }
}
