//! Merges files behind the writer's back, one at a time.

use super::days::Merge;
use super::{Shared, lock};
use crate::series::SeriesError;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::Duration;

/// After a merge that failed: the disk may have room again.
const PAUSE: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub(super) struct Merger {
    stop: Arc<AtomicBool>,
    /// One merges at a time.
    merging: Arc<Mutex<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Merger {
    pub(super) fn start(shared: Arc<Shared>) -> std::io::Result<Self> {
        let (stop, merging) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(())));
        let (stopped, alone) = (stop.clone(), merging.clone());
        let run = move || {
            while !stopped.load(Relaxed) {
                if let Err(error) = merge_due(&shared, &alone, &stopped) {
                    tracing::warn!(%error, "series files not merged; tried again later");
                }
                std::thread::park_timeout(PAUSE);
            }
        };
        let thread = std::thread::Builder::new().name("series-merge".to_owned()).spawn(run)?;
        Ok(Self { stop, merging, thread: Some(thread) })
    }

    pub(super) fn wake(&self) {
        if let Some(thread) = &self.thread {
            thread.thread().unpark();
        }
    }

    /// Nothing is merged as long as this is held.
    pub(super) fn pause(&self) -> MutexGuard<'_, ()> {
        lock(&self.merging)
    }

    pub(super) fn compact(&self, shared: &Shared) -> Result<(), SeriesError> {
        let _alone = lock(&self.merging);
        loop {
            let Some(merge) = shared.read().days.unmerged() else { return Ok(()) };
            run(shared, &merge)?;
        }
    }
}

impl Drop for Merger {
    fn drop(&mut self) {
        self.stop.store(true, Relaxed);
        self.wake();
        if let Some(thread) = self.thread.take() {
            // It ends after the merge under way.
            let _ended = thread.join();
        }
    }
}

fn merge_due(shared: &Shared, merging: &Mutex<()>, stop: &AtomicBool) -> Result<(), SeriesError> {
    while !stop.load(Relaxed) {
        let _alone = lock(merging);
        let Some(merge) = shared.read().days.due() else { return Ok(()) };
        run(shared, &merge)?;
    }
    Ok(())
}

fn run(shared: &Shared, merge: &Merge) -> Result<(), SeriesError> {
    let merged = merge.run(&shared.folder)?;
    shared.write().days.replace(merge, merged);
    merge.remove_inputs();
    Ok(())
}
