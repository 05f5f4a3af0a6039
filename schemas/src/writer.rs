//! Writes deterministic CBOR into memory, which cannot fail: each value in its shortest form, the caller keeps keys in order.

use crate::cbor::{fits_half, fits_single};

const UINT: u8 = 0x00;
const NEGATIVE: u8 = 0x20;
const BYTES: u8 = 0x40;
const TEXT: u8 = 0x60;
const ARRAY: u8 = 0x80;
const MAP: u8 = 0xa0;

#[derive(Default)]
pub(crate) struct Writer {
    out: Vec<u8>,
}

impl Writer {
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self { out: Vec::with_capacity(bytes) }
    }

    /// Continues after what `out` already holds.
    pub(crate) fn after(out: Vec<u8>) -> Self {
        Self { out }
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.out
    }

    pub(crate) fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        self.out.extend_from_slice(bytes);
        self
    }

    pub(crate) fn uint(&mut self, value: u64) -> &mut Self {
        self.head(UINT, value)
    }

    pub(crate) fn int(&mut self, value: i64) -> &mut Self {
        if value < 0 { self.head(NEGATIVE, !value.cast_unsigned()) } else { self.head(UINT, value.cast_unsigned()) }
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.head(BYTES, bytes.len() as u64).raw(bytes)
    }

    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        self.head(TEXT, text.len() as u64).raw(text.as_bytes())
    }

    pub(crate) fn array(&mut self, len: usize) -> &mut Self {
        self.head(ARRAY, len as u64)
    }

    pub(crate) fn map(&mut self, len: usize) -> &mut Self {
        self.head(MAP, len as u64)
    }

    /// An integral value as an int, any other as the shortest float that holds it.
    #[expect(clippy::cast_possible_truncation, reason = "checked: integral, or exact in the shorter float")]
    pub(crate) fn number(&mut self, value: f64) -> &mut Self {
        if value.fract() == 0.0 {
            self.int(value as i64)
        } else if fits_half(value) {
            let [high, low] = half_bits(value).to_be_bytes();
            self.raw(&[0xf9, high, low])
        } else if fits_single(value) {
            self.raw(&[0xfa]).raw(&(value as f32).to_be_bytes())
        } else {
            self.raw(&[0xfb]).raw(&value.to_be_bytes())
        }
    }

    pub(crate) fn head(&mut self, major: u8, value: u64) -> &mut Self {
        let bytes = value.to_be_bytes();
        let [.., b4, b5, b6, b7] = bytes;
        match value {
            0..=23 => self.raw(&[major | b7]),
            24..=0xff => self.raw(&[major | 24, b7]),
            0x100..=0xffff => self.raw(&[major | 25, b6, b7]),
            0x1_0000..=0xffff_ffff => self.raw(&[major | 26, b4, b5, b6, b7]),
            _ => self.raw(&[major | 27]).raw(&bytes),
        }
    }
}

/// Half-precision bits of a value that fits, not integral and so never zero.
#[expect(clippy::cast_possible_truncation, reason = "a half has 16 bits")]
fn half_bits(value: f64) -> u16 {
    let bits = value.to_bits();
    let sign = (bits >> 48) as u16 & 0x8000;
    let exponent = ((bits >> 52) & 0x7ff) as i32 - 1023;
    let fraction = bits & ((1 << 52) - 1);
    if exponent >= -14 {
        let biased = (exponent + 15).unsigned_abs() as u16;
        return sign | (biased << 10) | (fraction >> 42) as u16;
    }
    let significand = fraction | (1 << 52);
    sign | (significand >> (28 - exponent)) as u16
}
