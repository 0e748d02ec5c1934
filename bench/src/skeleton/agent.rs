//! What the agent asks for.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use madoguchi_protocol::{
    ClaimAnswer, ClaimRequest, FinishAnswer, FinishRequest, KIND_SIGN_IN, Octets, SignInStatement, sha256,
};
use ring::hmac;
use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use rusqlite::params;

use crate::skeleton::certificate::Parts;
use crate::skeleton::{NO, Skeleton};

pub(super) async fn claim(
    State(skeleton): State<Arc<Skeleton>>,
    body: Bytes,
) -> Result<Json<ClaimAnswer>, StatusCode> {
    let claim: ClaimRequest = serde_json::from_slice(&body).map_err(|_| NO)?;
    let ticket = claim.ticket.hash();
    let update = skeleton.store.write(move |connection| {
        let sql = "UPDATE sign_ins SET return_verifier = ?2, claim_secret = ?3
                   WHERE ticket = ?1 AND claim_secret IS NULL RETURNING id, nonce";
        let row = params![ticket.0, claim.return_verifier_hash.0, claim.claim_secret_hash.0];
        connection.prepare_cached(sql)?.query_row(row, |row| Ok((row.get(0)?, row.get(1)?)))
    });
    let (id, nonce) = update.await.ok_or(NO)?;
    Ok(Json(ClaimAnswer {
        sign_in_id: Octets(id),
        gateway_nonce: Octets(nonce),
        client_id: skeleton.client.id.clone(),
        kind: KIND_SIGN_IN.to_owned(),
        display: skeleton.display.clone(),
        expires_in: 180,
    }))
}

pub(super) async fn finish(
    State(skeleton): State<Arc<Skeleton>>,
    body: Bytes,
) -> Result<Json<FinishAnswer>, StatusCode> {
    let finish: FinishRequest = serde_json::from_slice(&body).map_err(|_| NO)?;
    let (id, secret) = (finish.sign_in_id, finish.claim_secret.hash());
    let sql = "SELECT nonce, return_verifier FROM sign_ins WHERE id = ?1 AND claim_secret = ?2";
    let found = skeleton.store.read(sql, params![id.0, secret.0], |row| Ok((row.get(0)?, row.get(1)?)));
    let (nonce, return_verifier) = found.ok_or(NO)?;
    let statement = SignInStatement::new(
        &skeleton.origin,
        id,
        Octets(nonce),
        &skeleton.client.id,
        &skeleton.display,
        Octets(return_verifier),
        &finish.certificate,
    );
    let certificate = finish.certificate;
    let card = Parts::of(&certificate).ok_or(NO)?;
    let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, card.key);
    key.verify(&statement.to_der(), &finish.signature).map_err(|_| NO)?;
    skeleton.authority.verify(card.signed, card.signature).map_err(|_| NO)?;
    // Whose card it is, and what a session would keep of it.
    let account = hmac::sign(&skeleton.naming, &certificate);
    let holder = skeleton.seal(sha256(&certificate).0.as_slice());
    let proof = [account.as_ref(), &holder].concat();
    let update = skeleton.store.write(move |connection| {
        let sql = "UPDATE sign_ins SET proof = ?3 WHERE id = ?1 AND claim_secret = ?2 AND proof IS NULL";
        connection.prepare_cached(sql)?.execute(params![id.0, secret.0, proof])
    });
    if update.await == Some(1) { Ok(Json(FinishAnswer { return_within: 120 })) } else { Err(NO) }
}
