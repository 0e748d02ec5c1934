//! The chain of the audit log: places, checkpoints, its beginning, and what is erased.

use std::sync::{Arc, OnceLock};

use ring::rand::SystemRandom;
use rustls_pki_types::UnixTime;
use zeroize::Zeroizing;

use madoguchi_oidc::SigningKey;
use madoguchi_oidc::jose::JwsAlg;
use madoguchi_protocol::{ErrorCode, Secret, sha256};

use super::Backend;
use super::fixture::{Fixture, done, race};
use super::party::{IDLE_SECONDS, OTHER_TOWN, Party, TOWN};
use crate::{
    AuditCheckpoint, AuditErasure, AuditKind, AuditRecord, ChainEnd, ChainReport, CheckpointKind, Clock as _,
    Damage, NewChainStart, NewSignIn, Redemption, SealedAudit, SessionAnswer, StoredCheckpoint,
    sign_checkpoint, verify_chain,
};

/// A municipality has a log whatever is known of it, and whatever part of it is left.
pub async fn whoever_has_a_log_is_listed(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let listed = async || fixture.store.audited_municipalities().await.expect("a list");
    assert_eq!(listed().await, [""; 0]);
    fixture.completed(Party::new(1)).await;
    assert_eq!(listed().await, [TOWN], "a record without a place");
    fixture.completed(Party::new(2)).await;
    fixture.completed(Party::new(1).twin()).await;
    seal(&fixture, TOWN, 10).await;
    assert_eq!(listed().await, [OTHER_TOWN, TOWN]);
    let end = ChainEnd::empty("removed");
    let new = StoredCheckpoint { position: 1, at: fixture.clock.now(), signed: String::new() };
    assert!(fixture.store.add_audit_checkpoint("removed", new).await.expect("an outcome"));
    assert_eq!(fixture.store.audit_chain("removed").await.expect("none").end, end);
    let mut all = vec![OTHER_TOWN, TOWN, "removed"];
    all.sort_unstable();
    assert_eq!(listed().await, all, "a checkpoint alone");
}

/// Records have no place until they are sealed; then they have the next ones, in their order.
pub async fn records_get_their_places_in_order(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    for number in 1..=5 {
        fixture.completed(Party::new(number)).await;
    }
    fixture.completed(Party::new(1).twin()).await;
    assert!(fixture.log(TOWN).await.iter().all(|record| record.position.is_none()));
    let waiting = fixture.store.unsealed_audit().await.expect("what waits");
    let waiting: Vec<_> = waiting.iter().map(|waiting| (&*waiting.municipality, waiting.records)).collect();
    assert_eq!(waiting, [(OTHER_TOWN, 1), (TOWN, 5)]);
    assert_eq!((seal(&fixture, TOWN, 3).await.records, positions(&fixture).await), (3, vec![1, 2, 3]));
    assert_eq!((seal(&fixture, TOWN, 3).await.records, positions(&fixture).await), (2, vec![1, 2, 3, 4, 5]));
    let sealed = seal(&fixture, TOWN, 3).await;
    assert_eq!((sealed.records, sealed.end.position), (0, 5));
    let state = fixture.store.audit_chain(TOWN).await.expect("a chain");
    assert_eq!((state.start, state.start_signed, state.end), (ChainEnd::empty(TOWN), None, sealed.end));
    assert_eq!(
        fixture.store.audit_chain(OTHER_TOWN).await.expect("none yet").end,
        ChainEnd::empty(OTHER_TOWN)
    );
    let report = verify(&fixture, &[]).await;
    assert_eq!((report.damage, report.end, report.unsealed), (None, sealed.end, 0));
    let chained = fixture.store.chained_audit(TOWN, 2, 2).await.expect("a page");
    assert_eq!(chained.iter().map(|record| record.position).collect::<Vec<_>>(), [3, 4]);
    let salts = fixture.store.chained_audit(TOWN, 0, 10).await.expect("all");
    let mut salts: Vec<_> = salts.into_iter().map(|record| record.salt.expect("a salt")).collect();
    salts.sort();
    salts.dedup();
    assert_eq!(salts.len(), 5, "a salt of its own for each");
}

