//! One sign-in, from the ticket to its end: the order of the design, claim, show, agree, card, PIN, sign, finish.
//!
//! The only place that has the card sign, and what it has signed is a [`SignInStatement`] built here from what was shown.

mod pin_entry;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use madoguchi_cert_verify::{Certificate, verify_statement};
use madoguchi_jpki_card::{DigestAlgorithm, JpkiCard};
use madoguchi_protocol::{
    CLAIMED_SECONDS, CancelRequest, ClaimAnswer, ClaimRequest, Display, ErrorCode, FinishRequest,
    KIND_SIGN_IN, MIN_SECONDS_FOR_PIN, Octets, Origin, PROTOCOL_VERSION, Secret, SignInStatement,
    sign_in_return_url, sign_in_stopped_url,
};
use ring::digest::{SHA256, SHA384, digest};
use ring::rand::SecureRandom;
use tracing::{error, info, warn};
use zeroize::Zeroizing;

pub(crate) use self::pin_entry::PIN_PAD_TIME;
use self::pin_entry::PinError;
use crate::desk::End;
use crate::gateway::Gateway;
use crate::source::{card_code, find_card};
use crate::{
    CardPolicy, CardSource, Clock, InsertedCard, Interrupt, Notice, Patience, Prompt, ReaderError,
    ShownRequest, Transport,
};

/// What a browser asked for.
pub(crate) struct Order {
    pub(crate) gateway: Origin,
    pub(crate) ticket: Secret<32>,
}

/// The claim of the running sign-in, for asking the gateway whether it still stands. The same claim again gets the same
/// answer, and after a newer attempt in the same browser it gets `sign_in_replaced`.
#[derive(Clone, Default)]
pub(crate) struct RunningClaim {
    claim: Arc<Mutex<Option<Arc<Claim>>>>,
    /// Held while the gateway is being asked.
    asking: Arc<Mutex<()>>,
}

/// What cancels a claim at the gateway.
struct Claimed {
    sign_in_id: Octets<16>,
    claim_secret: Secret<32>,
}

struct Claim {
    gateway: Origin,
    request: ClaimRequest,
}

impl RunningClaim {
    /// Interrupts the running sign-in if a newer one took its place at the gateway. Asks once at a time.
    pub(crate) fn check(&self, transport: &dyn Transport, interrupt: &Interrupt) {
        let Ok(_asking) = self.asking.try_lock() else {
            return;
        };
        let Some(claim) = self.lock().clone() else {
            return;
        };
        let gateway = Gateway { origin: &claim.gateway, transport };
        if gateway.claim(&claim.request) == Err(ErrorCode::SignInReplaced) {
            // Under the lock, so that it never hits the sign-in after this one.
            let now = self.lock();
            if now.as_ref().is_some_and(|now| Arc::ptr_eq(now, &claim)) {
                interrupt.replace();
            }
        }
    }

    fn set(&self, claim: Option<Arc<Claim>>) {
        *self.lock() = claim;
    }

    fn lock(&self) -> MutexGuard<'_, Option<Arc<Claim>>> {
        self.claim.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Everything that a sign-in needs; serves one at a time.
pub(crate) struct Clerk<S, P> {
    pub(crate) source: S,
    pub(crate) prompt: P,
    pub(crate) policy: CardPolicy,
    pub(crate) card_wait: Option<Duration>,
    pub(crate) counter: bool,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn SecureRandom + Send + Sync>,
    pub(crate) interrupt: Interrupt,
    pub(crate) running: RunningClaim,
}

impl<S: CardSource, P: Prompt> Clerk<S, P> {
    /// Runs one sign-in to its end.
    pub(crate) fn serve(&mut self, order: Order) -> End {
        let Order { gateway, ticket } = order;
        let mut claimed = None;
        let mut tries_left = None;
        // A panic must not leave the counter without its clerk, nor the resident without a word. The card was left and
        // powered down on the way out.
        let (end, result) =
            catch_unwind(AssertUnwindSafe(|| self.run(&gateway, ticket, &mut claimed, &mut tries_left)))
                .unwrap_or_else(|_| {
                    error!("a sign-in panicked");
                    let code = ErrorCode::Internal;
                    let end = claimed.take().map_or(End::Page(code), |it| self.cancel(&gateway, it, code));
                    (end, Err(code))
                });
        self.running.set(None);
        match result {
            Ok(()) => info!("sign-in proven"),
            Err(code) => info!(%code, "sign-in stopped"),
        }
        self.prompt.tell_end(result, tries_left);
        end
    }

