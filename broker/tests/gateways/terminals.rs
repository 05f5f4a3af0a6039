//! JT/T 808 over TCP.

use crate::harness::{Tracker, counted, id_of, listener};
use sealway_broker::{Count, Jtt808, TcpGateway, TcpLimits};
use sealway_schemas::Time;
use sealway_schemas::report::Status;
use sealway_schemas::terminal::{LockWord, Protocol};
use sealway_seal_sim::terminal::{Answer, Call, CallError, Form, Here, Terminal};
use std::sync::Arc;
use std::time::Duration;

pub(crate) const PHONE: &str = "13912345678";
pub(crate) const XIAN: Here = Here { t: Time::from_ms(1_788_251_405_000), at: Some((34.341_57, 108.940_175)), speed: 600, heading: 180 };

pub(crate) async fn gateway(tracker: &Arc<Tracker>, limits: TcpLimits) -> TcpGateway {
    let talk = Jtt808::new([7; 32]);
    TcpGateway::start(listener(limits), Arc::clone(tracker), move || talk.clone()).await.unwrap()
}

/// A terminal blocks; the gateway's tasks go on beside it.
pub(crate) async fn beside<T: Send + 'static>(terminal: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(terminal).await.unwrap()
}

pub(crate) fn known() -> Arc<Tracker> {
    Arc::new(Tracker::knows(Protocol::Jtt808, &[PHONE]))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_of_each_form_registers_and_its_places_are_kept_as_they_came() {
    for form in [Form::Of2013, Form::Of2019] {
        let tracker = known();
        let gateway = gateway(&tracker, TcpLimits::default()).await;
        let address = gateway.address();
        let sent = beside(move || {
            let mut call = Call::open(address, Terminal::new(form, PHONE)).unwrap();
            let heartbeat = call.terminal.heartbeat();
            call.tell(&heartbeat).unwrap();
            let lock = [&[0x63, 11, 1, 2, 3, 4, 5, 6, 0x0E, 0x74, b'1'], [0, 200, 0x31, 1, 9].as_slice()].concat();
            let location = call.terminal.location(&XIAN, &lock);
            call.tell(&location).unwrap();
            location
        })
        .await;
        let frames = tracker.kept();
        let [frame] = frames.as_slice() else { panic!("{frames:?}") };
        assert_eq!((frame.frame().as_ref(), frame.terminal), (sent.as_slice(), id_of(Protocol::Jtt808, PHONE)), "{form:?}");
        assert!(frame.source().starts_with("jtt808 127.0.0.1:"), "{}", frame.source());
        let [sighting] = frame.sightings() else { panic!("{frame:?}") };
        let fix = sighting.fix.unwrap();
        assert_eq!((sighting.t, fix.lat_e7, fix.lon_e7, fix.satellites), (Some(XIAN.t), 343_415_700, 1_089_401_750, 9));
        assert_eq!(sighting.lock, Some(LockWord::new(LockWord::MOTOR_LOCKED)));
        counted(gateway.gauges(), Count::Kept, 1).await;
        assert_eq!(gateway.gauges().get(Count::Kept), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_acknowledged_before_it_is_on_disk() {
    let tracker = Arc::new(Tracker::knows(Protocol::Jtt808, &[PHONE]).with_a_held_disk());
    let gateway = gateway(&tracker, TcpLimits::default()).await;
    let address = gateway.address();
    let (heard, mut hears) = tokio::sync::mpsc::channel(1);
    let terminal = beside_in_background(move || {
        let mut call = Call::open(address, Terminal::new(Form::Of2013, PHONE)).unwrap();
        let location = call.terminal.location(&XIAN, &[]);
        call.send(&location).unwrap();
        heard.blocking_send("sent").unwrap();
        let answer = call.hear().unwrap();
        heard.blocking_send("answered").unwrap();
        answer
    });
    assert_eq!(hears.recv().await, Some("sent"));
    // The frame waits for the disk: whatever time passes, there is no answer.
    assert!(tokio::time::timeout(Duration::from_millis(300), hears.recv()).await.is_err());
    assert!(tracker.kept().is_empty());
    tracker.release();
    assert_eq!(hears.recv().await, Some("answered"));
    assert_eq!(terminal.await.unwrap(), Answer::General { serial: 3, to: 0x0200, result: 0 });
    assert_eq!(tracker.kept().len(), 1);
}

fn beside_in_background<T: Send + 'static>(terminal: impl FnOnce() -> T + Send + 'static) -> tokio::task::JoinHandle<T> {
    tokio::task::spawn_blocking(terminal)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_is_refused_and_nothing_of_it_is_kept() {
    let tracker = known();
    let gateway = gateway(&tracker, TcpLimits::default()).await;
    let address = gateway.address();
    let refused = beside(move || Call::open(address, Terminal::new(Form::Of2013, "13900000001")).unwrap_err()).await;
    assert!(matches!(refused, CallError::NotRegistered(4)), "{refused}");
    counted(gateway.gauges(), Count::Stranger, 1).await;
    assert!(tracker.kept().is_empty());
    assert_eq!(tracker.told(), [], "nobody is told of a name that is not registered");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_did_not_authenticate_is_not_heard() {
    let tracker = known();
    let gateway = gateway(&tracker, TcpLimits::default()).await;
    let address = gateway.address();
    let (before, forged) = beside(move || {
        let mut call = Call::connect(address, Terminal::new(Form::Of2013, PHONE)).unwrap();
        let location = call.terminal.location(&XIAN, &[]);
        let before = call.tell(&location).unwrap_err();
        let mut call = Call::connect(address, Terminal::new(Form::Of2013, PHONE)).unwrap();
        let authentication = call.terminal.authenticate("0123456789abcdef");
        (before, call.tell(&authentication).unwrap_err())
    })
    .await;
    assert!(matches!((&before, &forged), (CallError::Refused(1), CallError::Refused(1))), "{before} {forged}");
    counted(gateway.gauges(), Count::Authentication, 2).await;
    assert!(tracker.kept().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_speaks_for_another_terminal_on_its_line() {
    let tracker = Arc::new(Tracker::knows(Protocol::Jtt808, &[PHONE, "13900000002"]));
    let gateway = gateway(&tracker, TcpLimits::default()).await;
    let address = gateway.address();
    let refused = beside(move || {
        let mut call = Call::open(address, Terminal::new(Form::Of2013, PHONE)).unwrap();
        let foreign = Terminal::new(Form::Of2013, "13900000002").register();
        call.ask(&foreign).unwrap();
        call.hear().unwrap_err()
    })
    .await;
    assert!(matches!(refused, CallError::Closed), "{refused}");
    counted(gateway.gauges(), Count::OtherTerminal, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_zone_comes_in_one_batch_whole_or_in_parts() {
    let tracker = known();
    let gateway = gateway(&tracker, TcpLimits::default()).await;
    let address = gateway.address();
    let heres: Vec<Here> = (0..40).map(|minute| Here { t: XIAN.t.plus_ms(minute * 60_000), ..XIAN }).collect();
    let sent = heres.clone();
    beside(move || {
        let mut call = Call::open(address, Terminal::new(Form::Of2013, PHONE)).unwrap();
        let whole = call.terminal.stored(&sent[..20], &[]);
        call.tell(&whole).unwrap();
        let parts = call.terminal.stored_in_parts(&sent[20..], 256);
        assert_eq!(parts.len(), 3);
        let first = call.terminal.serial() - 2;
        parts.iter().for_each(|part| call.send(part).unwrap());
        for serial in first..first + 3 {
            assert_eq!(call.hear().unwrap(), Answer::General { serial, to: 0x0704, result: 0 });
        }
    })
    .await;
    let sightings = tracker.sightings();
    assert_eq!(
        sightings.iter().map(|sighting| sighting.t.unwrap()).collect::<Vec<_>>(),
        heres.iter().map(|here| here.t).collect::<Vec<_>>()
    );
    assert!(sightings.iter().all(|sighting| sighting.status.has(Status::FROM_STORE)));
    assert_eq!(tracker.kept().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_not_supported_is_told_so_and_the_next_one_is_taken() {
    let tracker = known();
    let gateway = gateway(&tracker, TcpLimits::default()).await;
    let address = gateway.address();
    beside(move || {
        let mut call = Call::open(address, Terminal::new(Form::Of2019, PHONE)).unwrap();
        let unknown = call.terminal.message(0x0900, &[1, 2, 3]);
        assert!(matches!(call.tell(&unknown), Err(CallError::Refused(3))));
        call.send(b"noise").unwrap();
        let location = call.terminal.location(&XIAN, &[]);
        call.tell(&location).unwrap();
    })
    .await;
    assert_eq!(tracker.kept().len(), 1);
    let gauges = gateway.gauges();
    assert_eq!([Count::Unsupported, Count::Garbage].map(|count| gauges.get(count)), [1, 1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_that_is_revoked_while_it_speaks_is_closed() {
    let tracker = known();
    let gateway = gateway(&tracker, TcpLimits::default()).await;
    let (address, revoking) = (gateway.address(), Arc::clone(&tracker));
    let refused = beside(move || {
        let mut call = Call::open(address, Terminal::new(Form::Of2013, PHONE)).unwrap();
        revoking.revoke_all();
        let location = call.terminal.location(&XIAN, &[]);
        (call.tell(&location).unwrap_err(), call.hear().unwrap_err())
    })
    .await;
    assert!(matches!(refused, (CallError::Refused(1), CallError::Closed)), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drain_lets_the_turn_end_and_closes() {
    let tracker = known();
    let gateway = gateway(&tracker, TcpLimits::default()).await;
    let address = gateway.address();
    let mut call = beside(move || Call::open(address, Terminal::new(Form::Of2013, PHONE)).unwrap()).await;
    assert!(gateway.drain(Duration::from_secs(20)).await);
    assert!(matches!(beside(move || call.hear().unwrap_err()).await, CallError::Closed));
}
