//! What a UART hears of another one that speaks at another speed: its bits on the line, sampled anew.

/// Low for the start bit, eight bits with the lowest first, high for the stop bit.
fn bits(bytes: &[u8]) -> Vec<bool> {
    bytes.iter().flat_map(|byte| [false].into_iter().chain((0..8).map(move |bit| byte >> bit & 1 == 1)).chain([true])).collect()
}

/// What was said at `from` bits a second, heard at `to`. A stop bit that is none is no reason to drop its byte: a port that is read raw gives it.
pub(crate) fn heard(said: &[u8], from: u32, to: u32) -> Vec<u8> {
    let (bits, from, to) = (bits(said), u64::from(from), u64::from(to));
    // Such that a sent bit takes `2 * to` and a heard one `2 * from`.
    let sent = 2 * to;
    let end = bits.len() as u64 * sent;
    let level = |at: u64| bits.get(usize::try_from(at / sent).unwrap()).copied().unwrap_or(true);
    let (mut heard, mut at) = (Vec::new(), 0);
    loop {
        while at < end && level(at) {
            at = (at / sent + 1) * sent;
        }
        if at >= end {
            return heard;
        }
        // In the middle of each bit behind the start bit.
        heard.push((0..8).fold(0, |byte, bit| byte | u8::from(level(at + (2 * bit + 3) * from)) << bit));
        at += 19 * from;
    }
}

#[test]
fn what_is_heard_at_its_own_speed_is_what_was_said_and_at_another_it_is_noise() {
    let said = b"$GNRMC,083001.00,A*2F\r\n";
    assert_eq!(heard(said, 9_600, 9_600), said);
    // Each bit twice: the start bit, its copy, and then what is high.
    assert_eq!(heard(&[0xFF], 4_800, 9_600), [0xFE]);
    // A tenth of the speed: the start bit alone fills a byte and half of the next one's start.
    assert_eq!(heard(&[0xFF], 9_600, 96_000), [0x00, 0xFF]);
}
