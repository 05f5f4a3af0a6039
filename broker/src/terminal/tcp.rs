//! A TCP listener for terminals: how many, how long silent, how slow. What they say is their protocol's business.

use super::{Asking, Count, Fault, Gauges, Talk, TerminalIngress, TerminalRefusal, Turn};
use crate::wall;
use bytes::BytesMut;
use sealway_schemas::terminal::{CallSign, Protocol, UnsignedFrame};
use sealway_schemas::{DeviceId, Time};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Pause of an accept loop after an error such as too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
const READ_BYTES: usize = 4_096;
/// A line that says nothing but what cannot be read is ended.
const FAULTS_LIMIT: u32 = 64;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TcpGatewayConfig {
    pub name: String,
    pub listen: SocketAddr,
    pub limits: TcpLimits,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TcpLimits {
    /// One more is closed at once.
    pub connections: u32,
    /// Connections of terminals that are not known yet; while there are as many, no further one is accepted.
    pub half_open: u32,
    /// From accept to the first message of a registered terminal.
    pub call_deadline: Duration,
    /// A terminal that is silent for longer is closed; it calls again.
    pub idle: Duration,
    /// For a terminal to read what is written to it.
    pub write_deadline: Duration,
}

impl Default for TcpLimits {
    fn default() -> Self {
        Self {
            connections: 10_000,
            half_open: 256,
            call_deadline: Duration::from_secs(20),
            idle: Duration::from_secs(600),
            write_deadline: Duration::from_secs(10),
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("gateway {name}: cannot listen on {listen}: {source}")]
pub struct TcpGatewayError {
    name: String,
    listen: SocketAddr,
    source: std::io::Error,
}

/// A running listener. Dropping it stops the accept loop; connections end with [`TcpGateway::drain`] or with the process.
#[derive(Debug)]
pub struct TcpGateway {
    name: String,
    protocol: Protocol,
    address: SocketAddr,
    started: Time,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    protocol: Protocol,
    limits: TcpLimits,
    gauges: Gauges,
    connections: Arc<Semaphore>,
    half_open: Arc<Semaphore>,
    /// Turns true once: connections end after the turn that they are in.
    stop: watch::Sender<bool>,
}

impl TcpGateway {
    /// Binds and starts to accept. `talk` makes one conversation.
    pub async fn start<I: TerminalIngress, T: Talk>(
        config: TcpGatewayConfig,
        ingress: Arc<I>,
        talk: impl Fn() -> T + Send + 'static,
    ) -> Result<Self, TcpGatewayError> {
        let TcpGatewayConfig { name, listen, limits } = config;
        let refused = |source| TcpGatewayError { name: name.clone(), listen, source };
        let listener = TcpListener::bind(listen).await.map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        let shared = Arc::new(Shared {
            protocol: T::PROTOCOL,
            gauges: Gauges::default(),
            connections: Arc::new(Semaphore::new(places(limits.connections))),
            half_open: Arc::new(Semaphore::new(places(limits.half_open))),
            stop: watch::Sender::new(false),
            limits,
        });
        let accepting = tokio::spawn(accept(listener, Arc::clone(&shared), ingress, talk));
        Ok(Self { name, protocol: T::PROTOCOL, address, started: wall::now(), shared, accepting })
    }

    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    #[must_use]
    pub fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// With the port that port 0 became.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    #[must_use]
    pub fn started(&self) -> Time {
        self.started
    }

    #[must_use]
    pub fn gauges(&self) -> &Gauges {
        &self.shared.gauges
    }

    /// Connections at present.
    #[must_use]
    pub fn open(&self) -> u64 {
        let free = self.shared.connections.available_permits();
        places(self.shared.limits.connections).saturating_sub(free) as u64
    }

    /// Accepts nothing more and lets each connection end its turn; false where one took longer.
    pub async fn drain(&self, deadline: Duration) -> bool {
        self.accepting.abort();
        self.shared.stop.send_replace(true);
        let all = u32::try_from(places(self.shared.limits.connections)).unwrap_or(u32::MAX);
        timeout(deadline, self.shared.connections.acquire_many(all)).await.is_ok()
    }
}

impl Drop for TcpGateway {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

fn places(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS)
}

async fn accept<I: TerminalIngress, T: Talk>(
    listener: TcpListener,
    shared: Arc<Shared>,
    ingress: Arc<I>,
    talk: impl Fn() -> T + Send + 'static,
) {
    loop {
        // Waiting here leaves a storm of connects in the kernel's backlog; the call deadline frees places.
        let Ok(half_open) = Arc::clone(&shared.half_open).acquire_owned().await else { return };
        let (socket, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "cannot accept a terminal");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        shared.gauges.one(Count::Opened);
        let Ok(connection) = Arc::clone(&shared.connections).try_acquire_owned() else {
            shared.gauges.one(Count::TooManyConnections);
            continue;
        };
        let line = Line { socket, peer, shared: Arc::clone(&shared), ingress: Arc::clone(&ingress), terminal: None, faults: 0 };
        tokio::spawn(line.serve(talk(), (connection, half_open)));
    }
}

struct Line<I> {
    socket: TcpStream,
    peer: SocketAddr,
    shared: Arc<Shared>,
    ingress: Arc<I>,
    /// Who speaks here, once the tracker knows it.
    terminal: Option<(CallSign, DeviceId)>,
    faults: u32,
}

/// Why a line ends, as it is counted; `None` where the other side ended it.
type Ended = Option<Count>;

impl<I: TerminalIngress> Line<I> {
    async fn serve<T: Talk>(mut self, talk: T, (connection, half_open): (OwnedSemaphorePermit, OwnedSemaphorePermit)) {
        let mut stop = self.shared.stop.subscribe();
        let ended = self.talk(talk, half_open, &mut stop).await;
        if let Some(count) = ended {
            self.shared.gauges.one(count);
            let terminal = self.terminal.as_ref().map(|(_, id)| id.to_string());
            tracing::debug!(protocol = %self.shared.protocol, peer = %self.peer, terminal, reason = count.as_str(), "a terminal's line ended");
        }
        let _closed = timeout(self.shared.limits.write_deadline, self.socket.shutdown()).await;
        drop(connection);
    }

    async fn talk<T: Talk>(&mut self, mut talk: T, half_open: OwnedSemaphorePermit, stop: &mut watch::Receiver<bool>) -> Ended {
        let mut half_open = Some(half_open);
        let mut buffer = BytesMut::with_capacity(READ_BYTES);
        let called_by = tokio::time::Instant::now() + self.shared.limits.call_deadline;
        loop {
            while let Some(turn) = talk.turn(wall::now(), &mut buffer) {
                if let Err(ended) = self.take(turn).await {
                    return ended;
                }
                if self.terminal.is_some() {
                    half_open = None;
                }
                if *stop.borrow() {
                    return None;
                }
            }
            // A stranger's trickle of bytes does not move this deadline; a terminal's moves its own.
            let deadline = if half_open.is_some() { called_by } else { tokio::time::Instant::now() + self.shared.limits.idle };
            buffer.reserve(READ_BYTES);
            tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => return None,
                read = tokio::time::timeout_at(deadline, self.socket.read_buf(&mut buffer)) => match read {
                    Ok(Ok(1..)) => {}
                    Ok(Ok(0) | Err(_)) => return None,
                    Err(_) => return Some(Count::Idle),
                },
            }
        }
    }

    async fn take(&mut self, turn: Turn) -> Result<(), Ended> {
        match turn {
            Turn::Ask(asking) => self.ask(asking).await,
            Turn::Tell(answer) => {
                self.shared.gauges.one(Count::Answered);
                self.write(&answer).await
            }
            Turn::Skip(fault, answer) => self.skip(fault, &answer).await,
            Turn::End(fault, answer) => {
                self.write(&answer).await?;
                Err(fault.map(Fault::count))
            }
        }
    }

    async fn skip(&mut self, fault: Fault, answer: &[u8]) -> Result<(), Ended> {
        self.faults += 1;
        if self.faults > FAULTS_LIMIT {
            return Err(Some(fault.count()));
        }
        self.shared.gauges.one(fault.count());
        self.write(answer).await
    }

    async fn ask(&mut self, asking: Asking) -> Result<(), Ended> {
        let Asking { call_sign, said, yes, no } = asking;
        let terminal = match &self.terminal {
            Some((known, id)) if *known == call_sign => *id,
            Some(_) => {
                self.write(&no).await?;
                return Err(Some(Count::OtherTerminal));
            }
            None => match self.ingress.call(self.shared.protocol, call_sign.clone()).await {
                Ok(id) => {
                    self.terminal = Some((call_sign, id));
                    id
                }
                Err(refusal) => return Err(self.refused(refusal, &no).await),
            },
        };
        let count = match said {
            None => Count::Answered,
            Some((frame, sightings)) => {
                let source = format!("{} {}", self.shared.protocol, self.peer);
                let Ok(unsigned) = UnsignedFrame::new(terminal, source, frame, sightings) else {
                    return self.skip(Fault::Malformed, &no).await;
                };
                if let Err(refusal) = self.ingress.keep(unsigned).await {
                    return Err(self.refused(refusal, &no).await);
                }
                Count::Kept
            }
        };
        self.faults = 0;
        self.shared.gauges.one(count);
        self.write(&yes).await
    }

    async fn refused(&mut self, refusal: TerminalRefusal, no: &[u8]) -> Ended {
        match refusal {
            TerminalRefusal::NotRegistered => {
                // A stranger that does not read its answer is still a stranger.
                let _told = self.write(no).await;
                Some(Count::Stranger)
            }
            // It sends again what was not answered.
            TerminalRefusal::Busy => None,
        }
    }

    async fn write(&mut self, answer: &[u8]) -> Result<(), Ended> {
        if answer.is_empty() {
            return Ok(());
        }
        match timeout(self.shared.limits.write_deadline, self.socket.write_all(answer)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(None),
            Err(_) => Err(Some(Count::SlowReader)),
        }
    }
}
