//! The one writer. Takes what the workers verified in the order in which it arrives, lets the judge handle it, appends, commits, and only
//! then tells anybody.

mod keys;
mod tell;
mod terminal;

use super::acks::{Acks, Haste};
use super::keyrings::Keyrings;
use super::past::{Heads, LogPast, Memory};
use super::refused::{Refused, kind};
use super::released::Released;
use super::tick::Owed;
use super::work::{AdmitRefusal, CommandFailure, Item, Screened, Work};
use super::worker::Coins;
use crate::config::TrackerConfig;
use crate::data_dir::DataDir;
use crate::device_errors::DeviceErrors;
use crate::log::{EvidenceLog, LogError};
use crate::metrics::{Counters, charge, thread_cpu_ns};
use crate::outbox;
use crate::platform_key::PlatformKey;
use crate::registry::Projector;
use crate::tree::Published;
use sealway_core::order::Outcome;
use sealway_core::verify::Refusal;
use sealway_core::{CommandReceipt, CommandRefusal, Core, Effect, Input, LoginRefusal, Row, Sighted};
use sealway_schemas::entry::{Entry, Salt};
use sealway_schemas::link::{Downlink, Verdict};
use sealway_schemas::refusals::RefusedKind;
use sealway_schemas::{DeviceId, Time};
use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// Work taken into one commit at most; it bounds what a commit writes and how long it waits.
const TICK_ITEMS: usize = 8192;
const IDLE: Duration = Duration::from_secs(1);
/// A moved device's row and position are looked at this often.
const MOVED_MS: u64 = 1_000;

/// What the sequencer is built of.
pub(crate) struct Parts {
    pub(crate) core: Core,
    pub(crate) log: EvidenceLog,
    pub(crate) heads: Heads,
    pub(crate) now: Time,
    pub(crate) snapshot_seq: u64,
    pub(crate) keyrings: Keyrings,
    pub(crate) key: Arc<PlatformKey>,
    pub(crate) downlink: Arc<dyn Downlink>,
    pub(crate) projector: Projector,
    pub(crate) outbox: outbox::Feed,
    pub(crate) counters: Arc<Counters>,
    pub(crate) errors: DeviceErrors,
    pub(crate) config: TrackerConfig,
    pub(crate) coins: Coins,
    pub(crate) tree: Published,
    /// Entries below this number lie on a standby's disk.
    pub(crate) confirmed: Arc<AtomicU64>,
    /// Held for its lock as long as anything here can write.
    pub(crate) data_dir: Arc<DataDir>,
}

/// What the last handled input came to, for whoever waits for its answer.
#[derive(Default)]
struct Answer {
    taken: bool,
    login: Option<LoginRefusal>,
    command: Option<Result<CommandReceipt, CommandRefusal>>,
    sighted: Option<Sighted>,
}

pub(crate) struct Sequencer {
    parts: Parts,
    effects: Vec<Effect>,
    memory: RefCell<Memory>,
    acks: Acks,
    released: Released,
    refused: Refused,
    owed: Owed,
    moved: hashbrown::HashSet<DeviceId>,
    moved_at: Time,
    snapshot_at: Time,
    snapshot_writing: Option<JoinHandle<()>>,
    /// The last one, until it was on disk.
    snapshot_took_ms: Arc<AtomicU64>,
    draining: Option<oneshot::Sender<()>>,
    /// Reports that the strict check refused when the keys of their device changed.
    failed: Vec<Work>,
}

impl Sequencer {
    pub(crate) fn new(parts: Parts) -> Self {
        Self {
            acks: Acks::new(parts.config.ack_interval_ms),
            released: Released::new(parts.confirmed.clone()),
            refused: Refused::new(parts.now),
            effects: Vec::with_capacity(64),
            memory: RefCell::default(),
            owed: Owed::default(),
            moved: hashbrown::HashSet::new(),
            moved_at: parts.now,
            // A platform that is killed again and again shall not replay more at each start: what it replayed is due at once.
            snapshot_at: Time::ZERO,
            snapshot_writing: None,
            snapshot_took_ms: Arc::default(),
            draining: None,
            failed: Vec::new(),
            parts,
        }
    }

