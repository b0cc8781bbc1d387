//! `tests/…`: the change does not weaken the tests of the base.

mod collected;
mod functions;
mod golang;
mod other_languages;
mod python;
mod replacements;
mod script;
mod setting_parts;
mod setting_values;
mod settings;
mod tautologies;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use crate::change::FileContent;
use crate::check::CheckResult;
use crate::check::context::ChangeCheckContext;
use crate::finding::{Finding, Label};
use crate::rule::Rule;
use crate::scan::Language;
use crate::text::{RepoPath, format_count, to_single_line};

use collected::{Collected, find_unbuilt};
use functions::{FileTests, TestFunction, find_tests, has_tests};
use other_languages::{family_of_path, find_other_tests};
use replacements::{Candidate, find_replaced};
use settings::find_settings;

/// Maximum number of names in one message.
const MAX_NAMED: usize = 5;

/// The tests of one changed file before and after the change.
struct ChangedTests<'a> {
    path: &'a RepoPath,
    before: FileTests,
    after: FileTests,
}

impl ChangedTests<'_> {
    fn side(&self, is_after: bool) -> &FileTests {
        if is_after { &self.after } else { &self.before }
    }
}

/// Counts the tests of all files by name.
fn count_names<'a>(files: &'a [ChangedTests<'_>], is_after: bool) -> BTreeMap<&'a str, usize> {
    let mut out = BTreeMap::new();
    for test in files.iter().flat_map(|file| &file.side(is_after).functions) {
        *out.entry(test.name.as_str()).or_default() += 1;
    }
    out
}

/// Reads the tests of one side of a file.
type TestReader = fn(&RepoPath, Language, &[u8]) -> FileTests;

/// `tests/weakened`: the change deletes, skips and empties no test of the base.
///
/// Tests are compared over the whole change, so that moved and renamed tests are not
/// deleted ones: a new or longer test replaces an old one if it uses the same names and has
/// room for its assertions.
pub(super) fn weakened(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
    let mut by_language: BTreeMap<&'static str, Vec<ChangedTests<'_>>> = BTreeMap::new();
    let collected = Collected::read(input);
    for file in input.files {
        let path = &file.change.path;
        let language = Language::from_path(path);
        let (family, read): (_, TestReader) = match family_of(language) {
            Some(family) if has_tests(path, language) => {
                (family, |_, language, text| find_tests(language, text))
            }
            Some(_) => continue,
            None => match family_of_path(path) {
                Some(family) => (family, |path, _, text| find_other_tests(path, text)),
                None => continue,
            },
        };
        let side = |content: Option<&FileContent>| {
            content.map_or_else(FileTests::default, |content| read(path, language, &content.bytes))
        };
        let after = file.after.as_ref().filter(|_| collected.is_collected(file));
        let (before, after) = (side(file.before.as_ref()), side(after));
        by_language.entry(family).or_default().push(ChangedTests { path, before, after });
    }
    let mut out: Vec<Finding> = Vec::new();
    for files in by_language.values() {
        out.extend(find_deleted(files, rule));
        for file in files {
            out.extend(find_marks(file, rule));
        }
    }
    out.extend(find_unbuilt(input, rule));
    out.extend(input.files.iter().flat_map(|file| find_settings(file, rule)));
    out.into()
}

/// Languages whose tests can move from one to the other share a family.
fn family_of(language: Language) -> Option<&'static str> {
    match language {
        Language::Rust => Some("rust"),
        Language::Python => Some("python"),
        Language::Go => Some("go"),
        Language::TypeScript | Language::Tsx | Language::JavaScript | Language::Jsx => Some("javascript"),
        _ => None,
    }
}

