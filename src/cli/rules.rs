//! `explain` and `rules`.

use std::sync::Arc;

use anyhow::bail;
use clap::{Args, Subcommand};
use serde::Serialize;

use super::{Global, Output, PASSED, scan};
use crate::check::{find, registered};
use crate::finding::{CheckOutcome, Finding, Label, Level, Report, RuleId, Wording};
use crate::gate::status_of;
use crate::render::{explain, explain_scan, json, rules_markdown, scan_rules_markdown};
use crate::scan::{ScanRule, embedded, embedded_ids, find_embedded, prove};
use crate::system::clock::{self, Stopwatch};
use crate::text::{RepoPath, Source, visible};

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub(super) struct Explain {
    /// The rule's id, e.g. scope/outside
    rule: String,
}

/// Arguments of `rules`.
#[derive(Debug, Args)]
pub(super) struct Rules {
    #[command(subcommand)]
    action: Option<Action>,
    /// Print the manual page instead of the list
    #[arg(long)]
    markdown: bool,
    /// Print the manual page of the rules of scans
    #[arg(long, conflicts_with = "markdown")]
    scan_markdown: bool,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Prove the rules of scans by their examples, this repository's included
    Test,
}

impl Explain {
    pub(super) fn run(&self, global: &Global, output: &Output) -> anyhow::Result<u8> {
        let scan = || find_embedded(&self.rule).or_else(|| find_embedded(&format!("scan/{}", self.rule)));
        if let Some(entry) = find(&self.rule) {
            output.print(&explain(&entry.rule))?;
        } else if let Some(rule) = scan() {
            output.print(&explain_scan(rule))?;
        } else if let Some(rule) = self.of_repository(global) {
            output.print(&visible(&explain_scan(&rule)))?;
        } else {
            let ids = registered()
                .iter()
                .map(|entry| entry.rule.id.as_str())
                .chain(embedded_ids().map(|(id, _, _)| id));
            let scored = ids.map(|id| (strsim::jaro_winkler(id, &self.rule), id));
            let near = scored.max_by(|a, b| a.0.total_cmp(&b.0)).filter(|(score, _)| *score > 0.7);
            let shown = crate::text::one_line(&self.rule, 80);
            match near {
                Some((_, near)) => bail!("there is no rule `{shown}`; did you mean `{near}`?"),
                None => bail!("there is no rule `{shown}`; `countersign rules` lists all"),
            }
        }
        Ok(PASSED)
    }

    /// A rule of the repository's own; none where there is no repository, or
    /// its configuration cannot be read.
    fn of_repository(&self, global: &Global) -> Option<ScanRule> {
        let book = scan::repository_rules(global).ok()?;
        book.rules.into_iter().chain(book.off).find(|rule| rule.is_named(&self.rule))
    }
}

#[derive(Serialize)]
struct Listed<'a> {
    id: &'a str,
    set: Option<&'a str>,
    level: &'a str,
    summary: &'a str,
    why: &'a str,
    remedy: &'a str,
    references: &'a [String],
    waivable_by: &'a [String],
}

impl<'a> Listed<'a> {
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

impl Rules {
    pub(super) fn run(&self, global: &Global, output: &Output) -> anyhow::Result<u8> {
        if matches!(self.action, Some(Action::Test)) {
            return test(global, output);
        }
        let is_json = global.is_json()?;
        let own = registered().iter().map(|entry| (&entry.rule.id, entry.rule.text()));
        let own = own.map(|(id, text)| Listed::new(id.as_str(), None, text.level, &text.wording));
        let scans = embedded(&[])
            .map(|rule| Listed::new(rule.id.as_str(), Some(&rule.set), rule.level, &rule.wording));
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
fn test(global: &Global, output: &Output) -> anyhow::Result<u8> {
    let (started_at, watch) = (clock::now_text(), Stopwatch::start());
    let book = scan::repository_rules(global)?;
    let mut report = Report::new("rules test");
    let wrong = |source: &Arc<Source>, span, message: String, rule: &str| {
        let id = RuleId::named(if rule.is_empty() { "source/rule" } else { "source/proof" });
        Finding::new(id, message, Label::text(source, span, rule))
    };
    let mut outcome = |rule: &RuleId, findings: Vec<Finding>| {
        let status = status_of(&findings);
        report.outcomes.push(CheckOutcome { rule: rule.clone(), packet: None, status });
        report.findings.extend(findings);
    };
    let broken = book.faults.iter().map(|fault| wrong(&fault.source, fault.span, fault.message.clone(), ""));
    outcome(&RuleId::named("source/rule"), broken.collect());
    for (source, rule) in sources(&book.sources, book.rules.iter().chain(&book.off)) {
        let faults = prove(rule, &source);
        let found = faults.into_iter().map(|bad| wrong(&bad.source, bad.span, bad.message, rule.id.as_str()));
        outcome(&rule.id, found.collect());
    }
    report.run.started_at = started_at;
    report.run.milliseconds = watch.milliseconds();
    output.report(global, &report)
}

/// Rules with the files that they came from.
fn sources<'a>(
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
