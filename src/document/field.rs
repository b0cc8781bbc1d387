//! Labelled fields (`- **Label**: value`), read alike in all packet generations.
//!
//! A label may be bold, with its colon inside or outside, and in any case. A
//! template hint in parentheses may follow the value. The key is normalized
//! (`Pre-SHA1` and `**PRE_SHA1**:` are both `PRE_SHA1`).

use crate::text::{Span, Spanned, trim_spanned};

use super::outline::{BlockKind, Outline, ProseLine};
use super::placeholder::is_placeholder;

/// One labelled field.
#[derive(Debug, Clone)]
pub struct Field {
    /// Normalized label: upper case, words joined by `_`.
    pub key: String,
    /// Span of the label, without colon and stars.
    pub label: Span,
    /// The whole value with all its lines, trimmed; may be empty.
    pub value: Spanned<String>,
    /// Block index of the list item that contains the field; `None` in a
    /// paragraph. The children of a field are the nested list of this item.
    pub item: Option<usize>,
    /// Index of the prose block that contains the field.
    pub block: usize,
    /// Whether the field is in a paragraph or in a first-level item of its
    /// section, not nested below another item.
    pub is_top_level: bool,
}

impl Field {
    /// Returns the value without backticks and without a hint in parentheses.
    #[must_use]
    pub fn bare_value(&self) -> Spanned<&str> {
        let without = strip_hint(&self.value.value);
        let text = strip_quotes(without);
        let at = self.value.value.find(text).unwrap_or(0);
        let start = self.value.span.start + at;
        Spanned::new(text, Span::new(start, start + text.len()))
    }

    /// Returns the whole value without backticks.
    #[must_use]
    pub fn unquoted_value(&self) -> &str {
        strip_quotes(&self.value.value)
    }

    /// Returns whether the field has a value: not empty and not a placeholder
    /// of the template.
    #[must_use]
    pub fn is_filled(&self) -> bool {
        !is_placeholder(&self.value.value) && !is_placeholder(self.bare_value().value)
    }

    /// Returns the bare value; `None` if the field is not filled.
    #[must_use]
    pub fn filled_value(&self) -> Option<Spanned<String>> {
        self.is_filled().then(|| self.bare_value().map(str::to_owned))
    }
}

/// Removes a trailing ` (hint)`; a value that is only a hint becomes empty.
#[must_use]
pub(crate) fn strip_hint(value: &str) -> &str {
    let value = value.trim();
    if !value.ends_with(')') {
        return value;
    }
    let mut depth = 0usize;
    for (at, c) in value.char_indices().rev() {
        match c {
            ')' => depth += 1,
            '(' => {
                depth -= 1;
                if depth == 0 {
                    let before = value.get(..at).unwrap_or("");
                    let is_hint = before.is_empty() || before.ends_with(char::is_whitespace);
                    return if is_hint { before.trim_end() } else { value };
                }
            }
            _ => {}
        }
    }
    value
}

/// Removes one pair of backtick runs around a value.
#[must_use]
pub(crate) fn strip_quotes(value: &str) -> &str {
    let value = value.trim();
    let ticks = value.len() - value.trim_start_matches('`').len();
    if ticks == 0 || value.len() < 2 * ticks {
        return value;
    }
    let fence = value.get(..ticks).unwrap_or("");
    match value.get(ticks..).and_then(|v| v.strip_suffix(fence)) {
        // Longer and shorter runs of backticks are text. CommonMark separates
        // backticks at the edge of the text by a space.
        Some(inner) if inner.split(|c| c != '`').all(|run| run.len() != ticks) => {
            let padded = inner.strip_prefix(' ').and_then(|inner| inner.strip_suffix(' '));
            padded.filter(|inner| inner.starts_with('`') || inner.ends_with('`')).unwrap_or(inner)
        }
        _ => value,
    }
}

/// Normalizes a label to a key: `Pre-SHA1 ` → `PRE_SHA1`.
#[must_use]
pub(crate) fn normalize_key(label: &str) -> String {
    let mut key = String::with_capacity(label.len());
    for c in label.chars() {
        if c.is_ascii_alphanumeric() {
            key.push(c.to_ascii_uppercase());
        } else if c.is_alphanumeric() {
            key.extend(c.to_uppercase());
        } else if !key.is_empty() && !key.ends_with('_') {
            key.push('_');
        }
    }
    key.truncate(key.trim_end_matches('_').len());
    key
}

/// A label found at the start of a line.
struct LabelMatch {
    key: String,
    label: Span,
    value_start: usize,
    is_bold: bool,
}

