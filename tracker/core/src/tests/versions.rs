//! Corridors and places that change on a date: what is judged, when and by which version.

use super::{Bench, DESTINATION, ORIGIN, ROAD, START, declaration, features, findings, seal::Seal, told};
use crate::geometry::Position;
use crate::input::Input;
use crate::policy::Policy;
use crate::{Core, Effect, Row};
use bytes::Bytes;
use sealway_schemas::command::Role;
use sealway_schemas::event::AlertKind;
use sealway_schemas::record::WithdrawnVersionView;
use sealway_schemas::{Time, TransferId};
use serde_json::{Value, json};

/// About 1.1 km, beyond the road's width.
const ASIDE_DEG: f64 = 0.01;

fn road() -> Value {
    features(include_str!("../../world/corridors.geojson")).into_iter().find(|corridor| corridor["id"] == ROAD).unwrap()
}

fn wide() -> Value {
    let mut wide = road();
    wide["properties"]["width_m"] = json!(10_000);
    wide
}

fn plan(bench: &mut Bench, feature: &Value, from: Time) {
    bench.ok(Role::Customs, json!({"type": "put-corridor", "feature": feature, "effective_from": from}));
}

fn under_way() -> (Bench, Seal, TransferId) {
    let mut bench = Bench::new();
    let mut seal = bench.enrol(1);
    let id = bench.declare(1, &seal);
    bench.seal_up(&mut seal);
    bench.drive(&mut seal, 0, 8);
    (bench, seal, id)
}

/// A report a minute, beside the road.
fn aside(bench: &Bench, seal: &mut Seal, from: Time, minutes: u32) -> Vec<Bytes> {
    let report = |minute: u32| {
        let at = bench.road().at_km(8.0 + f64::from(minute) / 10.0).unwrap();
        seal.periodic(from.plus_ms(u64::from(minute) * 60_000), Position { lat: at.lat + ASIDE_DEG, ..at })
    };
    (1..=minutes).map(report).collect()
}

fn rows(effects: &[Effect]) -> Vec<String> {
    let row = |effect: &Effect| match effect {
        Effect::Row(row) => match row.as_ref() {
            Row::Corridor(corridor) => Some(format!("corridor {} {}", corridor.id, corridor.feature["properties"]["width_m"])),
            Row::Place(place) => Some(format!("place {}", place.id)),
            Row::Withdrawn(subject, from) => Some(format!("withdrawn {} {}", subject.id(), from.as_ms())),
            Row::Version(version) => Some(format!("version {} {}", version.subject.id(), version.view.effective_from.as_ms())),
            _ => None,
        },
        _ => None,
    };
    effects.iter().filter_map(row).collect()
}

#[test]
fn a_late_report_is_judged_by_the_version_of_its_own_time() {
    let (mut bench, mut seal, _) = under_way();
    let (begun, noon) = (bench.now, bench.now.plus_ms(4 * 60_000 + 1));
    plan(&mut bench, &wide(), noon);
    let kept = aside(&bench, &mut seal, begun, 9);
    bench.now = noon.plus_ms(400_000);
    for bytes in &kept[..4] {
        bench.send(&seal, bytes);
    }
    let deviation = |bench: &Bench| bench.core.alerts().find(|alert| alert.kind == AlertKind::Deviation).cloned().unwrap();
    assert_eq!(deviation(&bench).happened_at, begun.plus_ms(60_000), "the old version was in force");
    for bytes in &kept[4..] {
        bench.send(&seal, bytes);
    }
    assert!(deviation(&bench).cleared_at.is_some(), "the new one is wide enough");
    assert_eq!(bench.replayed().fingerprint(), bench.core.fingerprint());
}

#[test]
fn a_narrower_version_says_nothing_of_what_was_before_it() {
    let (mut bench, mut seal, _) = under_way();
    bench.ok(Role::Customs, json!({"type": "put-corridor", "feature": wide()}));
    bench.pass_s(1);
    let begun = bench.now;
    let kept = aside(&bench, &mut seal, begun, 6);
    bench.now = begun.plus_ms(3 * 60_000 + 1);
    bench.ok(Role::Customs, json!({"type": "put-corridor", "feature": road()}));
    bench.now = begun.plus_ms(400_000);
    for bytes in &kept[..3] {
        bench.send(&seal, bytes);
    }
    assert_eq!(bench.alert_kinds(), []);
    for bytes in &kept[3..] {
        bench.send(&seal, bytes);
    }
    assert_eq!(bench.only_alert().happened_at, begun.plus_ms(4 * 60_000));
}

