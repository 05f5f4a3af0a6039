//! A platform and its witnesses, each a program of its own: a stranger who trusts log and witness sees that both signed one history.

use sealway_schemas::PublicKey;
use sealway_tests::{Sealway, program, run};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

struct Witness {
    child: Child,
    url: String,
    key: String,
}

impl Witness {
    fn start(data: &Path, log: &str) -> Self {
        let mut command = program("sealway");
        command.args(["witness", "--name", "witness.example", "--listen", "127.0.0.1:0", "--log", log, "--data"]).arg(data);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let url = lines.next().unwrap().strip_prefix("witness ").unwrap().to_owned();
        let key = lines.next().unwrap().strip_prefix("key ").unwrap().to_owned();
        Self { child, url, key }
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The lines of a note that carry a signature of `name`.
fn signatures(note: &str, name: &str) -> usize {
    note.lines().filter(|line| line.starts_with(&format!("\u{2014} {name} "))).count()
}

/// What a stranger who trusts log and witness finds in a bundle: the JSON of `evidence verify`, and its exit code.
fn checked_by(room: &Path, bundle: &Path, keys: &[&str]) -> (Value, Option<i32>) {
    let trust = room.join("root.pub");
    std::fs::write(&trust, keys.join("\n")).unwrap();
    let output = run(&["evidence", "verify", bundle.to_str().unwrap(), "--trust", trust.to_str().unwrap(), "--report", "json"]);
    (serde_json::from_slice(&output.stdout).unwrap(), output.status.code())
}

fn exported(room: &Path, data: &Path) -> PathBuf {
    let to = room.join("bundles");
    let output = run(&["evidence", "export", "--all", "-o", to.to_str().unwrap(), "--data", data.to_str().unwrap()]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    std::fs::read_dir(to).unwrap().next().unwrap().unwrap().path()
}

#[test]
fn a_witness_cosigns_a_growing_log_also_after_a_restart_of_either() {
    let room = tempfile::tempdir().unwrap();
    let (data, memory) = (room.path().join("data"), room.path().join("witness"));
    let demo = ["demo", "--devices", "4", "--for", "5s", "--http", "127.0.0.1:0", "--data", data.to_str().unwrap()];
    assert!(run(&demo).status.success());
    let root = run(&["evidence", "root", "--data", data.to_str().unwrap()]);
    let root = String::from_utf8(root.stdout).unwrap().trim().to_owned();
    let name = root.split('+').next().unwrap();
    let mut sizes = Vec::new();
    for round in 0..2 {
        let witness = Witness::start(&memory, &root);
        let config = room.path().join("platform.toml");
        let text = format!(
            "[mqtt]\nlisten = \"127.0.0.1:0\"\n[http]\nlisten = \"127.0.0.1:0\"\n[[witness]]\nurl = \"{}\"\nkey = \"{}\"\n",
            witness.url, witness.key
        );
        std::fs::write(&config, text).unwrap();
        let platform = Sealway::serve_by(&config, &data);
        let party = serde_json::json!({"party": format!("party-{round}"), "role": "carrier", "name_zh": "某", "name_en": "Some"});
        let _receipt = platform.admin().post("/api/v1/parties", &party).ok();
        let note = loop {
            let note = platform.admin().get("/tlog/checkpoint").body;
            if signatures(&note, "witness.example") == 1 {
                break note;
            }
            std::thread::yield_now();
        };
        assert_eq!(signatures(&note, name), 1, "{note}");
        sizes.push(note.lines().nth(1).unwrap().parse::<u64>().unwrap());
        assert!(platform.stop().success());
    }
    let (bundle, witness) = (exported(room.path(), &data), Witness::start(&memory, &root).key.clone());
    let (alone, verdict) = checked_by(room.path(), &bundle, &[&root]);
    let (checked, same) = checked_by(room.path(), &bundle, &[&root, &witness]);
    assert!(alone["witnessed"].as_array().unwrap().is_empty());
    let seen = checked["witnessed"].as_array().unwrap();
    assert_eq!((seen.len(), seen[0]["witness"].as_str(), same), (2, Some("witness.example"), verdict), "{seen:?}");
    assert!(seen[0]["entries"].as_u64() < seen[1]["entries"].as_u64(), "{seen:?}");
    let stranger = Witness::start(&room.path().join("other"), &root).key.clone();
    let (checked, code) = checked_by(room.path(), &bundle, &[&root, &stranger]);
    assert_eq!(code, Some(1), "{}", checked["reasons"]);
    assert!(checked["reasons"].to_string().contains("no cosignature of witness witness.example"), "{}", checked["reasons"]);
    assert!(sizes[0] < sizes[1], "{sizes:?}");
    let seen = std::fs::read_to_string(memory.join("seen.json")).unwrap();
    assert!(seen.contains(name) && seen.contains(&sizes[1].to_string()), "{seen}");
    assert_eq!(root.len(), name.len() + 10 + 44, "name, hash and {} bytes of key", PublicKey::from_bytes([0; 32]).as_bytes().len() + 1);
}