    /// Ends when it was drained, when every worker is gone, or when the disk broke the log's promise.
    pub(crate) fn run(mut self, works: &Receiver<Vec<Work>>) {
        self.advance();
        if let Err(error) = self.begin() {
            return self.fail(&error);
        }
        loop {
            let first = match works.recv_timeout(self.patience()) {
                Ok(first) => first,
                Err(RecvTimeoutError::Timeout) => Vec::new(),
                Err(RecvTimeoutError::Disconnected) => return,
            };
            let began = thread_cpu_ns();
            if let Err(error) = self.tick(first, works, began) {
                return self.fail(&error);
            }
            if let Some(reply) = self.draining.take() {
                self.write_snapshot(true);
                // The folder's lock is free before whoever asked goes on; he may have gone.
                drop(self);
                let _gone = reply.send(());
                return;
            }
        }
    }

    fn fail(&self, error: &LogError) {
        tracing::error!(%error, "the evidence log cannot keep its promise; nothing more is acknowledged");
        self.parts.config.fatal.fatal(error);
    }

    /// Other numbers and further keys than the log's are told to it first.
    fn begin(&mut self) -> Result<(), LogError> {
        if *self.parts.core.policy() != self.parts.config.policy || self.parts.log.next_seq() == 0 {
            self.handle(Input::Policy(self.parts.config.policy))?;
        }
        for succession in self.parts.key.successions(self.parts.core.platform_keys().len()) {
            tracing::info!(key = %succession.public_key, seq = succession.seq, "the platform signs by a new key");
            self.handle(Input::Rekey(succession))?;
        }
        self.commit()
    }

    fn tick(&mut self, first: Vec<Work>, works: &Receiver<Vec<Work>>, began: u64) -> Result<(), LogError> {
        self.advance();
        let mut taken = 0;
        let mut next = Some(first);
        while let Some(batch) = next {
            for work in batch {
                taken += self.take(work)?;
            }
            next = if taken < TICK_ITEMS && self.draining.is_none() { works.try_recv().ok() } else { None };
        }
        self.fire_deadlines()?;
        if let Some(refusals) = self.refused.take_due(self.parts.now, self.draining.is_some()) {
            self.handle(Input::Refusals(refusals))?;
        }
        let sequenced = charge(&self.parts.counters.cpu_sequence_ns, began);
        self.commit()?;
        let committed = charge(&self.parts.counters.cpu_commit_ns, sequenced);
        self.settle();
        self.show_moved();
        self.tell();
        self.write_snapshot_if_due();
        charge(&self.parts.counters.cpu_sequence_ns, committed);
        Ok(())
    }

    /// Time never goes back, whatever the clock does.
    fn advance(&mut self) {
        self.parts.now = self.parts.now.max(self.parts.config.clock.now());
    }

    fn patience(&self) -> Duration {
        let moved = (!self.moved.is_empty()).then(|| self.moved_at.plus_ms(MOVED_MS));
        let due = [self.parts.core.next_deadline(), self.acks.next(), moved, self.refused.due()];
        let now = self.parts.now.max(self.parts.config.clock.now());
        due.into_iter().flatten().min().map_or(IDLE, |due| Duration::from_millis(due.since(now)).min(IDLE))
    }

