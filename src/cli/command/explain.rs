//! `explain`: a rule, a family of rules or a policy code, in words.

use anyhow::bail;
use clap::Args;
use serde::Serialize;

use crate::check::{find_rule, registered_rules};
use crate::cli::{GlobalArgs, Output, PASSED};
use crate::finding::{Level, Wording};
use crate::render::{explain_rule, explain_scan_rule, fill_packet_id, json};
use crate::rule::{PolicyCode, canonical_rule_id, find_policy_code, policy_codes};
use crate::scan::{ScanRule, embedded, find_embedded};
use crate::text::{escape_hidden, to_single_line};

use super::scan;

const SCHEMA: &str = "countersign.explain/v1";

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// A rule (scope/outside), a family of rules (scope) or a policy code (CX-573F)
    #[arg(value_name = "RULE|FAMILY|CODE")]
    topic: String,
}

/// A rule as scripts read it.
#[derive(Serialize)]
pub(crate) struct RuleEntryOutput {
    pub id: String,
    pub set: Option<String>,
    pub level: &'static str,
    pub summary: String,
    why: String,
    remedy: String,
    references: Vec<String>,
    waivable_by: Vec<String>,
}

impl RuleEntryOutput {
    pub(crate) fn new(id: &str, set: Option<&str>, level: Level, wording: &Wording) -> Self {
        Self {
            id: id.to_owned(),
            set: set.map(str::to_owned),
            level: level.as_str(),
            summary: wording.summary.clone(),
            why: wording.why.clone(),
            remedy: fill_packet_id(&wording.remedy, None),
            references: wording.references.clone(),
            waivable_by: wording.waivable_by.clone(),
        }
    }

    fn of_scan_rule(rule: &ScanRule) -> Self {
        Self::new(rule.id.as_str(), Some(&rule.set), rule.level, &rule.wording)
    }
}

#[derive(Serialize)]
struct PolicyCodeOutput<'a> {
    code: &'a str,
    title: &'a str,
    text: String,
    source: &'a str,
    /// Rules that refer to the code.
    rules: Vec<String>,
}

/// The answer as scripts read it: one of the three is filled.
#[derive(Serialize)]
struct ExplainOutput<'a> {
    schema: &'static str,
    topic: &'a str,
    rules: Vec<RuleEntryOutput>,
    code: Option<PolicyCodeOutput<'a>>,
}

impl ExplainArgs {
    pub(crate) fn run(&self, global: &GlobalArgs, output: &Output) -> anyhow::Result<u8> {
        let is_json = global.is_json()?;
        if let Some(current) = canonical_rule_id(&self.topic) {
            let old = to_single_line(&self.topic, 80);
            output.print_notice(&format!("the rule `{old}` is now called `{current}`\n"));
            return Self { topic: current.to_owned() }.run(global, output);
        }
        let (text, rules, code) = self.find(global)?;
        output.print(&if is_json {
            json::pretty(&ExplainOutput { schema: SCHEMA, topic: &self.topic, rules, code })
        } else {
            text
        })?;
        Ok(PASSED)
    }

    /// The text for a person, and what it is made of.
    fn find(
        &self,
        global: &GlobalArgs,
    ) -> anyhow::Result<(String, Vec<RuleEntryOutput>, Option<PolicyCodeOutput<'static>>)> {
        let topic = self.topic.as_str();
        if let Some(entry) = find_rule(topic) {
            let text = entry.rule.text();
            let rule = RuleEntryOutput::new(topic, None, text.level, &text.wording);
            return Ok((explain_rule(&entry.rule), vec![rule], None));
        }
        if let Some(code) = find_policy_code(topic) {
            let code = to_code_output(code);
            return Ok((render_code(&code), Vec::new(), Some(code)));
        }
        let family = rules_of_family(topic.trim_end_matches('/'));
        if !family.is_empty() {
            return Ok((render_family(topic, &family), family, None));
        }
        if let Some(rule) = find_embedded(topic).or_else(|| find_embedded(&format!("scan/{topic}"))) {
            return Ok((explain_scan_rule(rule), vec![RuleEntryOutput::of_scan_rule(rule)], None));
        }
        if let Some(rule) = self.find_repository_rule(global) {
            let text = escape_hidden(&explain_scan_rule(&rule)).into_owned();
            return Ok((text, vec![RuleEntryOutput::of_scan_rule(&rule)], None));
        }
        let shown = to_single_line(topic, 80);
        match nearest_topic(topic) {
            Some(near) => bail!("unknown rule or code `{shown}`; did you mean `{near}`?"),
            None => bail!("unknown rule or code `{shown}`; `countersign rules` lists all rules"),
        }
    }

