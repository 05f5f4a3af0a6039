//! What no room sees alone: who may import whom (the table of rooms in README, held against `cargo metadata`), words for every refusal,
//! a test for every statement of a standard that is promised.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

/// Each room and the rooms that it may import.
const LAW: [(&str, &[&str]); 8] = [
    ("sealway-schemas", &[]),
    ("sealway-core", &["sealway-schemas"]),
    ("sealway-tracker", &["sealway-core", "sealway-schemas"]),
    ("sealway-broker", &["sealway-schemas"]),
    ("sealway-dashboard", &["sealway-tracker", "sealway-schemas"]),
    ("sealway-seal-sim", &["sealway-schemas"]),
    ("sealway", &["sealway-schemas", "sealway-core", "sealway-tracker", "sealway-broker", "sealway-dashboard", "sealway-seal-sim"]),
    (
        "sealway-tests",
        &["sealway-schemas", "sealway-core", "sealway-tracker", "sealway-broker", "sealway-dashboard", "sealway-seal-sim", "sealway"],
    ),
];

/// What would give the pure rooms a clock, a socket, a file or a coin.
const IMPURE: [&str; 8] = ["tokio", "sqlx", "axum", "rumqttd", "rumqttc", "getrandom", "rand", "mio"];

/// Words of std that the pure rooms must not say.
const IMPURE_STD: [&str; 6] = ["std::fs", "std::net", "std::thread", "SystemTime", "Instant", "std::env"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn packages() -> BTreeMap<String, BTreeSet<String>> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let output =
        Command::new(cargo).args(["metadata", "--format-version", "1", "--no-deps", "--locked"]).current_dir(root()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let normal = |dependency: &&serde_json::Value| dependency["kind"].is_null() || dependency["kind"] == "build";
    metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|package| {
            let imports = package["dependencies"].as_array().unwrap().iter().filter(normal);
            (text(&package["name"]), imports.map(|dependency| text(&dependency["name"])).collect())
        })
        .collect()
}

#[test]
fn every_room_imports_only_what_the_law_allows() {
    let packages = packages();
    let law: BTreeMap<&str, &[&str]> = LAW.into_iter().collect();
    assert_eq!(packages.keys().map(String::as_str).collect::<BTreeSet<_>>(), law.keys().copied().collect(), "a room is missing in the law");
    for (room, imports) in &packages {
        for import in imports.iter().filter(|name| packages.contains_key(*name)) {
            assert!(law[room.as_str()].contains(&import.as_str()), "{room} must not import {import}");
        }
    }
}

#[test]
fn the_contract_and_the_judge_are_pure() {
    let packages = packages();
    for room in ["sealway-schemas", "sealway-core"] {
        for impure in IMPURE {
            assert!(!packages[room].contains(impure), "{room} must not import {impure}");
        }
    }
    for folder in ["schemas/src", "tracker/core/src"] {
        for (file, text) in sources(&root().join(folder)) {
            for word in IMPURE_STD {
                assert!(!text.contains(word), "{file} must not use {word}");
            }
        }
    }
}

#[test]
fn every_source_file_says_why_it_exists_and_stays_small() {
    for folder in ["schemas/src", "tracker/src", "tracker/core/src", "broker/src", "dashboard/src", "seal-sim/src", "src"] {
        for (file, text) in sources(&root().join(folder)) {
            assert!(text.starts_with("//!"), "{file} begins without a reason (//!)");
            let lines = text.lines().take_while(|line| *line != "#[cfg(test)]").count();
            assert!(lines <= 500, "{file} has {lines} lines before its tests, expected at most 500");
        }
    }
}

#[test]
fn every_refusal_has_words_in_both_languages() {
    let mut codes = BTreeSet::new();
    for (_, text) in sources(&root().join("tracker/core/src")).into_iter().chain(sources(&root().join("dashboard/src"))) {
        let text = text.split("#[cfg(test)]").next().unwrap();
        codes.extend(text.split("CommandRefusal::new(").skip(1).filter_map(|rest| literal(rest)).map(str::to_owned));
        codes.extend(text.split("Problem::new(").skip(1).filter_map(|rest| literal(rest.split_once(',')?.1)).map(str::to_owned));
    }
    assert!(codes.len() > 100, "only {} codes were found", codes.len());
    let without = without_words("refusals.ts", "error", &without_words("errors.ts", "error", &codes));
    assert!(without.is_empty(), "refusals without words in Chinese and English: {without:?}");
}

