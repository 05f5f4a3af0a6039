//! Webhooks: which systems are told of events, how that stands, and what none of them took.

use crate::body::Body;
use crate::caller::Caller;
use crate::commands::{Asking, Receipt, discreet};
use crate::list::{List, Numbered, cut, page};
use crate::problem::{Problem, ProblemBody};
use crate::request::{Id, Params};
use crate::state::Dashboard;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sealway_schemas::command::{ExchangeCommand, Role};
use sealway_schemas::record::{Recorded as _, WebhookView};
use sealway_schemas::{PartyId, PublicKey, Time, UserId, WebhookId};
use sealway_tracker::outbox::{Letter, LetterState, OutboxError, Standing};
use sealway_tracker::{RecordFilter, RecordKey};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Dashboard> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(put, remove))
        .routes(routes!(letters))
        .routes(routes!(retry))
        .routes(routes!(key))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Which {
    /// `next` of the page before.
    after: Option<String>,
    /// 1 to 500.
    limit: Option<u32>,
}

/// A webhook, and how its deliveries stand.
#[derive(Serialize, ToSchema)]
struct Webhook {
    id: WebhookId,
    party: PartyId,
    url: String,
    kinds: Vec<String>,
    put_at: Time,
    put_by: UserId,
    removed_at: Option<Time>,
    /// Events that wait.
    pending: u64,
    /// Events that were given up.
    dead: u64,
    delivered: u64,
    /// Events that went because too many waited.
    missed: u64,
}

impl Webhook {
    fn new(view: WebhookView, standing: Standing) -> Self {
        let WebhookView { id, party, url, kinds, put_at, put_by, removed_at } = view;
        let Standing { pending, dead, delivered, missed } = standing;
        Self { id, party, url, kinds, put_at, put_by, removed_at, pending, dead, delivered, missed }
    }
}

