//! Whether a waiver is plainly in force. A waiver gives a permission, so that it must not
//! count if a part of its text says, in whichever form, that it ended or was not granted.

use crate::document::field::{normalize_key, strip_hint};
use crate::document::outline::{BlockKind, Outline};
use crate::text::{Span, Spanned, to_single_line};

use super::ending::{ends_waiver, is_end_label, is_stamped, says_ended};
use super::part::WaiverPart;
use super::state::{is_in_force, is_state_key, is_state_text};

/// Titles of parts of the section whose waivers are not meant.
pub(super) const OTHER_TITLES: [&str; 14] = [
    "EXAMPLE",
    "EXAMPLES",
    "TEMPLATE",
    "TEMPLATES",
    "SAMPLE",
    "FORMAT",
    "ARCHIVE",
    "ARCHIVED",
    "PAST",
    "HISTORY",
    "HISTORICAL",
    "FORMER",
    "CLOSED",
    "OLD",
];
/// A reason not to count a waiver, as a clause.
pub(super) type Doubt = Spanned<String>;

/// Why a line stops a waiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DoubtKind {
    /// The value of a status that is not in force.
    Status,
    /// An end in a form that is not read.
    End,
    /// Words for an end or a refusal.
    Ended,
    /// A title of waivers that are not meant.
    OtherTitle,
}

pub(super) fn doubt(line: &str, span: Span, kind: DoubtKind) -> Doubt {
    let shown = to_single_line(line.trim(), 60);
    let why = match kind {
        DoubtKind::Status => {
            format!("`{shown}` is not a state in force; write `Status: ACTIVE`, or remove the waiver")
        }
        DoubtKind::End => {
            format!("the end in `{shown}` is not read; write `Expiry: YYYY-MM-DD` in place of this line")
        }
        DoubtKind::Ended => format!(
            "`{shown}` says that it ended or was not granted; remove the waiver, or write this line in \
                other words"
        ),
        DoubtKind::OtherTitle => {
            format!("it is below `{shown}`; move a waiver in force above this heading, or remove it")
        }
    };
    Spanned::new(why, span)
}

/// What the lines of a waiver's item say about its force.
#[derive(Default)]
pub(super) struct Force {
    pub doubt: Option<Doubt>,
    /// Values of `Expiry` and `Status` that are items below their label.
    pub nested: Vec<(WaiverPart, Spanned<String>)>,
}

/// Reads what all lines of an item say about the force of its waiver.
pub(super) fn read_force(text: &str, outline: &Outline, item: usize) -> Force {
    let mut out = Force::default();
    let end = outline.get(item).map_or(item, |block| block.end);
    // The label whose value the items below it have, with the end of its blocks.
    let mut open: Vec<(usize, Option<WaiverPart>)> = Vec::new();
    for index in item..end {
        let Some(block) = outline.get(index) else { break };
        open.retain(|(end, _)| index < *end);
        if block.kind != BlockKind::Prose && !matches!(block.kind, BlockKind::Code(_) | BlockKind::Html) {
            continue;
        }
        let above = open.last().and_then(|(_, part)| *part);
        let mut part = above;
        let lines = outline.prose_lines(text, index);
        for (number, line) in lines.iter().enumerate() {
            let is_line = lines.len() == 1 || number == 0;
            for (column, start) in columns(&line.text) {
                let span = Span::new(line.start + start, line.start + start + column.trim_end().len());
                let read = read_text(column, if is_line && above.is_none() { None } else { part });
                part = read.part.or(part);
                if let Some(kind) = read.doubt.filter(|_| out.doubt.is_none()) {
                    out.doubt = Some(doubt(column, span, kind));
                }
                let is_value =
                    read.part.is_none() && matches!(above, Some(WaiverPart::Expiry | WaiverPart::Status));
                if let Some(above) = above.filter(|_| is_value && !column.trim().is_empty()) {
                    out.nested.push((above, Spanned::new(column.trim().to_owned(), span)));
                }
            }
        }
        let own_item = block.parent.filter(|item| outline.item_prose(*item) == Some(index));
        if let Some(own) = own_item.filter(|own| *own != item).and_then(|own| outline.get(own)) {
            open.push((own.end, part));
        }
    }
    out
}

/// Splits a line at the bars between its columns.
fn columns(line: &str) -> Vec<(&str, usize)> {
    let mut at = 0;
    let mut out = Vec::new();
    for piece in line.split('|') {
        out.push((piece, at));
        at += piece.len() + 1;
    }
    out
}

struct ReadText {
    part: Option<WaiverPart>,
    doubt: Option<DoubtKind>,
}

