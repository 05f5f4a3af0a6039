//! Recorded receivers, sent as signed reports over real MQTT into a running platform, compared with what the API gives back.

use sealway_tests::{Sealway, seal_sim, shared};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

/// A position in 1e-7 degree, with the recording's time of day in ms where it tells one.
type Seen = (i64, i64, u64);

#[test]
fn recorded_traces_come_back_from_the_api_as_they_were_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let platform = Sealway::serve(&folder.path().join("data"));
    let token = platform.token("carrier", "trace-carrier");
    for (number, name) in
        ["car-visnjan.csv", "helicopter-rega-zh.csv", "humminbird-M37.log", "quectel-eg25-g.log", "bundg_zeus_9.log"].iter().enumerate()
    {
        let Some(path) = shared::trace(name) else { return };
        let device = format!("TRACE-{number}");
        let output = seal_sim()
            .args(["replay", "--device", &device, "--owner", "trace-carrier", "--api", &platform.http.to_string()])
            .args(["--mqtt", &platform.mqtt.to_string(), "--seed", &number.to_string(), "--replay"])
            .arg(&path)
            .env("SEALWAY_TOKEN", &token)
            .output()
            .unwrap();
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        let track = platform.admin().get(&format!("/api/v1/devices/{device}/track?limit=10000")).ok();
        // A track is given in device time, which steps back in one of the recordings; a device's own order is that of its counters.
        let mut points = track["points"].as_array().unwrap().clone();
        points.sort_by_key(|point| point["ctr"].as_u64());
        compare(name, &path, &points);
    }
}

fn compare(name: &str, path: &Path, points: &[Value]) {
    let text = String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned();
    let counters: Vec<u64> = points.iter().map(|point| point["ctr"].as_u64().unwrap()).collect();
    assert_eq!(counters, (1..=points.len() as u64).collect::<Vec<_>>(), "{name}: every report once, in its order");
    if name.ends_with(".csv") {
        assert_eq!(points.iter().map(seen).collect::<Vec<_>>(), track(&text), "{name}");
        return;
    }
    let (recorded, without_fix) = receiver(&text);
    let fixes: Vec<&Value> = points.iter().filter(|point| !point["lat"].is_null()).collect();
    assert!(!fixes.is_empty(), "{name}");
    for fix in &fixes {
        let (lat, lon, t) = seen(fix);
        let near = |known: &&Seen| (known.0 - lat).abs() <= 1 && (known.1 - lon).abs() <= 1;
        let found = recorded.iter().filter(near).any(|known| known.2 == t % 86_400_000);
        assert!(found, "{name}: no sentence says {lat} {lon} at {t}");
    }
    let told: BTreeSet<u64> = fixes.iter().map(|point| seen(point).2 % 86_400_000).collect();
    let known: BTreeSet<u64> = recorded.iter().map(|known| known.2).collect();
    assert_eq!(told, known, "{name}: moments with a fix");
    assert_eq!(points.len() - fixes.len(), without_fix, "{name}: epochs without a fix");
}

fn seen(point: &Value) -> Seen {
    (e7(point["lat"].as_f64().unwrap()), e7(point["lon"].as_f64().unwrap()), point["t"].as_u64().unwrap())
}

#[expect(clippy::cast_possible_truncation, reason = "degrees")]
pub(crate) fn e7(degrees: f64) -> i64 {
    (degrees * 1e7).round() as i64
}

/// The points of a CSV track.
fn track(text: &str) -> Vec<Seen> {
    let lines = text.lines().skip(1).map(|line| line.split(',').collect::<Vec<_>>());
    lines.map(|fields| (e7(fields[1].parse().unwrap()), e7(fields[2].parse().unwrap()), fields[0].parse().unwrap())).collect()
}

/// Positions with their time of day that the receiver said, and how many of its RMC epochs have none.
fn receiver(text: &str) -> (Vec<Seen>, usize) {
    let mut recorded = Vec::new();
    let mut void = 0;
    for line in text.lines().filter(|line| line.trim_start().starts_with('$')) {
        let sentence = line.trim_start().split('*').next().unwrap();
        let fields: Vec<&str> = sentence.split(',').collect();
        let kind = fields[0].get(3..).unwrap_or_default();
        let at = match kind {
            "RMC" => 3,
            "GGA" => 2,
            _ => continue,
        };
        let no_fix = (kind == "RMC" && fields[2] != "A") || (kind == "GGA" && fields[6] == "0") || fields[at].is_empty();
        if no_fix {
            void += usize::from(kind == "RMC");
            continue;
        }
        recorded.push((
            angle(fields[at], 2, fields[at + 1] == "S"),
            angle(fields[at + 2], 3, fields[at + 3] == "W"),
            time_of_day(fields[1]),
        ));
    }
    (recorded, void)
}

/// `ddmm.mmmm` in 1e-7 degree.
pub(crate) fn angle(text: &str, degrees: usize, negative: bool) -> i64 {
    let value = text[..degrees].parse::<f64>().unwrap() + text[degrees..].parse::<f64>().unwrap() / 60.0;
    e7(if negative { -value } else { value })
}

/// `hhmmss.ss` in ms.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a time of day")]
pub(crate) fn time_of_day(text: &str) -> u64 {
    let part = |from: usize| text[from..from + 2].parse::<u64>().unwrap();
    let seconds = text[4..].parse::<f64>().unwrap();
    (part(0) * 3600 + part(2) * 60) * 1000 + (seconds * 1000.0).round() as u64
}
