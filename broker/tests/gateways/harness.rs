//! A tracker in one struct.

use crate::pty::Socket;
use sealway_broker::{Count, Gauges, SerialConfig, TcpGatewayConfig, TcpLimits, TerminalIngress, TerminalRefusal};
use sealway_schemas::DeviceId;
use sealway_schemas::terminal::{CallSign, Protocol, Sighting, UnsignedFrame};
use std::sync::Mutex;
use std::time::Duration;
use tokio::sync::{Semaphore, watch};

/// Keeps frames of the terminals that it knows; a test may hold its disk.
pub(crate) struct Tracker {
    known: Mutex<Vec<(Protocol, String)>>,
    kept: watch::Sender<Vec<UnsignedFrame>>,
    /// What terminals' owners are told.
    told: Mutex<Vec<(DeviceId, Count)>>,
    /// A commit takes one.
    disk: Semaphore,
}

impl Tracker {
    pub(crate) fn knows(protocol: Protocol, call_signs: &[&str]) -> Self {
        let known = call_signs.iter().map(|sign| (protocol, (*sign).to_owned())).collect();
        Self {
            known: Mutex::new(known),
            kept: watch::Sender::new(Vec::new()),
            told: Mutex::default(),
            disk: Semaphore::new(Semaphore::MAX_PERMITS),
        }
    }

    /// Nothing reaches the disk until [`Tracker::release`].
    pub(crate) fn with_a_held_disk(self) -> Self {
        Self { disk: Semaphore::new(0), ..self }
    }

    pub(crate) fn release(&self) {
        self.disk.add_permits(1);
    }

    pub(crate) fn revoke_all(&self) {
        self.known.lock().unwrap().clear();
    }

    pub(crate) fn learn(&self, protocol: Protocol, call_sign: &str) {
        self.known.lock().unwrap().push((protocol, call_sign.to_owned()));
    }

    pub(crate) fn kept(&self) -> Vec<UnsignedFrame> {
        self.kept.borrow().clone()
    }

    /// Waits until so many frames are kept.
    pub(crate) async fn kept_at_least(&self, count: usize) -> Vec<UnsignedFrame> {
        let mut kept = self.kept.subscribe();
        let frames = tokio::time::timeout(PATIENCE, kept.wait_for(|kept| kept.len() >= count)).await;
        frames.unwrap_or_else(|_| panic!("{} frames, expected {count}", self.kept.borrow().len())).unwrap().clone()
    }

    pub(crate) fn told(&self) -> Vec<(DeviceId, Count)> {
        self.told.lock().unwrap().clone()
    }

    pub(crate) fn sightings(&self) -> Vec<Sighting> {
        self.kept().iter().flat_map(|frame| frame.sightings().to_vec()).collect()
    }
}

pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// What the tracker calls a terminal.
pub(crate) fn id_of(protocol: Protocol, call_sign: &str) -> DeviceId {
    format!("{protocol}-{call_sign}").to_uppercase().parse().unwrap()
}

impl TerminalIngress for Tracker {
    async fn call(&self, protocol: Protocol, call_sign: CallSign) -> Result<DeviceId, TerminalRefusal> {
        let known = self.known.lock().unwrap().iter().any(|(known, sign)| (*known, sign.as_str()) == (protocol, call_sign.as_str()));
        if known { Ok(id_of(protocol, call_sign.as_str())) } else { Err(TerminalRefusal::NotRegistered) }
    }

    async fn keep(&self, frame: UnsignedFrame) -> Result<(), TerminalRefusal> {
        self.disk.acquire().await.unwrap().forget();
        if self.known.lock().unwrap().is_empty() {
            return Err(TerminalRefusal::NotRegistered);
        }
        self.kept.send_modify(|kept| kept.push(frame));
        Ok(())
    }

    fn refused(&self, terminal: &DeviceId, why: Count, source: &str) {
        assert!(source.contains(" 127.0.0.1:"), "{source}");
        self.told.lock().unwrap().push((*terminal, why));
    }
}

/// A port of the system's choice.
pub(crate) fn listener(limits: TcpLimits) -> TcpGatewayConfig {
    TcpGatewayConfig { name: "test".to_owned(), listen: "127.0.0.1:0".parse().unwrap(), limits }
}

/// Waits until something was counted so often.
pub(crate) async fn counted(gauges: &Gauges, count: Count, at_least: u64) {
    let waiting = async {
        while gauges.get(count) < at_least {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let counted = tokio::time::timeout(PATIENCE, waiting).await;
    assert!(counted.is_ok(), "{}: {}, expected {at_least}", count.as_str(), gauges.get(count));
}

/// As the gateway is told of a socket.
pub(crate) fn serial(socket: &Socket, bauds: &[u32]) -> SerialConfig {
    SerialConfig { path: socket.path().to_str().unwrap().to_owned(), bauds: bauds.to_vec(), retry: Duration::from_millis(20) }
}
