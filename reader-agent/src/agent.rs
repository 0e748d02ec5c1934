//! The whole agent: a listener in front, one clerk behind it.

use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use madoguchi_protocol::Origin;
use ring::rand::SecureRandom;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::connections;
use crate::desk::{Desk, END_LIFE};
use crate::listener::{Counter, router};
use crate::sign_in::{Clerk, Order, PIN_PAD_TIME, RunningClaim};
use crate::{AgentError, CardPolicy, CardSource, Clock, Interrupt, Prompt, Transport, hygiene};

/// An agent and everything that it works with.
pub struct Agent<S, P> {
    /// The gateways that it talks to, and no others.
    pub gateways: Vec<Origin>,
    /// True on a shared computer.
    pub counter: bool,
    /// Longest wait for reader and card; until the sign-in's end when absent.
    pub card_wait: Option<Duration>,
    /// Which cards may meet a PIN.
    pub policy: CardPolicy,
    /// Where cards come from.
    pub source: S,
    /// What the resident sees.
    pub prompt: P,
    /// The way to the gateways.
    pub transport: Arc<dyn Transport>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// The system's random number generator.
    pub random: Arc<dyn SecureRandom + Send + Sync>,
}

impl<S: CardSource + 'static, P: Prompt + 'static> Agent<S, P> {
    /// Serves browsers on `listener` until `stopped`; then ends the running sign-in as declined, with card and
    /// terminal left as they should be.
    pub async fn serve(
        self,
        listener: TcpListener,
        stopped: impl Future<Output = ()>,
    ) -> Result<(), AgentError> {
        let port = listener.local_addr().map_err(AgentError::Listener)?.port();
        let desk = Arc::new(Mutex::new(Desk::default()));
        let interrupt = Interrupt::default();
        let running = RunningClaim::default();
        let (orders, waiting) = channel();
        let (left, clerk_left) = oneshot::channel();
        let clerk = Clerk {
            source: self.source,
            prompt: self.prompt,
            policy: self.policy,
            card_wait: self.card_wait,
            counter: self.counter,
            transport: Arc::clone(&self.transport),
            clock: Arc::clone(&self.clock),
            random: Arc::clone(&self.random),
            interrupt: interrupt.clone(),
            running: running.clone(),
        };
        let book = Arc::clone(&desk);
        // A thread of its own: reader, terminal and gateway are waited for without a runtime.
        thread::spawn(move || {
            // The PIN passes through here.
            let _locked = hygiene::lock_stack();
            let mut clerk = work(clerk, &waiting, &book);
            // Nobody may be waiting for it.
            let _ = left.send(clerk.source.left_within(LEAVE_TIME));
        });
        let counter = Arc::new(Counter {
            port,
            gateways: self.gateways,
            desk,
            orders,
            clock: self.clock,
            random: self.random,
            transport: self.transport,
            interrupt: interrupt.clone(),
            running,
        });
        // Ends with `stopped`, and everything the connections hold is gone then, which lets the clerk go.
        connections::serve(listener, router(counter), stopped).await;
        interrupt.stop();
        // Neither a gateway nor a card that does not answer is waited for much longer.
        match tokio::time::timeout(LEAVE_TIME, clerk_left).await {
            Ok(Ok(true)) => Ok(()),
            _ => Err(AgentError::CardNotLeft),
        }
    }
}

fn work<S: CardSource, P: Prompt>(
    mut clerk: Clerk<S, P>,
    orders: &Receiver<Order>,
    desk: &Mutex<Desk>,
) -> Clerk<S, P> {
    let desk = || desk.lock().unwrap_or_else(PoisonError::into_inner);
    let mut next = orders.recv().ok();
    while let Some(order) = next {
        let end = clerk.serve(order);
        let now = clerk.clock.monotonic();
        desk().finish(end, now);
        next = next_order(orders, END_LIFE, || desk().tidy(clerk.clock.monotonic()));
    }
    clerk
}

/// The next order; when none comes for `quiet`, the return address of the last sign-in is forgotten meanwhile.
fn next_order(orders: &Receiver<Order>, quiet: Duration, forget: impl FnOnce()) -> Option<Order> {
    match orders.recv_timeout(quiet) {
        Err(RecvTimeoutError::Timeout) => {
            forget();
            orders.recv().ok()
        }
        next => next.ok(),
    }
}

/// How long the running sign-in is waited for when the program stops: the gateway's answer to the cancel, a card that answers
/// late, a keypad that cannot be called off.
const LEAVE_TIME: Duration = Duration::from_secs(40);
const _: () = assert!(PIN_PAD_TIME.as_secs() < LEAVE_TIME.as_secs());

#[cfg(test)]
mod tests {
    use madoguchi_protocol::{Octets, Secret};

    use super::*;
    use crate::testing::{DesktopCard, FakeGateway, HandClock, Resident, origin, shared_random};
    use crate::{InsertedCard, Notice, Patience, ReaderError};

    #[test]
    fn what_is_over_is_forgotten_without_a_new_order() {
        let (orders, waiting) = channel();
        let forgets = || {
            let ticket = Secret::decode(&Octets([1; 32]).encode()).expect("32 octets");
            let gateway = origin();
            orders.send(Order { gateway, ticket }).expect("somebody waits");
        };
        // The order comes only when something was forgotten.
        assert!(next_order(&waiting, Duration::from_millis(1), forgets).is_some());
        drop(orders);
        assert!(next_order(&waiting, Duration::from_millis(1), || {}).is_none());
    }

    /// Waits for nothing, and has left no card or one that does not answer.
    struct Left(bool);

    impl CardSource for Left {
        type Card = DesktopCard;

        fn wait(
            &mut self,
            _: &[InsertedCard],
            _: &Patience<'_>,
            _: &mut dyn FnMut(Notice),
        ) -> Result<Vec<InsertedCard>, ReaderError> {
            Err(ReaderError::NoReader)
        }

        fn open(&mut self, _: &InsertedCard, _: &Patience<'_>) -> Result<DesktopCard, ReaderError> {
            Err(ReaderError::NoReader)
        }

        fn left_within(&mut self, _: Duration) -> bool {
            self.0
        }
    }

    #[tokio::test]
    async fn it_does_not_end_well_with_a_card_that_is_still_held() {
        for left in [true, false] {
            let agent = Agent {
                gateways: vec![origin()],
                counter: false,
                card_wait: None,
                policy: CardPolicy::Resident,
                source: Left(left),
                prompt: Resident::default(),
                transport: Arc::new(FakeGateway::default()),
                clock: Arc::new(HandClock::default()),
                random: shared_random(),
            };
            let listener = crate::bind(&[0]).await.expect("a listener");
            let end = agent.serve(listener, async {}).await;
            assert_eq!(matches!(end, Err(AgentError::CardNotLeft)), !left, "{end:?}");
            assert_eq!(end.is_ok(), left);
        }
    }
}
