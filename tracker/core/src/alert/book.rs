//! The book of alerts. One thing seen many times while its alert is open is counted in it; nothing is ever taken out.

use super::{Ending, Finding, Raised, Subject, ending};
use crate::policy::Policy;
use sealway_schemas::alert::{AlertKind, AlertNote, AlertView, Assignment, Decision, Revised, Revision, Severity};
use sealway_schemas::{AlertId, DeviceId, Time, UserId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How many counters an alert keeps as its evidence; the log has all of them.
const EVIDENCE_LIMIT: usize = 8;
const REVISIONS_LIMIT: usize = 32;

/// How many alerts a device may open in [`BURST_MS`]; further ones that are no breach fold into one storm.
const BURST: u32 = 8;
const BURST_MS: u64 = 3_600_000;
/// A condition that comes back within this time is the same one.
const REOPEN_MS: u64 = 1_800_000;

/// The open alerts of one device; at most one of a kind. Nearly all devices have none, so it is kept to one word.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenAlerts(Option<Box<Open>>);

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Open {
    alerts: Vec<(AlertKind, AlertId)>,
    quiet: Option<Quiet>,
}

/// A silence that ended: what the seal kept meanwhile may explain it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quiet {
    pub alert: AlertId,
    /// So far its reports speak for it.
    pub until: Time,
    /// Whether any was kept in the silence.
    pub kept: bool,
}

impl OpenAlerts {
    #[must_use]
    pub fn get(&self, kind: AlertKind) -> Option<AlertId> {
        self.0.iter().flat_map(|open| &open.alerts).find(|(open, _)| *open == kind).map(|(_, id)| *id)
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    #[must_use]
    pub fn quiet(&self) -> Option<Quiet> {
        self.0.as_ref()?.quiet
    }

    /// Whether nothing is open beside a silence that ended.
    #[must_use]
    pub fn only_quiet(&self) -> bool {
        self.0.as_ref().is_none_or(|open| open.alerts.is_empty())
    }

    pub fn set_quiet(&mut self, quiet: Option<Quiet>) {
        if quiet.is_some() || self.0.is_some() {
            self.0.get_or_insert_default().quiet = quiet;
            self.shrink();
        }
    }

    fn add(&mut self, kind: AlertKind, id: AlertId) {
        self.0.get_or_insert_default().alerts.push((kind, id));
    }

    fn remove(&mut self, id: AlertId) {
        if let Some(open) = &mut self.0 {
            open.alerts.retain(|(_, open)| *open != id);
        }
        self.shrink();
    }

    fn shrink(&mut self) {
        self.0.take_if(|open| open.alerts.is_empty() && open.quiet.is_none());
    }
}

/// How many alerts a device opened since a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Burst {
    since: Time,
    opened: u32,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct AlertBook {
    alerts: BTreeMap<AlertId, AlertView>,
    last: u64,
    /// The newest alert of each kind that a device had.
    newest: BTreeMap<(DeviceId, AlertKind), AlertId>,
    bursts: BTreeMap<DeviceId, Burst>,
}

impl AlertBook {
    /// Opens an alert, or counts the finding in the open one of its kind.
    pub fn raise(&mut self, now: Time, mut finding: Finding, subject: Subject, open: &mut OpenAlerts) -> Raised {
        if let Some(id) = open.get(finding.kind) {
            return self.count(now, id, &finding);
        }
        if let Some(id) = self.reopen(now, &finding, &subject) {
            open.add(finding.kind, id);
            return Raised::Opened(id);
        }
        if self.bursts(now, subject.device) && finding.kind.severity() != Severity::Red {
            finding.kind = AlertKind::AlertStorm;
            if let Some(id) = open.get(finding.kind) {
                return self.count(now, id, &finding);
            }
        }
        let kind = finding.kind;
        let id = self.open(now, finding, subject);
        open.add(kind, id);
        Raised::Opened(id)
    }

