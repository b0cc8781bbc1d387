//! One cause gives one finding: ticked gates that are false because of another finding
//! are listed in that finding (CHECKS, "COR-701 manifests").

use std::collections::BTreeMap;

use crate::check::CheckResult;
use crate::finding::{Finding, Subject};
use crate::pipeline::outcome::RuleRef;
use crate::text::RepoPath;

const FALSE_CLAIM: &str = "manifest/false-claim";

/// The rules whose findings make a gate false.
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

/// Removes the findings about ticked gates whose cause is another error about the same
/// file, and notes the gates in that error. An error that a waiver covers is no cause: it
/// fails nothing, and the claim is still false.
pub(crate) fn fold_false_claims(results: &mut [(RuleRef, CheckResult)]) {
    let Some(at) = results.iter().position(|(rule, _)| rule.id().as_str() == FALSE_CLAIM) else { return };
    let Some((_, CheckResult::Findings(claims))) = results.get_mut(at) else { return };
    let claims = std::mem::take(claims);
    if claims.is_empty() {
        return;
    }
    let causes = index_causes(results);
    let mut kept: Vec<Finding> = Vec::new();
    for claim in claims {
        let gate = gate_of(&claim);
        match find_cause(&causes, &gate, &claim).filter(|_| claim.fails_gate()) {
            Some((result, finding)) => {
                if let Some((_, CheckResult::Findings(findings))) = results.get_mut(result)
                    && let Some(cause) = findings.get_mut(finding)
                {
                    add_gate(cause, &claim, &gate);
                }
            }
            None => kept.push(claim),
        }
    }
    if let Some((_, CheckResult::Findings(claims))) = results.get_mut(at) {
        *claims = kept;
    }
}

/// Place of an error in the results, by its rule and the file that it is about.
type Causes = BTreeMap<(String, RepoPath), (usize, usize)>;

fn index_causes(results: &[(RuleRef, CheckResult)]) -> Causes {
    let mut out = Causes::new();
    for (result, (_, findings)) in results.iter().enumerate() {
        let CheckResult::Findings(findings) = findings else { continue };
        for (index, finding) in findings.iter().enumerate().filter(|(_, finding)| finding.fails_gate()) {
            if let Some(path) = path_of(finding) {
                out.entry((finding.rule.to_string(), path.clone())).or_insert((result, index));
            }
        }
    }
    out
}

fn find_cause(causes: &Causes, gate: &str, claim: &Finding) -> Option<(usize, usize)> {
    let (_, rules) = CAUSES.iter().find(|(name, _)| *name == gate)?;
    let path = path_of(claim)?;
    rules.iter().find_map(|rule| causes.get(&((*rule).to_owned(), path.clone()))).copied()
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

const NOTE: &str = "Ticked gates that are false because of this: ";

/// Adds a gate to the note of its cause.
fn add_gate(cause: &mut Finding, claim: &Finding, gate: &str) {
    let shown = if gate.is_empty() { "all of the manifest".to_owned() } else { format!("`{gate}`") };
    match cause.notes.iter_mut().find(|note| note.starts_with(NOTE)) {
        Some(note) if note.contains(&shown) => {}
        Some(note) => {
            note.truncate(note.trim_end_matches('.').len());
            note.push_str(&format!(", {shown}."));
        }
        None => {
            cause.notes.push(format!("{NOTE}{shown}."));
            cause.related.push(claim.primary.clone());
        }
    }
}
