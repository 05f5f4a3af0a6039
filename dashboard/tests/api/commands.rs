//! The one door of commands: bytes as they are written, signed or not, and refusals that give nothing away.

use crate::house::House;
use crate::seal::Seal;
use serde_json::json;

const COMMANDS: &str = "/api/v1/commands";

fn revoke(device: &str) -> serde_json::Value {
    json!({"type": "revoke-device", "device": device, "reason": "worn"})
}

#[test]
fn a_command_is_taken_as_it_is_written_and_once_per_key() {
    let house = House::open();
    let seal = Seal::new("NR-0001", 1);
    house.enrol("north", &seal);
    let north = house.as_user("north").with("idempotency-key", "k-1");
    let taken = north.post(COMMANDS, &revoke("NR-0001")).ok();
    assert_eq!((&taken["id"], &taken["repeated"]), (&json!("NR-0001"), &json!(false)));
    let again = north.post(COMMANDS, &revoke("NR-0001")).ok();
    assert_eq!((&again["at"], &again["repeated"]), (&taken["at"], &json!(true)));
    assert_eq!(north.post(COMMANDS, &revoke("NR-0002")).problem(409), "idempotency-key-reused");
}

#[test]
fn a_type_that_nobody_offers_is_named() {
    let house = House::open();
    let answer = house.as_user("officer").post(COMMANDS, &json!({"type": "make-coffee"}));
    assert!(answer.text().contains("make-coffee"), "{}", answer.text());
    assert_eq!(answer.problem(422), "malformed-command");
}

#[test]
fn what_is_another_partys_and_what_does_not_exist_look_the_same() {
    let house = House::open();
    house.enrol("north", &Seal::new("NR-0001", 1));
    let south = house.as_user("south");
    let (other, nothing) = (south.post(COMMANDS, &revoke("NR-0001")), south.post(COMMANDS, &revoke("NR-0002")));
    assert_eq!(other.text(), nothing.text());
    assert_eq!(other.problem(404), "not-found");
}

#[test]
fn a_signature_needs_its_shape_and_the_key_that_was_signed() {
    let house = House::open();
    let officer = house.as_user("officer");
    let hold = json!({"type": "lift-quarantine", "device": "NR-0001", "reason": "seen"});
    let short = officer.with("sealway-signature", "00ff").post(COMMANDS, &hold);
    assert_eq!(short.problem(400), "signature-malformed");
    let unnamed = officer.with("sealway-signature", &"00".repeat(72)).post(COMMANDS, &hold);
    assert_eq!(unnamed.problem(400), "idempotency-key");
}
