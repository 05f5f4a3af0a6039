//! Grants 解封许可: leave to open a seal once, in its epoch, inside its circle, in its time.

use crate::alert::Finding;
use crate::core::Core;
use crate::device::DeviceIx;
use crate::effect::Effect;
use crate::geometry::Position;
use crate::locate::accuracy_m;
use sealway_schemas::down::Circle;
use sealway_schemas::down::Grant;
use sealway_schemas::event::AlertKind;
use sealway_schemas::report::{Event, Report};
use sealway_schemas::{DeviceId, Time};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Issued {
    epoch: u64,
    circle: Circle,
    not_before: Time,
    not_after: Time,
    /// Counter of the receipt.
    used_by: Option<u64>,
}

/// By device and grant id; kept for ever, for a receipt may come years late.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Grants(BTreeMap<(DeviceId, [u8; 16]), Issued>);

impl Grants {
    /// False where the device has a grant of this id already.
    pub(crate) fn issue(&mut self, device: DeviceId, grant: &Grant) -> bool {
        if self.0.contains_key(&(device, grant.id)) {
            return false;
        }
        let Grant { id, epoch, circle, not_before, not_after, .. } = *grant;
        self.0.insert((device, id), Issued { epoch, circle, not_before, not_after, used_by: None });
        true
    }

    /// Takes a receipt of an opening: whether the grant covers it.
    fn redeem(&mut self, device: DeviceId, report: &Report) -> bool {
        let Some(issued) = report.reference().and_then(|id| self.0.get_mut(&(device, id))) else {
            return false;
        };
        if issued.used_by.is_some_and(|ctr| ctr != report.ctr()) || !issued.covers(report) {
            return false;
        }
        issued.used_by = Some(report.ctr());
        true
    }
}

impl Issued {
    /// The seal itself held to circle and time before it opened; the receipt is checked as far as it shows them.
    fn covers(&self, report: &Report) -> bool {
        let inside = report.fix().is_none_or(|fix| {
            #[expect(clippy::cast_precision_loss, reason = "degrees and metres of the contract")]
            let (centre, radius_m) =
                (Position { lat: self.circle.lat_e7 as f64 / 1e7, lon: self.circle.lon_e7 as f64 / 1e7 }, self.circle.radius_m as f64);
            centre.metres_to(Position::of(&fix)) <= radius_m + 2.0 * accuracy_m(&fix)
        });
        inside && report.epoch() == self.epoch && (self.not_before..=self.not_after).contains(&report.t())
    }
}

impl Core {
    /// An opening by grant that no grant covers.
    pub(crate) fn check_opening(&mut self, now: Time, ix: DeviceIx, report: &Report, effects: &mut Vec<Effect>) {
        if report.event() != Event::OpenedByGrant {
            return;
        }
        let Some(device) = self.devices.get(ix).map(|device| device.id) else {
            return;
        };
        if !self.grants.redeem(device, report) {
            self.raise(now, ix, Finding::of_report(AlertKind::OpenedWithoutGrant, report.t(), report.ctr()), effects);
        }
    }
}
