//! Waivers: requirements that a packet need not meet, with the approver's
//! consent.
//!
//! Real packets write a waiver as a bullet with nested labels, as one line with
//! `|` between the fields, or as free text after an id. A waiver counts only if
//! id, policy, scope, date, justification and approver are all present
//! (CHECKS, "Waivers").

mod context;
mod draft;
mod ending;
mod force;
mod part;
mod prose;
mod state;
mod strict;
mod value;
mod words;

use std::ops::Range;

use draft::WaiverDraft;
use jiff::civil::Date;
use part::WaiverPart;
pub(crate) use value::is_root_name;

use crate::text::{Span, Spanned};

use super::field::{Field, read_fields, strip_hint};
use super::is_placeholder;
use super::outline::Outline;
use super::scope_entry::ScopeEntry;
use super::section::Section;

/// Maximum number of waivers in one packet. Each waiver is compared with each finding; with more
/// waivers, none of them counts.
pub(crate) const MAX_WAIVERS: usize = 200;

/// End of a waiver's validity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expiry {
    /// No expiry given, or explicitly permanent.
    Never,
    /// At the end of this day.
    On(Date),
    /// At the closure of the packet.
    Closure,
    /// A text that is not a date; it does not count as valid.
    Unreadable(String),
}

/// One waiver.
#[derive(Debug, Clone)]
pub struct Waiver {
    /// The whole waiver.
    pub span: Span,
    /// Id of the waiver.
    pub id: Option<Spanned<String>>,
    /// The policy that it relaxes, such as `CX-573F`.
    pub policy: Option<Spanned<String>>,
    /// Date of the grant.
    pub date: Option<Spanned<Date>>,
    /// The covered paths or checks, as written.
    pub scope: Option<Spanned<String>>,
    /// Reason for the grant.
    pub justification: Option<Spanned<String>>,
    /// Person who granted it; `None` if the waiver was refused or revoked.
    pub approver: Option<Spanned<String>>,
    /// End of its validity.
    pub expiry: Expiry,
    /// Paths and patterns that the scope names.
    pub paths: Vec<ScopeEntry>,
    /// Why it is not plainly in force, as a clause, with the text that says so.
    pub doubt: Option<Spanned<String>>,
}

impl Waiver {
    /// Returns the names of the missing required parts.
    #[must_use]
    pub fn missing(&self) -> Vec<&'static str> {
        let required = [
            (WaiverPart::Id, self.id.is_some()),
            (WaiverPart::Policy, self.policy.is_some()),
            (WaiverPart::Scope, self.scope.is_some()),
            (WaiverPart::Date, self.date.is_some()),
            (WaiverPart::Justification, self.justification.is_some()),
            (WaiverPart::Approver, self.approver.is_some()),
        ];
        required.into_iter().filter(|(_, is_present)| !is_present).map(|(part, _)| part.name()).collect()
    }

    /// Returns the id, or a replacement text for messages.
    #[must_use]
    pub fn name(&self) -> &str {
        self.id.as_ref().map_or("(waiver without an id)", |id| &id.value)
    }
}

/// Reads the waivers of the section that grants them.
#[must_use]
pub(crate) fn read_granted(
    text: &str,
    outline: &Outline,
    section: &Section,
    sections: &[Section],
) -> Vec<Waiver> {
    let mut out = read_waivers(text, outline, section.blocks.clone());
    // With more waivers, none of them counts, whatever the text around them says.
    if out.len() <= MAX_WAIVERS {
        context::apply_context(text, outline, (section, sections), &mut out);
    }
    out
}

/// Reads the waivers in the blocks of a section.
#[must_use]
pub(crate) fn read_waivers(text: &str, outline: &Outline, blocks: Range<usize>) -> Vec<Waiver> {
    let mut out: Vec<WaiverDraft> = Vec::new();
    let mut index = blocks.start;
    while index < blocks.end {
        for item in outline.children(Some(index)).collect::<Vec<_>>() {
            read_item(text, outline, item, &mut out);
        }
        index = outline.get(index).map_or(blocks.end, |block| block.end.max(index + 1));
    }
    out.into_iter().map(WaiverDraft::finish).collect()
}

