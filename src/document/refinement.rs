//! Refinements: they connect a packet to lines of a specification.

use std::sync::Arc;

use crate::text::{RepoPath, Source, Span, Spanned};

use super::block_ranges::BlockRanges;
use super::field::{Field, read_fields};
use super::outline::{BlockKind, Outline};
use super::section::{Section, read_sections};

/// One `#### ANCHOR n` of a refinement.
#[derive(Debug, Clone)]
pub struct Anchor {
    /// Span of the heading.
    pub heading: Span,
    /// `SPEC_ANCHOR`.
    pub name: Option<Spanned<String>>,
    /// `CONTEXT_START_LINE`.
    pub start: Option<Spanned<String>>,
    /// `CONTEXT_END_LINE`.
    pub end: Option<Spanned<String>>,
    /// `CONTEXT_TOKEN`.
    pub token: Option<Spanned<String>>,
    /// The fenced excerpt, `\uXXXX` escapes as written.
    pub excerpt: Option<Spanned<String>>,
}

impl Anchor {
    /// Returns the name with its escapes decoded: `\u00a72.0.4` is `§2.0.4`.
    #[must_use]
    pub fn plain_name(&self) -> Option<String> {
        self.name.as_ref().map(|name| unescape(&name.value))
    }

    /// Returns the file that the anchor names with its folder, as in
    /// `spec/modules/02.md#2.3`: a module of a specification that is a bundle.
    #[must_use]
    pub fn module(&self) -> Option<RepoPath> {
        let name = self.plain_name()?;
        let at = name.find(".md")?;
        let path = name.get(..at + 3)?.trim_start_matches(['`', ' ', '*']);
        (path.contains('/') && !path.contains(' ')).then(|| RepoPath::from(path))
    }

    /// Returns first and last line of the window (lines from 1); `None` if one of
    /// them is not a line number.
    #[must_use]
    pub fn window(&self) -> Option<(usize, usize)> {
        let line = |value: &Option<Spanned<String>>| {
            value.as_ref().and_then(|v| v.value.parse::<usize>().ok()).filter(|line| *line > 0)
        };
        Some((line(&self.start)?, line(&self.end)?))
    }
}

/// A refinement with its fields, sections and anchors.
#[derive(Debug)]
pub struct Refinement {
    /// Text of the refinement.
    pub source: Arc<Source>,
    /// All labelled fields.
    pub fields: Vec<Field>,
    /// All sections.
    pub sections: Vec<Section>,
    /// The anchors.
    pub anchors: Vec<Anchor>,
    /// Block ranges of the anchors.
    anchor_blocks: BlockRanges,
    /// The checklist `CLEARLY_COVERS`.
    pub checklist: Vec<ChecklistItem>,
    /// Span of the text of `PROPOSED_SPEC_ENRICHMENT`; `None` if it proposes
    /// nothing.
    pub proposal: Option<Span>,
}

/// One point of the checklist `CLEARLY_COVERS`.
#[derive(Debug, Clone)]
pub struct ChecklistItem {
    /// Label of the point.
    pub label: Span,
    /// Whether it is ticked.
    pub is_ticked: bool,
    /// The text after the checkbox.
    pub text: Spanned<String>,
}

impl Refinement {
    /// Reads a refinement. Never fails.
    #[must_use]
    pub fn read(source: &Arc<Source>) -> Self {
        let text = source.text();
        let outline = Outline::parse(text);
        let sections = read_sections(text, &outline);
        let all = read_fields(text, &outline, 0..outline.blocks.len());
        let is_anchor = |section: &&Section| {
            let rest = section.key.strip_prefix("ANCHOR");
            rest.is_some_and(|rest| rest.trim_start_matches('_').bytes().all(|b| b.is_ascii_digit()))
        };
        let anchored = || sections.iter().filter(is_anchor);
        let anchors = anchored().map(|section| read_anchor(text, &outline, section, &all)).collect();
        let anchor_blocks: Vec<_> = anchored().map(|section| section.own_blocks.clone()).collect();
        let checklist = read_checklist(&sections, &all);
        let proposal = find_proposal(text, &outline, &sections);
        Self {
            source: Arc::clone(source),
            fields: all,
            sections,
            anchors,
            anchor_blocks: BlockRanges::new(&anchor_blocks),
            checklist,
            proposal,
        }
    }

