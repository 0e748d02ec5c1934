//! What every cell of `tests/revocation.toml` ends in, for the resident, the service and the operator.

use std::collections::BTreeSet;

use madoguchi_protocol::{ErrorCode, Lang, error_text};
use madoguchi_tests::revocation::{Cell, Lists, OCSP, Sources, expectations};
use madoguchi_tests::town::shown_code;

#[tokio::test(flavor = "multi_thread")]
async fn good_lists() {
    every_answer_of_ocsp(Lists::Good).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_with_the_card() {
    every_answer_of_ocsp(Lists::Revoked).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stale_lists() {
    every_answer_of_ocsp(Lists::Stale).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_list_of_the_municipality() {
    every_answer_of_ocsp(Lists::MissingPartition).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_list_at_all() {
    every_answer_of_ocsp(Lists::Unavailable).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_another_distribution_point() {
    every_answer_of_ocsp(Lists::OtherPoint).await;
}

async fn every_answer_of_ocsp(lists: Lists) {
    let all = expectations();
    let expected = all.get(lists.name()).expect("a table");
    let rows: BTreeSet<_> = OCSP.iter().map(|(name, _)| *name).collect();
    assert_eq!(rows, expected.keys().map(String::as_str).collect(), "every row once");
    let mut sources = Sources::with(lists).await;
    for (name, line) in OCSP {
        sources.ocsp(line).await;
        check(&mut sources, &expected[name], &format!("lists {}, OCSP {name}", lists.name())).await;
    }
    sources.town.stack.stop().await;
}

async fn check(sources: &mut Sources, cell: &Cell, which: &str) {
    let (page, learnt) = sources.sign_in().await;
    // The resident.
    let answer = if let Some(code) = &cell.code {
        assert_eq!(shown_code(&page), *code, "{which}");
        let known = ErrorCode::ALL.iter().find(|known| known.as_str() == code).expect("a code");
        let text = error_text(*known, Lang::Japanese);
        assert!(page.text().contains(&text.what) && page.text().contains(&text.action), "{which}");
        sources.town.back_at_service(&page)
    } else {
        assert!(page.has("#done"), "{which}: {}", page.text());
        sources.town.back_at_service(&page)
    };
    // The service.
    match cell.code.as_deref() {
        None => assert!(answer["sub"].is_string(), "{which}: {answer}"),
        Some(code) => {
            let error = if code == "cannot_check" { "temporarily_unavailable" } else { "access_denied" };
            assert_eq!(
                (answer["error"].as_str(), answer["error_description"].as_str()),
                (Some(error), Some(code))
            );
        }
    }
    // The operator.
    assert_eq!(learnt.rule(), cell.rule, "{which}: {}", learnt.evidence);
    let sorted = |names: &[String]| names.iter().cloned().collect::<BTreeSet<_>>();
    assert_eq!(sorted(&learnt.wanting), sorted(&cell.wanting), "{which}");
    assert_eq!(sorted(&learnt.alarm), sorted(&cell.alarm), "{which}");
    let named = learnt.evidence["shortfalls"].as_array().cloned().unwrap_or_default();
    let named: Vec<_> = named.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect();
    assert_eq!(sorted(&named), sorted(&cell.wanting), "{which}");
}

#[test]
fn every_table_is_of_lists_that_are_tried() {
    let tried = [
        Lists::Good,
        Lists::Revoked,
        Lists::Stale,
        Lists::MissingPartition,
        Lists::Unavailable,
        Lists::OtherPoint,
    ];
    let tried: BTreeSet<_> = tried.iter().map(|lists| lists.name().to_owned()).collect();
    assert_eq!(expectations().into_keys().collect::<BTreeSet<_>>(), tried);
}
