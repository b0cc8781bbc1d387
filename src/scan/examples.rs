//! Checks the examples of a rule against its patterns.

use std::sync::Arc;

use jiff::civil::Date;

use crate::finding::RuleId;
use crate::text::{RepoPath, Source, Span, to_single_line};

use super::language::Language;
use super::matcher::{FileMatches, scan, scan_unfiltered};
use super::rule::{RuleFault, ScanRule, derive_samples};
use super::rule_set::RuleSet;
use super::test_code::TestFacts;
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
        scan(&set, &[0], language, text.as_bytes(), TestFacts { is_test, ..TestFacts::default() }, Date::MIN)
            .map(|found| found.hits.len())
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

/// Returns an error for each rule of a scan that the search for literals would pass over
/// in a text that its patterns match. The texts are derived from every alternative of
/// every pattern; `source` returns the file of a rule. Only the rules for which
/// `is_checked` returns true are checked; the search is for the literals of all.
#[must_use]
pub(crate) fn check_prefilter(
    rules: &[ScanRule],
    is_checked: &dyn Fn(&ScanRule) -> bool,
    source: &dyn Fn(&ScanRule) -> Arc<Source>,
) -> Vec<(RuleId, RuleFault)> {
    let set = RuleSet::new(rules.to_vec());
    let mut out = Vec::new();
    for (index, rule) in rules.iter().enumerate().filter(|(_, rule)| is_checked(rule)) {
        let languages =
            if rule.languages.is_empty() { vec![Language::Plain] } else { rule.languages.clone() };
        let missed =
            languages.into_iter().find_map(|language| find_missed_sample(&set, index, rule, language));
        if let Some(sample) = missed {
            let text = to_single_line(&String::from_utf8_lossy(&sample), 60);
            let message = format!("the search for literals passes over `{text}`, which the rule matches");
            out.push((rule.id.clone(), RuleFault { source: source(rule), span: rule.spans.id, message }));
        }
    }
    out
}

/// Returns a text that is derived from a pattern of a rule, and in which a scan finds less
/// than the patterns match.
fn find_missed_sample(set: &RuleSet, index: usize, rule: &ScanRule, language: Language) -> Option<Vec<u8>> {
    let marks: &[(&str, &str)] = &[("", ""), ("// ", "\n"), ("# ", "\n"), ("-- ", "\n"), ("q(\"", "\")\n")];
    let samples = rule.patterns.iter().flat_map(|pattern| derive_samples(pattern));
    samples
        .flat_map(|sample| {
            // The byte 1 is a part of the text between the tokens that a pattern sees.
            let sample: Vec<u8> = sample.iter().map(|byte| if *byte == 1 { b'"' } else { *byte }).collect();
            marks.iter().map(move |(begin, end)| [begin.as_bytes(), &sample, end.as_bytes()].concat())
        })
        .find(|text| {
            let hits =
                |found: Result<FileMatches, String>| found.map(|found| found.hits.len()).unwrap_or_default();
            let all = hits(scan_unfiltered(set, &[index], language, text));
            all != hits(scan(set, &[index], language, text, TestFacts::default(), Date::MIN))
        })
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

    #[test]
    fn the_search_for_literals_passes_over_no_alternative_of_a_pattern() {
        let rules: Vec<ScanRule> = super::super::embedded(&[]).cloned().collect();
        let source = |rule: &ScanRule| Source::from_text(RepoPath::from(rule.id.as_str()), "");
        let faults = check_prefilter(&rules, &|_| true, &source);
        let messages: Vec<String> =
            faults.iter().map(|(id, fault)| format!("{id}: {}", fault.message)).collect();
        assert!(messages.is_empty(), "{}", messages.join("\n"));
    }

    #[test]
    fn most_patterns_match_a_text_that_is_derived_from_them() {
        let rules: Vec<ScanRule> = super::super::embedded(&[]).cloned().collect();
        let (mut all, mut matched) = (0, 0);
        for pattern in rules.iter().flat_map(|rule| &rule.patterns) {
            let regex = regex::bytes::RegexBuilder::new(pattern).multi_line(true).build().expect("pattern");
            all += 1;
            matched += usize::from(derive_samples(pattern).iter().any(|text| regex.is_match(text)));
        }
        assert!(matched * 20 >= all * 19, "{matched} of {all}");
    }
}
