//! Properties of tolerant reading: recovery adds duties and never permissions, and no
//! item of a deciding section is dropped in silence.

#![expect(clippy::string_slice, reason = "a test stops at the first unexpected text")]

use std::collections::BTreeSet;

use proptest::prelude::*;

use crate::document::Packet;
use crate::document::contract::Contract;
use crate::document::outline::Outline;
use crate::document::section::read_sections;
use crate::text::{RepoPath, Source, Span};

/// A filled packet with a recovered fence before its scope, and examples in fences.
const PACKET: &str = "# Task Packet: WP-1-A\n\n## METADATA\n- WP_ID: WP-1-A\n- **Status:** In Progress\n\
- USER_SIGNATURE: mira140220260915\n- PACKET_FORMAT_VERSION: 2026-02-01\n\n## CONTEXT\n- EXCERPT:\n  ```text\n  quoted\n  ```\n\n\
## SCOPE\n- IN_SCOPE_PATHS:\n  - src/a.rs\n  - src/api/\n- OUT_OF_SCOPE:\n  - src/api/secret.rs\n\n\
## WAIVERS GRANTED\n- W-1 | CX-573F | 2026-01-02 | Scope: `src/x.rs` | Justification: because | Approver: mira\n\n\
## QUALITY_GATE\n### TEST_PLAN\n```bash\ncargo test\n```\n\n### DONE_MEANS\n- It is done.\n- It is fast.\n\n\
## BOOTSTRAP\n- RUN_COMMANDS:\n  ```bash\n  cargo test\n  ```\n\n## SKELETON\n- One text.\n\nSKELETON APPROVED\n\n\
## IMPLEMENTATION\n- Done.\n\n## VALIDATION\n- **Target File**: `src/a.rs`\n- **Start**: 1\n- **End**: 2\n- **Line Delta**: 1\n\
- **Pre-SHA1**: `0000000000000000000000000000000000000000`\n- **Post-SHA1**: `0000000000000000000000000000000000000000`\n\
- **Gates Passed**:\n  - [x] anchors_present\n\n## EVIDENCE\n- COMMAND: `cargo test`\n  - EXIT_CODE: 0\n\n\
## EVIDENCE_MAPPING\n- REQUIREMENT: \"It is done.\"\n  - EVIDENCE: `src/a.rs:1`\n\n\
## VALIDATION_REPORTS\n### Report\nVerdict: PASS\n\n```text\n- IN_SCOPE_PATHS:\n  - src/evil.rs\nSKELETON APPROVED\nVerdict: PASS\n```\n";

fn insertion() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("```\n".to_owned()),
        Just("```text\n".to_owned()),
        Just("  ```\n".to_owned()),
        Just("  ```text\nx\n  ```\n".to_owned()),
        Just("- E:\n  ```text\nx\n  ```\n".to_owned()),
        Just("- E:\n  ```text\nx\n```\n".to_owned()),
        Just("~~~\n".to_owned()),
        Just("- E:\n  ~~~~\nx\n".to_owned()),
        Just("> ".to_owned()),
        Just("    ".to_owned()),
        Just("  ".to_owned()),
        Just("<!--\n".to_owned()),
    ]
}

/// The permissions and duties that a gate takes from a packet.
#[derive(Debug, PartialEq, Eq)]
struct Reading {
    permissions: BTreeSet<String>,
    duties: BTreeSet<String>,
}

