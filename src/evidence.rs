//! `sealway evidence`: bundles out of a data folder, and their check on any machine.

use crate::cli::{EvidenceCommand, Export, Report};
use crate::say::say;
use anyhow::{Context as _, bail};
use sealway_schemas::TransferId;
use sealway_tracker::checking::{LogKeys, Trust, Verdict};
use sealway_tracker::{TreeReader, evidence};
use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::process::ExitCode;

/// The file is no evidence at all, or the trust root no key.
const UNREADABLE: u8 = 65;

pub(crate) fn run(command: &EvidenceCommand) -> anyhow::Result<ExitCode> {
    match command {
        EvidenceCommand::Root { data } => {
            say!("{}", sealway_tracker::log_keys(data)?);
            Ok(ExitCode::SUCCESS)
        }
        EvidenceCommand::Export(arguments) => export(arguments).map(|()| ExitCode::SUCCESS),
        EvidenceCommand::Verify { file, trust, report } => verify(file, trust, *report),
    }
}

fn export(arguments: &Export) -> anyhow::Result<()> {
    let tree = TreeReader::open(&arguments.data).with_context(|| format!("data folder {}", arguments.data.display()))?;
    let trust = sealway_tracker::log_keys(&arguments.data)?;
    let output = &arguments.output;
    let transfers = match &arguments.transfer {
        Some(transfer) => return write(&tree, transfer, &trust, output),
        None => evidence::declared(&tree)?,
    };
    std::fs::create_dir_all(output).with_context(|| output.display().to_string())?;
    for (number, transfer) in (1..).zip(&transfers) {
        write(&tree, transfer, &trust, &output.join(format!("{transfer}.zip")))?;
        eprintln!("{number} of {}: {transfer}", transfers.len());
    }
    Ok(())
}

fn write(tree: &TreeReader, transfer: &TransferId, trust: &LogKeys, output: &Path) -> anyhow::Result<()> {
    let bundle = evidence::gather(tree, transfer, &|entries| eprintln!("{entries} entries looked at"))?;
    let bytes = evidence::write(&bundle, trust)?;
    std::fs::write(output, &bytes).with_context(|| output.display().to_string())?;
    say!("{}: {} entries, {} bytes", output.display(), bundle.entries.len(), bytes.len());
    Ok(())
}

fn verify(file: &Path, trust: &Path, report: Option<Report>) -> anyhow::Result<ExitCode> {
    let Ok(checked) = read(file, trust).inspect_err(|error| eprintln!("sealway: {error:#}")) else {
        return Ok(ExitCode::from(UNREADABLE));
    };
    match report {
        Some(Report::Json) => say!("{}", serde_json::to_string(&checked)?),
        None => {
            checked.reasons.iter().for_each(|reason| say!("{reason}"));
            let reports: usize = checked.devices.iter().map(|device| device.reports.len()).sum();
            for seen in &checked.witnessed {
                say!("witness {} saw {} entries at {}", seen.witness, seen.entries, seen.at.utc());
            }
            say!("transfer {}, {reports} reports, log {} of {} entries", checked.transfer, checked.log, checked.size);
            say!("{}", word(checked.verdict));
        }
    }
    Ok(match checked.verdict {
        Verdict::Genuine => ExitCode::SUCCESS,
        Verdict::Incomplete => ExitCode::from(1),
        Verdict::Forged => ExitCode::from(2),
    })
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Genuine => "genuine 真实完整",
        Verdict::Incomplete => "incomplete 不完整",
        Verdict::Forged => "forged 伪造",
    }
}

fn read(file: &Path, trust: &Path) -> anyhow::Result<sealway_tracker::checking::Checked> {
    let key = std::fs::read_to_string(trust).with_context(|| trust.display().to_string())?;
    let key = Trust::parse(&key).with_context(|| format!("{}: expected what `sealway evidence root` prints", trust.display()))?;
    let opened = File::open(file).with_context(|| file.display().to_string())?;
    let checked = evidence::read(BufReader::new(opened), &key).with_context(|| file.display().to_string())?;
    if checked.devices.is_empty() && checked.reasons.is_empty() {
        bail!("{}: holds no reports", file.display());
    }
    Ok(checked)
}
