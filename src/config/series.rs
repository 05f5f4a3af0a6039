//! The keys of the time series. The client that talks to InfluxDB is made where the program is composed.

use super::Reader;
use crate::outbound;
use sealway_tracker::series::{Api, InfluxConfig, Login, SeriesConfig, StoreConfig};
use std::path::Path;

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Series {
    /// Whole days that are kept; without it all.
    pub(crate) keep_days: Option<u32>,
    /// Without it the points are kept in the data folder.
    pub(crate) influx: Option<InfluxKeys>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InfluxKeys {
    pub(crate) url: String,
    pub(crate) login: Login,
    pub(crate) org: String,
    pub(crate) bucket: String,
    pub(crate) api: Api,
}

impl Series {
    pub(crate) fn config(&self, authority: Option<&Path>) -> anyhow::Result<SeriesConfig> {
        let store = match self.influx.clone() {
            None => StoreConfig::Embedded,
            Some(InfluxKeys { url, login, org, bucket, api }) => {
                StoreConfig::Influx(InfluxConfig { url, login, org, bucket, api, agent: outbound::agent(authority)? })
            }
        };
        Ok(SeriesConfig { store, keep_days: self.keep_days })
    }
}

pub(super) fn read(reader: &mut Reader) -> Series {
    let keep_days = reader.whole("series.keep_days", 1..=36_500);
    let influx = read_influx(reader);
    let wanted = reader.choice("series.store", &[("embedded", false), ("influxdb", true)]).unwrap_or(false);
    match (wanted, influx) {
        (false, None) => Series { keep_days, influx: None },
        (true, Some(influx)) => Series { keep_days, influx: Some(influx) },
        (true, None) => {
            reader.incomplete("series.influx", &["url", "bucket"]);
            Series::default()
        }
        (false, Some(_)) => {
            reader.mistake("series.influx", "set", "series.store = \"influxdb\", or no such section");
            Series::default()
        }
    }
}

/// What is set of the section; its mistakes are told even where it is not wanted.
fn read_influx(reader: &mut Reader) -> Option<InfluxKeys> {
    let url = reader.text("series.influx.url");
    if let Some(url) = url.as_ref().filter(|url| outbound::expect_private(url).is_err()) {
        reader.mistake("series.influx.url", &format!("{url:?}"), "https://, or http:// on this machine");
    }
    let bucket = reader.text("series.influx.bucket");
    let login = read_login(reader);
    let org = reader.text("series.influx.org");
    let api = reader.choice("series.influx.api", &[("auto", Api::Auto), ("v1", Api::V1), ("v2", Api::V2)]);
    let (url, bucket) = (url?, bucket?);
    Some(InfluxKeys { url, login, org: org.unwrap_or_default(), bucket, api: api.unwrap_or_default() })
}

fn read_login(reader: &mut Reader) -> Login {
    let token = reader.secret("series.influx.token_file");
    let user = reader.text("series.influx.user");
    let password = reader.secret("series.influx.password_file");
    match (token, user, password) {
        (None, None, None) => Login::None,
        (Some(token), None, None) => Login::Token(token),
        (None, Some(name), Some(password)) => Login::User { name, password },
        _ => {
            reader.mistake("series.influx", "a login", "token_file alone, or user and password_file");
            Login::None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Config;
    use super::*;

    #[test]
    fn a_server_is_named_whole() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "s3cret-word\n").unwrap();
        let head =
            "[series]\nstore = \"influxdb\"\nkeep_days = 30\n[series.influx]\nurl = \"http://127.0.0.1:8086\"\nbucket = \"sealway\"\n";
        let text = format!("{head}token_file = {:?}\norg = \"customs\"\napi = \"v2\"\n", file.path());
        let config = Config::parse(&text).unwrap();
        let influx = config.series.influx.clone().unwrap();
        assert_eq!(influx.login, Login::Token("s3cret-word".to_owned()));
        assert_eq!((influx.org.as_str(), influx.api, config.series.keep_days), ("customs", Api::V2, Some(30)));
        assert!(!format!("{config:?}").contains("s3cret-word"), "a token is never shown");
        assert!(matches!(config.series.config(None).unwrap().store, StoreConfig::Influx(_)));

        let user = format!("{head}user = \"chief\"\npassword_file = {:?}\n", file.path());
        let login = Login::User { name: "chief".to_owned(), password: "s3cret-word".to_owned() };
        assert_eq!(Config::parse(&user).unwrap().series.influx.unwrap().login, login);
        assert_eq!(Config::parse(head).unwrap().series.influx.unwrap().login, Login::None);
    }

    #[test]
    fn half_a_server_is_none() {
        for (text, key) in [
            ("series.store = \"influxdb\"", "series.influx"),
            ("series.store = \"influxdb\"\nseries.influx.url = \"http://127.0.0.1:8086\"", "series.influx"),
            ("series.store = \"postgres\"", "series.store"),
            ("series.influx.url = \"http://127.0.0.1:8086\"\nseries.influx.bucket = \"b\"", "series.influx"),
            ("series.influx.url = \"http://influx.example\"\nseries.influx.bucket = \"b\"", "series.influx.url"),
            ("series.influx.user = \"chief\"", "series.influx"),
            ("series.influx.token_file = \"/nowhere/token\"", "series.influx.token_file"),
            ("series.influx.api = \"v3\"", "series.influx.api"),
        ] {
            let mistakes = Config::parse(text).unwrap_err();
            assert!(mistakes.0.iter().any(|mistake| mistake.key == key), "{text}: {mistakes}");
        }
    }
}
