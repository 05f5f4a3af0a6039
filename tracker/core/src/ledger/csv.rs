//! Comma-separated values as RFC 4180 has them: quotes around a field, doubled inside one.

/// Rows of fields. `None` where a quote stands where none may, or is not closed: then nothing after it means anything.
pub(super) fn rows(text: &str) -> Option<Vec<Vec<String>>> {
    let mut rows = Vec::new();
    let mut row = Vec::new();
    let mut chars = text.chars().peekable();
    while chars.peek().is_some() {
        let mut field = String::new();
        if chars.next_if_eq(&'"').is_some() {
            loop {
                match chars.next()? {
                    '"' if chars.next_if_eq(&'"').is_some() => field.push('"'),
                    '"' => break,
                    other => field.push(other),
                }
            }
        } else {
            while let Some(char) = chars.next_if(|char| !matches!(char, ',' | '\n' | '\r')) {
                if char == '"' {
                    return None;
                }
                field.push(char);
            }
        }
        row.push(field);
        match chars.next() {
            Some(',') if chars.peek().is_none() => row.push(String::new()),
            Some(',') => continue,
            Some('\r') if chars.next_if_eq(&'\n').is_none() => return None,
            Some('\r' | '\n') | None => {}
            Some(_) => return None,
        }
        rows.push(std::mem::take(&mut row));
    }
    if !row.is_empty() {
        rows.push(row);
    }
    Some(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_parted_by_commas_and_quotes_keep_them_together() {
        let rows = rows("a,b\r\n\"x, \"\"y\"\"\n z\",\n,\n").unwrap();
        assert_eq!(rows, [vec!["a", "b"], vec!["x, \"y\"\n z", ""], vec!["", ""]]);
    }

    #[test]
    fn a_last_row_needs_no_line_end() {
        assert_eq!(rows("a,b\n1,").unwrap(), [vec!["a", "b"], vec!["1", ""]]);
        assert_eq!(rows("a\n1").unwrap(), [vec!["a"], vec!["1"]]);
    }

    #[test]
    fn a_stray_quote_or_an_open_one_is_no_csv() {
        for bad in ["a\"b,c", "\"a", "\"a\"b,c", "a\rb"] {
            assert_eq!(rows(bad), None, "{bad:?}");
        }
    }
}
