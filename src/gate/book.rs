//! What a gate decided alone: lines that are signed and chained, each on disk before its truck hears it.
//!
//! File `decisions.log`: a signed text a line, as JSON. File `filed`: how many of them the platform has.

use anyhow::{Context as _, bail};
use sealway_schemas::Time;
use sealway_schemas::gate::{GateLine, GateQuestion, GateVerdict, Reason, SignedText};
use sealway_tracker::GateKey;
use sha2::{Digest as _, Sha256};
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

const DECISIONS: &str = "decisions.log";
const FILED: &str = "filed";

pub(super) struct Book {
    key: GateKey,
    file: File,
    lines: Vec<(GateLine, SignedText)>,
    filed: u64,
    filed_path: PathBuf,
}

impl Book {
    /// Reads what is there. A last line that was cut off in writing was never answered, and is taken away.
    pub(super) fn open(data: &Path, key: GateKey) -> anyhow::Result<Self> {
        let path = data.join(DECISIONS);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error).with_context(|| path.display().to_string()),
        };
        let whole = text.rfind('\n').map_or("", |end| text.get(..=end).unwrap_or_default());
        let file = OpenOptions::new().create(true).append(true).open(&path).with_context(|| path.display().to_string())?;
        if whole.len() < text.len() {
            file.set_len(whole.len() as u64)?;
            file.sync_all()?;
        }
        let mut lines = Vec::new();
        for line in whole.lines() {
            let signed: SignedText = serde_json::from_str(line).with_context(|| path.display().to_string())?;
            let line: GateLine = serde_json::from_str(&signed.text).with_context(|| path.display().to_string())?;
            let expected = (lines.len() as u64 + 1, after(&lines), key.public());
            if (line.number, line.prev.clone(), signed.key) != expected {
                bail!(
                    "{}: line {} is not chained to the one before, or not this gate's: expected line {}",
                    path.display(),
                    line.number,
                    expected.0
                );
            }
            lines.push((line, signed));
        }
        let filed_path = data.join(FILED);
        let filed = std::fs::read_to_string(&filed_path).ok().and_then(|text| text.trim().parse().ok()).unwrap_or_default();
        Ok(Self { key, file, lines, filed, filed_path })
    }

    pub(super) fn lines(&self) -> impl Iterator<Item = &GateLine> {
        self.lines.iter().map(|(line, _)| line)
    }

    /// On disk when it returns.
    pub(super) fn write(
        &mut self,
        at: Time,
        snapshot_at: Time,
        (question, answer): (GateQuestion, Option<String>),
        reasons: Vec<Reason>,
    ) -> anyhow::Result<GateLine> {
        let verdict = if reasons.is_empty() { GateVerdict::Go } else { GateVerdict::Hold };
        let (number, prev) = (self.lines.len() as u64 + 1, after(&self.lines));
        let line = GateLine { number, prev, at, snapshot_at, question, answer, verdict, reasons };
        let signed = self.key.sign(serde_json::to_string(&line)?);
        let mut bytes = serde_json::to_vec(&signed)?;
        bytes.push(b'\n');
        self.file.write_all(&bytes).context(DECISIONS)?;
        self.file.sync_data().context(DECISIONS)?;
        self.lines.push((line.clone(), signed));
        Ok(line)
    }

    /// The first line that the platform has not.
    pub(super) fn next_unfiled(&self) -> Option<(u64, SignedText)> {
        let index = usize::try_from(self.filed).ok()?;
        self.lines.get(index).map(|(line, signed)| (line.number, signed.clone()))
    }

    pub(super) fn filed(&mut self, number: u64) -> anyhow::Result<()> {
        write_whole(&self.filed_path, number.to_string().as_bytes())?;
        self.filed = number;
        Ok(())
    }
}

/// What the next line's `prev` holds.
fn after(lines: &[(GateLine, SignedText)]) -> String {
    lines.last().map_or_else(|| GateLine::FIRST.to_owned(), |(_, signed)| hex::encode(Sha256::digest(signed.text.as_bytes())))
}

/// All of a file or what was there before.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let folder = path.parent().context("a folder")?;
    let mut file = tempfile::NamedTempFile::new_in(folder).with_context(|| folder.display().to_string())?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).with_context(|| path.display().to_string())?;
    File::open(folder)?.sync_all().with_context(|| folder.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn question(decision: &str) -> GateQuestion {
        serde_json::from_value(json!({"decision": decision, "gate": "south", "lane": 1, "direction": "outbound"})).unwrap()
    }

    fn key(data: &Path) -> GateKey {
        GateKey::load_or_make(&data.join("gate.key")).unwrap()
    }

    #[test]
    fn what_was_decided_is_there_after_a_start_and_a_torn_line_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path();
        let mut book = Book::open(data, key(data)).unwrap();
        for decision in ["A-1", "A-2"] {
            book.write(Time::ZERO, Time::ZERO, (question(decision), None), vec![Reason::NoVehicle {}]).unwrap();
        }
        book.filed(1).unwrap();
        drop(book);
        let path = data.join(DECISIONS);
        let mut text = std::fs::read_to_string(&path).unwrap();
        text.push_str("{\"text\":\"{\\\"num");
        std::fs::write(&path, &text).unwrap();
        let mut book = Book::open(data, key(data)).unwrap();
        assert_eq!(book.next_unfiled().unwrap().0, 2);
        let third = book.write(Time::ZERO, Time::ZERO, (question("A-3"), None), Vec::new()).unwrap();
        assert_eq!((third.number, book.lines().count()), (3, 3));
        assert_eq!(Book::open(data, key(data)).unwrap().lines().count(), 3);
    }

    #[test]
    fn a_line_that_was_changed_or_taken_away_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path();
        let mut book = Book::open(data, key(data)).unwrap();
        for decision in ["A-1", "A-2", "A-3"] {
            book.write(Time::ZERO, Time::ZERO, (question(decision), None), vec![Reason::NoVehicle {}]).unwrap();
        }
        let path = data.join(DECISIONS);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.replace("A-2", "A-9")).unwrap();
        assert!(Book::open(data, key(data)).is_err());
        let without: String = text.lines().enumerate().filter(|(index, _)| *index != 1).map(|(_, line)| format!("{line}\n")).collect();
        std::fs::write(&path, without).unwrap();
        assert!(Book::open(data, key(data)).is_err());
    }
}
