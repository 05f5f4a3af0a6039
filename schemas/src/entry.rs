//! Entries of the evidence log: what was accepted, as it came, with its arrival time. Deterministic CBOR.
//!
//! | kind | map |
//! |---|---|
//! | report | `{0: 0, 1: at, 2: device, 3: bytes}` |
//! | login | `{0: 1, 1: at, 2: device, 3: t}` |
//! | command | `{0: 2, 1: at, 2: user, 3: party, 4: role, 5: idempotency key, 6: body, ? 7: signature, 8: salt}` |
//! | strict check failed | `{0: 3, 1: at, 2: device, 3: ctr, 4: digest}` |
//! | generation | `{0: 4, 1: at, 2: number}` |
//! | state lost | `{0: 5, 1: at, 2: device, 3: stored, 4: hi}` |
//! | refusals | `{0: 6, 1: at, 2: since, 3: [* [kind, count]], 4: [* [device, kind, bytes]]}` |
//! | policy | `{0: 7, 1: at, 2: JSON}` |
//! | rekey | `{0: 8, 1: at, 2: seq, 3: public key, 4: signature by the key before}` |
//! | unsigned | `{0: 9, 1: at, 2: terminal, 3: first, 4: source, 5: frame, 6: [1*1024 sighting]}` |
//!
//! A sighting is what an adapter read in a terminal's frame: `{? 1: t, ? 2: fix, 3: status bits, ? 4: lock word, ? 5: battery, ? 6: sensors,
//! ? 7: event}`;
//! the terminal's sightings are numbered in the order of arrival, `first` is the number of this frame's first one.
//!
//! The leaf of an entry in the log's tree is these bytes. Of a command, whose body may name people and goods, the leaf has
//! `6: SHA-256(salt, body)` and no salt: the body lies beside the tree and is shown to those who may see it.

use crate::cbor::Strict;
use crate::command::{Role, Signer};
use crate::hello::{expect_key, fixed_map, numbered};
use crate::refusals::Refusals;
use crate::succession::Succession;
use crate::terminal::UnsignedFrame;
use crate::writer::Writer;
use crate::{DeviceId, Digest, Malformed, PartyId, PublicKey, Time, UserId};
use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use std::borrow::Cow;

/// The first key of every entry's map, and what it says of a command.
const KIND_KEY: u8 = 0;
const COMMAND: u8 = 2;

/// Random bytes beside a command: nobody who has only the leaf can try out which body it stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Salt([u8; 16]);

impl Salt {
    /// Before the one who has random bytes filled it in.
    pub const UNFILLED: Salt = Salt([0; 16]);

    #[must_use]
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// SHA-256 over salt and text.
    #[must_use]
    pub fn hash(&self, text: &[u8]) -> [u8; 32] {
        Sha256::new().chain_update(self.0).chain_update(text).finalize().into()
    }
}

#[derive(Debug, Clone, PartialEq)]
pub enum Entry {
    /// A verified report, whatever became of it in its device's order.
    Report { at: Time, device: DeviceId, bytes: Bytes },
    /// An accepted login: its `t` may never be used again.
    Login { at: Time, device: DeviceId, t: Time },
    /// An accepted command, as it was sent.
    Command { at: Time, by: Signer, key: String, body: Bytes, signature: Option<Vec<u8>>, salt: Salt },
    /// A pre-screened report that the strict check refused afterwards.
    StrictFailed { at: Time, device: DeviceId, ctr: u64, digest: Digest },
    /// The platform's generation from here on.
    Generation { at: Time, number: u64 },
    /// A verified hello whose highest counter, `hi`, is below what is stored: the device lost its state.
    StateLost { at: Time, device: DeviceId, stored: u64, hi: u64 },
    /// What was refused since the entry of this kind before.
    Refusals { at: Time, refusals: Refusals },
    /// The numbers to judge by from here on, as JSON.
    Policy { at: Time, numbers: Bytes },
    /// The platform's key from here on.
    Rekey { at: Time, succession: Succession },
    /// What a registered terminal said, without a signature.
    Unsigned { at: Time, first: u64, frame: UnsignedFrame },
}

