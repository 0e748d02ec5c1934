//! What is done, what is told, and what is kept of it.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use madoguchi_protocol::sha256;
use madoguchi_storage::AuditKind;
use madoguchi_tests::gateway::ServiceKey;
use serde_json::{Value, json};

use super::world::{KOSODATE, LEAST, MIDORI, World};

fn text(value: &Value) -> String {
    value.as_str().expect("text").to_owned()
}

fn named(command: &str, client_id: &str) -> Vec<String> {
    ["clients", command, "--municipality", MIDORI, client_id].map(str::to_owned).to_vec()
}

fn order<'a>(command: &'a [String], more: &[&'a str]) -> Vec<&'a str> {
    command.iter().map(String::as_str).chain(more.iter().copied()).collect()
}

/// RFC 6749: the secret is told once, and what is kept is its hash. Nothing afterwards shows either.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_is_added_and_its_secret_shown_once() {
    let world = World::new();
    let told = world.add(&["--name-en", "Library", "--purpose", "本の予約", "--operator", "tanaka"]);
    assert_eq!(
        (&told["municipality"], &told["issuer"], &told["profile"], &told["token_endpoint_auth_method"]),
        (&json!(MIDORI), &json!("http://localhost:24810"), &json!("standard"), &json!("client_secret_basic"))
    );
    let (id, secret) = (text(&told["client_id"]), text(&told["client_secret"]));
    assert_eq!((id.len(), secret.len()), (20, 43));
    let stored = world.stored(&id).await;
    let json = serde_json::to_string(&stored.registration).expect("JSON");
    let hash = URL_SAFE_NO_PAD.encode(sha256(secret.as_bytes()).0);
    assert!(json.contains(&hash) && !json.contains(&secret));
    assert_eq!(stored.registration.purpose.ja, "本の予約");

    let show = named("show", &id);
    let shown = world.json(&order(&show, &[])).to_string();
    let printed = world.text(&order(&show, &[]));
    let listed = world.text(&["clients", "list"]);
    for output in [&shown, &printed, &listed] {
        assert!(output.contains(&id) && !output.contains(&secret) && !output.contains(&hash), "{output}");
    }
    assert!(shown.contains("Library"));
    assert!(
        printed.lines().chain(listed.lines()).all(|line| line.chars().count() <= 80),
        "{printed}{listed}"
    );

    let log = world.log(MIDORI).await;
    assert_eq!((log.len(), log[0].kind, log[0].client_id.as_ref()), (1, AuditKind::ClientAdded, Some(&id)));
    let who = log[0].evidence.clone().expect("who");
    assert!(who.contains("tanaka, as ") && who.contains("uid") && !who.contains(&secret), "{who}");
}

#[test]
fn a_secret_is_printed_for_people_too() {
    let world = World::new();
    let printed = world.text(&[&["clients", "add"], &LEAST[..]].concat());
    let secret = printed.lines().find_map(|line| line.strip_prefix("client_secret")).expect("a secret");
    assert_eq!(secret.trim().len(), 43);
    assert!(printed.contains("shown this once"), "{printed}");
    // Beside the id: whoever reads three lines has both.
    let fourth = printed.lines().nth(3).expect("lines");
    assert!(fourth.starts_with("client_secret"), "{printed}");
}

/// openssl ecparam -name prime256v1 -genkey | openssl pkey -pubout
const PUBLIC_KEY: &str = "-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAETjxVEH+sziIVtiNJXIyD/KS4lVXd
tucPZPsCtxAm0hsUasWyTbKFQnjBgU+eAtKF+n8UIzZBAksyH+jW/YxOdg==
-----END PUBLIC KEY-----
";

