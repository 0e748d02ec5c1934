use std::fs;
use std::time::Duration;

use super::*;

const GOOD: &str = r#"
listen = "127.0.0.1:24810"
database = "madoguchi.sqlite3"
kek_file = "kek"
[trust]
anchors = ["auth-ca.der"]
danger_test_trust = true
policies = ["2.25.1"]
[revocation]
sources = "crl"
crl_dir = "crl"
[[municipality]]
id = "midori"
origin = "http://localhost:24810"
name = { ja = "みどり市", en = "Midori City" }
[[municipality.client]]
id = "kosodate"
redirect_uris = ["http://127.0.0.1:24811/callback"]
authentication = "none"
service = { ja = "子育て手続き" }
purpose = { ja = "サインイン" }
"#;

fn read(text: &str) -> Result<Config, ServerError> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("madoguchi.toml");
    fs::write(&path, text).expect("written");
    Config::read(&path)
}

fn error(text: &str) -> String {
    read(text).expect_err("refused").to_string()
}

#[test]
fn paths_are_relative_to_the_file() {
    let config = read(GOOD).expect("a good configuration");
    assert!(
        config.database.file().is_some_and(|file| file.is_absolute() && file.ends_with("madoguchi.sqlite3"))
    );
    assert!(config.trust.anchors[0].is_absolute());
    assert_eq!(config.agent_ports, AGENT_PORTS);
}

#[test]
fn what_cannot_work_is_refused_by_name() {
    for (from, to, says) in [
        ("127.0.0.1:24810\"\ndatabase", "0.0.0.0:24810\"\ndatabase", "listen: without [tls]"),
        ("http://localhost:24810", "http://127.0.0.1:24810", "write http://localhost:PORT"),
        ("http://localhost:24810", "http://localhost:24810/", "write http://localhost:24810"),
        ("danger_test_trust = true", "", "needs danger_test_trust"),
        (
            "policies = [\"2.25.1\"]",
            "danger_any_policy = true\npolicies = [\"2.25.1\"]",
            "either policies or",
        ),
        (
            "danger_test_trust = true\npolicies = [\"2.25.1\"]",
            "danger_any_policy = true",
            "only together with",
        ),
        ("[\"auth-ca.der\"]", "[]", "trust.anchors: at least one"),
        ("crl_dir = \"crl\"", "", "the check cannot be skipped"),
        ("crl_dir = \"crl\"", "crl_dir = \"crl\"\nmax_age_hours = 0", "revocation.max_age_hours: at least 1"),
        (
            "crl_dir = \"crl\"",
            "crl_dir = \"crl\"\nstate_dir = \"./crl\"",
            "revocation.state_dir: another folder",
        ),
        (
            "crl_dir = \"crl\"",
            "crl_dir = \"crl\"\nstate_dir = \"crl/absent/state\"",
            "revocation.state_dir: another folder",
        ),
        (
            "crl_dir = \"crl\"",
            "crl_dir = \"absent/state/drop\"\nstate_dir = \"absent/state\"",
            "revocation.state_dir: another folder",
        ),
        (
            "[[municipality]]",
            "[operations]\nlisten = \"127.0.0.1:24810\"\n[[municipality]]",
            "operations.listen: another port",
        ),
        ("sources = \"crl\"", "sources = \"none\"", "unknown variant `none`"),
        (
            "http://127.0.0.1:24811/callback",
            "http://service.example/callback",
            "municipality.midori.client.kosodate",
        ),
        (
            "http://127.0.0.1:24811/callback",
            "http://localhost:24810/callback",
            "municipality.midori.client.kosodate: URI http://localhost:24810/callback: that is the gateway's own origin",
        ),
        (
            "authentication = \"none\"",
            "authentication = \"none\"\nbackchannel_logout_uri = \"https://169.254.169.254/\"",
            "URI https://169.254.169.254/: the gateway connects to it by itself",
        ),
        ("子育て手続き", "子育て\u{202e}手続き", "a text cannot be shown"),
        ("id = \"midori\"", "id = \"Midori\"", "1 to 40 of a-z"),
        ("kek_file", "kekfile", "unknown field `kekfile`"),
    ] {
        let text = GOOD.replace(from, to);
        assert_ne!(text, GOOD, "{from}");
        let error = error(&text);
        assert!(error.contains(says), "{from}: {error}");
    }
}

