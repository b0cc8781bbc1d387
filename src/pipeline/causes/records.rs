//! Findings about the signature audit and the packets that it names.

use std::collections::HashMap;

use crate::finding::{Finding, Label};
use crate::text::RepoPath;

use super::{Causes, Entry, is_problem, line_of};

/// Rules whose findings are about a row of the audit.
const ROW_RULES: [&str; 2] = ["audit/row", "audit/reuse"];
const AGREEMENT: &str = "audit/agreement";

/// Folds what packets and audit disagree about into findings about the same row.
pub(crate) fn fold_records(findings: Vec<Finding>) -> Vec<Finding> {
    if !findings.iter().any(|finding| finding.rule.as_str() == AGREEMENT) {
        return findings;
    }
    let entries = findings.into_iter().map(|finding| Entry { finding, cause: None, listed: 0, unlisted: 0 });
    let mut causes = Causes { findings: entries.collect() };
    let mut rows: HashMap<(RepoPath, usize), usize> = HashMap::new();
    let is_about_row = |finding: &Finding| ROW_RULES.contains(&finding.rule.as_str());
    for (index, finding) in causes.open().filter(|(_, finding)| is_about_row(finding) && is_problem(finding))
    {
        for line in lines_of(finding) {
            rows.entry(line).or_insert(index);
        }
    }
    // A refinement or a gate log that differs is a record of its own.
    let is_about_audit = |finding: &Finding| {
        finding.rule.as_str() == AGREEMENT
            && (finding.message.contains("signature audit") || finding.message.contains("audit row"))
    };
    for index in causes.open_indexes(is_about_audit) {
        let lines = causes.get(index).map(lines_of).unwrap_or_default();
        if let Some(cause) = lines.iter().find_map(|line| rows.get(line)).copied() {
            causes.explain(index, cause);
        }
    }
    causes.finish()
}

/// Returns the lines that a finding is about.
fn lines_of(finding: &Finding) -> Vec<(RepoPath, usize)> {
    let labels = std::iter::once(&finding.primary).chain(&finding.related);
    let line = |label: &Label| line_of(&label.place).map(|(path, line)| (path.clone(), line));
    labels.filter_map(line).collect()
}
