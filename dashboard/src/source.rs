//! What has a track: a seal, whose reports are signed, or a terminal, whose are not.

use crate::caller::Caller;
use crate::problem::Problem;
use crate::state::Dashboard;
use crate::track::visible_since;
use sealway_schemas::terminal::{Grade, TerminalView};
use sealway_schemas::{DeviceId, Time};

/// A seal or a terminal, as far as the caller may see it.
pub(crate) struct Source {
    pub(crate) grade: Grade,
    /// What was received before is not the caller's to see.
    pub(crate) since: Time,
}

/// The seal or terminal, or 404 where it is not within the caller's scope.
pub(crate) async fn find(dashboard: &Dashboard, caller: &Caller, id: &DeviceId) -> Result<Source, Problem> {
    if let Some(device) = dashboard.tracker.registry().device(caller.scope(), id).await? {
        return Ok(Source { grade: Grade::Signed, since: visible_since(caller.scope(), &device) });
    }
    let terminal = dashboard.tracker.registry().recorded::<TerminalView>(caller.scope(), id.as_str()).await?;
    let refused = || Problem::not_found(format!("device {id}: expected one that is enrolled or registered, and yours to see"));
    let terminal = terminal.ok_or_else(refused)?;
    let since = if caller.scope().limited_to().is_none() { Time::ZERO } else { terminal.registered_at };
    Ok(Source { grade: Grade::Unsigned, since })
}
