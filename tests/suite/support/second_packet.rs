//! A second packet in the demo's repository, derived from the first: the same
//! documents under another id, with another signature and scope.

use countersign::{ChangedFile, DemoRepository, RecordedHashes};

use super::repo::Sandbox;

pub const WP: &str = "WP-1-Invoices";
pub const PACKET: &str = ".GOV/task_packets/WP-1-Invoices.md";
const GATE_LOG: &str = ".GOV/roles/orchestrator/ORCHESTRATOR_GATES.json";
const AUDIT: &str = ".GOV/roles_shared/SIGNATURE_AUDIT.md";
const BOARD: &str = ".GOV/roles_shared/TASK_BOARD.md";
const REGISTRY: &str = ".GOV/roles_shared/WP_TRACEABILITY_REGISTRY.md";

fn to_second_packet(text: &str) -> String {
    text.replace("WP-1-Farewell", WP).replace("mira140220260915", "mira140220261100")
}

/// The text of the second packet with a scope; with manifests if there are
/// changes.
pub fn packet(base: &str, scope: &[String], changed: Option<&[ChangedFile]>) -> String {
    let manifests = if changed.is_some() { RecordedHashes::Correct } else { RecordedHashes::Template };
    let listed: String = scope.iter().map(|path| format!("  - {path}\n")).collect();
    to_second_packet(&DemoRepository::packet_text(base, manifests, changed.unwrap_or_default()))
        .replace("  - src/farewell.rs (new)\n  - src/lib.rs\n", &listed)
        .replace("  - Invoices (`src/invoice.rs` has an owner of its own)\n", "  - Farewells\n")
}

/// Writes the second packet, its refinement and its records.
pub fn approve(sandbox: &Sandbox, base: &str, scope: &[String]) {
    sandbox.write(PACKET, packet(base, scope, None));
    for (path, text) in DemoRepository::approved_files(base) {
        if path.contains("/refinements/") {
            sandbox.write(&to_second_packet(path), to_second_packet(&text));
        }
    }
    let log = sandbox.read(GATE_LOG);
    let (start, end) = (log.find("    {").expect("entries"), log.rfind("\n  ]").expect("end"));
    let entries = &log[start..end];
    let later = to_second_packet(entries).replace("T09:", "T11:");
    sandbox.write(GATE_LOG, log.replacen(entries, &format!("{entries},\n{later}"), 1));
    for (path, mark) in [(AUDIT, "| mira"), (BOARD, "- **["), (REGISTRY, "| WP-1-")] {
        let text = sandbox.read(path);
        let line = text.lines().find(|line| line.starts_with(mark)).expect("a record").to_owned();
        sandbox.write(path, text.replacen(&line, &format!("{line}\n{}", to_second_packet(&line)), 1));
    }
}
