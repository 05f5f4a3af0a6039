//! `sealway rekey`.

use crate::say::say;
use std::path::Path;

pub(crate) fn run(data: &Path) -> anyhow::Result<()> {
    let key = sealway_tracker::rekey(data)?;
    say!("key {key}: the platform signs by it from its next start on");
    say!("give the lines of `sealway evidence root` to witnesses, and platform.key to each standby");
    Ok(())
}
