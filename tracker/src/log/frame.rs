//! One frame: its head, its checksum, its link in the chain.

use super::{Fault, Position};
use sha2::{Digest as _, Sha256};

pub(super) const HEAD: usize = 44;
/// Largest entry: a command's body is at most 10 MiB of GeoJSON before its own limits; a report at most 512 bytes.
pub(super) const ENTRY_LIMIT: usize = 12 << 20;

/// The running chain: a value that depends on every entry so far.
pub(super) type Chain = [u8; 16];

pub(super) fn link(chain: &Chain, entry: &[u8]) -> Chain {
    let hash: [u8; 32] = Sha256::new().chain_update(chain).chain_update(entry).finalize().into();
    let mut next = Chain::default();
    next.iter_mut().zip(hash).for_each(|(to, from)| *to = from);
    next
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) len: u32,
    crc: u32,
    pub(super) seq: u64,
    pub(super) back: Option<Position>,
    pub(super) lead: u32,
    pub(super) chain: Chain,
}

impl Head {
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let (len, rest) = bytes.split_first_chunk()?;
        let (crc, rest) = rest.split_first_chunk()?;
        let (seq, rest) = rest.split_first_chunk()?;
        let (back, rest) = rest.split_first_chunk()?;
        let (lead, rest) = rest.split_first_chunk()?;
        let (chain, _) = rest.split_first_chunk()?;
        Some(Self {
            len: u32::from_le_bytes(*len),
            crc: u32::from_le_bytes(*crc),
            seq: u64::from_le_bytes(*seq),
            back: Position::from_stored(u64::from_le_bytes(*back)),
            lead: u32::from_le_bytes(*lead),
            chain: *chain,
        })
    }

    /// Bytes of the entry, where the head can be one at all.
    pub(super) fn entry_len(&self) -> Option<usize> {
        usize::try_from(self.len).ok().filter(|len| (1..=ENTRY_LIMIT).contains(len))
    }

    fn covered(&self) -> [u8; HEAD - 8] {
        let mut bytes = [0; HEAD - 8];
        let parts = self.seq.to_le_bytes().into_iter().chain(self.back.map_or(0, Position::as_u64).to_le_bytes());
        let parts = parts.chain(self.lead.to_le_bytes()).chain(self.chain);
        bytes.iter_mut().zip(parts).for_each(|(to, from)| *to = from);
        bytes
    }

    fn checksum(&self, entry: &[u8]) -> u32 {
        let mut crc = crc32fast::Hasher::new();
        crc.update(&self.len.to_le_bytes());
        crc.update(&self.covered());
        crc.update(entry);
        crc.finalize()
    }
}

/// Appends a frame and returns the chain after it.
pub(super) fn write(out: &mut Vec<u8>, seq: u64, back: Option<Position>, lead: u32, chain: &Chain, entry: &[u8]) -> Chain {
    let chain = link(chain, entry);
    let len = u32::try_from(entry.len()).unwrap_or(u32::MAX);
    let mut head = Head { len, crc: 0, seq, back, lead, chain };
    head.crc = head.checksum(entry);
    out.extend_from_slice(&head.len.to_le_bytes());
    out.extend_from_slice(&head.crc.to_le_bytes());
    out.extend_from_slice(&head.covered());
    out.extend_from_slice(entry);
    chain
}

/// Reads the frame at the beginning of `bytes`; its checksum is good, its place in the log not yet looked at.
pub(super) fn read(bytes: &[u8]) -> Result<(Head, &[u8]), Fault> {
    let head = Head::parse(bytes).ok_or(Fault::Torn)?;
    let len = head.entry_len().ok_or(Fault::Torn)?;
    let entry = bytes.get(HEAD..HEAD + len).ok_or(Fault::Torn)?;
    if head.checksum(entry) == head.crc { Ok((head, entry)) } else { Err(Fault::Checksum) }
}

/// Reads the frame that has to follow `chain` with number `seq`.
pub(super) fn read_next<'a>(bytes: &'a [u8], seq: u64, chain: &Chain) -> Result<(Head, &'a [u8]), Fault> {
    let (head, entry) = read(bytes)?;
    if head.seq != seq {
        return Err(Fault::Sequence);
    }
    if link(chain, entry) == head.chain { Ok((head, entry)) } else { Err(Fault::Chain) }
}
