//! Names the rules: `SEALWAY_RULES` is the SHA-256 of the sources that decide what an entry does and how the state is laid out. What was
//! made of the log by other rules is made anew, without anybody having to remember to say so.

use sha2::{Digest as _, Sha256};
use std::path::{Path, PathBuf};
use std::{fs, io};

const SOURCES: [&str; 3] = ["src", "world", "../../schemas/src"];
/// Decides nothing.
const TESTS: &str = "tests";

fn main() -> io::Result<()> {
    let mut hash = Sha256::new();
    for folder in SOURCES {
        println!("cargo::rerun-if-changed={folder}");
        hash_folder(Path::new(folder), &mut hash)?;
    }
    let digest = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    println!("cargo::rustc-env=SEALWAY_RULES={digest}");
    Ok(())
}

fn hash_folder(folder: &Path, hash: &mut Sha256) -> io::Result<()> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)?.map(|item| item.map(|item| item.path())).collect::<Result<_, _>>()?;
    paths.sort();
    for path in paths.into_iter().filter(|path| path.file_stem().is_some_and(|stem| stem != TESTS)) {
        if path.is_dir() {
            hash_folder(&path, hash)?;
        } else {
            let content = fs::read(&path)?;
            for part in [path.to_string_lossy().as_bytes(), content.as_slice()] {
                hash.update((part.len() as u64).to_be_bytes());
                hash.update(part);
            }
        }
    }
    Ok(())
}
