//! The run itself: a fixed number of connections, each with a window of PUBLISHes in flight, rotating through the devices.

use super::latency::Latencies;
use super::prepare::{Load, LoadError, Visit};
use crate::chance::secret;
use crate::line::{Door, Line};
use crate::link::unix_now;
use crate::mqtt::{self, Incoming};
use crate::number;
use base64::Engine as _;
use bytes::{Buf as _, BytesMut};
use sealway_schemas::login::Login;
use sealway_schemas::{aad, topics};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

/// How a load is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunConfig {
    pub address: SocketAddr,
    /// Devices connected at a time.
    pub connections: usize,
    /// PUBLISHes in flight on each.
    pub in_flight: usize,
    pub seconds: u64,
    /// Between two windows of one connection; zero: as fast as receipts come.
    pub pause_us: u64,
    /// Subscribe to the down topic and take the signed acks, as a real seal does.
    pub listen: bool,
    /// Threads of the generator.
    pub threads: usize,
}

/// What a run measured.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LoadReport {
    pub connections: usize,
    pub in_flight: usize,
    /// Devices that connected.
    pub devices: u64,
    pub logins_refused: u64,
    pub connections_lost: u64,
    pub published: u64,
    pub pubacked: u64,
    /// Signed messages from the platform.
    pub down: u64,
    /// From the first PUBLISH allowed to the last PUBACK counted.
    pub seconds: f64,
    pub pubacked_per_s: f64,
    pub ack_ms_p50: f64,
    pub ack_ms_p99: f64,
    /// Reports ran out before the time did.
    pub exhausted: bool,
    /// The first thing that went wrong, if anything did.
    pub first_fault: Option<String>,
}

#[derive(Debug, Default)]
struct Count {
    devices: u64,
    logins_refused: u64,
    connections_lost: u64,
    published: u64,
    pubacked: u64,
    down: u64,
    latencies: Latencies,
    first_fault: Option<String>,
    last_ack: Option<Instant>,
    exhausted: bool,
}

/// Runs the load in this thread and a runtime of its own, until the time is over or the reports are.
pub fn run(load: Load, config: RunConfig) -> Result<LoadReport, LoadError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(config.threads.max(1))
        .enable_all()
        .build()
        .map_err(LoadError::Runtime)?;
    Ok(runtime.block_on(run_all(Arc::new(load), config)))
}

async fn run_all(load: Arc<Load>, config: RunConfig) -> LoadReport {
    let (next, door) = (Arc::new(AtomicUsize::new(0)), Arc::new(Semaphore::new(LOGGING_IN)));
    let started = Instant::now();
    let until = started + Duration::from_secs(config.seconds);
    let mut lanes = tokio::task::JoinSet::new();
    for _ in 0..config.connections {
        lanes.spawn(lane(Arc::clone(&load), (Arc::clone(&next), Arc::clone(&door)), config, until));
    }
    let mut all = Count::default();
    while let Some(Ok(count)) = lanes.join_next().await {
        all.add(count);
    }
    let seconds = all.last_ack.map_or(0.0, |last| (last - started).as_secs_f64());
    LoadReport {
        connections: config.connections,
        in_flight: config.in_flight,
        devices: all.devices,
        logins_refused: all.logins_refused,
        connections_lost: all.connections_lost,
        published: all.published,
        pubacked: all.pubacked,
        down: all.down,
        seconds,
        pubacked_per_s: if seconds > 0.0 { number::float(all.pubacked) / seconds } else { 0.0 },
        ack_ms_p50: all.latencies.quantile_ms(0.50),
        ack_ms_p99: all.latencies.quantile_ms(0.99),
        exhausted: all.exhausted,
        first_fault: all.first_fault,
    }
}

impl Count {
    fn add(&mut self, other: Self) {
        self.devices += other.devices;
        self.logins_refused += other.logins_refused;
        self.connections_lost += other.connections_lost;
        self.published += other.published;
        self.pubacked += other.pubacked;
        self.down += other.down;
        self.latencies.merge(&other.latencies);
        self.last_ack = self.last_ack.max(other.last_ack);
        self.exhausted |= other.exhausted;
        self.first_fault = self.first_fault.take().or(other.first_fault);
    }
}

