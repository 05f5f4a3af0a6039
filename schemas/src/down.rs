//! What the platform says to a device, signed by the platform key.

use crate::cbor::{Strict, UINT_END};
use crate::hello::{expect_key, fixed_map, numbered};
use crate::report::check_position;
use crate::writer::Writer;
use crate::{Malformed, PublicKey, Time};
use serde::{Deserialize, Serialize};
use unicode_normalization::is_nfc;

pub const STORED_RANGES: usize = 8;
pub const WANTED_RANGES: usize = 4;
const AUTHORISED_BY_LIMIT: usize = 64;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Down {
    Ack(Ack),
    Grant(Grant),
    Challenge(Challenge),
    Configure(Configure),
    Rekey(Rekey),
}

/// Counters from..=to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    pub from: u64,
    pub to: u64,
}

/// What the platform holds of a device's reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ack {
    /// 1 or more; one higher after each restore from a copy.
    pub generation: u64,
    pub stored: u64,
    pub released: u64,
    /// Stored above `stored`: ascending, disjoint, at most 8.
    pub ranges: Vec<Range>,
    /// Wanted again: ascending, disjoint, at most 4.
    pub wants: Vec<Range>,
    pub t: Time,
    pub tree: Option<TreeHead>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TreeHead {
    pub size: u64,
    pub root: [u8; 32],
}

/// Leave to open the seal once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    pub id: [u8; 16],
    pub epoch: u64,
    pub circle: Circle,
    pub not_before: Time,
    pub not_after: Time,
    pub authorised_by: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Circle {
    /// 1e-7 degree.
    pub lat_e7: i64,
    /// 1e-7 degree.
    pub lon_e7: i64,
    pub radius_m: u64,
}

/// Asks the seal to sign, now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Challenge {
    pub nonce: [u8; 16],
    pub not_after: Time,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Configure {
    pub seq: u64,
    pub period_s: Option<u64>,
    pub moving_period_s: Option<u64>,
}

/// The platform's next key, signed by the present one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rekey {
    pub seq: u64,
    pub public_key: PublicKey,
}

impl Down {
    pub fn decode(payload: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Strict::new(payload);
        let fields = reader.map("message")?;
        let message = match numbered(&mut reader, 0, "type")? {
            1 => Self::Ack(Ack::decode(&mut reader, fields)?),
            2 => Self::Grant(Grant::decode(&mut Strict::new(payload))?),
            3 => Self::Challenge(Challenge::decode(&mut Strict::new(payload))?),
            4 => Self::Configure(Configure::decode(&mut reader, fields)?),
            5 => Self::Rekey(Rekey::decode(&mut Strict::new(payload))?),
            _ => return Err(Malformed::Field { field: "type", expected: "1 to 5" }),
        };
        Ok(message)
    }

    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::with_capacity(128);
        match self {
            Self::Ack(ack) => ack.encode(&mut writer),
            Self::Grant(grant) => grant.encode(&mut writer),
            Self::Challenge(challenge) => {
                writer.map(3).uint(0).uint(3).uint(1).bytes(&challenge.nonce).uint(2).uint(challenge.not_after.as_ms());
            }
            Self::Configure(configure) => configure.encode(&mut writer),
            Self::Rekey(rekey) => {
                writer.map(3).uint(0).uint(5).uint(1).uint(rekey.seq).uint(2).bytes(rekey.public_key.as_bytes());
            }
        }
        writer.finish()
    }
}

impl Ack {
    fn decode(reader: &mut Strict<'_>, fields: u64) -> Result<Self, Malformed> {
        let mut ack = Self { generation: 0, stored: 0, released: 0, ranges: Vec::new(), wants: Vec::new(), t: Time::ZERO, tree: None };
        let mut last = Some(0);
        let mut seen = 1_u8;
        for _ in 1..fields {
            let key = reader.key(last)?;
            match key {
                1 => ack.generation = reader.uint("generation")?,
                2 => ack.stored = reader.uint("stored")?,
                3 => ack.released = reader.uint("released")?,
                4 => ack.ranges = ranges(reader, "ranges", STORED_RANGES as u64)?,
                5 => ack.wants = ranges(reader, "wants", WANTED_RANGES as u64)?,
                6 => ack.t = Time::from_ms(reader.uint("t")?),
                7 => ack.tree = Some(TreeHead::decode(reader)?),
                unknown => return Err(Malformed::Key(unknown)),
            }
            seen |= 1 << key;
            last = Some(key);
        }
        reader.end()?;
        if seen & 0b0100_1111 != 0b0100_1111 {
            return Err(Malformed::Missing("generation, stored, released or t"));
        }
        ack.check()?;
        Ok(ack)
    }

    fn check(&self) -> Result<(), Malformed> {
        if self.generation == 0 {
            return Err(Malformed::Field { field: "generation", expected: "1 or more" });
        }
        if self.released > self.stored {
            return Err(Malformed::Field { field: "released", expected: "at most `stored`" });
        }
        for list in [&self.ranges, &self.wants] {
            let mut below = self.stored;
            for range in list {
                if range.from <= below || range.to < range.from {
                    return Err(Malformed::Field { field: "ranges", expected: "ascending, disjoint, above `stored`" });
                }
                below = range.to;
            }
        }
        Ok(())
    }

    fn encode(&self, writer: &mut Writer) {
        let optional = [!self.ranges.is_empty(), !self.wants.is_empty(), self.tree.is_some()];
        writer.map(5 + optional.iter().filter(|present| **present).count()).uint(0).uint(1);
        writer.uint(1).uint(self.generation).uint(2).uint(self.stored).uint(3).uint(self.released);
        for (key, list) in [(4, &self.ranges), (5, &self.wants)] {
            if !list.is_empty() {
                writer.uint(key).array(list.len());
                list.iter().for_each(|range| {
                    writer.array(2).uint(range.from).uint(range.to);
                });
            }
        }
        writer.uint(6).uint(self.t.as_ms());
        if let Some(tree) = &self.tree {
            writer.uint(7).array(2).uint(tree.size).bytes(&tree.root);
        }
    }
}

