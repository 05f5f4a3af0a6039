//! Serial lines: receivers that speak NMEA 0183, and readers that pass on what seals in their reach say.
//!
//! A line may be unplugged, come back, speak at another speed, lose its middle and say nothing at all. Each of these is recovered from,
//! counted, and told in the line's state.

mod frame;
mod nmea;
mod port;
mod reader;
mod status;

pub use frame::{FrameKind, ReaderFrame, ReaderFrames};
pub use nmea::{Epoch, NmeaReader, NmeaStep};
pub use port::{AUTO_BAUDS, SerialConfig};
pub use reader::{ReaderConfig, ReaderGateway};
pub use status::{LineState, LineStatus};

use crate::terminal::{Count, Gauges, TerminalIngress, TerminalRefusal};
use port::{Heard, Port};
use sealway_schemas::terminal::{CallSign, Protocol, UnsignedFrame};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

/// A receiver tells an epoch in a burst; after this much silence the burst is over.
const BURST: Duration = Duration::from_millis(400);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NmeaConfig {
    pub serial: SerialConfig,
    /// The terminal's call sign: the name of this line.
    pub call_sign: CallSign,
    /// One position is kept in this time; zero keeps every one.
    pub every: Duration,
}

/// A receiver on a serial line. Dropping it closes the line.
#[derive(Debug)]
pub struct NmeaGateway {
    name: String,
    port: String,
    status: Arc<LineStatus>,
    gauges: Arc<Gauges>,
    running: JoinHandle<()>,
}

impl NmeaGateway {
    /// Opens the port as soon as it is there. To be called within a tokio runtime.
    pub fn start<I: TerminalIngress>(config: NmeaConfig, ingress: Arc<I>) -> Self {
        let (status, gauges) = (Arc::<LineStatus>::default(), Arc::<Gauges>::default());
        let (name, path) = (config.call_sign.to_string(), config.serial.path.clone());
        let port = Port::new(config.serial, name.clone(), Arc::clone(&status), Arc::clone(&gauges));
        let line = NmeaLine { port, ingress, gauges: Arc::clone(&gauges), call_sign: config.call_sign, every: config.every, kept_at: None };
        Self { name, port: path, status, gauges, running: tokio::spawn(line.run()) }
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

impl Drop for NmeaGateway {
    fn drop(&mut self) {
        self.running.abort();
    }
}

struct NmeaLine<I> {
    port: Port,
    ingress: Arc<I>,
    gauges: Arc<Gauges>,
    call_sign: CallSign,
    every: Duration,
    kept_at: Option<Instant>,
}

impl<I: TerminalIngress> NmeaLine<I> {
    async fn run(mut self) {
        let mut reader = NmeaReader::default();
        loop {
            match self.port.hear(BURST).await {
                Heard::Bytes(bytes) => {
                    for step in reader.read(&bytes) {
                        if self.take(step).await {
                            reader = NmeaReader::default();
                            break;
                        }
                    }
                }
                Heard::Pause => {
                    if let Some(epoch) = reader.pause() {
                        self.keep(epoch).await;
                    }
                }
                // Half a line and half an epoch go with the port.
                Heard::Lost => reader = NmeaReader::default(),
            }
        }
    }

    /// True where the line is read at another speed from now on.
    async fn take(&mut self, step: NmeaStep) -> bool {
        match step {
            NmeaStep::Read => self.port.good(),
            NmeaStep::Other => self.gauges.one(Count::Unsupported),
            NmeaStep::Fault(fault) => {
                self.gauges.one(fault.count());
                return self.port.fault();
            }
            NmeaStep::Epoch(epoch) => self.keep(epoch).await,
        }
        false
    }

    async fn keep(&mut self, epoch: Epoch) {
        let due = self.kept_at.is_none_or(|kept| kept.elapsed() >= self.every);
        if epoch.sighting.fix.is_none() {
            self.gauges.one(Count::NoFix);
        }
        if !due {
            return;
        }
        let source = format!("{} {}", Protocol::Nmea, self.port.path());
        let kept = match self.ingress.call(Protocol::Nmea, self.call_sign.clone()).await {
            Ok(terminal) => match UnsignedFrame::new(terminal, source, epoch.raw, vec![epoch.sighting]) {
                Ok(frame) => self.ingress.keep(frame).await,
                Err(_) => return self.gauges.one(Count::Malformed),
            },
            Err(refusal) => Err(refusal),
        };
        match kept {
            Ok(()) => {
                self.kept_at = Some(Instant::now());
                self.gauges.one(Count::Kept);
                self.port.known();
            }
            Err(TerminalRefusal::NotRegistered) => {
                // Asked again no more often than a position would be kept.
                self.kept_at = Some(Instant::now());
                self.gauges.one(Count::Stranger);
                self.port.stranger(&self.call_sign);
            }
            Err(TerminalRefusal::Busy) => {}
        }
    }
}