/// Finds tests that the change deletes without a replacement.
fn find_deleted(files: &[ChangedTests<'_>], rule: &Rule) -> Option<Finding> {
    let (before, after) = (count_names(files, false), count_names(files, true));
    let mut gone = find_gone(files, |name| {
        let count = |side: &BTreeMap<&str, usize>| side.get(name).copied().unwrap_or(0);
        count(&after) < count(&before)
    });
    let mut candidates: Vec<Candidate<'_>> = Vec::new();
    for file in files {
        // Of several old tests with one name, the longest one counts.
        let mut old: BTreeMap<&str, &TestFunction> = BTreeMap::new();
        for test in &file.before.functions {
            let known = old.entry(test.name.as_str()).or_insert(test);
            *known = if test.assertions > known.assertions { test } else { known };
        }
        let key = |test: &'_ TestFunction| (test.name.clone(), test.text_hash);
        let unchanged: BTreeSet<(String, u64)> = file.before.functions.iter().map(key).collect();
        for test in file.after.functions.iter().filter(|test| !unchanged.contains(&key(test))) {
            let known = before.contains_key(test.name.as_str());
            candidates.extend(Candidate::new(test, old.get(test.name.as_str()).copied(), known));
        }
    }
    let lost: Vec<&TestFunction> = gone.iter().map(|(_, test)| *test).collect();
    let all = files.iter().flat_map(|file| file.before.functions.iter().chain(&file.after.functions));
    let mut is_replaced = find_replaced(&lost, &candidates, all).into_iter();
    gone.retain(|_| is_replaced.next() != Some(true));
    let count = gone.len();
    let (path, _) = gone.first()?;
    let shown: Vec<String> =
        gone.iter().take(MAX_NAMED).map(|(_, test)| to_single_line(&test.name, 60)).collect();
    let more = if gone.len() > MAX_NAMED { " and others" } else { "" };
    let (verb, count) = (if count == 1 { "is" } else { "are" }, format_count(count, "test"));
    let message =
        format!("{count} of the base {verb} gone without a similar new one: `{}`{more}", shown.join("`, `"));
    let finding = rule.finding(message, Label::path(path, "tests of this file are gone")).about_path(path);
    let others: BTreeSet<&RepoPath> = gone.iter().map(|(path, _)| *path).collect();
    let related = others.into_iter().filter(|other| other != path).take(MAX_NAMED);
    Some(
        related
            .fold(finding, |finding, other| finding.related(Label::path(other, "tests are gone here, too"))),
    )
}

/// Returns the tests that their files lost, of names that became rarer. A test that runs
/// unchanged in another file was moved, unless that file had it before.
fn find_gone<'a>(
    files: &'a [ChangedTests<'_>],
    is_rarer: impl Fn(&str) -> bool,
) -> Vec<(&'a RepoPath, &'a TestFunction)> {
    let count = |tests: &'a [TestFunction], is_after: bool| {
        let mut out: BTreeMap<(&str, u64), usize> = BTreeMap::new();
        for test in tests.iter().filter(|test| !(is_after && test.is_skipped)) {
            *out.entry((test.name.as_str(), test.text_hash)).or_default() += 1;
        }
        out
    };
    let mut moved: BTreeMap<(&str, u64), usize> = BTreeMap::new();
    let mut lost: Vec<(&RepoPath, &TestFunction)> = Vec::new();
    for file in files {
        let mut before = count(&file.before.functions, false);
        for (key, number) in count(&file.after.functions, true) {
            let old = before.remove(&key).unwrap_or(0);
            *moved.entry(key).or_default() += number.saturating_sub(old);
            before.insert(key, old.saturating_sub(number));
        }
        for test in file.before.functions.iter().filter(|test| is_rarer(&test.name)) {
            let left = before.entry((test.name.as_str(), test.text_hash)).or_default();
            if *left > 0 {
                *left -= 1;
                lost.push((file.path, test));
            }
        }
    }
    lost.retain(|(_, test)| match moved.get_mut(&(test.name.as_str(), test.text_hash)) {
        Some(left) if *left > 0 => {
            *left -= 1;
            false
        }
        _ => true,
    });
    lost
}

/// Finds tests of one file that the change skips, makes exclusive or empties.
fn find_marks(file: &ChangedTests<'_>, rule: &Rule) -> Vec<Finding> {
    let path = file.path;
    let mut out = Vec::new();
    let mut add = |message: String, label: String| {
        out.push(rule.finding(message, Label::path(path, label)).about_path(path));
    };
    if file.after.is_skipped && !file.before.is_skipped && !file.before.functions.is_empty() {
        add(
            format!("the change skips all or a group of the tests of {path}"),
            "a new mark skips tests".to_owned(),
        );
    }
    let unchanged: BTreeSet<(&str, u64)> =
        file.before.functions.iter().map(|test| (test.name.as_str(), test.text_hash)).collect();
    let mut old: BTreeMap<&str, Vec<&TestFunction>> = BTreeMap::new();
    for test in &file.before.functions {
        old.entry(test.name.as_str()).or_default().push(test);
    }
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for test in &file.after.functions {
        // Of several tests with one name, the first is compared with the first.
        let index = seen.entry(test.name.as_str()).or_default();
        let before = old.get(test.name.as_str()).and_then(|all| all.get(*index).copied());
        *index += 1;
        let (name, line) = (to_single_line(&test.name, 60), test.line);
        if test.is_exclusive && before.is_none_or(|before| !before.is_exclusive) {
            add(
                format!("`{name}` is marked as the only test, so other tests do not run"),
                format!("line {line}"),
            );
        }
        let was_skipped = |before: &TestFunction| before.is_skipped && before.text_hash == test.text_hash;
        let all = old.get(test.name.as_str()).map_or(&[][..], Vec::as_slice);
        let Some(before) = before else { continue };
        if test.is_skipped && !before.is_skipped && !all.iter().any(|before| was_skipped(before)) {
            add(format!("the change skips the test `{name}`"), format!("line {line}"));
        }
        if test.must_fail && !before.must_fail {
            add(format!("the change expects that the test `{name}` fails"), format!("line {line}"));
        }
        if unchanged.contains(&(test.name.as_str(), test.text_hash)) {
            continue;
        }
        if before.assertions > 0 && test.assertions == 0 {
            let message = if test.tautologies > 0 {
                format!("the test `{name}` asserts only what is always true")
            } else {
                format!("the test `{name}` has no assertion anymore")
            };
            add(message, format!("line {line}"));
        }
    }
    out
}

#[cfg(test)]
mod tautology_tests;
#[cfg(test)]
mod tests;
