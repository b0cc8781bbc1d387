//! `IN_SCOPE_PATHS` and `OUT_OF_SCOPE` of a packet, as lists of entries.

use crate::document::Fault;
use crate::document::label::Field;
use crate::document::outline::{Kind, Outline};
use crate::document::scope_entry::{Coverage, ScopeEntry};
use crate::document::section::Section;
use crate::text::{Span, Spanned, trimmed};

/// The scope of a packet.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    /// Where `IN_SCOPE_PATHS` is declared.
    pub declared: Option<Span>,
    /// Its entries, those that cover nothing included.
    pub inside: Vec<ScopeEntry>,
    /// Paths that `OUT_OF_SCOPE` names.
    pub outside: Vec<ScopeEntry>,
}

/// A list to read: where it is declared, an inline value, and its items.
struct Listing {
    declared: Span,
    inline: Option<Spanned<String>>,
    items: Vec<usize>,
}

pub(super) fn read(
    text: &str,
    outline: &Outline,
    sections: &[Section],
    all: &[Field],
) -> (Scope, Vec<Fault>) {
    let mut faults = Vec::new();
    let mut scope = Scope::default();
    let inside = listings(outline, sections, all, text, "IN_SCOPE_PATHS");
    for extra in inside.get(1..).unwrap_or_default() {
        let message = "IN_SCOPE_PATHS is declared a second time".to_owned();
        faults.push(Fault { rule: "packet/duplicate-field", message, span: extra.declared });
    }
    if let Some(listing) = inside.first() {
        scope.declared = Some(listing.declared);
        for value in listing.inline.iter().flat_map(inline_entries) {
            scope.inside.push(ScopeEntry::read(value));
        }
        for item in &listing.items {
            entries(text, outline, *item, &mut scope.inside);
        }
    }
    for listing in listings(outline, sections, all, text, "OUT_OF_SCOPE") {
        if let Some(value) = &listing.inline {
            scope.outside.extend(named_paths(value));
        }
        for item in listing.items {
            outside(text, outline, item, &mut scope.outside);
        }
    }
    (scope, faults)
}

fn listings(outline: &Outline, sections: &[Section], all: &[Field], text: &str, key: &str) -> Vec<Listing> {
    let mut out = Vec::new();
    for section in sections.iter().filter(|section| section.key == key) {
        let items = section.own.clone().filter(|index| is_first_level_item(outline, *index)).collect();
        out.push(Listing { declared: section.title.span, inline: None, items });
    }
    let scope = sections.iter().find(|section| section.key == "SCOPE");
    for field in all.iter().filter(|field| field.key == key && field.top) {
        let within = scope.is_none_or(|section| section.blocks.contains(&field.block));
        if !within {
            continue;
        }
        let inline = Some(field.value.clone()).filter(|value| !crate::document::is_placeholder(&value.value));
        let items = match field.item {
            Some(item) => {
                let nested: Vec<usize> = outline.items(Some(item)).collect();
                if nested.is_empty() && inline.is_none() {
                    siblings(text, outline, item, all)
                } else {
                    nested
                }
            }
            None => following_list(outline, field.block),
        };
        out.push(Listing { declared: field.label, inline, items });
    }
    out
}

fn is_first_level_item(outline: &Outline, index: usize) -> bool {
    let list = outline.get(index).filter(|block| block.kind == Kind::Item).and_then(|block| block.parent);
    list.and_then(|list| outline.get(list)).is_some_and(|list| list.parent.is_none())
}

/// `- IN_SCOPE_PATHS:` with its entries as the next items of the same list.
fn siblings(text: &str, outline: &Outline, item: usize, all: &[Field]) -> Vec<usize> {
    let Some(list) = outline.get(item).and_then(|block| block.parent) else { return Vec::new() };
    let labelled = |item: usize| {
        all.iter().any(|field| {
            let name = text.get(field.label.start..field.label.end).unwrap_or("");
            field.item == Some(item)
                && outline.item_prose(item) == Some(field.block)
                && !name.contains(['/', '.'])
        })
    };
    outline
        .children(Some(list))
        .skip_while(|index| *index <= item)
        .take_while(|index| !labelled(*index))
        .collect()
}

fn following_list(outline: &Outline, block: usize) -> Vec<usize> {
    let next = outline.get(block).map_or(block + 1, |b| b.end.max(block + 1));
    match outline.get(next) {
        Some(list) if matches!(list.kind, Kind::List(_)) => outline.children(Some(next)).collect(),
        _ => Vec::new(),
    }
}

