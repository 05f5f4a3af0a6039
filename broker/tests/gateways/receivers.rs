//! Receivers on serial lines, over pseudo terminals.

use crate::harness::{PATIENCE, Tracker, counted, serial};
use crate::pty::{Plug, Socket};
use sealway_broker::{Count, LineState, NmeaConfig, NmeaGateway};
use sealway_schemas::terminal::Protocol;
use std::sync::Arc;
use std::time::Duration;

const LINE: &str = "gate-3-gps";

fn gateway(tracker: &Arc<Tracker>, socket: &Socket, bauds: &[u32]) -> NmeaGateway {
    let config = NmeaConfig { serial: serial(socket, bauds), call_sign: LINE.parse().unwrap(), every: Duration::ZERO };
    NmeaGateway::start(config, Arc::clone(tracker))
}

fn known() -> Arc<Tracker> {
    Arc::new(Tracker::knows(Protocol::Nmea, &[LINE]))
}

/// An epoch at a second of 2026-09-01 08:30 UTC.
fn epoch(second: u32) -> String {
    let sentence = |content: &str| format!("${content}*{:02X}\r\n", content.bytes().fold(0, |sum, byte| sum ^ byte));
    let gga = sentence(&format!("GNGGA,0830{second:02}.00,3420.4942,N,10856.4105,E,1,09,1.2,400.0,M,0.0,M,,"));
    gga + &sentence(&format!("GNRMC,0830{second:02}.00,A,3420.4942,N,10856.4105,E,0.0,90.0,010926,,,A"))
}

async fn state(gateway: &NmeaGateway, expected: impl Fn(&LineState) -> bool) {
    let waiting = async {
        while !expected(&gateway.status().get().0) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, waiting).await.is_ok(), "{:?}", gateway.status().get());
}

fn seconds(tracker: &Tracker) -> Vec<u64> {
    tracker.sightings().iter().map(|sighting| sighting.t.unwrap().as_ms() / 1000 % 60).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_is_unplugged_and_plugged_in_again_goes_on() {
    let (tracker, socket) = (known(), Socket::default());
    let gateway = gateway(&tracker, &socket, &[9_600]);
    state(&gateway, |state| matches!(state, LineState::Absent { .. })).await;
    let mut plug = socket.plug();
    state(&gateway, |state| matches!(state, LineState::Quiet { baud: 9_600 })).await;
    plug.say(epoch(1).as_bytes());
    tracker.kept_at_least(1).await;
    state(&gateway, |state| matches!(state, LineState::Well { .. })).await;
    // Half of an epoch is on the line when the plug is pulled.
    plug.say(&epoch(2).as_bytes()[..40]);
    drop(plug);
    state(&gateway, |state| matches!(state, LineState::Absent { .. })).await;
    let mut plug = socket.plug();
    state(&gateway, |state| matches!(state, LineState::Quiet { .. })).await;
    plug.say(epoch(3).as_bytes());
    tracker.kept_at_least(2).await;
    assert_eq!(seconds(&tracker), [1, 3]);
    assert_eq!((gateway.gauges().get(Count::Lost), gateway.gauges().get(Count::Opened)), (1, 2));
    assert!(gateway.gauges().get(Count::Absent) > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_and_half_lines_are_counted_and_cost_no_whole_line() {
    let (tracker, socket) = (known(), Socket::default());
    let mut plug = socket.plug();
    let gateway = gateway(&tracker, &socket, &[9_600]);
    state(&gateway, |state| matches!(state, LineState::Quiet { .. })).await;
    plug.say(&[0xFE, 0x00, 0x93, b'\n']);
    plug.say(&epoch(1).as_bytes()[..50]);
    plug.say(b"\r\n");
    plug.say(epoch(2).replace("3420", "3421").as_bytes());
    plug.say(epoch(3).as_bytes());
    tracker.kept_at_least(1).await;
    assert_eq!(seconds(&tracker), [3]);
    let gauges = gateway.gauges();
    assert_eq!([Count::Garbage, Count::Malformed, Count::Checksum].map(|count| gauges.get(count)), [1, 1, 2]);
    assert!(tracker.kept()[0].source().starts_with("nmea /"), "{}", tracker.kept()[0].source());
}

/// What a receiver at 38,400 says, as it is heard at the speed that the platform's end has.
fn heard_at(plug: &Plug, text: &str) -> Vec<u8> {
    if plug.baud() == 38_400 {
        text.as_bytes().to_vec()
    } else {
        text.bytes().map(|byte| if byte == b'\n' { byte } else { byte | 0x80 }).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_of_another_speed_is_found_by_trying() {
    let (tracker, socket) = (known(), Socket::default());
    let mut plug = socket.plug();
    let gateway = gateway(&tracker, &socket, &[9_600, 115_200, 38_400]);
    state(&gateway, |state| matches!(state, LineState::Quiet { baud: 9_600 })).await;
    let mut second = 0;
    while tracker.kept().is_empty() {
        let told = heard_at(&plug, &epoch(second % 60));
        plug.say(&told);
        second += 1;
        assert!(second < 2_000, "{:?}", gateway.status().get());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    state(&gateway, |state| matches!(state, LineState::Well { baud: 38_400 })).await;
    assert!(gateway.gauges().get(Count::Garbage) >= 24);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_of_one_speed_that_cannot_be_read_says_so_until_it_can() {
    let (tracker, socket) = (known(), Socket::default());
    let mut plug = socket.plug();
    let gateway = gateway(&tracker, &socket, &[9_600]);
    state(&gateway, |state| matches!(state, LineState::Quiet { .. })).await;
    for second in 0..12 {
        let told = heard_at(&plug, &epoch(second));
        plug.say(&told);
    }
    state(&gateway, |state| matches!(state, LineState::Garbled { baud: 9_600 })).await;
    plug.say(b"\r\n");
    plug.say(epoch(30).as_bytes());
    tracker.kept_at_least(1).await;
    state(&gateway, |state| matches!(state, LineState::Well { .. })).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_nobody_registered_is_shown_and_not_kept() {
    let (tracker, socket) = (Arc::new(Tracker::knows(Protocol::Nmea, &["another"])), Socket::default());
    let mut plug = socket.plug();
    let gateway = gateway(&tracker, &socket, &[9_600]);
    state(&gateway, |state| matches!(state, LineState::Quiet { .. })).await;
    plug.say(epoch(1).as_bytes());
    state(&gateway, |state| matches!(state, LineState::Unregistered { call_sign } if call_sign == LINE)).await;
    counted(gateway.gauges(), Count::Stranger, 1).await;
    assert!(tracker.kept().is_empty());
    tracker.learn(Protocol::Nmea, LINE);
    plug.say(epoch(2).as_bytes());
    tracker.kept_at_least(1).await;
    state(&gateway, |state| matches!(state, LineState::Well { .. })).await;
}