impl Entry {
    #[must_use]
    pub fn at(&self) -> Time {
        match self {
            Self::Report { at, .. }
            | Self::Login { at, .. }
            | Self::Command { at, .. }
            | Self::StrictFailed { at, .. }
            | Self::Generation { at, .. }
            | Self::StateLost { at, .. }
            | Self::Refusals { at, .. }
            | Self::Policy { at, .. }
            | Self::Rekey { at, .. }
            | Self::Unsigned { at, .. } => *at,
        }
    }

    /// The device that the entry belongs to.
    #[must_use]
    pub fn device(&self) -> Option<&DeviceId> {
        match self {
            Self::Report { device, .. }
            | Self::Login { device, .. }
            | Self::StrictFailed { device, .. }
            | Self::StateLost { device, .. } => Some(device),
            Self::Command { .. } | Self::Generation { .. } | Self::Refusals { .. } | Self::Policy { .. } | Self::Rekey { .. } => None,
            Self::Unsigned { frame, .. } => Some(&frame.terminal),
        }
    }

    /// Appends the entry's bytes.
    pub fn encode_into(&self, out: &mut Vec<u8>) {
        let mut writer = Writer::after(std::mem::take(out));
        self.write(&mut writer);
        *out = writer.finish();
    }

    fn write(&self, writer: &mut Writer) {
        match self {
            Self::Report { at, device, bytes } => {
                head(writer, 4, 0, *at).uint(2).text(device.as_str()).uint(3).bytes(bytes);
            }
            Self::Login { at, device, t } => {
                head(writer, 4, 1, *at).uint(2).text(device.as_str()).uint(3).uint(t.as_ms());
            }
            Self::Command { at, by, key, body, signature, salt } => {
                let command = (by, key.as_str(), body.as_ref(), signature.as_deref());
                write_command(writer, *at, command, Some(salt));
            }
            Self::StrictFailed { at, device, ctr, digest } => {
                head(writer, 5, 3, *at).uint(2).text(device.as_str()).uint(3).uint(*ctr).uint(4).bytes(digest.as_bytes());
            }
            Self::Generation { at, number } => {
                head(writer, 3, 4, *at).uint(2).uint(*number);
            }
            Self::StateLost { at, device, stored, hi } => {
                head(writer, 5, 5, *at).uint(2).text(device.as_str()).uint(3).uint(*stored).uint(4).uint(*hi);
            }
            Self::Refusals { at, refusals } => refusals.write(head(writer, 5, 6, *at)),
            Self::Policy { at, numbers } => {
                head(writer, 3, 7, *at).uint(2).bytes(numbers);
            }
            Self::Rekey { at, succession: Succession { seq, public_key, signature } } => {
                head(writer, 5, 8, *at).uint(2).uint(*seq).uint(3).bytes(public_key.as_bytes()).uint(4).bytes(signature);
            }
            Self::Unsigned { at, first, frame } => {
                frame.write(head(writer, 7, 9, *at).uint(2).text(frame.terminal.as_str()).uint(3).uint(*first));
            }
        }
    }

