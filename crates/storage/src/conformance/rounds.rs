//! Round after round of races for everything that works once. A test runs a few of them; `script/races` thousands.

use std::sync::Arc;

use super::fixture::Fixture;
use super::{Backend, contests};

/// Something that one of many contenders gets, or that happens once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Artefact {
    /// The account of a card.
    Account,
    /// The service's answer to a sign-in.
    Answer,
    /// The claim of a ticket.
    Claim,
    /// A client's id.
    ClientId,
    /// A code.
    Code,
    /// The places for deliveries to one service.
    Delivery,
    /// The finish of a sign-in: proof or refusal.
    Finish,
    /// A municipality's first signing key.
    FirstKey,
    /// A municipality's first secret of a purpose.
    FirstSecret,
    /// The last place for a client's pushed requests.
    PushedPlace,
    /// A pushed request, by a code or without one.
    PushedRequest,
    /// The place of a refresh token's successor.
    RefreshToken,
    /// A registration token.
    RegistrationToken,
    /// A card that may be in one open order.
    RelinkCard,
    /// An order to link an account to another card.
    RelinkOrder,
    /// The `jti` of an assertion.
    Replay,
    /// The return leg: completed or burned.
    Return,
    /// The end of a session.
    SessionEnd,
}

impl Artefact {
    /// Every one.
    pub const ALL: [Self; 18] = [
        Self::Account,
        Self::Answer,
        Self::Claim,
        Self::ClientId,
        Self::Code,
        Self::Delivery,
        Self::Finish,
        Self::FirstKey,
        Self::FirstSecret,
        Self::PushedPlace,
        Self::PushedRequest,
        Self::RefreshToken,
        Self::RegistrationToken,
        Self::RelinkCard,
        Self::RelinkOrder,
        Self::Replay,
        Self::Return,
        Self::SessionEnd,
    ];
}

/// Runs `rounds` races of sixty-four threads for `artefact`, each for a new one, in one store. Answers in how many rounds
/// there was exactly one winner; which is all of them, or the store gives something twice, or to nobody.
pub async fn race_for(artefact: Artefact, backend: &dyn Backend, rounds: u32) -> u32 {
    let fixture = Arc::new(Fixture::open(backend).await);
    let mut right = 0;
    for round in 0..rounds {
        right += u32::from(contests::winners(artefact, &fixture, round).await == 1);
    }
    right
}

async fn race_a_little(artefact: Artefact, backend: &dyn Backend) {
    assert_eq!(race_for(artefact, backend, ROUNDS).await, ROUNDS, "{artefact:?}");
}

/// One test for each, named after it.
macro_rules! races {
    ($($(#[$doc:meta])* $name:ident $artefact:ident,)+) => {
        $(
            $(#[$doc])*
            pub async fn $name(backend: &dyn Backend) {
                race_a_little(Artefact::$artefact, backend).await;
            }
        )+
    };
}

races! {
    /// Sixty-four cards of one resident.
    each_round_one_account Account,
    /// Sixty-four tabs.
    each_round_one_answer Answer,
    /// Sixty-four agents.
    each_round_one_claim Claim,
    /// Sixty-four operators.
    each_round_one_client_id ClientId,
    /// Sixty-four redemptions.
    each_round_one_code Code,
    /// Sixty-four senders.
    each_round_the_places_of_a_service Delivery,
    /// Thirty-two proofs and thirty-two refusals.
    each_round_one_finish Finish,
    /// Sixty-four nodes.
    each_round_one_first_key FirstKey,
    /// Sixty-four nodes.
    each_round_one_first_secret FirstSecret,
    /// Sixty-four requests of one client.
    each_round_one_pushed_place PushedPlace,
    /// Thirty-two codes and thirty-two noes.
    each_round_one_pushed_request PushedRequest,
    /// Sixty-four refreshes.
    each_round_one_refresh_token RefreshToken,
    /// Sixty-four registrations.
    each_round_one_registration_token RegistrationToken,
    /// Sixty-four orders about two accounts and one card.
    each_round_one_relink_card RelinkCard,
    /// Thirty-two confirmations and thirty-two withdrawals.
    each_round_one_relink_order RelinkOrder,
    /// Sixty-four uses.
    each_round_one_replay Replay,
    /// Thirty-two returns of the browser and thirty-two of others.
    each_round_one_return Return,
    /// Sixty-four sign-outs.
    each_round_one_session_end SessionEnd,
}

/// Of a test.
const ROUNDS: u32 = 4;
