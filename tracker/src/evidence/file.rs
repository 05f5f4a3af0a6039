//! The zip file of a bundle: `bundle.cbor`, which is checked, `report.html`, which is made of it, and a word on how to check. The same
//! bundle gives the same bytes.

use sealway_core::evidence::{Checked, LogKeys, Reason, Trust, page, verify};
use sealway_schemas::Malformed;
use sealway_schemas::bundle::Bundle;
use std::io::{Cursor, Read, Seek, Write as _};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

const BUNDLE: &str = "bundle.cbor";
const PAGE: &str = "report.html";
const README: &str = "README.txt";
/// No part of a bundle is larger: a small file must not unpack to a full disk.
const PART_BYTES: u64 = 2 << 30;

const HOW: &str = "关途 Sealway: evidence of one transfer\n\n\
    report.html     the transfer in Chinese and English, for reading\n\
    bundle.cbor     the evidence itself: log entries, signatures, proofs\n\n\
    Check it offline, on a machine that you trust, with the log's public key:\n\
    sealway evidence verify THIS_FILE --trust root.pub\n\
    Further lines of root.pub may name witnesses that must have cosigned.\n\
    Exit code 0: genuine; 1: incomplete; 2: forged.\n";

#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error("evidence file: {0}")]
    Io(#[from] std::io::Error),
    #[error("evidence file: {0}")]
    Zip(#[from] zip::result::ZipError),
    #[error("evidence file: {part} is larger than {limit} bytes")]
    TooLarge { part: &'static str, limit: u64 },
    #[error("evidence file: {BUNDLE}: {0}")]
    Bundle(#[from] Malformed),
}

/// The file's bytes.
pub fn write(bundle: &Bundle, trust: &LogKeys) -> Result<Vec<u8>, FileError> {
    let page = page(&verify(bundle, trust));
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    // A date of its own would make each copy another file.
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated).last_modified_time(DateTime::default());
    for (name, bytes) in [(README, HOW.as_bytes()), (PAGE, page.as_bytes()), (BUNDLE, &bundle.encode())] {
        zip.start_file(name, options.large_file(bytes.len() > u32::MAX as usize))?;
        zip.write_all(bytes)?;
    }
    Ok(zip.finish()?.into_inner())
}

/// Reads a file and checks it by the trust root alone.
pub fn read(file: impl Read + Seek, trust: &Trust) -> Result<Checked, FileError> {
    let mut zip = ZipArchive::new(file)?;
    let bundle = Bundle::decode(&part(&mut zip, BUNDLE)?)?;
    let mut checked = verify(&bundle, &trust.log);
    if part(&mut zip, PAGE)? != page(&checked).into_bytes() {
        checked.reasons.push(Reason::of_file(PAGE));
    }
    trust.look_for_witnesses(&bundle, &mut checked);
    Ok(checked)
}

fn part<R: Read + Seek>(zip: &mut ZipArchive<R>, name: &'static str) -> Result<Vec<u8>, FileError> {
    let mut bytes = Vec::new();
    let file = zip.by_name(name)?;
    file.take(PART_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > PART_BYTES { Err(FileError::TooLarge { part: name, limit: PART_BYTES }) } else { Ok(bytes) }
}
