//! Sections of a document: top-level headings with normalized titles.

use crate::text::{Span, Spanned};

use super::field::{Field, normalize_key, read_fields, strip_hint};
use super::outline::{BlockKind, Outline};

/// A heading with the text below it, up to the next heading of the same or a
/// higher level.
#[derive(Debug, Clone)]
pub struct Section {
    /// Normalized title: `## Bootstrap (Coder Work Plan) [X]` is `BOOTSTRAP`.
    pub key: String,
    /// The title as written.
    pub title: Spanned<String>,
    /// Level of the heading, 1 to 6.
    pub level: u8,
    /// Index of the heading's block.
    pub heading: usize,
    /// Indexes of the blocks below the heading, subsections included.
    pub blocks: std::ops::Range<usize>,
    /// Indexes of the blocks below the heading, up to the next heading of any
    /// level.
    pub own_blocks: std::ops::Range<usize>,
    /// Bytes from the heading to the section's end.
    pub span: Span,
}

/// Reads all sections of a document, in order.
#[must_use]
pub(crate) fn read_sections(text: &str, outline: &Outline) -> Vec<Section> {
    let heads: Vec<(usize, u8)> = outline
        .children(None)
        .filter_map(|index| match outline.get(index)?.kind {
            BlockKind::Heading(level) => Some((index, level)),
            _ => None,
        })
        .collect();
    let last = outline.blocks.len();
    let starts = |index: usize| outline.get(index).map_or(text.len(), |block| block.span.start);
    heads
        .iter()
        .enumerate()
        .filter_map(|(number, (heading, level))| {
            let block = outline.get(*heading)?;
            let later = heads.get(number + 1..).unwrap_or_default();
            let end = later.iter().find(|(_, other)| other <= level).map_or(last, |(index, _)| *index);
            let own_end = later.first().map_or(last, |(index, _)| *index);
            let title: String =
                outline.prose_lines(text, *heading).into_iter().map(|line| line.text).collect();
            let title = title.trim().to_owned();
            Some(Section {
                key: normalize_title(&title),
                title: Spanned::new(title, block.content),
                level: *level,
                heading: *heading,
                blocks: block.end..end,
                own_blocks: block.end..own_end,
                span: Span::new(block.span.start, starts(end)),
            })
        })
        .collect()
}

impl Section {
    /// Reads the labelled fields of the section, subsections included.
    #[must_use]
    pub fn fields(&self, text: &str, outline: &Outline) -> Vec<Field> {
        read_fields(text, outline, self.blocks.clone())
    }
}

/// Finds the section that has a block below its heading and above the next one.
#[must_use]
pub(crate) fn section_of_block(sections: &[Section], block: usize) -> Option<&Section> {
    let after = sections.partition_point(|section| section.own_blocks.start <= block);
    let last = after.checked_sub(1).and_then(|at| sections.get(at))?;
    last.own_blocks.contains(&block).then_some(last)
}

/// Finds a heading with this key inside a code block, where it does not count
/// as a heading. Findings about a missing section point at it.
#[must_use]
pub(crate) fn find_heading_in_fence(text: &str, outline: &Outline, key: &str) -> Option<Span> {
    let code = outline.blocks.iter().filter(|block| matches!(block.kind, BlockKind::Code(_)));
    for block in code {
        let mut at = block.content.start;
        for line in text.get(block.content.start..block.content.end).unwrap_or("").split_inclusive('\n') {
            let body = line.trim();
            if body.starts_with('#') && normalize_title(body.trim_start_matches('#')) == key {
                let start = at + line.find(body).unwrap_or(0);
                return Some(Span::new(start, start + body.len()));
            }
            at += line.len();
        }
    }
    None
}

/// Normalizes a title to a key. Trailing `(…)` and `[…]` tags, decoration
/// before the first letter, case, spaces and dashes do not matter.
#[must_use]
pub(crate) fn normalize_title(title: &str) -> String {
    let mut rest = without_number(title.trim().trim_matches('*').trim());
    loop {
        let shorter = strip_hint(rest).trim_end_matches(':').trim_end();
        let shorter = match shorter.strip_suffix(']').and_then(|inner| inner.rfind('[')) {
            Some(at) if at > 0 => shorter.get(..at).unwrap_or("").trim_end(),
            _ => shorter,
        };
        if shorter.len() == rest.len() || shorter.is_empty() {
            return normalize_key(rest);
        }
        rest = shorter;
    }
}

/// Returns a title without the number before it: `3. SCOPE`, `2.1) Status`.
fn without_number(title: &str) -> &str {
    let rest = title.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let number = title.get(..title.len() - rest.len()).unwrap_or_default();
    let rest = rest.strip_prefix(')').unwrap_or(rest);
    // `2026 SCOPE` has a year before it.
    let is_number = number.starts_with(|c: char| c.is_ascii_digit())
        && number.split('.').all(|part| part.len() <= 2)
        && number.len() <= 8;
    let has_title = rest.starts_with(' ') && rest.contains(char::is_alphabetic);
    if is_number && has_title { rest.trim_start() } else { title }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normalizing_a_title_removes_only_its_tags() {
        assert_eq!(normalize_title("Bootstrap (Coder Work Plan) [BOOTSTRAP]"), "BOOTSTRAP");
        assert_eq!(normalize_title("LINEAGE_AUDIT (ALL VERSIONS) [CX-580E]"), "LINEAGE_AUDIT");
        assert_eq!(normalize_title("Quality Gate"), "QUALITY_GATE");
        assert_eq!(normalize_title("3. SCOPE"), "SCOPE");
        assert_eq!(normalize_title("2.1) Test Plan [X]"), "TEST_PLAN");
        assert_eq!(normalize_title("2026-01-02 Notes"), "2026_01_02_NOTES");
        assert_eq!(normalize_title("2026 SCOPE"), "2026_SCOPE");
        assert_eq!(normalize_title("VALIDATION_REPORTS"), "VALIDATION_REPORTS");
        assert_eq!(normalize_title("Validation Report (Append Only)"), "VALIDATION_REPORT");
    }

    #[test]
    fn sections_nest() {
        let text = "# T\n## A\n### B\nx\n## C\n";
        let outline = Outline::parse(text);
        let all = read_sections(text, &outline);
        let spans: Vec<_> =
            all.iter().map(|s| (s.key.as_str(), text.get(s.span.start..s.span.end).unwrap_or(""))).collect();
        assert_eq!(spans[1], ("A", "## A\n### B\nx\n"));
        assert_eq!(spans[2], ("B", "### B\nx\n"));
        assert_eq!(all[1].own_blocks.len(), 0);
    }
}
