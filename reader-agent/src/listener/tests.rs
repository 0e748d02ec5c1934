//! The listener over real sockets, with the agent behind it: a gateway and a card reader of the tests'.

use std::sync::mpsc;
use std::time::Duration;

use madoguchi_iso7816::{CardTransaction, CommandApdu, PinEntry, PinPad, ResponseApdu, StatusWord};
use madoguchi_protocol::{Octets, gateway_tag};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::*;
use crate::testing::{FakeGateway, HandClock, Resident, origin, shared_random};
use crate::{Agent, CardPolicy, CardSource, InsertedCard, Notice, Patience, ReaderError};

/// A source that holds a sign-in until it is told to go on, and then has no reader.
struct Held(mpsc::Receiver<()>);

struct NoCard;

impl CardTransaction for NoCard {
    type Error = ReaderError;

    fn transmit(&mut self, _: &CommandApdu) -> Result<ResponseApdu, ReaderError> {
        Err(ReaderError::NoCard)
    }
}

impl PinPad for NoCard {
    fn has_pin_pad(&self) -> bool {
        false
    }

    fn verify_pin_direct(&mut self, _: &PinEntry) -> Result<StatusWord, ReaderError> {
        Err(ReaderError::NoCard)
    }
}

impl CardSource for Held {
    type Card = NoCard;

    fn wait(
        &mut self,
        _: &[InsertedCard],
        patience: &Patience<'_>,
        _: &mut dyn FnMut(Notice),
    ) -> Result<Vec<InsertedCard>, ReaderError> {
        loop {
            match self.0.recv_timeout(Duration::from_millis(50)) {
                Ok(()) | Err(mpsc::RecvTimeoutError::Disconnected) => return Err(ReaderError::NoReader),
                Err(mpsc::RecvTimeoutError::Timeout) => patience.check().map_err(ReaderError::Interrupted)?,
            }
        }
    }

    fn open(&mut self, _: &InsertedCard, _: &Patience<'_>) -> Result<NoCard, ReaderError> {
        Err(ReaderError::NoCard)
    }
}

struct Running {
    port: u16,
    gateway: Arc<FakeGateway>,
    go_on: mpsc::Sender<()>,
    clock: Arc<HandClock>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<(), AgentError>>,
}

struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }

    fn names(&self) -> Vec<&str> {
        self.headers.iter().map(|(name, _)| name.as_str()).collect()
    }
}

impl Running {
    async fn start() -> Self {
        let listener = bind(&[0]).await.expect("a listener");
        let port = listener.local_addr().expect("its address").port();
        let gateway = Arc::new(FakeGateway::default());
        let clock = Arc::new(HandClock::default());
        let (go_on, held) = mpsc::channel();
        let (stop, stopped) = oneshot::channel();
        let agent = Agent {
            gateways: vec![origin()],
            counter: false,
            card_wait: None,
            policy: CardPolicy::Resident,
            source: Held(held),
            prompt: Resident::default(),
            transport: Arc::clone(&gateway) as Arc<dyn Transport>,
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            random: shared_random(),
        };
        let task = tokio::spawn(agent.serve(listener, async {
            let _ = stopped.await;
        }));
        Self { port, gateway, go_on, clock, stop, task }
    }

