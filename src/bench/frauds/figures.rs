//! What a run of `bench frauds` says.

use super::court::Court;
use sealway_schemas::event::{AlertView, Severity};
use sealway_seal_sim::scenario::{Conduct, Deed, Evidence, Expect, Play, Refuted, Step, Twin};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;

#[derive(Debug, Serialize)]
pub(super) struct Figures {
    /// Of the month's frauds with signed evidence, the share that was found.
    recall: f64,
    /// Red alerts on honest transfers of the month, for each transfer.
    false_red_per_transfer: f64,
    rows: Vec<TableRow>,
    month: MonthFigures,
    life: Vec<LifeStep>,
}

/// A deed of the alert table, and its honest twin.
#[derive(Debug, Serialize)]
pub(super) struct TableRow {
    /// The row of the alert table.
    alert: &'static str,
    pub(super) scenario: &'static str,
    pub(super) found: u64,
    missed: u64,
    /// Alerts, of any kind and severity, that the honest twin raised.
    pub(super) false_alarms: u64,
    /// Kinds that the dishonest play raised.
    raised: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    /// Kinds that the honest twin raised.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    accused: Vec<&'static str>,
}

#[derive(Debug, Serialize)]
pub(super) struct MonthFigures {
    transfers: u64,
    reports: u64,
    unsealed: u64,
    frauds_with_signed_evidence: Found,
    frauds_by_measurement: Found,
    honest_transfers: u64,
    honest_with_red: u64,
    false_red: u64,
    /// On honest transfers, by kind.
    false_alarms: BTreeMap<&'static str, u64>,
    /// What was not found, and why.
    missed: Vec<Missed>,
}

#[derive(Debug, Default, Serialize)]
struct Found {
    seeded: u64,
    found: u64,
}

#[derive(Debug, Serialize)]
struct Missed {
    scenario: &'static str,
    transfer: String,
    why: String,
}

/// A command of an honest transfer's life.
#[derive(Debug, Serialize)]
pub(super) struct LifeStep {
    command: &'static str,
    taken: u64,
    refused: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

impl TableRow {
    pub(super) fn of(deed: Deed, acted: &[Play], court: &Court) -> Self {
        let find = |twin| acted.iter().find(|play| play.conduct() == Conduct { deed: Some(deed), twin });
        let verdict = find(Twin::Dishonest).map_or_else(|| unplayed(deed), |play| verdict(play, court));
        let kinds = |twin| find(twin).map_or_else(Vec::new, |play| kinds(&court.alerts_of(&play.device())));
        let accused = kinds(Twin::Honest);
        let logins = find(Twin::Honest).map_or(0, |play| play.tally().logins_refused);
        Self {
            alert: deed.row().as_str(),
            scenario: deed.as_str(),
            found: u64::from(verdict.is_ok()),
            missed: u64::from(verdict.is_err()),
            false_alarms: accused.len() as u64 + logins,
            raised: kinds(Twin::Dishonest),
            why: verdict.err().map(|refuted| refuted.to_string()),
            accused,
        }
    }
}

fn unplayed(deed: Deed) -> Result<(), Refuted> {
    let why = if let Expect::Unplayed(why) = deed.expect() { why } else { "it was not played" };
    Err(Refuted::Unplayed(why))
}

fn verdict(play: &Play, court: &Court) -> Result<(), Refuted> {
    let alerts = court.alerts_of(&play.device());
    play.conduct().deed.map_or(Ok(()), |deed| deed.expect().check(&alerts, play.tally()))
}

fn kinds(alerts: &[&AlertView]) -> Vec<&'static str> {
    alerts.iter().map(|alert| alert.kind.as_str()).collect()
}

impl MonthFigures {
    pub(super) fn of(acted: &[Play], court: &Court) -> Self {
        let mut figures = Self {
            transfers: acted.len() as u64,
            reports: court.reports(),
            unsealed: acted.iter().map(|play| play.tally().unsealed).sum(),
            frauds_with_signed_evidence: Found::default(),
            frauds_by_measurement: Found::default(),
            honest_transfers: 0,
            honest_with_red: 0,
            false_red: 0,
            false_alarms: BTreeMap::new(),
            missed: Vec::new(),
        };
        for play in acted {
            match play.conduct().twin {
                Twin::Honest => figures.count_honest(&court.alerts_of(&play.device())),
                Twin::Dishonest => figures.count_fraud(play, court),
            }
        }
        figures
    }

