//! The pointer to the current specification, and the specification itself.

use std::sync::{Arc, OnceLock};

use crate::text::{Source, Span, Spanned};

use super::outline::{Kind, Outline};
use super::section::{Section, sections};

/// The pointer as it was read.
#[derive(Debug)]
pub struct SpecPointer {
    /// Its text.
    pub source: Arc<Source>,
    /// Lines that are bold as a whole, in order: the first names the
    /// specification.
    pub named: Vec<Spanned<String>>,
    /// The first heading, for findings about what is not there.
    pub head: Span,
}

impl SpecPointer {
    /// Reads a pointer. Never fails.
    #[must_use]
    pub fn read(source: &Arc<Source>) -> Self {
        let text = source.text();
        let outline = Outline::parse(text);
        let mut named = Vec::new();
        for (index, block) in outline.blocks.iter().enumerate() {
            if block.kind != Kind::Prose || block.parent.is_some() {
                continue;
            }
            for line in outline.prose_lines(text, index) {
                let whole = line.text.trim();
                let Some(name) = whole.strip_prefix("**").and_then(|rest| rest.strip_suffix("**")) else {
                    continue;
                };
                let name = name.trim().trim_matches('`');
                let at = line.start + line.text.find(name).unwrap_or(0);
                if !name.is_empty() && !name.contains("**") {
                    named.push(Spanned::new(name.to_owned(), Span::new(at, at + name.len())));
                }
            }
        }
        let head = sections(text, &outline)
            .first()
            .map_or_else(|| source.line_span(1).unwrap_or_default(), |section| section.title.span);
        Self { source: Arc::clone(source), named, head }
    }

    /// The specification's file name.
    #[must_use]
    pub fn spec(&self) -> Option<&Spanned<String>> {
        self.named.first()
    }
}

/// A specification's text, with its headings read on first use.
#[derive(Debug)]
pub struct SpecText {
    /// The text.
    pub source: Arc<Source>,
    /// SHA-1 of its bytes.
    pub sha1: crate::digest::Hash20,
    headings: OnceLock<Vec<Section>>,
}

impl SpecText {
    /// Takes a specification's bytes.
    #[must_use]
    pub fn new(name: crate::text::RepoPath, bytes: Vec<u8>) -> Self {
        let sha1 = crate::digest::sha1(&bytes);
        Self { source: Source::from_bytes(name, bytes), sha1, headings: OnceLock::new() }
    }

    /// Its headings, as CommonMark sees them.
    #[must_use]
    pub fn headings(&self) -> &[Section] {
        self.headings.get_or_init(|| {
            let text = self.source.text();
            sections(text, &Outline::parse(text))
        })
    }

    /// Whether a heading carries this section number (`2.6.3`) as its own.
    #[must_use]
    pub fn has_section(&self, number: &str) -> bool {
        self.headings().iter().any(|section| number_of(&section.title.value) == Some(number))
    }
}

/// The section number at the start of a title: `2.6.3` of `§2.6.3 Rules`.
#[must_use]
pub fn number_of(title: &str) -> Option<&str> {
    let title = title.trim_start_matches(|c: char| !c.is_alphanumeric());
    let title = ["Section ", "SECTION ", "Chapter ", "Appendix "]
        .iter()
        .find_map(|word| title.strip_prefix(word))
        .unwrap_or(title);
    let end = title.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(title.len());
    let number = title.get(..end)?.trim_end_matches('.');
    let starts = number.starts_with(|c: char| c.is_ascii_digit());
    let glued = title.get(end..).is_some_and(|rest| rest.starts_with(char::is_alphabetic));
    (starts && !number.contains("..") && !glued).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::RepoPath;

    #[test]
    fn numbers_of_titles() {
        assert_eq!(number_of("2.6.3 Rules"), Some("2.6.3"));
        assert_eq!(number_of("§2.6.3. Rules"), Some("2.6.3"));
        assert_eq!(number_of("Section 7.6"), Some("7.6"));
        assert_eq!(number_of("Rules 2.6.3"), None);
        assert_eq!(number_of("3D models"), None);
    }

    #[test]
    fn a_number_in_a_fence_is_no_section() {
        let text = "# 1 A\n\n```\n## 1.2 no\n```\n\n## 1.1 B\n";
        let spec = SpecText::new(RepoPath::from("s.md"), text.as_bytes().to_vec());
        assert!(spec.has_section("1.1") && !spec.has_section("1.2"));
    }

    #[test]
    fn the_pointer_names_the_first_bold_line() {
        let text =
            "# SPEC_CURRENT\n\nNow **this** one:\n\n**A_v2.md**\n\n```\n**B.md**\n```\n\n**Codex v1.md**\n";
        let pointer = SpecPointer::read(&Source::from_text(RepoPath::from("p.md"), text));
        let names: Vec<_> = pointer.named.iter().map(|name| name.value.as_str()).collect();
        assert_eq!(names, ["A_v2.md", "Codex v1.md"]);
    }
}
