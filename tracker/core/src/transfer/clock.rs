//! The time limits of a transfer: from its release to its arrival, then overdue, enquiry 核查, recovery 追缴; and from its unsealing to
//! the results of the verification.

use super::{Transfer, TransferIx};
use crate::alert::Finding;
use crate::core::Core;
use crate::corridor::{Corridor, Mode};
use crate::effect::Effect;
use crate::timer::Term;
use sealway_schemas::alert::AlertKind;
use sealway_schemas::movement::{By, MovementState, Punctuality};
use sealway_schemas::{CorridorId, Time};

/// What a mode makes in an hour with its usual waiting, km.
fn km_per_hour(mode: Mode) -> f64 {
    match mode {
        Mode::Road | Mode::Rail => 40.0,
        Mode::Sea => 20.0,
        Mode::Air => 300.0,
    }
}

impl Core {
    /// A declaration computes the time limit of the first leg: what its way takes, and the slack. The next leg has its own.
    pub(super) fn set_limit(&mut self, ix: TransferIx) {
        let Some(limit_ms) = self.transfers.get(ix).map(|transfer| self.limit_ms(&transfer.corridor)) else {
            return;
        };
        if let Some(transfer) = self.transfers.get_mut(ix) {
            transfer.limit_ms = Some(limit_ms);
        }
    }

    pub(super) fn limit_ms(&self, corridor: &CorridorId) -> u64 {
        self.atlas.corridor(corridor).map_or(0, way_ms).saturating_add(self.policy.limit_slack_ms)
    }

    /// A release starts the time limit.
    pub(super) fn start_clock(&mut self, from: Time, ix: TransferIx) {
        let Some(transfer) = self.transfers.get(ix) else {
            return;
        };
        let due = from.plus_ms(transfer.limit_ms.unwrap_or_default());
        if let Some(transfer) = self.transfers.get_mut(ix) {
            transfer.due = Some(due);
        }
        self.strike_at(due, ix);
    }

    /// The leg before ended at `at`; the limit of the next one begins. What was not released has no limit yet.
    pub(super) fn turn_clock(&mut self, now: Time, ix: TransferIx, at: Time, effects: &mut Vec<Effect>) {
        let Some(transfer) = self.transfers.get_mut(ix).filter(|transfer| transfer.due.is_some()) else {
            return;
        };
        transfer.late |= transfer.due.is_some_and(|due| at > due);
        transfer.punctuality = Punctuality::OnTime;
        self.set_limit(ix);
        self.start_clock(at, ix);
        self.end_enquiry(now, ix, effects);
        self.clear_on_transfer(now, ix, AlertKind::Overdue, effects);
    }

    /// Only the newest strike counts: what was set for a leg that is over says nothing.
    pub(super) fn strike_at(&mut self, at: Time, ix: TransferIx) {
        if let Some(transfer) = self.transfers.get_mut(ix) {
            transfer.strikes_at = Some(at);
        }
        self.timers.set_for_transfer(at, ix, Term::Arrival);
    }

    /// Late but clean is a flag.
    pub(super) fn stop_clock(&mut self, now: Time, ix: TransferIx, effects: &mut Vec<Effect>) {
        let Some(transfer) = self.transfers.get_mut(ix) else {
            return;
        };
        let late = transfer.late || transfer.due.is_some_and(|due| transfer.state_since > due);
        transfer.punctuality = if late { Punctuality::Late } else { Punctuality::OnTime };
        self.end_enquiry(now, ix, effects);
        self.clear_on_transfer(now, ix, AlertKind::Overdue, effects);
    }

    pub(crate) fn arrival_due(&mut self, at: Time, ix: TransferIx, effects: &mut Vec<Effect>) {
        let enquiry_ms = self.policy.enquiry_ms;
        let strikes = |transfer: &&mut Transfer| under_way(transfer.state) && transfer.strikes_at == Some(at);
        let Some(transfer) = self.transfers.get_mut(ix).filter(strikes) else {
            return;
        };
        match transfer.punctuality {
            Punctuality::OnTime => {
                transfer.punctuality = Punctuality::Overdue;
                self.strike_at(at.plus_ms(enquiry_ms), ix);
                self.raise_on_transfer(at, ix, Finding::at(AlertKind::Overdue, at), effects);
            }
            Punctuality::Overdue => {
                let reason = "no arrival within the time limit and the days after it".to_owned();
                self.begin_enquiry(at, ix, (reason, By::Clock), effects);
            }
            Punctuality::Enquiry => self.lapse_enquiry(at, ix, effects),
            Punctuality::Late | Punctuality::Recovery => {}
        }
        self.tell_transfer(at, ix, effects);
    }

    /// Results are due so long after the unsealing.
    pub(super) fn await_results(&mut self, now: Time, ix: TransferIx) {
        let due = now.plus_ms(self.policy.results_ms);
        if let Some(transfer) = self.transfers.get_mut(ix) {
            transfer.results_due = Some(due);
        }
        self.timers.set_for_transfer(due, ix, Term::Results);
    }

    /// They are there; what is verified again later has no time.
    pub(super) fn end_results(&mut self, now: Time, ix: TransferIx, effects: &mut Vec<Effect>) {
        if let Some(transfer) = self.transfers.get_mut(ix) {
            transfer.results_due = None;
        }
        self.clear_on_transfer(now, ix, AlertKind::ResultsOverdue, effects);
    }

    pub(crate) fn results_due(&mut self, at: Time, ix: TransferIx, effects: &mut Vec<Effect>) {
        if self.transfers.get(ix).is_some_and(|transfer| transfer.state == MovementState::Unsealed) {
            self.raise_on_transfer(at, ix, Finding::at(AlertKind::ResultsOverdue, at), effects);
        }
    }
}

pub(super) fn under_way(state: MovementState) -> bool {
    match state {
        MovementState::Released | MovementState::InTransit | MovementState::Incident => true,
        MovementState::Draft
        | MovementState::Declared
        | MovementState::Accepted
        | MovementState::Sealed
        | MovementState::Arrived
        | MovementState::HandedOver
        | MovementState::UnsealingGranted
        | MovementState::Unsealed
        | MovementState::Verified
        | MovementState::WrittenOff
        | MovementState::Cancelled => false,
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to a year")]
fn way_ms(corridor: &Corridor) -> u64 {
    (corridor.length_km() / km_per_hour(corridor.mode()) * 3_600_000.0).clamp(0.0, 31_536_000_000.0) as u64
}
