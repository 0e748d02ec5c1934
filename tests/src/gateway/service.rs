//! An online service: it asks with PKCE, redeems codes, and believes an ID token only after checking its signature.

use axum::body::Body;
use base64::{Engine as _, engine::general_purpose::STANDARD, engine::general_purpose::URL_SAFE_NO_PAD};
use http::Request;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, RsaPublicKeyComponents,
    UnparsedPublicKey,
};
use serde_json::Value;

use madoguchi_protocol::{Octets, sha256};

use super::browser::split;
use super::{Answer, TestBrowser, TestGateway, Town, random};

/// What is registered about a service of the tests.
#[derive(Clone, Copy)]
pub struct Registered {
    /// The client id.
    pub client_id: &'static str,
    /// Its redirect URIs.
    pub redirect_uris: [&'static str; 2],
    /// Where the browser may go after signing out.
    pub signed_out: &'static str,
    /// Where it is told that a session ended.
    pub backchannel: &'static str,
}

/// A confidential client.
pub const KOSODATE: Registered = Registered {
    client_id: "kosodate",
    redirect_uris: ["https://kosodate.example/callback", "https://kosodate.example/callback?from=mado"],
    signed_out: "https://kosodate.example/signed-out",
    backchannel: "https://kosodate.example/backchannel",
};
/// A public client on another host.
pub const TOSHO: Registered = Registered {
    client_id: "tosho",
    redirect_uris: ["http://127.0.0.1:24830/callback", "http://127.0.0.1:24830/other"],
    signed_out: "http://127.0.0.1:24830/signed-out",
    backchannel: "http://127.0.0.1:24830/backchannel",
};

/// A service with the secrets of one authorization request.
#[derive(Clone)]
pub struct TestService {
    /// The municipality that it asks.
    pub town: Town,
    /// Its client id.
    pub client_id: String,
    /// Its secret, if it has one.
    pub secret: Option<String>,
    /// Where it wants the answer.
    pub redirect_uri: String,
    /// PKCE's `code_verifier`.
    pub code_verifier: String,
    /// `state`.
    pub state: String,
    /// `nonce`.
    pub nonce: String,
}

impl TestService {
    /// The confidential service.
    pub fn kosodate(gateway: &TestGateway, town: Town) -> Self {
        Self::new(town, KOSODATE, Some(gateway.client_secret.clone()))
    }

    /// The public service.
    pub fn tosho(town: Town) -> Self {
        Self::new(town, TOSHO, None)
    }

    fn new(town: Town, registered: Registered, secret: Option<String>) -> Self {
        let fresh = || Octets::<32>::generate(random()).expect("randomness").encode();
        Self {
            town,
            client_id: registered.client_id.to_owned(),
            secret,
            redirect_uri: registered.redirect_uris[0].to_owned(),
            code_verifier: fresh(),
            state: fresh(),
            nonce: fresh(),
        }
    }

    /// The parameters of its authorization request.
    pub fn parameters(&self) -> Vec<(&'static str, String)> {
        vec![
            ("client_id", self.client_id.clone()),
            ("redirect_uri", self.redirect_uri.clone()),
            ("response_type", "code".to_owned()),
            ("scope", "openid".to_owned()),
            ("state", self.state.clone()),
            ("nonce", self.nonce.clone()),
            ("code_challenge", sha256(self.code_verifier.as_bytes()).encode()),
            ("code_challenge_method", "S256".to_owned()),
        ]
    }

