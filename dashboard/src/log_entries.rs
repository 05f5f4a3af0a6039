//! The evidence log as a list, for those who see all: what each entry is, newest first, or what came in one millisecond.

use crate::caller::Caller;
use crate::list::{List, cut, page};
use crate::problem::{Problem, ProblemBody};
use crate::request::Params;
use crate::state::Dashboard;
use axum::Json;
use axum::extract::State;
use sealway_schemas::command::{Command, Role};
use sealway_schemas::entry::Entry;
use sealway_schemas::report::Report;
use sealway_schemas::{DeviceId, PartyId, Time, UserId};
use sealway_tracker::{TreeError, TreeReader};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Dashboard> {
    OpenApiRouter::new().routes(routes!(entries))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Which {
    /// `next` of the page before: entries below this number.
    after: Option<u64>,
    /// 1 to 500.
    limit: Option<u32>,
    /// Only what came in this millisecond.
    at: Option<Time>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum EntryKind {
    Report,
    Login,
    Command,
    StrictFailed,
    Generation,
    StateLost,
    Refusals,
    Policy,
    Rekey,
    Unsigned,
}

/// What an entry is; `/log/entries/N` has all of it.
#[derive(Serialize, ToSchema)]
struct EntryHead {
    seq: u64,
    /// When it came.
    at: Time,
    kind: EntryKind,
    device: Option<DeviceId>,
    /// Of a report.
    ctr: Option<u64>,
    /// Who sent a command, and in which role.
    user: Option<UserId>,
    party: Option<PartyId>,
    role: Option<Role>,
    /// The command's type, and what it is about.
    command: Option<String>,
    subject: Option<String>,
    /// Whether the command carries a person's signature.
    signed: bool,
}

/// Entries of the log, newest first
#[utoipa::path(get, path = "/log/entries", tag = "log", params(Which), responses(
    (status = 200, body = List<EntryHead>),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn entries(
    State(dashboard): State<Dashboard>,
    caller: Caller,
    Params(which): Params<Which>,
) -> Result<Json<List<EntryHead>>, Problem> {
    caller.expect_to_see_all()?;
    let page = page(which.after, which.limit)?;
    let tree = dashboard.tracker.tree().clone();
    let read = tokio::task::spawn_blocking(move || {
        let size = tree.checkpoint().map(|signed| signed.checkpoint.size).unwrap_or_default();
        let below = page.after.unwrap_or(size).min(size);
        match which.at {
            Some(at) => came_at(&tree, below, at, page.limit),
            None => newest(&tree, below, page.limit),
        }
    });
    let heads = read.await.map_err(|error| Problem::internal(&error))??;
    Ok(Json(cut(heads, page.limit, |head| head.seq)))
}

fn newest(tree: &TreeReader, below: u64, limit: u32) -> Result<Vec<EntryHead>, TreeError> {
    let count = below.min(u64::from(limit));
    let first = below - count;
    let mut heads = read(tree, first, count)?;
    heads.reverse();
    Ok(heads)
}

/// The log is in the order of arrival, so what came in a millisecond lies together.
fn came_at(tree: &TreeReader, below: u64, at: Time, limit: u32) -> Result<Vec<EntryHead>, TreeError> {
    let (mut low, mut high) = (0, below);
    while low < high {
        let middle = low + (high - low) / 2;
        let before = read(tree, middle, 1)?.first().is_some_and(|head| head.at < at);
        if before { low = middle + 1 } else { high = middle }
    }
    let mut heads = read(tree, low, u64::from(limit))?;
    heads.retain(|head| head.at == at && head.seq < below);
    heads.reverse();
    Ok(heads)
}

fn read(tree: &TreeReader, first: u64, count: u64) -> Result<Vec<EntryHead>, TreeError> {
    let entries = tree.entries(first, usize::try_from(count).unwrap_or(usize::MAX), usize::MAX)?;
    Ok((first..).zip(&entries).filter_map(|(seq, entry)| Some(head(seq, Entry::decode(entry).ok()?))).collect())
}

fn head(seq: u64, entry: Entry) -> EntryHead {
    let plain = EntryHead {
        seq,
        at: entry.at(),
        kind: kind(&entry),
        device: entry.device().copied(),
        ctr: None,
        user: None,
        party: None,
        role: None,
        command: None,
        subject: None,
        signed: false,
    };
    match entry {
        Entry::Report { bytes, .. } => EntryHead { ctr: Report::parse(&bytes).ok().map(|(_, report)| report.ctr()), ..plain },
        Entry::Command { by, body, signature, .. } => {
            let command = Command::parse(&body).ok();
            EntryHead {
                user: Some(by.user),
                party: Some(by.party),
                role: Some(by.role),
                command: command.as_ref().map(|command| command.kind().to_owned()),
                subject: command.map(|command| command.subject()),
                signed: signature.is_some(),
                ..plain
            }
        }
        Entry::StrictFailed { ctr, .. } => EntryHead { ctr: Some(ctr), ..plain },
        Entry::Login { .. }
        | Entry::Generation { .. }
        | Entry::StateLost { .. }
        | Entry::Refusals { .. }
        | Entry::Policy { .. }
        | Entry::Rekey { .. }
        | Entry::Unsigned { .. } => plain,
    }
}

fn kind(entry: &Entry) -> EntryKind {
    match entry {
        Entry::Report { .. } => EntryKind::Report,
        Entry::Login { .. } => EntryKind::Login,
        Entry::Command { .. } => EntryKind::Command,
        Entry::StrictFailed { .. } => EntryKind::StrictFailed,
        Entry::Generation { .. } => EntryKind::Generation,
        Entry::StateLost { .. } => EntryKind::StateLost,
        Entry::Refusals { .. } => EntryKind::Refusals,
        Entry::Policy { .. } => EntryKind::Policy,
        Entry::Rekey { .. } => EntryKind::Rekey,
        Entry::Unsigned { .. } => EntryKind::Unsigned,
    }
}
