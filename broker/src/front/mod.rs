//! The front: listeners, the accept loops, and the way back to a device.
//!
//! A connection is one task that owns its socket. It reads, hands all PUBLISHes of that read to the [`Ingress`] in one upload, and
//! sleeps until its socket or its mailbox wakes it. The tracker never touches a socket: it leaves a settlement in the mailbox,
//! and all PUBACKs found there leave in one write.

mod chatter;
mod conduct;
mod device;
mod greet;
mod line;
mod listener;
pub(crate) mod mailbox;
mod outstanding;
mod relay;
mod seat;
mod switchboard;
mod tls;
mod x509;

use crate::config::{FrontConfig, FrontError, Limits};
use crate::counters::{Counters, FrontCounters, Gauge, Origin, add};
use crate::entrance::{self, Admission, Barred, Entrance};
use crate::{EventRouter, Ingress, Refusal};
pub(crate) use conduct::Conduct;
pub(crate) use relay::{Relay, Relayed, Unwelcome};
use sealway_schemas::DeviceId;
use sealway_schemas::link::SessionId;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
pub use switchboard::FrontDownlink;
use switchboard::Switchboard;
use tls::Certificates;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
#[cfg(fuzzing)]
pub use x509::certified;

/// How often refusals that were not told one by one are told as a sum.
const FOLD: Duration = Duration::from_secs(10);

/// Where the front listens, with the ports that port 0 became.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Addresses {
    pub plain: Option<SocketAddr>,
    pub tls: Option<SocketAddr>,
}

/// The running front. Dropping it stops the accept loops; connections end with [`Front::drain`] or with the process.
#[derive(Debug)]
pub struct Front {
    addresses: Addresses,
    state: Arc<State>,
    certificates: Option<Arc<Certificates>>,
    tasks: Vec<JoinHandle<()>>,
}

/// What all connections share, whatever takes their reports.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) limits: Limits,
    pub(crate) counters: Arc<Counters>,
    pub(crate) switchboard: Arc<Switchboard>,
    pub(crate) events: EventRouter,
    pub(crate) entrance: Entrance<DeviceId>,
    next_session: AtomicU64,
    /// Turns true once, when the drain begins: connections without a CONNACK end at once.
    stop: watch::Sender<bool>,
}

/// [`State`] with the one that takes reports.
#[derive(Debug)]
pub(crate) struct Shared<I> {
    pub(crate) state: Arc<State>,
    pub(crate) ingress: Arc<I>,
}

impl<I> Clone for Shared<I> {
    fn clone(&self) -> Self {
        Self { state: Arc::clone(&self.state), ingress: Arc::clone(&self.ingress) }
    }
}

impl State {
    pub(crate) fn next_session(&self) -> SessionId {
        SessionId(self.next_session.fetch_add(1, Ordering::Relaxed))
    }
}

impl Front {
    /// Binds the listeners and starts to accept. To be called within a tokio runtime.
    pub fn start<I: Ingress>(config: FrontConfig, ingress: Arc<I>, events: EventRouter) -> Result<Self, FrontError> {
        config.check()?;
        let tls = config.tls.map(|tls| Ok((tls.address, Arc::new(Certificates::read(tls)?)))).transpose()?;
        let plain = config.plain.map(bind).transpose()?;
        let tls = tls.map(|(address, certificates)| Ok((bind(address)?, certificates))).transpose()?;
        let addresses = Addresses {
            plain: plain.as_ref().and_then(|listener| listener.local_addr().ok()),
            tls: tls.as_ref().and_then(|(listener, _)| listener.local_addr().ok()),
        };
        let limits = config.limits;
        let told = Arc::clone(&ingress);
        let counters = Arc::new(Counters::telling(move |device, refusal| told.refused(device, refusal)));
        let state = Arc::new(State {
            switchboard: Arc::new(Switchboard::new(Arc::clone(&counters))),
            counters: Arc::clone(&counters),
            events,
            entrance: Entrance::new((&limits).into()),
            next_session: AtomicU64::new(1),
            stop: watch::Sender::new(false),
            limits,
        });
        let shared = Shared { state: Arc::clone(&state), ingress };
        let mut tasks = vec![tokio::spawn(fold(counters))];
        if let Some(listener) = plain {
            tasks.push(tokio::spawn(accept(listener, None, shared.clone())));
        }
        let mut certificates = None;
        if let Some((listener, serving)) = tls {
            tasks.push(tokio::spawn(accept(listener, Some(Arc::clone(&serving)), shared)));
            certificates = Some(serving);
        }
        Ok(Self { addresses, state, certificates, tasks })
    }

