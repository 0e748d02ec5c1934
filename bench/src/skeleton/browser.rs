//! What the browser asks for.

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use madoguchi_protocol::{Octets, sha256};
use rusqlite::params;
use serde::{Deserialize, Serialize};

use crate::logins::jws::{decode, encode};
use crate::logins::service::now;
use crate::skeleton::{NO, Skeleton};

/// The service's request.
#[derive(Serialize, Deserialize)]
pub(super) struct Request {
    pub(super) redirect_uri: String,
    pub(super) state: String,
    pub(super) nonce: String,
    pub(super) code_challenge: String,
    /// The key of its DPoP proof.
    pub(super) key: Option<String>,
}

impl Request {
    pub(super) fn of(form: &[u8]) -> Option<Self> {
        let value = |name| value(form, name);
        Some(Self {
            redirect_uri: value("redirect_uri")?,
            state: value("state")?,
            nonce: value("nonce")?,
            code_challenge: value("code_challenge")?,
            key: None,
        })
    }
}

#[derive(Serialize, Deserialize)]
struct Form {
    request: Request,
    browser: Octets<32>,
}

pub(super) async fn authorize(
    State(skeleton): State<Arc<Skeleton>>,
    RawQuery(query): RawQuery,
) -> Result<Response, StatusCode> {
    let query = query.ok_or(NO)?.into_bytes();
    if value(&query, "client_id").as_ref() != Some(&skeleton.client.id) {
        return Err(NO);
    }
    let request = match value(&query, "request_uri") {
        None => Request::of(&query).ok_or(NO)?,
        Some(uri) => {
            let hash = sha256(uri.as_bytes());
            let pushed =
                skeleton.store.read("SELECT request FROM pushed WHERE hash = ?1", params![hash.0], |row| {
                    row.get::<_, String>(0)
                });
            serde_json::from_str(&pushed.ok_or(NO)?).map_err(|_| NO)?
        }
    };
    let browser = skeleton.octets::<32>();
    let form = Form { request, browser: sha256(&browser.0) };
    let sealed = encode(&skeleton.seal(&serde_json::to_vec(&form).map_err(|_| NO)?));
    let page = format!(
        "<!doctype html><title>Sign in</title><form method=\"post\" action=\"/sign-in/start\">\
         <input type=\"hidden\" name=\"sealed\" value=\"{sealed}\"><button>Sign in</button></form>"
    );
    Ok(([(header::SET_COOKIE, format!("b={}; Path=/; HttpOnly", browser.encode()))], Html(page))
        .into_response())
}

pub(super) async fn start(
    State(skeleton): State<Arc<Skeleton>>,
    headers: HeaderMap,
    body: axum::body::Bytes,
) -> Result<Response, StatusCode> {
    let sealed = decode(&value(&body, "sealed").ok_or(NO)?).map_err(|_| NO)?;
    let form: Form = serde_json::from_slice(&skeleton.open(&sealed).ok_or(NO)?).map_err(|_| NO)?;
    if cookie(&headers, "b") != Some(form.browser) {
        return Err(NO);
    }
    let (id, ticket, nonce) = (skeleton.octets::<16>(), skeleton.octets::<32>(), skeleton.octets::<32>());
    let request = serde_json::to_string(&form.request).map_err(|_| NO)?;
    let insert = skeleton.store.write(move |connection| {
        let sql = "INSERT INTO sign_ins (id, ticket, browser, nonce, request) VALUES (?1, ?2, ?3, ?4, ?5)";
        let row = params![id.0, sha256(&ticket.0).0, form.browser.0, nonce.0, request];
        connection.prepare_cached(sql)?.execute(row)
    });
    insert.await.ok_or(NO)?;
    Ok(see_other(&format!("http://127.0.0.1:1/t/0/{}", ticket.encode())))
}

pub(super) async fn return_leg(
    State(skeleton): State<Arc<Skeleton>>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, StatusCode> {
    let id = Octets::<16>::decode(&id).map_err(|_| NO)?;
    let browser = cookie(&headers, "b").ok_or(NO)?;
    let verifier = query.and_then(|query| value(query.as_bytes(), "v")).ok_or(NO)?;
    let verifier = sha256(&decode(&verifier).map_err(|_| NO)?);
    let session = skeleton.octets::<32>();
    let update = skeleton.store.write(move |connection| {
        let sql = "UPDATE sign_ins SET session = ?4
                   WHERE id = ?1 AND browser = ?2 AND return_verifier = ?3 AND proof IS NOT NULL AND session IS NULL";
        let row = params![id.0, browser.0, verifier.0, sha256(&session.0).0];
        connection.prepare_cached(sql)?.execute(row)
    });
    if update.await != Some(1) {
        return Err(NO);
    }
    let mut response = see_other(&format!("/sign-in/{id}/done"));
    let cookie = format!("s={}; Path=/; HttpOnly", session.encode()).parse().map_err(|_| NO)?;
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    Ok(response)
}

pub(super) async fn done(
    State(skeleton): State<Arc<Skeleton>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Html<String>, StatusCode> {
    let id = Octets::<16>::decode(&id).map_err(|_| NO)?;
    let (browser, session) = (cookie(&headers, "b").ok_or(NO)?, cookie(&headers, "s").ok_or(NO)?);
    let sql = "SELECT 1 FROM sign_ins WHERE id = ?1 AND browser = ?2 AND session = ?3";
    let found = skeleton.store.read(sql, params![id.0, browser.0, session.0], |_| Ok(()));
    found.ok_or(NO)?;
    Ok(Html(format!("<!doctype html><title>Done</title><a href=\"/sign-in/{id}/answer\">Go on</a>")))
}

pub(super) async fn answer(
    State(skeleton): State<Arc<Skeleton>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, StatusCode> {
    let id = Octets::<16>::decode(&id).map_err(|_| NO)?;
    let (browser, session) = (cookie(&headers, "b").ok_or(NO)?, cookie(&headers, "s").ok_or(NO)?);
    let code = skeleton.octets::<32>();
    let take = skeleton.store.write(move |connection| {
        let sql = "UPDATE sign_ins SET answered = 1
                   WHERE id = ?1 AND browser = ?2 AND session = ?3 AND answered IS NULL RETURNING request, proof";
        let row = params![id.0, browser.0, session.0];
        let (request, account): (String, Vec<u8>) =
            connection.prepare_cached(sql)?.query_row(row, |row| Ok((row.get(0)?, row.get(1)?)))?;
        let sql = "INSERT INTO codes (hash, request, account, auth_time) VALUES (?1, ?2, ?3, ?4)";
        let row = params![sha256(&code.0).0, request, account, now()];
        connection.prepare_cached(sql)?.execute(row)?;
        Ok(request)
    });
    let request: Request = serde_json::from_str(&take.await.ok_or(NO)?).map_err(|_| NO)?;
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("code", &code.encode())
        .append_pair("state", &request.state)
        .append_pair("iss", skeleton.origin.as_str())
        .finish();
    Ok(see_other(&format!("{}?{query}", request.redirect_uri)))
}

/// A field of a form.
pub(super) fn value(form: &[u8], name: &str) -> Option<String> {
    form_urlencoded::parse(form).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// SHA-256 of a cookie's secret.
fn cookie(headers: &HeaderMap, name: &str) -> Option<Octets<32>> {
    let all = headers.get(header::COOKIE)?.to_str().ok()?;
    let found = all.split("; ").find_map(|pair| pair.split_once('=').filter(|(key, _)| *key == name));
    Some(sha256(&decode(found?.1).ok()?))
}

fn see_other(location: &str) -> Response {
    (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response()
}
