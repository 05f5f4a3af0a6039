//! What a transfer is given time for, and how far the clock of a device may be off.

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
}

impl Default for Clocks {
    fn default() -> Self {
        let Policy { limit_slack_ms, enquiry_ms, reply_ms, results_ms, clock_off_ms, .. } = Policy::default();
        let [slack, enquiry, reply, results, device] =
            [limit_slack_ms, enquiry_ms, reply_ms, results_ms, clock_off_ms].map(Duration::from_millis);
        Self { slack, enquiry, reply, results, device }
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
    }
}
