//! Runs of counters.

use sealway_schemas::down::Range;
use serde::{Deserialize, Serialize};

/// Counters from..=to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Span {
    pub from: u64,
    pub to: u64,
}

impl Span {
    #[must_use]
    pub fn has(&self, ctr: u64) -> bool {
        (self.from..=self.to).contains(&ctr)
    }
}

impl From<Range> for Span {
    fn from(range: Range) -> Self {
        Self { from: range.from, to: range.to }
    }
}

/// Ascending runs that neither touch nor overlap.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Spans(Vec<Span>);

impl Spans {
    #[must_use]
    pub fn has(&self, ctr: u64) -> bool {
        self.0.iter().any(|span| span.has(ctr))
    }

    pub fn iter(&self) -> impl Iterator<Item = Span> + '_ {
        self.0.iter().copied()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds one counter, growing the run beside it.
    pub fn add(&mut self, ctr: u64) {
        if self.has(ctr) {
            return;
        }
        self.0.push(Span { from: ctr, to: ctr });
        self.0.sort_unstable();
        let mut merged: Vec<Span> = Vec::with_capacity(self.0.len());
        for span in &self.0 {
            match merged.last_mut() {
                Some(last) if last.to + 1 >= span.from => last.to = last.to.max(span.to),
                _ => merged.push(*span),
            }
        }
        self.0 = merged;
    }

    /// Takes the lowest run out.
    pub fn pop_first(&mut self) -> Option<Span> {
        if self.0.is_empty() { None } else { Some(self.0.remove(0)) }
    }

    /// Puts a run back that was taken out.
    pub fn restore(&mut self, span: Span) {
        self.0.insert(0, span);
    }

    /// Forgets everything up to `ctr`.
    pub fn forget_up_to(&mut self, ctr: u64) {
        self.0.retain(|span| span.to > ctr);
        if let Some(first) = self.0.first_mut() {
            first.from = first.from.max(ctr + 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_side_by_side_become_one_run() {
        let mut spans = Spans::default();
        [5, 3, 9, 4, 5].into_iter().for_each(|ctr| spans.add(ctr));
        assert_eq!(spans.iter().collect::<Vec<_>>(), [Span { from: 3, to: 5 }, Span { from: 9, to: 9 }]);
        spans.forget_up_to(4);
        assert_eq!(spans.pop_first(), Some(Span { from: 5, to: 5 }));
    }
}