/// What `openssl` writes becomes what `--jwks` takes; no configuration is needed for it.
#[test]
fn a_public_key_in_pem_becomes_a_jwk() {
    let world = World::new();
    let file = world.file("public.pem", PUBLIC_KEY);
    let jwk = |more: &[&str]| -> std::process::Output {
        std::process::Command::new(madoguchi_tests::verify::program())
            .args(["clients", "jwk"])
            .args(more)
            .output()
            .expect("madoguchi runs")
    };
    let made = jwk(&[&file]);
    assert!(made.status.success(), "{made:?}");
    let key: Value = serde_json::from_slice(&made.stdout).expect("JSON");
    assert_eq!(
        (&key["kty"], &key["crv"], &key["kid"]),
        (&json!("EC"), &json!("P-256"), &json!("cBiGV1JqUIisCMQbvvfZacqr9cfU_qfN9W-tSLgvpI8"))
    );
    let set = world.file("key.json", &key.to_string());
    let client = world.add(&["--profile", "fapi2", "--jwks", &set]);
    assert_eq!(client["jwks"]["keys"][0], key);
    let named: Value = serde_json::from_slice(&jwk(&[&file, "--kid", "a"]).stdout).expect("JSON");
    assert_eq!((&named["kid"], &named["x"]), (&json!("a"), &key["x"]));
    let private = world.file("private.pem", &PUBLIC_KEY.replace("PUBLIC", "PRIVATE"));
    let twice = world.file("twice.pem", &PUBLIC_KEY.repeat(2));
    for (file, says) in [(private, "a private key"), (twice, "exactly one"), (set, "exactly one")] {
        let refused = jwk(&[&file]);
        assert_eq!(refused.status.code(), Some(1), "{refused:?}");
        assert!(String::from_utf8_lossy(&refused.stderr).contains(says), "{refused:?}");
    }
}

/// Who is told that a client cannot work yet: the operator, now.
#[test]
fn a_missing_signing_key_is_told_at_once() {
    let world = World::new();
    let file = world.file("key.json", &ServiceKey::generate().jwk().to_string());
    let more = ["--profile", "fapi2", "--jwks", &file, "--alg", "PS256"];
    let client = world.add(&more);
    assert_eq!(client["signing_key"], false);
    let id = text(&client["client_id"]);
    let printed = world.text(&[&["clients", "add"], &LEAST[..], &more].concat());
    let command = "\n  madoguchi keys new --municipality midori --alg PS256\n";
    assert!(
        printed.contains("It does not work yet: midori has no PS256 key") && printed.contains(command),
        "{printed}"
    );
    world.json(&["keys", "new", "--municipality", MIDORI, "--alg", "PS256"]);
    assert_eq!(world.add(&more)["signing_key"], true);
    let changed = world.json(&order(&named("change", &id), &["--alg", "ES256"]));
    assert_eq!(changed["signing_key"], false, "no gateway has run here: {changed}");
    let changed = world.json(&order(&named("change", &id), &["--alg", "PS256"]));
    assert_eq!(changed["signing_key"], true);
    let printed = world.text(&[&["clients", "add"], &LEAST[..], &more].concat());
    assert!(!printed.contains("does not work yet"), "{printed}");
}

/// An order given twice makes two clients, and says so; an address given twice is one.
#[test]
fn twins_are_told() {
    let world = World::new();
    let first = world.add(&[]);
    assert_eq!(first["same_name_and_redirect_uri"], json!([]));
    let second = world.add(&["--redirect-uri", LEAST[5]]);
    assert_eq!(second["same_name_and_redirect_uri"], json!([first["client_id"]]));
    assert_eq!(second["redirect_uris"], json!([LEAST[5]]));
    let printed = world.text(&[&["clients", "add"], &LEAST[..]].concat());
    assert_eq!(printed.matches("has the same name and redirect URI").count(), 2, "{printed}");
    let listed = world.text(&["clients", "list"]);
    assert!(listed.contains("図書館, tosho.example\n"), "{listed}");
}

