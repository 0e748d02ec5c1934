//! One sign-in with its three parties: the resident's browser, the agent with a card, and the service.

use std::collections::BTreeMap;
use std::time::Instant;

use axum::http::{Method, StatusCode, header};
use madoguchi_protocol::{
    ClaimAnswer, ClaimRequest, FinishRequest, KIND_SIGN_IN, Octets, Origin, PATH_CLAIM, PATH_FINISH,
    PROTOCOL_VERSION, Secret, SignInStatement, sha256, sign_in_return_url,
};
use ring::rand::SystemRandom;

use crate::sign_ins::crowd::Times;
use crate::sign_ins::line::{Answer, Line};
use crate::sign_ins::town::{CLIENT_ID, Card, REDIRECT_URI};

/// A resident who has said yes with the card: what is left is to be believed.
pub(crate) struct Claimed {
    origin: Origin,
    start: Instant,
    cookies: BTreeMap<String, String>,
    finish: String,
    code_verifier: String,
    return_verifier: Secret<32>,
    id: Octets<16>,
}

impl Claimed {
    /// From the service's request to the card's signature: `/authorize`, the button, the agent's claim.
    pub(crate) async fn reach(line: &mut Line, origin: &Origin, card: &Card) -> Result<Self, String> {
        let start = Instant::now();
        let mut cookies = BTreeMap::new();
        let [state, nonce, code_verifier] = [(); 3].map(|()| random_text());
        let path = format!(
            "/authorize?client_id={CLIENT_ID}&redirect_uri={REDIRECT_URI}&response_type=code&scope=openid\
             &state={state}&nonce={nonce}&code_challenge={}&code_challenge_method=S256",
            sha256(code_verifier.as_bytes()).encode()
        );
        let page = navigate(line, &mut cookies, Method::GET, &path, String::new()).await?;
        let sealed = between(page.text(StatusCode::OK)?, "name=\"sealed\" value=\"", "\"")?;
        let form = format!("sealed={sealed}");
        let to_agent = navigate(line, &mut cookies, Method::POST, "/sign-in/start", form).await?;
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
        Ok(Self { origin, start, cookies, finish, code_verifier, return_verifier, id })
    }

    /// The agent's finish, which the gateway judges; the way back; the service's code and tokens.
    pub(crate) async fn complete(mut self, line: &mut Line) -> Result<Times, String> {
        let start = Instant::now();
        let finish = std::mem::take(&mut self.finish);
        post_json(line, PATH_FINISH, finish).await?.text(StatusCode::OK)?;
        let finish = start.elapsed();

        let back = sign_in_return_url(&self.origin, self.id, &self.return_verifier);
        let back = back.strip_prefix(self.origin.as_str()).unwrap_or(&back);
        let done = self.open(line, back).await?.location()?.to_owned();
        self.open(line, &done).await?.text(StatusCode::OK)?;
        let answer = self.open(line, &format!("/sign-in/{}/answer", self.id)).await?;
        let code = between(answer.location()?, "code=", "&")?;
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

    async fn open(&mut self, line: &mut Line, path: &str) -> Result<Answer, String> {
        navigate(line, &mut self.cookies, Method::GET, path, String::new()).await
    }
}

/// What a browser does when somebody goes somewhere; the cookies are kept.
async fn navigate(
    line: &mut Line,
    cookies: &mut BTreeMap<String, String>,
    method: Method,
    path: &str,
    form: String,
) -> Result<Answer, String> {
    let cookie: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let cookie = cookie.join("; ");
    let mut headers = vec![("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];
    if !cookie.is_empty() {
        headers.push(("cookie", &cookie));
    }
    if method == Method::POST {
        headers.push(("content-type", FORM));
    }
    let answer = line.send(method, path, &headers, form).await?;
    for set in answer.headers.get_all(header::SET_COOKIE) {
        let pair =
            set.to_str().ok().and_then(|set| set.split(';').next()).and_then(|set| set.split_once('='));
        let (name, value) = pair.ok_or("no cookie")?;
        cookies.insert(name.to_owned(), value.to_owned());
    }
    Ok(answer)
}

async fn post_json(line: &mut Line, path: &str, body: String) -> Result<Answer, String> {
    line.send(Method::POST, path, &[("content-type", "application/json")], body).await
}

fn json(message: &impl serde::Serialize) -> String {
    serde_json::to_string(message).expect("plain values")
}

fn between<'t>(text: &'t str, before: &str, after: &str) -> Result<&'t str, String> {
    let rest = text.split_once(before).ok_or_else(|| format!("no {before}"))?.1;
    Ok(rest.split(after).next().unwrap_or(rest))
}

fn secret() -> Secret<32> {
    Secret::generate(&SystemRandom::new()).expect("randomness")
}

fn random_text() -> String {
    Octets::<32>::generate(&SystemRandom::new()).expect("randomness").encode()
}

const FORM: &str = "application/x-www-form-urlencoded";
