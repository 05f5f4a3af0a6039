//! A ledger as a file: JSON, CSV or XML, read into lines that are each taken or refused by themselves.
//!
//! A file that is not of its format at all is refused as a whole, so that nothing is half imported.

use super::book::Names;
use super::csv;
use sealway_schemas::ledger::{GoodsLine, LedgerFormat, Quantity, RefusedLine};
use serde_json::Value;
use std::collections::BTreeMap;
use std::str::FromStr;

/// The fields of a line, by the same names in each format.
const FIELDS: [&str; 8] = ["goods", "hs", "name_zh", "name_en", "unit", "status", "quantity", "weight_kg"];
pub(crate) const NAMESPACE: &str = "urn:sealway:ledger:1";
const LINES_LIMIT: usize = 20_000;
const NAME_LIMIT: usize = 200;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FileRefusal {
    #[error("file: {0}")]
    Json(String),
    #[error("file: {0}, expected XML")]
    Xml(String),
    #[error("file: a quote that is not closed or stands inside a field, expected CSV")]
    Csv,
    #[error("heading {found:?}, expected {expected}", expected = FIELDS.join(","))]
    Heading { found: String },
    #[error("element {found:?} in {namespace:?}, expected ledger in {NAMESPACE:?}")]
    Root { found: String, namespace: String },
    #[error("file of {0} lines, expected 1 to {LINES_LIMIT}")]
    Lines(usize),
}

/// A line before its fields were looked at: what it says, or why it says nothing.
type Raw = Result<BTreeMap<String, String>, String>;
pub(crate) type Line = Result<LedgerLine, RefusedLine>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LedgerLine {
    pub(crate) goods: GoodsLine,
    pub(crate) names: Names,
}

pub(crate) fn read(format: LedgerFormat, content: &str) -> Result<Vec<Line>, FileRefusal> {
    let content = content.strip_prefix('\u{feff}').unwrap_or(content);
    let raw = match format {
        LedgerFormat::Json => json(content)?,
        LedgerFormat::Csv => comma_separated(content)?,
        LedgerFormat::Xml => xml(content)?,
    };
    if !(1..=LINES_LIMIT).contains(&raw.len()) {
        return Err(FileRefusal::Lines(raw.len()));
    }
    Ok((1..).zip(raw).map(|(number, raw)| line(number, raw)).collect())
}

fn json(content: &str) -> Result<Vec<Raw>, FileRefusal> {
    let values: Vec<Value> = serde_json::from_str(content).map_err(|error| FileRefusal::Json(error.to_string()))?;
    Ok(values.into_iter().map(json_line).collect())
}

fn json_line(value: Value) -> Raw {
    let Value::Object(fields) = value else { return Err("expected an object".to_owned()) };
    let text = |(name, value)| match value {
        Value::String(text) => Ok((name, text)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            Err(format!("field {name}: expected a text"))
        }
    };
    fields.into_iter().map(text).collect()
}

fn comma_separated(content: &str) -> Result<Vec<Raw>, FileRefusal> {
    let mut rows = csv::rows(content).ok_or(FileRefusal::Csv)?.into_iter();
    let heading = rows.next().unwrap_or_default();
    if heading != FIELDS {
        return Err(FileRefusal::Heading { found: heading.join(",").chars().take(120).collect() });
    }
    let raw = |row: Vec<String>| match row.len() {
        count if count == FIELDS.len() => Ok(FIELDS.into_iter().map(str::to_owned).zip(row).collect()),
        count => Err(format!("{count} fields, expected {}", FIELDS.len())),
    };
    Ok(rows.map(raw).collect())
}

fn xml(content: &str) -> Result<Vec<Raw>, FileRefusal> {
    // Without a DTD, which could make a small file a large one.
    let document = roxmltree::Document::parse(content).map_err(|error| FileRefusal::Xml(error.to_string()))?;
    let root = document.root_element();
    if !root.has_tag_name((NAMESPACE, "ledger")) {
        let name = root.tag_name();
        let namespace = name.namespace().unwrap_or_default().chars().take(64).collect();
        return Err(FileRefusal::Root { found: name.name().chars().take(64).collect(), namespace });
    }
    let raw = |element: roxmltree::Node<'_, '_>| {
        if !element.has_tag_name((NAMESPACE, "line")) {
            return Err("expected an element line".to_owned());
        }
        Ok(element.attributes().map(|attribute| (attribute.name().to_owned(), attribute.value().to_owned())).collect())
    };
    Ok(root.children().filter(roxmltree::Node::is_element).map(raw).collect())
}

