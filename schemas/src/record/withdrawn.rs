//! Planned versions of places and corridors that were withdrawn before their time. Like the versions they are everybody's to read.

use super::Recorded;
use crate::event::VersionView;
use crate::movement::By;
use crate::{Time, TransferId};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WithdrawnVersionView {
    /// `place` or `corridor`.
    pub kind: String,
    pub id: String,
    /// As it was planned.
    pub version: VersionView,
    pub at: Time,
    pub by: By,
    pub reason: String,
}

impl Recorded for WithdrawnVersionView {
    const KIND: &'static str = "withdrawn-version";

    fn id(&self) -> String {
        format!("{}.{}.{}.{}", self.kind, self.id, self.version.effective_from.as_ms(), self.at.as_ms())
    }

    fn at(&self) -> Time {
        self.at
    }

    fn transfer(&self) -> Option<&TransferId> {
        None
    }
}
