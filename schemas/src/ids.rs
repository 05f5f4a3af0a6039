//! Identities: one type each, parsed once at the edge.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::str::FromStr;

/// A text that is not the identity it was taken for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} {text:?}: expected {expected}")]
pub struct NotAnId {
    pub kind: &'static str,
    /// At most the first 64 characters of what was given.
    pub text: String,
    pub expected: &'static str,
}

impl NotAnId {
    fn new(kind: &'static str, text: &str, expected: &'static str) -> Self {
        Self { kind, text: text.chars().take(64).collect(), expected }
    }
}

const DEVICE_ID_MAX: usize = 32;
/// Fixed for ever, on one machine too: a device's partition never changes.
pub const PARTITIONS: u8 = 64;

/// `[A-Z0-9][A-Z0-9-]{2,31}`, as printed on the housing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceId {
    text: [u8; DEVICE_ID_MAX],
    len: u8,
}

impl DeviceId {
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.text.get(..usize::from(self.len)).and_then(|text| std::str::from_utf8(text).ok()).unwrap_or_default()
    }

    /// The logical partition, 0..64: the low bits of the first byte of SHA-256 of the id.
    #[must_use]
    pub fn partition(&self) -> u8 {
        let hash: [u8; 32] = Sha256::digest(self.as_str().as_bytes()).into();
        hash.first().copied().unwrap_or_default() % PARTITIONS
    }
}

impl FromStr for DeviceId {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let ok = (3..=DEVICE_ID_MAX).contains(&text.len())
            && !text.starts_with('-')
            && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-');
        let refused = || NotAnId::new("device id", text, "3 to 32 of A-Z, 0-9 and '-', not beginning with '-'");
        if !ok {
            return Err(refused());
        }
        let mut fixed = [0; DEVICE_ID_MAX];
        fixed.get_mut(..text.len()).ok_or_else(refused)?.copy_from_slice(text.as_bytes());
        Ok(Self { text: fixed, len: u8::try_from(text.len()).map_err(|_| refused())? })
    }
}

impl fmt::Display for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

macro_rules! text_serde {
    ($name:ident) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(D::Error::custom)
            }
        }
    };
}
pub(crate) use text_serde;

text_serde!(DeviceId);

