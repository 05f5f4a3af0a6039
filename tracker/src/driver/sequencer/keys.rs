//! Keys of devices: when they change, and whether a certificate shows the one that is known.

use super::super::strict;
use super::super::work::AdmitRefusal;
use super::Sequencer;
use sealway_core::{KeyChange, LoginRefusal};
use sealway_schemas::{DeviceId, PublicKey};
use std::sync::atomic::Ordering::Relaxed;

impl Sequencer {
    pub(super) fn change_keys(&mut self, change: KeyChange) {
        if let KeyChange::Enrolled { device, .. } | KeyChange::Revoked { device } = change {
            let unchecked = (self.parts.heads.get(&device), self.parts.counters.strict_cursor.load(Relaxed));
            self.failed.extend(strict::look_back(&self.parts.log, &self.parts.keyrings, unchecked));
        }
        if let KeyChange::Enrolled { device, .. } = change {
            self.released.forget(&device);
            self.parts.counters.devices.fetch_add(1, Relaxed);
        }
        self.parts.keyrings.apply(change);
    }

    pub(super) fn check_certificate(&self, device: &DeviceId, key: &PublicKey) -> Result<(), AdmitRefusal> {
        let known = self.parts.core.device(device).ok_or(LoginRefusal::UnknownDevice(*device))?;
        if known.revoked_at.is_some() {
            return Err(LoginRefusal::Revoked(*device).into());
        }
        if known.public_key == *key { Ok(()) } else { Err(AdmitRefusal::OtherKey(*device)) }
    }
}
