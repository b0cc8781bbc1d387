//! A YAML document as a tree with spans.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{self, Deserialize, DeserializeOwned, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::budget::BudgetBreach;
use serde_saphyr::granit_parser::ErrorKind;
use serde_saphyr::{
    DuplicateKeyPolicy, Error, ExternalMessageSource, Location, MergeKeyPolicy, MessageFormatter as _,
    NonFiniteFloatPolicy, Options, Spanned, Tagged, UserMessageFormatter,
};

use crate::text::{Span, to_single_line, trim_spanned};

use super::layout::{self, TextLayout};
use super::{MAX_ALIAS_EVENTS, MAX_YAML_BYTES, MAX_YAML_DEPTH, YamlError, YamlProblem};

/// A value of a YAML document.
#[derive(Debug, Clone)]
pub struct YamlNode {
    /// Its bytes; the first line of a value of several lines.
    pub span: Span,
    pub(super) kind: NodeKind,
}

#[derive(Debug, Clone)]
pub(super) enum NodeKind {
    /// A scalar's text and type.
    Scalar(String, ScalarType),
    List(Vec<YamlNode>),
    Map(Vec<(YamlNode, YamlNode)>),
}

/// Type of a scalar by its text (YAML 1.2 core schema).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum ScalarType {
    Null,
    Bool(bool),
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Text,
}

impl YamlNode {
    /// Deserializes a type from the value.
    ///
    /// # Errors
    /// Unknown, missing or repeated keys, values of a wrong type.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, YamlError> {
        T::deserialize(self).map_err(|error| error.at(self.span))
    }

    /// The value of a key; `None` if the value is not a mapping with the key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&YamlNode> {
        let NodeKind::Map(entries) = &self.kind else { return None };
        let is_key = |node: &YamlNode| matches!(&node.kind, NodeKind::Scalar(text, _) if text == key);
        entries.iter().find(|(node, _)| is_key(node)).map(|(_, value)| value)
    }

    /// The values of a list; empty if the value is not a list.
    #[must_use]
    pub fn items(&self) -> &[YamlNode] {
        if let NodeKind::List(items) = &self.kind { items } else { &[] }
    }

    /// Moves all spans by a number of bytes.
    pub(super) fn shift(mut self, bytes: usize) -> Self {
        if bytes > 0 {
            self.shift_in_place(bytes);
        }
        self
    }

    fn shift_in_place(&mut self, bytes: usize) {
        self.span = Span::new(self.span.start + bytes, self.span.end + bytes);
        match &mut self.kind {
            NodeKind::Scalar(..) => {}
            NodeKind::List(items) => items.iter_mut().for_each(|item| item.shift_in_place(bytes)),
            NodeKind::Map(entries) => entries.iter_mut().for_each(|(key, value)| {
                key.shift_in_place(bytes);
                value.shift_in_place(bytes);
            }),
        }
    }
}

/// Parses a text into a tree; `None` if the document is empty or null.
pub(super) fn parse(text: &str) -> Result<Option<YamlNode>, YamlError> {
    let parsed: RawNode = serde_saphyr::from_str_with_options(text, parser_options())
        .map_err(|error| translate_error(error, text))?;
    let root = TreeBuilder { text, layout: layout::check(text)? }.node(parsed)?;
    Ok((!matches!(root.kind, NodeKind::Scalar(_, ScalarType::Null))).then_some(root))
}

fn parser_options() -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: MAX_YAML_DEPTH,
            // A file under the limit on size cannot have more.
            max_nodes: MAX_YAML_BYTES + MAX_ALIAS_EVENTS,
            max_events: 4 * MAX_YAML_BYTES,
            // The replayed events are limited instead: repeating one anchor is fine.
            enforce_alias_anchor_ratio: false,
        },
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: MAX_ALIAS_EVENTS },
        duplicate_keys: DuplicateKeyPolicy::Error,
        // `<<` is a key like any other, and unknown everywhere.
        merge_keys: MergeKeyPolicy::AsOrdinary,
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        non_finite_float_policy: NonFiniteFloatPolicy::PassThrough,
        ignore_binary_tag_for_string: true,
        with_snippet: false,
    }
}

