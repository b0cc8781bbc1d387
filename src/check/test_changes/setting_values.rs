//! The values of settings of test runners, line by line.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::LazyLock;

use regex::{Match, Regex};

/// A block of a configuration whose lists are not about tests.
static OTHER_BLOCK: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(?:^|[^\w.])["']?(?:coverage|optimizeDeps|build|ssr|server|resolve|typecheck|lint|fmt|compile)["']?\s*:\s*\{"#).ok()
});

/// Plug-ins of pytest that may be switched off: they run no tests.
const SILENT_PLUGINS: [&str; 6] =
    ["no:cacheprovider", "no:warnings", "no:logging", "no:sugar", "no:faulthandler", "no:randomly"];

/// Words that other blocks of a configuration have, too.
const SHARED_WORDS: [&str; 7] = ["exclude", "include", "files", "runner", "roots", "spec", "specs"];

/// Returns the settings of lines, each with its value, and how often they occur. Every new file of
/// a runner says where its tests are: that counts only in a file that was there before. A value
/// ends where the next setting of its line starts, so that all values of a line together are no
/// longer than the line.
pub(super) fn read_values(
    words: &Regex,
    lines: &[String],
    is_new: bool,
) -> BTreeMap<(String, String), usize> {
    let mut out = BTreeMap::new();
    // A fixture that only some tests ask for may skip them.
    let is_unasked = lines.iter().any(|line| line.contains("autouse") || line.contains("def pytest_"));
    // Braces around the line, and those of a block that has lists of its own.
    let (mut depth, mut other): (usize, Option<usize>) = (0, None);
    for line in lines {
        let plain = without_strings(line);
        let opens = other_blocks(&plain);
        let mut about: Option<LineWords> = None;
        let mut settings: Vec<(Match<'_>, bool)> = Vec::new();
        for captures in words.captures_iter(line) {
            let found = ["a", "b", "k", "s", "e", "n", "o", "p", "f", "w"]
                .iter()
                .find_map(|name| captures.name(name));
            let Some(found) = found else { continue };
            let word = found.as_str().trim();
            let about = about.get_or_insert_with(|| LineWords::read(line));
            let is_module = word == "-m" && about.has_python;
            let is_asked = captures.name("s").is_some() && !is_unasked;
            let is_inside = || opens.iter().any(|block| block.contains(&found.start()));
            let is_other = SHARED_WORDS.contains(&word) && (other.is_some() || is_inside());
            let is_place = is_new && captures.name("o").is_some();
            let is_foreign = captures.name("f").is_some() && !about.has_addopts;
            let is_other_plugin = word == "-p" && !about.switches_plugin;
            if is_module || is_asked || is_other || is_place || is_foreign || is_other_plugin {
                continue;
            }
            let is_whole = ["b", "e", "o", "w"].iter().any(|name| captures.name(name).is_some());
            settings.push((found, is_whole));
        }
        let starts = settings.iter().skip(1).map(|(found, _)| found.start()).chain([line.len()]);
        for ((found, is_whole), end) in settings.iter().zip(starts) {
            let rest = line.get(found.end()..end).unwrap_or_default();
            let rest = rest.trim_start_matches([' ', '=', '"', '\'', ':']);
            let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ',');
            let value = if *is_whole { rest.trim_end() } else { rest.split(ends).next().unwrap_or_default() };
            *out.entry((found.as_str().trim().to_owned(), value.to_owned())).or_default() += 1;
        }
        // A block that is open at the end of the line goes on.
        let open = opens.iter().find(|block| block.end == plain.len());
        if let Some(block) = open.filter(|_| other.is_none()) {
            other = Some(depth_after(depth, plain.get(..block.start).unwrap_or("")));
        }
        depth = depth_after(depth, &plain);
        other = other.filter(|start| depth > *start);
    }
    out
}

/// Returns how many braces are open behind a text.
fn depth_after(depth: usize, text: &str) -> usize {
    let count = |depth: usize, c: char| match c {
        '{' | '[' => depth + 1,
        '}' | ']' => depth.saturating_sub(1),
        _ => depth,
    };
    text.chars().fold(depth, count)
}

/// Returns the blocks of a line whose lists are not about tests, each from its name to its last
/// brace, or to the end of the line.
fn other_blocks(plain: &str) -> Vec<Range<usize>> {
    let mut out: Vec<Range<usize>> = Vec::new();
    for found in OTHER_BLOCK.iter().flat_map(|pattern| pattern.find_iter(plain)) {
        if out.last().is_some_and(|block| found.start() < block.end) {
            continue;
        }
        let mut open = 1_usize;
        let rest = plain.get(found.end()..).unwrap_or("");
        let close = rest.char_indices().find(|(_, c)| {
            open = depth_after(open, c.encode_utf8(&mut [0; 4]));
            open == 0
        });
        let end = close.map_or(plain.len(), |(at, _)| found.end() + at);
        out.push(found.start()..end);
    }
    out
}

/// Returns a line in which the characters inside of strings are spaces, of the same length. What
/// is in a string opens no block.
fn without_strings(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(start) = rest.find(['"', '\'', '`']) {
        let (before, quoted) = rest.split_at(start);
        let (quote, behind) = quoted.split_at(1);
        let Some((inner, after)) = behind.split_once(quote) else { break };
        out.push_str(before);
        out.push_str(quote);
        // A name in quotes can be that of a block.
        if inner.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            out.push_str(inner);
        } else {
            out.extend(std::iter::repeat_n(' ', inner.len()));
        }
        out.push_str(quote);
        rest = after;
    }
    out.push_str(rest);
    out
}

/// What a whole line says about its settings. It is read once for all of them.
struct LineWords {
    has_python: bool,
    has_addopts: bool,
    /// Whether `-p` is an option of pytest that does more than to switch a silent plug-in off.
    switches_plugin: bool,
}

impl LineWords {
    fn read(line: &str) -> Self {
        let has_addopts = line.contains("addopts");
        let is_pytest = has_addopts || line.contains("pytest") || line.trim_start().starts_with('-');
        let is_silent = SILENT_PLUGINS.iter().any(|silent| line.contains(silent));
        Self { has_python: line.contains("python"), has_addopts, switches_plugin: is_pytest && !is_silent }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn excluded(lines: &[&str]) -> usize {
        let words = Regex::new(r"(?P<a>\bexclude\b)").expect("pattern");
        let lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        read_values(&words, &lines, false).values().sum()
    }

    #[test]
    fn a_setting_beside_another_block_counts() {
        for line in [
            "export default { test: { exclude: ['**/*.test.ts'], coverage: { provider: 'v8' } } }",
            "export default { build: {}, test: { exclude: ['a'] } }",
            "export default { name: ' server: {', test: { exclude: ['a'] } }",
            "exclude: ['a'], coverage: {",
        ] {
            assert_eq!(excluded(&[line]), 1, "{line}");
        }
        assert_eq!(excluded(&["  name: ' server: {',", "  exclude: ['a'],"]), 1);
        for lines in [
            vec!["coverage: { exclude: ['a'] },"],
            vec!["\"coverage\": { \"exclude\": ['a'] },"],
            vec!["test: { globals: true, coverage: {", "  exclude: ['a'],", "} }"],
            vec!["coverage: { all: [", "'x'],", "exclude: ['a'] }"],
        ] {
            assert_eq!(excluded(&lines), 0, "{lines:?}");
        }
        assert_eq!(excluded(&["coverage: {", "  exclude: ['a'],", "},", "exclude: ['b'],"]), 1);
    }
}
