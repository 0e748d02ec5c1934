//! Keyspaces: the same thirty-two octets are one thing as a code and nothing as a ticket.

use madoguchi_oidc::Profile;
use madoguchi_protocol::Octets;

use super::Backend;
use super::clients::registration;
use super::fixture::Fixture;
use super::party::{Party, TOWN};
use crate::{
    Claim, ClaimHashes, EndedBy, NewAccessToken, NewBrowserSession, NewCode, NewPushedRequest,
    NewRefreshToken, NewRegistrationToken, NewSession, NewSignIn, NewTokens, Redemption, ReplayKind,
    Returned, SessionSelection, Transition,
};

/// What thirty-two octets can be a hash of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    AccessToken,
    Browser,
    ClaimSecret,
    ClientAssertion,
    Code,
    DpopProof,
    PushedRequest,
    RefreshToken,
    RegistrationToken,
    ReturnVerifier,
    SessionCookie,
    SessionId,
    Ticket,
}

const KINDS: [Kind; 13] = [
    Kind::AccessToken,
    Kind::Browser,
    Kind::ClaimSecret,
    Kind::ClientAssertion,
    Kind::Code,
    Kind::DpopProof,
    Kind::PushedRequest,
    Kind::RefreshToken,
    Kind::RegistrationToken,
    Kind::ReturnVerifier,
    Kind::SessionCookie,
    Kind::SessionId,
    Kind::Ticket,
];

/// The octets.
const SAME: Octets<32> = Octets([7; 32]);

/// A municipality in which some kinds of one resident's records have the same octets.
struct Town<'a> {
    fixture: &'a Fixture,
    party: Party,
    same: &'a [Kind],
}

impl Town<'_> {
    /// Everything from a sign-in to a refresh token, and what a client may push, prove and register with.
    async fn make(&self) {
        let Self { party, .. } = *self;
        let (store, town) = (&self.fixture.store, party.town);
        let sign_in = NewSignIn {
            ticket_hash: self.hash(Kind::Ticket),
            browser_hash: self.hash(Kind::Browser),
            ..party.sign_in()
        };
        store.start(sign_in).await.expect("a start");
        let claim_secret = self.hash(Kind::ClaimSecret);
        let claimed = store.claim(town, self.hash(Kind::Ticket), self.claim()).await;
        assert!(matches!(claimed, Ok(Transition::Done(_))), "{claimed:?}");
        let proven =
            store.prove(town, party.id(), claim_secret, party.finish(), party.proof(), party.cleared()).await;
        assert!(matches!(proven, Ok(Transition::Done(_))), "{proven:?}");
        let (verifier, browser) = (self.hash(Kind::ReturnVerifier), self.hash(Kind::Browser));
        let session = NewSession {
            id_hash: self.hash(Kind::SessionId),
            browser: Some(NewBrowserSession {
                hash: self.hash(Kind::SessionCookie),
                ..party.browser_session()
            }),
            ..party.session()
        };
        let back = store.complete(town, party.id(), verifier, Some(browser), session).await;
        assert!(matches!(back, Ok(Returned::Completed { .. })), "{back:?}");
        // Its grant names no pushed request: that one is to stay.
        let mut code = NewCode { hash: self.hash(Kind::Code), ..party.code() };
        code.grant.pushed = None;
        let taken = store.take_answer(town, party.id(), browser, self.hash(Kind::SessionId), code).await;
        assert!(matches!(taken, Ok(crate::AnswerTaken::Taken(_))), "{taken:?}");
        let tokens = NewTokens {
            access: NewAccessToken { hash: self.hash(Kind::AccessToken), ..party.token() },
            refresh: Some(NewRefreshToken { hash: self.hash(Kind::RefreshToken), key: None }),
        };
        let redeemed = store.redeem_code(town, self.hash(Kind::Code), Some(tokens)).await;
        assert_eq!(redeemed.expect("an outcome"), Redemption::Done);
        let pushed = NewPushedRequest {
            hash: self.hash(Kind::PushedRequest),
            municipality: town.to_owned(),
            request: party.sign_in().request,
            lifetime: 60,
            most: 1,
        };
        assert_eq!(store.push_request(pushed).await.expect("an outcome"), crate::PushedWrite::Done);
        let token = NewRegistrationToken {
            hash: self.hash(Kind::RegistrationToken),
            profile: Profile::Standard,
            lifetime: 60,
        };
        store.add_registration_token(town, token, "tanaka").await.expect("kept");
        for (kind, replay) in
            [(Kind::ClientAssertion, ReplayKind::ClientAssertion), (Kind::DpopProof, ReplayKind::DpopProof)]
        {
            assert!(self.use_once(replay, self.hash(kind)).await);
        }
    }

    /// True when the octets are found as this kind, whatever has become of it.
    async fn finds(&self, kind: Kind) -> bool {
        let (store, town, id) = (&self.fixture.store, self.party.town, self.party.id());
        match kind {
            Kind::AccessToken => store.find_access_token(town, SAME).await.expect("a look").is_some(),
            Kind::Browser => store.of_browser(town, id, SAME).await.expect("a look").is_some(),
            Kind::ClaimSecret => store.claimed(town, id, SAME).await.expect("a look").is_some(),
            Kind::ClientAssertion => !self.use_once(ReplayKind::ClientAssertion, SAME).await,
            Kind::Code => store.find_code(town, SAME).await.expect("a look").is_some(),
            Kind::DpopProof => !self.use_once(ReplayKind::DpopProof, SAME).await,
            Kind::PushedRequest => store.find_pushed_request(town, SAME).await.expect("a look").is_some(),
            Kind::RefreshToken => store.find_refresh_token(town, SAME).await.expect("a look").is_some(),
            Kind::RegistrationToken => store.registration_token(town, SAME).await.expect("a look").is_some(),
            Kind::ReturnVerifier => {
                let back = store.complete(town, id, SAME, None, self.party.session()).await;
                !matches!(back.expect("an outcome"), Returned::NotFound)
            }
            Kind::SessionCookie => store.find_browser_session(town, SAME).await.expect("a look").is_some(),
            Kind::SessionId => store.find_session(town, SAME).await.expect("a look").is_some(),
            Kind::Ticket => {
                let claimed = store.claim(town, SAME, self.claim()).await;
                !matches!(claimed.expect("an outcome"), Transition::NotFound)
            }
        }
    }

    /// Uses the octets up as this kind, if it has a use that ends it: true when something ended.
    async fn spends(&self, kind: Kind) -> bool {
        let (store, town) = (&self.fixture.store, self.party.town);
        let client_id = self.party.sign_in().request.client_id;
        let no = Octets([0; 32]);
        match kind {
            Kind::AccessToken => store.revoke_token(town, &client_id, SAME, no).await.expect("an outcome"),
            Kind::Code => {
                let redeemed = store.redeem_code(town, SAME, None).await;
                redeemed.expect("an outcome") != Redemption::NotFound
            }
            Kind::PushedRequest => store.finish_pushed_request(town, SAME).await.expect("an outcome"),
            Kind::RefreshToken => store.revoke_token(town, &client_id, no, SAME).await.expect("an outcome"),
            Kind::RegistrationToken => {
                let registered = store.register_client(town, SAME, registration("kosodate")).await;
                registered.expect("an outcome") == crate::ClientWrite::Done
            }
            Kind::SessionCookie => {
                let cookie = SessionSelection::Cookie(SAME);
                store.end_sessions(town, cookie, EndedBy::Resident).await.expect("an outcome") == 1
            }
            Kind::SessionId => store.end_session(town, SAME).await.expect("an outcome"),
            Kind::Browser
            | Kind::ClaimSecret
            | Kind::ClientAssertion
            | Kind::DpopProof
            | Kind::ReturnVerifier
            | Kind::Ticket => self.finds(kind).await,
        }
    }

    fn hash(&self, kind: Kind) -> Octets<32> {
        if self.same.contains(&kind) { SAME } else { self.party.hash(&format!("its own {kind:?}")) }
    }

    fn claim(&self) -> Claim {
        let hashes = ClaimHashes {
            return_verifier: self.hash(Kind::ReturnVerifier),
            claim_secret: self.hash(Kind::ClaimSecret),
        };
        Claim { hashes, ..self.party.claim() }
    }

    async fn use_once(&self, kind: ReplayKind, key: Octets<32>) -> bool {
        let until = self.fixture.now() + 60;
        self.fixture.store.use_once(self.party.town, kind, key, until).await.expect("an outcome")
    }
}

