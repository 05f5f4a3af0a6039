//! The simulated seal over TLS, at the platform's own listener: it believes whom its authority's file names, and nobody else.

use sealway_tests::{Sealway, certificate, seal_sim};
use std::path::Path;
use std::process::Output;

const RECORDING: &str = "unix_ms,lat,lon,alt_m,speed_mps\n1790000000000,34.20,108.90,400,0\n1790000060000,34.21,108.91,400,20\n";

#[test]
fn a_seal_speaks_tls_to_whom_it_believes() {
    let room = tempfile::tempdir().unwrap();
    let folder = room.path();
    let (served, key) = certificate(folder, "server", "first");
    let (other, _) = certificate(folder, "other", "other");
    let config = folder.join("sealway.toml");
    let plain = "[mqtt]\nlisten = \"127.0.0.1:0\"\n[http]\nlisten = \"127.0.0.1:0\"";
    std::fs::write(&config, format!("{plain}\n[mqtt.tls]\nlisten = \"127.0.0.1:0\"\ncertificate = {served:?}\nkey = {key:?}\n")).unwrap();
    let platform = Sealway::serve_by(&config, &folder.join("data"));
    let mqtts = platform.mqtts().to_string();
    let token = platform.token("carrier", "tls-carrier");
    let recording = folder.join("recording.csv");
    std::fs::write(&recording, RECORDING).unwrap();
    let send = |device: &str, authority: &Path, name: &str| -> Output {
        seal_sim()
            .args(["replay", "--device", device, "--owner", "tls-carrier", "--api", &platform.http.to_string()])
            .args(["--mqtt", &mqtts, "--server-name", name, "--wait-s", "20"])
            .arg("--ca")
            .arg(authority)
            .arg("--replay")
            .arg(&recording)
            .env("SEALWAY_TOKEN", &token)
            .output()
            .unwrap()
    };
    let sent = send("TLS-1", &served, "localhost");
    assert!(sent.status.success(), "{}", String::from_utf8_lossy(&sent.stderr));
    let track = platform.admin().get("/api/v1/devices/TLS-1/track").ok();
    assert_eq!(track["points"].as_array().unwrap().len(), 2);
    for (device, authority, name) in [("TLS-2", &other, "localhost"), ("TLS-3", &served, "elsewhere.example")] {
        let refused = send(device, authority, name);
        let said = String::from_utf8_lossy(&refused.stderr);
        assert!(!refused.status.success() && said.contains("certificate"), "{name}: {said}");
        let known = platform.admin().get(&format!("/api/v1/devices/{device}")).ok();
        assert!(known["last"].is_null(), "nothing was said to a stranger: {known}");
    }
}
