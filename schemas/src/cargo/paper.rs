//! Transport documents 运输单证: bills of lading, and air waybills of the airline (master) and of the forwarder (house).

use super::number::{NotACargoNumber, NumberFault, cargo_number};
use crate::ids::text_serde;
use crate::ledger::{NotAValue, code};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::fmt;
use std::str::FromStr;

cargo_number!(
    /// IATA: three digits of the airline, seven of the serial, and the serial mod 7. Written `020-81140743`, read without the hyphen too.
    AirWaybill
);
code!(/// A bill of lading, by its carrier's number.
    BillNumber, "bill of lading", 1..=35, |byte| byte.is_ascii_alphanumeric() || byte == b'-', "1 to 35 of A-Z, a-z, 0-9 and '-'");
code!(/// A house waybill, by its forwarder's number.
    HouseNumber, "house waybill", 1..=35, |byte| byte.is_ascii_alphanumeric() || byte == b'-', "1 to 35 of A-Z, a-z, 0-9 and '-'");

const AIR_WAYBILL_SHAPE: &str = "3 digits of the airline, a hyphen or none, and 8 digits";

impl FromStr for AirWaybill {
    type Err = NotACargoNumber;

    fn from_str(text: &str) -> Result<Self, NotACargoNumber> {
        let refused = |fault| NotACargoNumber::new("air waybill", text, fault);
        let digits = |text: &str, count: usize| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
        let (airline, rest) = text.split_at_checked(3).unwrap_or_default();
        let rest = rest.strip_prefix('-').unwrap_or(rest);
        let (serial, last) = rest.split_at_checked(7).unwrap_or_default();
        let number = serial.parse::<u32>().ok().filter(|_| digits(airline, 3) && digits(serial, 7) && digits(last, 1));
        let (Some(number), Some(found)) = (number, last.chars().next()) else {
            return Err(refused(NumberFault::Shape(AIR_WAYBILL_SHAPE)));
        };
        let expected = number % 7;
        if found.to_digit(10) != Some(expected) {
            return Err(refused(NumberFault::CheckDigit { found, expected }));
        }
        Ok(Self(format!("{airline}-{rest}")))
    }
}

/// What a consignment travels under.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum TransportDocument {
    /// 提单, a shipping line's or a forwarder's.
    BillOfLading(BillNumber),
    /// 主运单
    MasterAirWaybill(AirWaybill),
    /// 分运单, under the master waybill that it flies with.
    HouseAirWaybill { master: AirWaybill, house: HouseNumber },
}

impl fmt::Display for TransportDocument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BillOfLading(number) => write!(f, "{number}"),
            Self::MasterAirWaybill(number) => write!(f, "{number}"),
            Self::HouseAirWaybill { master, house } => write!(f, "{master}:{house}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_air_waybill_ends_with_its_serial_mod_7() {
        for (text, printed) in [("020-81140743", "020-81140743"), ("17612345675", "176-12345675"), ("999-00000070", "999-00000070")] {
            assert_eq!(text.parse::<AirWaybill>().unwrap().as_str(), printed);
        }
        let refused = "176-12345676".parse::<AirWaybill>().unwrap_err();
        assert_eq!(refused.to_string(), "air waybill 176-12345676: check digit is 6, expected 5");
        for bad in ["", "176", "1761-2345675", "176-1234567", "176-123456755", "176--12345675", "17A-12345675", "176-１2345675"] {
            let refused = bad.parse::<AirWaybill>().unwrap_err();
            assert_eq!(refused.fault, NumberFault::Shape(AIR_WAYBILL_SHAPE), "{bad}");
        }
    }

    #[test]
    fn a_document_in_json_says_of_which_kind_it_is() {
        for json in [
            r#"{"bill-of-lading":"COSU6123456780"}"#,
            r#"{"master-air-waybill":"176-12345675"}"#,
            r#"{"house-air-waybill":{"master":"176-12345675","house":"SW-77"}}"#,
        ] {
            let document: TransportDocument = serde_json::from_str(json).unwrap();
            assert_eq!(serde_json::to_string(&document).unwrap(), json);
        }
        let refused = serde_json::from_str::<TransportDocument>(r#"{"master-air-waybill":"176-12345676"}"#).unwrap_err();
        assert!(refused.to_string().starts_with("air waybill 176-12345676: check digit is 6, expected 5"), "{refused}");
    }
}
