//! The state from the log: the newest snapshot, then every entry after it, each report verified again on all cores, in batches as when it
//! came; the strict check in the background looks at them one by one, and `sealway verify` at all of them.

use super::keyrings::Keyrings;
use super::past::{Heads, LogPast, Memory};
use super::worker::Coins;
use crate::log::{EvidenceLog, Fault, Frame, LogError};
use crate::outbox::Gathered;
use crate::snapshot::Snapshot;
use sealway_core::policy::{Policy, PolicyFault};
use sealway_core::verify::{Refusal, UnverifiedReport, VerifiedReport};
use sealway_core::{Core, Effect, Input, KeyChange, Row};
use sealway_schemas::entry::Entry;
use sealway_schemas::record::Record;
use sealway_schemas::report::Report;
use sealway_schemas::signature::CommandSignature;
use sealway_schemas::{DeviceId, Malformed, Time};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

const CHUNK: usize = 8192;
const PROGRESS: Duration = Duration::from_secs(2);

#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    #[error(transparent)]
    Log(#[from] LogError),
    #[error("entry {seq}: {fault}")]
    Entry { seq: u64, fault: Fault },
    #[error("entry {seq}: {fault}")]
    Signature { seq: u64, fault: Malformed },
    #[error("random numbers: {0}")]
    Random(getrandom::Error),
    #[error("entry {seq}: {fault}")]
    Policy { seq: u64, fault: PolicyFault },
    #[error("entry {seq}: report {ctr} of device {device}: {refusal}; it was verified when it was written, so the log was changed")]
    Report { seq: u64, device: DeviceId, ctr: u64, refusal: Refusal },
}

/// The state that a start begins with.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) core: Core,
    pub(crate) heads: Heads,
    pub(crate) now: Time,
    /// Entries below this number are in the state.
    pub(crate) seq: u64,
    pub(crate) strict_cursor: u64,
    /// Records that the replayed entries told, the newest of each id: they are not in `core`, so the registry needs them from here.
    pub(crate) records: Records,
    /// What the replayed entries told webhooks.
    pub(crate) outbound: Gathered,
}

/// By kind and id.
pub(crate) type Records = BTreeMap<(String, String), Record>;

impl From<Snapshot> for State {
    fn from(snapshot: Snapshot) -> Self {
        let Snapshot { seq, now, strict_cursor, heads, core } = snapshot;
        Self { core, heads: heads.into_iter().collect(), now, seq, strict_cursor, ..Self::default() }
    }
}

/// An entry that waits for its turn.
struct Turn {
    frame: Frame,
    entry: Entry,
    verified: Option<Result<VerifiedReport, Refusal>>,
}

/// Replays the log onto `state`, and gives the keyrings every key on the way.
pub(crate) fn replay(state: &mut State, log: &EvidenceLog, keyrings: &Keyrings) -> Result<(), ReplayError> {
    for (device, identity, epoch_keys) in state.core.keys() {
        keyrings.apply(KeyChange::Enrolled { device, key: identity });
        for key in epoch_keys {
            keyrings.apply(KeyChange::EpochKey { device, key });
        }
    }
    let reader = log.reader();
    let mut coins = (0..keyrings.len()).map(|_| Coins::new()).collect::<Result<Vec<_>, _>>().map_err(ReplayError::Random)?;
    let mut progress = Progress::new(state.seq, reader.durable());
    let mut frames = reader.frames_from(state.seq).peekable();
    let memory = RefCell::default();
    while frames.peek().is_some() {
        let mut turns = gather(&mut frames)?;
        verify(&mut turns, keyrings, &mut coins);
        for turn in turns {
            take(state, turn, log, keyrings, &memory)?;
        }
        progress.show(state.seq);
    }
    progress.end(state.seq);
    Ok(())
}

/// Entries up to the next command: a command can enrol a device, and only then its reports can be verified.
fn gather(frames: &mut std::iter::Peekable<crate::log::Frames>) -> Result<Vec<Turn>, ReplayError> {
    let mut turns = Vec::with_capacity(CHUNK);
    while turns.len() < CHUNK {
        let Some(frame) = frames.next() else { break };
        let frame = frame?;
        let entry = frame.decode().map_err(|fault| ReplayError::Entry { seq: frame.seq, fault })?;
        let last = matches!(entry, Entry::Command { .. });
        turns.push(Turn { frame, entry, verified: None });
        if last {
            break;
        }
    }
    Ok(turns)
}

/// Each worker's keyring looks at its own devices' reports.
fn verify(turns: &mut [Turn], keyrings: &Keyrings, coins: &mut [Coins]) {
    let mut shares: Vec<Vec<&mut Turn>> = (0..keyrings.len()).map(|_| Vec::new()).collect();
    for turn in turns {
        let Entry::Report { device, .. } = &turn.entry else { continue };
        if let Some(share) = shares.get_mut(keyrings.worker_of(device)) {
            share.push(turn);
        }
    }
    std::thread::scope(|scope| {
        for ((worker, share), coins) in shares.into_iter().enumerate().zip(coins).filter(|((_, share), _)| !share.is_empty()) {
            scope.spawn(move || verify_share(share, worker, (keyrings, coins)));
        }
    });
}

