//! Who is connected over MQTT, and sending one away. For administrators: an address says where somebody is.

use crate::caller::Caller;
use crate::list::{List, Numbered, cut};
use crate::problem::{Problem, ProblemBody};
use crate::request::{Id, Params};
use crate::state::Dashboard;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use sealway_schemas::command::Role;
use sealway_schemas::link::{Client, Connection, Connections, SessionId};
use sealway_schemas::{DeviceId, Time};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Dashboard> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(send_away))
}

/// One open MQTT connection: of a device, or of a user who listens to events
#[derive(Serialize, ToSchema)]
struct MqttConnection {
    /// Never used again while the platform runs.
    session: u64,
    device: Option<DeviceId>,
    user: Option<String>,
    client_id: Option<String>,
    /// Address and port.
    peer: String,
    /// Of MQTT: `3.1.1` or `5`.
    version: String,
    tls: bool,
    since: Time,
}

impl From<Connection> for MqttConnection {
    fn from(connection: Connection) -> Self {
        let Connection { session, client, peer, version, tls, since } = connection;
        let (device, user, client_id) = match client {
            Client::Device(device) => (Some(device), None, None),
            Client::Listener { user, client_id } => (None, Some(user), Some(client_id)),
        };
        Self { session: session.0, device, user, client_id, peer, version: version.to_owned(), tls, since }
    }
}

/// List MQTT connections
#[utoipa::path(get, path = "/connections", tag = "connections", params(Numbered), responses(
    (status = 200, body = List<MqttConnection>),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn list(
    State(dashboard): State<Dashboard>,
    caller: Caller,
    Params(which): Params<Numbered>,
) -> Result<Json<List<MqttConnection>>, Problem> {
    caller.expect_role(&[Role::Admin])?;
    let page = which.page(SessionId)?;
    let front = front(&dashboard)?;
    let found = front.list(page.after, page.limit as usize);
    Ok(Json(cut(found.into_iter().map(MqttConnection::from).collect(), page.limit, |connection| connection.session)))
}

/// Close an MQTT connection; its client may come again
#[utoipa::path(delete, path = "/connections/{session}", tag = "connections", params(("session" = u64, Path)), responses(
    (status = 204),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn send_away(State(dashboard): State<Dashboard>, caller: Caller, Id(session): Id<u64>) -> Result<StatusCode, Problem> {
    caller.expect_role(&[Role::Admin])?;
    if front(&dashboard)?.send_away(SessionId(session)) {
        tracing::info!(session, by = %caller.principal().user, "a connection was closed by an administrator");
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Problem::not_found(format!("session {session}: expected one that is connected")))
}

fn front(dashboard: &Dashboard) -> Result<&Arc<dyn Connections>, Problem> {
    dashboard.connections.as_ref().ok_or_else(|| Problem::not_found("connections: this process serves no MQTT"))
}
