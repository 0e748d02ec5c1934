//! One sign-in with its three parties: the resident's browser, the agent with a card, and the service.

use std::time::Instant;

use axum::http::{Method, StatusCode};
use madoguchi_protocol::{Octets, Origin, sha256};
use ring::rand::SystemRandom;

use crate::sign_ins::card_sign_in::CardSignIn;
use crate::sign_ins::crowd::Times;
use crate::sign_ins::line::{FORM, Line, between};
use crate::sign_ins::town::{CLIENT_ID, Card, REDIRECT_URI};

/// A resident who has said yes with the card: what is left is to be believed.
pub(crate) struct Claimed {
    start: Instant,
    sign_in: CardSignIn,
    code_verifier: String,
}

impl Claimed {
    /// From the service's request to the card's signature: `/authorize`, the button, the agent's claim.
    pub(crate) async fn reach(line: &mut Line, origin: &Origin, card: &Card) -> Result<Self, String> {
        let start = Instant::now();
        let [state, nonce, code_verifier] = [(); 3].map(|()| random_text());
        let path = format!(
            "/authorize?client_id={CLIENT_ID}&redirect_uri={REDIRECT_URI}&response_type=code&scope=openid\
             &state={state}&nonce={nonce}&code_challenge={}&code_challenge_method=S256",
            sha256(code_verifier.as_bytes()).encode()
        );
        let sign_in = CardSignIn::reach(line, origin, card, &path).await?;
        Ok(Self { start, sign_in, code_verifier })
    }

    /// The agent's finish, which the gateway judges; the way back; the service's code and tokens.
    pub(crate) async fn complete(mut self, line: &mut Line) -> Result<Times, String> {
        let start = Instant::now();
        self.sign_in.finish(line).await?;
        let finish = start.elapsed();

        let location = self.sign_in.go_back(line).await?;
        let code = between(&location, "code=", "&")?;
        let form = format!(
            "grant_type=authorization_code&client_id={CLIENT_ID}&redirect_uri={REDIRECT_URI}&code={code}\
             &code_verifier={}",
            self.code_verifier
        );
        let form_type = [("content-type", FORM)];
        let tokens = line.send(Method::POST, "/token", &form_type, form).await?;
        between(tokens.text(StatusCode::OK)?, "\"id_token\":\"", "\"")?;
        Ok(Times { whole: self.start.elapsed(), finish })
    }
}

/// A fresh value that nobody guesses.
pub(crate) fn random_text() -> String {
    Octets::<32>::generate(&SystemRandom::new()).expect("randomness").encode()
}
