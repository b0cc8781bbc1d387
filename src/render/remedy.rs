//! The remedy of a rule, with the packet's id filled in.

use crate::check::wording;
use crate::document::WpId;
use crate::finding::{Finding, Place};

/// Placeholder for the packet's id in rule files.
pub(crate) const PACKET_PLACEHOLDER: &str = "{wp}";

/// Replacement for the placeholder if no packet is known.
const UNKNOWN_PACKET: &str = "<packet-id>";

/// Returns the remedy of a finding's rule; commands in it can be copied. `None`
/// if the rule is unknown.
pub(crate) fn remedy(finding: &Finding) -> Option<String> {
    let wording = wording(finding)?;
    let id = packet_id(finding);
    let text = match id {
        None if !wording.fence_remedy.is_empty() => &wording.fence_remedy,
        _ => &wording.remedy,
    };
    Some(fill_packet_id(text, id.as_deref()))
}

/// Fills a packet's id into a text, or else `<packet-id>`.
pub(crate) fn fill_packet_id(text: &str, id: Option<&str>) -> String {
    text.replace(PACKET_PLACEHOLDER, id.unwrap_or(UNKNOWN_PACKET))
}

/// Returns the id of the packet whose gate reported a finding, or else the first
/// id that is the name of a file in the finding's labels.
fn packet_id(finding: &Finding) -> Option<String> {
    let of_gate = finding.packet.clone().or_else(|| finding.wp_id.clone());
    let mut labels = std::iter::once(&finding.primary).chain(&finding.related);
    of_gate.or_else(|| labels.find_map(|label| id_in_path(&label.place)))
}

fn id_in_path(place: &Place) -> Option<String> {
    let path = place.path()?.to_text();
    let name = path.rsplit('/').next()?;
    let id = name.split_once('.').map_or(name, |(stem, _)| stem);
    WpId::parse(id).ok().map(|id| id.as_str().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::{Label, RuleId};
    use crate::text::RepoPath;

    #[test]
    fn a_command_names_the_packet() {
        let rule = RuleId::from_static("manifest/missing");
        let label = Label::path(&RepoPath::from(".GOV/task_packets/WP-1-Farewell.md"), "");
        let mut finding = Finding::new(rule, "no manifest", label);
        assert_eq!(packet_id(&finding).as_deref(), Some("WP-1-Farewell"));
        finding.wp_id = Some("WP-2-Other".to_owned());
        assert!(
            remedy(&finding).is_some_and(|text| text.contains("`countersign manifest WP-2-Other --write`"))
        );
    }

    #[test]
    fn no_rule_text_names_a_packet_literally() {
        for entry in crate::check::registered_rules() {
            let wording = &entry.rule.text().wording;
            for text in [&wording.summary, &wording.why, &wording.remedy] {
                let commands =
                    text.split('`').skip(1).step_by(2).filter(|code| code.starts_with("countersign "));
                for command in commands {
                    let literal = command.split(' ').any(|word| matches!(word, "WP" | "WP-ID"));
                    assert!(!literal, "{}: {command}", entry.rule.id);
                }
            }
        }
    }
}
