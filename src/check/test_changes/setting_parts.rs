//! Settings of test runners that are parts of larger files: the plugins of Maven that run tests,
//! and lists that say where tests are.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use crate::text::RepoPath;

/// What the lines of the plugins that run tests begin with.
const PLUGIN_LINE: &str = "test plugin: ";

/// A pattern that is compiled once.
type Pattern = LazyLock<Option<Regex>>;

static TEST_PLUGIN: Pattern = LazyLock::new(|| {
    Regex::new(r"(?s)<artifactId>\s*maven-(?:surefire|failsafe)-plugin\s*</artifactId>(.*?)</plugin>").ok()
});
/// Settings of such a plugin that choose tests.
static CHOICE: Pattern = LazyLock::new(|| {
    let names = "exclude|include|test|excludesFile|includesFile|suiteXmlFile|excludedGroups|groups|skip\\w*";
    Regex::new(&format!(r"<({names})>\s*([^<]*?)\s*</")).ok()
});
static SUITES: Pattern = LazyLock::new(|| Regex::new(r"(?s)<testsuites?\b.*?</testsuites?>").ok());
static SUITE_ENTRY: Pattern =
    LazyLock::new(|| Regex::new(r"<(directory|file|testsuite)\b[^>]*>\s*([^<]*?)\s*</").ok());
static USED_MODULE: Pattern =
    LazyLock::new(|| Regex::new(r"^(?:use\s+)?\(?\s*(\.{0,2}[\w./-]*)\s*\)?$").ok());

/// Returns a line for each setting of a part of the file that chooses tests.
pub(super) fn lines_of_parts(path: &RepoPath, text: &str) -> Vec<String> {
    if !path.file_name().to_string().eq_ignore_ascii_case("pom.xml") {
        return Vec::new();
    }
    let (Some(plugin), Some(choice)) = (TEST_PLUGIN.as_ref(), CHOICE.as_ref()) else { return Vec::new() };
    let plugins = plugin.captures_iter(text).filter_map(|found| found.get(1));
    let settings = plugins.flat_map(|body| choice.captures_iter(body.as_str()));
    // `false` is what these switches are without the setting.
    let lines =
        settings.filter(|found| !matches!(found.get(2).map(|value| value.as_str()), Some("false" | "")));
    lines
        .map(|found| {
            let part = |group: usize| found.get(group).map_or("", |part| part.as_str());
            format!("{PLUGIN_LINE}<{}>{}", part(1), part(2))
        })
        .collect()
}

/// Returns whether a file of this name, in lower case, has a list that is compared.
pub(super) fn has_lists(name: &str) -> bool {
    name == "go.work" || name.starts_with("phpunit.")
}

/// Returns the entries of lists of test folders and modules that are gone: what they name
/// is not run anymore.
pub(super) fn find_lost_entries(path: &RepoPath, before: &[String], after: &[String]) -> Vec<String> {
    let name = path.file_name().to_string().to_lowercase();
    let read: fn(&[String]) -> BTreeSet<String> = match name.as_str() {
        "go.work" => read_modules,
        _ if name.starts_with("phpunit.") => read_suites,
        _ => return Vec::new(),
    };
    let (old, new) = (read(before), read(after));
    old.difference(&new).cloned().collect()
}

fn read_modules(lines: &[String]) -> BTreeSet<String> {
    let Some(pattern) = USED_MODULE.as_ref() else { return BTreeSet::new() };
    let mut out = BTreeSet::new();
    let mut in_block = false;
    for line in lines {
        let line = line.split("//").next().unwrap_or_default().trim();
        let is_use = line.starts_with("use");
        if is_use || in_block {
            let found = pattern.captures(line).and_then(|found| found.get(1)).map(|found| found.as_str());
            out.extend(found.filter(|module| !module.is_empty()).map(|module| format!("use {module}")));
        }
        in_block = (in_block || (is_use && line.ends_with('('))) && line != ")";
    }
    out
}

fn read_suites(lines: &[String]) -> BTreeSet<String> {
    let (Some(suites), Some(entry)) = (SUITES.as_ref(), SUITE_ENTRY.as_ref()) else { return BTreeSet::new() };
    let text = lines.join("\n");
    let entries = suites.find_iter(&text).flat_map(|suite| entry.captures_iter(suite.as_str()));
    let named =
        entries.filter_map(|found| Some(format!("{} {}", found.get(1)?.as_str(), found.get(2)?.as_str())));
    named.map(|entry| entry.trim().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lost(name: &str, before: &str, after: &str) -> Vec<String> {
        let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
        find_lost_entries(&RepoPath::from(name), &lines(before), &lines(after))
    }

    #[test]
    fn entries_that_go_are_found_and_new_ones_are_not() {
        assert_eq!(lost("go.work", "go 1.22\nuse ./a\nuse ./b\n", "go 1.22\nuse ./a\n"), ["use ./b"]);
        let block = "go 1.22\n\nuse (\n\t./a\n\t./b // two\n)\n";
        assert_eq!(lost("go.work", block, "go 1.22\n\nuse (\n\t./a\n)\n"), ["use ./b"]);
        assert!(lost("go.work", "use ./a\n", "go 1.23\nuse (\n\t./a\n\t./c\n)\n").is_empty());
        let suite = |folder: &str| {
            format!(
                "<testsuites>\n<testsuite name=\"x\">\n<directory suffix=\"T.php\">{folder}</directory>\n</testsuite>\n</testsuites>\n<source><include><directory>src</directory></include></source>"
            )
        };
        assert_eq!(lost("phpunit.xml", &suite("tests"), &suite("easy")), ["directory tests"]);
        let more = suite("tests").replace("</testsuite>", "<directory>more</directory></testsuite>");
        assert!(lost("phpunit.xml.dist", &suite("tests"), &more).is_empty());
        assert!(lost("other.xml", &suite("tests"), "").is_empty());
    }

    #[test]
    fn only_plugins_that_run_tests_choose_tests() {
        let pom = |plugin: &str| {
            format!(
                "<plugin><artifactId>{plugin}</artifactId><configuration><excludes>\n<exclude>Hard*</exclude></excludes><skip>false</skip></configuration></plugin>"
            )
        };
        let lines = |text: &str| lines_of_parts(&RepoPath::from("a/pom.xml"), text);
        assert_eq!(lines(&pom("maven-surefire-plugin")), ["test plugin: <exclude>Hard*"]);
        assert!(lines(&pom("jacoco-maven-plugin")).is_empty());
    }
}
