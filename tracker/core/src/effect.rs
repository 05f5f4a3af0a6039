//! What the judge wants done. The driver does it after the commit, in this order.

use crate::atlas::{Put, Subject};
use crate::order::Outcome;
use crate::terminal::Sighted;
use crate::verify::Refusal;
use sealway_schemas::down::Down;
use sealway_schemas::entry::Entry;
use sealway_schemas::event::{
    AlertView, CorridorView, DeviceView, Event, PartyView, PlaceView, TokenView, TransferView, UserView, VersionView,
};
use sealway_schemas::movement::{Arrow, MovementState};
use sealway_schemas::record::Record;
use sealway_schemas::{DeviceId, PublicKey, Time, TransferId, WebhookId};
use sha2::{Digest as _, Sha256};

#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// To the evidence log. On replay it is there already.
    Append(Entry),
    /// What became of a report. It is on disk once the appends before it are.
    Outcome {
        device: DeviceId,
        ctr: u64,
        outcome: Outcome,
        bytes_len: usize,
    },
    /// A verified report of a device that is no longer known: nothing was kept.
    ReportRefused {
        device: DeviceId,
        ctr: u64,
        refusal: Refusal,
    },
    /// What became of a terminal's frame.
    Sighted(Sighted),
    /// An ack is due: build it by `Core::ack`, once for all reports of the tick.
    Ack(DeviceId),
    Down {
        device: DeviceId,
        down: Down,
    },
    LoginRefused {
        device: DeviceId,
        refusal: LoginRefusal,
    },
    Refused(CommandRefusal),
    Accepted(CommandReceipt),
    Keys(KeyChange),
    /// A row of a view as it is now.
    Row(Box<Row>),
    Event(Box<Event>),
    /// For the outbox: what other systems are to be told.
    Outbox(Box<Outbound>),
    /// The device's newest report changed, and with it its transfer's progress, or a terminal's newest sighting: ask for the views when it
    /// suits.
    Moved(DeviceId),
    /// The device's connection must end.
    Close(DeviceId),
}

/// For the keyrings of the verify workers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyChange {
    Enrolled { device: DeviceId, key: PublicKey },
    EpochKey { device: DeviceId, key: PublicKey },
    Revoked { device: DeviceId },
}

#[derive(Debug, Clone, PartialEq)]
pub enum Row {
    Party(PartyView),
    User(UserView),
    Token(TokenView),
    /// The version in force.
    Place(PlaceView),
    Corridor(CorridorView),
    Version(DrawnVersion),
    /// The planned version for that time is no more.
    Withdrawn(Subject, Time),
    Device(DeviceView),
    Transfer(TransferView),
    Alert(AlertView),
    Record(Record),
}

/// A version of a place or a corridor, whether it is in force or not.
#[derive(Debug, Clone, PartialEq)]
pub struct DrawnVersion {
    pub subject: Subject,
    pub view: VersionView,
    /// GeoJSON, the text that the view's digest is of.
    pub feature: String,
}

impl DrawnVersion {
    pub(crate) fn new(subject: Subject, put: &Put, feature: String) -> Self {
        let digest = hex::encode(Sha256::digest(feature.as_bytes()));
        let view = VersionView { effective_from: put.from, put_at: put.at, put_by: put.by.clone(), digest };
        Self { subject, view, feature }
    }
}

/// What goes into the outbox. A replay gives the same again, under the same numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outbound {
    /// Where a webhook's events go from here on.
    Webhook {
        webhook: WebhookId,
        url: String,
    },
    /// What was told up to this number is nobody's any more.
    Removed {
        webhook: WebhookId,
        upto: u64,
    },
    Event(Told),
}

/// An event for one webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    pub webhook: WebhookId,
    /// Counted up for each webhook, from 1 and without a gap.
    pub number: u64,
    pub at: Time,
    pub kind: &'static str,
    /// JSON, as it is to be signed and sent.
    pub body: String,
}

impl Told {
    /// Stable: the same event is told under the same id, however often.
    #[must_use]
    pub fn id(&self) -> String {
        event_id(&self.webhook, self.number)
    }
}

/// The id of a webhook's event: `<webhook>-<number>`.
#[must_use]
pub fn event_id(webhook: &WebhookId, number: u64) -> String {
    format!("{webhook}-{number}")
}

/// A command that was not taken. Nothing changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {detail}")]
pub struct CommandRefusal {
    /// Stable, kebab-case; the interface translates it.
    pub code: &'static str,
    /// Names the value and what was expected.
    pub detail: String,
    /// Of an arrow of a transfer's life that may not be gone.
    pub step: Option<RefusedStep>,
}

/// An arrow that was asked for, where the transfer stands, and what it needs first; the words of `missing` are stable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedStep {
    pub state: MovementState,
    pub arrow: Arrow,
    pub missing: Vec<&'static str>,
}

impl CommandRefusal {
    pub(crate) fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), step: None }
    }

    /// The same of an arrow that was asked for.
    pub(crate) fn at(self, step: RefusedStep) -> Self {
        Self { step: Some(step), ..self }
    }

    pub(crate) fn step(code: &'static str, transfer: &TransferId, step: RefusedStep) -> Self {
        let RefusedStep { state, arrow, missing } = &step;
        let needs = if missing.is_empty() { "a state that it starts from".to_owned() } else { missing.join(", ") };
        let detail = format!("transfer {transfer}: is {}, arrow {} asked for, expected {needs}", state.as_str(), arrow.as_str());
        Self { code, detail, step: Some(step) }
    }
}

/// A command that was taken, now or before under the same key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandReceipt {
    pub at: Time,
    /// The command's `type`.
    pub command: String,
    /// Id of what it is about: party, device, transfer, alert ...
    pub subject: String,
    /// The same key came before: nothing changed this time.
    pub repeated: bool,
    /// What was asked for beside the change, as JSON: a gate's decision, the lines of an import. The same again for the same key.
    pub answer: Option<serde_json::Value>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoginRefusal {
    #[error("device {0}: not enrolled")]
    UnknownDevice(DeviceId),
    #[error("device {0}: revoked")]
    Revoked(DeviceId),
    #[error("login of device {device} at {t}: expected later than its last one at {last}")]
    Replayed { device: DeviceId, t: Time, last: Time },
}
