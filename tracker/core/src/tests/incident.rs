//! Incidents: what is kept of each, with the photos that the carrier named, and what ends it.

use super::Bench;
use sealway_schemas::command::Role;
use sealway_schemas::movement::MovementState;
use sealway_schemas::record::ReportedIncident;
use sealway_schemas::{PhotoHash, TransferId};
use serde_json::{Value, json};

fn report(id: &TransferId, kind: &str, photos: &[PhotoHash]) -> Value {
    json!({"type": "report-incident", "transfer": id, "kind": kind, "note": "hit by a forklift", "photos": photos})
}

fn photos(count: u8) -> Vec<PhotoHash> {
    (0..count).map(|seed| PhotoHash::of(&[seed])).collect()
}

#[test]
fn each_incident_is_kept_with_its_photos_and_the_word_that_ended_it() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    let id = bench.released(&mut seal);
    bench.drive(&mut seal, 0, 5);
    bench.ok(Role::Carrier, report(&id, "accident", &photos(2)));
    bench.ok(Role::Customs, json!({"type": "resume-transfer", "transfer": id, "note": "seen, the seal is whole"}));
    bench.ok(Role::Carrier, report(&id, "route-impossible", &[]));
    let told: Vec<ReportedIncident> = bench.records();
    let shown: Vec<_> = told.iter().map(|told| (told.number, told.incident.photos.len(), told.resumed.is_some())).collect();
    assert_eq!(shown, [(1, 2, false), (1, 2, true), (2, 0, false)]);
    assert_eq!(told.first().unwrap().incident.photos, photos(2));
    assert_eq!(told.get(1).unwrap().resumed.as_ref().unwrap().note, "seen, the seal is whole");
    assert_eq!(bench.replayed().fingerprint(), bench.core.fingerprint());
}

#[test]
fn a_ninth_photo_and_one_that_is_named_twice_are_refused_and_change_nothing() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    let id = bench.released(&mut seal);
    bench.drive(&mut seal, 0, 5);
    let twice = [photos(3), photos(1)].concat();
    for (named, code) in [(photos(9), "photos-limit"), (twice, "photo-twice")] {
        assert_eq!(bench.code(Role::Carrier, report(&id, "accident", &named)), code);
    }
    assert_eq!(bench.state(&id), MovementState::InTransit);
    let malformed = json!({"type": "report-incident", "transfer": id, "kind": "accident", "note": "n", "photos": ["../accounts.json"]});
    assert_eq!(bench.refused(Role::Carrier, &malformed).code, "malformed-command");
    bench.ok(Role::Carrier, report(&id, "accident", &photos(8)));
}

#[test]
fn what_a_verdict_made_an_incident_was_reported_by_nobody() {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    let id = bench.released(&mut seal);
    bench.drive(&mut seal, 0, 5);
    bench.ok(Role::Carrier, report(&id, "accident", &[]));
    bench.ok(Role::Customs, json!({"type": "resume-transfer", "transfer": id, "note": "seen"}));
    let alert = bench.only_alert().id;
    bench.ok(Role::Customs, json!({"type": "decide-alert", "alert": alert, "verdict": "incident", "reason": "n"}));
    assert_eq!(bench.state(&id), MovementState::Incident);
    bench.ok(Role::Customs, json!({"type": "resume-transfer", "transfer": id, "note": "seen again"}));
    assert_eq!(bench.records::<ReportedIncident>().len(), 2);
}
