//! The words of a ledger 底账: quantities, goods, their status, and what the platform tells about them.

mod view;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::fmt;
use std::str::FromStr;
pub use view::{Account, Difference, Field, LedgerComparison, LedgerImport, LedgerStand, PeriodicDeclaration, PostingView, RefusedLine};

/// A text that is not what it was taken for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} {text:?}: expected {expected}")]
pub struct NotAValue {
    pub kind: &'static str,
    /// At most the first 64 characters of what was given.
    pub text: String,
    pub expected: &'static str,
}

impl NotAValue {
    pub(crate) fn new(kind: &'static str, text: &str, expected: &'static str) -> Self {
        Self { kind, text: text.chars().take(64).collect(), expected }
    }
}

/// An amount in thousandths of its unit; as text a decimal number: `12.5`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Quantity(u64);

impl Quantity {
    pub const ZERO: Quantity = Quantity(0);
    /// Twelve digits before the point, three behind it.
    pub const LIMIT: Quantity = Quantity(999_999_999_999_999);

    #[must_use]
    pub const fn from_thousandths(thousandths: u64) -> Self {
        Self(thousandths)
    }

    #[must_use]
    pub const fn thousandths(self) -> u64 {
        self.0
    }

    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// `None` over the limit.
    #[must_use]
    pub fn plus(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self).filter(|sum| *sum <= Self::LIMIT)
    }

    /// `None` below zero.
    #[must_use]
    pub fn minus(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }
}

impl FromStr for Quantity {
    type Err = NotAValue;

    fn from_str(text: &str) -> Result<Self, NotAValue> {
        let refused = || NotAValue::new("quantity", text, "a decimal number with up to 12 digits before the point and 3 behind it");
        let (whole, part) = text.split_once('.').map_or((text, None), |(whole, part)| (whole, Some(part)));
        let digits = |text: &str, most: usize| (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole, 12) || part.is_some_and(|part| !digits(part, 3)) {
            return Err(refused());
        }
        let thousandths = format!("{whole}{:0<3}", part.unwrap_or_default());
        thousandths.parse().map(Self).map_err(|_| refused())
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) = (self.0 / 1000, self.0 % 1000);
        if part == 0 {
            return write!(f, "{whole}");
        }
        write!(f, "{whole}.{}", format!("{part:03}").trim_end_matches('0'))
    }
}

impl Serialize for Quantity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() { serializer.collect_str(self) } else { serializer.serialize_u64(self.0) }
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            return String::deserialize(deserializer)?.parse().map_err(D::Error::custom);
        }
        u64::deserialize(deserializer).map(Self)
    }
}

macro_rules! code {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $lengths:expr, $allowed:expr, $expected:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = NotAValue;

            fn from_str(text: &str) -> Result<Self, NotAValue> {
                let allowed: fn(u8) -> bool = $allowed;
                if $lengths.contains(&text.len()) && text.bytes().all(allowed) {
                    return Ok(Self(text.to_owned()));
                }
                Err(NotAValue::new($kind, text, $expected))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
            }
        }
    };
}
pub(crate) use code;

code!(/// The enterprise's own number of a kind of goods 料号.
    GoodsCode, "goods", 1..=32, |byte| byte.is_ascii_alphanumeric() || byte == b'-', "1 to 32 of A-Z, a-z, 0-9 and '-'");
code!(/// Harmonised System, six digits and national ones behind them.
    HsCode, "HS code", 6..=10, |byte| byte.is_ascii_digit(), "6 to 10 digits");
code!(/// UN/ECE recommendation 20.
    UnitCode, "unit", 2..=3, |byte| byte.is_ascii_uppercase() || byte.is_ascii_digit(), "2 or 3 of A-Z and 0-9");
code!(/// Reference of an import, a declaration, a release note.
    Reference, "reference", 1..=64, |byte| byte.is_ascii_alphanumeric() || byte == b'-', "1 to 64 of A-Z, a-z, 0-9 and '-'");

/// How customs supervises goods; quantities of different status never mix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum GoodsStatus {
    /// 保税
    Bonded,
    /// 非保税
    NonBonded,
    /// 过境
    InTransit,
}

impl FromStr for GoodsStatus {
    type Err = NotAValue;

    fn from_str(text: &str) -> Result<Self, NotAValue> {
        match text {
            "bonded" => Ok(Self::Bonded),
            "non-bonded" => Ok(Self::NonBonded),
            "in-transit" => Ok(Self::InTransit),
            _ => Err(NotAValue::new("status", text, "bonded, non-bonded or in-transit")),
        }
    }
}

/// One kind of goods in a declaration or a release note.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct GoodsLine {
    pub goods: GoodsCode,
    pub hs: HsCode,
    pub unit: UnitCode,
    pub status: GoodsStatus,
    pub quantity: Quantity,
    pub weight_kg: Quantity,
}

/// What was counted of one kind of goods when the transfer was verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct VerifiedLine {
    pub goods: GoodsCode,
    pub status: GoodsStatus,
    pub quantity: Quantity,
}

/// How verification ended 核验结论.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Conclusion {
    /// Satisfactory.
    A1,
    /// Considered satisfactory.
    A2,
    /// Minor discrepancies.
    A5,
    /// Not satisfactory.
    B1,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum LedgerFormat {
    Json,
    Csv,
    Xml,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantity_is_a_decimal_number_and_keeps_every_thousandth() {
        for (text, thousandths, shown) in [("0", 0, "0"), ("12.5", 12_500, "12.5"), ("0.001", 1, "0.001"), ("007.10", 7_100, "7.1")] {
            let quantity: Quantity = text.parse().unwrap();
            assert_eq!((quantity.thousandths(), quantity.to_string().as_str()), (thousandths, shown), "{text}");
        }
        for bad in ["", ".", "1.", ".5", "-1", "+1", "1e3", "1,5", "0.0001", "1234567890123", "１", " 1"] {
            assert!(bad.parse::<Quantity>().is_err(), "{bad:?}");
        }
        assert_eq!("x".parse::<Quantity>().unwrap_err().to_string().split(':').next(), Some(r#"quantity "x""#));
    }

    #[test]
    fn no_sum_of_quantities_passes_the_limit_or_zero() {
        assert_eq!(Quantity::LIMIT.plus(Quantity(1)), None);
        assert_eq!(Quantity(1).minus(Quantity(2)), None);
        assert_eq!(Quantity(1).plus(Quantity(2)), Some(Quantity(3)));
    }
}
