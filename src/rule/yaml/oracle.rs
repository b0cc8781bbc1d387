//! Comparison with `yaml_serde`, the YAML parser of earlier versions: both
//! parsers must read the same values, or both must refuse the text.

use std::fmt::Debug;

use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use super::{YamlError, YamlNode, YamlProblem, parse_yaml_tree};

/// Result of reading one text with both parsers.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    /// Equal values.
    Equal,
    /// Both parsers refuse the text.
    Refused,
    /// This parser refuses a text on purpose that the earlier one reads.
    Stricter,
    /// A disagreement, described.
    Different(String),
}

/// One text, read with both parsers as untyped values.
pub(crate) struct BothParsers<'text> {
    text: &'text str,
    before: Result<serde_yaml::Value, String>,
    now: Result<Option<YamlNode>, YamlError>,
}

impl<'text> BothParsers<'text> {
    pub(crate) fn read(text: &'text str) -> Self {
        let before = serde_yaml::from_str(without_mark(text)).map_err(|error| error.to_string());
        Self { text, before, now: parse_yaml_tree(text) }
    }

    /// Reads the text as a type, with the earlier parser in the way of earlier
    /// versions: values first, which refuses duplicate keys, then the type.
    pub(crate) fn compare<T: DeserializeOwned + Debug>(&self) -> Comparison {
        let before: Result<Option<T>, String> = match &self.before {
            Err(error) => Err(error.clone()),
            Ok(serde_yaml::Value::Null) => Ok(None),
            Ok(_) => {
                serde_yaml::from_str(without_mark(self.text)).map(Some).map_err(|error| error.to_string())
            }
        };
        let now = match &self.now {
            Err(error) => Err(error.clone()),
            Ok(root) => root.as_ref().map(YamlNode::read::<T>).transpose(),
        };
        compare_results(self.text, &before, &now)
    }

    /// Compares the untyped values. They only show whether texts that both
    /// parsers read have equal values: the earlier parser also refuses texts
    /// that no type of this program accepts.
    pub(crate) fn compare_untyped(&self) -> Comparison {
        let before =
            self.before.as_ref().ok().and_then(|value| serde_yaml::from_value::<Json>(value.clone()).ok());
        let Some(before) = before else { return Comparison::Refused };
        let now = match &self.now {
            Err(error) => Err(error.clone()),
            Ok(root) => root.as_ref().map_or(Ok(Json::Null), YamlNode::read::<Json>),
        };
        compare_results(self.text, &Ok(before), &now)
    }
}

fn without_mark(text: &str) -> &str {
    text.trim_start_matches('\u{feff}')
}

/// Compares the results of the earlier parser and of this one.
pub(crate) fn compare_results<T: Debug>(
    text: &str,
    before: &Result<T, String>,
    now: &Result<T, YamlError>,
) -> Comparison {
    match (before, now) {
        (Err(_), Err(_)) => Comparison::Refused,
        (Ok(before), Ok(now)) if without_spans(before) == without_spans(now) => Comparison::Equal,
        (Ok(_), Err(error)) if is_stricter_on_purpose(error) => Comparison::Stricter,
        _ => Comparison::Different(format!("{text:?}\n  before: {before:?}\n  now:    {now:?}")),
    }
}

/// Syntax errors of YAML 1.2 that libyaml does not report: `[a]#comment`, a bare
/// `-` in a list in brackets, a block scalar that is not indented, a tab at the
/// start of a line inside brackets, and a tag with a `!` in its name (`!!!str`).
const STRICTER_SYNTAX: &[&str] = &[
    "comments must be separated from other tokens",
    "plain scalar cannot start with '-' followed by",
    "simple key expected ':'",
    "tabs disallowed within this context",
    "while parsing a tag, did not find expected tag URI",
];

/// Debug output without spans: the earlier parser knows none.
fn without_spans(value: &impl Debug) -> String {
    let shown = format!("{value:?}");
    let mut parts = shown.split("Span { start: ");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |out, part| out + part.split_once('}').map_or("", |(_, rest)| rest))
}

/// Texts that this parser refuses although the earlier one reads them.
fn is_stricter_on_purpose(error: &YamlError) -> bool {
    match &error.problem {
        YamlProblem::Tag
        | YamlProblem::Character(_)
        | YamlProblem::Tab
        | YamlProblem::PlainColon
        | YamlProblem::EmptyKey
        | YamlProblem::MultilineKey => true,
        YamlProblem::Syntax(message) => STRICTER_SYNTAX.iter().any(|known| message.contains(known)),
        _ => false,
    }
}

/// A generator of pseudo-random numbers (xorshift).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    /// A number below `limit`.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit.max(1) as u64).unwrap_or_default()
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from.get(self.below(from.len())).copied().unwrap_or_default()
    }
}

/// Pieces of text with a meaning in YAML.
const PIECES: &[&str] = &[
    ":",
    ": ",
    "- ",
    "? ",
    "[",
    "]",
    "{",
    "}",
    ",",
    ", ",
    "#",
    " #",
    "&a ",
    "*a",
    "! ",
    "!!str ",
    "!x ",
    "|",
    ">",
    "|\n",
    ">-\n",
    "'",
    "\"",
    "''",
    "\\",
    "\\n",
    "%",
    "@",
    "`",
    "\t",
    " ",
    "  ",
    "\n",
    "\n\n",
    "\r\n",
    "---\n",
    "...\n",
    "~",
    "null",
    "Null",
    "true",
    "True",
    "yes",
    "No",
    "on",
    "OFF",
    "y",
    "0x1F",
    "0o17",
    "017",
    "0b1",
    "1_000",
    "1.10",
    "1e3",
    "1e999",
    ".inf",
    "-.inf",
    ".nan",
    "+1",
    "-1",
    "-0",
    "12:30:00",
    "2026-02-01",
    "<<",
    "=",
    "\u{feff}",
    "\u{85}",
    "\u{2028}",
    "é",
    "\u{1f600}",
    "\u{7}",
    "version: 1\n",
    "rules:\n",
    "!!int ",
];

/// Changes a text in one to three places.
pub(crate) fn mutate(text: &str, random: &mut Random) -> String {
    let mut text = text.to_owned();
    for _ in 0..=random.below(3) {
        text = mutate_once(&text, random);
    }
    text
}

fn mutate_once(text: &str, random: &mut Random) -> String {
    let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
    let (kind, at, other) = (random.below(12), random.below(lines.len()), random.below(lines.len()));
    let mut place = random.below(text.len() + 1);
    while !text.is_char_boundary(place) {
        place -= 1;
    }
    let (before, after) = text.split_at(place);
    match kind {
        0 if !lines.is_empty() => drop(lines.remove(at)),
        1 if !lines.is_empty() => lines.insert(other, lines[at].clone()),
        2 if !lines.is_empty() => lines.swap(at, other),
        3 if !lines.is_empty() => lines[at] = format!("{}{}", random.pick(&[" ", "  ", "\t"]), lines[at]),
        4 if !lines.is_empty() => lines[at] = lines[at].strip_prefix(' ').unwrap_or(&lines[at]).to_owned(),
        5 => return before.to_owned(),
        6 => return format!("{before}{}", after.chars().skip(1).collect::<String>()),
        // The value of a key.
        7 if !lines.is_empty() => {
            if let Some((key, _)) = lines[at].split_once(": ") {
                lines[at] = format!("{key}: {}\n", random.pick(PIECES).trim_end());
            }
        }
        _ => return format!("{before}{}{after}", random.pick(PIECES)),
    }
    lines.concat()
}