    /// The content of an entry's leaf in the log's tree. All but commands are their own leaf.
    pub fn leaf(entry: &[u8]) -> Result<Cow<'_, [u8]>, Malformed> {
        if entry.get(1..3) != Some(&[KIND_KEY, COMMAND]) {
            return Ok(Cow::Borrowed(entry));
        }
        let Self::Command { at, by, key, body, signature, salt } = Self::decode(entry)? else {
            return Ok(Cow::Borrowed(entry));
        };
        let mut writer = Writer::after(Vec::with_capacity(256));
        write_command(&mut writer, at, (&by, &key, &salt.hash(&body), signature.as_deref()), None);
        Ok(Cow::Owned(writer.finish()))
    }

    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Strict::new(bytes);
        let fields = reader.map("entry")?;
        let kind = numbered(&mut reader, 0, "entry kind")?;
        let at = Time::from_ms(numbered(&mut reader, 1, "at")?);
        let expected = match kind {
            0 | 1 => 4,
            2 => fields.clamp(7, 9),
            3 | 5 | 6 | 8 => 5,
            4 | 7 => 3,
            9 => 7,
            _ => return Err(Malformed::Field { field: "entry kind", expected: "0 to 9" }),
        };
        fixed_map(&mut Strict::new(bytes), "entry", expected)?;
        expect_key(&mut reader, 2)?;
        let entry = Self::decode_fields(&mut reader, kind, at, fields)?;
        reader.end()?;
        Ok(entry)
    }

    fn decode_fields(reader: &mut Strict<'_>, kind: u64, at: Time, fields: u64) -> Result<Self, Malformed> {
        match kind {
            2 => return Self::decode_command(reader, at, fields),
            4 => return Ok(Self::Generation { at, number: reader.uint("generation")? }),
            6 => return Ok(Self::Refusals { at, refusals: Refusals::read(reader)? }),
            7 => return Ok(Self::Policy { at, numbers: Bytes::copy_from_slice(reader.byte_string("policy", "JSON")?) }),
            8 => return Ok(Self::Rekey { at, succession: Self::decode_succession(reader)? }),
            _ => {}
        }
        let device = parsed::<DeviceId>(reader, "device")?;
        expect_key(reader, 3)?;
        match kind {
            0 => Ok(Self::Report { at, device, bytes: Bytes::copy_from_slice(reader.byte_string("report", "bytes")?) }),
            1 => Ok(Self::Login { at, device, t: Time::from_ms(reader.uint("t")?) }),
            5 => {
                let stored = reader.uint("stored")?;
                Ok(Self::StateLost { at, device, stored, hi: numbered(reader, 4, "hi")? })
            }
            9 => {
                let first = reader.uint("first")?;
                Ok(Self::Unsigned { at, first, frame: UnsignedFrame::read(reader, device)? })
            }
            _ => {
                let ctr = reader.uint("ctr")?;
                expect_key(reader, 4)?;
                Ok(Self::StrictFailed { at, device, ctr, digest: Digest::from_bytes(reader.bytes("digest", "16 bytes")?) })
            }
        }
    }

    fn decode_succession(reader: &mut Strict<'_>) -> Result<Succession, Malformed> {
        let seq = reader.uint("seq")?;
        expect_key(reader, 3)?;
        let public_key = PublicKey::from_bytes(reader.bytes("public key", "32 bytes")?);
        expect_key(reader, 4)?;
        Ok(Succession { seq, public_key, signature: reader.bytes("signature", "64 bytes")? })
    }

    fn decode_command(reader: &mut Strict<'_>, at: Time, fields: u64) -> Result<Self, Malformed> {
        let user = parsed::<UserId>(reader, "user")?;
        expect_key(reader, 3)?;
        let party = parsed::<PartyId>(reader, "party")?;
        expect_key(reader, 4)?;
        let role = parsed::<Role>(reader, "role")?;
        expect_key(reader, 5)?;
        let key = reader.text("idempotency key")?.to_owned();
        expect_key(reader, 6)?;
        let body = Bytes::copy_from_slice(reader.byte_string("body", "bytes")?);
        let mut signature = None;
        let mut salt = Salt::UNFILLED;
        // Logs of the first version have no salt.
        for _ in 7..fields {
            match reader.uint("entry key")? {
                7 if signature.is_none() && salt == Salt::UNFILLED => signature = Some(reader.byte_string("signature", "bytes")?.to_vec()),
                8 => salt = Salt(reader.bytes("salt", "16 bytes")?),
                _ => return Err(Malformed::Field { field: "entry key", expected: "7 or 8" }),
            }
        }
        Ok(Self::Command { at, by: Signer { user, party, role }, key, body, signature, salt })
    }
}

/// Who, the idempotency key, the body or what stands for it, the signature.
type CommandFields<'a> = (&'a Signer, &'a str, &'a [u8], Option<&'a [u8]>);

fn write_command(writer: &mut Writer, at: Time, (by, key, body, signature): CommandFields<'_>, salt: Option<&Salt>) {
    let fields = 7 + usize::from(signature.is_some()) + usize::from(salt.is_some());
    head(writer, fields, 2, at).uint(2).text(by.user.as_str()).uint(3).text(by.party.as_str());
    writer.uint(4).text(by.role.as_str()).uint(5).text(key).uint(6).bytes(body);
    if let Some(signature) = signature {
        writer.uint(7).bytes(signature);
    }
    if let Some(Salt(salt)) = salt {
        writer.uint(8).bytes(salt);
    }
}

fn head(writer: &mut Writer, fields: usize, kind: u64, at: Time) -> &mut Writer {
    writer.map(fields).uint(0).uint(kind).uint(1).uint(at.as_ms())
}

