//! The questions of the screens, asked of a store, and how long they take.

use super::fleet::{Fleet, PERIOD_MS, START_MS};
use sealway_schemas::{DeviceId, Time};
use sealway_tracker::series::{Backend, Field, POINTS_LIMIT, SeriesError, Span};
use serde::Serialize;
use std::time::Instant;

const DAY_MS: u64 = 86_400_000;
const ASKED: usize = 200;

#[derive(Debug, Serialize)]
pub(super) struct Milliseconds {
    pub(super) p50: f64,
    pub(super) p99: f64,
}

#[derive(Debug, Serialize)]
pub(super) struct Questions {
    /// Every report of a day: 8,640 points where that many are stored.
    pub(super) day: Milliseconds,
    /// A day in 2,000 points.
    pub(super) thinned: Milliseconds,
    /// The speed of all days in 500 stretches.
    pub(super) chart: Milliseconds,
    /// Reports of all days by the hour.
    pub(super) counts: Milliseconds,
    /// When a seal came into places and left them, on all days.
    pub(super) crossings: Milliseconds,
}

pub(super) struct Asking<'a> {
    pub(super) backend: &'a Backend,
    pub(super) fleet: &'a Fleet,
    pub(super) seals: u32,
    pub(super) points: u64,
}

impl Asking<'_> {
    pub(super) async fn run(&self) -> anyhow::Result<Questions> {
        Ok(Questions {
            day: self.track(usize::MAX).await?,
            thinned: self.track(POINTS_LIMIT).await?,
            chart: self.timed(None, async |seal, span| self.backend.downsample(seal, Field::Speed, span, 500).await).await?,
            counts: self.timed(None, async |seal, span| self.backend.counts(seal, span, POINTS_LIMIT).await).await?,
            crossings: self.timed(None, async |seal, span| self.backend.crossings(seal, span, POINTS_LIMIT).await).await?,
        })
    }

    async fn track(&self, at_most: usize) -> anyhow::Result<Milliseconds> {
        let ask = async |seal: &DeviceId, span| Ok(self.backend.track(seal, span, at_most).await?.points);
        self.timed(Some(DAY_MS), ask).await
    }

    /// Fails where every answer is empty: then it is of other points than were appended.
    async fn timed<T>(
        &self,
        length: Option<u64>,
        ask: impl AsyncFn(&DeviceId, Span) -> Result<Vec<T>, SeriesError>,
    ) -> anyhow::Result<Milliseconds> {
        let (mut taken, mut empty) = (Vec::new(), true);
        for (seal, span) in self.draws(length) {
            let (seal, span) = (self.device(seal)?, span?);
            let begun = Instant::now();
            let told = ask(&seal, span).await?;
            taken.push(begun.elapsed().as_secs_f64() * 1e3);
            empty &= told.is_empty();
        }
        anyhow::ensure!(!empty, "{ASKED} empty answers: expected what was appended");
        Ok(milliseconds(taken))
    }

    fn device(&self, seal: usize) -> anyhow::Result<DeviceId> {
        self.fleet.id(seal).ok_or_else(|| anyhow::anyhow!("seal {seal}: expected one of the fleet"))
    }

    /// Seals and spans here and there; whole days where a length is given, else all that is stored.
    fn draws(&self, length: Option<u64>) -> impl Iterator<Item = (usize, anyhow::Result<Span>)> {
        let stored = (self.points / u64::from(self.seals) * PERIOD_MS).max(1);
        let (seals, mut noise) = (self.seals.max(1) as usize, 7_usize);
        (0..ASKED).map(move |_| {
            noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let day = (noise >> 40) as u64 % stored.div_ceil(DAY_MS);
            let from = length.map_or(START_MS, |length| START_MS + day.min(stored.saturating_sub(length) / DAY_MS) * DAY_MS);
            let span = Span::new(Time::from_ms(from), Time::from_ms(from + length.unwrap_or(stored)));
            ((noise >> 20) % seals, span.map_err(anyhow::Error::from))
        })
    }
}

fn milliseconds(mut taken: Vec<f64>) -> Milliseconds {
    taken.sort_by(f64::total_cmp);
    let at = |share: usize| taken.get(taken.len().saturating_sub(1) * share / 100).copied().unwrap_or_default();
    Milliseconds { p50: at(50), p99: at(99) }
}
