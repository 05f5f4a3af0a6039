//! Seeded histories of a seal, a network, a platform and its disk, over the product's own judge and the simulator's own seal: every fault
//! that can come, in any order, and after each history the promises of the product are looked at. Then the same with mistakes built in:
//! one that goes unnoticed fails the test.
//!
//! | invariant | looked at in |
//! |---|---|
//! | 1 state is a fold of the log, for every order of arrival | `promises::state`, `promises::other_order` |
//! | 2 what is verified is the bytes received | `promises::reports`: each is to the byte what was made, and verifies again |
//! | 3 nothing is acknowledged before it is durable | `History::ack`, `promises::kept` |
//! | 4 a duplicate is recorded once, a late report is recorded | `promises::reports`, `promises::kept` |
//! | 5 no report is deleted because it looks wrong: kept, marked, alarmed | `promises::faulty`, `History::disaster` |
//! | 6 custody never closes over a hole | `promises::custody` |
//! | 7 one writer: what is not in the log changes nothing | `History::forge`, `History::connect` |
//! | 8 every queue has a bound, time is an argument | `History::ack`, `promises::bounds` |
//! | 9 every change of a movement has one named signer | `promises::steps` |
//! | 10 a party hears only what is its own | `promises::scope` |
//!
//! `SEALWAY_SEEDS=500000 cargo test -p sealway-tests --test simulation` looks at more; `SEALWAY_SEED=17` replays one.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a broken assumption stops the test")]

mod chance;
mod history;
mod mutant;
mod platform;
mod told;
mod ways_out;
mod world;

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
