//! `madoguchi-agent doctor`: looks for what could keep sign-ins from working, and tells what to do about it.
//!
//! A report may be shown to a help desk, so nothing in it is personal: no user name, no folder, no serial number, nothing of a
//! card. The texts are in `texts/doctor.toml`. One file for each thing that is looked at.

mod clock;
mod finding;
mod gateway;
mod holders;
mod loopback;
mod machine;
mod port;
mod process;
mod readers;
mod service;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use madoguchi_protocol::{Lang, Origin};
use ring::rand::SecureRandom;
use serde_json::Value;

pub(crate) use finding::{About, Finding, State};

use crate::{Clock, HttpTransport};

/// What is examined, and with what.
pub(crate) struct Surroundings {
    pub(crate) ports: Vec<u16>,
    pub(crate) gateways: Vec<Origin>,
    /// Part of the name of the readers to look at; all of them when absent.
    pub(crate) reader: Option<String>,
    pub(crate) transport: Arc<HttpTransport>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn SecureRandom + Send + Sync>,
    /// Those of [`VARIABLES`] that are set to something.
    pub(crate) variables: BTreeMap<&'static str, String>,
}

/// Variables of the environment that the doctor looks at. Their values are judged and never shown.
pub(crate) const VARIABLES: [&str; 9] = [
    "PCSCLITE_CSOCK_NAME",
    "http_proxy",
    "HTTP_PROXY",
    "https_proxy",
    "HTTPS_PROXY",
    "all_proxy",
    "ALL_PROXY",
    "no_proxy",
    "NO_PROXY",
];

/// Looks at everything in the order in which a sign-in needs it. With `browser` it also waits until a person has opened an address,
/// which it announces by `say`.
pub(crate) async fn examine(
    surroundings: Surroundings,
    browser: bool,
    lang: Lang,
    say: &mut dyn FnMut(&str),
) -> Vec<Finding> {
    let mut findings = vec![machine::examine()];
    let socket = surroundings.variables.get("PCSCLITE_CSOCK_NAME").map(String::as_str);
    findings.extend(service::examine(socket));
    findings.extend(readers::examine(surroundings.reader.as_deref()));
    findings.extend(holders::examine(surroundings.reader.as_deref(), socket));
    findings.extend(port::examine(&surroundings.ports).await);
    findings.push(loopback::examine(&*surroundings.random).await);
    findings.extend(loopback::examine_proxies(&surroundings.variables));
    if browser {
        findings.push(loopback::wait_for_browser(&*surroundings.random, lang, BROWSER_TIME, say).await);
    }
    if surroundings.gateways.is_empty() {
        findings.push(Finding::new(About::Gateway, State::Warn, "gateway_none", &[]));
    }
    for origin in &surroundings.gateways {
        let (origin, transport) = (origin.clone(), Arc::clone(&surroundings.transport));
        let (clock, random) = (Arc::clone(&surroundings.clock), Arc::clone(&surroundings.random));
        // The transport waits without a runtime.
        let examined =
            tokio::task::spawn_blocking(move || gateway::examine(&origin, &transport, &*clock, &*random));
        findings.extend(examined.await.unwrap_or_default());
    }
    findings
}

/// For programs: a list of `{about, code, state, found, action}`.
pub(crate) fn json(findings: &[Finding], lang: Lang) -> Value {
    findings.iter().map(|finding| finding.json(lang)).collect::<Vec<_>>().into()
}

/// For people.
pub(crate) fn text(findings: &[Finding], lang: Lang) -> String {
    findings.iter().map(|finding| finding.text(lang)).collect()
}

/// Whether nothing was found that keeps sign-ins from working.
pub(crate) fn all_well(findings: &[Finding]) -> bool {
    findings.iter().all(|finding| finding.state != State::Ng)
}

/// How long a person has to open an address.
const BROWSER_TIME: Duration = Duration::from_mins(2);
