//! The entrance of whatever listens on TCP: how often an address and a name may come, where those stand who have not yet said who they
//! are, and how many are inside. Nobody waits here: whoever is one too many is closed, so that the next in the backlog is heard.

mod door;
mod porch;
mod turnstile;

use crate::config::{Limits, Rate};
pub(crate) use door::Door;
pub(crate) use porch::Place;
use porch::Porch;
use std::hash::Hash;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
pub(crate) use turnstile::{Bucket, network};

/// Pause of an accept loop after an error such as too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
const BACKLOG: u32 = 4_096;

/// How many may be inside and on the porch, and how often anybody may come.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) connections: u32,
    pub(crate) half_open: u32,
    pub(crate) half_open_per_address: u32,
    pub(crate) connects: Rate,
    pub(crate) stranger_costs: u32,
    pub(crate) strangers: Rate,
    /// Of one name.
    pub(crate) names: Rate,
    pub(crate) refused_costs: u32,
}

impl From<&Limits> for Bounds {
    fn from(limits: &Limits) -> Self {
        Self {
            connections: limits.connections,
            half_open: limits.half_open,
            half_open_per_address: limits.half_open_per_address,
            connects: limits.connects,
            stranger_costs: limits.stranger_costs,
            strangers: limits.strangers,
            names: limits.device_connects,
            refused_costs: limits.refused_costs,
        }
    }
}

/// Why a connection is closed before a byte of it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Barred {
    TooOften,
    TooMany,
}

/// `K` is the name that somebody has once he is known.
#[derive(Debug)]
pub(crate) struct Entrance<K> {
    pub(crate) door: Door<K>,
    porch: Arc<Porch>,
    connections: Arc<Semaphore>,
    limit: u32,
}

/// An accepted connection's right to be: given back when its task ends.
#[derive(Debug)]
pub(crate) struct Admission {
    pub(crate) peer: SocketAddr,
    pub(crate) connection: OwnedSemaphorePermit,
    pub(crate) place: Place,
}

impl<K: Hash + Eq> Entrance<K> {
    pub(crate) fn new(bounds: Bounds) -> Self {
        let limit = u32::try_from(permits(bounds.connections)).unwrap_or(u32::MAX);
        Self {
            door: Door::new(bounds),
            porch: Arc::new(Porch::new(permits(bounds.half_open), permits(bounds.half_open_per_address))),
            connections: Arc::new(Semaphore::new(permits(limit))),
            limit,
        }
    }

    pub(crate) fn admit(&self, peer: SocketAddr) -> Result<Admission, Barred> {
        if !self.door.knock(peer.ip()) {
            return Err(Barred::TooOften);
        }
        let connection = Arc::clone(&self.connections).try_acquire_owned().map_err(|_| Barred::TooMany)?;
        Ok(Admission { peer, connection, place: self.porch.enter(peer.ip()) })
    }

    pub(crate) fn inside(&self) -> u64 {
        permits(self.limit).saturating_sub(self.connections.available_permits()) as u64
    }

    /// Resolves when nobody is inside any more.
    pub(crate) async fn emptied(&self) {
        drop(self.connections.acquire_many(self.limit).await);
    }
}

fn permits(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS)
}

pub(crate) fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// The next connection, also after errors.
pub(crate) async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) => {
                tracing::warn!(%error, "cannot accept");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}
