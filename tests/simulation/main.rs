//! Seeded histories of a seal, a network, a platform and its disk, over the product's own judge and the simulator's own seal: every fault
//! that can come, in any order, and after each history the promises of the product are looked at. Then the same with mistakes built in:
//! one that goes unnoticed fails the test.
//!
//! `SEALWAY_SEEDS=500000 cargo test -p sealway-tests --test simulation` looks at more; `SEALWAY_SEED=17` replays one.
#![expect(clippy::unwrap_used, reason = "a broken assumption stops the test")]

mod chance;
mod history;
mod mutant;
mod platform;

use history::History;
use mutant::Mutant;
use std::sync::atomic::{AtomicU64, Ordering};

/// Histories of one run in the whole test.
const SEEDS: u64 = 20_000;
/// Histories in which a mistake has to show.
const MUTANT_SEEDS: u64 = 4_000;

fn seeds() -> std::ops::Range<u64> {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    match number("SEALWAY_SEED") {
        Some(one) => one..one + 1,
        None => 0..number("SEALWAY_SEEDS").unwrap_or(SEEDS),
    }
}

#[test]
fn no_history_breaks_a_promise() {
    let (all, next) = (seeds(), AtomicU64::new(seeds().start));
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= all.end {
                        return;
                    }
                    if let Err(broken) = History::new(seed, None).live() {
                        panic!("{broken}\nreplay: SEALWAY_SEED={seed} cargo test -p sealway-tests --test simulation no_history");
                    }
                }
            });
        }
    });
}

#[test]
fn every_built_in_mistake_is_found() {
    let mut found = Vec::new();
    for mutant in Mutant::ALL {
        let seed = (0..MUTANT_SEEDS).find(|seed| History::new(*seed, Some(mutant)).live().is_err());
        let seed = seed.unwrap_or_else(|| panic!("{mutant:?} goes unnoticed in {MUTANT_SEEDS} histories"));
        found.push(format!("{mutant:?}: seed {seed}, {}", History::new(seed, Some(mutant)).live().unwrap_err()));
    }
    println!("{}", found.join("\n"));
}
