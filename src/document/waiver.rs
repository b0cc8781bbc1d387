//! Waivers: what somebody allowed a packet to leave out.
//!
//! Real packets write them as a bullet with nested labels, as one line with
//! `|` between the fields, or as free text after an id. A waiver counts only
//! when id, policy, scope, date, justification and approver are all there
//! (CHECKS, "Waivers").

use std::ops::Range;

use jiff::civil::Date;

use crate::text::{Span, Spanned};

use super::is_placeholder;
use super::label::{Field, fields, normalised, unquoted, without_hint};
use super::outline::Outline;
use super::scope_entry::ScopeEntry;

/// When a waiver ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expiry {
    /// Never said, or said to be permanent.
    None,
    /// After this day.
    On(Date),
    /// When the packet is closed.
    Closure,
    /// Something that is no date; it is not taken to mean "valid".
    Unreadable(String),
}

/// One waiver.
#[derive(Debug, Clone)]
pub struct Waiver {
    /// All of it.
    pub span: Span,
    /// Its id.
    pub id: Option<Spanned<String>>,
    /// The policy it relaxes, e.g. `CX-573F`.
    pub policy: Option<Spanned<String>>,
    /// When it was granted.
    pub date: Option<Spanned<Date>>,
    /// What it covers, as written.
    pub scope: Option<Spanned<String>>,
    /// Why.
    pub justification: Option<Spanned<String>>,
    /// Who granted it.
    pub approver: Option<Spanned<String>>,
    /// When it ends.
    pub expiry: Expiry,
    /// Paths and patterns that the scope names.
    pub paths: Vec<ScopeEntry>,
}

impl Waiver {
    /// Names of the fields that it lacks.
    #[must_use]
    pub fn missing(&self) -> Vec<&'static str> {
        let has = [
            ("id", self.id.is_some()),
            ("policy", self.policy.is_some()),
            ("scope", self.scope.is_some()),
            ("date", self.date.is_some()),
            ("justification", self.justification.is_some()),
            ("approver", self.approver.is_some()),
        ];
        has.into_iter().filter(|(_, has)| !has).map(|(name, _)| name).collect()
    }

    /// The id, or a stand-in for messages.
    #[must_use]
    pub fn name(&self) -> &str {
        self.id.as_ref().map_or("(waiver without an id)", |id| &id.value)
    }
}

/// Reads the waivers below a heading.
#[must_use]
pub fn read(text: &str, outline: &Outline, blocks: Range<usize>) -> Vec<Waiver> {
    let mut out: Vec<Draft> = Vec::new();
    let mut index = blocks.start;
    while index < blocks.end {
        for item in outline.children(Some(index)).collect::<Vec<_>>() {
            read_item(text, outline, item, &mut out);
        }
        index = outline.get(index).map_or(blocks.end, |block| block.end.max(index + 1));
    }
    out.into_iter().map(Draft::finish).collect()
}

#[derive(Default)]
struct Draft {
    span: Span,
    parts: Vec<(String, Spanned<String>)>,
}

fn read_item(text: &str, outline: &Outline, item: usize, out: &mut Vec<Draft>) {
    let (Some(block), Some(prose)) = (outline.get(item), outline.item_prose(item)) else { return };
    let first: String = outline.prose_lines(text, prose).into_iter().map(|line| line.text).collect();
    let start = outline.get(prose).map_or(block.span.start, |block| block.content.start);
    let body = first.trim();
    let at = start + first.find(body).unwrap_or(0);
    if is_no_waiver(body) {
        return;
    }
    let all = fields(text, outline, item..block.end);
    let own: Vec<&Field> = all.iter().filter(|field| field.item == Some(item)).collect();
    let attribute = own
        .first()
        .is_some_and(|field| field.block == prose && is_attribute(&field.key) && !is_id(&field.key));
    if attribute && !out.is_empty() && !body.contains(" | ") {
        // `- Date: …` as a sibling of `- Waiver ID: …`.
        if let Some(draft) = out.last_mut() {
            draft.span = draft.span.cover(block.span);
            draft.take(&all);
        }
        return;
    }
    let mut draft = Draft { span: block.span, parts: Vec::new() };
    if body.contains('|') {
        draft.take_line(body, at);
        draft.take(&all.iter().filter(|field| field.item != Some(item)).cloned().collect::<Vec<_>>());
    } else {
        if own.iter().all(|field| field.block != prose || !is_attribute(&field.key)) {
            draft.take_title(body, at);
        }
        draft.take(&all);
    }
    out.push(draft);
}

