//! Who may come in now: by his address, by how many strangers come at all, and by his own name.
//!
//! An address from which somebody was let in before is no stranger: a storm of new addresses keeps none of those out. A name counts
//! only once it is known to be good, so that nobody can use up another's turns.

use super::Bounds;
use super::turnstile::{Bucket, Turnstile, network};
use crate::Rate;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use tokio::time::Instant;

#[derive(Debug)]
pub(crate) struct Door<K> {
    addresses: Turnstile<IpAddr>,
    names: Turnstile<K>,
    strangers: Mutex<Bucket>,
    stranger_rate: Rate,
    stranger_costs: u32,
    refused_costs: u32,
}

impl<K: Hash + Eq> Door<K> {
    pub(super) fn new(bounds: Bounds) -> Self {
        Self {
            addresses: Turnstile::new(bounds.connects),
            names: Turnstile::new(bounds.names),
            strangers: Mutex::new(Bucket::full(Instant::now())),
            stranger_rate: bounds.strangers,
            stranger_costs: bounds.stranger_costs.max(1),
            refused_costs: bounds.refused_costs,
        }
    }

    /// False: closed without a word, before TLS and before a byte is read.
    pub(super) fn knock(&self, address: IpAddr) -> bool {
        let (now, address) = (Instant::now(), network(address));
        let known = self.addresses.knows(&address);
        if !self.addresses.pass(now, address, if known { 1 } else { self.stranger_costs }) {
            return false;
        }
        known || {
            let mut strangers = self.strangers.lock().unwrap_or_else(PoisonError::into_inner);
            strangers.take(now, self.stranger_rate, 1)
        }
    }

    pub(crate) fn welcome(&self, address: IpAddr) {
        self.addresses.remember(Instant::now(), network(address));
    }

    /// Not for what is the platform's own state.
    pub(crate) fn refused(&self, address: IpAddr) {
        self.addresses.charge(Instant::now(), network(address), self.refused_costs);
    }

    /// Before it is looked at whether the name is good.
    pub(crate) fn is_put_off(&self, name: &K) -> bool {
        self.names.is_put_off(Instant::now(), name)
    }

    /// After the name was found to be good.
    pub(crate) fn enter(&self, name: K) -> bool {
        self.names.pass(Instant::now(), name, 1)
    }

    pub(crate) fn put_off(&self, name: K) {
        self.names.put_off(Instant::now(), name);
    }
}
