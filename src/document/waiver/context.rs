//! Waivers that the text around them ends: headings, paragraphs and other items.

use std::ops::Range;

use crate::document::field::normalize_key;
use crate::document::outline::{BlockKind, Outline};
use crate::document::section::Section;
use crate::text::Span;

use super::Waiver;
use super::ending::{ends_waiver, is_rule, is_stamped};
use super::force::{DoubtKind, doubt, is_negative};
use super::strict::{ends_strictly, is_end_label};

/// Titles of parts of the section whose waivers are not meant.
const OTHER_TITLES: [&str; 20] = [
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
    "FORMERLY",
    "PREVIOUS",
    "PREVIOUSLY",
    "EARLIER",
    "INACTIVE",
    "OVER",
];
/// Words in `ED` of a title that say nothing about an end.
const PLAIN_TITLES: [&str; 20] = [
    "GRANTED",
    "APPROVED",
    "SIGNED",
    "CONFIRMED",
    "ACCEPTED",
    "RELATED",
    "NEEDED",
    "REQUIRED",
    "DETAILED",
    "GENERATED",
    "LIMITED",
    "SHARED",
    "COVERED",
    "WAIVED",
    "CHANGED",
    "ADDED",
    "ALLOWED",
    "PERMITTED",
    "RECORDED",
    "LISTED",
];

/// Returns whether the title of a part says that its waivers are not meant: `Archive`, `Retired`.
fn is_other_title(key: &str) -> bool {
    key.split('_').any(|word| {
        let is_past = word.len() > 4 && word.ends_with("ED") && !word.ends_with("EED");
        OTHER_TITLES.contains(&word) || (is_past && !PLAIN_TITLES.contains(&word))
    })
}

/// Finds the waivers that the headings, paragraphs and other items of a packet end, and sets
/// their doubts. `section` is the one that grants waivers.
pub(super) fn apply_context(
    text: &str,
    outline: &Outline,
    (section, sections): (&Section, &[Section]),
    waivers: &mut [Waiver],
) {
    let inside = |span: Span, waiver: &Waiver| span.contains(Span::new(waiver.span.start, waiver.span.start));
    let set = |waiver: &mut Waiver, line: &str, span: Span, kind: DoubtKind| {
        waiver.doubt.get_or_insert_with(|| doubt(line, span, kind));
    };
    for part in sections.iter().filter(|part| section.blocks.contains(&part.heading)) {
        if is_other_title(&part.key) || ends_waiver(&part.title.value) || part.key.starts_with("NOT_") {
            for waiver in waivers.iter_mut().filter(|waiver| inside(part.span, waiver)) {
                set(waiver, &part.title.value, part.title.span, DoubtKind::OtherTitle);
            }
        }
    }
    let parts = sections
        .iter()
        .filter(|part| part.heading == section.heading || section.blocks.contains(&part.heading));
    for part in parts {
        for (line, span) in paragraphs(text, outline, part.own_blocks.clone()) {
            let is_instruction = line.starts_with('(') && line.ends_with(')');
            let is_title = line.ends_with(':') && is_other_title(&normalize_key(&line));
            let ends =
                is_title || line.split(". ").any(|sentence| ends_strictly(sentence) && !is_rule(sentence));
            if ends && !is_instruction {
                // Text above the parts of a section is about all of them.
                waivers
                    .iter_mut()
                    .filter(|waiver| inside(part.span, waiver))
                    .for_each(|w| set(w, &line, span, DoubtKind::Ended));
            }
        }
    }
    let is_about_waivers =
        |other: &&Section| other.key.contains("WAIVER") || section.blocks.contains(&other.heading);
    for other in sections.iter().filter(is_about_waivers) {
        let title_ends = other.heading != section.heading && ends_waiver(&other.title.value);
        for (line, span) in items(text, outline, other.own_blocks.clone()) {
            let (label, value) = line.split_once(':').unwrap_or((&line, ""));
            let is_label = line.contains(':');
            let is_end = is_end_label(label) && !(is_label && is_negative(value));
            let is_ended = is_end || ends_strictly(value) || is_stamped(&line);
            let ends = title_ends || is_ended;
            if !ends || (value.is_empty() && is_negative(label)) {
                continue;
            }
            let names =
                |waiver: &Waiver| waiver.id.as_ref().is_some_and(|id| contains_word(&line, &id.value));
            let own = |waiver: &Waiver| waiver.span.contains(span);
            let is_named = waivers.iter().any(names);
            let is_own = waivers.iter().any(|waiver| own(waiver) && waiver.missing().len() < MANY_MISSING);
            for waiver in waivers.iter_mut() {
                let is_meant = if is_named { names(waiver) } else { !is_own && !title_ends };
                if is_meant && !(own(waiver) && title_ends) {
                    set(waiver, &line, span, DoubtKind::Ended);
                }
            }
        }
    }
}

