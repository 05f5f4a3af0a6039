//! Whoever comes in crowds, says nothing, or knows one number: an honest terminal comes in beside him and is heard.

use crate::harness::{PATIENCE, Tracker, counted, id_of, listener};
use crate::terminals::{PHONE, XIAN, beside, gateway, known};
use sealway_broker::{Count, Jointech, Jtt808, Rate, TcpGateway, TcpLimits};
use sealway_schemas::terminal::Protocol;
use sealway_seal_sim::terminal::{Answer, Call, CallError, Form, Here, Terminal};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

/// Connections from several addresses of this machine.
async fn crowd(gateway: SocketAddr, addresses: u8, each: usize) -> Vec<TcpStream> {
    let mut crowd = Vec::new();
    for last in 1..=addresses {
        for _ in 0..each {
            let socket = TcpSocket::new_v4().unwrap();
            socket.bind(SocketAddr::from(([127, 0, 1, last], 0))).unwrap();
            crowd.push(socket.connect(gateway).await.unwrap());
        }
    }
    crowd
}

/// Few places, which a crowd of 200 fills many times over, and far less time than a silent one may stay.
fn narrow() -> TcpLimits {
    TcpLimits { half_open: 32, half_open_per_address: 8, call_deadline: PATIENCE * 10, ..TcpLimits::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_of_silent_connections_keeps_no_new_terminal_out() {
    let tracker = known();
    let gateway = gateway(&tracker, narrow()).await;
    let address = gateway.address();
    let silent = crowd(address, 8, 25).await;
    let beside_them = tokio::time::timeout(
        PATIENCE,
        beside(move || {
            let mut call = Call::open(address, Terminal::new(Form::Of2013, PHONE)).unwrap();
            let location = call.terminal.location(&XIAN, &[]);
            call.tell(&location).unwrap();
        }),
    );
    beside_them.await.unwrap();
    assert_eq!(tracker.kept().len(), 1);
    counted(gateway.gauges(), Count::HalfOpen, 168).await;
    assert!(gateway.open() <= 33, "{}", gateway.open());
    drop(silent);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_of_silent_connections_keeps_no_new_lock_out() {
    let tracker = Arc::new(Tracker::knows(Protocol::Jointech, &["7010100014"]));
    let gateway = TcpGateway::start(listener(narrow()), Arc::clone(&tracker), || Jointech).await.unwrap();
    let silent = crowd(gateway.address(), 8, 25).await;
    let mut lock = TcpStream::connect(gateway.address()).await.unwrap();
    lock.write_all(b"(7010100014,P45,010926,083005,34.341570,N,108.940175,E,A,12.50,90,2,1,0,0,0,3)").await.unwrap();
    let mut answer = [0; 9];
    tokio::time::timeout(PATIENCE, lock.read_exact(&mut answer)).await.unwrap().unwrap();
    assert_eq!((&answer, tracker.kept().len()), (b"(P69,0,3)", 1));
    counted(gateway.gauges(), Count::HalfOpen, 168).await;
    drop(silent);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_comes_too_often_is_closed_and_another_is_heard() {
    let tracker = known();
    let limits = TcpLimits { connects: Rate { burst: 100, per_second: 1 }, ..TcpLimits::default() };
    let gateway = gateway(&tracker, limits).await;
    let address = gateway.address();
    let _crowd = crowd(address, 1, 30).await;
    counted(gateway.gauges(), Count::ConnectRate, 25).await;
    beside(move || Call::open(address, Terminal::new(Form::Of2013, PHONE)).unwrap()).await;
    assert_eq!(gateway.gauges().get(Count::ConnectRate), 25, "a stranger's turn costs 20 of 100");
}

#[tokio::test(flavor = "multi_thread")]
async fn noise_and_idle_lines_end_and_an_honest_terminal_goes_on_beside_them() {
    let tracker = known();
    let limits = TcpLimits { call_deadline: Duration::from_millis(200), connections: 40, ..TcpLimits::default() };
    let gateway = gateway(&tracker, limits).await;
    let address = gateway.address();
    let honest = beside(move || Call::open(address, Terminal::new(Form::Of2013, PHONE)).unwrap()).await;
    let idle = beside(move || {
        let open = || Call::connect(address, Terminal::new(Form::Of2013, "1")).unwrap();
        let noisy: Vec<Call> = (0..8).map(|_| open()).collect();
        for mut call in noisy {
            // A platform that has had enough closes while it is being written to.
            let _closed = (0..100).try_for_each(|_| call.send(&[0x7E, 0x01, 0x7E, 0x55]));
        }
        (0..20).map(|_| open()).collect::<Vec<_>>()
    })
    .await;
    counted(gateway.gauges(), Count::Idle, 20).await;
    drop(idle);
    beside(move || {
        let mut honest = honest;
        let location = honest.terminal.location(&XIAN, &[]);
        honest.tell(&location).unwrap();
    })
    .await;
    assert_eq!(tracker.kept().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_connection_too_many_is_closed_at_once() {
    let tracker = known();
    let gateway = gateway(&tracker, TcpLimits { connections: 1, ..TcpLimits::default() }).await;
    let address = gateway.address();
    let refused = beside(move || {
        let _first = Call::open(address, Terminal::new(Form::Of2013, PHONE)).unwrap();
        Call::open(address, Terminal::new(Form::Of2013, PHONE)).unwrap_err()
    })
    .await;
    assert!(matches!(refused, CallError::Closed | CallError::Io(_)), "{refused}");
    counted(gateway.gauges(), Count::TooManyConnections, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_line_of_a_terminal_ends_the_older_one() {
    let tracker = known();
    let gateway = gateway(&tracker, TcpLimits::default()).await;
    let address = gateway.address();
    let ended = beside(move || {
        let mut lines: Vec<Call> = (0..5).map(|_| Call::open(address, Terminal::new(Form::Of2013, PHONE)).unwrap()).collect();
        let mut newest = lines.pop().unwrap();
        let location = newest.terminal.location(&XIAN, &[]);
        newest.tell(&location).unwrap();
        lines.iter_mut().all(|line| matches!(line.hear(), Err(CallError::Closed | CallError::Io(_))))
    })
    .await;
    assert!(ended);
    counted(gateway.gauges(), Count::TakenOver, 4).await;
    assert_eq!((gateway.gauges().get(Count::TakenOver), tracker.kept().len()), (4, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_that_says_too_much_is_not_heard_and_another_is() {
    let tracker = Arc::new(Tracker::knows(Protocol::Jtt808, &[PHONE, "13900000002"]));
    let limits = TcpLimits { frames: Rate { burst: 20, per_second: 1 }, ..TcpLimits::default() };
    let gateway = gateway(&tracker, limits).await;
    let address = gateway.address();
    // It stays: what was not read yet is not lost with its line.
    let _call = beside(move || {
        let mut call = Call::open(address, Terminal::new(Form::Of2013, PHONE)).unwrap();
        for second in 0..200 {
            let location = call.terminal.location(&Here { t: XIAN.t.plus_ms(second * 1_000), ..XIAN }, &[]);
            // A platform that has had enough closes while it is being written to.
            if call.send(&location).is_err() {
                break;
            }
        }
        call
    })
    .await;
    counted(gateway.gauges(), Count::Rate, 64).await;
    beside(move || {
        let again = Call::open(address, Terminal::new(Form::Of2013, PHONE)).unwrap_err();
        assert!(matches!(again, CallError::Closed | CallError::Io(_)), "it is put off: {again}");
        let mut other = Call::open(address, Terminal::new(Form::Of2013, "13900000002")).unwrap();
        let location = other.terminal.location(&XIAN, &[]);
        other.tell(&location).unwrap();
    })
    .await;
    let of = |phone: &str| tracker.kept().iter().filter(|frame| frame.terminal == id_of(Protocol::Jtt808, phone)).count();
    assert!((18..40).contains(&of(PHONE)), "{}", of(PHONE));
    assert_eq!((of("13900000002"), gateway.gauges().get(Count::Rate)), (1, 64));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_that_says_too_many_bytes_is_not_heard() {
    let tracker = known();
    let limits = TcpLimits { bytes: Rate { burst: 1_500, per_second: 1 }, ..TcpLimits::default() };
    let gateway = gateway(&tracker, limits).await;
    let address = gateway.address();
    let _call = beside(move || {
        let mut call = Call::open(address, Terminal::new(Form::Of2013, PHONE)).unwrap();
        for minute in 0..4 {
            let batch = call.terminal.stored(&[Here { t: XIAN.t.plus_ms(minute * 60_000), ..XIAN }; 30], &[]);
            call.send(&batch).unwrap();
        }
        call
    })
    .await;
    counted(gateway.gauges(), Count::Rate, 3).await;
    assert_eq!((tracker.kept().len(), gateway.gauges().get(Count::Kept)), (1, 1), "of 1,500 bytes a batch takes 920");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_gateway_puts_together_of_parts_has_a_bound_for_all_terminals() {
    let tracker = Arc::new(Tracker::knows(Protocol::Jtt808, &[PHONE, "13900000002"]));
    let talk = Jtt808::with_room([7; 32], 8_000);
    let gateway = TcpGateway::start(listener(TcpLimits::default()), Arc::clone(&tracker), move || talk.clone()).await.unwrap();
    let address = gateway.address();
    let tracked = Arc::clone(&tracker);
    beside(move || {
        let open = |phone: &str| Call::open(address, Terminal::new(Form::Of2013, phone)).unwrap();
        let (mut first, mut second) = (open(PHONE), open("13900000002"));
        let parts = first.terminal.stored_in_parts(&[XIAN; 40], 500);
        let others = second.terminal.stored_in_parts(&[XIAN; 120], 1_000);
        assert_eq!((parts.len(), others.len()), (3, 4));
        parts[..2].iter().for_each(|part| first.send(part).unwrap());
        // Answered when the parts before it are there.
        let (first_serial, heartbeat) = (first.terminal.serial() - 2, first.terminal.heartbeat());
        first.tell(&heartbeat).unwrap();
        assert_eq!(first.hear().unwrap(), Answer::Lost { first_serial, numbers: vec![3] });
        others.iter().for_each(|part| second.send(part).unwrap());
        let first_serial = second.terminal.serial() - 3;
        assert_eq!(second.hear().unwrap(), Answer::Lost { first_serial, numbers: vec![3] }, "there was no room for it");
        assert!(tracked.kept().is_empty());
        let heard = |call: &mut Call, parts: usize| {
            (0..parts).all(|_| matches!(call.hear().unwrap(), Answer::General { to: 0x0704, result: 0, .. }))
        };
        first.send(&parts[2]).unwrap();
        assert!(heard(&mut first, 3));
        // Room again.
        second.send(&others[2]).unwrap();
        assert!(heard(&mut second, 4));
    })
    .await;
    assert_eq!(tracker.sightings().len(), 160);
    assert_eq!(gateway.gauges().get(Count::PartsFull), 1);
}