/// Reads one line, or one column; `above` is the part that it continues.
fn read_text(text: &str, above: Option<WaiverPart>) -> ReadText {
    use DoubtKind::{End, Ended, Status};
    let body = text.trim().trim_start_matches(['*', '_', '`', ' ']);
    let labelled =
        body.split_once(':').map(|(label, value)| (label, normalize_key(strip_hint(label)), value));
    let labelled = labelled.filter(|(_, key, _)| !key.is_empty() && key.split('_').count() <= 6);
    let part = labelled.as_ref().and_then(|(_, key, _)| WaiverPart::from_label(key));
    let value =
        labelled.as_ref().map_or("", |(_, _, value)| value.trim_matches(['*', '_', '`', ' ', '\r', '\n']));
    let when = |is_doubtful: bool, kind: DoubtKind| is_doubtful.then_some(kind);
    let doubt = match (part, &labelled) {
        // `Approved: Mira, in the review` names who approved it.
        (Some(WaiverPart::Status), Some((_, key, _))) if key == "APPROVED" => {
            when(denies_grant(value) && !is_in_force(value), Status)
        }
        (Some(WaiverPart::Status), _) => when(!value.is_empty() && !is_in_force(value), Status),
        (Some(WaiverPart::Expiry), _) => None,
        (Some(WaiverPart::Scope | WaiverPart::Justification | WaiverPart::Covers), _) => {
            when(is_stamped(value), Ended)
        }
        // Behind an id, a date or a name: `Mira (declined)`.
        (Some(_), _) => when(ends_waiver(value), Ended),
        (None, Some((label, ..))) if is_end_label(label) => when(!is_negative(value), Ended),
        (None, Some((_, key, _))) if is_grant(key) => when(denies_grant(value), Status),
        (None, Some((_, key, _))) if is_state_key(key) => Some(End),
        (None, Some(_)) if above.is_none() => when(is_stamped(value) || says_ended(value), Ended),
        _ => match above {
            Some(WaiverPart::Status) => when(!body.is_empty() && !is_in_force(body), Status),
            Some(WaiverPart::Expiry) => None,
            Some(_) => when(is_stamped(body), Ended),
            None if is_state_text(body) => Some(End),
            None => when(is_stamped(body) || says_ended(body), Ended),
        },
    };
    ReadText { part, doubt }
}

/// Returns whether a label says who granted a waiver, when or where: `Approved in`.
fn is_grant(key: &str) -> bool {
    matches!(key.split('_').next(), Some("APPROVED" | "GRANTED"))
}

/// Returns whether the value of such a label says that the waiver is not granted.
fn denies_grant(value: &str) -> bool {
    let lower = value.to_lowercase();
    let first = lower.split(|c: char| !c.is_alphanumeric()).find(|word| !word.is_empty());
    is_negative(value)
        || ends_waiver(value)
        || matches!(first, Some("no" | "not" | "never" | "nobody" | "false" | "none" | "n" | "yet" | "tbd"))
}

/// Returns whether a value denies its label: `Revoked: no`.
pub(super) fn is_negative(value: &str) -> bool {
    let plain = strip_hint(value).trim_matches(['`', '*', '.', ' ']).to_lowercase();
    matches!(plain.as_str(), "" | "no" | "none" | "never" | "n/a" | "false" | "-" | "nobody" | "not revoked")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_words_are_in_force() {
        for value in [
            "ACTIVE",
            "`Approved`",
            "granted by Mira on 2026-01-02",
            "ACTIVE (in the review)",
            "\u{2705} Active",
        ] {
            assert!(is_in_force(value), "{value}");
        }
        for value in [
            "~~ACTIVE~~ REVOKED",
            "ACTIVE until 2026-02-20",
            "ACTIVE (revoked 2026-02-20)",
            "no",
            "ended",
            "INACTIVE",
            "",
        ] {
            assert!(!is_in_force(value), "{value}");
        }
    }

    #[test]
    fn a_line_that_ends_a_waiver_is_doubtful() {
        let is_doubtful = |text: &str| read_text(text, None).doubt.is_some();
        for text in [
            "Expiry - 2026-02-20",
            "Expiry = 2026-02-20",
            "REVOKED: 2026-02-20",
            "Revoked on 2026-02-20",
            "Withdrawn: yes",
            "Decision: rejected",
            "Approved: no",
            "Approver: Mira (declined)",
            "REVOKED",
            "Justification: REVOKED, needed for it",
            "Waiver ID: W-1 (revoked)",
            "Waiver ID: W-1-REVOKED",
            "Ended on 2026-02-20",
            "End of grant - 2026-02-20",
            "Ends with phase 1",
            "State of the waiver: ended",
            "Approved: not yet",
            "Approved - no",
            "Approved: Mira (withdrawn)",
            "Impact: none, this waiver is revoked",
            "Note: rejected by Mira",
            "Remark: W-1 was withdrawn",
            "Comment: Mira revoked it on 2026-02-20",
            "Comment: no longer valid",
            "Files: src/a.rs - REVOKED",
            "Revoked by Mira: 2026-02-20",
            "Reason for revocation: key leaked",
            "Pending review by Mira",
        ] {
            assert!(is_doubtful(text), "{text}");
        }
        for text in [
            "Justification: the old draft was rejected",
            "Withdrawn: no",
            "Approver: Mira",
            "Impact: a log is void of data",
            "W-1 [CX-573F]",
            "Scope: `src/revoke.rs`",
            "Status: ACTIVE",
            "Check waived: `just pending`",
            "Waiver ID: W-Order-Cancel-1",
            "Waiver ID: W-ORDER-CANCEL-1",
            "End-to-end tests: not affected",
            "End-to-end tests stay green",
            "End user impact: none",
            "State machine: unchanged",
            "Impact: invalid orders are logged",
            "Effect: rejected orders are kept",
            "Order cancellation: not touched",
            "Pending orders stay",
            "Files: src/draft/order.rs",
            "`src/draft/order.rs`: generated",
            "Approved: Mira, in the review",
            "Approved in: the review of 2026-02-14",
            "Approved in the review by Mira",
            "Expired sessions are not part of it",
            "The waiver covers rejected orders",
        ] {
            assert!(!is_doubtful(text), "{text}");
        }
    }
}
