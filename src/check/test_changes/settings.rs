//! Settings of test runners that leave tests out, or change what they report.

use std::sync::{LazyLock, OnceLock};

use regex::{Regex, RegexSet};

use crate::change::{ChangedFile, FileContent};
use crate::check::scope;
use crate::check::test_changes::setting_parts as parts;
use crate::check::test_changes::setting_values::read_values;
use crate::finding::{Finding, Label};
use crate::rule::Rule;
use crate::text::{RepoPath, to_single_line};

/// Maximum number of settings of one file that are reported.
const MAX_SHOWN: usize = 8;

/// Settings of pytest in files of any form.
const PYTEST: &str = r"(?:^|[\s=\x22',\[])(?:(?P<a>--(?:ignore|ignore-glob|deselect|collect-only|co|lf|last-failed|noconftest|setup-only|setup-plan|fixtures|version|help))\b|(?P<k>-[kmp])(?:[\s=\x22']|\w))|(?:^|[^\w-])(?P<b>collect_ignore\w*|norecursedirs|python_files|python_functions|python_classes|testpaths|confcutdir|pytest11)\b|\baddopts\s*=[\[\s]*[\x22']?(?P<p>[\w./][^\s\x22']*)|[\s=\x22',\[](?P<f>[\w./-]+\.py(?:::\S+)?)(?:[\s\x22',\]]|$)";

/// Settings of runners of JavaScript.
const SCRIPT: &str = r#"(?:^|[^\w.])["']?(?:(?P<o>projects|testDir|specs?|specPattern)|(?P<b>include|files|roots|runner|testRunner|testPathIgnorePatterns|modulePathIgnorePatterns|passWithNoTests|testNamePattern|testRegex|testMatch|exclude|dangerouslyIgnoreUnhandledErrors|onlyFailures|onlyChanged|testIgnore|grep|grepInvert|ignoredFiles|excludeSpecPattern|testFiles))["']?\s*:"#;

