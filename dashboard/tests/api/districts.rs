//! Districts: whoever is of another one finds nothing, on every route; and each end of a transfer does what is its own.

use crate::client::Client;
use crate::house::{House, corridor, place, token_of, transfer};
use crate::seal::Seal;
use sealway_schemas::command::{RegistryCommand, Role};
use sealway_schemas::report::Event;
use sealway_schemas::{DistrictId, PartyId, PublicKey, TransferId};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

const CUT: &str = "/api/v1/devices/NR-0001";

fn party(house: &House, party: &str, role: Role, district: Option<&str>) {
    let district: Option<DistrictId> = district.map(|district| district.parse().unwrap());
    let party: PartyId = party.parse().unwrap();
    house.command(RegistryCommand::RegisterParty { party, role, name_zh: "名".into(), name_en: "Name".into(), district });
}

/// The districts west, east and far, an officer of each; `zone-a` lies in west, `zone-b` in east; `south-road` belongs to far.
fn country() -> House {
    let house = House::open();
    for district in ["west", "east", "far"] {
        let id: DistrictId = district.parse().unwrap();
        house.command(RegistryCommand::PutDistrict { district: id, name_zh: "关区".into(), name_en: "District".into() });
        let customs = format!("customs-{district}");
        party(&house, &customs, Role::Customs, Some(district));
        let (user, of): (sealway_schemas::UserId, PartyId) = (district.parse().unwrap(), customs.parse().unwrap());
        house.command(RegistryCommand::RegisterUser { user: user.clone(), party: of, role: Role::Customs, name: "Name".into() });
        let digest = PublicKey::from_bytes(Sha256::digest(token_of(district).as_bytes()).into());
        house.command(RegistryCommand::IssueToken { token: format!("token-{district}"), user, digest, not_after: None });
    }
    party(&house, "south-road", Role::Carrier, Some("far"));
    let officer = house.as_user("officer");
    for (id, west, district) in [("zone-a", 108.9, "west"), ("zone-b", 110.9, "east")] {
        let mut feature = place(id, west);
        feature["properties"]["district"] = json!(district);
        officer.put(&format!("/api/v1/places/{id}"), &feature).ok();
    }
    officer.put("/api/v1/corridors/a-b", &corridor()).ok();
    house
}

/// A transfer from west to east whose cable was cut, with goods; and a seal of the far district that lies in a drawer.
fn across() -> (House, String) {
    let house = country();
    let (mut north, south) = (Seal::new("NR-0001", 1), Seal::new("SR-0001", 2));
    house.enrol("north", &north);
    house.enrol("south", &south);
    let declared = house.as_user("north").post("/api/v1/transfers", &transfer("NR-0001", "LOOSE-1")).ok();
    let id = declared["id"].as_str().unwrap().to_owned();
    house.upload(&mut north, Event::CableCut);
    house.followed(&"NR-0001".parse().unwrap(), 1);
    house.checkpointed();
    (house, id)
}

/// What is about one transfer and its seal.
fn reads(id: &str) -> Vec<String> {
    let mut paths: Vec<String> = ["", "/evidence", "/epcis", "/eaeu"].iter().map(|part| format!("/api/v1/transfers/{id}{part}")).collect();
    let questions =
        ["", "/track", "/series/points", "/series/chart?field=battery", "/series/counts", "/series/crossings", "/series/latest"];
    paths.extend(questions.iter().map(|part| format!("{CUT}{part}")));
    paths
}

const LISTS: [&str; 8] = ["transfers", "devices", "alerts", "series/latest", "records/step", "records/ledger-import", "users", "parties"];

fn text_of(client: &Client, list: &str) -> String {
    let answer = client.get(&format!("/api/v1/{list}?limit=500"));
    answer.ok();
    answer.text()
}

#[test]
fn another_district_finds_nothing_of_a_transfer_on_any_route() {
    let (house, id) = across();
    for path in reads(&id) {
        for sees in ["west", "east", "officer", "auditor"] {
            assert_eq!(house.as_user(sees).get(&path).status, 200, "{sees}: {path}");
        }
        assert_eq!(house.as_user("far").get(&path).problem(404), "not-found", "{path}");
        assert_eq!(house.as_user("south").get(&path).problem(404), "not-found", "{path}");
    }
    for list in LISTS {
        let text = text_of(&house.as_user("far"), list);
        assert!(!text.contains(&id) && !text.contains("NR-0001") && !text.contains("north"), "{list}: {text}");
    }
    for list in ["transfers", "devices", "alerts", "series/latest"] {
        assert!(text_of(&house.as_user("east"), list).contains("NR-0001"), "{list}");
        assert!(!text_of(&house.as_user("east"), list).contains("SR-0001"), "{list}: a free seal of another district");
    }
    assert_eq!(house.as_user("far").get("/api/v1/devices/SR-0001").ok()["owner"], "south-road");
    assert!(text_of(&house.as_user("far"), "parties").contains("south-road"));
    for path in ["/api/v1/log/entries/1", "/api/v1/log/growth?old=0", "/tlog/tile/entries/000"] {
        assert_eq!(house.as_user("west").get(path).problem(403), "role-forbids", "{path}");
    }
    assert_eq!(house.as_user("west").get("/api/v1/me").ok()["district"], "west");
    assert_eq!(house.as_user("far").get("/api/v1/records/district").ok()["items"].as_array().map(Vec::len), Some(3));
}

