//! Whether a waiver is plainly in force. A waiver gives a permission, so that it must not
//! count if a part of its text says, in whichever form, that it ended or was not granted.

use crate::document::field::{normalize_key, strip_hint};
use crate::document::outline::{BlockKind, Outline};
use crate::text::{Span, Spanned, to_single_line};

use super::ending::{is_stamped, is_topic_stamped, says_ended};
use super::part::WaiverPart;
use super::state::{
    Start, is_grant_text, is_in_force, is_state_text, is_time_value, limits_grant, limits_key, start_of,
};
use super::strict::{ends_strictly, has_limit, is_end_label};
use super::words::is_plain_id;

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
    let is_grant_value = || is_in_force(value) || is_grant_text(value);
    let doubt = match (part, &labelled) {
        // `Approved: Mira, in the review` names who approved it.
        (Some(WaiverPart::Status), Some((_, key, _))) if key == "APPROVED" => {
            when(!value.is_empty() && !is_grant_value(), Status)
        }
        (Some(WaiverPart::Status), _) => when(!value.is_empty() && !is_in_force(value), Status),
        (Some(WaiverPart::Expiry), _) => None,
        (Some(WaiverPart::Scope | WaiverPart::Justification | WaiverPart::Covers), _) => {
            when(is_stamped(value) || says_ended(value), Ended)
        }
        (Some(WaiverPart::Id), _) => when(!is_plain_id(value), Ended),
        (Some(WaiverPart::Date), _) => when(!value.is_empty() && !is_grant_value(), Status),
        (Some(WaiverPart::Policy), _) => when(ends_strictly(value) || has_limit(value), Ended),
        // Behind a name: `Mira (declined)`.
        (Some(_), _) => when(limits_grant(value), Ended),
        (None, Some((label, ..))) if is_end_label(label) => when(!is_negative(value), Ended),
        (None, Some((_, key, _))) if start_of(key) != Start::Other => match start_of(key) {
            Start::Grant => when(limits_key(key), End).or(when(!is_grant_value(), Status)),
            Start::State => when(!is_in_force(value), Status),
            _ => Some(End),
        },
        (None, Some((_, key, _))) if above.is_none() && is_topic_label(key) => {
            when(is_topic_stamped(value) || says_ended(value), Ended)
        }
        (None, Some((_, key, _))) if above.is_none() && is_time_value(key, value) => Some(End),
        (None, Some((_, key, _))) if above.is_none() => {
            let is_note = !key.contains(|c: char| c.is_ascii_digit());
            let is_end = is_note && (has_limit(value) || is_state_text(value, &normalize_key(value)));
            when(is_end, End).or(when(is_stamped(value) || ends_strictly(value), Ended))
        }
        _ => match above {
            Some(WaiverPart::Status) => when(!body.is_empty() && !is_in_force(body), Status),
            Some(WaiverPart::Expiry) => None,
            Some(WaiverPart::Scope | WaiverPart::Justification | WaiverPart::Covers) => {
                when(is_stamped(body) || says_ended(body), Ended)
            }
            None if is_state_text(body, &normalize_key(body)) => Some(End),
            None if has_limit(body) && !body.contains("CX-") => Some(End),
            _ => when(is_stamped(body) || ends_strictly(body), Ended),
        },
    };
    ReadText { part, doubt }
}