fn parsed<T: std::str::FromStr>(reader: &mut Strict<'_>, field: &'static str) -> Result<T, Malformed> {
    reader.text(field)?.parse().map_err(|_| Malformed::Field { field, expected: "its own form" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::refusals::RefusedKind;
    use crate::report::{Event, Fix, Status};
    use crate::sensors::Sensors;
    use crate::terminal::{LockWord, Sighting};

    #[test]
    fn every_entry_comes_back_from_its_bytes() {
        let device: DeviceId = "XA-7Q2K".parse().unwrap();
        let at = Time::from_ms(1_790_000_000_000);
        let by = Signer { user: "li".parse().unwrap(), party: "xian-customs".parse().unwrap(), role: Role::Customs };
        let command = |signature| Entry::Command {
            at,
            by: by.clone(),
            key: "k-1".into(),
            body: Bytes::from_static(b"{}"),
            signature,
            salt: Salt([3; 16]),
        };
        for entry in [
            Entry::Report { at, device, bytes: Bytes::from_static(&[1; 300]) },
            Entry::Login { at, device, t: at },
            command(None),
            command(Some(vec![7; 64])),
            Entry::StrictFailed { at, device, ctr: 9, digest: Digest::ZERO },
            Entry::Generation { at, number: 2 },
            Entry::StateLost { at, device, stored: 9, hi: 3 },
            Entry::Refusals { at, refusals: some_refusals(device) },
            Entry::Policy { at, numbers: Bytes::from_static(b"{}") },
            Entry::Rekey { at, succession: Succession { seq: 1, public_key: PublicKey::from_bytes([5; 32]), signature: [6; 64] } },
            Entry::Unsigned { at, first: 7, frame: some_frame(device) },
        ] {
            let mut bytes = Vec::new();
            entry.encode_into(&mut bytes);
            assert_eq!(Entry::decode(&bytes).as_ref(), Ok(&entry));
            bytes.push(0);
            assert_eq!(Entry::decode(&bytes), Err(Malformed::Trailing));
        }
    }

    fn some_frame(terminal: DeviceId) -> UnsignedFrame {
        let fix =
            Fix { lat_e7: 343_000_000, lon_e7: -1, accuracy_dm: 150, speed_cm_s: 2_500, heading_ddeg: 3_599, satellites: 9, cn0_ddbhz: 0 };
        let full = Sighting {
            t: Some(Time::from_ms(1)),
            fix: Some(fix),
            status: Status::new(Status::EXTERNAL_POWER).unwrap(),
            lock: Some(LockWord::new(LockWord::CABLE_INSERTED)),
            battery: Some(100),
            sensors: Sensors::new([("V".to_owned(), 12.5)]).unwrap(),
            event: Some(Event::Shock),
        };
        UnsignedFrame::new(terminal, "jtt808 203.0.113.7:4001".into(), Bytes::from_static(b"~..~"), vec![full, Sighting::default()])
            .unwrap()
    }

    fn some_refusals(device: DeviceId) -> Refusals {
        let mut refusals = Refusals::since(Time::from_ms(3));
        refusals.add(device, RefusedKind::UnknownKey, &[9; 40]);
        refusals.count(RefusedKind::Malformed);
        refusals
    }

    #[test]
    fn the_leaf_of_a_command_hides_its_body_behind_a_salt() {
        let by = Signer { user: "li".parse().unwrap(), party: "xian-customs".parse().unwrap(), role: Role::Customs };
        let body = Bytes::from_static(br#"{"note":"Driver Zhang San"}"#);
        let leaf = |salt| {
            let entry = Entry::Command { at: Time::ZERO, by: by.clone(), key: "k".into(), body: body.clone(), signature: None, salt };
            let mut bytes = Vec::new();
            entry.encode_into(&mut bytes);
            Entry::leaf(&bytes).unwrap().into_owned()
        };
        let (one, other) = (leaf(Salt([1; 16])), leaf(Salt([2; 16])));
        assert_ne!(one, other);
        let shows = |leaf: &[u8], what: &[u8]| leaf.windows(what.len()).any(|window| window == what);
        assert!(!shows(&one, b"Zhang") && !shows(&one, &[1; 16]));
        assert!(shows(&one, &Salt([1; 16]).hash(&body)));
        let mut generation = Vec::new();
        Entry::Generation { at: Time::ZERO, number: 3 }.encode_into(&mut generation);
        assert_eq!(Entry::leaf(&generation), Ok(Cow::Borrowed(generation.as_slice())));
    }
}
