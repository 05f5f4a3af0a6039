//! Deterministic CBOR (RFC 8949, 4.2.1): minicbor reads, this layer refuses whatever is not in its one permitted form.

use crate::Malformed;
use minicbor::Decoder;
use minicbor::data::Type;

/// Every unsigned number of the contract is below this.
pub(crate) const UINT_END: u64 = 1 << 53;

/// Reads CBOR that has one permitted encoding only.
pub(crate) struct Strict<'a> {
    decoder: Decoder<'a>,
}

impl<'a> Strict<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { decoder: Decoder::new(bytes) }
    }

    pub(crate) fn position(&self) -> usize {
        self.decoder.position()
    }

    pub(crate) fn end(&self) -> Result<(), Malformed> {
        if self.decoder.position() == self.decoder.input().len() { Ok(()) } else { Err(Malformed::Trailing) }
    }

    /// Length of a definite map.
    pub(crate) fn map(&mut self, field: &'static str) -> Result<u64, Malformed> {
        let start = self.position();
        let len = self.decoder.map().map_err(|e| kind(&e, field, "a map"))?;
        self.head(start, len.ok_or(Malformed::NotDeterministic)?)
    }

    pub(crate) fn array(
        &mut self,
        field: &'static str,
        expected: &'static str,
        allowed: std::ops::RangeInclusive<u64>,
    ) -> Result<u64, Malformed> {
        let start = self.position();
        let len = self.decoder.array().map_err(|e| kind(&e, field, expected))?;
        let len = self.head(start, len.ok_or(Malformed::NotDeterministic)?)?;
        if allowed.contains(&len) { Ok(len) } else { Err(Malformed::Field { field, expected }) }
    }

    /// A map key. Keys rise, so a repeated or misplaced one shows here.
    pub(crate) fn key(&mut self, last: Option<u64>) -> Result<u64, Malformed> {
        let key = self.any_uint("map key")?;
        if last.is_some_and(|last| key <= last) { Err(Malformed::Key(key)) } else { Ok(key) }
    }

    pub(crate) fn uint(&mut self, field: &'static str) -> Result<u64, Malformed> {
        let value = self.any_uint(field)?;
        if value < UINT_END { Ok(value) } else { Err(Malformed::Field { field, expected: "a number below 2^53" }) }
    }

    fn any_uint(&mut self, field: &'static str) -> Result<u64, Malformed> {
        let start = self.position();
        let value = self.decoder.u64().map_err(|e| kind(&e, field, "an unsigned number"))?;
        self.head(start, value)
    }

    pub(crate) fn int(&mut self, field: &'static str) -> Result<i64, Malformed> {
        let start = self.position();
        let value = self.decoder.i64().map_err(|e| kind(&e, field, "a whole number"))?;
        let magnitude = if value < 0 { value.unsigned_abs() - 1 } else { value.unsigned_abs() };
        self.head(start, magnitude)?;
        Ok(value)
    }

    pub(crate) fn bytes<const N: usize>(&mut self, field: &'static str, expected: &'static str) -> Result<[u8; N], Malformed> {
        self.byte_string(field, expected)?.try_into().map_err(|_| Malformed::Field { field, expected })
    }

    pub(crate) fn byte_string(&mut self, field: &'static str, expected: &'static str) -> Result<&'a [u8], Malformed> {
        let start = self.position();
        self.definite(Type::BytesIndef)?;
        let bytes = self.decoder.bytes().map_err(|e| kind(&e, field, expected))?;
        self.string_head(start, bytes.len())?;
        Ok(bytes)
    }

    pub(crate) fn text(&mut self, field: &'static str) -> Result<&'a str, Malformed> {
        let start = self.position();
        self.definite(Type::StringIndef)?;
        let text = self.decoder.str().map_err(|e| kind(&e, field, "a text"))?;
        self.string_head(start, text.len())?;
        Ok(text)
    }

    /// A finite number: an int where the value is integral, else the shortest float that holds it.
    pub(crate) fn number(&mut self, field: &'static str) -> Result<Number, Malformed> {
        let refused = Malformed::Field { field, expected: "a finite number, integral ones as an int within +-(2^53 - 1)" };
        let float = match self.decoder.datatype().map_err(|e| kind(&e, field, "a number"))? {
            Type::F16 => f64::from(self.decoder.f16().map_err(|_| Malformed::Truncated)?),
            Type::F32 => {
                let value = self.decoder.f32().map_err(|_| Malformed::Truncated)?;
                if fits_half(f64::from(value)) {
                    return Err(Malformed::NotDeterministic);
                }
                f64::from(value)
            }
            Type::F64 => {
                let value = self.decoder.f64().map_err(|_| Malformed::Truncated)?;
                if fits_single(value) {
                    return Err(Malformed::NotDeterministic);
                }
                value
            }
            _ => {
                let value = self.int(field)?;
                return if value.unsigned_abs() < UINT_END { Ok(Number::Int(value)) } else { Err(refused) };
            }
        };
        if float.is_finite() && float.fract() != 0.0 { Ok(Number::Float(float)) } else { Err(refused) }
    }

    fn definite(&self, indefinite: Type) -> Result<(), Malformed> {
        match self.decoder.datatype() {
            Ok(found) if found == indefinite => Err(Malformed::NotDeterministic),
            Ok(_) => Ok(()),
            Err(_) => Err(Malformed::Truncated),
        }
    }

    fn string_head(&self, start: usize, len: usize) -> Result<u64, Malformed> {
        let read = self.position() - start - len;
        let len = len as u64;
        if read == head_len(len) { Ok(len) } else { Err(Malformed::NotDeterministic) }
    }

    /// Refuses a head that took more bytes than its value needs.
    fn head(&self, start: usize, value: u64) -> Result<u64, Malformed> {
        if self.position() - start == head_len(value) { Ok(value) } else { Err(Malformed::NotDeterministic) }
    }
}

