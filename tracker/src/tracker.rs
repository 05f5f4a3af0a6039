//! The tracker as the rest of the program sees it.

use crate::accounts::Accounts;
use crate::config::{Clock, TrackerConfig};
use crate::device_errors::DeviceErrors;
use crate::driver::keyrings::Keyrings;
use crate::driver::work::{AdmitRefusal, CommandFailure, Job, TerminalFailure, Work};
use crate::feed::EventFeed;
use crate::log::{LogError, LogReader, Position};
use crate::metrics::{Counters, TrackerMetrics};
use crate::open::{self, OpenError};
use crate::outbox::{Closing, Outbox};
use crate::photos::Photos;
use crate::platform_key::PlatformKey;
use crate::registry::{Projector, Registry};
use crate::series::Series;
use crate::track::{KeptReports, TrackError, TrackPoint, find, walk};
use crate::tree::{TreeError, TreeReader};
use bytes::Bytes;
use sealway_core::evidence::LogKeys;
use sealway_core::proof::Hash;
use sealway_core::{CommandReceipt, Policy};
use sealway_schemas::command::Signer;
use sealway_schemas::down::{Challenge, Down};
use sealway_schemas::gate::{PassCard, SignedText};
use sealway_schemas::link::{Downlink, Upload};
use sealway_schemas::signature::CommandSignature;
use sealway_schemas::terminal::{CallSign, Protocol, UnsignedFrame};
use sealway_schemas::{DeviceId, PublicKey, Time};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use tokio::sync::{mpsc, oneshot};

/// The ends of what runs.
pub(crate) struct Running {
    pub(crate) jobs: Vec<mpsc::Sender<Job>>,
    pub(crate) keyrings: Keyrings,
    pub(crate) counters: Arc<Counters>,
    pub(crate) errors: DeviceErrors,
    pub(crate) reader: LogReader,
    pub(crate) tree: TreeReader,
    pub(crate) confirmed: Arc<AtomicU64>,
    pub(crate) registry: Registry,
    pub(crate) accounts: Accounts,
    pub(crate) photos: Photos,
    pub(crate) projector: Projector,
    pub(crate) series: Series,
    pub(crate) outbox: Outbox,
    pub(crate) platform_key: Arc<PlatformKey>,
    pub(crate) trust: LogKeys,
    pub(crate) policy: Policy,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) stop: Arc<AtomicBool>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.store(true, Relaxed);
        self.projector.close();
        self.series.end();
        self.outbox.end(Closing::Dropped);
    }
}

pub(crate) struct Ends {
    pub(crate) threads: Vec<JoinHandle<()>>,
    /// Grows the log's tree, until every entry is under a checkpoint.
    pub(crate) growing: Option<JoinHandle<()>>,
    pub(crate) projecting: Option<tokio::task::JoinHandle<()>>,
    /// Writes the outbox.
    pub(crate) writing: Option<tokio::task::JoinHandle<()>>,
}

/// Cheap to clone; everything behind it stops at [`Tracker::drain`].
#[derive(Clone)]
pub struct Tracker {
    running: Arc<Running>,
    ends: Arc<Mutex<Ends>>,
}

impl fmt::Debug for Tracker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tracker").field("platform_key", &self.running.platform_key.public()).finish_non_exhaustive()
    }
}

impl Tracker {
    /// Opens the data folder, replays what the newest snapshot does not hold, and starts. Needs a tokio runtime.
    pub async fn open(config: TrackerConfig, downlink: Arc<dyn Downlink>) -> Result<Self, OpenError> {
        open::open(config, downlink).await
    }

    pub(crate) fn new(running: Running, ends: Ends) -> Self {
        Self { running: Arc::new(running), ends: Arc::new(Mutex::new(ends)) }
    }

    /// Lets a device in by its signed login (COSE bytes), once: its `t` is on disk before this returns.
    pub async fn admit_device(&self, device: DeviceId, login: Vec<u8>) -> Result<(), AdmitRefusal> {
        let (reply, answer) = oneshot::channel();
        self.send(&device, Job::Login { device, login, reply }).await;
        answer.await.unwrap_or(Err(AdmitRefusal::Stopped))
    }

    /// Lets a device in whose TLS certificate was checked: `key` has to be its identity key.
    pub async fn admit_certificate(&self, device: DeviceId, key: PublicKey) -> Result<(), AdmitRefusal> {
        let (reply, answer) = oneshot::channel();
        self.send(&device, Job::Pass(Work::Certificate { device, key, reply })).await;
        answer.await.unwrap_or(Err(AdmitRefusal::Stopped))
    }

