//! Tiles: the tree's hashes in files of 256, as C2SP tlog-tiles lays them out for those who read the log over HTTP.

use super::tree::{Hash, Hashes};
use std::fmt;

/// Levels of the tree in one tile.
pub const HEIGHT: u8 = 8;
/// Hashes in a full tile.
pub const WIDTH: u64 = 1 << HEIGHT;

/// A tile: its level among tiles, its number from the left, and how many hashes of its lowest row it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tile {
    pub level: u8,
    pub index: u64,
    /// 1 to 256.
    pub width: u16,
}

impl Tile {
    /// The tiles that a tree of this size has which it had not when it was `old` leaves smaller.
    pub fn new_in(old: u64, size: u64) -> impl Iterator<Item = Tile> {
        (0..8_u8).flat_map(move |level| {
            let rows = |leaves: u64| leaves.checked_shr(u32::from(HEIGHT) * u32::from(level)).unwrap_or(0);
            let (before, after) = (rows(old), rows(size));
            (before / WIDTH..after.div_ceil(WIDTH)).filter_map(move |index| {
                let width = (after - index * WIDTH).min(WIDTH);
                let grown = before < index * WIDTH + width;
                grown.then_some(Tile { level, index, width: u16::try_from(width).unwrap_or(u16::MAX) })
            })
        })
    }

    /// The lowest row of the tile, 32 bytes each; `None` where the tree lacks one of them.
    #[must_use]
    pub fn read(self, hashes: &dyn Hashes) -> Option<Vec<u8>> {
        let first = self.index * WIDTH;
        let row = (first..first + u64::from(self.width)).map(|index| hashes.hash(self.level * HEIGHT, index));
        row.collect::<Option<Vec<Hash>>>().map(|row| row.iter().flat_map(|hash| *hash.as_bytes()).collect())
    }

    /// Reads `<level>/<number>[.p/<width>]`.
    #[must_use]
    pub fn parse(path: &str) -> Option<Self> {
        let (level, rest) = path.split_once('/')?;
        let (number, width) = match rest.split_once(".p/") {
            Some((number, width)) => (number, canonical::<u16>(width).filter(|width| (1..256).contains(width))?),
            None => (rest, 256),
        };
        let tile = Self { level: canonical(level)?, index: parse_number(number)?, width };
        (tile.level < 8 && tile.to_string() == path).then_some(tile)
    }
}

/// `<level>/<number>[.p/<width>]`, the number in groups of three digits: `0/x001/x234/067.p/8`.
impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.level, number(self.index))?;
        if u64::from(self.width) == WIDTH { Ok(()) } else { write!(f, ".p/{}", self.width) }
    }
}

/// A tile's number in groups of three digits, all but the last with an `x` before.
#[must_use]
pub fn number(index: u64) -> String {
    let mut text = format!("{:03}", index % 1000);
    let mut rest = index / 1000;
    while rest > 0 {
        text = format!("x{:03}/{text}", rest % 1000);
        rest /= 1000;
    }
    text
}

fn parse_number(text: &str) -> Option<u64> {
    text.split('/').try_fold(0_u64, |sum, group| {
        let digits = group.strip_prefix('x').unwrap_or(group);
        let group: u64 = digits.parse().ok().filter(|_| digits.len() == 3)?;
        sum.checked_mul(1000)?.checked_add(group)
    })
}

fn canonical<T: std::str::FromStr + ToString>(text: &str) -> Option<T> {
    text.parse::<T>().ok().filter(|value| value.to_string() == text)
}

#[cfg(test)]
mod tests {
    use super::super::tree::tests::grown;
    use super::*;

    #[test]
    fn a_tile_is_named_as_the_specification_names_it() {
        for (tile, path) in [
            (Tile { level: 0, index: 0, width: 256 }, "0/000"),
            (Tile { level: 0, index: 1_234_067, width: 256 }, "0/x001/x234/067"),
            (Tile { level: 1, index: 5, width: 8 }, "1/005.p/8"),
        ] {
            assert_eq!(tile.to_string(), path);
            assert_eq!(Tile::parse(path), Some(tile));
        }
        for wrong in
            ["", "0", "0/00", "0/0000", "0/001/002", "8/000", "+0/000", "0/000.p/0", "0/000.p/256", "0/000.p/08", "0/x000/001", "0/../x"]
        {
            assert_eq!(Tile::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_growing_tree_brings_each_row_once_full_and_its_edge_whenever_it_grew() {
        let shown = |old, size| Tile::new_in(old, size).map(|tile| tile.to_string()).collect::<Vec<_>>();
        assert_eq!(shown(0, 1), ["0/000.p/1"]);
        assert_eq!(shown(1, 256), ["0/000", "1/000.p/1"]);
        assert_eq!(shown(256, 600), ["0/001", "0/002.p/88", "1/000.p/2"]);
        assert_eq!(shown(600, 601), ["0/002.p/89"]);
        assert_eq!(shown(600, 600), [""; 0]);
    }

    #[test]
    fn a_tile_holds_the_hashes_of_its_lowest_row() {
        let (kept, _) = grown(300);
        let tile = Tile { level: 0, index: 1, width: 44 }.read(&kept).unwrap();
        assert_eq!(tile.len(), 44 * 32);
        assert_eq!(tile[..32], *Hash::leaf(&256_u64.to_be_bytes()).as_bytes());
        assert_eq!(Tile { level: 0, index: 1, width: 45 }.read(&kept), None);
        let above = Tile { level: 1, index: 0, width: 1 }.read(&kept).unwrap();
        assert_eq!(above, kept.hash(8, 0).unwrap().as_bytes());
    }
}
