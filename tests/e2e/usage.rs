//! The command line and the configuration, as a person meets them.

use sealway_tests::{Sealway, run};

fn stderr(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn every_mistake_of_a_configuration_is_named_at_once_with_exit_code_64() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("wrong.toml");
    std::fs::write(&file, "colour = 1\n[mqtt]\nlisten = \"localhost\"\nin_flight = 0\n[log]\nformat = \"xml\"\n").unwrap();
    let output = run(&["serve", "--config", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(64));
    for expected in ["colour = 1", "mqtt.listen = \"localhost\": expected an IP address and port", "mqtt.in_flight = 0", "log.format"] {
        assert!(stderr(&output).contains(expected), "{expected:?} is not in {}", stderr(&output));
    }
}

#[test]
fn a_wrong_command_line_ends_with_exit_code_64() {
    assert_eq!(run(&["serve"]).status.code(), Some(64));
    assert_eq!(run(&["token", "new", "--role", "king", "--party", "x"]).status.code(), Some(64));
}

#[test]
fn the_template_is_a_configuration_that_serves() {
    let folder = tempfile::tempdir().unwrap();
    let template = run(&["config", "template"]);
    assert!(template.status.success());
    let text = String::from_utf8(template.stdout).unwrap();
    let file = folder.path().join("sealway.toml");
    std::fs::write(&file, text.replace(":1883", ":0").replace(":8080", ":0")).unwrap();
    let platform = Sealway::serve_by(&file, &folder.path().join("data"));
    assert_eq!(platform.admin().get("/readyz").status, 200);
    assert!(platform.stop().success(), "SIGTERM drains and ends with success");
}

#[test]
fn a_data_folder_of_a_newer_version_or_in_use_is_refused_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let platform = Sealway::serve(&data);
    let second = run(&["rebuild", "--data", data.to_str().unwrap()]);
    assert!(!second.status.success());
    assert!(stderr(&second).contains("data"), "{}", stderr(&second));
    assert!(platform.stop().success());
    std::fs::write(data.join("VERSION"), "999\n").unwrap();
    let newer = run(&["serve", "--data", data.to_str().unwrap()]);
    assert!(!newer.status.success());
    assert!(stderr(&newer).contains("999"), "{}", stderr(&newer));
}

#[test]
fn a_reader_that_has_seen_enough_ends_the_program_in_peace() {
    let room = tempfile::tempdir().unwrap();
    let data = room.path().join("data");
    assert!(sealway_tests::Sealway::serve(&data).stop().success());
    let mut child = sealway_tests::program("sealway")
        .args(["evidence", "root", "--data"])
        .arg(&data)
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}
