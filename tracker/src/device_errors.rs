//! Why a device was refused lately, for its owner: a few lines a device, in memory only. The evidence log counts all refusals and keeps
//! samples; here stands what helps somebody at the bench, and a restart may forget it.

use sealway_schemas::{DeviceId, Time};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Different reasons kept of one device; a new one pushes out the one that was met longest ago.
const REASONS: usize = 16;
const DEVICES: usize = 10_000;
const DETAIL_BYTES: usize = 200;

/// One reason why a device was refused, however often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceError {
    /// In kebab case; never changes its meaning.
    pub code: &'static str,
    /// Of the last time.
    pub detail: String,
    pub times: u64,
    pub first_at: Time,
    pub last_at: Time,
}

/// The last refusals of all devices. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct DeviceErrors(Arc<Mutex<HashMap<DeviceId, Vec<DeviceError>>>>);

impl DeviceErrors {
    /// Only for a device that is enrolled: whoever invents names shall not push out those of others.
    pub fn note(&self, now: Time, device: &DeviceId, code: &'static str, detail: String) {
        let mut devices = self.devices();
        if devices.len() >= DEVICES && !devices.contains_key(device) {
            forget_half(&mut devices);
        }
        let errors = devices.entry(*device).or_default();
        let detail = shortened(detail);
        if let Some(known) = errors.iter_mut().find(|error| error.code == code) {
            *known = DeviceError { code, detail, times: known.times + 1, first_at: known.first_at, last_at: now };
            return;
        }
        if errors.len() == REASONS {
            let oldest = errors.iter().enumerate().min_by_key(|(_, error)| error.last_at).map(|(place, _)| place);
            errors.swap_remove(oldest.unwrap_or_default());
        }
        errors.push(DeviceError { code, detail, times: 1, first_at: now, last_at: now });
    }

    /// The newest first.
    #[must_use]
    pub fn of(&self, device: &DeviceId) -> Vec<DeviceError> {
        let mut errors = self.devices().get(device).cloned().unwrap_or_default();
        errors.sort_by_key(|error| std::cmp::Reverse(error.last_at));
        errors
    }

    fn devices(&self) -> MutexGuard<'_, HashMap<DeviceId, Vec<DeviceError>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The half that was refused longest ago.
fn forget_half(devices: &mut HashMap<DeviceId, Vec<DeviceError>>) {
    let last = |errors: &Vec<DeviceError>| errors.iter().map(|error| error.last_at).max();
    let mut lasts: Vec<_> = devices.values().map(last).collect();
    lasts.sort_unstable();
    let middle = lasts.get(lasts.len() / 2).copied().flatten();
    devices.retain(|_, errors| last(errors) > middle);
}

fn shortened(mut detail: String) -> String {
    let mut end = DETAIL_BYTES.min(detail.len());
    while !detail.is_char_boundary(end) {
        end -= 1;
    }
    detail.truncate(end);
    detail
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: u64) -> Time {
        Time::from_ms(1_000 * second)
    }

    fn device(number: usize) -> DeviceId {
        format!("XA-{number:05}").parse().unwrap()
    }

    #[test]
    fn a_reason_that_comes_again_is_one_line_with_its_count_and_its_last_detail() {
        let errors = DeviceErrors::default();
        for (second, detail) in [(1, "first"), (2, "second"), (9, "third")] {
            errors.note(at(second), &device(1), "malformed", detail.to_owned());
        }
        errors.note(at(5), &device(1), "bad-signature", String::new());
        let told = errors.of(&device(1));
        assert_eq!(told.iter().map(|error| error.code).collect::<Vec<_>>(), ["malformed", "bad-signature"], "the newest first");
        assert_eq!((told[0].times, told[0].first_at, told[0].last_at, told[0].detail.as_str()), (3, at(1), at(9), "third"));
        assert!(errors.of(&device(2)).is_empty());
    }

    #[test]
    fn a_flood_keeps_a_bounded_table_of_the_latest() {
        const CODES: [&str; 18] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q", "r"];
        let errors = DeviceErrors::default();
        for (second, code) in (1..).zip(CODES) {
            errors.note(at(second), &device(0), code, "关".repeat(500));
        }
        let told = errors.of(&device(0));
        assert_eq!((told.len(), told[0].code, told.last().unwrap().code), (REASONS, "r", "c"));
        assert!(told.iter().all(|error| error.detail.len() <= DETAIL_BYTES && !error.detail.is_empty()));
        for number in 1..3 * DEVICES {
            errors.note(at(100 + number as u64), &device(number), "malformed", String::new());
        }
        assert!(errors.devices().len() <= DEVICES);
        assert_eq!(errors.of(&device(3 * DEVICES - 1)).len(), 1);
    }
}
