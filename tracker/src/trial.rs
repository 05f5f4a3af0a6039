//! A corridor, as it is drawn, on trial: judged by the tracks of the transfers that went that way, before it is put.

use crate::registry::{Page, RegistryError, Scope, TransferFilter};
use crate::series::{SeriesError, Span};
use crate::tracker::Tracker;
use sealway_core::GeometryRefusal;
use sealway_core::corridor::Corridor;
use sealway_core::locate::Route;
use sealway_core::place::Place;
use sealway_core::policy::Policy;
use sealway_core::trial::{Deviation, Trial};
use sealway_schemas::event::{MovementState, TransferView};
use sealway_schemas::{DeviceId, PlaceId, TransferId};

const PAGE: u32 = 1_000;
/// The newest transfers that are looked at.
const TRANSFERS_LIMIT: usize = 1_000;
/// Deviations that are told one by one.
const TOLD_LIMIT: usize = 200;
/// So much of a track is read at once.
const STEP_MS: u64 = 6 * 3_600_000;

/// A transfer that the corridor would have raised an alert on.
#[derive(Debug, Clone, PartialEq)]
pub struct Tried {
    pub transfer: TransferId,
    pub seal: DeviceId,
    pub deviation: Deviation,
}

#[derive(Debug, Clone, PartialEq)]
pub struct TrialAnswer {
    /// Transfers that were under way on the corridor, or between its places where it is new.
    pub transfers: u64,
    /// Whether there were more; the newest were looked at.
    pub more: bool,
    pub reports: u64,
    /// Alerts that the corridor would have raised.
    pub alerts: u64,
    /// The first of them, transfer by transfer.
    pub told: Vec<Tried>,
    /// Alerts that the corridor as it is now would have raised; absent where it is new.
    pub alerts_now: Option<u64>,
}

#[derive(Debug, thiserror::Error)]
pub enum TrialError {
    #[error(transparent)]
    Geometry(#[from] GeometryRefusal),
    #[error(transparent)]
    Registry(#[from] RegistryError),
    #[error(transparent)]
    Series(#[from] SeriesError),
}

/// The routes on trial.
struct Routes {
    origin: Place,
    destination: Place,
    drawn: Corridor,
    now: Option<Corridor>,
}

impl Tracker {
    /// Judges the tracks of `span`, those in `scope`, by a corridor that is drawn as this feature.
    pub async fn try_corridor(&self, scope: &Scope, feature: &str, span: Span) -> Result<TrialAnswer, TrialError> {
        let routes = self.routes(feature).await?;
        let mut transfers = self.went_that_way(scope, &routes, span).await?;
        transfers.sort_by_key(|transfer| std::cmp::Reverse(transfer.declared_at));
        let more = transfers.len() > TRANSFERS_LIMIT;
        transfers.truncate(TRANSFERS_LIMIT);
        let alerts_now = routes.now.as_ref().map(|_| 0);
        let mut answer = TrialAnswer { transfers: 0, more, reports: 0, alerts: 0, told: Vec::new(), alerts_now };
        for transfer in &transfers {
            self.try_on(transfer, &routes, span, &mut answer).await?;
        }
        Ok(answer)
    }

    async fn routes(&self, feature: &str) -> Result<Routes, TrialError> {
        let drawn = Corridor::parse(feature)?;
        let (origin, destination) = (self.place(drawn.from()).await?, self.place(drawn.to()).await?);
        drawn.check_touches(&origin, &destination)?;
        let now = self.registry().corridor(&Scope::All, drawn.id()).await?;
        let now = now.map(|view| Corridor::parse(&view.feature.to_string())).transpose()?;
        Ok(Routes { origin, destination, drawn, now })
    }

    async fn place(&self, id: &PlaceId) -> Result<Place, TrialError> {
        let view = self.registry().place(&Scope::All, id).await?;
        let view = view.ok_or_else(|| GeometryRefusal::Unknown { what: "place", id: id.to_string() })?;
        Ok(Place::parse(&view.feature.to_string())?)
    }

    async fn went_that_way(&self, scope: &Scope, routes: &Routes, span: Span) -> Result<Vec<TransferView>, TrialError> {
        let mut found = Vec::new();
        let mut page = Page::first(PAGE);
        loop {
            let rows = self.registry().transfers(scope, &TransferFilter::default(), &page).await?;
            let full = rows.len() == PAGE as usize;
            page.after = rows.last().map(|transfer| transfer.id.clone());
            found.extend(rows.into_iter().filter(|transfer| routes.concern(transfer) && was_under_way(transfer, span)));
            if !full {
                return Ok(found);
            }
        }
    }

    async fn try_on(&self, transfer: &TransferView, routes: &Routes, span: Span, answer: &mut TrialAnswer) -> Result<(), TrialError> {
        let policy = self.policy();
        let mut drawn = routes.trial(&routes.drawn, policy);
        let mut now = routes.now.as_ref().map(|corridor| routes.trial(corridor, policy));
        let reports = answer.reports;
        let mut from = span.from().max(transfer.declared_at);
        while let Ok(step) = Span::new(from, span.to().min(from.plus_ms(STEP_MS))) {
            let track = self.series().backend().track(&transfer.seal, step, usize::MAX).await?;
            answer.reports += track.reports;
            for (fix, point) in track.points.iter().filter_map(|point| Some((point.fix?, point))) {
                if let Some(deviation) = drawn.next(fix, point.at.t(), point.ctr) {
                    answer.alerts += 1;
                    if answer.told.len() < TOLD_LIMIT {
                        answer.told.push(Tried { transfer: transfer.id.clone(), seal: transfer.seal, deviation });
                    }
                }
                let raised = now.as_mut().and_then(|now| now.next(fix, point.at.t(), point.ctr));
                if let (Some(alerts), Some(_)) = (&mut answer.alerts_now, raised) {
                    *alerts += 1;
                }
            }
            if drawn.ended() && now.as_ref().is_none_or(Trial::ended) {
                break;
            }
            from = step.to();
        }
        answer.transfers += u64::from(answer.reports > reports);
        Ok(())
    }
}

impl Routes {
    fn concern(&self, transfer: &TransferView) -> bool {
        match &self.now {
            Some(now) => transfer.corridor == *now.id(),
            None => transfer.origin == *self.drawn.from() && transfer.destination == *self.drawn.to(),
        }
    }

    fn trial<'a>(&'a self, corridor: &'a Corridor, policy: &'a Policy) -> Trial<'a> {
        Trial::new(Route { origin: &self.origin, destination: &self.destination, corridor, last_piece: None }, policy)
    }
}

/// Whether some of its way may lie in the span.
fn was_under_way(transfer: &TransferView, span: Span) -> bool {
    let went = match transfer.state {
        MovementState::Draft
        | MovementState::Declared
        | MovementState::Accepted
        | MovementState::Sealed
        | MovementState::Released
        | MovementState::Cancelled => false,
        MovementState::InTransit | MovementState::Incident => true,
        MovementState::Arrived
        | MovementState::HandedOver
        | MovementState::UnsealingGranted
        | MovementState::Unsealed
        | MovementState::Verified
        | MovementState::WrittenOff => transfer.state_since >= span.from(),
    };
    went && transfer.declared_at < span.to()
}
