//! Findings about a text that many documents have from one template, and about many documents
//! of an unknown type.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::{Finding, Level, Place};

/// The rule about texts that address their reader.
const RULE: &str = "text/instruction";
/// The rule about the type of a document.
const KIND_RULE: &str = "text/kind";
/// Number of findings of one kind above which they are one finding: the text comes from a
/// template, or the folder holds other texts.
const MAX_REPEATED_NOTES: usize = 12;
/// Maximum number of documents that one finding shows.
const MAX_SHOWN: usize = 100;

/// Merges notes with the same message about the same text in many documents, and documents of
/// an unknown type: a folder that a command names can hold other texts.
pub(super) fn merge_repeated_notes(findings: Vec<Finding>) -> Vec<Finding> {
    let key = |finding: &Finding| match &finding.primary.place {
        Place::Text { source, span } if finding.level == Level::Note && finding.rule.as_str() == RULE => {
            Some((finding.message.clone(), source.slice(*span).to_owned()))
        }
        Place::Text { .. } if finding.level == Level::Warning && finding.rule.as_str() == KIND_RULE => {
            Some((finding.message.clone(), String::new()))
        }
        _ => None,
    };
    let mut counts: BTreeMap<(String, String), usize> = BTreeMap::new();
    for key in findings.iter().filter_map(key) {
        *counts.entry(key).or_default() += 1;
    }
    let mut seen: BTreeSet<(String, String)> = BTreeSet::new();
    let (mut out, mut unknown): (Vec<Finding>, Vec<Finding>) = (Vec::new(), Vec::new());
    for finding in findings {
        let Some((key, count)) = key(&finding).and_then(|key| Some((key.clone(), *counts.get(&key)?))) else {
            out.push(finding);
            continue;
        };
        if count <= MAX_REPEATED_NOTES {
            out.push(finding);
        } else if finding.rule.as_str() == KIND_RULE {
            unknown.push(finding);
        } else if seen.insert(key) {
            out.push(finding.note(format!("{} more documents have the same text.", count - 1)));
        }
    }
    out.extend(merge_unknown(unknown));
    out
}

/// Returns one finding about documents of an unknown type.
fn merge_unknown(findings: Vec<Finding>) -> Option<Finding> {
    let count = findings.len();
    let mut all = findings.into_iter();
    let mut first = all.next()?;
    first.message = format!("the type of {count} documents is unknown; only their text was checked");
    Some(all.take(MAX_SHOWN - 1).fold(first, |finding, other| finding.related(other.primary)))
}