/// A service that is told of a logout beside the gateway is on the computer that the municipality is on.
#[test]
fn where_services_are_told() {
    let told_at = |uri: &str| {
        let with = format!("authentication = \"none\"\nbackchannel_logout_uri = \"{uri}\"");
        GOOD.replace("authentication = \"none\"", &with)
    };
    assert!(read(&told_at("http://127.0.0.1:24811/logout")).is_ok());
    let elsewhere = |text: String| {
        text.replace("origin = \"http://localhost:24810\"", "origin = \"https://midori.example\"")
    };
    assert!(
        error(&elsewhere(told_at("http://127.0.0.1:24811/logout"))).contains("backchannel_private_networks")
    );
    let allowed = |text: String| format!("backchannel_private_networks = true\n{text}");
    assert!(read(&allowed(elsewhere(told_at("http://127.0.0.1:24811/logout")))).is_ok());
    assert!(read(&allowed(elsewhere(told_at("https://intranet/logout")))).is_ok());
}

#[test]
fn two_listeners_meet_on_one_port_of_one_host() {
    let meet =
        |one: &str, other: &str| meet(one.parse().expect("an address"), other.parse().expect("an address"));
    assert!(meet("127.0.0.1:1", "127.0.0.1:1") && meet("0.0.0.0:1", "127.0.0.1:1"));
    assert!(!meet("127.0.0.1:1", "127.0.0.1:2") && !meet("127.0.0.1:1", "127.0.0.2:1"));
    assert!(!meet("127.0.0.1:0", "127.0.0.1:0"), "the system gives each a port of its own");
}

const OCSP: &str =
    "sources = \"both\"\ncrl_dir = \"crl\"\n[[revocation.ocsp]]\nurl = \"http://ocsp.example.jp/\"";

fn with_ocsp(more: &str) -> String {
    GOOD.replace("sources = \"crl\"\ncrl_dir = \"crl\"", &format!("{OCSP}{more}"))
}

#[test]
fn a_responder_needs_no_more_than_its_address() {
    let config = read(&with_ocsp("")).expect("a good configuration");
    let responder = &config.revocation.ocsp[0];
    assert_eq!(responder.url.as_str(), "http://ocsp.example.jp/");
    assert_eq!((responder.method, responder.nonce), (MethodConfig::Post, NonceConfig::Prefer));
    assert_eq!((responder.max_age_minutes, responder.reuse_seconds), (1440, 300));
    assert_eq!(config.revocation.sources, SourcesConfig::Both);
    let alone = with_ocsp("").replace("\"both\"\ncrl_dir = \"crl\"", "\"ocsp\"");
    assert!(!read(&alone).expect("OCSP alone").revocation.has_lists());
}

#[test]
fn what_cannot_work_with_ocsp_is_refused_by_name() {
    for (text, says) in [
        (with_ocsp("").replace("\"both\"", "\"crl\""), "revocation.sources: write \"both\" or \"ocsp\""),
        (GOOD.replace("\"crl\"\ncrl_dir", "\"both\"\ncrl_dir"), "write [[revocation.ocsp]] with the url"),
        (
            with_ocsp("").replace("crl_dir = \"crl\"\n", ""),
            "write crl_dir, crl_files or [[revocation.crl_url]]",
        ),
        (with_ocsp("\nmax_age_minutes = 0"), "revocation.ocsp.max_age_minutes: at least 1"),
        (with_ocsp("\nmethod = \"get\""), "revocation.ocsp.method: \"get\" is for answers"),
        (with_ocsp("\nnonce = \"maybe\""), "unknown variant `maybe`"),
        (with_ocsp("").replace("http://ocsp", "ldap://ocsp"), "write http://HOST[:PORT]/PATH"),
        (with_ocsp("").replace("jp/", "jp/?a=b"), "revocation.ocsp.url: a responder's address has no query"),
        (with_ocsp("").replace("//ocsp", "//me:secret@ocsp"), "without user and password"),
        (
            format!("{GOOD}\n[operations]\nlisten = \"0.0.0.0:9000\""),
            "operations.listen: only a loopback address",
        ),
    ] {
        let error = error(&text);
        assert!(error.contains(says), "{says}: {error}");
    }
    read(&with_ocsp("\nmethod = \"get\"\nnonce = \"none\"")).expect("GET without a nonce");
    read(&format!("{GOOD}\n[operations]\nlisten = \"127.0.0.1:9000\"")).expect("a loopback address");
}

