//! Commands beside a gateway that runs.

use std::time::{Duration, Instant};

use madoguchi_tests::http::get;
use serde_json::json;

use super::world::{MIDORI, World};

const HOST: [(&str, &str); 1] = [("host", "localhost:24810")];

fn authorize(address: &str, client_id: &str) -> u16 {
    let url = format!(
        "{address}/authorize?client_id={client_id}&redirect_uri=https%3A%2F%2Ftosho.example%2Fcallback\
         &response_type=code&scope=openid&state=s&nonce=n&code_challenge_method=S256\
         &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    );
    get(&url, &HOST).status().as_u16()
}

/// The gateway is told nothing: it asks for a client that it does not know, and every two seconds what changed.
#[test]
fn a_gateway_follows_what_operators_order() {
    let mut world = World::new();
    let address = world.start();
    assert_eq!(authorize(&address, "tosho"), 400);
    world.add(&["--id", "tosho"]);
    assert_eq!(authorize(&address, "tosho"), 200);
    world.json(&["clients", "disable", "--municipality", MIDORI, "tosho"]);
    // Asks again and again, as services do, until the gateway knows.
    #[expect(clippy::disallowed_methods, reason = "a test is its own edge; without an end it would hang")]
    let begin = Instant::now();
    while authorize(&address, "tosho") == 200 {
        assert!(begin.elapsed() < PATIENCE, "a disabled client goes on");
    }
    world.json(&["clients", "enable", "--municipality", MIDORI, "tosho"]);
    assert_eq!(authorize(&address, "tosho"), 200);

    let aoi =
        ["municipalities", "add", "--id", "aoi", "--name", "あおい町", "--origin", "http://localhost:24811"];
    let discovery = format!("{address}/.well-known/openid-configuration");
    let of_aoi = [("host", "localhost:24811")];
    assert_eq!(get(&discovery, &of_aoi).status(), 421);
    world.json(&aoi);
    assert_eq!(get(&discovery, &of_aoi).status(), 200);
}

/// RS256, which OpenID Connect Discovery requires, comes by itself; a start does not wait for it.
#[test]
fn a_gateway_makes_its_rs256_key() {
    let mut world = World::new();
    let address = world.start();
    let discovery = format!("{address}/.well-known/openid-configuration");
    #[expect(clippy::disallowed_methods, reason = "a test is its own edge; without an end it would hang")]
    let begin = Instant::now();
    loop {
        let told = get(&discovery, &HOST).body_mut().read_to_string().expect("text");
        let told: serde_json::Value = serde_json::from_str(&told).expect("JSON");
        if told["id_token_signing_alg_values_supported"] == json!(["ES256", "RS256"]) {
            break;
        }
        assert!(begin.elapsed() < PATIENCE, "{told}");
    }
    let listed = world.json(&["keys", "list"]);
    let keys = listed["municipalities"][0]["keys"].as_array().expect("keys").clone();
    let states: Vec<_> = keys.iter().map(|key| (&key["alg"], &key["state"])).collect();
    assert_eq!(states, [(&json!("ES256"), &json!("active")), (&json!("RS256"), &json!("active"))]);
}

/// Off, it is not there at all.
#[test]
fn dynamic_registration_is_off_unless_it_is_configured() {
    for (more, endpoint) in [("", false), ("dynamic_registration = true", true)] {
        let mut world = World::with(more);
        let address = world.start();
        let mut answer = get(&format!("{address}/.well-known/openid-configuration"), &HOST);
        let discovery = answer.body_mut().read_to_string().expect("a body");
        assert_eq!(discovery.contains("registration_endpoint"), endpoint, "{discovery}");
        let body = json!({ "client_name": "a" }).to_string();
        let agent = ureq::Agent::config_builder().http_status_as_error(false).build();
        let answer = ureq::Agent::from(agent)
            .post(format!("{address}/register"))
            .header("host", "localhost:24810")
            .header("content-type", "application/json")
            .send(body.as_bytes())
            .expect("an answer");
        assert_eq!(answer.status().as_u16(), if endpoint { 401 } else { 404 });
    }
}

/// A client in the file and in the database is an error where an operator sees it.
#[test]
fn a_client_in_two_places_keeps_the_gateway_from_starting() {
    let world = World::new();
    world.add(&["--id", "tosho"]);
    let file = world.folder.path().join("madoguchi.toml");
    let config = std::fs::read_to_string(&file).expect("the configuration");
    std::fs::write(&file, config.replace(r#"id = "kosodate""#, r#"id = "tosho""#)).expect("written");
    let told = world.refusal(1, &["serve"]);
    assert!(
        told.contains("client tosho of midori is in the configuration file and in the database"),
        "{told}"
    );
}

/// Long enough for the slowest machine; two seconds are meant.
const PATIENCE: Duration = Duration::from_mins(1);
