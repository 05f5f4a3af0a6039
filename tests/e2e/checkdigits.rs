//! Numbers of containers and air waybills, good and bad, that stand beside the project.

use sealway_schemas::cargo::{AirWaybill, ContainerNumber, NotACargoNumber, NumberFault};
use sealway_tests::shared;
use serde_json::Value;
use std::str::FromStr;

/// How many were valid. Where the shape is right, the refusal names the right digit.
fn checked<T: FromStr<Err = NotACargoNumber>>(numbers: &Value) -> usize {
    let numbers = numbers.as_array().unwrap();
    for number in numbers {
        let text = number["number"].as_str().unwrap();
        let parsed = text.parse::<T>();
        assert_eq!(parsed.is_ok(), number["valid"].as_bool().unwrap(), "{number}");
        if let Err(NotACargoNumber { fault: NumberFault::CheckDigit { expected, .. }, .. }) = parsed
            && let Some(digit) = number["check_digit"].as_u64()
        {
            assert_eq!(u64::from(expected), digit, "{number}");
        }
    }
    numbers.iter().filter(|number| number["valid"] == true).count()
}

#[test]
fn every_shared_number_is_taken_or_refused_by_its_check_digit() {
    let Some(path) = shared::file("checkdigits.json") else { return };
    let numbers: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert!(checked::<ContainerNumber>(&numbers["containers"]) > 10);
    assert!(checked::<AirWaybill>(&numbers["air_waybills"]) > 5);
}