#[test]
fn another_district_changes_nothing_of_a_transfer() {
    let (house, id) = across();
    let far = house.as_user("far");
    let alert = house.as_user("west").get("/api/v1/alerts").ok()["items"][0]["id"].clone();
    let because = json!({"reason": "test"});
    let circle = json!({"lat_e7": 343_500_000, "lon_e7": 1_089_500_000, "radius_m": 500});
    let now = house.now().as_ms();
    let grant = json!({"epoch": 0, "circle": circle, "not_before": now, "not_after": now + 3_600_000});
    for (path, body) in [
        (format!("{CUT}/revoke"), because.clone()),
        (format!("{CUT}/lift-quarantine"), because),
        (format!("{CUT}/reset-login"), json!({"t": now})),
        (format!("{CUT}/challenges"), json!({"not_after": now + 60_000})),
        (format!("{CUT}/grants"), grant),
        (format!("/api/v1/alerts/{alert}/acknowledge"), Value::Null),
        (format!("/api/v1/alerts/{alert}/assign"), json!({"to": "far"})),
        (format!("/api/v1/alerts/{alert}/decide"), json!({"verdict": "false-alarm", "reason": "test"})),
    ] {
        assert_eq!(far.post(&path, &body).problem(404), "not-found", "{path}");
    }
    for command in [
        json!({"type": "accept-transfer", "transfer": id}),
        json!({"type": "hold-transfer", "transfer": id, "reason": "test"}),
        json!({"type": "lift-hold", "transfer": id, "reason": "test"}),
        json!({"type": "release-transfer", "transfer": id, "reason": "test"}),
        json!({"type": "cancel-transfer", "transfer": id, "reason": "test"}),
        json!({"type": "countersign-seal", "transfer": id, "seal": "NR-0001", "epoch": 1}),
        json!({"type": "acknowledge-alert", "alert": alert}),
        json!({"type": "write-off-transfer", "transfer": id, "verified": [], "note": "test"}),
        json!({"type": "revoke-device", "device": "NR-0001", "reason": "test"}),
        json!({"type": "import-ledger", "enterprise": "north-rail", "reference": "L-1", "format": "json", "content": "[]"}),
    ] {
        let (foreign, unknown) = (far.post("/api/v1/commands", &command), TransferId::new(26, "CN", "XA99999999999").unwrap());
        assert_eq!(foreign.problem(404), "not-found", "{command}");
        let command: Value =
            serde_json::from_str(&command.to_string().replace(&id, unknown.as_str()).replace("NR-0001", "XX-0001")).unwrap();
        let missing = far.post("/api/v1/commands", &command);
        assert_eq!(missing.text(), foreign.text(), "what is foreign looks like what is not there: {command}");
    }
}

#[test]
fn each_end_of_a_transfer_does_what_is_its_own() {
    let house = country();
    let seal = Seal::new("NR-0001", 1);
    house.enrol("north", &seal);
    let id = TransferId::new(26, "CN", "XA00000000001").unwrap();
    let (north, west, east) = (house.as_user("north"), house.as_user("west"), house.as_user("east"));
    let command = |client: &Client, body: Value| client.post("/api/v1/commands", &body);
    let draft = json!({"type": "draft-transfer", "transfer": id, "carrier": "north-rail", "unit": "LOOSE-1", "seal": "NR-0001",
        "origin": "zone-a", "destination": "zone-b", "corridor": "a-b"});
    command(&north, draft).ok();
    command(&north, json!({"type": "submit-transfer", "transfer": id})).ok();
    let accept = json!({"type": "accept-transfer", "transfer": id});
    assert_eq!(command(&east, accept.clone()).problem(403), "other-district");
    command(&east, json!({"type": "hold-transfer", "transfer": id, "reason": "papers"})).ok();
    assert_eq!(command(&west, accept.clone()).problem(409), "arrow-needs");
    command(&west, json!({"type": "lift-hold", "transfer": id, "reason": "papers seen"})).ok();
    command(&west, accept).ok();
    let release = json!({"type": "release-transfer", "transfer": id, "reason": "all well"});
    assert_eq!(command(&east, release).problem(403), "other-district");
    let verify = json!({"type": "verify-transfer", "transfer": id, "conclusion": "A1", "verified": [], "note": "all well"});
    assert_eq!(command(&west, verify.clone()).problem(403), "other-district");
    assert_eq!(command(&east, verify).problem(409), "arrow-illegal");
    let order = |origin: Value| json!({"type": "put-standing-order", "order": "rail", "carrier": "north-rail", "origin": origin, "arrows": ["accept"]});
    assert_eq!(command(&west, order(Value::Null)).problem(403), "other-district");
    assert_eq!(command(&west, order(json!("zone-b"))).problem(403), "other-district");
    command(&west, order(json!("zone-a"))).ok();
    assert_eq!(command(&east, json!({"type": "remove-standing-order", "order": "rail"})).problem(403), "other-district");
    let steps =
        |user: &str| house.as_user(user).get(&format!("/api/v1/records/step?transfer={id}")).ok()["items"].as_array().unwrap().len();
    assert_eq!((steps("west"), steps("east"), steps("officer"), steps("far")), (2, 2, 2, 0));
}

