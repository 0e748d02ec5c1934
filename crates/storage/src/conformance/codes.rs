//! Codes and access tokens.

use std::time::Duration;

use rustls_pki_types::UnixTime;

use super::Backend;
use super::fixture::Fixture;
use super::party::{CODE_SECONDS, Party, TOKEN_SECONDS, TOWN};
use crate::{AccessTokenRecord, AuditKind, NewAccessToken, Redemption};

/// A look shows a code in every condition, and changes none.
pub async fn a_code_is_shown_used_or_not(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let party = Party::new(1);
    assert_eq!(fixture.code(party).await, None);
    fixture.answered(party).await;
    let code = fixture.code(party).await;
    assert!(code.is_some());
    assert_eq!(fixture.redeem(party).await, Redemption::Done);
    assert_eq!(fixture.code(party).await, code);
    fixture.advance(CODE_SECONDS);
    assert_eq!(fixture.code(party).await, code);
}

/// Whoever gives a token asks about the certificate again.
pub async fn a_code_has_the_holder_of_its_session_while_that_lives(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let party = Party::new(1);
    let session = fixture.answered(party).await;
    let holder = async || fixture.code(party).await.expect("a code").holder_sealed;
    assert_eq!(holder().await, Some(session.holder_sealed));
    assert!(fixture.store.end_session(TOWN, party.session_id()).await.expect("an outcome"));
    assert_eq!(holder().await, None);
}

/// The token of a redeemed code says all that the code was bound to.
pub async fn a_code_is_redeemed_once(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let party = Party::new(1);
    assert_eq!(fixture.redeem(party).await, Redemption::NotFound);
    assert_eq!(fixture.token(party).await, None);
    let session = fixture.redeemed(party).await;
    let grant = party.code().grant;
    let expected = AccessTokenRecord {
        municipality: TOWN.to_owned(),
        client_id: grant.client_id,
        scope: grant.scope,
        account: session.account,
        redirect_uri: grant.redirect_uri,
        auth_time: session.auth_time,
        sid: session.sid,
        holder_sealed: session.holder_sealed,
        key: None,
        expires_at: UnixTime::since_unix_epoch(Duration::from_secs(fixture.now() + TOKEN_SECONDS)),
    };
    assert_eq!(fixture.token(party).await, Some(expected));
    assert_eq!(fixture.log(TOWN).await.len(), 1, "a redemption is no event of the log");
}

/// The second use stores no token, revokes the first's, and is logged; so is the third.
pub async fn a_second_use_revokes_the_token(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let (party, other) = (Party::new(1), Party::new(2));
    fixture.redeemed(party).await;
    fixture.redeemed(other).await;
    for uses in 1..=2 {
        let token = NewAccessToken {
            hash: Party::new(9).token_hash(),
            lifetime: TOKEN_SECONDS,
            key: None,
            scope: None,
        };
        let again =
            fixture.store.redeem_code(TOWN, party.code_hash(), Some(token.into())).await.expect("an outcome");
        assert_eq!(again, Redemption::UsedBefore);
        assert_eq!(fixture.token(party).await, None);
        assert_eq!(fixture.token(Party::new(9)).await, None);
        assert!(fixture.token(other).await.is_some(), "another code's token lives");
        let log = fixture.log(TOWN).await;
        assert_eq!(log.len(), 2 + uses);
        let last = log.last().expect("a record");
        assert_eq!((last.kind, last.sign_in), (AuditKind::CodeReused, Some(party.id())));
        assert_eq!(last.client_id, Some(party.code().grant.client_id));
    }
}

/// A token outlives its code, and so does the rule.
pub async fn a_second_use_is_seen_after_the_code_expired(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let party = Party::new(1);
    fixture.redeemed(party).await;
    fixture.advance(CODE_SECONDS);
    assert!(fixture.token(party).await.is_some());
    assert_eq!(fixture.redeem(party).await, Redemption::UsedBefore);
    assert_eq!(fixture.token(party).await, None);
}

/// A wrong PKCE verifier by the right client spends the code.
pub async fn a_code_spent_without_token_is_used(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let party = Party::new(1);
    fixture.answered(party).await;
    let spent = fixture.store.redeem_code(TOWN, party.code_hash(), None).await.expect("an outcome");
    assert_eq!(spent, Redemption::Done);
    assert_eq!(fixture.redeem(party).await, Redemption::UsedBefore);
    assert_eq!(fixture.token(party).await, None);
    assert_eq!(fixture.log(TOWN).await.last().expect("a record").kind, AuditKind::CodeReused);
}

/// Redeemed in its last second, expired in the next, and then no reuse.
pub async fn a_code_expires_to_the_second(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let (just, late) = (Party::new(1), Party::new(2));
    fixture.answered(just).await;
    fixture.answered(late).await;
    let log = fixture.log(TOWN).await;
    fixture.advance(CODE_SECONDS - 1);
    assert_eq!(fixture.redeem(just).await, Redemption::Done);
    fixture.advance(1);
    for _ in 0..2 {
        assert_eq!(fixture.redeem(late).await, Redemption::Expired);
    }
    assert_eq!(fixture.token(late).await, None);
    assert_eq!(fixture.log(TOWN).await, log);
}

/// A token lives its lifetime.
pub async fn a_token_expires_to_the_second(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let party = Party::new(1);
    fixture.redeemed(party).await;
    fixture.advance(TOKEN_SECONDS - 1);
    assert!(fixture.token(party).await.is_some());
    fixture.advance(1);
    assert_eq!(fixture.token(party).await, None);
}

/// One transaction: when the token cannot be stored, the code was not used.
pub async fn a_redemption_whose_token_fails_is_not_done(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let (first, second) = (Party::new(1), Party::new(2));
    fixture.redeemed(first).await;
    fixture.answered(second).await;
    let outcome = fixture.store.redeem_code(TOWN, second.code_hash(), Some(first.token().into())).await;
    outcome.expect_err("the token's hash is taken");
    assert_eq!(fixture.redeem(second).await, Redemption::Done);
    assert!(fixture.token(first).await.is_some());
}
