//! `explain` and `rules`.

use std::sync::Arc;

use anyhow::bail;
use clap::{Args, Subcommand};
use serde::Serialize;

use crate::check::{find_rule, registered_rules};
use crate::cli::{GlobalArgs, Output, PASSED};
use crate::finding::{CheckOutcome, Finding, Label, Level, Report, RuleId, Wording};
use crate::pipeline::packet_gate::status_of;
use crate::render::{explain_rule, explain_scan_rule, json, rules_markdown, scan_rules_markdown};
use crate::scan::{ScanRule, check_examples, embedded, embedded_ids, find_embedded};
use crate::system::clock;
use crate::system::clock::Stopwatch;
use crate::text::{RepoPath, Source, escape_hidden};

use super::scan;

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// The rule's id, e.g. scope/outside
    rule: String,
}

/// Arguments of `rules`.
#[derive(Debug, Args)]
pub(crate) struct RulesArgs {
    #[command(subcommand)]
    action: Option<RulesAction>,
    /// Print the manual page instead of the list
    #[arg(long)]
    markdown: bool,
    /// Print the manual page of the rules of scans
    #[arg(long, conflicts_with = "markdown")]
    scan_markdown: bool,
}

#[derive(Debug, Subcommand)]
enum RulesAction {
    /// Prove the rules of scans by their examples, this repository's included
    Test,
}

impl ExplainArgs {
    pub(crate) fn run(&self, global: &GlobalArgs, output: &Output) -> anyhow::Result<u8> {
        let scan = || find_embedded(&self.rule).or_else(|| find_embedded(&format!("scan/{}", self.rule)));
        if let Some(entry) = find_rule(&self.rule) {
            output.print(&explain_rule(&entry.rule))?;
        } else if let Some(rule) = scan() {
            output.print(&explain_scan_rule(rule))?;
        } else if let Some(rule) = self.find_repository_rule(global) {
            output.print(&escape_hidden(&explain_scan_rule(&rule)))?;
        } else {
            let ids = registered_rules()
                .iter()
                .map(|entry| entry.rule.id.as_str())
                .chain(embedded_ids().map(|(id, _, _)| id));
            let scored = ids.map(|id| (strsim::jaro_winkler(id, &self.rule), id));
            let near = scored.max_by(|a, b| a.0.total_cmp(&b.0)).filter(|(score, _)| *score > 0.7);
            let shown = crate::text::to_single_line(&self.rule, 80);
            match near {
                Some((_, near)) => bail!("there is no rule `{shown}`; did you mean `{near}`?"),
                None => bail!("there is no rule `{shown}`; `countersign rules` lists all"),
            }
        }
        Ok(PASSED)
    }

    /// A rule of the repository's own; none where there is no repository, or
    /// its configuration cannot be read.
    fn find_repository_rule(&self, global: &GlobalArgs) -> Option<ScanRule> {
        let book = scan::load_repository_rules(global).ok()?;
        book.rules.into_iter().chain(book.disabled).find(|rule| rule.has_name(&self.rule))
    }
}

#[derive(Serialize)]
struct RuleListEntry<'a> {
    id: &'a str,
    set: Option<&'a str>,
    level: &'a str,
    summary: &'a str,
    why: &'a str,
    remedy: &'a str,
    references: &'a [String],
    waivable_by: &'a [String],
}

impl<'a> RuleListEntry<'a> {
    fn new(id: &'a str, set: Option<&'a str>, level: Level, wording: &'a Wording) -> Self {
        Self {
            id,
            set,
            level: level.as_str(),
            summary: &wording.summary,
            why: &wording.why,
            remedy: &wording.remedy,
            references: &wording.references,
            waivable_by: &wording.waivable_by,
        }
    }
}

impl RulesArgs {
    pub(crate) fn run(&self, global: &GlobalArgs, output: &Output) -> anyhow::Result<u8> {
        if matches!(self.action, Some(RulesAction::Test)) {
            return run_examples(global, output);
        }
        let is_json = global.is_json()?;
        let own = registered_rules().iter().map(|entry| (&entry.rule.id, entry.rule.text()));
        let own = own.map(|(id, text)| RuleListEntry::new(id.as_str(), None, text.level, &text.wording));
        let scans = embedded(&[])
            .map(|rule| RuleListEntry::new(rule.id.as_str(), Some(&rule.set), rule.level, &rule.wording));
        let text = if self.markdown {
            rules_markdown()
        } else if self.scan_markdown {
            scan_rules_markdown()
        } else if is_json {
            json::pretty(&own.chain(scans).collect::<Vec<_>>())
        } else {
            own.chain(scans).map(|one| format!("{:<32} {:<8} {}\n", one.id, one.level, one.summary)).collect()
        };
        output.print(&text)?;
        Ok(PASSED)
    }
}

/// Proves every scan rule by its examples.
fn run_examples(global: &GlobalArgs, output: &Output) -> anyhow::Result<u8> {
    let (started_at, watch) = (clock::now_text(), Stopwatch::start());
    let book = scan::load_repository_rules(global)?;
    let mut report = Report::new("rules test");
    let wrong = |source: &Arc<Source>, span, message: String, rule: &str| {
        let id = RuleId::from_static(if rule.is_empty() { "source/rule" } else { "source/example-failed" });
        Finding::new(id, message, Label::text(source, span, rule))
    };
    let mut outcome = |rule: &RuleId, findings: Vec<Finding>| {
        let status = status_of(&findings);
        report.outcomes.push(CheckOutcome { rule: rule.clone(), packet: None, status });
        report.findings.extend(findings);
    };
    let broken = book.faults.iter().map(|fault| wrong(&fault.source, fault.span, fault.message.clone(), ""));
    outcome(&RuleId::from_static("source/rule"), broken.collect());
    for (source, rule) in collect_rule_sources(&book.sources, book.rules.iter().chain(&book.disabled)) {
        let faults = check_examples(rule, &source);
        let found = faults.into_iter().map(|bad| wrong(&bad.source, bad.span, bad.message, rule.id.as_str()));
        outcome(&rule.id, found.collect());
    }
    report.run.started_at = started_at;
    report.run.milliseconds = watch.elapsed_milliseconds();
    output.write_report(global, &report)
}

/// Rules with the files that they came from.
fn collect_rule_sources<'a>(
    own: &std::collections::BTreeMap<String, Arc<Source>>,
    rules: impl Iterator<Item = &'a ScanRule>,
) -> Vec<(Arc<Source>, &'a ScanRule)> {
    let embedded: std::collections::BTreeMap<&str, &str> =
        embedded_ids().map(|(id, _, yaml)| (id, yaml)).collect();
    let source = |rule: &ScanRule| match own.get(rule.id.as_str()) {
        Some(source) => Arc::clone(source),
        None => {
            let yaml = embedded.get(rule.id.as_str()).copied().unwrap_or_default();
            Source::from_text(RepoPath::from(format!("rules/{}.yaml", rule.id).as_str()), yaml)
        }
    };
    rules.map(|rule| (source(rule), rule)).collect()
}
