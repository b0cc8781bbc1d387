//! Errors of YAML files, with their spans.

use std::fmt::Display;

use serde::de;

use crate::rule::hint::did_you_mean;
use crate::text::{Span, to_single_line};

use super::{MAX_ALIAS_EVENTS, MAX_YAML_BYTES, MAX_YAML_DEPTH};

/// Maximum number of characters that a message shows of a value.
const SHOWN_CHARS: usize = 80;

/// An error of a YAML file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct YamlError {
    /// Bytes of the file that are wrong; empty at the start for errors of the
    /// file as a whole.
    pub span: Span,
    /// What is wrong.
    pub problem: YamlProblem,
    /// Whether `span` is known: serde makes errors without one.
    has_span: bool,
}

/// What is wrong with a YAML file: one sentence without a full stop.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum YamlProblem {
    /// The file is over the limit on size.
    #[error("the file has {bytes} bytes; the maximum is {MAX_YAML_BYTES}")]
    TooLong {
        /// Size of the file in bytes.
        bytes: usize,
    },
    /// The file is over the limit on depth.
    #[error("the file is nested deeper than {MAX_YAML_DEPTH} levels")]
    TooDeep,
    /// The file is over the limit on aliases.
    #[error("the aliases of the file expand to too many values; the maximum is {MAX_ALIAS_EVENTS}")]
    TooManyAliases,
    /// The document is empty.
    #[error("the file is empty")]
    Empty,
    /// The text is not YAML, as the parser reports it.
    #[error("{0}")]
    Syntax(String),
    /// A character is not allowed: a control character, or one that YAML
    /// versions read differently.
    #[error("character U+{0:04X} is not allowed in YAML; in a pattern, write it as `\\x{{{0:X}}}`")]
    Character(u32),
    /// A tab indents a line.
    #[error("a tab indents the line; use spaces")]
    Tab,
    /// A plain scalar in brackets starts with a colon.
    #[error("a value in brackets starts with `:`; put it in quotes")]
    PlainColon,
    /// The document's end marker precedes its content.
    #[error("`...` before the content of the document; remove it")]
    MarkerFirst,
    /// A key is left out.
    #[error("a key is missing before `:`")]
    EmptyKey,
    /// A key has several lines.
    #[error("a key has several lines; write it on one line")]
    MultilineKey,
    /// A node has a tag.
    #[error("YAML tags such as `!name` are not supported; remove the tag")]
    Tag,
    /// A key is given twice.
    #[error("duplicate key `{0}`")]
    DuplicateKey(String),
    /// A key and its former name are both given.
    #[error("`{former}` is the former name of `{key}`; use only `{key}`")]
    FormerKey {
        /// The key.
        key: &'static str,
        /// Its former name, as written.
        former: String,
    },
    /// A key is not one of the known keys.
    #[error("{}", unknown_key(.key, .expected))]
    UnknownKey {
        /// The key, as written.
        key: String,
        /// The known keys.
        expected: &'static [&'static str],
    },
    /// A required key is missing.
    #[error("missing key `{0}`")]
    MissingKey(&'static str),
    /// A value has a wrong type.
    #[error("invalid type: {found}; expected {expected}")]
    InvalidType {
        /// What the file has.
        found: String,
        /// What belongs there.
        expected: String,
    },
    /// Another error that a type reports.
    #[error("{0}")]
    Other(String),
}

fn unknown_key(key: &str, expected: &[&str]) -> String {
    let shown = to_single_line(key, SHOWN_CHARS);
    let hint = did_you_mean(key, expected.iter().copied());
    if expected.is_empty() {
        return format!("unknown key `{shown}`; expected no keys");
    }
    format!("unknown key `{shown}`; expected one of: {}{hint}", expected.join(", "))
}

impl YamlError {
    /// An error at a span.
    #[must_use]
    pub fn new(span: Span, problem: YamlProblem) -> Self {
        Self { span, problem, has_span: true }
    }

    fn without_span(problem: YamlProblem) -> Self {
        Self { span: Span::default(), problem, has_span: false }
    }

    /// Gives an error that has no span yet this one.
    pub(super) fn at(self, span: Span) -> Self {
        if self.has_span { self } else { Self::new(span, self.problem) }
    }

    /// Turns serde's error about a repeated field into an error at the key
    /// that repeats it, which may be the field's former name.
    pub(super) fn at_repeated_key(self, key: &str, span: Span) -> Self {
        match (self.has_span, self.problem) {
            (false, YamlProblem::FormerKey { key: field, .. }) if key == field => {
                Self::new(span, YamlProblem::DuplicateKey(key.to_owned()))
            }
            (false, YamlProblem::FormerKey { key: field, .. }) => {
                Self::new(span, YamlProblem::FormerKey { key: field, former: key.to_owned() })
            }
            (has_span, problem) => Self { span: self.span, problem, has_span },
        }
    }

    /// Moves the span by a number of bytes.
    pub(super) fn shift(self, bytes: usize) -> Self {
        Self { span: Span::new(self.span.start + bytes, self.span.end + bytes), ..self }
    }
}

impl de::Error for YamlError {
    fn custom<T: Display>(message: T) -> Self {
        Self::without_span(YamlProblem::Other(message.to_string()))
    }

    fn invalid_type(found: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        let (found, expected) = (found.to_string(), expected.to_string());
        Self::without_span(YamlProblem::InvalidType { found, expected })
    }

    fn invalid_value(found: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::custom(format_args!("invalid value: {found}; expected {expected}"))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::without_span(YamlProblem::UnknownKey { key: field.to_owned(), expected })
    }

    fn missing_field(field: &'static str) -> Self {
        Self::without_span(YamlProblem::MissingKey(field))
    }

    fn duplicate_field(field: &'static str) -> Self {
        // The tree has no duplicate keys: the field has a second name.
        Self::without_span(YamlProblem::FormerKey { key: field, former: String::new() })
    }
}