    fn count_honest(&mut self, alerts: &[&AlertView]) {
        let red = alerts.iter().filter(|alert| alert.severity == Severity::Red).count() as u64;
        self.honest_transfers += 1;
        self.honest_with_red += u64::from(red > 0);
        self.false_red += red;
        for alert in alerts {
            *self.false_alarms.entry(alert.kind.as_str()).or_default() += 1;
        }
    }

    fn count_fraud(&mut self, play: &Play, court: &Court) {
        let Some(deed) = play.conduct().deed else { return };
        let verdict = verdict(play, court);
        let found = match deed.evidence() {
            Evidence::Signed => &mut self.frauds_with_signed_evidence,
            Evidence::Measured | Evidence::NoFraud => &mut self.frauds_by_measurement,
        };
        found.seeded += 1;
        found.found += u64::from(verdict.is_ok());
        if let Err(refuted) = verdict {
            self.missed.push(Missed { scenario: deed.as_str(), transfer: play.transfer().to_string(), why: refuted.to_string() });
        }
    }
}

/// The commands of honest transfers, added up.
pub(super) fn life(honest: &[Play]) -> Vec<LifeStep> {
    let mut steps: BTreeMap<&'static str, Step> = BTreeMap::new();
    for (command, step) in honest.iter().flat_map(|play| &play.tally().steps) {
        let sum = steps.entry(command).or_default();
        sum.taken += step.taken;
        sum.refused += step.refused;
        sum.why = step.why.clone().or_else(|| sum.why.take());
    }
    let step = |(command, Step { taken, refused, why })| LifeStep { command, taken, refused, why };
    steps.into_iter().map(step).collect()
}

#[expect(clippy::cast_precision_loss, reason = "figures for people")]
fn share(part: u64, of: u64) -> f64 {
    if of == 0 { 0.0 } else { part as f64 / of as f64 }
}

impl Figures {
    pub(super) fn new(rows: Vec<TableRow>, month: MonthFigures, life: Vec<LifeStep>) -> Self {
        let signed = &month.frauds_with_signed_evidence;
        Self {
            recall: share(signed.found, signed.seeded),
            false_red_per_transfer: share(month.false_red, month.transfers),
            rows,
            month,
            life,
        }
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<15}{:<26}{:>6}{:>7}{:>14}", "alert", "scenario", "found", "missed", "false alarms")?;
        for row in &self.rows {
            write!(f, "{:<15}{:<26}{:>6}{:>7}{:>14}", row.alert, row.scenario, row.found, row.missed, row.false_alarms)?;
            row.why.iter().try_for_each(|why| write!(f, "  {why}"))?;
            if !row.accused.is_empty() {
                write!(f, "  accused: {}", row.accused.join(", "))?;
            }
            writeln!(f)?;
        }
        for step in &self.life {
            write!(f, "\n{:<22}{:>6} taken{:>5} refused", step.command, step.taken, step.refused)?;
            step.why.iter().try_for_each(|why| write!(f, "  {why}"))?;
        }
        let (month, signed, measured) = (&self.month, &self.month.frauds_with_signed_evidence, &self.month.frauds_by_measurement);
        write!(f, "\n\na month of {} transfers, {} reports, {} unsealed by grant: ", month.transfers, month.reports, month.unsealed)?;
        write!(f, "{} of {} frauds with signed evidence found, ", signed.found, signed.seeded)?;
        writeln!(f, "{} of {} by measurement", measured.found, measured.seeded)?;
        write!(f, "recall {:.3}, false red per transfer {:.4}", self.recall, self.false_red_per_transfer)?;
        month.missed.iter().try_for_each(|missed| write!(f, "\nmissed {} of {}: {}", missed.scenario, missed.transfer, missed.why))?;
        month.false_alarms.iter().try_for_each(|(kind, count)| write!(f, "\nhonest transfers raised {kind}: {count}"))
    }
}