/// Returns whether a label is about the product: there, `refused` is a word for its behaviour.
fn is_topic_label(key: &str) -> bool {
    let first = key.split('_').next().unwrap_or("");
    matches!(
        first,
        "IMPACT"
            | "EFFECT"
            | "EFFECTS"
            | "CONSEQUENCE"
            | "CONSEQUENCES"
            | "RISK"
            | "RISKS"
            | "FILES"
            | "FILE"
            | "TESTS"
            | "BEHAVIOUR"
            | "BEHAVIOR"
            | "CHANGE"
            | "CHANGES"
    )
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

    const ENDING_LINES: &[&str] = &[
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
        "Approved: until 2026-02-20",
        "Approved: Mira until 2026-02-20",
        "Approved: Mira disagrees",
        "Approved: if Tom agrees",
        "Approved: by nobody",
        "Approved: maybe",
        "Approved: Maybe",
        "Approved: ?",
        "Approved: YES (until 2026-02-20)",
        "Granted: 2026-02-14 until 2026-02-20",
        "Approved by: Mira, until 2026-02-20",
        "Approver: Mira (until 2026-02-20)",
        "Approver: Mira did not approve this",
        "Valid for: one day",
        "Valid before: 2026-02-20",
        "Valid from: 2030-01-01",
        "Valid up to 2026-02-20",
        "Valid only until 2026-02-20",
        "End-of-life: 2026-02-20",
        "Ends after phase 1: 2026-02-20",
        "End of phase: 2026-02-20",
        "End was 2026-02-20",
        "Ending on 2026-02-20",
        "Approved until 2026-02-20",
        "Granted for: one day",
        "Granted through 2026-02-20",
        "Duration: 14 days",
        "Not after: 2026-03-01",
        "Sunset: 2026-03-01",
        "Good through: 2026-03-01",
        "Decision of Mira: no",
        "Decision log: no",
        "Status update: closed",
        "Status since 2026-02-20: closed",
        "State after the review: closed",
        "Status: OPEN",
        "Decision: open",
        "Status: ACTIVE (over)",
        "Status: ACTIVE 2026-02-01 - 2026-02-20",
        "Granted: no",
        "Accepted: no",
        "Confirmed: no",
        "Signed: no",
        "In effect: no",
        "Note: Mira has revoked this",
        "Note: Mira withdrew her approval",
        "Note: waiver subsequently withdrawn",
        "Note: a revocation was issued",
        "Note: no longer valid if read today",
        "Note: rejected when Mira read it",
        "as a result this waiver was revoked",
        "any use of W-1 was revoked on 2026-03-01",
        "Mira has not approved this waiver",
        "Justification: Mira revoked this waiver on 2026-02-20",
        "Approver: Mira/revoked",
        "Approver: Mira (2026-02-20/REVOKED)",
        "Date: 2026-02-14 (was/REVOKED)",
        "ID: W-1.revoked",
        "ID: W-1-DECLINED",
        "ID: W-1-DRAFT",
        "ID: W-1-LAPSED",
        "ID: W-1-REVOKED-OLD",
        "W-1-DECLINED [CX-573F]",
        "W-1-DRAFT",
        "W-1-LAPSED [CX-573F]: x",
        "W-1.revoked [CX-573F]",
        "In force from: 2030-01-01",
        "Impact: WAIVER_REVOKED is added",
        "Impact: STATE_CANCELLED is added, REVOKED",
        "Only until 2026-02-20",
        "Note: this holds until 2026-02-20",
        "Note: this change was rejected",
        "Granted: 2026-02-14 - 2026-02-20",
        "Date: 2026-02-14 to 2026-02-20",
        "Approver: Mira for one day",
        "W-1-REVOKED-OLD [CX-573F]",
    ];
    const PLAIN_LINES: &[&str] = &[
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
        "Waiver ID: W-Order-Cancel-2",
        "Notes: the first form of this change was rejected.",
        "Note: sessions end after 30 minutes",
        "Approver: Operator (instruction in chat to expand IN_SCOPE_PATHS)",
        "Impact: STATE_CANCELLED is added",
        "W-Order-Cancel-1 [CX-573F]",
        "State machine: one state more",
        "Impact: invalid input is refused",
        "Files: src/draft/a.rs",
        "Approved by: Mira",
        "Approver: mira",
        "Approver: Mira (user), in the review",
        "Expiry: 2099-01-01",
        "Granted: 2026-02-14",
        "Date: 2026-02-14",
        "Date: 2026-02-14 (in the review)",
        "Created: 2026-02-14",
        "Approved: yes",
        "Status: granted by Mira on 2026-01-02",
        "Justification: the parser rejects old orders",
        "W-1 [CX-573F] 2026-02-14: allow `src/a.rs` until 2026-05-01",
    ];

    #[test]
    fn a_line_that_ends_a_waiver_is_doubtful() {
        let is_doubtful = |text: &str| read_text(text, None).doubt.is_some();
        for text in ENDING_LINES {
            assert!(is_doubtful(text), "{text}");
        }
        for text in PLAIN_LINES {
            assert!(!is_doubtful(text), "{text}");
        }
    }
}
