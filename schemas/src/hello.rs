//! What a device says after each connect. It changes no state and is answered by an ack at once.

use crate::Malformed;
use crate::cbor::Strict;
use crate::writer::Writer;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hello {
    /// Lowest counter that the device still holds; `hi + 1` when none.
    pub lo: u64,
    pub hi: u64,
    pub epoch: u64,
    /// 0: never heard one.
    pub generation: u64,
    pub released: u64,
    /// 0 under a TLS client certificate.
    pub login_t: u64,
}

impl Hello {
    pub fn decode(payload: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Strict::new(payload);
        fixed_map(&mut reader, "hello", 7)?;
        if numbered(&mut reader, 0, "type")? != 0 {
            return Err(Malformed::Field { field: "type", expected: "0" });
        }
        let hello = Self {
            lo: numbered(&mut reader, 1, "lo")?,
            hi: numbered(&mut reader, 2, "hi")?,
            epoch: numbered(&mut reader, 3, "epoch")?,
            generation: numbered(&mut reader, 4, "generation")?,
            released: numbered(&mut reader, 5, "released")?,
            login_t: numbered(&mut reader, 6, "login t")?,
        };
        reader.end()?;
        if (1..=hello.hi + 1).contains(&hello.lo) { Ok(hello) } else { Err(Malformed::Field { field: "lo", expected: "1 to hi + 1" }) }
    }

    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::with_capacity(48);
        writer.map(7).uint(0).uint(0);
        let fields = [self.lo, self.hi, self.epoch, self.generation, self.released, self.login_t];
        for (key, value) in (1..).zip(fields) {
            writer.uint(key).uint(value);
        }
        writer.finish()
    }
}

/// A map with exactly `len` entries.
pub(crate) fn fixed_map(reader: &mut Strict<'_>, field: &'static str, len: u64) -> Result<(), Malformed> {
    if reader.map(field)? == len { Ok(()) } else { Err(Malformed::Field { field, expected: "a map with all of its fields and no others" }) }
}

/// The key that must come next.
pub(crate) fn expect_key(reader: &mut Strict<'_>, key: u64) -> Result<(), Malformed> {
    match reader.key(None)? {
        found if found == key => Ok(()),
        found => Err(Malformed::Key(found)),
    }
}

pub(crate) fn numbered(reader: &mut Strict<'_>, key: u64, field: &'static str) -> Result<u64, Malformed> {
    expect_key(reader, key)?;
    reader.uint(field)
}