/// List the party's webhooks, newest first
#[utoipa::path(get, path = "/webhooks", tag = "webhooks", params(Which), responses(
    (status = 200, body = List<Webhook>),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn list(State(dashboard): State<Dashboard>, caller: Caller, Params(which): Params<Which>) -> Result<Json<List<Webhook>>, Problem> {
    let after = which.after.map(|after| after.parse::<RecordKey>()).transpose();
    let after = after.map_err(|fault| Problem::new(StatusCode::BAD_REQUEST, "query-invalid", fault.to_string()))?;
    let page = page(after, which.limit)?;
    let rows = dashboard.tracker.registry().records(caller.scope(), WebhookView::KIND, &RecordFilter::default(), &page).await?;
    let (rows, next) = cut(rows, page.limit, RecordKey::of).into_parts();
    let mut told = Vec::new();
    for record in rows {
        let view: WebhookView = serde_json::from_value(record.body).map_err(|error| Problem::internal(&error))?;
        if is_own(&caller, &view) {
            let standing = dashboard.tracker.outbox().standing(Some(&view.id)).await?;
            told.push(Webhook::new(view, standing));
        }
    }
    Ok(Json(List::new(told, next)))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewWebhook {
    /// `https` only, at most 2,000 characters; where it leads has to be a public address.
    url: String,
    /// `movement`, `alert`, `device`, `record`.
    kinds: Vec<String>,
}

/// Put a webhook of the caller's party
#[utoipa::path(put, path = "/webhooks/{id}", tag = "webhooks", params(("id" = WebhookId, Path)), request_body = NewWebhook,
    description = "Each event is posted as JSON: `id`, `type`, `timestamp` and `data`, in the manner of Standard Webhooks. Headers: `webhook-id`, the \
        same for every try; `webhook-timestamp`, unix seconds; `webhook-signature`, `v1a,` and in base64 the platform's Ed25519 signature over \
        `<id>.<timestamp>.<body>`. An answer 2xx within 10 s takes it. Anything else is tried again, ever more seldom or as `Retry-After` says, then \
        it is a dead letter. Ids are `<webhook>-<number>`: numbers without a gap, in order, each at least once.",
    responses(
    (status = 200, body = Receipt),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn put(
    State(dashboard): State<Dashboard>,
    asking: Asking,
    Id(webhook): Id<WebhookId>,
    Body(NewWebhook { url, kinds }): Body<NewWebhook>,
) -> Result<Json<Receipt>, Problem> {
    let party = asking.caller.principal().party.clone();
    let receipt = asking.send(&dashboard, ExchangeCommand::PutWebhook { webhook, party, url, kinds }).await;
    Ok(Json(receipt.map_err(|problem| discreet(problem, asking.caller.scope()))?.into()))
}

/// Remove a webhook; what waits for it is gone
#[utoipa::path(delete, path = "/webhooks/{id}", tag = "webhooks", params(("id" = WebhookId, Path)), responses(
    (status = 200, body = Receipt),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn remove(State(dashboard): State<Dashboard>, asking: Asking, Id(webhook): Id<WebhookId>) -> Result<Json<Receipt>, Problem> {
    find(&dashboard, &asking.caller, &webhook).await?;
    Ok(Json(asking.send(&dashboard, ExchangeCommand::RemoveWebhook { webhook }).await?.into()))
}

/// An event that its webhook has not taken.
#[derive(Serialize, ToSchema)]
#[schema(as = WebhookLetter)]
struct LetterRow {
    /// Header `webhook-id`.
    id: String,
    number: u64,
    /// Given up; else it waits.
    dead: bool,
    kind: String,
    at: Time,
    tries: u32,
    /// When it is tried again; absent where it is dead, or was never tried.
    due: Option<Time>,
    /// What became of the last try.
    error: Option<String>,
}

impl From<Letter> for LetterRow {
    fn from(letter: Letter) -> Self {
        let Letter { id, number, state, kind, at, tries, due, error } = letter;
        let due = Some(due).filter(|due| *due > Time::ZERO);
        Self { id, number, dead: state == LetterState::Dead, kind, at, tries, due, error }
    }
}

/// What a webhook has not taken, oldest first
#[utoipa::path(get, path = "/webhooks/{id}/letters", tag = "webhooks", params(("id" = WebhookId, Path), Numbered), responses(
    (status = 200, body = List<LetterRow>),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn letters(
    State(dashboard): State<Dashboard>,
    caller: Caller,
    Id(webhook): Id<WebhookId>,
    Params(which): Params<Numbered>,
) -> Result<Json<List<LetterRow>>, Problem> {
    find(&dashboard, &caller, &webhook).await?;
    let page = which.page(std::convert::identity)?;
    let rows = dashboard.tracker.outbox().letters(&webhook, page.after, page.limit).await?;
    Ok(Json(cut(rows, page.limit, |letter| letter.number).map(LetterRow::from)))
}

#[derive(Serialize, ToSchema)]
struct Retried {
    /// Dead letters that wait again.
    letters: u64,
}

/// Tell a webhook once more what it did not take
#[utoipa::path(post, path = "/webhooks/{id}/retry", tag = "webhooks", params(("id" = WebhookId, Path)), responses(
    (status = 200, body = Retried),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn retry(State(dashboard): State<Dashboard>, caller: Caller, Id(webhook): Id<WebhookId>) -> Result<Json<Retried>, Problem> {
    caller.expect_role(&[Role::Customs, Role::Carrier, Role::Operator, Role::Admin])?;
    find(&dashboard, &caller, &webhook).await?;
    Ok(Json(Retried { letters: dashboard.tracker.outbox().retry(&webhook).await? }))
}

/// What the signatures are checked by.
#[derive(Serialize, ToSchema)]
struct WebhookKey {
    /// The platform's Ed25519 key, hex.
    public_key: PublicKey,
    /// The same in the form of Standard Webhooks: `whpk_` and base64.
    webhook_key: String,
}

/// The key that what webhooks are told is signed by
#[utoipa::path(get, path = "/webhooks/key", tag = "webhooks", responses(
    (status = 200, body = WebhookKey),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn key(State(dashboard): State<Dashboard>, _caller: Caller) -> Json<WebhookKey> {
    let public_key = dashboard.tracker.platform_key();
    Json(WebhookKey { public_key, webhook_key: format!("whpk_{}", STANDARD.encode(public_key.as_bytes())) })
}

/// The webhook, or 404 where it is not of the caller's party.
async fn find(dashboard: &Dashboard, caller: &Caller, id: &WebhookId) -> Result<WebhookView, Problem> {
    let found = dashboard.tracker.registry().recorded::<WebhookView>(caller.scope(), id.as_str()).await?;
    let found = found.filter(|view| is_own(caller, view));
    found.ok_or_else(|| Problem::not_found(format!("webhook {id}: expected one that was put by your party")))
}

/// A party sees its own webhooks; who keeps the platform or looks at all of it sees every one.
fn is_own(caller: &Caller, view: &WebhookView) -> bool {
    let principal = caller.principal();
    match principal.role {
        Role::Admin | Role::Auditor => true,
        Role::Customs | Role::Carrier | Role::Operator => view.party == principal.party,
    }
}

impl From<OutboxError> for Problem {
    fn from(error: OutboxError) -> Self {
        Self::internal(&error)
    }
}