#[test]
fn what_a_refused_step_needs_and_what_an_alert_measured_have_words_in_both_languages() {
    let (mut needs, mut facts) = (BTreeSet::new(), BTreeSet::new());
    for (file, text) in sources(&root().join("tracker/core/src")) {
        let text = text.split("#[cfg(test)]").next().unwrap();
        if file.contains("/tests") {
            continue;
        }
        let missing = text.split("missing.push(").skip(1).chain(text.split("vec![").skip(1));
        needs.extend(missing.filter_map(|rest| literal(rest)).map(str::to_owned));
        facts.extend(text.split(".with(").skip(1).filter_map(|rest| literal(rest)).map(str::to_owned));
        for line in text.lines().filter(|line| line.contains("facts")) {
            let named = line.split('(').skip(1).filter_map(|rest| literal(rest));
            facts.extend(named.filter(|word| word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')).map(str::to_owned));
        }
    }
    assert!(needs.contains("fresh-answer") && needs.len() > 12, "only {needs:?} were found");
    assert!(facts.contains("silent_s") && facts.len() > 10, "only {facts:?} were found");
    assert_eq!(without_words("needs.ts", "need", &needs), BTreeSet::new());
    assert_eq!(without_words("alert.ts", "fact", &facts), BTreeSet::new());
}

#[test]
fn every_reason_to_refuse_a_line_of_a_ledger_has_words_in_both_languages() {
    let file = std::fs::read_to_string(root().join("tracker/core/src/ledger/file.rs")).unwrap();
    let words = std::fs::read_to_string(root().join("schemas/src/ledger/mod.rs")).unwrap();
    let mut codes: BTreeSet<String> = file.split("refused(").skip(1).filter_map(|rest| literal(rest)).map(str::to_owned).collect();
    let kinds = words.split("NotAValue::new(").chain(words.split("Code, ")).skip(1).filter_map(literal);
    codes.extend(kinds.map(|kind| format!("{}-malformed", kind.to_ascii_lowercase().replace(' ', "-"))));
    assert!(codes.contains("hs-code-malformed") && codes.contains("field-missing"), "only {codes:?} were found");
    assert_eq!(without_words("refusals.ts", "error", &codes), BTreeSet::new());
}

#[test]
fn every_reason_to_refuse_a_device_has_words_in_both_languages() {
    let mut codes = BTreeSet::new();
    for file in ["broker/src/refusal.rs", "broker/src/terminal/counters.rs", "schemas/src/refusals.rs"] {
        let text = std::fs::read_to_string(root().join(file)).unwrap();
        // As in `Name = "word",`.
        let words = text
            .split("#[cfg(test)]")
            .next()
            .unwrap()
            .lines()
            .filter_map(|line| line.trim().split_once(" = "))
            .filter_map(|(_, rest)| literal(rest));
        codes.extend(words.map(str::to_owned));
    }
    // What a gateway counts that is no refusal of a terminal it knows.
    const NONE: [&str; 11] = ["opened", "kept", "answered", "passed", "stranger", "half-open", "lost", "absent", "no-fix", "busy", "downs"];
    codes.retain(|code| !NONE.contains(&code.as_str()));
    assert!(["login-replayed", "bad-signature", "checksum"].iter().all(|code| codes.contains(*code)), "only {codes:?} were found");
    assert_eq!(without_words("bench.ts", "why", &codes), BTreeSet::new());
}

#[test]
fn every_count_of_a_gateway_has_words_in_both_languages() {
    let counts = std::fs::read_to_string(root().join("broker/src/terminal/counters.rs")).unwrap();
    let words: BTreeSet<String> = counts.lines().filter_map(|line| literal(line.split_once(" = ")?.1)).map(str::to_owned).collect();
    assert!(words.contains("too-long") && words.len() > 20, "only {words:?} were found");
    assert_eq!(without_words("lines.ts", "count", &words), BTreeSet::new());
}

#[test]
fn every_statement_of_mqtt_names_tests_that_exist() {
    let table = std::fs::read_to_string(root().join("broker/CONFORMANCE.md")).unwrap();
    let rows = table.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| statement |"));
    let mut statements = 0;
    for row in rows {
        statements += 1;
        let named = row.trim_end_matches(" |").rsplit(" | ").next().unwrap();
        // What is not offered at all has nothing to be asked.
        for test in named.split(", ").filter(|_| named != "–") {
            let test = test.strip_prefix('`').and_then(|test| test.strip_suffix('`')).unwrap_or_default();
            assert!(is_a_test(test), "{row}: {test:?} is no test, expected `folder/file.rs::name`");
        }
    }
    assert!(statements > 80, "only {statements} statements were found");
}

/// Whether CONFORMANCE.md's `folder/file.rs::name` is one.
fn is_a_test(named: &str) -> bool {
    let Some((file, name)) = named.split_once("::") else { return false };
    let (folder, file, head) = match file.split_once('/') {
        None if file == "paho" => ("tests/mqtt", "conformance.py", "def "),
        Some(("front", file)) => ("broker/tests/front", file, "fn "),
        Some(("src", file)) => ("broker/src", file, "fn "),
        Some(("attack", file)) => ("tests/attack", file, "fn "),
        Some(("e2e", file)) => ("tests/e2e", file, "fn "),
        _ => return false,
    };
    let text = std::fs::read_to_string(root().join(folder).join(file)).unwrap_or_default();
    let Some((before, _)) = text.split_once(&format!("{head}{name}(")) else { return false };
    // The line above says that it is one; in Python its name does.
    let above = before.trim_end().trim_end_matches("async").trim_end().lines().last().unwrap_or_default().trim();
    if head == "def " { name.starts_with("test_") } else { above.starts_with("#[test]") || above.starts_with("#[tokio::test") }
}

/// Of these words those that a dictionary of the interface does not have twice: in Chinese and in English.
fn without_words(area: &str, prefix: &str, words: &BTreeSet<String>) -> BTreeSet<String> {
    let said = std::fs::read_to_string(root().join("dashboard/web/src/lib/i18n/areas").join(area)).unwrap();
    words.iter().filter(|word| said.matches(&format!("\"{prefix}.{word}\": ")).count() != 2).cloned().collect()
}

/// The text that a call begins with.
fn literal(rest: &str) -> Option<&str> {
    rest.trim_start().strip_prefix('"')?.split('"').next()
}

fn sources(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push((path.display().to_string(), std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    assert!(!found.is_empty(), "no sources under {}", folder.display());
    found
}