    /// Opens an alert without asking whether one is open.
    pub fn open(&mut self, now: Time, finding: Finding, subject: Subject) -> AlertId {
        self.last += 1;
        let id = AlertId(self.last);
        self.newest.insert((subject.device, finding.kind), id);
        let mut alert = AlertView {
            id,
            kind: finding.kind,
            severity: finding.kind.severity(),
            device: subject.device,
            owner: subject.owner,
            transfer: subject.transfer,
            opened_at: now,
            respond_by: now,
            happened_at: finding.happened_at,
            cleared_at: None,
            acknowledged_at: None,
            acknowledged_by: None,
            assigned: None,
            decided: None,
            count: 1,
            evidence: Vec::new(),
            facts: BTreeMap::new(),
            revisions: Vec::new(),
            notes: Vec::new(),
        };
        note(&mut alert, &finding);
        self.alerts.insert(id, alert);
        id
    }

    /// What an officer has from its opening on to respond; one that comes back has no more than it had.
    pub fn give_time(&mut self, id: AlertId, policy: &Policy) {
        if let Some(alert) = self.alerts.get_mut(&id) {
            alert.respond_by = alert.opened_at.plus_ms(policy.respond_ms(alert.severity));
        }
    }

    /// The same thing once more. When it shows that it began earlier, the alert is dated back.
    pub fn count(&mut self, now: Time, id: AlertId, finding: &Finding) -> Raised {
        if let Some(alert) = self.alerts.get_mut(&id) {
            alert.count = alert.count.saturating_add(1);
            if finding.happened_at < alert.happened_at {
                let change = Revised::DatedBack { from: alert.happened_at, to: finding.happened_at };
                revise(alert, Revision { at: now, change, ctr: finding.ctr });
                alert.happened_at = finding.happened_at;
            }
            note(alert, finding);
        }
        Raised::Counted(id)
    }

    /// The last alert of the kind, when its condition ended so lately that it is the same one and nobody has decided it.
    fn reopen(&mut self, now: Time, finding: &Finding, subject: &Subject) -> Option<AlertId> {
        let id = *self.newest.get(&(subject.device, finding.kind))?;
        let alert = self.alerts.get_mut(&id)?;
        let cleared_at = alert.cleared_at.filter(|cleared| now.since(*cleared) < REOPEN_MS)?;
        if ending(alert.kind) != Ending::Condition || alert.decided.is_some() || alert.transfer != subject.transfer {
            return None;
        }
        revise(alert, Revision { at: now, change: Revised::Reopened { cleared_at }, ctr: finding.ctr });
        alert.cleared_at = None;
        alert.count = alert.count.saturating_add(1);
        note(alert, finding);
        Some(id)
    }

    /// Counts an opening; whether they come too fast to be read one by one.
    fn bursts(&mut self, now: Time, device: DeviceId) -> bool {
        let burst = self.bursts.entry(device).or_insert(Burst { since: now, opened: 0 });
        if now.since(burst.since) >= BURST_MS {
            *burst = Burst { since: now, opened: 0 };
        }
        burst.opened = burst.opened.saturating_add(1);
        burst.opened > BURST
    }

    /// Ends the open alert of a kind whose condition is gone.
    pub fn clear(&mut self, now: Time, kind: AlertKind, open: &mut OpenAlerts) -> Option<AlertId> {
        let id = open.get(kind)?;
        self.end(now, id);
        open.remove(id);
        Some(id)
    }

    pub fn end(&mut self, now: Time, id: AlertId) {
        if let Some(alert) = self.alerts.get_mut(&id) {
            alert.cleared_at = alert.cleared_at.or(Some(now));
        }
    }

    /// An officer has taken note; nothing ends by it.
    pub fn acknowledge(&mut self, now: Time, id: AlertId, by: &UserId) {
        if let Some(alert) = self.alerts.get_mut(&id).filter(|alert| alert.acknowledged_at.is_none()) {
            alert.acknowledged_at = Some(now);
            alert.acknowledged_by = Some(by.clone());
        }
    }

