//! Precision of scans. Snippets in `fixtures/scan/` have labels for all expected findings;
//! every other finding is a false positive.
//!
//! A snippet is a fenced block with a path after its language. A line that begins with `»`
//! labels the line of code above it: carets show where the finding starts, and the rule's
//! name follows (`» ^^^^ rust-unwrap`).

use std::collections::{BTreeMap, BTreeSet};

use crate::scan::test_code::{TestFacts, is_test_path};
use crate::scan::{Language, RuleSet, Treatment, embedded, scan};
use crate::test_support::{files_below, project, read_text};
use crate::text::{RepoPath, Source};

/// A snippet with its expected findings: line, column, rule.
struct Snippet {
    name: String,
    path: RepoPath,
    text: String,
    expected: BTreeSet<(usize, usize, String)>,
}

fn snippets(file: &str, text: &str) -> Vec<Snippet> {
    let mut out: Vec<Snippet> = Vec::new();
    let mut heading = String::new();
    let mut open: Option<(String, Snippet, usize)> = None;
    for (number, line) in text.lines().enumerate() {
        match &mut open {
            None => {
                if let Some(title) = line.strip_prefix("## ") {
                    heading = title.to_owned();
                } else if line.starts_with("```") {
                    let ticks: String = line.chars().take_while(|c| *c == '`').collect();
                    let mut info = line.trim_start_matches('`').split_whitespace();
                    let path = info.nth(1).unwrap_or_else(|| panic!("{file}:{}: no path", number + 1));
                    let name = format!("{file}:{}: {heading}", number + 1);
                    let snippet =
                        Snippet { name, path: path.into(), text: String::new(), expected: BTreeSet::new() };
                    open = Some((ticks, snippet, 0));
                }
            }
            Some((ticks, snippet, lines)) => {
                if line == ticks {
                    out.extend(open.take().map(|(_, snippet, _)| snippet));
                } else if let Some(mark) = line.strip_prefix('»') {
                    let column = mark.chars().take_while(|c| *c != '^').count() + 2;
                    let rule = mark.trim().trim_start_matches('^').trim();
                    assert!(mark.contains('^') && !rule.is_empty(), "{file}:{}: {line}", number + 1);
                    for rule in rule.split_whitespace() {
                        snippet.expected.insert((*lines, column, format!("scan/{rule}")));
                    }
                } else {
                    snippet.text.push_str(line);
                    snippet.text.push('\n');
                    *lines += 1;
                }
            }
        }
    }
    assert!(open.is_none(), "{file}: a snippet is not closed");
    out
}

#[test]
fn labelled_snippets_have_the_expected_findings() {
    let set = RuleSet::new(embedded(&[]).cloned().collect());
    let today = "2026-11-21".parse().expect("day");
    let (mut errors, mut table) = (Vec::new(), BTreeMap::<&str, [usize; 5]>::new());
    let folder = project().join("fixtures/scan");
    for file in files_below(&folder) {
        let name = file.file_name().expect("name").to_string_lossy().into_owned();
        for snippet in snippets(&name, &read_text(&file)) {
            let named = Language::from_path(&snippet.path);
            let text = snippet.text.as_bytes();
            let language =
                if named == Language::Plain { Language::from_shebang(text).unwrap_or(named) } else { named };
            let is_test = is_test_path(&snippet.path, language);
            let mut rules = set.applicable(&snippet.path.to_text(), Some(language), Treatment::Product);
            rules.retain(|index| {
                let layer = set.rules()[*index].layer.as_ref();
                !layer.is_some_and(|layer| layer.is_named(&snippet.path.to_text()))
            });
            let found =
                scan(&set, &rules, language, text, TestFacts { is_test, ..TestFacts::default() }, today)
                    .expect("patterns");
            let source = Source::from_text(snippet.path.clone(), snippet.text.clone());
            let hits = found.hits.iter().filter(|hit| {
                let suppression = hit.suppressed_by.and_then(|at| found.suppressions.get(at));
                !suppression.is_some_and(|one| one.is_effective(today))
            });
            let got: BTreeSet<(usize, usize, String)> = hits
                .filter_map(|hit| {
                    let at = source.position(hit.span.as_ref()?.start);
                    Some((at.line, at.column, set.rules()[hit.rule].id.to_string()))
                })
                .collect();
            let row = table.entry(language.as_str()).or_default();
            row[0] += 1;
            row[1] += snippet.text.lines().count();
            row[2] += snippet.expected.len();
            for (line, column, rule) in got.difference(&snippet.expected) {
                row[3] += 1;
                errors.push(format!("false  {} line {line}:{column} {rule}", snippet.name));
            }
            for (line, column, rule) in snippet.expected.difference(&got) {
                row[4] += 1;
                errors.push(format!("missed {} line {line}:{column} {rule}", snippet.name));
            }
        }
    }
    println!(
        "{:<12}{:>9}{:>7}{:>9}{:>7}{:>8}",
        "language", "snippets", "lines", "expected", "false", "missed"
    );
    for (language, [snippets, lines, expected, false_positives, missed]) in &table {
        println!("{language:<12}{snippets:>9}{lines:>7}{expected:>9}{false_positives:>7}{missed:>8}");
    }
    assert!(errors.is_empty(), "{}", errors.join("\n"));
}