/// Registered, and nobody has read the secret: what to do is told.
#[test]
fn a_secret_that_cannot_be_written_is_not_lost_silently() {
    let world = World::new();
    let id = text(&world.add(&[])["client_id"]);
    let add = [&["clients", "add", "--id", "s1"], &LEAST[..]].concat();
    let rotate = named("rotate-secret", &id);
    let token = ["clients", "registration-token", "new", "--municipality", MIDORI];
    for (arguments, done, again) in [
        (
            &add[..],
            "client s1 is registered, but its secret could not be written",
            "rotate-secret --municipality midori s1",
        ),
        (
            &order(&rotate, &[]),
            "has a new secret, but",
            &*format!("rotate-secret --municipality midori {id}"),
        ),
        (&token, "a token was made, but", "registration-token new --municipality midori"),
    ] {
        let full = std::fs::File::options().write(true).open("/dev/full").expect("/dev/full");
        let output = std::process::Command::new(madoguchi_tests::verify::program())
            .args(arguments)
            .arg("--config")
            .arg(world.folder.path().join("madoguchi.toml"))
            .stdout(full)
            .output()
            .expect("madoguchi runs");
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let told = String::from_utf8(output.stderr).expect("UTF-8");
        let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(told.contains(done) && told.contains(again) && told.contains("No space left"), "{told}");
    }
    let s1 = named("show", "s1");
    assert_eq!(world.json(&order(&s1, &[]))["client_id"], "s1");
}

/// Each is refused by what is wrong with it, and nothing is written.
#[test]
fn what_cannot_be_registered_is_refused_by_name() {
    let world = World::new();
    let private = r#"{"kty":"EC","crv":"P-256","d":"AA","x":"AA","y":"AA"}"#;
    let private = world.file("private.json", private);
    let pem = world.file("public.pem", PUBLIC_KEY);
    let missing = world.folder.path().join("missing.json").to_str().expect("UTF-8").to_owned();
    let long = "あ".repeat(121);
    for (code, more, says) in [
        // What the command line alone says is 2, and the option is named.
        (
            2,
            &["--redirect-uri", "http://tosho.example/"][..],
            "'--redirect-uri <URI>': plain http is accepted only",
        ),
        (
            2,
            &["--backchannel-logout-uri", "http://tosho.example/"],
            "'--backchannel-logout-uri <URI>': plain http is accepted only for",
        ),
        (2, &["--post-logout-redirect-uri", ""], "'--post-logout-redirect-uri <URI>'"),
        (2, &["--name-en", "a\u{202e}b"], "'--name-en <TEXT>': character U+202E may not be shown"),
        (2, &["--purpose", ""], "'--purpose <TEXT>'"),
        (2, &["--purpose", &long], "'--purpose <TEXT>': a text has at most 120 characters, this one has 121"),
        (2, &["--redirect-uri", "https://other.example/"], "name a sector"),
        (
            2,
            &["--profile", "fapi2", "--auth", "client_secret_basic"],
            "does not authenticate by client_secret_basic",
        ),
        (
            2,
            &["--profile", "fapi2"],
            "profile fapi2 authenticates by keys: give the service's public keys with --jwks FILE",
        ),
        (2, &["--profile", "da-compat"], "profile da-compat authenticates by keys"),
        (2, &["--profile", "fapi2", "--auth", "none"], "does not authenticate by none"),
        (2, &["--auth", "client_secret_post"], "does not authenticate by client_secret_post"),
        (2, &["--danger-pkce-lifted"], "PKCE cannot be lifted"),
        (2, &["--auth", "none", "--require-pushed"], "a public client cannot"),
        (2, &["--alg", "PS256"], "not signed with PS256"),
        (2, &["--id", "a b"], "a client id is 1 to 255"),
        (2, &["--sector", "https://tosho.example"], "a host name in lower case"),
        (
            2,
            &["--auth", "private_key_jwt"],
            "private_key_jwt needs the service's public keys with --jwks FILE",
        ),
        (2, &["--danger-token-endpoint-audience"], "go with private_key_jwt"),
        (2, &["--profile", "strict"], "possible values: standard, fapi2, da-compat, basic"),
        (2, &["--auth", "client_secret_jwt"], "possible values:"),
        // What a file or the register says is 1.
        (1, &["--jwks", &private], "private part"),
        (1, &["--jwks", &pem], "clients jwk"),
        (1, &["--jwks", &missing], "missing.json cannot be read"),
        (1, &["--id", KOSODATE], "an id is never given twice"),
        (
            1,
            &["--redirect-uri", "http://localhost:24810/", "--sector", "a.example"],
            "the gateway's own origin",
        ),
    ] {
        let told = world.refusal(code, &[&["clients", "add"], &LEAST[..], more].concat());
        assert!(told.contains(says), "{more:?}: {told}");
    }
    let elsewhere = ["--municipality", "hinata", "--name", "a", "--redirect-uri", "https://a.example/"];
    let told = world.refusal(1, &[&["clients", "add"], &elsewhere[..]].concat());
    assert!(told.contains("no municipality hinata"), "{told}");
    let listed = world.json(&["clients", "list"]);
    assert_eq!(listed["clients"].as_array().map(Vec::len), Some(1), "the one of the file: {listed}");
}

