//! QR codes as SVG and PNG, black on white.

use qrcode::types::QrError;
use qrcode::{Color, EcLevel, QrCode};
use std::fmt::Write as _;

/// Modules of white around the code (ISO/IEC 18004).
const QUIET: usize = 4;
/// Pixels of a module.
const SCALE: usize = 6;

/// The dark modules of a code, by row and column, quiet zone included.
pub(crate) struct Qr {
    width: usize,
    dark: Vec<bool>,
}

impl Qr {
    pub(crate) fn of(text: &str) -> Result<Self, QrError> {
        let code = QrCode::with_error_correction_level(text, EcLevel::M)?;
        let (inner, width) = (code.width(), code.width() + 2 * QUIET);
        let mut dark = vec![false; width * width];
        let modules = code.to_colors().into_iter().enumerate().filter(|(_, color)| *color == Color::Dark);
        for (index, _) in modules {
            let (row, column) = (index / inner + QUIET, index % inner + QUIET);
            if let Some(module) = dark.get_mut(row * width + column) {
                *module = true;
            }
        }
        Ok(Self { width, dark })
    }

    pub(crate) fn svg(&self) -> String {
        let width = self.width;
        let mut path = String::new();
        for (index, _) in self.dark.iter().enumerate().filter(|(_, dark)| **dark) {
            // Writing to a text cannot fail.
            let _written = write!(path, "M{} {}h1v1h-1z", index % width, index / width);
        }
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {width}\" shape-rendering=\"crispEdges\">\
             <rect width=\"{width}\" height=\"{width}\" fill=\"#fff\"/><path d=\"{path}\"/></svg>"
        )
    }

    pub(crate) fn png(&self) -> Result<Vec<u8>, png::EncodingError> {
        let side = u32::try_from(self.width * SCALE).unwrap_or(u32::MAX);
        let row = |row: &[bool]| -> Vec<u8> { row.iter().flat_map(|dark| [if *dark { 0 } else { 255 }; SCALE]).collect() };
        let pixels: Vec<u8> = self.dark.chunks(self.width).flat_map(|modules| row(modules).repeat(SCALE)).collect();
        let mut out = Vec::new();
        let mut encoder = png::Encoder::new(&mut out, side, side);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.set_depth(png::BitDepth::Eight);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&pixels)?;
        writer.finish()?;
        Ok(out)
    }
}
