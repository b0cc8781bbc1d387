//! Readers of packets take a time that grows with the size of the text, not with a product of two
//! of its parts.

use std::time::{Duration, Instant};

use crate::document::Packet;
use crate::text::{RepoPath, Source};

/// Much more than a slow machine needs; products of these sizes take minutes.
const LIMIT: Duration = Duration::from_secs(30);
const COUNT: usize = 15_000;

fn read(scope: &str, rest: &str) -> Packet {
    let text = format!("# Task Packet: WP-1-A\n\n## SCOPE\n- What: x\n{scope}\n## NOTES\n{rest}\n");
    let start = Instant::now();
    let packet = Packet::read(&Source::from_text(RepoPath::from("WP-1-A.md"), &text)).value;
    let took = start.elapsed();
    let shown: String = scope.chars().take(60).collect();
    assert!(took < LIMIT, "{shown}: {took:?}");
    packet
}

#[test]
fn labels_and_entries_are_not_multiplied() {
    let items = "  - src/a.rs\n".repeat(COUNT);
    let list = "- src/a.rs\n".repeat(COUNT);
    let excluded = |scope: &str| {
        let packet = read(scope, "");
        assert!(packet.scope.out_of_scope.iter().any(|entry| entry.raw.value == "src/a.rs"));
    };
    // Labels in one paragraph, in one item, in paragraphs of an item, and in many items.
    excluded(&format!("\n{}\n{list}", "OUT_OF_SCOPE: none\n".repeat(COUNT)));
    excluded(&format!("- OUT_OF_SCOPE: none\n{}{items}", "  OUT_OF_SCOPE: none\n".repeat(COUNT)));
    excluded(&format!("- OUT_OF_SCOPE:\n\n{}{items}", "  OUT_OF_SCOPE: x\n\n".repeat(COUNT)));
    excluded(&format!("{}{list}", "- OUT_OF_SCOPE: src/a.rs\n".repeat(COUNT)));
    excluded(&format!("{}{list}", "- Do not touch src/a.rs\n".repeat(COUNT)));
    excluded(&format!("{}\n{list}", "OUT_OF_SCOPE:\n\n".repeat(COUNT)));
    // Fields between the labels, in a paragraph and in code.
    excluded(&format!("\n{}\n{list}", "OUT_OF_SCOPE: src/a.rs\nNote: x\n".repeat(COUNT)));
    excluded(&format!("- OUT_OF_SCOPE: src/a.rs\n```\n{}```\n", "OUT_OF_SCOPE:\n- Note: x\n".repeat(COUNT)));
    // Words of one sentence.
    excluded(&format!("- OUT_OF_SCOPE: src/a.rs\n- Do not touch {}\n", "%2f ".repeat(COUNT)));
}

#[test]
fn lists_of_paths_plans_and_criteria_are_not_multiplied() {
    let list = "- src/a.rs\n".repeat(COUNT);
    let packet = read(&format!("\n{}\n{list}", "IN_SCOPE_PATHS:\n".repeat(COUNT)), "");
    assert_eq!(packet.scope.in_scope.len(), COUNT);
    read(&format!("{}{list}", "- IN_SCOPE_PATHS:\n".repeat(COUNT)), "");
    for label in ["TEST_PLAN", "DONE_MEANS", "ROLLBACK_HINT"] {
        read("", &format!("{}\n{list}", format!("{label}: x\n").repeat(COUNT)));
    }
    read(&format!("- IN_SCOPE_PATHS:\n  - {0}src/a.rs{0}\n", "'".repeat(200_000)), "");
}

#[test]
fn waivers_and_the_text_around_them_are_not_multiplied() {
    let waiver = |number: usize| {
        format!(
            "- Waiver ID: W-{number}-A\n  - Policy: CX-573F\n  - Date: 2026-03-01\n  - Scope: `src/a.rs`\n\
             \x20 - Justification: x\n  - Approver: Mira\n"
        )
    };
    for count in [200, 3_000] {
        let waivers: String = (0..count).map(waiver).collect();
        let ends: String = (0..20_000).map(|number| format!("Revoked: W-{number}-B\n\n")).collect();
        let text = format!("\n## WAIVERS GRANTED\n{waivers}\n{ends}");
        let packet = read("", &text);
        assert!(packet.waivers.len() >= count);
        assert_eq!(packet.waivers.iter().all(|waiver| waiver.doubt.is_some()), count == 200);
    }
}
