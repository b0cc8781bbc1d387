//! YAML with spans: the one reader of rule files, of the configuration and of test data.
//!
//! A text becomes a tree of [`YamlNode`]s, each with its span, and types are
//! deserialized from the tree. The parser (`serde-saphyr`) sets the limits on
//! depth and aliases and refuses duplicate keys; this module adds the limit on
//! size, and reads scalars by the YAML 1.2 core schema: `yes`, `no`, `on` and
//! `off` are text, a quoted `"true"` is text, and every plain scalar can be read
//! as text (`minimum_format: 2026-02-01`). Tags (`!name`) are refused.

mod deserializer;
mod error;
mod layout;
mod node;
#[cfg(test)]
pub(crate) mod oracle;

use serde::de::DeserializeOwned;

use crate::text::Span;

pub(crate) use deserializer::YamlMap;
pub(crate) use error::{YamlError, YamlProblem};
pub(crate) use node::YamlNode;

/// Maximum size of a YAML file in bytes.
const MAX_YAML_BYTES: usize = 1024 * 1024;
/// Maximum number of nested lists and mappings; the files of this tool need five.
const MAX_YAML_DEPTH: usize = 64;
/// Maximum number of parser events that aliases may add.
const MAX_ALIAS_EVENTS: usize = 100_000;

/// Reads a document as a type.
///
/// # Errors
/// Invalid YAML, duplicate or unknown keys, values of a wrong type; an empty
/// document; a file over the limits on size, depth or aliases.
pub(crate) fn parse_yaml<T: DeserializeOwned>(text: &str) -> Result<T, YamlError> {
    match parse_yaml_tree(text)? {
        Some(root) => root.read(),
        None => Err(YamlError::new(Span::default(), YamlProblem::Empty)),
    }
}

/// Reads a document as a tree; `None` if it is empty or null. A byte order
/// mark at the start is skipped; spans count its bytes.
///
/// # Errors
/// Invalid YAML, duplicate keys; a file over the limits.
pub(crate) fn parse_yaml_tree(text: &str) -> Result<Option<YamlNode>, YamlError> {
    if text.len() > MAX_YAML_BYTES {
        return Err(YamlError::new(Span::default(), YamlProblem::TooLong { bytes: text.len() }));
    }
    let body = text.trim_start_matches('\u{feff}');
    let base = text.len() - body.len();
    let root = layout::check_characters(body).and_then(|()| node::parse(body));
    let root = root.map_err(|error| error.shift(base))?;
    Ok(root.map(|root| root.shift(base)))
}

#[cfg(test)]
mod tests;
