//! Transfers 转关/区间流转.

use crate::body::Body;
use crate::caller::Caller;
use crate::commands::{Asking, Receipt, created, discreet};
use crate::list::{List, cut, page};
use crate::problem::{Problem, ProblemBody};
use crate::request::{Id, Params};
use crate::state::{Dashboard, digest};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use sealway_schemas::command::TransferCommand;
use sealway_schemas::event::{MovementState, TransferView};
use sealway_schemas::{CorridorId, DeviceId, PartyId, PlaceId, Time, TransferId};
use sealway_tracker::TransferFilter;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

const COUNTRY: &str = "CN";
const SERIAL_LEN: usize = 13;

pub(crate) fn routes() -> OpenApiRouter<Dashboard> {
    OpenApiRouter::new().routes(routes!(list, declare)).routes(routes!(one))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Which {
    /// `next` of the page before.
    after: Option<TransferId>,
    /// 1 to 500.
    limit: Option<u32>,
    state: Option<MovementState>,
    carrier: Option<PartyId>,
    seal: Option<DeviceId>,
}

/// List transfers
#[utoipa::path(get, path = "/transfers", tag = "transfers", params(Which), responses(
    (status = 200, body = List<TransferView>),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn list(
    State(dashboard): State<Dashboard>,
    caller: Caller,
    Params(which): Params<Which>,
) -> Result<Json<List<TransferView>>, Problem> {
    let page = page(which.after, which.limit)?;
    let filter = TransferFilter { state: which.state, carrier: which.carrier, seal: which.seal };
    let rows = dashboard.tracker.registry().transfers(caller.scope(), &filter, &page).await?;
    Ok(Json(cut(rows, page.limit, |transfer| transfer.id.clone())))
}

/// One transfer
#[utoipa::path(get, path = "/transfers/{id}", tag = "transfers", params(("id" = TransferId, Path)), responses(
    (status = 200, body = TransferView),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn one(State(dashboard): State<Dashboard>, caller: Caller, Id(id): Id<TransferId>) -> Result<Json<TransferView>, Problem> {
    let found = dashboard.tracker.registry().transfer(caller.scope(), &id).await?;
    found.map(Json).ok_or_else(|| Problem::not_found(format!("transfer {id}: expected one that was declared and is yours to see")))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewTransfer {
    /// The caller's own party where it is left out.
    carrier: Option<PartyId>,
    unit: String,
    seal: DeviceId,
    origin: PlaceId,
    destination: PlaceId,
    corridor: CorridorId,
}

/// Declare a transfer; the platform gives the reference
#[utoipa::path(post, path = "/transfers", tag = "transfers", request_body = NewTransfer, responses(
    (status = 201, body = Receipt),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn declare(State(dashboard): State<Dashboard>, asking: Asking, Body(new): Body<NewTransfer>) -> Result<Response, Problem> {
    let NewTransfer { carrier, unit, seal, origin, destination, corridor } = new;
    let (scope, principal) = (asking.caller.scope(), asking.caller.principal());
    if dashboard.tracker.registry().device(scope, &seal).await?.is_none() {
        // Before the command: its refusal would say whose seal it is.
        let detail = format!("seal {seal}: expected a device that is enrolled and yours");
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "unknown-device", detail));
    }
    let transfer = reference(dashboard.tracker.now(), principal.user.as_str(), &asking.key)?;
    let carrier = carrier.unwrap_or_else(|| principal.party.clone());
    let command = TransferCommand::DeclareTransfer { transfer, carrier, unit, seal, origin, destination, corridor };
    let receipt = asking.send(&dashboard, command).await.map_err(|problem| discreet(problem, scope))?;
    let id = receipt.subject.clone();
    Ok(created("transfers", &id, Receipt::from(receipt)))
}

/// The reference of a declaration: the same request sent again gets the same one.
fn reference(now: Time, user: &str, key: &str) -> Result<TransferId, Problem> {
    const LETTERS: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let hash = digest(&["transfer", user, key]);
    let mut number = hash.first_chunk::<16>().map_or(0, |bytes| u128::from_be_bytes(*bytes));
    let serial: String = std::iter::repeat_with(|| {
        let letter = LETTERS.get(usize::try_from(number % 36).unwrap_or_default()).copied().unwrap_or(b'0');
        number /= 36;
        char::from(letter)
    })
    .take(SERIAL_LEN)
    .collect();
    TransferId::new(year(now), COUNTRY, &serial)
        .map_err(|refused| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", format!("transfer reference: {refused}")))
}

/// The last two digits of the year, UTC.
fn year(now: Time) -> u8 {
    let mut days = now.as_ms() / 86_400_000;
    let mut year = 1970_u64;
    loop {
        let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let length = if leap { 366 } else { 365 };
        if days < length || year >= 9999 {
            return u8::try_from(year % 100).unwrap_or_default();
        }
        days -= length;
        year += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_begins_with_the_year_of_its_declaration() {
        for (ms, expected) in [(0, 70), (951_782_400_000, 0), (1_798_761_599_999, 26), (1_798_761_600_000, 27)] {
            assert_eq!(year(Time::from_ms(ms)), expected, "{ms}");
        }
    }

    #[test]
    fn the_same_request_gets_the_same_reference_and_another_one_does_not() {
        let now = Time::from_ms(1_790_000_000_000);
        let first = reference(now, "li", "a").unwrap();
        assert!(first.as_str().starts_with("26CN"), "{first}");
        assert_eq!(reference(now, "li", "a").unwrap(), first);
        assert_ne!(reference(now, "li", "b").unwrap(), first);
        assert_ne!(reference(now, "wang", "a").unwrap(), first);
    }
}