fn ranges(reader: &mut Strict<'_>, field: &'static str, limit: u64) -> Result<Vec<Range>, Malformed> {
    let count = reader.array(field, "1 to 8 ranges, or 1 to 4 wanted", 1..=limit)?;
    (0..count)
        .map(|_| {
            reader.array(field, "[from, to]", 2..=2)?;
            Ok(Range { from: reader.uint(field)?, to: reader.uint(field)? })
        })
        .collect()
}

impl TreeHead {
    fn decode(reader: &mut Strict<'_>) -> Result<Self, Malformed> {
        reader.array("tree", "[size, root]", 2..=2)?;
        Ok(Self { size: reader.uint("tree size")?, root: reader.bytes("root", "32 bytes")? })
    }
}

impl Grant {
    fn decode(reader: &mut Strict<'_>) -> Result<Self, Malformed> {
        fixed_map(reader, "grant", 7)?;
        numbered(reader, 0, "type")?;
        expect_key(reader, 1)?;
        let id = reader.bytes("grant id", "16 bytes")?;
        let epoch = numbered(reader, 2, "epoch")?;
        expect_key(reader, 3)?;
        reader.array("circle", "[lat, lon, radius_m]", 3..=3)?;
        let circle = Circle { lat_e7: reader.int("latitude")?, lon_e7: reader.int("longitude")?, radius_m: reader.uint("radius")? };
        let not_before = Time::from_ms(numbered(reader, 4, "not_before")?);
        let not_after = Time::from_ms(numbered(reader, 5, "not_after")?);
        expect_key(reader, 6)?;
        let authorised_by = reader.text("authorised_by")?.to_owned();
        reader.end()?;
        let grant = Self { id, epoch, circle, not_before, not_after, authorised_by };
        grant.check()?;
        Ok(grant)
    }

    /// The limits of the contract; what is sent is checked by them too.
    pub fn check(&self) -> Result<(), Malformed> {
        check_position(self.circle.lat_e7, self.circle.lon_e7)?;
        if self.epoch >= UINT_END || self.circle.radius_m >= UINT_END || self.not_after.as_ms() >= UINT_END {
            return Err(Malformed::Field { field: "grant", expected: "numbers below 2^53" });
        }
        if self.not_before > self.not_after {
            return Err(Malformed::Field { field: "not_before", expected: "at most not_after" });
        }
        let name = &self.authorised_by;
        let plain = (1..=AUTHORISED_BY_LIMIT).contains(&name.len()) && !name.chars().any(char::is_control) && is_nfc(name);
        if plain {
            Ok(())
        } else {
            Err(Malformed::Field { field: "authorised_by", expected: "1 to 64 bytes of UTF-8 in NFC without control characters" })
        }
    }

    fn encode(&self, writer: &mut Writer) {
        writer.map(7).uint(0).uint(2).uint(1).bytes(&self.id).uint(2).uint(self.epoch);
        writer.uint(3).array(3).int(self.circle.lat_e7).int(self.circle.lon_e7).uint(self.circle.radius_m);
        writer.uint(4).uint(self.not_before.as_ms()).uint(5).uint(self.not_after.as_ms());
        writer.uint(6).text(&self.authorised_by);
    }
}

impl Challenge {
    fn decode(reader: &mut Strict<'_>) -> Result<Self, Malformed> {
        fixed_map(reader, "challenge", 3)?;
        numbered(reader, 0, "type")?;
        expect_key(reader, 1)?;
        let nonce = reader.bytes("nonce", "16 bytes")?;
        let not_after = Time::from_ms(numbered(reader, 2, "not_after")?);
        reader.end()?;
        Ok(Self { nonce, not_after })
    }
}

impl Configure {
    fn decode(reader: &mut Strict<'_>, fields: u64) -> Result<Self, Malformed> {
        let mut configure = Self { seq: 0, period_s: None, moving_period_s: None };
        let mut last = Some(0);
        let mut has_seq = false;
        for _ in 1..fields {
            let key = reader.key(last)?;
            let value = reader.uint("configure")?;
            match key {
                1 => (configure.seq, has_seq) = (value, true),
                2 => configure.period_s = Some(value),
                3 => configure.moving_period_s = Some(value),
                unknown => return Err(Malformed::Key(unknown)),
            }
            last = Some(key);
        }
        reader.end()?;
        if has_seq { Ok(configure) } else { Err(Malformed::Missing("seq")) }
    }

    fn encode(&self, writer: &mut Writer) {
        let optional = [(2, self.period_s), (3, self.moving_period_s)];
        writer.map(2 + optional.iter().filter(|(_, value)| value.is_some()).count());
        writer.uint(0).uint(4).uint(1).uint(self.seq);
        for (key, value) in optional {
            if let Some(value) = value {
                writer.uint(key).uint(value);
            }
        }
    }
}

impl Rekey {
    fn decode(reader: &mut Strict<'_>) -> Result<Self, Malformed> {
        fixed_map(reader, "rekey", 3)?;
        numbered(reader, 0, "type")?;
        let seq = numbered(reader, 1, "seq")?;
        expect_key(reader, 2)?;
        let public_key = PublicKey::from_bytes(reader.bytes("public key", "32 bytes")?);
        reader.end()?;
        Ok(Self { seq, public_key })
    }
}
