//! What the judge told on the way: the steps of the transfer, who heard of them, and what became of faulty reports.

use super::world;
use sealway_core::order::Outcome;
use sealway_core::{Effect, Row};
use sealway_schemas::alert::AlertKind;
use sealway_schemas::movement::StepView;
use sealway_schemas::record::Recorded as _;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Clone, Default)]
pub(crate) struct Told {
    /// By number.
    pub(crate) steps: BTreeMap<u32, StepView>,
    /// An event that went to somebody whom it does not concern.
    pub(crate) to_a_stranger: Option<String>,
    /// An event that its own carrier did not hear of.
    pub(crate) not_to_its_own: Option<String>,
    /// What had to be alarmed.
    pub(crate) alarms: BTreeSet<AlertKind>,
    /// Reports that were kept although something was wrong with them.
    pub(crate) faulty: BTreeSet<u64>,
}

impl Told {
    pub(crate) fn note(&mut self, effects: &[Effect]) {
        for effect in effects {
            match effect {
                Effect::Row(row) => self.note_step(row),
                Effect::Event(event) => {
                    let hears = |party: &str| event.visible_to.iter().any(|seen| seen.as_str() == party);
                    if hears(world::STRANGER) {
                        self.to_a_stranger = Some(event.change.kind().to_owned());
                    }
                    if event.change.transfer().is_some() && !hears(world::CARRIER) {
                        self.not_to_its_own = Some(event.change.kind().to_owned());
                    }
                }
                Effect::Outcome { ctr, outcome, .. } => {
                    if let Some(kind) = alarm(*outcome) {
                        self.alarms.insert(kind);
                        self.faulty.insert(*ctr);
                    }
                }
                _ => {}
            }
        }
    }

    fn note_step(&mut self, row: &Row) {
        if let Row::Record(record) = row
            && record.kind == StepView::KIND
        {
            let step: StepView = serde_json::from_value(record.body.clone()).unwrap();
            self.steps.insert(step.number, step);
        }
    }
}

fn alarm(outcome: Outcome) -> Option<AlertKind> {
    match outcome {
        Outcome::Equivocation => Some(AlertKind::Equivocation),
        Outcome::PrevMismatch => Some(AlertKind::PrevMismatch),
        Outcome::WrongEpoch | Outcome::WrongKey | Outcome::KnownKey | Outcome::WeakKey => Some(AlertKind::WrongKey),
        Outcome::Applied | Outcome::KeptHole | Outcome::Late | Outcome::Duplicate | Outcome::Overflow => None,
    }
}
