//! State files: strict JSON (RFC 8259) that keeps spans.
//!
//! Two readers can read two states from a duplicate key, a trailing comma or
//! the markers of a merge conflict. So this reader continues after such a
//! mistake where it can, keeps every member in order, and reports each
//! mistake. Unreadable input is reported, never treated as an empty list.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::text::{Span, Spanned};

use super::{Fault, Parsed};

/// Maximum nesting depth of values; deeper values are refused.
const MAX_JSON_DEPTH: usize = 64;

/// A value without its span.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum JsonValue {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, as written.
    Number(String),
    /// A string, escapes decoded.
    Text(String),
    /// An array.
    Array(Vec<JsonNode>),
    /// An object: all members in order, duplicate keys included.
    Object(Vec<(Spanned<String>, JsonNode)>),
}

/// A value with its span.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct JsonNode {
    /// The value.
    pub value: JsonValue,
    /// Location in the text; includes the quotes of a string.
    pub span: Span,
}

impl JsonNode {
    /// Returns the value of the first member with this key.
    #[must_use]
    pub(crate) fn get(&self, key: &str) -> Option<&JsonNode> {
        self.members().iter().find(|(name, _)| name.value == key).map(|(_, node)| node)
    }

    /// Returns the members of an object; empty for other types.
    #[must_use]
    pub(crate) fn members(&self) -> &[(Spanned<String>, JsonNode)] {
        if let JsonValue::Object(members) = &self.value { members } else { &[] }
    }

    /// Returns the items of an array; empty for other types.
    #[must_use]
    pub(crate) fn items(&self) -> &[JsonNode] {
        if let JsonValue::Array(items) = &self.value { items } else { &[] }
    }

    /// Returns the text of a string with its span; `None` for other types.
    #[must_use]
    pub(crate) fn text(&self) -> Option<Spanned<String>> {
        if let JsonValue::Text(text) = &self.value {
            Some(Spanned::new(text.clone(), self.span))
        } else {
            None
        }
    }

    /// Returns the text of a member; `None` if it is absent or not a string.
    #[must_use]
    pub(crate) fn get_text(&self, key: &str) -> Option<Spanned<String>> {
        self.get(key).and_then(JsonNode::text)
    }

    /// Returns the name of the value's type, with its article.
    #[must_use]
    pub(crate) fn type_name(&self) -> &'static str {
        match self.value {
            JsonValue::Null => "null",
            JsonValue::Bool(_) => "a boolean",
            JsonValue::Number(_) => "a number",
            JsonValue::Text(_) => "a string",
            JsonValue::Array(_) => "a list",
            JsonValue::Object(_) => "an object",
        }
    }
}

/// Reads one value; `None` if the text has no readable value. Every mistake
/// is a fault of `record/json`.
#[must_use]
pub(crate) fn parse(text: &str) -> Parsed<Option<JsonNode>> {
    let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut reader = JsonReader { text, offset: start, faults: Vec::new() };
    let value = reader.read_value(MAX_JSON_DEPTH).ok();
    if value.is_some() && reader.faults.iter().all(|fault| !fault.message.starts_with(INVALID_JSON)) {
        reader.skip_whitespace();
        if reader.offset < text.len() {
            reader.add_fault(reader.rest_of_line(), "unexpected text after the end of the JSON value");
        }
    }
    Parsed { value, faults: reader.faults }
}

/// Appends all strings of a value to `out`, keys included, in order.
pub(crate) fn collect_strings(node: &JsonNode, out: &mut Vec<Spanned<String>>) {
    let mut open = vec![node];
    while let Some(node) = open.pop() {
        out.extend(node.text());
        for (key, value) in node.members().iter().rev() {
            out.push(key.clone());
            open.push(value);
        }
        open.extend(node.items().iter().rev());
    }
}

/// Returns faults for unknown members of the root. A misspelled key would
/// hide its value from every check.
#[must_use]
pub(crate) fn unknown_key_faults(root: &JsonNode, known: &[&str]) -> Vec<Fault> {
    let others = root.members().iter().filter(|(key, _)| !known.contains(&key.value.as_str()));
    let fault = |(key, _): &(Spanned<String>, JsonNode)| Fault {
        rule: "record/json",
        message: format!(
            "unknown key `{}`, which is ignored; expected one of: {}",
            crate::text::to_single_line(&key.value, 60),
            known.join(", ")
        ),
        span: key.span,
    };
    others.map(fault).collect()
}

/// Start of the message of a mistake after which reading cannot continue.
const INVALID_JSON: &str = "invalid JSON";

/// Number of keys of an object that are compared one by one.
const FEW_KEYS: usize = 16;

