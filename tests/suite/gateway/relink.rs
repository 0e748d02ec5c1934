//! Linking an account to a renewed card: the operators' commands beside a gateway, and what residents and services see.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use clap::Parser;
use madoguchi_gateway::{LogoutAddress, LogoutSendError, LogoutSender};
use madoguchi_gateway_server::{AccountsCommand, CommandEdge, accounts};
use madoguchi_protocol::ErrorCode;
use madoguchi_storage::{Audit as _, AuditKind};
use madoguchi_test_pki::{CertificateFault, RevocationReason};
use madoguchi_tests::gateway::{
    HINATA, MIDORI, SignedIn, TestBrowser, TestCard, TestGateway, TestService, Visit, asks_for_the_card,
    random,
};
use serde_json::Value;

#[derive(Parser)]
struct Line {
    #[command(subcommand)]
    command: AccountsCommand,
}

/// The operators' desk beside a gateway.
struct Desk<'g> {
    gateway: &'g TestGateway,
    config: PathBuf,
}

impl Desk<'_> {
    fn at(gateway: &TestGateway) -> Desk<'_> {
        Desk { gateway, config: gateway.config() }
    }

    /// `madoguchi accounts relink …`: exit code, standard output, standard error.
    async fn run(&self, arguments: &[&str]) -> (u8, String, String) {
        // Whoever gives the order, by the name of the command line: each has a user of their own.
        let named = arguments.iter().position(|argument| *argument == "--operator");
        let user = named.map_or("nobody", |at| arguments[at + 1]).to_lowercase();
        self.run_as(&user, arguments).await
    }

    async fn run_as(&self, user: &str, arguments: &[&str]) -> (u8, String, String) {
        let config = self.config.to_str().expect("UTF-8");
        let line = ["accounts", "relink"].iter().chain(arguments).copied().chain(["--config", config]);
        let line = Line::try_parse_from(line).unwrap_or_else(|error| panic!("{error}"));
        let (mut output, mut errors) = (Vec::new(), Vec::new());
        let edge = CommandEdge {
            clock: Arc::clone(&self.gateway.clock) as Arc<dyn madoguchi_storage::Clock>,
            random: random(),
            os_user: user.to_owned(),
            output: &mut output,
        };
        let code = accounts(&line.command, edge, &mut errors).await;
        let text = |octets| String::from_utf8(octets).expect("UTF-8");
        // In lines that fit a terminal.
        let told = text(errors).split_whitespace().collect::<Vec<_>>().join(" ");
        (code, text(output), told)
    }

    fn file(&self, name: &str, card: &TestCard) -> String {
        let path = self.config.with_file_name(name);
        std::fs::write(&path, &card.certificate).expect("written");
        path.to_str().expect("UTF-8").to_owned()
    }

    /// Opens an order about a card that the lists do not have yet; its name, or why not.
    async fn open(
        &self,
        town: &str,
        operator: &str,
        old: &TestCard,
        new: &TestCard,
    ) -> Result<String, String> {
        let because = ["--old-card-still-valid-because", "the list comes tomorrow"];
        self.open_with(town, operator, old, new, &because).await
    }

    async fn open_with(
        &self,
        town: &str,
        operator: &str,
        old: &TestCard,
        new: &TestCard,
        more: &[&str],
    ) -> Result<String, String> {
        let (old, new) = (self.file("old.cer", old), self.file("new.cer", new));
        let (code, output, errors) = self
            .run(
                &[
                    &[
                        "open",
                        "--municipality",
                        town,
                        "--operator",
                        operator,
                        "--reason",
                        "renewed",
                        "--old",
                        &old,
                        "--new",
                        &new,
                        "--json",
                    ][..],
                    more,
                ]
                .concat(),
            )
            .await;
        if code != 0 {
            return Err(errors);
        }
        let told: Value = serde_json::from_str(&output).expect("JSON");
        Ok(told["order"].as_str().expect("an order").to_owned())
    }

    async fn confirm(
        &self,
        order: &str,
        operator: &str,
        old: &TestCard,
        new: &TestCard,
    ) -> Result<String, String> {
        let (old, new) = (self.file("old.cer", old), self.file("new.cer", new));
        let (code, output, errors) = self
            .run(&[
                "confirm",
                "--municipality",
                MIDORI.id,
                "--operator",
                operator,
                "--order",
                order,
                "--old",
                &old,
                "--new",
                &new,
            ])
            .await;
        if code == 0 { Ok(output) } else { Err(errors) }
    }
}

