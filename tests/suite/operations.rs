//! What operators look at: health and metrics of the shipped gateway, after a sign-in that asked both sources.

use madoguchi_tests::http::{get, json};
use madoguchi_tests::town::Town;

#[tokio::test(flavor = "multi_thread")]
async fn health_and_metrics_tell_of_both_sources_and_of_no_resident() {
    let mut town = Town::usual().await;
    town.sign_in();
    assert_eq!(town.agent_result().await, "proven");
    let at = |path: &str| format!("{}{path}", town.ports.operations_url());
    let read = |path: &str| tokio::task::block_in_place(|| get(&at(path), &[]));

    let health: serde_json::Value = json(read("/health/revocation"));
    let responder = &health["ocsp"]["responders"][0];
    assert_eq!(responder["url"], town.ports.ocsp_url());
    assert_eq!(responder["breaker"], "closed");
    assert_eq!((responder["requests"].as_u64(), responder["failures"].as_u64()), (Some(1), Some(0)));
    assert!(responder["seconds_since_last_good"].as_u64().is_some_and(|seconds| seconds < 60), "{responder}");
    let partitions = health["partitions"].as_array().expect("partitions");
    assert!(!partitions.is_empty() && partitions.iter().all(|partition| partition["expired"] == false));
    assert!(health["worst_age_seconds"].as_u64().is_some_and(|seconds| seconds < 3600), "{health}");
    assert!(health["anchors"][0]["days_left"].as_i64().is_some_and(|days| days > 0), "{health}");

    let metrics = tokio::task::block_in_place(|| {
        let mut answer = get(&at("/metrics"), &[]);
        let kind = answer.headers().get("content-type").expect("a type").to_str().expect("text").to_owned();
        assert!(kind.starts_with("text/plain; version=0.0.4"), "{kind}");
        answer.body_mut().read_to_string().expect("text")
    });
    let responder = town.ports.ocsp_url();
    for line in [
        format!("madoguchi_ocsp_requests_total{{responder=\"{responder}\"}} 1"),
        format!("madoguchi_ocsp_failures_total{{responder=\"{responder}\"}} 0"),
        format!("madoguchi_ocsp_breaker{{responder=\"{responder}\",state=\"closed\"}} 1"),
        format!("madoguchi_ocsp_breaker{{responder=\"{responder}\",state=\"open\"}} 0"),
        "madoguchi_ocsp_questions_total 1".to_owned(),
        "madoguchi_crl_expired_partitions 0".to_owned(),
        "madoguchi_crl_lookups_total{answer=\"miss\"} 1".to_owned(),
        "madoguchi_crl_lookups_total{answer=\"hit\"} 0".to_owned(),
        "madoguchi_crl_lookups_total{answer=\"no_partition\"} 0".to_owned(),
        "madoguchi_crl_lookups_total{answer=\"stale\"} 0".to_owned(),
        "madoguchi_revocation_alarms_total{alarm=\"sources_disagree\"} 0".to_owned(),
    ] {
        assert!(metrics.lines().any(|found| found == line), "{line} is not in\n{metrics}");
    }
    for family in [
        "madoguchi_anchor_days_left",
        "madoguchi_crl_age_seconds",
        "madoguchi_crl_worst_age_seconds",
        "madoguchi_ocsp_seconds_since_last_good",
        "madoguchi_revocation_shortfalls_total",
    ] {
        assert!(metrics.contains(&format!("# TYPE {family} ")), "{family} is not in\n{metrics}");
    }
    assert_eq!(read("/").status(), 404);
    let rebound = tokio::task::block_in_place(|| get(&at("/metrics"), &[("host", "evil.example")]));
    assert_eq!(rebound.status(), 403);
    town.stack.stop().await;
}
