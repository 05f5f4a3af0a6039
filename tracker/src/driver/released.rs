//! How far each device's reports are in a second failure domain: what a standby confirmed. Only these may a device overwrite freely.
//!
//! An ack that names `stored` stands for entries that are durable by then. Once the standby has confirmed that many, that `stored` is
//! released. At most one such pair waits for each device, so `released` may lag by an ack and is never ahead.

use sealway_schemas::DeviceId;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

#[derive(Debug, Default)]
pub(crate) struct Released {
    /// Entries below this number lie on the standby's disk; 0 where there is none.
    confirmed: Arc<AtomicU64>,
    devices: HashMap<DeviceId, Known>,
}

#[derive(Debug, Default)]
struct Known {
    released: u64,
    waiting: Option<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    stored: u64,
    entries: u64,
}

impl Released {
    pub(crate) fn new(confirmed: Arc<AtomicU64>) -> Self {
        Self { confirmed, devices: HashMap::new() }
    }

    /// What an ack says. `entries`: how many are durable now, among them every report up to `stored`.
    pub(crate) fn of(&mut self, device: &DeviceId, stored: u64, entries: u64) -> u64 {
        let confirmed = self.confirmed.load(Relaxed);
        if confirmed == 0 {
            return 0;
        }
        let known = self.devices.entry(*device).or_default();
        if let Some(waiting) = known.waiting.take_if(|waiting| waiting.entries <= confirmed) {
            known.released = waiting.stored;
        }
        if known.waiting.is_none() && known.released < stored {
            known.waiting = Some(Waiting { stored, entries });
        }
        known.released.min(stored)
    }

    /// A device that is enrolled anew counts from another beginning.
    pub(crate) fn forget(&mut self, device: &DeviceId) {
        self.devices.remove(device);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_standby_confirmed_is_released() {
        let confirmed = Arc::new(AtomicU64::new(0));
        let mut released = Released::new(confirmed.clone());
        let device: DeviceId = "XA-7Q2K".parse().unwrap();
        assert_eq!(released.of(&device, 5, 100), 0, "without a standby nothing is");
        confirmed.store(90, Relaxed);
        assert_eq!(released.of(&device, 5, 100), 0);
        assert_eq!(released.of(&device, 8, 120), 0);
        confirmed.store(100, Relaxed);
        assert_eq!(released.of(&device, 9, 130), 5);
        confirmed.store(129, Relaxed);
        assert_eq!(released.of(&device, 9, 140), 5);
        confirmed.store(130, Relaxed);
        assert_eq!(released.of(&device, 9, 150), 9);
        released.forget(&device);
        assert_eq!(released.of(&device, 2, 160), 0);
    }
}