    /// How much of a tick's bound the work took.
    fn take(&mut self, work: Work) -> Result<usize, LogError> {
        match work {
            Work::Screened(screened) => return self.take_upload(screened),
            Work::Login { device, t, reply } => {
                let answer = self.handle(Input::Login { device, t })?;
                let result = answer.login.map_or(Ok(()), |refusal| Err(AdmitRefusal::Login(refusal)));
                self.count_login(result.is_ok());
                self.owed.admits.push((reply, result));
            }
            Work::Certificate { device, key, reply } => {
                let result = self.check_certificate(&device, &key);
                self.count_login(result.is_ok());
                self.owed.admits.push((reply, result));
            }
            Work::Terminal { protocol, call_sign, reply } => self.take_call(protocol, &call_sign, reply),
            Work::Unsigned { frame, reply } => self.take_unsigned(frame, reply)?,
            Work::Command { by, key, body, signature, reply } => {
                let answer = self.handle(Input::Command { by, key, body, signature })?;
                let result = answer.command.map_or(Err(CommandFailure::Stopped), |result| result.map_err(CommandFailure::Refused));
                let counters = &self.parts.counters;
                if result.is_ok() { &counters.commands } else { &counters.commands_refused }.fetch_add(1, Relaxed);
                if result.is_err() {
                    self.refused.count(RefusedKind::Command);
                }
                self.owed.commands.push((reply, result));
            }
            Work::Head { device, reply } => {
                let head = self.parts.heads.get(&device);
                self.owed.heads.push((reply, head));
            }
            Work::StrictFailed { device, ctr, digest } => {
                tracing::warn!(%device, ctr, %digest, "a report that a batch let pass was refused by the strict check");
                self.parts.counters.strict_failed.fetch_add(1, Relaxed);
                self.handle(Input::StrictFailed { device, ctr, digest })?;
            }
            Work::Fence { reply } => {
                let _gone = reply.send(());
            }
            Work::Fingerprint { reply } => {
                let _gone = reply.send(self.parts.core.fingerprint());
            }
            Work::Drain { reply } => self.draining = Some(reply),
        }
        Ok(1)
    }

    fn take_upload(&mut self, screened: Screened) -> Result<usize, LogError> {
        let Screened { session, device, messages, items } = screened;
        let count = items.len().max(1);
        self.acks.heard_from(device, session);
        self.owed.uploads += 1;
        let mut items = items.into_iter();
        for (ticket, own) in messages {
            let mut acceptable = false;
            for item in items.by_ref().take(own) {
                acceptable |= self.take_item(&device, item)?;
            }
            let verdict = if acceptable { Verdict::Stored } else { Verdict::NothingAcceptable };
            self.owed.settle(session, ticket, verdict);
        }
        Ok(count)
    }

    fn take_item(&mut self, device: &DeviceId, item: Item) -> Result<bool, LogError> {
        match item {
            Item::Report(report) => Ok(self.handle(Input::Report(report))?.taken),
            Item::Hello(hello) => {
                self.parts.counters.hellos.fetch_add(1, Relaxed);
                self.handle(Input::Hello { device: *device, hello })?;
                self.owed.introduce.push(*device);
                self.acks.want(device, Haste::Now);
                Ok(true)
            }
            Item::Refused { refusal, unverified_ctr, bytes } => {
                tracing::debug!(%device, %refusal, "item refused");
                self.parts.counters.refusal(&refusal);
                self.refused.add(*device, &refusal, &bytes);
                self.parts.errors.note(self.parts.now, device, kind(&refusal).as_str(), refusal.to_string());
                if refusal == Refusal::UnknownKey {
                    self.acks.unknown_key(device, unverified_ctr);
                }
                Ok(false)
            }
        }
    }

    fn count_login(&mut self, good: bool) {
        let counters = &self.parts.counters;
        if !good {
            self.refused.count(RefusedKind::Login);
        }
        if good { &counters.logins } else { &counters.logins_refused }.fetch_add(1, Relaxed);
    }

    fn fire_deadlines(&mut self) -> Result<(), LogError> {
        if self.parts.core.next_deadline().is_some_and(|due| due <= self.parts.now) {
            self.handle(Input::Tick)?;
        }
        Ok(())
    }

