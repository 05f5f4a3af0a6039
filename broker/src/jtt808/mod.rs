//! JT/T 808-2013 and -2019, the terminal's protocol of China's road transport, over TCP.
//!
//! Offered: registration 0x0100, authentication 0x0102, heartbeat 0x0002, logout 0x0003, location 0x0200 and batched locations 0x0704, whole
//! or in parts; answers 0x8100 and 0x8001, and 0x8003 where a part was lost: behind the last part, and behind a heartbeat. Of what cannot
//! be read the frame is kept, and what is good in it is told. Everything else is answered as not supported. Encrypted bodies are not taken:
//! the protocol's RSA proves no sender.

mod frame;
mod header;
mod items;
mod location;
mod parts;
mod talk;

pub use talk::Jtt808;

/// Numbers of messages.
mod id {
    pub(super) const ANSWERED: u16 = 0x0001;
    pub(super) const HEARTBEAT: u16 = 0x0002;
    pub(super) const LOGOUT: u16 = 0x0003;
    pub(super) const REGISTER: u16 = 0x0100;
    pub(super) const AUTHENTICATE: u16 = 0x0102;
    pub(super) const LOCATION: u16 = 0x0200;
    pub(super) const LOCATIONS: u16 = 0x0704;
    pub(super) const ANSWER: u16 = 0x8001;
    pub(super) const REGISTERED: u16 = 0x8100;
    pub(super) const PARTS_LOST: u16 = 0x8003;
}

/// The bytes at `at`, big-endian.
fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|bytes| u16::from_be_bytes(*bytes))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|bytes| u32::from_be_bytes(*bytes))
}

/// Two decimal digits; `None` for what is no BCD.
fn bcd(byte: u8) -> Option<u8> {
    let (high, low) = (byte >> 4, byte & 15);
    (high < 10 && low < 10).then_some(high * 10 + low)
}
