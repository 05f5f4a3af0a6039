//! What an ack says of a device's reports.

use super::Cursor;
use sealway_schemas::down::{Range, STORED_RANGES, WANTED_RANGES};

/// `stored`, keys 4 and 5 of an ack. Ranges ascend, are disjoint and lie above `stored`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AckState {
    pub stored: u64,
    /// On disk above `stored`, the lowest 8.
    pub ranges: Vec<Range>,
    /// Missing, and not accounted for by a gap: the lowest 4.
    pub wants: Vec<Range>,
}

impl Cursor {
    #[must_use]
    pub fn position(&self) -> AckState {
        self.position_up_to(None)
    }

    /// The position after a report whose key id is not known: it is not stored, and with nothing kept above it the ack asks for what lies
    /// below it. Nothing of it is remembered: `unverified_ctr` is anyone's word.
    #[must_use]
    pub fn missed_unknown(&self, unverified_ctr: u64) -> AckState {
        self.position_up_to(Some(unverified_ctr))
    }

    fn position_up_to(&self, unverified_ctr: Option<u64>) -> AckState {
        let mut ranges: Vec<Range> = Vec::new();
        for ctr in self.backlog.counters() {
            match ranges.last_mut() {
                Some(run) if run.to + 1 == ctr => run.to = ctr,
                _ => ranges.push(Range { from: ctr, to: ctr }),
            }
        }
        let end = unverified_ctr.filter(|ctr| self.backlog.highest().is_none_or(|highest| highest < *ctr));
        let wants = self.wanted(&ranges, end);
        ranges.truncate(STORED_RANGES);
        AckState { stored: self.stored(), ranges, wants }
    }

    /// The holes between `stored` and what is kept, less what gap reports account for.
    fn wanted(&self, runs: &[Range], end: Option<u64>) -> Vec<Range> {
        let next = self.stored() + 1;
        // One that names `next` did not count, or the cursor would have gone on.
        let gaps = self.backlog.gaps().filter(|(ctr, gap)| gap.from > next && self.shows_no_fault(*ctr));
        let mut declared: Vec<Range> = gaps.map(|(_, gap)| Range { from: gap.from, to: gap.to }).collect();
        declared.sort_by_key(|range| range.from);

        let mut wants = Vec::new();
        let mut from = next;
        let end = end.map(|ctr| Range { from: ctr, to: ctr });
        for run in runs.iter().chain(end.as_ref()) {
            subtract(Range { from, to: run.from.saturating_sub(1) }, &declared, &mut wants);
            if wants.len() >= WANTED_RANGES {
                break;
            }
            from = run.to + 1;
        }
        wants.truncate(WANTED_RANGES);
        wants
    }
}

/// Adds what of `hole` no range of `declared`, ascending, covers.
fn subtract(hole: Range, declared: &[Range], wants: &mut Vec<Range>) {
    let mut from = hole.from;
    for range in declared {
        if range.to < from || range.from > hole.to {
            continue;
        }
        if from < range.from {
            wants.push(Range { from, to: range.from - 1 });
        }
        from = range.to + 1;
    }
    if from <= hole.to {
        wants.push(Range { from, to: hole.to });
    }
}
