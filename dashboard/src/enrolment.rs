//! Enrolment: the owner asks for a challenge, the device signs it, its cursor starts where the proof says.

use crate::body::Body;
use crate::caller::Caller;
use crate::challenges::Challenges;
use crate::commands::{Asking, created};
use crate::problem::{Problem, ProblemBody};
use crate::state::{Dashboard, random};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use sealway_schemas::command::{DeviceCommand, Role};
use sealway_schemas::{DeviceId, PartyId, PublicKey, Time};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Dashboard> {
    OpenApiRouter::new().routes(routes!(ask)).routes(routes!(enrol))
}

#[derive(Serialize, ToSchema)]
struct EnrolmentChallenge {
    /// 32 bytes, hex.
    challenge: String,
    expires_at: Time,
}

/// Ask for an enrolment challenge
#[utoipa::path(post, path = "/devices/enrolment-challenges", tag = "devices", responses(
    (status = 201, body = EnrolmentChallenge),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn ask(State(dashboard): State<Dashboard>, caller: Caller) -> Result<(StatusCode, Json<EnrolmentChallenge>), Problem> {
    caller.expect_role(&[Role::Carrier, Role::Customs, Role::Admin])?;
    let challenge = random();
    let challenges: &Challenges = &dashboard.challenges;
    let expires_at = challenges.issue(dashboard.tracker.now(), &caller.principal().user, challenge)?;
    Ok((StatusCode::CREATED, Json(EnrolmentChallenge { challenge: hex::encode(challenge), expires_at })))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewDevice {
    device: DeviceId,
    public_key: PublicKey,
    /// The challenge that was asked for, hex.
    challenge: String,
    /// The COSE_Sign1 that the device made over it, hex.
    proof: String,
    /// The caller's own party where it is left out.
    owner: Option<PartyId>,
}

#[derive(Serialize, ToSchema)]
struct Enrolled {
    id: DeviceId,
    /// What signs the platform's messages to the device.
    platform_key: PublicKey,
    at: Time,
    repeated: bool,
}

/// Enrol a device
#[utoipa::path(post, path = "/devices", tag = "devices", request_body = NewDevice, responses(
    (status = 201, body = Enrolled),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn enrol(State(dashboard): State<Dashboard>, asking: Asking, Body(new): Body<NewDevice>) -> Result<Response, Problem> {
    asking.caller.expect_role(&[Role::Carrier, Role::Customs, Role::Admin])?;
    let NewDevice { device, public_key, challenge, proof, owner } = new;
    let principal = asking.caller.principal();
    let bytes = challenge_bytes(&challenge)?;
    dashboard.challenges.spend(dashboard.tracker.now(), &principal.user, &bytes, &asking.key)?;
    let owner = owner.unwrap_or_else(|| principal.party.clone());
    let receipt = asking.send(&dashboard, DeviceCommand::EnrolDevice { device, owner, public_key, challenge, proof }).await?;
    let platform_key = dashboard.tracker.platform_key();
    let enrolled = Enrolled { id: device, platform_key, at: receipt.at, repeated: receipt.repeated };
    Ok(created("devices", device.as_str(), enrolled))
}

fn challenge_bytes(text: &str) -> Result<[u8; 32], Problem> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes).map_err(|_| {
        let shown: String = text.chars().take(80).collect();
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "not-hex", format!("challenge {shown:?}: expected 32 bytes in hex"))
    })?;
    Ok(bytes)
}
