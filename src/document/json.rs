//! State files: strict JSON (RFC 8259) that keeps spans.
//!
//! A key that occurs twice, a trailing comma or the markers of a merge
//! conflict let two readers see two states. So this reader goes on behind
//! such a mistake where it can, keeps every member in order, and reports each
//! one; nothing that it could not read becomes "no entries".

use std::borrow::Cow;
use std::collections::HashSet;

use crate::text::{Span, Spanned};

use super::{Fault, Parsed};

/// Values nested deeper than this are not read.
const DEEPEST: usize = 64;

/// A value without its place.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, as written.
    Number(String),
    /// A string, escapes decoded.
    Text(String),
    /// An array.
    List(Vec<Node>),
    /// An object: all members in order, doubled keys included.
    Map(Vec<(Spanned<String>, Node)>),
}

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// What it is.
    pub value: Value,
    /// Where; the quotes of a string are part of it.
    pub span: Span,
}

impl Node {
    /// The first member with this key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.members().iter().find(|(name, _)| name.value == key).map(|(_, node)| node)
    }

    /// The members of an object; none for anything else.
    #[must_use]
    pub fn members(&self) -> &[(Spanned<String>, Node)] {
        if let Value::Map(members) = &self.value { members } else { &[] }
    }

    /// The items of an array; none for anything else.
    #[must_use]
    pub fn items(&self) -> &[Node] {
        if let Value::List(items) = &self.value { items } else { &[] }
    }

    /// The text of a string with its place.
    #[must_use]
    pub fn text(&self) -> Option<Spanned<String>> {
        if let Value::Text(text) = &self.value { Some(Spanned::new(text.clone(), self.span)) } else { None }
    }

    /// The text of a member that is a string.
    #[must_use]
    pub fn text_of(&self, key: &str) -> Option<Spanned<String>> {
        self.get(key).and_then(Node::text)
    }

    /// The word for what it is.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self.value {
            Value::Null => "null",
            Value::Bool(_) => "a truth value",
            Value::Number(_) => "a number",
            Value::Text(_) => "a string",
            Value::List(_) => "a list",
            Value::Map(_) => "an object",
        }
    }
}

/// Reads one value. `None` if there is none; every mistake is a fault of
/// `record/json`.
#[must_use]
pub fn read(text: &str) -> Parsed<Option<Node>> {
    let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut reader = Reader { text, at: start, faults: Vec::new() };
    let value = reader.value(DEEPEST).ok();
    if value.is_some() && reader.faults.iter().all(|fault| !fault.message.starts_with(BROKEN)) {
        reader.blanks();
        if reader.at < text.len() {
            reader.fault(reader.rest_of_line(), "there is text behind the end of the JSON value");
        }
    }
    Parsed { value, faults: reader.faults }
}

