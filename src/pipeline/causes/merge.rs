//! Findings of one rule that have one cause: the first one lists the others.

use std::collections::HashMap;

use crate::finding::{Finding, Subject};

use super::{Causes, is_problem};

/// Rules whose findings about one packet have one cause.
const ONE_CAUSE: [&str; 3] = ["approval/signature-agreement", "packet/identity", "text/conflict-marker"];
/// Rules whose findings about one file have one cause.
const ONE_CAUSE_OF_FILE: [&str; 2] = ["manifest/unticked", "manifest/window"];
/// Two manifests that differ: at most one of them can be right.
const DIFFERENT_MANIFESTS: &str = "manifest/agreement";
const MANIFEST_VALUES: [&str; 4] =
    ["manifest/pre-sha1", "manifest/post-sha1", "manifest/line-delta", "manifest/window"];

pub(super) fn fold(causes: &mut Causes) {
    let mut groups: HashMap<(String, Option<Subject>, String), usize> = HashMap::new();
    let open = causes.open_indexes(is_problem);
    for index in open {
        let Some(key) = causes.get(index).and_then(key_of) else { continue };
        match groups.get(&key) {
            Some(first) => causes.explain(index, *first),
            None => {
                groups.insert(key, index);
            }
        }
    }
    let mut different: HashMap<Subject, usize> = HashMap::new();
    for index in causes.open_indexes(|finding| super::fails_by(finding, DIFFERENT_MANIFESTS)) {
        if let Some(subject) = causes.get(index).and_then(|finding| finding.subject.clone()) {
            different.entry(subject).or_insert(index);
        }
    }
    for index in causes.open_indexes(|finding| MANIFEST_VALUES.contains(&finding.rule.as_str())) {
        let subject = causes.get(index).and_then(|finding| finding.subject.as_ref());
        if let Some(cause) = subject.and_then(|subject| different.get(subject)).copied() {
            causes.explain(index, cause);
        }
    }
}

/// Returns the key that findings of one cause share.
fn key_of(finding: &Finding) -> Option<(String, Option<Subject>, String)> {
    let rule = finding.rule.as_str();
    if ONE_CAUSE.contains(&rule) {
        return Some((rule.to_owned(), None, String::new()));
    }
    if ONE_CAUSE_OF_FILE.contains(&rule) {
        return Some((rule.to_owned(), finding.subject.clone(), String::new()));
    }
    // Entries that are invalid for one reason: one habit of the author.
    let reason = finding.message.rsplit_once(": ").filter(|_| rule == "scope/unparsable-entry")?.1;
    Some((rule.to_owned(), None, reason.to_owned()))
}
