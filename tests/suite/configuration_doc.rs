//! `docs/configuration.md` against the code: the example is accepted, and every key has its row.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use madoguchi_gateway_server::Config;

use madoguchi_tests::repository;
use madoguchi_tests::town::binaries;

fn page() -> String {
    std::fs::read_to_string(repository().join("docs/configuration.md")).expect("docs/configuration.md")
}

fn example() -> String {
    let page = page();
    let block =
        page.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("the example");
    block.replace("<base64url of SHA-256 of the secret>", &"A".repeat(43))
}

fn read(text: &str) -> Result<Config, String> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("madoguchi.toml");
    std::fs::write(&file, text).expect("written");
    Config::read(&file).map_err(|error| error.to_string())
}

#[test]
fn the_example_is_accepted() {
    read(&example()).expect("the example of the page");
}

/// The parser names the keys that it knows when it meets one that it does not.
#[test]
fn every_key_has_its_row_and_every_row_its_key() {
    let documented: BTreeSet<String> = page()
        .lines()
        .filter(|line| line.starts_with("| `"))
        .flat_map(|line| {
            let keys = line.split('|').nth(1).expect("a first cell").to_owned();
            keys.split(',').map(|key| key.trim().trim_matches('`').to_owned()).collect::<Vec<_>>()
        })
        .collect();
    let mut known = BTreeSet::new();
    for (prefix, table) in [
        ("", ""),
        ("tls.", "[tls]"),
        ("postgresql.", "[postgresql]"),
        ("trust.", "[trust]"),
        ("operations.", "[operations]"),
        ("revocation.", "[revocation]"),
        ("revocation.crl_url.", "[revocation]\n[[revocation.crl_url]]"),
        ("revocation.ocsp.", "[revocation]\n[[revocation.ocsp]]"),
        ("session.", "[session]"),
        ("audit.", "[audit]"),
        ("revocation.ocsp_limits.", "[revocation]\n[revocation.ocsp_limits]"),
        ("sign_in.", "[sign_in]"),
        ("municipality.", "[[municipality]]"),
        ("municipality.client.", "[[municipality]]\n[[municipality.client]]"),
    ] {
        let error = read(&format!("{table}\nno_such_key = 1\n")).expect_err("an unknown key");
        let expected = error.split("expected").nth(1).unwrap_or_else(|| panic!("{table}: {error}"));
        known.extend(expected.split('`').skip(1).step_by(2).map(|key| format!("{prefix}{key}")));
    }
    // Tables, not keys.
    for table in [
        "postgresql",
        "tls",
        "trust",
        "operations",
        "revocation",
        "revocation.crl_url",
        "revocation.ocsp",
        "session",
        "audit",
        "revocation.ocsp_limits",
        "sign_in",
        "municipality",
        "municipality.client",
    ] {
        assert!(known.remove(table), "{table} is not among {known:?}");
    }
    assert_eq!(documented, known);
}

/// `madoguchi config check` on a folder made for it: 0 when everything is there, 1 with what is missing.
#[test]
fn config_check_reads_what_the_file_names() {
    let folder = tempfile::tempdir().expect("a folder");
    let program = |name: &str| binaries().path(name).expect("cargo build --workspace --bins");
    let pki = Command::new(program("madoguchi-test-pki"))
        .args(["init", "--out", "pki"])
        .current_dir(&folder)
        .output()
        .expect("runs");
    assert!(pki.status.success(), "{}", String::from_utf8_lossy(&pki.stderr));
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("written");
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).expect("a mode");
    };
    write("kek", &"A".repeat(43));
    std::fs::create_dir(folder.path().join("empty")).expect("a folder");
    let good = example()
        .replace("[tls]", "[sign_in]")
        .lines()
        .filter(|line| !line.starts_with("certificate = ") && !line.starts_with("key = "))
        .map(|line| if line.starts_with("anchors") { "anchors = [\"pki/auth-ca.der\"]" } else { line })
        .collect::<Vec<_>>()
        .join("\n")
        .replace("crl_dir = \"crl\"", "crl_dir = \"pki/crl\"");
    let check = |text: &str| {
        write("madoguchi.toml", text);
        let output = Command::new(program("madoguchi"))
            .args(["config", "check", "--config", "madoguchi.toml"])
            .current_dir(&folder)
            .output()
            .expect("runs");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    assert_eq!(check(&good), (Some(0), String::new()));
    for (from, to, says) in [
        ("pki/crl", "empty", "no CRL was found"),
        ("pki/auth-ca.der", "pki/none.der", "trust.anchors: "),
        ("madoguchi.sqlite3", "nowhere/madoguchi.sqlite3", "database: the folder "),
        ("kek_file = \"kek\"", "kek_file = \"madoguchi.toml\"", "not the base64url of 32 octets"),
    ] {
        let (status, error) = check(&good.replace(from, to));
        assert!(status == Some(1) && error.contains(says), "{to}: {status:?} {error}");
    }

    // The same of a server's files.
    write("password", "hush7");
    std::fs::copy(folder.path().join("madoguchi.toml"), folder.path().join("readable")).expect("a copy");
    let readable = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(folder.path().join("readable"), readable).expect("a mode");
    let server = |parameters: &str, table: &str| {
        let line = good.lines().find(|line| line.starts_with("database = ")).expect("a database");
        let address = format!("database = \"postgresql://u@db.example/d{parameters}\"");
        check(&format!("{}\n[postgresql]\n{table}\n", good.replace(line, &address)))
    };
    assert_eq!(server("", "password_file = \"password\""), (Some(0), String::new()));
    for (parameters, table, says) in [
        ("", "password_file = \"none\"", "none"),
        ("", "password_file = \"readable\"", "chmod 600"),
        ("", "ca = \"none\"", "postgresql.ca: "),
        ("", "ca = \"password\"", "no certificate"),
        ("?sslrootcert=/nonexistent", "", "database: /nonexistent: "),
        ("?sslmode=disable", "", "database: sslmode=disable"),
    ] {
        let (status, error) = server(parameters, table);
        assert!(status == Some(1) && error.contains(says), "{parameters} {table}: {status:?} {error}");
    }
}
