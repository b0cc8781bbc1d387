//! Notes about a text that many documents have from one template.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::{Finding, Level, Place};

/// The rule about texts that address their reader.
const RULE: &str = "text/instruction";
/// Number of notes about one text above which they are one finding: the text comes from a
/// template.
const MAX_REPEATED_NOTES: usize = 12;

/// Merges notes with the same message about the same text in many documents.
pub(super) fn merge_repeated_notes(findings: Vec<Finding>) -> Vec<Finding> {
    let key = |finding: &Finding| match &finding.primary.place {
        Place::Text { source, span } if finding.level == Level::Note && finding.rule.as_str() == RULE => {
            Some((finding.message.clone(), source.slice(*span).to_owned()))
        }
        _ => None,
    };
    let mut counts: BTreeMap<(String, String), usize> = BTreeMap::new();
    for key in findings.iter().filter_map(key) {
        *counts.entry(key).or_default() += 1;
    }
    let mut seen: BTreeSet<(String, String)> = BTreeSet::new();
    let mut out = Vec::new();
    for finding in findings {
        let Some((key, count)) = key(&finding).and_then(|key| Some((key.clone(), *counts.get(&key)?))) else {
            out.push(finding);
            continue;
        };
        if count <= MAX_REPEATED_NOTES {
            out.push(finding);
        } else if seen.insert(key) {
            out.push(finding.note(format!("{} more documents have the same text.", count - 1)));
        }
    }
    out
}