/// One connection after the other: each takes the next device that nobody has taken.
async fn lane(load: Arc<Load>, (next, door): (Arc<AtomicUsize>, Arc<Semaphore>), config: RunConfig, until: Instant) -> Count {
    let mut count = Count::default();
    while Instant::now() < until {
        let Some(visit) = load.visits().get(next.fetch_add(1, Ordering::Relaxed)) else {
            count.exhausted = true;
            break;
        };
        match connection((visit, &door), config, until, &mut count).await {
            Ok(()) => {}
            Err(Ended::Refused(code)) => {
                count.logins_refused += 1;
                count.fault(&format!("{}: login refused with code {code}", visit.device));
            }
            Err(Ended::Lost(source)) => {
                count.connections_lost += 1;
                count.fault(&format!("{}: {source}", visit.device));
            }
        }
    }
    count
}

/// How many devices log in at a time: a platform gives one address no more doors than it has to.
const LOGGING_IN: usize = 64;

/// Logs every device of the load in, tells how long that took in all and how many came in, and keeps them connected, silent, until
/// `until` has come back.
pub fn hold(load: Load, door: &Door, until: impl FnOnce(Duration, usize)) -> Result<(), LoadError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(LoadError::Runtime)?;
    let (load, next) = (Arc::new(load), Arc::new(AtomicUsize::new(0)));
    let started = Instant::now();
    let held = runtime.block_on(async {
        let mut lanes = tokio::task::JoinSet::new();
        for _ in 0..LOGGING_IN {
            lanes.spawn(log_in(Arc::clone(&load), Arc::clone(&next), door.clone()));
        }
        lanes.join_all().await.into_iter().flatten().collect::<Vec<_>>()
    });
    until(started.elapsed(), held.len());
    drop(held);
    Ok(())
}

async fn log_in(load: Arc<Load>, next: Arc<AtomicUsize>, door: Door) -> Vec<Line> {
    let mut held = Vec::new();
    while let Some(visit) = load.visits().get(next.fetch_add(1, Ordering::Relaxed)) {
        let Ok(mut line) = door.open().await else { continue };
        if login(visit, true, &mut line, &mut BytesMut::new()).await.is_ok() {
            held.push(line);
        }
    }
    held
}

impl Count {
    fn fault(&mut self, text: &str) {
        self.first_fault.get_or_insert_with(|| text.to_owned());
    }
}

enum Ended {
    Refused(u8),
    Lost(std::io::Error),
}

impl From<std::io::Error> for Ended {
    fn from(source: std::io::Error) -> Self {
        Self::Lost(source)
    }
}

async fn connection((visit, door): (&Visit, &Semaphore), config: RunConfig, until: Instant, count: &mut Count) -> Result<(), Ended> {
    let mut buffer = BytesMut::with_capacity(8 * 1024);
    let mut stream = {
        // Never closed, so this is only a wait.
        let _turn = door.acquire().await;
        let mut stream = TcpStream::connect(config.address).await?;
        stream.set_nodelay(true)?;
        login(visit, config.listen, &mut stream, &mut buffer).await?;
        stream
    };
    count.devices += 1;
    let mut window = Window { visit, sent: 0, acked: 0, written: VecDeque::new() };
    let mut out = Vec::with_capacity(256);
    // A receipt that is due at the end of the time still counts; one that never comes must not hang the run.
    let patience = until + Duration::from_secs(10);
    let number = visit.device.as_str().bytes().fold(0, |sum: u64, byte| sum.wrapping_mul(1_000_003).wrapping_add(u64::from(byte)));
    let mut turns = Turns::new(config.pause_us, number);
    loop {
        if window.sent == window.acked {
            turns.next().await;
        }
        if Instant::now() < until {
            let packets = window.advance(config.in_flight);
            count.published += packets.1;
            stream.write_all(packets.0).await?;
        }
        if window.sent == window.acked {
            break;
        }
        match timeout_at(patience, stream.read_buf(&mut buffer)).await {
            Err(_) => return Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into()),
            Ok(Ok(0)) => return Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset).into()),
            Ok(read) => read.map(|_| ())?,
        }
        take_in(&mut buffer, &mut window, count, &mut out)?;
        if !out.is_empty() {
            stream.write_all(&out).await?;
            out.clear();
        }
    }
    mqtt::disconnect(&mut out);
    stream.write_all(&out).await?;
    stream.shutdown().await?;
    Ok(())
}

/// When a connection may send, where it is not to send as fast as it can.
struct Turns {
    pause: Duration,
    next: Instant,
}

impl Turns {
    /// Connections that began together shall not send together.
    fn new(pause_us: u64, offset: u64) -> Self {
        let pause = Duration::from_micros(pause_us);
        Self { pause, next: Instant::now() + Duration::from_micros(offset % pause_us.max(1)) }
    }

