//! Checks the examples of a rule against its patterns.

use std::sync::Arc;

use jiff::civil::Date;

use crate::text::{RepoPath, Source, Span};

use super::language::Language;
use super::matcher::scan;
use super::rule::{RuleFault, ScanRule};
use super::rule_set::RuleSet;
use super::test_code::is_test_path;

/// Returns an error for each example of a rule that does not match although it must, or
/// matches although it must not; empty if all examples are correct. `source` is the
/// file of the rule.
#[must_use]
pub(crate) fn check_examples(rule: &ScanRule, source: &Arc<Source>) -> Vec<RuleFault> {
    let set = RuleSet::new(vec![rule.clone()]);
    let path = RepoPath::from(rule.examples.path.as_str());
    let language = Language::from_path(&path);
    let fault = |span: Span, message: String| RuleFault { source: Arc::clone(source), span, message };
    let mut out = Vec::new();
    let applies = rule.supports_language(language) && !rule.exclude.matches(&rule.examples.path);
    if !applies {
        let message =
            format!("the rule does not apply to `{}`, the path of its examples", rule.examples.path);
        return vec![fault(rule.spans.example_path, message)];
    }
    let is_test = is_test_path(&path, language);
    let hits = |text: &str| {
        scan(&set, &[0], language, text.as_bytes(), is_test, Date::MIN).map(|found| found.hits.len())
    };
    for (example, span) in rule.examples.matching.iter().zip(&rule.spans.matching) {
        match hits(example) {
            Ok(0) => out.push(fault(*span, "this example must match, but does not".to_owned())),
            Ok(_) => {}
            Err(error) => out.push(fault(*span, error)),
        }
    }
    for (example, span) in rule.examples.pass.iter().zip(&rule.spans.pass) {
        match hits(example) {
            Ok(0) => {}
            Ok(_) => out.push(fault(*span, "this example must pass, but matches".to_owned())),
            Err(error) => out.push(fault(*span, error)),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::{embedded_ids, rule::ScanRule};
    use super::*;

    #[test]
    fn the_examples_of_every_embedded_rule_are_correct() {
        let mut errors = Vec::new();
        for (id, set, yaml) in embedded_ids() {
            let source = Source::from_text(RepoPath::from(format!("rules/{id}.yaml").as_str()), yaml);
            match ScanRule::read(&source) {
                Err(bad) => errors.push(format!("{id}:{}: {}", bad.source.line(bad.span.start), bad.message)),
                Ok(rule) => {
                    assert_eq!((rule.id.as_str(), rule.set.as_str()), (id, set));
                    let faults = check_examples(&rule, &source);
                    errors.extend(
                        faults
                            .iter()
                            .map(|bad| format!("{id}:{}: {}", source.line(bad.span.start), bad.message)),
                    );
                }
            }
        }
        assert!(errors.is_empty(), "{}", errors.join("\n"));
    }
}
