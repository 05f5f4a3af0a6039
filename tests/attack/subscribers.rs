//! Who subscribes: to what is never read, to what is never acknowledged, again and again, to ever new topics.

use crate::client::{Client, Packet, listener, publish, subscribe};
use crate::seal::Seal;
use crate::stage::{Field, Stage};
use sealway_schemas::topics;
use sealway_tests::Api;
use serde_json::json;
use std::cell::RefCell;
use std::time::Duration;

/// Events that are committed while others subscribe. Each is one record, heard once by one who hears all.
async fn puts_rules(field: &Field, admin: &Api, enough: impl Fn(&Field) -> bool) {
    // A long one, so that few of them fill a connection.
    let rule = json!({ "type": "put-signature-rule", "command": "put-place", "roles": vec!["admin"; 100] });
    while !enough(field) {
        let (admin, rule) = (admin.clone(), rule.clone());
        let _put = tokio::task::spawn_blocking(move || admin.post("/api/v1/commands", &rule).ok()).await.unwrap();
        field.count("events");
    }
}

const RULES: &str = "events/v1/+/-/record";

/// Counts the events that it hears, until it is stopped.
async fn hears(field: Field, mut listener: Client) {
    while let Some(Packet { first: 0x30, .. }) = listener.next().await {
        field.count("heard");
    }
}

