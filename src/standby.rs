//! `sealway standby`: follows a primary's log, and says how far it is. What it has, seals may overwrite.

use crate::cli;
use crate::config::{Log, LogFormat};
use crate::{logging, outbound};
use anyhow::{Context as _, bail};
use sealway_tracker::Standby;
use std::io::Read as _;
use std::time::Duration;

/// An answer is at most this long: one entry may be larger than what is asked for.
const ANSWER_BYTES: u64 = 64 << 20;
const RETRY: Duration = Duration::from_secs(2);

pub(crate) fn run(arguments: &cli::Standby) -> anyhow::Result<()> {
    logging::start(&Log { format: LogFormat::Pretty, filter: "info".to_owned() });
    if !arguments.data.join("VERSION").exists() {
        bail!("{}: expected a backup of the primary (sealway backup)", arguments.data.display());
    }
    let mut standby = Standby::open(&arguments.data).with_context(|| format!("data folder {}", arguments.data.display()))?;
    let primary = Primary::new(arguments)?;
    tracing::info!(entries = standby.next_seq(), "following {}", primary.base);
    loop {
        match follow(&mut standby, &primary) {
            Ok(0) if arguments.until_level => return Ok(()),
            Ok(_) => {}
            Err(Failure::Primary(error)) => {
                tracing::warn!(error = format!("{error:#}"), "the primary gives no answer; asked again");
                std::thread::sleep(RETRY);
            }
            Err(Failure::Own(error)) => return Err(error),
        }
    }
}

enum Failure {
    /// May be better the next time.
    Primary(anyhow::Error),
    /// Never mends itself: this log is not the primary's, or the disk fails.
    Own(anyhow::Error),
}

/// One round; how many entries it brought.
fn follow(standby: &mut Standby, primary: &Primary) -> Result<usize, Failure> {
    let entries = primary.entries(standby.next_seq()).map_err(Failure::Primary)?;
    let (size, root) = standby.take(&entries).map_err(|error| Failure::Own(error.into()))?;
    if size > 0 {
        primary.confirm(size, &root.to_string())?;
    }
    if !entries.is_empty() {
        tracing::info!(entries = size, "level with the primary's checkpoint or on the way there");
    }
    Ok(entries.len())
}

struct Primary {
    agent: ureq::Agent,
    base: String,
    bearer: String,
}

impl Primary {
    fn new(arguments: &cli::Standby) -> anyhow::Result<Self> {
        let base = arguments.primary.trim_end_matches('/').to_owned();
        outbound::expect_private(&base).context("primary")?;
        let agent = outbound::agent(arguments.authority.as_deref())?;
        let token = std::fs::read_to_string(&arguments.token_file).with_context(|| arguments.token_file.display().to_string())?;
        Ok(Self { agent, base, bearer: format!("Bearer {}", token.trim()) })
    }

    fn entries(&self, from: u64) -> anyhow::Result<Vec<Vec<u8>>> {
        let request = self.agent.get(format!("{}/api/v1/log/frames?from={from}", self.base)).header("authorization", &self.bearer);
        let mut body = Vec::new();
        let mut answer = request.call()?;
        if answer.status() != 200 {
            bail!("{}: {}", self.base, answer.status());
        }
        answer.body_mut().as_reader().take(ANSWER_BYTES).read_to_end(&mut body)?;
        let mut entries = Vec::new();
        let mut rest = body.as_slice();
        while let Some((length, after)) = rest.split_first_chunk::<4>() {
            let length = usize::try_from(u32::from_be_bytes(*length))?;
            let (entry, after) = after.split_at_checked(length).context("an entry ends early")?;
            entries.push(entry.to_vec());
            rest = after;
        }
        Ok(entries)
    }

    fn confirm(&self, size: u64, root: &str) -> Result<(), Failure> {
        let request = self.agent.post(format!("{}/api/v1/log/confirmations", self.base)).header("authorization", &self.bearer);
        match request.send_json(serde_json::json!({"size": size, "root": root})) {
            Ok(answer) if answer.status() == 409 => {
                Err(Failure::Own(anyhow::anyhow!("the primary's log of {size} entries is another one: expected a backup of this primary")))
            }
            Ok(answer) if !answer.status().is_success() => Err(Failure::Primary(anyhow::anyhow!("{}: {}", self.base, answer.status()))),
            Ok(_) => Ok(()),
            Err(error) => Err(Failure::Primary(error.into())),
        }
    }
}
