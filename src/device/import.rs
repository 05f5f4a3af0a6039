//! Provisioning by CSV: every row is tried, what became of it is written down at once, and a second run takes up where the first ended.

use super::arguments::Import;
use super::remote::Remote;
use super::{label, prove};
use anyhow::{Context as _, bail};
use sealway_schemas::{DeviceId, PartyId};
use serde::Deserialize;
use std::path::Path;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    device: String,
    owner: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Enrolled,
    /// By an earlier run.
    Known,
    Refused,
}

impl Outcome {
    fn as_str(self) -> &'static str {
        match self {
            Self::Enrolled => "enrolled",
            Self::Known => "known",
            Self::Refused => "refused",
        }
    }
}

pub(super) fn run(arguments: &Import) -> anyhow::Result<()> {
    let rows = read(&arguments.file)?;
    let remote = Remote::new(&arguments.platform)?;
    if let Some(folder) = &arguments.labels {
        std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    let mut results = csv::Writer::from_path(&arguments.results).with_context(|| arguments.results.display().to_string())?;
    results.write_record(["device", "outcome", "detail"])?;
    let (mut enrolled, mut known, mut refused) = (0_usize, 0_usize, 0_usize);
    for row in &rows {
        let (outcome, detail) = match take(arguments, &remote, row) {
            Ok(outcome) => (outcome, String::new()),
            Err(error) => (Outcome::Refused, format!("{error:#}")),
        };
        match outcome {
            Outcome::Enrolled => enrolled += 1,
            Outcome::Known => known += 1,
            Outcome::Refused => refused += 1,
        }
        results.write_record([row.device.as_str(), outcome.as_str(), &detail])?;
        results.flush()?;
        eprintln!("{} of {}: {} {}", enrolled + known + refused, rows.len(), row.device, outcome.as_str());
    }
    crate::say::say!("{enrolled} enrolled, {known} known before, {refused} refused");
    if refused > 0 {
        bail!("{refused} of {} devices were refused: see {}", rows.len(), arguments.results.display());
    }
    Ok(())
}

/// All rows, or the first one that is none: nothing is begun with a file that is not what it should be.
fn read(path: &Path) -> anyhow::Result<Vec<Row>> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_path(path).with_context(|| path.display().to_string())?;
    reader.deserialize().collect::<Result<Vec<Row>, _>>().with_context(|| format!("{}: expected the columns device, owner", path.display()))
}

fn take(arguments: &Import, remote: &Remote, row: &Row) -> anyhow::Result<Outcome> {
    let device: DeviceId = row.device.parse()?;
    let owner = row.owner.as_deref().filter(|owner| !owner.is_empty()).map(str::parse::<PartyId>).transpose()?;
    let outcome = match prove::enrol(remote, &arguments.prover, &device, owner.as_ref()) {
        Ok(_) => Outcome::Enrolled,
        Err(error) if error.to_string().contains(" device-enrolled:") => Outcome::Known,
        Err(error) => return Err(error),
    };
    if let Some(folder) = &arguments.labels {
        std::fs::write(folder.join(format!("{device}.svg")), label::svg(&device)?)?;
    }
    Ok(outcome)
}