    async fn raw(&self, request: &str) -> Answer {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await.expect("a connection");
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut octets = Vec::new();
        stream.read_to_end(&mut octets).await.expect("an answer");
        let text = String::from_utf8(octets).expect("text");
        let (head, body) = text.split_once("\r\n\r\n").expect("a head");
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).expect("a status");
        Answer {
            status: status.parse().expect("a number"),
            headers: lines
                .filter_map(|line| line.split_once(": "))
                .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
                .collect(),
            body: body.to_owned(),
        }
    }

    async fn navigate(&self, path: &str, headers: &str) -> Answer {
        let host = format!("127.0.0.1:{}", self.port);
        self.raw(&format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}\r\n")).await
    }

    async fn navigate_from_gateway(&self, ticket: u8) -> Answer {
        self.navigate(&path(ticket), REFERER).await
    }

    /// Asks again until the answer is another than the waiting page, as `Refresh` does.
    async fn end_of(&self, ticket: u8) -> Answer {
        let asking = async {
            loop {
                let answer = self.navigate_from_gateway(ticket).await;
                if answer.header("refresh").is_none() {
                    return answer;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(20), asking).await.expect("an end")
    }

    fn claims(&self) -> usize {
        self.gateway.claims.lock().expect("the list").len()
    }
}

const REFERER: &str = "Referer: http://localhost:24810/\r\n";

fn path(ticket: u8) -> String {
    format!("/t/{}/{}", gateway_tag(&origin()), Octets([ticket; 32]))
}

fn assert_guarded(answer: &Answer) {
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let policy = answer.header("content-security-policy").expect("a policy");
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    assert!(policy.ends_with("base-uri 'none'; form-action 'none'; frame-ancestors 'none'"), "{policy}");
    assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(answer.header("x-frame-options"), Some("DENY"));
    assert!(!answer.names().iter().any(|name| name.starts_with("access-control")));
}

#[tokio::test]
async fn a_sign_in_waits_and_then_goes_back() {
    let agent = Running::start().await;
    let waiting = agent.navigate_from_gateway(1).await;
    assert_eq!((waiting.status, waiting.header("refresh")), (200, Some("1")));
    assert!(waiting.body.contains("カードリーダーのプログラム") && !waiting.body.contains("みどり市"));
    assert_guarded(&waiting);
    // A reload joins, from wherever it comes.
    assert_eq!(agent.navigate(&path(1), "").await.header("refresh"), Some("1"));
    agent.go_on.send(()).expect("somebody waits");
    let end = agent.end_of(1).await;
    let stopped = format!("http://localhost:24810/sign-in/{}/stopped", Octets([1; 16]));
    assert_eq!((end.status, end.header("location")), (303, Some(stopped.as_str())));
    assert_guarded(&end);
    assert_eq!(agent.navigate_from_gateway(1).await.status, 303, "repeated: browsers retry");
    agent.clock.advance(Duration::from_mins(1));
    let over = agent.navigate_from_gateway(1).await;
    assert_eq!(over.status, 410);
    assert!(over.body.contains("sign_in_over"));
    assert_eq!(agent.claims(), 1);
    assert_eq!(*agent.gateway.cancelled.lock().expect("the list"), [ErrorCode::NoReader]);
}

#[tokio::test]
async fn whatever_is_no_navigation_gets_the_same_bare_404() {
    let agent = Running::start().await;
    let plain = path(1);
    let mut answers = Vec::new();
    for (target, headers) in [
        ("/", ""),
        ("/favicon.ico", ""),
        ("/t/x/y", ""),
        (plain.as_str(), "Sec-Fetch-Mode: cors\r\n"),
        (&plain, "Sec-Fetch-Dest: iframe\r\n"),
        (&plain, "Sec-Purpose: prefetch\r\n"),
        (&plain, "Origin: http://localhost:24810\r\n"),
        (&plain, "Host: localhost\r\n"),
    ] {
        answers.push(agent.navigate(target, headers).await);
    }
    let host = format!("127.0.0.1:{}", agent.port);
    for (method, host) in [("POST", host.as_str()), ("HEAD", &host), ("OPTIONS", &host), ("GET", "localhost")]
    {
        let request =
            format!("{method} {plain} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{REFERER}\r\n");
        answers.push(agent.raw(&request).await);
    }
    for answer in answers {
        assert_eq!((answer.status, answer.body.as_str()), (404, ""));
        let mut names = answer.names();
        names.retain(|name| *name != "content-length");
        assert_eq!(names, ["connection", "date"]);
    }
    assert_eq!(agent.claims(), 0);
}

#[tokio::test]
async fn without_the_gateways_referer_the_link_comes_first() {
    let agent = Running::start().await;
    for headers in [
        "",
        "Referer: http://localhost:24811/\r\n",
        "Referer: http://localhost:24810\r\n",
        "Referer: http://localhost:24810/x\r\n",
        "Referer: http://localhost:24810.attacker.example/\r\n",
    ] {
        let asking = agent.navigate(&path(1), headers).await;
        assert_eq!((asking.status, asking.header("refresh")), (200, None), "{headers}");
        assert_guarded(&asking);
        assert_eq!(agent.claims(), 0);
    }
    let asking = agent.navigate(&path(1), "").await;
    let link = asking.body.split("href=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a link");
    assert!(link.starts_with(&format!("{}/go/", path(1))));
    let gone = agent.navigate(link, "").await;
    assert_eq!((gone.status, gone.header("location")), (303, Some(path(1).as_str())));
    assert_eq!(agent.navigate(&path(1), "").await.header("refresh"), Some("1"));
    let twice = agent.navigate(link, "").await;
    assert_eq!((twice.status, twice.header("location")), (303, Some(path(1).as_str())), "pressed twice");
}

#[tokio::test]
async fn a_gateway_that_is_not_configured_is_told_by_name_of_the_error() {
    let agent = Running::start().await;
    let answer = agent.navigate(&format!("/t/0123456789abcdef/{}", Octets([1; 32])), "").await;
    assert_eq!(answer.status, 403);
    assert!(answer.body.contains("gateway_not_allowed"));
    assert_guarded(&answer);
    assert_eq!(agent.claims(), 0);
    // Trying gateways out counts as trying one's luck.
    for _ in 0..2 {
        agent.navigate(&format!("/t/0123456789abcdef/{}", Octets([1; 32])), "").await;
    }
    assert_eq!(agent.navigate_from_gateway(1).await.header("refresh"), None, "the link comes first now");
}

#[tokio::test]
async fn a_refused_ticket_gets_a_page_and_three_need_the_link() {
    let agent = Running::start().await;
    *agent.gateway.refuse_claim.lock().expect("the code") = Some(ErrorCode::SignInUnknown);
    for ticket in 1..=3 {
        let end = agent.end_of(ticket).await;
        assert_eq!(end.status, 400);
        assert!(end.body.contains("sign_in_unknown"));
    }
    let fourth = agent.navigate_from_gateway(4).await;
    assert!(fourth.body.contains("/go/"));
    assert_eq!(agent.claims(), 3);
}

#[tokio::test]
async fn a_second_sign_in_waits_for_the_first() {
    let agent = Running::start().await;
    agent.navigate_from_gateway(1).await;
    let busy = agent.navigate_from_gateway(2).await;
    assert_eq!((busy.status, busy.header("refresh")), (200, Some("2")));
    assert_guarded(&busy);
    agent.go_on.send(()).expect("somebody waits");
    assert_eq!(agent.end_of(1).await.status, 303);
    // Its own refresh starts it; the page of the agent is no gateway's.
    assert_eq!(agent.navigate(&path(2), "").await.header("refresh"), Some("1"));
    agent.go_on.send(()).expect("somebody waits");
    assert_eq!(agent.end_of(2).await.status, 303);
}

/// A double click: the gateway replaces the first sign-in, which gives way without being answered.
#[tokio::test]
async fn a_replaced_sign_in_gives_way() {
    let agent = Running::start().await;
    agent.navigate_from_gateway(1).await;
    let claimed = async {
        while agent.claims() == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), claimed).await.expect("a claim");
    *agent.gateway.refuse_claim.lock().expect("the code") = Some(ErrorCode::SignInReplaced);
    let replaced = async {
        // The second tab renews itself, and each time the gateway is asked about the first.
        while agent.navigate_from_gateway(1).await.status != 303 {
            assert_eq!(agent.navigate_from_gateway(2).await.status, 200);
        }
    };
    tokio::time::timeout(Duration::from_secs(20), replaced).await.expect("it gives way");
    assert_eq!(*agent.gateway.cancelled.lock().expect("the list"), [ErrorCode::SignInReplaced]);
}

#[tokio::test]
async fn a_stop_ends_the_running_sign_in_as_declined() {
    let agent = Running::start().await;
    agent.navigate_from_gateway(1).await;
    agent.stop.send(()).expect("it listens");
    agent.task.await.expect("no panic").expect("a clean end");
    assert_eq!(*agent.gateway.cancelled.lock().expect("the list"), [ErrorCode::Declined]);
}
