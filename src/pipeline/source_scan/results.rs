//! Matches as findings, and the verdicts of all rules of a scan.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::check::context::{SourcesCheckContext, SuppressionUse};
use crate::check::{Check, CheckResult, registered_rules};
use crate::config::Config;
use crate::finding::{Finding, Label};
use crate::pipeline::outcome::{RuleRef, is_disabled};
use crate::scan::{Hit, MatchMode, RuleSet, ScanRule, Suppressible, Suppression, SuppressionTarget};
use crate::text::{RepoPath, Source, Span};

use super::ScanProfile;
use super::rules::ActiveRules;

/// A file's text with the way from its bytes to it.
pub(crate) struct ScannedText {
    pub source: Arc<Source>,
    /// Where bytes that are not UTF-8 became replacement characters: offsets of
    /// the bytes behind, and of the text there.
    replacement_offsets: Vec<(usize, usize)>,
}

impl ScannedText {
    pub(crate) fn new(path: &RepoPath, bytes: Vec<u8>) -> Self {
        let mut replacement_offsets = Vec::new();
        if std::str::from_utf8(&bytes).is_err() {
            let (mut from, mut to) = (0, 0);
            for chunk in bytes.utf8_chunks() {
                from += chunk.valid().len() + chunk.invalid().len();
                to += chunk.valid().len();
                if !chunk.invalid().is_empty() {
                    to += char::REPLACEMENT_CHARACTER.len_utf8();
                    replacement_offsets.push((from, to));
                }
            }
        }
        Self { source: Source::from_bytes(path.clone(), bytes), replacement_offsets }
    }

    /// An offset of the bytes as one of the text.
    fn text_offset(&self, at: usize) -> usize {
        let next = self.replacement_offsets.partition_point(|(from, _)| *from <= at);
        let shift = next.checked_sub(1).and_then(|index| self.replacement_offsets.get(index));
        shift.map_or(at, |(from, to)| to + (at - from))
    }

    pub(crate) fn text_span(&self, span: &std::ops::Range<usize>) -> Span {
        Span::new(self.text_offset(span.start), self.text_offset(span.end))
    }
}

/// A match as a finding.
pub(crate) fn build_finding(rule: &ScanRule, hit: &Hit, text: &ScannedText, ordinal: usize) -> Finding {
    let path = text.source.name();
    let (message, label) = match (&hit.span, hit.missing_pattern) {
        (Some(span), _) => (rule.message.clone(), Label::text(&text.source, text.text_span(span), "")),
        (None, missing) => {
            let pattern = missing.and_then(|at| rule.patterns.get(at)).map_or("", String::as_str);
            let pattern = crate::text::to_single_line(pattern, 80);
            (rule.message.clone(), Label::path(path, format!("its code nowhere matches `{pattern}`")))
        }
    };
    let mut out = Finding::new(rule.id.clone(), message, label).with_level(rule.level).about_path(path);
    out.wording = Some(Arc::clone(&rule.wording));
    out.fingerprint = Some(format!("{}-{ordinal}", hit.fingerprint));
    out
}

/// Comments of a file that excuse, with what came of them.
pub(crate) fn collect_suppressions(
    set: &RuleSet,
    book: &ActiveRules,
    text: &ScannedText,
    suppressions: &[Suppression],
    hits: &[Hit],
    is_new: impl Fn(&Suppression) -> bool,
) -> Vec<SuppressionUse> {
    let named = |suppression: &Suppression, rule: &ScanRule| match &suppression.target {
        SuppressionTarget::Rules(names) => names.iter().any(|name| rule.has_name(name)),
        SuppressionTarget::Policy(policy) => rule.wording.waivable_by.contains(policy),
    };
    let mut excused: Vec<Vec<&ScanRule>> = vec![Vec::new(); suppressions.len()];
    for hit in hits {
        let by = hit.suppressed_by.and_then(|index| excused.get_mut(index));
        by.into_iter().for_each(|rules| rules.extend(set.rules().get(hit.rule)));
    }
    let one = |(suppression, rules): (&Suppression, &Vec<&ScanRule>)| {
        let bound = rules.iter().filter(|rule| rule.suppressible == Suppressible::WithWaiver);
        let (asked, unknown) = match &suppression.target {
            SuppressionTarget::Rules(names) => {
                let is_known = |name: &&String| {
                    book.all_ids
                        .iter()
                        .any(|id| id == *name || id.strip_prefix("scan/") == Some(name.as_str()))
                };
                let unknown: Vec<String> = names.iter().filter(|name| !is_known(name)).cloned().collect();
                let all = names.iter().all(|name| book.rules.iter().any(|rule| rule.has_name(name)));
                (all, unknown)
            }
            // A policy may belong to rules of other scans.
            SuppressionTarget::Policy(_) => {
                let sets: std::collections::BTreeSet<&str> =
                    book.rules.iter().map(|rule| rule.set.as_str()).collect();
                let any = book.rules.iter().any(|rule| named(suppression, rule));
                (any && sets.len() >= book.set_names.len(), Vec::new())
            }
        };
        let mut shown = suppression.clone();
        let span = text.text_span(&suppression.span);
        shown.span = span.start..span.end;
        SuppressionUse {
            source: Arc::clone(&text.source),
            waiver_policies: bound.flat_map(|rule| rule.wording.waivable_by.clone()).collect(),
            is_used: !rules.is_empty(),
            rules_selected: asked,
            unknown_rules: unknown,
            is_new: is_new(suppression),
            suppression: shown,
        }
    };
    suppressions.iter().zip(&excused).map(one).collect()
}

/// The verdicts of all rules of a scan, in order.
pub(crate) fn run_scan_rules(
    scan: &ScanProfile,
    book: &ActiveRules,
    config: &Config,
    mut found: BTreeMap<usize, Vec<Finding>>,
    governed: &[bool],
    input: &SourcesCheckContext<'_>,
) -> Vec<(RuleRef, CheckResult)> {
    let mut out = Vec::new();
    for (index, rule) in book.rules.iter().enumerate() {
        let idle = rule.mode == MatchMode::Require && rule.include.is_empty();
        let verdict = if idle {
            CheckResult::skipped(format!(
                "no file is governed: `scan: {{override: {{{}: {{include: [...]}}}}}}` names them",
                rule.id
            ))
        } else if rule.mode == MatchMode::Require && governed.get(index) != Some(&true) {
            CheckResult::skipped("no file that it governs is judged")
        } else {
            found.remove(&index).unwrap_or_default().into()
        };
        out.push((RuleRef::from_scan_rule(rule), verdict));
    }
    for rule in &book.disabled {
        out.push((RuleRef::from_scan_rule(rule), CheckResult::skipped("switched off by the configuration")));
    }
    for entry in registered_rules().iter().filter(|entry| scan.families.contains(&entry.rule.id.family())) {
        if let Check::Sources(check) = entry.check {
            let verdict = if is_disabled(config, &entry.rule.id) {
                CheckResult::skipped("switched off by the configuration")
            } else {
                check(input, &entry.rule)
            };
            out.push((RuleRef::Registered(entry), verdict));
        }
    }
    out
}
