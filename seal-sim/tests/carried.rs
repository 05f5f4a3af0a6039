//! Devices over real sockets: trips with each fraud, a fleet, a load, a recording.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "helpers of tests, where a failure is a failed test")]

mod common;

use common::Platform;
use common::broker::Broker;
use sealway_schemas::report::Event;
use sealway_schemas::{DeviceId, Time};
use sealway_seal_sim::chance::Chance;
use sealway_seal_sim::device::Device;
use sealway_seal_sim::earth::Point;
use sealway_seal_sim::fleet::{self, FleetConfig, FleetPlan};
use sealway_seal_sim::fraud::{Fraud, Misdeed};
use sealway_seal_sim::journey::Journey;
use sealway_seal_sim::link::unix_now;
use sealway_seal_sim::load::{self, Load, LoadPlan, RunConfig};
use sealway_seal_sim::replay;
use sealway_seal_sim::trip::{Trip, TripReport, drive};
use sealway_seal_sim::world::{Mode, World};
use std::time::Duration;
use tokio::sync::watch;

const CORRIDORS: &str = r#"{"type":"FeatureCollection","features":[
 {"type":"Feature","properties":{"id":"r","mode":"rail","from":"a","to":"b","width_m":1000},"geometry":{"type":"LineString","coordinates":[[88.0,43.0],[98.0,42.0]]}},
 {"type":"Feature","properties":{"id":"t","mode":"road","from":"a","to":"b","width_m":300},"geometry":{"type":"LineString","coordinates":[[88.0,43.0],[89.0,43.0]]}},
 {"type":"Feature","properties":{"id":"s","mode":"sea","from":"a","to":"b","width_m":20000},"geometry":{"type":"LineString","coordinates":[[88.0,43.0],[95.0,43.0]]}},
 {"type":"Feature","properties":{"id":"f","mode":"air","from":"a","to":"b","width_m":50000},"geometry":{"type":"LineString","coordinates":[[88.0,43.0],[98.0,42.0]]}}]}"#;
const PLACES: &str = r#"{"type":"FeatureCollection","features":[
 {"type":"Feature","properties":{"id":"a"},"geometry":{"type":"Polygon","coordinates":[[[87.9,42.9],[88.1,42.9],[88.1,43.1],[87.9,43.1],[87.9,42.9]]]}},
 {"type":"Feature","properties":{"id":"b"},"geometry":{"type":"Polygon","coordinates":[[[97.9,41.9],[98.1,41.9],[98.1,42.1],[97.9,42.1],[97.9,41.9]]]}}]}"#;

/// Drives along the road from a third of it to its end, which takes a second or two.
async fn trip(fraud: Option<Fraud>) -> (TripReport, Platform) {
    let id: DeviceId = "XA-7Q2K".parse().unwrap();
    let mut device = Device::new(id, [1; 32], 1_000);
    let broker = Broker::start([(id, device.public_key())]).await;
    device.trust(broker.public_key());
    let world = World::parse(CORRIDORS, PLACES).unwrap();
    let corridor = world.corridor(&"t".parse().unwrap()).unwrap();
    let live_from = unix_now();
    let journey = Journey::under_way(corridor, 27_000.0, live_from, &mut Chance::named(1, "journey"));
    let misdeed = fraud.map(|fraud| Misdeed { fraud, from_m: 40_000.0, to_m: 60_000.0 });
    let trip = Trip {
        device,
        journey,
        misdeed,
        history: 25,
        door: broker.address.into(),
        time_factor: 1_500.0,
        report_every: Duration::from_millis(30),
        live_from,
        seed: 1,
        state: None,
        ends_on_arrival: true,
        drain: Duration::from_millis(if fraud == Some(Fraud::Gap) { 300 } else { 10_000 }),
    };
    let (_stop, stopped) = watch::channel(false);
    let report = drive(trip, stopped).await;
    let platform = broker.platforms.lock().unwrap().remove(&id).unwrap();
    (report, platform)
}

fn has_clone(broker: &Broker) -> bool {
    broker.platforms.lock().unwrap().values().any(|platform| platform.held.values().any(|versions| versions.len() > 1))
}

fn has_opened(broker: &Broker) -> bool {
    let platforms = broker.platforms.lock().unwrap();
    platforms.values().any(|platform| platform.held.keys().any(|ctr| platform.report(*ctr).event() == Event::Opened))
}

fn versions(platform: &Platform) -> u64 {
    platform.held.values().map(|versions| versions.len() as u64).sum()
}

