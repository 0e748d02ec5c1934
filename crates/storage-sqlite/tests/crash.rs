//! What was answered survives `kill -9`.
//!
//! The test starts its own binary again as the one that writes: it signs in with many cards at once and prints a line
//! after each answer it got. It is killed in the middle, and every line must hold in what it left behind.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use rustls_pki_types::UnixTime;

use madoguchi_cert_verify::Source;
use madoguchi_oidc::{AuthorizationRequest, CodeChallenge, CodeGrant};
use madoguchi_protocol::{Lang, Octets, sha256};
use madoguchi_storage::{
    AccountId, Accounts as _, AnswerTaken, Audit as _, CertificateId, Claim, ClaimHashes, Cleared,
    Codes as _, ManualClock, NewAccessToken, NewCode, NewSession, NewSignIn, Proof, Redemption, Returned,
    SignInLimits, SignInState, SignIns as _, Transition,
};
use madoguchi_storage_sqlite::SqliteStore;

const TOWN: &str = "midori";
/// Names the database to the child, and makes it one.
const CHILD: &str = "MADOGUCHI_CRASH_TEST_DATABASE";
const STEPS: [&str; 6] = ["started", "claimed", "proven", "completed", "taken", "redeemed"];
/// Lines before the kill: some hundred transactions, with sign-ins in every state.
const LINES: usize = 600;

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_survives_sigkill() {
    #[expect(
        clippy::disallowed_methods,
        reason = "a test binary has no arguments of its own to tell a child by"
    )]
    let database = std::env::var_os(CHILD);
    match database {
        Some(path) => write_until_killed(&PathBuf::from(path)).await,
        None => kill_and_look().await,
    }
}

async fn kill_and_look() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("m.sqlite3");
    let mut child = Command::new(std::env::current_exe().expect("this binary"))
        .args(["--exact", "what_was_answered_survives_sigkill", "--nocapture"])
        .env(CHILD, &path)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a child");
    let mut answered = Vec::new();
    let mut killed = false;
    // After the kill the pipe still holds lines; they were answered as well. A last half line was not printed.
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut line = String::new();
    while lines.read_line(&mut line).expect("a line") > 0 {
        if let Some((step, number)) = line.strip_suffix('\n').and_then(|line| line.split_once(' '))
            && let Some(step) = STEPS.iter().position(|name| *name == step)
        {
            answered.push((step, number.parse::<u32>().expect("a number")));
        }
        line.clear();
        if answered.len() >= LINES && !killed {
            child.kill().expect("SIGKILL");
            killed = true;
        }
    }
    let status = child.wait().expect("a status");
    assert!(killed && status.code().is_none(), "the child ended by itself: {status}");
    for (step, name) in STEPS.iter().enumerate() {
        assert!(answered.iter().any(|(answered, _)| *answered == step), "no sign-in was {name}");
    }
    let store = open(&path);
    for (step, number) in &answered {
        holds(&store, *step, *number).await;
    }
    let completed = answered.iter().filter(|(step, _)| *step == 3).count();
    assert!(store.audit_records(TOWN, 0, u32::MAX).await.expect("the log").len() >= completed);
    assert!(store.count_accounts(TOWN).await.expect("a count") >= u64::try_from(completed).expect("small"));
}

/// The step that was answered is in the store, or a later one of the same sign-in.
async fn holds(store: &SqliteStore, step: usize, number: u32) {
    let sign_in = store.of_browser(TOWN, short("id", number), hash("b", number)).await.expect("a look");
    let sign_in = sign_in.unwrap_or_else(|| panic!("{number} was {} and is gone", STEPS[step]));
    let reached = match sign_in.state {
        SignInState::Started => 0,
        SignInState::Claimed => 1,
        SignInState::Proven => 2,
        SignInState::Completed => 3,
        other => panic!("{number}: {other:?}"),
    };
    assert!(reached >= step.min(3), "{number} was {} and is {:?}", STEPS[step], sign_in.state);
    if step >= 4 {
        assert!(sign_in.answered);
        assert!(store.find_code(TOWN, hash("code", number)).await.expect("a look").is_some());
    }
    if step >= 5 {
        assert!(store.find_access_token(TOWN, hash("token", number)).await.expect("a look").is_some());
    }
}

