//! From a data folder to a running tracker.

use crate::accounts::{Accounts, AccountsError};
use crate::config::TrackerConfig;
use crate::data_dir::{DataDir, DataDirError};
use crate::device_errors::DeviceErrors;
use crate::driver::keyrings::Keyrings;
use crate::driver::replay::{ReplayError, State, replay};
use crate::driver::sequencer::{Parts, Sequencer};
use crate::driver::strict::StrictCheck;
use crate::driver::work::{Job, Work};
use crate::driver::worker::{Coins, Worker};
use crate::log::{EvidenceLog, LogError};
use crate::metrics::Counters;
use crate::outbox::{Feed, Gathered, Mailroom, OutboxError, Store};
use crate::photos::{PhotoError, Photos};
use crate::platform_key::{PlatformKey, PlatformKeyError};
use crate::registry::{Projector, Reached, RegistryError};
use crate::scrub::Scrub;
use crate::series::{Series, SeriesError};
use crate::snapshot;
use crate::tracker::{Ends, Running, Tracker};
use crate::tree::{Grower, TreeError};
use sealway_core::Row;
use sealway_schemas::link::Downlink;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::SyncSender;
use std::thread::JoinHandle;
use tokio::sync::mpsc;

/// Batches between workers and sequencer.
const BATCHES: usize = 64;