    fn handle(&mut self, input: Input) -> Result<Answer, LogError> {
        let mut effects = std::mem::take(&mut self.effects);
        let past = LogPast { log: &self.parts.log, heads: &self.parts.heads, memory: &self.memory };
        self.parts.core.handle(self.parts.now, input, &past, &mut effects);
        let mut answer = Answer::default();
        for effect in effects.drain(..) {
            self.apply(effect, &mut answer)?;
        }
        self.effects = effects;
        // Only now: what the judge told of the device must not overtake what it tells next.
        for failed in std::mem::take(&mut self.failed) {
            self.take(failed)?;
        }
        Ok(answer)
    }

    fn apply(&mut self, effect: Effect, answer: &mut Answer) -> Result<(), LogError> {
        match effect {
            Effect::Append(mut entry) => {
                self.salt(&mut entry);
                self.append(&entry)?;
            }
            Effect::Outcome { device, outcome, .. } => {
                answer.taken = outcome.is_kept() || outcome == Outcome::Duplicate;
                self.parts.counters.outcome(outcome);
                if outcome == Outcome::KeptHole {
                    self.acks.want(&device, Haste::Urgent);
                }
            }
            Effect::ReportRefused { refusal, .. } => {
                self.parts.counters.refusal(&refusal);
                self.refused.count(kind(&refusal));
            }
            Effect::Ack(device) => self.acks.want(&device, Haste::Usual),
            Effect::Down { device, down } => self.owed.down.push((device, down)),
            Effect::LoginRefused { refusal, .. } => answer.login = Some(refusal),
            Effect::Sighted(sighted) => answer.sighted = Some(sighted),
            Effect::Refused(refusal) => answer.command = Some(Err(refusal)),
            Effect::Accepted(receipt) => answer.command = Some(Ok(receipt)),
            Effect::Keys(change) => self.change_keys(change),
            Effect::Row(row) => self.take_row(*row),
            Effect::Event(event) => self.owed.events.push(*event),
            Effect::Outbox(outbound) => self.owed.outbound.push(*outbound),
            Effect::Moved(device) => {
                self.moved.insert(device);
            }
            Effect::Close(device) => self.owed.close.push(device),
        }
        Ok(())
    }

    fn take_row(&mut self, row: Row) {
        if let Row::Device(device) = &row {
            self.moved.remove(&device.id);
        }
        self.owed.rows.push(row);
    }

    /// A command's text lies beside the tree, and nobody shall find it by trying.
    fn salt(&mut self, entry: &mut Entry) {
        if let Entry::Command { salt, .. } = entry {
            let mut bytes = [0; 16];
            self.parts.coins.fill(&mut bytes);
            *salt = Salt::from_bytes(bytes);
        }
    }

    fn append(&mut self, entry: &Entry) -> Result<(), LogError> {
        let device = entry.device().copied();
        let back = device.and_then(|device| self.parts.heads.get(&device));
        let appended = loop {
            match self.parts.log.append(entry, back) {
                Err(LogError::Full { path, bytes }) => {
                    // Nothing is acknowledged meanwhile, so nothing can be lost: the queues fill, sockets wait, seals keep their reports.
                    self.parts.counters.disk_full.store(true, Relaxed);
                    tracing::error!(file = %path.display(), bytes, "disk full: intake waits for room");
                    std::thread::sleep(IDLE);
                }
                other => break other?,
            }
        };
        self.parts.counters.disk_full.store(false, Relaxed);
        if let Some(device) = device {
            self.parts.heads.set(device, appended.position);
        }
        self.parts.counters.log_entries.store(appended.seq + 1, Relaxed);
        Ok(())
    }

    fn commit(&mut self) -> Result<(), LogError> {
        if !self.parts.log.is_dirty() {
            return Ok(());
        }
        let began = Instant::now();
        self.parts.log.commit()?;
        self.parts.counters.commit(began.elapsed());
        self.parts.counters.fsyncs.store(self.parts.log.syncs(), Relaxed);
        Ok(())
    }
}