fn read_item(text: &str, outline: &Outline, item: usize, out: &mut Vec<WaiverDraft>) {
    let (Some(block), Some(prose)) = (outline.get(item), outline.item_prose(item)) else { return };
    let first: String = outline.prose_lines(text, prose).into_iter().map(|line| line.text).collect();
    let start = outline.get(prose).map_or(block.span.start, |block| block.content.start);
    let body = first.trim();
    let at = start + first.find(body).unwrap_or(0);
    if is_template_text(body) {
        return;
    }
    let all = read_fields(text, outline, item..block.end);
    let own: Vec<&Field> = all.iter().filter(|field| field.item == Some(item)).collect();
    let continues_previous = own.first().is_some_and(|field| {
        field.block == prose && WaiverPart::from_label(&field.key).is_some_and(|part| part != WaiverPart::Id)
    });
    if continues_previous && !out.is_empty() && !body.contains(" | ") {
        // `- Date: …` as a sibling of `- Waiver ID: …`.
        if let Some(draft) = out.last_mut() {
            draft.span = draft.span.join(block.span);
            draft.read_fields(&all);
            draft.read_force(text, outline, item);
        }
        return;
    }
    let mut draft = WaiverDraft::new(block.span);
    let names_part = |field: &&Field| WaiverPart::from_label(&field.key).is_some();
    if body.contains('|') {
        draft.read_line(body, at);
        draft.read_fields(&all.iter().filter(|field| field.item != Some(item)).cloned().collect::<Vec<_>>());
    } else {
        if !own.iter().any(|field| field.block == prose && names_part(field)) {
            draft.read_title(body, at);
            draft.read_lines(&outline.prose_lines(text, prose));
            if !all.iter().any(|field| names_part(&field)) {
                draft.read_prose(body, at);
            }
        }
        draft.read_fields(&all);
    }
    draft.read_force(text, outline, item);
    out.push(draft);
}