/// The template's instruction, `NONE`, and the example of the format.
fn is_no_waiver(body: &str) -> bool {
    let lower = without_hint(body).trim_matches(['`', '*', '.', ' ']).to_lowercase();
    body.starts_with('(')
        || is_placeholder(body)
        || matches!(lower.as_str(), "none" | "n/a" | "none granted" | "no waivers" | "no waivers granted")
        || ["format:", "format (", "example:", "e.g."].iter().any(|start| lower.starts_with(start))
}

/// What stands in for a value: a placeholder, "none", a remark in parentheses.
fn says_nothing(value: &str) -> bool {
    let lower = without_hint(value).trim_matches(['`', '*', '.', ' ', '"']).to_lowercase();
    let none = matches!(lower.as_str(), "" | "none" | "nobody" | "no one" | "n/a" | "unknown" | "awaiting");
    none || is_placeholder(value) || lower.starts_with("awaiting ") || lower.starts_with("pending ")
}

fn is_id(key: &str) -> bool {
    matches!(key, "WAIVER_ID" | "ID" | "WAIVER")
}

fn is_attribute(key: &str) -> bool {
    is_id(key) || slot(key).is_some()
}

/// Which part of a waiver a label names.
fn slot(key: &str) -> Option<&'static str> {
    Some(match key {
        "POLICY" | "REF" | "POLICY_REF" | "REFERENCE" | "RULE" => "policy",
        "DATE" | "GRANTED" | "GRANTED_ON" | "GRANTED_AT" => "date",
        "SCOPE" | "CHECK_WAIVED" | "CHECKS_WAIVED" | "FILES_COVERED" | "COVERS" | "DELETED_FILES"
        | "CODE_LOCATION" => "scope",
        "JUSTIFICATION" | "REASON" | "RATIONALE" | "WHY" => "justification",
        "APPROVER" | "APPROVED_BY" | "GRANTED_BY" | "USER_APPROVAL" | "APPROVAL" => "approver",
        key if key.starts_with("EXPIR") => "expiry",
        "VALID_UNTIL" | "UNTIL" | "VALID_TO" => "expiry",
        _ => return None,
    })
}

impl Draft {
    fn add(&mut self, slot: &str, value: Spanned<String>) {
        if !says_nothing(&value.value) {
            self.parts.push((slot.to_owned(), value));
        }
    }

    fn take(&mut self, all: &[Field]) {
        for field in all {
            let value = Spanned::new(field.full().to_owned(), field.value.span);
            if is_id(&field.key) {
                self.add("id", value);
            } else if let Some(slot) = slot(&field.key) {
                self.add(slot, value);
            }
        }
    }

    /// `WAIVER-1 | CX-573F | 2026-01-02 | Scope: x | …`
    fn take_line(&mut self, body: &str, at: usize) {
        let mut offset = 0;
        for piece in body.split('|') {
            let part = crate::text::trimmed(body, Span::new(offset, offset + piece.len()));
            offset += piece.len() + 1;
            let span = Span::new(at + part.span.start, at + part.span.end);
            let labelled = part
                .value
                .split_once(':')
                .map(|(label, value)| (normalised(label.trim_matches('*')), value.trim_matches(['*', ' '])));
            match labelled {
                Some((key, value)) if is_id(&key) => {
                    self.add("id", Spanned::new(unquoted(value).to_owned(), span));
                }
                Some((key, value)) if slot(&key).is_some() => {
                    self.add(slot(&key).unwrap_or_default(), Spanned::new(unquoted(value).to_owned(), span));
                }
                _ if date_in(part.value).is_some() => {
                    self.add("date", Spanned::new(part.value.to_owned(), span));
                }
                _ if policy_in(part.value)
                    .is_some_and(|p| p.len() == part.value.trim_matches(['[', ']', '`']).len()) =>
                {
                    self.add("policy", Spanned::new(part.value.to_owned(), span));
                }
                _ => self.take_title(part.value, span.start),
            }
        }
    }

