//! Receivers on serial lines, over pseudo terminals.

use crate::harness::{PATIENCE, Tracker, counted, serial};
use crate::pty::{Plug, Socket};
use crate::uart;
use sealway_broker::{AUTO_BAUDS, Count, LineState, NmeaConfig, NmeaGateway};
use sealway_schemas::terminal::Protocol;
use std::sync::Arc;
use std::time::{Duration, Instant};

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

/// Says an epoch at a speed, as it is heard at the speed that the platform's end has.
fn say_at(baud: u32, plug: &mut Plug, second: u32) {
    let heard = uart::heard(epoch(second).as_bytes(), baud, plug.baud());
    plug.say(&heard);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_of_another_speed_is_found_by_trying_whatever_its_speed() {
    for (tried, speaks) in [(&AUTO_BAUDS, 4_800), (&AUTO_BAUDS, 115_200), (&[115_200, 57_600, 38_400, 4_800, 9_600], 9_600)] {
        let (tracker, socket) = (known(), Socket::default());
        let mut plug = socket.plug();
        let gateway = gateway(&tracker, &socket, tried);
        state(&gateway, |state| *state == LineState::Quiet { baud: tried[0] }).await;
        let began = Instant::now();
        for second in (0..60).cycle() {
            say_at(speaks, &mut plug, second);
            if !tracker.kept().is_empty() {
                break;
            }
            assert!(began.elapsed() < PATIENCE, "{speaks}: {:?}", gateway.status().get());
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        state(&gateway, |state| *state == LineState::Well { baud: speaks }).await;
        let faults = [Count::Garbage, Count::TooLong, Count::Malformed].map(|count| gateway.gauges().get(count)).iter().sum::<u64>();
        assert!(faults >= 12, "{speaks}: {faults}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_of_one_speed_that_cannot_be_read_says_so_until_it_can() {
    let (tracker, socket) = (known(), Socket::default());
    let mut plug = socket.plug();
    let gateway = gateway(&tracker, &socket, &[9_600]);
    state(&gateway, |state| matches!(state, LineState::Quiet { .. })).await;
    let noise = uart::heard(epoch(1).as_bytes(), 4_800, 9_600);
    assert!(!noise.iter().any(|byte| b"\r\n$".contains(byte)), "this noise ends no line");
    for second in 0..12 {
        say_at(4_800, &mut plug, second);
    }
    state(&gateway, |state| *state == LineState::Garbled { baud: 9_600 }).await;
    assert!(gateway.gauges().get(Count::TooLong) >= 12);
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
