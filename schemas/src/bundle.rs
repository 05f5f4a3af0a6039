//! An evidence bundle: what a stranger needs to check one transfer, and nothing that has to be believed. Deterministic CBOR.
//!
//! ```cddl
//! bundle = {
//!   0: 1,                                   ; version
//!   1: tstr,                                ; the transfer's reference
//!   2: tstr,                                ; the log's checkpoint, a signed note
//!   3: [* [seq: uint, entry: bstr]],        ; entries as they lie in the log, ascending
//!   4: bstr,                                ; hashes of 32 bytes that lead from these entries to the checkpoint's root
//!   5: [* [size: uint, root: bstr .size 32, growth: bstr]] ; older trees that reports heard of, each with its proof of growth
//!   ? 6: [note: tstr, growth: bstr]         ; an older checkpoint that witnesses cosigned, with its proof of growth
//! }
//! ```

use crate::cbor::Strict;
use crate::hello::{expect_key, fixed_map};
use crate::writer::Writer;
use crate::{Malformed, TransferId};
use bytes::Bytes;

const VERSION: u64 = 1;
const HASH: usize = 32;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    pub transfer: TransferId,
    /// The signed note, cosigned where the log has witnesses.
    pub checkpoint: String,
    pub entries: Vec<(u64, Bytes)>,
    pub proof: Vec<[u8; HASH]>,
    pub heard: Vec<OlderTree>,
    /// What was cosigned before, which somebody elsewhere may hold.
    pub cosigned: Option<OlderNote>,
}

/// A checkpoint that witnesses cosigned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OlderNote {
    pub note: String,
    pub growth: Vec<[u8; HASH]>,
}

/// A tree that a report named as heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OlderTree {
    pub size: u64,
    pub root: [u8; HASH],
    pub growth: Vec<[u8; HASH]>,
}

impl Bundle {
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::with_capacity(1024 + self.entries.iter().map(|(_, entry)| entry.len() + 12).sum::<usize>());
        writer
            .map(6 + usize::from(self.cosigned.is_some()))
            .uint(0)
            .uint(VERSION)
            .uint(1)
            .text(self.transfer.as_str())
            .uint(2)
            .text(&self.checkpoint);
        writer.uint(3).array(self.entries.len());
        for (seq, entry) in &self.entries {
            writer.array(2).uint(*seq).bytes(entry);
        }
        writer.uint(4).bytes(&self.proof.concat()).uint(5).array(self.heard.len());
        for older in &self.heard {
            writer.array(3).uint(older.size).bytes(&older.root).bytes(&older.growth.concat());
        }
        if let Some(OlderNote { note, growth }) = &self.cosigned {
            writer.uint(6).array(2).text(note).bytes(&growth.concat());
        }
        writer.finish()
    }

    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Strict::new(bytes);
        let fields = reader.map("bundle")?;
        fixed_map(&mut Strict::new(bytes), "bundle", fields.clamp(6, 7))?;
        expect_key(&mut reader, 0)?;
        if reader.uint("version")? != VERSION {
            return Err(Malformed::Field { field: "version", expected: "1" });
        }
        expect_key(&mut reader, 1)?;
        let transfer = reader.text("transfer")?.parse();
        let transfer = transfer.map_err(|_| Malformed::Field { field: "transfer", expected: "a transfer's reference" })?;
        expect_key(&mut reader, 2)?;
        let checkpoint = reader.text("checkpoint")?.to_owned();
        expect_key(&mut reader, 3)?;
        let mut entries = Vec::new();
        for _ in 0..list(&mut reader, "entries")? {
            reader.array("entry", "seq and bytes", 2..=2)?;
            entries.push((reader.uint("seq")?, Bytes::copy_from_slice(reader.byte_string("entry", "bytes")?)));
        }
        expect_key(&mut reader, 4)?;
        let proof = hashes(&mut reader, "proof")?;
        expect_key(&mut reader, 5)?;
        let mut heard = Vec::new();
        for _ in 0..list(&mut reader, "heard")? {
            reader.array("older tree", "size, root and growth", 3..=3)?;
            let (size, root) = (reader.uint("size")?, reader.bytes("root", "32 bytes")?);
            heard.push(OlderTree { size, root, growth: hashes(&mut reader, "growth")? });
        }
        let cosigned = if fields == 7 { Some(older_note(&mut reader)?) } else { None };
        reader.end()?;
        Ok(Self { transfer, checkpoint, entries, proof, heard, cosigned })
    }
}

fn older_note(reader: &mut Strict<'_>) -> Result<OlderNote, Malformed> {
    expect_key(reader, 6)?;
    reader.array("cosigned", "note and growth", 2..=2)?;
    Ok(OlderNote { note: reader.text("note")?.to_owned(), growth: hashes(reader, "growth")? })
}

fn list(reader: &mut Strict<'_>, field: &'static str) -> Result<u64, Malformed> {
    reader.array(field, "a list", 0..=u64::from(u32::MAX))
}

fn hashes(reader: &mut Strict<'_>, field: &'static str) -> Result<Vec<[u8; HASH]>, Malformed> {
    let bytes = reader.byte_string(field, "hashes of 32 bytes")?;
    let (hashes, rest) = bytes.as_chunks::<HASH>();
    if rest.is_empty() { Ok(hashes.to_vec()) } else { Err(Malformed::Field { field, expected: "hashes of 32 bytes" }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_comes_back_from_its_bytes() {
        let bundle = Bundle {
            transfer: TransferId::new(26, "CN", "XA00000000001").unwrap(),
            checkpoint: "log\n1\nAAAA\n\nsigned\n".into(),
            entries: vec![(3, Bytes::from_static(b"three")), (9, Bytes::from_static(b"nine"))],
            proof: vec![[1; 32], [2; 32]],
            heard: vec![OlderTree { size: 2, root: [3; 32], growth: vec![[4; 32]] }],
            cosigned: Some(OlderNote { note: "log\n1\nBBBB\n\nsigned\n".into(), growth: vec![[5; 32]] }),
        };
        let bytes = bundle.encode();
        assert_eq!(Bundle::decode(&bytes), Ok(bundle));
        for cut in 0..bytes.len() {
            assert!(Bundle::decode(&bytes[..cut]).is_err(), "cut at {cut}");
        }
    }
}
