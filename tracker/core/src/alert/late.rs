//! Late evidence: what a seal kept while nobody heard it. Closed and on its way all the time, it clears its driver.

use super::Quiet;
use crate::core::Core;
use crate::device::DeviceIx;
use crate::effect::Effect;
use crate::movement::Custody;
use sealway_schemas::Time;
use sealway_schemas::alert::Ground;
use sealway_schemas::report::{Report, Status};

impl Core {
    /// Holds an applied report against the silence that ended before it. A report that the seal kept speaks for its time; the first
    /// live one ends the question.
    pub(crate) fn look_back(&mut self, now: Time, ix: DeviceIx, report: &Report, effects: &mut Vec<Effect>) {
        let Some(quiet) = self.devices.get(ix).and_then(|device| device.open.quiet()) else {
            return;
        };
        let next = self.speaks_for(ix, quiet, report).then_some(quiet);
        let live = !report.status().has(Status::FROM_STORE);
        let next = match next {
            Some(quiet) if live => {
                if quiet.kept {
                    self.explain(now, quiet, report.ctr(), effects);
                }
                None
            }
            Some(quiet) => {
                self.alerts.keep_evidence(quiet.alert, report.ctr());
                Some(Quiet { until: report.t(), kept: true, ..quiet })
            }
            None => None,
        };
        if let Some(device) = self.devices.get_mut(ix) {
            device.open.set_quiet(next);
        }
    }

    /// Closed, whole, without a further alert, and not longer after the one before than a seal may be quiet.
    fn speaks_for(&self, ix: DeviceIx, quiet: Quiet, report: &Report) -> bool {
        let Some(device) = self.devices.get(ix) else {
            return false;
        };
        let whole = device.transfer.and_then(|bound| self.transfers.get(bound)).is_some_and(|bound| {
            let same = bound.movement.sealing().is_some_and(|sealing| sealing.epoch == report.epoch());
            same && self.custody(bound) == Custody::Whole
        });
        let soon = report.t().since(quiet.until) <= self.silence_limit_ms(device);
        report.status().closed() && whole && soon && device.open.only_quiet()
    }

    fn explain(&mut self, now: Time, quiet: Quiet, ctr: u64, effects: &mut Vec<Effect>) {
        let Some(alert) = self.alerts.explain(now, quiet.alert, ctr).cloned() else {
            return;
        };
        self.tell_alert(now, quiet.alert, effects);
        self.exculpate(now, &alert, Ground::Proved, effects);
    }
}
