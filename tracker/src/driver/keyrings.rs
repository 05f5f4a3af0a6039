//! One keyring per verify worker. A device's partition says which, for ever in one process.

use sealway_core::KeyChange;
use sealway_core::keyring::Keyring;
use sealway_schemas::{DeviceId, PublicKey};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The lock is held by the worker for one batch at a time and by the sequencer for one change of keys.
#[derive(Debug, Clone)]
pub(crate) struct Keyrings(Arc<Vec<Mutex<Keyring>>>);

impl Keyrings {
    pub(crate) fn new(workers: usize) -> Self {
        Self(Arc::new((0..workers.max(1)).map(|_| Mutex::default()).collect()))
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn worker_of(&self, device: &DeviceId) -> usize {
        usize::from(device.partition()) % self.len()
    }

    pub(crate) fn lock(&self, worker: usize) -> Option<MutexGuard<'_, Keyring>> {
        Some(self.0.get(worker)?.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn apply(&self, change: KeyChange) {
        let device = match &change {
            KeyChange::Enrolled { device, .. } | KeyChange::EpochKey { device, .. } | KeyChange::Revoked { device } => *device,
        };
        let Some(mut keyring) = self.lock(self.worker_of(&device)) else { return };
        match change {
            KeyChange::Enrolled { key, .. } => enrol(&mut keyring, device, key),
            KeyChange::EpochKey { key, .. } => epoch_key(&mut keyring, device, key),
            KeyChange::Revoked { .. } => keyring.revoke(device),
        }
    }
}

fn enrol(keyring: &mut Keyring, device: DeviceId, key: PublicKey) {
    if let Err(error) = keyring.enrol(device, key) {
        tracing::error!(%device, %error, "the judge enrolled a key that the keyring refuses");
    }
}

fn epoch_key(keyring: &mut Keyring, device: DeviceId, key: PublicKey) {
    if let Err(error) = keyring.epoch_key(device, key) {
        tracing::debug!(%device, %error, "epoch key not taken");
    }
}
