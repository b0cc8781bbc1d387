//! YAML with places: rule files and the configuration are read alike.

use serde::de::DeserializeOwned;

use crate::text::{Source, Span, trimmed};

/// The most bytes of a YAML file.
const LARGEST: usize = 1024 * 1024;
/// How deeply a file may be nested; those of this tool need five levels.
const DEEPEST: usize = 64;

/// A text that is not the YAML that it should be.
#[derive(Debug, Clone)]
pub struct BadYaml {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
}

impl BadYaml {
    /// The line without its indentation.
    #[must_use]
    pub fn span(&self, source: &Source) -> Span {
        source.line_span(self.line).map(|span| trimmed(source.text(), span).span).unwrap_or_default()
    }
}

impl From<serde_yaml::Error> for BadYaml {
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
pub fn yaml_document<T: DeserializeOwned>(text: &str) -> Result<Option<T>, BadYaml> {
    if let Some(message) = too_deep(text) {
        return Err(BadYaml { line: 1, message });
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
/// As [`yaml_document`], and if it is empty.
pub fn yaml<T: DeserializeOwned>(text: &str) -> Result<T, BadYaml> {
    yaml_document(text)?.ok_or_else(|| BadYaml { line: 1, message: "the file is empty".to_owned() })
}

/// Where a value stands; the parser keeps no places of values.
#[must_use]
pub fn place_of(source: &Source, needle: &str) -> Span {
    match source.text().find(needle) {
        Some(at) if !needle.is_empty() => Span::new(at, at + needle.len()),
        _ => source.line_span(1).unwrap_or_default(),
    }
}

/// Why a text is not given to the parser, whose work grows with the square of
/// the depth. Brackets are counted wherever they stand.
fn too_deep(text: &str) -> Option<String> {
    if text.len() > LARGEST {
        return Some(format!("the file is {} bytes long; countersign reads at most {LARGEST}", text.len()));
    }
    let mut depth: usize = 0;
    for line in text.lines() {
        let starts = line.trim_start().split(' ').take_while(|word| matches!(*word, "-" | "?" | ":" | ""));
        if starts.count() > DEEPEST {
            return Some(format!("the file is nested deeper than {DEEPEST} levels"));
        }
        for byte in line.bytes() {
            match byte {
                b'[' | b'{' => depth += 1,
                b']' | b'}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth > DEEPEST {
                return Some(format!("the file is nested deeper than {DEEPEST} levels"));
            }
        }
    }
    None
}