    /// The registered terminal that calls itself so.
    pub async fn call_terminal(&self, protocol: Protocol, call_sign: CallSign) -> Result<DeviceId, TerminalFailure> {
        let (reply, answer) = oneshot::channel();
        let Some(jobs) = self.running.jobs.first() else { return Err(TerminalFailure::Stopped) };
        let call = Job::Pass(Work::Terminal { protocol, call_sign, reply });
        jobs.send(call).await.map_err(|_| TerminalFailure::Stopped)?;
        answer.await.unwrap_or(Err(TerminalFailure::Stopped))
    }

    /// Keeps what a terminal said. When this returns, it is on disk, now or before.
    pub async fn keep_unsigned(&self, frame: UnsignedFrame) -> Result<(), TerminalFailure> {
        let (reply, answer) = oneshot::channel();
        let terminal = frame.terminal;
        self.send(&terminal, Job::Pass(Work::Unsigned { frame, reply })).await;
        answer.await.unwrap_or(Err(TerminalFailure::Stopped))
    }

    /// Takes what a device sent. Waits while the tracker is full: that is the back-pressure. The answer comes by [`Downlink::settle`].
    pub async fn upload(&self, upload: Upload) {
        let device = upload.device;
        self.running.counters.in_flight.fetch_add(1, Relaxed);
        if !self.send(&device, Job::Upload(upload)).await {
            self.running.counters.in_flight.fetch_sub(1, Relaxed);
        }
    }