#[test]
fn the_order_of_arrival_does_not_choose_the_version() {
    let deviations = |turned: bool| {
        let (mut bench, mut seal, id) = under_way();
        let (begun, noon) = (bench.now, bench.now.plus_ms(4 * 60_000 + 1));
        plan(&mut bench, &wide(), noon);
        let mut kept = aside(&bench, &mut seal, begun, 9);
        if turned {
            kept.reverse();
        }
        for (minute, bytes) in (1..).zip(&kept) {
            bench.now = begun.plus_ms(minute * 60_000);
            bench.send(&seal, bytes);
        }
        let found = findings(&bench.core).into_iter().filter(|((kind, _), _)| *kind == AlertKind::Deviation).collect::<Vec<_>>();
        assert_eq!(found.len(), 1);
        (found, bench.transfer(&id).progress_km)
    };
    assert_eq!(deviations(false), deviations(true));
}

/// The road by way of a detour of about 20 km behind its first kilometres.
fn detour() -> Value {
    let mut detour = road();
    let line = detour["geometry"]["coordinates"].as_array_mut().unwrap();
    let middle = line.len() / 4;
    let at: [f64; 2] = serde_json::from_value(line[middle].clone()).unwrap();
    line.insert(middle + 1, json!([at[0] + 0.0001, at[1] + 0.09]));
    line.insert(middle + 2, json!([at[0] + 0.0002, at[1]]));
    detour
}

#[test]
fn a_shorter_line_does_not_turn_a_truck_around() {
    let mut bench = Bench::new();
    bench.ok(Role::Customs, json!({"type": "put-corridor", "feature": detour()}));
    let mut seal = bench.enrol(1);
    let id = bench.declare(1, &seal);
    bench.seal_up(&mut seal);
    let long = bench.road().length_km();
    bench.drive(&mut seal, 0, 40);
    assert!((bench.transfer(&id).length_km - long).abs() < 1e-9);
    let (before, noon) = (bench.transfer(&id).progress_km.unwrap(), bench.now.plus_ms(30_000));
    plan(&mut bench, &road(), noon);
    bench.wait_s(31);
    let here = bench.road().locate(detoured_at(before), None).progress_km;
    assert!(before - here > 15.0, "{before} {here}");
    for minute in 1..=4_u32 {
        bench.pass_s(60);
        bench.report_at(&mut seal, here + f64::from(minute) / 2.0);
    }
    assert_eq!(bench.alert_kinds(), []);
    let transfer = bench.transfer(&id);
    assert!((transfer.progress_km.unwrap() - here - 2.0).abs() < 0.2, "{:?} {here}", transfer.progress_km);
    assert!(transfer.length_km < long - 15.0);
    assert_eq!(bench.replayed().fingerprint(), bench.core.fingerprint());
}

fn detoured_at(km: f64) -> Position {
    crate::corridor::Corridor::parse(&detour().to_string()).unwrap().at_km(km).unwrap()
}

#[test]
fn a_planned_version_is_told_when_its_time_comes_and_can_be_replaced_until_then() {
    let mut bench = Bench::new();
    let noon = bench.now.plus_ms(3_600_000);
    let at_once = noon.as_ms() - 3_600_000;
    plan(&mut bench, &wide(), noon);
    assert_eq!(rows(&bench.effects).last(), Some(&format!("version {ROAD} {}", noon.as_ms())));
    let mut other = wide();
    other["properties"]["width_m"] = json!(900);
    plan(&mut bench, &other, noon);
    let road_now = |bench: &Bench| bench.road().width_m();
    assert!((road_now(&bench) - 900.0).abs() > 1.0);
    bench.pass_s(3_599);
    assert_eq!(rows(&bench.give(Input::Tick)), Vec::<String>::new());
    bench.pass_s(1);
    assert_eq!(rows(&bench.give(Input::Tick)), [format!("corridor {ROAD} 900")]);
    assert!((road_now(&bench) - 900.0).abs() < f64::EPSILON);
    let times: Vec<u64> =
        bench.core.versions().filter(|version| version.subject.id() == ROAD).map(|version| version.view.effective_from.as_ms()).collect();
    assert_eq!(times, [at_once, noon.as_ms()]);
    let again: Core = postcard::from_bytes(&postcard::to_stdvec(&bench.core).unwrap()).unwrap();
    assert_eq!(again, bench.core);
    assert_eq!(bench.replayed().fingerprint(), bench.core.fingerprint());
}

