//! That an entry is in the log: RFC 6962, section 2.1.1; checked as RFC 9162, section 2.1.3.2.

use super::ProofFault;
use super::tree::{Hash, Hashes, fold, full_nodes, read};

/// The hashes beside the way from leaf `index` up to the root of the first `size` leaves.
pub fn prove(index: u64, size: u64, hashes: &dyn Hashes) -> Result<Vec<Hash>, ProofFault> {
    if index >= size {
        return Err(ProofFault::Outside { index, size });
    }
    let mut proof = Vec::new();
    let (mut from, mut to) = (0, size);
    while to - from > 1 {
        let middle = from + split(to - from);
        let (beside, way) = if index < middle { ((middle, to), (from, middle)) } else { ((from, middle), (middle, to)) };
        proof.push(range(beside.0, beside.1, hashes)?);
        (from, to) = way;
    }
    proof.reverse();
    Ok(proof)
}

/// Whether `leaf` is entry `index` of the tree with this size and root.
pub fn verify(leaf: Hash, index: u64, tree: (u64, Hash), proof: &[Hash]) -> Result<(), ProofFault> {
    let (size, root) = tree;
    if index >= size {
        return Err(ProofFault::Outside { index, size });
    }
    let expected = length(index, size);
    if proof.len() != expected {
        return Err(ProofFault::Length { given: proof.len(), expected });
    }
    let (mut node, mut last, mut hash) = (index, size - 1, leaf);
    for beside in proof {
        if node & 1 == 1 || node == last {
            hash = Hash::node(*beside, hash);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            hash = Hash::node(hash, *beside);
        }
        node >>= 1;
        last >>= 1;
    }
    if hash == root { Ok(()) } else { Err(ProofFault::Root) }
}

/// The largest power of two that is smaller than `count`, which is 2 or more.
pub(super) fn split(count: u64) -> u64 {
    1 << (count - 1).ilog2()
}

/// The root of the leaves `from..to`.
pub(super) fn range(from: u64, to: u64, hashes: &dyn Hashes) -> Result<Hash, ProofFault> {
    let nodes = full_nodes(from, to).map(|(level, index)| read(hashes, level, index)).collect::<Result<Vec<_>, _>>()?;
    Ok(fold(&nodes))
}

fn length(index: u64, size: u64) -> usize {
    let (mut from, mut to, mut steps) = (0, size, 0);
    while to - from > 1 {
        let middle = from + split(to - from);
        if index < middle {
            to = middle
        } else {
            from = middle
        }
        steps += 1;
    }
    steps
}

#[cfg(test)]
#[expect(clippy::cast_possible_truncation, reason = "trees of a few leaves")]
mod tests {
    use super::super::tree::tests::grown;
    use super::*;

    #[test]
    fn every_leaf_of_every_size_is_proved_and_no_other_leaf_is() {
        let (kept, roots) = grown(40);
        for size in 1..=40_u64 {
            for index in 0..size {
                let (leaf, tree) = (Hash::leaf(&index.to_be_bytes()), (size, roots[size as usize]));
                let proof = prove(index, size, &kept).unwrap();
                assert_eq!(verify(leaf, index, tree, &proof), Ok(()), "{index} of {size}");
                assert_eq!(verify(Hash::leaf(b"other"), index, tree, &proof), Err(ProofFault::Root));
                let elsewhere = (index + 1) % size;
                assert!(elsewhere == index || verify(leaf, elsewhere, tree, &proof).is_err(), "{index} of {size} as {elsewhere}");
            }
        }
    }

    #[test]
    fn a_proof_with_a_changed_a_missing_or_a_further_hash_proves_nothing() {
        let (kept, roots) = grown(13);
        let (leaf, tree) = (Hash::leaf(&5_u64.to_be_bytes()), (13, roots[13]));
        let proof = prove(5, 13, &kept).unwrap();
        for at in 0..proof.len() {
            let mut changed = proof.clone();
            changed[at] = Hash::empty();
            assert_eq!(verify(leaf, 5, tree, &changed), Err(ProofFault::Root));
        }
        let short = &proof[1..];
        assert_eq!(verify(leaf, 5, tree, short), Err(ProofFault::Length { given: proof.len() - 1, expected: proof.len() }));
        let long: Vec<Hash> = proof.iter().copied().chain([Hash::empty()]).collect();
        assert!(verify(leaf, 5, tree, &long).is_err());
        assert_eq!(prove(13, 13, &kept), Err(ProofFault::Outside { index: 13, size: 13 }));
    }
}
