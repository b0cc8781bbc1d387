//! Findings about a text that many documents have from one template, and about many documents
//! of an unknown type or of another form.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::{Finding, Level, Place};

use super::older_forms::OTHER_FORM;

/// The rule about texts that address their reader.
const RULE: &str = "text/instruction";
/// The rules about the type of a document and about the parts of a packet, and what one finding
/// says of many documents.
const MERGED: [(&str, &str); 2] = [
    ("text/kind", "the type of {} documents is unknown; only their text was checked"),
    (
        "packet/section",
        "{} documents are called packets and have no part of a task packet; only their text was checked",
    ),
];
/// Number of findings of one kind above which they are one finding: the text comes from a
/// template, or the folder holds other texts.
const MAX_REPEATED_NOTES: usize = 12;
/// Maximum number of documents that one finding shows.
const MAX_SHOWN: usize = 100;

/// Merges notes with the same message about the same text in many documents, and documents of
/// an unknown type or of another form: a folder that a command names can hold other texts. Many
/// such documents are no defect of one of them, so that finding is a note.
pub(super) fn merge_repeated_notes(findings: Vec<Finding>) -> Vec<Finding> {
    let key = |finding: &Finding| match &finding.primary.place {
        Place::Text { source, span } if finding.level == Level::Note && finding.rule.as_str() == RULE => {
            Some((finding.message.clone(), source.slice(*span).to_owned()))
        }
        Place::Text { .. } if finding.level == Level::Warning && is_other_form(finding) => {
            Some((finding.message.clone(), String::new()))
        }
        _ => None,
    };
    let mut counts: BTreeMap<(String, String), usize> = BTreeMap::new();
    for key in findings.iter().filter_map(key) {
        *counts.entry(key).or_default() += 1;
    }
    let mut seen: BTreeSet<(String, String)> = BTreeSet::new();
    let mut out: Vec<Finding> = Vec::new();
    let mut merged: BTreeMap<(String, String), Vec<Finding>> = BTreeMap::new();
    for finding in findings {
        let Some((key, count)) = key(&finding).and_then(|key| Some((key.clone(), *counts.get(&key)?))) else {
            out.push(finding);
            continue;
        };
        if count <= MAX_REPEATED_NOTES {
            out.push(finding);
        } else if is_other_form(&finding) {
            merged.entry(key).or_default().push(finding);
        } else if seen.insert(key) {
            out.push(finding.note(format!("{} more documents have the same text.", count - 1)));
        }
    }
    out.extend(merged.into_values().filter_map(merge_other_forms));
    out
}

/// Returns whether a finding says that a document has an unknown type or another form.
fn is_other_form(finding: &Finding) -> bool {
    match finding.rule.as_str() {
        "text/kind" => true,
        "packet/section" => finding.message == OTHER_FORM,
        _ => false,
    }
}

/// Returns one note about documents of an unknown type or of another form.
fn merge_other_forms(findings: Vec<Finding>) -> Option<Finding> {
    let count = findings.len();
    let mut all = findings.into_iter();
    let mut first = all.next()?;
    let (_, text) = MERGED.into_iter().find(|(rule, _)| *rule == first.rule.as_str())?;
    first.message = text.replace("{}", &count.to_string());
    let all = all.take(MAX_SHOWN - 1).fold(first, |finding, other| finding.related(other.primary));
    Some(all.with_level(Level::Note))
}
