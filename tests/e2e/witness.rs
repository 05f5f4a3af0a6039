//! A platform and its witnesses, each a program of its own: a stranger who trusts log and witness sees that both signed one history.

use sealway_schemas::PublicKey;
use sealway_tests::{Sealway, program, run};
use std::io::{BufRead, BufReader};
use std::path::Path;
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

#[test]
fn a_witness_cosigns_a_growing_log_also_after_a_restart_of_either() {
    let room = tempfile::tempdir().unwrap();
    let (data, memory) = (room.path().join("data"), room.path().join("witness"));
    assert!(Sealway::serve(&data).stop().success());
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
    assert!(sizes[0] < sizes[1], "{sizes:?}");
    let seen = std::fs::read_to_string(memory.join("seen.json")).unwrap();
    assert!(seen.contains(name) && seen.contains(&sizes[1].to_string()), "{seen}");
    assert_eq!(root.len(), name.len() + 10 + 44, "name, hash and {} bytes of key", PublicKey::from_bytes([0; 32]).as_bytes().len() + 1);
}
