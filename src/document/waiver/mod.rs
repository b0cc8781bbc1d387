//! Waivers: what somebody allowed a packet to leave out.
//!
//! Real packets write them as a bullet with nested labels, as one line with
//! `|` between the fields, or as free text after an id. A waiver counts only
//! when id, policy, scope, date, justification and approver are all there
//! (CHECKS, "Waivers").

mod draft;
mod prose;
mod value;

use std::ops::Range;

use draft::{WaiverDraft, is_attribute, is_id};
use jiff::civil::Date;

use crate::text::{Span, Spanned};

use super::field::{Field, read_fields, strip_hint};
use super::is_placeholder;
use super::outline::Outline;
use super::scope_entry::ScopeEntry;

pub use value::find_paths;

/// When a waiver ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expiry {
    /// Never said, or said to be permanent.
    Never,
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
pub fn read_waivers(text: &str, outline: &Outline, blocks: Range<usize>) -> Vec<Waiver> {
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
    let attribute = own
        .first()
        .is_some_and(|field| field.block == prose && is_attribute(&field.key) && !is_id(&field.key));
    if attribute && !out.is_empty() && !body.contains(" | ") {
        // `- Date: …` as a sibling of `- Waiver ID: …`.
        if let Some(draft) = out.last_mut() {
            draft.span = draft.span.join(block.span);
            draft.read_fields(&all);
        }
        return;
    }
    let mut draft = WaiverDraft { span: block.span, ..WaiverDraft::default() };
    if body.contains('|') {
        draft.read_line(body, at);
        draft.read_fields(&all.iter().filter(|field| field.item != Some(item)).cloned().collect::<Vec<_>>());
    } else {
        if own.iter().all(|field| field.block != prose || !is_attribute(&field.key)) {
            draft.read_title(body, at);
            draft.read_lines(&outline.prose_lines(text, prose));
            if all.iter().all(|field| !is_attribute(&field.key)) {
                draft.read_prose(body, at);
            }
        }
        draft.read_fields(&all);
    }
    out.push(draft);
}

/// The template's instruction, `NONE`, and the example of the format.
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
    fn free_text_after_an_id() {
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
        // What is not said is missing, and a denial covers nothing.
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
    fn titles_carry_id_and_policy() {
        let all = waivers(
            "- WAIVER-SCOPE-WP-1-A-001 [CX-573F SCOPE-EXPAND]\n  - Date: 2026-01-18\n- CX-573F | 2026-02-11 | Scope: allow `.gitattributes` | Justification: x\n",
        );
        assert_eq!(all[0].name(), "WAIVER-SCOPE-WP-1-A-001");
        assert_eq!(all[0].policy.as_ref().map(|p| p.value.as_str()), Some("CX-573F"));
        assert_eq!(all[1].missing(), ["id", "approver"]);
    }
}
