//! Attacks with nothing but connections.

use crate::client::{Client, Packet};
use crate::seal::Seal;
use crate::secure::secure;
use crate::stage::{Field, Stage};
use crate::tls::good_hello;
use sealway_seal_sim::mqtt;
use std::cell::RefCell;
use std::time::Duration;

/// Addresses that an attacker commands.
const ADDRESSES: u32 = 40;

#[test]
fn ten_thousand_half_open_connections_keep_no_honest_seal_out() {
    let stage = Stage::open();
    let seals: Vec<RefCell<Seal>> = stage.rogues(2).into_iter().map(RefCell::new).collect();
    let counts = stage.under("10,000 half-open connections", async |field: Field| {
        let mut held = Vec::new();
        for number in 0..10_000 {
            if number % 100 == 0 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            // Every fifth one says as much of TLS as makes the server answer and wait: twice as many as there are places. More would
            // measure how slow the handshakes of a debug build are.
            let tls = number % 5 == 1;
            let Ok(stream) = field.connect(if tls { field.mqtts } else { field.mqtt }, number % ADDRESSES).await else { continue };
            field.count(if tls { "half-open in TLS" } else { "half-open" });
            let mut client = Client::over(stream);
            if tls {
                let _closed_before = client.send(&good_hello()).await;
            }
            held.push(client);
        }
        // Somebody who has never been here comes in beside them through either port, in the patience that a seal has.
        for (number, seal) in (10_000..).zip(&seals) {
            let mut seal = seal.borrow_mut();
            while !comes_in(&field, number, &mut seal).await {
                field.count("had to come again");
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            field.count("let in beside them");
        }
        field.wait_for_the_end().await;
    });
    assert_eq!((counts["half-open"], counts["half-open in TLS"], counts["let in beside them"]), (8_000, 2_000, 2));
    assert!(counts.get("had to come again").is_none_or(|times| *times < 25), "{counts:?}");
    assert!(stage.refused("half-open") + stage.refused("connect-rate") > 8_000);
    stage.close();
}

/// Through the plain port where the number is even, through TLS where it is odd.
async fn comes_in(field: &Field, number: u32, seal: &mut Seal) -> bool {
    let client = if number.is_multiple_of(2) {
        field.connect(field.mqtt, number).await.ok().map(Client::over)
    } else {
        secure(field, number).await.ok().map(|(line, _)| Client::over(line))
    };
    let Some(client) = client else { return false };
    matches!(client.greeted(&seal.connect()).await, Some((_, Packet { body, .. })) if body == [0, 0])
}

#[test]
fn one_idle_connection_of_each_kind_stops_nobody() {
    let stage = Stage::open();
    let seal = RefCell::new(stage.rogues(1).remove(0));
    let counts = stage.under("idle connections", async |field: Field| {
        let silent = [field.mqtt, field.mqtts];
        let mut held = Vec::new();
        for (number, port) in (1..).zip(silent) {
            held.push(Client::over(field.connect(port, number).await.unwrap()));
            field.count("idle");
        }
        // Others come in beside each of them.
        let mut seal = seal.borrow_mut();
        Client::welcome(&field, 3, &mut seal).await.ping().await;
        let (line, _) = secure(&field, 4).await.unwrap();
        Client::over(line).welcomed(&seal.connect()).await.ping().await;
        field.count_all("let in beside them", 2);
        for mut silent in held {
            assert!(silent.is_closed().await, "whoever says nothing is closed");
            field.count("closed");
        }
    });
    assert_eq!((counts["idle"], counts["let in beside them"], counts["closed"]), (2, 2, 2));
    assert!(stage.refused("connect-deadline") >= 2);
    stage.close();
}

#[test]
fn bytes_that_drip_hold_a_place_for_a_few_seconds_only() {
    const DRIPS: u32 = 500;
    let stage = Stage::open();
    let seal = RefCell::new(stage.rogues(1).remove(0));
    let counts = stage.under("slow bytes", async |field: Field| {
        let connect = seal.borrow_mut().connect();
        let drip = |number: u32| {
            // Every second one would begin TLS.
            let (field, tls) = (field.clone(), number % 2 == 1);
            let (port, bytes) = if tls { (field.mqtts, good_hello()) } else { (field.mqtt, connect.clone()) };
            async move {
                let mut client = Client::over(field.connect(port, number % ADDRESSES).await.unwrap());
                for byte in &bytes {
                    if client.send(&[*byte]).await.is_err() {
                        field.count(if tls { "closed within a ClientHello" } else { "closed within a CONNECT" });
                        return;
                    }
                    field.count("bytes");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        };
        let drips: Vec<_> = (0..DRIPS).map(|number| tokio::spawn(drip(number))).collect();
        for drip in drips {
            drip.await.unwrap();
        }
    });
    let closed = ["closed within a ClientHello", "closed within a CONNECT"].map(|place| counts[place]);
    assert_eq!(closed, [u64::from(DRIPS) / 2; 2], "{counts:?}");
    assert!(stage.refused("connect-deadline") >= u64::from(DRIPS));
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
                while field.goes_on() || field.counted("closed at once") <= 1_000 {
                    let Ok(stream) = field.connect(field.mqtt, number).await else { continue };
                    let mut client = Client::over(stream);
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
