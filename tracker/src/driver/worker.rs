//! A verify worker: takes what has gathered, looks at all signatures in one batch over many devices, hands the result on.
//!
//! It never lingers while it has nothing to do, so a lone report goes straight through. Under load the queue fills while a batch is being
//! verified, and the next batch is large by itself; after a large one the worker lets the front run a few times before it takes a small one.
//!
//! What comes from a device whose signature failed lately waits aside, and gets one message looked at after each batch of the others:
//! however many send garbage, the honest wait for one message of it.

use super::keyrings::Keyrings;
use super::work::{AdmitRefusal, Item, Job, Screened, Work};
use crate::metrics::{Counters, charge, thread_cpu_ns};
use bytes::Bytes;
use sealway_core::keyring::Keyring;
use sealway_core::verify::{Refusal, UnverifiedReport, VerifiedReport};
use sealway_schemas::DeviceId;
use sealway_schemas::hello::Hello;
use sealway_schemas::link::Upload;
use sealway_schemas::up::{UpItem, split};
use sha2::{Digest as _, Sha256};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::SyncSender;
use tokio::sync::mpsc;

const BATCH: usize = 256;
/// Of an ordinary report; a hello or a larger one is one too.
const REPORT_BYTES: usize = 256;
const LINGER_YIELDS: usize = 4;
/// Messages aside at most; above it the oldest are looked at at once. The front lets such a device have one message under way.
const ASIDE: usize = 1_024;

#[derive(Debug)]
pub(crate) struct Worker {
    pub(crate) number: usize,
    pub(crate) jobs: mpsc::Receiver<Job>,
    pub(crate) next: SyncSender<Vec<Work>>,
    pub(crate) keyrings: Keyrings,
    pub(crate) counters: Arc<Counters>,
    pub(crate) coins: Coins,
    /// Of devices that go alone, in their order.
    pub(crate) aside: VecDeque<Job>,
}

/// Items of a batch whose reports are not yet looked at.
enum Slot {
    Hello(Hello),
    Refused(Refusal, Bytes),
    /// The next report of the batch: its counter and bytes.
    Pending(u64, Bytes),
}

struct Decoded {
    upload: Upload,
    messages: Vec<(u16, usize)>,
    slots: Vec<Slot>,
}

enum Step {
    Upload(Decoded),
    Done(Work),
}

impl Worker {
    /// Ends when every sender of jobs is gone, or the sequencer is.
    pub(crate) fn run(mut self) {
        let mut last = 0;
        while let Some(first) = self.first() {
            let began = thread_cpu_ns();
            let arrived = first.map(|first| self.gather(first, last)).unwrap_or_default();
            last = arrived.len();
            let jobs = self.turn(arrived);
            let works = self.screen(jobs);
            charge(&self.counters.cpu_verify_ns, began);
            if !works.is_empty() && self.next.send(works).is_err() {
                return;
            }
        }
    }

    /// Waits for a job, unless there are some aside. `None` at the end.
    fn first(&mut self) -> Option<Option<Job>> {
        if self.aside.is_empty() { self.jobs.blocking_recv().map(Some) } else { Some(self.jobs.try_recv().ok()) }
    }

    /// What is looked at now, of what has arrived and what is aside.
    fn turn(&mut self, arrived: Vec<Job>) -> Vec<Job> {
        let Some(keyring) = self.keyrings.lock(self.number) else { return arrived };
        let mut now = Vec::with_capacity(arrived.len() + 1);
        for job in arrived {
            match &job {
                Job::Upload(Upload { device, .. }) if keyring.goes_alone(device) || waits(&self.aside, device) => self.aside.push_back(job),
                Job::Upload(_) | Job::Login { .. } => now.push(job),
                // Goes on behind all that came before it.
                Job::Pass(_) => {
                    now.extend(self.aside.drain(..));
                    now.push(job);
                }
            }
        }
        let over = self.aside.len().saturating_sub(ASIDE);
        now.extend(self.aside.drain(..over));
        now.extend(self.aside.pop_front());
        now
    }

    fn gather(&mut self, first: Job, last: usize) -> Vec<Job> {
        let mut reports = weight(&first);
        let mut jobs = vec![first];
        let mut yields = 0;
        while reports < BATCH {
            match self.jobs.try_recv() {
                Ok(job) => {
                    reports += weight(&job);
                    jobs.push(job);
                }
                Err(_) if last >= BATCH / 4 && yields < LINGER_YIELDS => {
                    yields += 1;
                    std::thread::yield_now();
                }
                Err(_) => break,
            }
        }
        jobs
    }

