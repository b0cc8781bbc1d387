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
    let mut statements = Statements { code, language, budget: code.len() * 2 + MIN_BUDGET, compact: None };
    for hit in hits {
        let Some(rule) = set.rules().get(hit.rule) else { continue };
        let hash = |text: &str| {
            let hash = sha256_hex(format!("{}\0{text}", rule.id).as_bytes());
            hash.get(..24).unwrap_or_default().to_owned()
        };
        match (&hit.span, hit.missing_pattern) {
            (Some(span), _) => {
                hit.fingerprint = hash(&statements.around(span.start, span.end));
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

/// Bytes that may be read around the matches of a file, in addition to twice its length,
/// before the whole file is compacted. Without the limit, many matches in much whitespace
/// would take quadratic time.
const MIN_BUDGET: usize = 64 * 1024;

/// The statements of a file.
struct Statements<'a> {
    code: &'a [u8],
    language: Language,
    budget: usize,
    compact: Option<CompactText>,
}

impl Statements<'_> {
    /// Returns the statement around a match.
    fn around(&mut self, start: usize, end: usize) -> String {
        if let Some(compact) = &self.compact {
            return compact.statement(self.code, start, end, self.language);
        }
        let ends = ends_statement(self.language);
        // Twice the context: commas before closing brackets do not count.
        let walk = |bytes: &mut dyn Iterator<Item = &u8>| {
            let (mut visible, mut length) = (0, 0);
            for byte in bytes {
                visible += usize::from(!byte.is_ascii_whitespace());
                if visible > MAX_CONTEXT_BYTES * 2 || ends(*byte) {
                    break;
                }
                length += 1;
            }
            length
        };
        let before = walk(&mut self.code.get(..start).unwrap_or_default().iter().rev());
        let after = walk(&mut self.code.get(end..).unwrap_or_default().iter());
        self.budget = self.budget.saturating_sub(before + after);
        if self.budget == 0 {
            return self.compact.insert(CompactText::new(self.code)).statement(
                self.code,
                start,
                end,
                self.language,
            );
        }
        // One byte more on each side, so that a comma and its bracket stay together.
        let from = start.saturating_sub(before + 1);
        let part = self.code.get(from..(end + after + 1).min(self.code.len())).unwrap_or_default();
        CompactText::new(part).statement(part, start - from, end - from, self.language)
    }
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
        let (language, end) = (Language::Rust, start + 6);
        let mut near = Statements { code: bytes, language, budget: usize::MAX, compact: None };
        let mut whole = Statements { code: bytes, language, budget: 0, compact: None };
        let statement = near.around(start, end);
        assert_eq!(statement, whole.around(start, end));
        (statement, statement_v1(bytes, start, end, language))
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
