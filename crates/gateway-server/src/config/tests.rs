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
    assert!(config.database.is_absolute() && config.database.ends_with("madoguchi.sqlite3"));
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
        ("sources = \"crl\"", "sources = \"none\"", "unknown variant `none`"),
        (
            "http://127.0.0.1:24811/callback",
            "http://service.example/callback",
            "municipality.midori.client.kosodate",
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
