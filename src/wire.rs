//! `sealway wire check`: one JSON line in, one JSON line out, until standard input ends.

use std::io::{BufRead, Write};

/// A line longer than this is answered with an error; it cannot be a message of the contract.
const LINE_LIMIT: u64 = 8 * 1024 * 1024;

pub(crate) fn check(mut input: impl BufRead, mut output: impl Write) -> std::io::Result<()> {
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = std::io::Read::take(&mut input, LINE_LIMIT).read_until(b'\n', &mut line)?;
        if read == 0 {
            return output.flush();
        }
        if line.last() != Some(&b'\n') && read as u64 == LINE_LIMIT {
            input.skip_until(b'\n')?;
            writeln!(output, "{{\"error\":\"line of more than {LINE_LIMIT} bytes, expected one message or sequence\"}}")?;
            continue;
        }
        let text = String::from_utf8_lossy(&line);
        if !text.trim().is_empty() {
            writeln!(output, "{}", sealway_core::wire_check::answer(text.trim()))?;
        }
        // A program that waits for each answer must get it before it sends the next line.
        output.flush()?;
    }
}
