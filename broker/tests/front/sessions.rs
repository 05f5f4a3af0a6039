//! How connections begin, go on and end.

use crate::harness::{DOWN, House, SEAL, UP, connect, disconnect, login, puback, publish, seal, soon};
use sealway_broker::{FrontConfig, Refusal};
use sealway_schemas::link::{CloseReason, Downlink, Verdict};
use std::time::Duration;
use tokio::time::Instant;

#[tokio::test]
async fn a_new_connection_of_a_device_closes_the_old_one() {
    for level in [4, 5] {
        let mut house = House::open();
        let mut old = house.device(level, SEAL).await;
        let mut new = house.device(level, SEAL).await;
        assert_eq!(old.packet().await, (level == 5).then(|| disconnect(0x8E)));
        let (session, device) = house.closed().await;
        assert_eq!(device, seal(SEAL));
        assert_eq!(house.front.counters().taken_over, 1);
        new.send(&publish(level, UP, 1, b"report")).await;
        let upload = house.upload().await;
        assert!(upload.session > session, "a session number is never used again");
        house.settle(&upload, Verdict::Stored, Vec::new());
        assert_eq!(new.packet().await, Some(puback(1)));
        new.subscribe(level, DOWN, 1).await;
        assert!(house.front.downlink().publish(&seal(SEAL), b"grant"[..].into()), "down messages go to the new one");
    }
}

#[tokio::test]
async fn a_settlement_of_a_session_that_ended_reaches_nobody() {
    let mut house = House::open();
    let mut old = house.device(5, SEAL).await;
    old.send(&publish(5, UP, 1, b"report")).await;
    let upload = house.upload().await;
    let mut new = house.device(5, SEAL).await;
    house.closed().await;
    house.settle(&upload, Verdict::Stored, Vec::new());
    new.ping().await;
    assert_eq!(house.front.counters().pubacks, 0);
}

#[tokio::test(start_paused = true)]
async fn a_connect_that_does_not_come_in_time_is_closed() {
    let house = House::open();
    for bytes in [&[][..], &connect(4, 60, SEAL, SEAL, &login())[..20]] {
        let mut client = house.knock().await;
        client.send(bytes).await;
        let begin = Instant::now();
        assert_eq!(client.packet_at_all().await, None);
        assert!((Duration::from_secs(5)..Duration::from_secs(6)).contains(&begin.elapsed()), "{:?}", begin.elapsed());
    }
    assert_eq!(house.front.counters().refused(Refusal::ConnectDeadline), 2);
}

#[tokio::test(start_paused = true)]
async fn silence_beyond_one_and_a_half_keep_alives_ends_a_connection() {
    let house = House::open();
    let mut client = house.knock().await;
    client.send(&connect(5, 10, SEAL, SEAL, &login())).await;
    client.welcomed().await;
    for _ in 0..3 {
        tokio::time::advance(Duration::from_secs(14)).await;
        client.ping().await;
    }
    let begin = Instant::now();
    assert_eq!(client.packet_at_all().await, Some(disconnect(0x8D)));
    assert!((Duration::from_secs(15)..Duration::from_secs(16)).contains(&begin.elapsed()), "{:?}", begin.elapsed());
    assert_eq!(house.front.counters().refused(Refusal::KeepAlive), 1);
}

