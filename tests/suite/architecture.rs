//! The structure of the source: modules use only modules listed before them,
//! files stay small, one module does all I/O, no cycles, no two types of one
//! name.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;

use crate::support::{files_below, project};

mod cycles;
mod doors;
mod imports;

/// Lowest layer first: a module uses only modules listed before it.
const MODULES: [&str; 18] = [
    "text", "digest", "finding", "document", "rule", "change", "scan", "check", "config", "system", "usage",
    "ledger", "provider", "bus", "pipeline", "workflow", "render", "cli",
];

/// Files of the crate root that may use every module.
const ROOT_FILES: [&str; 3] = ["main.rs", "lib.rs", "fuzzing.rs"];

/// Root modules that any unit test may use.
const TEST_MODULES: [&str; 1] = ["test_support"];

/// A source file: its path below `src`, and its text.
struct SourceFile {
    path: String,
    text: String,
    /// True for a file that belongs to unit tests only.
    is_test: bool,
}

impl SourceFile {
    /// The path without extension of each module that this file declares for
    /// unit tests.
    fn test_modules(&self) -> Vec<String> {
        static DECLARED: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(r"#\[cfg\(test\)\]\s+(?:pub\(crate\) )?mod (\w+);").expect("pattern")
        });
        let folder = self.path.trim_end_matches(".rs");
        let folder = ["/mod", "lib"].iter().fold(folder, |path, name| path.trim_end_matches(name));
        let name = |name: &str| format!("{folder}/{name}").trim_start_matches('/').to_owned();
        DECLARED.captures_iter(&self.text).map(|captures| name(&captures[1])).collect()
    }

    /// The text without comments and without the unit tests at its end.
    fn code(&self) -> String {
        let production = self.text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        production
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
            .map(|line| format!("{line}\n"))
            .collect()
    }
}

/// The files below `src`, read once for all tests.
fn sources() -> &'static [SourceFile] {
    static SOURCES: LazyLock<Vec<SourceFile>> = LazyLock::new(read_sources);
    &SOURCES
}

fn read_sources() -> Vec<SourceFile> {
    let root = project().join("src");
    let files = files_below(&root).into_iter().filter(|path| path.extension().is_some_and(|end| end == "rs"));
    let mut all: Vec<SourceFile> = files
        .map(|path| SourceFile {
            path: path.strip_prefix(&root).expect("below").to_string_lossy().replace('\\', "/"),
            text: std::fs::read_to_string(path).expect("source"),
            is_test: false,
        })
        .collect();
    let tests: Vec<String> = all.iter().flat_map(SourceFile::test_modules).collect();
    for file in &mut all {
        let is_part = |module: &String| {
            file.path.strip_prefix(module.as_str()).is_some_and(|rest| rest.starts_with(['/', '.']))
        };
        file.is_test = tests.iter().any(is_part);
    }
    all
}

