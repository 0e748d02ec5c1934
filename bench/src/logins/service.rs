//! The service: asks for a login, checks the answer, redeems the code, looks at the tokens.

use std::sync::Mutex;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::http::{Method, StatusCode};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use form_urlencoded::Serializer;
use madoguchi_protocol::sha256;
use serde_json::{Value, json};

use crate::logins::jws::{PublicKey, SigningKey, part};
use crate::logins::scenario::Scenario;
use crate::sign_ins::line::{Answer, FORM, Line};
use crate::sign_ins::resident::random_text;

/// How it proves who it is.
pub(crate) enum Authentication {
    Secret(String),
    /// By assertions, and the tokens are bound to a key of its own.
    Key {
        service: SigningKey,
        dpop: SigningKey,
    },
}

/// Where a server has what.
pub(crate) struct Paths {
    pub(crate) authorize: &'static str,
    pub(crate) par: &'static str,
    pub(crate) token: &'static str,
}

/// A service as one server knows it.
pub(crate) struct Service {
    pub(crate) issuer: String,
    pub(crate) paths: Paths,
    pub(crate) authentication: Authentication,
    /// By key id; read once.
    keys: Mutex<Vec<(String, PublicKey)>>,
    alg: &'static str,
}

/// One login as the service sees it.
pub(crate) struct Attempt {
    state: String,
    nonce: String,
    code_verifier: String,
}

impl Service {
    pub(crate) fn new(
        issuer: String,
        paths: Paths,
        authentication: Authentication,
        scenario: Scenario,
    ) -> Self {
        Self { issuer, paths, authentication, keys: Mutex::default(), alg: scenario.alg }
    }

    /// Reads the server's keys.
    pub(crate) async fn learn_keys(&self, line: &mut Line) -> Result<(), String> {
        let answer = line.send(Method::GET, "/jwks", &[], String::new()).await?;
        let set: Value = json_of(&answer, StatusCode::OK)?;
        let mut keys = Vec::new();
        for jwk in set["keys"].as_array().ok_or("no keys")? {
            keys.push((text(jwk, "kid")?.to_owned(), PublicKey::of(jwk)?));
        }
        *self.keys.lock().map_err(|error| error.to_string())? = keys;
        Ok(())
    }

    /// Where the browser goes to log in.
    pub(crate) async fn ask(&self, line: &mut Line) -> Result<(Attempt, String), String> {
        let [state, nonce, code_verifier] = [(); 3].map(|()| random_text());
        let challenge = sha256(code_verifier.as_bytes()).encode();
        let attempt = Attempt { state, nonce, code_verifier };
        let asked = [
            ("client_id", SERVICE_ID),
            ("redirect_uri", REDIRECT_URI),
            ("response_type", "code"),
            ("scope", "openid"),
            ("state", &attempt.state),
            ("nonce", &attempt.nonce),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
            // Without it the peer does not say how it was done.
            ("acr_values", ACR),
        ];
        let query = match self.authentication {
            Authentication::Secret(_) => form(&asked),
            Authentication::Key { .. } => {
                let answer = self.post(line, self.paths.par, &asked).await?;
                let pushed = json_of(&answer, StatusCode::CREATED)?;
                form(&[("client_id", SERVICE_ID), ("request_uri", text(&pushed, "request_uri")?)])
            }
        };
        let path = format!("{}?{query}", self.paths.authorize);
        Ok((attempt, path))
    }

    /// From the address that the browser came back with to tokens; all checks that cost no signature.
    pub(crate) async fn redeem(
        &self,
        line: &mut Line,
        attempt: &Attempt,
        location: &str,
    ) -> Result<Value, String> {
        let query = location.strip_prefix(REDIRECT_URI).and_then(|rest| rest.strip_prefix('?'));
        let query = query.ok_or_else(|| format!("sent elsewhere: {location}"))?;
        let query = query.split('#').next().unwrap_or(query);
        let value = |name: &str| {
            let mut found = form_urlencoded::parse(query.as_bytes())
                .filter(|(key, _)| key == name)
                .map(|(_, value)| value);
            found.next().ok_or_else(|| format!("no {name} in the answer"))
        };
        if value("state")? != attempt.state || value("iss")? != self.issuer {
            return Err("an answer to something else".to_owned());
        }
        let code = value("code")?;
        let redeem = [
            ("grant_type", "authorization_code"),
            ("redirect_uri", REDIRECT_URI),
            ("code", &code),
            ("code_verifier", &attempt.code_verifier),
        ];
        let answer = self.post(line, self.paths.token, &redeem).await?;
        let tokens = json_of(&answer, StatusCode::OK)?;
        let kind = match self.authentication {
            Authentication::Secret(_) => "Bearer",
            Authentication::Key { .. } => "DPoP",
        };
        if text(&tokens, "token_type")? != kind {
            return Err(format!("no token of type {kind}"));
        }
        text(&tokens, "access_token")?;
        text(&tokens, "id_token")?;
        Ok(tokens)
    }

