//! A reader of seals on a serial line. It understands nothing of what it passes on: a seal logs in with the same signed login as over MQTT,
//! its reports are verified like all others, and what the platform signs for it goes back the same way.

use super::frame::{FrameKind, ReaderFrame, ReaderFrames};
use super::port::{Heard, Port, SerialConfig};
use super::status::LineStatus;
use crate::claim::{AdmitRefusal, Ingress};
use crate::front::mailbox::Delivery;
use crate::front::{Front, Relay, Relayed};
use crate::terminal::{Count, Gauges};
use bytes::Bytes;
use sealway_schemas::DeviceId;
use sealway_schemas::link::Verdict;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
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

impl From<AdmitRefusal> for Answer {
    fn from(refusal: AdmitRefusal) -> Self {
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
    /// Dropping the sender ends the seal's session.
    seals: BTreeMap<DeviceId, mpsc::Sender<(u16, Bytes)>>,
    out: mpsc::Sender<ReaderFrame>,
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
                        port.fault();
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
                let answer = self.call(device, &body).await;
                self.answer(port, device, answer).await;
            }
            FrameKind::Up => match self.seals.get(&device).map(|seal| seal.try_send((ticket, body))) {
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
        let body = Bytes::copy_from_slice(&[answer as u8]);
        self.send(port, &ReaderFrame { kind: FrameKind::Answer, ticket: 0, device, body }).await;
    }

    async fn call(&mut self, device: DeviceId, login: &[u8]) -> Answer {
        self.seals.retain(|_, seal| !seal.is_closed());
        self.seals.remove(&device);
        if self.seals.len() >= SEALS {
            self.gauges.one(Count::TooManyConnections);
            return Answer::Busy;
        }
        match self.relay.admit(device, login.to_vec()).await {
            Ok(relayed) => {
                let (ups, taken) = mpsc::channel(UPS);
                self.seals.insert(device, ups);
                tokio::spawn(serve(relayed, device, (taken, self.out.clone()), self.relay.silence_max()));
                Answer::Heard
            }
            Err(refusal) => {
                self.gauges.one(if refusal == AdmitRefusal::NotEnrolled { Count::Stranger } else { Count::Authentication });
                refusal.into()
            }
        }
    }
}

/// One seal's session. Every wait may be cancelled: what the tracker did not take was not settled, so the seal sends it again.
async fn serve<I: Ingress>(
    relayed: Relayed<I>,
    device: DeviceId,
    (mut ups, out): (mpsc::Receiver<(u16, Bytes)>, mpsc::Sender<ReaderFrame>),
    silence: Duration,
) {
    let frame = |kind, ticket, body| ReaderFrame { kind, ticket, device, body };
    loop {
        let Delivery { settled, downs, farewell } = relayed.take();
        let settled = settled.into_iter().map(|(ticket, verdict)| {
            let verdict = match verdict {
                Verdict::Stored => 0,
                Verdict::NothingAcceptable => 1,
            };
            frame(FrameKind::Settled, ticket, Bytes::copy_from_slice(&[verdict]))
        });
        let downs = downs.into_iter().map(|down| frame(FrameKind::Down, 0, down));
        let end = farewell.map(|_| frame(FrameKind::End, 0, Bytes::new()));
        for frame in settled.chain(downs).chain(end) {
            if out.send(frame).await.is_err() {
                return;
            }
        }
        if farewell.is_some() {
            return;
        }
        tokio::select! {
            biased;
            () = relayed.rung() => {}
            up = ups.recv() => match up {
                Some((ticket, payload)) => relayed.upload(ticket, payload).await,
                None => return,
            },
            () = sleep(silence) => {
                let _line_is_gone = out.send(frame(FrameKind::End, 0, Bytes::new())).await;
                return;
            }
        }
    }
}
