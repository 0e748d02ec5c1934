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
use tokio::time::timeout;

pub(crate) use finding::{About, Finding, State};
pub(crate) use readers::all_readers;

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
    let socket = surroundings.variables.get("PCSCLITE_CSOCK_NAME").cloned();
    let reader = surroundings.reader;
    findings.extend(in_time(SERVICE_TIME, move || examine_cards(reader.as_deref(), socket.as_deref())).await);
    findings.extend(port::examine(&surroundings.ports, process::holders_of_socket).await);
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

/// The service, its readers, and the cards on them.
fn examine_cards(reader: Option<&str>, socket: Option<&str>) -> Vec<Finding> {
    let mut findings = vec![service::examine(socket)];
    findings.extend(readers::examine(reader).unwrap_or_else(readers::examine_usb));
    findings.extend(holders::examine(reader, socket));
    findings
}

/// What `examine` finds. A service that was stopped in the middle keeps whoever asks it waiting forever, so it is asked in a
/// thread of its own, which is left alone when it takes longer than `limit`.
async fn in_time(limit: Duration, examine: impl FnOnce() -> Vec<Finding> + Send + 'static) -> Vec<Finding> {
    if let Ok(Ok(findings)) = timeout(limit, tokio::task::spawn_blocking(examine)).await {
        return findings;
    }
    let seconds = limit.as_secs().to_string();
    let silent = Finding::new(About::ReaderService, State::Ng, "service_silent", &[("seconds", seconds)]);
    [vec![silent], readers::examine_usb()].concat()
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

/// How long the smart card service has to answer; one that is started by the first question takes a few seconds.
const SERVICE_TIME: Duration = Duration::from_secs(10);
/// How long a person has to open an address.
const BROWSER_TIME: Duration = Duration::from_mins(2);

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[tokio::test]
    async fn a_service_that_does_not_answer_is_a_finding_and_no_wait() {
        let (answer, never) = channel::<()>();
        let findings = in_time(Duration::from_millis(10), move || {
            let _ = never.recv();
            Vec::new()
        })
        .await;
        assert_eq!((findings[0].code, findings[0].state), ("service_silent", State::Ng));
        drop(answer);
        let findings = in_time(Duration::from_mins(1), || vec![service::examine(None)]).await;
        assert_eq!(findings.len(), 1);
        assert_ne!(findings[0].code, "service_silent");
    }
}
