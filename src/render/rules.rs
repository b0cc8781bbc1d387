//! The rules' own text: `explain`, `rules` and `docs/rules.md`.

use crate::check::input::Gate;
use crate::check::registered;
use crate::gate::plan;
use crate::rule::Rule;

/// One rule, for a person.
#[must_use]
pub fn explain(rule: &Rule) -> String {
    let text = rule.text();
    let mut out = format!("{} ({})\n\n{}\n\n", rule.id, text.level, text.summary);
    out.push_str(&format!("Why: {}\n\nWhat to do: {}\n", text.why, text.remedy));
    if let Some(example) = &text.example {
        out.push_str(&format!(
            "\nBreaks it:\n{}\nSatisfies it:\n{}",
            indented(&example.bad),
            indented(&example.good)
        ));
    }
    out.push_str(&format!("\nGates: {}\n", gates(rule).join(", ")));
    if !text.waivable_by.is_empty() {
        out.push_str(&format!("Waivers: {}\n", text.waivable_by.join(", ")));
    }
    if !text.references.is_empty() {
        out.push_str(&format!("See: {}\n", text.references.join(", ")));
    }
    out
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("    {line}\n")).collect()
}

/// The gates that check a rule.
pub(crate) fn gates(rule: &Rule) -> Vec<&'static str> {
    let all = [Gate::GateCheck, Gate::PreWork, Gate::PostWork];
    all.into_iter()
        .filter(|gate| plan(*gate).any(|entry| entry.rule.id == rule.id))
        .map(Gate::as_str)
        .collect()
}

/// `docs/rules.md`.
#[must_use]
pub fn rules_markdown() -> String {
    let mut out = String::from("# Rules\n\nGenerated from `rules/` by `just gen`; do not edit.\n\n");
    out.push_str("| rule | level | gates | what must be true |\n|---|---|---|---|\n");
    for entry in registered() {
        let (rule, text) = (&entry.rule, entry.rule.text());
        out.push_str(&format!(
            "| [`{}`](#{}) | {} | {} | {} |\n",
            rule.id,
            anchor(rule),
            text.level,
            gates(rule).join(", "),
            text.summary
        ));
    }
    for entry in registered() {
        let (rule, text) = (&entry.rule, entry.rule.text());
        out.push_str(&format!(
            "\n## {}\n\n<a id=\"{}\"></a>\n\n{}\n\n**Why.** {}\n\n**What to do.** {}\n",
            rule.id,
            anchor(rule),
            text.summary,
            text.why,
            text.remedy
        ));
        if let Some(example) = &text.example {
            out.push_str(&format!(
                "\nBreaks it:\n\n```text\n{}\n```\n\nSatisfies it:\n\n```text\n{}\n```\n",
                example.bad.trim_end(),
                example.good.trim_end()
            ));
        }
        let mut facts = vec![format!("level {}", text.level), format!("gates {}", gates(rule).join(", "))];
        if !text.waivable_by.is_empty() {
            facts.push(format!("waivable by {}", text.waivable_by.join(", ")));
        }
        if !text.references.is_empty() {
            facts.push(format!("see {}", text.references.join(", ")));
        }
        out.push_str(&format!("\n{}; [fixture](../fixtures/rules/{}.md)\n", facts.join("; "), rule.id));
    }
    out
}

fn anchor(rule: &Rule) -> String {
    rule.id.as_str().replace('/', "-")
}