/// Words of settings that leave tests out, by a pattern of the file name in lower case. In a
/// manifest, only the keys that determine test runs are compared, each as `key=value` in JSON.
const SETTINGS: [(&str, &str); 16] = [
    (
        r"^cargo\.toml$",
        r#"(?P<a>\b(?:test|doctest|autotests)=false|\bharness=false|"(?:harness|test)":false|"required-features":\[)"#,
    ),
    (r"^(?:\.?pytest\.(?:ini|toml)|pyproject\.toml|setup\.cfg|tox\.ini)$", PYTEST),
    (
        r"^tox\.ini$|^setup\.cfg$",
        r"(?P<a>\|\| true|\bignore_outcome\s*=\s*(?i:true)|\bignore_errors\s*=\s*(?i:true))|(?P<b>^\s*(?:commands\s*=\s*)?-\s+\S)",
    ),
    (
        r"^conftest\.py$",
        r"(?P<a>\bcollect_ignore\w*|\bpytest_(?:ignore_collect|collection_modifyitems|runtest_call|runtest_makereport|runtest_protocol|pyfunc_call|pycollect_make\w+|make_collect_report|cmdline_main|runtestloop|report_teststatus))\b|(?P<s>\bpytest\s*\.\s*(?:skip|xfail))\s*\(|(?P<b>\.exitstatus|\b_exit)\s*[=(]",
    ),
    (
        r"^package\.json$",
        r"(?P<a>\btestPathIgnorePatterns|\bpassWithNoTests|\|\| true|\bexit 0|\btestNamePattern|\btestRegex|\btestMatch|--(?:passWithNoTests|testPathIgnorePatterns|grep|invert)\b|; true)",
    ),
    (r"^nextest\.toml$", r"(?P<a>\bdefault-filter|\bretries|\bfilter\s*=)"),
    (
        r"^(?:jest|vitest|vite|playwright|cypress|karma|ava|wdio)\.(?:config|conf|workspace)\.\w+$|^vitest\.workspace\.\w+$|^jest\.\w+$",
        SCRIPT,
    ),
    (
        r"^\.mocharc\.\w+$|^\.mocharc$",
        r#"(?:^|[^\w.])["']?(?P<b>ignore|exclude|grep|fgrep|invert|spec|forbid-only|pass-on-failing-test-suite|dry-run|dryRun|passOnFailingTestSuite)["']?\s*:"#,
    ),
    (r"^deno\.jsonc?$", r#"(?P<a>"(?:exclude|include)")\s*:"#),
    (
        r"^pom\.xml$",
        r"<(?P<a>skipTests|skip|skipITs|maven\.test\.skip|testFailureIgnore|maven\.test\.failure\.ignore)>\s*true|<(?P<b>excludedGroups|groups)>\s*\w|<(?P<e>exclude)>[^<]*(?:[Tt]est|IT\b|\*\*/\*)|<(?P<n>failIfNoTests)>\s*false|^test plugin: <(?P<w>\w+)>",
    ),
    (
        r"^(?:maven\.config|jvm\.config)$",
        r"(?P<a>-D(?:test|it\.test|skipTests|skipITs|groups|excludedGroups|failIfNoTests|maven\.test\.[\w.]+|(?:surefire|failsafe)\.[\w.]+|maven\.ext\.class\.path)|--fail-never|-fn|-(?:pl|rf|P)|--(?:projects|resume-from|activate-profiles))\b",
    ),
    (
        r"^cmakelists\.txt$|\.cmake$",
        r"\b(?P<b>DISABLED|WILL_FAIL|SKIP_RETURN_CODE|SKIP_REGULAR_EXPRESSION|PASS_REGULAR_EXPRESSION)\b",
    ),
    (
        r"\.gradle(?:\.kts)?$|^gradle\.properties$",
        r"(?P<a>\benabled\s*=\s*false|\bisEnabled\s*=\s*false|\bignoreFailures\s*[= ]\s*true|\bsetIgnoreFailures\(true|\bexcludeTestsMatching\b|\bexcludeTags\b|\bexclude\s*\(?\s*['\x22][^'\x22]*(?:[Tt]est|[Ss]pec|\*\*/[*A-Z])|\bfailOnNoMatchingTests|\bexcludedTaskNames|\btest\.enabled)",
    ),
    (
        r"^phpunit(?:\.dist)?\.xml(?:\.dist)?$",
        r"<(?P<a>exclude)\b|\b(?P<b>(?:failOn|stopOn)\w+|defaultTestSuite)\s*=",
    ),
    (
        r"^(?:\.rspec|\.rspec-local)$",
        r"(?P<a>--(?:tag|exclude-pattern|pattern|dry-run|example|only-failures|failure-exit-code)\b|-[tPe]\s)",
    ),
    (
        r"^(?:directory\.build\.\w+|.*\.runsettings|.*\.csproj|ctestcustom\.cmake)$",
        r"(?P<a>TestCaseFilter|IsTestProject>\s*false|CTEST_CUSTOM_TESTS_IGNORE|TreatNoTestsAsError>\s*false)",
    ),
];

/// Parts of the names that [`SETTINGS`] knows, in lower case: a name without any of them is
/// that of another file, and needs no pattern.
const NAME_PARTS: [&str; 27] = [
    "cargo",
    "pytest",
    "pyproject",
    "setup",
    "tox",
    "conftest",
    "package",
    "nextest",
    "jest",
    "vite",
    "playwright",
    "cypress",
    "karma",
    "ava",
    "wdio",
    "mocharc",
    "deno",
    "pom",
    "gradle",
    "phpunit",
    "rspec",
    "directory",
    "runsettings",
    "csproj",
    "cmake",
    "maven",
    "jvm",
];

/// The patterns of the names, compiled.
static NAMES: LazyLock<Option<RegexSet>> =
    LazyLock::new(|| RegexSet::new(SETTINGS.iter().map(|(name, _)| *name)).ok());

/// The patterns of the settings, each compiled when the first file needs it.
static WORDS: [OnceLock<Option<Regex>>; SETTINGS.len()] = [const { OnceLock::new() }; SETTINGS.len()];

/// Returns the patterns of settings for a file name in lower case.
fn patterns_for(name: &str) -> Vec<&'static Regex> {
    if !NAME_PARTS.iter().any(|part| name.contains(part)) {
        return Vec::new();
    }
    let matching = NAMES.as_ref().map(|names| names.matches(name));
    let rows = SETTINGS.iter().zip(&WORDS).enumerate();
    let known = rows.filter(|(index, _)| matching.as_ref().is_some_and(|found| found.matched(*index)));
    known.filter_map(|(_, ((_, word), cell))| cell.get_or_init(|| Regex::new(word).ok()).as_ref()).collect()
}

