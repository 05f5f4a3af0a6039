//! All routes in one place. Those outside `/api/v1` are open to everyone; inside it only those under `/session` are.

use crate::openapi::{Described, Document};
use crate::problem::Problem;
use crate::state::Dashboard;
use crate::{
    alerts, basemap, commands, connections, corridors, device_errors, devices, enrolment, events, evidence, exchange, gates, gateways,
    health, kpis, ledger, log_entries, log_state, me, metrics, openapi, parties, photos, places, records, reports, security, series,
    sign_in, smaller, standby, tlog, tokens, track, transfers, users, versions, web, webhooks,
};
use axum::Router;
use axum::extract::Request;
use axum::http::{Method, StatusCode};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use utoipa::OpenApi as _;
use utoipa_axum::router::OpenApiRouter;

/// The API and the interface over a tracker.
pub fn router(dashboard: impl Into<Dashboard>) -> Router {
    let dashboard: Dashboard = dashboard.into();
    let (router, api) = described().split_for_parts();
    let document = Router::new().route("/openapi.json", get(openapi::serve)).with_state(Document::of(&api));
    router
        .with_state(dashboard.clone())
        .merge(document)
        .fallback(elsewhere)
        .method_not_allowed_fallback(wrong_method)
        .layer(smaller::layer())
        .layer(middleware::from_fn(security::deadline))
        .layer(middleware::from_fn_with_state(dashboard, security::headers))
}

pub(crate) fn described() -> OpenApiRouter<Dashboard> {
    let api = OpenApiRouter::new()
        .merge(sign_in::routes())
        .merge(me::routes())
        .merge(parties::routes())
        .merge(users::routes())
        .merge(tokens::routes())
        .merge(enrolment::routes())
        .merge(devices::routes())
        .merge(device_errors::routes())
        .merge(connections::routes())
        .merge(track::routes())
        .merge(reports::routes())
        .merge(series::routes())
        .merge(basemap::routes())
        .merge(places::routes())
        .merge(versions::routes())
        .merge(corridors::routes())
        .merge(transfers::routes())
        .merge(evidence::routes())
        .merge(photos::routes())
        .merge(exchange::routes())
        .merge(ledger::routes())
        .merge(gates::routes())
        .merge(kpis::routes())
        .merge(alerts::routes())
        .merge(commands::routes())
        .merge(records::routes())
        .merge(tlog::routes())
        .merge(log_state::routes())
        .merge(log_entries::routes())
        .merge(standby::routes())
        .merge(gateways::routes())
        .merge(webhooks::routes())
        .merge(events::routes());
    let mut all = OpenApiRouter::with_openapi(Described::openapi())
        .nest("/api/v1", api)
        .merge(health::routes())
        .merge(metrics::routes())
        .merge(tlog::tiles());
    openapi::name_operations(all.get_openapi_mut());
    all
}

/// Outside the API this is the interface, whose pages have addresses of their own.
async fn elsewhere(request: Request) -> Response {
    let path = request.uri().path();
    let api = path == "/api" || path.starts_with("/api/");
    if !api && (request.method() == Method::GET || request.method() == Method::HEAD) {
        return web::serve(path, request.headers());
    }
    not_found(path).into_response()
}

pub(crate) fn not_found(path: &str) -> Problem {
    let shown: String = path.chars().take(128).collect();
    Problem::not_found(format!("{shown}: no such address, expected one of /openapi.json"))
}

async fn wrong_method(request: Request) -> Problem {
    let detail = format!("method {} at {}: expected one of the header Allow", request.method(), request.uri().path());
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", detail)
}