    fn run(
        &mut self,
        origin: &Origin,
        ticket: Secret<32>,
        claimed: &mut Option<Claimed>,
        tries_left: &mut Option<u8>,
    ) -> (End, Result<(), ErrorCode>) {
        self.interrupt.begin();
        let transport = Arc::clone(&self.transport);
        let gateway = Gateway { origin, transport: &*transport };
        let secrets = (Secret::<32>::generate(&*self.random), Secret::<32>::generate(&*self.random));
        let (Ok(return_verifier), Ok(claim_secret)) = secrets else {
            return (End::Page(ErrorCode::Internal), Err(ErrorCode::Internal));
        };
        let claim = Arc::new(Claim {
            gateway: origin.clone(),
            request: ClaimRequest {
                ticket,
                return_verifier_hash: return_verifier.hash(),
                claim_secret_hash: claim_secret.hash(),
                version: PROTOCOL_VERSION,
                agent_version: env!("CARGO_PKG_VERSION").to_owned(),
                kinds: vec![KIND_SIGN_IN.to_owned()],
                counter: self.counter,
            },
        });
        // Before the claim: the gateway's seconds begin when it answers, ours a little earlier.
        let asked_at = self.clock.monotonic();
        let answer = match gateway.claim(&claim.request) {
            Ok(answer) => answer,
            Err(code) => return (End::Page(code), Err(code)),
        };
        self.running.set(Some(claim));
        let life = Duration::from_secs(answer.expires_in.min(CLAIMED_SECONDS));
        let clock = Arc::clone(&self.clock);
        let patience = Patience::new(&*clock, asked_at.saturating_add(life), self.interrupt.clone());

        let sign_in_id = answer.sign_in_id;
        // Whatever happens to the card and the resident, the claim is there to be cancelled.
        *claimed = Some(Claimed { sign_in_id, claim_secret });
        let proof = self.prove(origin, &answer, &return_verifier, &patience, tries_left);
        let Some(claimed) = claimed.take() else {
            return (End::Page(ErrorCode::Internal), Err(ErrorCode::Internal));
        };
        let back = || sign_in_return_url(origin, sign_in_id, &return_verifier);
        let (url, result) = match proof {
            Err(reason) => return (self.cancel(origin, claimed, reason), Err(reason)),
            Ok(Proof { certificate, signature }) => {
                self.prompt.notice(Notice::Sending);
                let Claimed { claim_secret, .. } = claimed;
                let request = FinishRequest { sign_in_id, claim_secret, certificate, signature };
                match gateway.finish(&request) {
                    Ok(_) => (back(), Ok(())),
                    // Perhaps only the answers were lost; the gateway knows, and its page tells.
                    Err(code @ ErrorCode::GatewayUnreachable) => (back(), Err(code)),
                    // The gateway said no: there is nothing left to cancel.
                    Err(code) => (sign_in_stopped_url(origin, sign_in_id), Err(code)),
                }
            }
        };
        (End::Redirect(Zeroizing::new(url)), result)
    }

    /// Tells the gateway that it ends here.
    fn cancel(&self, origin: &Origin, claimed: Claimed, reason: ErrorCode) -> End {
        let Claimed { sign_in_id, claim_secret } = claimed;
        let gateway = Gateway { origin, transport: &*self.transport };
        gateway.cancel(&CancelRequest { sign_in_id, claim_secret, reason });
        End::Redirect(Zeroizing::new(sign_in_stopped_url(origin, sign_in_id)))
    }

