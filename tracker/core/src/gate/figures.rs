//! What a manager asks for, counted as it happens: a view that a replay makes again.

use crate::core::Core;
use crate::effect::{Effect, Row};
use crate::transfer::TransferIx;
use sealway_schemas::alert::Verdict;
use sealway_schemas::gate::{GateVerdict, GateView, KpiDay, Minutes, Plate};
use sealway_schemas::movement::{Arrow, By, StepView};
use sealway_schemas::record::Record;
use sealway_schemas::{AlertId, PlaceId, Time};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const DAY_MS: u64 = 86_400_000;
/// Days that are counted on; older ones stay records and change no more.
const DAYS: u64 = 40;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Figures {
    days: BTreeMap<(u64, PlaceId), KpiDay>,
    /// Of transfers that wait for customs at their destination.
    arrived: BTreeMap<TransferIx, Time>,
}

impl Figures {
    fn day(&mut self, now: Time, place: &PlaceId) -> &mut KpiDay {
        let number = now.as_ms() / DAY_MS;
        while self.days.first_key_value().is_some_and(|((first, _), _)| first + DAYS < number) {
            self.days.pop_first();
        }
        self.days.entry((number, place.clone())).or_insert_with(|| KpiDay {
            place: place.clone(),
            day: now.utc().chars().take(10).collect(),
            at: now,
            released_automatically: 0,
            released_by_people: 0,
            passed: 0,
            held: 0,
            gates: BTreeMap::new(),
            arrival_to_release: Minutes::default(),
            alerts_decided: 0,
            false_alarms: 0,
        })
    }
}

impl Core {
    /// An arrow that was gone: releases count at the origin, what follows the arrival at the destination.
    pub(crate) fn count_step(&mut self, now: Time, ix: TransferIx, step: &StepView, effects: &mut Vec<Effect>) {
        let Some(transfer) = self.transfers.get(ix) else { return };
        let (origin, destination) = (transfer.origin.clone(), transfer.destination.clone());
        match step.arrow {
            Arrow::Release => {
                let day = self.figures.day(now, &origin);
                match step.by {
                    By::Gate(_) | By::Order { .. } => day.released_automatically += 1,
                    By::User(_) | By::Signed { .. } | By::Seal { .. } | By::Clock => day.released_by_people += 1,
                }
                self.tell_figures(now, &origin, effects);
            }
            Arrow::Arrive => drop(self.figures.arrived.insert(ix, step.at)),
            Arrow::WriteOff => {
                if let Some(arrived) = self.figures.arrived.remove(&ix) {
                    self.figures.day(now, &destination).arrival_to_release.add(now.since(arrived));
                    self.tell_figures(now, &destination, effects);
                }
            }
            Arrow::Cancel => drop(self.figures.arrived.remove(&ix)),
            Arrow::Declare
            | Arrow::Accept
            | Arrow::Seal
            | Arrow::Depart
            | Arrow::ReportIncident
            | Arrow::Resume
            | Arrow::HandOver
            | Arrow::GrantUnsealing
            | Arrow::RevokeGrant
            | Arrow::Unseal
            | Arrow::Verify
            | Arrow::ReverseWriteOff => {}
        }
    }

    /// A truck was answered at a gate, at `at`.
    pub(super) fn count_passage(
        &mut self,
        now: Time,
        (gate, truck): (&GateView, Option<&Plate>),
        (at, verdict): (Time, GateVerdict),
        effects: &mut Vec<Effect>,
    ) {
        let key = truck.map(|truck| (gate.gate.clone(), truck.clone()));
        let day = self.figures.day(now, &gate.place);
        match verdict {
            GateVerdict::Go => {
                day.passed += 1;
                let since = key.and_then(|key| self.gates.waiting.remove(&key)).unwrap_or(at);
                day.gates.entry(gate.gate.clone()).or_default().add(at.since(since));
            }
            GateVerdict::Hold => {
                day.held += 1;
                if let Some(key) = key {
                    self.gates.waiting.entry(key).or_insert(at);
                }
            }
        }
        self.tell_figures(now, &gate.place, effects);
    }

    /// An officer decided an alert; it counts where its transfer began.
    pub(crate) fn count_verdict(&mut self, now: Time, alert: AlertId, verdict: Verdict, effects: &mut Vec<Effect>) {
        let transfer = self.alerts.get(alert).and_then(|alert| alert.transfer.as_ref());
        let transfer = transfer.and_then(|id| self.transfers.find(id)).and_then(|ix| self.transfers.get(ix));
        let Some(origin) = transfer.map(|transfer| transfer.origin.clone()) else { return };
        let day = self.figures.day(now, &origin);
        day.alerts_decided += 1;
        day.false_alarms += u32::from(verdict == Verdict::FalseAlarm);
        self.tell_figures(now, &origin, effects);
    }

    /// A row without an event: it changes with every truck.
    fn tell_figures(&mut self, now: Time, place: &PlaceId, effects: &mut Vec<Effect>) {
        let operator = self.atlas.place(place).and_then(|place| place.operator()).cloned();
        let day = self.figures.day(now, place);
        day.at = now;
        let row = Record::of(day, operator.into_iter().collect()).map(Row::Record);
        effects.extend(row.map(|row| Effect::Row(Box::new(row))));
    }
}