    /// `WAIVER-1 [CX-573F]: text`: an id, perhaps a policy in brackets.
    fn take_title(&mut self, text: &str, at: usize) {
        let text = text.trim_start_matches(['*', '`', '[']);
        // `[CX-573F] WAIVER-1`: the policy may stand first.
        if let Some((policy, rest)) =
            text.split_once(']').filter(|(start, _)| policy_in(start) == Some(*start))
        {
            self.add("policy", Spanned::new(policy.to_owned(), Span::new(at, at + text.len())));
            return self.take_title(rest.trim_start(), at);
        }
        let id: String =
            text.chars().take_while(|c| c.is_ascii_alphanumeric() || "._-".contains(*c)).collect();
        let id = id.trim_end_matches(['.', '-']).to_owned();
        let span = Span::new(at, at + text.len());
        if id.contains('-')
            && id.chars().any(|c| c.is_ascii_uppercase())
            && policy_in(&id).is_none_or(|p| p != id)
        {
            self.add("id", Spanned::new(id, span));
        }
        if let Some(policy) = policy_in(text) {
            self.add("policy", Spanned::new(policy.to_owned(), span));
        }
    }

    fn finish(self) -> Waiver {
        let first =
            |name: &str| self.parts.iter().find(|(slot, _)| slot == name).map(|(_, value)| value.clone());
        let scopes: Vec<&Spanned<String>> =
            self.parts.iter().filter(|(slot, _)| slot == "scope").map(|(_, value)| value).collect();
        let joined = scopes.iter().map(|s| s.value.as_str()).collect::<Vec<_>>().join("; ");
        let scope = scopes.first().map(|s| Spanned::new(joined, s.span));
        let id = first("id");
        // A policy is a code, alone or in brackets; "not CX-573F" is none.
        let policy = first("policy").and_then(|value| {
            let plain = value.value.trim().trim_start_matches(['[', '`', '(']);
            let code = policy_in(plain).filter(|code| plain.starts_with(*code))?;
            Some(Spanned::new(code.to_owned(), value.span))
        });
        let policy = policy.or_else(|| {
            let id = id.as_ref()?;
            // An id may carry its policy; an id that is only a code is none.
            let policy = policy_in(&id.value).filter(|policy| *policy != id.value)?;
            Some(Spanned::new(policy.to_owned(), id.span))
        });
        let date = first("date").and_then(|d| date_in(&d.value).map(|date| Spanned::new(date, d.span)));
        let expiry = first("expiry").map_or(Expiry::None, |value| expiry(&value.value));
        let paths = scope.as_ref().map(paths_in).unwrap_or_default();
        Waiver {
            span: self.span,
            id,
            policy,
            date,
            scope,
            justification: first("justification"),
            approver: first("approver"),
            expiry,
            paths,
        }
    }
}

fn expiry(text: &str) -> Expiry {
    let lower = text.trim().to_lowercase();
    if let Some(date) = date_in(text) {
        Expiry::On(date)
    } else if is_closure(&lower) {
        Expiry::Closure
    } else if lower.starts_with("permanent") || lower == "none" || lower == "never" {
        Expiry::None
    } else {
        Expiry::Unreadable(text.trim().to_owned())
    }
}

/// `On WP closure (validation complete).`, `WP-1-A closure`: the packet's, not
/// that of a phase or a project.
fn is_closure(lower: &str) -> bool {
    let head = lower.split('(').next().unwrap_or("").trim().trim_end_matches('.');
    let of_a_packet = head.trim_start_matches("on ").starts_with("wp-") && head.ends_with(" closure");
    of_a_packet
        || matches!(head, "closure" | "on closure" | "on wp closure" | "wp closure" | "packet closure")
}