#[test]
fn subscribers_that_never_read_are_let_go_and_slow_nobody() {
    const SEALS: u64 = 4;
    /// More than may wait for a listener and be on their way to it.
    const EVENTS: u64 = 1_200;
    let stage = Stage::open();
    let token = stage.platform.token("customs", "customs");
    let seals: Vec<RefCell<Seal>> = stage.rogues(4).into_iter().map(RefCell::new).collect();
    let counts = stage.under("subscribers that never read", async |field: Field| {
        let before = stage.refused("slow-reader");
        let mut healthy = Client::listener(&field, 4, 10, "healthy", &token).await;
        assert_eq!(healthy.subscribe(4, RULES, 0).await, 0);
        let hearing = tokio::spawn(hears(field.clone(), healthy));
        // It reads, and acknowledges nothing.
        let mut owing = Client::listener(&field, 5, 11, "owing", &token).await;
        assert_eq!(owing.subscribe(5, RULES, 1).await, 1);
        let deaf = Client::over(field.connect_narrow(field.mqtt, 12).await.unwrap());
        let mut deaf = deaf.welcomed(&listener(4, "deaf", &token)).await;
        assert_eq!(deaf.subscribe(4, RULES, 0).await, 0);
        let slow = |field: &Field| field.counted("let go") > SEALS;
        let looks = async {
            while stage.refused("slow-reader") < before + SEALS + 1 {
                tokio::time::sleep(Duration::from_millis(250)).await;
            }
            field.count_all("let go", 1 + usize::try_from(SEALS).unwrap());
        };
        let reports = futures::future::join_all((0..).zip(&seals).map(|(number, seal)| never_reads(&field, number, seal, slow)));
        let enough = |field: &Field| field.counted("events") >= EVENTS;
        let admin = stage.platform.admin();
        let puts = futures::future::join_all((0..4).map(|_| puts_rules(&field, &admin, enough)));
        futures::join!(looks, reports, puts);
        assert!(deaf.is_closed().await);
        // That it has missed some is known when it may have more.
        owing.send(&[0x40, 2, 0, 1]).await.unwrap();
        while let Some(packet) = owing.packet().await {
            field.count(if packet.first == 0xE0 { "told that it lags" } else { "owed" });
        }
        while field.counted("heard") < field.counted("events") {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        hearing.abort();
    });
    assert!(counts["heard"] == counts["events"] && counts["events"] >= EVENTS, "{counts:?}");
    assert_eq!((counts["let go"], counts["owed"], counts["told that it lags"]), (SEALS + 1, 64, 1), "{counts:?}");
    assert!(stage.refused("lagging-listener") >= 1);
    stage.close();
}

/// Subscribes and reports, and reads neither what is answered nor what comes down, until the front has had enough.
async fn never_reads(field: &Field, number: u32, seal: &RefCell<Seal>, over: impl Fn(&Field) -> bool) {
    let mut seal = seal.borrow_mut();
    let line = Client::over(field.connect_narrow(field.mqtt, number).await.unwrap());
    let mut client = line.welcomed(&seal.connect()).await;
    // As long answers as there are, as many as the front gives at once; receipts follow them.
    let subscriptions = subscribe(4, 9, &vec![topics::down(&seal.id); 64], 0).repeat(250);
    client.send(&subscriptions).await.unwrap();
    let mut tickets = (1..=u16::MAX).cycle();
    while !over(field) {
        let report = seal.report(tickets.next().unwrap());
        let sent = tokio::time::timeout(Duration::from_millis(20), client.send(&report)).await;
        field.count(if matches!(sent, Ok(Ok(()))) { "reports taken" } else { "not taken" });
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(client.is_closed().await);
}

#[test]
fn ten_thousand_subscriptions_that_come_and_go_leave_nothing_behind() {
    const LISTENERS: u64 = 10_000;
    let stage = Stage::open();
    let _revoked_at_the_end = stage.rogues(1);
    let token = stage.platform.token("customs", "customs");
    let counts = stage.under("listeners that come and go", async |field: Field| {
        let comes_and_goes = |number: u32| {
            let (field, token) = (field.clone(), token.clone());
            async move {
                while field.counted("come and gone") < LISTENERS {
                    let mut client = Client::listener(&field, 4, number, &format!("comes-{number}"), &token).await;
                    let new = field.counted("come and gone");
                    for filter in [format!("events/v1/p{new}/#"), format!("events/v1/+/T-{new}/movement")] {
                        assert_eq!(client.subscribe(4, &filter, 1).await, 1);
                        field.count("subscriptions");
                    }
                    field.count("come and gone");
                }
            }
        };
        let all: Vec<_> = (0..16).map(|number| tokio::spawn(comes_and_goes(number))).collect();
        for listener in all {
            listener.await.unwrap();
        }
    });
    assert!(counts["come and gone"] >= LISTENERS && counts["subscriptions"] >= 2 * LISTENERS, "{counts:?}");
    assert!(stage.routes_events(&token), "events still come to those who may hear them");
    stage.close();
}

/// As many new ones in one SUBSCRIBE as the front reads.
fn new_filters(ticket: u16, first: u64) -> Vec<u8> {
    let filters: Vec<String> = (first..first + FILTERS).map(|number| format!("events/v1/p/{number}/x")).collect();
    subscribe(5, ticket, &filters, 1)
}

const FILTERS: u64 = 64;

#[test]
fn a_million_topics_are_judged_and_kept_nowhere() {
    const TOPICS: u64 = 1_000_000;
    let stage = Stage::open();
    let token = stage.platform.token("customs", "customs");
    let seals: Vec<RefCell<Seal>> = stage.rogues(8).into_iter().map(RefCell::new).collect();
    let counts = stage.under("a million topics", async |field: Field| {
        let listeners = (0..2).map(|number| {
            let (field, token) = (field.clone(), token.clone());
            async move {
                while field.counted("filters judged") < TOPICS {
                    subscribes_to_new_topics(&field, number, &token).await;
                }
            }
        });
        let over = |field: &Field| field.counted("filters judged") >= TOPICS;
        let devices = (10..).zip(&seals).map(|(number, seal)| {
            let field = field.clone();
            async move {
                while !over(&field) {
                    publishes_to_new_topics(&field, number, &mut seal.borrow_mut()).await;
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        });
        futures::join!(futures::future::join_all(listeners), futures::future::join_all(devices));
    });
    assert!(counts["filters judged"] >= TOPICS && counts["topics judged"] >= 8 * 32, "{counts:?}");
    // All but the 64 that each of its connections may have.
    assert!(stage.refused("too-many-subscriptions") >= counts["filters judged"] * 99 / 100 - 64, "{counts:?}");
    assert!(stage.refused("foreign-topic") >= counts["topics judged"]);
    stage.close();
}

/// From one connection to its end, which the front makes after a few hundred SUBSCRIBEs.
async fn subscribes_to_new_topics(field: &Field, number: u32, token: &str) {
    const AT_ONCE: u64 = 16;
    let mut client = Client::listener(field, 5, number, &format!("asks-{number}"), token).await;
    for round in 0.. {
        let first = round * AT_ONCE * FILTERS;
        let asked: Vec<u8> = (0..AT_ONCE).flat_map(|of| new_filters(9, first + of * FILTERS)).collect();
        if client.send(&asked).await.is_err() {
            return;
        }
        for _ in 0..AT_ONCE {
            let Some(Packet { first: 0x90, body }) = client.packet().await else { return };
            field.count_all("filters judged", body.len() - 3);
        }
    }
}

/// From one connection to its end, which the front makes after a few topics that are not the device's.
async fn publishes_to_new_topics(field: &Field, number: u32, seal: &mut Seal) {
    let password = seal.password();
    let connect = crate::client::connect(5, 0, seal.id.as_str(), &[], (seal.id.as_str(), &password));
    let Some((mut client, answer)) = Client::knock(field, number).await.greeted(&connect).await else { return };
    if answer.body[1] != 0 {
        field.count("put off");
        return;
    }
    for ticket in 1..=u16::MAX {
        if client.send(&publish(5, &format!("seal/v1/{}-{ticket}/up", seal.id), ticket, b"x")).await.is_err() {
            return;
        }
        match client.packet().await {
            Some(Packet { first: 0x40, body }) if body[2] == 0x87 => field.count("topics judged"),
            _ => return,
        }
    }
}
