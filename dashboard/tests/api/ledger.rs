//! A ledger's file through the API.

use crate::client::Client;
use crate::house::House;
use serde_json::json;

const IMPORT: &str = "/api/v1/ledger/imports?reference=L-1";

fn csv(lines: usize, bad: usize) -> String {
    let heading = "goods,hs,name_zh,name_en,unit,status,quantity,weight_kg\n".to_owned();
    (1..=lines).fold(heading, |text, line| {
        let hs = if line == bad { "12" } else { "85423190" };
        text + &format!("G-{line},{hs},芯片,Chip,PCE,bonded,100,200\n")
    })
}

fn as_csv(client: &Client) -> Client {
    client.with("content-type", "text/csv; charset=utf-8")
}

#[test]
fn a_file_is_acknowledged_line_by_line_and_once_by_its_reference() {
    let house = House::open();
    let north = as_csv(&house.as_user("north"));
    let file = csv(10_000, 5_000);
    let import = north.send("POST", IMPORT, file.as_bytes()).ok();
    assert_eq!((&import["lines"], &import["taken"]), (&json!(10_000), &json!([[1, 4_999], [5_001, 10_000]])));
    assert_eq!(import["refused"].as_array().unwrap().len(), 1);
    assert_eq!((&import["refused"][0]["line"], &import["refused"][0]["code"]), (&json!(5_000), &json!("hs-code-malformed")));
    assert_eq!(north.send("POST", IMPORT, file.as_bytes()).ok(), import, "the same file again");
    assert_eq!(north.send("POST", IMPORT, csv(1, 0).as_bytes()).problem(409), "import-exists");
    let stand = house.as_user("north").get("/api/v1/records/ledger-stand/north-rail.G-1.bonded").ok();
    assert_eq!(stand["body"]["stock"], "100");
    assert_eq!(house.as_user("south").get("/api/v1/records/ledger-stand/north-rail.G-1.bonded").problem(404), "not-found");
}

#[test]
fn a_file_that_is_too_large_of_another_kind_or_anothers_is_refused() {
    let house = House::open();
    let north = house.as_user("north");
    assert_eq!(as_csv(&north).send("POST", IMPORT, &vec![b'x'; 5_000_001]).problem(413), "body-too-large");
    assert_eq!(north.with("content-type", "text/plain").send("POST", IMPORT, b"x").problem(415), "content-type");
    assert_eq!(as_csv(&north).send("POST", IMPORT, b"goods").problem(422), "ledger-file");
    assert_eq!(as_csv(&north).send("POST", IMPORT, b"\xff").problem(400), "body-invalid");
    let anothers = format!("{IMPORT}&enterprise=north-rail");
    assert_eq!(as_csv(&house.as_user("south")).send("POST", &anothers, csv(1, 0).as_bytes()).problem(404), "not-found");
}
