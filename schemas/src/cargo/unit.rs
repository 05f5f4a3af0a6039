//! Cargo units 载货单元: what is loaded as one and can be sealed.

use super::number::{ContainerNumber, NotACargoNumber, NumberFault, UldNumber, cargo_number};
use crate::ids::text_serde;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::fmt;
use std::str::FromStr;

cargo_number!(
    /// Loose cargo 散货 in a sealed truck or shed, by any name without spaces: a plate, a bay.
    LooseCargo
);

const LOOSE_LIMIT: usize = 32;
const LOOSE_SHAPE: &str = "1 to 32 characters without spaces";

impl FromStr for LooseCargo {
    type Err = NotACargoNumber;

    fn from_str(text: &str) -> Result<Self, NotACargoNumber> {
        let plain = |c: char| !c.is_control() && !c.is_whitespace();
        if (1..=LOOSE_LIMIT).contains(&text.chars().count()) && text.chars().all(plain) {
            return Ok(Self(text.to_owned()));
        }
        Err(NotACargoNumber::new("unit", text, NumberFault::Shape(LOOSE_SHAPE)))
    }
}

/// One unit, told by the shape of its number; in JSON the number alone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CargoUnit {
    Container(ContainerNumber),
    Uld(UldNumber),
    Loose(LooseCargo),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum UnitKind {
    /// 集装箱
    Container,
    /// 集装器
    Uld,
    /// 散货
    Loose,
}

impl CargoUnit {
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Container(number) => number.as_str(),
            Self::Uld(number) => number.as_str(),
            Self::Loose(name) => name.as_str(),
        }
    }

    #[must_use]
    pub fn kind(&self) -> UnitKind {
        match self {
            Self::Container(_) => UnitKind::Container,
            Self::Uld(_) => UnitKind::Uld,
            Self::Loose(_) => UnitKind::Loose,
        }
    }
}

impl FromStr for CargoUnit {
    type Err = NotACargoNumber;

    fn from_str(text: &str) -> Result<Self, NotACargoNumber> {
        if means_a_container(text) {
            return text.parse().map(Self::Container);
        }
        if let Ok(uld) = text.parse() {
            return Ok(Self::Uld(uld));
        }
        text.parse().map(Self::Loose)
    }
}

/// Whether a text is a container's number, well or badly written: with a slip in it, it must not pass as the name of loose cargo.
fn means_a_container(text: &str) -> bool {
    let bytes = text.as_bytes();
    let (Some(head), Some(tail)) = (bytes.get(..4), bytes.get(4..)) else { return false };
    let digits = tail.iter().filter(|byte| byte.is_ascii_digit()).count();
    let named = bytes.get(3).is_some_and(|byte| matches!(byte.to_ascii_uppercase(), b'U' | b'J' | b'Z'));
    let owner = head.iter().filter(|byte| byte.is_ascii_alphabetic()).count();
    let near = named && owner >= 3 && (6..=8).contains(&tail.len()) && tail.len() - digits <= 1;
    let shaped = owner == 4 && tail.len() == 7 && digits == 7;
    (near || shaped) && bytes.iter().all(u8::is_ascii_alphanumeric)
}

impl fmt::Display for CargoUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

text_serde!(CargoUnit);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_is_told_by_the_shape_of_its_number() {
        for (text, kind) in [
            ("CSQU3054383", UnitKind::Container),
            ("AKE12345MU", UnitKind::Uld),
            ("LOOSE-0017", UnitKind::Loose),
            ("TRUCK-A00001", UnitKind::Loose),
            ("陕A12345", UnitKind::Loose),
        ] {
            let unit: CargoUnit = text.parse().unwrap();
            assert_eq!((unit.kind(), unit.as_str()), (kind, text));
        }
    }

    #[test]
    fn a_container_that_is_badly_written_does_not_pass_as_loose_cargo() {
        for bad in ["CSQU3054384", "csqu3054383", "CSQX3054383", "0OLU7107847", "CSNU176O013", "TCLU553892", "BMOU14635106"] {
            let refused = bad.parse::<CargoUnit>().unwrap_err();
            assert_eq!(refused.kind, "container", "{bad}");
        }
        for bad in ["", "A B", "CBHU 148181 2", "A\nB", &"X".repeat(33)] {
            assert!(bad.parse::<CargoUnit>().is_err(), "{bad:?}");
        }
    }
}
