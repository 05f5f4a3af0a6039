//! A reader of seals on a serial line. It understands nothing of what it passes on: a seal logs in with the same signed login as over MQTT,
//! its reports are verified like all others, and what the platform signs for it goes back the same way.

use super::frame::{FrameKind, ReaderFrame, ReaderFrames};
use super::port::{Heard, Port, SerialConfig};
use super::status::LineStatus;
use crate::claim::{AdmitRefusal, Ingress};
use crate::front::mailbox::Delivery;
use crate::front::{Conduct, Front, Relay, Relayed, Unwelcome};
use crate::terminal::{Count, Gauges};
use bytes::Bytes;
use sealway_schemas::DeviceId;
use sealway_schemas::link::Verdict;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinHandle};
use tokio::time::sleep;

/// Half a frame that waits longer for its rest has lost it.
const HALF: Duration = Duration::from_secs(1);
/// Seals in one reader's reach.
const SEALS: usize = 256;
/// Messages of one seal that the tracker has not taken; one more is left unanswered, and the seal sends it again.
const UPS: usize = 8;
/// Frames that wait for the line.
const OUT: usize = 64;

/// Why a seal is not heard, as the byte of an `Answer`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Answer {
    Heard = 0,
    NotEnrolled = 1,
    LoginSignature = 2,
    LoginReplayed = 3,
    Busy = 4,
    NotCalled = 5,
}

impl Answer {
    fn frame(self, device: DeviceId) -> ReaderFrame {
        ReaderFrame { kind: FrameKind::Answer, ticket: 0, device, body: Bytes::copy_from_slice(&[self as u8]) }
    }
}

