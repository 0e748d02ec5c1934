//! Refresh tokens, and taking tokens back.

use std::sync::Arc;

use madoguchi_oidc::jose::JwkThumbprint;
use madoguchi_protocol::Octets;

use super::Backend;
use super::fixture::{Fixture, RUNNERS, race};
use super::party::{OTHER_TOWN, Party, SESSION_SECONDS, TOKEN_SECONDS, TOWN};
use crate::{
    AuditKind, NewAccessToken, NewRefreshToken, NewTokens, REFRESH_GRACE_SECONDS, Redemption,
    RefreshTokenRecord, RefreshUse,
};

const KEY: JwkThumbprint = JwkThumbprint([7; 32]);

fn token(party: Party, number: u32) -> Octets<32> {
    party.hash(&format!("refresh {number}"))
}

fn access(party: Party, number: u32) -> NewAccessToken {
    let hash = party.hash(&format!("refreshed {number}"));
    NewAccessToken { hash, lifetime: TOKEN_SECONDS, key: Some(KEY), scope: None }
}

/// A redeemed code that gave refresh token 0.
async fn redeemed(fixture: &Fixture, party: Party) {
    fixture.answered(party).await;
    let refresh = NewRefreshToken { hash: token(party, 0), key: Some(KEY) };
    let tokens = NewTokens { access: party.token(), refresh: Some(refresh) };
    let outcome = fixture.store.redeem_code(party.town, party.code_hash(), Some(tokens)).await;
    assert_eq!(outcome.expect("an outcome"), Redemption::Done);
}

async fn find(fixture: &Fixture, party: Party, number: u32) -> Option<RefreshTokenRecord> {
    fixture.store.find_refresh_token(party.town, token(party, number)).await.expect("a look")
}

/// Uses token `from`, which gives access token `to` and, rotating, refresh token `to`.
async fn refresh(fixture: &Fixture, party: Party, from: u32, to: u32, rotating: bool) -> RefreshUse {
    let successor = rotating.then(|| NewRefreshToken { hash: token(party, to), key: Some(KEY) });
    let access = access(party, to);
    let outcome = fixture.store.use_refresh_token(party.town, token(party, from), access, successor).await;
    outcome.expect("an outcome")
}

async fn access_lives(fixture: &Fixture, party: Party, number: u32) -> bool {
    let found = fixture.store.find_access_token(party.town, access(party, number).hash).await;
    found.expect("a look").is_some()
}

/// A token that is worth less than its code says so, and the next one is worth what the code is.
pub async fn a_narrower_token_says_so(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let party = Party::new(1);
    redeemed(&fixture, party).await;
    let granted = fixture.code(party).await.expect("a code").grant.scope;
    for (number, scope) in [(1, Some("less")), (2, None)] {
        let access = NewAccessToken { scope: scope.map(str::to_owned), ..access(party, number) };
        let used = fixture.store.use_refresh_token(party.town, token(party, 0), access.clone(), None).await;
        assert_eq!(used.expect("an outcome"), RefreshUse::Done);
        let found = fixture.store.find_access_token(party.town, access.hash).await.expect("a look");
        assert_eq!(found.expect("it lives").scope, scope.unwrap_or(&granted));
    }
}

async fn revoke(
    fixture: &Fixture,
    town: &str,
    client_id: &str,
    access: Octets<32>,
    refresh: Octets<32>,
) -> bool {
    fixture.store.revoke_token(town, client_id, access, refresh).await.expect("an outcome")
}

/// It says all that its code and its session say, and ends with the session to the second.
pub async fn a_refresh_token_says_what_its_code_does(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let party = Party::new(1);
    assert_eq!(find(&fixture, party, 0).await, None);
    redeemed(&fixture, party).await;
    let session = fixture.session(party).await.expect("a session");
    let code = fixture.code(party).await.expect("a code");
    let expected = RefreshTokenRecord {
        municipality: TOWN.to_owned(),
        grant: code.grant,
        account: session.account,
        sid: session.sid,
        auth_time: session.auth_time,
        session: code.session.expect("a live session"),
        holder_sealed: session.holder_sealed,
        key: Some(KEY),
        expires_at: session.expires_at,
        used: false,
    };
    assert_eq!(find(&fixture, party, 0).await, Some(expected));
    fixture.advance(session.expires_at.as_secs() - fixture.now() - 1);
    assert!(find(&fixture, party, 0).await.is_some());
    fixture.advance(1);
    assert_eq!(find(&fixture, party, 0).await, None);
    assert_eq!(refresh(&fixture, party, 0, 1, true).await, RefreshUse::NotFound);
    assert!(SESSION_SECONDS > 0 && !access_lives(&fixture, party, 1).await);
}

