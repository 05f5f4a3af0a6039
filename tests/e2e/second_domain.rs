//! The commands of the machine room, as their operator types them: backup, standby, restore, verify.

use sealway_tests::{Sealway, TlsProxy, program, run};
use serde_json::json;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::Stdio;

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
    let generation = said.lines().find_map(|line| line.split_once("generation ")).and_then(|(_, number)| number.parse::<u64>().ok());
    assert!(generation.is_some_and(|generation| generation > 1), "{said}");
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

#[test]
fn a_standby_follows_over_tls_and_believes_only_the_named_authority() {
    let room = tempfile::tempdir().unwrap();
    let (data, copy) = (room.path().join("data"), room.path().join("copy"));
    let platform = Sealway::serve(&data);
    ok(&["backup", "--from", text(&data), "--to", text(&copy)]);
    let (authority, other) = (room.path().join("authority.pem"), room.path().join("other.pem"));
    let proxy = TlsProxy::before(platform.http, &authority);
    let _another = TlsProxy::before(platform.http, &other);
    let primary = format!("https://localhost:{}", proxy.address.port());
    let token = data.join("admin.token");
    let follow = |authority: &Path| {
        let mut command = program("sealway");
        command.args([
            "standby",
            "--data",
            text(&copy),
            "--primary",
            &primary,
            "--token-file",
            text(&token),
            "--until-level",
            "--authority",
        ]);
        command.arg(authority).stderr(Stdio::piped()).spawn().unwrap()
    };
    let mut doubting = follow(&other);
    let said = BufReader::new(doubting.stderr.take().unwrap()).lines().map(Result::unwrap).find(|line| line.contains("no answer"));
    assert!(said.is_some_and(|line| line.contains("certificate")), "a stranger's certificate is not believed");
    doubting.kill().unwrap();
    doubting.wait().unwrap();
    assert!(follow(&authority).wait().unwrap().success());
    let state = platform.admin().get("/api/v1/log/state").ok();
    assert_eq!(state["standby"], state["entries"], "the interface says how far the second copy is");
    assert!(platform.stop().success());
}
