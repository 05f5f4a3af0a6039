//! Evidence as it lies in the log: a seal's own bytes, for those who may see the seal, from where they may see it.

use crate::house::House;
use crate::seal::Seal;
use sealway_schemas::report::{Event, Report};
use serde_json::Value;

fn counters(list: &Value) -> Vec<u64> {
    list.as_array().unwrap().iter().map(|kept| kept["ctr"].as_u64().unwrap()).collect()
}

#[test]
fn a_report_comes_back_as_the_seal_signed_it_with_the_sealing_that_tells_its_key() {
    let house = House::open();
    let mut seal = Seal::new("XA-7Q2K", 7);
    house.enrol("north", &seal);
    house.hear(&mut seal, Event::Sealed);
    house.hear(&mut seal, Event::Periodic);
    house.upload(&mut seal, Event::Opened);
    let officer = house.as_user("officer");
    let told = officer.get("/api/v1/devices/XA-7Q2K/reports?ctrs=3,2,9").ok();
    assert_eq!((counters(&told["reports"]), counters(&told["sealings"])), (vec![2, 3], vec![1]));
    for kept in told["reports"].as_array().unwrap() {
        let bytes = hex::decode(kept["bytes"].as_str().unwrap()).unwrap();
        let (_, report) = Report::parse(&bytes).unwrap();
        assert_eq!(Some(report.ctr()), kept["ctr"].as_u64());
        house.checkpointed();
        let entry = officer.get(&format!("/api/v1/log/entries/{}", kept["seq"])).ok();
        assert!(entry["entry"].as_str().unwrap().contains(&hex::encode(&bytes)), "the entry holds the very bytes");
    }
    assert_eq!(counters(&house.as_user("north").get("/api/v1/devices/XA-7Q2K/reports?ctrs=2").ok()["reports"]), [2]);
}

#[test]
fn reports_of_another_carrier_are_not_found_and_odd_counters_are_refused() {
    let house = House::open();
    house.enrol("north", &Seal::new("XA-7Q2K", 7));
    let path = "/api/v1/devices/XA-7Q2K/reports?ctrs=";
    assert_eq!(house.as_user("south").get(&format!("{path}1")).problem(404), "not-found");
    let many = (0..65).map(|ctr| ctr.to_string()).collect::<Vec<_>>().join(",");
    for odd in ["", "x", "1,,2", "-1", &many] {
        assert_eq!(house.as_user("north").get(&format!("{path}{odd}")).problem(400), "query-invalid", "{odd}");
    }
}
