//! The commands of the machine room, as their operator types them: backup, standby, restore, verify.

use sealway_tests::{Sealway, run};
use serde_json::json;
use std::path::Path;

fn ok(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn a_standby_takes_over_with_everything_that_the_primary_had() {
    let room = tempfile::tempdir().unwrap();
    let (data, copy, new) = (room.path().join("data"), room.path().join("copy"), room.path().join("new"));
    let platform = Sealway::serve(&data);
    ok(&["backup", "--from", text(&data), "--to", text(&copy)]);
    let party = json!({"party": "late", "role": "carrier", "name_zh": "迟到物流", "name_en": "Late Haulage"});
    let _receipt = platform.admin().post("/api/v1/parties", &party).ok();
    let primary = format!("http://{}", platform.http);
    let token = data.join("admin.token");
    ok(&["standby", "--data", text(&copy), "--primary", &primary, "--token-file", text(&token), "--until-level"]);
    platform.kill();

    let said = ok(&["restore", "--from", text(&copy), "--to", text(&new)]);
    assert!(said.contains("generation 2"), "{said}");
    std::fs::copy(&token, new.join("admin.token")).unwrap();
    let platform = Sealway::serve(&new);
    let parties = platform.admin().all("/api/v1/parties");
    assert!(parties.iter().any(|party| party["name_en"] == "Late Haulage"), "{parties:?}");
    assert!(platform.stop().success());
    let said = ok(&["verify", "--data", text(&new)]);
    assert!(said.contains("registry") && said.contains("rows compared"), "{said}");
}

#[test]
fn a_damaged_folder_is_named_and_the_exit_code_says_so() {
    let room = tempfile::tempdir().unwrap();
    let data = room.path().join("data");
    assert!(Sealway::serve(&data).stop().success());
    let rows = data.join("tree/0.rows");
    let mut bytes = std::fs::read(&rows).unwrap();
    bytes[40] ^= 1;
    std::fs::write(&rows, bytes).unwrap();
    let output = run(&["verify", "--data", text(&data), "--report", "json"]);
    assert_eq!(output.status.code(), Some(1));
    let verified: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(verified["found"][0]["file"], "tree/0.rows");
    assert_eq!(verified["found"][0]["entry"], 1);
}
