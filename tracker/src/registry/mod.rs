//! The registry: rows that people look at, in SQLite. A view of the log: it may lag, it may be thrown away, it blocks nobody.
//!
//! Every read takes a [`Scope`]; there is no query without one. Rows are kept as their JSON beside the columns that queries need.

mod auth;
mod compare;
mod page;
mod project;
mod read;
mod schema;
mod scope;
mod write;

pub use auth::Principal;
pub(crate) use compare::{Inspected, differing, inspect};
pub use page::{AlertFilter, DeviceFilter, NotARecordKey, Page, RecordFilter, RecordKey, TransferFilter};
pub(crate) use project::{Projector, Reached};
pub use scope::Scope;

use crate::config::Clock;
use sqlx::sqlite::SqlitePool;
use std::path::PathBuf;
use std::sync::Arc;

#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    #[error("registry {}: {source}", path.display())]
    Open { path: PathBuf, source: sqlx::Error },
    #[error("registry: {0}")]
    Sql(#[from] sqlx::Error),
    #[error("registry: row of {table}: {source}")]
    Row { table: &'static str, source: serde_json::Error },
    #[error("registry: {path}: {source}", path = path.display())]
    File { path: PathBuf, source: std::io::Error },
}

/// Scoped reads. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Registry {
    pub(crate) pool: SqlitePool,
    pub(crate) clock: Arc<dyn Clock>,
}
