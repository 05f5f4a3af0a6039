//! Numbers that are printed on units, with their check digits.

use crate::ids::{iso6346_sum, text_serde};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::fmt;
use std::str::FromStr;

/// A text that is not the number it was taken for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} {text}: {fault}")]
pub struct NotACargoNumber {
    pub kind: &'static str,
    /// At most the first 64 characters of what was given.
    pub text: String,
    pub fault: NumberFault,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NumberFault {
    #[error("expected {0}")]
    Shape(&'static str),
    #[error("check digit is {found}, expected {expected}")]
    CheckDigit { found: char, expected: u32 },
}

impl NotACargoNumber {
    pub(super) fn new(kind: &'static str, text: &str, fault: NumberFault) -> Self {
        Self { kind, text: text.chars().take(64).collect(), fault }
    }
}

/// A number of fixed shape, kept as it is printed.
macro_rules! cargo_number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        text_serde!($name);
    };
}
pub(super) use cargo_number;

cargo_number!(
    /// ISO 6346: three letters of the owner, U, J or Z, six digits, check digit.
    ContainerNumber
);
cargo_number!(
    /// Of an aeroplane's unit load device: `[A-Z]{3}[0-9]{4,5}[A-Z0-9]{2,3}`. It has no check digit.
    UldNumber
);

const CONTAINER: &str = "container";
const CONTAINER_SHAPE: &str = "3 capital letters, U, J or Z, and 7 digits";
const ULD_SHAPE: &str = "3 capital letters, 4 or 5 digits, and 2 or 3 capital letters or digits of the owner";

impl FromStr for ContainerNumber {
    type Err = NotACargoNumber;

    fn from_str(text: &str) -> Result<Self, NotACargoNumber> {
        let refused = |fault| NotACargoNumber::new(CONTAINER, text, fault);
        let shape = |(at, byte): (usize, u8)| match at {
            0..=2 => byte.is_ascii_uppercase(),
            3 => matches!(byte, b'U' | b'J' | b'Z'),
            _ => byte.is_ascii_digit(),
        };
        let shaped = text.len() == 11 && text.bytes().enumerate().all(shape);
        let parts = text.split_at_checked(10).filter(|_| shaped);
        let (body, found) = parts
            .and_then(|(body, last)| Some((body, last.chars().next()?)))
            .ok_or(NumberFault::Shape(CONTAINER_SHAPE))
            .map_err(refused)?;
        let expected = iso6346_sum(body).ok_or(NumberFault::Shape(CONTAINER_SHAPE)).map_err(refused)?;
        if found.to_digit(10) == Some(expected) {
            Ok(Self(text.to_owned()))
        } else {
            Err(refused(NumberFault::CheckDigit { found, expected }))
        }
    }
}

impl FromStr for UldNumber {
    type Err = NotACargoNumber;

    fn from_str(text: &str) -> Result<Self, NotACargoNumber> {
        let (head, rest) = text.split_at_checked(3).unwrap_or_default();
        let fits = |digits: usize| {
            let Some((serial, owner)) = rest.split_at_checked(digits) else { return false };
            let owned = owner.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
            serial.bytes().all(|byte| byte.is_ascii_digit()) && (2..=3).contains(&owner.len()) && owned
        };
        if head.bytes().all(|byte| byte.is_ascii_uppercase()) && (fits(4) || fits(5)) {
            return Ok(Self(text.to_owned()));
        }
        Err(NotACargoNumber::new("ULD", text, NumberFault::Shape(ULD_SHAPE)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_with_a_wrong_digit_is_told_the_right_one() {
        for good in ["CSQU3054383", "MWCU6059784", "CBHU3202732", "XIAU0000060", "NYKU6065380"] {
            assert_eq!(good.parse::<ContainerNumber>().unwrap().to_string(), good);
        }
        let refused = "CSQU3054384".parse::<ContainerNumber>().unwrap_err();
        assert_eq!(refused.to_string(), "container CSQU3054384: check digit is 4, expected 3");
        for bad in ["", "CSQX3054383", "csqu3054383", "CSQU 305438 3", "CSQU305438", "CSQU30543833", "UETU０９７６２１０"] {
            let refused = bad.parse::<ContainerNumber>().unwrap_err();
            assert_eq!(refused.fault, NumberFault::Shape(CONTAINER_SHAPE), "{bad}");
        }
    }

    #[test]
    fn a_unit_load_device_has_a_shape_and_no_check_digit() {
        for good in ["AKE12345MU", "PMC1234CA", "AKE12345SW", "PAG12345CZA", "AKE12341A2"] {
            assert_eq!(good.parse::<UldNumber>().unwrap().as_str(), good);
        }
        for bad in ["", "AK12345MU", "AKE123MU", "AKE123456MU4", "ake12345mu", "AKE123M", "AKE-1234MU", "ÄKE12345MU"] {
            assert!(bad.parse::<UldNumber>().is_err(), "{bad}");
        }
    }
}
