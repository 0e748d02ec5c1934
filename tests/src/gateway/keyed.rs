//! A service that proves who it is with a key: it pushes its requests, signs them if it likes, and binds its tokens.

use std::sync::Arc;

use axum::body::Body;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::Request;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};

use madoguchi_oidc::jose::PublicJwkSet;
use madoguchi_oidc::{CLIENT_ASSERTION_TYPE, Client, ClientAuthentication, PATH_PAR, PATH_TOKEN, Profile};
use madoguchi_protocol::{LocalText, Octets};
use madoguchi_storage::{ClientWrite, Clients as _, Registration};

use super::browser::split;
use super::{Answer, TestGateway, TestService, Town, form, random};

/// A private key of a service.
#[derive(Clone)]
pub struct ServiceKey(Arc<EcdsaKeyPair>);

impl ServiceKey {
    /// A fresh one.
    pub fn generate() -> Self {
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, random()).expect("a key");
        Self(Arc::new(EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), random()).expect("a key")))
    }

    /// Its public part.
    pub fn jwk(&self) -> Value {
        let (_, coordinates) = self.0.public_key().as_ref().split_at(1);
        let (x, y) = coordinates.split_at(32);
        json!({"kty": "EC", "crv": "P-256", "x": encode(x), "y": encode(y)})
    }

    /// The thumbprint (RFC 7638), put together once more.
    pub fn thumbprint(&self) -> String {
        let jwk = self.jwk();
        let text = |name: &str| jwk[name].as_str().expect("text").to_owned();
        let members = format!(r#"{{"crv":"P-256","kty":"EC","x":"{}","y":"{}"}}"#, text("x"), text("y"));
        madoguchi_protocol::sha256(members.as_bytes()).encode()
    }

    /// A compact JWS, signed with ES256 whatever the header says.
    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        let input =
            format!("{}.{}", encode(header.to_string().as_bytes()), encode(claims.to_string().as_bytes()));
        let signature = self.0.sign(random(), input.as_bytes()).expect("a signature");
        format!("{input}.{}", encode(signature.as_ref()))
    }
}

/// A service with a registered key.
#[derive(Clone)]
pub struct KeyedService {
    /// Its side of a code flow.
    pub service: TestService,
    /// The registered key.
    pub key: ServiceKey,
    /// The key that it proves possession of (RFC 9449).
    pub dpop_key: ServiceKey,
}

impl KeyedService {
    /// Registers one of this profile in a municipality.
    pub async fn register(gateway: &TestGateway, town: Town, profile: Profile) -> Self {
        Self::register_as(gateway, town, "kagi", |client| client.profile = profile).await
    }

    /// Registers one with this id; `change` says what differs from the standard profile's client. What the profile
    /// demands is set after it.
    pub async fn register_as(
        gateway: &TestGateway,
        town: Town,
        client_id: &str,
        change: impl FnOnce(&mut Client),
    ) -> Self {
        let key = ServiceKey::generate();
        let set = json!({ "keys": [key.jwk()] }).to_string();
        let set = PublicJwkSet::from_json(set.as_bytes()).expect("a set");
        let redirect_uri = format!("https://{client_id}.example/callback");
        let authentication = ClientAuthentication::private_key_jwt(set);
        let mut client =
            Client::new(Profile::Standard, client_id, vec![redirect_uri.clone()], authentication);
        change(&mut client);
        client.require_pushed |= client.profile.requires_pushed();
        client.require_dpop |= client.profile.requires_dpop();
        client.check().expect("a client that can be registered");
        let text = || LocalText { ja: "鍵".to_owned(), ja_x_plain: None, en: Some("Key".to_owned()) };
        let registration = Registration { client, name: text(), purpose: text() };
        let written = gateway.store.add_client(town.id, registration, "a test").await.expect("a write");
        assert_eq!(written, ClientWrite::Done);
        gateway.gateway.refresh().await;

        let mut service = TestService::tosho(town);
        client_id.clone_into(&mut service.client_id);
        service.redirect_uri = redirect_uri;
        Self { service, key, dpop_key: ServiceKey::generate() }
    }

    /// The same service with the secrets of another authorization request.
    #[must_use]
    pub fn again(&self) -> Self {
        let fresh = TestService::tosho(self.service.town);
        let service = TestService {
            client_id: self.service.client_id.clone(),
            redirect_uri: self.service.redirect_uri.clone(),
            ..fresh
        };
        Self { service, ..self.clone() }
    }

