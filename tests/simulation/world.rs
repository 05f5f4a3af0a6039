//! The world of a history: two carriers, customs, a road of five kilometres between two places, and a transfer on it.

use sealway_schemas::report::Fix;
use sealway_schemas::{DeviceId, PublicKey, TransferId};
use serde_json::{Value, json};

pub(crate) const SEAL: &str = "XA-7Q2K";
pub(crate) const CARRIER: &str = "carrier";
/// Has nothing to do with the transfer, and must never hear of it.
pub(crate) const STRANGER: &str = "other-carrier";
pub(crate) const CUSTOMS: &str = "customs";

const LAT: f64 = 34.0;
const ORIGIN_LON: f64 = 108.0;
const DESTINATION_LON: f64 = 108.054;
/// At this latitude.
const KM_OF_A_DEGREE: f64 = 92.4;

pub(crate) fn transfer() -> TransferId {
    TransferId::new(26, "CN", "SM00000000001").unwrap()
}

/// Each with the role that gives it.
pub(crate) fn commands(public_key: PublicKey, proof: &[u8]) -> Vec<Value> {
    let party =
        |party: &str, role: &str| json!({"type": "register-party", "party": party, "role": role, "name_zh": "某", "name_en": "Some"});
    let transfer = json!({"type": "declare-transfer", "transfer": transfer(), "carrier": CARRIER, "unit": "LOOSE-1", "seal": SEAL,
        "origin": "yard", "destination": "port", "corridor": "road"});
    vec![
        party(CUSTOMS, "customs"),
        party(CARRIER, "carrier"),
        party(STRANGER, "carrier"),
        place("yard", "zone", ORIGIN_LON),
        place("port", "port", DESTINATION_LON),
        road(),
        enrolment(public_key, proof),
        transfer,
    ]
}

pub(crate) fn enrolment(public_key: PublicKey, proof: &[u8]) -> Value {
    json!({"type": "enrol-device", "device": SEAL, "owner": CARRIER, "public_key": public_key,
        "challenge": super::platform::hex(&[7; 32]), "proof": super::platform::hex(proof)})
}

fn place(id: &str, kind: &str, lon: f64) -> Value {
    let corner = |east: f64, north: f64| json!([lon + east * 0.004, LAT + north * 0.004]);
    let ring = [corner(-1.0, -1.0), corner(1.0, -1.0), corner(1.0, 1.0), corner(-1.0, 1.0), corner(-1.0, -1.0)];
    json!({"type": "put-place", "feature": {"type": "Feature", "id": id, "geometry": {"type": "Polygon", "coordinates": [ring]},
        "properties": {"id": id, "kind": kind, "name_zh": "某", "name_en": "Some"}}})
}

fn road() -> Value {
    json!({"type": "put-corridor", "feature": {"type": "Feature", "id": "road",
        "geometry": {"type": "LineString", "coordinates": [[ORIGIN_LON, LAT], [DESTINATION_LON, LAT]]},
        "properties": {"id": "road", "mode": "road", "from": "yard", "to": "port", "length_km": 5.0, "width_m": 500,
            "name_zh": "某", "name_en": "Some"}}})
}

/// So far from the origin; behind the destination it stands there.
pub(crate) fn fix_at(km: f64) -> Fix {
    let lon = (ORIGIN_LON + km / KM_OF_A_DEGREE).min(DESTINATION_LON);
    #[expect(clippy::cast_possible_truncation, reason = "degrees")]
    let e7 = |degrees: f64| (degrees * 1e7).round() as i64;
    Fix { lat_e7: e7(LAT), lon_e7: e7(lon), accuracy_dm: 50, speed_cm_s: 1_000, heading_ddeg: 900, satellites: 12, cn0_ddbhz: 420 }
}

pub(crate) fn seal() -> DeviceId {
    SEAL.parse().unwrap()
}
