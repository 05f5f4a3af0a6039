//! A carrier's fleet from the command line: enrolled one by one and by file, rotated, revoked, asked why it was refused, sent away.

use sealway_schemas::{aad, login::Login};
use sealway_seal_sim::chance::secret;
use sealway_seal_sim::keys::KeyPair;
use sealway_seal_sim::mqtt;
use sealway_tests::{Sealway, program, seal_sim};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Output;

struct Desk {
    room: tempfile::TempDir,
    platform: Sealway,
}

impl Desk {
    fn open() -> Self {
        let room = tempfile::tempdir().unwrap();
        let platform = Sealway::serve(&room.path().join("data"));
        std::fs::write(room.path().join("carrier.token"), platform.token("carrier", "fleet-carrier")).unwrap();
        Self { room, platform }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.room.path().join(name)
    }

    /// `sealway device` with the carrier's token, or the administrator's.
    fn device(&self, token: &Path, arguments: &[&str]) -> Output {
        let platform = format!("http://{}", self.platform.http);
        program("sealway").arg("device").args(arguments).args(["--platform", &platform, "--token-file"]).arg(token).output().unwrap()
    }

    fn ok(&self, arguments: &[&str]) -> String {
        let output = self.device(&self.path("carrier.token"), arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// The same, which must fail with this in its error.
    fn fails(&self, arguments: &[&str], with: &str) {
        let output = self.device(&self.path("carrier.token"), arguments);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && error.contains(with), "{arguments:?}: {error}");
    }
}

/// What lets a simulated seal of this seed sign.
fn prover(seed: u32) -> String {
    format!("{} prove --seed {seed}", seal_sim().get_program().to_str().unwrap())
}

/// A CONNECT with a login of this time, and the code of its CONNACK.
fn connect(platform: &Sealway, device: &str, seed: u64, t: u64) -> (TcpStream, u8) {
    let id = device.parse().unwrap();
    let key = KeyPair::from_secret(secret(seed, "identity", device));
    let login = Login { t: sealway_schemas::Time::from_ms(t), nonce: [1; 16] };
    let login = key.seal(&login.encode(), &aad::login(&id));
    let mut bytes = Vec::new();
    mqtt::connect(device, &base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, login), 60, &mut bytes);
    let mut stream = TcpStream::connect(platform.mqtt).unwrap();
    stream.write_all(&bytes).unwrap();
    let mut connack = [0; 4];
    stream.read_exact(&mut connack).unwrap();
    (stream, connack[3])
}

#[test]
fn a_device_is_enrolled_listed_rotated_and_revoked_from_the_command_line() {
    let desk = Desk::open();
    let prove = prover(1);
    assert!(desk.ok(&["enrol", "XA-CLI-1", "--prove", &prove]).contains("XA-CLI-1 enrolled"));
    desk.fails(&["enrol", "XA-CLI-1", "--prove", &prove], "device-enrolled");
    desk.fails(&["enrol", "XA-CLI-2", "--prove", "false"], "false for XA-CLI-2");
    desk.fails(&["enrol", "XA-CLI-2", "--prove", "echo"], "expected public key and proof in hex");
    assert_eq!(desk.ok(&["list"]), "XA-CLI-1\tfleet-carrier\tenrolled\n");
    assert_eq!(connect(&desk.platform, "XA-CLI-1", 1, 1_000).1, 0);
    desk.ok(&["rotate", "XA-CLI-1", "--reason", "new electronics", "--prove", &prover(2)]);
    assert_eq!(connect(&desk.platform, "XA-CLI-1", 1, 2_000).1, 4, "the old key is worth nothing");
    assert_eq!(connect(&desk.platform, "XA-CLI-1", 2, 3_000).1, 0);
    desk.ok(&["revoke", "XA-CLI-1", "--reason", "stolen"]);
    assert_eq!(connect(&desk.platform, "XA-CLI-1", 2, 4_000).1, 5);
    assert_eq!(desk.ok(&["list", "--owner", "fleet-carrier"]), "XA-CLI-1\tfleet-carrier\trevoked\n");
    assert!(desk.platform.stop().success());
}

