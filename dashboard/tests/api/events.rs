//! The live events.

use crate::house::{House, transfer};
use crate::seal::Seal;
use sealway_schemas::report::Event;
use serde_json::json;

const EVENTS: &str = "/api/v1/events";

fn with_seals() -> (House, Seal, Seal) {
    let house = House::open();
    house.atlas();
    let (north, south) = (Seal::new("NR-0001", 1), Seal::new("SR-0001", 2));
    house.enrol("north", &north);
    house.enrol("south", &south);
    (house, north, south)
}

#[test]
fn a_reader_sees_the_events_of_his_own_party_only() {
    let (house, mut north, mut south) = with_seals();
    let mut officer = house.as_user("officer").events(EVENTS);
    let mut carrier = house.as_user("south").events(EVENTS);
    house.upload(&mut north, Event::CableCut);
    house.upload(&mut south, Event::CableCut);
    let seen = carrier.next_of("alert");
    assert_eq!((&seen.data["device"], &seen.data["kind"]), (&json!("SR-0001"), &json!("seal-stolen")), "of a seal without cargo");
    assert_eq!(officer.next_of("alert").data["device"], "NR-0001");
    assert_eq!(officer.next_of("alert").data["device"], "SR-0001");
}

#[test]
fn a_stream_resumes_after_the_last_event_that_was_read() {
    let (house, mut seal, _) = with_seals();
    let officer = house.as_user("officer");
    let mut stream = officer.events(EVENTS);
    house.as_user("north").post("/api/v1/transfers", &transfer("NR-0001", "LOOSE-1")).ok();
    let declared = stream.next_of("movement");
    assert_eq!(declared.data["state"], "declared");
    drop(stream);
    house.upload(&mut seal, Event::CableCut);
    let mut resumed = officer.with("last-event-id", &declared.id.to_string()).events(EVENTS);
    let alert = resumed.next_of("alert");
    assert!(alert.id > declared.id);
    assert_eq!(alert.data["transfer"], declared.data["id"]);
}

#[test]
fn who_was_away_too_long_is_told_to_load_the_lists_anew() {
    let (house, mut seal, _) = with_seals();
    house.upload(&mut seal, Event::CableCut);
    let newest = house.tracker.events().newest();
    for unknown in ["1".to_owned(), (newest + 1_000_000).to_string()] {
        let mut stream = house.as_user("officer").with("last-event-id", &unknown).events(EVENTS);
        let first = stream.next();
        assert_eq!((first.event.as_str(), first.id), ("reset", newest), "{unknown}");
    }
    let odd = house.as_user("officer").with("last-event-id", "yesterday").get(EVENTS);
    assert_eq!(odd.problem(400), "last-event-id");
}

#[test]
fn who_was_told_what_the_lists_lacked_is_told_to_load_them_anew_once_they_have_it() {
    let (house, mut seal, _) = with_seals();
    let officer = house.as_user("officer");
    let mut stream = officer.events(EVENTS);
    house.registry("CREATE TRIGGER refuse BEFORE INSERT ON alerts BEGIN SELECT RAISE(ABORT, 'no room'); END");
    house.upload(&mut seal, Event::CableCut);
    assert_eq!(stream.next_of("alert").data["device"], "NR-0001");
    let alerts = || officer.get("/api/v1/alerts").ok()["items"].as_array().unwrap().len();
    assert_eq!(alerts(), 0);
    house.registry("DROP TRIGGER refuse");
    stream.next_of("reset");
    assert_eq!(alerts(), 1);
}

#[test]
fn a_stream_needs_a_token_and_ends_with_the_server() {
    let (mut house, _, _) = with_seals();
    assert_eq!(house.nobody().get(EVENTS).problem(401), "not-authenticated");
    let stream = house.as_user("officer").events(EVENTS);
    house.stop().unwrap();
    assert!(stream.ends());
}