    /// The same with some replaced, left out (`None`) or added.
    pub fn parameters_but(&self, changes: &[(&'static str, Option<&str>)]) -> Vec<(&'static str, String)> {
        let mut parameters = self.parameters();
        for (name, change) in changes {
            parameters.retain(|(known, _)| known != name);
            parameters.extend(change.map(|value| (*name, value.to_owned())));
        }
        parameters
    }

    /// The address of its authorization request.
    pub fn authorize_url(&self) -> String {
        self.authorize_url_of(&self.parameters())
    }

    /// The address of an authorization request with these parameters.
    pub fn authorize_url_of(&self, parameters: &[(&'static str, String)]) -> String {
        self.town.url(&format!("/authorize?{}", form(parameters)))
    }

    /// The form with which it redeems a code.
    pub fn token_form(&self, code: &str) -> Vec<(&'static str, String)> {
        let mut form = vec![
            ("grant_type", "authorization_code".to_owned()),
            ("code", code.to_owned()),
            ("redirect_uri", self.redirect_uri.clone()),
            ("code_verifier", self.code_verifier.clone()),
        ];
        if self.secret.is_none() {
            form.push(("client_id", self.client_id.clone()));
        }
        form
    }

    /// Its `Authorization` header.
    pub fn authorization(&self) -> Option<String> {
        let secret = self.secret.as_ref()?;
        Some(format!("Basic {}", STANDARD.encode(format!("{}:{secret}", self.client_id))))
    }

    /// Redeems a code as it should.
    pub async fn redeem(&self, gateway: &TestGateway, code: &str) -> Answer {
        let authorization = self.authorization();
        self.token(gateway, authorization.as_deref(), &form(&self.token_form(code))).await
    }

    /// Any request to the token endpoint.
    pub async fn token(&self, gateway: &TestGateway, authorization: Option<&str>, body: &str) -> Answer {
        let (authority, _) = split(self.town.issuer);
        let mut request = Request::post("/token")
            .header("host", authority)
            .header("content-type", "application/x-www-form-urlencoded");
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        gateway.send(request.body(Body::from(body.to_owned())).expect("a request")).await
    }

    /// Asks userinfo with an access token.
    pub async fn userinfo(&self, gateway: &TestGateway, access_token: &str) -> Answer {
        let (authority, _) = split(self.town.issuer);
        let request = Request::get("/userinfo")
            .header("host", authority)
            .header("authorization", format!("Bearer {access_token}"));
        gateway.send(request.body(Body::empty()).expect("a request")).await
    }

    /// Asks userinfo with a proof of possession.
    pub async fn userinfo_with(
        &self,
        gateway: &TestGateway,
        method: &str,
        authorization: &str,
        proofs: &[&str],
    ) -> Answer {
        let (authority, _) = split(self.town.issuer);
        let mut request = Request::builder()
            .method(method)
            .uri("/userinfo")
            .header("host", authority)
            .header("authorization", authorization);
        for proof in proofs {
            request = request.header("dpop", *proof);
        }
        gateway.send(request.body(Body::empty()).expect("a request")).await
    }

    /// The claims of an ID token whose signature holds under a published key of its algorithm.
    pub async fn claims(&self, gateway: &TestGateway, id_token: &str) -> Value {
        self.verified(gateway, id_token).await.1
    }

    /// Its header and its claims.
    pub async fn verified(&self, gateway: &TestGateway, id_token: &str) -> (Value, Value) {
        let keys = TestBrowser::new().get(gateway, &self.town.url("/jwks"), &[]).await.json();
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).expect("base64url");
        let parts: Vec<&str> = id_token.split('.').collect();
        let [header, claims, signature] = parts[..] else { panic!("not a compact JWS: {id_token}") };
        let header_json: Value = serde_json::from_slice(&decode(header)).expect("JSON");
        let key = keys["keys"].as_array().expect("keys").iter().find(|key| key["kid"] == header_json["kid"]);
        let key = key.expect("the key is published");
        assert_eq!(key["alg"], header_json["alg"]);
        let member = |name: &str| decode(key[name].as_str().expect("text"));
        let signed = format!("{header}.{claims}");
        let (message, signature) = (signed.as_bytes(), decode(signature));
        let holds = match header_json["alg"].as_str() {
            Some("ES256") => {
                let point = [vec![4], member("x"), member("y")].concat();
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, &signature)
            }
            Some("PS256") => RsaPublicKeyComponents { n: member("n"), e: member("e") }.verify(
                &RSA_PSS_2048_8192_SHA256,
                message,
                &signature,
            ),
            Some("RS256") => RsaPublicKeyComponents { n: member("n"), e: member("e") }.verify(
                &RSA_PKCS1_2048_8192_SHA256,
                message,
                &signature,
            ),
            other => panic!("no such algorithm: {other:?}"),
        };
        holds.expect("the signature holds");
        (header_json, serde_json::from_slice(&decode(claims)).expect("JSON"))
    }
}

/// `application/x-www-form-urlencoded`.
pub fn form<V: AsRef<str>>(fields: &[(&str, V)]) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    for (name, value) in fields {
        form.append_pair(name, value.as_ref());
    }
    form.finish()
}
