//! What a manager asks for: figures of each place and day, and of all of them together.

use crate::caller::Caller;
use crate::problem::{Problem, ProblemBody};
use crate::request::Params;
use crate::state::Dashboard;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use sealway_schemas::gate::{KpiDay, Minutes};
use sealway_schemas::record::{Record, Recorded as _};
use sealway_schemas::{GateId, PlaceId, Time};
use sealway_tracker::{Page, RecordFilter, RecordKey};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

const DAY_MS: u64 = 86_400_000;
const DAYS_DEFAULT: u64 = 30;
const DAYS_LIMIT: u64 = 366;
const PAGE: u32 = 500;

pub(crate) fn routes() -> OpenApiRouter<Dashboard> {
    OpenApiRouter::new().routes(routes!(kpis))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Which {
    /// Unix ms; the days from this one on. 30 days before `to` where it is left out.
    from: Option<u64>,
    /// Unix ms; the days up to this one. Today where it is left out.
    to: Option<u64>,
    place: Option<PlaceId>,
}

/// What clearance took before there were gates that release by themselves, and what it is to take, minutes.
#[derive(Debug, Serialize, ToSchema)]
struct Targets {
    before_min: u32,
    target_min: u32,
}

const TARGETS: Targets = Targets { before_min: 120, target_min: 40 };

#[derive(Debug, Serialize, ToSchema)]
struct Spread {
    count: u64,
    p50_min: Option<f64>,
    p90_min: Option<f64>,
}

impl From<&Minutes> for Spread {
    fn from(minutes: &Minutes) -> Self {
        Self { count: minutes.count(), p50_min: minutes.percentile(50), p90_min: minutes.percentile(90) }
    }
}

#[derive(Debug, Serialize, ToSchema)]
struct Figures {
    released_automatically: u32,
    released_by_people: u32,
    /// Of all releases, by a gate or a standing order; absent where nothing was released.
    automatic_release_rate: Option<f64>,
    passed: u32,
    held: u32,
    /// From a truck's first question at a gate to its GO.
    #[schema(value_type = BTreeMap<String, Spread>)]
    gate_minutes: BTreeMap<GateId, Spread>,
    /// From a transfer's arrival to its write-off, when customs lets the goods go.
    arrival_to_release: Spread,
    alerts_decided: u32,
    false_alarms: u32,
    /// Of the alerts that officers decided.
    false_alarm_rate: Option<f64>,
}

#[derive(Debug, Serialize, ToSchema)]
struct OfDay {
    place: PlaceId,
    /// `2026-11-25`, UTC.
    day: String,
    figures: Figures,
}

#[derive(Debug, Serialize, ToSchema)]
struct OfPlace {
    place: PlaceId,
    figures: Figures,
}

#[derive(Debug, Serialize, ToSchema)]
struct Kpis {
    targets: Targets,
    all: Figures,
    places: Vec<OfPlace>,
    /// The newest first.
    days: Vec<OfDay>,
}

/// Figures of gates and clearance, of each place and day that the caller may see
#[utoipa::path(get, path = "/kpis", tag = "gates", params(Which), responses(
    (status = 200, body = Kpis),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn kpis(State(dashboard): State<Dashboard>, caller: Caller, Params(which): Params<Which>) -> Result<Json<Kpis>, Problem> {
    let to = which.to.unwrap_or_else(|| dashboard.tracker.now().as_ms());
    let from = which.from.unwrap_or_else(|| to.saturating_sub((DAYS_DEFAULT - 1) * DAY_MS));
    let (first, last) = (from / DAY_MS, to / DAY_MS);
    if first > last || last - first >= DAYS_LIMIT {
        let detail = format!("from {from} to {to}: expected at most {DAYS_LIMIT} days, the earlier one first");
        return Err(Problem::new(StatusCode::BAD_REQUEST, "query-invalid", detail));
    }
    let mut days = read(&dashboard, &caller, first).await?;
    let (first, last) = (day_of(first), day_of(last));
    days.retain(|day| day.day >= first && day.day <= last && which.place.as_ref().is_none_or(|place| day.place == *place));
    days.sort_by(|a, b| b.day.cmp(&a.day).then_with(|| a.place.cmp(&b.place)));
    Ok(Json(told(&days)))
}

/// Every record that changed on the first day or later: a day changes no more when it is over.
async fn read(dashboard: &Dashboard, caller: &Caller, first: u64) -> Result<Vec<KpiDay>, Problem> {
    let (filter, mut page, mut days) = (RecordFilter::default(), Page::first(PAGE), Vec::new());
    loop {
        let rows: Vec<Record> = dashboard.tracker.registry().records(caller.scope(), KpiDay::KIND, &filter, &page).await?;
        let full = rows.len() == PAGE as usize;
        let last = rows.last().map(RecordKey::of);
        let bodies = rows.into_iter().map(|row| serde_json::from_value::<KpiDay>(row.body));
        days.extend(bodies.collect::<Result<Vec<_>, _>>().map_err(|error| Problem::internal(&error))?);
        match last.filter(|last| full && last.at.as_ms() / DAY_MS >= first) {
            Some(last) => page.after = Some(last),
            None => return Ok(days),
        }
    }
}

fn day_of(number: u64) -> String {
    Time::from_ms(number * DAY_MS).utc().chars().take(10).collect()
}

fn told(days: &[KpiDay]) -> Kpis {
    let mut places: BTreeMap<&PlaceId, Vec<&KpiDay>> = BTreeMap::new();
    for day in days {
        places.entry(&day.place).or_default().push(day);
    }
    Kpis {
        targets: TARGETS,
        all: Figures::of(days),
        places: places.into_iter().map(|(place, days)| OfPlace { place: place.clone(), figures: Figures::of(days) }).collect(),
        days: days.iter().map(|day| OfDay { place: day.place.clone(), day: day.day.clone(), figures: Figures::of([day]) }).collect(),
    }
}

impl Figures {
    fn of<'a>(days: impl IntoIterator<Item = &'a KpiDay> + Clone) -> Self {
        let sum = |of: fn(&KpiDay) -> u32| days.clone().into_iter().map(of).fold(0_u32, u32::saturating_add);
        let (mut gates, mut clearance) = (BTreeMap::<GateId, Minutes>::new(), Minutes::default());
        for day in days.clone() {
            clearance.join(&day.arrival_to_release);
            for (gate, minutes) in &day.gates {
                gates.entry(gate.clone()).or_default().join(minutes);
            }
        }
        let (automatic, manual) = (sum(|day| day.released_automatically), sum(|day| day.released_by_people));
        let (decided, false_alarms) = (sum(|day| day.alerts_decided), sum(|day| day.false_alarms));
        Self {
            released_automatically: automatic,
            released_by_people: manual,
            automatic_release_rate: rate(automatic, automatic.saturating_add(manual)),
            passed: sum(|day| day.passed),
            held: sum(|day| day.held),
            gate_minutes: gates.iter().map(|(gate, minutes)| (gate.clone(), Spread::from(minutes))).collect(),
            arrival_to_release: Spread::from(&clearance),
            alerts_decided: decided,
            false_alarms,
            false_alarm_rate: rate(false_alarms, decided),
        }
    }
}

fn rate(part: u32, of: u32) -> Option<f64> {
    (of > 0).then(|| f64::from(part) / f64::from(of))
}
