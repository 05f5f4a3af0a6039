//! What the owner sends over HTTP so that a device becomes known: signed by its identity key over a fresh challenge.

use crate::cbor::Strict;
use crate::hello::{expect_key, fixed_map, numbered};
use crate::writer::Writer;
use crate::{Digest, Malformed};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Enrolment {
    pub challenge: [u8; 32],
    /// The counter of the first report that the platform will expect.
    pub next_ctr: u64,
    pub prev: Digest,
    pub epoch: u64,
}

impl Enrolment {
    pub fn decode(payload: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Strict::new(payload);
        fixed_map(&mut reader, "enrolment", 4)?;
        expect_key(&mut reader, 1)?;
        let challenge = reader.bytes("challenge", "32 bytes")?;
        let next_ctr = numbered(&mut reader, 2, "next ctr")?;
        expect_key(&mut reader, 3)?;
        let prev = Digest::from_bytes(reader.bytes("prev", "16 bytes")?);
        let epoch = numbered(&mut reader, 4, "epoch")?;
        reader.end()?;
        if next_ctr == 0 {
            return Err(Malformed::Field { field: "next ctr", expected: "1 or more" });
        }
        Ok(Self { challenge, next_ctr, prev, epoch })
    }

    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::with_capacity(80);
        writer.map(4).uint(1).bytes(&self.challenge).uint(2).uint(self.next_ctr);
        writer.uint(3).bytes(self.prev.as_bytes()).uint(4).uint(self.epoch);
        writer.finish()
    }
}
