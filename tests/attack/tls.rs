//! Weak TLS, and certificates that change while connections live.

use crate::client::Client;
use crate::secure::secure;
use crate::stage::{Field, Stage};
use sealway_tests::certificate;
use std::cell::RefCell;
use std::time::Duration;

const ECDHE_ECDSA_AES_GCM: u16 = 0xC02B;

/// One that the server answers.
pub(crate) fn good_hello() -> Vec<u8> {
    client_hello([3, 3], &[ECDHE_ECDSA_AES_GCM])
}

/// A ClientHello of this version that offers these suites and nothing else.
fn client_hello(version: [u8; 2], suites: &[u16]) -> Vec<u8> {
    let mut body = version.to_vec();
    body.extend([7; 32]);
    body.push(0);
    body.extend(u16::try_from(2 * suites.len()).unwrap().to_be_bytes());
    suites.iter().for_each(|suite| body.extend(suite.to_be_bytes()));
    body.extend([1, 0]);
    // Groups x25519 and P-256, uncompressed points, ECDSA and RSA with SHA-256.
    let extensions =
        [&[0, 10, 0, 6, 0, 4, 0, 29, 0, 23][..], &[0, 11, 0, 2, 1, 0], &[0, 13, 0, 8, 0, 6, 4, 3, 8, 4, 4, 1], &[0, 23, 0, 0]].concat();
    body.extend(u16::try_from(extensions.len()).unwrap().to_be_bytes());
    body.extend(extensions);
    let length = u16::try_from(body.len()).unwrap().to_be_bytes();
    let handshake = [&[1, 0], &length[..], &body].concat();
    let length = u16::try_from(handshake.len()).unwrap().to_be_bytes();
    [&[22, 3, 1], &length[..], &handshake].concat()
}

/// Type of the first record that the server answers with: 22 goes on, 21 is an alert.
async fn answer(field: &Field, hello: &[u8]) -> u8 {
    let mut client = Client::over(field.connect(field.mqtts, 1).await.unwrap());
    client.send(hello).await.unwrap();
    client.byte().await
}

#[test]
fn tls_before_1_2_and_old_suites_are_refused() {
    const OLD: [(&str, u16); 6] = [
        ("RSA key exchange", 0x009C),
        ("RSA with CBC", 0x002F),
        ("ECDHE with CBC", 0xC009),
        ("3DES", 0x000A),
        ("RC4", 0x0005),
        ("no encryption", 0x0001),
    ];
    let stage = Stage::open();
    let counts = stage.under("weak TLS", async |field: Field| {
        assert_eq!(answer(&field, &good_hello()).await, 22, "this hello is one that is answered");
        for version in [[3, 0], [3, 1], [3, 2]] {
            assert_eq!(answer(&field, &client_hello(version, &[ECDHE_ECDSA_AES_GCM])).await, 21, "{version:?}");
            field.count("old versions");
        }
        for (name, suite) in OLD {
            assert_eq!(answer(&field, &client_hello([3, 3], &[suite])).await, 21, "{name}");
            field.count("old suites");
        }
    });
    assert_eq!((counts["old versions"], counts["old suites"]), (3, 6));
    assert!(stage.refused("tls-handshake") >= 9);
    stage.close();
}

fn has(certificate: &[u8], serial: &str) -> bool {
    certificate.windows(serial.len()).any(|window| window == serial.as_bytes())
}

#[test]
fn certificates_change_without_a_restart_and_a_broken_pair_changes_nothing() {
    const SERIALS: [&str; 3] = ["second", "third", "fourth"];
    let stage = Stage::open();
    let seal = RefCell::new(stage.rogues(1).remove(0));
    let counts = stage.under("certificates that change", async |field: Field| {
        let (line, _) = secure(&field, 1).await.unwrap();
        let mut old = Client::over(line).welcomed(&seal.borrow_mut().connect()).await;
        for serial in SERIALS {
            certificate(stage.room.path(), "server", serial);
            shows(&field, &stage, serial).await;
            field.count("reloads");
            std::fs::write(stage.room.path().join("server.key"), "no key").unwrap();
            stage.platform.hang_up();
            // Whoever is connected keeps its connection through both.
            old.ping().await;
            let (_, shown) = secure(&field, 2).await.unwrap();
            assert!(has(&shown, serial), "what served before goes on");
            field.count("broken pairs");
        }
    });
    assert_eq!((counts["reloads"], counts["broken pairs"]), (3, 3));
    stage.close();
}

/// Sends SIGHUP and connects until the new certificate is shown; a signal is heard when the platform comes to it.
async fn shows(field: &Field, stage: &Stage, serial: &str) {
    stage.platform.hang_up();
    for number in 10..1_000 {
        if has(&secure(field, number).await.unwrap().1, serial) {
            return;
        }
    }
    panic!("{serial} is never shown");
}

#[test]
fn a_flood_of_handshakes_is_put_off_by_address_and_keeps_nobody_out() {
    let stage = Stage::open();
    let seal = RefCell::new(stage.rogues(1).remove(0));
    let counts = stage.under("TLS handshake flood", async |field: Field| {
        let storm = |number: u32| {
            let field = field.clone();
            async move {
                while field.goes_on() || field.counted("closed at once") < 100 {
                    let done = secure(&field, number).await.is_ok();
                    field.count(if done { "handshakes" } else { "closed at once" });
                }
            }
        };
        let storms: Vec<_> = (0..8).map(|number| tokio::spawn(storm(number % 2))).collect();
        while !storms.iter().all(tokio::task::JoinHandle::is_finished) {
            let (line, _) = secure(&field, 100).await.unwrap();
            Client::over(line).welcomed(&seal.borrow_mut().connect()).await.ping().await;
            field.count("let in beside them");
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        for storm in storms {
            storm.await.unwrap();
        }
    });
    // Two addresses, each with two hundred turns at once, for nobody was let in from there, and ten a second until it is put off.
    assert!((400..1_000).contains(&counts["handshakes"]) && counts["closed at once"] >= 100, "{counts:?}");
    assert!(counts["let in beside them"] >= 3 && stage.refused("connect-rate") >= 100, "{counts:?}");
    stage.close();
}
