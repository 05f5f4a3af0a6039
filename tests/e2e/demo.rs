//! The first thing that a new user starts.

use sealway_tests::run;
use serde_json::Value;

#[test]
fn the_demo_loses_nothing_and_finds_its_five_frauds() {
    let output = run(&["demo", "--for", "30s", "--report", "json", "--http", "127.0.0.1:0"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stdout)));
    let number = |key: &str| report[key].as_u64().unwrap_or_else(|| panic!("{key} is missing in {report}"));
    assert!(number("devices") >= 60, "{report}");
    assert!(number("made") > number("devices"), "{report}");
    assert!(number("stored") >= number("acknowledged"), "{report}");
    assert_eq!(number("stored_twice"), 0, "{report}");
    assert_eq!(number("stored"), number("made") - number("hidden"), "{report}");
    let alerts = report["alerts"].as_object().unwrap();
    for fraud in ["opened-without-grant", "deviation", "equivocation", "cable-cut", "impossible-speed"] {
        assert!(alerts.contains_key(fraud), "{fraud} was not found: {report}");
    }
    let states = report["states"].as_object().unwrap();
    for state in ["in-transit", "written-off"] {
        assert!(states.contains_key(state), "no transfer is {state}: {report}");
    }
    assert_eq!(states.values().filter_map(Value::as_u64).sum::<u64>(), number("devices"), "{report}");
    assert!(report["ack_latency_ms"]["p50"].as_f64().unwrap() <= report["ack_latency_ms"]["p99"].as_f64().unwrap());
}
