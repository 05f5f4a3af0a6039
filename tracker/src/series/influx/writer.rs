//! Batches of lines on their way to the server: few at a time, tried until they are taken. The log is the buffer, so a server that is away
//! makes the series wait, and nobody else.

use super::InfluxHealth;
use super::http::{Failure, Http};
use crate::config::Clock;
use crate::series::{Point, SeriesError, encode};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// Lines of one batch at most.
pub(super) const BATCH_LINES: usize = 5_000;
const BATCH_AGE: Duration = Duration::from_secs(1);
const IN_FLIGHT: u32 = 4;
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// A server that asks for longer is tried after this all the same.
const LONGEST_TOLD: Duration = Duration::from_secs(3_600);
const LINE_SHOWN: usize = 300;

#[derive(Debug, Default)]
struct Filling {
    lines: Vec<u8>,
    count: usize,
    since: Option<Instant>,
}

impl Filling {
    /// Whether there was room.
    fn take(&mut self, lines: &[u8], count: usize) -> bool {
        let room = self.count == 0 || self.count + count <= BATCH_LINES;
        if room {
            self.lines.extend_from_slice(lines);
            self.count += count;
            self.since.get_or_insert_with(Instant::now);
        }
        room
    }
}

#[derive(Debug)]
struct Shared {
    http: Http,
    clock: Arc<dyn Clock>,
    filling: Mutex<Filling>,
    places: Arc<Semaphore>,
    health: Mutex<InfluxHealth>,
    ended: AtomicBool,
    wake: Notify,
}

#[derive(Debug)]
pub(super) struct Writer(Arc<Shared>);

impl Writer {
    /// Needs a tokio runtime.
    pub(super) fn start(http: Http, clock: Arc<dyn Clock>) -> Self {
        let shared = Arc::new(Shared {
            http,
            clock,
            filling: Mutex::default(),
            places: Arc::new(Semaphore::new(IN_FLIGHT as usize)),
            health: Mutex::default(),
            ended: AtomicBool::new(false),
            wake: Notify::new(),
        });
        let aging = Arc::downgrade(&shared);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(BATCH_AGE / 4).await;
                let Some(shared) = aging.upgrade().filter(|shared| !shared.ended.load(Relaxed)) else { return };
                let due = lock(&shared.filling).since.is_some_and(|since| since.elapsed() >= BATCH_AGE);
                if due {
                    shared.send().await;
                }
            }
        });
        Self(shared)
    }

    pub(super) async fn append(&self, points: &[Point]) -> Result<(), SeriesError> {
        for points in points.chunks(BATCH_LINES) {
            let mut lines = Vec::new();
            points.iter().for_each(|point| encode(point, &mut lines));
            self.put(lines, points.len()).await?;
        }
        self.0.expect_running()
    }

    /// Lines, and how many they are: [`BATCH_LINES`] at most.
    pub(super) async fn put(&self, lines: Vec<u8>, count: usize) -> Result<(), SeriesError> {
        // Others fill too: that there is room is only known where the lines are taken in.
        while !lock(&self.0.filling).take(&lines, count) {
            self.0.send().await;
        }
        if lock(&self.0.filling).count >= BATCH_LINES {
            self.0.send().await;
        }
        self.0.expect_running()
    }

    /// Returns when everything appended is with the server, or when this has ended.
    pub(super) async fn settle(&self) -> Result<(), SeriesError> {
        self.0.send().await;
        // All places free: nothing is on its way. The semaphore is never closed.
        let _all = self.0.places.acquire_many(IN_FLIGHT).await;
        self.0.expect_running()
    }

    pub(super) fn end(&self) {
        self.0.ended.store(true, Relaxed);
        self.0.wake.notify_waiters();
    }

    pub(super) fn health(&self) -> InfluxHealth {
        lock(&self.0.health).clone()
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.end();
    }
}

impl Shared {
    fn expect_running(&self) -> Result<(), SeriesError> {
        if self.ended.load(Relaxed) { Err(SeriesError::Stopped) } else { Ok(()) }
    }

    /// Sends what has gathered, as soon as there is a place: that is the back-pressure.
    async fn send(self: &Arc<Self>) {
        let Ok(place) = self.places.clone().acquire_owned().await else { return };
        let filling = std::mem::take(&mut *lock(&self.filling));
        if filling.count > 0 {
            tokio::spawn(self.clone().deliver(filling.lines, place));
        }
    }

    async fn deliver(self: Arc<Self>, lines: Vec<u8>, _place: OwnedSemaphorePermit) {
        // Halves wait here while the other half is on its way.
        let mut waiting = vec![lines];
        while let Some(lines) = waiting.pop() {
            let lines = Arc::new(lines);
            match self.insist(&lines).await {
                Ok(()) => {}
                Err(_) if self.ended.load(Relaxed) => return,
                Err(failure) => match halves(&lines) {
                    Some((first, second)) => waiting.extend([second, first]),
                    None => self.bury(&lines, &failure),
                },
            }
        }
    }

    /// Tries until the server takes the lines or says that it never will.
    async fn insist(&self, lines: &Arc<Vec<u8>>) -> Result<(), Failure> {
        let mut pause = FIRST_PAUSE;
        loop {
            // Hears of an end from now on, so that the end does not wait for as long as the server told.
            let ending = self.wake.notified();
            let failure = match self.http.write(lines).await {
                Ok(()) => {
                    let mut health = lock(&self.health);
                    health.writes += 1;
                    health.failing = None;
                    return Ok(());
                }
                Err(failure) => failure,
            };
            if matches!(failure.status, 400 | 413 | 422) || self.ended.load(Relaxed) {
                return Err(failure);
            }
            self.trouble(&failure);
            // Whether it is the time or the end, the next turn tells.
            let _woken = tokio::time::timeout(wait(failure.retry_after, pause), ending).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    fn trouble(&self, failure: &Failure) {
        let error = self.http.error(failure.clone()).to_string();
        let mut health = lock(&self.health);
        health.retries += 1;
        if health.failing.is_none() {
            tracing::warn!(error, "points are not taken; the log has everything, and they are tried again");
        }
        let since = health.failing.as_ref().map_or_else(|| self.clock.now(), |(since, _)| *since);
        health.failing = Some((since, error));
    }

    /// A line that the server will never take. It is in the log all the same.
    fn bury(&self, line: &[u8], failure: &Failure) {
        let line: String = String::from_utf8_lossy(line).trim().chars().take(LINE_SHOWN).collect();
        tracing::warn!(status = failure.status, message = failure.message, line, "a point was refused for good");
        let mut health = lock(&self.health);
        health.dead_letters += 1;
        health.last_dead_letter = Some(format!("{}: {line}", failure.message));
    }
}

/// As long as the server told, where it did.
fn wait(told: Option<Duration>, pause: Duration) -> Duration {
    told.map_or(pause, |told| told.clamp(FIRST_PAUSE, LONGEST_TOLD))
}

/// Two texts of about as many lines; `None` of one line.
fn halves(lines: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let ends: Vec<usize> = lines.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1).collect();
    let middle = ends.get((ends.len() / 2).checked_sub(1)?)?;
    let (first, second) = lines.split_at_checked(*middle)?;
    Some((first.to_vec(), second.to_vec()))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_left_alone_for_as_long_as_it_told_up_to_an_hour() {
        let seconds = Duration::from_secs;
        for (told, waited) in [(None, seconds(4)), (Some(120), seconds(120)), (Some(86_400), seconds(3_600)), (Some(0), FIRST_PAUSE)] {
            assert_eq!(wait(told.map(seconds), seconds(4)), waited, "{told:?}");
        }
    }
}