fn with_limits(more: &str) -> String {
    with_ocsp(&format!("\n[revocation.ocsp_limits]\n{more}"))
}

#[test]
fn the_limits_of_asking_are_those_that_are_written_and_the_usual_ones() {
    let limits = |text: &str| read(text).expect("a good configuration").revocation.ocsp_limits;
    let usual = limits(&with_ocsp(""));
    assert_eq!((usual.connect_seconds, usual.answer_seconds, usual.question_seconds), (3, 3, 10));
    assert_eq!((usual.failures_to_open, usual.open_seconds), (5, 30));
    assert_eq!((usual.retry_percent, usual.retries_saved), (20, 50));
    let all = "connect_seconds = 1\nanswer_seconds = 2\nquestion_seconds = 3\nfailures_to_open = 4\n\
               open_seconds = 5\nretry_percent = 6\nretries_saved = 7";
    let written = crate::ocsp::limits(&limits(&with_limits(all)));
    let seconds = |limit: Duration| limit.as_secs();
    assert_eq!([written.connect, written.answer, written.whole].map(seconds), [1, 2, 3]);
    assert_eq!((written.breaker.failures, seconds(written.breaker.open_for)), (4, 5));
    assert_eq!((written.retries.percent, written.retries.saved), (6, 7));
}

#[test]
fn limits_that_make_no_sense_are_refused_by_name() {
    for (key, least, most) in [
        ("connect_seconds", 1, 9),
        ("answer_seconds", 1, 9),
        ("question_seconds", 6, 12),
        ("failures_to_open", 1, 1000),
        ("open_seconds", 1, 3600),
        ("retry_percent", 1, 100),
        ("retries_saved", 1, 10_000),
    ] {
        let with = |value: i64| {
            let room = if matches!(key, "connect_seconds" | "answer_seconds") {
                "question_seconds = 12\n"
            } else {
                ""
            };
            with_limits(&format!("{room}{key} = {value}"))
        };
        for good in [least, most] {
            read(&with(good)).unwrap_or_else(|wrong| panic!("{key} = {good}: {wrong}"));
        }
        for bad in [0, least - 1, most + 1, -1, i64::MAX] {
            let error = error(&with(bad));
            assert!(
                error.contains("ocsp_limits") || error.contains("invalid value"),
                "{key} = {bad}: {error}"
            );
        }
    }
    let error = error(&with_limits("answer_seconds = 8"));
    assert!(
        error
            .contains("revocation.ocsp_limits.question_seconds: at least connect_seconds and answer_seconds")
    );
}

