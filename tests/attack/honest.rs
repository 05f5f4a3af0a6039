//! Honest traffic: seals, and terminals of other makers, that report every few milliseconds, each waiting for what says that it is on
//! disk, and how long that took.

use crate::seal::Seal;
use crate::secure;
use sealway_seal_sim::mqtt::{self, Incoming};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio_rustls::rustls::{ClientConnection, StreamOwned};

const PERIOD: Duration = Duration::from_millis(20);
/// Longer than any receipt takes while somebody can be said to be served.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// One who reports.
pub(crate) struct Speaker {
    period: Duration,
    /// One report, to its receipt.
    report: Box<dyn FnMut() + Send>,
}

type Receipts = Arc<Mutex<Vec<(Instant, Duration)>>>;

pub(crate) struct Honest {
    receipts: Receipts,
    over: Arc<AtomicBool>,
    speakers: Vec<JoinHandle<()>>,
}

impl Honest {
    pub(crate) fn begin(speakers: Vec<Speaker>) -> Self {
        let (receipts, over) = (Receipts::default(), Arc::new(AtomicBool::new(false)));
        let speakers = speakers.into_iter().map(|speaker| {
            let (receipts, over) = (receipts.clone(), over.clone());
            std::thread::spawn(move || speaker.speak(&receipts, &over))
        });
        Self { speakers: speakers.collect(), receipts, over }
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

    /// Nobody has lost a connection or a receipt.
    pub(crate) fn end(self) {
        self.over.store(true, Ordering::Relaxed);
        self.speakers.into_iter().for_each(|speaker| speaker.join().expect("the honest were served to the end"));
    }
}

impl Speaker {
    pub(crate) fn new(period: Duration, report: impl FnMut() + Send + 'static) -> Self {
        Self { period, report: Box::new(report) }
    }

    /// A seal over plain MQTT.
    pub(crate) fn plain(seal: Seal, platform: SocketAddr) -> Self {
        Self::seal(seal, socket(platform))
    }

    /// A seal over TLS.
    pub(crate) fn secured(seal: Seal, platform: SocketAddr) -> Self {
        let (config, _) = secure::taking_any_certificate();
        Self::seal(seal, StreamOwned::new(ClientConnection::new(config, secure::server_name()).unwrap(), socket(platform)))
    }

    fn seal(mut seal: Seal, mut line: impl Read + Write + Send + 'static) -> Self {
        let mut unread = Vec::new();
        line.write_all(&seal.connect()).unwrap();
        assert!(matches!(next(&mut line, &mut unread), Answer::ConnAck(0)));
        let mut tickets = (1..=u16::MAX).cycle();
        Self::new(PERIOD, move || {
            let ticket = tickets.next().unwrap();
            line.write_all(&seal.report(ticket)).unwrap();
            assert!(matches!(next(&mut line, &mut unread), Answer::PubAck(of) if of == ticket));
        })
    }

    fn speak(mut self, receipts: &Receipts, over: &AtomicBool) {
        let mut due = Instant::now();
        while !over.load(Ordering::Relaxed) {
            let sent = Instant::now();
            (self.report)();
            receipts.lock().unwrap().push((Instant::now(), sent.elapsed()));
            due += self.period;
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
        }
    }
}

pub(crate) fn socket(platform: SocketAddr) -> TcpStream {
    let socket = TcpStream::connect(platform).unwrap();
    socket.set_nodelay(true).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket
}

enum Answer {
    ConnAck(u8),
    PubAck(u16),
}

fn next(stream: &mut impl Read, unread: &mut Vec<u8>) -> Answer {
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
