//! The seven codes of the Eurasian Economic Union's navigation seals.

use super::story::Story;
use sealway_schemas::event::AlertKind;
use sealway_schemas::{AlertId, DeviceId, Time, TransferId};
use serde::Serialize;
use utoipa::ToSchema;

/// What a navigation seal reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = EaeuCode)]
pub(super) enum Code {
    #[serde(rename = "01")]
    ElementBroken,
    #[serde(rename = "02")]
    HousingBroken,
    #[serde(rename = "03")]
    OffRoute,
    #[serde(rename = "04")]
    SealFault,
    /// Under 15 %.
    #[serde(rename = "05")]
    LowBattery,
    #[serde(rename = "06")]
    TwoPeriodsWithoutReports,
    #[serde(rename = "07")]
    UnauthorisedAction,
}

#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = EaeuMessage)]
pub(super) struct Message {
    code: Code,
    transfer: TransferId,
    seal: DeviceId,
    alert: AlertId,
    happened_at: Time,
    cleared_at: Option<Time>,
}

pub(super) fn messages(story: &Story) -> Vec<Message> {
    let coded = story.alerts.iter().filter_map(|alert| Some((code(alert.kind)?, alert)));
    let told = coded.map(|(code, alert)| Message {
        code,
        transfer: story.transfer.id.clone(),
        seal: alert.device,
        alert: alert.id,
        happened_at: alert.happened_at,
        cleared_at: alert.cleared_at,
    });
    told.collect()
}

/// What is about papers, gates and clocks has no code: the list knows only the seal and its way.
pub(super) fn code(kind: AlertKind) -> Option<Code> {
    Some(match kind {
        AlertKind::CableCut => Code::ElementBroken,
        AlertKind::HousingOpened | AlertKind::SealStolen => Code::HousingBroken,
        AlertKind::Deviation | AlertKind::WrongDirection | AlertKind::WaypointMissed | AlertKind::StopOutsidePlace => Code::OffRoute,
        AlertKind::DeviceFault | AlertKind::StateLost => Code::SealFault,
        AlertKind::LowBattery => Code::LowBattery,
        AlertKind::Silence => Code::TwoPeriodsWithoutReports,
        AlertKind::OpenedWithoutGrant
        | AlertKind::EpochChanged
        | AlertKind::Equivocation
        | AlertKind::PrevMismatch
        | AlertKind::WrongKey
        | AlertKind::StrictFailed
        | AlertKind::TwoPlaces
        | AlertKind::MountLost
        | AlertKind::DeviceRemoved
        | AlertKind::Jamming
        | AlertKind::Spoofing
        | AlertKind::ForcedEntry
        | AlertKind::WrongCredential => Code::UnauthorisedAction,
        AlertKind::Hole
        | AlertKind::ImpossibleSpeed
        | AlertKind::Overstay
        | AlertKind::TruckDrift
        | AlertKind::SpoofingSuspected
        | AlertKind::ClockOff
        | AlertKind::ShockStorm
        | AlertKind::LightInside
        | AlertKind::WrongUnit
        | AlertKind::WrongSeal
        | AlertKind::FalseArrival
        | AlertKind::NoteReused
        | AlertKind::Tailgating
        | AlertKind::LaneChange
        | AlertKind::PartialCargo
        | AlertKind::UnreleasedDeparture
        | AlertKind::Overdue
        | AlertKind::ResultsOverdue
        | AlertKind::LedgerDifference
        | AlertKind::IncidentReported
        | AlertKind::AlertStorm => return None,
    })
}
