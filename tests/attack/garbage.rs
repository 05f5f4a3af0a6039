//! Attacks with what is sent: too large, too deep, not signed, not allowed.

use crate::client::Client;
use crate::seal::Seal;
use crate::stage::{Field, Stage};
use std::cell::RefCell;

/// In flight on one connection: as many as the front takes.
const IN_FLIGHT: u64 = 64;
/// Between two attempts of a device that was put off.
const AGAIN: std::time::Duration = std::time::Duration::from_millis(100);

/// Sends what `next` makes, as much at once as the front takes, and comes again when it is closed, until the time is over.
async fn at_full_rate(field: Field, number: u32, seal: &mut Seal, mut next: impl FnMut(&Seal, u16) -> Vec<u8>) {
    while field.goes_on() {
        until_let_go(&field, number, seal, Field::goes_on, &mut next).await;
    }
}

/// The same once, from a connection to its end. True when the front has let the device go.
async fn until_let_go(
    field: &Field,
    number: u32,
    seal: &mut Seal,
    goes_on: impl Fn(&Field) -> bool,
    mut next: impl FnMut(&Seal, u16) -> Vec<u8>,
) -> bool {
    let Some((mut client, answer)) = Client::login(field, number, seal).await else {
        field.count("closed");
        return false;
    };
    if answer.body != [0, 0] {
        field.count("put off");
        tokio::task::yield_now().await;
        return false;
    }
    let mut unanswered = 0;
    for ticket in (1..=u16::MAX).cycle() {
        if !goes_on(field) {
            return false;
        }
        if client.send(&next(seal, ticket)).await.is_err() {
            break;
        }
        field.count("sent");
        unanswered += 1;
        if unanswered == IN_FLIGHT {
            if client.packet().await.is_none() {
                break;
            }
            unanswered -= 1;
        }
    }
    field.count("let go");
    true
}

/// 32 reports in one message, none of them signed.
fn forged(seal: &Seal, first: u64) -> Vec<u8> {
    (first..first + 32).flat_map(|ctr| seal.forged(ctr)).collect()
}

#[test]
fn garbage_signatures_of_one_device_at_full_rate_slow_nobody() {
    let stage = Stage::open();
    let seal = RefCell::new(stage.rogues(1).remove(0));
    let payload = forged(&seal.borrow(), 1);
    let counts = stage.under("garbage signatures of one device", async |field: Field| {
        at_full_rate(field, 1, &mut seal.borrow_mut(), |seal, ticket| seal.publish(ticket, &payload)).await;
    });
    assert!(counts["sent"] < 1_000 && counts["put off"] > 0, "{counts:?}");
    assert!(stage.refused("in-vain") > 0 && stage.refused("device-rate") > 0);
    let told = stage.owner.get("/api/v1/devices/ROGUE-000/errors").ok();
    let codes: Vec<&str> = told["items"].as_array().unwrap().iter().filter_map(|error| error["code"].as_str()).collect();
    assert!(codes.contains(&"bad-signature") && codes.contains(&"in-vain"), "its owner sees why: {codes:?}");
    stage.close();
}

#[test]
fn garbage_signatures_of_many_devices_at_full_rate_slow_nobody() {
    let stage = Stage::open();
    let seals = stage.rogues(40);
    let payloads: Vec<Vec<u8>> = seals.iter().map(|seal| forged(seal, 1)).collect();
    let seals: Vec<RefCell<Seal>> = seals.into_iter().map(RefCell::new).collect();
    let counts = stage.under("garbage signatures of many devices", async |field: Field| {
        // Each of them until the front has had enough of it, however long that takes beside the others.
        let storms = (0..).zip(seals.iter().zip(&payloads)).map(|(number, (seal, payload))| {
            let field = field.clone();
            async move {
                let mut seal = seal.borrow_mut();
                while !until_let_go(&field, number, &mut seal, |_| true, |seal, ticket| seal.publish(ticket, payload)).await {
                    tokio::time::sleep(AGAIN).await;
                }
            }
        });
        futures::future::join_all(storms).await;
    });
    assert!(counts["let go"] == 40 && counts["sent"] >= 40 * 32, "{counts:?}");
    assert!(stage.refused("in-vain") >= 40);
    stage.close();
}

#[test]
fn pings_without_end_are_let_go_and_slow_nobody() {
    let stage = Stage::open();
    let seals: Vec<RefCell<Seal>> = stage.rogues(4).into_iter().map(RefCell::new).collect();
    let pings = [0xC0, 0].repeat(1_024);
    let counts = stage.under("pings without end", async |field: Field| {
        let storms = (0..).zip(&seals).map(|(number, seal)| {
            let (field, pings) = (field.clone(), pings.clone());
            async move { at_full_rate(field, number, &mut seal.borrow_mut(), |_, _| pings.clone()).await }
        });
        futures::future::join_all(storms).await;
    });
    assert!(counts["put off"] > 0, "{counts:?}");
    assert!(stage.refused("message-rate") > 0 && stage.refused("device-rate") > 0);
    stage.close();
}

#[test]
fn cbor_bombs_are_malformed_and_nothing_more() {
    let stage = Stage::open();
    let seal = RefCell::new(stage.rogues(1).remove(0));
    let bombs: [Vec<u8>; 6] = [
        vec![0x81; 16_000],
        // Arrays, maps, texts of 2^63 items; indefinite lengths; tags of tags.
        [0x9B].into_iter().chain([0x7F; 8]).chain([0xFF; 8]).collect(),
        [0xBB].into_iter().chain([0x7F; 8]).chain([0xA1; 900]).collect(),
        [0xD2, 0x84, 0x5B].into_iter().chain([0x7F; 8]).collect(),
        [0x9F].repeat(16_000),
        [0xD2].repeat(16_000),
    ];
    let counts = stage.under("CBOR bombs", async |field: Field| {
        let mut turn = bombs.iter().cycle();
        let mut bomb = || turn.next().unwrap();
        at_full_rate(field, 1, &mut seal.borrow_mut(), |seal, ticket| seal.publish(ticket, bomb())).await;
    });
    assert!(counts["sent"] > 32, "{counts:?}");
    assert!(stage.refused("in-vain") > 0);
    stage.close();
}

#[test]
fn a_packet_that_claims_256_mb_is_refused_by_its_length() {
    let stage = Stage::open();
    let seal = RefCell::new(stage.rogues(1).remove(0));
    let counts = stage.under("packets that claim 256 MB", async |field: Field| {
        for number in 0..200 {
            // As the first packet, from whoever likes.
            let mut client = Client::knock(&field, number).await;
            client.send(&[0x10, 0xFF, 0xFF, 0xFF, 0x7F, 0, 4, b'M', b'Q', b'T', b'T']).await.unwrap();
            assert_eq!(client.packet().await, None);
            field.count("before CONNECT");
        }
        let mut client = Client::welcome(&field, 300, &mut seal.borrow_mut()).await;
        client.send(&[0x32, 0xFF, 0xFF, 0xFF, 0x7F, 0, 1, b'x']).await.unwrap();
        assert_eq!(client.packet().await, None);
        field.count("after it");
    });
    assert_eq!((counts["before CONNECT"], counts["after it"]), (200, 1));
    assert!(stage.refused("packet-too-large") >= 201);
    stage.close();
}
