//! Refusals on their way into the log: one entry a while, whatever is thrown at the platform.

use sealway_core::verify::Refusal;
use sealway_schemas::refusals::{Refusals, RefusedKind};
use sealway_schemas::{DeviceId, Time};

const WHILE_MS: u64 = 60_000;

#[derive(Debug)]
pub(crate) struct Refused {
    refusals: Refusals,
}

impl Refused {
    pub(crate) fn new(now: Time) -> Self {
        Self { refusals: Refusals::since(now) }
    }

    pub(crate) fn add(&mut self, device: DeviceId, refusal: &Refusal, bytes: &[u8]) {
        self.refusals.add(device, kind(refusal), bytes);
    }

    pub(crate) fn count(&mut self, kind: RefusedKind) {
        self.refusals.count(kind);
    }

    pub(crate) fn due(&self) -> Option<Time> {
        (!self.refusals.is_empty()).then(|| self.refusals.since.plus_ms(WHILE_MS))
    }

    /// What a while has brought, if it is over or must be.
    pub(crate) fn take_due(&mut self, now: Time, ending: bool) -> Option<Refusals> {
        if ending || now.since(self.refusals.since) >= WHILE_MS {
            let refusals = std::mem::replace(&mut self.refusals, Refusals::since(now));
            return Some(refusals).filter(|refusals| !refusals.is_empty());
        }
        None
    }
}

pub(crate) fn kind(refusal: &Refusal) -> RefusedKind {
    match refusal {
        Refusal::Malformed(_) => RefusedKind::Malformed,
        Refusal::UnknownDevice => RefusedKind::UnknownDevice,
        Refusal::UnknownKey => RefusedKind::UnknownKey,
        Refusal::BadSignature => RefusedKind::BadSignature,
        Refusal::Revoked => RefusedKind::Revoked,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_of_refusals_is_one_entry_and_a_quiet_minute_none() {
        let mut refused = Refused::new(Time::from_ms(1_000));
        assert_eq!(refused.due(), None);
        for _ in 0..1_000 {
            refused.add("XA-7Q2K".parse().unwrap(), &Refusal::BadSignature, b"forged");
        }
        assert_eq!(refused.due(), Some(Time::from_ms(61_000)));
        assert_eq!(refused.take_due(Time::from_ms(60_999), false), None);
        let told = refused.take_due(Time::from_ms(61_000), false).unwrap();
        assert_eq!(told.counts, [(RefusedKind::BadSignature, 1_000)]);
        assert_eq!(refused.take_due(Time::from_ms(200_000), false), None);
    }
}
