//! Everything of a transfer that an export is made of.

use crate::caller::Caller;
use crate::problem::Problem;
use crate::state::Dashboard;
use sealway_schemas::binding::{BindingView, BoundSeal};
use sealway_schemas::cargo::{CargoView, InspectionView};
use sealway_schemas::event::{AlertView, PlaceView, TransferView};
use sealway_schemas::movement::StepView;
use sealway_schemas::record::{HeldView, Recorded};
use sealway_schemas::report::Event;
use sealway_schemas::{AlertId, DeviceId, PlaceId, Time, TransferId};
use sealway_tracker::{AlertFilter, Page, RecordFilter, TrackPoint};

/// Reports of one transfer that are looked at.
const REPORTS: usize = 100_000;
const ALERTS_A_PAGE: u32 = 500;
/// A transfer's life has fewer of each kind.
const RECORDS: u32 = 1000;

#[derive(Debug)]
pub(super) struct Story {
    pub(super) transfer: TransferView,
    pub(super) origin: Option<PlaceView>,
    pub(super) destination: Option<PlaceView>,
    /// What its seals said, without the periodic reports; oldest first.
    pub(super) reports: Vec<SealReport>,
    /// Oldest first.
    pub(super) alerts: Vec<AlertView>,
    /// In their order.
    pub(super) steps: Vec<StepView>,
    /// What holds it, and what did.
    pub(super) holds: Vec<HeldView>,
    pub(super) inspections: Vec<InspectionView>,
    /// Where it was declared.
    pub(super) cargo: Option<CargoView>,
}

#[derive(Debug)]
pub(super) struct SealReport {
    pub(super) seal: DeviceId,
    pub(super) point: TrackPoint,
}

pub(super) async fn tell(dashboard: &Dashboard, caller: &Caller, id: &TransferId) -> Result<Story, Problem> {
    let registry = dashboard.tracker.registry();
    let transfer = registry.transfer(caller.scope(), id).await?;
    let transfer =
        transfer.ok_or_else(|| Problem::not_found(format!("transfer {id}: expected one that was declared and is yours to see")))?;
    let origin = place(dashboard, caller, &transfer.origin).await?;
    let destination = place(dashboard, caller, &transfer.destination).await?;
    let alerts = alerts(dashboard, caller, id).await?;
    let mut steps: Vec<StepView> = recorded(dashboard, caller, id).await?;
    steps.sort_by_key(|step| step.number);
    let (holds, inspections) = (recorded(dashboard, caller, id).await?, recorded(dashboard, caller, id).await?);
    let binding = registry.recorded::<BindingView>(caller.scope(), id.as_str()).await?;
    let reports = reports(dashboard, binding.map(|binding| binding.seals).unwrap_or_default()).await?;
    let cargo = registry.recorded::<CargoView>(caller.scope(), id.as_str()).await?;
    Ok(Story { transfer, origin, destination, reports, alerts, steps, holds, inspections, cargo })
}

async fn place(dashboard: &Dashboard, caller: &Caller, id: &PlaceId) -> Result<Option<PlaceView>, Problem> {
    Ok(dashboard.tracker.registry().place(caller.scope(), id).await?)
}

/// What each seal said while this transfer had it: a seal is used again, and a transfer may have had several.
async fn reports(dashboard: &Dashboard, seals: Vec<BoundSeal>) -> Result<Vec<SealReport>, Problem> {
    let mut reports = Vec::new();
    for bound in seals {
        // Never closed, so this is only a wait, and the request's deadline ends it.
        let _turn = dashboard.tracks.acquire().await;
        let points = dashboard.tracker.track(bound.seal, Time::ZERO, Time::from_ms(u64::MAX), REPORTS).await?;
        let own = points.into_iter().filter(|point| point.event != Event::Periodic && belongs(&bound, point));
        reports.extend(own.map(|point| SealReport { seal: bound.seal, point }));
    }
    reports.sort_by_key(|report| report.point.received_at);
    Ok(reports)
}

/// Taken while the seal was bound, or later of an epoch in which it closed this transfer's unit.
pub(super) fn belongs(bound: &BoundSeal, point: &TrackPoint) -> bool {
    let sealed_here = || bound.epochs.iter().any(|epoch| epoch.epoch == point.epoch);
    point.received_at >= bound.bound_at && (bound.unbound_at.is_none_or(|freed| point.received_at <= freed) || sealed_here())
}

async fn recorded<T: Recorded>(dashboard: &Dashboard, caller: &Caller, id: &TransferId) -> Result<Vec<T>, Problem> {
    let filter = RecordFilter { transfer: Some(id.clone()) };
    let rows = dashboard.tracker.registry().records(caller.scope(), T::KIND, &filter, &Page::first(RECORDS)).await?;
    let views = rows.into_iter().map(|record| serde_json::from_value(record.body));
    views.collect::<Result<_, _>>().map_err(|error| Problem::internal(&error))
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