fn line(number: u32, raw: Raw) -> Line {
    let refused = |code: &str, detail: String| RefusedLine { line: number, code: code.to_owned(), detail };
    let mut fields = raw.map_err(|detail| refused("line-malformed", format!("line {number}: {detail}")))?;
    let mut take = |name: &'static str| {
        let missing = || refused("field-missing", format!("line {number}: field {name} is missing"));
        fields.remove(name).ok_or_else(missing)
    };
    let names = Names { zh: take("name_zh")?, en: take("name_en")? };
    if let Some(bad) = [&names.zh, &names.en].into_iter().find(|name| !is_name(name)) {
        let detail =
            format!("line {number}: name of {} characters, expected 1 to {NAME_LIMIT} without control characters", bad.chars().count());
        return Err(refused("name", detail));
    }
    let goods = GoodsLine {
        goods: parsed(number, take("goods")?)?,
        hs: parsed(number, take("hs")?)?,
        unit: parsed(number, take("unit")?)?,
        status: parsed(number, take("status")?)?,
        quantity: parsed(number, take("quantity")?)?,
        weight_kg: parsed(number, take("weight_kg")?)?,
    };
    if let Some(unknown) = fields.keys().next() {
        let shown: String = unknown.chars().take(64).collect();
        return Err(refused("field-unknown", format!("line {number}: field {shown:?}, expected one of {}", FIELDS.join(", "))));
    }
    if goods.quantity == Quantity::ZERO {
        return Err(refused("quantity-zero", format!("line {number}: quantity 0, expected more")));
    }
    Ok(LedgerLine { goods, names })
}

fn parsed<T: FromStr<Err = sealway_schemas::ledger::NotAValue>>(number: u32, text: String) -> Result<T, RefusedLine> {
    text.parse().map_err(|fault: T::Err| RefusedLine {
        line: number,
        code: format!("{}-malformed", fault.kind.to_ascii_lowercase().replace(' ', "-")),
        detail: format!("line {number}: {fault}"),
    })
}