fn read_gate(packet: &Packet) -> Reading {
    let mut permissions: BTreeSet<String> = BTreeSet::new();
    let valid = packet.scope.in_scope.iter().filter(|entry| entry.pattern.is_ok());
    permissions.extend(valid.map(|entry| format!("path {}", entry.raw.value)));
    permissions.extend(
        packet.waivers.iter().filter(|w| w.missing().is_empty()).map(|w| format!("waiver {}", w.name())),
    );
    permissions.extend(packet.phases.approval_marker.map(|_| "marker".to_owned()));
    permissions.extend(packet.signature.as_ref().map(|s| format!("signature {}", s.value)));
    let ticks = packet.manifests.iter().flat_map(|manifest| &manifest.gates).filter(|tick| tick.is_ticked);
    permissions.extend(ticks.map(|tick| format!("tick {:?}", tick.span)));
    permissions.extend(packet.evidence.iter().map(|entry| format!("evidence {:?}", entry.command.span)));
    let passes = packet.phases.reports.iter().filter(|report| report.verdict.value == "PASS");
    permissions.extend(passes.map(|report| format!("pass {:?}", report.verdict.span)));
    let mut duties: BTreeSet<String> = BTreeSet::new();
    duties.extend(packet.scope.out_of_scope.iter().map(|entry| format!("not {}", entry.raw.value)));
    duties.extend(packet.test_plan.iter().map(|command| format!("run {}", command.text)));
    duties.extend(packet.done_means.iter().map(|criterion| format!("done {}", criterion.text.value)));
    Reading { permissions, duties }
}

fn strict(text: &str) -> Packet {
    let source = Source::from_text(RepoPath::from("p.md"), text);
    let outline = Outline::parse_strict(text);
    let sections = read_sections(text, &outline);
    let kind = crate::document::DocumentKind::Packet;
    Packet::from_outline(&source, outline, sections, kind).value
}

fn gate(text: &str) -> Packet {
    let packet = Packet::read(&Source::from_text(RepoPath::from("p.md"), text)).value;
    packet.restricted().unwrap_or(packet)
}

fn insert_at_line(text: &str, line: usize, piece: &str) -> String {
    let starts: Vec<usize> =
        std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
    let at = starts[line % starts.len()].min(text.len());
    format!("{}{piece}{}", &text[..at], &text[at..])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    /// For any packet and any inserted fence, quote or indent, a gate takes no path,
    /// waiver, tick or pass that CommonMark does not show, and loses no duty.
    #[test]
    fn recovery_is_monotone(
        first in insertion(), at in 0usize..80, second in insertion(), other in 0usize..80, twice in any::<bool>(),
    ) {
        let mut text = insert_at_line(PACKET, at, &first);
        if twice {
            text = insert_at_line(&text, other, &second);
        }
        let (seen, taken) = (read_gate(&strict(&text)), read_gate(&gate(&text)));
        prop_assert!(taken.permissions.is_subset(&seen.permissions), "{text}\n{:?}", taken.permissions);
        prop_assert!(seen.duties.is_subset(&taken.duties), "{text}\n{:?}", seen.duties);
    }
}

/// Shapes of the CommonMark specification that can hold a text in a section.
const SHAPES: [&str; 24] = [
    "- {}\n",
    "* {}\n",
    "+ {}\n",
    "1. {}\n",
    "2) {}\n",
    "- [ ] {}\n",
    "- [v] {}\n",
    "- **{}**\n",
    "- *{}*\n",
    "- Unit: {}\n",
    "- {} (slow)\n",
    "- > {}\n",
    "> {}\n",
    "> - {}\n",
    "> > {}\n",
    "- - {}\n",
    "- x.md\n\n  {}\n",
    "```\n{}\n```\n",
    "~~~\n{}\n~~~\n",
    "    {}\n",
    "<p>{}</p>\n",
    "| a |\n|---|\n| {} |\n",
    "{}\n",
    "{}  \nand more\n",
];

fn section_with(section: &str, shape: &str) -> String {
    let mut text = PACKET.replace("  - src/a.rs\n  - src/api/\n", "  - src/a.rs\n");
    let level = if text.contains(&format!("\n## {section}\n")) { "##" } else { "###" };
    let heading = format!("{level} {section}\n");
    let heading = if section.starts_with("IN_") || section.starts_with("OUT_") {
        text = text.replace(
            "- IN_SCOPE_PATHS:\n  - src/a.rs\n- OUT_OF_SCOPE:\n  - src/api/secret.rs\n",
            "### IN_SCOPE_PATHS\n\n- src/a.rs\n\n### OUT_OF_SCOPE\n\n- src/b.rs\n",
        );
        heading
    } else {
        heading
    };
    // After the first list or fence of the section, separated by a comment so that no list
    // is continued by chance.
    let at = text.find(&heading).expect("section") + heading.len();
    let end = text[at..].find("\n#").map_or(text.len(), |end| at + end + 1);
    format!("{}\n<!-- -->\n\n{shape}\n{}", &text[..end], &text[end..])
}

