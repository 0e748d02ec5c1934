//! Lists from servers with `https`.

use std::net::SocketAddr;

use madoguchi_revocation::{CrlUrl, HttpUrl, HttpsTrust};

use crate::fetch::{HOUR, Server, ok, problem, round};
use crate::tls::{MadeOutTo, ServerCa};
use crate::world::{World, is_good};

fn serving(list: Vec<u8>) -> (Server, SocketAddr) {
    let server = Server::start(move |_, stream| ok(stream, "", &list));
    let address = server.address.parse().expect("an address");
    (server, address)
}

fn asking(world: &mut World, port: u16, https: HttpsTrust) {
    let url = HttpUrl::parse(&format!("https://localhost:{port}/list.crl")).expect("a URL");
    world.urls = vec![CrlUrl { url, every: HOUR }];
    world.https = https;
}

#[test]
fn a_list_is_fetched_over_tls() {
    let mut world = World::new();
    let card = world.card(0);
    let path = world.path(&card);
    let (server, address) = serving(world.lists(world.now).remove(0));
    let ca = ServerCa::new();
    let port = ca.in_front_of(address, MadeOutTo::Dns("localhost")).port();
    asking(&mut world, port, ca.trusted());
    let mut running = world.start();
    assert_eq!(round(&mut running, world.now), 1);
    assert_eq!(problem(&running), None);
    assert!(server.request().contains(&format!("host: localhost:{port}\r\n")));
    assert!(is_good(world.answer(&running.shelf(), &path)));
}

#[test]
fn a_server_that_is_another_is_not_asked() {
    let (ca, other) = (ServerCa::new(), ServerCa::new());
    let (server, address) = serving(Vec::new());
    let localhost = MadeOutTo::Dns("localhost");
    for (which, port, trust) in [
        ("unknown CA", ca.in_front_of(address, localhost).port(), other.trusted()),
        ("wrong name", ca.in_front_of(address, MadeOutTo::Ip([127, 0, 0, 1])).port(), ca.trusted()),
        ("expired", ca.until(2021, address, localhost).port(), ca.trusted()),
    ] {
        let mut world = World::new();
        asking(&mut world, port, trust);
        let mut running = world.start();
        round(&mut running, world.now);
        assert_eq!(problem(&running).as_deref(), Some("fetch_tls"), "{which}");
    }
    assert!(server.requests.try_recv().is_err(), "nothing was sent to any of them");
}