/// What is one kind is found and spent as that kind and as no other.
pub async fn octets_are_found_as_what_they_are(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    for (number, made) in (0u32..).zip(KINDS) {
        // No counter, which has no session of the browser; and no other's identifiers.
        let party = Party::new(2 * number + 1).in_town(format!("town of {made:?}").leak());
        let town = Town { fixture: &fixture, party, same: &[made] };
        town.make().await;
        for asked in KINDS.into_iter().filter(|asked| *asked != made) {
            assert!(!town.finds(asked).await, "{made:?} found as {asked:?}");
            assert!(!town.spends(asked).await || is_replay(asked), "{made:?} spent as {asked:?}");
        }
        assert!(town.finds(made).await, "{made:?}");
        assert!(town.spends(made).await, "{made:?}");
    }
}

/// All kinds at once have their places beside each other, and the end of one is the end of no other.
pub async fn the_same_octets_are_many_things(backend: &dyn Backend) {
    let fixture = Fixture::open(backend).await;
    let town = Town { fixture: &fixture, party: Party::new(1), same: &KINDS };
    assert_eq!(town.party.town, TOWN);
    town.make().await;
    let ends = [Kind::RegistrationToken, Kind::PushedRequest, Kind::AccessToken, Kind::RefreshToken];
    for (over, kind) in (1..).zip(ends) {
        assert!(town.spends(kind).await, "{kind:?}");
        for left in KINDS {
            assert_eq!(town.finds(left).await, !ends[..over].contains(&left), "{left:?} after {kind:?}");
        }
    }
    assert!(town.spends(Kind::SessionId).await);
    let ended = [Kind::SessionId, Kind::SessionCookie];
    for left in KINDS.into_iter().filter(|kind| !ends.contains(kind)) {
        assert_eq!(town.finds(left).await, !ended.contains(&left), "{left:?} after the session");
    }
}

/// To ask is to use.
const fn is_replay(kind: Kind) -> bool {
    matches!(kind, Kind::ClientAssertion | Kind::DpopProof)
}
