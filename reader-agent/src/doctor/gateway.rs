//! Whether a gateway answers, is trusted, and speaks our version.

use madoguchi_protocol::{
    ClaimRequest, ErrorAnswer, ErrorCode, KIND_SIGN_IN, Octets, Origin, PATH_CLAIM, PROTOCOL_VERSION, Secret,
};
use ring::rand::SecureRandom;
use rustls_pki_types::UnixTime;

use super::{About, Finding, State, clock};
use crate::transport::{Probe, Trouble};
use crate::{Clock, HttpTransport};

/// Claims a ticket that nobody was given, which changes nothing there: a gateway that speaks our version does not know it.
pub(super) fn examine(
    origin: &Origin,
    transport: &HttpTransport,
    clock: &dyn Clock,
    random: &dyn SecureRandom,
) -> Vec<Finding> {
    let Ok(ticket) = Secret::generate(random) else { return Vec::new() };
    let claim = ClaimRequest {
        ticket,
        return_verifier_hash: Octets([0; 32]),
        claim_secret_hash: Octets([0; 32]),
        version: PROTOCOL_VERSION,
        agent_version: env!("CARGO_PKG_VERSION").to_owned(),
        kinds: vec![KIND_SIGN_IN.to_owned()],
        counter: false,
    };
    let Ok(body) = serde_json::to_vec(&claim) else { return Vec::new() };
    let answer = transport.probe(origin, PATH_CLAIM, &body);
    examine_answer(origin, &answer, clock.unix())
}

/// Only a gateway's clock is worth comparing with.
fn examine_answer(origin: &Origin, answer: &Result<Probe, Trouble>, now: UnixTime) -> Vec<Finding> {
    let is_gateway = |probe: &&Probe| serde_json::from_slice::<ErrorAnswer>(&probe.body).is_ok();
    let date = answer.as_ref().ok().filter(is_gateway).and_then(|probe| probe.date.as_deref());
    let mut findings = vec![judge(origin, answer)];
    findings.extend(date.and_then(|date| clock::examine(date, now)));
    findings
}

fn judge(origin: &Origin, answer: &Result<Probe, Trouble>) -> Finding {
    let mut values = vec![("gateway", origin.to_string())];
    let (state, code) = match answer {
        Ok(probe) => {
            values.push(("status", probe.status.to_string()));
            match serde_json::from_slice::<ErrorAnswer>(&probe.body).map(|answer| answer.error) {
                Ok(ErrorCode::AgentTooOld) => (State::Ng, "gateway_wants_newer_agent"),
                Ok(ErrorCode::SignInUnknown) => (State::Ok, "gateway_answers"),
                Ok(_) => (State::Warn, "gateway_overloaded"),
                Err(_) => (State::Ng, "gateway_is_something_else"),
            }
        }
        Err(trouble) => {
            let code = match trouble {
                Trouble::CertificateExpired => "gateway_certificate_expired",
                Trouble::CertificateNotYetValid => "gateway_certificate_not_yet_valid",
                Trouble::NameUnknown => "gateway_name_unknown",
                Trouble::NoRoute => "gateway_no_route",
                Trouble::Refused => "gateway_refused",
                Trouble::TimedOut => "gateway_timed_out",
                Trouble::Tls => "gateway_tls",
                Trouble::UnknownIssuer => "gateway_unknown_issuer",
                Trouble::WrongName => "gateway_wrong_name",
                Trouble::Other => "gateway_broken",
            };
            (State::Ng, code)
        }
    };
    Finding::new(About::Gateway, state, code, &values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_told_by_their_meaning() {
        let origin = Origin::parse("https://madoguchi.example.jp").expect("an origin");
        let judged = |status: u16, body: &str| {
            let probe = Probe { status, body: body.as_bytes().to_vec(), date: None };
            let finding = judge(&origin, &Ok(probe));
            (finding.code, finding.state)
        };
        assert_eq!(judged(404, r#"{"error":"sign_in_unknown"}"#), ("gateway_answers", State::Ok));
        assert_eq!(judged(426, r#"{"error":"agent_too_old"}"#), ("gateway_wants_newer_agent", State::Ng));
        assert_eq!(judged(503, r#"{"error":"overloaded"}"#), ("gateway_overloaded", State::Warn));
        assert_eq!(judged(200, "<html>"), ("gateway_is_something_else", State::Ng));
        let finding = judge(&origin, &Err(Trouble::UnknownIssuer));
        assert_eq!((finding.code, finding.state), ("gateway_unknown_issuer", State::Ng));
    }

    #[test]
    fn only_a_gateways_clock_is_compared_with() {
        let origin = Origin::parse("https://madoguchi.example.jp").expect("an origin");
        let codes = |body: &str| -> Vec<&'static str> {
            let date = Some("Sun, 06 Nov 1994 08:49:37 GMT".to_owned());
            let answer = Ok(Probe { status: 404, body: body.as_bytes().to_vec(), date });
            let now = UnixTime::since_unix_epoch(std::time::Duration::from_secs(784_111_777));
            examine_answer(&origin, &answer, now).iter().map(|finding| finding.code).collect()
        };
        assert_eq!(codes(r#"{"error":"sign_in_unknown"}"#), ["gateway_answers", "clock_right"]);
        assert_eq!(codes("<html>"), ["gateway_is_something_else"]);
    }
}
