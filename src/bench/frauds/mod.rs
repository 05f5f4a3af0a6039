//! `sealway bench frauds`: which rows of the alert table the judge finds, which honest twins it accuses, and a month of both.
//!
//! Everything passes through the real judge in virtual time. What is not found is reported as missed, with the reason.

mod court;
mod figures;

use crate::cli::Frauds;
use anyhow::Context as _;
use court::Court;
use figures::{Figures, MonthFigures, TableRow, life};
use sealway_schemas::Time;
use sealway_seal_sim::scenario::{Cast, Conduct, Deed, Expect, Month, Play, Stage, Twin, furnish};
use sealway_seal_sim::world::{self, Corridor};

const PLACES: &str = include_str!("../../../tracker/core/world/places.geojson");
const CORRIDORS: &str = include_str!("../../../tracker/core/world/corridors.geojson");

/// 2026-10-01 00:00 UTC.
const STARTS_AT: Time = Time::from_ms(1_790_812_800_000);
/// Two hours on a motorway: long enough for every deed.
const TABLE_ROAD: &str = "road-yantian-can";
/// One transfer in twenty is a fraud.
const HONEST_PER_FRAUD: u64 = 20;

pub(crate) fn run(arguments: &Frauds) -> anyhow::Result<()> {
    super::print(arguments.report, &measure(arguments)?)
}

fn measure(arguments: &Frauds) -> anyhow::Result<Figures> {
    let corridors = world::corridors(CORRIDORS).context("corridors")?;
    let (rows, honest) = table(&corridors, arguments.seed)?;
    let month = month(&corridors, arguments)?;
    Ok(Figures::new(rows, month, life(&honest)))
}

/// Every deed with its honest twin beside it, all on one road; and the honest plays by themselves.
fn table(corridors: &[Corridor], seed: u64) -> anyhow::Result<(Vec<TableRow>, Vec<Play>)> {
    let road = corridors.iter().find(|way| way.id.as_str() == TABLE_ROAD).with_context(|| format!("no corridor {TABLE_ROAD}"))?;
    let mut court = Court::new();
    furnish(&mut court, STARTS_AT, CORRIDORS, PLACES)?;
    let play = |number, deed, twin| {
        let cast = Cast { number, corridor: road.clone(), starts_at: STARTS_AT.plus_ms(1_000), seed };
        Play::new(cast, Conduct { deed: Some(deed), twin })
    };
    let played: Vec<Deed> = Deed::ALL.iter().copied().filter(|deed| !matches!(deed.expect(), Expect::Unplayed(_))).collect();
    let dishonest: Vec<Play> =
        played.iter().zip(1..).map(|(deed, number)| play(number, *deed, Twin::Dishonest)).collect::<Result<_, _>>()?;
    let honest: Vec<Play> = played.iter().zip(1_001..).map(|(deed, number)| play(number, *deed, Twin::Honest)).collect::<Result<_, _>>()?;
    let acted = Stage::new(dishonest.into_iter().chain(honest).collect()).act(&mut court);
    let rows = Deed::ALL.iter().map(|deed| TableRow::of(*deed, &acted, &court)).collect();
    let honest = acted.into_iter().filter(|play| play.conduct().twin == Twin::Honest).collect();
    Ok((rows, honest))
}

fn month(corridors: &[Corridor], arguments: &Frauds) -> anyhow::Result<MonthFigures> {
    let transfers = u64::from(arguments.transfers);
    let month = Month { transfers, frauds: transfers / HONEST_PER_FRAUD, starts_at: STARTS_AT.plus_ms(1_000), seed: arguments.seed };
    let mut court = Court::new();
    furnish(&mut court, STARTS_AT, CORRIDORS, PLACES)?;
    let acted = Stage::new(month.plays(corridors)?).act(&mut court);
    Ok(MonthFigures::of(&acted, &court))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_table_is_found_and_no_honest_twin_is_accused() {
        let corridors = world::corridors(CORRIDORS).unwrap();
        let (rows, honest) = table(&corridors, 7).unwrap();
        for row in &rows {
            assert_eq!(row.false_alarms, 0, "{row:?}");
        }
        assert_eq!(rows.len(), Deed::ALL.len());
        for row in &rows {
            assert_eq!(row.found, 1, "{row:?}");
        }
        assert!(honest.iter().all(|play| play.tally().unsealed == 1 && play.tally().challenges_answered >= 1));
    }

    #[test]
    fn every_seeded_fraud_of_a_month_is_found_and_nobody_is_accused_for_nothing() {
        let corridors = world::corridors(CORRIDORS).unwrap();
        let month = month(&corridors, &Frauds { transfers: 100, seed: 7, report: None }).unwrap();
        let told = serde_json::to_value(&month).unwrap();
        let seeded = &told["frauds_with_signed_evidence"];
        assert!(seeded["seeded"].as_u64() > Some(0) && seeded["seeded"] == seeded["found"], "{told}");
        assert_eq!(told["false_red"], 0, "{told}");
    }

    #[test]
    fn another_run_of_the_same_month_says_the_same() {
        let corridors = world::corridors(CORRIDORS).unwrap();
        let few = Frauds { transfers: 20, seed: 3, report: None };
        let text = || serde_json::to_string(&month(&corridors, &few).unwrap()).unwrap();
        assert_eq!(text(), text());
    }
}
