//! Against the real servers of Debian; the answers of a server that is unwell come from a socket, since no real one is unwell on command.

mod grafana;
mod server;
mod unwell;

use super::*;
use crate::config::SystemClock;
use crate::series::contract::{self, START, device, points};
use crate::series::feeding_tests::{House, who};
use crate::series::query::DAY_MS;
use crate::series::{Backend, Series, SeriesConfig, StoreConfig};
use server::{BUCKET, Server, agent};
use std::sync::Arc;
use std::time::{Duration, Instant};

fn opened(config: &InfluxConfig) -> (Backend, Arc<Influx>) {
    let influx = Arc::new(Influx::open(config, Arc::new(SystemClock)).unwrap());
    (Backend::Influx(influx.clone()), influx)
}

fn day() -> Span {
    Span::new(Time::from_ms(START), Time::from_ms(START + 86_400_000)).unwrap()
}

async fn reports(backend: &Backend, who: u32) -> u64 {
    backend.track(&device(who), day(), 1).await.unwrap().reports
}

async fn until(mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !done() {
        assert!(Instant::now() < deadline, "it does not come");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_contract_holds_on_influxdb() {
    let Some(server) = Server::influxd("").map(Server::with_bucket) else { return };
    contract::holds(&opened(&server.config()).0).await;
    let Some(again) = Server::influxd("").map(Server::with_bucket) else { return };
    contract::forgets(&opened(&again.config()).0).await;
    let Some(third) = Server::influxd("").map(Server::with_bucket) else { return };
    contract::forgets_nothing_in_flight(&opened(&third.config()).0).await;
}

/// The client that carries the lines is another one there.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_spoken_to_over_tls_and_only_if_its_certificate_is_believed() {
    let Some(server) = Server::influxd_over_tls().map(Server::with_bucket) else { return };
    let (stranger, told) = opened(&InfluxConfig { agent: agent(), ..server.config() });
    stranger.append(points(device(1), 0..10)).await.unwrap();
    until(|| told.health().failing.is_some()).await;
    assert!(told.health().failing.unwrap().1.contains("certificate"));
    assert_eq!(told.health().dead_letters, 0, "nothing is given up");
    let (backend, influx) = opened(&server.config());
    contract::holds(&backend).await;
    assert_eq!((influx.health().failing, influx.health().dead_letters), (None, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_and_comes_back_lacks_nothing() {
    let Some(mut server) = Server::influxd("").map(Server::with_bucket) else { return };
    let (backend, influx) = opened(&server.config());
    backend.append(points(device(1), 0..100)).await.unwrap();
    backend.settle().await.unwrap();
    server.kill();
    for n in 1..6 {
        backend.append(points(device(1), n * 100..n * 100 + 100)).await.unwrap();
    }
    let settling = tokio::spawn({
        let backend = backend.clone();
        async move { backend.settle().await }
    });
    until(|| influx.health().failing.is_some()).await;
    assert!(influx.health().failing.unwrap().1.contains(&server.url));
    assert!(!settling.is_finished(), "nothing is settled while the server is away");
    server.start();
    settling.await.unwrap().unwrap();
    assert_eq!(reports(&backend, 1).await, 600);
    assert_eq!((influx.health().failing, influx.health().dead_letters), (None, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_bucket_and_a_wrong_login_are_named_and_cured() {
    let Some(server) = Server::influxd("auth-enabled = true") else { return };
    server.say("CREATE USER chief WITH PASSWORD 'right' WITH ALL PRIVILEGES");
    let login = |password: &str| Login::User { name: "chief".to_owned(), password: password.to_owned() };
    let (wrong, told) = opened(&InfluxConfig { login: login("wrong"), ..server.config() });
    wrong.append(points(device(1), 0..1)).await.unwrap();
    until(|| told.health().failing.is_some_and(|(_, failing)| failing.contains("401"))).await;
    assert!(wrong.track(&device(1), day(), 1).await.unwrap_err().to_string().contains("401"));
    let token = InfluxConfig { login: Login::Token("wrong".to_owned()), ..server.config() };
    let (wrong, told) = opened(&token);
    wrong.append(points(device(1), 0..1)).await.unwrap();
    until(|| told.health().failing.is_some_and(|(_, failing)| failing.contains("401"))).await;
    assert!(wrong.track(&device(1), day(), 1).await.unwrap_err().to_string().contains("401"));
    assert_eq!((wrong.unanswered(), told.health().dead_letters), (1, 0), "counted, and nothing is given up");
    assert!(!format!("{token:?}").contains("wrong"), "a token is never shown");

    let right = InfluxConfig { login: login("right"), ..server.config() };
    let (backend, influx) = opened(&right);
    backend.append(points(device(1), 0..10)).await.unwrap();
    until(|| influx.health().failing.is_some_and(|(_, failing)| failing.contains("database not found"))).await;
    let chief = ureq::Agent::new_with_defaults();
    chief.post(format!("{}/query?u=chief&p=right", server.url)).send_form([("q", format!("CREATE DATABASE {BUCKET}"))]).unwrap();
    backend.settle().await.unwrap();
    assert_eq!(reports(&backend, 1).await, 10);
    assert!(!format!("{right:?}").contains("right"), "a password is never shown");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_of_another_type_costs_only_the_lines_that_have_it() {
    let Some(server) = Server::influxd("").map(Server::with_bucket) else { return };
    let day_shard = START * 1_000_000 + 5;
    agent().post(format!("{}/write?db={BUCKET}", server.url)).send(format!("report,dev=OLD battery=\"full\" {day_shard}")).unwrap();
    let (backend, influx) = opened(&server.config());
    backend.append(points(device(1), 0..50)).await.unwrap();
    backend.settle().await.unwrap();
    let health = influx.health();
    // Every fifth report tells its battery.
    assert_eq!(health.dead_letters, 10);
    assert!(health.last_dead_letter.is_some_and(|line| line.contains("battery") && line.contains("report,dev=XA-00001")));
    assert_eq!(reports(&backend, 1).await, 40);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_is_too_large_goes_in_halves() {
    let Some(server) = Server::influxd("max-body-size = 20000").map(Server::with_bucket) else { return };
    let (backend, influx) = opened(&server.config());
    backend.append(points(device(1), 0..1_000)).await.unwrap();
    backend.settle().await.unwrap();
    assert_eq!(reports(&backend, 1).await, 1_000);
    assert!(influx.health().writes > 8 && influx.health().dead_letters == 0, "{:?}", influx.health());
}

#[tokio::test(flavor = "multi_thread")]
async fn points_do_not_wait_longer_than_a_second_for_company() {
    let Some(server) = Server::influxd("").map(Server::with_bucket) else { return };
    let (backend, influx) = opened(&server.config());
    backend.append(points(device(1), 0..3)).await.unwrap();
    until(|| influx.health().writes == 1).await;
    assert_eq!(reports(&backend, 1).await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_call_of_2x_is_taken_by_a_server_that_has_it() {
    let Some(server) = Server::victoria() else { return };
    let config = InfluxConfig { api: Api::V2, ..server.config() };
    let (backend, influx) = opened(&config);
    backend.append(points(device(1), 0..200)).await.unwrap();
    backend.settle().await.unwrap();
    assert_eq!((influx.health().writes, influx.health().dead_letters), (1, 0));
    agent().get(format!("{}/internal/force_flush", server.url)).call().unwrap();
    let (from, to) = (START / 1_000, START / 1_000 + 2_000);
    let asked = format!("{}/api/v1/export?match[]=report_ctr&start={from}&end={to}", server.url);
    let told = agent().get(asked).call().unwrap().body_mut().read_to_string().unwrap();
    assert!(told.contains("\"dev\":\"XA-00001\""), "{told}");
    let told: serde_json::Value = serde_json::from_str(told.lines().next().unwrap()).unwrap();
    assert_eq!(told["values"].as_array().unwrap().len(), 200);
}

#[test]
fn a_rebuild_leaves_nothing_there_that_is_not_of_the_log() {
    let Some(server) = Server::influxd("").map(Server::with_bucket) else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let (backend, _) = runtime.block_on(async { opened(&server.config()) });
    let of_another_log = points(device(1), 0..9_000);
    let counted = |who: DeviceId| {
        let three_days = Span::new(Time::from_ms(START), Time::from_ms(START + 3 * DAY_MS)).unwrap();
        let counts = runtime.block_on(backend.counts(&who, three_days, 2_000)).unwrap();
        counts.iter().map(|count| count.reports).sum::<u64>()
    };
    runtime.block_on(async {
        backend.append(of_another_log).await.unwrap();
        backend.settle().await.unwrap();
        backend.expire(Time::from_ms(START + DAY_MS)).await.unwrap();
    });
    assert_eq!(counted(device(1)), 9_000, "as hours and as reports");
    let house = House::reports(50);
    let config = SeriesConfig { store: StoreConfig::Influx(server.config()), keep_days: None };
    let _entered = runtime.enter();
    let state = Series::rebuild((&house.series(), &config), house.log(), Arc::new(SystemClock), |_| {}).unwrap();
    assert_eq!((state.points, counted(who()), counted(device(1))), (50, 50, 0));
}
