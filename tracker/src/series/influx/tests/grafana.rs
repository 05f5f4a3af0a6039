//! The board that comes with the program: its questions are asked of a real server.

use super::*;
use serde_json::Value;

const BOARD: &str = include_str!("../../../../../dashboard/grafana/sealway.json");

/// As Grafana fills a question in.
fn filled(query: &str) -> String {
    let span = format!("time >= {START}ms and time <= {}ms", START + 4 * DAY_MS);
    let filled = query.replace("$timeFilter", &span).replace("$__interval", "1m").replace("$device", "(XA-00001|XA-00002)");
    assert!(!["$_", "$t", "$d"].iter().any(|left| filled.contains(left)), "{filled}");
    filled
}

fn told(server: &Server, query: &str) -> Value {
    let told: Value = serde_json::from_str(&server.say(query)).unwrap();
    assert_eq!(told["results"][0]["error"], Value::Null, "{query}: {told}");
    told["results"][0]["series"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_question_of_the_board_is_answered() {
    let Some(server) = Server::influxd("").map(Server::with_bucket) else { return };
    let (backend, _) = opened(&server.config());
    backend.append(points(device(1), 0..9_000)).await.unwrap();
    backend.append(points(device(2), 0..9_000)).await.unwrap();
    backend.settle().await.unwrap();
    backend.expire(Time::from_ms(START + DAY_MS)).await.unwrap();
    // The first day again, as reports, so that every panel has something of it.
    backend.append(points(device(1), 0..600)).await.unwrap();
    backend.settle().await.unwrap();

    let board: Value = serde_json::from_str(BOARD).unwrap();
    let devices = board["templating"]["list"][1]["query"].as_str().unwrap();
    assert_eq!(told(&server, devices)[0]["values"].as_array().unwrap().len(), 2);
    let mut asked = 0;
    for panel in board["panels"].as_array().unwrap() {
        for target in panel["targets"].as_array().unwrap() {
            let query = filled(target["query"].as_str().unwrap());
            let told = told(&server, &query);
            let series = told.as_array().unwrap_or_else(|| panic!("{}: nothing for {query}", panel["title"]));
            let told_something = |column: usize| {
                series.iter().flat_map(|one| one["values"].as_array().unwrap()).any(|row| !row[column].is_null() && row[column] != "")
            };
            for (column, name) in series[0]["columns"].as_array().unwrap().iter().enumerate() {
                assert!(told_something(column), "{}: no {name} for {query}", panel["title"]);
            }
            asked += 1;
        }
    }
    assert_eq!(asked, 13);
}