    /// A fresh assertion of who it is.
    pub fn assertion(&self, gateway: &TestGateway) -> String {
        let (id, now) = (&self.service.client_id, gateway.now());
        let claims = json!({"iss": id, "sub": id, "aud": self.service.town.issuer, "jti": fresh(), "iat": now,
            "exp": now + 60});
        self.key.sign(&json!({"alg": "ES256"}), &claims)
    }

    /// Its request as a request object that is right, with these claims changed; `null` leaves one out.
    pub fn request_object(&self, gateway: &TestGateway, changes: &Value) -> String {
        let (id, now) = (&self.service.client_id, gateway.now());
        let mut claims = json!({"iss": id, "aud": self.service.town.issuer, "nbf": now, "exp": now + 300});
        for (name, value) in self.service.parameters() {
            claims[name] = value.into();
        }
        changed(&mut claims, changes);
        self.key.sign(&json!({"alg": "ES256", "typ": "oauth-authz-req+jwt"}), &claims)
    }

    /// A proof of possession for a request to a path, with these claims changed.
    pub fn dpop_proof(&self, gateway: &TestGateway, method: &str, path: &str, changes: &Value) -> String {
        let mut claims = json!({"jti": fresh(), "htm": method, "htu": self.service.town.url(path),
            "iat": gateway.now()});
        changed(&mut claims, changes);
        self.dpop_key.sign(&json!({"alg": "ES256", "typ": "dpop+jwt", "jwk": self.dpop_key.jwk()}), &claims)
    }

    /// A POST of this form with its assertion and these headers beside it.
    pub async fn post(
        &self,
        gateway: &TestGateway,
        path: &str,
        fields: &[(&str, String)],
        headers: &[(&str, &str)],
    ) -> Answer {
        let mut fields = fields.to_vec();
        fields.push(("client_assertion_type", CLIENT_ASSERTION_TYPE.to_owned()));
        fields.push(("client_assertion", self.assertion(gateway)));
        post(gateway, self.service.town, path, &fields, headers).await
    }

    /// Pushes a request.
    pub async fn push(&self, gateway: &TestGateway, fields: &[(&'static str, String)]) -> Answer {
        self.post(gateway, PATH_PAR, fields, &[]).await
    }

    /// Pushes a request that is accepted; its `request_uri`.
    pub async fn pushed(&self, gateway: &TestGateway, fields: &[(&'static str, String)]) -> String {
        request_uri(&self.push(gateway, fields).await)
    }

    /// Pushes its own request and nothing else; where to send the browser.
    pub async fn pushed_url(&self, gateway: &TestGateway) -> String {
        let uri = self.pushed(gateway, &self.service.parameters()).await;
        self.url_of(&uri)
    }

    /// Where to send the browser with a `request_uri`.
    pub fn url_of(&self, request_uri: &str) -> String {
        let parameters =
            [("client_id", self.service.client_id.clone()), ("request_uri", request_uri.to_owned())];
        self.service.authorize_url_of(&parameters)
    }

    /// Redeems a code, with a proof of possession.
    pub async fn redeem(&self, gateway: &TestGateway, code: &str) -> Answer {
        let proof = self.dpop_proof(gateway, "POST", PATH_TOKEN, &json!({}));
        let form = self.service.token_form(code);
        self.post(gateway, PATH_TOKEN, &form, &[("dpop", &proof)]).await
    }
}

/// A POST of a form without a browser.
pub async fn post<V: AsRef<str>>(
    gateway: &TestGateway,
    town: Town,
    path: &str,
    fields: &[(&str, V)],
    headers: &[(&str, &str)],
) -> Answer {
    let (authority, _) = split(town.issuer);
    let mut request = Request::post(path).header("host", authority);
    if !headers.iter().any(|(name, _)| *name == "content-type") {
        request = request.header("content-type", "application/x-www-form-urlencoded");
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    gateway.send(request.body(Body::from(form(fields))).expect("a request")).await
}

/// The `request_uri` of a push that was accepted (RFC 9126 section 2.2).
pub fn request_uri(answer: &Answer) -> String {
    assert_eq!(answer.status, 201, "{}", answer.body);
    assert_eq!(answer.header("cache-control"), "no-store");
    let body = answer.json();
    assert_eq!(body["expires_in"], 90);
    body["request_uri"].as_str().expect("text").to_owned()
}

fn changed(claims: &mut Value, changes: &Value) {
    let members = claims.as_object_mut().expect("an object");
    for (name, value) in changes.as_object().expect("an object") {
        match value {
            Value::Null => drop(members.remove(name)),
            value => drop(members.insert(name.clone(), value.clone())),
        }
    }
}

fn fresh() -> String {
    Octets::<16>::generate(random()).expect("randomness").encode()
}

fn encode(octets: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(octets)
}
