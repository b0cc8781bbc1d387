//! Properties of the readers: they never panic, spans fit the text, and an
//! edit inside one value changes that value and nothing else.

use proptest::prelude::*;

use crate::document::outline::Outline;
use crate::document::refinement::unescape;
use crate::document::scope_entry::ScopeEntry;
use crate::document::{
    Packet, Refinement, audit::Audit, board::Board, gate_log::GateLog, registry::Registry,
};
use crate::text::{RepoPath, Source, Span, Spanned};

/// Parts of governance documents, and some unusual text.
fn piece() -> impl Strategy<Value = String> {
    let parts = [
        "# Task Packet: WP-1-A\n",
        "## METADATA\n",
        "## SCOPE\n",
        "- IN_SCOPE_PATHS:\n",
        "  - src/a.rs\n",
        "- **Status:** Done\n",
        "```\n",
        "~~~~ text\n",
        "<!--",
        "-->",
        "\n",
        "- [x] anchors_present\n",
        "- **Target File**: `a`\n",
        "- **Start**: 1\n",
        "SKELETON APPROVED\n",
        "> ",
        "    ",
        "\t",
        "\r\n",
        "\u{feff}",
        "| a | b |\n|---|---|\n",
        "| `x` | y |\n",
        "- Waiver ID: W-1\n",
        "é\u{202e}",
        "**",
        "`",
        "[CX-1]",
        "(",
        ")",
        "* ",
        "1. ",
        "- COMMAND: `x`\n",
        "  - EXIT_CODE: 0\n",
        "{\"gate_logs\": [",
        "]}",
        "#### ANCHOR 1\n",
        "\\u00a7",
        "***\n",
        "===\n",
        "&amp;",
        "![x](y)",
    ];
    prop_oneof![4 => proptest::sample::select(parts.to_vec()).prop_map(str::to_owned), 1 => ".{0,8}"]
}

fn document() -> impl Strategy<Value = String> {
    proptest::collection::vec(piece(), 0..60).prop_map(|pieces| pieces.concat())
}

fn fits(text: &str, span: Span) -> bool {
    text.get(span.start..span.end).is_some()
}

/// The packet of the demo before any work.
fn demo_packet() -> String {
    include_str!("../../../fixtures/demo/packet.md")
        .replace("{{MERGE_BASE}}", &"a".repeat(40))
        .replace("{{MANIFESTS}}\n", include_str!("../../../fixtures/demo/manifest_template.md"))
        .replace("{{MAPPING}}\n", "\n")
        .replace("{{EVIDENCE}}\n", "\n")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn readers_never_panic_and_spans_fit(text in document()) {
        let source = Source::from_text(RepoPath::from("x.md"), text.clone());
        let outline = Outline::parse(&text);
        for (index, block) in outline.blocks.iter().enumerate() {
            prop_assert!(fits(&text, block.span) && fits(&text, block.content), "{block:?}");
            prop_assert!(block.end > index && block.end <= outline.blocks.len());
            if let Some(parent) = block.parent {
                prop_assert!(outline.blocks[parent].span.contains(block.span), "{block:?} sticks out");
            }
        }
        let parsed = Packet::read(&source);
        for field in &parsed.value.fields {
            prop_assert!(fits(&text, field.label) && fits(&text, field.value.span));
        }
        for entry in parsed.value.scope.in_scope.iter().chain(&parsed.value.scope.out_of_scope) {
            prop_assert!(fits(&text, entry.raw.span));
        }
        for fault in &parsed.faults {
            prop_assert!(fits(&text, fault.span));
        }
        let spans = parsed.value.manifests.iter().map(|m| m.span).chain(parsed.value.waivers.iter().map(|w| w.span)).chain(parsed.value.phases.approval_marker).chain(parsed.value.phases.implementation);
        for span in spans {
            prop_assert!(fits(&text, span));
        }
        let _ = Refinement::read(&source);
        let _ = Audit::read(&source);
        let _ = Board::read(&source);
        let _ = Registry::read(&source);
        let _ = GateLog::read(&source);
        let _ = unescape(&text);
    }

    #[test]
    fn scope_entries_never_panic(text in ".{0,40}", path in "[a-z/.* ]{0,30}") {
        let entry = ScopeEntry::read(Spanned::new(text.clone(), Span::new(0, text.len())));
        let other = ScopeEntry::read(Spanned::new(path.clone(), Span::new(0, path.len())));
        let _ = entry.covers(&RepoPath::from(path.as_str()));
        prop_assert_eq!(entry.overlaps(&other), other.overlaps(&entry));
    }

    #[test]
    fn an_edit_of_one_value_is_read_as_that_edit(index in 0usize..200, word in "[a-z]{3,9}") {
        let text = demo_packet();
        let before = Packet::read(&Source::from_text(RepoPath::from("p.md"), text.clone())).value;
        let filled: Vec<_> = before.fields.iter().filter(|field| field.is_filled() && !field.value.value.contains(['`', '*', '\n'])).collect();
        let field = filled[index % filled.len()];
        let mut edited = text.clone();
        edited.replace_range(field.value.span.start..field.value.span.end, &word);
        let after = Packet::read(&Source::from_text(RepoPath::from("p.md"), edited)).value;
        prop_assert_eq!(before.fields.len(), after.fields.len());
        for (old, new) in before.fields.iter().zip(&after.fields) {
            let same = old.label == field.label;
            prop_assert_eq!(&new.value.value, if same { &word } else { &old.value.value });
        }
    }

    #[test]
    fn odd_paths_read_back(bytes in proptest::collection::vec(any::<u8>().prop_filter("no NUL", |b| *b != 0), 1..20)) {
        let path = RepoPath::from_bytes(&bytes);
        prop_assert_eq!(RepoPath::from_declared(&path.to_string()), path);
    }
}
