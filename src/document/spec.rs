//! The pointer to the current specification, and the specification's text.

use std::sync::{Arc, OnceLock};

use crate::text::{Source, Span, Spanned};

use super::heading_scan::{Heading, scan_headings};
use super::json;
use super::outline::{BlockKind, Outline};
use super::section::read_sections;

/// The pointer to the current specification.
#[derive(Debug)]
pub struct SpecPointer {
    /// Text of the pointer.
    pub source: Arc<Source>,
    /// File names in bold, in order; if there are none, the lines that are entirely bold; if
    /// there are none, links that a line calls current. The first one names the specification.
    pub bold_names: Vec<Spanned<String>>,
    /// Span of the first heading, for findings about missing content.
    pub head_span: Span,
}

impl SpecPointer {
    /// Reads a pointer. Never fails.
    #[must_use]
    pub fn read(source: &Arc<Source>) -> Self {
        let text = source.text();
        if text.trim_start_matches('\u{feff}').trim_start().starts_with('{') {
            let bold_names = read_json_pointer(text).into_iter().collect();
            let head_span = source.line_span(1).unwrap_or_default();
            return Self { source: Arc::clone(source), bold_names, head_span };
        }
        let outline = Outline::parse(text);
        let (mut bold, mut links) = (Vec::new(), Vec::new());
        for (index, block) in outline.blocks.iter().enumerate() {
            if block.kind != BlockKind::Prose {
                continue;
            }
            for line in outline.prose_lines(text, index) {
                links.extend(find_current_link(&line.text, line.start));
                let mut from = 0;
                while let Some((at, name)) = find_bold(&line.text, from) {
                    from = at + name.len() + 2;
                    let plain = name.trim().trim_matches('`');
                    let start = line.start + at + name.find(plain).unwrap_or(0);
                    let whole = line.text.trim() == format!("**{name}**");
                    if !plain.is_empty() {
                        bold.push((
                            whole,
                            Spanned::new(plain.to_owned(), Span::new(start, start + plain.len())),
                        ));
                    }
                }
            }
        }
        // Names with the extension `.md` are files; without any, entirely bold
        // lines count.
        let is_file = |name: &Spanned<String>| name.value.to_lowercase().strip_suffix(".md").is_some();
        let has_files = bold.iter().any(|(_, name)| is_file(name));
        let kept = bold.into_iter().filter(|(whole, name)| if has_files { is_file(name) } else { *whole });
        let mut bold_names: Vec<Spanned<String>> =
            kept.map(|(_, name)| name).filter(|name| has_files || !name.value.contains(':')).collect();
        if bold_names.is_empty() {
            bold_names = links;
        }
        let head_span = read_sections(text, &outline)
            .first()
            .map_or_else(|| source.line_span(1).unwrap_or_default(), |section| section.title.span);
        Self { source: Arc::clone(source), bold_names, head_span }
    }

    /// Returns the specification's file name; `None` if the pointer names none.
    #[must_use]
    pub fn spec(&self) -> Option<&Spanned<String>> {
        self.bold_names.first()
    }
}

/// Reads the path of the current specification from a pointer in JSON.
fn read_json_pointer(text: &str) -> Option<Spanned<String>> {
    let root = json::parse(text).value?;
    let current = root.get("current_spec").unwrap_or(&root);
    let keys = ["entrypoint_path", "path", "file", "spec"];
    let path = keys.iter().find_map(|key| current.get_text(key));
    path.or_else(|| root.get_text("current_spec")).filter(|path| !path.value.trim().is_empty())
}

/// Reads the file that a line calls current, if it is a link: `Current: [Spec_v01.md](…)`.
fn find_current_link(line: &str, start: usize) -> Option<Spanned<String>> {
    let open = line.find('[')?;
    let says_current = line.get(..open)?.to_lowercase().contains("current");
    let rest = line.get(open + 1..)?;
    let name = rest.get(..rest.find("](")?)?.trim().trim_matches('`');
    let at = start + open + 1 + rest.find(name)?;
    (says_current && name.to_lowercase().ends_with(".md"))
        .then(|| Spanned::new(name.to_owned(), Span::new(at, at + name.len())))
}

/// Finds the next `**…**` of a line after the byte offset `from`; returns the
/// offset of its text and the text.
fn find_bold(line: &str, from: usize) -> Option<(usize, &str)> {
    let open = from + line.get(from..)?.find("**")? + 2;
    let close = line.get(open..)?.find("**")?;
    Some((open, line.get(open..open + close)?))
}

/// Maximum length of a text, in bytes, that is always parsed.
const SHORT_BYTES: usize = 1024 * 1024;

/// A specification's text; its headings are read on first use.
#[derive(Debug)]
pub struct SpecText {
    /// The text.
    pub source: Arc<Source>,
    /// SHA-1 of its bytes.
    pub sha1: crate::digest::Hash20,
    headings: OnceLock<Vec<Heading>>,
    normalized_titles: OnceLock<Vec<String>>,
}

impl SpecText {
    /// Creates the text from a specification's bytes.
    #[must_use]
    pub fn new(name: crate::text::RepoPath, bytes: Vec<u8>) -> Self {
        let sha1 = crate::digest::sha1(&bytes);
        Self::with_sha1(name, bytes, sha1)
    }

