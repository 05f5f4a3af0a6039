//! A gate that loses its platform: it goes on by what it carries, forgets nothing, and files afterwards.

use sealway_schemas::report::{Event, Fix};
use sealway_schemas::{PublicKey, TransferId, topics};
use sealway_seal_sim::device::{Device, Observation};
use sealway_seal_sim::link::unix_now;
use sealway_seal_sim::mqtt::{self, Incoming};
use sealway_tests::{Api, Sealway, free_port, program};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Lines, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

/// The people of the play, by their tokens.
struct People {
    customs: String,
    carrier: String,
    operator: String,
}

/// A platform that comes back at the same address.
struct House {
    data: PathBuf,
    config: PathBuf,
}

impl House {
    fn new(room: &Path) -> Self {
        let port = free_port();
        let (data, config) = (room.join("data"), room.join("platform.toml"));
        let text = format!("[mqtt]\nlisten = \"127.0.0.1:0\"\n[http]\nlisten = \"127.0.0.1:{port}\"\n[log]\nfilter = \"warn\"\n");
        std::fs::write(&config, text).unwrap();
        Self { data, config }
    }

    fn serve(&self) -> Sealway {
        Sealway::serve_by(&self.config, &self.data)
    }
}

fn send(platform: &Sealway, token: &str, command: Value) -> Value {
    Api::new(platform.http, token).post("/api/v1/commands", &command).ok()
}

fn place(id: &str, west: f64) -> Value {
    let (south, north, east) = (34.3, 34.4, west + 0.1);
    json!({"type": "Feature", "properties": {"id": id, "kind": "zone", "name_en": "Zone", "name_zh": "区", "operator": "zone-operator", "source": "drawn"},
        "geometry": {"type": "Polygon", "coordinates": [[[west, south], [east, south], [east, north], [west, north], [west, south]]]}})
}

fn furnish(platform: &Sealway) -> People {
    let people = People {
        operator: platform.token("operator", "zone-operator"),
        customs: platform.token("customs", "xian-customs"),
        carrier: platform.token("carrier", "qinling-road"),
    };
    let corridor = json!({"type": "Feature", "properties": {"id": "a-b", "mode": "road", "from": "zone-a", "to": "zone-b", "width_m": 1000,
        "name_en": "A-B", "name_zh": "甲乙", "source": "survey", "licence": "CC-BY-4.0"},
        "geometry": {"type": "LineString", "coordinates": [[108.95, 34.35], [109.9, 34.36], [110.95, 34.35]]}});
    for (id, west) in [("zone-a", 108.9), ("zone-b", 110.9)] {
        send(platform, &people.customs, json!({"type": "put-place", "feature": place(id, west)}));
    }
    send(platform, &people.customs, json!({"type": "put-corridor", "feature": corridor}));
    people
}

fn put_gate(platform: &Sealway, people: &People, gate: &str, key: Option<&str>) {
    send(
        platform,
        &people.customs,
        json!({"type": "put-gate", "gate": gate, "place": "zone-a", "name_zh": "卡口", "name_en": "Gate",
        "line": "border", "lanes": 2, "directions": ["outbound"], "public_key": key}),
    );
}

/// A sealed transfer with a release note.
struct Load {
    number: u8,
    device: Device,
    id: TransferId,
}

impl Load {
    fn sealed(platform: &Sealway, people: &People, number: u8) -> Self {
        let mut device = Device::new(format!("GATE-{number}").parse().unwrap(), [number; 32], 256);
        let id = TransferId::new(26, "CN", &format!("GT{number:011}")).unwrap();
        let carrier = Api::new(platform.http, &people.carrier);
        let given = carrier.post("/api/v1/devices/enrolment-challenges", &json!({})).ok();
        let proof = hex(&device.enrolment(bytes(given["challenge"].as_str().unwrap()).try_into().unwrap()));
        let enrol = json!({"device": device.id(), "public_key": device.public_key(), "challenge": given["challenge"], "proof": proof});
        let enrolled = carrier.post("/api/v1/devices", &enrol).ok();
        device.trust(enrolled["platform_key"].as_str().unwrap().parse::<PublicKey>().unwrap());
        let unit = format!("LOOSE-{number}");
        send(
            platform,
            &people.carrier,
            json!({"type": "draft-transfer", "transfer": id, "carrier": "qinling-road", "unit": unit,
            "seal": device.id(), "origin": "zone-a", "destination": "zone-b", "corridor": "a-b"}),
        );
        send(platform, &people.carrier, json!({"type": "submit-transfer", "transfer": id}));
        send(platform, &people.customs, json!({"type": "accept-transfer", "transfer": id}));
        send(platform, &people.carrier, json!({"type": "bind-seal", "transfer": id, "unit": unit, "seal": device.id(), "mechanical": []}));
        let fix = Fix {
            lat_e7: 343_500_000,
            lon_e7: 1_089_500_000,
            accuracy_dm: 50,
            speed_cm_s: 0,
            heading_ddeg: 0,
            satellites: 9,
            cn0_ddbhz: 400,
        };
        device.report(1_000, Event::SelfTest).unwrap();
        device.observe(2_000, Observation { fix: Some(fix), gnss_time: Some(unix_now()), ..Observation::default() });
        device.seal(2_000, [number + 100; 32]).unwrap();
        deliver(&mut device, platform.mqtt);
        send(platform, &people.customs, json!({"type": "countersign-seal", "transfer": id, "seal": device.id(), "epoch": 1}));
        let mut load = Self { number, device, id };
        load.note(platform, people);
        load
    }