    /// A scan rule of the repository's own; `None` where there is no repository
    /// or its configuration cannot be read.
    fn find_repository_rule(&self, global: &GlobalArgs) -> Option<ScanRule> {
        let active = scan::load_repository_rules(global).ok()?;
        active.rules.into_iter().chain(active.disabled).find(|rule| rule.has_name(&self.topic))
    }
}

/// The rules of a family, those of scans included.
fn rules_of_family(family: &str) -> Vec<RuleEntryOutput> {
    let registered = registered_rules().iter().filter(|entry| entry.rule.id.family() == family);
    let registered = registered.map(|entry| {
        let text = entry.rule.text();
        RuleEntryOutput::new(entry.rule.id.as_str(), None, text.level, &text.wording)
    });
    let scans = embedded(&[]).filter(|_| family == "scan").map(RuleEntryOutput::of_scan_rule);
    registered.chain(scans).collect()
}

fn to_code_output(code: &'static PolicyCode) -> PolicyCodeOutput<'static> {
    let refers = |wording: &Wording| {
        wording.references.iter().chain(&wording.waivable_by).any(|reference| *reference == code.code)
    };
    let registered = registered_rules()
        .iter()
        .filter(|entry| refers(&entry.rule.text().wording))
        .map(|entry| &entry.rule.id);
    let scans = embedded(&[]).filter(|rule| refers(&rule.wording)).map(|rule| &rule.id);
    PolicyCodeOutput {
        code: &code.code,
        title: &code.title,
        text: code.text.split_whitespace().collect::<Vec<_>>().join(" "),
        source: &code.source,
        rules: registered.chain(scans).map(ToString::to_string).collect(),
    }
}

fn render_code(code: &PolicyCodeOutput<'_>) -> String {
    let mut out = format!("{}: {} ({})\n\n{}\n", code.code, code.title, code.source, code.text);
    if !code.rules.is_empty() {
        out.push_str(&format!("\nRules: {}\n", code.rules.join(", ")));
    }
    out
}

fn render_family(family: &str, rules: &[RuleEntryOutput]) -> String {
    let family = family.trim_end_matches('/');
    let mut out = format!("Rules of the family {family}:\n\n");
    for rule in rules {
        out.push_str(&format!("{:<32} {:<8} {}\n", rule.id, rule.level, rule.summary));
    }
    out.push_str(&format!(
        "\n`countersign explain {}` explains one of them.\n",
        rules.first().map_or("", |r| &r.id)
    ));
    out
}

/// The known rule, family or code that looks most like a topic.
fn nearest_topic(topic: &str) -> Option<String> {
    let topic: String = topic.chars().take(100).collect();
    let ids = registered_rules().iter().map(|entry| entry.rule.id.as_str().to_owned());
    let families = registered_rules().iter().map(|entry| entry.rule.id.family().to_owned());
    let scans = embedded(&[]).map(|rule| rule.id.as_str().to_owned());
    let codes = policy_codes().iter().map(|code| code.code.clone());
    let all = ids.chain(families).chain(scans).chain(codes);
    let scored = all.map(|known| (strsim::jaro_winkler(&known, &topic), known));
    let best = scored.max_by(|a, b| a.0.total_cmp(&b.0));
    best.filter(|(score, _)| *score > 0.7).map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_that_a_rule_shows_is_explained() {
        let registered = registered_rules().iter().map(|entry| (&entry.rule.id, &entry.rule.text().wording));
        let scans = embedded(&[]).map(|rule| (&rule.id, &*rule.wording));
        for (id, wording) in registered.chain(scans) {
            for code in wording.references.iter().chain(&wording.waivable_by) {
                assert!(
                    find_policy_code(code).is_some(),
                    "{id} refers to {code}, which rules/codes.yaml lacks"
                );
            }
        }
    }

    #[test]
    fn a_family_a_rule_and_a_near_miss_are_found() {
        assert!(rules_of_family("scope").len() >= 8);
        assert!(rules_of_family("scan").len() >= 20);
        assert_eq!(nearest_topic("scope/outsid").as_deref(), Some("scope/outside"));
        assert_eq!(nearest_topic("manifest/mising").as_deref(), Some("manifest/missing"));
    }
}