async fn signed_in(gateway: &TestGateway) -> SignedIn<'_> {
    SignedIn::new(gateway, TestService::kosodate(gateway, MIDORI)).await
}

async fn with_card<'g>(gateway: &'g TestGateway, card: &TestCard) -> SignedIn<'g> {
    let service = TestService::kosodate(gateway, MIDORI);
    SignedIn::with_card(gateway, service, TestBrowser::new(), card.twin()).await
}

/// Two operators, and the resident is who they were, on the new card alone.
#[tokio::test]
async fn two_operators_link_a_renewed_card() {
    let gateway = TestGateway::new().await;
    let mut before = signed_in(&gateway).await;
    let new = gateway.card();
    // The office has the old card's certificate revoked before the new one is handed out.
    gateway.wait(60);
    let desk = Desk::at(&gateway);
    let order = desk.open(MIDORI.id, "Sato", &before.card, &new).await.expect("an order");
    before.goes_on(&TestService::tosho(MIDORI)).await;
    let told = desk.confirm(&order, "Suzuki", &before.card, &new).await.expect("confirmed");
    assert!(told.contains("1 of its sessions ended"), "{told}");

    assert!(asks_for_the_card(&before.asks(&TestService::tosho(MIDORI), &[]).await));
    let token = before.tokens["access_token"].as_str().unwrap();
    assert_eq!(before.service.userinfo(&gateway, token).await.status, 401);
    assert_eq!(told_services(&gateway).await, 2, "both services hear that the session ended");
    let after = with_card(&gateway, &new).await;
    assert_eq!(after.claims["sub"], before.claims["sub"]);
    assert_ne!(with_card(&gateway, &before.card).await.claims["sub"], before.claims["sub"]);
    let records = gateway.store.audit_records(MIDORI.id, 0, 100).await.unwrap();
    let relinked = records.iter().find(|record| record.kind == AuditKind::AccountRelinked).expect("a record");
    let evidence: Value = serde_json::from_str(relinked.evidence.as_deref().unwrap()).unwrap();
    assert_eq!(evidence["opened_by"], "Sato, as sato");
    assert_eq!(evidence["confirmed_by"], "Suzuki, as suzuki");
    let reason = "renewed; the old card is still valid: the list comes tomorrow";
    assert_eq!((&evidence["reason"], &evidence["merged"]), (&reason.into(), &false.into()));
}

async fn told_services(gateway: &TestGateway) -> usize {
    struct Counting;
    #[async_trait]
    impl LogoutSender for Counting {
        async fn send(&self, _: LogoutAddress<'_>, _: &str) -> Result<(), LogoutSendError> {
            Ok(())
        }
    }
    let due = gateway.gateway.due_logouts(100).await.expect("deliveries");
    for delivery in &due {
        gateway.gateway.send_logout(&Counting, delivery).await.expect("stored");
    }
    due.len()
}

/// The page after the first sign-in says so, once, and does not close itself over it.
#[tokio::test]
async fn the_next_sign_in_shows_it() {
    let gateway = TestGateway::new().await;
    let before = signed_in(&gateway).await;
    let new = gateway.card();
    let desk = Desk::at(&gateway);
    let order = desk.open(MIDORI.id, "Sato", &before.card, &new).await.unwrap();
    desk.confirm(&order, "Suzuki", &before.card, &new).await.unwrap();
    gateway.wait(3600);
    for shows in [true, false] {
        let mut visit = Visit { card: new.twin(), ..Visit::new(&gateway).await };
        visit.press().await;
        visit.claim().await;
        visit.finish().await;
        let done = visit.come_back().await.location().to_owned();
        let page = visit.browser.open(&gateway, &MIDORI.url(&done)).await;
        let notice = page.text_of("#notice");
        assert_eq!(notice.is_some_and(|notice| notice.contains("11月22日 9時00分")), shows);
        assert_eq!(page.body.contains("<script"), !shows);
        visit.code().await;
    }
}

