//! One sign-in at a time, like a counter with one clerk: who is being served, who waits, who is done.
//!
//! Pure: it knows tickets by their hashes and takes the time as an argument. A repeated request joins the running
//! sign-in (reloads and retries are normal), another ticket is told to wait and starts when its turn comes, a finished one
//! gets its answer for a while and then "this is over".

use std::collections::VecDeque;
use std::time::Duration;

use madoguchi_protocol::{ErrorCode, Octets, Secret};
use zeroize::Zeroizing;

/// What a request gets.
#[derive(Debug)]
pub(crate) enum Turn {
    /// The resident must press a link with this token first; nothing has been sent anywhere.
    Ask(Secret<16>),
    /// Another sign-in is running; this one is next.
    Busy,
    /// The sign-in ended so.
    Ended(End),
    /// The sign-in is over, and was for a while.
    Over,
    /// Start this sign-in.
    Start,
    /// It is running.
    Wait,
}

/// How a sign-in ended, as far as the browser is concerned.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum End {
    /// The browser goes back to the gateway. The address may hold the return verifier: never printed.
    Redirect(Zeroizing<String>),
    /// There was no claim: the agent itself says what happened.
    Page(ErrorCode),
}

impl std::fmt::Debug for End {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Redirect(_) => f.write_str("Redirect(..)"),
            Self::Page(code) => write!(f, "Page({code})"),
        }
    }
}

/// The book of the counter.
#[derive(Default)]
pub(crate) struct Desk {
    current: Option<Octets<32>>,
    next: Option<Octets<32>>,
    ended: VecDeque<Ended>,
    links: VecDeque<Link>,
    refusals: VecDeque<Duration>,
    guarded_until: Duration,
}

struct Ended {
    ticket: Octets<32>,
    /// Gone once its time is over, so that a return verifier does not stay in memory.
    end: Option<End>,
    until: Duration,
}

struct Link {
    ticket: Octets<32>,
    token_hash: Octets<32>,
    until: Duration,
}

impl Desk {
    /// A request for `ticket`. `token` is what the pressed link carried; `from_gateway` says that the request comes from a
    /// page of the ticket's gateway; `fresh` is a new random token in case one is needed.
    pub(crate) fn arrive(
        &mut self,
        ticket: Octets<32>,
        token: Option<&Secret<16>>,
        from_gateway: bool,
        fresh: Secret<16>,
        now: Duration,
    ) -> Turn {
        self.tidy(now);
        if self.current == Some(ticket) {
            return Turn::Wait;
        }
        if let Some(ended) = self.ended.iter().find(|ended| ended.ticket == ticket) {
            return ended.end.clone().map_or(Turn::Over, Turn::Ended);
        }
        let pressed = token.is_some_and(|token| self.redeem(ticket, token.hash()));
        let is_next = self.next == Some(ticket);
        if !(pressed || is_next || (from_gateway && now >= self.guarded_until)) {
            if self.links.len() == MAX_LINKS {
                self.links.pop_front();
            }
            self.links.push_back(Link { ticket, token_hash: fresh.hash(), until: now + LINK_LIFE });
            return Turn::Ask(fresh);
        }
        if self.current.is_some() {
            self.next = Some(ticket);
            return Turn::Busy;
        }
        self.next = self.next.filter(|next| *next != ticket);
        self.current = Some(ticket);
        Turn::Start
    }

    /// The running sign-in ended.
    pub(crate) fn finish(&mut self, end: End, now: Duration) {
        let Some(ticket) = self.current.take() else {
            return;
        };
        let life = match &end {
            // The ticket is as good as before: a reload of the page tries again.
            End::Page(ErrorCode::GatewayUnreachable | ErrorCode::Internal | ErrorCode::Overloaded) => {
                RETRYABLE_LIFE
            }
            End::Page(ErrorCode::AgentTooOld) | End::Redirect(_) => END_LIFE,
            End::Page(_) => {
                self.refuse(now);
                END_LIFE
            }
        };
        if self.ended.len() == MAX_ENDED {
            self.ended.pop_front();
        }
        self.ended.push_back(Ended { ticket, end: Some(end), until: now + life });
    }

