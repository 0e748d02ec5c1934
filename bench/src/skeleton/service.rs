//! What the service asks for.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use madoguchi_protocol::sha256;
use ring::hmac;
use rusqlite::params;
use serde_json::{Value, json};

use crate::logins::jws::{PublicKey, encode, part};
use crate::logins::service::now;
use crate::skeleton::browser::{Request, value};
use crate::skeleton::{ClientProof, NO, Skeleton};

pub(super) async fn jwks(State(skeleton): State<Arc<Skeleton>>) -> Json<Value> {
    Json(json!({ "keys": [skeleton.signer.jwk()] }))
}

pub(super) async fn par(
    State(skeleton): State<Arc<Skeleton>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), StatusCode> {
    skeleton.authenticate(&headers, &body).await?;
    let key = skeleton.dpop(&headers, "/par").await?;
    let request = Request { key, ..Request::of(&body).ok_or(NO)? };
    let request = serde_json::to_string(&request).map_err(|_| NO)?;
    let uri = format!("urn:ietf:params:oauth:request_uri:{}", skeleton.octets::<32>().encode());
    let hash = sha256(uri.as_bytes());
    let insert = skeleton.store.write(move |connection| {
        let sql = "INSERT INTO pushed (hash, request) VALUES (?1, ?2)";
        connection.prepare_cached(sql)?.execute(params![hash.0, request])
    });
    insert.await.ok_or(NO)?;
    Ok((StatusCode::CREATED, Json(json!({ "request_uri": uri, "expires_in": 90 }))))
}

pub(super) async fn token(
    State(skeleton): State<Arc<Skeleton>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, StatusCode> {
    skeleton.authenticate(&headers, &body).await?;
    let key = skeleton.dpop(&headers, "/token").await?;
    let field = |name| value(&body, name).ok_or(NO);
    let hash = sha256(&crate::logins::jws::decode(&field("code")?).map_err(|_| NO)?);
    let sql = "SELECT request, account, auth_time FROM codes WHERE hash = ?1 AND token IS NULL";
    let found = skeleton.store.read(sql, params![hash.0], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, Vec<u8>>(1)?, row.get::<_, u64>(2)?))
    });
    let (request, account, auth_time) = found.ok_or(NO)?;
    let request: Request = serde_json::from_str(&request).map_err(|_| NO)?;
    let verifier = sha256(field("code_verifier")?.as_bytes()).encode();
    if request.code_challenge != verifier
        || request.redirect_uri != field("redirect_uri")?
        || request.key != key
    {
        return Err(NO);
    }
    let access = skeleton.octets::<32>();
    let text = access.encode();
    let now = now();
    let id_token = skeleton.signer.sign(&json!({
        "iss": skeleton.origin.as_str(),
        "sub": encode(hmac::sign(&skeleton.naming, &account).as_ref()),
        "aud": skeleton.client.id,
        "exp": now + 300,
        "iat": now,
        "auth_time": auth_time,
        "nonce": request.nonce,
        "acr": "urn:madoguchi:acr:card-pin",
        "amr": ["sc", "pin", "mfa"],
        "at_hash": encode(&sha256(text.as_bytes()).0[..16]),
    }));
    let redeem = skeleton.store.write(move |connection| {
        let sql = "UPDATE codes SET token = ?2 WHERE hash = ?1 AND token IS NULL";
        connection.prepare_cached(sql)?.execute(params![hash.0, sha256(&access.0).0])
    });
    if redeem.await != Some(1) {
        return Err(NO);
    }
    let kind = if key.is_some() { "DPoP" } else { "Bearer" };
    let answer = json!({
        "access_token": text, "token_type": kind, "expires_in": 300, "scope": "openid", "id_token": id_token,
    });
    Ok(Json(answer))
}

impl Skeleton {
    async fn authenticate(&self, headers: &HeaderMap, body: &[u8]) -> Result<(), StatusCode> {
        match &self.client.proof {
            ClientProof::Secret(expected) => {
                let basic = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
                let basic = basic.and_then(|value| value.strip_prefix("Basic ")).ok_or(NO)?;
                let basic = String::from_utf8(STANDARD.decode(basic).map_err(|_| NO)?).map_err(|_| NO)?;
                let (id, secret) = basic.split_once(':').ok_or(NO)?;
                if id == self.client.id && sha256(secret.as_bytes()) == *expected { Ok(()) } else { Err(NO) }
            }
            ClientProof::Key(key) => {
                let assertion = value(body, "client_assertion").ok_or(NO)?;
                let claims = key.verify(&assertion).map_err(|_| NO)?;
                let now = now();
                let right = claims["iss"] == self.client.id.as_str()
                    && claims["sub"] == self.client.id.as_str()
                    && claims["aud"] == self.origin.as_str()
                    && claims["exp"].as_u64().is_some_and(|exp| exp > now);
                if !right {
                    return Err(NO);
                }
                self.use_once(&claims).await
            }
        }
    }

    /// The key of the proof that a client with a key sends.
    async fn dpop(&self, headers: &HeaderMap, path: &str) -> Result<Option<String>, StatusCode> {
        let Some(proof) = headers.get("dpop") else { return Ok(None) };
        let proof = proof.to_str().map_err(|_| NO)?;
        let jwk = &part(proof, 0).map_err(|_| NO)?["jwk"];
        let claims = PublicKey::of(jwk).and_then(|key| key.verify(proof)).map_err(|_| NO)?;
        let address = claims["htu"].as_str().and_then(|uri| uri.strip_prefix(self.origin.as_str()));
        let fresh = claims["iat"].as_u64().is_some_and(|iat| iat.abs_diff(now()) < 60);
        if claims["htm"] != "POST" || address != Some(path) || !fresh {
            return Err(NO);
        }
        let members = json!({ "crv": jwk["crv"], "kty": jwk["kty"], "x": jwk["x"], "y": jwk["y"] });
        self.use_once(&claims).await?;
        Ok(Some(sha256(members.to_string().as_bytes()).encode()))
    }

    async fn use_once(&self, claims: &Value) -> Result<(), StatusCode> {
        let hash = sha256(claims["jti"].as_str().ok_or(NO)?.as_bytes());
        let until = now() + 120;
        let insert = self.store.write(move |connection| {
            let sql = "INSERT INTO used (hash, until) VALUES (?1, ?2)";
            connection.prepare_cached(sql)?.execute(params![hash.0, until])
        });
        insert.await.map(|_| ()).ok_or(NO)
    }
}
