//! Honest traffic: a few seals that report every few milliseconds, each waiting for its PUBACK, and how long that took. Half of them
//! speak through TLS.

use crate::seal::Seal;
use crate::secure;
use sealway_seal_sim::mqtt::{self, Incoming};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio_rustls::rustls::{ClientConnection, StreamOwned};

const PERIOD: Duration = Duration::from_millis(20);
/// Longer than any PUBACK takes while somebody can be said to be served.
const PATIENCE: Duration = Duration::from_secs(20);

type Receipts = Arc<Mutex<Vec<(Instant, Duration)>>>;

pub(crate) struct Honest {
    receipts: Receipts,
    over: Arc<AtomicBool>,
    seals: Vec<JoinHandle<()>>,
}

impl Honest {
    pub(crate) fn begin(plain: SocketAddr, tls: SocketAddr, seals: Vec<Seal>) -> Self {
        let (receipts, over) = (Receipts::default(), Arc::new(AtomicBool::new(false)));
        let seals = seals.into_iter().enumerate().map(|(number, seal)| {
            let (receipts, over) = (receipts.clone(), over.clone());
            std::thread::spawn(move || {
                let line = if number.is_multiple_of(2) { connected(plain) } else { secured(tls) };
                report(seal, line, &receipts, &over);
            })
        });
        Self { seals: seals.collect(), receipts, over }
    }

    /// Receipts between two moments, and what 99 of 100 did not exceed.
    pub(crate) fn between(&self, from: Instant, to: Instant) -> (usize, Duration) {
        let receipts = self.receipts.lock().unwrap();
        let within = receipts.iter().filter(|(at, took)| *at >= from && *at - *took < to);
        let mut took: Vec<Duration> = within.map(|(_, took)| *took).collect();
        took.sort_unstable();
        let p99 = took.get(took.len() * 99 / 100).copied().expect("honest traffic flows");
        (took.len(), p99)
    }

    /// No seal has lost its connection or a receipt.
    pub(crate) fn end(self) {
        self.over.store(true, Ordering::Relaxed);
        self.seals.into_iter().for_each(|seal| seal.join().expect("an honest seal was served to the end"));
    }
}

trait Line: std::io::Read + std::io::Write {}

impl<L: std::io::Read + std::io::Write> Line for L {}

fn socket(platform: SocketAddr) -> TcpStream {
    let socket = TcpStream::connect(platform).unwrap();
    socket.set_nodelay(true).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket
}

fn connected(platform: SocketAddr) -> Box<dyn Line> {
    Box::new(socket(platform))
}

fn secured(platform: SocketAddr) -> Box<dyn Line> {
    let (config, _) = secure::taking_any_certificate();
    Box::new(StreamOwned::new(ClientConnection::new(config, secure::server_name()).unwrap(), socket(platform)))
}

fn report(mut seal: Seal, mut stream: Box<dyn Line>, receipts: &Receipts, over: &AtomicBool) {
    let mut unread = Vec::new();
    stream.write_all(&seal.connect()).unwrap();
    assert!(matches!(next(&mut *stream, &mut unread), Answer::ConnAck(0)));
    let mut due = Instant::now();
    for ticket in (1..=u16::MAX).cycle() {
        if over.load(Ordering::Relaxed) {
            return;
        }
        let sent = Instant::now();
        stream.write_all(&seal.report(ticket)).unwrap();
        assert!(matches!(next(&mut *stream, &mut unread), Answer::PubAck(of) if of == ticket));
        receipts.lock().unwrap().push((Instant::now(), sent.elapsed()));
        due += PERIOD;
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
    }
}

enum Answer {
    ConnAck(u8),
    PubAck(u16),
}

fn next(stream: &mut dyn Line, unread: &mut Vec<u8>) -> Answer {
    loop {
        if let Some((packet, length)) = mqtt::first(unread).unwrap() {
            let answer = match packet {
                Incoming::ConnAck(code) => Answer::ConnAck(code),
                Incoming::PubAck(ticket) => Answer::PubAck(ticket),
                Incoming::SubAck(_) | Incoming::Publish { .. } | Incoming::PingResp => panic!("not asked for"),
            };
            unread.drain(..length);
            return answer;
        }
        let mut chunk = [0; 256];
        let read = stream.read(&mut chunk).expect("an answer in time");
        assert!(read > 0, "an honest seal was closed");
        unread.extend_from_slice(&chunk[..read]);
    }
}