    /// Creates the text from bytes of which the SHA-1 is known.
    pub(crate) fn with_sha1(
        name: crate::text::RepoPath,
        bytes: Vec<u8>,
        sha1: crate::digest::Hash20,
    ) -> Self {
        Self {
            source: Source::from_bytes(name, bytes),
            sha1,
            headings: OnceLock::new(),
            normalized_titles: OnceLock::new(),
        }
    }

    /// Reads headings and lines now, on a thread that has nothing else to do.
    pub(crate) fn read_structure(&self) {
        let _ = (self.headings(), self.source.line_count());
    }

    /// Returns the specification's headings according to CommonMark.
    #[must_use]
    pub fn headings(&self) -> &[Heading] {
        self.headings.get_or_init(|| {
            let text = self.source.text();
            // A short text has the fences that people mean; see `Outline::parse`.
            let scanned = if text.len() > SHORT_BYTES { scan_headings(text) } else { None };
            let parse =
                || read_sections(text, &Outline::parse(text)).into_iter().map(Heading::from).collect();
            scanned.unwrap_or_else(parse)
        })
    }

    /// Returns the titles of the headings, in their order, without differences of case and blanks.
    pub(crate) fn normalized_titles(&self) -> &[String] {
        self.normalized_titles.get_or_init(|| {
            self.headings().iter().map(|heading| normalize_title(&heading.title.value)).collect()
        })
    }

    /// Returns the sections whose heading starts with exactly this number
    /// (`2.6.3`). A specification may use a number twice.
    pub fn find_sections<'a>(&'a self, number: &'a str) -> impl Iterator<Item = &'a Heading> {
        self.headings().iter().filter(move |section| section_number(&section.title.value) == Some(number))
    }

    /// Returns whether a line that looks like a heading with this number is inside a
    /// fence, where it is not a heading.
    #[must_use]
    pub fn has_fenced_section(&self, number: &str) -> bool {
        let titles = self.source.text().lines().filter_map(|line| {
            let title = line.trim_start().trim_start_matches('#');
            (title.len() < line.trim_start().len()).then(|| title.trim())
        });
        titles.into_iter().any(|title| section_number(title) == Some(number))
    }
}

/// Returns a title in small letters, with one blank between its words.
pub(crate) fn normalize_title(title: &str) -> String {
    title.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// Returns the section number at the start of a title: `2.6.3` of
/// `§2.6.3 Rules`.
#[must_use]
pub(crate) fn section_number(title: &str) -> Option<&str> {
    let title = title.trim_start_matches(|c: char| !c.is_alphanumeric());
    let title = ["Section ", "SECTION ", "Chapter ", "Appendix "]
        .iter()
        .find_map(|word| title.strip_prefix(word))
        .unwrap_or(title);
    let end = title.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(title.len());
    let number = title.get(..end)?.trim_end_matches('.');
    let starts = number.starts_with(|c: char| c.is_ascii_digit());
    let is_word_part = title.get(end..).is_some_and(|rest| rest.starts_with(char::is_alphabetic));
    (starts && !number.contains("..") && !is_word_part).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::RepoPath;

    #[test]
    fn section_numbers_are_read_from_titles() {
        assert_eq!(section_number("2.6.3 Rules"), Some("2.6.3"));
        assert_eq!(section_number("§2.6.3. Rules"), Some("2.6.3"));
        assert_eq!(section_number("Section 7.6"), Some("7.6"));
        assert_eq!(section_number("Rules 2.6.3"), None);
        assert_eq!(section_number("3D models"), None);
    }

    #[test]
    fn a_heading_in_a_fence_is_not_a_section() {
        let text = "# 1 A\n\n```\n## 1.2 no\n```\n\n## 1.1 B\n";
        let spec = SpecText::new(RepoPath::from("s.md"), text.as_bytes().to_vec());
        let exists = |number: &str| spec.find_sections(number).next().is_some();
        assert!(exists("1.1") && !exists("1.2"));
        assert!(spec.has_fenced_section("1.2") && !spec.has_fenced_section("1.3"));
    }

    #[test]
    fn the_pointer_names_the_first_bold_line() {
        let text =
            "# SPEC_CURRENT\n\nNow **this** one:\n\n**A_v2.md**\n\n```\n**B.md**\n```\n\n**Codex v1.md**\n";
        let pointer = SpecPointer::read(&Source::from_text(RepoPath::from("p.md"), text));
        let names: Vec<_> = pointer.bold_names.iter().map(|name| name.value.as_str()).collect();
        assert_eq!(names, ["A_v2.md", "Codex v1.md"]);
        let text =
            "{\"current_spec\": {\"entrypoint_path\": \"spec/v2/list.json\"}, \"old\": {\"path\": \"x.md\"}}";
        let pointer = SpecPointer::read(&Source::from_text(RepoPath::from("p.md"), text));
        assert_eq!(pointer.spec().map(|name| name.value.as_str()), Some("spec/v2/list.json"));
        let text = "# SPEC_CURRENT\n\n**Status: current**\n\n- The spec is **`B_v3.md`**.\n";
        let pointer = SpecPointer::read(&Source::from_text(RepoPath::from("p.md"), text));
        assert_eq!(pointer.spec().map(|name| name.value.as_str()), Some("B_v3.md"));
    }
}