#[tokio::test]
async fn an_honest_seal_is_sealed_in_the_origin_arrives_and_everything_it_made_is_acknowledged() {
    let (report, platform) = trip(None).await;
    assert_eq!((report.made, report.acked, report.arrived, report.not_made), (versions(&platform), report.made, true, 0));
    assert_eq!((platform.refused, platform.duplicates), (0, 0));
    let sealed = platform.report(2);
    let place = World::parse(CORRIDORS, PLACES).unwrap().places[0].clone();
    assert_eq!((platform.report(1).event(), sealed.event(), sealed.epoch()), (Event::SelfTest, Event::Sealed, 1));
    assert!(place.contains(Point::of(&sealed.fix().unwrap())));
    assert!(report.made > 35, "{}", report.made);
}

#[tokio::test]
async fn no_honest_seal_moves_faster_than_its_mode() {
    let (_, platform) = trip(None).await;
    let seen: Vec<(Time, Point)> = platform
        .held
        .keys()
        .filter_map(|ctr| {
            let report = platform.report(*ctr);
            report.fix().map(|fix| (report.t(), Point::of(&fix)))
        })
        .collect();
    for pair in seen.windows(2) {
        let (seconds, metres) = (pair[1].0.since(pair[0].0) as f64 / 1000.0, pair[0].1.distance_m(pair[1].1));
        assert!(metres <= seconds * 90.0 / 3.6 + 60.0, "{metres} m in {seconds} s");
    }
}

#[tokio::test]
async fn a_clone_leaves_two_versions_of_three_counters_and_silences_nobody() {
    let (report, platform) = trip(Some(Fraud::Clone)).await;
    let twice = platform.held.values().filter(|versions| versions.len() == 2).count();
    assert!(twice >= 3 && twice as u64 == report.made_by_clone, "{twice}");
    assert_eq!((versions(&platform), report.acked + report.made_by_clone), (report.made, report.made));
}

#[tokio::test]
async fn replayed_reports_are_duplicates_and_tampered_ones_are_refused() {
    let (report, platform) = trip(Some(Fraud::Replay)).await;
    assert_eq!((platform.duplicates as u64, report.forged), (5, 5));
    let (report, platform) = trip(Some(Fraud::Tamper)).await;
    assert_eq!((platform.refused as u64, report.forged, report.acked), (1, 1, report.made));
}

#[tokio::test]
async fn hidden_reports_leave_a_hole_that_never_closes() {
    let (report, platform) = trip(Some(Fraud::Gap)).await;
    assert_eq!(report.hidden, 3);
    assert_eq!(versions(&platform), report.made - 3);
    assert_eq!(platform.ack().wants.len(), 1);
}

#[tokio::test]
async fn an_opened_or_cut_seal_says_so_with_its_identity_key() {
    for (fraud, event) in [(Fraud::Opened, Event::Opened), (Fraud::CableCut, Event::CableCut)] {
        let (_, platform) = trip(Some(fraud)).await;
        let said = platform.held.keys().map(|ctr| platform.report(*ctr)).find(|report| report.event() == event).unwrap();
        assert!(!said.status().epoch_key_held() && !said.status().closed());
    }
}

#[tokio::test]
async fn deviation_jump_and_clock_show_in_positions_and_times_and_nowhere_else() {
    let far = |platform: &Platform| {
        let fixes = platform.held.keys().filter_map(|ctr| platform.report(*ctr).fix());
        fixes.map(|fix| Point::of(&fix).distance_m(Point { lat: 43.0, lon: fix.lon() })).fold(0.0, f64::max)
    };
    let (_, deviated) = trip(Some(Fraud::Deviation)).await;
    assert!((700.0..1_500.0).contains(&far(&deviated)), "{}", far(&deviated));
    let (_, jumped) = trip(Some(Fraud::Jump)).await;
    assert!(far(&jumped) > 100_000.0);
    let (_, late) = trip(Some(Fraud::Clock)).await;
    let times: Vec<Time> = late.held.keys().map(|ctr| late.report(*ctr).t()).collect();
    assert_eq!(times.windows(2).filter(|pair| pair[0].since(pair[1]) > 5 * 3_600_000).count(), 1);
    assert!(far(&late) < 60.0);
}

#[tokio::test]
async fn a_silent_seal_makes_nothing_and_comes_back() {
    let (report, platform) = trip(Some(Fraud::Silence)).await;
    let times: Vec<Time> = platform.held.keys().map(|ctr| platform.report(*ctr).t()).collect();
    let longest = times.windows(2).skip(26).map(|pair| pair[1].since(pair[0])).max().unwrap();
    assert!(longest > 10 * 60_000, "{longest} ms");
    assert_eq!((report.connects, report.acked), (2, report.made));
}