#[test]
fn a_place_is_drawn_by_its_own_district() {
    let house = country();
    let drawn = |id: &str, district: &str| {
        let mut feature = place(id, 112.9);
        feature["properties"]["district"] = json!(district);
        feature
    };
    let west = house.as_user("west");
    west.put("/api/v1/places/zone-c", &drawn("zone-c", "west")).ok();
    assert_eq!(west.put("/api/v1/places/zone-d", &drawn("zone-d", "east")).problem(403), "other-district");
    assert_eq!(west.put("/api/v1/places/zone-d", &place("zone-d", 112.9)).problem(403), "other-district");
    assert_eq!(west.put("/api/v1/places/zone-b", &drawn("zone-b", "west")).problem(403), "other-district");
    assert_eq!(house.as_user("officer").put("/api/v1/places/zone-d", &drawn("zone-d", "nowhere")).problem(422), "unknown-district");
    west.put("/api/v1/corridors/a-b", &corridor()).ok();
    assert_eq!(house.as_user("far").put("/api/v1/corridors/a-b", &corridor()).problem(403), "other-district");
    let tested = |user: &str| house.as_user(user).post("/api/v1/corridors/a-b/test", &corridor()).ok()["transfers"].clone();
    assert_eq!((tested("far"), tested("officer")), (json!(0), json!(0)));
}

#[test]
fn the_stream_of_a_district_tells_what_is_of_the_district() {
    let house = country();
    let (mut north, mut south) = (Seal::new("NR-0001", 1), Seal::new("SR-0001", 2));
    house.enrol("north", &north);
    house.enrol("south", &south);
    house.as_user("north").post("/api/v1/transfers", &transfer("NR-0001", "LOOSE-1")).ok();
    let mut streams = ["east", "far"].map(|user| house.as_user(user).events("/api/v1/events"));
    house.upload(&mut north, Event::CableCut);
    house.upload(&mut south, Event::CableCut);
    let seen: Vec<Value> = streams.iter_mut().map(|stream| stream.next_of("alert").data["device"].clone()).collect();
    assert_eq!(seen, ["NR-0001", "SR-0001"]);
}

#[test]
fn a_transfer_follows_its_place_into_another_district() {
    let (house, id) = across();
    let mut moved = place("zone-b", 110.9);
    moved["properties"]["district"] = json!("far");
    house.as_user("officer").put("/api/v1/places/zone-b", &moved).ok();
    let path = format!("/api/v1/transfers/{id}");
    assert_eq!(house.as_user("far").get(&path).status, 200);
    assert_eq!(house.as_user("east").get(&path).problem(404), "not-found");
}

#[test]
fn a_ledger_is_seen_by_the_district_of_its_enterprise() {
    let house = country();
    let file = "goods,hs,name_zh,name_en,unit,status,quantity,weight_kg\nG-1,85423190,芯片,Chip,PCE,bonded,100,200\n";
    let south = house.as_user("south").with("content-type", "text/csv");
    south.send("POST", "/api/v1/ledger/imports?reference=L-1", file.as_bytes()).ok();
    let stand = "/api/v1/records/ledger-stand/south-road.G-1.bonded";
    assert_eq!(house.as_user("far").get(stand).ok()["body"]["stock"], "100");
    assert_eq!(house.as_user("west").get(stand).problem(404), "not-found");
    let far = house.as_user("far").with("content-type", "text/csv");
    far.send("POST", "/api/v1/ledger/imports?reference=L-2&enterprise=south-road", file.replace("G-1", "G-2").as_bytes()).ok();
    let west = house.as_user("west").with("content-type", "text/csv");
    assert_eq!(west.send("POST", "/api/v1/ledger/imports?reference=L-3&enterprise=south-road", file.as_bytes()).problem(404), "not-found");
}
