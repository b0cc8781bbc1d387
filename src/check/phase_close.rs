//! `phase-close/…`: the packets of a project phase are finished when the phase is
//! closed.

use std::collections::BTreeMap;

use crate::check::CheckResult;
use crate::check::repository_documents::{GovernanceDocuments, RepositoryCheckContext};
use crate::document::{PacketStatus, WpId};
use crate::finding::{Finding, Label};
use crate::rule::Rule;
use crate::text::RepoPath;

/// The state of the packets of one base id.
#[derive(Default)]
struct BaseIdStatus {
    /// Whether a packet of the base id is validated.
    is_validated: bool,
    /// The first reason why the base id is not finished, as a clause, with its
    /// location.
    open_reason: Option<(String, Option<Label>)>,
}

/// `phase-close/open-packet`: when a phase is closed, every work packet of the phase
/// is validated, or superseded by a validated one.
pub(super) fn open_packet(input: &RepositoryCheckContext<'_>, rule: &Rule) -> CheckResult {
    let Some(phase) = input.phase else {
        return CheckResult::skipped("the rule runs only in `validator-phase-gate`");
    };
    let prefix = if phase.is_empty() { "WP-".to_owned() } else { format!("WP-{phase}-") };
    let items = collect_statuses(input.governance, &prefix);
    if items.is_empty() {
        let label = Label::path(
            &RepoPath::from(input.governance.layout.board.as_str()),
            "no such entry on the task board",
        );
        return Some(rule.finding(format!("no work packet has an id that starts with `{prefix}`"), label))
            .into();
    }
    let mut out: Vec<Finding> = Vec::new();
    for (base, item) in items {
        if let Some((why, label)) = item.open_reason {
            let label = label.unwrap_or_else(|| Label::repository(""));
            out.push(rule.finding(format!("`{base}` is not finished: {why}"), label));
        } else if !item.is_validated {
            let label =
                Label::path(&RepoPath::from(input.governance.layout.board.as_str()), "no VALIDATED entry");
            out.push(
                rule.finding(format!("`{base}` is not finished: none of its packets is validated"), label),
            );
        }
    }
    out.into()
}

/// Returns whether the last report in a packet has the verdict PASS.
fn last_report_passed(governance: &GovernanceDocuments<'_>, id: &str) -> bool {
    let last = governance.packet(id).and_then(|(_, packet)| packet.phases.reports.last());
    last.is_some_and(|report| report.verdict.value == "PASS")
}

/// Collects the state of every base id whose packets, stubs or board entries start
/// with a prefix.
fn collect_statuses(governance: &GovernanceDocuments<'_>, prefix: &str) -> BTreeMap<String, BaseIdStatus> {
    let mut out: BTreeMap<String, BaseIdStatus> = BTreeMap::new();
    let base =
        |id: &str| WpId::parse(id).ok().filter(|_| id.starts_with(prefix)).map(|id| id.base().to_owned());
    for entry in governance.board().iter().flat_map(|board| &board.entries) {
        let Some(base) = base(&entry.wp_id) else { continue };
        let item = out.entry(base).or_default();
        match entry.state.as_str() {
            "VALIDATED" if last_report_passed(governance, &entry.wp_id) => item.is_validated = true,
            "SUPERSEDED" => {}
            state => {
                let label =
                    governance.board().map(|board| Label::text(&board.source, entry.span, "on the board"));
                item.open_reason.get_or_insert((
                    match state {
                        "VALIDATED" => format!(
                            "`{}` is VALIDATED on the board, but its last report does not have the \
                                verdict PASS",
                            entry.wp_id
                        ),
                        state => format!("`{}` is {state} on the board", entry.wp_id),
                    },
                    label,
                ));
            }
        }
    }
    for (id, _, packet) in governance.packets() {
        let Some(base) = base(id) else { continue };
        let item = out.entry(base).or_default();
        let Some(status) = &packet.status else { continue };
        let is_unknown = matches!(status.value, PacketStatus::Unknown(_));
        let awaits_verdict = status.value == PacketStatus::Done && !last_report_passed(governance, id);
        if status.value.allows_work() || status.value == PacketStatus::Blocked || is_unknown || awaits_verdict
        {
            let label = Label::text(&packet.source, status.span, "status in the packet");
            item.open_reason.get_or_insert((format!("`{id}` is {}", status.value), Some(label)));
        }
    }
    for (id, document) in governance.stubs() {
        let Some(base) = base(id) else { continue };
        // A stub is history if its packet exists, or if another packet of the base id
        // is validated.
        let is_obsolete =
            governance.packet(id).is_some() || out.get(&base).is_some_and(|item| item.is_validated);
        if !is_obsolete {
            let label = Label::path(document.path(), "not activated");
            out.entry(base)
                .or_default()
                .open_reason
                .get_or_insert((format!("`{id}` is only a stub"), Some(label)));
        }
    }
    out
}
