//! What of the ring still has to go out in this connection. Forgotten at its end: the next one begins above `stored`.

use crate::acked::Acked;
use crate::ring::Ring;
use sealway_schemas::up::PAYLOAD_LIMIT;
use std::collections::{BTreeMap, BTreeSet};

const REPORTS_PER_PAYLOAD: usize = 32;

#[derive(Debug, Clone, Default)]
pub struct Outbox {
    /// Everything below was sent once in this connection, or needs no sending.
    next: u64,
    /// To be sent again.
    again: BTreeSet<u64>,
    in_flight: BTreeMap<u16, Vec<u64>>,
    /// Carrier's receipt came, the signed ack not yet: with the number of acks heard by then.
    settled: BTreeMap<u64, u64>,
    acks: u64,
    /// Reports sent more than once.
    resent: u64,
    highest_sent: u64,
}

impl Outbox {
    /// Begins a connection, or begins again above what is stored.
    pub fn restart(&mut self, acked: &Acked) {
        *self = Self { next: acked.stored + 1, acks: self.acks, resent: self.resent, highest_sent: self.highest_sent, ..Self::default() };
    }

    /// The next payload, oldest first: a CBOR sequence of at most 32 reports. `None`: nothing to send.
    pub fn next_payload(&mut self, ticket: u16, ring: &Ring, acked: &Acked) -> Option<Vec<u8>> {
        let mut payload = Vec::new();
        let mut counters = Vec::new();
        self.again.retain(|ctr| !acked.is_stored(*ctr));
        let again: Vec<u64> = self.again.iter().copied().take(REPORTS_PER_PAYLOAD).collect();
        let fresh = ring.from(self.next).filter(|record| !acked.is_stored(record.ctr));
        for record in again.iter().filter_map(|ctr| ring.get(*ctr)).chain(fresh) {
            if counters.len() == REPORTS_PER_PAYLOAD || payload.len() + record.bytes.len() > PAYLOAD_LIMIT {
                break;
            }
            payload.extend_from_slice(&record.bytes);
            counters.push(record.ctr);
        }
        let last = counters.iter().copied().max()?;
        self.resent += counters.iter().filter(|ctr| **ctr <= self.highest_sent).count() as u64;
        self.highest_sent = self.highest_sent.max(last);
        self.next = self.next.max(last + 1);
        counters.iter().for_each(|ctr| {
            self.again.remove(ctr);
        });
        self.in_flight.insert(ticket, counters);
        Some(payload)
    }

    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.in_flight.len()
    }

    /// The carrier's receipt. It ends the flight; only the signed ack says that a report is stored.
    pub fn settle(&mut self, ticket: u16) {
        for ctr in self.in_flight.remove(&ticket).unwrap_or_default() {
            self.settled.insert(ctr, self.acks);
        }
    }

    /// Looks at a signed ack: what it does not list although its receipt came before the ack before it, goes out again.
    pub fn hear(&mut self, acked: &Acked, wanted: &[u64]) {
        self.settled.retain(|ctr, _| !acked.is_stored(*ctr));
        let overlooked = self.settled.iter().filter(|(_, acks)| **acks < self.acks).map(|(ctr, _)| *ctr);
        let flying: BTreeSet<u64> = self.in_flight.values().flatten().copied().collect();
        let again: Vec<u64> = overlooked.chain(wanted.iter().copied().filter(|ctr| *ctr < self.next && !flying.contains(ctr))).collect();
        for ctr in again {
            self.settled.remove(&ctr);
            self.again.insert(ctr);
        }
        self.acks += 1;
    }

    #[must_use]
    pub fn resent(&self) -> u64 {
        self.resent
    }
}
