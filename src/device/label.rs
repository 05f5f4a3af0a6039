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

    /// The label as a camera has it: so many pixels a module, and whether each is dark.
    fn scanned(label: &str) -> Vec<String> {
        const PIXELS: usize = 8;
        let dark: Vec<(usize, usize)> = label
            .split('M')
            .skip(1)
            .map(|module| {
                let (x, rest) = module.split_once(',').unwrap();
                (x.parse().unwrap(), rest.split('h').next().unwrap().parse().unwrap())
            })
            .collect();
        let modules = dark.iter().map(|(x, _)| x + 1 + QUIET).max().unwrap();
        let shade = |x, y| if dark.contains(&(x / PIXELS, y / PIXELS)) { 0 } else { 255 };
        let mut picture = rqrr::PreparedImage::prepare_from_greyscale(modules * PIXELS, modules * PIXELS, shade);
        picture.detect_grids().iter().map(|grid| grid.decode().unwrap().1).collect()
    }

    #[test]
    fn a_scanner_reads_the_id_on_a_label_and_a_person_too() {
        for id in ["XA-7Q2K", "QD-0000-1111-2222"] {
            let label = svg(&id.parse().unwrap()).unwrap();
            assert_eq!(scanned(&label), [id]);
            assert!(label.contains(&format!(">{id}</text>")));
        }
    }
}