fn verify_share(share: Vec<&mut Turn>, worker: usize, (keyrings, coins): (&Keyrings, &mut Coins)) {
    let Some(mut keyring) = keyrings.lock(worker) else { return };
    let mut waiting = Vec::with_capacity(share.len());
    let mut reports = Vec::with_capacity(share.len());
    for turn in share {
        match unverified(&turn.entry) {
            Some(Ok(report)) => {
                reports.push(report);
                waiting.push(turn);
            }
            Some(Err(refusal)) => turn.verified = Some(Err(refusal)),
            None => {}
        }
    }
    let results = keyring.screen(reports.clone(), &mut |bytes| coins.fill(bytes));
    for ((turn, report), result) in waiting.into_iter().zip(reports).zip(results) {
        // A batch that fails is looked at strictly, and only a batch lets some points pass: the log's own lane knows them.
        let result = result.or_else(|refusal| keyring.screen_logged(vec![report]).pop().unwrap_or(Err(refusal)));
        turn.verified = Some(result);
    }
}

/// A report entry as a report that nobody has looked at.
pub(crate) fn unverified(entry: &Entry) -> Option<Result<UnverifiedReport, Refusal>> {
    let Entry::Report { device, bytes, .. } = entry else { return None };
    Some(UnverifiedReport::decode(*device, bytes.clone()).map_err(Refusal::Malformed))
}

fn take(state: &mut State, turn: Turn, log: &EvidenceLog, keyrings: &Keyrings, memory: &RefCell<Memory>) -> Result<(), ReplayError> {
    let Turn { frame, entry, verified } = turn;
    let (at, device) = (entry.at(), entry.device().copied());
    let input = input(frame.seq, entry, verified)?;
    let mut effects = Vec::new();
    let past = LogPast { log, heads: &state.heads, memory };
    state.now = state.now.max(at);
    state.core.handle(state.now, input, &past, &mut effects);
    let mut appended = false;
    for effect in effects {
        match effect {
            Effect::Append(_) => appended = true,
            Effect::Keys(change) => keyrings.apply(change),
            Effect::Row(row) => keep_record(&mut state.records, *row),
            Effect::Outbox(outbound) => state.outbound.put(*outbound),
            _ => {}
        }
    }
    if !appended {
        tracing::warn!(entry = frame.seq, "the judge took this entry when it was written and takes it otherwise now");
    }
    if let Some(device) = device {
        state.heads.set(device, frame.position);
    }
    state.seq = frame.seq + 1;
    Ok(())
}

fn keep_record(records: &mut Records, row: Row) {
    if let Row::Record(record) = row {
        records.insert((record.kind.clone(), record.id.clone()), record);
    }
}

fn input(seq: u64, entry: Entry, verified: Option<Result<VerifiedReport, Refusal>>) -> Result<Input, ReplayError> {
    Ok(match entry {
        Entry::Report { device, bytes, .. } => match verified {
            Some(Ok(report)) => Input::Report(report),
            refused => {
                let refusal = refused.and_then(Result::err).unwrap_or(Refusal::BadSignature);
                let ctr = Report::parse(&bytes).map_or(0, |(_, report)| report.ctr());
                return Err(ReplayError::Report { seq, device, ctr, refusal });
            }
        },
        Entry::Login { device, t, .. } => Input::Login { device, t },
        Entry::Command { by, key, body, signature, .. } => {
            let signature = signature.map(|bytes| CommandSignature::from_bytes(&bytes)).transpose();
            let signature = signature.map_err(|fault| ReplayError::Signature { seq, fault })?;
            Input::Command { by, key, body, signature }
        }
        Entry::StrictFailed { device, ctr, digest, .. } => Input::StrictFailed { device, ctr, digest },
        Entry::Generation { number, .. } => Input::Generation(number),
        Entry::StateLost { device, stored, hi, .. } => Input::StateLost { device, stored, hi },
        Entry::Refusals { refusals, .. } => Input::Refusals(refusals),
        Entry::Rekey { succession, .. } => Input::Rekey(succession),
        Entry::Unsigned { frame, .. } => Input::Unsigned(frame),
        Entry::Policy { numbers, .. } => Input::Policy(Policy::from_json(&numbers).map_err(|fault| ReplayError::Policy { seq, fault })?),
    })
}

/// Says how far a long replay is.
struct Progress {
    from: u64,
    to: u64,
    began: Instant,
    shown: Instant,
}

impl Progress {
    fn new(from: u64, to: u64) -> Self {
        let now = Instant::now();
        Self { from, to, began: now, shown: now }
    }

    fn show(&mut self, seq: u64) {
        if self.shown.elapsed() >= PROGRESS {
            self.shown = Instant::now();
            tracing::info!(entry = seq, of = self.to, "replaying the evidence log");
        }
    }

    fn end(&self, seq: u64) {
        let entries = seq - self.from;
        if entries > 0 {
            tracing::info!(entries, ms = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX), "replayed the evidence log");
        }
    }
}
