//! `milestone/open`: nothing of the phase is open.

use std::collections::BTreeMap;

use crate::check::Verdict;
use crate::check::library::{Library, LibraryInput};
use crate::document::{PacketStatus, WpId};
use crate::finding::{Finding, Label};
use crate::rule::Rule;
use crate::text::RepoPath;

/// What is known of one base id.
#[derive(Default)]
struct Item {
    /// Something of it is validated.
    validated: bool,
    /// What is still open of it, with its place.
    open: Option<(String, Option<Label>)>,
}

pub(in crate::check) fn check(input: &LibraryInput<'_>, rule: &Rule) -> Verdict {
    let Some(phase) = input.phase else { return Verdict::skipped("only validator-phase-gate asks for this") };
    let prefix = if phase.is_empty() { "WP-".to_owned() } else { format!("WP-{phase}-") };
    let items = items(input.library, &prefix);
    if items.is_empty() {
        let label = Label::path(&RepoPath::from(input.library.layout.board.as_str()), "nor on the board");
        return Some(rule.finding(format!("there is no work packet `{prefix}…`"), label)).into();
    }
    let mut out: Vec<Finding> = Vec::new();
    for (base, item) in items {
        if let Some((why, label)) = item.open {
            let label = label.unwrap_or_else(|| Label::repository(""));
            out.push(rule.finding(format!("`{base}` is not done: {why}"), label));
        } else if !item.validated {
            let label =
                Label::path(&RepoPath::from(input.library.layout.board.as_str()), "no VALIDATED entry");
            out.push(rule.finding(format!("`{base}` is not done: nothing of it is validated"), label));
        }
    }
    out.into()
}

/// Whether the last report in a packet passed it.
fn passed(library: &Library<'_>, id: &str) -> bool {
    let last = library.packet(id).and_then(|(_, packet)| packet.phases.reports.last());
    last.is_some_and(|report| report.verdict.value == "PASS")
}

fn items(library: &Library<'_>, prefix: &str) -> BTreeMap<String, Item> {
    let mut out: BTreeMap<String, Item> = BTreeMap::new();
    let base =
        |id: &str| WpId::parse(id).ok().filter(|_| id.starts_with(prefix)).map(|id| id.base().to_owned());
    for entry in library.board().iter().flat_map(|board| &board.entries) {
        let Some(base) = base(&entry.wp_id) else { continue };
        let item = out.entry(base).or_default();
        match entry.state.as_str() {
            "VALIDATED" if passed(library, &entry.wp_id) => item.validated = true,
            "SUPERSEDED" => {}
            state => {
                let label =
                    library.board().map(|board| Label::text(&board.source, entry.span, "on the board"));
                item.open.get_or_insert((
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
        let waits = status.value == PacketStatus::Done && !passed(library, id);
        if status.value.allows_work() || status.value == PacketStatus::Blocked || unclear || waits {
            let label = Label::text(&packet.source, status.span, "in the packet");
            item.open.get_or_insert((format!("`{id}` is {}", status.value), Some(label)));
        }
    }
    for (id, document) in library.stubs() {
        let Some(base) = base(id) else { continue };
        // A stub whose packet was made, or that another revision overtook, is
        // history.
        let overtaken = library.packet(id).is_some() || out.get(&base).is_some_and(|item| item.validated);
        if !overtaken {
            let label = Label::path(document.path(), "not activated");
            out.entry(base).or_default().open.get_or_insert(("it is only a stub".to_owned(), Some(label)));
        }
    }
    out
}
