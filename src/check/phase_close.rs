//! `milestone/…`: what a phase of the project needs to be closed.

use std::collections::BTreeMap;

use crate::check::CheckResult;
use crate::check::repository_documents::{GovernanceDocuments, RepositoryCheckContext};
use crate::document::{PacketStatus, WpId};
use crate::finding::{Finding, Label};
use crate::rule::Rule;
use crate::text::RepoPath;

/// What is known of one base id.
#[derive(Default)]
struct BaseIdStatus {
    /// Something of it is validated.
    is_validated: bool,
    /// What is still open of it, with its place.
    open_reason: Option<(String, Option<Label>)>,
}

/// `phase-close/open-packet`: nothing of the phase is open.
pub(super) fn open_packet(input: &RepositoryCheckContext<'_>, rule: &Rule) -> CheckResult {
    let Some(phase) = input.phase else {
        return CheckResult::skipped("only validator-phase-gate asks for this");
    };
    let prefix = if phase.is_empty() { "WP-".to_owned() } else { format!("WP-{phase}-") };
    let items = collect_statuses(input.governance, &prefix);
    if items.is_empty() {
        let label = Label::path(&RepoPath::from(input.governance.layout.board.as_str()), "nor on the board");
        return Some(rule.finding(format!("there is no work packet `{prefix}…`"), label)).into();
    }
    let mut out: Vec<Finding> = Vec::new();
    for (base, item) in items {
        if let Some((why, label)) = item.open_reason {
            let label = label.unwrap_or_else(|| Label::repository(""));
            out.push(rule.finding(format!("`{base}` is not done: {why}"), label));
        } else if !item.is_validated {
            let label =
                Label::path(&RepoPath::from(input.governance.layout.board.as_str()), "no VALIDATED entry");
            out.push(rule.finding(format!("`{base}` is not done: nothing of it is validated"), label));
        }
    }
    out.into()
}

/// Whether the last report in a packet passed it.
fn last_report_passed(library: &GovernanceDocuments<'_>, id: &str) -> bool {
    let last = library.packet(id).and_then(|(_, packet)| packet.phases.reports.last());
    last.is_some_and(|report| report.verdict.value == "PASS")
}

fn collect_statuses(library: &GovernanceDocuments<'_>, prefix: &str) -> BTreeMap<String, BaseIdStatus> {
    let mut out: BTreeMap<String, BaseIdStatus> = BTreeMap::new();
    let base =
        |id: &str| WpId::parse(id).ok().filter(|_| id.starts_with(prefix)).map(|id| id.base().to_owned());
    for entry in library.board().iter().flat_map(|board| &board.entries) {
        let Some(base) = base(&entry.wp_id) else { continue };
        let item = out.entry(base).or_default();
        match entry.state.as_str() {
            "VALIDATED" if last_report_passed(library, &entry.wp_id) => item.is_validated = true,
            "SUPERSEDED" => {}
            state => {
                let label =
                    library.board().map(|board| Label::text(&board.source, entry.span, "on the board"));
                item.open_reason.get_or_insert((
                    match state {
                        "VALIDATED" => format!(
                            "the board calls `{}` validated, but no report in its packet passed it",
                            entry.wp_id
                        ),
                        state => format!("the board says {state} of `{}`", entry.wp_id),
                    },
                    label,
                ));
            }
        }
    }
    for (id, _, packet) in library.packets() {
        let Some(base) = base(id) else { continue };
        let item = out.entry(base).or_default();
        let Some(status) = &packet.status else { continue };
        let unclear = matches!(status.value, PacketStatus::Unknown(_));
        let waits = status.value == PacketStatus::Done && !last_report_passed(library, id);
        if status.value.allows_work() || status.value == PacketStatus::Blocked || unclear || waits {
            let label = Label::text(&packet.source, status.span, "in the packet");
            item.open_reason.get_or_insert((format!("`{id}` is {}", status.value), Some(label)));
        }
    }
    for (id, document) in library.stubs() {
        let Some(base) = base(id) else { continue };
        // A stub whose packet was made, or that another revision overtook, is
        // history.
        let overtaken = library.packet(id).is_some() || out.get(&base).is_some_and(|item| item.is_validated);
        if !overtaken {
            let label = Label::path(document.path(), "not activated");
            out.entry(base)
                .or_default()
                .open_reason
                .get_or_insert(("it is only a stub".to_owned(), Some(label)));
        }
    }
    out
}