/// Whoever seals at once, and while records come: each record has one place, no place has two, and the chain is whole.
pub async fn of_64_sealers_each_record_is_sealed_once(backend: &dyn Backend) {
    let fixture = Arc::new(Fixture::open(backend).await);
    let sealed = race(&fixture, |fixture, number| async move {
        if number % 2 == 0 {
            fixture.completed(Party::new(10 * number + 1)).await;
        }
        let seed = Secret::decode(&sha256(&number.to_be_bytes()).encode()).expect("octets");
        fixture.store.seal_audit(TOWN, seed, 3).await.expect("sealed").records
    })
    .await;
    let rest = seal(&fixture, TOWN, 1000).await;
    assert_eq!(sealed.iter().sum::<u64>() + rest.records, 32);
    let mut places = positions(&fixture).await;
    places.sort_unstable();
    assert_eq!(places, (1..=32).collect::<Vec<_>>());
    let report = verify(&fixture, &[]).await;
    assert_eq!((report.damage, report.end.position), (None, 32));
}

/// What failed before a card was proven is one record for each minute and code, once the minute is over.
pub async fn failures_are_told_by_minute_and_code(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    fixture.advance(60 - fixture.now() % 60);
    let minute = fixture.now();
    for number in 1..=3 {
        fixture.claimed(Party::new(number)).await;
        done(fixture.cancel(Party::new(number), ErrorCode::PinWrong).await);
    }
    fixture.claimed(Party::new(4)).await;
    done(fixture.refuse(Party::new(4), ErrorCode::CannotCheck, false).await);
    fixture.started(Party::new(5)).await;
    done(fixture.cancel_by_browser(Party::new(5)).await);
    // The same again is no other failure, and a burned sign-in has its own record.
    let _ = fixture.cancel(Party::new(1), ErrorCode::PinWrong).await;
    fixture.claimed(Party::new(6)).await;
    done(fixture.refuse(Party::new(6), ErrorCode::SignatureInvalid, true).await);
    // Another agent takes no card.
    fixture.claimed(Party::new(7)).await;
    let rival = Party::new(8).claim();
    let _ = fixture.store.claim(TOWN, Party::new(7).ticket(), rival).await.expect("an outcome");
    assert_eq!(seal(&fixture, TOWN, 100).await.records, 1, "the minute is not over");
    fixture.advance(60);
    let waiting = fixture.store.unsealed_audit().await.expect("what waits");
    assert_eq!(waiting.iter().map(|waiting| &*waiting.municipality).collect::<Vec<_>>(), [TOWN]);
    assert_eq!(seal(&fixture, TOWN, 100).await.records, 4);
    assert_eq!(seal(&fixture, TOWN, 100).await.records, 0);
    let told =
        |record: &AuditRecord| (record.code.expect("a code"), record.evidence.clone().expect("how many"));
    let log = fixture.log(TOWN).await;
    let mut failed: Vec<_> =
        log.iter().filter(|record| record.kind == AuditKind::SignInsFailed).map(told).collect();
    failed.sort();
    let counted = |count| format!(r#"{{"count":{count},"from":{minute},"until":{}}}"#, minute + 60);
    let mut expected = [
        (ErrorCode::PinWrong, counted(3)),
        (ErrorCode::CannotCheck, counted(1)),
        (ErrorCode::Declined, counted(1)),
        (ErrorCode::TicketUsed, counted(1)),
    ];
    expected.sort();
    assert_eq!(failed, expected);
    assert!(log.iter().all(|record| record.municipality == TOWN && record.at.as_secs() <= minute + 60));
}

/// A code that its presenter must not have, and an answer without a card.
pub async fn refused_codes_and_answers_in_sessions_are_logged(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let (refused, answered) = (Party::new(1), Party::new(3).at_service(7));
    fixture.answered(refused).await;
    let spent = fixture.store.redeem_code(TOWN, refused.code_hash(), None).await.expect("an outcome");
    assert_eq!(spent, Redemption::Done);
    let session = fixture.completed(Party::new(3)).await;
    let (cookie, mut code) = (answered.session_cookie(), answered.code());
    // Not the request that was pushed and finished.
    code.grant.pushed = None;
    code.hash = Party::new(4).code_hash();
    let client_id = code.grant.client_id.clone();
    let given = fixture.store.answer_in_session(TOWN, cookie, Some(IDLE_SECONDS), code).await;
    assert!(matches!(given, Ok(SessionAnswer::Answered(_))), "{given:?}");
    let log = fixture.log(TOWN).await;
    let told: Vec<_> =
        log.iter().map(|record| (record.kind, record.sign_in, record.client_id.clone())).collect();
    let own = |party: Party| Some(party.code().grant.client_id);
    assert_eq!(
        told,
        [
            (AuditKind::SignInCompleted, Some(refused.id()), own(refused)),
            (AuditKind::CodeRefused, Some(refused.id()), own(refused)),
            (AuditKind::SignInCompleted, Some(session.sign_in), own(Party::new(3))),
            (AuditKind::SessionAnswered, Some(session.sign_in), Some(client_id)),
        ]
    );
}

/// A card was proven and nobody came back: the sweep that takes the sign-in away says so, once.
pub async fn a_proof_that_never_returned_is_logged_by_the_sweep(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let (lost, stopped) = (Party::new(1), Party::new(2));
    fixture.proven(lost).await;
    fixture.claimed(stopped).await;
    fixture.advance(fixture.limits.proven_seconds + 60 * 60);
    while fixture.store.sweep(1).await.expect("a sweep") > 0 {}
    fixture.advance(60 * 60);
    while fixture.store.sweep(1).await.expect("a sweep") > 0 {}
    let log = fixture.log(TOWN).await;
    let told: Vec<_> = log.iter().map(|record| (record.kind, record.sign_in, record.code)).collect();
    let code = Some(ErrorCode::SignInExpired);
    assert_eq!(told, [(AuditKind::SignInNeverReturned, Some(lost.id()), code)]);
    assert_eq!(log[0].evidence, Some(lost.proof().evidence));
}

/// A place has one checkpoint, the first one; the newest ends the chain's state, and one is found by its time.
pub async fn a_place_has_one_checkpoint(backend: &dyn Backend) {
    let fixture = sealed(backend, 3).await;
    let first = checkpoint(&fixture, 1).await;
    let other = StoredCheckpoint { signed: "another".to_owned(), ..first.clone() };
    assert!(!fixture.store.add_audit_checkpoint(TOWN, other).await.expect("an outcome"));
    fixture.advance(60);
    let second = checkpoint(&fixture, 3).await;
    let state = fixture.store.audit_chain(TOWN).await.expect("a chain");
    assert_eq!(state.checkpoint, Some(second.clone()));
    let all = async |from, limit| fixture.store.audit_checkpoints(TOWN, from, limit).await.expect("a page");
    assert_eq!(all(0, 10).await, [first.clone(), second.clone()]);
    assert_eq!(all(2, 10).await, std::slice::from_ref(&second));
    assert_eq!(all(0, 1).await, std::slice::from_ref(&first));
    let before = async |at: UnixTime| fixture.store.audit_checkpoint_before(TOWN, at).await.expect("a look");
    assert_eq!(before(second.at).await, Some(second.clone()));
    assert_eq!(before(earlier(second.at)).await, Some(first.clone()));
    assert_eq!(before(earlier(first.at)).await, None);
    assert_eq!(fixture.store.audit_checkpoints(OTHER_TOWN, 0, 10).await.expect("none"), []);
    let report = verify(&fixture, &[]).await;
    assert_eq!((report.damage, report.stored_checkpoints), (None, 2));
    assert_eq!(report.last_checkpoint.map(|last| last.position), Some(3));
}

/// Checkpoints that were kept elsewhere find a chain that was written anew, or ends too early.
pub async fn a_kept_checkpoint_finds_what_is_not_there(backend: &dyn Backend) {
    let fixture = sealed(backend, 3).await;
    let end = fixture.store.audit_chain(TOWN).await.expect("a chain").end;
    let kept = |end| AuditCheckpoint::new(TOWN, end, fixture.clock.now());
    assert_eq!(verify(&fixture, &[kept(end)]).await.damage, None);
    assert_eq!(verify(&fixture, &[kept(end)]).await.kept_checkpoints, 1);
    let other = ChainEnd { hash: sha256(b"another"), ..end };
    let damage = verify(&fixture, &[kept(other)]).await.damage.expect("found");
    assert_eq!((damage.position, damage.damage), (3, Damage::CheckpointDisagrees));
    let damage = verify(&fixture, &[kept(ChainEnd { position: 4, ..end })]).await.damage.expect("found");
    assert_eq!((damage.position, damage.damage), (4, Damage::Truncated(fixture.clock.now())));
}

/// The beginning moves to a place that is there, with a signature; what lies before goes a little at a time.
pub async fn the_beginning_is_retired(backend: &dyn Backend) {
    let fixture = sealed(backend, 6).await;
    checkpoint(&fixture, 2).await;
    let middle = place(&fixture, 4).await;
    checkpoint(&fixture, 5).await;
    let retire = async |end, kind| {
        let start = NewChainStart { end, signed: statement(end, kind, fixture.clock.now()) };
        fixture.store.retire_audit(TOWN, start, r#"{"operator":"o"}"#).await.expect("an outcome")
    };
    assert!(!retire(ChainEnd { hash: sha256(b"other"), ..middle }, CheckpointKind::Start).await);
    assert!(!retire(ChainEnd { position: 9, ..middle }, CheckpointKind::Start).await);
    assert!(retire(middle, CheckpointKind::Start).await);
    assert!(!retire(middle, CheckpointKind::Start).await, "a second time");
    let at_once = [5, 6];
    assert_eq!(positions(&fixture).await, at_once, "told no more from that moment");
    let last = fixture.log(TOWN).await.pop().expect("a record");
    assert_eq!((last.kind, last.evidence.as_deref()), (AuditKind::AuditRetired, Some(r#"{"operator":"o"}"#)));
    assert_eq!(verify(&fixture, &[]).await.damage, None, "before the sweep");
    let epoch = UnixTime::since_unix_epoch(std::time::Duration::ZERO);
    let mut gone = 0;
    loop {
        let swept = fixture.store.sweep_audit(epoch, 2).await.expect("a sweep");
        assert!(swept <= 2);
        if swept == 0 {
            break;
        }
        gone += swept;
    }
    assert_eq!(gone, 5, "four records and one checkpoint");
    seal(&fixture, TOWN, 10).await;
    assert_eq!(positions(&fixture).await, [5, 6, 7]);
    let report = verify(&fixture, &[]).await;
    assert_eq!((report.damage, report.start, report.end.position), (None, middle, 7));
    // A checkpoint of a time before the beginning says nothing about what is left.
    let old =
        AuditCheckpoint::new(TOWN, ChainEnd { position: 2, hash: sha256(b"whatever") }, fixture.clock.now());
    let report = verify(&fixture, &[old]).await;
    assert_eq!((report.damage, report.kept_checkpoints, report.kept_before_start), (None, 0, 1));
}

/// An ordinary checkpoint is no beginning: whoever can write to the database has those.
pub async fn a_checkpoint_is_no_beginning(backend: &dyn Backend) {
    let fixture = sealed(backend, 3).await;
    let end = place(&fixture, 2).await;
    let signed = statement(end, CheckpointKind::Checkpoint, fixture.clock.now());
    assert!(fixture.store.retire_audit(TOWN, NewChainStart { end, signed }, "{}").await.expect("an outcome"));
    let damage = verify(&fixture, &[]).await.damage.expect("found");
    assert_eq!((damage.position, damage.damage), (2, Damage::StartForged));
}

/// An erased record says nothing any more, and its chain is whole; by order alone.
pub async fn an_erased_record_leaves_its_place(backend: &dyn Backend) {
    let fixture = sealed(backend, 3).await;
    let end = place(&fixture, 2).await;
    let signed = statement(end, CheckpointKind::Erasure, fixture.clock.now());
    let erase = async |position| {
        let order = format!(r#"{{"operator":"o","position":{position},"signed":"{signed}"}}"#);
        fixture.store.erase_audit(TOWN, position, &order).await.expect("an outcome")
    };
    assert_eq!(erase(2).await, AuditErasure::Done);
    assert_eq!(erase(2).await, AuditErasure::ErasedBefore);
    assert_eq!(erase(9).await, AuditErasure::NotFound);
    assert_eq!(positions(&fixture).await, [1, 3]);
    let damage = verify(&fixture, &[]).await.damage.expect("the order has no place yet");
    assert_eq!((damage.position, damage.damage), (2, Damage::ErasedWithoutOrder));
    seal(&fixture, TOWN, 10).await;
    let report = verify(&fixture, &[]).await;
    assert_eq!((report.damage, report.erased, report.end.position), (None, 1, 4));
    let erased = fixture.store.chained_audit(TOWN, 1, 1).await.expect("a page").remove(0);
    assert_eq!((erased.content, erased.salt), (crate::AuditContent::default(), None));
    assert_eq!(erase(4).await, AuditErasure::Stays, "or nobody knew that something was erased");
    assert_eq!(fixture.store.trace(TOWN, Party::new(11).id()).await.expect("a look").records, []);
}

/// An address is kept for as long as it is asked for; the record stays whole without it.
pub async fn an_address_is_forgotten(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let party = Party::new(1);
    let new = NewSignIn { address: Some("192.0.2.7".to_owned()), ..party.sign_in() };
    let started = fixture.store.start(new.clone()).await.expect("a start");
    assert_eq!(started.new, new);
    done(fixture.claim(party).await);
    done(fixture.prove(party).await);
    fixture.back(party).await;
    let address = async || fixture.log(TOWN).await[0].network.clone();
    assert_eq!(address().await.as_deref(), Some("192.0.2.7"));
    let now = fixture.clock.now();
    fixture.advance(1);
    let later = fixture.clock.now();
    assert_eq!(fixture.store.sweep_audit(later, 10).await.expect("a sweep"), 0, "no place yet");
    seal(&fixture, TOWN, 10).await;
    assert_eq!(verify(&fixture, &[]).await.damage, None);
    assert_eq!(fixture.store.sweep_audit(now, 10).await.expect("a sweep"), 0, "not old enough");
    assert_eq!(fixture.store.sweep_audit(later, 10).await.expect("a sweep"), 1);
    assert_eq!(address().await, None);
    let report = verify(&fixture, &[]).await;
    assert_eq!((report.damage, report.forgotten_addresses), (None, 1));
}

/// A fixture with as many sealed records, of the parties 1, 11, 21 and so on.
async fn sealed(backend: &dyn Backend, records: u32) -> Fixture {
    let fixture = Fixture::open(backend).await;
    for number in 0..records {
        fixture.completed(Party::new(10 * number + 1)).await;
    }
    seal(&fixture, TOWN, 100).await;
    fixture
}

async fn seal(fixture: &Fixture, town: &str, limit: u32) -> SealedAudit {
    let seed = Secret::decode(&sha256(b"seed").encode()).expect("octets");
    fixture.store.seal_audit(town, seed, limit).await.expect("sealed")
}

/// The places of the records that are told, in the order of their numbers.
async fn positions(fixture: &Fixture) -> Vec<u64> {
    fixture.log(TOWN).await.iter().filter_map(|record| record.position).collect()
}

async fn place(fixture: &Fixture, position: u64) -> ChainEnd {
    let record = fixture.store.chained_audit(TOWN, position - 1, 1).await.expect("a page").remove(0);
    assert_eq!(record.position, position);
    ChainEnd { position, hash: madoguchi_protocol::Octets(record.hash.try_into().expect("a hash")) }
}

async fn checkpoint(fixture: &Fixture, position: u64) -> StoredCheckpoint {
    let (end, at) = (place(fixture, position).await, fixture.clock.now());
    let signed = statement(end, CheckpointKind::Checkpoint, at);
    let checkpoint = StoredCheckpoint { position, at, signed };
    assert!(fixture.store.add_audit_checkpoint(TOWN, checkpoint.clone()).await.expect("an outcome"));
    checkpoint
}

fn statement(end: ChainEnd, kind: CheckpointKind, at: UnixTime) -> String {
    let statement = AuditCheckpoint::new(TOWN, end, at);
    sign_checkpoint(&key(), kind, &statement, &random()).expect("signed")
}

async fn verify(fixture: &Fixture, kept: &[AuditCheckpoint]) -> ChainReport {
    verify_chain(&*fixture.store, TOWN, key().public(), kept, None).await.expect("a report")
}

fn earlier(at: UnixTime) -> UnixTime {
    UnixTime::since_unix_epoch(std::time::Duration::from_secs(at.as_secs() - 1))
}

fn key() -> SigningKey {
    static KEY: OnceLock<Zeroizing<Vec<u8>>> = OnceLock::new();
    let pkcs8 = KEY.get_or_init(|| SigningKey::generate(JwsAlg::Es256, &random()).expect("a key"));
    SigningKey::from_pkcs8(JwsAlg::Es256, pkcs8, &random()).expect("a key")
}

#[expect(clippy::disallowed_methods, reason = "this module is for tests alone, and ECDSA wants randomness")]
fn random() -> SystemRandom {
    SystemRandom::new()
}