#[test]
fn a_fleet_is_enrolled_by_file_row_by_row_and_a_second_run_takes_up_what_is_missing() {
    let desk = Desk::open();
    let (file, results, labels) = (desk.path("fleet.csv"), desk.path("results.csv"), desk.path("labels"));
    std::fs::write(&file, "device,owner\nXA-ROW-1,\nlower-case,\nXA-ROW-2,fleet-carrier\nXA-ROW-3,nobody-here\n").unwrap();
    let prove = prover(3);
    let arguments = ["import", file.to_str().unwrap(), "--results", results.to_str().unwrap(), "--labels", labels.to_str().unwrap()];
    let arguments = [&arguments[..], &["--prove", &prove]].concat();
    let outcomes = || {
        let text = std::fs::read_to_string(&results).unwrap();
        text.lines().skip(1).map(|line| line.split(',').take(2).collect::<Vec<_>>().join(" ")).collect::<Vec<_>>()
    };
    let output = desk.device(&desk.path("carrier.token"), &arguments);
    let progress = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && progress.contains("4 of 4: XA-ROW-3 refused"), "{progress}");
    assert_eq!(outcomes(), ["XA-ROW-1 enrolled", "lower-case refused", "XA-ROW-2 enrolled", "XA-ROW-3 refused"]);
    assert!(std::fs::read_to_string(&results).unwrap().contains("lower-case,refused,"), "with its reason");
    assert!(std::fs::read_to_string(labels.join("XA-ROW-1.svg")).unwrap().contains(">XA-ROW-1</text>"));
    assert!(!labels.join("XA-ROW-3.svg").exists());
    std::fs::write(&file, "device\nXA-ROW-1\nXA-ROW-2\nXA-ROW-3\n").unwrap();
    assert_eq!(desk.ok(&arguments), "1 enrolled, 2 known before, 0 refused\n");
    assert_eq!(outcomes(), ["XA-ROW-1 known", "XA-ROW-2 known", "XA-ROW-3 enrolled"]);
    std::fs::write(&file, "serial,owner\n1,2\n").unwrap();
    desk.fails(&arguments, "expected the columns device, owner");
    assert!(desk.platform.stop().success());
}

#[test]
fn an_owner_sees_why_his_device_was_refused_and_an_administrator_who_is_connected() {
    let desk = Desk::open();
    desk.ok(&["enrol", "XA-WHY", "--prove", &prover(5)]);
    assert_eq!(desk.ok(&["errors", "XA-WHY"]), "");
    let (mut stream, code) = connect(&desk.platform, "XA-WHY", 5, 1_000);
    assert_eq!(code, 0);
    assert_eq!(connect(&desk.platform, "XA-WHY", 5, 1_000).1, 4, "the same time again");
    assert_eq!(connect(&desk.platform, "XA-WHY", 6, 2_000).1, 4, "another key");
    let mut garbage = Vec::new();
    mqtt::publish_once("seal/v1/XA-WHY/up", 1, b"no CBOR", &mut garbage);
    stream.write_all(&garbage).unwrap();
    stream.read_exact(&mut [0; 4]).unwrap();
    let errors = desk.ok(&["errors", "XA-WHY"]);
    for code in ["\tlogin-replayed\t1 times\t", "\tlogin-signature\t1 times\t", "\tmalformed\t1 times\tmalformed: "] {
        assert!(errors.contains(code), "{errors}");
    }
    desk.fails(&["connections"], "role-forbids");
    let admin = desk.path("data/admin.token");
    let shown = String::from_utf8(desk.device(&admin, &["connections"]).stdout).unwrap();
    let fields: Vec<&str> = shown.trim().split('\t').collect();
    let (session, local) = (fields[0], stream.local_addr().unwrap().to_string());
    assert_eq!(fields[1..5], ["XA-WHY", &local, "MQTT 3.1.1", "plain"]);
    desk.fails(&["disconnect", session], "role-forbids");
    assert!(desk.device(&admin, &["disconnect", session]).status.success());
    assert_eq!(stream.read(&mut [0; 1]).unwrap(), 0, "sent away");
    assert_eq!(connect(&desk.platform, "XA-WHY", 5, 3_000).1, 0, "and may come again");
    assert!(desk.platform.stop().success());
}