    /// A ticket was unknown or refused, or named no gateway of ours. Three in a minute, and for five minutes every
    /// request needs the link: some page is trying its luck.
    pub(crate) fn refuse(&mut self, now: Duration) {
        self.refusals.retain(|at| now.saturating_sub(*at) < REFUSALS_WITHIN);
        self.refusals.push_back(now);
        if self.refusals.len() >= MAX_REFUSALS {
            self.guarded_until = now + GUARD_LIFE;
            self.refusals.clear();
        }
    }

    fn redeem(&mut self, ticket: Octets<32>, token_hash: Octets<32>) -> bool {
        let found = self.links.iter().position(|link| link.ticket == ticket && link.token_hash == token_hash);
        found.and_then(|index| self.links.remove(index)).is_some()
    }

    /// Forgets what is over.
    pub(crate) fn tidy(&mut self, now: Duration) {
        self.links.retain(|link| now < link.until);
        self.ended.retain_mut(|ended| {
            if now < ended.until {
                return true;
            }
            let retryable = ended.end.as_ref().is_some_and(|end| {
                matches!(
                    end,
                    End::Page(ErrorCode::GatewayUnreachable | ErrorCode::Internal | ErrorCode::Overloaded)
                )
            });
            ended.end = None;
            !retryable
        });
    }
}

/// How long the answer of a finished sign-in is repeated: browsers reload and retry.
pub(crate) const END_LIFE: Duration = Duration::from_mins(1);
/// How long every request needs the link after too many refusals.
const GUARD_LIFE: Duration = Duration::from_mins(5);
/// How long a link stands.
const LINK_LIFE: Duration = Duration::from_mins(5);
/// Finished tickets remembered; older ones are unknown to the gateway too.
const MAX_ENDED: usize = 64;
/// Links remembered.
const MAX_LINKS: usize = 32;
/// Refusals that are one too many.
const MAX_REFUSALS: usize = 3;
/// The time in which they count.
const REFUSALS_WITHIN: Duration = Duration::from_mins(1);
/// How long the page of a failure that may pass is repeated before a reload tries again.
const RETRYABLE_LIFE: Duration = Duration::from_secs(3);

#[cfg(test)]
mod tests {
    use super::*;

    const A: Octets<32> = Octets([1; 32]);
    const B: Octets<32> = Octets([2; 32]);
    const C: Octets<32> = Octets([3; 32]);

    fn token(octet: u8) -> Secret<16> {
        Secret::decode(&Octets([octet; 16]).encode()).expect("16 octets")
    }

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn from_gateway(desk: &mut Desk, ticket: Octets<32>, now: Duration) -> Turn {
        desk.arrive(ticket, None, true, token(0), now)
    }

    fn from_elsewhere(desk: &mut Desk, ticket: Octets<32>, now: Duration) -> Turn {
        desk.arrive(ticket, None, false, token(0), now)
    }

    fn redirect() -> End {
        End::Redirect(Zeroizing::new("http://localhost/x?v=secret".to_owned()))
    }

    #[test]
    fn a_repeated_request_joins() {
        let mut desk = Desk::default();
        assert!(matches!(from_gateway(&mut desk, A, at(0)), Turn::Start));
        assert!(matches!(from_gateway(&mut desk, A, at(0)), Turn::Wait));
        assert!(matches!(from_elsewhere(&mut desk, A, at(1)), Turn::Wait));
    }

    #[test]
    fn from_elsewhere_nothing_starts_before_the_link_is_pressed() {
        let mut desk = Desk::default();
        let Turn::Ask(link) = desk.arrive(A, None, false, token(7), at(0)) else { panic!("asked") };
        assert!(
            matches!(desk.arrive(A, Some(&token(8)), false, token(9), at(1)), Turn::Ask(_)),
            "another token"
        );
        assert!(
            matches!(desk.arrive(B, Some(&link), false, token(9), at(1)), Turn::Ask(_)),
            "another ticket"
        );
        assert!(matches!(desk.arrive(A, Some(&link), false, token(9), at(2)), Turn::Start));
    }