/// Entries of an inline value, separated by commas or semicolons.
fn inline_entries(value: &Spanned<String>) -> Vec<Spanned<String>> {
    let mut out = Vec::new();
    let mut offset = 0;
    for piece in value.value.split_inclusive([',', ';']) {
        let body =
            trimmed(&value.value, Span::new(offset, offset + piece.trim_end_matches([',', ';']).len()));
        offset += piece.len();
        if !body.value.is_empty() {
            let span = Span::new(value.span.start + body.span.start, value.span.start + body.span.end);
            out.push(Spanned::new(body.value.to_owned(), span));
        }
    }
    out
}

fn item_text(text: &str, outline: &Outline, item: usize) -> Option<Spanned<String>> {
    let prose = outline.item_prose(item)?;
    let block = outline.get(prose)?;
    let whole: String = outline.prose_lines(text, prose).into_iter().map(|line| line.text).collect();
    let body = whole.trim().to_owned();
    let at = block.content.start + whole.find(body.as_str()).unwrap_or(0);
    Some(Spanned::new(body.clone(), Span::new(at, at + body.len())))
}

/// One item: a group heading with items below it, or an entry with notes.
fn entries(text: &str, outline: &Outline, item: usize, out: &mut Vec<ScopeEntry>) {
    let nested: Vec<usize> = outline.items(Some(item)).collect();
    let Some(own) = item_text(text, outline, item) else {
        nested.into_iter().for_each(|child| entries(text, outline, child, out));
        return;
    };
    let bold =
        own.value.len() > 4 && own.value.starts_with("**") && own.value.trim_end_matches(':').ends_with("**");
    let named = own.value.chars().any(char::is_alphanumeric);
    if named && (bold || (own.value.ends_with(':') && !nested.is_empty())) {
        nested.into_iter().for_each(|child| entries(text, outline, child, out));
        return;
    }
    let entry = ScopeEntry::read(own);
    let understood = entry.coverage.is_ok();
    out.push(entry);
    for child in nested {
        let before = out.len();
        entries(text, outline, child, out);
        if understood {
            // Below a path, anything that is no path is a note about it.
            let kept: Vec<ScopeEntry> = out.drain(before..).filter(|entry| matches!(entry.coverage, Ok(Coverage::File(_) | Coverage::Folder(_) | Coverage::Glob(_)) if entry.raw.value.contains('/'))).collect();
            out.extend(kept);
        }
    }
}

/// An item of `OUT_OF_SCOPE`: a path, or prose with paths in back-ticks, and
/// perhaps a nested list of paths.
fn outside(text: &str, outline: &Outline, item: usize, out: &mut Vec<ScopeEntry>) {
    if let Some(own) = item_text(text, outline, item) {
        let entry = ScopeEntry::read(own.clone());
        let path = crate::document::label::without_hint(&own.value);
        if entry.coverage.is_ok() && path.contains(['/', '.']) {
            out.push(entry);
        } else {
            out.extend(named_paths(&own));
        }
    }
    for child in outline.items(Some(item)).collect::<Vec<_>>() {
        outside(text, outline, child, out);
    }
}

/// Paths in back-ticks in a sentence; what stands in parentheses explains and
/// does not forbid.
fn named_paths(sentence: &Spanned<String>) -> Vec<ScopeEntry> {
    let mut out = Vec::new();
    let mut depth = 0usize;
    let mut offset = 0;
    let mut inverted = false;
    for (number, piece) in sentence.value.split('`').enumerate() {
        if number % 2 == 0 {
            // "Changes outside `x`" excludes everything else, not `x`.
            let before = piece.trim_end().to_lowercase();
            inverted = ["outside", "outside of", "except", "except for", "other than", "beyond", "not in"]
                .iter()
                .any(|word| before.ends_with(word));
            for c in piece.chars() {
                match c {
                    '(' => depth += 1,
                    ')' => depth = depth.saturating_sub(1),
                    _ => {}
                }
            }
        } else if depth == 0 && !inverted && piece.contains('/') && !piece.contains(' ') {
            let at = sentence.span.start + offset;
            let entry = ScopeEntry::read(Spanned::new(piece.to_owned(), Span::new(at, at + piece.len())));
            out.extend(Some(entry).filter(|entry| entry.coverage.is_ok()));
        }
        offset += piece.len() + 1;
    }
    out
}