#[test]
fn no_version_is_put_for_the_past_or_a_far_off_day() {
    let mut bench = Bench::new();
    bench.pass_s(60);
    for from in [bench.now.minus_ms(1), bench.now.plus_ms(6 * 366 * 86_400_000)] {
        let put = json!({"type": "put-corridor", "feature": wide(), "effective_from": from});
        assert_eq!(bench.code(Role::Customs, put), "effective-from");
    }
    let now = bench.now;
    plan(&mut bench, &wide(), now);
    assert!((bench.road().width_m() - 10_000.0).abs() < f64::EPSILON);
}

#[test]
fn a_corridor_of_a_coming_day_is_none_to_declare_on() {
    let mut bench = Bench::new();
    let mut coming = road();
    coming["properties"]["id"] = json!("road-coming");
    let noon = bench.now.plus_ms(3_600_000);
    plan(&mut bench, &coming, noon);
    let seal = bench.enrol(1);
    bench.let_through();
    let id = TransferId::new(26, "CN", "XA00000000001").unwrap();
    let mut declared = declaration(&id, &seal, "LOOSE-1");
    declared["corridor"] = json!("road-coming");
    assert_eq!(bench.code(Role::Carrier, declared.clone()), "unknown-corridor");
    let mut elsewhere = coming.clone();
    elsewhere["properties"]["from"] = json!(DESTINATION);
    elsewhere["properties"]["to"] = json!(ORIGIN);
    assert_eq!(bench.code(Role::Customs, json!({"type": "put-corridor", "feature": elsewhere})), "corridor-places-fixed");
    bench.wait_s(3_600);
    bench.ok(Role::Carrier, declared);
}

#[test]
fn a_place_and_its_corridors_touch_at_every_time() {
    let mut bench = Bench::new();
    let place = bench.core.atlas().place(&DESTINATION.parse().unwrap()).unwrap().feature().to_owned();
    let mut small: Value = serde_json::from_str(&place).unwrap();
    let ring = small["geometry"]["coordinates"][0].as_array().unwrap().clone();
    let (lon, lat) = (ring[0][0].as_f64().unwrap(), ring[0][1].as_f64().unwrap());
    small["geometry"]["coordinates"] =
        json!([[[lon, lat], [lon + 0.001, lat], [lon + 0.001, lat + 0.001], [lon, lat + 0.001], [lon, lat]]]);
    let noon = bench.now.plus_ms(3_600_000);
    let put = json!({"type": "put-place", "feature": small, "effective_from": noon});
    assert_eq!(bench.code(Role::Customs, put), "corridor-stranded");
    assert!(bench.core.place(&DESTINATION.parse().unwrap()).is_some());
    let same: Value = serde_json::from_str(&place).unwrap();
    bench.ok(Role::Customs, json!({"type": "put-place", "feature": same, "effective_from": noon}));
    bench.pass_s(3_600);
    assert_eq!(rows(&bench.give(Input::Tick)), [format!("place {DESTINATION}")]);
}

fn withdrawal(from: Time) -> Value {
    json!({"type": "withdraw-corridor-version", "corridor": ROAD, "effective_from": from, "reason": "the works are put off"})
}

fn versions_of(core: &Core, id: &str) -> usize {
    core.versions().filter(|version| version.subject.id() == id).count()
}

