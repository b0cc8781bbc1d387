//! Fingerprints of findings: hashes of the statement around a match without whitespace.
//! They do not change if the statement moves or its layout changes.

use crate::digest::sha256_hex;

use super::hit::Hit;
use super::language::Language;
use super::rule_set::RuleSet;

/// Maximum number of bytes of a statement before and after a match.
const MAX_CONTEXT_BYTES: usize = 400;

/// Sets the fingerprints of the hits of a file. `code` is the file without comments.
pub(super) fn set_fingerprints(set: &RuleSet, code: &[u8], language: Language, hits: &mut [Hit]) {
    for hit in hits {
        let Some(rule) = set.rules().get(hit.rule) else { continue };
        let text = match (&hit.span, hit.missing_pattern) {
            (Some(span), _) => normalized_statement(code, span.start, span.end, language),
            (None, missing) => format!("missing {}", missing.unwrap_or_default()),
        };
        let hash = sha256_hex(format!("{}\0{text}", rule.id).as_bytes());
        hit.fingerprint = hash.get(..24).unwrap_or_default().to_owned();
    }
}

/// Returns the statement around a match, without whitespace and trailing commas.
fn normalized_statement(code: &[u8], start: usize, end: usize, language: Language) -> String {
    let by_line = matches!(
        language,
        Language::Python
            | Language::Toml
            | Language::Yaml
            | Language::Markdown
            | Language::Shell
            | Language::Plain
    );
    let ends = |byte: u8| if by_line { byte == b'\n' } else { matches!(byte, b';' | b'{' | b'}') };
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

    #[test]
    fn layout_and_location_do_not_change_a_statement() {
        let one = b"a();\nlet b = c(d, e).unwrap();\n";
        let two = b"fn x() {\n  let b = c(\n    d,\n    e,\n  )\n  .unwrap();\n}";
        let at = |text: &[u8]| {
            let start = memchr::memmem::find(text, b"unwrap").expect("there");
            normalized_statement(text, start, start + 6, Language::Rust)
        };
        assert_eq!(at(one), at(two));
        assert_eq!(at(one), "letb=c(d,e).unwrap()");
    }
}