/// A sensor's value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Number {
    Int(i64),
    Float(f64),
}

const fn head_len(value: u64) -> usize {
    match value {
        0..=23 => 1,
        24..=0xff => 2,
        0x100..=0xffff => 3,
        0x1_0000..=0xffff_ffff => 5,
        _ => 9,
    }
}

fn kind(error: &minicbor::decode::Error, field: &'static str, expected: &'static str) -> Malformed {
    if error.is_end_of_input() { Malformed::Truncated } else { Malformed::Field { field, expected } }
}

#[expect(clippy::cast_possible_truncation, reason = "the loss is what is asked for")]
pub(crate) fn fits_single(value: f64) -> bool {
    f64::from(value as f32).to_bits() == value.to_bits()
}

/// Whether a finite value survives in half precision: 11 significant bits, exponent -24 to 15.
pub(crate) fn fits_half(value: f64) -> bool {
    let magnitude = value.abs();
    if magnitude == 0.0 {
        return true;
    }
    let exponent = (magnitude.to_bits() >> 52).cast_signed() - 1023;
    if !(-24..=15).contains(&exponent) {
        return !value.is_finite();
    }
    let bits = if exponent >= -14 { 10 } else { 24 + exponent };
    let lost = 52 - bits;
    magnitude.to_bits() & ((1_u64 << lost) - 1) == 0
}

/// An item that is open while its parts are read.
enum Level {
    /// So many items are still due.
    Due(u64),
    /// Items up to a break.
    Array,
    /// Pairs up to a break, which may stand only where a key would.
    Map { at_key: bool },
}

/// Length of the first CBOR item if it is well formed (RFC 8949, 5.3.1), however it is encoded.
pub(crate) fn well_formed(bytes: &[u8]) -> Result<usize, Malformed> {
    let mut at = 0;
    let mut open = vec![Level::Due(1)];
    while let Some(level) = open.last_mut() {
        let may_break = match level {
            Level::Due(0) => {
                open.pop();
                continue;
            }
            Level::Due(due) => {
                *due -= 1;
                false
            }
            Level::Array => true,
            Level::Map { at_key } => std::mem::replace(at_key, !*at_key),
        };
        let head = read_head(bytes, &mut at)?;
        match (head.major, head.value) {
            (7, None) if may_break => {
                open.pop();
            }
            (2 | 3, Some(len)) => skip(bytes, &mut at, len)?,
            (2 | 3, None) => chunks(bytes, &mut at, head.major)?,
            (4, Some(len)) => open.push(Level::Due(len)),
            (5, Some(len)) => open.push(Level::Due(len.checked_mul(2).ok_or(Malformed::Framing)?)),
            (4, None) => open.push(Level::Array),
            (5, None) => open.push(Level::Map { at_key: true }),
            (6, Some(_)) => open.push(Level::Due(1)),
            (0 | 1 | 7, Some(_)) => {}
            _ => return Err(Malformed::Framing),
        }
    }
    Ok(at)
}

struct Head {
    major: u8,
    /// `None`: indefinite length, or a break in major type 7.
    value: Option<u64>,
}

fn read_head(bytes: &[u8], at: &mut usize) -> Result<Head, Malformed> {
    let first = *bytes.get(*at).ok_or(Malformed::Framing)?;
    *at += 1;
    let (major, low) = (first >> 5, first & 31);
    let extra = match low {
        0..=23 => return Ok(Head { major, value: Some(u64::from(low)) }),
        24..=27 => 1_usize << (low - 24),
        31 => return Ok(Head { major, value: None }),
        _ => return Err(Malformed::Framing),
    };
    let rest = bytes.get(*at..*at + extra).ok_or(Malformed::Framing)?;
    *at += extra;
    let value = rest.iter().fold(0_u64, |value, byte| (value << 8) | u64::from(*byte));
    if major == 7 && extra == 1 && value < 32 {
        return Err(Malformed::Framing);
    }
    Ok(Head { major, value: Some(value) })
}

fn skip(bytes: &[u8], at: &mut usize, len: u64) -> Result<(), Malformed> {
    let end = usize::try_from(len).ok().and_then(|len| at.checked_add(len)).ok_or(Malformed::Framing)?;
    if end > bytes.len() {
        return Err(Malformed::Framing);
    }
    *at = end;
    Ok(())
}

/// An indefinite string: definite chunks of its own kind up to a break.
fn chunks(bytes: &[u8], at: &mut usize, major: u8) -> Result<(), Malformed> {
    loop {
        let head = read_head(bytes, at)?;
        match head.value {
            None if head.major == 7 => return Ok(()),
            Some(len) if head.major == major => skip(bytes, at, len)?,
            _ => return Err(Malformed::Framing),
        }
    }
}
