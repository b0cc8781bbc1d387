//! YAML with places: rule files and the configuration are read alike.

use serde::de::DeserializeOwned;

use crate::text::{Source, Span, trim_spanned};

/// The most bytes of a YAML file.
const MAX_YAML_BYTES: usize = 1024 * 1024;
/// How deeply a file may be nested; those of this tool need five levels.
const MAX_YAML_DEPTH: usize = 64;

/// A text that is not the YAML that it should be.
#[derive(Debug, Clone)]
pub struct YamlError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
}

impl YamlError {
    /// The line without its indentation.
    #[must_use]
    pub fn span(&self, source: &Source) -> Span {
        source.line_span(self.line).map(|span| trim_spanned(source.text(), span).span).unwrap_or_default()
    }
}

impl From<serde_yaml::Error> for YamlError {
    fn from(error: serde_yaml::Error) -> Self {
        let line = error.location().map_or(1, |location| location.line());
        let message = error.to_string();
        Self { line, message: message.split(" at line ").next().unwrap_or_default().to_owned() }
    }
}

/// Reads a document; `None` if it is empty.
///
/// # Errors
/// No YAML, duplicate or unknown keys, values of a wrong type; too long, or
/// nested too deeply.
pub fn parse_yaml_document<T: DeserializeOwned>(text: &str) -> Result<Option<T>, YamlError> {
    if let Some(message) = depth_error(text) {
        return Err(YamlError { line: 1, message });
    }
    // A value first: it refuses duplicate keys, which a map would swallow.
    let value: serde_yaml::Value = serde_yaml::from_str(text)?;
    if value.is_null() {
        return Ok(None);
    }
    Ok(Some(serde_yaml::from_str(text)?))
}

/// Reads a document that must say something.
///
/// # Errors
/// As [`parse_yaml_document`], and if it is empty.
pub fn parse_yaml<T: DeserializeOwned>(text: &str) -> Result<T, YamlError> {
    parse_yaml_document(text)?.ok_or_else(|| YamlError { line: 1, message: "the file is empty".to_owned() })
}

/// Where a value stands; the parser keeps no places of values.
#[must_use]
pub fn find_span(source: &Source, needle: &str) -> Span {
    match source.text().find(needle) {
        Some(at) if !needle.is_empty() => Span::new(at, at + needle.len()),
        _ => source.line_span(1).unwrap_or_default(),
    }
}

/// Why a text is not given to the parser, whose work grows with the square of
/// the depth. Brackets are counted wherever they stand.
fn depth_error(text: &str) -> Option<String> {
    if text.len() > MAX_YAML_BYTES {
        return Some(format!(
            "the file is {} bytes long; countersign reads at most {MAX_YAML_BYTES}",
            text.len()
        ));
    }
    let mut depth: usize = 0;
    for line in text.lines() {
        let starts = line.trim_start().split(' ').take_while(|word| matches!(*word, "-" | "?" | ":" | ""));
        if starts.count() > MAX_YAML_DEPTH {
            return Some(format!("the file is nested deeper than {MAX_YAML_DEPTH} levels"));
        }
        for byte in line.bytes() {
            match byte {
                b'[' | b'{' => depth += 1,
                b']' | b'}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth > MAX_YAML_DEPTH {
                return Some(format!("the file is nested deeper than {MAX_YAML_DEPTH} levels"));
            }
        }
    }
    None
}
