//! Smaller things that a board and its neighbours leave open: notes of the board's rules.

use std::collections::BTreeMap;

use crate::check::repository_documents::GovernanceDocuments;
use crate::document::DocumentBody;
use crate::document::board::{Board, BoardEntry};
use crate::document::validator_state::ValidatorSession;
use crate::finding::{Finding, Label, Level};
use crate::rule::Rule;
use crate::text::{Source, Span, format_count};

/// Maximum number of places that one finding shows.
const MAX_SHOWN: usize = 50;
/// The last gate of a validator's session.
const LAST_GATE: &str = "COMMITTED";

/// Returns whether an entry has no text but a reason for which the packet is blocked.
pub(super) fn gives_reason(board: &Board, entry: &BoardEntry) -> bool {
    let line = board.source.slice(entry.span);
    let reason = line.rsplit_once(']').map(|(_, rest)| rest.trim_start());
    entry.state == "BLOCKED"
        && line.matches('[').count() == 2
        && reason.and_then(|rest| rest.strip_prefix('-')).is_some_and(|reason| !reason.trim().is_empty())
}

/// Finds blocked packets without a reason, if the board itself says that entries give one.
pub(super) fn without_reason(board: &Board, rule: &Rule) -> Option<Finding> {
    let text = board.source.text();
    let mut forms = text.match_indices("[BLOCKED]").filter_map(|(at, word)| text.get(at + word.len()..));
    let is_form = |rest: &str| {
        let reason = rest.trim_start_matches([' ', '\\']).strip_prefix('-');
        reason.is_some_and(|reason| reason.trim_start_matches([' ', '\\']).starts_with(['<', '{']))
    };
    if !forms.any(is_form) {
        return None;
    }
    let bare = board.entries.iter().filter(|entry| entry.state == "BLOCKED" && entry.is_plain);
    let places: Vec<Label> =
        bare.map(|entry| Label::text(&board.source, entry.span, "no reason behind the state")).collect();
    let message = match places.len() {
        0 => return None,
        1 => "a blocked packet has no reason, which the board's own form has".to_owned(),
        count => format!("{count} blocked packets have no reason, which the board's own form has"),
    };
    group(rule, message, places)
}

/// Finds lines between the entries that have nothing but brackets: what is left of an entry.
pub(super) fn leftovers(board: &Board, rule: &Rule) -> Option<Finding> {
    let spans = || board.entries.iter().map(|entry| entry.span);
    let (first, last) = (spans().map(|span| span.start).min()?, spans().map(|span| span.end).max()?);
    let between = Span::new(first, last);
    let text = board.source.slice(between);
    let mut at = first;
    let mut places = Vec::new();
    for line in text.split_inclusive('\n') {
        let bare = line.trim();
        let start = at + (line.len() - line.trim_start().len());
        at += line.len();
        let is_left = bare.contains(['[', ']']) && bare.chars().all(|c| "[]()*- ".contains(c));
        if is_left && !is_box(bare) {
            let span = Span::new(start, start + bare.len());
            places.push(Label::text(&board.source, span, "what is left of an entry"));
        }
    }
    let message = match places.len() {
        0 => return None,
        1 => "a line between the entries has only brackets".to_owned(),
        count => format!("{count} lines between the entries have only brackets"),
    };
    group(rule, message, places)
}

/// Returns whether a line is a box of a list without text.
fn is_box(line: &str) -> bool {
    line.trim_start_matches(['-', '*', ' ']) == "[ ]"
}

