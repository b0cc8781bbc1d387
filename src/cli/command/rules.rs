//! `rules`: the list of rules, their manual pages, and the examples of scan
//! rules as tests.

use std::sync::Arc;

use clap::{Args, Subcommand};

use crate::check::registered_rules;
use crate::cli::{GlobalArgs, Output, PASSED};
use crate::finding::{CheckOutcome, Finding, Label, Report, RuleId};
use crate::pipeline::packet_gate::status_of;
use crate::render::{json, profiles_markdown, rules_markdown, scan_rules_markdown};
use crate::scan::{ScanRule, check_examples, check_prefilter, embedded, embedded_ids};
use crate::system::clock;
use crate::system::clock::Stopwatch;
use crate::text::{RepoPath, Source};

use super::explain::RuleEntryOutput;
use super::scan;

/// Arguments of `rules`.
#[derive(Debug, Args)]
pub(crate) struct RulesArgs {
    #[command(subcommand)]
    action: Option<RulesAction>,
    /// Print the manual page instead of the list
    #[arg(long)]
    markdown: bool,
    /// Print the manual page of the scan rules
    #[arg(long, conflicts_with = "markdown")]
    scan_markdown: bool,
    /// Print the manual page of the profiles and of the trusted revision
    #[arg(long, conflicts_with_all = ["markdown", "scan_markdown"])]
    profiles_markdown: bool,
}

#[derive(Debug, Subcommand)]
enum RulesAction {
    /// Test every scan rule by its examples, this repository's own included
    Test,
}

impl RulesArgs {
    pub(crate) fn run(&self, global: &GlobalArgs, output: &Output) -> anyhow::Result<u8> {
        if matches!(self.action, Some(RulesAction::Test)) {
            return run_examples(global, output);
        }
        let is_json = global.is_json()?;
        let own = registered_rules().iter().map(|entry| (&entry.rule.id, entry.rule.text()));
        let own = own.map(|(id, text)| RuleEntryOutput::new(id.as_str(), None, text.level, &text.wording));
        let scans = embedded(&[])
            .map(|rule| RuleEntryOutput::new(rule.id.as_str(), Some(&rule.set), rule.level, &rule.wording));
        let text = if self.markdown {
            rules_markdown()
        } else if self.scan_markdown {
            scan_rules_markdown()
        } else if self.profiles_markdown {
            profiles_markdown()
        } else if is_json {
            json::pretty(&own.chain(scans).collect::<Vec<_>>())
        } else {
            own.chain(scans).map(|one| format!("{:<32} {:<8} {}\n", one.id, one.level, one.summary)).collect()
        };
        output.print(&text)?;
        Ok(PASSED)
    }
}

/// Tests every scan rule by its examples.
fn run_examples(global: &GlobalArgs, output: &Output) -> anyhow::Result<u8> {
    let (started_at, watch) = (clock::now_text(), Stopwatch::start());
    let active_rules = scan::load_repository_rules(global)?;
    let mut report = Report::new("rules test");
    let to_finding = |source: &Arc<Source>, span, message: String, rule: &str| {
        let id = RuleId::from_static(if rule.is_empty() { "source/rule" } else { "source/example-failed" });
        Finding::new(id, message, Label::text(source, span, rule))
    };
    let mut outcome = |rule: &RuleId, findings: Vec<Finding>| {
        let status = status_of(&findings);
        report.outcomes.push(CheckOutcome { rule: rule.clone(), packet: None, status });
        report.findings.extend(findings);
    };
    let broken = active_rules
        .faults
        .iter()
        .map(|fault| to_finding(&fault.source, fault.span, fault.message.clone(), ""));
    outcome(&RuleId::from_static("source/rule"), broken.collect());
    for (source, rule) in
        collect_rule_sources(&active_rules.sources, active_rules.rules.iter().chain(&active_rules.disabled))
    {
        let faults = check_examples(rule, &source);
        let found =
            faults.into_iter().map(|bad| to_finding(&bad.source, bad.span, bad.message, rule.id.as_str()));
        outcome(&rule.id, found.collect());
    }
    let sources = collect_rule_sources(&active_rules.sources, active_rules.rules.iter());
    let source = |rule: &ScanRule| {
        let own = sources.iter().find(|(_, other)| other.id == rule.id);
        own.map_or_else(
            || Source::from_text(RepoPath::from(rule.id.as_str()), ""),
            |(source, _)| Arc::clone(source),
        )
    };
    // A test of the program itself checks the rules that come with it.
    let is_own = |rule: &ScanRule| active_rules.sources.contains_key(rule.id.as_str());
    for (id, fault) in check_prefilter(&active_rules.rules, &is_own, &source) {
        outcome(&id, vec![to_finding(&fault.source, fault.span, fault.message, id.as_str())]);
    }
    report.run.started_at = started_at;
    report.run.milliseconds = watch.elapsed_milliseconds();
    output.write_report(global, &report)
}

/// Rules with the files that they come from.
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
