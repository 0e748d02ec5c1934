//! Whole sign-ins through the store, made from numbers.

use std::sync::Arc;

use rustls_pki_types::UnixTime;

use madoguchi_cert_verify::Source;
use madoguchi_oidc::{AuthorizationRequest, CodeChallenge, CodeGrant};
use madoguchi_protocol::{Lang, Octets, sha256};
use madoguchi_storage::{
    AccountId, AnswerTaken, CertificateId, Claim, ClaimHashes, Cleared, Codes as _, ManualClock,
    NewAccessToken, NewBrowserSession, NewCode, NewRefreshToken, NewSession, NewSignIn, NewTokens, Proof,
    Redemption, Returned, SignInLimits, SignIns as _, StorageError, Transition,
};
use madoguchi_storage_postgres::{PostgresOptions, PostgresStore};
use madoguchi_test_postgres::Database;

pub(crate) const TOWN: &str = "midori";

/// What the clock of these tests says.
pub(crate) const NOW: u64 = 1_900_000_000;

pub(crate) fn options(database: &Database) -> PostgresOptions {
    PostgresOptions::from_address(&database.address()).expect("an address")
}

pub(crate) async fn connect(options: PostgresOptions) -> Result<PostgresStore, StorageError> {
    PostgresStore::connect(Arc::new(options), clock(), limits()).await
}

pub(crate) fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::new(NOW))
}

pub(crate) fn limits() -> SignInLimits {
    SignInLimits { open_per_network: u64::MAX, open_in_all: u64::MAX, ..SignInLimits::default() }
}

pub(crate) fn hash(what: &str, number: u32) -> Octets<32> {
    sha256(format!("{what} {number}").as_bytes())
}

pub(crate) fn short(what: &str, number: u32) -> Octets<16> {
    let mut octets = [0; 16];
    octets.copy_from_slice(&hash(what, number).0[..16]);
    Octets(octets)
}

/// A whole sign-in, from the button to the tokens. Residents come again: every fourth card is the same, and browsers have
/// sessions that follow each other. `None` when somebody else was first somewhere: then it goes no further.
pub(crate) async fn sign_in(store: &PostgresStore, number: u32) -> Result<Option<()>, StorageError> {
    let resident = number % 4;
    store.start(new_sign_in(number)).await?;
    let claim = Claim {
        hashes: ClaimHashes { return_verifier: hash("v", number), claim_secret: hash("c", number) },
        counter: false,
        agent_version: "1".to_owned(),
    };
    if !matches!(store.claim(TOWN, hash("ticket", number), claim).await?, Transition::Done(_)) {
        return Ok(None);
    }
    let cleared =
        Cleared { certificate: CertificateId(hash("certificate", resident)), hold_over: Some(time(NOW)) };
    let (id, secret) = (short("id", number), hash("c", number));
    let proven = store.prove(TOWN, id, secret, hash("finish", number), proof(resident), cleared).await?;
    if !matches!(proven, Transition::Done(_)) {
        return Ok(None);
    }
    let session = NewSession {
        id_hash: hash("session", number),
        sid: short("sid", number),
        account_if_new: AccountId(short("account", resident)),
        lifetime: 3600,
        replaces: number.checked_sub(8).map(|earlier| hash("cookie", earlier)),
        browser: Some(NewBrowserSession { hash: hash("cookie", number), idle: 600 }),
    };
    let returned = store.complete(TOWN, id, hash("v", number), Some(hash("b", number)), session).await?;
    if !matches!(returned, Returned::Completed { .. }) {
        return Ok(None);
    }
    let code = code(number);
    let taken = store.take_answer(TOWN, id, hash("b", number), hash("session", number), code).await?;
    if !matches!(taken, AnswerTaken::Taken(_)) {
        return Ok(None);
    }
    let redeemed = store.redeem_code(TOWN, hash("code", number), Some(tokens(number))).await?;
    Ok((redeemed == Redemption::Done).then_some(()))
}

pub(crate) fn new_sign_in(number: u32) -> NewSignIn {
    NewSignIn {
        id: short("id", number),
        municipality: TOWN.to_owned(),
        browser_hash: hash("b", number),
        ticket_hash: hash("ticket", number),
        nonce: hash("nonce", number),
        request: request(),
        display: b"display".to_vec(),
        lang: Lang::Japanese,
        network: "network".to_owned(),
        address: None,
    }
}

pub(crate) fn code(number: u32) -> NewCode {
    NewCode { hash: hash("code", number), grant: CodeGrant::from(&request()), lifetime: 60 }
}

pub(crate) fn tokens(number: u32) -> NewTokens {
    NewTokens {
        access: NewAccessToken { hash: hash("token", number), lifetime: 600, key: None, scope: None },
        refresh: Some(NewRefreshToken { hash: hash("refresh", number), key: None }),
    }
}

fn proof(resident: u32) -> Proof {
    let (lookup, holder) = (hash("card", resident), b"holder".to_vec());
    Proof::read_back(lookup, holder, time(4_000_000_000), Source::Crl, "{}".to_owned())
}

fn time(seconds: u64) -> UnixTime {
    UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds))
}

fn request() -> AuthorizationRequest {
    AuthorizationRequest {
        client_id: "service".to_owned(),
        redirect_uri: "https://service.example/callback".to_owned(),
        state: None,
        nonce: None,
        scope: "openid".to_owned(),
        code_challenge: Some(CodeChallenge::parse(&hash("challenge", 0).encode()).expect("a challenge")),
        prompt: vec![],
        max_age: None,
        acr_values: vec![],
        acr: "acr".to_owned(),
        ui_locales: vec![],
        hinted_sub: None,
        dpop_jkt: None,
        pushed: None,
    }
}