/// Finds stubs that say that they are not activated, although their packets exist.
pub(super) fn activated_stubs(governance: &GovernanceDocuments<'_>, rule: &Rule) -> Option<Finding> {
    let mut places = Vec::new();
    for (id, document) in governance.stubs() {
        let DocumentBody::Stub(stub) = &document.body else { continue };
        let Some((_, packet)) = governance.packet(id) else { continue };
        let status = ["STUB_STATUS", "STATUS"].iter().find_map(|key| stub.field(key));
        let Some(status) = status else { continue };
        let says = status.value.value.to_uppercase().replace(['_', '-'], " ");
        let is_open = status.bare_value().value.eq_ignore_ascii_case("STUB")
            && (!says.contains("ACTIVATED") || says.contains("NOT ACTIVATED"));
        if is_open && packet.signature.is_some() {
            places.push(Label::text(&stub.source, status.value.span, format!("`{id}` has a signed packet")));
        }
    }
    let message = match places.len() {
        0 => return None,
        1 => "a stub says that it is not activated, but its packet exists".to_owned(),
        count => format!("{count} stubs say that they are not activated, but their packets exist"),
    };
    let help = "Write into the stub that it was activated, with the path of the packet, or remove the stub.";
    group(rule, message, places).map(|finding| finding.help(help))
}

/// Finds packets with a verdict on the board whose validator session did not reach its end.
pub(super) fn open_sessions(
    board: &Board,
    governance: &GovernanceDocuments<'_>,
    rule: &Rule,
) -> Option<Finding> {
    let mut sessions: BTreeMap<&str, Vec<(&std::sync::Arc<Source>, &ValidatorSession)>> = BTreeMap::new();
    for document in governance.documents {
        let DocumentBody::ValidatorState(state) = &document.body else { continue };
        for session in state.all_sessions() {
            sessions.entry(session.packet().unwrap_or("")).or_default().push((&state.source, session));
        }
    }
    let mut places = Vec::new();
    for entry in board.entries.iter().filter(|entry| entry.state == "VALIDATED") {
        let Some(known) = sessions.get(entry.wp_id.as_str()) else { continue };
        if known.iter().any(|(_, session)| session.has_reached(LAST_GATE) || is_at_end(session)) {
            continue;
        }
        let status =
            known.iter().rev().find_map(|(source, session)| Some((source, session.status.as_ref()?)));
        if let Some((source, status)) = status {
            let text = format!("the last gate of `{}`", entry.wp_id);
            places.push((
                Label::text(&board.source, entry.span, "VALIDATED here"),
                Label::text(source, status.span, text),
            ));
        }
    }
    let count = places.len();
    let mut places = places.into_iter().take(MAX_SHOWN);
    let (first, there) = places.next()?;
    let message = format!(
        "{} VALIDATED on the board, but {} validator session has not reached {LAST_GATE}",
        if count == 1 { "a packet is".to_owned() } else { format!("{} are", format_count(count, "packet")) },
        if count == 1 { "its" } else { "their" }
    );
    let finding = rule.finding(message, first).with_level(Level::Note).related(there);
    Some(places.fold(finding, |finding, (here, there)| finding.related(here).related(there)))
}

fn is_at_end(session: &ValidatorSession) -> bool {
    session.status.as_ref().is_some_and(|status| status.value == LAST_GATE)
}

/// Returns one note about several places.
fn group(rule: &Rule, message: String, places: Vec<Label>) -> Option<Finding> {
    let mut places = places.into_iter().take(MAX_SHOWN);
    let finding = rule.finding(message, places.next()?).with_level(Level::Note);
    Some(places.fold(finding, Finding::related))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::RepoPath;

    fn board(text: &str) -> Board {
        Board::read(&Source::from_text(RepoPath::from("b.md"), text))
    }

    #[test]
    fn only_a_blocked_entry_may_give_a_reason() {
        for (entry, expected) in [
            ("[BLOCKED] - waits for the pump", true),
            ("[BLOCKED]", false),
            ("[BLOCKED] -", false),
            ("[VALIDATED] - with the pump", false),
            ("[BLOCKED] - [VALIDATED]", false),
        ] {
            let board = board(&format!("## Blocked\n\n- **[WP-1-A]** - {entry}\n"));
            assert!(board.entries.iter().all(|one| gives_reason(&board, one) == expected), "{entry}");
        }
    }
}
