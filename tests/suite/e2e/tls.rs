//! The gateway's own TLS: browser, agent and service reach it by https.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use madoguchi_demo::{Browser, Child, Hop, Program};
use madoguchi_tests::town::Town;

const CALLBACK: &str = "http://127.0.0.1:9/callback";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_goes_through_the_gateways_own_tls() {
    let mut town = Town::usual().await;
    let folder = town.stack.folder().join("tls");
    fs::create_dir(&folder).expect("a folder");
    make_certificate(&folder);
    let (origin, _gateway) = tls_gateway(&town, &folder).await;
    let (authority, socket) = (folder.join("ca.pem"), town.socket());
    let args = ["--gateway", &origin, "--gateway-ca", authority.to_str().expect("a path")];
    let mut agent = town.other_agent(&args, &socket).await;
    agent.tell(madoguchi_demo::TEST_PIN).await.expect("told");

    town.browser = Browser::trusting(&fs::read(&authority).expect("PEM"));
    let start = town.open(&format!(
        "{origin}/authorize?response_type=code&client_id=probe&redirect_uri=http%3A%2F%2F127.0.0.1%3A9%2Fcallback\
         &scope=openid&state=s&nonce=n&code_challenge={CHALLENGE}&code_challenge_method=S256"
    ));
    let to_agent = town.press(&start);
    let done = town.finish(&to_agent);
    assert!(done.has("#done"), "{}", done.text());
    assert_eq!(done.url().scheme(), "https");
    let Hop::Redirect(answer) = town.hop(&done.link("main a.button").expect("the way on")) else {
        panic!("no redirect to the service")
    };
    assert!(
        answer.url().as_str().starts_with(CALLBACK)
            && answer.url().query().is_some_and(|q| q.contains("code="))
    );
    town.stack.stop().await;
}

/// An agent that does not trust the authority sends nothing: no claim, no card.
#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_does_not_trust_the_gateways_certificate_stops() {
    let mut town = Town::usual().await;
    let folder = town.stack.folder().join("tls");
    fs::create_dir(&folder).expect("a folder");
    make_certificate(&folder);
    let (origin, _gateway) = tls_gateway(&town, &folder).await;
    let socket = town.socket();
    let _agent = town.other_agent(&["--gateway", &origin], &socket).await;
    town.browser = Browser::trusting(&fs::read(folder.join("ca.pem")).expect("PEM"));
    let start = town.open(&format!(
        "{origin}/authorize?response_type=code&client_id=probe&redirect_uri=http%3A%2F%2F127.0.0.1%3A9%2Fcallback\
         &scope=openid&state=s&nonce=n&code_challenge={CHALLENGE}&code_challenge_method=S256"
    ));
    let to_agent = town.press(&start);
    let page = town.finish(&to_agent);
    assert_eq!(madoguchi_tests::town::shown_code(&page), "gateway_unreachable");
    town.stack.stop().await;
}

/// A second gateway with the town's trust, on a port of its own, with TLS.
async fn tls_gateway(town: &Town, folder: &Path) -> (String, Child) {
    let port = madoguchi_demo::Ports::unused().expect("ports").gateway;
    let origin = format!("https://localhost:{port}");
    let pki = town.stack.ready().pki_dir.clone().expect("a PKI");
    let pki = pki.display();
    let policy = fs::read_to_string(town.stack.ready().pki_dir.clone().expect("a PKI").join("policy"))
        .expect("policy");
    let agent = town.ports.agent;
    let config = format!(
        r#"
listen = "127.0.0.1:{port}"
database = "madoguchi.sqlite3"
kek_file = "../kek"
agent_ports = [{agent}]
[tls]
certificate = "server.pem"
key = "server.key"
[trust]
anchors = ["{pki}/auth-ca.der"]
danger_test_trust = true
policies = ["{}"]
[revocation]
sources = "crl"
crl_dir = "{pki}/crl"
[[municipality]]
id = "midori"
origin = "{origin}"
name = {{ ja = "みどり市" }}
[[municipality.client]]
id = "probe"
redirect_uris = ["{CALLBACK}"]
authentication = "none"
service = {{ ja = "試験" }}
purpose = {{ ja = "試験" }}
"#,
        policy.trim()
    );
    let file = folder.join("gateway.toml");
    fs::write(&file, config).expect("written");
    let mut child = Program::new("tls-gateway", town.binary("madoguchi"))
        .args(["serve", "--config"])
        .arg(&file)
        .spawn(folder)
        .expect("starts");
    child.wait_until_ready().await.expect("the gateway is ready");
    (origin, child)
}

/// A certificate for `localhost` of an authority of its own, by openssl.
fn make_certificate(folder: &Path) {
    let openssl = |args: &[&str]| {
        let output = Command::new("openssl")
            .args(args)
            .current_dir(folder)
            .output()
            .expect("openssl is installed: script/setup test");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
    openssl(
        &[
            &[
                "req",
                "-x509",
                "-days",
                "2",
                "-subj",
                "/CN=Test authority",
                "-keyout",
                "ca.key",
                "-out",
                "ca.pem",
            ][..],
            &key,
        ]
        .concat(),
    );
    openssl(
        &[&["req", "-subj", "/CN=localhost", "-keyout", "server.key", "-out", "server.csr"][..], &key]
            .concat(),
    );
    fs::write(folder.join("san"), "subjectAltName=DNS:localhost\nextendedKeyUsage=serverAuth\n")
        .expect("written");
    openssl(&[
        "x509",
        "-req",
        "-in",
        "server.csr",
        "-CA",
        "ca.pem",
        "-CAkey",
        "ca.key",
        "-CAcreateserial",
        "-days",
        "2",
        "-extfile",
        "san",
        "-out",
        "server.pem",
    ]);
    let private = fs::Permissions::from_mode(0o600);
    fs::set_permissions(folder.join("server.key"), private).expect("a mode");
}