#[tokio::test]
async fn a_fleet_mixes_the_modes_cheats_three_times_and_counts_exactly() {
    let plan = FleetPlan::new(CORRIDORS, PLACES, 24, 7).unwrap();
    let mode = |mode| plan.devices().iter().filter(|device| device.mode == mode).count();
    assert!(Mode::ALL.into_iter().all(|each| mode(each) >= 2));
    let broker = Broker::start(plan.devices().iter().map(|device| (device.id, device.public_key()))).await;
    let config = FleetConfig {
        report_every: Duration::from_millis(200),
        fraud_after: Duration::from_secs(1),
        ..FleetConfig::new(broker.address, broker.public_key())
    };
    let (report, ()) = fleet::run(&plan, &config, async {
        while !(has_clone(&broker) && has_opened(&broker)) {
            broker.changed.notified().await;
        }
    })
    .await;
    let stored: u64 = broker.platforms.lock().unwrap().values().map(versions).sum();
    assert_eq!((report.devices, report.made, report.acked + report.made_by_clones), (24, stored, stored));
    let mut frauds: Vec<Fraud> = report.frauds().into_iter().map(|(_, fraud)| fraud).collect();
    frauds.sort_unstable();
    assert_eq!(frauds, [Fraud::Clone, Fraud::Opened, Fraud::Deviation]);
    assert!(report.puback_ms_p99 >= report.puback_ms_p50);
}

#[test]
fn the_same_seed_plans_the_same_fleet_and_its_names_are_valid() {
    let plan = |seed| FleetPlan::new(CORRIDORS, PLACES, 60, seed).unwrap();
    let keys =
        |plan: &FleetPlan| plan.devices().iter().map(|device| (device.id, device.public_key(), device.unit.clone())).collect::<Vec<_>>();
    assert_eq!(keys(&plan(7)), keys(&plan(7)));
    assert_ne!(keys(&plan(7)), keys(&plan(8)));
    let mut ids: Vec<DeviceId> = plan(7).devices().iter().map(|device| device.id).collect();
    ids.dedup();
    assert_eq!(ids.len(), 60);
    assert!(!format!("{:?}", plan(7)).contains(&hex::encode(sealway_seal_sim::chance::secret(7, "identity", ids[0].as_str()))));
}

#[test]
fn a_load_is_taken_whole_and_every_signature_in_it_is_good() {
    let plan = LoadPlan { devices: 40, visited: 10, reports_per_device: 70, seed: 3 };
    let load = Load::prepare(plan).unwrap();
    assert_eq!(load.reports(), 700);
    assert!(load::batch_verify_rate(&load, Duration::from_millis(50)) > 0.0);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let devices: Vec<_> =
        (0..40).map(|index| load::enrolment(3, index, [5; 32]).unwrap()).map(|known| (known.device, known.public_key)).collect();
    let broker = runtime.block_on(Broker::start(devices));
    let config = RunConfig { address: broker.address, connections: 4, in_flight: 16, seconds: 60, pause_us: 0, listen: true, threads: 1 };
    let report = load::run(load, config).unwrap();
    assert_eq!((report.pubacked, report.published, report.devices, report.connections_lost), (700, 700, 10, 0), "{report:?}");
    assert!(report.exhausted && report.down >= 70 && report.ack_ms_p99 >= report.ack_ms_p50);
    let platforms = broker.platforms.lock().unwrap();
    assert_eq!(platforms.values().map(versions).sum::<u64>(), 700);
    assert!(platforms.values().all(|platform| platform.refused == 0));
}

#[test]
fn a_load_plan_has_enough_reports_and_long_enough_visits() {
    let few = LoadPlan::for_reports(1_000, 1_000, 600_000, 64, 1);
    assert_eq!((few.visited, few.reports_per_device), (1_000, 600));
    let many = LoadPlan::for_reports(100_000, 1_000, 600_000, 64, 1);
    assert_eq!((many.visited, many.reports_per_device), (9_375, 64));
    assert!((0..many.visited).map(|turn| many.device_at(turn)).is_sorted());
    assert!(many.device_at(many.visited - 1) < 100_000);
}

#[tokio::test]
async fn a_recording_is_sent_until_it_is_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("track.csv");
    let lines: String = (0..200).map(|second| format!("{},45.2735,13.71{second:03},,\n", 1_600_000_000_000_u64 + second * 1_000)).collect();
    std::fs::write(&path, format!("unix_ms,lat,lon,alt_m,speed_mps\n{lines}")).unwrap();
    let points = replay::read(&path).unwrap();
    let mut device = Device::new("REC-1".parse().unwrap(), [1; 32], 1_000);
    let broker = Broker::start([(device.id(), device.public_key())]).await;
    device.trust(broker.public_key());
    replay::report_all(&mut device, &points, 100).unwrap();
    replay::send_all(&mut device, &broker.address.into(), Duration::from_secs(20)).await.unwrap();
    let platforms = broker.platforms.lock().unwrap();
    let platform = platforms.values().next().unwrap();
    assert_eq!((platform.stored(), platform.refused, platform.duplicates), (200, 0, 0));
    assert_eq!(platform.report(200).t(), Time::from_ms(1_600_000_199_000));
}
