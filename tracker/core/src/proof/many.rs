//! That many entries are in the log, by one proof: each hash that several ways share is there once, and none that the leaves give.
//!
//! The tree is walked from the root, left before right. A part with proved leaves in it is entered; of a part without one the proof
//! has the hash, in the order of the walk.

use super::ProofFault;
use super::inclusion::{range, split};
use super::tree::{Hash, Hashes};

/// The hashes of all parts of the tree that hold none of `leaves`. `leaves` ascend.
pub fn prove(leaves: &[u64], size: u64, hashes: &dyn Hashes) -> Result<Vec<Hash>, ProofFault> {
    expect_ascending(leaves.iter().copied(), size)?;
    let mut proof = Vec::new();
    let mut walk = vec![(0, size, leaves)];
    while let Some((from, to, within)) = walk.pop() {
        match within {
            [] if from < to => proof.push(range(from, to, hashes)?),
            [] => {}
            _ if to - from == 1 => {}
            _ => {
                let middle = from + split(to - from);
                let (left, right) = within.split_at(within.partition_point(|leaf| *leaf < middle));
                walk.push((middle, to, right));
                walk.push((from, middle, left));
            }
        }
    }
    Ok(proof)
}

/// Whether each of `leaves`, by number and hash, is in the tree with this size and root. They ascend.
pub fn verify(leaves: &[(u64, Hash)], tree: (u64, Hash), proof: &[Hash]) -> Result<(), ProofFault> {
    let (size, root) = tree;
    expect_ascending(leaves.iter().map(|(leaf, _)| *leaf), size)?;
    let mut rest = proof.iter();
    let own = if size == 0 { Hash::empty() } else { part((0, size), leaves, &mut rest, proof.len())? };
    match rest.len() {
        0 if own == root => Ok(()),
        0 => Err(ProofFault::Root),
        more => Err(ProofFault::Length { given: proof.len(), expected: proof.len() - more }),
    }
}

/// The hash of a part; as deep as the tree is high, at most 64 calls.
fn part((from, to): (u64, u64), within: &[(u64, Hash)], rest: &mut std::slice::Iter<'_, Hash>, given: usize) -> Result<Hash, ProofFault> {
    match within {
        [] => rest.next().copied().ok_or(ProofFault::Length { given, expected: given + 1 }),
        [(_, leaf), ..] if to - from == 1 => Ok(*leaf),
        _ => {
            let middle = from + split(to - from);
            let (left, right) = within.split_at(within.partition_point(|(leaf, _)| *leaf < middle));
            let left = part((from, middle), left, rest, given)?;
            Ok(Hash::node(left, part((middle, to), right, rest, given)?))
        }
    }
}

fn expect_ascending(leaves: impl Iterator<Item = u64>, size: u64) -> Result<(), ProofFault> {
    let mut next = 0;
    for leaf in leaves {
        if leaf < next || leaf >= size {
            return Err(ProofFault::Outside { index: leaf, size });
        }
        next = leaf + 1;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::tree::tests::grown;
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn leaf(n: u64) -> (u64, Hash) {
        (n, Hash::leaf(&n.to_be_bytes()))
    }

    proptest! {
        #[test]
        fn any_leaves_of_any_tree_are_proved_and_a_changed_one_is_not(size in 0..70_u64, picked in prop::collection::btree_set(0..70_u64, 0..20), changed in 0..20_usize) {
            let (kept, roots) = grown(size);
            let leaves: Vec<u64> = picked.into_iter().collect::<BTreeSet<_>>().into_iter().filter(|leaf| *leaf < size).collect();
            let tree = (size, *roots.last().unwrap());
            let proof = prove(&leaves, size, &kept).unwrap();
            let mut hashes: Vec<_> = leaves.iter().map(|n| leaf(*n)).collect();
            prop_assert_eq!(verify(&hashes, tree, &proof), Ok(()));
            if let Some(one) = hashes.get_mut(changed) {
                one.1 = Hash::empty();
                prop_assert_eq!(verify(&hashes, tree, &proof), Err(ProofFault::Root));
            }
        }
    }

    #[test]
    fn entries_that_lie_together_need_few_hashes() {
        let (kept, roots) = grown(4096);
        let leaves: Vec<u64> = (1000..1200).collect();
        let proof = prove(&leaves, 4096, &kept).unwrap();
        assert!(proof.len() < 20, "{}", proof.len());
        let hashes: Vec<_> = leaves.iter().map(|n| leaf(*n)).collect();
        assert_eq!(verify(&hashes, (4096, roots[4096]), &proof), Ok(()));
        let short = &proof[..proof.len() - 1];
        assert!(matches!(verify(&hashes, (4096, roots[4096]), short), Err(ProofFault::Length { .. })));
    }

    #[test]
    fn leaves_that_do_not_ascend_are_refused() {
        let (kept, _) = grown(8);
        assert_eq!(prove(&[3, 3], 8, &kept), Err(ProofFault::Outside { index: 3, size: 8 }));
        assert_eq!(prove(&[8], 8, &kept), Err(ProofFault::Outside { index: 8, size: 8 }));
    }
}
