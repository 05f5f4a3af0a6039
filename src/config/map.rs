//! The base map that an authority shows.

use super::Reader;
use anyhow::Context as _;
use sealway_dashboard::{Basemap, StyleUrl};
use std::path::{Path, PathBuf};

const ATTRIBUTION_LIMIT: usize = 400;

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Map {
    pub(crate) source: MapSource,
    /// Shown on every map with a base map of the authority's own.
    pub(crate) attribution: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum MapSource {
    #[default]
    Bundled,
    File(PathBuf),
    Style(StyleUrl),
}

impl MapSource {
    /// "bundled", the address of a style, or the path of a file.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text == "bundled" {
            return Ok(Self::Bundled);
        }
        if let Ok(style) = text.parse() {
            return Ok(Self::Style(style));
        }
        let file = Path::new(text);
        if std::fs::File::open(file).is_ok() {
            return Ok(Self::File(file.to_owned()));
        }
        Err(format!("{text:?}: expected {EXPECTED}"))
    }
}

const EXPECTED: &str = "\"bundled\", the path of a GeoJSON file that can be read, or the http(s) address of a map style";

impl Map {
    pub(crate) fn load(&self) -> anyhow::Result<Basemap> {
        Ok(match &self.source {
            MapSource::Bundled => Basemap::Bundled,
            MapSource::File(path) => Basemap::from_file(path, self.attribution.clone()).context("map.basemap")?,
            MapSource::Style(style) => Basemap::Style { style: style.clone(), attribution: self.attribution.clone() },
        })
    }
}

pub(super) fn read(reader: &mut Reader) -> Map {
    let text = reader.text("map.basemap").unwrap_or_else(|| "bundled".to_owned());
    let source = MapSource::parse(&text).unwrap_or_else(|_| {
        reader.mistake("map.basemap", &format!("{text:?}"), EXPECTED);
        MapSource::Bundled
    });
    let attribution = reader.text("map.attribution").unwrap_or_default();
    if attribution.chars().count() > ATTRIBUTION_LIMIT {
        reader.mistake("map.attribution", &format!("{} characters", attribution.chars().count()), "at most 400");
    }
    if source != MapSource::Bundled && attribution.trim().is_empty() {
        reader.mistake("map.attribution", "\"\"", "whose map it is, and its number of approval, since map.basemap is not \"bundled\"");
    }
    Map { source, attribution }
}

#[cfg(test)]
mod tests {
    use super::super::Config;
    use super::*;

    #[test]
    fn an_authority_shows_its_own_map_and_says_whose_it_is() {
        let map = |text: &str| Config::parse(text).map(|config| config.map);
        let style = map("[map]\nbasemap = \"https://tiles.customs.example/style.json\"\nattribution = \"GS(2026)1\"").unwrap();
        assert!(matches!(style.source, MapSource::Style(_)));
        let file = env!("CARGO_MANIFEST_PATH");
        let named = map(&format!("[map]\nbasemap = {file:?}\nattribution = \"GS(2026)1\"")).unwrap();
        assert_eq!(named.source, MapSource::File(file.into()));
        assert!(named.load().unwrap_err().to_string().contains("map.basemap"), "a file that is no map is named");
        for bad in ["basemap = \"/no/such.geojson\"\nattribution = \"x\"", "basemap = \"https://tiles.customs.example/style.json\""] {
            let mistakes = map(&format!("[map]\n{bad}")).unwrap_err().to_string();
            assert!(mistakes.contains("map."), "{mistakes}");
        }
    }
}
