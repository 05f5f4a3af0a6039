//! A day of the demo, exported and checked by the program on the file alone.

use sealway_tests::run;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Output;

fn verify(file: &Path, trust: &Path) -> (Option<i32>, Value) {
    let output = run(&["evidence", "verify", file.to_str().unwrap(), "--trust", trust.to_str().unwrap(), "--report", "json"]);
    (output.status.code(), serde_json::from_slice(&output.stdout).unwrap_or(Value::Null))
}

fn succeeded(output: &Output) {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn exported(data: &Path, to: &Path) -> Vec<PathBuf> {
    succeeded(&run(&["evidence", "export", "--all", "-o", to.to_str().unwrap(), "--data", data.to_str().unwrap()]));
    let mut files: Vec<PathBuf> = std::fs::read_dir(to).unwrap().map(|item| item.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn every_transfer_of_a_demo_is_checked_by_its_file_alone_and_a_changed_file_is_found() {
    let room = tempfile::tempdir().unwrap();
    let (data, first, second) = (room.path().join("data"), room.path().join("first"), room.path().join("second"));
    let demo = ["demo", "--devices", "12", "--for", "8s", "--http", "127.0.0.1:0", "--report", "json", "--data", data.to_str().unwrap()];
    succeeded(&run(&demo));
    let trust = room.path().join("root.pub");
    std::fs::write(&trust, run(&["evidence", "root", "--data", data.to_str().unwrap()]).stdout).unwrap();

    let files = exported(&data, &first);
    assert_eq!(files.len(), 12);
    let mut verdicts: BTreeMap<String, usize> = BTreeMap::new();
    for file in &files {
        let (code, checked) = verify(file, &trust);
        let verdict = checked["verdict"].as_str().unwrap().to_owned();
        let reports = checked["devices"][0]["reports"].as_array().unwrap();
        assert!(reports.len() > 5 && reports[0]["event"] == "sealed", "{}", file.display());
        assert_ne!(verdict, "forged", "{}: {}", file.display(), checked["reasons"]);
        assert_eq!(code, Some(if verdict == "genuine" { 0 } else { 1 }));
        *verdicts.entry(verdict).or_default() += 1;
    }
    assert!(verdicts["genuine"] >= 9, "{verdicts:?}");

    let again = exported(&data, &second);
    for (one, other) in files.iter().zip(&again) {
        assert_eq!(std::fs::read(one).unwrap(), std::fs::read(other).unwrap(), "same transfer, same bytes");
    }
    let stranger = room.path().join("stranger.pub");
    let other = room.path().join("other");
    assert!(sealway_tests::Sealway::serve(&other).stop().success());
    std::fs::write(&stranger, run(&["evidence", "root", "--data", other.to_str().unwrap()]).stdout).unwrap();
    assert_eq!(verify(&files[0], &stranger).0, Some(2), "another platform's root");

    succeeded(&run(&["rekey", "--data", data.to_str().unwrap()]));
    let platform = sealway_tests::Sealway::serve(&data);
    let id = files[0].file_stem().unwrap().to_str().unwrap();
    let beside = room.path().join("beside.zip");
    succeeded(&run(&["evidence", "export", id, "-o", beside.to_str().unwrap(), "--data", data.to_str().unwrap()]));
    let told = platform.admin().bytes(&format!("/api/v1/transfers/{id}/evidence"));
    assert!(told == std::fs::read(&beside).unwrap(), "the API and the program give the same file");
    assert!(platform.stop().success());
    let root = run(&["evidence", "root", "--data", data.to_str().unwrap()]).stdout;
    assert_eq!(String::from_utf8(root).unwrap().lines().count(), 2, "the root lists both keys");
    for file in exported(&data, &room.path().join("third")) {
        let (code, checked) = verify(&file, &trust);
        assert_ne!(code, Some(2), "the root of before knows the key that its own handed on to: {}", checked["reasons"]);
        assert!(checked["devices"][0]["reports"].as_array().is_some_and(|reports| !reports.is_empty()));
    }

    let mut bytes = std::fs::read(&files[0]).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    let changed = room.path().join("changed.zip");
    std::fs::write(&changed, bytes).unwrap();
    let (code, _) = verify(&changed, &trust);
    assert!(code == Some(2) || code == Some(65), "{code:?}: a broken file is forged or unreadable, never genuine");
}