macro_rules! name_id {
    ($(#[$doc:meta])* $name:ident, $kind:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                let ok = (1..=64).contains(&text.len())
                    && !text.starts_with('-')
                    && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
                if ok {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(NotAnId::new($kind, text, "1 to 64 of a-z, 0-9 and '-', not beginning with '-'"))
                }
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
name_id!(/// A party: a customs district, a carrier, a port operator.
    PartyId, "party");
name_id!(/// A person or a person's system, within the platform.
    UserId, "user");
name_id!(/// A place 场所: port, zone, depot, airport, border crossing.
    PlaceId, "place");
name_id!(/// A corridor 走廊 between two places.
    CorridorId, "corridor");
name_id!(/// A customs district 关区.
    DistrictId, "district");
name_id!(/// A gate 卡口 of a place.
    GateId, "gate");
name_id!(/// A system that is told of events by HTTPS.
    WebhookId, "webhook");

/// Reference of a transfer, shaped as an MRN: year (2 digits), country (2 letters), 13 letters or digits, check character.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TransferId(String);

const TRANSFER_SHAPE: &str = "2 digits, 2 letters, 13 of A-Z and 0-9, and the ISO 6346 check digit over those 17";

impl TransferId {
    /// Makes the reference and its check character. `serial` is 13 of A-Z and 0-9.
    pub fn new(year: u8, country: &str, serial: &str) -> Result<Self, NotAnId> {
        let body = format!("{:02}{country}{serial}", year % 100);
        let check = iso6346_sum(&body).ok_or_else(|| NotAnId::new("transfer", &body, TRANSFER_SHAPE))?;
        format!("{body}{check}").parse()
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TransferId {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let refused = |expected| NotAnId::new("transfer", text, expected);
        let shape = text.len() == 18
            && text.bytes().enumerate().all(|(i, b)| match i {
                0 | 1 | 17 => b.is_ascii_digit(),
                2 | 3 => b.is_ascii_uppercase(),
                _ => b.is_ascii_uppercase() || b.is_ascii_digit(),
            });
        let (body, check) = text.split_at_checked(17).filter(|_| shape).ok_or_else(|| refused(TRANSFER_SHAPE))?;
        let expected = iso6346_sum(body).ok_or_else(|| refused(TRANSFER_SHAPE))?;
        if check == expected.to_string() { Ok(Self(text.to_owned())) } else { Err(refused("another check digit at its end")) }
    }
}

impl fmt::Display for TransferId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
text_serde!(TransferId);

/// The check digit of ISO 6346 over letters and digits of any number: A=10, B=12 ... skipping multiples of 11.
#[must_use]
pub fn iso6346_sum(text: &str) -> Option<u32> {
    let mut sum: u32 = 0;
    let mut weight: u32 = 1;
    for c in text.bytes() {
        let value = match c {
            b'0'..=b'9' => u32::from(c - b'0'),
            b'A' => 10,
            b'B'..=b'K' => u32::from(c - b'B') + 12,
            b'L'..=b'U' => u32::from(c - b'L') + 23,
            b'V'..=b'Z' => u32::from(c - b'V') + 34,
            _ => return None,
        };
        sum = (sum + value * weight) % 11;
        weight = weight * 2 % 11;
    }
    Some(sum % 10)
}

/// An alert's number, counted up by the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AlertId(pub u64);

impl fmt::Display for AlertId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

macro_rules! bytes_id {
    ($(#[$doc:meta])* $name:ident, $len:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; $len]);

        impl $name {
            #[must_use]
            pub const fn from_bytes(bytes: [u8; $len]) -> Self {
                Self(bytes)
            }

            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; $len] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                let mut bytes = [0; $len];
                hex::decode_to_slice(text, &mut bytes)
                    .map_err(|_| NotAnId::new(stringify!($name), text, concat!($len, " bytes in hex")))?;
                Ok(Self(bytes))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() {
                    return serializer.serialize_str(&self.to_string());
                }
                serde::ser::Serializer::serialize_bytes(serializer, &self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                if deserializer.is_human_readable() {
                    let text = String::deserialize(deserializer)?;
                    return text.parse().map_err(D::Error::custom);
                }
                let bytes = Vec::<u8>::deserialize(deserializer)?;
                let bytes = bytes.try_into().map_err(|_| D::Error::custom(concat!("expected ", $len, " bytes")))?;
                Ok(Self(bytes))
            }
        }
    };
}
bytes_id!(/// First 8 bytes of SHA-256 over the 32-byte public key.
    KeyId, 8);
bytes_id!(/// An Ed25519 public key as it was sent: 32 bytes, not yet checked.
    PublicKey, 32);
bytes_id!(/// First 16 bytes of SHA-256 of a whole message: what `prev` holds.
    Digest, 16);

impl PublicKey {
    #[must_use]
    pub fn key_id(&self) -> KeyId {
        let hash: [u8; 32] = Sha256::digest(self.0).into();
        let mut id = [0; 8];
        id.iter_mut().zip(hash).for_each(|(to, from)| *to = from);
        KeyId(id)
    }
}

impl Digest {
    /// The `prev` of a device's first report.
    pub const ZERO: Digest = Digest([0; 16]);

    #[must_use]
    pub fn of(message: &[u8]) -> Self {
        let hash: [u8; 32] = Sha256::digest(message).into();
        let mut head = [0; 16];
        head.iter_mut().zip(hash).for_each(|(to, from)| *to = from);
        Self(head)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_id_is_what_is_printed_on_the_housing() {
        for good in ["XA-7Q2K", "ABC", "0--", &"A".repeat(32)] {
            assert_eq!(good.parse::<DeviceId>().unwrap().as_str(), good);
        }
        for bad in ["", "AB", "-AB", "abc", "A_B", "ÄBC", &"A".repeat(33), "A\nB"] {
            assert!(bad.parse::<DeviceId>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn the_check_digit_is_that_of_iso_6346() {
        for (body, digit) in [("CSQU305438", 3), ("MWCU605978", 4), ("CBHU320273", 2), ("XIAU000006", 0)] {
            assert_eq!(iso6346_sum(body), Some(digit), "{body}");
        }
    }

    #[test]
    fn a_transfer_reference_carries_its_check_digit() {
        let id = TransferId::new(26, "CN", "XA00000000017").unwrap();
        assert_eq!(id.as_str().len(), 18);
        let mut wrong = id.to_string();
        let last = wrong.pop().unwrap();
        wrong.push(if last == '9' { '0' } else { char::from(last as u8 + 1) });
        assert!(wrong.parse::<TransferId>().unwrap_err().to_string().contains("check digit"));
    }
}
