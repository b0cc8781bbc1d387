//! A waiver as free text after its id:
//! `W-1 [CX-573F] 2026-02-19: Allow x because y. Approved by: Mira.`
//!
//! Only what is said is taken: a date that stands where the grant's date
//! stands, a reason that is called one, an approver who is named as such.

use crate::text::{Span, Spanned};

use super::draft::WaiverDraft;
use super::value::find_date;

/// Words that introduce a part, and which.
const MARKERS: [(&str, &str); 19] = [
    ("approved by", "approver"),
    ("granted by", "approver"),
    ("authorised by", "approver"),
    ("authorized by", "approver"),
    ("waived by", "approver"),
    ("approver:", "approver"),
    ("justification:", "justification"),
    ("rationale:", "justification"),
    ("reason:", "justification"),
    ("because ", "justification"),
    ("due to ", "justification"),
    ("expiry:", "expiry"),
    ("expires", "expiry"),
    ("valid until", "expiry"),
    ("valid through", "expiry"),
    ("valid till", "expiry"),
    ("ends ", "expiry"),
    ("until ", "expiry"),
    ("scope:", "scope"),
];

/// Words that take back, deny or only propose. A text with one of them grants
/// nothing: whoever means a waiver can say so plainly.
const DENIALS: [&str; 36] = [
    "not",
    "no",
    "never",
    "without",
    "cannot",
    "neither",
    "nobody",
    "none",
    "yet",
    "would",
    "should",
    "could",
    "might",
    "may",
    "pending",
    "refused",
    "rejected",
    "denied",
    "withdrawn",
    "revoked",
    "rather",
    "instead",
    "unless",
    "except",
    "proposed",
    "requested",
    "request",
    "if",
    "keep",
    "untouched",
    "save",
    "but",
    "rescinded",
    "invalidated",
    "voided",
    "draft",
];

/// Whether a text takes back, denies or only proposes.
fn is_denial(text: &str) -> bool {
    let lower = text.to_lowercase();
    let word = |word: &str| {
        let plain = word.trim_matches(|c: char| !c.is_alphanumeric());
        DENIALS.contains(&plain) || plain.ends_with("n't") || plain.ends_with("n\u{2019}t")
    };
    lower.split_whitespace().any(word) || lower.contains("to be ")
}

impl WaiverDraft {
    /// Takes what a text says, as far as it says it.
    pub(super) fn read_prose(&mut self, body: &str, at: usize) {
        let (head, text) = body.split_once(": ").unwrap_or((body, ""));
        if is_denial(body) {
            return;
        }
        self.read_head(head, at);
        let offset = at + body.len() - text.len();
        let found = find_markers(text);
        let first = found.first().map_or(text.len(), |(at, _, _)| *at);
        for (index, (_, end, slot)) in found.iter().enumerate() {
            let next = found.get(index + 1).map_or(text.len(), |(at, _, _)| *at);
            let value = text.get(*end..next).unwrap_or_default();
            self.add_part(slot, value, offset + end);
        }
        if !found.iter().any(|(_, _, slot)| *slot == "scope") {
            self.add_part("scope", text.get(..first).unwrap_or_default(), offset);
        }
    }

    /// Date and approver between id and colon: `2026-02-19`,
    /// `(granted 2026-02-28 by Mira)`.
    fn read_head(&mut self, head: &str, at: usize) {
        let span = Span::new(at, at + head.len());
        let dated = head.match_indices("20").find_map(|(start, _)| {
            let starts = head
                .get(..start)
                .is_none_or(|before| !before.ends_with(|c: char| c.is_alphanumeric() || c == '-'));
            find_date(head.get(start..)?).filter(|_| starts).map(|_| start)
        });
        let Some(start) = dated else { return };
        // Bare behind id or policy, or called the day of the grant.
        let before = head.get(..start).unwrap_or_default().trim_end();
        let last = before.split_whitespace().next_back().unwrap_or_default();
        let bare = before.ends_with([']', '(']) || last.contains('-') || last.is_empty();
        let called = ["granted", "dated", "on", "approved"]
            .contains(&last.trim_start_matches('(').to_lowercase().as_str());
        if !bare && !called {
            return;
        }
        self.add("date", Spanned::new(head.get(start..start + 10).unwrap_or_default().to_owned(), span));
        let after = head.get(start + 10..).unwrap_or_default();
        if let Some(by) = after.trim_start().strip_prefix("by ") {
            self.add_part("approver", by, at + head.len() - by.len());
        }
    }

    fn add_part(&mut self, slot: &str, value: &str, at: usize) {
        let sentence = match slot {
            // An approver is a name, not what follows it.
            "approver" | "expiry" => value.split([';', ',', ')', '(']).next().unwrap_or_default(),
            _ => value,
        };
        let part = crate::text::trim_spanned(sentence, Span::new(0, sentence.len()));
        let plain =
            part.value.trim_start_matches([':', ' ']).trim_end_matches([',', ';', '.', ')', '(', ' ']);
        let span = Span::new(at + part.span.start, at + part.span.end);
        self.add(slot, Spanned::new(plain.to_owned(), span));
    }
}

/// Where each part starts, where its value starts, and which part it is.
fn find_markers(text: &str) -> Vec<(usize, usize, &'static str)> {
    // Small letters of ASCII keep every offset.
    let lower = text.to_ascii_lowercase();
    let mut out: Vec<(usize, usize, &'static str)> = Vec::new();
    for (words, slot) in MARKERS {
        for (start, _) in lower.match_indices(words) {
            let inside = |c: char| c.is_alphanumeric() || c == '_' || c == '`';
            let before = lower.get(..start).unwrap_or_default();
            if !before.ends_with(inside) {
                out.push((start, start + words.len(), slot));
            }
        }
    }
    out.sort_unstable();
    // `valid until` holds an `until`.
    out.dedup_by(|later, earlier| later.0 < earlier.1);
    out
}