    async fn next(&mut self) {
        if !self.pause.is_zero() {
            tokio::time::sleep_until(self.next).await;
            self.next = (self.next + self.pause).max(Instant::now());
        }
    }
}

/// The login's time is this moment and its nonce the platform need not believe: a real, fresh login for each connection.
async fn login(
    visit: &Visit,
    listen: bool,
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    buffer: &mut BytesMut,
) -> Result<(), Ended> {
    let device = visit.device;
    let t = unix_now();
    let nonce = secret(t.as_ms(), "login", device.as_str()).first_chunk().copied().unwrap_or_default();
    let bytes = visit.identity.seal(&Login { t, nonce }.encode(), &aad::login(&device));
    let password = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes);
    let mut out = Vec::with_capacity(512);
    mqtt::connect(device.as_str(), &password, 60, &mut out);
    stream.write_all(&out).await?;
    stream.flush().await?;
    match answer(stream, buffer).await? {
        0 => {}
        code => return Err(Ended::Refused(code)),
    }
    if listen {
        out.clear();
        mqtt::subscribe(&topics::down(&device), u16::MAX, &mut out);
        stream.write_all(&out).await?;
        stream.flush().await?;
        match answer(stream, buffer).await? {
            0 | 1 => {}
            code => return Err(Ended::Refused(code)),
        }
    }
    Ok(())
}

/// The code of the CONNACK or SUBACK that comes next.
async fn answer(stream: &mut (impl AsyncRead + Unpin), buffer: &mut BytesMut) -> Result<u8, Ended> {
    loop {
        match mqtt::first(buffer).map_err(std::io::Error::other)? {
            Some((Incoming::ConnAck(code) | Incoming::SubAck(code), length)) => {
                buffer.advance(length);
                return Ok(code);
            }
            Some((Incoming::PubAck(_) | Incoming::Publish { .. } | Incoming::PingResp, length)) => buffer.advance(length),
            None => {
                if stream.read_buf(buffer).await? == 0 {
                    return Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset).into());
                }
            }
        }
    }
}

/// What of one device's reports is out, and when it went.
struct Window<'a> {
    visit: &'a Visit,
    sent: usize,
    acked: usize,
    /// When each run of packets was written, and how many of it have no receipt yet.
    written: VecDeque<(Instant, u64)>,
}

impl<'a> Window<'a> {
    /// The next packets that fit the window, in one slice, and their number.
    fn advance(&mut self, in_flight: usize) -> (&'a [u8], u64) {
        let end = (self.acked + in_flight).min(self.visit.ends.len());
        let offset = |sent: usize| sent.checked_sub(1).and_then(|last| self.visit.ends.get(last)).map_or(0, |end| *end as usize);
        let packets = self.visit.packets.get(offset(self.sent)..offset(end)).unwrap_or_default();
        let count = end.saturating_sub(self.sent) as u64;
        if count > 0 {
            self.written.push_back((Instant::now(), count));
            self.sent = end;
        }
        (packets, count)
    }

    /// Receipts come in the order of the packets.
    fn take_receipts(&mut self, mut receipts: u64, now: Instant, latencies: &mut Latencies) {
        self.acked += usize::try_from(receipts).unwrap_or_default();
        while receipts > 0 {
            let Some((at, waiting)) = self.written.front_mut() else { break };
            let taken = receipts.min(*waiting);
            latencies.add(u64::try_from((now - *at).as_micros()).unwrap_or(u64::MAX), taken);
            *waiting -= taken;
            receipts -= taken;
            if *waiting == 0 {
                self.written.pop_front();
            }
        }
    }
}

fn take_in(buffer: &mut BytesMut, window: &mut Window<'_>, count: &mut Count, out: &mut Vec<u8>) -> Result<(), Ended> {
    let mut receipts = 0;
    let mut used = 0;
    while let Some((packet, length)) = mqtt::first(buffer.get(used..).unwrap_or_default()).map_err(std::io::Error::other)? {
        match packet {
            Incoming::PubAck(_) => receipts += 1,
            Incoming::Publish { ticket, .. } => {
                count.down += 1;
                if ticket != 0 {
                    mqtt::puback(ticket, out);
                }
            }
            Incoming::ConnAck(_) | Incoming::SubAck(_) | Incoming::PingResp => {}
        }
        used += length;
    }
    buffer.advance(used);
    if receipts > 0 {
        let now = Instant::now();
        window.take_receipts(receipts, now, &mut count.latencies);
        count.pubacked += receipts;
        count.last_ack = Some(now);
    }
    Ok(())
}