    /// Shows the request, and when the resident agrees has the card sign the statement of what was shown.
    fn prove(
        &mut self,
        gateway: &Origin,
        answer: &ClaimAnswer,
        return_verifier: &Secret<32>,
        patience: &Patience<'_>,
        wrong: &mut Option<u8>,
    ) -> Result<Proof, ErrorCode> {
        if answer.kind != KIND_SIGN_IN {
            return Err(ErrorCode::AgentTooOld);
        }
        let display = Display::from_der(&answer.display).map_err(|error| {
            warn!(%error, %gateway, "what the gateway wants shown cannot be shown");
            ErrorCode::RequestInvalid
        })?;
        self.prompt.ask_consent(&ShownRequest { gateway, display: &display }, patience)?;

        let (place, mut card) = self.find_card(patience)?;
        self.prompt.notice(Notice::ReadingCard);
        if !card.availability().map_err(|error| card_code(&error))?.auth {
            return Err(ErrorCode::CertificateMissing);
        }
        let octets = card.read_auth_certificate().map_err(|error| card_code(&error))?;
        let certificate = Certificate::parse(&octets).map_err(|error| {
            info!(%error, "the card's certificate cannot be read");
            ErrorCode::CertificateUnusable
        })?;
        self.policy.check(&certificate, card.profile(), self.clock.unix())?;

        match self.verify_pin(&mut card, patience, wrong) {
            Ok(()) => {}
            Err(PinError::Ends(code)) => return Err(code),
            Err(PinError::Unknown(code)) => {
                drop(card);
                let tries_left = self.tries_now(&place, &octets, patience);
                self.prompt.notice(Notice::TryMayBeSpent { tries_left });
                return Err(if tries_left == Some(0) { ErrorCode::PinBlocked } else { code });
            }
        }
        patience.check()?;
        let statement = SignInStatement::new(
            gateway,
            answer.sign_in_id,
            answer.gateway_nonce,
            &answer.client_id,
            &answer.display,
            return_verifier.hash(),
            &octets,
        );
        let signature = sign(&mut card, &statement)?;
        // Its failure is no reason to stop: the card loses power next.
        let _ = card.leave();
        verify_statement(&statement, &certificate, &signature).map_err(|error| {
            warn!(%error, "the card's signature does not verify");
            ErrorCode::CardError
        })?;
        Ok(Proof { certificate: octets, signature })
    }

    /// The My Number card among the cards that lie on readers.
    fn find_card(&mut self, patience: &Patience<'_>) -> Result<(InsertedCard, JpkiCard<S::Card>), ErrorCode> {
        // Some time is kept back: a sign-in that ends for want of a card can then be cancelled with that reason.
        let wait = patience.left().saturating_sub(Duration::from_secs(MIN_SECONDS_FOR_PIN));
        let patience = patience.at_most(self.card_wait.map_or(wait, |limit| limit.min(wait)));
        let prompt = &mut self.prompt;
        let profiles = self.policy.profiles();
        find_card(&mut self.source, profiles, &patience, &mut |notice| prompt.notice(notice))
    }
}

struct Proof {
    certificate: Vec<u8>,
    signature: Vec<u8>,
}

/// Takes a statement and nothing else: no digest that somebody else made ever reaches the card.
fn sign<C: madoguchi_iso7816::CardTransaction<Error = ReaderError>>(
    card: &mut JpkiCard<C>,
    statement: &SignInStatement,
) -> Result<Vec<u8>, ErrorCode> {
    let algorithm = match card.profile().digest_algorithm() {
        DigestAlgorithm::Sha256 => &SHA256,
        DigestAlgorithm::Sha384 => &SHA384,
        _ => return Err(ErrorCode::CardError),
    };
    card.sign(digest(algorithm, &statement.to_der()).as_ref()).map_err(|error| card_code(&error))
}

#[cfg(test)]
mod faults;
#[cfg(test)]
mod tests;
