//! The tree of RFC 6962, section 2.1. A node `(level, index)` stands over the leaves `index << level .. (index + 1) << level`; only full
//! nodes have hashes that last.

use super::ProofFault;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fmt;

/// SHA-256 of a leaf or a node.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Hash([u8; 32]);

impl Hash {
    /// Of the tree without leaves.
    #[must_use]
    pub fn empty() -> Self {
        Self(Sha256::digest(b"").into())
    }

    /// A leaf: zero byte, then its content.
    #[must_use]
    pub fn leaf(content: &[u8]) -> Self {
        Self(Sha256::new().chain_update([0]).chain_update(content).finalize().into())
    }

    /// A node: one byte of value one, then both children.
    #[must_use]
    pub fn node(left: Hash, right: Hash) -> Self {
        Self(Sha256::new().chain_update([1]).chain_update(left.0).chain_update(right.0).finalize().into())
    }

    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// Where the hashes of full nodes are kept.
pub trait Hashes {
    /// The hash of a full node.
    fn hash(&self, level: u8, index: u64) -> Option<Hash>;
}

/// Reads a full node, or says which one is missing.
pub(super) fn read(hashes: &dyn Hashes, level: u8, index: u64) -> Result<Hash, ProofFault> {
    hashes.hash(level, index).ok_or(ProofFault::Missing { level, index })
}

/// The right edge of a growing tree: one full node for each bit of its size, the largest first. All that appending needs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frontier {
    size: u64,
    nodes: Vec<Hash>,
}

impl Frontier {
    /// The edge of a tree whose nodes are kept.
    pub fn load(size: u64, hashes: &dyn Hashes) -> Result<Self, ProofFault> {
        let nodes = full_nodes(0, size).map(|(level, index)| read(hashes, level, index)).collect::<Result<_, _>>()?;
        Ok(Self { size, nodes })
    }

    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends a leaf. `full` is told every node that is full now, from the leaf up.
    pub fn push(&mut self, leaf: Hash, mut full: impl FnMut(u8, u64, Hash)) {
        let (mut hash, mut index) = (leaf, self.size);
        full(0, index, hash);
        let merges = self.size.trailing_ones();
        for level in 1..=merges {
            let Some(left) = self.nodes.pop() else { break };
            hash = Hash::node(left, hash);
            index >>= 1;
            full(u8::try_from(level).unwrap_or(u8::MAX), index, hash);
        }
        self.nodes.push(hash);
        self.size += 1;
    }

    #[must_use]
    pub fn root(&self) -> Hash {
        fold(&self.nodes)
    }
}

/// The root over full nodes that stand beside each other, the largest first.
pub(super) fn fold(nodes: &[Hash]) -> Hash {
    nodes.iter().rev().copied().reduce(|right, left| Hash::node(left, right)).unwrap_or_else(Hash::empty)
}

/// The root of the first `size` leaves.
pub fn root(size: u64, hashes: &dyn Hashes) -> Result<Hash, ProofFault> {
    Frontier::load(size, hashes).map(|frontier| frontier.root())
}

/// The full nodes that cover the leaves `from..to`, left to right, where `from` is a multiple of the largest power of two below `to -
/// from` (as every part of a tree's proof is).
pub(super) fn full_nodes(from: u64, to: u64) -> impl Iterator<Item = (u8, u64)> {
    let mut at = from;
    std::iter::from_fn(move || {
        let left = to.checked_sub(at).filter(|left| *left > 0)?;
        let level = left.ilog2();
        let node = (u8::try_from(level).ok()?, at >> level);
        at += 1 << level;
        Some(node)
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::collections::BTreeMap;

    /// Every full node of a tree.
    #[derive(Debug, Default)]
    pub(crate) struct Kept(BTreeMap<(u8, u64), Hash>);

    impl Kept {
        pub(crate) fn put(&mut self, level: u8, index: u64, hash: Hash) {
            self.0.insert((level, index), hash);
        }
    }

    impl Hashes for Kept {
        fn hash(&self, level: u8, index: u64) -> Option<Hash> {
            self.0.get(&(level, index)).copied()
        }
    }

    /// A tree over the leaves `0, 1, 2 ...` as bytes, and its root after each.
    pub(crate) fn grown(size: u64) -> (Kept, Vec<Hash>) {
        let (mut kept, mut frontier) = (Kept::default(), Frontier::default());
        let mut roots = vec![frontier.root()];
        for leaf in 0..size {
            frontier.push(Hash::leaf(&leaf.to_be_bytes()), |level, index, hash| {
                kept.put(level, index, hash);
            });
            roots.push(frontier.root());
        }
        (kept, roots)
    }

    /// RFC 6962, section 2.1, as it is written there.
    pub(crate) fn by_the_book(leaves: &[Vec<u8>]) -> Hash {
        match leaves {
            [] => Hash::empty(),
            [one] => Hash::leaf(one),
            many => {
                let (left, right) = many.split_at(many.len().next_power_of_two() / 2);
                Hash::node(by_the_book(left), by_the_book(right))
            }
        }
    }

    #[test]
    fn the_known_roots_of_certificate_transparency_come_out() {
        let leaves = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
        let roots = [
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ];
        let mut frontier = Frontier::default();
        assert_eq!(frontier.root().to_string(), roots[0]);
        for (leaf, root) in leaves.into_iter().zip(&roots[1..]) {
            frontier.push(Hash::leaf(&hex::decode(leaf).unwrap()), |_, _, _| {});
            assert_eq!(frontier.root().to_string(), *root);
        }
    }

    #[test]
    fn every_size_has_the_root_of_the_book_and_its_edge_can_be_loaded() {
        let (kept, roots) = grown(70);
        let leaves: Vec<Vec<u8>> = (0..70_u64).map(|leaf| leaf.to_be_bytes().to_vec()).collect();
        for size in 0..=70 {
            assert_eq!(roots[size], by_the_book(&leaves[..size]), "{size}");
            let loaded = Frontier::load(size as u64, &kept).unwrap();
            assert_eq!((loaded.size(), loaded.root()), (size as u64, roots[size]));
        }
        assert_eq!(root(71, &kept), Err(ProofFault::Missing { level: 0, index: 70 }));
    }
}
