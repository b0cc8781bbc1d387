//! Renders the texts of rules, for `explain`, `rules` and `docs/rules.md`.

use crate::check::context::Gate;
use crate::check::registered_rules;
use crate::pipeline::packet_gate::rules_of_gate;
use crate::rule::Rule;
use crate::scan::{RuleArea, ScanRule, Suppressible, embedded};

use super::remedy::fill_packet_id;

/// Renders the explanation of a rule.
#[must_use]
pub(crate) fn explain_rule(rule: &Rule) -> String {
    let text = rule.text();
    let mut out = format!("{} ({})\n\n{}\n\n", rule.id, text.level, text.wording.summary);
    out.push_str(&format!(
        "Why: {}\n\nWhat to do: {}\n",
        text.wording.why,
        fill_packet_id(&text.wording.remedy, None)
    ));
    if let Some(example) = &text.example {
        out.push_str(&format!(
            "\nBreaks it:\n{}\nSatisfies it:\n{}",
            indent(&example.bad),
            indent(&example.good)
        ));
    }
    out.push_str(&format!("\nGates: {}\n", gates_of_rule(rule).join(", ")));
    if !text.wording.waivable_by.is_empty() {
        out.push_str(&format!("Waivers: {}\n", text.wording.waivable_by.join(", ")));
    }
    if !text.wording.references.is_empty() {
        out.push_str(&format!("See: {}\n", text.wording.references.join(", ")));
    }
    out
}

/// Renders the explanation of a scan rule.
#[must_use]
pub(crate) fn explain_scan_rule(rule: &ScanRule) -> String {
    let wording = &rule.wording;
    let mut out = format!("{} ({}, set {})\n\n{}\n\n", rule.id, rule.level, rule.set, wording.summary);
    out.push_str(&format!("Why: {}\n\nWhat to do: {}\n", wording.why, wording.remedy));
    out.push_str(&format!("\n{}\n", describe_scan_rule(rule).join("\n")));
    for (title, all) in [("Matches", &rule.examples.matching), ("Passes", &rule.examples.pass)] {
        out.push_str(&format!("\n{title}:\n"));
        out.push_str(&all.iter().map(|example| indent(example)).collect::<Vec<_>>().join("\n"));
    }
    out
}

/// Returns the properties of a scan rule, one per line.
fn describe_scan_rule(rule: &ScanRule) -> Vec<String> {
    let names: Vec<&str> = rule.languages.iter().map(|language| language.as_str()).collect();
    let languages = if names.is_empty() { "all".to_owned() } else { names.join(", ") };
    let mut out = vec![
        format!("Languages: {languages}"),
        format!(
            "Files: {}",
            if rule.area == RuleArea::Product { "the product's own code" } else { "every file" }
        ),
        format!("Test code: {}", if rule.tests { "checked" } else { "ignored" }),
    ];
    let suppressed_by = match rule.suppressible {
        Suppressible::WithReason => "a comment with a reason",
        Suppressible::WithWaiver => "a comment with a reason, and in a gate a waiver of the packet",
        Suppressible::Never => "nothing",
    };
    out.push(format!("Suppressed by: {suppressed_by}"));
    if !rule.wording.waivable_by.is_empty() {
        out.push(format!("Waivers: {}", rule.wording.waivable_by.join(", ")));
    }
    if !rule.wording.references.is_empty() {
        out.push(format!("See: {}", rule.wording.references.join(", ")));
    }
    out
}

/// Renders `docs/scan-rules.md`.
#[must_use]
pub(crate) fn scan_rules_markdown() -> String {
    let mut out =
        String::from("# Rules of scans\n\nGenerated from `rules/scan/` by `just gen`; do not edit.\n\n");
    out.push_str("| rule | set | level | what is wrong |\n|---|---|---|---|\n");
    for rule in embedded(&[]) {
        out.push_str(&format!(
            "| `{}` | {} | {} | {} |\n",
            rule.id, rule.set, rule.level, rule.wording.summary
        ));
    }
    for rule in embedded(&[]) {
        out.push_str(&format!("\n## {}\n\n{}\n\n", rule.id, rule.wording.summary));
        out.push_str(&format!(
            "**Why.** {}\n\n**What to do.** {}\n\n",
            rule.wording.why, rule.wording.remedy
        ));
        out.push_str(&describe_scan_rule(rule).iter().map(|fact| format!("- {fact}\n")).collect::<String>());
        let first = |all: &[String]| all.first().cloned().unwrap_or_default();
        let (matching, pass) = (first(&rule.examples.matching), first(&rule.examples.pass));
        out.push_str(&format!(
            "\nMatches:\n\n```text\n{}\n```\n\nPasses:\n\n```text\n{}\n```\n",
            matching.trim_end(),
            pass.trim_end()
        ));
    }
    out
}

fn indent(text: &str) -> String {
    text.lines().map(|line| format!("    {line}\n")).collect()
}

/// Returns the names of the gates that check a rule.
pub(crate) fn gates_of_rule(rule: &Rule) -> Vec<&'static str> {
    let all = [Gate::GateCheck, Gate::PreWork, Gate::PostWork, Gate::Audit];
    all.into_iter()
        .filter(|gate| rules_of_gate(*gate).any(|entry| entry.rule.id == rule.id))
        .map(Gate::as_str)
        .collect()
}

/// Renders `docs/rules.md`.
#[must_use]
pub(crate) fn rules_markdown() -> String {
    let mut out = String::from("# Rules\n\nGenerated from `rules/` by `just gen`; do not edit.\n\n");
    out.push_str("| rule | level | gates | what must be true |\n|---|---|---|---|\n");
    for entry in registered_rules() {
        let (rule, text) = (&entry.rule, entry.rule.text());
        out.push_str(&format!(
            "| [`{}`](#{}) | {} | {} | {} |\n",
            rule.id,
            heading_anchor(rule),
            text.level,
            gates_of_rule(rule).join(", "),
            text.wording.summary
        ));
    }
    for entry in registered_rules() {
        let (rule, text) = (&entry.rule, entry.rule.text());
        out.push_str(&format!(
            "\n## {}\n\n<a id=\"{}\"></a>\n\n{}\n\n**Why.** {}\n\n**What to do.** {}\n",
            rule.id,
            heading_anchor(rule),
            text.wording.summary,
            text.wording.why,
            fill_packet_id(&text.wording.remedy, None)
        ));
        if let Some(example) = &text.example {
            out.push_str(&format!(
                "\nBreaks it:\n\n```text\n{}\n```\n\nSatisfies it:\n\n```text\n{}\n```\n",
                example.bad.trim_end(),
                example.good.trim_end()
            ));
        }
        let mut facts =
            vec![format!("level {}", text.level), format!("gates {}", gates_of_rule(rule).join(", "))];
        if !text.wording.waivable_by.is_empty() {
            facts.push(format!("waivable by {}", text.wording.waivable_by.join(", ")));
        }
        if !text.wording.references.is_empty() {
            facts.push(format!("see {}", text.wording.references.join(", ")));
        }
        out.push_str(&format!("\n{}; [fixture](../fixtures/rules/{}.md)\n", facts.join("; "), rule.id));
    }
    out
}

fn heading_anchor(rule: &Rule) -> String {
    rule.id.as_str().replace('/', "-")
}
