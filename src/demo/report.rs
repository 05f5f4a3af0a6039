//! What a demonstration did: what the seals made beside what the evidence log holds.

use anyhow::Context as _;
use sealway_schemas::entry::Entry;
use sealway_schemas::{AlertId, TransferId};
use sealway_seal_sim::fleet::FleetReport;
use sealway_tracker::{AlertFilter, Page, Scope, Tracker, TransferFilter};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

#[derive(Debug, Serialize)]
pub(super) struct DemoReport {
    devices: usize,
    /// Signed reports that the seals made, clones' included.
    made: u64,
    /// Of these, the ones that a fraud kept from the platform.
    hidden: u64,
    /// Different reports in the evidence log, read back from it.
    stored: u64,
    /// Entries of the log that hold a report which another one holds already.
    stored_twice: u64,
    /// Covered by signed acks when the seals left.
    acknowledged: u64,
    refused: u64,
    duplicates: u64,
    alerts: BTreeMap<String, u64>,
    /// Transfers by their state at the end.
    states: BTreeMap<String, u64>,
    ack_latency_ms: Latency,
}

#[derive(Debug, Serialize)]
struct Latency {
    p50: f64,
    p99: f64,
}

impl DemoReport {
    pub(super) async fn of(fleet: &FleetReport, tracker: &Tracker) -> anyhow::Result<Self> {
        let metrics = tracker.metrics();
        let refused = metrics.refused;
        let reader = tracker.log().clone();
        let (stored, stored_twice) = tokio::task::spawn_blocking(move || stored(&reader)).await.context("reading the log")??;
        Ok(Self {
            devices: fleet.devices,
            made: fleet.made,
            hidden: fleet.hidden,
            stored,
            stored_twice,
            acknowledged: fleet.acked,
            refused: refused.malformed + refused.unknown_device + refused.unknown_key + refused.bad_signature + refused.revoked,
            duplicates: metrics.duplicates,
            alerts: alerts(tracker).await?,
            states: states(tracker).await?,
            ack_latency_ms: Latency { p50: fleet.puback_ms_p50, p99: fleet.puback_ms_p99 },
        })
    }
}

/// Reads the whole log and counts its different reports, and those that stand there twice.
fn stored(reader: &sealway_tracker::log::LogReader) -> anyhow::Result<(u64, u64)> {
    let mut digests = BTreeSet::new();
    let mut twice = 0;
    for frame in reader.frames_from(0) {
        if let Entry::Report { device, bytes, .. } = frame?.decode()? {
            twice += u64::from(!digests.insert((device, sealway_schemas::Digest::of(&bytes))));
        }
    }
    Ok((digests.len() as u64, twice))
}

async fn alerts(tracker: &Tracker) -> anyhow::Result<BTreeMap<String, u64>> {
    let mut counts = BTreeMap::new();
    let mut page: Page<AlertId> = Page::first(1000);
    loop {
        let alerts = tracker.registry().alerts(&Scope::All, &AlertFilter::default(), &page).await?;
        let Some(last) = alerts.last() else { return Ok(counts) };
        page.after = Some(last.id);
        for alert in &alerts {
            *counts.entry(alert.kind.as_str().to_owned()).or_default() += 1;
        }
    }
}

async fn states(tracker: &Tracker) -> anyhow::Result<BTreeMap<String, u64>> {
    let mut counts = BTreeMap::new();
    let mut page: Page<TransferId> = Page::first(1000);
    loop {
        let transfers = tracker.registry().transfers(&Scope::All, &TransferFilter::default(), &page).await?;
        let Some(last) = transfers.last() else { return Ok(counts) };
        page.after = Some(last.id.clone());
        for transfer in &transfers {
            let state = serde_json::to_value(transfer.state)?;
            *counts.entry(state.as_str().unwrap_or_default().to_owned()).or_default() += 1;
        }
    }
}

impl fmt::Display for DemoReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} seals made {} reports ({} kept back by frauds)", self.devices, self.made, self.hidden)?;
        writeln!(f, "{} are in the evidence log, {} refused, {} duplicates", self.stored, self.refused, self.duplicates)?;
        write!(f, "acks p50 {:.1} ms, p99 {:.1} ms; alerts:", self.ack_latency_ms.p50, self.ack_latency_ms.p99)?;
        self.alerts.iter().try_for_each(|(kind, count)| write!(f, " {kind} {count}"))?;
        write!(f, "\ntransfers:")?;
        self.states.iter().try_for_each(|(state, count)| write!(f, " {state} {count}"))
    }
}
