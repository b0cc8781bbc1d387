//! From matches to findings, and the results of all rules of a scan.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use crate::check::context::{SourcesCheckContext, SuppressionUse};
use crate::check::{Check, CheckResult, registered_rules};
use crate::config::Config;
use crate::finding::{Finding, Label};
use crate::pipeline::outcome::{RuleRef, is_disabled};
use crate::scan::{Hit, MatchMode, RuleSet, ScanRule, Suppressible, Suppression, SuppressionTarget};
use crate::text::{RepoPath, Source, Span, decoded_offsets, to_single_line};

use super::request::ScanProfile;
use super::rules::ActiveRules;

/// A file's text, with the map from offsets of its bytes to offsets of its
/// text.
pub(super) struct ScannedText {
    pub source: Arc<Source>,
    /// For each group of bytes that are not UTF-8, the offset behind these bytes, and the
    /// offset behind the characters that were decoded from them.
    decoded_offsets: Vec<(usize, usize)>,
}

impl ScannedText {
    pub(super) fn new(path: &RepoPath, bytes: Vec<u8>) -> Self {
        let decoded_offsets = decoded_offsets(&bytes);
        Self { source: Source::from_bytes(path.clone(), bytes), decoded_offsets }
    }

    /// Converts an offset of the file's bytes to an offset of its text.
    fn text_offset(&self, offset: usize) -> usize {
        let next = self.decoded_offsets.partition_point(|(in_bytes, _)| *in_bytes <= offset);
        let last = next.checked_sub(1).and_then(|index| self.decoded_offsets.get(index));
        last.map_or(offset, |(in_bytes, in_text)| in_text + (offset - in_bytes))
    }

    /// Converts a range of the file's bytes to a span of its text.
    pub(super) fn text_span(&self, span: &Range<usize>) -> Span {
        Span::new(self.text_offset(span.start), self.text_offset(span.end))
    }
}

/// Builds the finding of a match. `ordinal` counts, from 1, matches of the
/// rule with the same fingerprint.
pub(super) fn build_finding(rule: &ScanRule, hit: &Hit, text: &ScannedText, ordinal: usize) -> Finding {
    let path = text.source.name();
    let label = match (&hit.span, hit.missing_pattern) {
        (Some(span), _) => Label::text(&text.source, text.text_span(span), ""),
        (None, missing) => {
            let pattern = missing.and_then(|index| rule.patterns.get(index)).map_or("", String::as_str);
            Label::path(path, format!("no match of `{}` in its code", to_single_line(pattern, 80)))
        }
    };
    let mut out =
        Finding::new(rule.id.clone(), rule.message.clone(), label).with_level(rule.level).about_path(path);
    out.wording = Some(Arc::clone(&rule.wording));
    out.fingerprint = Some(format!("{}-{ordinal}", hit.fingerprint));
    out
}

/// Returns the suppression comments of a file and how each was used.
pub(super) fn collect_suppressions(
    rule_set: &RuleSet,
    rules: &ActiveRules,
    text: &ScannedText,
    suppressions: &[Suppression],
    hits: &[Hit],
    is_new: impl Fn(&Suppression) -> bool,
) -> Vec<SuppressionUse> {
    let mut suppressed_rules: Vec<Vec<&ScanRule>> = vec![Vec::new(); suppressions.len()];
    for hit in hits {
        let suppressed = hit.suppressed_by.and_then(|index| suppressed_rules.get_mut(index));
        suppressed.into_iter().for_each(|suppressed| suppressed.extend(rule_set.rules().get(hit.rule)));
    }
    let use_of = |(suppression, suppressed): (&Suppression, &Vec<&ScanRule>)| {
        let with_waiver = suppressed.iter().filter(|rule| rule.suppressible == Suppressible::WithWaiver);
        let (rules_selected, unknown_rules) = resolve_target(rules, &suppression.target);
        let span = text.text_span(&suppression.span);
        SuppressionUse {
            source: Arc::clone(&text.source),
            waiver_policies: with_waiver.flat_map(|rule| rule.wording.waivable_by.clone()).collect(),
            is_used: !suppressed.is_empty(),
            rules_selected,
            unknown_rules,
            is_new: is_new(suppression),
            suppression: Suppression { span: span.start..span.end, ..suppression.clone() },
        }
    };
    suppressions.iter().zip(&suppressed_rules).map(use_of).collect()
}

/// Returns whether all rules of a suppression's target run in this scan, and
/// the names in it that are not a rule.
fn resolve_target(rules: &ActiveRules, target: &SuppressionTarget) -> (bool, Vec<String>) {
    match target {
        SuppressionTarget::Rules(names) => {
            let is_known = |name: &&String| {
                rules.all_ids.iter().any(|id| id == *name || id.strip_prefix("scan/") == Some(name.as_str()))
            };
            let unknown: Vec<String> = names.iter().filter(|name| !is_known(name)).cloned().collect();
            let all_run = names.iter().all(|name| rules.rules.iter().any(|rule| rule.has_name(name)));
            (all_run, unknown)
        }
        // Rules of other scans may have the same policy.
        SuppressionTarget::Policy(policy) => {
            let sets: BTreeSet<&str> = rules.rules.iter().map(|rule| rule.set.as_str()).collect();
            let any_runs = rules.rules.iter().any(|rule| rule.wording.waivable_by.contains(policy));
            (any_runs && sets.len() >= rules.set_names.len(), Vec::new())
        }
    }
}

/// Returns the results of all rules of a scan, in order. `findings_by_rule`
/// and `governed` belong to `rules.rules` by index; `governed` is true for a
/// rule whose `include` matches a scanned file.
pub(super) fn run_scan_rules(
    profile: &ScanProfile,
    rules: &ActiveRules,
    config: &Config,
    mut findings_by_rule: BTreeMap<usize, Vec<Finding>>,
    governed: &[bool],
    skip_reason: &dyn Fn(usize) -> Option<String>,
    input: &SourcesCheckContext<'_>,
) -> Vec<(RuleRef, CheckResult)> {
    let mut out = Vec::new();
    for (index, rule) in rules.rules.iter().enumerate() {
        let has_no_files = rule.mode == MatchMode::Require && rule.include.is_empty();
        let result = if has_no_files {
            CheckResult::skipped(format!(
                "the rule governs no file; name files with `scan: {{override: {{{}: {{include: [...]}}}}}}`",
                rule.id
            ))
        } else if rule.mode == MatchMode::Require && governed.get(index) != Some(&true) {
            CheckResult::skipped("no file that the rule governs was scanned")
        } else if let Some(reason) = skip_reason(index) {
            CheckResult::skipped(reason)
        } else {
            findings_by_rule.remove(&index).unwrap_or_default().into()
        };
        out.push((RuleRef::from_scan_rule(rule), result));
    }
    for rule in &rules.disabled {
        out.push((RuleRef::from_scan_rule(rule), CheckResult::skipped("switched off by the configuration")));
    }
    for entry in registered_rules().iter().filter(|entry| profile.families.contains(&entry.rule.id.family()))
    {
        if let Check::Sources(check) = entry.check {
            let result = if is_disabled(config, &entry.rule.id) {
                CheckResult::skipped("switched off by the configuration")
            } else {
                check(input, &entry.rule)
            };
            out.push((RuleRef::Registered(entry), result));
        }
    }
    out
}