#[test]
fn modules_use_only_modules_listed_above() {
    let rank = |module: &str| MODULES.iter().position(|name| *name == module);
    let mut wrong = Vec::new();
    for file in sources() {
        let module = file.path.split('/').next().unwrap_or_default();
        let is_root_file = ROOT_FILES.contains(&module) || file.is_test;
        let Some(own) = rank(module) else {
            assert!(is_root_file, "src/{} is in no module of the list", file.path);
            continue;
        };
        for path in imports::paths(&file.text).into_iter().filter(|path| path[0] == "crate") {
            let name = path.get(1).map_or("", String::as_str);
            match rank(name) {
                Some(other) if other > own => {
                    wrong.push(format!("src/{} uses {name}, a layer above {module}", file.path));
                }
                Some(_) => {}
                None if file.is_test && TEST_MODULES.contains(&name) => {}
                // A re-export of lib.rs would hide which module is used.
                None => wrong.push(format!("src/{} uses crate::{name}, which is not a module", file.path)),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_config_reads_a_configuration() {
    let is_reader = |source: &SourceFile| {
        let is_config = source.path.starts_with("config/") || source.path.starts_with("fuzzing");
        !is_config && (source.text.contains("Config::read(") || source.text.contains("RawConfig"))
    };
    let readers: Vec<String> = sources()
        .iter()
        .filter(|file| is_reader(file))
        .map(|source| format!("src/{}", source.path))
        .collect();
    assert!(readers.is_empty(), "use config::load in {}", readers.join(", "));
}

#[test]
fn files_are_small() {
    let tests = files_below(&project().join("tests")).into_iter();
    let tests = tests.filter(|path| path.extension().is_some_and(|end| end == "rs")).map(|path| {
        let text = std::fs::read_to_string(&path).expect("source");
        (path.strip_prefix(project()).expect("below").display().to_string(), text)
    });
    let all = sources().iter().map(|file| (format!("src/{}", file.path), file.text.clone())).chain(tests);
    let long: Vec<String> = all
        .filter(|(_, text)| text.lines().count() > 400)
        .map(|(file, text)| format!("{file}: {} lines, more than 400", text.lines().count()))
        .collect();
    assert!(long.is_empty(), "{}", long.join("\n"));
    let main = std::fs::read_to_string(project().join("src/main.rs")).expect("main.rs");
    assert!(main.lines().count() < 15, "main.rs only calls the library");
}

#[test]
fn a_check_family_is_one_file_or_a_folder() {
    let rules = project().join("rules");
    let mut long = Vec::new();
    for file in sources() {
        let Some(family) = file.path.strip_prefix("check/").and_then(|path| path.strip_suffix(".rs")) else {
            continue;
        };
        let lines = file.text.lines().count();
        if rules.join(family).is_dir() && lines > 300 {
            long.push(format!("src/{}: {lines} lines, more than 300; make it a folder", file.path));
        }
    }
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn only_one_module_does_io() {
    let io = Regex::new(r"\bstd::(fs|env|net)::|\bCommand::new|SystemTime::now|\bgit2::").expect("pattern");
    let mut outside = Vec::new();
    for file in sources() {
        if file.path.starts_with("system/") || file.path == "main.rs" || file.is_test {
            continue;
        }
        let lines =
            file.text.lines().filter(|line| !line.trim_start().starts_with("//") && io.is_match(line));
        outside.extend(lines.map(|line| format!("src/{}: {}", file.path, line.trim())));
    }
    assert!(outside.is_empty(), "{}", outside.join("\n"));
}

#[test]
fn the_program_contains_no_mock() {
    let all = sources();
    let mock = all.iter().find(|file| file.path == "provider/mock.rs").expect("the mock");
    assert!(mock.is_test, "provider/mock.rs is compiled into the program");
    let users: Vec<&str> = all
        .iter()
        .filter(|file| {
            !file.is_test && file.path != "provider/mod.rs" && file.code().contains("InMemoryLlmClient")
        })
        .map(|file| file.path.as_str())
        .collect();
    assert!(users.is_empty(), "{users:?}");
    let parent = all.iter().find(|file| file.path == "provider/mod.rs").expect("its parent");
    for line in ["#[cfg(test)]\nmod mock;", "#[cfg(test)]\npub(crate) use mock::InMemoryLlmClient;"] {
        assert!(parent.text.contains(line), "{line}");
    }
}

#[test]
fn files_of_one_folder_have_no_import_cycle() {
    let all = sources();
    let found = cycles::find(all.iter().filter(|file| !file.is_test));
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn no_two_types_have_the_same_name() {
    let types = Regex::new(r"^(\s*)(?:pub(?:\([^)]*\))? )?(?:struct|enum|union|trait|type) ([A-Z]\w*)")
        .expect("pattern");
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for file in sources() {
        let lines: Vec<&str> = file.text.lines().collect();
        for (number, line) in lines.iter().enumerate() {
            let Some(captures) = types.captures(line) else { continue };
            if is_associated_type(&lines[..number], line) {
                continue;
            }
            let location = format!("src/{}:{}", file.path, number + 1);
            found.entry(captures[2].to_owned()).or_default().push(location);
        }
    }
    let twice: Vec<String> = found
        .into_iter()
        .filter(|(_, locations)| locations.len() > 1)
        .map(|(name, locations)| format!("{name}: {}", locations.join(", ")))
        .collect();
    assert!(twice.is_empty(), "{}", twice.join("\n"));
}

/// True for a `type` of a trait or an implementation.
fn is_associated_type(before: &[&str], line: &str) -> bool {
    let indentation = |line: &str| line.len() - line.trim_start().len();
    if !line.trim_start().starts_with("type ") || indentation(line) == 0 {
        return false;
    }
    let parent = before
        .iter()
        .rev()
        .find(|other| !other.trim().is_empty() && indentation(other) < indentation(line))
        .copied()
        .unwrap_or_default();
    // The head of an implementation may end with a line of bounds.
    !parent.trim_start().starts_with("mod ") && !parent.contains("fn ")
}