    /// Carries out a person's command. `body`: its JSON as it was sent. `key`: the same key twice changes nothing the second time. When this
    /// returns, the command is on disk and the registry shows it. `signature`: of the person, over exactly these bytes.
    pub async fn command(
        &self,
        by: Signer,
        key: String,
        body: Bytes,
        signature: Option<CommandSignature>,
    ) -> Result<CommandReceipt, CommandFailure> {
        if self.running.counters.disk_full.load(Relaxed) {
            return Err(CommandFailure::DiskFull);
        }
        let (reply, answer) = oneshot::channel();
        let Some(jobs) = self.running.jobs.first() else { return Err(CommandFailure::Stopped) };
        jobs.send(Job::Pass(Work::Command { by, key, body, signature, reply })).await.map_err(|_| CommandFailure::Stopped)?;
        let (receipt, ticket) = answer.await.unwrap_or(Err(CommandFailure::Stopped))?;
        self.running.projector.flushed(ticket).await;
        Ok(receipt)
    }

    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.running.registry
    }

    /// What people sign in with.
    #[must_use]
    pub fn accounts(&self) -> &Accounts {
        &self.running.accounts
    }

    /// What people showed of incidents.
    #[must_use]
    pub fn photos(&self) -> &Photos {
        &self.running.photos
    }

    /// The time series, a view of the log.
    #[must_use]
    pub fn series(&self) -> &Series {
        &self.running.series
    }

    /// What webhooks are told, and what they did not take.
    #[must_use]
    pub fn outbox(&self) -> &Outbox {
        &self.running.outbox
    }

    /// By which transfers are judged.
    pub(crate) fn policy(&self) -> &Policy {
        &self.running.policy
    }

    #[must_use]
    pub fn events(&self) -> &EventFeed {
        self.running.projector.feed()
    }

    /// The newest `limit` reports that `device` made between `from` and `to` (device time), oldest first. Whether the asker may see the
    /// device is asked of the registry before.
    pub async fn track(&self, device: DeviceId, from: Time, to: Time, limit: usize) -> Result<Vec<TrackPoint>, TrackError> {
        self.walk(device, move |reader, head| walk(reader, head, from, to, limit)).await
    }

    /// Every version of the reports of `device` with these counters.
    pub async fn reports(&self, device: DeviceId, counters: BTreeSet<u64>) -> Result<KeptReports, TrackError> {
        self.walk(device, move |reader, head| find(reader, head, &counters)).await
    }

    /// Looks along a device's chain, from its newest frame on.
    async fn walk<T: Send + 'static>(
        &self,
        device: DeviceId,
        look: impl FnOnce(&LogReader, Option<Position>) -> Result<T, LogError> + Send + 'static,
    ) -> Result<T, TrackError> {
        let (reply, answer) = oneshot::channel();
        self.send(&device, Job::Pass(Work::Head { device, reply })).await;
        let head = answer.await.map_err(|_| TrackError::Stopped)?;
        let reader = self.running.reader.clone();
        let walked = tokio::task::spawn_blocking(move || look(&reader, head)).await;
        Ok(walked.map_err(|_| TrackError::Stopped)??)
    }

    #[must_use]
    pub fn metrics(&self) -> TrackerMetrics {
        TrackerMetrics {
            confirmed: self.confirmed(),
            registry_backlog: self.running.projector.backlog() as u64,
            ..self.running.counters.read()
        }
    }

    /// The keys by which a stranger knows the log.
    #[must_use]
    pub fn log_keys(&self) -> &LogKeys {
        &self.running.trust
    }

    /// Why devices were refused lately. Whether the asker may see the device is asked of the registry before.
    #[must_use]
    pub fn errors(&self) -> &DeviceErrors {
        &self.running.errors
    }

    /// What signs the platform's messages to devices; an enrolment's answer brings it.
    #[must_use]
    pub fn platform_key(&self) -> PublicKey {
        self.running.platform_key.public()
    }

    /// A text for others to rely on where the platform cannot be asked: a gate's snapshot.
    #[must_use]
    pub fn sign_text(&self, purpose: &str, text: String) -> SignedText {
        self.running.platform_key.sign_text(purpose, text)
    }

    /// What the QR code of a pass card says.
    #[must_use]
    pub fn sign_card(&self, card: &PassCard) -> String {
        self.running.platform_key.sign_card(card)
    }

    /// A challenge that somebody else brings to the seal.
    #[must_use]
    pub fn sign_challenge(&self, device: &DeviceId, nonce: [u8; 16], not_after: Time) -> Bytes {
        self.running.platform_key.seal(device, &Down::Challenge(Challenge { nonce, not_after }))
    }

    /// The evidence log, for whoever counts or proves.
    #[must_use]
    pub fn log(&self) -> &LogReader {
        &self.running.reader
    }

    /// The log as a tree: checkpoints, tiles, proofs.
    #[must_use]
    pub fn tree(&self) -> &TreeReader {
        &self.running.tree
    }

    /// A standby says that every entry below `size` is on its disk, and that its tree over them has this root.
    pub fn confirm(&self, size: u64, root: Hash) -> Result<(), TreeError> {
        let own = self.running.tree.root(size)?;
        if own != root {
            return Err(TreeError::Other { size, own, root });
        }
        self.running.confirmed.fetch_max(size, Relaxed);
        Ok(())
    }

    /// How many entries a standby has confirmed; 0 without one.
    #[must_use]
    pub fn confirmed(&self) -> u64 {
        self.running.confirmed.load(Relaxed)
    }

    /// The tracker's time.
    #[must_use]
    pub fn now(&self) -> Time {
        self.running.clock.now()
    }

    /// SHA-256 of the judge's whole state.
    pub async fn fingerprint(&self) -> Option<[u8; 32]> {
        let (reply, answer) = oneshot::channel();
        self.running.jobs.first()?.send(Job::Pass(Work::Fingerprint { reply })).await.ok()?;
        answer.await.ok()
    }

    /// Settles what was taken, writes a snapshot and the registry, and stops. What comes later is not taken. Returns at once when called again.
    pub async fn drain(&self) {
        let (threads, growing, projecting, writing) = {
            let mut ends = self.ends.lock().unwrap_or_else(PoisonError::into_inner);
            (std::mem::take(&mut ends.threads), ends.growing.take(), ends.projecting.take(), ends.writing.take())
        };
        let (Some(growing), Some(projecting), Some(writing)) = (growing, projecting, writing) else { return };
        self.pass_all().await;
        let (reply, answer) = oneshot::channel();
        if let Some(jobs) = self.running.jobs.first() {
            // Errors mean that the worker or the sequencer had ended before.
            let _sent = jobs.send(Job::Pass(Work::Drain { reply })).await;
            let _ended = answer.await;
        }
        self.running.stop.store(true, Relaxed);
        self.running.projector.close();
        let series = self.running.series.clone();
        // Before the folder's lock is let go.
        let _ended = tokio::task::spawn_blocking(move || series.stop()).await;
        growing.thread().unpark();
        // It holds the folder's lock too.
        let _ended = tokio::task::spawn_blocking(move || growing.join()).await;
        if projecting.await.is_err() {
            tracing::warn!("the projection ended before its time");
        }
        self.running.outbox.end(Closing::Drained);
        if writing.await.is_err() {
            tracing::warn!("the outbox ended before its time");
        }
        for thread in &threads {
            thread.thread().unpark();
        }
    }

    /// Returns when every job that stood in a queue has reached the sequencer.
    async fn pass_all(&self) {
        for jobs in &self.running.jobs {
            let (reply, answer) = oneshot::channel();
            if jobs.send(Job::Pass(Work::Fence { reply })).await.is_ok() {
                let _ended = answer.await;
            }
        }
    }

    async fn send(&self, device: &DeviceId, job: Job) -> bool {
        let worker = self.running.keyrings.worker_of(device);
        match self.running.jobs.get(worker) {
            Some(jobs) => jobs.send(job).await.is_ok(),
            None => false,
        }
    }
}
