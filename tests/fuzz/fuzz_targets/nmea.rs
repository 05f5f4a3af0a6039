//! A receiver's line, as it comes and with each of its lines under the right checksum.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sealway_broker::{NmeaReader, NmeaStep};
use sealway_schemas::terminal::UnsignedFrame;

fuzz_target!(|bytes: &[u8]| {
    let mut text = bytes.to_vec();
    for line in bytes.split(|byte| *byte == b'\n') {
        let sum = line.iter().fold(0, |sum, byte| sum ^ byte);
        text.extend(b"\n$");
        text.extend(line);
        text.extend(format!("*{sum:02X}\r\n").bytes());
    }
    let mut reader = NmeaReader::default();
    let steps = reader.read(&text);
    let told = steps.into_iter().filter_map(|step| if let NmeaStep::Epoch(epoch) = step { Some(epoch) } else { None });
    for epoch in told.chain(reader.pause()) {
        UnsignedFrame::new("FUZZ-1".parse().unwrap(), "fuzz".to_owned(), epoch.raw, vec![epoch.sighting]).unwrap();
    }
});
