//! That an older tree is the beginning of a newer one: RFC 6962, section 2.1.2; checked as RFC 9162, section 2.1.4.2.

use super::ProofFault;
use super::inclusion::{range, split};
use super::tree::{Hash, Hashes};

/// The hashes that make both roots out of what the trees share. Empty where the older tree is empty or the same.
pub fn prove(old: u64, size: u64, hashes: &dyn Hashes) -> Result<Vec<Hash>, ProofFault> {
    if old > size {
        return Err(ProofFault::Older { old, size });
    }
    let mut proof = Vec::new();
    if old == 0 || old == size {
        return Ok(proof);
    }
    let (mut from, mut to, mut whole) = (0, size, true);
    while old != to {
        let middle = from + split(to - from);
        if old <= middle {
            proof.push(range(middle, to, hashes)?);
            to = middle;
        } else {
            proof.push(range(from, middle, hashes)?);
            from = middle;
            whole = false;
        }
    }
    if !whole {
        proof.push(range(from, to, hashes)?);
    }
    proof.reverse();
    Ok(proof)
}

/// Whether the tree `old` is the beginning of the tree `new`; each by its size and root.
pub fn verify(old: (u64, Hash), new: (u64, Hash), proof: &[Hash]) -> Result<(), ProofFault> {
    let ((old_size, old_root), (size, root)) = (old, new);
    if old_size > size {
        return Err(ProofFault::Older { old: old_size, size });
    }
    if old_size == 0 || old_size == size {
        let same = old_size == 0 && old_root == Hash::empty() || old_size == size && old_root == root;
        return match proof {
            [] if same => Ok(()),
            [] => Err(ProofFault::Root),
            more => Err(ProofFault::Length { given: more.len(), expected: 0 }),
        };
    }
    let (mut node, mut last) = (old_size - 1, size - 1);
    while node & 1 == 1 {
        node >>= 1;
        last >>= 1;
    }
    let mut hashes = proof.iter().copied();
    let missing = ProofFault::Length { given: proof.len(), expected: proof.len() + 1 };
    // A full older tree is itself the first node.
    let first = if old_size.is_power_of_two() { old_root } else { hashes.next().ok_or(missing)? };
    let (mut old_hash, mut new_hash) = (first, first);
    for hash in hashes {
        if last == 0 {
            return Err(ProofFault::Length { given: proof.len(), expected: proof.len() - 1 });
        }
        if node & 1 == 1 || node == last {
            old_hash = Hash::node(hash, old_hash);
            new_hash = Hash::node(hash, new_hash);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            new_hash = Hash::node(new_hash, hash);
        }
        node >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(missing);
    }
    if old_hash == old_root && new_hash == root { Ok(()) } else { Err(ProofFault::Root) }
}

#[cfg(test)]
#[expect(clippy::cast_possible_truncation, reason = "trees of a few leaves")]
mod tests {
    use super::super::tree::tests::grown;
    use super::*;

    #[test]
    fn every_older_tree_is_proved_to_be_the_beginning_of_every_newer_one() {
        let (kept, roots) = grown(40);
        for size in 0..=40_u64 {
            for old in 0..=size {
                let proof = prove(old, size, &kept).unwrap();
                let (older, newer) = ((old, roots[old as usize]), (size, roots[size as usize]));
                assert_eq!(verify(older, newer, &proof), Ok(()), "{old} in {size}");
                assert_eq!(verify((old, Hash::leaf(b"x")), newer, &proof), Err(ProofFault::Root), "{old} in {size}");
                assert_eq!(verify(older, (size, Hash::leaf(b"x")), &proof).is_ok(), old == 0, "{old} in {size}");
            }
        }
    }

    #[test]
    fn a_rewritten_log_is_not_consistent() {
        let (kept, roots) = grown(20);
        let (_, others) = grown(10);
        let proof = prove(10, 20, &kept).unwrap();
        assert_eq!(verify((10, others[9]), (20, roots[20]), &proof), Err(ProofFault::Root));
        assert_eq!(prove(21, 20, &kept), Err(ProofFault::Older { old: 21, size: 20 }));
        for at in 0..proof.len() {
            let mut changed = proof.clone();
            changed[at] = Hash::empty();
            assert!(verify((10, roots[10]), (20, roots[20]), &changed).is_err());
            changed.remove(at);
            assert!(verify((10, roots[10]), (20, roots[20]), &changed).is_err());
        }
    }
}