    /// The ID token as a service must look at it: signature and claims.
    pub(crate) fn verify(&self, attempt: &Attempt, tokens: &Value) -> Result<(), String> {
        let token = text(tokens, "id_token")?;
        let header = part(token, 0)?;
        if header["alg"] != self.alg {
            return Err(format!("signed with {}", header["alg"]));
        }
        let keys = self.keys.lock().map_err(|error| error.to_string())?;
        let key = keys.iter().find(|(kid, _)| header["kid"] == kid.as_str());
        let claims = key.ok_or("a key that is not published")?.1.verify(token)?;
        let right = [
            ("iss", claims["iss"] == self.issuer.as_str()),
            ("aud", claims["aud"] == SERVICE_ID),
            ("nonce", claims["nonce"] == attempt.nonce.as_str()),
            ("exp", claims["exp"].as_u64().is_some_and(|exp| exp > now())),
            ("auth_time", claims["auth_time"].is_u64()),
            ("acr", claims["acr"] == ACR),
            ("sub", claims["sub"].as_str().is_some_and(|sub| !sub.is_empty())),
        ];
        let wrong = right.iter().find(|(_, right)| !right);
        wrong.map_or(Ok(()), |(name, _)| Err(format!("a wrong {name} in an ID token")))
    }

    async fn post(&self, line: &mut Line, path: &str, fields: &[(&str, &str)]) -> Result<Answer, String> {
        match &self.authentication {
            Authentication::Secret(secret) => {
                let basic = format!("Basic {}", STANDARD.encode(format!("{SERVICE_ID}:{secret}")));
                let headers = [("content-type", FORM), ("authorization", basic.as_str())];
                line.send(Method::POST, path, &headers, form(fields)).await
            }
            Authentication::Key { service, dpop } => {
                let now = now();
                let assertion = service.sign(
                    &json!({ "alg": "ES256", "kid": SERVICE_KEY_ID }),
                    &json!({
                        "iss": SERVICE_ID, "sub": SERVICE_ID, "aud": self.issuer, "jti": random_text(),
                        "iat": now, "exp": now + 60,
                    }),
                );
                let proof = dpop.sign(
                    &json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": dpop.jwk() }),
                    &json!({
                        "htm": "POST", "htu": format!("{}{path}", self.issuer), "iat": now, "jti": random_text(),
                    }),
                );
                let mut fields = fields.to_vec();
                if !fields.iter().any(|(name, _)| *name == "client_id") {
                    fields.push(("client_id", SERVICE_ID));
                }
                fields.push(("client_assertion_type", ASSERTION_TYPE));
                fields.push(("client_assertion", &assertion));
                let headers = [("content-type", FORM), ("dpop", proof.as_str())];
                line.send(Method::POST, path, &headers, form(&fields)).await
            }
        }
    }
}

fn form(fields: &[(&str, &str)]) -> String {
    Serializer::new(String::new()).extend_pairs(fields).finish()
}

fn json_of(answer: &Answer, status: StatusCode) -> Result<Value, String> {
    serde_json::from_str(answer.text(status)?).map_err(|error| error.to_string())
}

fn text<'v>(value: &'v Value, name: &str) -> Result<&'v str, String> {
    value[name].as_str().ok_or_else(|| format!("no {name}"))
}

pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

pub(crate) const SERVICE_ID: &str = "toshokan";
pub(crate) const SERVICE_KEY_ID: &str = "service";
pub(crate) const REDIRECT_URI: &str = "https://toshokan.example/callback";
const ACR: &str = "urn:madoguchi:acr:card-pin";
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