    #[test]
    fn a_link_is_used_once_and_for_five_minutes() {
        let mut desk = Desk::default();
        let Turn::Ask(link) = desk.arrive(A, None, false, token(7), at(0)) else { panic!("asked") };
        assert!(matches!(desk.arrive(A, Some(&link), false, token(9), at(300)), Turn::Ask(_)));
        let Turn::Ask(link) = desk.arrive(A, None, false, token(7), at(300)) else { panic!("asked") };
        assert!(matches!(desk.arrive(A, Some(&link), false, token(9), at(599)), Turn::Start));
        desk.finish(End::Page(ErrorCode::GatewayUnreachable), at(600));
        assert!(matches!(desk.arrive(A, Some(&link), false, token(9), at(604)), Turn::Ask(_)), "used before");
    }

    #[test]
    fn another_ticket_waits_for_its_turn() {
        let mut desk = Desk::default();
        from_gateway(&mut desk, A, at(0));
        assert!(matches!(from_gateway(&mut desk, B, at(1)), Turn::Busy));
        assert!(matches!(from_elsewhere(&mut desk, B, at(2)), Turn::Busy));
        assert!(matches!(from_elsewhere(&mut desk, C, at(2)), Turn::Ask(_)));
        desk.finish(redirect(), at(3));
        assert!(matches!(from_elsewhere(&mut desk, B, at(4)), Turn::Start));
    }

    #[test]
    fn the_end_is_repeated_for_a_minute_and_then_over() {
        let mut desk = Desk::default();
        from_gateway(&mut desk, A, at(0));
        desk.finish(redirect(), at(10));
        for second in [10, 40, 69] {
            assert!(
                matches!(from_elsewhere(&mut desk, A, at(second)), Turn::Ended(end) if end == redirect())
            );
        }
        assert!(matches!(from_gateway(&mut desk, A, at(70)), Turn::Over));
        assert!(desk.ended.iter().all(|ended| ended.end.is_none()), "the return verifier is gone");
        assert!(matches!(from_gateway(&mut desk, A, at(7000)), Turn::Over));
    }

    #[test]
    fn what_may_pass_can_be_tried_again() {
        let mut desk = Desk::default();
        from_gateway(&mut desk, A, at(0));
        desk.finish(End::Page(ErrorCode::GatewayUnreachable), at(1));
        assert!(matches!(from_gateway(&mut desk, A, at(2)), Turn::Ended(End::Page(_))));
        assert!(matches!(from_gateway(&mut desk, A, at(4)), Turn::Start));
    }

    #[test]
    fn after_three_refusals_in_a_minute_every_request_needs_the_link() {
        let mut desk = Desk::default();
        for (octet, second) in [(11, 0), (12, 30), (13, 60), (14, 89)] {
            let ticket = Octets([octet; 32]);
            assert!(matches!(from_gateway(&mut desk, ticket, at(second)), Turn::Start), "second {second}");
            desk.finish(End::Page(ErrorCode::SignInUnknown), at(second));
        }
        // The refusals of seconds 30, 60 and 89 are within one minute.
        assert!(matches!(from_gateway(&mut desk, A, at(90)), Turn::Ask(_)));
        assert!(matches!(from_gateway(&mut desk, A, at(388)), Turn::Ask(_)));
        assert!(matches!(from_gateway(&mut desk, A, at(389)), Turn::Start));
    }

    #[test]
    fn an_unreachable_gateway_is_no_refusal() {
        let mut desk = Desk::default();
        for octet in 11..20 {
            let ticket = Octets([octet; 32]);
            assert!(matches!(from_gateway(&mut desk, ticket, at(0)), Turn::Start));
            desk.finish(End::Page(ErrorCode::GatewayUnreachable), at(0));
        }
    }

    #[test]
    fn debug_output_holds_no_return_address() {
        assert!(!format!("{:?}", Turn::Ended(redirect())).contains("secret"));
    }
}