    fn truck(&self) -> String {
        format!("陕A1234{}", self.number)
    }

    fn note(&mut self, platform: &Sealway, people: &People) {
        send(
            platform,
            &people.customs,
            json!({"type": "issue-release-note", "note": format!("N-{}", self.number), "transfer": self.id,
            "truck": self.truck(), "unit": format!("LOOSE-{}", self.number), "direction": "outbound", "place": "zone-a", "gross_kg": "30000"}),
        );
    }

    fn question(&self, gate: &str, decision: &str) -> Value {
        json!({"decision": decision, "gate": gate, "lane": 1, "direction": "outbound", "truck": self.truck(), "weight_kg": "30000",
            "unit": {"number": format!("LOOSE-{}", self.number), "reading": "typed"}, "note": format!("N-{}", self.number)})
    }

    /// What the gate's reader hears when it plays the snapshot's challenge to the seal.
    fn answer(&mut self, gate_data: &Path) -> String {
        let signed: Value = serde_json::from_slice(&std::fs::read(gate_data.join("snapshot.json")).unwrap()).unwrap();
        let snapshot: Value = serde_json::from_str(signed["text"].as_str().unwrap()).unwrap();
        let asked = snapshot["seals"].as_array().unwrap().iter().find(|seal| seal["device"] == json!(self.device.id())).unwrap();
        let before = self.device.highest();
        self.device.hear(3_000, &bytes(asked["message"].as_str().unwrap()));
        hex(&self.device.ring().get(before + 1).unwrap().bytes)
    }
}

/// Brings everything that waits to the platform, over MQTT.
fn deliver(device: &mut Device, address: SocketAddr) {
    let mut stream = TcpStream::connect(address).unwrap();
    let id = device.id();
    let mut out = Vec::new();
    mqtt::connect(id.as_str(), &device.login(unix_now(), [7; 16]), 60, &mut out);
    mqtt::subscribe(&topics::down(&id), 1, &mut out);
    mqtt::publish_once(&topics::up(&id), 2, &device.connected(), &mut out);
    let mut flying = BTreeSet::from([2]);
    for ticket in 3_u16.. {
        let Some(payload) = device.next_payload(ticket) else { break };
        mqtt::publish_once(&topics::up(&id), ticket, &payload, &mut out);
        flying.insert(ticket);
    }
    stream.write_all(&out).unwrap();
    let (mut input, mut piece) = (Vec::new(), [0; 4096]);
    while !flying.is_empty() {
        let read = stream.read(&mut piece).unwrap();
        assert!(read > 0, "the platform closed the connection");
        input.extend_from_slice(&piece[..read]);
        while let Some((packet, length)) = mqtt::first(&input).unwrap() {
            if let Incoming::PubAck(ticket) = packet {
                device.settled(ticket);
                flying.remove(&ticket);
            }
            input.drain(..length);
        }
    }
}

/// The gate's own program.
struct Gate {
    child: Child,
    input: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
    key: String,
}

impl Gate {
    fn start(platform: SocketAddr, data: &Path, token: &Path, trust: &Path) -> Self {
        let mut child = program("sealway")
            .args(["gate", "--gate", "south", "--platform", &format!("http://{platform}"), "--data"])
            .arg(data)
            .arg("--token-file")
            .arg(token)
            .arg("--trust")
            .arg(trust)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (input, mut lines) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()).lines());
        let key = lines.next().unwrap().unwrap().rsplit(' ').next().unwrap().to_owned();
        Self { child, input, lines, key }
    }

    fn ask(&mut self, question: &Value, answer: Option<&str>) -> Value {
        writeln!(self.input, "{}", json!({"question": question, "answer": answer})).unwrap();
        serde_json::from_str(&self.lines.next().unwrap().unwrap()).unwrap()
    }

    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// The end of the questions: it files what it can, and ends.
    fn end(mut self) {
        drop(self.input);
        assert!(self.child.wait().unwrap().success());
    }
}

fn codes(answer: &Value) -> Vec<&str> {
    answer["reasons"].as_array().unwrap().iter().map(|reason| reason["code"].as_str().unwrap()).collect()
}

