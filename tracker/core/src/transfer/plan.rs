//! Until when steps are planned, each by its own rule: a release note, the time limit of the way, a grant, the days for the results. Nothing
//! plans the other steps, and that is told as it is.

use super::Transfer;
use crate::core::Core;
use sealway_schemas::Time;
use sealway_schemas::cargo::{Leg, LegView};
use sealway_schemas::movement::{Arrow, MovementState, PlanRule, Planned, PlannedStep};

/// Arrows that may have a time, each with the state from which on it is gone.
const PLANNED: [(Arrow, MovementState); 4] = [
    (Arrow::Release, MovementState::Released),
    (Arrow::Arrive, MovementState::Arrived),
    (Arrow::Unseal, MovementState::Unsealed),
    (Arrow::Verify, MovementState::Verified),
];

impl Core {
    /// The steps to come that have a time or will have one.
    pub(crate) fn plan(&self, transfer: &Transfer) -> Vec<PlannedStep> {
        let ahead = PLANNED.into_iter().filter(|(_, gone)| transfer.state < *gone);
        ahead.filter_map(|(arrow, _)| self.plan_of(transfer, arrow)).collect()
    }

    /// Of a step that is gone right now.
    pub(super) fn planned(&self, transfer: &Transfer, arrow: Arrow) -> Option<Planned> {
        let PlannedStep { rule, by, .. } = self.plan_of(transfer, arrow)?;
        Some(Planned { by: by?, rule })
    }

    fn plan_of(&self, transfer: &Transfer, arrow: Arrow) -> Option<PlannedStep> {
        let (rule, by, within_ms) = match arrow {
            Arrow::Release => (PlanRule::ReleaseNote, Some(self.leaving_until(transfer)?), None),
            Arrow::Arrive => {
                let last = self.leg_view(transfer, transfer.legs.iter().enumerate().next_back()?)?;
                (PlanRule::TimeLimit, last.due, Some(last.limit_ms))
            }
            Arrow::Unseal => (PlanRule::Grant, Some(self.unsealing_until(transfer)?), None),
            Arrow::Verify => (PlanRule::Results, transfer.results_due, Some(self.policy.results_ms)),
            Arrow::Declare
            | Arrow::Accept
            | Arrow::Seal
            | Arrow::Depart
            | Arrow::ReportIncident
            | Arrow::Resume
            | Arrow::HandOver
            | Arrow::GrantUnsealing
            | Arrow::RevokeGrant
            | Arrow::WriteOff
            | Arrow::ReverseWriteOff
            | Arrow::Cancel => return None,
        };
        Some(PlannedStep { arrow, rule, by, within_ms })
    }

    /// What is given under way for elsewhere plans no unsealing at the end.
    fn unsealing_until(&self, transfer: &Transfer) -> Option<Time> {
        let epoch = transfer.movement.sealing()?.epoch;
        (transfer.state >= MovementState::HandedOver).then(|| self.grants.good_until(&transfer.seal, epoch))?
    }

    /// The legs with their times: those that ended as they did, the one that it is on by its clock, the others by what their way takes.
    pub(crate) fn leg_views(&self, transfer: &Transfer) -> Vec<LegView> {
        transfer.legs.iter().enumerate().filter_map(|leg| self.leg_view(transfer, leg)).collect()
    }

    fn leg_view(&self, transfer: &Transfer, (number, leg): (usize, &Leg)) -> Option<LegView> {
        let corridor = self.atlas.corridor(&leg.corridor)?;
        let now_on = transfer.ended.len() == number;
        let (limit_ms, due, ended_at) = match transfer.ended.get(number) {
            Some(ended) => (Some(ended.limit_ms), ended.due, Some(ended.at)),
            None if now_on => (transfer.limit_ms, transfer.due, None),
            None => (None, None, None),
        };
        Some(LegView {
            mode: leg.mode,
            corridor: leg.corridor.clone(),
            from: corridor.from().clone(),
            to: corridor.to().clone(),
            limit_ms: limit_ms.unwrap_or_else(|| self.limit_ms(&leg.corridor)),
            due,
            ended_at,
        })
    }
}