/// Returns whether an item is text of the template: its instruction, `NONE`, or
/// the example of the format.
fn is_template_text(body: &str) -> bool {
    let lower = strip_hint(body).trim_matches(['`', '*', '.', ' ']).to_lowercase();
    body.starts_with('(')
        || is_placeholder(body)
        || matches!(lower.as_str(), "none" | "n/a" | "none granted" | "no waivers" | "no waivers granted")
        || ["format:", "format (", "example:", "e.g."].iter().any(|start| lower.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waivers(text: &str) -> Vec<Waiver> {
        let outline = Outline::parse(text);
        read_waivers(text, &outline, 0..outline.blocks.len())
    }

    #[test]
    fn template_text_is_not_a_waiver() {
        let text = "- (Record explicit user waivers here per [CX-573F]. Include Waiver ID.)\n- NONE\n- Format: WAIVER-1 | CX-573F\n";
        assert!(waivers(text).is_empty());
    }

    #[test]
    fn nested_sibling_and_one_line_forms_are_read() {
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
    fn a_scope_can_name_a_file_in_the_root() {
        let scope = |text: &str| {
            let line = format!(
                "- W-A-1 | CX-573F | 2026-01-02 | Scope: {text} | Justification: because | Approver: mira\n"
            );
            waivers(&line)[0].paths.iter().map(|entry| entry.raw.value.clone()).collect::<Vec<_>>()
        };
        assert_eq!(scope("README.md"), ["README.md"]);
        assert_eq!(scope("`Makefile`"), ["Makefile"]);
        assert_eq!(scope("the file `Cargo.toml` only"), ["Cargo.toml"]);
        assert_eq!(scope("./LICENSE"), ["LICENSE"]);
        // Names of checks and sentences are not paths.
        assert!(scope("`unwrap` in the tests").is_empty());
        assert!(scope("all files. No exceptions are needed.").is_empty());
    }

    #[test]
    fn free_text_after_an_id_is_read() {
        let text = "- W-A-1 [CX-573F] 2026-02-19: Allow `src/x.rs` because the generator rewrites it. Approved by: Mira. Expires: 2026-05-01.\n";
        let all = waivers(text);
        assert!(all[0].missing().is_empty(), "{:?}", all[0]);
        assert_eq!(all[0].approver.as_ref().map(|a| a.value.as_str()), Some("Mira"));
        assert_eq!(all[0].expiry, Expiry::On("2026-05-01".parse().expect("date")));
        assert_eq!(
            all[0].justification.as_ref().map(|j| j.value.as_str()),
            Some("the generator rewrites it")
        );
        assert_eq!(all[0].paths.len(), 1);
        let text =
            "- WAIVER-7 [CX-573F] (granted 2026-02-28 by Mira): Change `src/x.rs`, reason: it is generated\n";
        let all = waivers(text);
        assert!(all[0].missing().is_empty(), "{:?}", all[0]);
        // A part that is not given is missing, and a denial covers nothing.
        let short = waivers("- [CX-573F] 2026-02-19: Allow out-of-scope files. Approved by: Mira.\n");
        assert_eq!(short[0].missing(), ["id", "justification"]);
        let denial = waivers(
            "- W-1 [CX-573F] 2026-02-19: never touch `src/x.rs` because it breaks. Approved by: Mira\n",
        );
        assert!(denial[0].paths.is_empty());
        let until =
            waivers("- W-1 [CX-573F]: allow `src/x.rs` until 2026-05-01 because x. Approved by: Mira\n");
        assert_eq!(until[0].missing(), ["date"]);
    }

    #[test]
    fn lines_without_bullets_are_fields() {
        let text = "- W-A-1\n  Policy: CX-573F\n  Date: 2026-01-02\n  Scope: `src/x.rs`\n  Justification: because\n  Approver: mira\n";
        assert!(waivers(text)[0].missing().is_empty(), "{:?}", waivers(text));
    }

    #[test]
    fn a_record_with_labels_is_read() {
        let record = |covers: &str, status: &str| {
            let text = format!(
                "- WAIVER_ID: CX-573F-20260213-A | STATUS: {status} | COVERS: {covers} | SCOPE: src/x.rs | \
                 JUSTIFICATION: same table | APPROVER: Mira | EXPIRES: when the packet is validated\n"
            );
            waivers(&text).remove(0)
        };
        let waiver = record("SCOPE", "ACTIVE");
        assert!(waiver.missing().is_empty(), "{waiver:?}");
        assert_eq!(waiver.policy.as_ref().map(|policy| policy.value.as_str()), Some("CX-573F"));
        assert_eq!((waiver.paths.len(), &waiver.expiry), (1, &Expiry::Closure));
        assert!(record("SCOPE, TEST", "ACTIVE").missing().is_empty());
        assert_eq!(record("TEST", "ACTIVE").missing(), ["policy"]);
        for status in ["EXPIRED", "REVOKED", "CLOSED"] {
            assert_eq!(record("SCOPE", status).missing(), ["approver"], "{status}");
        }
    }

    #[test]
    fn titles_contain_id_and_policy() {
        let all = waivers(
            "- WAIVER-SCOPE-WP-1-A-001 [CX-573F SCOPE-EXPAND]\n  - Date: 2026-01-18\n- CX-573F | 2026-02-11 | Scope: allow `.gitattributes` | Justification: x\n",
        );
        assert_eq!(all[0].name(), "WAIVER-SCOPE-WP-1-A-001");
        assert_eq!(all[0].policy.as_ref().map(|p| p.value.as_str()), Some("CX-573F"));
        assert_eq!(all[1].missing(), ["id", "approver"]);
    }
}
