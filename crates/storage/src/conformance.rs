//! The judge of the contract: one suite that every backend passes, each case in a fresh store.
//!
//! A backend runs it from a few lines:
//!
//! ```ignore
//! madoguchi_storage::conformance_tests!(MyBackend::new());
//! ```
//!
//! where the expression makes a [`Backend`], once for each case. What a case finds wrong is a panic: this module is
//! for tests alone.

use std::sync::Arc;

use async_trait::async_trait;

use crate::{ManualClock, SignInLimits, Storage};

mod accounts;
mod added_municipalities;
mod answer;
mod audit_chain;
mod bounds;
mod cancel;
mod claim;
mod clients;
mod codes;
mod contests;
mod crossings;
mod expiry;
mod finish;
mod fixture;
mod kept;
mod keyspaces;
mod log;
mod logout_deliveries;
mod municipalities;
mod party;
mod pushed;
mod races;
mod refresh_tokens;
mod relinks;
mod replays;
mod return_leg;
mod rounds;
mod secrets;
mod sessions;
mod signing_keys;
mod start;
mod sweep;
mod table;

pub use rounds::{Artefact, race_for};

/// What a backend gives the suite.
#[async_trait]
pub trait Backend: Send + Sync {
    /// Opens a store that nothing was ever written to, by this clock and these limits. The store ends with the suite's
    /// last handle to it; the backend itself outlives that.
    async fn open(&self, clock: Arc<ManualClock>, limits: SignInLimits) -> Arc<dyn Storage>;
}

/// One list for what is exported and for what a backend runs: no case can be in one and not in the other.
macro_rules! cases {
    ($dollar:tt $($module:ident { $($case:ident,)+ })+) => {
        $(pub use $module::{$($case,)+};)+

        /// Expands to one test for each case of the conformance suite.
        #[macro_export]
        macro_rules! conformance_tests {
            ($dollar backend:expr) => {
                $($(
                    #[tokio::test(flavor = "multi_thread")]
                    async fn $case() {
                        let backend = $dollar backend;
                        $dollar crate::conformance::$case(&backend).await;
                    }
                )+)+
            };
        }

        /// The same, one test for each theme: for a backend that shares something dear, which `$shared` makes once for each.
        #[macro_export]
        macro_rules! conformance_tests_by_theme {
            ($dollar shared:ident = $dollar new:expr; $dollar backend:expr) => {
                $(
                    #[tokio::test(flavor = "multi_thread")]
                    async fn $module() {
                        let $dollar shared = $dollar new;
                        $(
                            let backend = $dollar backend;
                            $dollar crate::conformance::$case(&backend).await;
                        )+
                    }
                )+
            };
        }
    };
}

