//! Ticked gates of manifests that are false because of another finding (CHECKS, "COR-701
//! manifests").

use std::collections::BTreeMap;

use crate::finding::{Finding, Subject};
use crate::text::RepoPath;

use super::Causes;

const FALSE_CLAIM: &str = "manifest/false-claim";

/// The rules whose findings about the same file make a gate false.
const CAUSES: [(&str, &[&str]); 9] = [
    ("anchors_present", &["manifest/window", "manifest/incomplete"]),
    (
        "window_matches_plan",
        &["scope/outside", "scope/protected", "scope/excluded", "manifest/window", "manifest/incomplete"],
    ),
    ("rails_untouched_outside_window", &["manifest/coverage", "manifest/window", "manifest/incomplete"]),
    ("pre_sha1_captured", &["manifest/pre-sha1", "manifest/incomplete"]),
    ("current_file_matches_preimage", &["manifest/pre-sha1", "manifest/incomplete"]),
    ("post_sha1_captured", &["manifest/post-sha1", "manifest/incomplete"]),
    ("line_delta_equals_expected", &["manifest/line-delta", "manifest/incomplete"]),
    ("manifest_written_and_path_returned", &["manifest/incomplete"]),
    // A manifest whose file is not part of the change.
    ("", &["manifest/stale", "manifest/incomplete"]),
];

/// The rules whose findings about the packet make a gate of all manifests false.
const CAUSES_OF_ALL: [(&str, &[&str]); 2] = [
    ("all_links_resolvable", &["approval/refinement", "link/reference"]),
    // A manifest without a file: its gates are about nothing.
    ("", &["manifest/incomplete"]),
];

/// Folds false claims into errors about the same file. An error that a waiver covers is no
/// cause: it fails nothing, and the claim is still false.
pub(super) fn fold(causes: &mut Causes) {
    let claims = causes.open_indexes(|finding| finding.rule.as_str() == FALSE_CLAIM && finding.fails_gate());
    if claims.is_empty() {
        return;
    }
    let (by_path, by_rule) = index_causes(causes);
    for claim in claims {
        let Some(finding) = causes.get(claim) else { continue };
        let gate = gate_of(finding);
        let rules = |table: &[(&str, &'static [&'static str])]| {
            table.iter().find(|(name, _)| *name == gate).map_or(&[][..], |(_, rules)| *rules)
        };
        let of_path = path_of(finding).and_then(|path| {
            rules(&CAUSES).iter().find_map(|rule| by_path.get(&((*rule).to_owned(), path.clone())))
        });
        let of_all = || rules(&CAUSES_OF_ALL).iter().find_map(|rule| by_rule.get(*rule));
        let Some(cause) = of_path.or_else(of_all).copied() else { continue };
        let label = finding.primary.clone();
        causes.absorb_claim(claim, cause, &gate, label);
    }
}

/// Index of an error, by its rule and the file that it is about.
type CausesByPath = BTreeMap<(String, RepoPath), usize>;

fn index_causes(causes: &Causes) -> (CausesByPath, BTreeMap<String, usize>) {
    let (mut by_path, mut by_rule) = (CausesByPath::new(), BTreeMap::new());
    for (index, finding) in causes.open().filter(|(_, finding)| finding.fails_gate()) {
        match path_of(finding) {
            Some(path) => {
                by_path.entry((finding.rule.to_string(), path.clone())).or_insert(index);
            }
            None => {
                by_rule.entry(finding.rule.to_string()).or_insert(index);
            }
        }
    }
    (by_path, by_rule)
}

/// Returns the gate that a finding is about; empty for all gates of a manifest.
fn gate_of(claim: &Finding) -> String {
    claim.message.strip_prefix('`').and_then(|rest| rest.split('`').next()).unwrap_or_default().to_owned()
}

fn path_of(finding: &Finding) -> Option<&RepoPath> {
    match &finding.subject {
        Some(Subject::Path(path)) => Some(path),
        _ => None,
    }
}

pub(super) const NOTE: &str = "Ticked gates that are false because of this: ";

impl Causes {
    /// Adds a gate to the note of its cause.
    fn absorb_claim(&mut self, claim: usize, cause: usize, gate: &str, place: crate::finding::Label) {
        let shown = if gate.is_empty() { "all of the manifest".to_owned() } else { format!("`{gate}`") };
        if let Some(entry) = self.findings.get_mut(claim) {
            entry.cause = Some(cause);
        }
        let Some(cause) = self.get_mut(cause) else { return };
        match cause.notes.iter_mut().find(|note| note.starts_with(NOTE)) {
            Some(note) if note.contains(&shown) => {}
            Some(note) => {
                note.truncate(note.trim_end_matches('.').len());
                note.push_str(&format!(", {shown}."));
            }
            None => {
                cause.notes.push(format!("{NOTE}{shown}."));
                cause.related.push(place);
            }
        }
    }
}
