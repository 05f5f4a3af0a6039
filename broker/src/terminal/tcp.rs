//! A TCP listener for terminals: how many, how long silent, how slow. What they say is their protocol's business.

use super::desks::Desks;
use super::line::Line;
use super::{Count, Gauges, Talk, TerminalIngress};
use crate::config::{Limits, Rate};
use crate::entrance::{self, Barred, Bounds, Entrance};
use crate::wall;
use sealway_schemas::terminal::Protocol;
use sealway_schemas::{DeviceId, Time};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

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
    /// Connections of terminals that are not known yet; one more takes the place of the one that has been there longest.
    pub half_open: u32,
    /// Of these, from one address (of IPv6: one /64).
    pub half_open_per_address: u32,
    /// Connections of one address, and of all addresses from which no terminal was heard yet, as at the MQTT front.
    pub connects: Rate,
    pub stranger_costs: u32,
    pub strangers: Rate,
    pub refused_costs: u32,
    /// Connections of one terminal from one address.
    pub terminal_connects: Rate,
    /// Frames and bytes of one terminal. What is beyond them is left unanswered, and the terminal sends it again.
    pub frames: Rate,
    pub bytes: Rate,
    /// From accept to the first message of a registered terminal.
    pub call_deadline: Duration,
    /// A terminal that is silent for longer is closed; it calls again.
    pub idle: Duration,
    /// For a terminal to read what is written to it.
    pub write_deadline: Duration,
}

impl Default for TcpLimits {
    fn default() -> Self {
        let front = Limits::default();
        Self {
            connections: 10_000,
            half_open: front.half_open,
            half_open_per_address: front.half_open_per_address,
            connects: front.connects,
            stranger_costs: front.stranger_costs,
            strangers: front.strangers,
            refused_costs: front.refused_costs,
            terminal_connects: front.device_connects,
            frames: Rate::a_minute_of(20),
            bytes: Rate::a_minute_of(16 * 1_024),
            call_deadline: Duration::from_secs(20),
            idle: Duration::from_secs(600),
            write_deadline: Duration::from_secs(10),
        }
    }
}

impl From<&TcpLimits> for Bounds {
    fn from(limits: &TcpLimits) -> Self {
        Self {
            connections: limits.connections,
            half_open: limits.half_open,
            half_open_per_address: limits.half_open_per_address,
            connects: limits.connects,
            stranger_costs: limits.stranger_costs,
            strangers: limits.strangers,
            names: limits.terminal_connects,
            refused_costs: limits.refused_costs,
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

/// What all lines of a gateway share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) protocol: Protocol,
    pub(super) limits: TcpLimits,
    pub(super) gauges: Gauges,
    pub(super) entrance: Entrance<(DeviceId, IpAddr)>,
    pub(super) desks: Arc<Desks>,
    /// Turns true once: connections end after the turn that they are in.
    pub(super) stop: watch::Sender<bool>,
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
        let listener = entrance::bind(listen).map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        let shared = Arc::new(Shared {
            protocol: T::PROTOCOL,
            gauges: Gauges::default(),
            entrance: Entrance::new((&limits).into()),
            desks: Arc::new(Desks::new(limits.frames, limits.bytes)),
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
        self.shared.entrance.inside()
    }

    /// Accepts nothing more and lets each connection end its turn; false where one took longer.
    pub async fn drain(&self, deadline: Duration) -> bool {
        self.accepting.abort();
        self.shared.stop.send_replace(true);
        timeout(deadline, self.shared.entrance.emptied()).await.is_ok()
    }
}

impl Drop for TcpGateway {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept<I: TerminalIngress, T: Talk>(
    listener: TcpListener,
    shared: Arc<Shared>,
    ingress: Arc<I>,
    talk: impl Fn() -> T + Send + 'static,
) {
    loop {
        let (socket, peer) = entrance::accept(&listener).await;
        shared.gauges.one(Count::Opened);
        match shared.entrance.admit(peer) {
            Ok(admission) => {
                tokio::spawn(Line::serve(socket, admission, talk(), (Arc::clone(&shared), Arc::clone(&ingress))));
            }
            Err(Barred::TooOften) => shared.gauges.one(Count::ConnectRate),
            Err(Barred::TooMany) => shared.gauges.one(Count::TooManyConnections),
        }
    }
}
