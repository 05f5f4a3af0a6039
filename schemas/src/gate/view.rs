//! What the platform tells of gates: records, each with those who may see it.

use super::{Direction, GateQuestion, GateVerdict, Line, Plate, Reason};
use crate::ledger::{Quantity, Reference};
use crate::record::Recorded;
use crate::{DeviceId, GateId, PlaceId, PublicKey, Time, TransferId, UserId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GateView {
    pub gate: GateId,
    pub place: PlaceId,
    pub name_zh: String,
    pub name_en: String,
    pub line: Line,
    pub lanes: u8,
    pub directions: Vec<Direction>,
    /// By which the gate signs what it decides alone.
    pub public_key: Option<PublicKey>,
    pub put_at: Time,
}

impl Recorded for GateView {
    const KIND: &'static str = "gate";

    fn id(&self) -> String {
        self.gate.to_string()
    }

    fn at(&self) -> Time {
        self.put_at
    }

    fn transfer(&self) -> Option<&TransferId> {
        None
    }
}

/// A reason as it is told: its stable code, its parameters, and one plain sentence in each language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReasonView {
    pub code: String,
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub parameters: Map<String, Value>,
    pub zh: String,
    pub en: String,
}

impl From<&Reason> for ReasonView {
    fn from(reason: &Reason) -> Self {
        let parameters = match serde_json::to_value(reason) {
            Ok(Value::Object(mut tagged)) => tagged.remove(reason.code()),
            _ => None,
        };
        let parameters = if let Some(Value::Object(parameters)) = parameters { parameters } else { Map::new() };
        Self { code: reason.code().to_owned(), parameters, zh: reason.zh(), en: reason.en() }
    }
}

/// A decision of a gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GateDecision {
    pub gate: GateId,
    pub decision: Reference,
    pub place: PlaceId,
    pub lane: u8,
    pub direction: Direction,
    /// When the truck heard it.
    pub at: Time,
    /// Of a decision that the gate made alone: when the platform learned of it.
    pub filed_at: Option<Time>,
    pub truck: Option<Plate>,
    pub unit: Option<String>,
    pub seal: Option<DeviceId>,
    pub weight_kg: Option<Quantity>,
    pub note: Option<Reference>,
    pub transfer: Option<TransferId>,
    pub verdict: GateVerdict,
    /// All of them, the first one first on the gate's board.
    pub reasons: Vec<ReasonView>,
    /// What the platform knew against a GO that the gate gave alone.
    pub conflicts: Vec<ReasonView>,
    pub by: UserId,
}

impl GateDecision {
    /// The same for what a question says of itself.
    #[must_use]
    pub fn unit_of(question: &GateQuestion) -> Option<String> {
        question.unit.as_ref().map(|unit| unit.number.clone())
    }
}

impl Recorded for GateDecision {
    const KIND: &'static str = "gate-decision";

    fn id(&self) -> String {
        format!("{}.{}", self.gate, self.decision)
    }

    fn at(&self) -> Time {
        self.filed_at.unwrap_or(self.at)
    }

    fn transfer(&self) -> Option<&TransferId> {
        self.transfer.as_ref()
    }
}

/// One opening and closing of a barrier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BarrierCycle {
    pub gate: GateId,
    /// The gate's own number of the cycle.
    pub cycle: Reference,
    pub lane: u8,
    pub at: Time,
    /// The decision that opened it.
    pub decision: Option<Reference>,
    pub transfer: Option<TransferId>,
    pub vehicles: u8,
    pub plates: Vec<Plate>,
}

impl Recorded for BarrierCycle {
    const KIND: &'static str = "barrier-cycle";

    fn id(&self) -> String {
        format!("{}.{}", self.gate, self.cycle)
    }

    fn at(&self) -> Time {
        self.at
    }

    fn transfer(&self) -> Option<&TransferId> {
        self.transfer.as_ref()
    }
}

/// A truck that was drawn for inspection 查验; it counts at every gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InspectionDraw {
    pub truck: Plate,
    pub transfer: Option<TransferId>,
    pub since: Time,
    pub until: Time,
    /// By an officer, before its time was over.
    pub cleared: Option<Time>,
}

impl Recorded for InspectionDraw {
    const KIND: &'static str = "inspection-draw";

    fn id(&self) -> String {
        self.truck.to_string()
    }

    fn at(&self) -> Time {
        self.cleared.unwrap_or(self.since)
    }

    fn transfer(&self) -> Option<&TransferId> {
        self.transfer.as_ref()
    }
}

/// How long something took: tenths of a minute, and how often.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct Minutes(pub BTreeMap<u32, u32>);

impl Minutes {
    const TENTH_MS: u64 = 6_000;
    /// A week.
    const LIMIT: u32 = 100_800;

    pub fn add(&mut self, ms: u64) {
        let tenths = u32::try_from(ms.div_ceil(Self::TENTH_MS)).unwrap_or(Self::LIMIT).min(Self::LIMIT);
        let count = self.0.entry(tenths).or_default();
        *count = count.saturating_add(1);
    }

    pub fn join(&mut self, other: &Self) {
        for (tenths, count) in &other.0 {
            let sum = self.0.entry(*tenths).or_default();
            *sum = sum.saturating_add(*count);
        }
    }

    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.values().map(|count| u64::from(*count)).sum()
    }

    /// The smallest number of minutes that so many percent did not exceed; `None` of nothing.
    #[must_use]
    pub fn percentile(&self, percent: u32) -> Option<f64> {
        let rank = (self.count() * u64::from(percent)).div_ceil(100).max(1);
        let mut passed = 0;
        self.0.iter().find_map(|(tenths, count)| {
            passed += u64::from(*count);
            (passed >= rank).then(|| f64::from(*tenths) / 10.0)
        })
    }
}

/// What a manager asks of a place for a day. A day begins at midnight UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct KpiDay {
    pub place: PlaceId,
    /// `2026-11-25`
    pub day: String,
    /// When it last changed.
    pub at: Time,
    /// Releases at this place by a gate or a standing order, and by an officer.
    pub released_automatically: u32,
    pub released_by_people: u32,
    pub passed: u32,
    pub held: u32,
    /// From a truck's first question at a gate to its GO.
    #[cfg_attr(feature = "openapi", schema(value_type = BTreeMap<String, BTreeMap<String, u32>>))]
    pub gates: BTreeMap<GateId, Minutes>,
    /// From a transfer's arrival here until customs wrote it off and let the goods go.
    #[cfg_attr(feature = "openapi", schema(value_type = BTreeMap<String, u32>))]
    pub arrival_to_release: Minutes,
    pub alerts_decided: u32,
    pub false_alarms: u32,
}

impl Recorded for KpiDay {
    const KIND: &'static str = "kpi";

    fn id(&self) -> String {
        format!("{}.{}", self.place, self.day)
    }

    fn at(&self) -> Time {
        self.at
    }

    fn transfer(&self) -> Option<&TransferId> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_the_time_that_so_many_did_not_exceed() {
        let mut minutes = Minutes::default();
        assert_eq!(minutes.percentile(50), None);
        (1..=10).for_each(|minute| minutes.add(minute * 60_000));
        assert_eq!((minutes.percentile(50), minutes.percentile(90), minutes.percentile(99)), (Some(5.0), Some(9.0), Some(10.0)));
        let mut twice = minutes.clone();
        twice.join(&minutes);
        assert_eq!((twice.count(), twice.percentile(50)), (20, Some(5.0)));
        let mut endless = Minutes::default();
        endless.add(u64::MAX);
        assert_eq!(endless.percentile(50), Some(10_080.0));
    }
}