/// Number of missing parts from which an item is no waiver, but a statement about one.
const MANY_MISSING: usize = 4;

fn contains_word(line: &str, word: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    !word.is_empty()
        && line.match_indices(word).any(|(at, _)| {
            !line.get(..at).is_some_and(|before| before.ends_with(is_word))
                && !line.get(at + word.len()..).is_some_and(|after| after.starts_with(is_word))
        })
}

fn prose(text: &str, outline: &Outline, index: usize) -> Option<(String, Span)> {
    let block = outline.get(index).filter(|block| block.kind == BlockKind::Prose)?;
    let line: String = outline.prose_lines(text, index).into_iter().map(|line| line.text).collect();
    let first = line.lines().next().map_or(0, str::len);
    Some((line.trim().to_owned(), Span::new(block.content.start, block.content.start + first)))
}

/// Returns the paragraphs outside of lists.
fn paragraphs(text: &str, outline: &Outline, blocks: Range<usize>) -> Vec<(String, Span)> {
    let is_outside = |index: &usize| {
        let mut above = outline.get(*index).and_then(|block| block.parent);
        while let Some(block) = above.and_then(|index| outline.get(index)) {
            if block.kind == BlockKind::Item {
                return false;
            }
            above = block.parent;
        }
        true
    };
    blocks.filter(is_outside).filter_map(|index| prose(text, outline, index)).collect()
}

/// Returns the first paragraphs of the items of outermost lists.
fn items(text: &str, outline: &Outline, blocks: Range<usize>) -> Vec<(String, Span)> {
    let is_outer = |index: &usize| {
        let list =
            outline.get(*index).filter(|block| block.kind == BlockKind::Item).and_then(|block| block.parent);
        list.and_then(|list| outline.get(list)).is_some_and(|list| list.parent.is_none())
    };
    let first = blocks.filter(is_outer).filter_map(|item| outline.item_prose(item));
    first.filter_map(|index| prose(text, outline, index)).collect()
}

#[cfg(test)]
mod tests {
    use crate::document::Packet;
    use crate::text::{RepoPath, Source};

    const WAIVER: &str = "- Waiver ID: W-1\n  - Policy: CX-573F\n  - Date: 2026-02-14\n  - Scope: `src/a.rs`\n  \
                          - Justification: x\n  - Approver: Mira\n";

    fn is_in_force(before: &str, after: &str) -> bool {
        let text = format!("# Task Packet: WP-1-A\n\n## WAIVERS GRANTED\n{before}\n\n{WAIVER}\n{after}\n");
        let packet = Packet::read(&Source::from_text(RepoPath::from("WP-1-A.md"), &text)).value;
        assert_eq!(packet.waivers.len(), 1, "{text}");
        packet.waivers.iter().all(|waiver| waiver.missing().is_empty() && waiver.doubt.is_none())
    }

    fn is_in_force_with(own: &str) -> bool {
        let text = format!("# Task Packet: WP-1-A\n\n## WAIVERS GRANTED\n{WAIVER}{own}\n");
        let packet = Packet::read(&Source::from_text(RepoPath::from("WP-1-A.md"), &text)).value;
        assert_eq!(packet.waivers.len(), 1, "{text}");
        packet.waivers.iter().all(|waiver| waiver.missing().is_empty() && waiver.doubt.is_none())
    }

    #[test]
    fn text_around_a_waiver_ends_it() {
        for line in [
            "Mira revoked all waivers on 2026-02-20.",
            "The following have expired.",
            "The following were requested, but Mira rejected them.",
            "Every waiver below is void.",
            "A revoked waiver:",
            "Drafts only:",
            "Retired waivers:",
            "Rejected requests:",
            "W-1 was subsequently revoked.",
            "Every waiver was revoked on 2026-02-20.",
            "A waiver is void without a date. All of them were revoked.",
        ] {
            assert!(!is_in_force(line, ""), "{line}");
            assert!(!is_in_force("", line), "below: {line}");
        }
        for title in ["### Formerly granted", "### Ended", "### Retired", "### Archive"] {
            assert!(!is_in_force(title, ""), "{title}");
        }
        let own = "  - Status: APPROVED (in the review of 2026-02-14)\n  - Expiry: 2099-01-01\n  - Withdrawn: no\n  \
                   - Notes: the first form of this change was rejected.";
        assert!(is_in_force_with(own));
        for line in [
            "A waiver is void without a date.",
            "Expired waivers do not count. Rejected requests are on the board.",
            "Each waiver has an id, a date and an approver.",
            "(Expired waivers are removed.)",
            "### Granted",
            "### Files of the generator",
        ] {
            assert!(is_in_force(line, ""), "{line}");
        }
    }
}
