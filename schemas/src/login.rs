//! The password of a device's CONNECT, before base64url: made anew for every connect.

use crate::cbor::Strict;
use crate::hello::{expect_key, fixed_map, numbered};
use crate::writer::Writer;
use crate::{Malformed, Time};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Login {
    /// Strictly greater than that of the device's last accepted login.
    pub t: Time,
    pub nonce: [u8; 16],
}

impl Login {
    pub fn decode(payload: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Strict::new(payload);
        fixed_map(&mut reader, "login", 2)?;
        let t = Time::from_ms(numbered(&mut reader, 1, "t")?);
        expect_key(&mut reader, 2)?;
        let nonce = reader.bytes("nonce", "16 bytes")?;
        reader.end()?;
        Ok(Self { t, nonce })
    }

    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::with_capacity(32);
        writer.map(2).uint(1).uint(self.t.as_ms()).uint(2).bytes(&self.nonce);
        writer.finish()
    }
}
