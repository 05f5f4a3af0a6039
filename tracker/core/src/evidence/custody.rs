//! Whether the seals that a transfer names speak at all, and whether they are shown to open at its end: a platform that leaves out a whole
//! seal, or the last of its reports, leaves no hole in a counter.

use super::devices::DeviceStatement;
use super::people::Given;
use super::verify::Reason;
use sealway_schemas::command::{Command, CustodyCommand, LedgerCommand, TransferCommand};
use sealway_schemas::{DeviceId, TransferId};

pub(super) fn check(transfer: &TransferId, commands: &[Given], devices: &[DeviceStatement], reasons: &mut Vec<Reason>) {
    let of = |seal: DeviceId| devices.iter().filter(move |statement| statement.device == seal);
    let bound = bound(transfer, commands);
    for (entry, seal) in &bound {
        if of(*seal).next().is_none() {
            let text = format!("device {seal}: the transfer names it, and none of its reports is here");
            reasons.push(Reason::incomplete(Some(*entry), text, format!("关锁 {seal}：转关指定了该锁，但没有其任何报告")));
        }
    }
    let Some(end) = commands.iter().rev().find(|given| ends(&given.command, transfer)).map(|given| given.seq) else { return };
    // In an incident another seal takes the place of the one before, which may never open again.
    if let Some((_, seal)) = bound.iter().rfind(|(entry, _)| *entry < end)
        && of(*seal).next_back().is_some_and(|newest| !opened(newest, end))
    {
        let text = format!("device {seal}: the end of custody is not shown: it was closed when the transfer was concluded");
        reasons.push(Reason::incomplete(Some(end), text, format!("关锁 {seal}：未显示监管终止：转关办结时该锁仍处于施封状态")));
    }
}

/// The seals that were bound to the transfer, each with the entry that did it, without those that were taken off before they were sealed. A
/// draft's is only meant to be.
fn bound(transfer: &TransferId, commands: &[Given]) -> Vec<(u64, DeviceId)> {
    let mut bound: Vec<(u64, DeviceId)> = Vec::new();
    for given in commands {
        match &given.command {
            Command::Transfer(
                TransferCommand::DeclareTransfer { transfer: id, seal, .. } | TransferCommand::BindSeal { transfer: id, seal, .. },
            ) if id == transfer => bound.push((given.seq, *seal)),
            Command::Transfer(TransferCommand::UnbindSeal { transfer: id, seal, .. }) if id == transfer => {
                bound.retain(|(_, kept)| kept != seal);
            }
            _ => {}
        }
    }
    bound
}

fn ends(command: &Command, transfer: &TransferId) -> bool {
    match command {
        Command::Custody(CustodyCommand::VerifyTransfer { transfer: id, .. })
        | Command::Ledger(LedgerCommand::WriteOffTransfer { transfer: id, .. }) => id == transfer,
        _ => false,
    }
}

/// Whether an open seal follows the last closed one that arrived before `end`. What it was closed for afterwards is another's.
fn opened(newest: &DeviceStatement, end: u64) -> bool {
    let closed = newest.reports.iter().filter(|report| report.closed && report.entry < end).map(|report| report.ctr).max();
    closed.is_none_or(|closed| newest.reports.iter().any(|report| report.ctr > closed && !report.closed))
}
