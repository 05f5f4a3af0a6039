//! Lines beside MQTT through the whole house: receivers and readers over pseudo terminals, terminals over TCP.

use crate::seal::enrol;
use crate::traces::{angle, e7, time_of_day};
use sealway_schemas::Time;
use sealway_schemas::report::{Event, Fix};
use sealway_seal_sim::chance::secret;
use sealway_seal_sim::device::{Device, Heard, Observation};
use sealway_seal_sim::link::unix_now;
use sealway_seal_sim::reader::Reader;
use sealway_seal_sim::terminal::{Call, CallError, Form, Here, Terminal};
use sealway_tests::{Api, Patient, Sealway, Socket, run, shared};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const PARTY: &str = "xian-carrier";
const PHONE: &str = "13912345678";
const PATIENCE: Duration = Duration::from_secs(60);

struct House {
    folder: tempfile::TempDir,
    config: PathBuf,
}

impl House {
    fn new(gateways: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("sealway.toml");
        let listeners = "[mqtt]\nlisten = \"127.0.0.1:0\"\n[http]\nlisten = \"127.0.0.1:0\"\n[log]\nfilter = \"warn\"\n";
        std::fs::write(&config, format!("{listeners}{gateways}")).unwrap();
        Self { folder, config }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn serve(&self) -> Sealway {
        Sealway::serve_by(&self.config, &self.data())
    }
}

fn command(api: &Api, body: &Value) {
    let _receipt = api.post("/api/v1/commands", body).ok();
}

fn register(api: &Api, terminal: &str, protocol: &str, call_sign: &str) {
    let body = json!({"type": "register-terminal", "terminal": terminal, "owner": PARTY, "protocol": protocol,
                      "call_sign": call_sign, "used_as": "vehicle"});
    command(api, &body);
}

/// Asks again until the answer is as it should be.
fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = ask() {
            return found;
        }
        assert!(began.elapsed() < PATIENCE, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn track(api: &Api, id: &str) -> Value {
    api.get(&format!("/api/v1/devices/{id}/track?limit=10000")).ok()
}

/// Some seconds from now: what was reported before it was registered is nobody's.
fn here(now: Time, second: u64) -> Here {
    Here { t: now.plus_ms(second * 1_000), at: Some((34.341_57, 108.940_175)), speed: 600, heading: 180 }
}

const TRUCKS: &str = "[[gateway.jtt808]]\nname = \"trucks\"\nlisten = \"127.0.0.1:0\"\n";

#[test]
fn a_terminals_places_are_on_its_owners_track_as_unsigned_and_survive_a_kill() {
    let house = House::new(TRUCKS);
    let platform = house.serve();
    let owner = platform.api("carrier", PARTY);
    register(&owner, "TRUCK-7", "jtt808", PHONE);
    let mut call = Call::open(platform.gateway_port("trucks"), Terminal::new(Form::Of2019, PHONE)).unwrap();
    let now = unix_now();
    for second in 1..=20 {
        let location = call.terminal.location(&here(now, second), &[0x31, 1, 9]);
        call.tell(&location).unwrap();
    }
    // Every one was acknowledged, so every one is there after the end of the process.
    platform.kill();
    let platform = house.serve();
    let owner = platform.api("carrier", PARTY);
    let told = track(&owner, "TRUCK-7");
    assert_eq!((told["grade"].as_str(), told["points"].as_array().unwrap().len()), (Some("unsigned"), 20));
    let point = &told["points"][19];
    assert_eq!((point["lat"].as_f64(), point["speed_cm_s"].as_u64(), point["ctr"].as_u64()), (Some(34.341_57), Some(1_666), Some(20)));
    let record = until("the record tells the last place", || {
        let record = owner.get("/api/v1/records/terminal/TRUCK-7").ok();
        (record["body"]["last"]["number"] == 20).then_some(record)
    });
    assert_eq!(record["body"]["grade"], "unsigned");
    assert_eq!(platform.api("carrier", "another-carrier").get("/api/v1/devices/TRUCK-7/track").status, 404);
    let series = until("the series has the points", || {
        let span = format!("from={}&to={}", now.as_ms(), now.plus_ms(30_000).as_ms());
        let told = owner.get(&format!("/api/v1/devices/TRUCK-7/series/points?{span}")).ok();
        (told["reports"] == 20).then_some(told)
    });
    assert_eq!(series["grade"], "unsigned");
    assert!(platform.stop().success());
    let verified = run(&["verify", "--data", house.data().to_str().unwrap()]);
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
}

#[test]
fn a_stranger_is_refused_until_it_is_registered_and_after_it_was_revoked() {
    let house = House::new(TRUCKS);
    let platform = house.serve();
    let owner = platform.api("carrier", PARTY);
    let trucks = platform.gateway_port("trucks");
    let call = || Call::open(trucks, Terminal::new(Form::Of2013, PHONE));
    assert!(matches!(call().unwrap_err(), CallError::NotRegistered(4)));
    register(&owner, "TRUCK-7", "jtt808", PHONE);
    let mut speaking = call().unwrap();
    command(&owner, &json!({"type": "revoke-terminal", "terminal": "TRUCK-7", "reason": "sold"}));
    let location = speaking.terminal.location(&here(unix_now(), 0), &[]);
    assert!(speaking.tell(&location).is_err());
    assert!(matches!(call().unwrap_err(), CallError::NotRegistered(4)));
    assert_eq!(platform.gateway("trucks")["counts"]["stranger"], 3);
    assert!(track(&owner, "TRUCK-7")["points"].as_array().unwrap().is_empty());
}

#[test]
fn recorded_receivers_come_through_a_serial_line_as_they_were_recorded() {
    let names = ["beidou-bd.log", "bundg_zeus_9.log", "haicom-305N.log", "humminbird-M37.log", "quectel-eg25-g.log"];
    let sockets: Vec<Socket> = names.iter().map(|_| Socket::default()).collect();
    let gateways: String = sockets
        .iter()
        .enumerate()
        .map(|(n, socket)| {
            let port = socket.path();
            format!("[[gateway.serial]]\nname = \"trace-{n}\"\nkind = \"nmea\"\nport = {port:?}\nbaud = 4800\nevery = \"0s\"\n")
        })
        .collect();
    let house = House::new(&gateways);
    let platform = house.serve();
    let owner = platform.api("carrier", PARTY);
    for (n, (name, socket)) in names.iter().zip(&sockets).enumerate() {
        let Some(path) = shared::trace(name) else { return };
        let (line, id) = (format!("trace-{n}"), format!("TRACE-{n}"));
        register(&owner, &id, "nmea", &line);
        let mut plug = socket.plug();
        until("the line is open", || (platform.gateway(&line)["state"] == "quiet").then_some(()));
        let recording = std::fs::read(&path).unwrap();
        plug.say(&recording);
        let expected = recorded(&path);
        // The last epoch is told when the line falls silent.
        let points = until(name, || {
            let points = track(&owner, &id)["points"].as_array().unwrap().clone();
            (moments(&points).len() >= expected.len()).then_some(points)
        });
        compare(name, &points, &expected);
    }
}

/// Positions in 1e-7 degree by moment of the day in ms, of the moments at which every RMC and GGA says that it has a fix.
type Recorded = BTreeMap<u64, Vec<(i64, i64)>>;

fn recorded(path: &Path) -> Recorded {
    let text = String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned();
    let (mut good, mut void) = (Recorded::new(), BTreeSet::new());
    for line in text.lines().map(str::trim).filter(|line| line.starts_with('$') && !line.starts_with("$P")) {
        let fields: Vec<&str> = line.split('*').next().unwrap().split(',').collect();
        let (at, fix) = match fields[0].get(3..).unwrap_or_default() {
            "RMC" => (3, fields[2] == "A" && fields.get(12).is_none_or(|mode| !matches!(*mode, "E" | "M" | "N" | "S"))),
            "GGA" => (2, !matches!(fields[6], "0" | "6" | "7" | "8" | "")),
            _ => continue,
        };
        if fields[1].is_empty() {
            continue;
        }
        let moment = time_of_day(fields[1]);
        if fix {
            let position = (angle(fields[at], 2, fields[at + 1] == "S"), angle(fields[at + 2], 3, fields[at + 3] == "W"));
            good.entry(moment).or_default().push(position);
        } else {
            void.insert(moment);
        }
    }
    good.retain(|moment, _| !void.contains(moment));
    good
}

/// Those of the day in ms at which there is a fix: fewer than there are points where a receiver's clock went back.
fn moments(points: &[Value]) -> BTreeSet<u64> {
    points.iter().filter(|point| !point["lat"].is_null()).map(moment).collect()
}

fn moment(point: &Value) -> u64 {
    point["t"].as_u64().unwrap() % 86_400_000
}

fn compare(name: &str, points: &[Value], expected: &Recorded) {
    for point in points.iter().filter(|point| !point["lat"].is_null()) {
        let moment = moment(point);
        let (lat, lon) = (e7(point["lat"].as_f64().unwrap()), e7(point["lon"].as_f64().unwrap()));
        let near = expected.get(&moment).is_some_and(|known| known.iter().any(|(y, x)| (y - lat).abs() <= 1 && (x - lon).abs() <= 1));
        assert!(near, "{name}: no sentence says {lat} {lon} at {moment}");
    }
    assert_eq!(moments(points), expected.keys().copied().collect(), "{name}: moments with a fix");
}

#[test]
fn a_seal_is_challenged_and_heard_through_a_reader_that_is_unplugged_on_the_way() {
    let socket = Socket::default();
    let port = socket.path();
    let house = House::new(&format!("[[gateway.serial]]\nname = \"gate-3-reader\"\nkind = \"reader\"\nport = {port:?}\n"));
    let platform = house.serve();
    let owner = platform.api("carrier", PARTY);
    let mut seal = Device::new("XA-READ-1".parse().unwrap(), secret(7, "identity", "XA-READ-1"), 256);
    enrol(&platform, PARTY, &mut seal);
    seal.report(1_000, Event::PowerOn).unwrap();
    let plug = socket.plug();
    until("the reader is there", || (platform.gateway("gate-3-reader")["state"] == "quiet").then_some(()));
    let mut reader = Reader::new(Patient::new(&plug.device));
    reader.write(&[0x55; 64]).unwrap();
    reader.call(&mut seal, Time::from_ms(1_788_251_400_000), [1; 16]).unwrap();
    reader.deliver(&mut seal, 2_000).unwrap();
    assert_eq!(seal.acked().stored, 1);
    let not_after = unix_ms() + 600_000;
    let _issued = owner.post("/api/v1/devices/XA-READ-1/challenges", &json!({"not_after": not_after})).ok();
    let answered = until("the challenge comes down", || match reader.answered(&mut seal, 3_000).unwrap() {
        Some(Heard::Answered(ctr)) => Some(ctr),
        _ => None,
    });
    assert_eq!(answered, 2);
    // Pulled before the answer is sent: it goes out again when the reader is back.
    drop((reader, plug));
    seal.disconnected();
    until("the reader is away", || (platform.gateway("gate-3-reader")["state"] == "absent").then_some(()));
    let plug = socket.plug();
    until("the reader is back", || (platform.gateway("gate-3-reader")["state"] == "quiet").then_some(()));
    let mut reader = Reader::new(Patient::new(&plug.device));
    reader.call(&mut seal, Time::from_ms(1_788_251_460_000), [2; 16]).unwrap();
    reader.deliver(&mut seal, 4_000).unwrap();
    assert_eq!(seal.acked().stored, 2);
    let told = track(&owner, "XA-READ-1");
    assert_eq!((told["grade"].as_str(), told["points"][1]["event"].as_str()), (Some("signed"), Some("challenge-answer")));
    let line = platform.gateway("gate-3-reader");
    assert_eq!((line["state"].as_str(), line["counts"]["lost"].as_u64()), (Some("well"), Some(1)));
    assert!(line["counts"]["garbage"].as_u64() >= Some(1));
    let metrics = platform.admin().get("/metrics").body;
    assert!(metrics.contains("sealway_gateway_total{gateway=\"gate-3-reader\",what=\"lost\"} 1"), "{metrics}");
}

const YARD: Fix =
    Fix { lat_e7: 343_415_700, lon_e7: 1_089_401_750, accuracy_dm: 40, speed_cm_s: 0, heading_ddeg: 0, satellites: 9, cn0_ddbhz: 400 };

#[test]
fn a_seal_without_a_network_is_sealed_granted_and_opened_through_a_reader() {
    let socket = Socket::default();
    let port = socket.path();
    let house = House::new(&format!("[[gateway.serial]]\nname = \"gate-3-reader\"\nkind = \"reader\"\nport = {port:?}\n"));
    let platform = house.serve();
    let mut seal = Device::new("XA-READ-2".parse().unwrap(), secret(7, "identity", "XA-READ-2"), 256);
    enrol(&platform, PARTY, &mut seal);
    seal.observe(1_000, Observation { gnss_time: Some(unix_now()), fix: Some(YARD), battery: Some(80), external_power: false });
    seal.seal(1_000, secret(7, "epoch", "XA-READ-2")).unwrap();
    let plug = socket.plug();
    until("the reader is there", || (platform.gateway("gate-3-reader")["state"] == "quiet").then_some(()));
    let mut reader = Reader::new(Patient::new(&plug.device));
    reader.call(&mut seal, unix_now(), [1; 16]).unwrap();
    reader.deliver(&mut seal, 2_000).unwrap();
    let officer = platform.person("li", "customs", "xian-customs");
    let grant = "0a".repeat(16);
    let circle = json!({"lat_e7": YARD.lat_e7, "lon_e7": YARD.lon_e7, "radius_m": 100});
    let issue = json!({"type": "issue-grant", "grant": grant, "device": "XA-READ-2", "epoch": 1, "circle": circle,
                       "not_before": 0, "not_after": unix_ms() + 600_000, "authorised_by": "li"});
    command(&officer, &issue);
    until("the grant comes down", || matches!(reader.answered(&mut seal, 3_000).unwrap(), Some(Heard::GrantKept)).then_some(()));
    // It opens by itself; the platform hears of it when the receipt comes by.
    let receipt = seal.open_by_grant(4_000).unwrap();
    reader.deliver(&mut seal, 5_000).unwrap();
    assert_eq!((receipt, seal.acked().stored), (2, 2));
    let told = track(&platform.api("carrier", PARTY), "XA-READ-2");
    assert_eq!((told["grade"].as_str(), told["points"][1]["event"].as_str()), (Some("signed"), Some("opened-by-grant")));
    let standing = until("the grant is used up", || {
        let record = officer.get(&format!("/api/v1/records/grant/XA-READ-2:{grant}")).ok();
        (record["body"]["standing"] == "used").then_some(record)
    });
    assert_eq!(standing["body"]["used_by"], 2);
    let alerts = officer.get("/api/v1/alerts").ok()["items"].clone();
    assert_eq!(alerts, json!([]), "nothing was opened without leave");
    let line = platform.gateway("gate-3-reader");
    assert!(line["counts"]["downs"].as_u64() >= Some(3), "{line}");
}

pub(crate) fn unix_ms() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    u64::try_from(since.as_millis()).unwrap()
}
