//! OpenSC, which knows nothing of us and was made for the real card, uses the mock card through the same reader.
//!
//! PIN and password are on command lines, where every program of the computer can read them. They are a test card's.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use madoguchi_demo::TEST_PIN;
use madoguchi_test_pki::CardFiles;
use madoguchi_tests::town::Town;

/// What a program said, and whether it was content.
struct Said {
    well: bool,
    text: String,
}

/// A key as OpenSC shows it: each with a PIN of its own becomes a token of its own.
struct Key {
    slot_index: &'static str,
    id: &'static str,
    secret: String,
    certificate: PathBuf,
}

fn files(town: &Town) -> (PathBuf, CardFiles) {
    let pki = town.stack.ready().pki_dir.clone().expect("a PKI");
    let files = CardFiles::load(&pki, "default").expect("the card's files");
    (pki.join("cards").join("default"), files)
}

/// 利用者証明用, then 署名用.
fn keys(town: &Town) -> [Key; 2] {
    let (folder, files) = files(town);
    let (pin, password) = (files.pin.to_string(), files.sign_password.to_string());
    [
        Key { slot_index: "0", id: "01", secret: pin, certificate: folder.join("auth.der") },
        Key { slot_index: "1", id: "02", secret: password, certificate: folder.join("sign.der") },
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn opensc_lists_certificates_and_pins_of_the_mock_card() {
    let town = Town::usual().await;
    let certificates = well(&town, "pkcs15-tool", &["--list-certificates"]);
    for name in ["User Authentication Certificate", "Digital Signature Certificate"] {
        // Each twice: the holder's and its authority's.
        assert_eq!(certificates.matches(name).count(), 2, "{certificates}");
    }
    let pins = well(&town, "pkcs15-tool", &["--list-pins"]);
    assert!(pins.contains("User Authentication PIN") && pins.contains("Digital Signature PIN"), "{pins}");
    assert_eq!(tries(&town), ["3", "5"]);
    town.stack.stop().await;
}

/// Everything that is free to read, and the signature certificate, which is not.
#[tokio::test(flavor = "multi_thread")]
async fn opensc_reads_the_certificates_that_the_authorities_issued() {
    let town = Town::usual().await;
    let pki = town.stack.ready().pki_dir.clone().expect("a PKI");
    let [auth, sign] = keys(&town);
    for (id, issued) in
        [("01", &auth.certificate), ("03", &pki.join("auth-ca.der")), ("04", &pki.join("sign-ca.der"))]
    {
        let read = town.stack.folder().join("read.der");
        let output = read.to_string_lossy();
        let args = ["--slot-index", "0", "--read-object", "--type", "cert", "--id", id, "-o", &output];
        well(&town, "pkcs11-tool", &args);
        assert_eq!(fs::read(&read).expect("written"), fs::read(issued).expect("issued"), "{id}");
    }

    // Nobody has logged in since the card was put in.
    let closed = run(&town, "opensc-tool", &send(&[SELECT_JPKI, SELECT_SIGN_CERTIFICATE, READ]));
    assert!(closed.text.contains("SW1=0x69, SW2=0x82"), "6982 is expected: {}", closed.text);
    let read = town.stack.folder().join("sign.der");
    let output = read.to_string_lossy();
    let args = ["--slot-index", "1", "--read-object", "--type", "cert", "--id", "02", "-o", &output];
    assert!(!run(&town, "pkcs11-tool", &args).well, "read without a password");
    let with_password = [&["--login", "--pin", sign.secret.as_str()], &args[..]].concat();
    well(&town, "pkcs11-tool", &with_password);
    assert_eq!(fs::read(&read).expect("written"), fs::read(&sign.certificate).expect("issued"));
    town.stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn opensc_signs_with_both_keys_after_login_and_not_before() {
    let town = Town::usual().await;
    for key in [SELECT_AUTH_KEY, SELECT_SIGN_KEY] {
        let refused = run(&town, "opensc-tool", &send(&[SELECT_JPKI, key, SIGN]));
        assert!(refused.text.contains("SW1=0x69, SW2=0x82"), "6982 is expected: {}", refused.text);
    }
    let folder = town.stack.folder().to_owned();
    let message = folder.join("message");
    fs::write(&message, "子育て手続き").expect("written");
    let digest_info = folder.join("digest-info");
    let digest = madoguchi_protocol::sha256("子育て手続き".as_bytes());
    fs::write(&digest_info, [SHA256_DIGEST_INFO, digest.as_ref()].concat()).expect("written");
    for key in keys(&town) {
        let public = folder.join("public.pem");
        let pem = openssl(&["x509", "-inform", "DER", "-pubkey", "-noout", "-in"], &key.certificate);
        assert!(pem.well, "{}", pem.text);
        fs::write(&public, &pem.text).expect("written");
        let mut signatures = Vec::new();
        // With one OpenSC hashes; with the other the card gets what we made. Neither is hashed on the card.
        for (mechanism, input) in [("SHA256-RSA-PKCS", &message), ("RSA-PKCS", &digest_info)] {
            let signature = folder.join("signature");
            let (input, output) = (input.to_string_lossy(), signature.to_string_lossy());
            let login = ["--slot-index", key.slot_index, "--login", "--pin", &key.secret];
            let sign = ["--sign", "--id", key.id, "--mechanism", mechanism, "-i", &input, "-o", &output];
            well(&town, "pkcs11-tool", &[&login[..], &sign].concat());
            let (public, signature_file) = (public.to_string_lossy(), signature.to_string_lossy());
            let verify = ["dgst", "-sha256", "-verify", &public, "-signature", &signature_file];
            let verified = openssl(&verify, &message);
            assert!(verified.well, "key {} by {mechanism}: {}", key.id, verified.text);
            let other = openssl(&verify, &digest_info);
            assert!(!other.well, "a signature over something else verifies: {}", other.text);
            signatures.push(fs::read(&signature).expect("written"));
        }
        assert_eq!(signatures[0], signatures[1], "PKCS#1 v1.5 is deterministic");
        assert_eq!(signatures[0].len(), 256);
    }
    assert_eq!(tries(&town), ["3", "5"], "right PINs cost nothing");
    town.stack.stop().await;
}

/// The counter, a wrong PIN, a blocked one; the password beside it is not concerned, and the other way round.
#[tokio::test(flavor = "multi_thread")]
async fn opensc_sees_each_wrong_pin_cost_one_try_until_it_is_blocked() {
    let town = Town::usual().await;
    let list = |key: &Key, secret: &str| {
        run(
            &town,
            "pkcs11-tool",
            &["--slot-index", key.slot_index, "--login", "--pin", secret, "--list-objects"],
        )
    };
    let [auth, sign] = keys(&town);
    let wrong = list(&auth, "0000");
    assert!(!wrong.well && wrong.text.contains("CKR_PIN_INCORRECT"), "{}", wrong.text);
    assert_eq!(tries(&town), ["2", "5"]);
    assert!(list(&auth, TEST_PIN).well, "the right one resets the counter");
    assert_eq!(tries(&town), ["3", "5"]);
    let wrong = list(&sign, "XYZ999");
    assert!(!wrong.well && wrong.text.contains("CKR_PIN_INCORRECT"), "{}", wrong.text);
    assert_eq!(tries(&town), ["3", "4"]);
    for (left, flag) in [("2", ""), ("1", "final user PIN try"), ("0", "user PIN locked")] {
        assert!(!list(&auth, "0000").well);
        assert_eq!(tries(&town), [left, "4"]);
        let slots = well(&town, "pkcs11-tool", &["--list-token-slots"]);
        assert!(slots.contains(flag), "{flag}: {slots}");
    }
    assert!(!list(&auth, TEST_PIN).well, "a blocked PIN does not even take the right digits");
    assert_eq!(tries(&town), ["0", "4"]);
    assert!(list(&sign, &sign.secret).well, "the password is not blocked with it");
    assert_eq!(tries(&town), ["0", "5"]);
    town.stack.stop().await;
}

/// Tries left by OpenSC: PIN, then password.
fn tries(town: &Town) -> Vec<String> {
    let pins = well(town, "pkcs15-tool", &["--list-pins"]);
    let left = pins.lines().filter_map(|line| line.trim().strip_prefix("Tries left     : "));
    left.map(str::to_owned).collect()
}

fn send<'a>(apdus: &[&'a str]) -> Vec<&'a str> {
    apdus.iter().flat_map(|apdu| ["--send-apdu", apdu]).collect()
}