/// Finds new settings of test runners that leave tests out.
pub(super) fn find_settings(file: &ChangedFile, rule: &Rule) -> Vec<Finding> {
    let path = &file.change.path;
    let Some(after) = &file.after else { return Vec::new() };
    let name = path.file_name().to_string().to_lowercase();
    let known = patterns_for(&name);
    if known.is_empty() && !parts::has_lists(&name) {
        return Vec::new();
    }
    // A new file of settings can be nearer to the tests than the one of the base.
    let before = file.before.as_ref().map_or_else(Vec::new, |before| lines_of_settings(path, before));
    let after = lines_of_settings(path, after);
    let mut added: Vec<String> = Vec::new();
    for words in known {
        let is_new = file.before.is_none();
        let mut old = read_values(words, &before, is_new);
        added.extend(read_values(words, &after, is_new).into_iter().filter_map(|(value, mut number)| {
            number = number.saturating_sub(old.remove(&value).unwrap_or(0));
            (number > 0).then_some(value.0)
        }));
    }
    added.extend(find_emptied(path, &before, &after));
    added.sort();
    added.dedup();
    let shown = added.iter().take(MAX_SHOWN).map(|word| {
        let shown = word.trim().replace('=', " = ").replace('"', "").replace(':', " = ");
        let message = format!(
            "{path} has the new setting `{}`, which can leave tests out",
            to_single_line(shown.trim(), 60)
        );
        rule.finding(message, Label::path(path, "a setting of the test runner")).about_path(path)
    });
    let lost = parts::find_lost_entries(path, &before, &after).into_iter().take(MAX_SHOWN).map(|entry| {
        let entry = to_single_line(&entry, 60);
        let message = format!("{path} no longer has `{entry}`, so the tests there may not run");
        rule.finding(message, Label::path(path, "a list of the test runner")).about_path(path)
    });
    shown.chain(lost).collect()
}

/// Returns the features that a manifest of Cargo no longer has by default: tests behind them
/// are not built.
fn find_emptied(path: &RepoPath, before: &[String], after: &[String]) -> Option<String> {
    if path.file_name() != b"Cargo.toml".as_slice() {
        return None;
    }
    let features = |lines: &[String]| {
        let line = lines.iter().find_map(|line| line.strip_prefix("features.default="));
        line.map(|list| list.matches('"').count() / 2)
    };
    let (old, new) = (features(before)?, features(after).unwrap_or(0));
    (new < old).then(|| "features.default".to_owned())
}

/// Returns the lines of a file of settings, without comments; of a manifest the keys that
/// determine test runs.
fn lines_of_settings(path: &RepoPath, content: &FileContent) -> Vec<String> {
    let is_python = path.file_name().to_string().to_lowercase() == "conftest.py";
    if let Some(keys) = scope::read_keys(path, content).filter(|_| !is_python) {
        let checks = |name: &str| {
            !name.starts_with("scripts.")
                || ["test", "check", "ci", "lint"].iter().any(|word| name.contains(word))
        };
        let keys = keys.iter().filter(|(name, _)| checks(name));
        let mut out: Vec<String> = Vec::new();
        for (name, value) in keys {
            // A table of pytest has many keys; a target of Cargo is one line.
            if name.starts_with("tool.") {
                flatten(name, value, 0, &mut out);
            } else {
                out.push(format!("{name}={value}"));
            }
        }
        out.extend(default_features(path, content));
        return out;
    }
    let text = String::from_utf8_lossy(&content.bytes);
    let of_parts = parts::lines_of_parts(path, &text);
    let name = path.file_name().to_string().to_lowercase();
    let is_ini =
        [".ini", ".cfg", ".conf", ".toml", ".properties", "rc"].iter().any(|end| name.ends_with(end));
    let marks = if is_ini { ["#", ";"] } else { ["#", "//"] };
    let is_comment = |line: &str| marks.iter().any(|mark| line.starts_with(mark));
    // Runners end a line, and its comment, at each of these.
    let lines = text.split(['\n', '\r', '\u{2028}', '\u{2029}']);
    lines.filter(|line| !is_comment(line.trim_start())).map(str::to_owned).chain(of_parts).collect()
}

