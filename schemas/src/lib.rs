//! The contract between seals, people and the platform: ids, signed messages, commands, log entries, events.
//!
//! Nothing here does I/O and nothing here trusts: a decoded message says what its bytes say, never that they are true.
//! Signatures are checked by those who trust (`sealway-core`, a device), over [`cose::Sign1::to_be_signed`].

pub mod aad;
pub mod alert;
pub mod binding;
pub mod bundle;
pub mod cargo;
mod cbor;
pub mod command;
pub mod cose;
pub mod down;
pub mod enrol;
pub mod entry;
pub mod event;
pub mod gate;
pub mod gateway;
pub mod hello;
pub mod ids;
pub mod ledger;
pub mod link;
pub mod login;
pub mod malformed;
pub mod movement;
#[cfg(feature = "openapi")]
mod openapi;
pub mod photo;
pub mod record;
pub mod refusals;
pub mod report;
pub mod sensors;
pub mod signature;
pub mod succession;
pub mod terminal;
pub mod time;
pub mod topics;
pub mod up;
mod writer;

pub use ids::{
    AlertId, CorridorId, DeviceId, Digest, DistrictId, GateId, KeyId, PartyId, PlaceId, PublicKey, TransferId, UserId, WebhookId,
};
pub use malformed::Malformed;
pub use photo::PhotoHash;
pub use time::Time;