    /// Returns the first field with this key outside the anchors.
    #[must_use]
    pub fn field(&self, key: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.key == key && !self.is_in_anchor(field))
    }

    /// Returns whether a field is in an anchor, where an excerpt may contain
    /// lines that look like fields.
    #[must_use]
    pub fn is_in_anchor(&self, field: &Field) -> bool {
        self.anchor_blocks.contains(field.block)
    }

    /// Returns the value of the first field with this key; `None` if the field is
    /// absent or not filled.
    #[must_use]
    pub fn filled_value(&self, key: &str) -> Option<Spanned<String>> {
        self.field(key).and_then(Field::filled_value)
    }

    /// Returns the specification that `SPEC_TARGET_RESOLVED: pointer -> spec`
    /// names.
    #[must_use]
    pub fn spec_file(&self) -> Option<Spanned<String>> {
        let value = self.filled_value("SPEC_TARGET_RESOLVED")?;
        let spec = value.value.rsplit("->").next().unwrap_or("").trim().trim_matches('`').to_owned();
        (!spec.is_empty()).then(|| Spanned::new(spec, value.span))
    }

    /// Returns `USER_REVIEW_STATUS` if it has a value; `PENDING` is a value here.
    #[must_use]
    pub fn review_status(&self) -> Option<&Field> {
        let field = self.field("USER_REVIEW_STATUS")?;
        let value = field.bare_value().value;
        (!value.is_empty() && value.chars().all(|c| c.is_ascii_uppercase() || c == '_')).then_some(field)
    }

    /// Returns the span of a field's value, or of its label if the value is empty.
    #[must_use]
    pub fn field_span(field: &Field) -> Span {
        if field.value.span.is_empty() { field.label } else { field.value.span }
    }

    /// Returns the span for findings about the refinement as a whole.
    #[must_use]
    pub fn head_span(&self) -> Span {
        self.sections
            .first()
            .map_or_else(|| self.source.line_span(1).unwrap_or_default(), |section| section.title.span)
    }
}

fn read_anchor(text: &str, outline: &Outline, section: &Section, all: &[Field]) -> Anchor {
    // Fields are in the order of their blocks.
    let first = all.partition_point(|field| field.block < section.own_blocks.start);
    let last = all.partition_point(|field| field.block < section.own_blocks.end);
    let own = all.get(first..last).unwrap_or_default();
    let find = |key: &str| own.iter().find(|field| field.key == key);
    let whole = |key: &str| {
        find(key).filter(|f| f.is_filled()).map(|f| Spanned::new(f.unquoted_value().to_owned(), f.value.span))
    };
    let excerpt = section
        .own_blocks
        .clone()
        .filter_map(|index| outline.get(index))
        .find(|block| matches!(block.kind, BlockKind::Code(_)));
    Anchor {
        heading: section.title.span,
        name: whole("SPEC_ANCHOR"),
        start: find("CONTEXT_START_LINE").and_then(Field::filled_value),
        end: find("CONTEXT_END_LINE").and_then(Field::filled_value),
        token: whole("CONTEXT_TOKEN")
            .or_else(|| find("CONTEXT_TOKEN").and_then(|field| raw_value(text, field))),
        excerpt: excerpt.map(|block| {
            let pieces = block.masked.iter().map(|piece| text.get(piece.start..piece.end).unwrap_or(""));
            Spanned::new(pieces.collect::<String>(), block.content)
        }),
    }
}

/// Returns a value as written, because a token may be an HTML comment of the
/// specification.
fn raw_value(text: &str, field: &Field) -> Option<Spanned<String>> {
    let raw = text.get(field.value.span.start..field.value.span.end)?.trim();
    raw.contains("<!--").then(|| Spanned::new(raw.to_owned(), field.value.span))
}

fn read_checklist(sections: &[Section], all: &[Field]) -> Vec<ChecklistItem> {
    let Some(section) = sections.iter().find(|section| section.key == "CLEARLY_COVERS") else {
        return Vec::new();
    };
    let inside = all.iter().filter(|field| section.own_blocks.contains(&field.block));
    let tick = |field: &Field| {
        let value = field.value.value.trim();
        let ticked = match value.get(..3)? {
            "[ ]" => false,
            "[x]" | "[X]" => true,
            _ => return None,
        };
        let text = Spanned::new(value.get(3..)?.trim().to_owned(), field.value.span);
        Some(ChecklistItem { label: field.label, is_ticked: ticked, text })
    };
    inside.filter_map(tick).collect()
}