#[tokio::test(start_paused = true)]
async fn bytes_that_never_become_a_packet_keep_nobody_alive() {
    let house = House::open();
    let mut client = house.knock().await;
    client.send(&connect(5, 10, SEAL, SEAL, &login())).await;
    client.welcomed().await;
    let report = publish(5, UP, 1, &[0; 100]);
    for byte in &report[..3] {
        tokio::time::advance(Duration::from_secs(4)).await;
        client.send(&[*byte]).await;
    }
    let begin = Instant::now();
    assert_eq!(client.packet_at_all().await, Some(disconnect(0x8D)));
    assert!(begin.elapsed() < Duration::from_secs(4), "{:?}", begin.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_client_without_keep_alive_is_held_to_the_longest() {
    let house = House::with(|config| config.limits.keep_alive_max_s = 100);
    let mut client = house.knock().await;
    client.send(&connect(4, 0, SEAL, SEAL, &login())).await;
    client.welcomed().await;
    let begin = Instant::now();
    assert_eq!(client.packet_at_all().await, None);
    assert!((Duration::from_secs(150)..Duration::from_secs(151)).contains(&begin.elapsed()), "{:?}", begin.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_device_that_waits_for_a_full_tracker_is_not_silent() {
    let house = House::full(FrontConfig::loopback());
    let mut client = house.knock().await;
    client.send(&connect(4, 10, SEAL, SEAL, &login())).await;
    client.welcomed().await;
    client.send(&publish(4, UP, 1, b"report")).await;
    while house.front.counters().uploads == 0 {
        tokio::task::yield_now().await;
    }
    tokio::time::advance(Duration::from_secs(3_600)).await;
    house.desk.make_room();
    client.ping().await;
}

#[tokio::test]
async fn one_connection_more_than_the_limit_is_closed_at_once() {
    let mut house = House::with(|config| config.limits.connections = 1);
    let first = house.device(4, SEAL).await;
    assert_eq!(house.knock().await.packet().await, None);
    assert_eq!(house.front.counters().refused(Refusal::TooManyConnections), 1);
    drop(first);
    house.closed().await;
    while house.front.counters().open > 0 {
        tokio::task::yield_now().await;
    }
    house.device(4, SEAL).await;
}

#[tokio::test]
async fn a_client_that_leaves_is_told_to_the_tracker_once() {
    for bytes in [&[0xE0, 0][..], &[]] {
        let mut house = House::open();
        let mut client = house.device(5, SEAL).await;
        client.send(bytes).await;
        drop(client);
        assert_eq!(house.closed().await.1, seal(SEAL));
        while house.front.counters().open > 0 {
            tokio::task::yield_now().await;
        }
        assert!(house.front.counters().refused.iter().all(|(_, count)| *count == 0), "leaving is no offence");
    }
}

#[tokio::test]
async fn a_revoked_device_is_disconnected() {
    let mut house = House::open();
    let mut client = house.device(5, SEAL).await;
    house.front.downlink().close(&seal(SEAL), CloseReason::Revoked);
    assert_eq!(client.packet().await, Some(disconnect(0x98)));
    house.closed().await;
}

#[tokio::test]
async fn a_drain_lets_every_due_puback_out_and_then_closes() {
    let mut house = House::open();
    let mut idle = house.device(5, "XA-IDLE").await;
    let mut busy = house.device(5, SEAL).await;
    let mut listener = house.listener(5, "lian-yun").await;
    busy.send(&publish(5, UP, 1, b"report")).await;
    let upload = house.upload().await;
    let downlink = house.front.downlink();
    let address = house.address();
    let front = house.front;
    let drained = tokio::spawn(async move { front.drain(Duration::from_secs(10)).await });
    assert_eq!(idle.packet().await, Some(disconnect(0x8B)));
    assert_eq!(listener.packet().await, Some(disconnect(0x8B)));
    busy.send(&publish(5, UP, 2, b"too late")).await;
    let settled = vec![(1, Verdict::Stored)];
    downlink.settle(vec![sealway_schemas::link::Settlement { session: upload.session, settled, down: Vec::new() }]);
    assert_eq!(busy.packet().await, Some(puback(1)));
    assert_eq!(busy.packet().await, Some(disconnect(0x8B)));
    drop((idle, busy, listener));
    assert!(soon(drained).await.unwrap());
    assert!(tokio::net::TcpStream::connect(address).await.is_err(), "nobody is let in any more");
}

#[tokio::test(start_paused = true)]
async fn a_drain_cuts_what_is_not_settled_in_time() {
    let mut house = House::open();
    let mut client = house.device(5, SEAL).await;
    client.send(&publish(5, UP, 1, b"report")).await;
    house.upload().await;
    let begin = Instant::now();
    let (in_time, told) = tokio::join!(house.front.drain(Duration::from_secs(30)), async {
        let told = client.packet_at_all().await;
        drop(client);
        told
    });
    assert!(!in_time);
    assert_eq!(told, Some(disconnect(0x8B)), "without a PUBACK: the report is sent again");
    assert!((Duration::from_secs(30)..Duration::from_secs(32)).contains(&begin.elapsed()), "{:?}", begin.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_drain_does_not_wait_for_those_who_never_said_connect() {
    let house = House::open();
    let mut silent = house.knock().await;
    while house.front.counters().half_open == 0 {
        tokio::task::yield_now().await;
    }
    let begin = Instant::now();
    assert!(house.front.drain(Duration::from_secs(60)).await);
    assert_eq!(silent.packet_at_all().await, None);
    assert!(begin.elapsed() < Duration::from_secs(1), "{:?}", begin.elapsed());
}
