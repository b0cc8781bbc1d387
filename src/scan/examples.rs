//! Rules prove themselves by the examples that they carry.

use std::sync::Arc;

use jiff::civil::Date;

use crate::rule::find_span;
use crate::text::{RepoPath, Source};

use super::language::Language;
use super::matcher::scan;
use super::rule::{RuleFault, ScanRule};
use super::rule_set::RuleSet;
use super::test_code::is_test_path;

/// The examples of a rule that are not what they claim; none if the rule
/// holds. `source` is its file.
#[must_use]
pub fn check_examples(rule: &ScanRule, source: &Arc<Source>) -> Vec<RuleFault> {
    let set = RuleSet::new(vec![rule.clone()]);
    let path = RepoPath::from(rule.examples.path.as_str());
    let language = Language::from_path(&path);
    let fault = |example: &str, message: String| {
        let first = example.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().trim();
        RuleFault { source: Arc::clone(source), span: find_span(source, first), message }
    };
    let mut out = Vec::new();
    let looks = rule.supports_language(language) && !rule.exclude.matches(&rule.examples.path);
    if !looks {
        let message = format!("the rule does not look at `{}`, the path of its examples", rule.examples.path);
        return vec![fault(&rule.examples.path, message)];
    }
    let is_test = is_test_path(&path, language);
    let hits = |text: &str| {
        scan(&set, &[0], language, text.as_bytes(), is_test, Date::MIN).map(|found| found.hits.len())
    };
    for example in &rule.examples.matching {
        match hits(example) {
            Ok(0) => out.push(fault(example, "this example must match, and does not".to_owned())),
            Ok(_) => {}
            Err(why) => out.push(fault(example, why)),
        }
    }
    for example in &rule.examples.pass {
        match hits(example) {
            Ok(0) => {}
            Ok(_) => out.push(fault(example, "this example must pass, and matches".to_owned())),
            Err(why) => out.push(fault(example, why)),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::{embedded_ids, rule::ScanRule};
    use super::*;

    #[test]
    fn every_rule_of_the_program_reads_and_holds() {
        let mut wrong = Vec::new();
        for (id, set, yaml) in embedded_ids() {
            let source = Source::from_text(RepoPath::from(format!("rules/{id}.yaml").as_str()), yaml);
            match ScanRule::read(&source) {
                Err(bad) => wrong.push(format!("{id}:{}: {}", bad.source.line(bad.span.start), bad.message)),
                Ok(rule) => {
                    assert_eq!((rule.id.as_str(), rule.set.as_str()), (id, set));
                    let faults = check_examples(&rule, &source);
                    wrong.extend(
                        faults
                            .iter()
                            .map(|bad| format!("{id}:{}: {}", source.line(bad.span.start), bad.message)),
                    );
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