/// Adds one line for each value inside of a table.
fn flatten(name: &str, value: &serde_json::Value, depth: usize, out: &mut Vec<String>) {
    match value {
        serde_json::Value::Object(table) if depth < 6 => {
            table.iter().for_each(|(key, value)| flatten(key, value, depth + 1, out));
        }
        _ => out.push(format!("{name}={value}")),
    }
}

/// Returns the list of features that a package has by default.
fn default_features(path: &RepoPath, content: &FileContent) -> Option<String> {
    if path.file_name() != b"Cargo.toml".as_slice() {
        return None;
    }
    let text = std::str::from_utf8(&content.bytes).ok()?;
    let file = toml::from_str::<toml::Table>(text).ok()?;
    let list = file.get("features")?.get("default")?.as_array()?.iter();
    let names: Vec<String> =
        list.filter_map(|name| name.as_str().map(|name| format!("\"{name}\""))).collect();
    Some(format!("features.default=[{}]", names.join(",")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_name_has_a_part_that_is_searched_first() {
        for name in [
            "cargo.toml",
            "pytest.ini",
            ".pytest.toml",
            "pyproject.toml",
            "setup.cfg",
            "tox.ini",
            "conftest.py",
            "package.json",
            "nextest.toml",
            "jest.config.js",
            "jest.json",
            "vitest.workspace.ts",
            "vite.config.ts",
            "playwright.config.ts",
            "cypress.config.js",
            "karma.conf.js",
            "ava.config.js",
            "wdio.conf.ts",
            ".mocharc.yml",
            ".mocharc",
            "deno.jsonc",
            "pom.xml",
            "build.gradle.kts",
            "gradle.properties",
            "phpunit.xml.dist",
            ".rspec",
            ".rspec-local",
            "directory.build.props",
            "a.runsettings",
            "a.csproj",
            "ctestcustom.cmake",
            "cmakelists.txt",
            "maven.config",
        ] {
            assert!(!patterns_for(name).is_empty(), "{name}");
        }
        assert!(patterns_for("main.rs").is_empty() && patterns_for("package-notes.md").is_empty());
        for (name, word) in SETTINGS {
            assert!(Regex::new(name).is_ok() && Regex::new(word).is_ok(), "{name}");
            assert!(NAME_PARTS.iter().any(|part| name.contains(part)), "{name}");
        }
    }

    #[test]
    fn settings_and_the_length_of_their_line_are_not_multiplied() {
        let settings = [
            ("pytest.ini", "testpaths=a "),
            ("pytest.ini", "--ignore=a,"),
            ("pytest.ini", "-p no:a "),
            ("jest.config.js", "exclude: 'a', "),
            ("package.json", "--grep=a "),
            ("pom.xml", "<exclude>aTest</exclude>"),
            ("build.gradle", "exclude 'aTest' "),
            ("tox.ini", "addopts = a.py::a,"),
            ("cmakelists.txt", "WILL_FAIL "),
            ("phpunit.xml", "failOnA="),
        ];
        for (name, setting) in settings {
            let line = [format!("addopts {}", setting.repeat(320_000 / setting.len()))];
            let start = std::time::Instant::now();
            let found: Vec<_> =
                patterns_for(name).into_iter().map(|words| read_values(words, &line, false)).collect();
            let took = start.elapsed();
            assert!(took < std::time::Duration::from_secs(20), "{name}: {took:?}");
            assert!(found.iter().any(|all| !all.is_empty()), "{name}");
            let kept: usize = found.iter().flatten().map(|((_, value), _)| value.len()).sum();
            assert!(kept <= line[0].len(), "{name}: {kept} bytes");
        }
    }

    #[test]
    fn a_value_ends_where_the_next_setting_of_the_line_starts() {
        let read = |line: &str| -> Vec<(String, String)> {
            let words = patterns_for("jest.config.js");
            let all = words.into_iter().flat_map(|words| read_values(words, &[line.to_owned()], false));
            all.map(|(setting, _)| setting).collect()
        };
        let owned = |word: &str, value: &str| (word.to_owned(), value.to_owned());
        let both = read("module.exports = {exclude: ['a'], roots: ['b']}");
        assert_eq!(both, [owned("exclude", "['a'],"), owned("roots", "['b']}")]);
        // The words of another block end no value.
        let other = read("module.exports = {testMatch: ['a'], coverage: {exclude: ['b']}}");
        assert_eq!(other, [owned("testMatch", "['a'], coverage: {exclude: ['b']}}")]);
    }
}
