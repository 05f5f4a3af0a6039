//! Attacks with nothing but connections.

use crate::client::{Client, Packet};
use crate::seal::Seal;
use crate::stage::{Field, Stage};
use sealway_schemas::topics;
use sealway_seal_sim::mqtt;
use std::cell::RefCell;
use std::time::Duration;

/// Addresses that an attacker commands.
const ADDRESSES: u32 = 40;

#[test]
fn ten_thousand_half_open_connections_keep_no_honest_seal_out() {
    let stage = Stage::open();
    let seal = RefCell::new(stage.rogues(1).remove(0));
    let counts = stage.under("10,000 half-open connections", async |field: Field| {
        let mut held = Vec::new();
        for number in 0..10_000 {
            if number % 100 == 0 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            if let Ok(stream) = field.connect(field.mqtt, number % ADDRESSES).await {
                field.count("half-open");
                held.push(stream);
            }
        }
        // Somebody who has never been here comes in beside them, in the patience that a seal has.
        let mut seal = seal.borrow_mut();
        while !matches!(Client::login(&field, 10_000, &mut seal).await, Some((_, Packet { body, .. })) if body == [0, 0]) {
            field.count("had to come again");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        field.count("let in beside them");
        field.wait_for_the_end().await;
    });
    assert_eq!((counts["half-open"], counts["let in beside them"]), (10_000, 1));
    assert!(counts.get("had to come again").is_none_or(|times| *times < 25), "{counts:?}");
    assert!(stage.refused("half-open") + stage.refused("connect-rate") > 8_000);
    stage.close();
}

#[test]
fn one_idle_connection_of_each_kind_stops_nobody() {
    let stage = Stage::open();
    stage.under("idle connections", async |field: Field| {
        let _plain = field.connect(field.mqtt, 1).await.unwrap();
        let _tls = field.connect(field.mqtts, 2).await.unwrap();
        field.count("pairs");
        field.wait_for_the_end().await;
    });
    stage.alone(async |field: Field| {
        let mut silent = Client(field.connect(field.mqtt, 3).await.unwrap());
        assert!(silent.is_closed().await, "whoever says nothing is closed");
    });
    assert!(stage.refused("connect-deadline") >= 1);
    stage.close();
}

#[test]
fn bytes_that_drip_hold_a_place_for_a_few_seconds_only() {
    let stage = Stage::open();
    let seal = RefCell::new(stage.rogues(1).remove(0));
    stage.under("slow bytes", async |field: Field| {
        let connect = seal.borrow_mut().connect();
        let drip = |number: u32| {
            let (field, connect) = (field.clone(), connect.clone());
            async move {
                let Ok(stream) = field.connect(field.mqtt, number).await else { return };
                let mut client = Client(stream);
                for byte in &connect {
                    if !field.goes_on() || client.send(&[*byte]).await.is_err() {
                        return;
                    }
                    field.count("bytes");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        };
        let drops: Vec<_> = (0..500).map(|number| tokio::spawn(drip(number % ADDRESSES))).collect();
        for drop in drops {
            drop.await.unwrap();
        }
    });
    stage.alone(async |field: Field| {
        let mut slow = Client(field.connect(field.mqtt, 3).await.unwrap());
        slow.send(&seal.borrow_mut().connect()[..20]).await.unwrap();
        assert!(slow.is_closed().await);
    });
    assert!(stage.refused("connect-deadline") >= 1);
    stage.close();
}

#[test]
fn a_flood_of_bad_logins_is_put_off_by_address_and_in_all() {
    let stage = Stage::open();
    let counts = stage.under("CONNECT flood", async |field: Field| {
        let mut connect = Vec::new();
        // A login of the right form by nobody's key.
        let password = base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, [0xD2, 0x84, 0x40, 0xA0, 0x40, 0x40]);
        mqtt::connect("HONEST-0", &password, 60, &mut connect);
        let storm = |number: u32| {
            let (field, connect) = (field.clone(), connect.clone());
            async move {
                while field.goes_on() {
                    let Ok(stream) = field.connect(field.mqtt, number).await else { continue };
                    let mut client = Client(stream);
                    let _closed_before = client.send(&connect).await;
                    field.count(if client.packet().await.is_some() { "told" } else { "closed at once" });
                }
            }
        };
        let storms: Vec<_> = (0..64).map(|number| tokio::spawn(storm(number % 8))).collect();
        for storm in storms {
            storm.await.unwrap();
        }
    });
    // Eight addresses, of each of which a hundred are told at once and a few a second afterwards.
    assert!(counts["told"] < 8 * 150, "{counts:?}");
    assert!(counts["closed at once"] > 1_000, "{counts:?}");
    assert!(stage.refused("connect-rate") > 1_000);
    stage.close();
}

#[test]
fn a_device_that_takes_itself_over_again_and_again_is_put_off() {
    let stage = Stage::open();
    let seal = RefCell::new(stage.rogues(1).remove(0));
    let counts = stage.under("take-over storm", async |field: Field| {
        let mut held = Vec::new();
        while field.goes_on() {
            let mut seal = seal.borrow_mut();
            match Client::login(&field, 1, &mut seal).await {
                Some((client, Packet { body, .. })) if body == [0, 0] => {
                    field.count("taken over");
                    held.push(client);
                }
                _ => field.count("put off"),
            }
        }
    });
    assert!(counts["taken over"] < 60, "{counts:?}");
    assert!(stage.refused("device-rate") > 100);
    stage.close();
}

#[test]
fn a_subscriber_that_never_reads_slows_nobody() {
    let stage = Stage::open();
    let seals = RefCell::new(stage.rogues(4));
    let counts = stage.under("subscribers that never read", async |field: Field| {
        let mut held: Vec<(Client, &mut Seal)> = Vec::new();
        let mut seals = seals.borrow_mut();
        for (number, seal) in (0..).zip(seals.iter_mut()) {
            let mut client = Client::welcome(&field, number, seal).await;
            let mut subscribe = Vec::new();
            mqtt::subscribe(&topics::down(&seal.id), 1, &mut subscribe);
            client.send(&subscribe).await.unwrap();
            held.push((client, seal));
        }
        // Pings whose answers nobody reads, as many as the front hears.
        let pings = [0xC0, 0].repeat(8);
        while field.goes_on() {
            for (client, _) in &mut held {
                let sent = tokio::time::timeout(Duration::from_millis(20), client.send(&pings)).await;
                field.count(if matches!(sent, Ok(Ok(()))) { "taken" } else { "not taken" });
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    });
    assert!(!counts.contains_key("not taken"), "{counts:?}");
    stage.close();
}