    pub fn note(&mut self, id: AlertId, note: AlertNote) {
        if let Some(alert) = self.alerts.get_mut(&id) {
            alert.notes.push(note);
        }
    }

    /// Whoever assigns has taken note.
    pub fn assign(&mut self, id: AlertId, assignment: Assignment) {
        self.acknowledge(assignment.at, id, &assignment.by);
        if let Some(alert) = self.alerts.get_mut(&id) {
            alert.assigned = Some(assignment);
        }
    }

    /// Ends what only a decision ends. A decision that an earlier one stood before keeps it among the revisions.
    pub fn decide(&mut self, id: AlertId, decision: Decision, open: &mut OpenAlerts) {
        self.acknowledge(decision.at, id, &decision.by);
        let Some(alert) = self.alerts.get_mut(&id) else {
            return;
        };
        if ending(alert.kind) == Ending::Decision {
            alert.cleared_at = alert.cleared_at.or(Some(decision.at));
            open.remove(id);
        }
        if let Some(earlier) = alert.decided.take() {
            revise(alert, Revision { at: decision.at, change: Revised::DecidedAnew { earlier }, ctr: None });
        }
        alert.decided = Some(decision);
    }

    /// A stored report from within a silence.
    pub fn keep_evidence(&mut self, id: AlertId, ctr: u64) {
        if let Some(alert) = self.alerts.get_mut(&id) {
            note_ctr(alert, ctr);
        }
    }

    /// The seal's own reports gave an honest reason; `None` when that was known.
    pub fn explain(&mut self, now: Time, id: AlertId, ctr: u64) -> Option<&AlertView> {
        let alert = self.alerts.get_mut(&id)?;
        if alert.revisions.iter().any(|revision| revision.change == Revised::Explained) {
            return None;
        }
        revise(alert, Revision { at: now, change: Revised::Explained, ctr: Some(ctr) });
        Some(alert)
    }

    #[must_use]
    pub fn get(&self, id: AlertId) -> Option<&AlertView> {
        self.alerts.get(&id)
    }

