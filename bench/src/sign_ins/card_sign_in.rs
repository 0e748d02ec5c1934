//! What browser and agent do at the gateway, from the service's request to the address with the code.

use axum::http::{Method, StatusCode};
use madoguchi_protocol::{
    ClaimAnswer, ClaimRequest, FinishRequest, KIND_SIGN_IN, Octets, Origin, PATH_CLAIM, PATH_FINISH,
    PROTOCOL_VERSION, Secret, SignInStatement, sign_in_return_url,
};
use ring::rand::SystemRandom;

use crate::sign_ins::browser::Browser;
use crate::sign_ins::line::{Answer, Line, between};
use crate::sign_ins::town::Card;

/// A sign-in that the card has signed: what is left is to be believed.
pub(crate) struct CardSignIn {
    origin: Origin,
    browser: Browser,
    finish: String,
    return_verifier: Secret<32>,
    id: Octets<16>,
}

impl CardSignIn {
    /// From the service's request, which is this path, to the card's signature: the button, the agent's claim.
    pub(crate) async fn reach(
        line: &mut Line,
        origin: &Origin,
        card: &Card,
        request: &str,
    ) -> Result<Self, String> {
        let mut browser = Browser::default();
        let page = browser.open(line, request).await?;
        let sealed = between(page.text(StatusCode::OK)?, "name=\"sealed\" value=\"", "\"")?;
        let to_agent = browser.submit(line, "/sign-in/start", format!("sealed={sealed}")).await?;
        let ticket = to_agent.location()?.rsplit('/').next().unwrap_or_default();

        let return_verifier = secret();
        let claim_secret = secret();
        let claim = ClaimRequest {
            ticket: Secret::decode(ticket).map_err(|error| error.to_string())?,
            return_verifier_hash: return_verifier.hash(),
            claim_secret_hash: claim_secret.hash(),
            version: PROTOCOL_VERSION,
            agent_version: "0.0.1".to_owned(),
            kinds: vec![KIND_SIGN_IN.to_owned()],
            counter: false,
        };
        let claimed = post_json(line, PATH_CLAIM, json(&claim)).await?;
        let claimed: ClaimAnswer =
            serde_json::from_str(claimed.text(StatusCode::OK)?).map_err(|error| error.to_string())?;
        let statement = SignInStatement::new(
            origin,
            claimed.sign_in_id,
            claimed.gateway_nonce,
            &claimed.client_id,
            &claimed.display,
            return_verifier.hash(),
            &card.certificate,
        );
        let signature = card.key.sign(&statement.to_der(), &SystemRandom::new()).expect("a signature");
        let finish = FinishRequest {
            sign_in_id: claimed.sign_in_id,
            claim_secret,
            certificate: card.certificate.clone(),
            signature,
        };
        let (origin, finish, id) = (origin.clone(), json(&finish), claimed.sign_in_id);
        Ok(Self { origin, browser, finish, return_verifier, id })
    }

    /// The agent's finish, which the gateway judges.
    pub(crate) async fn finish(&mut self, line: &mut Line) -> Result<(), String> {
        let finish = std::mem::take(&mut self.finish);
        post_json(line, PATH_FINISH, finish).await?.text(StatusCode::OK)?;
        Ok(())
    }

    /// The way back, to the service's address with the code.
    pub(crate) async fn go_back(mut self, line: &mut Line) -> Result<String, String> {
        let back = sign_in_return_url(&self.origin, self.id, &self.return_verifier);
        let back = back.strip_prefix(self.origin.as_str()).unwrap_or(&back);
        let done = self.browser.open(line, back).await?.location()?.to_owned();
        self.browser.open(line, &done).await?.text(StatusCode::OK)?;
        let answer = self.browser.open(line, &format!("/sign-in/{}/answer", self.id)).await?;
        Ok(answer.location()?.to_owned())
    }
}

async fn post_json(line: &mut Line, path: &str, body: String) -> Result<Answer, String> {
    line.send(Method::POST, path, &[("content-type", "application/json")], body).await
}

fn json(message: &impl serde::Serialize) -> String {
    serde_json::to_string(message).expect("plain values")
}

fn secret() -> Secret<32> {
    Secret::generate(&SystemRandom::new()).expect("randomness")
}
