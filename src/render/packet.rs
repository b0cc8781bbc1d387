//! Rows of the summary about a packet and its approval.

use crate::change::short_id;
use crate::finding::{ApprovalSummary, PacketInfo};
use crate::text::{escape_hidden, format_count, to_single_line};

/// Returns the rows of a packet, each with its name. `several` adds the number
/// of the packet's paths; `verbose` adds records and timeline.
pub(super) fn packet_rows(packet: &PacketInfo, several: bool, verbose: bool) -> Vec<(&'static str, String)> {
    let paths = if several { format!(", {}", format_count(packet.paths, "path")) } else { String::new() };
    let mut out = vec![("packet", format!("{} ({}){paths}", packet.path, packet.generation))];
    out.extend(packet.resolved_by.iter().map(|how| ("", escape_hidden(how).into_owned())));
    if let Some(approval) = &packet.approval {
        add_approval_rows(approval, verbose, &mut out);
    }
    out
}

fn add_approval_rows(approval: &ApprovalSummary, verbose: bool, out: &mut Vec<(&'static str, String)>) {
    let signature =
        approval.signature.as_deref().map_or_else(|| "nothing".to_owned(), |text| to_single_line(text, 40));
    let signed = match (&approval.introduced_by, &approval.unknown_reason) {
        (Some(introduced), _) => {
            let commit = short_id(&introduced.commit);
            let others = match introduced.other_path_count {
                0 => "governance files only".to_owned(),
                others => format!("with {}", format_count(others, "other file")),
            };
            let committer = to_single_line(&introduced.committer, 80);
            format!("{signature}, introduced by {committer} in commit {commit}, {others}")
        }
        (None, Some(reason)) => format!("{signature} ({})", to_single_line(reason, 120)),
        (None, None) => signature,
    };
    out.push(("signed", signed));
    if let Some(key) = &approval.key_signature {
        let principals = to_single_line(&key.principals, 80);
        let presence = if key.has_presence { "" } else { ", signed without presence" };
        out.push((
            "key",
            format!(
                "contract signed by the key of {principals} ({}{presence})",
                to_single_line(&key.fingerprint, 80)
            ),
        ));
    }
    let code = &approval.code;
    if code.count > 0 {
        let same = match code.by_same_person.as_ref().map(Vec::len) {
            None if approval.signature.is_none() => "who committed the packet was not compared".to_owned(),
            None => "the committer of the signature is unknown".to_owned(),
            Some(0) => "none by the committer of the signature".to_owned(),
            Some(same) if same == code.count => "all by the committer of the signature".to_owned(),
            Some(same) => format!("{same} by the committer of the signature"),
        };
        let early = match code.not_based_on_approval.len() {
            0 => String::new(),
            early => format!(", {early} without the signed packet in their history"),
        };
        out.push(("code", format!("{}, {same}{early}", format_count(code.count, "commit"))));
    }
    if verbose {
        for (name, agrees) in &approval.records {
            let text = if *agrees { "agrees with the packet" } else { "does not agree with the packet" };
            out.push(("record", format!("{name}: {text}")));
        }
        for moment in &approval.timeline {
            out.push((
                "order",
                format!("{}: {}", moment.event, moment.at.as_deref().unwrap_or("not recorded")),
            ));
        }
    }
}
