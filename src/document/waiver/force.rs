//! Whether a waiver is plainly in force. A waiver gives a permission, so that it must not
//! count if a part of its text says, in whichever form, that it ended or was not granted.

use crate::document::field::{normalize_key, strip_hint};
use crate::document::outline::{BlockKind, Outline};
use crate::text::{Span, Spanned, to_single_line};

use super::part::WaiverPart;

/// Beginnings of words that say that a waiver ended, or was not granted.
const ENDINGS: [&str; 30] = [
    "revok",
    "revoc",
    "withdr",
    "reject",
    "rescind",
    "cancel",
    "annul",
    "void",
    "declin",
    "denied",
    "deny",
    "refus",
    "supersed",
    "terminat",
    "suspend",
    "laps",
    "expired",
    "inactive",
    "invalid",
    "obsolete",
    "disapprov",
    "unapproved",
    "retract",
    "nullif",
    "draft",
    "propos",
    "pending",
    "requested",
    "awaiting",
    "unsigned",
];
/// Word groups that say the same.
const PHRASES: [&str; 16] = [
    "no longer",
    "not in force",
    "not granted",
    "not approved",
    "never granted",
    "never approved",
    "not valid",
    "not active",
    "not yet",
    "not accepted",
    "not confirmed",
    "to be approved",
    "to be granted",
    "has ended",
    "out of force",
    "does not apply",
];
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
/// First words of a line about the state or the end of a waiver.
const STATE_WORDS: [&str; 15] = [
    "EXPIRY",
    "EXPIRES",
    "EXPIRE",
    "EXPIRATION",
    "END",
    "ENDS",
    "ENDED",
    "UNTIL",
    "VALID",
    "VALIDITY",
    "STATUS",
    "STATE",
    "DECISION",
    "APPROVED",
    "GRANTED",
];
/// Values of a status that say that a waiver is in force.
const IN_FORCE: [&str; 14] = [
    "ACTIVE",
    "APPROVED",
    "GRANTED",
    "IN FORCE",
    "IN EFFECT",
    "VALID",
    "EFFECTIVE",
    "ACCEPTED",
    "YES",
    "TRUE",
    "OPEN",
    "CURRENT",
    "CONFIRMED",
    "SIGNED",
];

/// Returns whether a text has words that end or deny a waiver.
pub(super) fn ends_waiver(text: &str) -> bool {
    let lower = text.to_lowercase();
    let is_ending = |word: &str| ENDINGS.iter().any(|start| word.starts_with(start));
    lower.split(|c: char| !c.is_alphanumeric()).any(is_ending)
        || PHRASES.iter().any(|phrase| lower.contains(phrase))
        || text.contains("~~")
}

/// Returns whether such words are in capitals, as a stamp on a sentence.
fn is_stamped(text: &str) -> bool {
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
    let is_capital =
        |word: &&str| word.len() > 3 && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    words.filter(is_capital).any(ends_waiver) || text.contains("~~")
}

/// Returns whether the value of a status says that the waiver is in force, and nothing else:
/// `ACTIVE`, `APPROVED (in the review)`, `granted by Mira on 2026-01-02`.
pub(super) fn is_in_force(value: &str) -> bool {
    let plain = value
        .trim()
        .trim_matches(['`', '*', '_', '.', ' '])
        .trim_start_matches(|c: char| !c.is_alphanumeric());
    let upper = plain.to_uppercase();
    let rest = IN_FORCE.iter().filter_map(|word| upper.strip_prefix(word)).min_by_key(|rest| rest.len());
    let Some(rest) = rest else { return false };
    let remark = rest.trim_start_matches(['`', '*', '_', '.', ',', ';', ' ', '-', '\u{2014}']);
    let is_remark = rest.is_empty()
        || remark.is_empty()
        || remark.starts_with("BY ")
        || remark.starts_with("ON ")
        || remark.starts_with('(')
        || remark.starts_with(|c: char| c.is_ascii_digit());
    // A time in a remark can be the end.
    let limits = ["UNTIL", "EXPIR", "TILL", "THROUGH", "ENDS", "ENDED", "BUT", " TO 2", "EXCEPT"];
    is_remark && !ends_waiver(remark) && !limits.iter().any(|word| remark.contains(word))
}

/// A reason not to count a waiver, as a clause.
pub(super) type Doubt = Spanned<String>;

pub(super) fn doubt(line: &str, span: Span) -> Doubt {
    let shown = to_single_line(line.trim(), 60);
    let why = format!(
        "`{shown}` does not say plainly that the waiver is in force; write `Status: ACTIVE` and `Expiry: YYYY-MM-DD`, or \
            remove the waiver"
    );
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
                if read.is_doubtful && out.doubt.is_none() {
                    out.doubt = Some(doubt(column, span));
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
    is_doubtful: bool,
}

/// Reads one line, or one column; `above` is the part that it continues.
fn read_text(text: &str, above: Option<WaiverPart>) -> ReadText {
    let body = text.trim().trim_start_matches(['*', '_', '`', ' ']);
    let labelled = body.split_once(':').map(|(label, value)| (normalize_key(strip_hint(label)), value));
    let labelled = labelled.filter(|(key, _)| !key.is_empty() && key.split('_').count() <= 6);
    let part = labelled.as_ref().and_then(|(key, _)| WaiverPart::from_label(key));
    let value =
        labelled.as_ref().map_or("", |(_, value)| value.trim_matches(['*', '_', '`', ' ', '\r', '\n']));
    let is_doubtful = match (part, &labelled) {
        (Some(WaiverPart::Status), _) => !value.is_empty() && !is_in_force(value),
        (Some(WaiverPart::Expiry), _) => false,
        (Some(WaiverPart::Scope | WaiverPart::Justification | WaiverPart::Covers), _) => is_stamped(value),
        // `CX-573F-…: …` and names of persons end no waiver.
        (Some(_), _) => ends_waiver(value),
        (None, Some((key, _))) if ends_waiver(&key.replace('_', " ")) => !is_negative(value),
        (None, Some((key, _))) if is_state_line(key) => true,
        (None, Some(_)) if above.is_none() => is_stamped(value) || begins_with_ending(value),
        _ => match above {
            Some(WaiverPart::Status) => !body.is_empty() && !is_in_force(body),
            Some(WaiverPart::Expiry) => false,
            Some(_) => is_stamped(body),
            None => is_stamped(body) || begins_with_ending(body) || is_state_line(&normalize_key(body)),
        },
    };
    ReadText { part, is_doubtful }
}

/// Returns whether a word begins the statement of a title: it is no id, policy, date or mark.
fn is_clause_start(word: &str) -> bool {
    let plain = word.trim_matches(|c: char| !c.is_alphanumeric());
    !plain.is_empty() && !plain.contains(|c: char| c.is_ascii_digit())
}

/// Returns whether a text begins with words that end a waiver, behind an id.
pub(super) fn begins_with_ending(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().filter(|word| is_clause_start(word)).take(3).collect();
    ends_waiver(&words.join(" "))
}

/// Returns whether a line without a known label is about the state or the end of a waiver:
/// `Expiry - 2026-02-20`.
fn is_state_line(key: &str) -> bool {
    let first = key.split('_').next().unwrap_or("");
    STATE_WORDS.contains(&first)
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
        let is_doubtful = |text: &str| read_text(text, None).is_doubtful;
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
        ] {
            assert!(!is_doubtful(text), "{text}");
        }
    }
}
