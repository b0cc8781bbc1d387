//! Waivers as free text after an id:
//! `W-1 [CX-573F] 2026-02-19: Allow x because y. Approved by: Mira.`
//!
//! Only explicit values count: a date at the position of the grant's date, and
//! a justification, an approver or an expiry after one of the marker words.

use crate::text::{Span, Spanned};

use super::draft::WaiverDraft;
use super::part::WaiverPart;
use super::value::find_date;

/// Words that introduce a part of a waiver.
const MARKERS: [(&str, WaiverPart); 19] = [
    ("approved by", WaiverPart::Approver),
    ("granted by", WaiverPart::Approver),
    ("authorised by", WaiverPart::Approver),
    ("authorized by", WaiverPart::Approver),
    ("waived by", WaiverPart::Approver),
    ("approver:", WaiverPart::Approver),
    ("justification:", WaiverPart::Justification),
    ("rationale:", WaiverPart::Justification),
    ("reason:", WaiverPart::Justification),
    ("because ", WaiverPart::Justification),
    ("due to ", WaiverPart::Justification),
    ("expiry:", WaiverPart::Expiry),
    ("expires", WaiverPart::Expiry),
    ("valid until", WaiverPart::Expiry),
    ("valid through", WaiverPart::Expiry),
    ("valid till", WaiverPart::Expiry),
    ("ends ", WaiverPart::Expiry),
    ("until ", WaiverPart::Expiry),
    ("scope:", WaiverPart::Scope),
];

/// Words that revoke, deny or only propose a waiver. A free text with one of
/// them grants nothing; the author can write a clear grant instead.
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

/// Returns whether a text revokes, denies or only proposes a waiver.
fn is_denial(text: &str) -> bool {
    let lower = text.to_lowercase();
    let is_denial_word = |word: &str| {
        let plain = word.trim_matches(|c: char| !c.is_alphanumeric());
        DENIALS.contains(&plain) || plain.ends_with("n't") || plain.ends_with("n\u{2019}t")
    };
    lower.split_whitespace().any(is_denial_word) || lower.contains("to be ")
}

impl WaiverDraft {
    /// Adds the parts that a free text contains. `at` is the byte offset of
    /// `body` in the document.
    pub(super) fn read_prose(&mut self, body: &str, at: usize) {
        let (head, text) = body.split_once(": ").unwrap_or((body, ""));
        if is_denial(body) {
            return;
        }
        self.read_head(head, at);
        let offset = at + body.len() - text.len();
        let markers = find_markers(text);
        let first = markers.first().map_or(text.len(), |marker| marker.start);
        for (index, marker) in markers.iter().enumerate() {
            let next = markers.get(index + 1).map_or(text.len(), |next| next.start);
            let value = text.get(marker.end..next).unwrap_or_default();
            self.add_trimmed(marker.part, value, offset + marker.end);
        }
        if !markers.iter().any(|marker| marker.part == WaiverPart::Scope) {
            self.add_trimmed(WaiverPart::Scope, text.get(..first).unwrap_or_default(), offset);
        }
    }

    /// Reads date and approver between id and colon: `2026-02-19`,
    /// `(granted 2026-02-28 by Mira)`.
    fn read_head(&mut self, head: &str, at: usize) {
        let span = Span::new(at, at + head.len());
        let date_start = head.match_indices("20").find_map(|(start, _)| {
            let is_word_start = head
                .get(..start)
                .is_none_or(|before| !before.ends_with(|c: char| c.is_alphanumeric() || c == '-'));
            find_date(head.get(start..)?).filter(|_| is_word_start).map(|_| start)
        });
        let Some(start) = date_start else { return };
        // The date directly follows id or policy, or a word such as "granted".
        let before = head.get(..start).unwrap_or_default().trim_end();
        let last = before.split_whitespace().next_back().unwrap_or_default();
        let is_bare = before.ends_with([']', '(']) || last.contains('-') || last.is_empty();
        let is_named = ["granted", "dated", "on", "approved"]
            .contains(&last.trim_start_matches('(').to_lowercase().as_str());
        if !is_bare && !is_named {
            return;
        }
        let date = head.get(start..start + 10).unwrap_or_default();
        self.add(WaiverPart::Date, Spanned::new(date.to_owned(), span));
        let after = head.get(start + 10..).unwrap_or_default();
        if let Some(approver) = after.trim_start().strip_prefix("by ") {
            self.add_trimmed(WaiverPart::Approver, approver, at + head.len() - approver.len());
        }
    }

    /// Adds a value without the punctuation around it. `at` is the byte offset
    /// of `value` in the document.
    fn add_trimmed(&mut self, part: WaiverPart, value: &str, at: usize) {
        let text = match part {
            // A name or a date ends at the first punctuation mark.
            WaiverPart::Approver | WaiverPart::Expiry => {
                value.split([';', ',', ')', '(']).next().unwrap_or_default()
            }
            _ => value,
        };
        let trimmed = crate::text::trim_spanned(text, Span::new(0, text.len()));
        let plain =
            trimmed.value.trim_start_matches([':', ' ']).trim_end_matches([',', ';', '.', ')', '(', ' ']);
        let span = Span::new(at + trimmed.span.start, at + trimmed.span.end);
        self.add(part, Spanned::new(plain.to_owned(), span));
    }
}

/// A marker in a text, as byte offsets; the value of its part follows.
struct Marker {
    start: usize,
    end: usize,
    part: WaiverPart,
}

/// Finds the markers in a text, in order, without overlaps.
fn find_markers(text: &str) -> Vec<Marker> {
    // The lower case of ASCII letters keeps every offset.
    let lower = text.to_ascii_lowercase();
    let mut out: Vec<Marker> = Vec::new();
    for (words, part) in MARKERS {
        for (start, _) in lower.match_indices(words) {
            let is_word_char = |c: char| c.is_alphanumeric() || c == '_' || c == '`';
            let before = lower.get(..start).unwrap_or_default();
            if !before.ends_with(is_word_char) {
                out.push(Marker { start, end: start + words.len(), part });
            }
        }
    }
    out.sort_unstable_by_key(|marker| (marker.start, marker.end));
    // `valid until` contains `until`.
    out.dedup_by(|later, earlier| later.start < earlier.end);
    out
}