#[test]
fn each_profile_has_its_client() {
    let world = World::new();
    let one = world.file("one.json", &ServiceKey::generate().jwk().to_string());
    let set = json!({ "keys": [ServiceKey::generate().jwk()] }).to_string();
    let set = world.file("set.json", &set);
    let fapi2 = world.add(&["--profile", "fapi2", "--jwks", &one]);
    assert_eq!(fapi2["require_pushed_authorization_requests"], true);
    assert_eq!(
        (&fapi2["dpop_bound_access_tokens"], &fapi2["id_token_signed_response_alg"]),
        (&json!(true), &json!("ES256"))
    );
    assert_eq!(fapi2.get("client_secret"), None);
    let tolerant = ["--profile", "da-compat", "--jwks", &set, "--danger-token-endpoint-audience"];
    let compat = world.add(&tolerant);
    assert_eq!(
        (&compat["token_endpoint_audience"], &compat["id_token_signed_response_alg"]),
        (&json!(true), &json!("RS256"))
    );
    let basic = world.add(&["--profile", "basic", "--auth", "client_secret_post", "--danger-pkce-lifted"]);
    assert_eq!(
        (&basic["pkce_lifted"], &basic["token_endpoint_auth_method"]),
        (&json!(true), &json!("client_secret_post"))
    );
    let public = world.add(&["--auth", "none", "--id", "app", "--sector", "midori.example"]);
    assert_eq!((&public["client_id"], &public["sector"]), (&json!("app"), &json!("midori.example")));
    let id = text(&compat["client_id"]);
    let shown = world.text(&order(&named("show", &id), &[]));
    assert!(shown.contains("DANGER"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_is_disabled_enabled_and_removed_for_good() {
    let world = World::new();
    let id = text(&world.add(&[])["client_id"]);
    for (command, disabled) in [("disable", true), ("disable", true), ("enable", false), ("enable", false)] {
        assert_eq!(world.json(&order(&named(command, &id), &[]))["disabled"], disabled);
        assert_eq!(world.stored(&id).await.registration.client.disabled, disabled);
    }
    assert_eq!(world.json(&order(&named("remove", &id), &[]))["removed"], true);
    for command in ["show", "disable", "remove", "rotate-secret"] {
        let told = world.refusal(1, &order(&named(command, &id), &[]));
        assert!(told.contains(&format!("midori has no client {id}")), "{told}");
    }
    let again = world.refusal(1, &[&["clients", "add"], &LEAST[..], &["--id", &id]].concat());
    assert!(again.contains("an id is never given twice"), "{again}");
    let kinds: Vec<_> = world.log(MIDORI).await.iter().map(|record| record.kind).collect();
    // What was so already is not ordered twice.
    assert_eq!(
        kinds,
        [
            AuditKind::ClientAdded,
            AuditKind::ClientDisabled,
            AuditKind::ClientEnabled,
            AuditKind::ClientRemoved
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_rotated_with_the_overlap_that_is_named() {
    let world = World::new();
    let added = world.add(&[]);
    let (id, first) = (text(&added["client_id"]), text(&added["client_secret"]));
    let rotate = named("rotate-secret", &id);
    let at_once = world.json(&order(&rotate, &[]));
    let second = text(&at_once["client_secret"]);
    assert_ne!(second, first);
    assert_eq!(at_once["old_secret_until"], Value::Null);
    let json = serde_json::to_string(&world.stored(&id).await.registration).expect("JSON");
    let hash = |secret: &str| URL_SAFE_NO_PAD.encode(sha256(secret.as_bytes()).0);
    assert!(json.contains(&hash(&second)) && !json.contains(&hash(&first)), "{json}");
    let later = world.json(&order(&rotate, &["--overlap-hours", "2"]));
    assert!(later["old_secret_until"].as_str().is_some_and(|until| until.ends_with('Z')), "{later}");
    let json = serde_json::to_string(&world.stored(&id).await.registration).expect("JSON");
    assert!(json.contains(&hash(&second)) && json.contains(&hash(&text(&later["client_secret"]))), "{json}");
    let show = named("show", &id);
    let until = &later["old_secret_until"];
    assert_eq!(
        (&world.json(&order(&show, &[]))["old_secret_until"], &later["issuer"]),
        (until, &added["issuer"])
    );
    let shown = world.text(&order(&show, &[]));
    assert!(shown.contains(&format!("old secret ends  {}", text(until))), "{shown}");
    for hours in ["0", "721", "x"] {
        world.refusal(2, &order(&rotate, &["--overlap-hours", hours]));
    }
    let public = text(&world.add(&["--auth", "none"])["client_id"]);
    let told = world.refusal(1, &order(&named("rotate-secret", &public), &[]));
    assert!(told.contains("authenticates by none and has no secret"), "{told}");
}

/// CVE-2026-18573: what a client becomes is checked as what a new one is.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_checked_as_a_registration_is() {
    let world = World::new();
    let (old, new) = (ServiceKey::generate(), ServiceKey::generate());
    let file = world.file("old.json", &old.jwk().to_string());
    let id = text(&world.add(&["--profile", "fapi2", "--jwks", &file])["client_id"]);
    let change = named("change", &id);
    let mut both = [old.jwk(), new.jwk()];
    both[0]["kid"] = json!("old");
    both[1]["kid"] = json!("new");
    let file = world.file("both.json", &json!({ "keys": both }).to_string());
    let uris = ["--redirect-uri", "https://tosho.example/a", "--redirect-uri", "https://tosho.example/b"];
    let more = ["--jwks", &file, "--post-logout-redirect-uri", "https://tosho.example/bye"];
    let told = world.json(&order(&change, &[&uris[..], &more].concat()));
    assert_eq!(told["redirect_uris"], json!(["https://tosho.example/a", "https://tosho.example/b"]));
    assert_eq!(told["post_logout_redirect_uris"], json!(["https://tosho.example/bye"]));
    assert_eq!(told["jwks"]["keys"].as_array().map(Vec::len), Some(2));
    assert_eq!(told["name"]["ja"], "図書館", "what is not named stays");
    let mut rs256 =
        json!({ "kty": "RSA", "e": "AQAB", "n": format!("{}w", "_".repeat(341)), "alg": "RS256" });
    rs256["kid"] = json!("rsa");
    let file = world.file("rs256.json", &rs256.to_string());
    let before = world.stored(&id).await;
    for (code, more, says) in [
        (1, &["--jwks", &file][..], "does not sign with RS256"),
        (1, &["--alg", "RS256"], "not signed with RS256"),
        (2, &["--redirect-uri", "http://tosho.example/"], "plain http"),
        (2, &["--backchannel-logout-uri", "ftp://tosho.example/"], "the scheme must be https"),
        (2, &["--backchannel-logout-uri", more[3], "--no-backchannel-logout-uri"], "cannot be used with"),
        (2, &["--name", "a\u{202e}b"], "may not be shown"),
        (1, &["--redirect-uri", "https://other.example/"], "with --sector tosho.example it keeps their sub"),
        (2, &["--name-en", "Library"], "--name <TEXT>"),
        (2, &["--profile", "standard"], "'--profile [<PROFILE>]': it is fixed at registration"),
        (2, &["--require-dpop"], "it is fixed at registration"),
        (2, &["--refresh"], "it is fixed at registration"),
        (2, &[], "nothing is named that should be changed"),
    ] {
        let told = world.refusal(code, &order(&change, more));
        assert!(told.contains(says), "{more:?}: {told}");
    }
    assert_eq!(world.stored(&id).await, before);
    // What is so already is done, and not audited again.
    world.json(&order(&change, &["--name", "図書館"]));
    assert_eq!(world.stored(&id).await, before);
    let log = world.log(MIDORI).await;
    assert_eq!(log.last().expect("a record").kind, AuditKind::ClientChanged);
    assert_eq!(log.len(), 2);
}

/// What was registered once can be taken away again.
#[test]
fn addresses_are_taken_away() {
    let world = World::new();
    let bye = ["--post-logout-redirect-uri", "https://tosho.example/bye"];
    let told = ["--backchannel-logout-uri", "https://tosho.example/logout"];
    let added = world.add(&[&bye[..], &told].concat());
    assert_eq!(added["backchannel_logout_uri"], told[1]);
    let change = named("change", &text(&added["client_id"]));
    let without = world.json(&order(&change, &["--no-backchannel-logout-uri"]));
    assert_eq!(
        (&without["backchannel_logout_uri"], &without["post_logout_redirect_uris"]),
        (&Value::Null, &json!([bye[1]]))
    );
    let without = world.json(&order(&change, &["--no-post-logout-redirect-uri"]));
    assert_eq!(without["post_logout_redirect_uris"], json!([]));
}

/// The file is the operator's to edit; a command that only looks makes no database.
#[test]
fn clients_of_the_file_are_shown_and_left_alone() {
    let world = World::new();
    let show = named("show", KOSODATE);
    let shown = world.json(&order(&show, &[]));
    assert_eq!(
        (&shown["registered_in"], &shown["issuer"]),
        (&json!("configuration file"), &json!("http://localhost:24810"))
    );
    assert!(world.text(&["clients", "list"]).contains("configuration file"));
    for command in ["disable", "enable", "remove", "rotate-secret"] {
        let told = world.refusal(1, &order(&named(command, KOSODATE), &[]));
        assert!(told.contains("is in the configuration file; change it there"), "{told}");
    }
    world.refusal(1, &order(&named("disable", "nobody"), &[]));
    assert!(!world.has_database());
    world.add(&[]);
    assert!(world.has_database());
    assert_eq!(world.json(&["clients", "list"])["clients"].as_array().map(Vec::len), Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registration_token_is_shown_once() {
    let world = World::new();
    let new = ["clients", "registration-token", "new", "--municipality", MIDORI, "--profile", "fapi2"];
    let told = world.json(&new);
    assert_eq!(told["registration_endpoint"], "http://localhost:24810/register");
    assert_eq!((&told["profile"], &told["dynamic_registration"]), (&json!("fapi2"), &json!(false)));
    assert_eq!(text(&told["initial_access_token"]).len(), 43);
    assert!(world.text(&new).contains("It does not work yet"));
    let log = world.log(MIDORI).await;
    assert!(log.iter().all(|record| record.kind == AuditKind::RegistrationTokenMade));
    let evidence: String = log.into_iter().filter_map(|record| record.evidence).collect();
    assert!(evidence.contains("fapi2") && !evidence.contains(&text(&told["initial_access_token"])));
}