#[test]
fn a_gate_goes_on_while_its_platform_is_killed_and_files_when_it_is_back() {
    let room = tempfile::tempdir().unwrap();
    let house = House::new(room.path());
    let (gate_data, token, trust) = (room.path().join("gate"), room.path().join("token"), room.path().join("trust"));
    let platform = house.serve();
    let http = platform.http;
    let people = furnish(&platform);
    std::fs::write(&token, &people.operator).unwrap();
    put_gate(&platform, &people, "north", None);
    put_gate(&platform, &people, "south", None);
    let mut first = Load::sealed(&platform, &people, 1);
    let mut second = Load::sealed(&platform, &people, 2);
    std::fs::write(&trust, first.device.platform().unwrap().to_string()).unwrap();
    let gate = Gate::start(http, &gate_data, &token, &trust);
    put_gate(&platform, &people, "south", Some(&gate.key));
    gate.end();

    let mut gate = Gate::start(http, &gate_data, &token, &trust);
    let held = gate.ask(&first.question("south", "P-1"), None);
    assert_eq!(codes(&held["platform"]), ["seal-silent"], "the platform decides while it is there: {held}");
    let (answer, other) = (first.answer(&gate_data), second.answer(&gate_data));
    platform.kill();

    let go = gate.ask(&first.question("south", "A-1"), Some(&answer));
    assert_eq!(go["alone"]["verdict"], "go", "{go}");
    assert_eq!(gate.ask(&first.question("south", "A-1"), Some(&answer)), go, "the same question again");
    gate.kill();
    let mut gate = Gate::start(http, &gate_data, &token, &trust);
    let again = gate.ask(&first.question("south", "A-2"), Some(&answer));
    assert_eq!(codes(&again["alone"]), ["note-reused"], "what it let through it remembers: {again}");
    assert!(again["alone"]["reasons"][0]["zh"].as_str().unwrap().contains("核放单 N-1"));
    assert_eq!(gate.ask(&second.question("south", "A-3"), Some(&other))["alone"]["verdict"], "go");
    gate.kill();

    let platform = house.serve();
    let customs = Api::new(platform.http, &people.customs);
    // The second note passes another gate before this one can tell.
    deliver_answer(&platform, &people, &mut second);
    let north = send(&platform, &people.operator, json!({"type": "ask-gate", "question": second.question("north", "D-1")}));
    assert_eq!(north["answer"]["verdict"], "go", "{north}");
    Gate::start(http, &gate_data, &token, &trust).end();

    let told = |decision: &str| customs.get(&format!("/api/v1/records/gate-decision/south.{decision}")).ok()["body"].clone();
    assert_eq!((&told("A-1")["verdict"], &told("A-1")["conflicts"]), (&json!("go"), &json!([])));
    assert_eq!(told("A-2")["verdict"], "hold");
    assert_eq!(told("A-3")["conflicts"][0]["code"], "note-reused", "{}", told("A-3"));
    let shown = customs.get(&format!("/api/v1/transfers/{}", first.id)).ok();
    assert_eq!((&shown["state"], &shown["changed_by"]), (&json!("released"), &json!({"gate": "south"})));
    let alarmed = customs.get(&format!("/api/v1/alerts?transfer={}", second.id)).ok();
    assert!(alarmed["items"].as_array().unwrap().iter().any(|alert| alert["kind"] == "note-reused"), "{alarmed}");

    platform.kill();
    let platform = house.serve();
    std::fs::remove_file(gate_data.join("filed")).unwrap();
    Gate::start(http, &gate_data, &token, &trust).end();
    assert_eq!(std::fs::read_to_string(gate_data.join("filed")).unwrap(), "3", "filed again, and nothing happened twice");
    let decisions = Api::new(platform.http, &people.customs).all("/api/v1/records/gate-decision");
    assert_eq!(decisions.len(), 5, "P-1, A-1, A-2, A-3 and D-1");
}

/// Asked by the platform and answered over MQTT.
fn deliver_answer(platform: &Sealway, people: &People, load: &mut Load) {
    let not_after = unix_now().plus_ms(60_000);
    send(
        platform,
        &people.operator,
        json!({"type": "issue-challenge", "device": load.device.id(), "nonce": hex(&[9; 16]), "not_after": not_after}),
    );
    let device = &mut load.device;
    let mut stream = TcpStream::connect(platform.mqtt).unwrap();
    let id = device.id();
    let mut out = Vec::new();
    mqtt::connect(id.as_str(), &device.login(unix_now(), [8; 16]), 60, &mut out);
    mqtt::subscribe(&topics::down(&id), 1, &mut out);
    mqtt::publish_once(&topics::up(&id), 2, &device.connected(), &mut out);
    stream.write_all(&out).unwrap();
    let (mut input, mut piece, before) = (Vec::new(), [0; 4096], device.highest());
    while device.highest() == before {
        let read = stream.read(&mut piece).unwrap();
        assert!(read > 0, "the platform closed the connection");
        input.extend_from_slice(&piece[..read]);
        while let Some((packet, length)) = mqtt::first(&input).unwrap() {
            match packet {
                Incoming::Publish { payload, .. } => drop(device.hear(60_000, payload)),
                Incoming::PubAck(ticket) => device.settled(ticket),
                Incoming::ConnAck(_) | Incoming::SubAck(_) | Incoming::PingResp => {}
            }
            input.drain(..length);
        }
    }
    drop(stream);
    device.disconnected();
    deliver(device, platform.mqtt);
}
