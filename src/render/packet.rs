//! A judged packet for a person: a few lines of the summary, more when asked
//! for.

use crate::finding::{ApprovalSummary, PacketInfo};
use crate::text::{escape_hidden, format_count, to_single_line};

/// The lines, each with its name.
pub(super) fn packet_lines(packet: &PacketInfo, several: bool, verbose: bool) -> Vec<(&'static str, String)> {
    let paths = if several { format!(", {}", format_count(packet.paths, "path")) } else { String::new() };
    let mut out = vec![("packet", format!("{} ({}){paths}", packet.path, packet.generation))];
    out.extend(packet.resolved_by.iter().map(|how| ("", escape_hidden(how).into_owned())));
    if let Some(approval) = &packet.approval {
        add_approval_lines(approval, verbose, &mut out);
    }
    out
}

fn add_approval_lines(approval: &ApprovalSummary, verbose: bool, out: &mut Vec<(&'static str, String)>) {
    let signature =
        approval.signature.as_deref().map_or_else(|| "nothing".to_owned(), |text| to_single_line(text, 40));
    let signed = match (&approval.introduced_by, &approval.unknown_reason) {
        (Some(introduced), _) => {
            let commit: String = introduced.commit.chars().take(12).collect();
            let others = match introduced.other_path_count {
                0 => "governance files only".to_owned(),
                others => format!("with {}", format_count(others, "other file")),
            };
            let who = to_single_line(&introduced.committer, 80);
            format!("{signature}, brought in by {who} in commit {commit}, {others}")
        }
        (None, Some(why)) => format!("{signature} ({})", to_single_line(why, 120)),
        (None, None) => signature,
    };
    out.push(("signed", signed));
    if let Some(sealed) = &approval.key_signature {
        let whose = to_single_line(&sealed.principals, 80);
        out.push((
            "key",
            format!("contract signed by the key of {whose} ({})", to_single_line(&sealed.fingerprint, 80)),
        ));
    }
    let code = &approval.code;
    if code.count > 0 {
        let same = match code.by_same_person.as_ref().map(Vec::len) {
            None => "who committed the signature is not known".to_owned(),
            Some(0) => "none by whoever committed the signature".to_owned(),
            Some(same) if same == code.count => "all by whoever committed the signature".to_owned(),
            Some(same) => format!("{same} by whoever committed the signature"),
        };
        let early = match code.not_based_on_approval.len() {
            0 => String::new(),
            early => format!(", {early} not built on the signed packet"),
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
