//! What the platform has to make of a deed, and whether it did.

use super::play::Tally;
use sealway_schemas::Time;
use sealway_schemas::event::{AlertView, Severity};

/// A breach that arrives late is dated back this exactly.
const DATED_WITHIN_MS: u64 = 60_000;

/// Alerts are named as in JSON; of several names any one will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    Alert(&'static [&'static str]),
    /// The same, dated back to when it happened although it was heard of later.
    DatedBack(&'static [&'static str]),
    /// Such an alert, and none of severity red: no attack on the cargo.
    NotRed(&'static [&'static str]),
    /// Duplicates were counted, and nothing was alarmed.
    CountedOnly,
    /// Reports were refused, and nothing was alarmed.
    RefusedOnly,
    /// A recorded login was refused.
    LoginRefused,
    /// None is red, and no more than so many alerts in all.
    Folded {
        at_most: usize,
    },
    /// There is nothing to play it with; why.
    Unplayed(&'static str),
}

/// Why a deed counts as missed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refuted {
    #[error("{0}")]
    Unplayed(&'static str),
    #[error("raised {raised:?}, expected {expected:?}")]
    NotRaised { raised: Vec<&'static str>, expected: &'static [&'static str] },
    #[error("dated to {happened_at}, done at {done_at}")]
    DatedWrong { happened_at: Time, done_at: Time },
    #[error("raised {0:?} in red, expected nothing red")]
    Red(Vec<&'static str>),
    #[error("{found} alerts, expected at most {at_most}")]
    Storm { found: usize, at_most: usize },
    #[error("{0}")]
    NotCounted(&'static str),
}

impl Expect {
    /// Whether `alerts`, those of the play's seal, and what the play saw by itself are what was expected.
    pub fn check(&self, alerts: &[&AlertView], tally: &Tally) -> Result<(), Refuted> {
        match *self {
            Expect::Alert(kinds) => raised(alerts, kinds).map(|_| ()),
            Expect::DatedBack(kinds) => dated_back(raised(alerts, kinds)?, tally),
            Expect::NotRed(kinds) => raised(alerts, kinds).map(|_| ()).and_then(|()| nothing_red(alerts)),
            Expect::CountedOnly => counted(tally.duplicates, "no duplicate was counted").and_then(|()| folded(alerts, 0)),
            Expect::RefusedOnly => counted(tally.refused, "no report was refused").and_then(|()| folded(alerts, 0)),
            Expect::LoginRefused => counted(tally.logins_refused, "a recorded login was accepted"),
            Expect::Folded { at_most } => nothing_red(alerts).and_then(|()| folded(alerts, at_most)),
            Expect::Unplayed(why) => Err(Refuted::Unplayed(why)),
        }
    }
}

fn raised<'a>(alerts: &[&'a AlertView], kinds: &'static [&'static str]) -> Result<&'a AlertView, Refuted> {
    let found = alerts.iter().find(|alert| kinds.contains(&alert.kind.as_str()));
    let raised = || alerts.iter().map(|alert| alert.kind.as_str()).collect();
    found.copied().ok_or_else(|| Refuted::NotRaised { raised: raised(), expected: kinds })
}

fn dated_back(alert: &AlertView, tally: &Tally) -> Result<(), Refuted> {
    let (happened_at, done_at) = (alert.happened_at, tally.done_at.unwrap_or(Time::ZERO));
    let apart = happened_at.since(done_at).max(done_at.since(happened_at));
    let late = alert.opened_at.since(done_at) > DATED_WITHIN_MS;
    if late && apart <= DATED_WITHIN_MS { Ok(()) } else { Err(Refuted::DatedWrong { happened_at, done_at }) }
}

fn nothing_red(alerts: &[&AlertView]) -> Result<(), Refuted> {
    let red: Vec<_> = alerts.iter().filter(|alert| alert.severity == Severity::Red).map(|alert| alert.kind.as_str()).collect();
    if red.is_empty() { Ok(()) } else { Err(Refuted::Red(red)) }
}

fn folded(alerts: &[&AlertView], at_most: usize) -> Result<(), Refuted> {
    if alerts.len() <= at_most { Ok(()) } else { Err(Refuted::Storm { found: alerts.len(), at_most }) }
}

fn counted(count: u64, otherwise: &'static str) -> Result<(), Refuted> {
    if count > 0 { Ok(()) } else { Err(Refuted::NotCounted(otherwise)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sealway_schemas::event::AlertKind;
    use serde_json::json;

    fn alert(kind: AlertKind, happened_at: u64, opened_at: u64) -> AlertView {
        let view = json!({"id": 1, "kind": kind.as_str(), "severity": kind.severity(), "device": "SC-000001", "owner": "carrier",
            "opened_at": opened_at, "respond_by": opened_at, "happened_at": happened_at, "count": 1, "evidence": [], "facts": {}});
        serde_json::from_value(view).unwrap()
    }

    #[test]
    fn a_breach_that_is_dated_to_its_arrival_is_missed() {
        let expect = Expect::DatedBack(&["cable-cut"]);
        let tally = Tally { done_at: Some(Time::from_ms(1_000_000)), ..Tally::default() };
        let check = |happened_at, opened_at| expect.check(&[&alert(AlertKind::CableCut, happened_at, opened_at)], &tally);
        assert_eq!(check(1_000_500, 1_300_000), Ok(()));
        assert!(matches!(check(1_300_000, 1_300_000), Err(Refuted::DatedWrong { .. })));
        assert!(matches!(check(1_000_500, 1_001_000), Err(Refuted::DatedWrong { .. })), "nothing was late");
    }

    #[test]
    fn an_alert_of_another_kind_finds_nothing() {
        let deviation = alert(AlertKind::Deviation, 1, 1);
        assert!(Expect::Alert(&["cable-cut"]).check(&[&deviation], &Tally::default()).is_err());
        assert!(Expect::Alert(&["overstay", "deviation"]).check(&[&deviation], &Tally::default()).is_ok());
    }

    #[test]
    fn noise_may_fold_into_one_alert_that_is_not_red() {
        let (amber, red) = (alert(AlertKind::Silence, 1, 1), alert(AlertKind::CableCut, 1, 1));
        let expect = Expect::Folded { at_most: 1 };
        let check = |alerts: &[&AlertView]| expect.check(alerts, &Tally::default());
        assert_eq!(check(&[&amber]), Ok(()));
        assert_eq!(check(&[&amber, &amber]), Err(Refuted::Storm { found: 2, at_most: 1 }));
        assert_eq!(check(&[&red]), Err(Refuted::Red(vec!["cable-cut"])));
    }

    #[test]
    fn a_copy_that_is_not_counted_or_raises_an_alarm_is_missed() {
        let counted = Tally { duplicates: 5, ..Tally::default() };
        assert_eq!(Expect::CountedOnly.check(&[], &counted), Ok(()));
        assert!(Expect::CountedOnly.check(&[], &Tally::default()).is_err());
        assert!(Expect::CountedOnly.check(&[&alert(AlertKind::Hole, 1, 1)], &counted).is_err());
    }
}
