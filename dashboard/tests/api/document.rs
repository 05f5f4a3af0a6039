//! The description of the API is a file in the repository, and what is served is that file.

use crate::house::House;
use serde_json::Value;
use std::path::Path;

#[test]
fn the_description_in_the_repository_is_that_of_the_routes() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    let made = sealway_dashboard::document().unwrap();
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap();
    assert!(kept == made, "dashboard/openapi.json is old: run this test with UPDATE_SNAPSHOTS=1");
    let served = House::open().nobody().get("/openapi.json");
    assert_eq!(served.ok(), serde_json::from_str::<Value>(&made).unwrap());
}

#[test]
fn every_schema_that_the_description_speaks_of_is_in_it() {
    let made = sealway_dashboard::document().unwrap();
    let document: Value = serde_json::from_str(&made).unwrap();
    for reference in made.split("\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(document.pointer(reference).is_some(), "{reference}");
    }
}

#[test]
fn every_operation_has_a_name_of_its_own() {
    let document: Value = serde_json::from_str(&sealway_dashboard::document().unwrap()).unwrap();
    let paths = document["paths"].as_object().unwrap();
    let mut names: Vec<&str> =
        paths.values().flat_map(|path| path.as_object().unwrap().values()).filter_map(|of| of["operationId"].as_str()).collect();
    let all = names.len();
    assert!(names.contains(&"alerts_list") && names.contains(&"transfers_one"));
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all);
}
