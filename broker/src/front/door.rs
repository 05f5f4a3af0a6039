//! Who may come in now: by his address, by how many strangers come at all, and by his own name.
//!
//! An address from which a client was let in before is no stranger: a storm of new addresses keeps none of those out. A device's
//! name counts only once its login was good, so that nobody can use up another's turns.

use super::turnstile::{Bucket, Turnstile, network};
use crate::config::Limits;
use crate::{Rate, Refusal};
use sealway_schemas::DeviceId;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use tokio::time::Instant;

#[derive(Debug)]
pub(crate) struct Door {
    addresses: Turnstile<IpAddr>,
    devices: Turnstile<DeviceId>,
    strangers: Mutex<Bucket>,
    stranger_rate: Rate,
    stranger_costs: u32,
    refused_costs: u32,
}

impl Door {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            addresses: Turnstile::new(limits.connects),
            devices: Turnstile::new(limits.device_connects),
            strangers: Mutex::new(Bucket::full(Instant::now())),
            stranger_rate: limits.strangers,
            stranger_costs: limits.stranger_costs.max(1),
            refused_costs: limits.refused_costs,
        }
    }

    /// False: closed without a word, before TLS and before a byte is read.
    pub(crate) fn knock(&self, address: IpAddr) -> bool {
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
    pub(crate) fn refused(&self, address: IpAddr, refusal: Refusal) {
        let ours = matches!(
            refusal,
            Refusal::TooManyConnections | Refusal::TooManyListeners | Refusal::AdmitDeadline | Refusal::EventsDown | Refusal::TrackerBusy
        );
        if !ours {
            self.addresses.charge(Instant::now(), network(address), self.refused_costs);
        }
    }

    /// Before its login is looked at.
    pub(crate) fn is_put_off(&self, device: &DeviceId) -> bool {
        self.devices.is_put_off(Instant::now(), device)
    }

    /// After its login was good.
    pub(crate) fn enter(&self, device: DeviceId) -> bool {
        self.devices.pass(Instant::now(), device, 1)
    }

    pub(crate) fn put_off(&self, device: DeviceId) {
        self.devices.put_off(Instant::now(), device);
    }
}
