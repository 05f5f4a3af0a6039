//! The log as tools of another maker read it: Cloudflare's `signed_note` and `tlog_tiles`, over HTTP, trusting only the log's key.

use sealway_tests::{Api, Sealway, run};
use serde_json::json;
use signed_note::{Note, StandardVerifier, VerifierList};
use tlog_tiles::{Checkpoint, Error, HashReader as _, Tile, TileHashReader, TileReader};

struct OverHttp(Api);

impl TileReader for OverHttp {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, tiles: &[Tile]) -> Result<Vec<Vec<u8>>, Error> {
        Ok(tiles.iter().map(|tile| self.0.bytes(&served(tile))).collect())
    }

    fn save_tiles(&self, _tiles: &[Tile], _data: &[Vec<u8>]) {}
}

/// C2SP tlog-tiles has no height in its paths: it is always 8.
fn served(tile: &Tile) -> String {
    format!("/tlog/{}", tile.path().replacen("tile/8/", "tile/", 1))
}

/// `None` before the first.
fn checkpoint(api: &Api, root: &str) -> Option<Checkpoint> {
    let answer = api.get("/tlog/checkpoint");
    if answer.status == 404 {
        return None;
    }
    let note = Note::from_bytes(answer.body.as_bytes()).unwrap();
    let (verified, _) = note.verify(&VerifierList::new(vec![Box::new(StandardVerifier::new(root).unwrap())])).unwrap();
    assert_eq!(verified.len(), 1);
    Some(Checkpoint::from_bytes(note.text()).unwrap())
}

fn grow(api: &Api, from: u32, to: u32) {
    for number in from..to {
        let party = json!({"party": format!("party-{number}"), "role": "carrier", "name_zh": "某", "name_en": "Some"});
        let _receipt = api.post("/api/v1/parties", &party).ok();
    }
}

fn at_least(api: &Api, root: &str, size: u64) -> Checkpoint {
    loop {
        if let Some(checkpoint) = checkpoint(api, root).filter(|checkpoint| checkpoint.size() >= size) {
            return checkpoint;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

#[test]
fn tools_of_another_maker_read_the_log_and_find_what_it_promises() {
    let room = tempfile::tempdir().unwrap();
    let data = room.path().join("data");
    let platform = Sealway::serve(&data);
    let root = String::from_utf8(run(&["evidence", "root", "--data", data.to_str().unwrap()]).stdout).unwrap().trim().to_owned();
    let tiles = OverHttp(platform.admin());
    grow(&platform.admin(), 0, 20);
    let older = at_least(&tiles.0, &root, 20);
    grow(&platform.admin(), 20, 290);
    let newer = at_least(&tiles.0, &root, 290);
    let reader = TileHashReader::new(newer.size(), *newer.hash(), &tiles);

    assert_eq!(tlog_tiles::tree_hash(newer.size(), &reader).unwrap(), *newer.hash());
    let growth = tlog_tiles::prove_tree(newer.size(), older.size(), &reader).unwrap();
    tlog_tiles::check_tree(&growth, newer.size(), *newer.hash(), older.size(), *older.hash()).unwrap();
    let bundle = tiles.0.bytes("/tlog/tile/entries/000");
    let leaves = entries(&bundle);
    assert_eq!(leaves.len(), 256);
    for number in [0, 1, 127, 255] {
        let leaf = tlog_tiles::record_hash(leaves[number]);
        let proof = tlog_tiles::prove_record(newer.size(), number as u64, &reader).unwrap();
        tlog_tiles::check_record(&proof, newer.size(), *newer.hash(), number as u64, leaf).unwrap();
    }
    let elsewhere = TileHashReader::new(newer.size(), *older.hash(), &tiles);
    assert!(elsewhere.read_hashes(&[0]).is_err(), "their reader believes no tile that does not lead to the checkpoint");
    assert!(platform.stop().success());
}

/// Each entry after its length in two bytes.
fn entries(mut bundle: &[u8]) -> Vec<&[u8]> {
    let mut entries = Vec::new();
    while let Some((length, rest)) = bundle.split_first_chunk::<2>() {
        let (entry, rest) = rest.split_at(usize::from(u16::from_be_bytes(*length)));
        entries.push(entry);
        bundle = rest;
    }
    entries
}
