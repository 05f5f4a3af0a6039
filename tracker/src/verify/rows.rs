//! The registry against the log: rows made anew from every entry, beside the rows that lie there.

use super::{Found, Verified, replayed};
use crate::config::TrackerConfig;
use crate::driver::replay::ReplayError;
use crate::open::{self, OpenError};
use crate::registry::{Inspected, RegistryError, differing, inspect};

pub(super) async fn compare(config: TrackerConfig, verified: &mut Verified) -> Result<(), OpenError> {
    let for_load = config.clone();
    let loaded = tokio::task::spawn_blocking(move || replayed(&for_load)).await.map_err(|_| OpenError::Interrupted)?;
    let mut loaded = match loaded {
        Ok(loaded) => loaded,
        Err(OpenError::Replay(error)) => {
            verified.found.push(of_replay(&error));
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    let kept = loaded.data_dir.registry();
    let Inspected { rows: reached, faults } = inspect(&kept).await;
    verified.found.extend(faults.into_iter().map(|fault| in_registry(None, fault)));
    if reached != Some(loaded.log.next_seq()) {
        return Ok(());
    }
    let rows = open::rows(&mut loaded.state);
    let count = rows.len() as u64;
    let fresh = loaded.data_dir.root().join("registry.verify");
    match differing(&kept, &fresh, rows, config.clock.clone()).await {
        Ok(found) => {
            verified.registry_rows = Some(count);
            let differs = |(table, key)| in_registry(Some(format!("{table} {key}")), "not what the log says".to_owned());
            verified.found.extend(found.into_iter().map(differs));
        }
        Err(RegistryError::Sql(error)) => verified.found.push(in_registry(None, error.to_string())),
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

fn in_registry(row: Option<String>, fault: String) -> Found {
    Found { file: "registry.sqlite".to_owned(), entry: None, row, fault }
}

fn of_replay(error: &ReplayError) -> Found {
    let entry = match error {
        ReplayError::Log(_) | ReplayError::Random(_) => None,
        ReplayError::Entry { seq, .. }
        | ReplayError::Signature { seq, .. }
        | ReplayError::Policy { seq, .. }
        | ReplayError::Report { seq, .. } => Some(*seq),
    };
    Found { file: "log".to_owned(), entry, row: None, fault: error.to_string() }
}
