//! Jointech's locks over TCP.

use crate::harness::{Tracker, counted, id_of, listener};
use sealway_broker::{Count, Jointech, TcpGateway, TcpLimits};
use sealway_schemas::report::Event;
use sealway_schemas::terminal::{LockWord, Protocol};
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const NUMBER: &str = "7010100014";

/// As the lock's maker writes it: number, version 0x19, 52 bytes, with the status word given.
fn frame(word: u16) -> Vec<u8> {
    let head = "2470101000141911003401092608300534204942108564105714 2d000004d20900000000".replace(' ', "");
    let mut frame = hex::decode(head).unwrap();
    frame.extend(word.to_be_bytes());
    frame.push(60);
    frame.extend([0; 22]);
    frame.push(9);
    frame
}

async fn gateway(tracker: &Arc<Tracker>) -> TcpGateway {
    TcpGateway::start(listener(TcpLimits::default()), Arc::clone(tracker), || Jointech).await.unwrap()
}

#[tokio::test]
async fn a_lock_is_kept_with_its_bits_and_acknowledged_by_its_number() {
    let tracker = Arc::new(Tracker::knows(Protocol::Jointech, &[NUMBER]));
    let gateway = gateway(&tracker).await;
    let mut lock = TcpStream::connect(gateway.address()).await.unwrap();
    let cut = frame(LockWord::CABLE_CUT | LockWord::BACK_COVER_OPEN);
    lock.write_all(&cut).await.unwrap();
    let mut answer = [0; 9];
    lock.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"(P69,0,9)");
    lock.write_all(b"(7010100014,P45,010926,083005,34.341570,N,108.940175,E,A,12.50,90,4,1,0,0,3,3)").await.unwrap();
    lock.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"(P69,0,3)");
    let frames = tracker.kept();
    assert_eq!((frames[0].frame().as_ref(), frames[0].terminal), (cut.as_slice(), id_of(Protocol::Jointech, NUMBER)));
    let told: Vec<_> = tracker.sightings().iter().map(|sighting| (sighting.event(), sighting.lock)).collect();
    let word = Some(LockWord::new(LockWord::CABLE_CUT | LockWord::BACK_COVER_OPEN));
    assert_eq!(told, [(Event::CableCut, word), (Event::WrongCredential, None)]);
}

#[tokio::test]
async fn an_unlocking_told_by_text_is_an_opening_and_no_text_of_a_registered_lock_is_lost() {
    let tracker = Arc::new(Tracker::knows(Protocol::Jointech, &[NUMBER]));
    let gateway = gateway(&tracker).await;
    let mut lock = TcpStream::connect(gateway.address()).await.unwrap();
    let [unlocked, odd, other] = [
        b"(7010100014,P45,010926,083005,34.341570,N,108.940175,E,A,12.50,90,2,1,0,0,0,3)".as_slice(),
        b"(7010100014,P45,010926,083005,94.341570,N,108.940175,E,A,12.50,90,2,1,0,0,0,4)",
        b"(7010100014,P43,123456)",
    ];
    lock.write_all(&[unlocked, odd, other].concat()).await.unwrap();
    let mut answers = [0; 18];
    lock.read_exact(&mut answers).await.unwrap();
    assert_eq!(&answers, b"(P69,0,3)(P69,0,4)");
    let frames = tracker.kept_at_least(3).await;
    assert_eq!(frames.iter().map(|frame| frame.frame().to_vec()).collect::<Vec<_>>(), [unlocked, odd, other]);
    let events: Vec<_> = tracker.sightings().iter().map(|sighting| (sighting.event(), sighting.sensors.iter().count())).collect();
    assert_eq!(events, [(Event::Opened, 3), (Event::Periodic, 1), (Event::Periodic, 1)]);
    counted(gateway.gauges(), Count::Unsupported, 1).await;
    assert_eq!([Count::Malformed, Count::Unsupported, Count::Kept].map(|count| gateway.gauges().get(count)), [1, 1, 3]);
}

#[tokio::test]
async fn a_lock_that_nobody_registered_hears_nothing_and_is_closed() {
    let tracker = Arc::new(Tracker::knows(Protocol::Jointech, &["7010100015"]));
    let gateway = gateway(&tracker).await;
    let mut lock = TcpStream::connect(gateway.address()).await.unwrap();
    lock.write_all(&frame(0)).await.unwrap();
    let mut heard = Vec::new();
    lock.read_to_end(&mut heard).await.unwrap();
    assert!(heard.is_empty());
    counted(gateway.gauges(), Count::Stranger, 1).await;
    assert!(tracker.kept().is_empty());
}