impl From<Unwelcome> for Answer {
    fn from(unwelcome: Unwelcome) -> Self {
        let Unwelcome::Refused(refusal) = unwelcome else { return Self::Busy };
        match refusal {
            AdmitRefusal::NotEnrolled | AdmitRefusal::Revoked => Self::NotEnrolled,
            AdmitRefusal::LoginSignature | AdmitRefusal::UnknownToken | AdmitRefusal::NotPermitted => Self::LoginSignature,
            AdmitRefusal::LoginReplayed => Self::LoginReplayed,
            AdmitRefusal::Busy => Self::Busy,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReaderConfig {
    pub serial: SerialConfig,
    pub name: String,
}

/// A running reader's line. Dropping it closes the line.
#[derive(Debug)]
pub struct ReaderGateway {
    name: String,
    port: String,
    status: Arc<LineStatus>,
    gauges: Arc<Gauges>,
    running: JoinHandle<()>,
}

impl ReaderGateway {
    /// Seals that come by this line are the front's: one of them that connects over MQTT takes its own place over, and the other way round.
    pub fn start<I: Ingress>(config: ReaderConfig, front: &Front, ingress: Arc<I>) -> Self {
        let (status, gauges) = (Arc::<LineStatus>::default(), Arc::<Gauges>::default());
        let path = config.serial.path.clone();
        let port = Port::new(config.serial, config.name.clone(), Arc::clone(&status), Arc::clone(&gauges));
        let (out, waiting) = mpsc::channel(OUT);
        let line = ReaderLine { relay: Relay::new(front, ingress, &config.name), gauges: Arc::clone(&gauges), seals: BTreeMap::new(), out };
        Self { name: config.name, port: path, status, gauges, running: tokio::spawn(line.run(port, waiting)) }
    }

    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    #[must_use]
    pub fn port(&self) -> &str {
        &self.port
    }

    #[must_use]
    pub fn status(&self) -> &LineStatus {
        &self.status
    }

    #[must_use]
    pub fn gauges(&self) -> &Gauges {
        &self.gauges
    }
}

impl Drop for ReaderGateway {
    fn drop(&mut self) {
        self.running.abort();
    }
}

struct ReaderLine<I: Ingress> {
    relay: Relay<I>,
    gauges: Arc<Gauges>,
    seals: BTreeMap<DeviceId, Called>,
    out: mpsc::Sender<ReaderFrame>,
}

/// A seal that called. Dropping it ends the session after what came before.
struct Called {
    ups: mpsc::Sender<(u16, Bytes)>,
    session: AbortHandle,
}

impl<I: Ingress> ReaderLine<I> {
    async fn run(mut self, mut port: Port, mut waiting: mpsc::Receiver<ReaderFrame>) {
        let mut frames = ReaderFrames::default();
        loop {
            let found = tokio::select! {
                biased;
                Some(frame) = waiting.recv() => {
                    self.send(&mut port, &frame).await;
                    continue;
                }
                heard = port.hear(HALF) => match heard {
                    Heard::Bytes(bytes) => frames.read(&bytes),
                    Heard::Pause => frames.pause(),
                    Heard::Lost => {
                        // Every seal calls again once the reader is back.
                        self.seals.clear();
                        frames = ReaderFrames::default();
                        continue;
                    }
                },
            };
            for frame in found {
                match frame {
                    Ok(frame) => {
                        port.good();
                        self.take(&mut port, frame).await;
                    }
                    Err(fault) => {
                        self.gauges.one(fault.count());
                        if port.fault() {
                            frames = ReaderFrames::default();
                            break;
                        }
                    }
                }
            }
        }
    }

    async fn send(&self, port: &mut Port, frame: &ReaderFrame) {
        if port.say(&frame.encode()).await && frame.kind == FrameKind::Down {
            self.gauges.one(Count::Downs);
        }
    }

    async fn take(&mut self, port: &mut Port, frame: ReaderFrame) {
        let ReaderFrame { kind, ticket, device, body } = frame;
        match kind {
            FrameKind::Call => {
                if !self.call(device, body) {
                    self.gauges.one(Count::TooManyConnections);
                    self.answer(port, device, Answer::Busy).await;
                }
            }
            FrameKind::Up => match self.seals.get(&device).map(|seal| seal.ups.try_send((ticket, body))) {
                Some(Ok(())) => self.gauges.one(Count::Passed),
                Some(Err(mpsc::error::TrySendError::Full(_))) => self.gauges.one(Count::Busy),
                Some(Err(mpsc::error::TrySendError::Closed(_))) | None => {
                    self.seals.remove(&device);
                    self.answer(port, device, Answer::NotCalled).await;
                }
            },
            FrameKind::Gone => drop(self.seals.remove(&device)),
            FrameKind::Answer | FrameKind::Settled | FrameKind::Down | FrameKind::End => self.gauges.one(Count::Unsupported),
        }
    }

    async fn answer(&self, port: &mut Port, device: DeviceId, answer: Answer) {
        self.send(port, &answer.frame(device)).await;
    }

    /// The line does not wait for the tracker: other seals are heard meanwhile. False where too many are in reach.
    fn call(&mut self, device: DeviceId, login: Bytes) -> bool {
        self.seals.retain(|_, seal| !seal.ups.is_closed());
        if let Some(before) = self.seals.remove(&device) {
            // Before its login is answered, so that the older call never takes the newer one's place.
            before.session.abort();
        }
        if self.seals.len() >= SEALS {
            return false;
        }
        let (ups, taken) = mpsc::channel(UPS);
        let (relay, gauges, out) = (self.relay.clone(), Arc::clone(&self.gauges), self.out.clone());
        let session = tokio::spawn(async move {
            let answer = match relay.admit(device, login.to_vec()).await {
                Ok(relayed) => {
                    if out.send(Answer::Heard.frame(device)).await.is_ok() {
                        Session { relayed, device, out, gauges, conduct: relay.conduct(), in_flight: Vec::new() }
                            .serve(taken, relay.silence_max())
                            .await;
                    }
                    return;
                }
                Err(unwelcome) => {
                    gauges.one(match unwelcome {
                        Unwelcome::TooOften => Count::ConnectRate,
                        Unwelcome::Refused(AdmitRefusal::NotEnrolled) => Count::Stranger,
                        Unwelcome::Refused(_) => Count::Authentication,
                    });
                    Answer::from(unwelcome)
                }
            };
            let _line_is_gone = out.send(answer.frame(device)).await;
        });
        self.seals.insert(device, Called { ups, session: session.abort_handle() });
        true
    }
}

/// One seal's session. Every wait may be cancelled: what the tracker did not take was not settled, so the seal sends it again.
struct Session<I: Ingress> {
    relayed: Relayed<I>,
    device: DeviceId,
    out: mpsc::Sender<ReaderFrame>,
    gauges: Arc<Gauges>,
    conduct: Conduct,
    /// Tickets that are with the tracker, with the length of their payload.
    in_flight: Vec<(u16, usize)>,
}

impl<I: Ingress> Session<I> {
    async fn serve(mut self, mut ups: mpsc::Receiver<(u16, Bytes)>, silence: Duration) {
        loop {
            if self.deliver().await.is_err() {
                return;
            }
            let bytes = self.in_flight.iter().map(|(_, bytes)| bytes).sum();
            let hears = self.conduct.allows(self.in_flight.len(), bytes);
            tokio::select! {
                biased;
                () = self.relayed.rung() => {}
                up = ups.recv(), if hears => match up {
                    Some((ticket, payload)) => {
                        self.in_flight.push((ticket, payload.len()));
                        self.relayed.upload(ticket, payload).await;
                    }
                    None => return,
                },
                () = sleep(silence) => {
                    let _line_is_gone = self.say(FrameKind::End, 0, Bytes::new()).await;
                    return;
                }
            }
        }
    }

    /// What waits for the seal, until there is nothing more to say to it.
    async fn deliver(&mut self) -> Result<(), Ended> {
        let Delivery { settled, downs, farewell } = self.relayed.take();
        let mut enough = Ok(());
        for (ticket, verdict) in settled {
            if let Some(at) = self.in_flight.iter().position(|(known, _)| *known == ticket) {
                self.in_flight.swap_remove(at);
            }
            let told = match verdict {
                Verdict::Stored => {
                    self.conduct.stored();
                    0
                }
                Verdict::NothingAcceptable => {
                    enough = enough.and(self.conduct.nothing_acceptable());
                    1
                }
            };
            self.say(FrameKind::Settled, ticket, Bytes::copy_from_slice(&[told])).await?;
        }
        for down in downs {
            self.say(FrameKind::Down, 0, down).await?;
        }
        if let Err(refusal) = enough {
            self.gauges.one(Count::InVain);
            self.relayed.put_off(refusal);
        }
        if enough.is_err() || farewell.is_some() {
            self.say(FrameKind::End, 0, Bytes::new()).await?;
            return Err(Ended);
        }
        Ok(())
    }

    async fn say(&self, kind: FrameKind, ticket: u16, body: Bytes) -> Result<(), Ended> {
        self.out.send(ReaderFrame { kind, ticket, device: self.device, body }).await.map_err(|_| Ended)
    }
}

/// The session or its line is over.
struct Ended;