/// Finds `**Label**:`, `**Label:**` or `Label:` at the start of a line.
fn find_label(line: &ProseLine<'_>) -> Option<LabelMatch> {
    let text = line.text.trim_end();
    let indent = text.len() - text.trim_start().len();
    let body = text.get(indent..)?;
    let strong = body.starts_with("**") || body.starts_with("__");
    let (name, rest_at) = if strong {
        let marks = body.get(..2)?;
        let inner = body.get(2..)?;
        let close = inner.find(marks)?;
        let name = inner.get(..close)?;
        let after = inner.get(close + 2..)?;
        match name.trim_end().strip_suffix(':') {
            Some(name) => (name, 2 + close + 2),
            None if after.trim_start().starts_with(':') => {
                let spaces = after.len() - after.trim_start().len();
                (name, 2 + close + 2 + spaces + 1)
            }
            // `**Verdict: PASS**`: the whole line is bold.
            None => {
                // Nothing but a mark may follow: `**Verdict: PASS** ✅`.
                let rest = !after.contains(char::is_alphanumeric);
                match name.find(':').filter(|_| rest) {
                    Some(colon) => (name.get(..colon)?, 2 + colon + 1),
                    // `**DONE_MEANS**` alone stands above its list.
                    None if rest && is_deciding_name(name) => (name, 2 + close + 2),
                    None => return None,
                }
            }
        }
    } else {
        let colon = if let Some(end) = end_of_quoted_name(body) { end } else { body.find(':')? };
        if body.get(colon + 1..).is_some_and(|rest| rest.starts_with("//") || rest.starts_with(':')) {
            return None;
        }
        (body.get(..colon)?, colon + 1)
    };
    let name = name.trim();
    let inner = name.strip_prefix('`').and_then(|name| name.strip_suffix('`'));
    let unquoted = inner.filter(|_| end_of_quoted_name(body).is_some()).unwrap_or(name);
    // Editors write a backslash before an underscore.
    let plain = unquoted.replace("\\_", "_");
    let is_label = !plain.is_empty()
        && plain.len() <= 80
        && plain.chars().all(|c| c.is_alphanumeric() || " _-/()[]#.".contains(c));
    if !is_label || !plain.chars().any(char::is_alphabetic) {
        return None;
    }
    let key = normalize_key(strip_hint(&plain));
    let ticks = usize::from(unquoted.len() < name.len());
    let at = line.start + indent + if strong { 2 } else { 0 } + ticks;
    Some(LabelMatch {
        key,
        label: Span::new(at, at + unquoted.len()),
        value_start: line.start + indent + rest_at,
        is_bold: strong,
    })
}

/// Lists that decide a verdict: their names count without a colon, too.
const DECIDING_NAMES: [&str; 4] = ["TEST_PLAN", "DONE_MEANS", "IN_SCOPE_PATHS", "OUT_OF_SCOPE"];

fn is_deciding_name(name: &str) -> bool {
    let plain = name.trim().replace("\\_", "_");
    DECIDING_NAMES.contains(&plain.as_str())
}

/// Returns the offset of the colon behind a name in backticks, if it is a constant such as
/// `` `RISK_TIER`: ``. Other text in backticks is no label.
fn end_of_quoted_name(body: &str) -> Option<usize> {
    let inner = body.strip_prefix('`')?;
    let close = inner.find('`')?;
    let is_name = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || "_-".contains(c);
    let name = inner.get(..close)?;
    let is_constant = name.len() > 2 && name.chars().all(is_name);
    (is_constant && inner.get(close + 1..)?.starts_with(':')).then_some(close + 2)
}

/// Reads all labelled fields of the blocks in `range`, in order, nested items
/// included.
#[must_use]
pub(crate) fn read_fields(text: &str, outline: &Outline, range: std::ops::Range<usize>) -> Vec<Field> {
    let mut out = Vec::new();
    for index in range {
        let Some(block) = outline.get(index) else { break };
        if block.kind != BlockKind::Prose {
            continue;
        }
        // A label ends with a colon, or is a line of its own in bold.
        let content = text.get(block.content.start..block.content.end).unwrap_or("");
        if memchr::memchr2(b':', b'_', content.as_bytes()).is_none() {
            continue;
        }
        let Some((item, top)) = find_holder(outline, block.parent) else { continue };
        let first_in_item = item.is_none_or(|item| outline.item_prose(item) == Some(index));
        read_prose(text, outline, index, item, top, first_in_item, &mut out);
    }
    out
}

/// Returns the list item that contains a paragraph, and whether that item is
/// first-level; `None` in quotes and other blocks where fields do not count.
fn find_holder(outline: &Outline, parent: Option<usize>) -> Option<(Option<usize>, bool)> {
    let Some(parent) = parent else { return Some((None, true)) };
    let block = outline.get(parent)?;
    if block.kind != BlockKind::Item {
        return None;
    }
    let list = outline.get(block.parent?)?;
    let mut above = list.parent;
    let top = above.is_none();
    while let Some(index) = above {
        let outer = outline.get(index)?;
        if outer.kind == BlockKind::Quote {
            return None;
        }
        above = outer.parent;
    }
    Some((Some(parent), top))
}