/// All strings of a value, keys included, in order.
pub fn strings(node: &Node, out: &mut Vec<Spanned<String>>) {
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

/// Faults for members of the root that the format does not have: a misspelt
/// key would hide what stands under it.
#[must_use]
pub fn other_keys(root: &Node, known: &[&str]) -> Vec<Fault> {
    let others = root.members().iter().filter(|(key, _)| !known.contains(&key.value.as_str()));
    let fault = |(key, _): &(Spanned<String>, Node)| Fault {
        rule: "record/json",
        message: format!(
            "`{}` is no key of this file, so nobody reads it",
            crate::text::one_line(&key.value, 60)
        ),
        span: key.span,
    };
    others.map(fault).collect()
}

/// How the message of a mistake begins behind which reading cannot go on.
const BROKEN: &str = "this is no JSON";

/// Reading cannot go on.
struct Stop;

struct Reader<'t> {
    text: &'t str,
    at: usize,
    faults: Vec<Fault>,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn eat(&mut self, byte: u8) -> bool {
        self.blanks();
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn fault(&mut self, span: Span, message: impl Into<String>) {
        self.faults.push(Fault { rule: "record/json", message: message.into(), span });
    }

    fn rest_of_line(&self) -> Span {
        let rest = self.text.get(self.at..).unwrap_or("");
        let end = rest.find(['\n', '\r']).unwrap_or(rest.len());
        Span::new(self.at, self.at + end)
    }

    fn stop<T>(&mut self, why: &str) -> Result<T, Stop> {
        let mut span = self.rest_of_line();
        if span.is_empty() {
            // At the end of the text the last character is the place.
            let back = self.text.get(..self.at).and_then(|text| text.char_indices().next_back());
            span = back.map_or(span, |(at, c)| Span::new(at, at + c.len_utf8()));
        }
        self.fault(span, format!("{BROKEN}: {why}"));
        Err(Stop)
    }

    fn value(&mut self, depth: usize) -> Result<Node, Stop> {
        self.blanks();
        let start = self.at;
        let Some(depth) = depth.checked_sub(1) else { return self.stop("it is nested too deeply") };
        let value = match self.peek() {
            Some(b'{') => self.map(depth)?,
            Some(b'[') => self.list(depth)?,
            Some(b'"') => Value::Text(self.string()?.value),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(b'<' | b'=' | b'>') => {
                return self.stop("a value is expected here; is this a merge conflict?");
            }
            Some(_) => self.word()?,
            None => return self.stop("it ends where a value is expected"),
        };
        Ok(Node { value, span: Span::new(start, self.at) })
    }

    fn map(&mut self, depth: usize) -> Result<Value, Stop> {
        self.at += 1;
        let mut members: Vec<(Spanned<String>, Node)> = Vec::new();
        let mut known: HashSet<String> = HashSet::new();
        loop {
            if self.eat(b'}') {
                return Ok(Value::Map(members));
            }
            if self.peek() != Some(b'"') {
                return self.stop("a key in double quotes is expected here");
            }
            let key = self.string()?;
            if !known.insert(key.value.clone()) {
                let shown = crate::text::one_line(&key.value, 60);
                self.fault(key.span, format!("the key `{shown}` stands in this object a second time"));
            }
            if !self.eat(b':') {
                return self.stop("a colon is expected here");
            }
            let value = self.value(depth)?;
            members.push((key, value));
            self.comma(b'}')?;
        }
    }

    fn list(&mut self, depth: usize) -> Result<Value, Stop> {
        self.at += 1;
        let mut items = Vec::new();
        loop {
            if self.eat(b']') {
                return Ok(Value::List(items));
            }
            items.push(self.value(depth)?);
            self.comma(b']')?;
        }
    }

    /// A comma, or the end of the container, which the caller then eats.
    fn comma(&mut self, end: u8) -> Result<(), Stop> {
        self.blanks();
        let here = self.at;
        if self.eat(b',') {
            self.blanks();
            if self.peek() == Some(end) {
                self.fault(Span::new(here, here + 1), "a comma stands before the end of the list");
            }
            return Ok(());
        }
        if self.peek() == Some(end) {
            Ok(())
        } else {
            self.stop("a comma or the end of the list is expected here")
        }
    }

    fn word(&mut self) -> Result<Value, Stop> {
        let rest = self.text.get(self.at..).unwrap_or("");
        for (word, value) in
            [("true", Value::Bool(true)), ("false", Value::Bool(false)), ("null", Value::Null)]
        {
            if rest.starts_with(word) {
                self.at += word.len();
                return Ok(value);
            }
        }
        self.stop("a value is expected here")
    }

    fn number(&mut self) -> Result<Value, Stop> {
        let rest = self.text.get(self.at..).unwrap_or("");
        let end =
            rest.find(|c: char| !(c.is_ascii_alphanumeric() || "+-.".contains(c))).unwrap_or(rest.len());
        let number = rest.get(..end).unwrap_or("");
        let digits = number.strip_prefix('-').unwrap_or(number);
        let leading_zero = digits.len() > 1 && digits.starts_with('0') && !digits.starts_with("0.");
        if leading_zero || serde_json::from_str::<serde_json::Number>(number).is_err() {
            return self.stop("this is no number");
        }
        let number = number.to_owned();
        self.at += end;
        Ok(Value::Number(number))
    }

    /// A string; `serde_json` decodes its escapes.
    fn string(&mut self) -> Result<Spanned<String>, Stop> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let mut at = start + 1;
        loop {
            match bytes.get(at) {
                Some(b'"') => break,
                Some(b'\\') => at += 2,
                Some(b'\n' | b'\r') | None => return self.stop("this string does not end on its line"),
                Some(_) => at += 1,
            }
        }
        let raw = self.text.get(start..=at).unwrap_or("");
        match serde_json::from_str::<Cow<'_, str>>(raw) {
            Ok(text) => {
                self.at = at + 1;
                Ok(Spanned::new(text.into_owned(), Span::new(start, at + 1)))
            }
            Err(_) => self.stop("this string holds an escape or a control character that JSON does not have"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(text: &str) -> Vec<(usize, String)> {
        read(text).faults.into_iter().map(|fault| (fault.span.start, fault.message)).collect()
    }

    #[test]
    fn good_json_has_no_faults() {
        let text = "\u{feff}{\"a\": [1, -2.5e3, true, null, \"x\\u00e9\\n\"], \"b\": {}}\n";
        let parsed = read(text);
        assert!(parsed.faults.is_empty(), "{:?}", parsed.faults);
        let node = parsed.value.expect("value");
        assert_eq!(node.get("a").map(|a| a.items().len()), Some(5));
        assert_eq!(node.get("a").and_then(|a| a.items()[4].text()).map(|t| t.value), Some("xé\n".into()));
    }

    #[test]
    fn each_mistake_has_a_place_and_hides_nothing() {
        let doubled = read("{\"a\": 1, \"a\": 2}");
        assert_eq!(doubled.faults.len(), 1);
        assert_eq!(doubled.faults[0].span, Span::new(9, 12));
        assert_eq!(doubled.value.map(|v| v.members().len()), Some(2));
        assert_eq!(faults("[1, 2,]")[0].0, 5);
        assert!(faults("{\n<<<<<<< ours\n\"a\": 1\n=======\n}")[0].1.contains("key in double quotes"));
        assert!(faults("[\n<<<<<<< ours\n1]")[0].1.contains("merge conflict"));
        for bad in [
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
            assert!(!faults(bad).is_empty(), "{bad:?}");
        }
        assert!(!faults(&"[".repeat(100_000)).is_empty());
    }
}