    pub fn iter(&self) -> impl Iterator<Item = &AlertView> {
        self.alerts.values()
    }
}

/// The newest stay; the log has all of them.
fn revise(alert: &mut AlertView, revision: Revision) {
    if alert.revisions.len() >= REVISIONS_LIMIT {
        alert.revisions.remove(0);
    }
    alert.revisions.push(revision);
}

/// The lowest counters stay, so that the order of arrival leaves no trace.
fn note_ctr(alert: &mut AlertView, ctr: u64) {
    if let Err(at) = alert.evidence.binary_search(&ctr) {
        alert.evidence.insert(at, ctr);
        alert.evidence.truncate(EVIDENCE_LIMIT);
    }
}

fn note(alert: &mut AlertView, finding: &Finding) {
    if let Some(ctr) = finding.ctr {
        note_ctr(alert, ctr);
    }
    for (name, value) in &finding.facts {
        let kept = alert.facts.entry((*name).to_owned()).or_insert(*value);
        *kept = kept.max(*value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sealway_schemas::alert::Verdict;

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

    fn decision(verdict: Verdict, at: u64) -> Decision {
        Decision { verdict, by: "li".parse().unwrap(), at: Time::from_ms(at), reason: "seen on camera".into() }
    }

    #[test]
    fn a_breach_ends_only_by_a_decision_and_is_never_taken_out() {
        let (mut book, mut open) = (AlertBook::default(), OpenAlerts::default());
        book.raise(Time::from_ms(5), cut(1, 4), subject(), &mut open);
        book.acknowledge(Time::from_ms(7), AlertId(1), &"li".parse().unwrap());
        assert_eq!(book.get(AlertId(1)).unwrap().cleared_at, None);
        book.decide(AlertId(1), decision(Verdict::Incident, 9), &mut open);
        assert!(open.is_empty());
        let alert = book.get(AlertId(1)).unwrap();
        assert_eq!((alert.acknowledged_at, alert.cleared_at), (Some(Time::from_ms(7)), Some(Time::from_ms(9))));
        assert_eq!(book.raise(Time::from_ms(10), cut(2, 10), subject(), &mut open), Raised::Opened(AlertId(2)));
        assert_eq!(book.iter().count(), 2);
    }

    #[test]
    fn an_acknowledged_condition_stays_open_until_it_is_gone() {
        let (mut book, mut open) = (AlertBook::default(), OpenAlerts::default());
        book.raise(Time::from_ms(1), low(1), subject(), &mut open);
        book.acknowledge(Time::from_ms(2), AlertId(1), &"li".parse().unwrap());
        book.decide(AlertId(1), decision(Verdict::FalseAlarm, 2), &mut open);
        assert_eq!(open.get(AlertKind::LowBattery), Some(AlertId(1)));
        assert_eq!(book.clear(Time::from_ms(3), AlertKind::LowBattery, &mut open), Some(AlertId(1)));
        assert_eq!(book.get(AlertId(1)).unwrap().cleared_at, Some(Time::from_ms(3)));
    }

    fn low(t: u64) -> Finding {
        Finding::of_report(AlertKind::LowBattery, Time::from_ms(t), 1)
    }

    #[test]
    fn late_evidence_dates_back_by_a_revision_and_a_new_decision_keeps_the_earlier() {
        let (mut book, mut open) = (AlertBook::default(), OpenAlerts::default());
        book.raise(Time::from_ms(100), cut(9, 90), subject(), &mut open);
        book.raise(Time::from_ms(200), cut(4, 40), subject(), &mut open);
        book.decide(AlertId(1), decision(Verdict::FalseAlarm, 300), &mut open);
        book.decide(AlertId(1), decision(Verdict::SuspectedSmuggling, 400), &mut open);
        let alert = book.get(AlertId(1)).unwrap();
        let changes: Vec<_> = alert.revisions.iter().map(|revision| (revision.at.as_ms(), revision.change.clone())).collect();
        let back = Revised::DatedBack { from: Time::from_ms(90), to: Time::from_ms(40) };
        let anew = Revised::DecidedAnew { earlier: decision(Verdict::FalseAlarm, 300) };
        assert_eq!(changes, [(200, back), (400, anew)]);
        assert_eq!(alert.decided, Some(decision(Verdict::SuspectedSmuggling, 400)));
    }

    #[test]
    fn a_flapping_condition_is_one_alert_and_a_later_one_is_another() {
        let (mut book, mut open) = (AlertBook::default(), OpenAlerts::default());
        for minute in 0..20 {
            book.raise(Time::from_ms(minute * 60_000), low(minute), subject(), &mut open);
            book.clear(Time::from_ms(minute * 60_000 + 1), AlertKind::LowBattery, &mut open);
        }
        assert_eq!((book.iter().count(), book.get(AlertId(1)).unwrap().count), (1, 20));
        book.raise(Time::from_ms(19 * 60_000 + 1 + REOPEN_MS), low(5), subject(), &mut open);
        assert_eq!(book.iter().count(), 2);
    }

    #[test]
    fn a_storm_of_kinds_folds_into_one_alert_but_never_hides_a_breach() {
        let (mut book, mut open) = (AlertBook::default(), OpenAlerts::default());
        let amber = AlertKind::ALL.iter().filter(|kind| kind.severity() != Severity::Red && **kind != AlertKind::AlertStorm);
        for (minute, kind) in (0..).zip(amber) {
            book.raise(Time::from_ms(minute), Finding::of_report(*kind, Time::from_ms(minute), minute), subject(), &mut open);
        }
        let storm = book.get(open.get(AlertKind::AlertStorm).unwrap()).unwrap().clone();
        assert_eq!((book.iter().count(), storm.id), (9, AlertId(9)));
        assert!(storm.count > 5);
        assert_eq!(book.raise(Time::from_ms(99), cut(70, 99), subject(), &mut open), Raised::Opened(AlertId(10)));
    }
}
