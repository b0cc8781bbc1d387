//! Fingerprints of findings: hashes of the statement around a match without whitespace.
//! They do not change if the statement moves or its layout changes.
//!
//! Version 2 counts the length of a statement without whitespace. Version 1 counted it with
//! whitespace, so that the indentation of a long statement changed its fingerprint. The
//! function of version 1 is kept for baselines that were written with it.

use crate::digest::sha256_hex;

use super::hit::Hit;
use super::language::Language;
use super::rule_set::RuleSet;

/// Maximum number of bytes of a statement before and after a match: in version 2 without
/// whitespace, in version 1 with it.
const MAX_CONTEXT_BYTES: usize = 400;

/// Sets the fingerprints of the hits of a file. `code` is the file without comments.
pub(super) fn set_fingerprints(set: &RuleSet, code: &[u8], language: Language, hits: &mut [Hit]) {
    let compact = CompactText::new(code);
    for hit in hits {
        let Some(rule) = set.rules().get(hit.rule) else { continue };
        let hash = |text: &str| {
            let hash = sha256_hex(format!("{}\0{text}", rule.id).as_bytes());
            hash.get(..24).unwrap_or_default().to_owned()
        };
        match (&hit.span, hit.missing_pattern) {
            (Some(span), _) => {
                hit.fingerprint = hash(&compact.statement(code, span.start, span.end, language));
                if set.has_old_fingerprints() {
                    hit.old_fingerprint = hash(&statement_v1(code, span.start, span.end, language));
                }
            }
            (None, missing) => {
                hit.fingerprint = hash(&format!("missing {}", missing.unwrap_or_default()));
                hit.old_fingerprint.clone_from(&hit.fingerprint);
            }
        }
    }
}

/// Returns whether a byte ends a statement of a language.
fn ends_statement(language: Language) -> impl Fn(u8) -> bool {
    let by_line = matches!(
        language,
        Language::Python
            | Language::Toml
            | Language::Yaml
            | Language::Markdown
            | Language::Shell
            | Language::Plain
    );
    move |byte| if by_line { byte == b'\n' } else { matches!(byte, b';' | b'{' | b'}') }
}

/// A text without whitespace, and without the commas before closing brackets.
struct CompactText {
    bytes: Vec<u8>,
    /// Offset of each byte in the text.
    offsets: Vec<usize>,
}

impl CompactText {
    fn new(code: &[u8]) -> Self {
        let (mut bytes, mut offsets): (Vec<u8>, Vec<usize>) = (Vec::new(), Vec::new());
        let visible = code.iter().enumerate().filter(|(_, byte)| !byte.is_ascii_whitespace());
        for (offset, byte) in visible {
            if matches!(byte, b')' | b']' | b'}') && bytes.last() == Some(&b',') {
                bytes.pop();
                offsets.pop();
            }
            bytes.push(*byte);
            offsets.push(offset);
        }
        Self { bytes, offsets }
    }

    /// Returns the statement around a match. Its length is limited in bytes of the compact
    /// text, which its layout does not change.
    fn statement(&self, code: &[u8], start: usize, end: usize, language: Language) -> String {
        let ends = ends_statement(language);
        let index_of = |offset: usize| self.offsets.partition_point(|own| *own < offset);
        let (first, last) = (index_of(start), index_of(end));
        let lowest = first.saturating_sub(MAX_CONTEXT_BYTES);
        let highest = (last + MAX_CONTEXT_BYTES).min(self.bytes.len());
        let (from, to) = if ends(b'\n') {
            let line_start =
                memchr::memrchr(b'\n', code.get(..start).unwrap_or_default()).map_or(0, |at| at + 1);
            let line_end = memchr::memchr(b'\n', code.get(end..).unwrap_or_default());
            let line_end = line_end.map_or(code.len(), |at| end + at);
            (index_of(line_start).max(lowest), index_of(line_end).min(highest))
        } else {
            let before = self.bytes.get(lowest..first).unwrap_or_default();
            let after = self.bytes.get(last..highest).unwrap_or_default();
            let from = before.iter().rposition(|byte| ends(*byte)).map_or(lowest, |at| lowest + at + 1);
            (from, after.iter().position(|byte| ends(*byte)).map_or(highest, |at| last + at))
        };
        let bytes = self.bytes.get(from..to).unwrap_or_default();
        String::from_utf8_lossy(bytes).trim_end_matches(',').to_owned()
    }
}

/// Returns the statement around a match as version 1 did: without whitespace and trailing
/// commas, but limited in bytes of the file.
fn statement_v1(code: &[u8], start: usize, end: usize, language: Language) -> String {
    let ends = ends_statement(language);
    let before = code.get(start.saturating_sub(MAX_CONTEXT_BYTES)..start).unwrap_or_default();
    let from = before.iter().rposition(|byte| ends(*byte)).map_or(0, |at| at + 1);
    let after = code.get(end..(end + MAX_CONTEXT_BYTES).min(code.len())).unwrap_or_default();
    let to = after.iter().position(|byte| ends(*byte)).unwrap_or(after.len());
    let parts = [before.get(from..), code.get(start..end), after.get(..to)];
    let bytes: Vec<u8> =
        parts.into_iter().flatten().flatten().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    text.replace(",)", ")").replace(",]", "]").replace(",}", "}").trim_end_matches(',').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statements(text: &str) -> (String, String) {
        let (bytes, start) = (text.as_bytes(), text.find("unwrap").expect("there"));
        let compact = CompactText::new(bytes);
        let rust = Language::Rust;
        (compact.statement(bytes, start, start + 6, rust), statement_v1(bytes, start, start + 6, rust))
    }

    #[test]
    fn layout_and_location_do_not_change_a_statement() {
        let one = "a();\nlet b = c(d, e).unwrap();\n";
        let two = "fn x() {\n  let b = c(\n    d,\n    e,\n  )\n  .unwrap();\n}";
        assert_eq!(statements(one), statements(two));
        assert_eq!(statements(one).0, "letb=c(d,e).unwrap()");
    }

    #[test]
    fn indentation_does_not_change_a_statement_of_any_length() {
        for arguments in [1, 10, 40, 400, 4000] {
            let text = |indent: usize, last: &str| {
                let lines: String =
                    (0..arguments).map(|n| format!("\n{}argument_{n}(x),", " ".repeat(indent))).collect();
                let lines = lines.trim_end_matches(',').to_owned() + last;
                format!("fn a() {{ build({lines}\n).unwrap().join(\n{}x); }}", " ".repeat(indent * 10))
            };
            let (first, second) = (text(4, ""), text(44, ","));
            assert_eq!(statements(&first).0, statements(&second).0, "{arguments}");
            assert_ne!(statements(&first).0, statements(&first.replace("join", "split")).0);
        }
    }

    #[test]
    fn short_statements_have_the_same_fingerprint_in_both_versions() {
        let (new, old) = statements("fn a() { let b = c(\n  d,\n).unwrap(); }");
        assert_eq!(new, old);
    }
}