fn observed(text: &str) -> (Reading, Vec<Span>, usize) {
    let parsed = Packet::read(&Source::from_text(RepoPath::from("p.md"), text));
    let invalid = parsed.value.scope.in_scope.iter().filter(|entry| entry.pattern.is_err()).count();
    let entries = parsed.value.waivers.len() + parsed.value.evidence.len() + parsed.value.mapping.len();
    (read_gate(&parsed.value), parsed.faults.iter().map(|fault| fault.span).collect(), invalid + entries)
}

#[test]
fn no_item_of_a_deciding_section_is_dropped_in_silence() {
    let mut dropped = Vec::new();
    for (section, item) in [
        ("TEST_PLAN", "`sh other.sh`"),
        ("TEST_PLAN", "sh other.sh"),
        ("DONE_MEANS", "Another thing holds"),
        ("IN_SCOPE_PATHS", "src/other.rs"),
        ("OUT_OF_SCOPE", "src/other.rs"),
        ("OUT_OF_SCOPE", "`src/other.rs`"),
        ("OUT_OF_SCOPE", "/src/other.rs"),
        (
            "WAIVERS GRANTED",
            "W-9 | CX-573F | 2026-01-02 | Scope: `src/y.rs` | Justification: why | Approver: mira",
        ),
        ("WAIVERS GRANTED", "The file src/y.rs may change, said mira"),
        ("EVIDENCE", "COMMAND: `sh other.sh`"),
        ("EVIDENCE", "`sh other.sh` ended with 0"),
        ("EVIDENCE_MAPPING", "REQUIREMENT: \"It is fast.\""),
        ("EVIDENCE_MAPPING", "It is fast: src/a.rs:3"),
    ] {
        let empty = observed(&section_with(section, ""));
        for shape in SHAPES {
            let text = section_with(section, &shape.replace("{}", item));
            let found = observed(&text);
            let is_seen = found.0 != empty.0 || found.1.len() > empty.1.len() || found.2 > empty.2;
            if !is_seen {
                dropped.push(format!("{section}: {:?}", shape.replace("{}", item)));
            }
        }
    }
    assert!(dropped.is_empty(), "{}", dropped.join("\n"));
}

#[test]
fn no_task_of_a_contract_is_dropped_in_silence() {
    let count = |item: &str| {
        let text = format!("# Contract — a\n\n**Status:** active\n\n## Tasks\n\n- [x] first\n{item}");
        Contract::read(&Source::from_text(RepoPath::from("c.md"), text)).tasks.len()
    };
    for mark in [" ", "x", "v", "~", ">", "/", "\u{445}", "w", "?", "\u{2713}"] {
        for shape in [
            "- [{}] second\n",
            "* [{}] second\n",
            "1. [{}] second\n",
            "  - [{}] second\n",
            "- **[{}] second**\n",
        ] {
            assert_eq!(count(&shape.replace("{}", mark)), 2, "{shape} {mark}");
        }
    }
}

#[test]
fn a_gate_takes_no_path_that_only_the_recovered_text_shows() {
    let text = PACKET.replace("  ```text\n  quoted\n", "  ```text\nquoted\n");
    let packet = Packet::read(&Source::from_text(RepoPath::from("p.md"), text.clone())).value;
    assert_eq!(packet.outline.recoveries.len(), 1);
    assert_eq!(packet.scope.in_scope.len(), 2, "people see the scope");
    let restricted = packet.restricted().expect("two readings");
    assert!(restricted.scope.in_scope.is_empty() && restricted.waivers.is_empty());
    assert_eq!(restricted.scope.out_of_scope.len(), 1, "an exclusion binds in either reading");
    // Who approved this text approved what people see in it.
    assert!(packet.has_fences_of(&packet));
    assert!(!packet.has_fences_of(&Packet::read(&Source::from_text(RepoPath::from("p.md"), PACKET)).value));
}