/// Without rotation it is used as often as wanted; each use gives an access token with the key that it was asked for.
pub async fn a_refresh_token_without_rotation_stays(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let party = Party::new(1);
    redeemed(&fixture, party).await;
    for number in 1..=3 {
        assert_eq!(refresh(&fixture, party, 0, number, false).await, RefreshUse::Done);
        fixture.advance(REFRESH_GRACE_SECONDS + 1);
    }
    for number in 1..=3 {
        assert!(access_lives(&fixture, party, number).await);
    }
    let record = fixture.store.find_access_token(TOWN, access(party, 1).hash).await.expect("a look");
    assert_eq!(record.expect("a token").key, Some(KEY));
    assert!(!find(&fixture, party, 0).await.expect("a token").used);
    assert_eq!(fixture.log(TOWN).await.len(), 1);
}

/// With rotation it gives one successor, which ends when it would have.
pub async fn a_rotating_refresh_token_gives_its_successor(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let party = Party::new(1);
    redeemed(&fixture, party).await;
    let ends = find(&fixture, party, 0).await.expect("a token").expires_at;
    fixture.advance(100);
    assert_eq!(refresh(&fixture, party, 0, 1, true).await, RefreshUse::Done);
    assert!(find(&fixture, party, 0).await.expect("still shown").used);
    let next = find(&fixture, party, 1).await.expect("a token");
    assert_eq!((next.used, next.expires_at, next.key), (false, ends, Some(KEY)));
    assert_eq!(refresh(&fixture, party, 1, 2, true).await, RefreshUse::Done);
    assert!(access_lives(&fixture, party, 1).await && access_lives(&fixture, party, 2).await);
}

/// Used again after the grace: somebody stole it, or was robbed of it. Everything its code gave ends.
pub async fn a_reused_refresh_token_revokes_all(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let (party, other) = (Party::new(1), Party::new(2));
    redeemed(&fixture, party).await;
    redeemed(&fixture, other).await;
    assert_eq!(refresh(&fixture, party, 0, 1, true).await, RefreshUse::Done);
    fixture.advance(REFRESH_GRACE_SECONDS);
    assert_eq!(refresh(&fixture, party, 0, 2, true).await, RefreshUse::UsedBefore);
    for number in 0..=2 {
        assert_eq!(find(&fixture, party, number).await, None);
        assert!(!access_lives(&fixture, party, number).await);
    }
    assert_eq!(fixture.token(party).await, None);
    assert!(find(&fixture, other, 0).await.is_some() && fixture.token(other).await.is_some());
    let last = fixture.log(TOWN).await.pop().expect("a record");
    assert_eq!((last.kind, last.sign_in), (AuditKind::RefreshTokenReused, Some(party.id())));
    assert_eq!(last.client_id, Some(party.code().grant.client_id));
    assert_eq!(refresh(&fixture, party, 1, 3, true).await, RefreshUse::NotFound);
}

/// Within the grace the answer may have been lost: it gives another successor, and the first one is put aside.
pub async fn a_lost_answer_is_given_again(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let party = Party::new(1);
    redeemed(&fixture, party).await;
    assert_eq!(refresh(&fixture, party, 0, 1, true).await, RefreshUse::Done);
    fixture.advance(REFRESH_GRACE_SECONDS - 1);
    assert_eq!(refresh(&fixture, party, 0, 2, true).await, RefreshUse::Done);
    assert!(find(&fixture, party, 1).await.expect("still shown").used);
    assert_eq!(refresh(&fixture, party, 2, 3, true).await, RefreshUse::Done);
    // Somebody came with what it gave: no answer was lost any more.
    assert_eq!(refresh(&fixture, party, 0, 4, true).await, RefreshUse::UsedBefore);
    // The grace does not begin again with each use.
    let late = Party::new(2);
    redeemed(&fixture, late).await;
    assert_eq!(refresh(&fixture, late, 0, 1, true).await, RefreshUse::Done);
    fixture.advance(REFRESH_GRACE_SECONDS - 1);
    assert_eq!(refresh(&fixture, late, 0, 2, true).await, RefreshUse::Done);
    fixture.advance(1);
    assert_eq!(refresh(&fixture, late, 0, 3, true).await, RefreshUse::UsedBefore);
}

/// What was put aside was given to somebody: two had the parent.
pub async fn a_refresh_token_that_was_put_aside_revokes_all(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let party = Party::new(1);
    redeemed(&fixture, party).await;
    assert_eq!(refresh(&fixture, party, 0, 1, true).await, RefreshUse::Done);
    assert_eq!(refresh(&fixture, party, 0, 2, true).await, RefreshUse::Done);
    assert_eq!(refresh(&fixture, party, 1, 3, true).await, RefreshUse::UsedBefore);
    assert_eq!(find(&fixture, party, 2).await, None);
}

