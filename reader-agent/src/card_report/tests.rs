//! The report about a card in process.

use std::time::Duration as Span;

use madoguchi_mock_card::Scenario;
use madoguchi_test_pki::CardOptions;

use super::*;
use crate::Interrupt;
use crate::testing::{Desktop, HandClock, issue, now, pki};

fn read(desktop: &Desktop, now: UnixTime) -> Result<CardReport, ErrorCode> {
    let clock = HandClock::default();
    let patience = Patience::new(&clock, Span::from_mins(1), Interrupt::default());
    CardReport::read(&mut desktop.clone(), &patience, now)
}

fn desktop(scenario: &str) -> Desktop {
    let scenario: Scenario = toml::from_str(scenario).expect("a scenario");
    Desktop::new(&issue(&mut pki(), &CardOptions::default()), &scenario)
}

#[test]
fn a_good_card_is_told_in_both_languages_without_its_holder() {
    let desktop = desktop("");
    let report = read(&desktop, now());
    let told = report.as_ref().expect("a report");
    assert_eq!((told.label, told.tries_left, told.problem), ("JPKIAPICCTOKEN2", 3, None));
    assert!(told.auth_certificate && told.sign_certificate);
    assert!(told.not_before < told.not_after);
    assert_eq!(desktop.verifies(), 0);
    desktop.assert_left_well();
    for (lang, words) in [
        (Lang::Japanese, ["3回", "サインインできます", "日本時間"]),
        (Lang::English, ["none): 3", "You can sign in", "Japan time"]),
    ] {
        let text = CardReport::text(&report, lang);
        let words = words.map(|word| word.trim_start_matches("none): "));
        assert!(words.iter().all(|word| text.contains(word)), "{text}");
        assert!(!text.contains('?') && !text.contains('{'), "{text}");
    }
    let json = CardReport::json(&report);
    assert_eq!(json["tries_left"], 3);
    assert_eq!(json["problem"], Value::Null);
}

#[test]
fn what_keeps_a_card_from_signing_in_is_told() {
    let blocked = read(&desktop("auth_tries = 0"), now());
    assert_eq!(blocked.as_ref().map(|report| report.problem), Ok(Some(ErrorCode::PinBlocked)));
    assert!(CardReport::text(&blocked, Lang::English).ends_with("(pin_blocked)"));
    let later =
        UnixTime::since_unix_epoch(Span::from_secs(now().as_secs()) + Span::from_hours(24 * 365 * 20));
    let expired = read(&desktop(""), later).map(|report| report.problem);
    assert_eq!(expired, Ok(Some(ErrorCode::CertificateExpired)));
    let other = read(&desktop("application = \"none\""), now());
    assert_eq!(other, Err(ErrorCode::NotMyNumberCard));
    assert_eq!(CardReport::json(&other)["error"], "not_my_number_card");
}

#[test]
fn a_moment_is_told_in_japan_time() {
    assert_eq!(moment(0), "1970-01-01 09:00");
}

#[test]
fn every_text_is_in_its_language_with_the_same_places() {
    for (key, text) in TEXTS.iter() {
        assert!(text.is_in_its_language(), "{key}");
        assert!(text.places().is_some(), "{key}");
    }
}