/// Whoever shows the old card is somebody new, and reads why: it may be the one whom the account was taken from.
#[tokio::test]
async fn the_old_card_is_told_that_its_account_moved() {
    let gateway = TestGateway::new().await;
    let before = signed_in(&gateway).await;
    let new = gateway.card();
    let desk = Desk::at(&gateway);
    let order = desk.open(MIDORI.id, "Sato", &before.card, &new).await.unwrap();
    desk.confirm(&order, "Suzuki", &before.card, &new).await.unwrap();
    gateway.wait(3600);
    for _ in 0..2 {
        let mut visit = Visit { card: before.card.twin(), ..Visit::new(&gateway).await };
        visit.press().await;
        visit.claim().await;
        visit.finish().await;
        let done = visit.come_back().await.location().to_owned();
        let page = visit.browser.open(&gateway, &MIDORI.url(&done)).await;
        let notice = page.text_of("#notice").expect("a notice");
        assert!(notice.contains("11月22日 9時00分") && notice.contains("別のカード"), "{notice}");
        assert!(!page.body.contains("<script"), "the page stays open");
        let code = visit.code().await;
        let tokens = visit.service.redeem(&gateway, &code).await.json();
        assert_ne!(visit.claims(&tokens).await["sub"], before.claims["sub"]);
    }
}

/// Whoever already signed in with the new card: that account gives way, and the operator is told.
#[tokio::test]
async fn an_account_of_the_new_card_gives_way() {
    let gateway = TestGateway::new().await;
    let (before, meanwhile) = (signed_in(&gateway).await, signed_in(&gateway).await);
    let desk = Desk::at(&gateway);
    let order = desk.open(MIDORI.id, "Sato", &before.card, &meanwhile.card).await.unwrap();
    let told = desk.confirm(&order, "Suzuki", &before.card, &meanwhile.card).await.unwrap();
    assert!(told.contains("2 of its sessions ended") && told.contains("had an account of its own"), "{told}");
    assert_eq!(with_card(&gateway, &meanwhile.card).await.claims["sub"], before.claims["sub"]);
    assert_eq!(gateway.accounts(MIDORI).await, 1);
}

/// One operator, other cards, another municipality, a card that nobody has: refused by name, and nothing happens.
#[tokio::test]
async fn what_is_not_done() {
    let gateway = TestGateway::new().await;
    let before = signed_in(&gateway).await;
    let [new, other] = [gateway.card(), gateway.card()];
    let desk = Desk::at(&gateway);
    let order = desk.open(MIDORI.id, "Sato", &before.card, &new).await.unwrap();
    let says = |outcome: Result<String, String>, words: &str| {
        let error = outcome.expect_err("refused");
        assert!(error.contains(words), "{error}");
    };
    says(desk.confirm(&order, "SATO", &before.card, &new).await, "another operator confirms it");
    says(desk.confirm(&order, "Suzuki", &before.card, &other).await, "about other cards");
    says(desk.confirm("0123456789abcdef", "Suzuki", &before.card, &new).await, "no order 0123456789abcdef");
    says(desk.open(MIDORI.id, "Sato", &before.card, &other).await, "waits already");
    says(desk.open(MIDORI.id, "Sato", &other, &gateway.card()).await, "no account of midori");
    says(desk.open(MIDORI.id, "Sato", &other, &other.twin()).await, "are one card");
    says(desk.open(HINATA.id, "Sato", &before.card, &new).await, "no account of hinata");
    says(desk.open("nowhere", "Sato", &before.card, &new).await, "no gateway has served it");
    let expired = gateway.faulty_card(CertificateFault::Expired);
    says(desk.open(MIDORI.id, "Sato", &before.card, &expired).await, "expired");
    let token = before.tokens["access_token"].as_str().unwrap();
    assert_eq!(before.service.userinfo(&gateway, token).await.status, 200);
    gateway.wait(7 * 86_400);
    says(desk.confirm(&order, "Suzuki", &before.card, &new).await, "no order");
}

