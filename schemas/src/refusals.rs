//! What was refused in a while: counted, and a few kept as they came, so that an attack can be shown afterwards and cannot fill the log.

use crate::cbor::Strict;
use crate::writer::Writer;
use crate::{DeviceId, Malformed, Time};
use bytes::Bytes;

/// Kept of each sample at most.
const SAMPLE_BYTES: usize = 512;
/// Kept of one while at most.
pub const SAMPLES: usize = 8;

macro_rules! refused_kinds {
    ($($(#[$doc:meta])* $name:ident = $word:literal),+ $(,)?) => {
        /// Why something was refused.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum RefusedKind { $($(#[$doc])* $name),+ }

        impl RefusedKind {
            /// In the order of their numbers in the log.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word),+ }
            }
        }
    };
}

refused_kinds! {
    /// No report of wire.md.
    Malformed = "malformed",
    UnknownDevice = "unknown-device",
    UnknownKey = "unknown-key",
    BadSignature = "bad-signature",
    Revoked = "revoked",
    Login = "login",
    Command = "command",
    /// A terminal that is not registered.
    UnknownTerminal = "unknown-terminal",
}

impl RefusedKind {
    fn number(self) -> u64 {
        Self::ALL.iter().zip(0..).find_map(|(kind, number)| (*kind == self).then_some(number)).unwrap_or_default()
    }

    fn from_number(number: u64) -> Result<Self, Malformed> {
        let kind = usize::try_from(number).ok().and_then(|number| Self::ALL.get(number));
        kind.copied().ok_or(Malformed::Field { field: "refused kind", expected: "0 to 7" })
    }
}

/// One that was refused, as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedSample {
    /// Who spoke: the connection's own name, which a login had proved.
    pub device: DeviceId,
    pub kind: RefusedKind,
    /// The first 512 bytes.
    pub bytes: Bytes,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusals {
    pub since: Time,
    /// By kind, ascending, none of them zero.
    pub counts: Vec<(RefusedKind, u64)>,
    pub samples: Vec<RefusedSample>,
}

impl Refusals {
    #[must_use]
    pub fn since(since: Time) -> Self {
        Self { since, counts: Vec::new(), samples: Vec::new() }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    pub fn count(&mut self, kind: RefusedKind) {
        match self.counts.binary_search_by_key(&kind, |(kind, _)| *kind) {
            Ok(found) => self.counts.iter_mut().skip(found).take(1).for_each(|(_, count)| *count += 1),
            Err(place) => self.counts.insert(place, (kind, 1)),
        }
    }

    /// Counts it, and keeps its beginning while there is room.
    pub fn add(&mut self, device: DeviceId, kind: RefusedKind, bytes: &[u8]) {
        self.count(kind);
        if self.samples.len() < SAMPLES {
            let bytes = Bytes::copy_from_slice(bytes.get(..SAMPLE_BYTES).unwrap_or(bytes));
            self.samples.push(RefusedSample { device, kind, bytes });
        }
    }

    /// Three entries of a map: keys 2, 3, 4.
    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.uint(2).uint(self.since.as_ms()).uint(3).array(self.counts.len());
        for (kind, count) in &self.counts {
            writer.array(2).uint(kind.number()).uint(*count);
        }
        writer.uint(4).array(self.samples.len());
        for sample in &self.samples {
            writer.array(3).text(sample.device.as_str()).uint(sample.kind.number()).bytes(&sample.bytes);
        }
    }

    /// After key 2.
    pub(crate) fn read(reader: &mut Strict<'_>) -> Result<Self, Malformed> {
        let mut refusals = Self::since(Time::from_ms(reader.uint("since")?));
        crate::hello::expect_key(reader, 3)?;
        for _ in 0..reader.array("counts", "one a kind", 0..=RefusedKind::ALL.len() as u64)? {
            reader.array("count", "kind and number", 2..=2)?;
            let kind = RefusedKind::from_number(reader.uint("refused kind")?)?;
            if refusals.counts.last().is_some_and(|(last, _)| *last >= kind) {
                return Err(Malformed::Field { field: "counts", expected: "ascending kinds" });
            }
            refusals.counts.push((kind, reader.uint("count")?));
        }
        crate::hello::expect_key(reader, 4)?;
        for _ in 0..reader.array("samples", "at most 8", 0..=SAMPLES as u64)? {
            reader.array("sample", "device, kind and bytes", 3..=3)?;
            let device = reader.text("device")?.parse().map_err(|_| Malformed::Field { field: "device", expected: "its own form" })?;
            let kind = RefusedKind::from_number(reader.uint("refused kind")?)?;
            let bytes = reader.byte_string("sample", "at most 512 bytes")?;
            if bytes.len() > SAMPLE_BYTES {
                return Err(Malformed::Field { field: "sample", expected: "at most 512 bytes" });
            }
            refusals.samples.push(RefusedSample { device, kind, bytes: Bytes::copy_from_slice(bytes) });
        }
        Ok(refusals)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_refusals_keeps_eight_samples_and_every_count() {
        let mut refusals = Refusals::since(Time::from_ms(7));
        let device: DeviceId = "XA-7Q2K".parse().unwrap();
        for n in 0..1000 {
            let kind = if n % 4 == 0 { RefusedKind::BadSignature } else { RefusedKind::Malformed };
            refusals.add(device, kind, &[7; 2000]);
        }
        refusals.count(RefusedKind::Command);
        let counts = [(RefusedKind::Malformed, 750), (RefusedKind::BadSignature, 250), (RefusedKind::Command, 1)];
        assert_eq!(refusals.counts, counts);
        assert_eq!(refusals.samples.len(), SAMPLES);
        assert!(refusals.samples.iter().all(|sample| sample.bytes.len() == SAMPLE_BYTES));
    }
}
