//! What the device knows of the platform's disk: the newest signed acks, by the rules of generations.

use crate::span::Span;
use sealway_schemas::down::Ack;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Acked {
    /// 0: never heard one.
    pub generation: u64,
    pub stored: u64,
    pub released: u64,
    /// Stored above `stored`.
    pub listed: Vec<Span>,
}

/// What an ack was to the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// The generation that it knew, or its first: the maximum of each was taken.
    Same,
    /// A higher one: the platform was restored from a copy, and is taken at its word.
    Restored,
    /// A lower one: ignored.
    Lower,
    /// `stored` is above the device's own counter: its state is lost.
    AheadOfUs,
}

impl Acked {
    /// `highest` is the device's own highest counter.
    pub fn take(&mut self, ack: &Ack, highest: u64) -> Taken {
        if ack.generation < self.generation {
            return Taken::Lower;
        }
        if ack.stored > highest {
            return Taken::AheadOfUs;
        }
        let restored = self.generation != 0 && ack.generation > self.generation;
        if ack.generation > self.generation {
            (self.stored, self.released) = (ack.stored, ack.released);
        } else {
            (self.stored, self.released) = (self.stored.max(ack.stored), self.released.max(ack.released));
        }
        self.generation = ack.generation;
        self.listed = ack.ranges.iter().copied().map(Span::from).collect();
        if restored { Taken::Restored } else { Taken::Same }
    }

    #[must_use]
    pub fn is_stored(&self, ctr: u64) -> bool {
        ctr <= self.stored || self.listed.iter().any(|span| span.has(ctr))
    }

    #[must_use]
    pub fn is_released(&self, ctr: u64) -> bool {
        ctr <= self.released
    }
}