/// The first `YYYY-MM-DD` at the start of a text.
fn date_in(text: &str) -> Option<Date> {
    let text = text.trim().trim_start_matches(['`', '*', '(']);
    let digits = text.get(..10)?;
    let rest = text.get(10..)?;
    let shape = digits
        .bytes()
        .enumerate()
        .all(|(i, b)| if i == 4 || i == 7 { b == b'-' } else { b.is_ascii_digit() });
    (shape && !rest.starts_with(|c: char| c.is_ascii_digit())).then(|| digits.parse().ok()).flatten()
}

/// The first `CX-…` code in a text.
fn policy_in(text: &str) -> Option<&str> {
    let at = text.find("CX-")?;
    let tail = text.get(at..)?;
    let end = tail.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).unwrap_or(tail.len());
    tail.get(..end).filter(|code| code.len() > 3)
}

/// Paths that a scope names: in back-ticks, or words with a slash.
#[must_use]
pub fn paths_in(scope: &Spanned<String>) -> Vec<ScopeEntry> {
    // A scope that takes something out again cannot be read by its paths.
    let lower = scope.value.to_lowercase();
    let takes_out = ["except", "excluding", "other than", "does not", "do not", "but not", "not cover"];
    if takes_out.iter().any(|words| lower.contains(words)) {
        return Vec::new();
    }
    let entry = |word: &str| {
        let word = word.trim_end_matches([',', ';', '.', ':']);
        let at = scope.value.find(word).unwrap_or(0);
        let span = Span::new(scope.span.start + at, scope.span.start + at + word.len());
        let read = ScopeEntry::read(Spanned::new(word.to_owned(), span));
        (read.coverage.is_ok() && word.contains(['/', '.'])).then_some(read)
    };
    let mut out = Vec::new();
    for (number, piece) in scope.value.split('`').enumerate() {
        if number % 2 == 1 {
            let without_line = piece
                .rsplit_once(':')
                .filter(|(_, line)| line.bytes().all(|b| b.is_ascii_digit()))
                .map_or(piece, |(path, _)| path);
            out.extend(entry(without_line));
        } else {
            out.extend(piece.split_whitespace().filter(|word| word.contains('/')).filter_map(entry));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waivers(text: &str) -> Vec<Waiver> {
        let outline = Outline::parse(text);
        read(text, &outline, 0..outline.blocks.len())
    }

    #[test]
    fn template_text_is_no_waiver() {
        let text = "- (Record explicit user waivers here per [CX-573F]. Include Waiver ID.)\n- NONE\n- Format: WAIVER-1 | CX-573F\n";
        assert!(waivers(text).is_empty());
    }

    #[test]
    fn nested_sibling_and_one_line_shapes() {
        let nested = "- Waiver ID: W-A-1\n  - Policy: CX-573F\n  - Date: 2026-01-02\n  - Scope: `src/x.rs`\n  - Justification: because\n  - Approver: mira\n  - Expiry: On WP closure.\n";
        let sibling = nested.replace("\n  - ", "\n- ");
        let line = "- W-A-1 | CX-573F | 2026-01-02 | Scope: `src/x.rs` | Justification: because | Approver: mira | Expiry: WP-1-A closure\n";
        for text in [nested, &sibling, line] {
            let all = waivers(text);
            assert_eq!(all.len(), 1, "{text}");
            assert!(all[0].missing().is_empty(), "{text} {:?}", all[0].missing());
            assert_eq!(all[0].name(), "W-A-1");
            assert_eq!(all[0].expiry, Expiry::Closure);
            assert_eq!(all[0].paths.len(), 1);
        }
    }

    #[test]
    fn titles_carry_id_and_policy() {
        let all = waivers(
            "- WAIVER-SCOPE-WP-1-A-001 [CX-573F SCOPE-EXPAND]\n  - Date: 2026-01-18\n- CX-573F | 2026-02-11 | Scope: allow `.gitattributes` | Justification: x\n",
        );
        assert_eq!(all[0].name(), "WAIVER-SCOPE-WP-1-A-001");
        assert_eq!(all[0].policy.as_ref().map(|p| p.value.as_str()), Some("CX-573F"));
        assert_eq!(all[1].missing(), ["id", "approver"]);
    }
}
