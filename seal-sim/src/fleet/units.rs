//! Names of cargo units that pass their check digits. They name no known container or consignment.

use sealway_schemas::ids::iso6346_sum;

/// A container number of ISO 6346: `XSW` + U, six digits, check digit.
#[must_use]
pub fn container(serial: u64) -> String {
    let body = format!("XSWU{:06}", serial % 1_000_000);
    let check = iso6346_sum(&body).unwrap_or_default();
    format!("{body}{check}")
}

/// A unit load device of an aeroplane: `[A-Z]{3}[0-9]{4,5}[A-Z0-9]{2,3}`.
#[must_use]
pub fn uld(serial: u64) -> String {
    format!("AKE{:05}SW", serial % 100_000)
}

/// A sealed truck with loose cargo, by its plate.
#[must_use]
pub fn loose(serial: u64) -> String {
    format!("TRUCK-A{:05}", serial % 100_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_number_ends_with_its_check_digit() {
        for serial in [0, 6, 305_438, 999_999] {
            let number = container(serial);
            let (body, check) = number.split_at(10);
            assert_eq!(iso6346_sum(body).unwrap().to_string(), check);
        }
    }
}