/// A value as the parser gives it.
struct RawNode(Spanned<Tagged<RawKind>>);

enum RawKind {
    Scalar(ScalarType),
    Text(String),
    List(Vec<RawNode>),
    Map(Vec<(RawNode, RawNode)>),
}

impl<'de> Deserialize<'de> for RawNode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Spanned::deserialize(deserializer).map(Self)
    }
}

impl<'de> Deserialize<'de> for RawKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = RawKind;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<RawKind, E> {
        Ok(RawKind::Scalar(ScalarType::Null))
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<RawKind, E> {
        Ok(RawKind::Scalar(ScalarType::Bool(value)))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<RawKind, E> {
        Ok(RawKind::Scalar(ScalarType::Unsigned(value)))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<RawKind, E> {
        Ok(RawKind::Scalar(ScalarType::Signed(value)))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<RawKind, E> {
        Ok(RawKind::Scalar(ScalarType::Float(value)))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<RawKind, E> {
        Ok(RawKind::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<RawKind, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(RawKind::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<RawKind, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = access.next_entry()? {
            entries.push(entry);
        }
        Ok(RawKind::Map(entries))
    }
}

/// Makes the tree from the parser's values.
struct TreeBuilder<'text> {
    text: &'text str,
    layout: TextLayout,
}

impl TreeBuilder<'_> {
    fn node(&self, raw: RawNode) -> Result<YamlNode, YamlError> {
        let Spanned { value: Tagged(kind, tag), defined, .. } = raw.0;
        let whole = byte_span(defined, self.text);
        let span = first_line_span(whole, self.text, matches!(kind, RawKind::List(_) | RawKind::Map(_)));
        if tag.is_some() {
            return Err(YamlError::new(span, YamlProblem::Tag));
        }
        let kind = match kind {
            RawKind::Text(value) if self.layout.unterminated_block == Some(whole.start) => {
                NodeKind::Scalar(self.without_added_newline(value), ScalarType::Text)
            }
            RawKind::Text(value) => NodeKind::Scalar(value, ScalarType::Text),
            // Plain scalars of one line: the text of the file is their text.
            RawKind::Scalar(scalar) => {
                let written = self.text.get(whole.start..whole.end).unwrap_or_default();
                NodeKind::Scalar(written.to_owned(), refine_type(scalar, written))
            }
            RawKind::List(items) => {
                NodeKind::List(items.into_iter().map(|item| self.node(item)).collect::<Result<_, _>>()?)
            }
            RawKind::Map(entries) => NodeKind::Map(self.entries(entries)?),
        };
        Ok(YamlNode { span, kind })
    }

    /// Removes the newline that the parser added to the last line of the file,
    /// unless this line has only the indentation and so is not part of the text.
    fn without_added_newline(&self, mut value: String) -> String {
        let last_line = self.text.rsplit('\n').next().unwrap_or_default();
        let last_text = value.strip_suffix('\n').unwrap_or_default().rsplit('\n').next().unwrap_or_default();
        let is_blank_text = !last_text.is_empty() && last_line.ends_with(last_text);
        if value.ends_with('\n') && (!last_line.trim().is_empty() || is_blank_text) {
            value.pop();
        }
        value
    }

    fn entries(&self, entries: Vec<(RawNode, RawNode)>) -> Result<Vec<(YamlNode, YamlNode)>, YamlError> {
        let mut seen = BTreeSet::new();
        let mut out = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            let whole = byte_span(key.0.defined, self.text);
            let key = self.node(key)?;
            if let NodeKind::Scalar(name, scalar) = &key.kind {
                let written = self.text.get(whole.start..whole.end).unwrap_or_default();
                let problem = if name.is_empty() && *scalar == ScalarType::Null {
                    Some(YamlProblem::EmptyKey)
                } else if written.contains('\n') {
                    Some(YamlProblem::MultilineKey)
                } else if !seen.insert(name.clone()) {
                    // The parser compares values: `1` and `"1"` are different to it.
                    Some(YamlProblem::DuplicateKey(to_single_line(name, 80)))
                } else {
                    None
                };
                if let Some(problem) = problem {
                    return Err(YamlError::new(key.span, problem));
                }
            }
            out.push((key, self.node(value)?));
        }
        Ok(out)
    }
}

/// A number that is too large for a float, such as `1e999`, is text.
fn refine_type(scalar: ScalarType, written: &str) -> ScalarType {
    let starts_with_digit = written.trim_start_matches(['+', '-']).starts_with(|c: char| c.is_ascii_digit());
    match scalar {
        ScalarType::Float(value) if value.is_infinite() && starts_with_digit => ScalarType::Text,
        other => other,
    }
}

/// The first line of a span that is not blank, without the spaces around it. The parser
/// gives lists and mappings by their start only: they get the rest of their line.
fn first_line_span(span: Span, text: &str, is_container: bool) -> Span {
    let end = if is_container { text.len() } else { span.end };
    let inside = text.get(span.start..end).unwrap_or_default();
    let start = span.start + inside.len() - inside.trim_start().len();
    let line = inside.trim_start().split(['\n', '\r']).next().unwrap_or_default();
    if line.is_empty() {
        return Span::new(span.start, span.start);
    }
    trim_spanned(text, Span::new(start, start + line.len())).span
}

/// The bytes of a location; syntax errors are located by characters only.
fn byte_span(location: Location, text: &str) -> Span {
    let span = location.span();
    let to_usize = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    let (start, end) = match (span.byte_offset(), span.byte_len()) {
        (Some(start), Some(length)) => (to_usize(start), to_usize(start) + to_usize(length)),
        _ => {
            let first = to_usize(span.offset());
            let last = first.saturating_add(to_usize(span.len()));
            let mut offsets = text.char_indices().map(|(at, _)| at).chain([text.len()]);
            let start = offsets.clone().nth(first).unwrap_or(text.len());
            (start, offsets.nth(last).unwrap_or(text.len()))
        }
    };
    Span::new(start.min(text.len()), end.min(text.len()))
}

fn translate_error(error: Error, text: &str) -> YamlError {
    let error = match error {
        Error::AliasError { error, .. } | Error::WithSnippet { error, .. } => *error,
        other => other,
    };
    let span = error.location().map_or(Span::default(), |location| byte_span(location, text));
    let problem = match &error {
        Error::Budget { breach: BudgetBreach::Depth { .. }, .. } => YamlProblem::TooDeep,
        Error::ExternalMessage { source, .. } if is_nesting_limit(source) => YamlProblem::TooDeep,
        Error::Budget { .. }
        | Error::AliasReplayCounterOverflow { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. } => YamlProblem::TooManyAliases,
        Error::DuplicateMappingKey { key: Some(key), .. } => {
            YamlProblem::DuplicateKey(to_single_line(key, 80))
        }
        // Plain values are not converted: a tag requires it.
        Error::InvalidScalar { .. }
        | Error::UnsupportedTag { .. }
        | Error::TaggedScalarCannotDeserializeIntoString { .. } => YamlProblem::Tag,
        Error::MultipleDocuments { .. } => {
            YamlProblem::Syntax("the file has more than one YAML document; expected one".to_owned())
        }
        Error::RecursiveReferencesRequireWeakTypes { .. } => {
            YamlProblem::Syntax("an alias refers to a value that contains it".to_owned())
        }
        other => YamlProblem::Syntax(to_single_line(&UserMessageFormatter.format_message(other), 200)),
    };
    YamlError::new(span, problem)
}

/// Whether the scanner met its own limit on brackets, before the parser counted them.
fn is_nesting_limit(source: &ExternalMessageSource) -> bool {
    matches!(source, ExternalMessageSource::Parser(error)
        if matches!(error.kind(), ErrorKind::RecursionLimitExceeded))
}
