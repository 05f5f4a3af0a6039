//! Whether the seals that a transfer names speak at all, and whether they are shown to open at its end: a platform that leaves out a whole
//! seal, or the last of its reports, leaves no hole in a counter.

use super::devices::DeviceStatement;
use super::people::Given;
use super::route::Declared;
use super::verify::Reason;
use sealway_schemas::command::{Command, CustodyCommand, LedgerCommand, TransferCommand};
use sealway_schemas::{DeviceId, TransferId};
use std::collections::BTreeSet;

pub(super) fn check(
    transfer: &TransferId,
    declared: &Declared,
    (commands, devices): (&[Given], &[DeviceStatement]),
    reasons: &mut Vec<Reason>,
) {
    let ended = commands.iter().rev().find(|given| ends(&given.command, transfer)).map(|given| given.seq);
    for seal in bound(transfer, declared, commands) {
        let statements: Vec<&DeviceStatement> = devices.iter().filter(|statement| statement.device == seal).collect();
        if statements.is_empty() {
            let text = format!("device {seal}: the transfer names it, and none of its reports is here");
            reasons.push(Reason::incomplete(None, text, format!("关锁 {seal}：转关指定了该锁，但没有其任何报告")));
        }
        if let Some(entry) = ended.filter(|entry| !opened(&statements, *entry)) {
            let text = format!("device {seal}: the end of custody is not shown: it was closed when the transfer was concluded");
            reasons.push(Reason::incomplete(Some(entry), text, format!("关锁 {seal}：未显示监管终止：转关办结时该锁仍处于施封状态")));
        }
    }
}

/// The seals that the transfer was declared with or that were bound to it, without those that were taken off.
fn bound(transfer: &TransferId, declared: &Declared, commands: &[Given]) -> BTreeSet<DeviceId> {
    let mut bound: BTreeSet<DeviceId> = declared.seal.parse().into_iter().collect();
    for given in commands {
        match &given.command {
            Command::Transfer(TransferCommand::BindSeal { transfer: id, seal, .. }) if id == transfer => {
                bound.insert(*seal);
            }
            Command::Transfer(TransferCommand::UnbindSeal { transfer: id, seal, .. }) if id == transfer => {
                bound.remove(seal);
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

/// Whether an open seal follows the last closed one that arrived before `entry`. What it was closed for afterwards is another's.
fn opened(statements: &[&DeviceStatement], entry: u64) -> bool {
    let Some(last) = statements.last() else { return true };
    let closed = last.reports.iter().filter(|report| report.closed && report.entry < entry).map(|report| report.ctr).max();
    closed.is_none_or(|closed| last.reports.iter().any(|report| report.ctr > closed && !report.closed))
}