#[test]
fn cas_of_servers_are_for_addresses_with_https() {
    let ca = "sources = \"crl\"\nhttps_ca = \"servers.pem\"";
    let plain = GOOD.replace("sources = \"crl\"", ca);
    assert!(error(&plain).contains("revocation.https_ca: take it out"));
    let https = plain.replace(
        "[[municipality]]",
        "[[revocation.crl_url]]\nurl = \"https://crl.example.jp/\"\n[[municipality]]",
    );
    let config = read(&https).expect("a good configuration");
    let path = config.revocation.https_ca.clone().expect("a path");
    assert!(path.is_absolute());
    let refused = |content: Option<&str>| {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("servers.pem");
        if let Some(content) = content {
            fs::write(&path, content).expect("written");
        }
        let config = RevocationConfig { https_ca: Some(path), ..config.revocation.clone() };
        crate::https::https_trust(&config).expect_err("refused").to_string()
    };
    for (content, says) in [
        (None, "No such file"),
        (Some(""), "no certificate in PEM"),
        (Some("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), "invalid peer certificate"),
    ] {
        let error = refused(content);
        assert!(error.contains("revocation.https_ca") && error.contains(says), "{error}");
    }
}

#[test]
fn the_state_of_lists_is_beside_the_database_unless_it_is_elsewhere() {
    let config = read(GOOD).expect("a good configuration");
    assert_eq!(
        config.revocation.state_dir,
        config.database.file().map(|file| file.with_file_name("crl-state"))
    );
    let elsewhere = GOOD.replace("crl_dir = \"crl\"", "crl_dir = \"crl\"\nstate_dir = \"/var/lib/x\"");
    let config = read(&elsewhere).expect("a good configuration");
    assert_eq!(config.revocation.state_dir.as_deref(), Some(Path::new("/var/lib/x")));
}

#[test]
fn an_error_of_form_tells_line_and_column() {
    let error = error(&GOOD.replace("listen = ", "listen "));
    assert!(error.contains("line 2"), "{error}");
}

#[test]
fn ids_origins_and_clients_are_unique() {
    let second = GOOD.split("[[municipality]]").nth(1).expect("a municipality");
    let twice = format!("{GOOD}[[municipality]]{second}");
    assert!(error(&twice).contains("its own"));
    let same_origin = twice.replacen("id = \"midori\"", "id = \"aoba\"", 1);
    assert!(error(&same_origin).contains("its own"));
    let client = GOOD.split("[[municipality.client]]").nth(1).expect("a client");
    assert!(error(&format!("{GOOD}[[municipality.client]]{client}")).contains("appears twice"));
}

/// Every key of a client reaches the rules, keys inline among them; what the profile demands need not be written.
#[test]
fn a_client_of_the_file_is_what_its_keys_say() {
    let keys = r#"{ kty = "EC", crv = "P-256", kid = "a", x = "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", y = "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM" }"#;
    let text = GOOD.replace(
        "authentication = \"none\"",
        &format!(
            "authentication = {{ private_key_jwt = {{ jwks = {{ keys = [{keys}] }} }} }}
             profile = \"fapi2\"
             post_logout_redirect_uris = [\"http://127.0.0.1:24811/bye\"]
             backchannel_logout_uri = \"http://127.0.0.1:24811/logout\"
             sector = \"midori.example\"
             id_token_alg = \"PS256\"
             refresh = true
             disabled = true"
        ),
    );
    let config = read(&text).expect("a good configuration");
    let client = config.municipalities[0].services[0].client();
    assert_eq!((client.profile, client.id_token_alg), (Profile::Fapi2, JwsAlg::Ps256));
    assert!(client.require_pushed && client.require_dpop && client.refresh && client.disabled);
    assert_eq!(client.post_logout_redirect_uris, ["http://127.0.0.1:24811/bye"]);
    assert_eq!(client.backchannel_logout_uri.as_deref(), Some("http://127.0.0.1:24811/logout"));
    assert_eq!(client.sector.as_deref(), Some("midori.example"));
    let ClientAuthentication::PrivateKeyJwt(keys) = &client.authentication else { panic!("another method") };
    assert_eq!(keys.jwks.keys()[0].kid(), Some("a"));
    for (from, to, says) in [
        ("id_token_alg = \"PS256\"", "id_token_alg = \"RS256\"", "ID tokens are not signed with RS256"),
        ("refresh = true", "danger_pkce_lifted = true", "PKCE cannot be lifted"),
        ("kid = \"a\"", "kid = \"a\", d = \"AA\"", "private part"),
        ("sector = \"midori.example\"", "sector = \"Midori\"", "a host name in lower case"),
        ("/logout\"", "/logout#a\"", "no fragment"),
        ("id = \"midori\"", "id = \"midori\"\naccent = \"#ffff00\"", "municipality.midori.accent"),
    ] {
        assert!(text.contains(from), "{from}");
        let error = error(&text.replacen(from, to, 1));
        assert!(error.contains(says), "{to}: {error}");
    }
}

/// A file of another kind on one long line fills no terminal, and what is wrong with a file of ours is told whole.
#[test]
fn what_the_parser_repeats_is_cut() {
    let told = error(&format!("{{\"{}\": 1}}", "a".repeat(500)));
    let repeated: Vec<&str> = told.lines().filter(|line| line.contains("aaa")).collect();
    assert_eq!(repeated.len(), 1, "{told}");
    assert!(repeated[0].chars().count() == 80 && repeated[0].ends_with('…'), "{told}");
    let told = error("no_such_key = 1");
    assert!(told.contains("`relink_same_user`") && told.contains("`municipality`"), "{told}");
}