/// The new card must not be one that was found revoked; the old one may be.
#[tokio::test]
async fn the_new_card_is_good_and_the_old_one_need_not_be() {
    let gateway = TestGateway::new().await;
    let before = signed_in(&gateway).await;
    let (new, lost) = (gateway.card(), gateway.card());
    gateway.wait(60);
    gateway.revoke(&before.card, RevocationReason::Superseded);
    gateway.revoke(&lost, RevocationReason::KeyCompromise);
    gateway.publish_lists();
    for card in [&before.card, &lost] {
        let mut visit = Visit { card: card.twin(), ..Visit::new(&gateway).await };
        visit.press().await;
        visit.claim().await;
        visit.finish_with(card).await.is_refusal(403, ErrorCode::CertificateRevoked);
    }
    let desk = Desk::at(&gateway);
    let refused = desk.open(MIDORI.id, "Sato", &before.card, &lost).await.expect_err("refused");
    assert!(refused.contains("found revoked"), "{refused}");
    // It is kept as revoked: no word of exception is needed.
    let order = desk.open_with(MIDORI.id, "Sato", &before.card, &new, &[]).await.unwrap();
    desk.confirm(&order, "Suzuki", &before.card, &new).await.unwrap();
    assert_eq!(with_card(&gateway, &new).await.claims["sub"], before.claims["sub"]);
}

/// Issuing a card revokes the one before: whoever still has a good one may be robbed of their account.
#[tokio::test]
async fn a_card_that_is_still_good_keeps_its_account() {
    let gateway = TestGateway::new().await;
    let before = signed_in(&gateway).await;
    let new = gateway.card();
    let desk = Desk::at(&gateway);
    let refused = desk.open_with(MIDORI.id, "Sato", &before.card, &new, &[]).await.expect_err("refused");
    assert!(refused.contains("say --old-card-still-valid-because"), "{refused}");
    assert_eq!(with_card(&gateway, &before.card).await.claims["sub"], before.claims["sub"]);
}

/// Two names typed by one user are one operator, unless the office says that its operators share a user.
#[tokio::test]
async fn one_user_is_one_operator() {
    let gateway = TestGateway::new().await;
    let before = signed_in(&gateway).await;
    let new = gateway.card();
    let desk = Desk::at(&gateway);
    let order = desk.open(MIDORI.id, "Sato", &before.card, &new).await.expect("an order");
    let (old, new) = (desk.file("old.cer", &before.card), desk.file("new.cer", &new));
    let confirm = [
        "confirm",
        "--municipality",
        MIDORI.id,
        "--operator",
        "Suzuki",
        "--order",
        &order,
        "--old",
        &old,
        "--new",
        &new,
    ];
    let (code, _, errors) = desk.run_as("sato", &confirm).await;
    assert!(code == 1 && errors.contains("the same user of this machine"), "{code} {errors}");
    let config = std::fs::read_to_string(&desk.config).expect("the configuration");
    std::fs::write(&desk.config, format!("relink_same_user = true\n{config}")).expect("written");
    assert_eq!(desk.run_as("sato", &confirm).await.0, 0);
}

#[tokio::test]
async fn orders_are_listed_and_withdrawn() {
    let gateway = TestGateway::new().await;
    let before = signed_in(&gateway).await;
    let desk = Desk::at(&gateway);
    let list = ["list", "--municipality", MIDORI.id];
    assert_eq!(desk.run(&list).await, (0, "midori: no order waits\n".to_owned(), String::new()));
    let order = desk.open(MIDORI.id, "Sato", &before.card, &gateway.card()).await.unwrap();
    let (_, listed, _) = desk.run(&list).await;
    for said in [order.as_str(), "Sato, as sato", "renewed", "2026-11-29T00:00:00Z"] {
        assert!(listed.contains(said), "{listed}");
    }
    let (_, listed, _) = desk.run(&["list", "--municipality", MIDORI.id, "--json"]).await;
    assert_eq!(serde_json::from_str::<Value>(&listed).unwrap()["orders"][0]["order"], order);
    let withdraw =
        ["withdraw", "--municipality", MIDORI.id, "--operator", "Suzuki", "--order", order.as_str()];
    assert_eq!(desk.run(&withdraw).await.0, 0);
    assert_eq!(desk.run(&withdraw).await.0, 1);
    assert_eq!(desk.run(&list).await.1, "midori: no order waits\n");
}