#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    Replay(#[from] ReplayError),
    #[error(transparent)]
    Key(#[from] PlatformKeyError),
    #[error(transparent)]
    Accounts(#[from] AccountsError),
    #[error(transparent)]
    Photos(#[from] PhotoError),
    #[error(transparent)]
    Registry(#[from] RegistryError),
    #[error(transparent)]
    Tree(#[from] TreeError),
    #[error(transparent)]
    Series(#[from] SeriesError),
    #[error(transparent)]
    Outbox(#[from] OutboxError),
    #[error("no thread for the {name}: {source}")]
    Thread { name: String, source: std::io::Error },
    #[error("opening ended before its time")]
    Interrupted,
}

/// What is on disk, made into state.
pub(crate) struct Loaded {
    pub(crate) data_dir: DataDir,
    pub(crate) key: PlatformKey,
    pub(crate) log: EvidenceLog,
    pub(crate) state: State,
    pub(crate) snapshot_seq: u64,
    pub(crate) keyrings: Keyrings,
}

/// What the views that live outside the state have of the log. Records are in the registry and letters in the outbox, and nowhere else, so
/// a replay begins no later than the one that has less.
#[derive(Debug, Default)]
pub(crate) struct Viewed {
    /// Entries below this number.
    pub(crate) upto: u64,
    pub(crate) outbound: Gathered,
}

impl Viewed {
    pub(crate) fn upto(upto: u64) -> Self {
        Self { upto, ..Self::default() }
    }
}

/// Blocks for as long as the replay takes.
pub(crate) fn load(config: &TrackerConfig, data_dir: DataDir, viewed: Viewed) -> Result<Loaded, OpenError> {
    let snapshot = snapshot::load(&data_dir.snapshots(), viewed.upto);
    let snapshot_seq = snapshot.as_ref().map_or(0, |snapshot| snapshot.seq);
    let log = EvidenceLog::open(&data_dir.log(), config.log.clone(), snapshot_seq)?;
    let key = match log.next_seq() {
        0 => PlatformKey::load_or_make(&data_dir.platform_key())?,
        _ => PlatformKey::load(&data_dir.platform_key())?,
    };
    let workers = match config.workers {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        workers => workers,
    };
    let keyrings = Keyrings::new(workers);
    let mut state = snapshot.map(State::from).unwrap_or_default();
    state.outbound = viewed.outbound;
    replay(&mut state, &log, &keyrings)?;
    key.expect(state.core.platform_keys())?;
    Ok(Loaded { data_dir, key, log, state, snapshot_seq, keyrings })
}

pub(crate) async fn open(config: TrackerConfig, downlink: Arc<dyn Downlink>) -> Result<Tracker, OpenError> {
    let data_dir = DataDir::open(&config.data_dir)?;
    let (projector, registry, Reached { rows: cursor, records }) = Projector::open(&data_dir.registry(), config.clock.clone()).await?;
    let store = Store::open(&data_dir.outbox()).await?;
    let outboxed = store.cursor().await?;
    let viewed = Viewed { upto: records.min(outboxed), outbound: Gathered::after(store.marks().await?) };
    let for_load = config.clone();
    let load = move || load(&for_load, data_dir, viewed);
    let mut loaded = tokio::task::spawn_blocking(load).await.map_err(|_| OpenError::Interrupted)??;
    if cursor != Some(loaded.log.next_seq()) {
        if loaded.log.next_seq() > 0 {
            tracing::info!(entries = loaded.log.next_seq(), "the registry is behind the log: every row is written again");
        }
        projector.put(rows(&mut loaded.state), Vec::new(), Some(loaded.log.next_seq()), true);
        projector.told_records(loaded.log.next_seq());
    }
    let projecting = tokio::spawn(projector.clone().run(registry.pool.clone()));
    let outbox = Feed::new(outboxed);
    outbox.put(std::mem::take(&mut loaded.state.outbound).into_outbound(), loaded.log.next_seq());
    let mailroom = Mailroom::start(&config, &loaded.key, (outbox, store));
    start(config, loaded, downlink, Views { projector, registry, projecting, mailroom })
}

/// What is written beside the log, with the tasks that write it.
struct Views {
    projector: Projector,
    registry: crate::registry::Registry,
    projecting: tokio::task::JoinHandle<()>,
    mailroom: Mailroom,
}

fn start(config: TrackerConfig, loaded: Loaded, downlink: Arc<dyn Downlink>, views: Views) -> Result<Tracker, OpenError> {
    let Views { projector, registry, projecting, mailroom } = views;
    let Loaded { data_dir, key, log, state, snapshot_seq, keyrings } = loaded;
    let accounts = Accounts::open(data_dir.accounts())?;
    let photos = Photos::open(data_dir.photos())?;
    let data_dir = Arc::new(data_dir);
    let grower = Grower::open(data_dir.clone(), log.reader(), key.note_signer()?)?;
    let counters = Arc::new(Counters::default());
    counters.log_entries.store(log.next_seq(), Relaxed);
    counters.strict_cursor.store(state.strict_cursor, Relaxed);
    counters.devices.store(state.core.devices().count() as u64, Relaxed);
    let (reader, log_reader, trust) = (log.reader(), log.reader(), key.note_signer()?.keys().clone());
    let key = Arc::new(key);
    let platform_key = key.clone();
    let (works, work_queue) = std::sync::mpsc::sync_channel(BATCHES);
    let stop = Arc::new(AtomicBool::new(false));
    let confirmed = Arc::new(AtomicU64::new(0));
    let queue = config.queue_uploads;
    let (clock, policy) = (config.clock.clone(), config.policy);
    let series = Series::start(&data_dir.series(), &config.series, log.reader(), clock.clone())?;
    let errors = DeviceErrors::default();
    let parts = Parts {
        core: state.core,
        log,
        heads: state.heads,
        now: state.now,
        snapshot_seq,
        keyrings: keyrings.clone(),
        key,
        downlink,
        projector: projector.clone(),
        outbox: mailroom.feed(),
        counters: counters.clone(),
        errors: errors.clone(),
        config,
        coins: Coins::new().map_err(PlatformKeyError::Random)?,
        tree: grower.published(),
        confirmed: confirmed.clone(),
        data_dir,
    };
    let sequencer = Sequencer::new(parts);
    let tree = grower.reader();
    let (tree_counters, tree_stop) = (counters.clone(), stop.clone());
    let scrubbing = Scrub { log: log_reader, tree: tree.clone(), counters: counters.clone(), stop: stop.clone() };
    let growing = spawn("tree".into(), move || grower.run(&tree_counters, &tree_stop))?;
    let mut threads = vec![spawn("sequencer".into(), move || sequencer.run(&work_queue))?];
    let jobs = start_workers(&keyrings, queue, &works, &counters, &mut threads)?;
    let check =
        StrictCheck { reader: reader.clone(), keyrings: keyrings.clone(), counters: counters.clone(), next: works, stop: stop.clone() };
    threads.push(spawn("strict-check".into(), move || check.run())?);
    threads.push(spawn("scrub".into(), move || scrubbing.run())?);
    let (outbox, writing) = mailroom.open();
    let running = Running {
        jobs,
        keyrings,
        counters,
        errors,
        reader,
        tree,
        confirmed,
        registry,
        accounts,
        photos,
        projector,
        series,
        outbox,
        platform_key,
        trust,
        policy,
        clock,
        stop,
    };
    Ok(Tracker::new(running, Ends { threads, growing: Some(growing), projecting: Some(projecting), writing: Some(writing) }))
}

fn start_workers(
    keyrings: &Keyrings,
    queue: usize,
    works: &SyncSender<Vec<Work>>,
    counters: &Arc<Counters>,
    threads: &mut Vec<JoinHandle<()>>,
) -> Result<Vec<mpsc::Sender<Job>>, OpenError> {
    let mut senders = Vec::new();
    for number in 0..keyrings.len() {
        let (sender, jobs) = mpsc::channel(queue.max(1));
        let (next, keyrings, counters) = (works.clone(), keyrings.clone(), counters.clone());
        let coins = Coins::new().map_err(PlatformKeyError::Random)?;
        let worker = Worker { number, jobs, next, keyrings, counters, coins, aside: VecDeque::new() };
        threads.push(spawn(format!("verify-{number}"), move || worker.run())?);
        senders.push(sender);
    }
    Ok(senders)
}

fn spawn(name: String, run: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, OpenError> {
    std::thread::Builder::new().name(name.clone()).spawn(run).map_err(|source| OpenError::Thread { name, source })
}

/// Every row of every view, and the records of what was replayed.
pub(crate) fn rows(state: &mut State) -> Vec<Row> {
    let records = std::mem::take(&mut state.records);
    let core = &state.core;
    let mut rows: Vec<Row> = core.parties().cloned().map(Row::Party).collect();
    rows.extend(core.users().cloned().map(Row::User));
    rows.extend(core.tokens().cloned().map(Row::Token));
    rows.extend(core.places().map(Row::Place));
    rows.extend(core.corridors().map(Row::Corridor));
    rows.extend(core.versions().map(Row::Version));
    rows.extend(core.atlas().withdrawn().cloned().map(|(subject, from)| Row::Withdrawn(subject, from)));
    rows.extend(core.devices().map(Row::Device));
    rows.extend(core.transfers().map(Row::Transfer));
    rows.extend(core.alerts().cloned().map(Row::Alert));
    rows.extend(records.into_values().map(Row::Record));
    rows.extend(core.terminals().filter_map(|terminal| Some(core.terminal_told(state.now, &terminal.id)?.0)));
    rows
}
