//! The book of alerts. One thing seen many times while its alert is open is counted in it; nothing is ever taken out.

use sealway_schemas::event::{AlertKind, AlertView};
use sealway_schemas::{AlertId, DeviceId, PartyId, Time, TransferId, UserId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How many counters an alert keeps as its evidence; the log has all of them.
const EVIDENCE_LIMIT: usize = 8;

/// What ends an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The condition is gone: back on the road, heard again, filled, charged.
    Condition,
    /// Only an officer: a breach does not heal because the seal was closed again.
    Decision,
}

#[must_use]
pub fn ending(kind: AlertKind) -> Ending {
    match kind {
        AlertKind::Deviation | AlertKind::Silence | AlertKind::Hole | AlertKind::LowBattery => Ending::Condition,
        AlertKind::OpenedWithoutGrant
        | AlertKind::CableCut
        | AlertKind::HousingOpened
        | AlertKind::EpochChanged
        | AlertKind::Equivocation
        | AlertKind::PrevMismatch
        | AlertKind::WrongKey
        | AlertKind::ImpossibleSpeed
        | AlertKind::StrictFailed
        | AlertKind::StateLost => Ending::Decision,
    }
}

/// One thing that was seen and should not be.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    pub kind: AlertKind,
    /// In the device's own time, where a report is the evidence.
    pub happened_at: Time,
    pub ctr: Option<u64>,
    /// Measured values, the unit in the name. Of several the largest stays.
    pub facts: Vec<(&'static str, f64)>,
}

impl Finding {
    #[must_use]
    pub fn of_report(kind: AlertKind, t: Time, ctr: u64) -> Self {
        Self { kind, happened_at: t, ctr: Some(ctr), facts: Vec::new() }
    }

    #[must_use]
    pub fn with(mut self, name: &'static str, value: f64) -> Self {
        self.facts.push((name, value));
        self
    }
}

