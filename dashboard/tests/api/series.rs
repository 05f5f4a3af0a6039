//! What the time series tell, to whom, and how much of it.

use crate::house::{House, START};
use crate::seal::Seal;
use sealway_schemas::report::Event;
use serde_json::Value;

/// A seal that reported `reports` times, ten seconds apart, in the first place of the atlas.
fn furnished(reports: u64) -> (House, Seal) {
    let house = House::open();
    house.atlas();
    let mut seal = Seal::new("NR-0001", 1);
    house.enrol("north", &seal);
    for _ in 0..reports {
        house.later(10_000);
        house.hear(&mut seal, Event::Periodic);
    }
    house.followed(&seal.id, reports);
    (house, seal)
}

#[test]
fn a_track_is_whole_or_thinned_and_says_which() {
    let (house, _) = furnished(60);
    let north = house.as_user("north");
    let whole = north.get("/api/v1/devices/NR-0001/series/points?points=60").ok();
    assert_eq!((whole["reports"].as_u64(), whole["thinned"].as_bool()), (Some(60), Some(false)));
    assert_eq!(whole["points"].as_array().unwrap().len(), 60);
    assert_eq!((whole["points"][0]["lat"].as_f64(), whole["points"][0]["battery"].as_u64()), (Some(34.35), Some(80)));
    let thinned = north.get("/api/v1/devices/NR-0001/series/points?points=10").ok();
    assert_eq!((thinned["reports"].as_u64(), thinned["thinned"].as_bool()), (Some(60), Some(true)));
    assert!((1..=10).contains(&thinned["points"].as_array().unwrap().len()), "{thinned}");
    let early = north.get(&format!("/api/v1/devices/NR-0001/series/points?from={START}&to={}", START + 100_001)).ok();
    assert_eq!(early["reports"].as_u64(), Some(10));
}

#[test]
fn curves_counts_crossings_and_the_latest_are_told() {
    let (house, _) = furnished(30);
    let north = house.as_user("north");
    let chart = north.get("/api/v1/devices/NR-0001/series/chart?field=battery&points=2000").ok();
    let buckets = chart["buckets"].as_array().unwrap();
    assert_eq!(buckets.iter().map(|bucket| bucket["count"].as_u64().unwrap()).sum::<u64>(), 30);
    assert!(buckets.iter().all(|bucket| bucket["mean"].as_f64() == Some(80.0)) && chart["width_ms"].as_u64() > Some(0), "{chart}");
    let counts = north.get("/api/v1/devices/NR-0001/series/counts").ok();
    let reports: u64 = counts["counts"].as_array().unwrap().iter().map(|count| count["reports"].as_u64().unwrap()).sum();
    assert_eq!(reports, 30);
    let crossings = north.get("/api/v1/devices/NR-0001/series/crossings").ok();
    assert_eq!((crossings["crossings"][0]["ctr"].as_u64(), &crossings["crossings"][0]["entered"][0]), (Some(1), &Value::from("zone-a")));
    let latest = north.get("/api/v1/devices/NR-0001/series/latest").ok();
    assert_eq!((latest["point"]["ctr"].as_u64(), &latest["inside"][0]), (Some(30), &Value::from("zone-a")));
    let all = house.as_user("officer").get("/api/v1/series/latest").ok();
    assert_eq!(all["items"].as_array().unwrap().len(), 1);
}

#[test]
fn another_carrier_gets_nothing_of_it() {
    let (house, _) = furnished(3);
    let south = house.as_user("south");
    for question in ["points", "counts", "crossings", "latest", "chart?field=speed"] {
        assert_eq!(south.get(&format!("/api/v1/devices/NR-0001/series/{question}")).problem(404), "not-found", "{question}");
    }
    assert_eq!(south.get("/api/v1/series/latest").ok()["items"].as_array().unwrap().len(), 0);
}

#[test]
fn a_seal_with_a_line_break_in_its_id_is_refused_by_name() {
    let (house, _) = furnished(1);
    let north = house.as_user("north");
    for question in ["points", "counts", "crossings", "latest", "chart?field=speed"] {
        let answer = north.get(&format!("/api/v1/devices/NR-0001%0Areport/series/{question}"));
        assert_eq!(answer.problem(400), "id-malformed", "{question}");
        assert!(answer.detail().contains("NR-0001\\nreport"), "{}", answer.detail());
    }
}

#[test]
fn what_cannot_be_asked_is_named() {
    let (house, _) = furnished(1);
    let north = house.as_user("north");
    for (question, named) in [
        ("points?points=2001", "points: 2001, expected 1 to 2000"),
        ("points?points=0", "points: 0, expected 1 to 2000"),
        ("points?from=5&to=5", "from 5 ms to 5 ms: expected a time before and a time after"),
        ("chart?field=colour", "unknown variant `colour`"),
        ("counts?colour=red", "unknown field `colour`"),
    ] {
        let answer = north.get(&format!("/api/v1/devices/NR-0001/series/{question}"));
        assert_eq!(answer.problem(400), "query-invalid");
        assert!(answer.text().contains(named), "{}", answer.text());
    }
}
