//! How much is kept.

use madoguchi_cert_verify::{RevocationReason, Source};

use super::world::{HINATA, MIDORI, World, said, signer};

#[tokio::test(flavor = "multi_thread")]
async fn counts_by_municipality_signer_and_reason() {
    let mut world = World::new().await;
    let cards = ["1.der", "2.der", "3.der"].map(|name| world.card(name));
    let (last, hold) = (RevocationReason::KeyCompromise, RevocationReason::CertificateHold);
    world.keep(MIDORI, &cards[0], &[said(Source::Crl, last), said(Source::Ocsp, last)]).await;
    world.keep(MIDORI, &cards[1], &[said(Source::Crl, last)]).await;
    world.keep(MIDORI, &cards[2], &[said(Source::Crl, hold)]).await;
    let told = world.json(&["kept"]);
    let (midori, hinata) = (&told["municipalities"][0], &told["municipalities"][1]);
    assert_eq!((&hinata["id"], &hinata["kept"]), (&HINATA.into(), &serde_json::json!([])));
    let mut counts: Vec<_> = midori["kept"]
        .as_array()
        .expect("counts")
        .iter()
        .map(|count| {
            let text = |name: &str| count[name].as_str().expect("text").to_owned();
            assert!(text("first_kept_at") <= text("last_kept_at"));
            (text("source"), text("reason"), text("signer_key"), count["certificates"].as_u64())
        })
        .collect();
    counts.sort();
    let expected = [
        ("crl", "certificateHold", Source::Crl, 1),
        ("crl", "keyCompromise", Source::Crl, 2),
        ("ocsp", "keyCompromise", Source::Ocsp, 1),
    ];
    let expected = expected.map(|(source, reason, of, count)| {
        (source.to_owned(), reason.to_owned(), signer(of).to_hex(), Some(count))
    });
    assert_eq!(counts, expected);

    let output = world.run(&["kept", "--municipality", HINATA]);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "hinata: nothing is kept\n");
    let text = String::from_utf8(world.run(&["kept"]).stdout).expect("UTF-8");
    assert!(text.contains("midori: 2 certificates, keyCompromise, on the word of crl\n  signer "), "{text}");
    assert!(text.contains("midori: 1 certificate, certificateHold, on the word of crl\n"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    for card in &cards {
        assert!(
            !text.contains(&card.files.auth_serial.to_string())
                && !told.to_string().contains(&card.files.auth_serial.to_string())
        );
    }
}