#[test]
fn a_planned_version_is_withdrawn_before_its_time_and_never_comes() {
    let mut bench = Bench::new();
    let noon = bench.now.plus_ms(3_600_000);
    plan(&mut bench, &wide(), noon);
    bench.ok(Role::Customs, withdrawal(noon));
    assert_eq!(rows(&bench.effects).last(), Some(&format!("withdrawn {ROAD} {}", noon.as_ms())));
    let told: WithdrawnVersionView = told(&bench);
    assert_eq!((told.kind.as_str(), told.id.as_str(), told.reason.as_str()), ("corridor", ROAD, "the works are put off"));
    assert_eq!((told.version.effective_from, told.at), (noon, bench.now));
    let before = bench.road().width_m();
    bench.pass_s(3_600);
    assert_eq!(rows(&bench.give(Input::Tick)), Vec::<String>::new(), "nothing comes into force");
    assert_eq!((bench.road().width_m().to_bits(), versions_of(&bench.core, ROAD)), (before.to_bits(), 1));
    let again: Core = postcard::from_bytes(&postcard::to_stdvec(&bench.core).unwrap()).unwrap();
    assert_eq!((again.atlas().withdrawn().count(), again == bench.core), (1, true), "a snapshot knows it too");
    assert_eq!(bench.replayed().fingerprint(), bench.core.fingerprint());
}

#[test]
fn a_version_that_was_withdrawn_can_be_put_again_for_the_same_time() {
    let mut bench = Bench::new();
    let noon = bench.now.plus_ms(3_600_000);
    plan(&mut bench, &wide(), noon);
    bench.ok(Role::Customs, withdrawal(noon));
    plan(&mut bench, &wide(), noon);
    assert_eq!(bench.core.atlas().withdrawn().count(), 0);
    bench.wait_s(3_600);
    assert!((bench.road().width_m() - 10_000.0).abs() < f64::EPSILON);
}

#[test]
fn what_is_in_force_or_not_planned_is_not_withdrawn() {
    let mut bench = Bench::new();
    let (put, noon) = (bench.now, bench.now.plus_ms(3_600_000));
    plan(&mut bench, &wide(), noon);
    let before = bench.core.fingerprint();
    assert_eq!(bench.code(Role::Customs, withdrawal(put)), "version-in-force");
    assert_eq!(bench.code(Role::Customs, withdrawal(noon.plus_ms(1))), "unknown-version");
    let mut wordless = withdrawal(noon);
    wordless["reason"] = json!(" ");
    assert_eq!(bench.code(Role::Customs, wordless), "reason-length");
    assert_eq!(bench.core.fingerprint(), before, "a refusal changes nothing");
    bench.wait_s(3_600);
    let refusal = bench.refused(Role::Customs, &withdrawal(noon));
    assert_eq!(refusal.code, "version-in-force", "its time has just come");
    assert!(refusal.detail.contains(ROAD) && refusal.detail.contains("expected one that is planned"), "{}", refusal.detail);
}

#[test]
fn a_place_on_which_a_corridor_rests_is_not_withdrawn() {
    let mut bench = Bench::new();
    let place: Value = serde_json::from_str(bench.core.atlas().place(&DESTINATION.parse().unwrap()).unwrap().feature()).unwrap();
    let mut coming = place.clone();
    coming["properties"]["id"] = json!("airport-new");
    let (noon, evening) = (bench.now.plus_ms(3_600_000), bench.now.plus_ms(7_200_000));
    bench.ok(Role::Customs, json!({"type": "put-place", "feature": coming, "effective_from": noon}));
    let mut way = road();
    (way["properties"]["id"], way["properties"]["to"]) = (json!("road-new"), json!("airport-new"));
    plan(&mut bench, &way, evening);
    let withdraw = json!({"type": "withdraw-place-version", "place": "airport-new", "effective_from": noon, "reason": "not built"});
    let before = bench.core.fingerprint();
    let refusal = bench.refused(Role::Customs, &withdraw);
    assert_eq!(refusal.code, "version-needed");
    assert!(refusal.detail.contains("corridor road-new"), "{}", refusal.detail);
    assert_eq!(bench.core.fingerprint(), before, "a refusal changes nothing");
    let road_first = json!({"type": "withdraw-corridor-version", "corridor": "road-new", "effective_from": evening, "reason": "not built"});
    bench.ok(Role::Customs, road_first);
    bench.ok(Role::Customs, withdraw);
    assert_eq!((versions_of(&bench.core, "airport-new"), versions_of(&bench.core, "road-new")), (0, 0), "nothing is left of them");
    assert_eq!(bench.core.atlas().planned_place(&"airport-new".parse().unwrap()), None);
    assert_eq!(bench.replayed().fingerprint(), bench.core.fingerprint());
}