/// The keys of an object; a set of them only if there are many.
#[derive(Default)]
struct KnownKeys(HashSet<String>);

impl KnownKeys {
    /// Returns whether `key` is new after the keys of `members`, and adds it.
    fn insert(&mut self, members: &[(Spanned<String>, JsonNode)], key: &str) -> bool {
        if members.len() < FEW_KEYS {
            return members.iter().all(|(known, _)| known.value != key);
        }
        if self.0.is_empty() {
            self.0.extend(members.iter().map(|(known, _)| known.value.clone()));
        }
        self.0.insert(key.to_owned())
    }
}

/// Error of a reader function: reading cannot continue. The mistake is
/// already recorded as a fault.
struct JsonAbort;

struct JsonReader<'t> {
    text: &'t str,
    offset: usize,
    faults: Vec<Fault>,
}

impl JsonReader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.offset).copied()
    }

    fn skip_whitespace(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.offset += 1;
        }
    }

    fn consume(&mut self, byte: u8) -> bool {
        self.skip_whitespace();
        let found = self.peek() == Some(byte);
        self.offset += usize::from(found);
        found
    }

    fn add_fault(&mut self, span: Span, message: impl Into<String>) {
        self.faults.push(Fault { rule: "record/json", message: message.into(), span });
    }

    fn rest_of_line(&self) -> Span {
        let rest = self.text.get(self.offset..).unwrap_or("");
        let end = rest.find(['\n', '\r']).unwrap_or(rest.len());
        Span::new(self.offset, self.offset + end)
    }

    fn abort<T>(&mut self, reason: &str) -> Result<T, JsonAbort> {
        let mut span = self.rest_of_line();
        if span.is_empty() {
            // At the end of the text, report the last character.
            let back = self.text.get(..self.offset).and_then(|text| text.char_indices().next_back());
            span = back.map_or(span, |(at, c)| Span::new(at, at + c.len_utf8()));
        }
        self.add_fault(span, format!("{INVALID_JSON}: {reason}"));
        Err(JsonAbort)
    }

    fn read_value(&mut self, depth: usize) -> Result<JsonNode, JsonAbort> {
        self.skip_whitespace();
        let start = self.offset;
        let Some(depth) = depth.checked_sub(1) else {
            return self.abort(&format!("values are nested deeper than {MAX_JSON_DEPTH} levels"));
        };
        let value = match self.peek() {
            Some(b'{') => self.read_object(depth)?,
            Some(b'[') => self.read_array(depth)?,
            Some(b'"') => JsonValue::Text(self.read_string()?.value),
            Some(b'-' | b'0'..=b'9') => self.read_number()?,
            Some(b'<' | b'=' | b'>') => {
                return self.abort("expected a value; this looks like a merge conflict");
            }
            Some(_) => self.read_keyword()?,
            None => return self.abort("the text ends where a value is expected"),
        };
        Ok(JsonNode { value, span: Span::new(start, self.offset) })
    }

    fn read_object(&mut self, depth: usize) -> Result<JsonValue, JsonAbort> {
        self.offset += 1;
        let mut members: Vec<(Spanned<String>, JsonNode)> = Vec::new();
        let mut known = KnownKeys::default();
        loop {
            if self.consume(b'}') {
                return Ok(JsonValue::Object(members));
            }
            if self.peek() != Some(b'"') {
                return self.abort("expected a key in double quotes");
            }
            let key = self.read_string()?;
            if !known.insert(&members, &key.value) {
                let shown = crate::text::to_single_line(&key.value, 60);
                self.add_fault(key.span, format!("the key `{shown}` occurs a second time in this object"));
            }
            if !self.consume(b':') {
                return self.abort("expected a colon after the key");
            }
            let value = self.read_value(depth)?;
            members.push((key, value));
            self.read_separator(b'}')?;
        }
    }

    fn read_array(&mut self, depth: usize) -> Result<JsonValue, JsonAbort> {
        self.offset += 1;
        let mut items = Vec::new();
        loop {
            if self.consume(b']') {
                return Ok(JsonValue::Array(items));
            }
            items.push(self.read_value(depth)?);
            self.read_separator(b']')?;
        }
    }

    /// Reads a comma, or stops before the end of the container, which the caller
    /// consumes.
    fn read_separator(&mut self, end: u8) -> Result<(), JsonAbort> {
        self.skip_whitespace();
        let here = self.offset;
        if self.consume(b',') {
            self.skip_whitespace();
            if self.peek() == Some(end) {
                self.add_fault(Span::new(here, here + 1), "trailing comma before the closing bracket");
            }
            return Ok(());
        }
        if self.peek() == Some(end) {
            Ok(())
        } else {
            self.abort(&format!("expected a comma or `{}`", char::from(end)))
        }
    }

    fn read_keyword(&mut self) -> Result<JsonValue, JsonAbort> {
        let rest = self.text.get(self.offset..).unwrap_or("");
        for (word, value) in
            [("true", JsonValue::Bool(true)), ("false", JsonValue::Bool(false)), ("null", JsonValue::Null)]
        {
            if rest.starts_with(word) {
                self.offset += word.len();
                return Ok(value);
            }
        }
        self.abort("expected a value")
    }

    fn read_number(&mut self) -> Result<JsonValue, JsonAbort> {
        let rest = self.text.get(self.offset..).unwrap_or("");
        let end =
            rest.find(|c: char| !(c.is_ascii_alphanumeric() || "+-.".contains(c))).unwrap_or(rest.len());
        let number = rest.get(..end).unwrap_or("");
        let digits = number.strip_prefix('-').unwrap_or(number);
        let leading_zero = digits.len() > 1 && digits.starts_with('0') && !digits.starts_with("0.");
        if leading_zero || serde_json::from_str::<serde_json::Number>(number).is_err() {
            let shown = crate::text::to_single_line(number, 60);
            return self.abort(&format!("invalid number `{shown}`"));
        }
        let number = number.to_owned();
        self.offset += end;
        Ok(JsonValue::Number(number))
    }

    /// Reads a string; `serde_json` decodes its escapes.
    fn read_string(&mut self) -> Result<Spanned<String>, JsonAbort> {
        let start = self.offset;
        let bytes = self.text.as_bytes();
        let mut at = start + 1;
        // Most strings have nothing to decode.
        let plain = bytes.get(at..).unwrap_or_default().iter();
        at += plain.take_while(|byte| !matches!(byte, b'"' | b'\\' | 0..=0x1f)).count();
        if let (Some(b'"'), Some(text)) = (bytes.get(at), self.text.get(start + 1..at)) {
            self.offset = at + 1;
            return Ok(Spanned::new(text.to_owned(), Span::new(start, at + 1)));
        }
        loop {
            match bytes.get(at) {
                Some(b'"') => break,
                Some(b'\\') => at += 2,
                Some(b'\n' | b'\r') | None => {
                    return self.abort("this string has no closing quote on its line");
                }
                Some(_) => at += 1,
            }
        }
        let raw = self.text.get(start..=at).unwrap_or("");
        match serde_json::from_str::<Cow<'_, str>>(raw) {
            Ok(text) => {
                self.offset = at + 1;
                Ok(Spanned::new(text.into_owned(), Span::new(start, at + 1)))
            }
            Err(_) => {
                self.abort("this string contains an escape or a control character that JSON does not allow")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(text: &str) -> Vec<(usize, String)> {
        parse(text).faults.into_iter().map(|fault| (fault.span.start, fault.message)).collect()
    }

    #[test]
    fn valid_json_has_no_faults() {
        let text = "\u{feff}{\"a\": [1, -2.5e3, true, null, \"x\\u00e9\\n\"], \"b\": {}}\n";
        let parsed = parse(text);
        assert!(parsed.faults.is_empty(), "{:?}", parsed.faults);
        let node = parsed.value.expect("value");
        assert_eq!(node.get("a").map(|a| a.items().len()), Some(5));
        assert_eq!(node.get("a").and_then(|a| a.items()[4].text()).map(|t| t.value), Some("xé\n".into()));
    }

    #[test]
    fn each_mistake_has_a_span_and_hides_no_member() {
        let duplicate = parse("{\"a\": 1, \"a\": 2}");
        assert_eq!(duplicate.faults.len(), 1);
        assert_eq!(duplicate.faults[0].span, Span::new(9, 12));
        assert_eq!(duplicate.value.map(|v| v.members().len()), Some(2));
        assert_eq!(faults("[1, 2,]")[0].0, 5);
        assert!(faults("{\n<<<<<<< ours\n\"a\": 1\n=======\n}")[0].1.contains("key in double quotes"));
        assert!(faults("[\n<<<<<<< ours\n1]")[0].1.contains("merge conflict"));
        for invalid in [
            "",
            " ",
            "{",
            "[1",
            "{\"a\" 1}",
            "01",
            "1 2",
            "\"a",
            "\"\\x\"",
            "nul",
            "{1:2}",
            "[1 2]",
            "\"a\nb\"",
        ] {
            assert!(!faults(invalid).is_empty(), "{invalid:?}");
        }
        assert!(!faults(&"[".repeat(100_000)).is_empty());
    }
}