fn is_name(text: &str) -> bool {
    (1..=NAME_LIMIT).contains(&text.chars().count()) && !text.trim().is_empty() && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: &str = r#"[{"goods":"CHIP","hs":"85423190","name_zh":"芯片, \"甲\"","name_en":"Chip <A>","unit":"PCE","status":"bonded","quantity":"12.5","weight_kg":"3"}]"#;
    const CSV: &str =
        "goods,hs,name_zh,name_en,unit,status,quantity,weight_kg\r\nCHIP,85423190,\"芯片, \"\"甲\"\"\",Chip <A>,PCE,bonded,12.5,3\r\n";
    const XML: &str = "<?xml version=\"1.0\"?><ledger xmlns=\"urn:sealway:ledger:1\">\n <line goods=\"CHIP\" hs=\"85423190\" name_zh=\"芯片, &quot;甲&quot;\" \
        name_en=\"Chip &lt;A&gt;\" unit=\"PCE\" status=\"bonded\" quantity=\"12.5\" weight_kg=\"3\"/>\n</ledger>";

    #[test]
    fn the_same_ledger_in_three_formats_is_the_same_ledger() {
        let expected = read(LedgerFormat::Json, JSON).unwrap();
        assert!(expected[0].is_ok(), "{expected:?}");
        assert_eq!(read(LedgerFormat::Csv, CSV).unwrap(), expected);
        assert_eq!(read(LedgerFormat::Csv, &format!("\u{feff}{CSV}")).unwrap(), expected, "as a spreadsheet writes it");
        assert_eq!(read(LedgerFormat::Xml, XML).unwrap(), expected);
    }

    #[test]
    fn one_bad_line_is_refused_by_itself_and_says_why() {
        let good = "CHIP,85423190,芯,Chip,PCE,bonded,1,1";
        for (bad, code) in [
            ("CHIP,8542,芯,Chip,PCE,bonded,1,1", "hs-code-malformed"),
            ("CH P,85423190,芯,Chip,PCE,bonded,1,1", "goods-malformed"),
            ("CHIP,85423190,芯,Chip,pieces,bonded,1,1", "unit-malformed"),
            ("CHIP,85423190,芯,Chip,PCE,free,1,1", "status-malformed"),
            ("CHIP,85423190,芯,Chip,PCE,bonded,-1,1", "quantity-malformed"),
            ("CHIP,85423190,芯,Chip,PCE,bonded,0,1", "quantity-zero"),
            ("CHIP,85423190,,Chip,PCE,bonded,1,1", "name"),
            ("CHIP,85423190", "line-malformed"),
        ] {
            let lines = read(LedgerFormat::Csv, &format!("{}\n{good}\n{bad}\n{good}\n", FIELDS.join(","))).unwrap();
            let refused = lines[1].as_ref().unwrap_err();
            assert_eq!((refused.line, refused.code.as_str()), (2, code), "{refused:?}");
            assert!(lines[0].is_ok() && lines[2].is_ok());
        }
    }

    #[test]
    fn a_file_that_is_not_of_its_format_is_refused_as_a_whole() {
        let bomb = "<!DOCTYPE l [<!ENTITY a \"aaaa\">]><ledger xmlns=\"urn:sealway:ledger:1\">&a;</ledger>";
        for (format, content) in [
            (LedgerFormat::Json, "{}"),
            (LedgerFormat::Json, "[{]"),
            (LedgerFormat::Json, "[]"),
            (LedgerFormat::Csv, "goods\nCHIP\n"),
            (LedgerFormat::Csv, "\"goods"),
            (LedgerFormat::Csv, ""),
            (LedgerFormat::Xml, "<ledger><line/></ledger>"),
            (LedgerFormat::Xml, "<ledger xmlns=\"urn:sealway:ledger:1\"><line>"),
            (LedgerFormat::Xml, bomb),
        ] {
            assert!(read(format, content).is_err(), "{content}");
        }
    }

    #[test]
    fn a_field_that_is_missing_or_unknown_refuses_its_line() {
        for (json, code) in [
            (JSON.replace("\"unit\":\"PCE\",", ""), "field-missing"),
            (JSON.replace("\"unit\"", "\"price\":\"1\",\"unit\""), "field-unknown"),
            (JSON.replace("\"12.5\"", "12.5"), "line-malformed"),
            ("[7]".to_owned(), "line-malformed"),
        ] {
            assert_eq!(read(LedgerFormat::Json, &json).unwrap()[0].as_ref().unwrap_err().code, code, "{json}");
        }
    }

    const SCHEMA: &str = include_str!("../../../../schemas/ledger/ledger.schema.json");
    const XSD: &str = include_str!("../../../../schemas/ledger/ledger.xsd");

    #[test]
    fn the_published_samples_are_the_same_ledger_and_every_line_is_taken() {
        let expected = read(LedgerFormat::Json, include_str!("../../../../schemas/ledger/ledger.json")).unwrap();
        assert!(expected.len() == 2 && expected.iter().all(Result::is_ok), "{expected:?}");
        assert_eq!(read(LedgerFormat::Csv, include_str!("../../../../schemas/ledger/ledger.csv")).unwrap(), expected);
        assert_eq!(read(LedgerFormat::Xml, include_str!("../../../../schemas/ledger/ledger.xml")).unwrap(), expected);
    }

    #[test]
    fn the_published_schemas_ask_for_the_fields_that_are_read() {
        let schema: Value = serde_json::from_str(SCHEMA).unwrap();
        let required: Vec<&str> = schema["items"]["required"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        assert_eq!(required, FIELDS);
        assert_eq!(schema["items"]["properties"].as_object().unwrap().len(), FIELDS.len());
        assert_eq!(schema["maxItems"], LINES_LIMIT);
        let xsd = roxmltree::Document::parse(XSD).unwrap();
        assert_eq!(xsd.root_element().attribute("targetNamespace"), Some(NAMESPACE));
        let attributes = xsd.descendants().filter(|node| node.has_tag_name(("http://www.w3.org/2001/XMLSchema", "attribute")));
        assert_eq!(attributes.filter_map(|node| node.attribute("name")).collect::<Vec<_>>(), FIELDS);
    }

    #[test]
    fn both_published_schemas_have_the_same_patterns() {
        let schema: Value = serde_json::from_str(SCHEMA).unwrap();
        let xsd = roxmltree::Document::parse(XSD).unwrap();
        let pattern = |name: &str| {
            let of = xsd.descendants().find(|node| node.tag_name().name() == "simpleType" && node.attribute("name") == Some(name))?;
            of.descendants().find(|node| node.tag_name().name() == "pattern")?.attribute("value")
        };
        for (field, name) in [("goods", "goods"), ("hs", "hs"), ("unit", "unit"), ("quantity", "amount"), ("weight_kg", "amount")] {
            // In an XSD a pattern is about the whole text, and a hyphen is escaped.
            let whole = format!("^{}$", pattern(name).unwrap().replace("\\-", "-"));
            assert_eq!(schema["items"]["properties"][field]["pattern"], whole, "{field}");
        }
    }
}