    fn screen(&mut self, jobs: Vec<Job>) -> Vec<Work> {
        let Some(mut keyring) = self.keyrings.lock(self.number) else { return Vec::new() };
        let mut reports = Vec::with_capacity(BATCH);
        let steps: Vec<Step> = jobs.into_iter().filter_map(|job| begin(&keyring, job, &mut reports)).collect();
        let count = reports.len() as u64;
        let screened = if reports.is_empty() { Vec::new() } else { keyring.screen(reports, &mut |bytes| self.coins.fill(bytes)) };
        drop(keyring);
        self.counters.verify_batches.fetch_add(u64::from(count > 0), Relaxed);
        self.counters.verified_in_batches.fetch_add(count, Relaxed);
        let mut screened = screened.into_iter();
        steps.into_iter().map(|step| finish(step, &mut screened)).collect()
    }
}

/// Random numbers: coefficients of the batch equation, for whoever could foresee them could make two bad signatures pass together; and
/// the salts of the log. SHA-256 in counter mode over a secret of the system's randomness, so that no batch can meet a failing source.
pub(crate) struct Coins {
    secret: [u8; 32],
    counter: u64,
}

impl std::fmt::Debug for Coins {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Coins(***)")
    }
}

impl Coins {
    pub(crate) fn new() -> Result<Self, getrandom::Error> {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret)?;
        Ok(Self { secret, counter: 0 })
    }

    pub(crate) fn fill(&mut self, bytes: &mut [u8]) {
        for piece in bytes.chunks_mut(32) {
            self.counter += 1;
            let block = Sha256::new().chain_update(self.secret).chain_update(self.counter.to_le_bytes()).finalize();
            piece.iter_mut().zip(block).for_each(|(to, from)| *to = from);
        }
    }
}

fn waits(aside: &VecDeque<Job>, device: &DeviceId) -> bool {
    aside.iter().any(|job| matches!(job, Job::Upload(upload) if upload.device == *device))
}

/// In reports, as near as their bytes tell.
fn weight(job: &Job) -> usize {
    match job {
        Job::Upload(upload) => upload.messages.iter().map(|message| message.payload.len().div_ceil(REPORT_BYTES)).sum(),
        Job::Login { .. } => 4,
        Job::Pass(_) => 0,
    }
}

fn begin(keyring: &Keyring, job: Job, reports: &mut Vec<UnverifiedReport>) -> Option<Step> {
    match job {
        Job::Pass(work) => Some(Step::Done(work)),
        Job::Login { device, login, reply } => match keyring.verify_login(&device, &login) {
            Ok(login) => Some(Step::Done(Work::Login { device, t: login.t(), reply })),
            Err(refusal) => {
                // A caller that went away is not told.
                let _gone = reply.send(Err(AdmitRefusal::Signature { device, refusal }));
                None
            }
        },
        Job::Upload(upload) => Some(Step::Upload(decode(keyring, upload, reports))),
    }
}

fn decode(keyring: &Keyring, upload: Upload, reports: &mut Vec<UnverifiedReport>) -> Decoded {
    let mut messages = Vec::with_capacity(upload.messages.len());
    let mut slots = Vec::with_capacity(upload.messages.len());
    for message in &upload.messages {
        let before = slots.len();
        for item in split(&message.payload) {
            slots.push(match item {
                Ok(UpItem::Report(signed, report)) => {
                    let ctr = report.ctr();
                    let bytes = message.payload.slice_ref(signed.bytes());
                    reports.push(UnverifiedReport::claimed(upload.device, &signed, bytes.clone(), report));
                    Slot::Pending(ctr, bytes)
                }
                Ok(UpItem::Hello(signed, hello)) => match keyring.verify_hello(&upload.device, &signed) {
                    Ok(()) => Slot::Hello(hello),
                    Err(refusal) => Slot::Refused(refusal, message.payload.slice_ref(signed.bytes())),
                },
                Err(malformed) => Slot::Refused(Refusal::Malformed(malformed), message.payload.clone()),
            });
        }
        messages.push((message.ticket, slots.len() - before));
    }
    Decoded { upload, messages, slots }
}

fn finish(step: Step, screened: &mut impl Iterator<Item = Result<VerifiedReport, Refusal>>) -> Work {
    let decoded = match step {
        Step::Done(work) => return work,
        Step::Upload(decoded) => decoded,
    };
    let items = decoded.slots.into_iter().map(|slot| match slot {
        Slot::Hello(hello) => Item::Hello(hello),
        Slot::Refused(refusal, bytes) => Item::Refused { refusal, unverified_ctr: None, bytes },
        Slot::Pending(ctr, bytes) => match screened.next() {
            Some(Ok(report)) => Item::Report(report),
            Some(Err(refusal)) => Item::Refused { refusal, unverified_ctr: Some(ctr), bytes },
            None => Item::Refused { refusal: Refusal::BadSignature, unverified_ctr: Some(ctr), bytes },
        },
    });
    let items = items.collect();
    Work::Screened(Screened { session: decoded.upload.session, device: decoded.upload.device, messages: decoded.messages, items })
}
