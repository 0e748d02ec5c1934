//! OpenSC, which knows nothing of us, reads the mock card through the same reader.

use std::process::Command;

use madoguchi_tests::town::Town;

#[tokio::test(flavor = "multi_thread")]
async fn opensc_lists_certificates_and_pins_of_the_mock_card() {
    let town = Town::usual().await;
    let certificates = pkcs15_tool(&town, &["--list-certificates"]);
    assert!(certificates.contains("User Authentication Certificate"), "{certificates}");
    assert!(certificates.contains("Digital Signature Certificate"), "{certificates}");
    let pins = pkcs15_tool(&town, &["--list-pins"]);
    assert!(pins.contains("User Authentication PIN"), "{pins}");
    assert!(pins.contains("Tries left     : 3"), "{pins}");
    town.stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn opensc_reads_the_certificate_that_the_authority_issued() {
    let town = Town::usual().await;
    let pem = pkcs15_tool(&town, &["--read-certificate", "1"]);
    let issued =
        town.stack.ready().pki_dir.clone().expect("a PKI").join("cards").join("default").join("auth.der");
    let openssl = Command::new("openssl")
        .args(["x509", "-inform", "DER", "-in"])
        .arg(issued)
        .output()
        .expect("openssl is installed: script/setup test");
    let expected = String::from_utf8(openssl.stdout).expect("PEM");
    assert!(!expected.is_empty() && pem.contains(expected.trim()), "{pem}\n{expected}");
    town.stack.stop().await;
}

/// Runs a program of OpenSC against the town's reader; OpenSC missing is a failure.
fn pkcs15_tool(town: &Town, args: &[&str]) -> String {
    let output = Command::new("pkcs15-tool")
        .args(args)
        .env("PCSCLITE_CSOCK_NAME", town.socket())
        .output()
        .expect("pkcs15-tool is installed: script/setup test");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    text
}