#[test]
fn a_corridor_that_would_come_back_beside_a_moved_place_is_not_withdrawn() {
    let mut bench = Bench::new();
    let line = road()["geometry"]["coordinates"].as_array().unwrap().clone();
    let short: Vec<Value> = line[..line.len() - 1].to_vec();
    let end: [f64; 2] = serde_json::from_value(short.last().unwrap().clone()).unwrap();
    let place: Value = serde_json::from_str(bench.core.atlas().place(&DESTINATION.parse().unwrap()).unwrap().feature()).unwrap();
    let square = |half: f64, holds: &[f64; 2]| {
        let [lon, lat] = *holds;
        json!([[
            [lon - half, lat - half],
            [lon + half, lat - half],
            [lon + half, lat + half],
            [lon - half, lat + half],
            [lon - half, lat - half]
        ]])
    };
    let last: [f64; 2] = serde_json::from_value(line.last().unwrap().clone()).unwrap();
    let (noon, evening) = (bench.now.plus_ms(3_600_000), bench.now.plus_ms(7_200_000));
    // The road ends earlier from noon on, and in the evening its place is only there.
    let mut both = place.clone();
    both["geometry"]["coordinates"] = square((last[0] - end[0]).abs().max((last[1] - end[1]).abs()) + 0.001, &end);
    bench.ok(Role::Customs, json!({"type": "put-place", "feature": both}));
    let mut shorter = road();
    shorter["geometry"]["coordinates"] = json!(short);
    plan(&mut bench, &shorter, noon);
    let mut small = place;
    small["geometry"]["coordinates"] = square(0.0005, &end);
    bench.ok(Role::Customs, json!({"type": "put-place", "feature": small, "effective_from": evening}));
    assert_eq!(bench.code(Role::Customs, withdrawal(noon)), "version-needed");
    bench.wait_s(3_600);
    assert_eq!(bench.road().line().len(), line.len() - 1, "it comes at its time");
}

#[test]
fn features_and_plans_have_room_and_no_more() {
    let mut bench = Bench::new();
    let mut wordy = wide();
    wordy["properties"]["remark"] = json!("x".repeat(256 * 1024));
    let refusal = bench.refused(Role::Customs, &json!({"type": "put-corridor", "feature": wordy}));
    assert_eq!(refusal.code, "feature-too-large");
    assert!(refusal.detail.starts_with(&format!("feature of {} bytes", wordy.to_string().len())), "{}", refusal.detail);
    assert!(refusal.detail.ends_with("expected at most 262144"), "{}", refusal.detail);
    let at = |hours: u64| START.plus_ms(hours * 3_600_000);
    (1..=32).for_each(|hours| plan(&mut bench, &wide(), at(hours)));
    let one_more = json!({"type": "put-corridor", "feature": wide(), "effective_from": at(33)});
    let refusal = bench.refused(Role::Customs, &one_more);
    assert_eq!(refusal.code, "planned-versions");
    assert_eq!(refusal.detail, format!("corridor {ROAD}: 32 versions are planned, expected fewer than 32: withdraw one first"));
    plan(&mut bench, &wide(), at(32));
    bench.ok(Role::Customs, json!({"type": "put-corridor", "feature": wide()}));
    bench.ok(Role::Customs, withdrawal(at(7)));
    bench.ok(Role::Customs, one_more);
}

#[test]
fn a_log_of_before_the_limits_is_judged_without_them() {
    let numbers = serde_json::to_value(Policy::default()).unwrap();
    let mut before = numbers.as_object().unwrap().clone();
    assert_eq!((before.remove("feature_bytes"), before.remove("planned_versions")), (Some(json!(262_144)), Some(json!(32))));
    let old = Policy::from_json(json!(before).to_string().as_bytes()).unwrap();
    assert_eq!((old.feature_bytes, old.planned_versions), (u32::MAX, u32::MAX));
    let mut bench = Bench::new();
    bench.give(Input::Policy(old));
    let mut wordy = wide();
    wordy["properties"]["remark"] = json!("x".repeat(256 * 1024));
    bench.ok(Role::Customs, json!({"type": "put-corridor", "feature": wordy}));
    (1..=40).for_each(|hours| plan(&mut bench, &wide(), START.plus_ms(hours * 3_600_000)));
    bench.give(Input::Policy(Policy::default()));
    assert_eq!(bench.code(Role::Customs, json!({"type": "put-corridor", "feature": wordy})), "feature-too-large");
    assert_eq!(bench.replayed().fingerprint(), bench.core.fingerprint());
}