fn open(path: &Path) -> SqliteStore {
    let limits =
        SignInLimits { open_per_network: u64::MAX, open_in_all: u64::MAX, ..SignInLimits::default() };
    SqliteStore::open(path, Arc::new(ManualClock::new(1)), limits).expect("a store")
}

async fn write_until_killed(path: &Path) {
    let store = Arc::new(open(path));
    let mut tasks = tokio::task::JoinSet::new();
    for lane in 0..16 {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            // Ends only by the kill, or when nobody listens any more.
            for round in 0u32.. {
                sign_in(&store, round * 16 + lane).await;
            }
        });
    }
    tasks.join_all().await;
}

async fn sign_in(store: &SqliteStore, number: u32) {
    let (id, secret) = (short("id", number), hash("c", number));
    store.start(new(number)).await.expect("a start");
    answered(0, number);
    let claim = Claim {
        hashes: ClaimHashes { return_verifier: hash("v", number), claim_secret: secret },
        counter: false,
        agent_version: String::new(),
    };
    let outcome = store.claim(TOWN, hash("ticket", number), claim).await;
    assert!(matches!(outcome, Ok(Transition::Done(_))), "{outcome:?}");
    answered(1, number);
    let not_after = UnixTime::since_unix_epoch(Duration::from_secs(9));
    let proof = Proof::read_back(hash("card", number), vec![1], not_after, Source::Crl, "{}".to_owned());
    let cleared = Cleared { certificate: CertificateId(hash("certificate", number)), hold_over: None };
    let outcome = store.prove(TOWN, id, secret, hash("finish", number), proof, cleared).await;
    assert!(matches!(outcome, Ok(Transition::Done(_))), "{outcome:?}");
    answered(2, number);
    let session = NewSession {
        id_hash: hash("session", number),
        sid: short("sid", number),
        account_if_new: AccountId(short("account", number)),
        lifetime: 100,
        replaces: None,
        browser: None,
    };
    let outcome = store.complete(TOWN, id, hash("v", number), Some(hash("b", number)), session).await;
    assert!(matches!(outcome, Ok(Returned::Completed { .. })), "{outcome:?}");
    answered(3, number);
    let code =
        NewCode { hash: hash("code", number), grant: CodeGrant::from(&new(number).request), lifetime: 60 };
    let outcome = store.take_answer(TOWN, id, hash("b", number), hash("session", number), code).await;
    assert!(matches!(outcome, Ok(AnswerTaken::Taken(_))), "{outcome:?}");
    answered(4, number);
    let token = NewAccessToken { hash: hash("token", number), lifetime: 60, key: None, scope: None };
    let outcome = store.redeem_code(TOWN, hash("code", number), Some(token.into())).await;
    assert!(matches!(outcome, Ok(Redemption::Done)), "{outcome:?}");
    answered(5, number);
}

fn answered(step: usize, number: u32) {
    let line = format!("{} {number}\n", STEPS[step]);
    // One write of a short line to a pipe is whole or not there.
    std::io::stdout().lock().write_all(line.as_bytes()).expect("somebody listens");
}

fn new(number: u32) -> NewSignIn {
    NewSignIn {
        id: short("id", number),
        municipality: TOWN.to_owned(),
        browser_hash: hash("b", number),
        ticket_hash: hash("ticket", number),
        nonce: hash("n", number),
        request: AuthorizationRequest {
            client_id: "service".to_owned(),
            redirect_uri: "https://service.example/".to_owned(),
            state: None,
            nonce: None,
            scope: "openid".to_owned(),
            code_challenge: CodeChallenge::parse(&hash("pkce", number).encode()),
            prompt: vec![],
            max_age: None,
            acr_values: vec![],
            acr: "urn:madoguchi:acr:card-pin".to_owned(),
            ui_locales: vec![],
            hinted_sub: None,
            dpop_jkt: None,
            pushed: None,
        },
        display: vec![],
        lang: Lang::Japanese,
        address: None,
        network: "192.0.2.0/24".to_owned(),
    }
}

fn hash(what: &str, number: u32) -> Octets<32> {
    sha256(format!("{what} {number}").as_bytes())
}

fn short(what: &str, number: u32) -> Octets<16> {
    let mut octets = [0; 16];
    octets.copy_from_slice(&hash(what, number).0[..16]);
    Octets(octets)
}
