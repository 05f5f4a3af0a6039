//! One port: opened when it is there, opened again when it comes back, and tried at the speeds that it may have.

use super::status::{LineState, LineStatus};
use crate::terminal::{Count, Gauges};
use bytes::{Bytes, BytesMut};
use sealway_schemas::terminal::CallSign;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::{sleep, timeout};
use tokio_serial::{ClearBuffer, SerialPort as _, SerialPortBuilderExt as _, SerialStream};

/// Speeds of receivers and readers, the usual ones first.
pub const AUTO_BAUDS: [u32; 5] = [9_600, 115_200, 38_400, 4_800, 57_600];
const READ_BYTES: usize = 4_096;
/// Faults in a row, with nothing readable between them, until a line counts as garbled.
const GARBLED: u32 = 12;
const WRITE_DEADLINE: Duration = Duration::from_secs(30);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SerialConfig {
    /// As in `/dev/ttyUSB0`.
    pub path: String,
    /// At least one; with several the next is tried when nothing can be read.
    pub bauds: Vec<u32>,
    /// Between two attempts to open.
    pub retry: Duration,
}

/// What listening came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Heard {
    Bytes(Bytes),
    /// Nothing for as long as was asked for.
    Pause,
    /// The port went away; the next call waits until it is back.
    Lost,
}

pub(super) struct Port {
    config: SerialConfig,
    name: String,
    status: Arc<LineStatus>,
    gauges: Arc<Gauges>,
    stream: Option<SerialStream>,
    /// Index of the speed in use.
    baud: usize,
    faults: u32,
}

impl Port {
    pub(super) fn new(config: SerialConfig, name: String, status: Arc<LineStatus>, gauges: Arc<Gauges>) -> Self {
        Self { config, name, status, gauges, stream: None, baud: 0, faults: 0 }
    }

    pub(super) fn path(&self) -> &str {
        &self.config.path
    }

    /// May be cancelled: what was read is in the answer or still in the port.
    pub(super) async fn hear(&mut self, pause: Duration) -> Heard {
        let Some(stream) = &mut self.stream else {
            self.open().await;
            return Heard::Pause;
        };
        let mut buffer = BytesMut::with_capacity(READ_BYTES);
        match timeout(pause, stream.read_buf(&mut buffer)).await {
            Err(_) => Heard::Pause,
            Ok(Ok(1..)) => Heard::Bytes(buffer.freeze()),
            Ok(ended) => {
                let reason = ended.err().map_or_else(|| "the line ended".to_owned(), |error| error.to_string());
                self.lose(reason);
                Heard::Lost
            }
        }
    }

    /// False where the port is away or takes nothing.
    pub(super) async fn say(&mut self, bytes: &[u8]) -> bool {
        let Some(stream) = &mut self.stream else { return false };
        match timeout(WRITE_DEADLINE, stream.write_all(bytes)).await {
            Ok(Ok(())) => true,
            Ok(Err(error)) => {
                self.lose(error.to_string());
                false
            }
            Err(_) => {
                self.lose("nobody reads what is written".to_owned());
                false
            }
        }
    }

    /// Something was read.
    pub(super) fn good(&mut self) {
        self.faults = 0;
        let baud = self.speed();
        let (state, _) = self.status.get();
        if !matches!(state, LineState::Unregistered { .. }) && self.status.set(LineState::Well { baud }) {
            tracing::info!(line = self.name, port = self.config.path, baud, "a serial line is read");
        }
    }

    /// What was read is a registered terminal's.
    pub(super) fn known(&mut self) {
        let baud = self.speed();
        self.status.set(LineState::Well { baud });
    }

    pub(super) fn stranger(&self, call_sign: &CallSign) {
        if self.status.set(LineState::Unregistered { call_sign: call_sign.to_string() }) {
            tracing::warn!(line = self.name, %call_sign, "a receiver's terminal is not registered; what it says is not kept");
        }
    }

    /// What was read makes no sense. After many in a row the next speed is tried, and true is told: what was read before is of the last one.
    pub(super) fn fault(&mut self) -> bool {
        self.faults += 1;
        if self.faults < GARBLED {
            return false;
        }
        self.faults = 0;
        let baud = self.speed();
        if self.status.set(LineState::Garbled { baud }) {
            tracing::warn!(
                line = self.name,
                port = self.config.path,
                baud,
                "nothing on a serial line can be read; perhaps its speed is another"
            );
        }
        let tries = self.config.bauds.len() > 1;
        if tries {
            self.baud = (self.baud + 1) % self.config.bauds.len();
            let baud = self.speed();
            let set = |stream: &mut SerialStream| stream.clear(ClearBuffer::Input).and_then(|()| stream.set_baud_rate(baud));
            if let Some(Err(error)) = self.stream.as_mut().map(set) {
                self.lose(error.to_string());
            }
        }
        tries
    }

    fn speed(&self) -> u32 {
        self.config.bauds.get(self.baud).copied().unwrap_or(9_600)
    }

    async fn open(&mut self) {
        let baud = self.speed();
        match tokio_serial::new(&self.config.path, baud).open_native_async() {
            Ok(stream) => {
                self.stream = Some(stream);
                self.faults = 0;
                self.gauges.one(Count::Opened);
                self.status.set(LineState::Quiet { baud });
                tracing::info!(line = self.name, port = self.config.path, baud, "a serial line is open");
            }
            Err(error) => {
                self.gauges.one(Count::Absent);
                self.absent(error.to_string());
                sleep(self.config.retry).await;
            }
        }
    }

    fn lose(&mut self, reason: String) {
        self.stream = None;
        self.gauges.one(Count::Lost);
        self.absent(reason);
    }

    fn absent(&self, reason: String) {
        if self.status.set(LineState::Absent { reason: reason.clone() }) {
            tracing::warn!(
                line = self.name,
                port = self.config.path,
                reason,
                "a serial line is away; it is opened again when it comes back"
            );
        }
    }
}
