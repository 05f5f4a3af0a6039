//! The HTTP API, the live events and the web interface.
//!
//! A route reads views through the caller's [`Scope`](sealway_tracker::Scope), or sends a command to the tracker; it decides nothing
//! itself. Absent on purpose: state of the trade, and any route that changes something without a named signer.

mod alerts;
mod basemap;
mod body;
mod caller;
mod challenges;
mod collection;
mod commands;
mod connections;
mod corridors;
mod device_errors;
mod devices;
mod enrolment;
mod events;
mod evidence;
mod exchange;
mod figures;
mod gates;
mod gateways;
mod health;
mod json;
mod kpis;
mod ledger;
mod list;
mod log_entries;
mod log_state;
mod me;
mod metrics;
mod openapi;
mod parties;
mod photos;
mod places;
mod problem;
mod qr;
mod records;
mod reports;
mod request;
mod routes;
mod security;
mod series;
mod serve;
mod sign_in;
mod smaller;
mod source;
mod standby;
mod state;
mod throttle;
mod tlog;
mod tokens;
mod track;
mod transfers;
mod users;
mod versions;
mod web;
mod webhooks;
mod witness;

pub use basemap::{Basemap, BasemapFault, StyleUrl};
pub use openapi::document;
pub use routes::router;
pub use serve::serve;
pub use sign_in::{OidcClaim, OidcMistake, OidcRules, Outside, OutsideAnswer, OutsideRequest, SignInRules};
pub use state::Dashboard;
pub use witness::witness_router;