/// Finds the text of `PROPOSED_SPEC_ENRICHMENT`: the section's text, or a code
/// block of ENRICHMENT where the name is a label. `None` for a placeholder and
/// for "none".
fn find_proposal(text: &str, outline: &Outline, sections: &[Section]) -> Option<Span> {
    let first_content = |section: &Section, with_prose: bool| {
        let blocks = section.blocks.clone().filter_map(|index| outline.get(index));
        let wanted = |kind: &BlockKind| {
            matches!(kind, BlockKind::Code(_)) || (with_prose && *kind == BlockKind::Prose)
        };
        blocks.filter(|block| wanted(&block.kind)).find(|block| {
            let body = text.get(block.content.start..block.content.end).unwrap_or("").trim();
            let lower = body.trim_start_matches('<').to_lowercase();
            let is_none = ["not applicable", "none", "n/a"].iter().any(|word| lower.starts_with(word));
            !is_none && !super::is_placeholder(body)
        })
    };
    let find = |key: &str| sections.iter().find(|section| section.key == key);
    let block = match find("PROPOSED_SPEC_ENRICHMENT") {
        Some(section) => first_content(section, true),
        None => first_content(find("ENRICHMENT")?, false),
    };
    block.map(|block| block.content)
}

/// Keys of the fields that an approval fills.
pub(crate) const APPROVAL_FIELDS: [&str; 3] =
    ["USER_REVIEW_STATUS", "USER_SIGNATURE", "USER_APPROVAL_EVIDENCE"];

impl Refinement {
    /// Returns the SHA-256 of the text that is approved: all lines except those
    /// of the fields that the approval fills, without whitespace at line ends.
    #[must_use]
    pub fn approved_sha256(&self) -> String {
        let text = self.source.text();
        let own = |key: &&str| self.field(key);
        let lines: Vec<usize> =
            APPROVAL_FIELDS.iter().filter_map(own).map(|field| self.source.line(field.label.start)).collect();
        let kept = text.trim_start_matches('\u{feff}').lines().enumerate();
        let kept = kept
            .filter(|(index, _)| !lines.contains(&(index + 1)))
            .map(|(_, line)| line.trim_end_matches([' ', '\t', '\r']));
        crate::digest::sha256_hex(kept.collect::<Vec<_>>().join("\n").as_bytes())
    }
}

/// Decodes the `\uXXXX` escapes of an excerpt, also with a doubled backslash;
/// other backslashes stay.
#[must_use]
pub(crate) fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("\\u") {
        let (units, used) = read_utf16_escapes(rest.get(at..).unwrap_or(""));
        let before = rest.get(..at).unwrap_or("");
        let before = if used > 0 { before.strip_suffix('\\').unwrap_or(before) } else { before };
        out.push_str(before);
        if used == 0 {
            out.push_str("\\u");
            rest = rest.get(at + 2..).unwrap_or("");
        } else {
            out.push_str(&String::from_utf16_lossy(&units));
            rest = rest.get(at + used..).unwrap_or("");
        }
    }
    out.push_str(rest);
    out
}

/// Writes control characters and all characters outside ASCII as `\uXXXX`
/// escapes. [`unescape`] returns the original of every text.
#[must_use]
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        // A backslash that would be read as the start of an escape is escaped.
        let after = rest.as_str().trim_start_matches('\\').chars().next();
        let begins = c == '\\' && after.is_some_and(|next| next == 'u' || !next.is_ascii());
        let is_shown = !c.is_control() || c == '\t';
        if c.is_ascii() && is_shown && !begins {
            out.push(c);
        } else {
            let mut units = [0; 2];
            c.encode_utf16(&mut units).iter().for_each(|unit| out.push_str(&format!("\\u{unit:04x}")));
        }
    }
    out
}

fn read_utf16_escapes(text: &str) -> (Vec<u16>, usize) {
    let mut units = Vec::new();
    let mut used = 0;
    while let Some(code) = text.get(used..).and_then(|t| t.strip_prefix("\\u")).and_then(|t| t.get(..4)) {
        match u16::from_str_radix(code, 16) {
            Ok(unit) if code.bytes().all(|b| b.is_ascii_hexdigit()) => units.push(unit),
            _ => break,
        }
        used += 6;
    }
    (units, used)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_decoded_in_surrogate_pairs() {
        assert_eq!(escape("a § \u{1f600}"), r"a \u00a7 \ud83d\ude00");
        assert_eq!(unescape(r"a \\u00a7 \\n"), r"a § \\n");
        for text in [r"\u00a7", r"\\u00a7 \n", r"\§", r"\\\§ \", r"\u12 \U", r"C:\users\tess", "\u{1b}[31m\t"]
        {
            assert!(!escape(text).contains('\u{1b}'));
            assert_eq!(unescape(&escape(text)), text);
        }
        assert_eq!(unescape(r"a\u00a7b \ud83d\ude00 \u12 \n"), "a§b 😀 \\u12 \\n");
    }
}
