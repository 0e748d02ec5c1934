//! A responder whose own certificate is revoked: with id-pkix-ocsp-nocheck nobody asks, without it the lists say so.

use madoguchi_tests::revocation::{Lists, Sources};

#[tokio::test(flavor = "multi_thread")]
async fn a_responder_that_a_list_has_revoked_decides_nothing() {
    let mut sources = Sources::with(Lists::Good).await;
    sources.ocsp("status good fault responder-unchecked").await;
    let (_, learnt) = sources.sign_in().await;
    assert_eq!(learnt.rule(), "ocsp_and_crl_good");

    sources.pki("revoke", &["--responder", "--reason", "keyCompromise"]).await;
    sources.pki("crl", &[]).await;
    sources.stop_gateway().await;
    sources.start_gateway().await;
    sources
        .health_until(|health| {
            health["partitions"][0]["complete"]["entries"] == 1
                || health["partitions"][1]["complete"]["entries"] == 1
        })
        .await;
    // Neither its "good" nor its "revoked" counts.
    for status in ["good", "revoked"] {
        sources.ocsp(&format!("status {status} fault responder-unchecked")).await;
        let (page, learnt) = sources.sign_in().await;
        assert!(page.has("#done"), "{}", page.text());
        assert_eq!(learnt.rule(), "crl_good", "{}", learnt.evidence);
        assert_eq!(learnt.evidence["ocsp"]["says"], "ocsp_responder_revoked");
        assert_eq!(
            (learnt.wanting, learnt.alarm),
            (vec!["ocsp_unusable".to_owned()], vec!["ocsp_responder_revoked".to_owned()])
        );
    }
    sources.town.stack.stop().await;
}
