//! Matches as findings, and the verdicts of all rules of a scan.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::check::input::{SourcesInput, UsedSuppression};
use crate::check::{Check, Verdict, registered};
use crate::config::Config;
use crate::finding::{Finding, Label};
use crate::gate::settle::{Asked, is_off};
use crate::scan::{Hit, Mode, RuleSet, ScanRule, Suppressible, Suppression, Target};
use crate::text::{RepoPath, Source, Span};

use super::Scan;
use super::rules::Rulebook;

/// A file's text with the way from its bytes to it.
pub(super) struct Text {
    pub source: Arc<Source>,
    /// Where bytes that are not UTF-8 became replacement characters: offsets of
    /// the bytes behind, and of the text there.
    shifts: Vec<(usize, usize)>,
}

impl Text {
    pub(super) fn new(path: &RepoPath, bytes: Vec<u8>) -> Self {
        let mut shifts = Vec::new();
        if std::str::from_utf8(&bytes).is_err() {
            let (mut from, mut to) = (0, 0);
            for chunk in bytes.utf8_chunks() {
                from += chunk.valid().len() + chunk.invalid().len();
                to += chunk.valid().len();
                if !chunk.invalid().is_empty() {
                    to += char::REPLACEMENT_CHARACTER.len_utf8();
                    shifts.push((from, to));
                }
            }
        }
        Self { source: Source::from_bytes(path.clone(), bytes), shifts }
    }

    /// An offset of the bytes as one of the text.
    fn offset(&self, at: usize) -> usize {
        let next = self.shifts.partition_point(|(from, _)| *from <= at);
        let shift = next.checked_sub(1).and_then(|index| self.shifts.get(index));
        shift.map_or(at, |(from, to)| to + (at - from))
    }

    pub(super) fn span(&self, span: &std::ops::Range<usize>) -> Span {
        Span::new(self.offset(span.start), self.offset(span.end))
    }
}

/// A match as a finding.
pub(super) fn finding(rule: &ScanRule, hit: &Hit, text: &Text, ordinal: usize) -> Finding {
    let path = text.source.name();
    let (message, label) = match (&hit.span, hit.missing) {
        (Some(span), _) => (rule.message.clone(), Label::text(&text.source, text.span(span), "")),
        (None, missing) => {
            let pattern = missing.and_then(|at| rule.patterns.get(at)).map_or("", String::as_str);
            let pattern = crate::text::one_line(pattern, 80);
            (rule.message.clone(), Label::path(path, format!("its code nowhere matches `{pattern}`")))
        }
    };
    let mut out = Finding::new(rule.id.clone(), message, label).at_level(rule.level).about(path);
    out.wording = Some(Arc::clone(&rule.wording));
    out.fingerprint = Some(format!("{}-{ordinal}", hit.fingerprint));
    out
}

/// Comments of a file that excuse, with what came of them.
pub(super) fn used(
    set: &RuleSet,
    book: &Rulebook,
    text: &Text,
    suppressions: &[Suppression],
    hits: &[Hit],
    is_new: impl Fn(&Suppression) -> bool,
) -> Vec<UsedSuppression> {
    let named = |suppression: &Suppression, rule: &ScanRule| match &suppression.target {
        Target::Rules(names) => names.iter().any(|name| rule.is_named(name)),
        Target::Policy(policy) => rule.wording.waivable_by.contains(policy),
    };
    let mut excused: Vec<Vec<&ScanRule>> = vec![Vec::new(); suppressions.len()];
    for hit in hits {
        let by = hit.excused_by.and_then(|index| excused.get_mut(index));
        by.into_iter().for_each(|rules| rules.extend(set.rules().get(hit.rule)));
    }
    let one = |(suppression, rules): (&Suppression, &Vec<&ScanRule>)| {
        let bound = rules.iter().filter(|rule| rule.suppressible == Suppressible::ByWaiver);
        let (asked, unknown) = match &suppression.target {
            Target::Rules(names) => {
                let is_known = |name: &&String| {
                    book.ids.iter().any(|id| id == *name || id.strip_prefix("scan/") == Some(name.as_str()))
                };
                let unknown: Vec<String> = names.iter().filter(|name| !is_known(name)).cloned().collect();
                let all = names.iter().all(|name| book.rules.iter().any(|rule| rule.is_named(name)));
                (all, unknown)
            }
            // A policy may belong to rules of other scans.
            Target::Policy(_) => {
                let sets: std::collections::BTreeSet<&str> =
                    book.rules.iter().map(|rule| rule.set.as_str()).collect();
                let any = book.rules.iter().any(|rule| named(suppression, rule));
                (any && sets.len() >= book.sets.len(), Vec::new())
            }
        };
        let mut shown = suppression.clone();
        let span = text.span(&suppression.span);
        shown.span = span.start..span.end;
        UsedSuppression {
            source: Arc::clone(&text.source),
            policies: bound.flat_map(|rule| rule.wording.waivable_by.clone()).collect(),
            used: !rules.is_empty(),
            asked,
            unknown,
            is_new: is_new(suppression),
            suppression: shown,
        }
    };
    suppressions.iter().zip(&excused).map(one).collect()
}

/// The verdicts of all rules of a scan, in order.
pub(super) fn verdicts(
    scan: &Scan,
    book: &Rulebook,
    config: &Config,
    mut found: BTreeMap<usize, Vec<Finding>>,
    governed: &[bool],
    input: &SourcesInput<'_>,
) -> Vec<(Asked, Verdict)> {
    let mut out = Vec::new();
    for (index, rule) in book.rules.iter().enumerate() {
        let idle = rule.mode == Mode::Require && rule.include.is_empty();
        let verdict = if idle {
            Verdict::skipped(format!(
                "no file is governed: `scan: {{override: {{{}: {{include: [...]}}}}}}` names them",
                rule.id
            ))
        } else if rule.mode == Mode::Require && governed.get(index) != Some(&true) {
            Verdict::skipped("no file that it governs is judged")
        } else {
            found.remove(&index).unwrap_or_default().into()
        };
        out.push((Asked::scan(rule), verdict));
    }
    for rule in &book.off {
        out.push((Asked::scan(rule), Verdict::skipped("switched off by the configuration")));
    }
    for entry in registered().iter().filter(|entry| scan.families.contains(&entry.rule.id.family())) {
        if let Check::Sources(check) = entry.check {
            let verdict = if is_off(config, &entry.rule.id) {
                Verdict::skipped("switched off by the configuration")
            } else {
                check(input, &entry.rule)
            };
            out.push((Asked::Registered(entry), verdict));
        }
    }
    out
}
