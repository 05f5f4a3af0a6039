//! What is odd, cut or lost on the way: kept with a mark, asked for again, and never a reason to resend for ever.

use crate::harness::{Tracker, id_of};
use crate::terminals::{PHONE, XIAN, beside, gateway, known};
use sealway_broker::{Count, Jtt808, TcpGateway, TcpLimits};
use sealway_schemas::sensors::Sensor;
use sealway_schemas::terminal::{LockWord, Protocol, Sighting};
use sealway_seal_sim::terminal::{Answer, Call, CallError, Form, Here, Terminal};

fn reading(sighting: &Sighting, name: &str) -> Option<f64> {
    sighting.sensors.iter().find(|sensor| sensor.name() == name).map(Sensor::value)
}

fn marks(tracker: &Tracker) -> Vec<Option<f64>> {
    tracker.sightings().iter().map(|sighting| reading(sighting, "/:unread")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_odd_location_is_kept_with_its_mark_and_acknowledged() {
    let tracker = known();
    let gateway = gateway(&tracker, TcpLimits::default()).await;
    let address = gateway.address();
    let sent = beside(move || {
        let mut call = Call::open(address, Terminal::new(Form::Of2019, PHONE)).unwrap();
        let turned = call.terminal.location(&Here { heading: 361, ..XIAN }, &[]);
        let long = call.terminal.location(&XIAN, &[0x31, 1, 9, 0x01, 200, 0]);
        let short = call.terminal.message(0x0200, &[0; 27]);
        let good = call.terminal.location(&XIAN, &[]);
        [turned, long, short, good].map(|frame| {
            call.tell(&frame).unwrap();
            frame
        })
    })
    .await;
    assert_eq!(tracker.kept().iter().map(|frame| frame.frame().to_vec()).collect::<Vec<_>>(), sent);
    assert_eq!(marks(&tracker), [Some(4.0), Some(8.0), Some(16.0), None]);
    let there: Vec<bool> = tracker.sightings().iter().map(|sighting| sighting.fix.is_some()).collect();
    assert_eq!(there, [true, true, false, true]);
    let gauges = gateway.gauges();
    assert_eq!([Count::Malformed, Count::Kept].map(|count| gauges.get(count)), [3, 4]);
    assert_eq!(tracker.told(), [(id_of(Protocol::Jtt808, PHONE), Count::Malformed); 3], "its owner can ask why");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_record_costs_a_batch_none_of_its_good_ones() {
    let tracker = known();
    let gateway = gateway(&tracker, TcpLimits::default()).await;
    let address = gateway.address();
    beside(move || {
        let mut call = Call::open(address, Terminal::new(Form::Of2013, PHONE)).unwrap();
        let nowhere = Here { at: Some((91.0, 108.9)), ..XIAN };
        let batch = call.terminal.stored(&[XIAN, nowhere, XIAN], &[]);
        call.tell(&batch).unwrap();
    })
    .await;
    assert_eq!(marks(&tracker), [None, Some(2.0), None]);
    assert_eq!(gateway.gauges().get(Count::Malformed), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_with_more_places_than_an_entry_holds_is_kept_whole_and_told_in_part() {
    let tracker = known();
    let gateway = gateway(&tracker, TcpLimits::default()).await;
    let address = gateway.address();
    beside(move || {
        let mut call = Call::open(address, Terminal::new(Form::Of2013, PHONE)).unwrap();
        let parts = call.terminal.stored_in_parts(&[XIAN; 1_000], 1_000);
        parts.iter().for_each(|part| call.send(part).unwrap());
        for _ in &parts {
            assert!(matches!(call.hear().unwrap(), Answer::General { to: 0x0704, result: 0, .. }));
        }
    })
    .await;
    let [frame] = tracker.kept().try_into().unwrap();
    assert!(frame.frame().len() > 30_000, "{}", frame.frame().len());
    let marks = marks(&tracker);
    assert_eq!((marks.len(), marks[0], marks[500]), (501, None, Some(16.0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lock_items_of_common_vendors_are_read_in_both_messages() {
    let tracker = known();
    let gateway = gateway(&tracker, TcpLimits::default()).await;
    let address = gateway.address();
    // Unlocked by card with success; a lock by radio, sealed, at 3.7 V; a group of one, at 35 %, not locked.
    let padlock = [0x0B, 2, 0x61, 1].as_slice();
    let radio = [0x63, 11, 1, 2, 3, 4, 5, 6, 0x0E, 0x74, b'1', 0, 200].as_slice();
    let group = [&[0xD5, 14, 1], [7; 10].as_slice(), &[35, 0, 0x20]].concat();
    let items = [[padlock, radio].concat(), [padlock, &group].concat()];
    beside(move || {
        let mut call = Call::open(address, Terminal::new(Form::Of2019, PHONE)).unwrap();
        for items in items {
            let one = call.terminal.location(&XIAN, &items);
            call.tell(&one).unwrap();
            let batch = call.terminal.stored(&[XIAN, XIAN], &items);
            call.tell(&batch).unwrap();
        }
    })
    .await;
    let told: Vec<_> = tracker
        .sightings()
        .iter()
        .map(|sighting| (sighting.lock, sighting.battery, reading(sighting, "/:unlock-result"), reading(sighting, "V:lock")))
        .collect();
    let locked = (Some(LockWord::new(LockWord::MOTOR_LOCKED)), None, Some(1.0), Some(3.7));
    let open = (Some(LockWord::default()), Some(35), Some(1.0), None);
    assert_eq!(told, [locked, locked, locked, open, open, open]);
    assert_eq!(gateway.gauges().get(Count::Malformed), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_was_lost_is_asked_for_again() {
    for form in [Form::Of2013, Form::Of2019] {
        let tracker = known();
        let gateway = gateway(&tracker, TcpLimits::default()).await;
        let address = gateway.address();
        beside(move || {
            let mut call = Call::open(address, Terminal::new(form, PHONE)).unwrap();
            let parts = call.terminal.stored_in_parts(&[XIAN; 20], 128);
            assert_eq!(parts.len(), 5);
            let first_serial = call.terminal.serial() - 4;
            for (number, part) in (1..).zip(&parts) {
                let mut part = part.clone();
                if [2, 4].contains(&number) {
                    part[30] ^= 1;
                }
                call.send(&part).unwrap();
            }
            assert_eq!(call.hear().unwrap(), Answer::Lost { first_serial, numbers: vec![2, 4] });
            [1, 3].iter().for_each(|index| call.send(&parts[*index]).unwrap());
            for serial in first_serial..first_serial + 5 {
                assert_eq!(call.hear().unwrap(), Answer::General { serial, to: 0x0704, result: 0 });
            }
        })
        .await;
        assert_eq!((tracker.kept().len(), tracker.sightings().len()), (1, 20), "{form:?}");
        assert_eq!(gateway.gauges().get(Count::Checksum), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_last_part_that_was_lost_is_asked_for_at_the_next_heartbeat() {
    let tracker = known();
    let gateway = gateway(&tracker, TcpLimits::default()).await;
    let address = gateway.address();
    beside(move || {
        let mut call = Call::open(address, Terminal::new(Form::Of2019, PHONE)).unwrap();
        let parts = call.terminal.stored_in_parts(&[XIAN; 20], 256);
        let first_serial = call.terminal.serial() - 2;
        parts[..2].iter().for_each(|part| call.send(part).unwrap());
        let heartbeat = call.terminal.heartbeat();
        call.tell(&heartbeat).unwrap();
        assert_eq!(call.hear().unwrap(), Answer::Lost { first_serial, numbers: vec![3] });
        call.tell(&parts[2]).unwrap();
        for _ in 1..3 {
            assert!(matches!(call.hear().unwrap(), Answer::General { to: 0x0704, result: 0, .. }));
        }
        // Nothing is missing any more.
        for _ in 0..2 {
            let heartbeat = call.terminal.heartbeat();
            call.tell(&heartbeat).unwrap();
        }
    })
    .await;
    assert_eq!((tracker.kept().len(), tracker.sightings().len()), (1, 20));
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restart_the_old_code_is_refused_and_the_terminal_registers_again() {
    let tracker = known();
    let before = gateway(&tracker, TcpLimits::default()).await;
    let address = before.address();
    let code = beside(move || {
        let mut call = Call::connect(address, Terminal::new(Form::Of2013, PHONE)).unwrap();
        let registration = call.terminal.register();
        let Answer::Registered { result: 0, code, .. } = call.ask(&registration).unwrap() else { panic!("registered") };
        let authentication = call.terminal.authenticate(&code);
        call.tell(&authentication).unwrap();
        code
    })
    .await;
    drop(before);
    let talk = Jtt808::new([8; 32]);
    let listener = crate::harness::listener(TcpLimits::default());
    let after = TcpGateway::start(listener, tracker.clone(), move || talk.clone()).await.unwrap();
    let address = after.address();
    beside(move || {
        let mut call = Call::connect(address, Terminal::new(Form::Of2013, PHONE)).unwrap();
        let authentication = call.terminal.authenticate(&code);
        assert!(matches!(call.tell(&authentication), Err(CallError::Refused(1))));
        assert!(matches!(call.hear(), Err(CallError::Closed)));
        let mut call = Call::open(address, call.terminal).unwrap();
        let location = call.terminal.location(&XIAN, &[]);
        call.tell(&location).unwrap();
    })
    .await;
    assert_eq!((tracker.kept().len(), after.gauges().get(Count::Authentication)), (1, 1));
}
