//! A label for a seal's housing: its id as text and as QR code, black on white, without any other file.

use anyhow::Context as _;
use qrcode::{Color, EcLevel, QrCode};
use sealway_schemas::DeviceId;
use std::fmt::Write as _;

/// Light modules around the code: ISO/IEC 18004, 9.1.
const QUIET: usize = 4;
/// Below the code.
const TEXT: usize = 5;

/// SVG whose unit is one module of the code. The code holds the id and nothing else: what a scanner types.
pub(super) fn svg(device: &DeviceId) -> anyhow::Result<String> {
    // Housings are scratched: a quarter of the code may be lost.
    let code = QrCode::with_error_correction_level(device.as_str(), EcLevel::Q).context("QR code")?;
    let size = code.width();
    let (width, height) = (size + 2 * QUIET, size + 2 * QUIET + TEXT);
    let mut dark = String::new();
    for (index, _) in code.to_colors().iter().enumerate().filter(|(_, color)| **color == Color::Dark) {
        write!(dark, "M{},{}h1v1h-1z", index % size + QUIET, index / size + QUIET)?;
    }
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\"><rect width=\"{width}\" height=\"{height}\" \
         fill=\"#fff\"/><path d=\"{dark}\"/><text x=\"50%\" y=\"{}\" font-family=\"monospace\" font-size=\"{}\" text-anchor=\"middle\" \
         textLength=\"{}\" lengthAdjust=\"spacingAndGlyphs\">{device}</text></svg>\n",
        height - QUIET + 1,
        TEXT - 1,
        size,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_shows_the_id_and_a_code_with_its_three_finders() {
        let label = svg(&"XA-7Q2K".parse().unwrap()).unwrap();
        assert!(label.contains(">XA-7Q2K</text>"));
        let dark = |x: usize, y: usize| label.contains(&format!("M{},{}h", x + QUIET, y + QUIET));
        // Version 1 has 21 modules a side; a finder is 7 by 7, with a light ring in it.
        for (left, top) in [(0, 0), (14, 0), (0, 14)] {
            assert!((0..7).all(|at| dark(left + at, top) && dark(left, top + at)), "{left} {top}");
            assert!((1..6).all(|at| !dark(left + at, top + 1)) && dark(left + 3, top + 3));
        }
        assert!(!(0..7).all(|at| dark(14 + at, 20) && dark(20, 14 + at)), "the fourth corner has none");
    }
}
