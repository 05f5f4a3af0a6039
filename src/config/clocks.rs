//! What a transfer and the officers are given time for, and how far the clock of a device may be off.

use super::Reader;
use sealway_core::Policy;
use std::time::Duration;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Clocks {
    /// Beside what the way takes, from release to arrival.
    pub(crate) slack: Duration,
    /// From that limit to the enquiry.
    pub(crate) enquiry: Duration,
    /// From the enquiry to recovery.
    pub(crate) reply: Duration,
    /// From the unsealing to the results of the verification.
    pub(crate) results: Duration,
    /// Between a device's time and the arrival of its live reports.
    pub(crate) device: Duration,
    /// From an alert's opening to an officer's acknowledgement, by its severity.
    pub(crate) red: Duration,
    pub(crate) amber: Duration,
    pub(crate) grey: Duration,
}

impl Default for Clocks {
    fn default() -> Self {
        let base = Policy::default();
        let ms = Duration::from_millis;
        Self {
            slack: ms(base.limit_slack_ms),
            enquiry: ms(base.enquiry_ms),
            reply: ms(base.reply_ms),
            results: ms(base.results_ms),
            device: ms(base.clock_off_ms),
            red: ms(base.respond_red_ms),
            amber: ms(base.respond_amber_ms),
            grey: ms(base.respond_grey_ms),
        }
    }
}

impl Clocks {
    pub(crate) fn policy(self) -> Policy {
        let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        Policy {
            limit_slack_ms: ms(self.slack),
            enquiry_ms: ms(self.enquiry),
            reply_ms: ms(self.reply),
            results_ms: ms(self.results),
            clock_off_ms: ms(self.device),
            respond_red_ms: ms(self.red),
            respond_amber_ms: ms(self.amber),
            respond_grey_ms: ms(self.grey),
            ..Policy::default()
        }
    }
}

pub(super) fn read(reader: &mut Reader) -> Clocks {
    let base = Clocks::default();
    Clocks {
        slack: reader.duration("clocks.slack").unwrap_or(base.slack),
        enquiry: reader.duration("clocks.enquiry").unwrap_or(base.enquiry),
        reply: reader.duration("clocks.reply").unwrap_or(base.reply),
        results: reader.duration("clocks.results").unwrap_or(base.results),
        device: reader.duration("clocks.device").unwrap_or(base.device),
        red: reader.duration("clocks.respond_red").unwrap_or(base.red),
        amber: reader.duration("clocks.respond_amber").unwrap_or(base.amber),
        grey: reader.duration("clocks.respond_grey").unwrap_or(base.grey),
    }
}