cases! { $
    accounts { the_same_card_finds_its_account, another_card_gets_another_account, }
    added_municipalities {
        an_added_municipality_is_kept_whole,
        of_64_municipalities_of_one_origin_one_is_added,
        a_municipality_is_changed_in_what_is_named,
        a_municipality_is_removed_when_nobody_needs_it,
    }
    answer {
        the_answer_is_taken_once,
        the_answer_needs_its_session_and_browser,
        the_answer_needs_a_live_session,
        taking_one_answer_leaves_the_browsers_other_one,
        a_taken_answer_whose_code_fails_is_not_taken,
    }
    audit_chain {
        whoever_has_a_log_is_listed,
        records_get_their_places_in_order,
        of_64_sealers_each_record_is_sealed_once,
        failures_are_told_by_minute_and_code,
        refused_codes_and_answers_in_sessions_are_logged,
        a_proof_that_never_returned_is_logged_by_the_sweep,
        a_place_has_one_checkpoint,
        a_kept_checkpoint_finds_what_is_not_there,
        the_beginning_is_retired,
        a_checkpoint_is_no_beginning,
        an_erased_record_leaves_its_place,
        an_address_is_forgotten,
    }
    bounds {
        at_the_bound_of_a_network_its_oldest_started_row_gives_way,
        at_the_bound_in_all_the_fullest_network_gives_way,
        claiming_is_no_way_around_the_bound,
        stopped_rows_of_a_network_are_bounded,
        a_proven_card_never_gives_way,
        what_is_over_does_not_count,
    }
    cancel { an_agent_cancels, a_browser_cancels_any_open_state, }
    claim {
        a_claim_is_done_once_and_told_again,
        a_claim_with_other_hashes_burns,
        the_claimed_sign_in_is_shown_to_its_agent_alone,
    }
    clients {
        a_client_is_kept_whole,
        a_client_id_is_given_once,
        a_client_is_changed_from_the_version_it_has,
        what_changes_a_client_is_counted_and_audited,
        clients_are_the_municipalitys_own,
        of_64_changes_of_a_client_one_is_done,
        a_registration_token_registers_one_client,
        a_registration_token_expires_to_the_second,
        of_64_registrations_by_one_token_one_is_done,
    }
    codes {
        a_code_is_shown_used_or_not,
        a_code_has_the_holder_of_its_session_while_that_lives,
        a_code_is_redeemed_once,
        a_second_use_revokes_the_token,
        a_second_use_is_seen_after_the_code_expired,
        a_code_spent_without_token_is_used,
        a_code_expires_to_the_second,
        a_token_expires_to_the_second,
        a_redemption_whose_token_fails_is_not_done,
    }
    crossings {
        a_reused_code_revokes_what_is_being_refreshed,
        a_session_ends_with_what_is_being_refreshed,
        sign_ins_at_once_with_a_relink_miss_nothing,
        sign_outs_at_once_with_senders_are_all_told,
    }
    expiry {
        started_expires_to_the_second,
        claimed_expires_to_the_second,
        proven_is_burned_to_the_second,
        each_state_has_its_own_time,
    }
    finish {
        a_proof_is_kept_whole,
        the_same_finish_is_told_again,
        a_finish_needs_its_claim_secret,
        a_refused_finish_cancels_or_burns,
    }
    kept {
        a_refusal_keeps_what_was_said,
        what_takes_the_place_of_what,
        each_source_is_kept_by_itself,
        each_signer_is_kept_by_itself,
        nothing_is_proven_against_what_is_kept,
        a_hold_that_is_over_goes_with_the_proof,
        a_proof_that_fails_lets_no_hold_go,
        a_revocation_is_kept_whatever_became_of_the_sign_in,
        a_revocation_is_kept_until_not_after,
        what_is_kept_is_the_municipalitys_own,
        sources_that_disagree_are_audited,
        a_revoked_session_ends_and_is_kept,
        what_is_kept_is_counted_by_signer,
        one_certificate_is_released,
        what_a_signer_gave_is_released,
        of_64_refusals_of_one_card_one_is_kept,
        a_sign_in_is_traced_to_what_it_was_refused_with,
    }
    keyspaces { octets_are_found_as_what_they_are, the_same_octets_are_many_things, }
    log {
        the_log_is_in_order_and_pages,
        the_log_says_what_happened,
        what_is_not_listed_is_not_logged,
        a_sign_in_is_traced_through_its_session,
    }
    municipalities { a_municipality_sees_nothing_of_another, a_twin_lends_nothing, twins_in_two_municipalities_live_apart, }
    pushed {
        a_pushed_request_is_found_until_it_expires,
        a_finished_pushed_request_is_gone,
        a_client_has_so_many_pushed_requests_waiting,
        the_code_finishes_its_pushed_request,
        a_pushed_request_is_its_municipalitys,
        the_sweep_takes_pushed_requests,
        of_64_ends_of_a_pushed_request_one_ends_it,
    }
    races {
        of_64_different_claims_none_survives,
        of_64_identical_claims_one_is_done,
        of_64_returns_one_session_remains,
        of_64_foreign_returns_one_burns,
        returns_and_foreign_returns_never_both_win,
        of_64_askers_one_takes_the_answer,
        of_64_redemptions_one_is_done,
        of_64_secrets_one_stays,
        of_64_starts_of_a_browser_one_stays_open,
        of_64_cards_at_once_each_gets_its_account_once,
        of_64_starts_of_a_network_its_bound_stays_open,
        of_64_starts_the_bound_in_all_stays_open,
    }
    replays {
        a_key_is_used_once_until_its_time,
        what_is_over_cannot_be_used,
        a_key_is_its_kinds_and_municipalitys_own,
        used_keys_are_swept,
        of_64_uses_one_is_first,
    }
    refresh_tokens {
        a_refresh_token_says_what_its_code_does,
        a_refresh_token_without_rotation_stays,
        a_rotating_refresh_token_gives_its_successor,
        a_reused_refresh_token_revokes_all,
        a_lost_answer_is_given_again,
        a_refresh_token_that_was_put_aside_revokes_all,
        a_reused_code_revokes_its_refresh_tokens,
        a_narrower_token_says_so,
        refresh_tokens_die_with_their_session,
        a_client_takes_its_own_tokens_back,
        of_64_refreshes_one_successor_is_left,
        a_code_waits_for_its_refresh_tokens,
    }
    return_leg {
        the_return_completes,
        a_wrong_verifier_changes_nothing,
        another_browser_burns,
        no_browser_burns,
        a_repeated_return_gets_a_new_session_id,
        a_repeated_return_has_its_time,
        a_repeated_return_needs_its_live_session,
        a_repeated_return_needs_its_browser,
        after_the_hand_out_a_return_repeats_nothing,
        a_return_after_the_session_ended_repeats_nothing,
    }
    rounds {
        each_round_one_account,
        each_round_one_answer,
        each_round_one_claim,
        each_round_one_client_id,
        each_round_one_code,
        each_round_the_places_of_a_service,
        each_round_one_finish,
        each_round_one_first_key,
        each_round_one_first_secret,
        each_round_one_pushed_place,
        each_round_one_pushed_request,
        each_round_one_refresh_token,
        each_round_one_registration_token,
        each_round_one_relink_card,
        each_round_one_relink_order,
        each_round_one_replay,
        each_round_one_return,
        each_round_one_session_end,
    }
    secrets { the_first_secret_stays, }
    logout_deliveries {
        the_services_of_an_ended_session_are_told,
        a_session_that_ran_out_tells_nobody,
        a_delivery_comes_again_until_it_ends,
        deliveries_are_taken_in_their_order,
        a_service_has_its_places_and_no_more,
        a_service_that_does_not_answer_is_left_alone,
        services_take_turns,
        a_delivery_has_its_day,
        of_64_senders_one_takes_a_delivery,
    }
    relinks {
        a_relinked_account_has_the_new_card,
        an_account_may_move_back,
        an_account_of_the_new_card_gives_way,
        an_order_needs_another_operator_and_the_same_cards,
        what_cannot_be_ordered,
        an_order_ends,
    }
    sessions {
        a_session_is_found_while_it_lives,
        an_ended_session_is_gone,
        tokens_die_with_their_session,
        a_session_knows_its_evidence,
        a_browsers_session_is_idle_to_the_second,
        a_browsers_session_has_its_end,
        a_counter_answers_nothing_more,
        an_answer_in_a_session_gives_a_code,
        a_silent_answer_renews_nothing,
        a_session_answers_a_pushed_request_once,
        a_session_gives_so_many_codes_at_a_time,
        of_64_answers_to_a_pushed_request_one_is_given,
        an_answer_whose_code_fails_renews_nothing,
        the_same_account_goes_on_in_the_browser,
        another_account_ends_the_browsers_session,
        all_sessions_of_an_account_end,
        an_answer_waits_an_hour,
        of_64_answers_in_a_session_each_has_its_code,
    }
    signing_keys {
        the_first_signing_key_stays,
        a_rotation_step_by_step,
        a_key_without_predecessor_need_not_wait,
        a_revoked_key_never_comes_back,
        signing_keys_are_the_municipalitys_own,
        of_64_activations_one_key_signs,
    }
    start {
        a_start_keeps_what_it_was_given,
        a_start_replaces_the_browsers_open_one,
        a_start_leaves_what_is_over,
        the_newest_of_a_browser_is_found,
        a_start_that_fails_changes_nothing,
    }
    sweep { the_sweep_takes_what_is_over_for_an_hour, the_sweep_keeps_to_its_limit, a_code_waits_for_its_tokens, }
    table { every_method_in_every_state, }
}