/// Runs a program of OpenSC against the town's reader; it must be content.
fn well(town: &Town, program: &str, args: &[&str]) -> String {
    let said = run(town, program, args);
    assert!(said.well, "{program} {args:?}: {}", said.text);
    said.text
}

/// The same, whatever it says; OpenSC missing is a failure.
fn run(town: &Town, program: &str, args: &[&str]) -> Said {
    let mut command = Command::new(program);
    command.args(args).env("PCSCLITE_CSOCK_NAME", town.socket());
    said(&mut command)
}

fn openssl(args: &[&str], file: &std::path::Path) -> Said {
    said(Command::new("openssl").args(args).arg(file))
}

fn said(command: &mut Command) -> Said {
    let output = command.stdin(Stdio::null()).output().expect("installed by script/setup test");
    let text = [output.stdout, output.stderr].concat();
    Said { well: output.status.success(), text: String::from_utf8_lossy(&text).into_owned() }
}

const SELECT_JPKI: &str = "00A4040C0AD392F000260100000001";
const SELECT_SIGN_CERTIFICATE: &str = "00A4020C020001";
const SELECT_AUTH_KEY: &str = "00A4020C020017";
const SELECT_SIGN_KEY: &str = "00A4020C02001A";
const READ: &str = "00B0000004";
/// Three octets to sign, whatever they are.
const SIGN: &str = "802A00800301020300";
/// RFC 8017 section 9.2, note 1.
const SHA256_DIGEST_INFO: &[u8] = &[
    0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00,
    0x04, 0x20,
];