fn read_prose(
    text: &str,
    outline: &Outline,
    block: usize,
    item: Option<usize>,
    top: bool,
    first: bool,
    out: &mut Vec<Field>,
) {
    let lines = outline.prose_lines(text, block);
    let mut open: Option<(LabelMatch, usize)> = None;
    for (number, line) in lines.iter().enumerate() {
        let found = find_label(line).filter(|found| {
            // Inside an item only the first line starts a field, unless a
            // later line is clearly a label.
            let is_verdict = found.key == "VERDICT" && starts_line(text, line.start);
            (number == 0 && first)
                || item.is_none()
                || found.is_bold
                || is_constant(text, found.label)
                || is_verdict
        });
        if let Some(found) = found {
            finish_field(text, open.replace((found, line.start + line.text.len())), item, block, top, out);
        } else if let Some((_, end)) = open.as_mut() {
            if item.is_some() {
                *end = line.start + line.text.len();
            } else if number > 0 {
                // In a paragraph a line without a label ends the field above.
                finish_field(text, open.take(), item, block, top, out);
            }
        }
    }
    finish_field(text, open, item, block, top, out);
}

/// Returns whether a line of a list item's text has no indentation. CommonMark
/// adds such a line to the item; authors mean it as text below the list.
fn starts_line(text: &str, at: usize) -> bool {
    text.get(..at).is_some_and(|before| before.ends_with('\n'))
        && text.get(at..).is_some_and(|line| !line.starts_with(char::is_whitespace))
}

fn is_constant(text: &str, label: Span) -> bool {
    text.get(label.start..label.end).is_some_and(|name| {
        name.len() > 2
            && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || "_-".contains(c))
    })
}

fn finish_field(
    text: &str,
    open: Option<(LabelMatch, usize)>,
    item: Option<usize>,
    block: usize,
    top: bool,
    out: &mut Vec<Field>,
) {
    let Some((found, end)) = open else { return };
    let value = trim_spanned(text, Span::new(found.value_start, end));
    let cleaned = strip_comments(value.value);
    let cleaned = if found.is_bold { cleaned.trim_end_matches("**").trim_end().to_owned() } else { cleaned };
    out.push(Field {
        key: found.key,
        label: found.label,
        value: Spanned::new(cleaned, value.span),
        item,
        block,
        is_top_level: top,
    });
}

/// Removes HTML comments from a value.
fn strip_comments(value: &str) -> String {
    let mut out = String::new();
    let mut rest = value;
    while let Some(at) = rest.find("<!--") {
        out.push_str(rest.get(..at).unwrap_or(""));
        let tail = rest.get(at..).unwrap_or("");
        rest = tail.find("-->").and_then(|end| tail.get(end + 3..)).unwrap_or("");
    }
    out.push_str(rest);
    out.trim().to_owned()
}

/// Removes decoration before the text of an item: a checkbox, and ticks in any
/// encoding.
#[must_use]
pub(crate) fn strip_box(text: &str) -> &str {
    let text = text.trim_start();
    let Some(rest) = text.strip_prefix('[') else { return text };
    let mut chars = rest.char_indices();
    match (chars.next(), chars.next(), chars.next()) {
        (Some(_), Some((at, ']')), next) if next.is_none_or(|(_, c)| c.is_whitespace()) => {
            rest.get(at + 1..).unwrap_or("").trim_start()
        }
        (Some((_, ']')), Some((at, c)), _) if c.is_whitespace() => rest.get(at..).unwrap_or("").trim_start(),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, String)> {
        let outline = Outline::parse(text);
        read_fields(text, &outline, 0..outline.blocks.len())
            .into_iter()
            .map(|f| (f.key.clone(), f.bare_value().value.to_owned()))
            .collect()
    }

    #[test]
    fn labels_in_all_spellings_are_read() {
        let text = "- WP_ID: `WP-1-A`\n- **Status:** In Progress\n* **What**: do: it\n- Pre-SHA1 : x\n- __RISK_TIER__: LOW (LOW | HIGH)\n";
        let want = [
            ("WP_ID", "WP-1-A"),
            ("STATUS", "In Progress"),
            ("WHAT", "do: it"),
            ("PRE_SHA1", "x"),
            ("RISK_TIER", "LOW"),
        ];
        assert_eq!(read(text), want.map(|(a, b)| (a.to_owned(), b.to_owned())));
    }

    #[test]
    fn paragraph_lines_are_fields_and_comments_are_not() {
        let text = "**Verdict:** PASS\n**Date:** today <!-- USER: x -->\nnot a field\n\n> A: b\n\n- <!-- WP_ID: x -->\n";
        assert_eq!(
            read(text),
            [("VERDICT", "PASS"), ("DATE", "today")].map(|(a, b)| (a.to_owned(), b.to_owned()))
        );
    }

    #[test]
    fn a_hint_needs_a_space_before_it() {
        assert_eq!(strip_hint("fonts/Alegreya(wght).ttf"), "fonts/Alegreya(wght).ttf");
        assert_eq!(strip_hint("a (or b (c))"), "a");
        assert_eq!(strip_hint("(only a hint)"), "");
    }
}