/// Whom an alert is about.
#[derive(Debug, Clone, PartialEq)]
pub struct Subject {
    pub device: DeviceId,
    pub owner: PartyId,
    pub transfer: Option<TransferId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Raised {
    Opened(AlertId),
    /// It was open already.
    Counted(AlertId),
}

/// The open alerts of one device; at most one of a kind. Nearly all devices have none, so it is kept to one word.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::box_collection, reason = "eight bytes instead of 24 in every device")]
pub struct OpenAlerts(Option<Box<Vec<(AlertKind, AlertId)>>>);

impl OpenAlerts {
    #[must_use]
    pub fn get(&self, kind: AlertKind) -> Option<AlertId> {
        self.0.iter().flat_map(|open| open.iter()).find(|(open, _)| *open == kind).map(|(_, id)| *id)
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    fn add(&mut self, kind: AlertKind, id: AlertId) {
        self.0.get_or_insert_default().push((kind, id));
    }

    fn remove(&mut self, id: AlertId) {
        if let Some(open) = &mut self.0 {
            open.retain(|(_, open)| *open != id);
        }
        self.0.take_if(|open| open.is_empty());
    }
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct AlertBook {
    alerts: BTreeMap<AlertId, AlertView>,
    last: u64,
}

impl AlertBook {
    /// Opens an alert, or counts the finding in the open one of its kind.
    pub fn raise(&mut self, now: Time, finding: Finding, subject: Subject, open: &mut OpenAlerts) -> Raised {
        if let Some(alert) = open.get(finding.kind).and_then(|id| self.alerts.get_mut(&id)) {
            alert.count = alert.count.saturating_add(1);
            alert.happened_at = alert.happened_at.min(finding.happened_at);
            note(alert, &finding);
            return Raised::Counted(alert.id);
        }
        self.last += 1;
        let id = AlertId(self.last);
        let mut alert = AlertView {
            id,
            kind: finding.kind,
            severity: finding.kind.severity(),
            device: subject.device,
            owner: subject.owner,
            transfer: subject.transfer,
            opened_at: now,
            happened_at: finding.happened_at,
            cleared_at: None,
            acknowledged_at: None,
            acknowledged_by: None,
            count: 1,
            evidence: Vec::new(),
            facts: BTreeMap::new(),
        };
        note(&mut alert, &finding);
        self.alerts.insert(id, alert);
        open.add(finding.kind, id);
        Raised::Opened(id)
    }

    /// Ends the open alert of a kind whose condition is gone.
    pub fn clear(&mut self, now: Time, kind: AlertKind, open: &mut OpenAlerts) -> Option<AlertId> {
        let id = open.get(kind)?;
        self.alerts.get_mut(&id)?.cleared_at = Some(now);
        open.remove(id);
        Some(id)
    }

    /// An officer has taken note. A breach ends with it.
    pub fn acknowledge(&mut self, now: Time, id: AlertId, by: &UserId, open: &mut OpenAlerts) {
        let Some(alert) = self.alerts.get_mut(&id) else {
            return;
        };
        alert.acknowledged_at = Some(now);
        alert.acknowledged_by = Some(by.clone());
        match ending(alert.kind) {
            Ending::Condition => {}
            Ending::Decision => {
                alert.cleared_at = alert.cleared_at.or(Some(now));
                open.remove(id);
            }
        }
    }

    #[must_use]
    pub fn get(&self, id: AlertId) -> Option<&AlertView> {
        self.alerts.get(&id)
    }

    pub fn iter(&self) -> impl Iterator<Item = &AlertView> {
        self.alerts.values()
    }
}

/// The lowest counters stay, so that the order of arrival leaves no trace.
fn note(alert: &mut AlertView, finding: &Finding) {
    if let Some(ctr) = finding.ctr
        && let Err(at) = alert.evidence.binary_search(&ctr)
    {
        alert.evidence.insert(at, ctr);
        alert.evidence.truncate(EVIDENCE_LIMIT);
    }
    for (name, value) in &finding.facts {
        let kept = alert.facts.entry((*name).to_owned()).or_insert(*value);
        *kept = kept.max(*value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject() -> Subject {
        Subject { device: "XA-7Q2K".parse().unwrap(), owner: "carrier".parse().unwrap(), transfer: None }
    }

    fn cut(ctr: u64, t: u64) -> Finding {
        Finding::of_report(AlertKind::CableCut, Time::from_ms(t), ctr)
    }

    #[test]
    fn a_storm_folds_into_one_alert_that_dates_back_to_its_first_report() {
        let (mut book, mut open) = (AlertBook::default(), OpenAlerts::default());
        for ctr in (1..=20).rev() {
            book.raise(Time::from_ms(1_000), cut(ctr, ctr * 10), subject(), &mut open);
        }
        let alert = book.get(AlertId(1)).unwrap();
        assert_eq!((alert.count, alert.happened_at), (20, Time::from_ms(10)));
        assert_eq!(alert.evidence, (1..=8).collect::<Vec<_>>());
        assert_eq!(book.iter().count(), 1);
    }

    #[test]
    fn a_breach_ends_only_by_an_officer_and_is_never_taken_out() {
        let (mut book, mut open) = (AlertBook::default(), OpenAlerts::default());
        book.raise(Time::from_ms(5), cut(1, 4), subject(), &mut open);
        book.acknowledge(Time::from_ms(9), AlertId(1), &"li".parse().unwrap(), &mut open);
        assert!(open.is_empty());
        assert_eq!(book.get(AlertId(1)).unwrap().cleared_at, Some(Time::from_ms(9)));
        assert_eq!(book.raise(Time::from_ms(10), cut(2, 10), subject(), &mut open), Raised::Opened(AlertId(2)));
        assert_eq!(book.iter().count(), 2);
    }

    #[test]
    fn an_acknowledged_condition_stays_open_until_it_is_gone() {
        let (mut book, mut open) = (AlertBook::default(), OpenAlerts::default());
        let low = Finding::of_report(AlertKind::LowBattery, Time::from_ms(1), 1);
        book.raise(Time::from_ms(1), low, subject(), &mut open);
        book.acknowledge(Time::from_ms(2), AlertId(1), &"li".parse().unwrap(), &mut open);
        assert_eq!(open.get(AlertKind::LowBattery), Some(AlertId(1)));
        assert_eq!(book.clear(Time::from_ms(3), AlertKind::LowBattery, &mut open), Some(AlertId(1)));
        assert_eq!(book.get(AlertId(1)).unwrap().cleared_at, Some(Time::from_ms(3)));
    }
}
