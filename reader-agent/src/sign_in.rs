//! One sign-in, from the ticket to its end: the order of the design, claim, show, agree, card, PIN, sign, finish.
//!
//! The only place that has the card sign, and what it has signed is a [`SignInStatement`] built here from what was shown.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use madoguchi_cert_verify::{Certificate, verify_statement};
use madoguchi_jpki_card::{Command, DigestAlgorithm, JpkiCard, JpkiCardError, PadOutcome, VerifyOutcome};
use madoguchi_protocol::{
    CLAIMED_SECONDS, CancelRequest, ClaimAnswer, ClaimRequest, Display, ErrorCode, FinishRequest,
    KIND_SIGN_IN, MIN_SECONDS_FOR_PIN, Origin, PROTOCOL_VERSION, Secret, SignInStatement, sign_in_return_url,
    sign_in_stopped_url,
};
use ring::digest::{SHA256, SHA384, digest};
use ring::rand::SecureRandom;
use tracing::{error, info, warn};
use zeroize::Zeroizing;

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
        let mut tries_left = None;
        // A panic must not leave the counter without its clerk, nor the resident without a word. The card was left and
        // powered down on the way out.
        let (end, result) = catch_unwind(AssertUnwindSafe(|| self.run(order, &mut tries_left)))
            .unwrap_or_else(|_| {
                error!("a sign-in panicked");
                (End::Page(ErrorCode::Internal), Err(ErrorCode::Internal))
            });
        self.running.set(None);
        match result {
            Ok(()) => info!("sign-in proven"),
            Err(code) => info!(%code, "sign-in stopped"),
        }
        self.prompt.tell_end(result, tries_left);
        end
    }

    fn run(&mut self, order: Order, tries_left: &mut Option<u8>) -> (End, Result<(), ErrorCode>) {
        self.interrupt.begin();
        let transport = Arc::clone(&self.transport);
        let gateway = Gateway { origin: &order.gateway, transport: &*transport };
        let secrets = (Secret::<32>::generate(&*self.random), Secret::<32>::generate(&*self.random));
        let (Ok(return_verifier), Ok(claim_secret)) = secrets else {
            return (End::Page(ErrorCode::Internal), Err(ErrorCode::Internal));
        };
        let claim = Arc::new(Claim {
            gateway: order.gateway.clone(),
            request: ClaimRequest {
                ticket: order.ticket,
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

        let proof = self.prove(&order.gateway, &answer, &return_verifier, &patience, tries_left);
        let sign_in_id = answer.sign_in_id;
        let back = || sign_in_return_url(&order.gateway, sign_in_id, &return_verifier);
        let stopped = || sign_in_stopped_url(&order.gateway, sign_in_id);
        let (url, result) = match proof {
            Err(reason) => {
                gateway.cancel(&CancelRequest { sign_in_id, claim_secret, reason });
                (stopped(), Err(reason))
            }
            Ok(Proof { certificate, signature }) => {
                self.prompt.notice(Notice::Sending);
                let request = FinishRequest { sign_in_id, claim_secret, certificate, signature };
                match gateway.finish(&request) {
                    Ok(_) => (back(), Ok(())),
                    // Perhaps only the answers were lost; the gateway knows, and its page tells.
                    Err(code @ ErrorCode::GatewayUnreachable) => (back(), Err(code)),
                    // The gateway said no: there is nothing left to cancel.
                    Err(code) => (stopped(), Err(code)),
                }
            }
        };
        (End::Redirect(Zeroizing::new(url)), result)
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
                return Err(code);
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

    /// PIN and VERIFY: nothing is sent twice, and every VERIFY comes after a look at the counter.
    fn verify_pin(
        &mut self,
        card: &mut JpkiCard<S::Card>,
        patience: &Patience<'_>,
        wrong: &mut Option<u8>,
    ) -> Result<(), PinError> {
        loop {
            let tries_left = card.tries_left().map_err(|error| card_code(&error))?;
            match tries_left {
                0 => return Err(ErrorCode::PinBlocked.into()),
                1 => self.prompt.ask_last_try(patience)?,
                _ => {}
            }
            patience.check_for_pin()?;
            let outcome = if card.has_pin_pad() {
                self.verify_on_reader(card, tries_left, patience)?
            } else {
                let pin = self.prompt.ask_pin(tries_left, patience)?;
                patience.check_for_pin()?;
                self.prompt.notice(Notice::Signing);
                Some(card.verify_pin(pin).map_err(|error| PinError::of(&error))?)
            };
            match outcome {
                Some(VerifyOutcome::Verified) => return Ok(()),
                Some(VerifyOutcome::Wrong { tries_left }) => {
                    *wrong = Some(tries_left);
                    self.prompt.ask_again(tries_left, patience)?;
                }
                Some(VerifyOutcome::Blocked) => return Err(ErrorCode::PinBlocked.into()),
                None => self.prompt.ask_reader_again(patience)?,
            }
        }
    }

    /// The same on the reader's own keypad; absent when nothing was sent to the card.
    fn verify_on_reader(
        &mut self,
        card: &mut JpkiCard<S::Card>,
        tries_left: u8,
        patience: &Patience<'_>,
    ) -> Result<Option<VerifyOutcome>, PinError> {
        self.prompt.ask_pin_on_reader(tries_left, patience)?;
        // What is typed last is still sent with the time that a PIN needs.
        let spare = patience.left().saturating_sub(Duration::from_secs(MIN_SECONDS_FOR_PIN));
        if spare < MIN_PIN_PAD_TIME {
            return Err(ErrorCode::TooLittleTime.into());
        }
        let time = PIN_PAD_TIME.min(spare);
        match card.verify_pin_on_pad(time).map_err(|error| PinError::of(&error))? {
            PadOutcome::Verified => {
                self.prompt.notice(Notice::Signing);
                Ok(Some(VerifyOutcome::Verified))
            }
            PadOutcome::Wrong { tries_left } => Ok(Some(VerifyOutcome::Wrong { tries_left })),
            PadOutcome::Blocked => Ok(Some(VerifyOutcome::Blocked)),
            PadOutcome::Cancelled => Err(ErrorCode::Declined.into()),
            PadOutcome::TimedOut | PadOutcome::Malformed => Ok(None),
        }
    }

    /// Tries left after a VERIFY without an answer, if the same card is still there. Nothing but that is asked of it.
    fn tries_now(&mut self, place: &InsertedCard, certificate: &[u8], patience: &Patience<'_>) -> Option<u8> {
        let card = self.source.open(place, patience).ok()?;
        let mut card = JpkiCard::select(card, self.policy.profiles()).ok()?;
        // Another card may lie there now.
        if card.read_auth_certificate().ok()? != certificate {
            return None;
        }
        card.tries_left().ok()
    }
}

/// Why no PIN was verified.
enum PinError {
    /// It is known what became of the tries.
    Ends(ErrorCode),
    /// The card has seen a PIN and did not say whether it was right or wrong.
    Unknown(ErrorCode),
}

impl PinError {
    fn of(error: &JpkiCardError<ReaderError>) -> Self {
        let code = card_code(error);
        match error {
            JpkiCardError::PossiblyConsumed { .. }
            | JpkiCardError::UnexpectedStatus { command: Command::Verify, .. } => Self::Unknown(code),
            _ => Self::Ends(code),
        }
    }
}

impl From<ErrorCode> for PinError {
    fn from(code: ErrorCode) -> Self {
        Self::Ends(code)
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

/// How long a reader waits for the PIN. It cannot be called off meanwhile, so that this is shorter than the time that the
/// program takes to stop.
const PIN_PAD_TIME: Duration = Duration::from_secs(15);
/// Readers take whole seconds, and zero for as long as they like.
const MIN_PIN_PAD_TIME: Duration = Duration::from_secs(5);

#[cfg(test)]
mod faults;
#[cfg(test)]
mod tests;
