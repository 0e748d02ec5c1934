//! The three messages to one gateway: claim, finish, cancel. Each may be sent again with the same values, and is, when no
//! answer came: answers get lost.

use madoguchi_protocol::{
    CancelRequest, ClaimAnswer, ClaimRequest, ErrorAnswer, ErrorCode, FinishAnswer, FinishRequest,
    MAX_MESSAGE_OCTETS, Origin, PATH_CANCEL, PATH_CLAIM, PATH_FINISH,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tracing::{debug, warn};
use zeroize::Zeroizing;

use crate::{Transport, TransportAnswer};

/// One gateway.
pub(crate) struct Gateway<'a> {
    pub(crate) origin: &'a Origin,
    pub(crate) transport: &'a dyn Transport,
}

impl Gateway<'_> {
    /// "I hold this ticket; show me the request."
    pub(crate) fn claim(&self, request: &ClaimRequest) -> Result<ClaimAnswer, ErrorCode> {
        self.send(PATH_CLAIM, request).and_then(|body| self.read(&body))
    }

    /// "This card says yes."
    pub(crate) fn finish(&self, request: &FinishRequest) -> Result<FinishAnswer, ErrorCode> {
        self.send(PATH_FINISH, request).and_then(|body| self.read(&body))
    }

    /// "It ends here." The gateway's answer changes nothing any more.
    pub(crate) fn cancel(&self, request: &CancelRequest) {
        match self.send(PATH_CANCEL, request) {
            Ok(_) => {}
            Err(code) => debug!(%code, gateway = %self.origin, "the cancel was not taken"),
        }
    }

    fn send(&self, path: &str, message: &impl Serialize) -> Result<Vec<u8>, ErrorCode> {
        // Ticket, claim secret, certificate: whole messages are wiped.
        // Room for the longest from the start: a growing buffer would leave copies behind.
        let mut body = Zeroizing::new(Vec::with_capacity(MAX_MESSAGE_OCTETS));
        serde_json::to_writer(&mut *body, message).map_err(|_| ErrorCode::Internal)?;
        for attempt in 1..=ATTEMPTS {
            match self.transport.post(self.origin, path, &body) {
                Ok(TransportAnswer { status: 200..=299, body }) => return Ok(body),
                Ok(TransportAnswer { status, body }) => match serde_json::from_slice::<ErrorAnswer>(&body) {
                    Ok(answer) => return Err(answer.error),
                    // Something between us and the gateway answered in its place; the gateway may come back.
                    Err(_) if status >= 500 => {
                        warn!(gateway = %self.origin, status, attempt, path, "no gateway");
                    }
                    Err(_) => {
                        warn!(gateway = %self.origin, status, path, "this is not a gateway's answer");
                        return Err(ErrorCode::GatewayUnreachable);
                    }
                },
                Err(error) => warn!(%error, attempt, path, "message not answered"),
            }
        }
        Err(ErrorCode::GatewayUnreachable)
    }

    fn read<T: DeserializeOwned>(&self, body: &[u8]) -> Result<T, ErrorCode> {
        serde_json::from_slice(body).map_err(|_| {
            warn!(gateway = %self.origin, "the gateway's answer is malformed");
            ErrorCode::GatewayUnreachable
        })
    }
}

/// The message, and at most two more times.
const ATTEMPTS: u32 = 3;

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use madoguchi_protocol::{Octets, Secret};

    use super::*;
    use crate::TransportError;

    /// Answers in order; an absent status is a lost answer. Keeps what was sent.
    struct Script {
        answers: Mutex<Vec<Option<(u16, &'static str)>>>,
        sent: Mutex<Vec<Vec<u8>>>,
    }

    impl Transport for Script {
        fn post(&self, origin: &Origin, _: &str, body: &[u8]) -> Result<TransportAnswer, TransportError> {
            self.sent.lock().expect("the list").push(body.to_vec());
            let lost = || TransportError { origin: origin.clone(), reason: "lost".to_owned() };
            let (status, body) = self.answers.lock().expect("the list").remove(0).ok_or_else(lost)?;
            Ok(TransportAnswer { status, body: body.as_bytes().to_vec() })
        }
    }

    fn finish(answers: &[Option<(u16, &'static str)>]) -> (Result<FinishAnswer, ErrorCode>, Vec<Vec<u8>>) {
        let script = Script { answers: Mutex::new(answers.to_vec()), sent: Mutex::default() };
        let origin = Origin::parse("http://localhost:24810").expect("an origin");
        let request = FinishRequest {
            sign_in_id: Octets([1; 16]),
            claim_secret: Secret::decode(&Octets([2; 32]).encode()).expect("32 octets"),
            certificate: vec![3],
            signature: vec![4],
        };
        let result = Gateway { origin: &origin, transport: &script }.finish(&request);
        (result, script.sent.into_inner().expect("the list"))
    }

    const GOOD: Option<(u16, &str)> = Some((200, r#"{"return_within":60}"#));

    #[test]
    fn a_lost_answer_is_asked_for_again_with_the_same_values_at_most_twice() {
        let (result, sent) = finish(&[None, Some((502, "<html>")), GOOD]);
        assert_eq!(result, Ok(FinishAnswer { return_within: 60 }));
        assert_eq!(sent.len(), 3);
        assert!(sent.iter().all(|message| *message == sent[0]));
        let (result, sent) = finish(&[None, None, None, GOOD]);
        assert_eq!((result, sent.len()), (Err(ErrorCode::GatewayUnreachable), 3));
    }

    #[test]
    fn a_gateways_no_is_final() {
        for (status, body, code) in [
            (409, r#"{"error":"sign_in_over"}"#, ErrorCode::SignInOver),
            (503, r#"{"error":"overloaded"}"#, ErrorCode::Overloaded),
            (404, "not here", ErrorCode::GatewayUnreachable),
            (302, "", ErrorCode::GatewayUnreachable),
            (200, "{}", ErrorCode::GatewayUnreachable),
        ] {
            let (result, sent) = finish(&[Some((status, body)), GOOD]);
            assert_eq!((result, sent.len()), (Err(code), 1), "{status} {body}");
        }
    }
}
