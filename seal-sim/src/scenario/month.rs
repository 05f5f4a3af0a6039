//! A month of transfers on every corridor, a few of them frauds, the others with the small mishaps of honest days.

use super::deed::{Deed, Evidence};
use super::expect::Expect;
use super::play::{Cast, Conduct, Play, Twin};
use crate::chance::Chance;
use crate::journey::Route;
use crate::world::{Corridor, Mode};
use sealway_schemas::Time;
use sealway_schemas::ids::NotAnId;

const MONTH_MS: u64 = 30 * 86_400_000;
/// On a shorter way there is no time for a fraud.
const FRAUD_LENGTH_M: f64 = 100_000.0;

#[derive(Debug, Clone, Copy)]
pub struct Month {
    pub transfers: u64,
    pub frauds: u64,
    pub starts_at: Time,
    pub seed: u64,
}

impl Month {
    /// Frauds are spread over the month, each kind in its turn.
    pub fn plays(&self, corridors: &[Corridor]) -> Result<Vec<Play>, NotAnId> {
        let mut chance = Chance::named(self.seed, "month");
        let long: Vec<&Corridor> = corridors.iter().filter(|way| Route::new(&way.line).length_m() >= FRAUD_LENGTH_M).collect();
        let roads: Vec<&Corridor> = long.iter().copied().filter(|way| way.mode == Mode::Road).collect();
        let every: Vec<&Corridor> = corridors.iter().collect();
        let crimes: Vec<Deed> = played().filter(|deed| deed.evidence() != Evidence::NoFraud).collect();
        let mishaps: Vec<Deed> = played().collect();
        let spacing = self.transfers.checked_div(self.frauds).unwrap_or(u64::MAX).max(1);
        let plays = (0..self.transfers).filter_map(|number| {
            let (ordinal, place) = (number / spacing, number % spacing);
            let fraud = place == spacing / 2 && ordinal < self.frauds;
            let (deed, twin) = if fraud {
                (in_turn(&crimes, ordinal).copied(), Twin::Dishonest)
            } else {
                (in_turn(&mishaps, chance.number()).copied(), Twin::Honest)
            };
            let ways = match deed {
                Some(deed) if fraud && deed.on_road_only() => &roads,
                _ if fraud => &long,
                _ => &every,
            };
            let way = in_turn(ways, chance.number())?;
            let starts_at = self.starts_at.plus_ms(chance.below(MONTH_MS));
            Some(Play::new(Cast { number, corridor: (*way).clone(), starts_at, seed: self.seed }, Conduct { deed, twin }))
        });
        plays.collect()
    }
}

fn played() -> impl Iterator<Item = Deed> {
    Deed::ALL.iter().copied().filter(|deed| !matches!(deed.expect(), Expect::Unplayed(_)))
}

fn in_turn<T>(all: &[T], turn: u64) -> Option<&T> {
    let index = turn.checked_rem(all.len() as u64)?;
    all.get(usize::try_from(index).ok()?)
}