    #[must_use]
    pub fn addresses(&self) -> Addresses {
        self.addresses
    }

    #[must_use]
    pub fn downlink(&self) -> FrontDownlink {
        FrontDownlink::new(Arc::clone(&self.state.switchboard))
    }

    /// Reads certificate and key again for the connections to come; those that are open keep theirs. Where the files are no pair, what
    /// served before goes on. Without a TLS listener there is nothing to read.
    pub fn reload_certificates(&self) -> Result<(), FrontError> {
        self.certificates.as_ref().map_or(Ok(()), |certificates| certificates.reload())
    }

    #[must_use]
    pub fn counters(&self) -> FrontCounters {
        self.state.counters.snapshot()
    }

    /// Accepts and reads nothing more, lets every PUBACK that is still due go out, and closes. True when all that was done before
    /// `deadline`; after it the remaining connections are cut.
    pub async fn drain(&self, deadline: Duration) -> bool {
        self.tasks.iter().for_each(JoinHandle::abort);
        let switchboard = &self.state.switchboard;
        switchboard.drain();
        self.state.stop.send_replace(true);
        let entrance = &self.state.entrance;
        let in_time = tokio::time::timeout(deadline, entrance.emptied()).await.is_ok();
        if !in_time {
            switchboard.cut();
            let _ = tokio::time::timeout(self.state.limits.write_deadline, entrance.emptied()).await;
        }
        self.state.counters.fold();
        in_time
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

fn bind(address: SocketAddr) -> Result<TcpListener, FrontError> {
    entrance::bind(address).map_err(|source| FrontError::Bind { address, source })
}

async fn fold(counters: Arc<Counters>) {
    let mut ticks = tokio::time::interval(FOLD);
    loop {
        ticks.tick().await;
        counters.fold();
    }
}

async fn accept<I: Ingress>(listener: TcpListener, certificates: Option<Arc<Certificates>>, shared: Shared<I>) {
    let state = &shared.state;
    loop {
        let (socket, peer) = entrance::accept(&listener).await;
        add(&state.counters.accepted, 1);
        match state.entrance.admit(peer) {
            Ok(admission) => {
                let acceptor = certificates.as_ref().map(|certificates| certificates.acceptor());
                tokio::spawn(connection_task(socket, acceptor, admission, shared.clone()));
            }
            Err(barred) => {
                let refusal = match barred {
                    Barred::TooOften => Refusal::ConnectRate,
                    Barred::TooMany => Refusal::TooManyConnections,
                };
                state.counters.refuse(refusal, Origin { peer, device: None });
            }
        }
    }
}

async fn connection_task<I: Ingress>(socket: TcpStream, acceptor: Option<TlsAcceptor>, admission: Admission, shared: Shared<I>) {
    let Admission { peer, connection, place } = admission;
    let _open = Gauge::up(&shared.state.counters.open);
    // Each stage in a box of its own: an idle device costs the size of its own stage, not of the largest.
    let greeted = {
        let _half_open = Gauge::up(&shared.state.counters.half_open);
        let mut stop = shared.state.stop.subscribe();
        let greeting = Box::pin(greet::greet(socket, acceptor, peer, &shared));
        tokio::select! {
            greeted = greeting => greeted,
            _ = stop.wait_for(|stop| *stop) => None,
            () = place.sent_away() => {
                shared.state.counters.refuse(Refusal::HalfOpen, Origin { peer, device: None });
                None
            }
        }
    };
    drop(place);
    match greeted {
        Some(greet::Greeted::Device(device)) => Box::pin(device.serve(&shared)).await,
        Some(greet::Greeted::Listener(listener)) => Box::pin(listener.serve(&shared.state)).await,
        None => {}
    }
    drop(connection);
}
