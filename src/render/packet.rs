//! A judged packet for a person: a few lines of the summary, more when asked
//! for.

use crate::finding::{Approval, PacketInfo};
use crate::text::{counted, one_line, visible};

/// The lines, each with its name.
pub(super) fn lines(packet: &PacketInfo, several: bool, verbose: bool) -> Vec<(&'static str, String)> {
    let paths = if several { format!(", {}", counted(packet.paths, "path")) } else { String::new() };
    let mut out = vec![("packet", format!("{} ({}){paths}", packet.path, packet.generation))];
    out.extend(packet.resolved_by.iter().map(|how| ("", visible(how).into_owned())));
    if let Some(approval) = &packet.approval {
        approved(approval, verbose, &mut out);
    }
    out
}

fn approved(approval: &Approval, verbose: bool, out: &mut Vec<(&'static str, String)>) {
    let signature =
        approval.signature.as_deref().map_or_else(|| "nothing".to_owned(), |text| one_line(text, 40));
    let signed = match (&approval.introduced, &approval.unknown) {
        (Some(introduced), _) => {
            let commit: String = introduced.commit.chars().take(12).collect();
            let others = match introduced.others {
                0 => "governance files only".to_owned(),
                others => format!("with {}", counted(others, "other file")),
            };
            let who = one_line(&introduced.committer, 80);
            format!("{signature}, brought in by {who} in commit {commit}, {others}")
        }
        (None, Some(why)) => format!("{signature} ({})", one_line(why, 120)),
        (None, None) => signature,
    };
    out.push(("signed", signed));
    if let Some(sealed) = &approval.sealed {
        let whose = one_line(&sealed.principals, 80);
        out.push((
            "key",
            format!("contract signed by the key of {whose} ({})", one_line(&sealed.fingerprint, 80)),
        ));
    }
    let code = &approval.code;
    if code.commits > 0 {
        let same = match code.same_hand.as_ref().map(Vec::len) {
            None => "who committed the signature is not known".to_owned(),
            Some(0) => "none by whoever committed the signature".to_owned(),
            Some(same) if same == code.commits => "all by whoever committed the signature".to_owned(),
            Some(same) => format!("{same} by whoever committed the signature"),
        };
        let early = match code.early.len() {
            0 => String::new(),
            early => format!(", {early} not built on the signed packet"),
        };
        out.push(("code", format!("{}, {same}{early}", counted(code.commits, "commit"))));
    }
    if verbose {
        for (name, agrees) in &approval.records {
            let text = if *agrees { "agrees with the packet" } else { "does not agree with the packet" };
            out.push(("record", format!("{name}: {text}")));
        }
        for moment in &approval.moments {
            out.push((
                "order",
                format!("{}: {}", moment.event, moment.at.as_deref().unwrap_or("not recorded")),
            ));
        }
    }
}
