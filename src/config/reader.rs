//! Reads keys of a TOML document one by one and remembers every mistake on the way.

use super::{Mistake, Mistakes};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;
use toml::{Table, Value};

const SECRET_LIMIT: usize = 1_000;

pub(super) struct Reader {
    table: Table,
    asked: BTreeSet<String>,
    mistakes: Vec<Mistake>,
}

impl Reader {
    pub(super) fn new(text: &str) -> Result<Self, Mistakes> {
        let table = text.parse::<Table>().map_err(|error| {
            let line = error.span().map_or(1, |span| text.get(..span.start).unwrap_or_default().lines().count().max(1));
            Mistakes(vec![Mistake { key: format!("line {line}"), value: error.message().to_owned(), expected: "TOML".to_owned() }])
        })?;
        Ok(Self { table, asked: BTreeSet::new(), mistakes: Vec::new() })
    }

    pub(super) fn mistake(&mut self, key: &str, value: &str, expected: &str) {
        self.mistakes.push(Mistake { key: key.to_owned(), value: value.to_owned(), expected: expected.to_owned() });
    }

    pub(super) fn text(&mut self, key: &str) -> Option<String> {
        self.read(key, "a text", |value| value.as_str().map(str::to_owned))
    }

    /// A list of texts that all are what they should be.
    pub(super) fn list<T: std::str::FromStr>(&mut self, key: &str, expected: &str) -> Option<Vec<T>> {
        self.read(key, expected, |value| value.as_array()?.iter().map(|entry| entry.as_str()?.parse().ok()).collect())
    }

    pub(super) fn flag(&mut self, key: &str) -> Option<bool> {
        self.read(key, "true or false", Value::as_bool)
    }

    pub(super) fn path(&mut self, key: &str) -> Option<PathBuf> {
        self.read(key, "a path", |value| value.as_str().filter(|path| !path.is_empty()).map(PathBuf::from))
    }

    /// The path of a file that is there.
    pub(super) fn file(&mut self, key: &str) -> Option<PathBuf> {
        self.read(key, "the path of a file that can be read", |value| {
            value.as_str().map(PathBuf::from).filter(|path| std::fs::File::open(path).is_ok())
        })
    }

    /// What is in a file, without the line's end: a secret is not written into a configuration.
    pub(super) fn secret(&mut self, key: &str) -> Option<String> {
        self.read(key, "the path of a file with a secret in one line", |value| {
            let text = std::fs::read_to_string(value.as_str()?).ok()?;
            let line = text.trim_end_matches(['\r', '\n']);
            (!line.is_empty() && line.len() <= SECRET_LIMIT && !line.chars().any(char::is_control)).then(|| line.to_owned())
        })
    }

    pub(super) fn address(&mut self, key: &str) -> Option<SocketAddr> {
        self.read(key, "an IP address and port, as in \"127.0.0.1:1883\"", |value| value.as_str()?.parse().ok())
    }

    pub(super) fn duration(&mut self, key: &str) -> Option<Duration> {
        self.read(key, "a duration, as in \"10s\"", |value| crate::duration::parse(value.as_str()?).ok())
    }

    /// The same, or "0s" for none.
    pub(super) fn pause(&mut self, key: &str) -> Option<Duration> {
        self.read(key, "a duration, as in \"10s\", or \"0s\"", |value| match value.as_str()? {
            "0s" => Some(Duration::ZERO),
            text => crate::duration::parse(text).ok(),
        })
    }

    pub(super) fn whole<T: TryFrom<i64>>(&mut self, key: &str, allowed: RangeInclusive<i64>) -> Option<T> {
        let expected = format!("a whole number from {} to {}", allowed.start(), allowed.end());
        self.read(key, &expected, |value| value.as_integer().filter(|number| allowed.contains(number))?.try_into().ok())
    }

    pub(super) fn choice<T: Copy>(&mut self, key: &str, choices: &[(&str, T)]) -> Option<T> {
        let names: Vec<String> = choices.iter().map(|(name, _)| format!("{name:?}")).collect();
        self.read(key, &names.join(" or "), |value| {
            let text = value.as_str()?;
            choices.iter().find_map(|(name, choice)| (*name == text).then_some(*choice))
        })
    }

    /// A list of tables, each with exactly these keys, all texts.
    pub(super) fn tables<const N: usize>(&mut self, key: &str, keys: [&str; N]) -> Vec<[String; N]> {
        let expected = format!("tables [[{key}]], each with {}", keys.join(" and "));
        let read = self
            .read(key, &expected, |value| value.as_array()?.iter().map(|entry| texts(entry.as_table()?, keys)).collect::<Option<Vec<_>>>());
        read.unwrap_or_default()
    }

    /// Reads each table of a list by itself. What is wrong in it is told under the list's name.
    pub(super) fn each<T>(&mut self, key: &str, read: impl Fn(&mut Reader) -> Option<T>) -> Vec<T> {
        let expected = format!("tables [[{key}]]");
        let tables = self
            .read(key, &expected, |value| value.as_array()?.iter().map(|entry| entry.as_table().cloned()).collect::<Option<Vec<Table>>>());
        let mut values = Vec::new();
        for table in tables.unwrap_or_default() {
            let mut entry = Reader { table, asked: BTreeSet::new(), mistakes: Vec::new() };
            let value = read(&mut entry);
            match entry.finish(value) {
                Ok(value) => values.extend(value),
                Err(Mistakes(mistakes)) => {
                    let told = mistakes.into_iter().map(|mistake| Mistake { key: format!("{key}.{}", mistake.key), ..mistake });
                    self.mistakes.extend(told);
                }
            }
        }
        values
    }

    /// A section that has some of its keys and needs all.
    pub(super) fn incomplete(&mut self, section: &str, keys: &[&str]) {
        self.mistake(section, "incomplete", &format!("all of {}", keys.join(", ")));
    }

    /// The configuration, if nothing was wrong and no key was left unread.
    pub(super) fn finish<T>(mut self, value: T) -> Result<T, Mistakes> {
        let mut unread = Vec::new();
        leaves("", &Value::Table(std::mem::take(&mut self.table)), &mut unread);
        for (key, value) in unread {
            if !self.asked.contains(&key) {
                self.mistake(&key, &value, "a key that exists (`sealway config template` lists them)");
            }
        }
        if self.mistakes.is_empty() { Ok(value) } else { Err(Mistakes(self.mistakes)) }
    }

    fn read<T>(&mut self, key: &str, expected: &str, parse: impl FnOnce(&Value) -> Option<T>) -> Option<T> {
        self.asked.insert(key.to_owned());
        let value = find(&self.table, key)?;
        let parsed = parse(value);
        if parsed.is_none() {
            let value = value.to_string();
            self.mistake(key, &value, expected);
        }
        parsed
    }
}

fn texts<const N: usize>(table: &Table, keys: [&str; N]) -> Option<[String; N]> {
    let texts: Vec<String> = keys.iter().map(|key| Some(table.get(*key)?.as_str()?.to_owned())).collect::<Option<_>>()?;
    texts.try_into().ok().filter(|_| table.len() == N)
}

fn find<'a>(table: &'a Table, key: &str) -> Option<&'a Value> {
    match key.split_once('.') {
        Some((section, rest)) => find(table.get(section)?.as_table()?, rest),
        None => table.get(key),
    }
}

fn leaves(prefix: &str, value: &Value, found: &mut Vec<(String, String)>) {
    let Value::Table(table) = value else {
        found.push((prefix.to_owned(), value.to_string()));
        return;
    };
    for (key, value) in table {
        let key = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        leaves(&key, value, found);
    }
}
