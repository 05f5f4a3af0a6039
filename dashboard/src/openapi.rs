//! The description of the API (OpenAPI 3.1), made of the routes themselves.

use crate::caller::COOKIE;
use crate::routes;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, header};
use bytes::Bytes;
use sealway_schemas::alert::Exculpation;
use sealway_schemas::binding::{BindingView, RiskTierView};
use sealway_schemas::cargo::{CargoView, ConsignmentView, InspectionView};
use sealway_schemas::event::PositionView;
use sealway_schemas::gate::{BarrierCycle, GateDecision, GateView, InspectionDraw, KpiDay, PassCardReading, PassCardView, ReleaseNoteView};
use sealway_schemas::ledger::{LedgerComparison, LedgerImport, LedgerStand, PeriodicDeclaration, PostingView};
use sealway_schemas::movement::StepView;
use sealway_schemas::record::{
    ArrowRuleView, DistrictView, EnquiryView, GrantView, HeldView, InspectionRuleView, ReportedIncident, SignatureRuleView, SigningKeyView,
    StandingOrderView, VerificationView, WebhookView, WithdrawnVersionView,
};
use sealway_schemas::terminal::TerminalView;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Sealway 关途",
        description = "Follows cargo under electronic seal. Times are unix milliseconds. Errors are problem details (RFC 9457) with a \
            stable `code`. A request that changes something may carry `Idempotency-Key`: sent again under the same key it happens once.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    modifiers(&Doors),
    // What events and records hold: no route names them.
    components(schemas(
        ArrowRuleView, BarrierCycle, BindingView, CargoView, ConsignmentView, DistrictView, EnquiryView, Exculpation, GateDecision, GateView, GrantView, HeldView, InspectionDraw, InspectionRuleView, InspectionView, KpiDay, LedgerComparison, LedgerImport, LedgerStand, PassCardReading, PassCardView, PeriodicDeclaration, PositionView, PostingView, ReleaseNoteView, ReportedIncident, RiskTierView, SignatureRuleView, SigningKeyView, StandingOrderView, StepView, TerminalView, VerificationView, WebhookView, WithdrawnVersionView
    )),
    security(("token" = []), ("session" = []))
)]
pub(crate) struct Described;

struct Doors;

impl Modify for Doors {
    fn modify(&self, api: &mut utoipa::openapi::OpenApi) {
        let doors = api.components.get_or_insert_default();
        doors.add_security_scheme("token", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
        doors.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(COOKIE))));
    }
}

/// Every area has its `list` and its `one`; in the description a name stands for one operation only.
pub(crate) fn name_operations(api: &mut utoipa::openapi::OpenApi) {
    for path in api.paths.paths.values_mut() {
        let all = [&mut path.get, &mut path.post, &mut path.put, &mut path.delete];
        for operation in all.into_iter().flatten() {
            let area = operation.tags.iter().flatten().next().cloned().unwrap_or_default();
            operation.operation_id = operation.operation_id.take().map(|name| format!("{area}_{name}"));
        }
    }
}

/// The document as it is served at `/openapi.json`.
pub fn document() -> Result<String, serde_json::Error> {
    let (_, api) = routes::described().split_for_parts();
    let mut text = serde_json::to_string_pretty(&api)?;
    text.push('\n');
    Ok(text)
}

/// The document, made once.
#[derive(Clone)]
pub(crate) struct Document(Bytes);

impl Document {
    pub(crate) fn of(api: &utoipa::openapi::OpenApi) -> Self {
        Self(serde_json::to_vec(api).unwrap_or_default().into())
    }
}

pub(crate) async fn serve(State(document): State<Document>) -> ([(HeaderName, HeaderValue); 1], Bytes) {
    ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], document.0)
}
