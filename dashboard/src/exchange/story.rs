//! Everything of a transfer that an export is made of.

use crate::caller::Caller;
use crate::problem::Problem;
use crate::state::Dashboard;
use sealway_schemas::cargo::CargoView;
use sealway_schemas::event::{AlertView, PlaceView, TransferView};
use sealway_schemas::movement::{Arrow, StepView};
use sealway_schemas::record::Recorded as _;
use sealway_schemas::report::Event;
use sealway_schemas::{AlertId, PlaceId, Time, TransferId};
use sealway_tracker::{AlertFilter, Page, RecordFilter, TrackPoint};

/// Reports of one transfer that are looked at.
const REPORTS: usize = 100_000;
const ALERTS_A_PAGE: u32 = 500;
/// A transfer's life has fewer.
const STEPS: u32 = 1000;

#[derive(Debug)]
pub(super) struct Story {
    pub(super) transfer: TransferView,
    pub(super) origin: Option<PlaceView>,
    pub(super) destination: Option<PlaceView>,
    /// What the seal said, without the periodic reports; oldest first.
    pub(super) reports: Vec<TrackPoint>,
    /// Oldest first.
    pub(super) alerts: Vec<AlertView>,
    /// In their order.
    pub(super) steps: Vec<StepView>,
    /// Where it was declared.
    pub(super) cargo: Option<CargoView>,
}

pub(super) async fn tell(dashboard: &Dashboard, caller: &Caller, id: &TransferId) -> Result<Story, Problem> {
    let registry = dashboard.tracker.registry();
    let transfer = registry.transfer(caller.scope(), id).await?;
    let transfer =
        transfer.ok_or_else(|| Problem::not_found(format!("transfer {id}: expected one that was declared and is yours to see")))?;
    let origin = place(dashboard, caller, &transfer.origin).await?;
    let destination = place(dashboard, caller, &transfer.destination).await?;
    let alerts = alerts(dashboard, caller, id).await?;
    let steps = steps(dashboard, caller, id).await?;
    let reports = reports(dashboard, caller, (&transfer, &steps)).await?;
    let cargo = registry.recorded::<CargoView>(caller.scope(), id.as_str()).await?;
    Ok(Story { transfer, origin, destination, reports, alerts, steps, cargo })
}

async fn place(dashboard: &Dashboard, caller: &Caller, id: &PlaceId) -> Result<Option<PlaceView>, Problem> {
    Ok(dashboard.tracker.registry().place(caller.scope(), id).await?)
}

/// The seal's own events while the transfer had it. It is used again: what it says after it was given back is another transfer's.
async fn reports(
    dashboard: &Dashboard,
    caller: &Caller,
    (transfer, steps): (&TransferView, &[StepView]),
) -> Result<Vec<TrackPoint>, Problem> {
    let device = dashboard.tracker.registry().device(caller.scope(), &transfer.seal).await?;
    let bound = device.is_some_and(|device| device.transfer.as_ref() == Some(&transfer.id));
    let freed = steps.iter().rev().find(|step| matches!(step.arrow, Arrow::Unseal | Arrow::Cancel)).map(|step| step.at);
    let to = if bound { Time::from_ms(u64::MAX) } else { freed.unwrap_or(transfer.state_since) };
    // Never closed, so this is only a wait, and the request's deadline ends it.
    let _turn = dashboard.tracks.acquire().await;
    let mut points = dashboard.tracker.track(transfer.seal, transfer.declared_at, to, REPORTS).await?;
    points.retain(|point| point.event != Event::Periodic && point.received_at >= transfer.declared_at);
    Ok(points)
}

async fn steps(dashboard: &Dashboard, caller: &Caller, id: &TransferId) -> Result<Vec<StepView>, Problem> {
    let filter = RecordFilter { transfer: Some(id.clone()) };
    let rows = dashboard.tracker.registry().records(caller.scope(), StepView::KIND, &filter, &Page::first(STEPS)).await?;
    let steps = rows.into_iter().map(|record| serde_json::from_value(record.body));
    let mut steps: Vec<StepView> = steps.collect::<Result<_, _>>().map_err(|error| Problem::internal(&error))?;
    steps.sort_by_key(|step| step.number);
    Ok(steps)
}

async fn alerts(dashboard: &Dashboard, caller: &Caller, id: &TransferId) -> Result<Vec<AlertView>, Problem> {
    let filter = AlertFilter { transfer: Some(id.clone()), ..AlertFilter::default() };
    let (mut alerts, mut after): (Vec<AlertView>, Option<AlertId>) = (Vec::new(), None);
    loop {
        let page = Page { after, limit: ALERTS_A_PAGE };
        let rows = dashboard.tracker.registry().alerts(caller.scope(), &filter, &page).await?;
        let full = rows.len() >= ALERTS_A_PAGE as usize;
        after = rows.last().map(|alert| alert.id);
        alerts.extend(rows);
        if !full {
            alerts.sort_by_key(|alert| (alert.happened_at, alert.id));
            return Ok(alerts);
        }
    }
}
