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
    CardReport::read(&mut desktop.clone(), &patience, now, &mut |_| {})
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
fn a_certificate_that_is_there_and_makes_no_sense_is_not_told_as_missing() {
    // The first block of the certificate.
    let report = read(&desktop("fault = \"garbage@9\""), now());
    let told = report.as_ref().expect("a report");
    assert_eq!((told.auth_certificate, told.problem), (true, Some(ErrorCode::CertificateUnusable)));
    for (lang, unreadable, missing) in [
        (Lang::Japanese, "入っていますが、読み取れませんでした", "利用者証明用電子証明書）: 入っていません"),
        (Lang::English, "on this card, but it could not be read", "not on this card"),
    ] {
        let text = CardReport::text(&report, lang);
        assert!(text.contains(unreadable) && !text.contains(missing), "{text}");
    }
    let none = read(&desktop("availability = [0, 0, 0]"), now());
    let text = CardReport::text(&none, Lang::English);
    assert!(text.contains("not on this card") && !text.contains("could not be read"), "{text}");
}

#[test]
fn what_to_do_is_told_to_somebody_who_is_not_signing_in() {
    for code in ErrorCode::ALL {
        for lang in [Lang::Japanese, Lang::English] {
            let action = action(*code, lang);
            assert!(
                !action.is_empty() && !action.contains("サービス") && !action.contains("service"),
                "{action}"
            );
        }
    }
    let text = CardReport::text(&Err(ErrorCode::CardBusy), Lang::English);
    assert!(text.ends_with("looks for the cause.\n(card_busy)"), "{text}");
    assert!(action(ErrorCode::NoCard, Lang::Japanese).contains("--card-wait 30"));
}

#[test]
fn a_name_that_no_reader_has_is_told_with_those_that_are_there() {
    let connected = ["Virtual PCD 00 00".to_owned(), "Virtual PCD 00 01".to_owned()];
    assert_eq!(
        no_such_reader("nosuch", &connected, Lang::English).as_deref(),
        Some("No reader's name contains \"nosuch\". Connected: Virtual PCD 00 00, Virtual PCD 00 01")
    );
    assert!(
        no_such_reader("nosuch", &connected, Lang::Japanese).is_some_and(|text| text.contains("「nosuch」"))
    );
    assert_eq!(no_such_reader("00 01", &connected, Lang::English), None);
    assert_eq!(no_such_reader("nosuch", &[], Lang::English), None);
}

#[test]
fn what_is_waited_for_is_told() {
    let told = |notice| notice_text(notice, Lang::English);
    assert_eq!(told(Notice::PlaceCard).as_deref(), Some("Place your My Number card on the card reader."));
    assert_eq!(told(Notice::Signing), None);
}

#[test]
fn every_text_is_used() {
    let source = |path: &str| {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(path);
        std::fs::read_to_string(path).expect("a source file")
    };
    let sources = [source("card_report.rs"), source("program/reports.rs")].concat();
    let words: Vec<&str> = sources.split('"').skip(1).step_by(2).collect();
    for key in TEXTS.keys() {
        assert!(words.contains(&key.as_str()), "{key}");
    }
    let is_key =
        |word: &&&str| word.contains('_') && word.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    for word in words.iter().filter(is_key) {
        assert!(TEXTS.contains_key(*word), "{word}");
    }
}

#[test]
fn every_text_is_in_its_language_with_the_same_places() {
    for (key, text) in TEXTS.iter() {
        assert!(text.is_in_its_language(), "{key}");
        assert!(text.places().is_some(), "{key}");
        assert!(!text.fill(Lang::Japanese, &[]).contains(['(', ')']), "{key}");
    }
}