/// A code that is used again revokes also what came later.
pub async fn a_reused_code_revokes_its_refresh_tokens(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let party = Party::new(1);
    redeemed(&fixture, party).await;
    assert_eq!(refresh(&fixture, party, 0, 1, true).await, RefreshUse::Done);
    assert_eq!(fixture.redeem(party).await, Redemption::UsedBefore);
    assert!(!access_lives(&fixture, party, 1).await);
    assert_eq!((find(&fixture, party, 0).await, find(&fixture, party, 1).await), (None, None));
}

/// A session that ends takes its refresh tokens along; a code that is redeemed later gives none.
pub async fn refresh_tokens_die_with_their_session(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let (party, late) = (Party::new(1), Party::new(2));
    redeemed(&fixture, party).await;
    fixture.answered(late).await;
    for party in [party, late] {
        assert!(fixture.store.end_session(TOWN, party.session_id()).await.expect("an outcome"));
    }
    assert_eq!(find(&fixture, party, 0).await, None);
    assert_eq!(refresh(&fixture, party, 0, 1, false).await, RefreshUse::NotFound);
    assert_eq!(fixture.code(late).await.expect("a code").session, None);
    let tokens = NewTokens {
        access: late.token(),
        refresh: Some(NewRefreshToken { hash: token(late, 0), key: None }),
    };
    let outcome = fixture.store.redeem_code(TOWN, late.code_hash(), Some(tokens)).await.expect("an outcome");
    assert_eq!((outcome, find(&fixture, late, 0).await), (Redemption::Done, None));
}

/// RFC 7009: an access token alone, a refresh token with all; another client's and another municipality's stay.
pub async fn a_client_takes_its_own_tokens_back(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let (party, other) = (Party::new(1), Party::new(2));
    redeemed(&fixture, party).await;
    redeemed(&fixture, other).await;
    redeemed(&fixture, party.twin()).await;
    let _ = refresh(&fixture, party, 0, 1, false).await;
    let (mine, theirs) = (party.code().grant.client_id, other.code().grant.client_id);
    let no = Octets([0; 32]);
    assert!(!revoke(&fixture, TOWN, &theirs, party.token_hash(), no).await);
    assert!(!revoke(&fixture, TOWN, &theirs, no, token(party, 0)).await);
    assert!(!revoke(&fixture, TOWN, &mine, no, no).await);
    // A hash is looked up as the kind that it is of.
    assert!(!revoke(&fixture, TOWN, &mine, token(party, 0), party.token_hash()).await);
    assert!(fixture.token(party).await.is_some() && find(&fixture, party, 0).await.is_some());
    assert!(revoke(&fixture, TOWN, &mine, party.token_hash(), no).await);
    assert_eq!(fixture.token(party).await, None);
    assert!(!revoke(&fixture, TOWN, &mine, party.token_hash(), no).await);
    assert!(access_lives(&fixture, party, 1).await && find(&fixture, party, 0).await.is_some());
    assert!(revoke(&fixture, TOWN, &mine, no, token(party, 0)).await);
    assert!(!access_lives(&fixture, party, 1).await);
    assert_eq!(find(&fixture, party, 0).await, None);
    assert!(find(&fixture, other, 0).await.is_some());
    assert!(find(&fixture, party.twin(), 0).await.is_some(), "the twin in {OTHER_TOWN}");
}

/// Of sixty-four uses of one token at once, each answers, and one refresh token is left to go on with.
pub async fn of_64_refreshes_one_successor_is_left(backend: &dyn Backend) {
    let fixture = Arc::new(Fixture::open(backend).await);
    let party = Party::new(1);
    redeemed(&fixture, party).await;
    let outcomes =
        race(&fixture, |fixture, number| async move { refresh(&fixture, party, 0, number + 1, true).await })
            .await;
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == RefreshUse::Done).count(), RUNNERS);
    let mut left = 0;
    for number in 1..=64 {
        left += usize::from(find(&fixture, party, number).await.is_some_and(|token| !token.used));
    }
    assert_eq!(left, 1);
}

/// Refresh tokens go when their time has been over for an hour, and then their code.
pub async fn a_code_waits_for_its_refresh_tokens(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let party = Party::new(1);
    redeemed(&fixture, party).await;
    let ends = find(&fixture, party, 0).await.expect("a token").expires_at.as_secs();
    fixture.advance(ends - fixture.now() + 3599);
    fixture.store.sweep(1000).await.expect("a sweep");
    assert!(fixture.code(party).await.is_some());
    fixture.advance(1);
    fixture.store.sweep(1000).await.expect("a sweep");
    fixture.store.sweep(1000).await.expect("a sweep");
    assert_eq!(fixture.code(party).await, None);
}
