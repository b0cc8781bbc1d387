//! Scripts in a folder of scripts below the sources, which people run by hand.
//!
//! Such a file is no part of the product if nothing of the product imports it, and neither a
//! manifest nor a file that builds or starts the product names it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::scan::{AreaKind, Language, Treatment};
use crate::text::RepoPath;

use super::files::{FileScan, ScanContext};
use super::go_files::{FILES_AT_ONCE, ReadFiles};
use super::script_doubles::{find_imports, module_path};

/// Maximum number of scripts that are examined; further ones are the product.
const MAX_TOOLS: usize = 500;

/// First words of the names of scripts in a `package.json` that run the product.
const OF_PRODUCT: [&str; 15] = [
    "start",
    "serve",
    "server",
    "dev",
    "deploy",
    "preview",
    "watch",
    "migrate",
    "migration",
    "worker",
    "cron",
    "job",
    "prod",
    "production",
    "launch",
];

/// Marks scripts that people run by hand as tools.
pub(super) fn mark_script_tools(
    context: &ScanContext<'_>,
    paths: &[RepoPath],
    (requested, file_scans): (&[RepoPath], &mut [FileScan]),
    read: &ReadFiles<'_>,
) {
    let is_candidate = |path: &RepoPath, scan: &FileScan| {
        let is_product = scan.area.is_some_and(|area| area.kind == AreaKind::Product);
        let is_script = scan.language.is_some_and(Language::is_script);
        is_script && is_product && !scan.matches.hits.is_empty() && is_run_by_hand(&path.to_text())
    };
    let named = requested.iter().zip(&*file_scans).enumerate();
    let tools: BTreeMap<String, usize> = named
        .filter(|(_, (path, scan))| is_candidate(path, scan))
        .map(|(at, (path, _))| (module_path(&path.to_text()), at))
        .take(MAX_TOOLS)
        .collect();
    if tools.is_empty() {
        return;
    }
    let names = ToolNames::of(&tools);
    let mut importers: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let mut of_product: BTreeSet<&str> = BTreeSet::new();
    let readable: Vec<RepoPath> = paths
        .iter()
        .filter(|path| Language::from_path(path).is_script() || names_programs(path))
        .cloned()
        .collect();
    for chunk in readable.chunks(FILES_AT_ONCE) {
        read(chunk, &mut |path, text| {
            let Some(text) = text else { return };
            if !Language::from_path(path).is_script() {
                if context.treatment_by_path(path) != Treatment::Tests {
                    of_product.extend(names.named_by(path, text));
                }
                return;
            }
            let own = module_path(&path.to_text());
            for tool in find_imports(&path.to_text(), text, &tools) {
                if own != tool && context.treatment(path, text) != Treatment::Tests {
                    importers.entry(tool).or_default().insert(own.clone());
                }
            }
            // Files that are loaded by a pattern.
            if context.treatment_by_path(path) == Treatment::Product {
                of_product.extend(names.loaded_by(&path.to_text(), text));
            }
        });
    }
    // A tool may import another one.
    loop {
        let is_product = |user: &String| !tools.contains_key(user) || of_product.contains(user.as_str());
        let more: Vec<&str> = importers
            .iter()
            .filter(|(tool, by)| !of_product.contains(*tool) && by.iter().any(is_product))
            .map(|(tool, _)| *tool)
            .collect();
        if more.is_empty() {
            break;
        }
        of_product.extend(more);
    }
    for (tool, at) in &tools {
        if let Some(scan) = file_scans.get_mut(*at).filter(|_| !of_product.contains(tool.as_str())) {
            scan.mark_as_tool(context.rule_set);
        }
    }
}

/// Returns the folder of a path.
fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn is_script_folder(folder: &str) -> bool {
    matches!(folder, "scripts" | "seed" | "seeds" | "seeders")
}

/// Returns whether a file is in a folder of scripts, builds, fills a database with examples, or measures.
fn is_run_by_hand(path: &str) -> bool {
    let stem = module_path(path);
    let name = stem.rsplit('/').next().unwrap_or_default();
    let measures = name.strip_prefix("bench").is_some_and(|rest| {
        rest.is_empty() || rest.starts_with(|c: char| c.is_ascii_uppercase() || matches!(c, '-' | '_' | '.'))
    });
    folder_of(path).split('/').any(is_script_folder) || matches!(name, "seed" | "seeds" | "build") || measures
}

/// Names of files that build or start programs.
const STARTING_NAMES: [&str; 4] = ["Procfile", "package.json", "Caddyfile", "Makefile"];
/// Endings of files that build or start programs, or load scripts into a page.
const STARTING_ENDINGS: [&str; 10] =
    ["sh", "yml", "yaml", "toml", "service", "conf", "html", "astro", "json", "mk"];
/// Settings that name files without running them, by the start of their names.
const SETTINGS: [&str; 6] = ["tsconfig", "jsconfig", "package-lock", ".eslintrc", "biome", "cspell"];

/// Returns whether a file is a manifest, or builds, starts or loads programs.
fn names_programs(path: &RepoPath) -> bool {
    let text = path.to_text();
    let name = text.rsplit('/').next().unwrap_or_default();
    let is_of_developers = text.starts_with(".github/") || text.split('/').any(|part| part == ".vscode");
    let ending = ending_of(name);
    let is_setting = SETTINGS.iter().any(|start| name.starts_with(start));
    let starts = name.contains("Dockerfile") || STARTING_NAMES.contains(&name) || is_justfile(name);
    !is_of_developers && !is_setting && (starts || STARTING_ENDINGS.contains(&ending))
}

fn ending_of(name: &str) -> &str {
    name.rsplit_once('.').map_or("", |(_, ending)| ending)
}

fn is_justfile(name: &str) -> bool {
    name.trim_start_matches('.').eq_ignore_ascii_case("justfile")
}

/// The names by which files refer to scripts, to find all of them in one pass over a text.
struct ToolNames<'t> {
    /// The scripts by their last folder and name; without a folder at the root.
    names: BTreeMap<String, Vec<&'t str>>,
    /// The length of the longest file name of them, in bytes.
    longest: usize,
    /// The scripts by each folder of scripts that they are in: what loads that folder loads them.
    folders: BTreeMap<&'t str, Vec<&'t str>>,
}

impl<'t> ToolNames<'t> {
    fn of(tools: &'t BTreeMap<String, usize>) -> Self {
        let mut out = Self { names: BTreeMap::new(), longest: 0, folders: BTreeMap::new() };
        for tool in tools.keys() {
            let folders: Vec<&str> = folder_of(tool).split('/').collect();
            let name = tool.rsplit('/').next().unwrap_or_default();
            out.longest = out.longest.max(name.len());
            let last = folders.last().copied().unwrap_or_default();
            let key = if last.is_empty() { name.to_owned() } else { format!("{last}/{name}") };
            out.names.entry(key).or_default().push(tool);
            // A folder above the scripts has all kinds of files.
            let first = folders.iter().position(|folder| is_script_folder(folder));
            let first = first.unwrap_or(folders.len().saturating_sub(1));
            for folder in folders.iter().skip(first) {
                out.folders.entry(*folder).or_default().push(tool);
            }
        }
        out
    }

    /// Returns the scripts that a file names which builds or starts programs.
    fn named_by(&self, path: &RepoPath, text: &[u8]) -> Vec<&'t str> {
        let name = path.file_name().to_string();
        let relevant = match name.as_str() {
            "package.json" => product_commands(text),
            "Makefile" => product_recipes(text),
            _ if ending_of(&name) == "mk" || is_justfile(&name) => product_recipes(text),
            _ => String::from_utf8_lossy(text).into_owned(),
        };
        let mut out = Vec::new();
        for word in relevant.split(|c: char| !is_of_path(c)) {
            let parts: Vec<&str> = word.split('/').filter(|part| !matches!(*part, "" | "." | "..")).collect();
            for (at, part) in parts.iter().enumerate() {
                let folder = at.checked_sub(1).and_then(|before| parts.get(before));
                // Endings may follow the name: `fill.d.ts`.
                let ends = part.match_indices('.').map(|(end, _)| end).chain([part.len()]);
                for end in ends.take_while(|end| *end <= self.longest) {
                    let name = part.get(..end).unwrap_or_default();
                    let key = folder.map_or_else(|| name.to_owned(), |folder| format!("{folder}/{name}"));
                    out.extend(self.names.get(&key).into_iter().flatten());
                }
            }
        }
        out
    }

    /// Returns the scripts that a file loads by a pattern or a template: `./scripts/*.ts`,
    /// `./scripts/${name}.js`, `'./scripts/' + name`.
    fn loaded_by(&self, path: &str, text: &[u8]) -> Vec<&'t str> {
        let own = folder_of(path);
        let mut out = Vec::new();
        for at in memchr::memchr_iter(b'/', text) {
            let rest = text.get(at + 1..).unwrap_or_default();
            if !(rest.starts_with(b"*") || rest.starts_with(b"${") || is_joined(rest)) {
                continue;
            }
            let before = text.get(..at).unwrap_or_default();
            let ends_folder =
                |byte: &u8| *byte == b'/' || (byte.is_ascii() && !is_of_path(char::from(*byte)));
            let start = before.iter().rposition(ends_folder).map_or(0, |start| start + 1);
            let named =
                before.get(start..).and_then(|name| std::str::from_utf8(name).ok()).unwrap_or_default();
            let folder = match named {
                // The root of the file system, or the begin of a comment.
                "" => continue,
                "." => own,
                ".." => folder_of(own),
                folder => folder,
            };
            let last = folder.rsplit('/').next().unwrap_or_default();
            out.extend(self.folders.get(last).into_iter().flatten());
        }
        out
    }
}

/// Returns whether a text is the end of a string that is joined with another one.
fn is_joined(rest: &[u8]) -> bool {
    let after =
        rest.strip_prefix(b"'").or_else(|| rest.strip_prefix(b"\"")).or_else(|| rest.strip_prefix(b"`"));
    after.is_some_and(|after| after.trim_ascii_start().starts_with(b"+"))
}

/// Returns whether a character can be a part of a path in a text.
fn is_of_path(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '/' | '.' | '-' | '_' | '@')
}

/// Returns the recipes of a Makefile or justfile that run the product.
fn product_recipes(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let (mut out, mut is_of_product) = (String::new(), false);
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        if !line.starts_with([' ', '\t']) {
            let targets = line.split_once(':').map_or("", |(targets, _)| targets);
            is_of_product = targets.split_whitespace().any(|name| runs_product(name) || name == "run");
        }
        if is_of_product {
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

/// Returns whether the name of a command says that it runs the product.
fn runs_product(name: &str) -> bool {
    name.split([':', '-', '.', '_']).next().is_some_and(|first| OF_PRODUCT.contains(&first))
}

/// Returns what a `package.json` says about the product: its entries, and the scripts that run it.
fn product_commands(text: &[u8]) -> String {
    let Ok(Value::Object(manifest)) = serde_json::from_slice::<Value>(text) else {
        return String::from_utf8_lossy(text).into_owned();
    };
    let mut out = String::new();
    for (key, value) in &manifest {
        match (key.as_str(), value) {
            ("scripts", Value::Object(scripts)) => {
                for (_, command) in scripts.iter().filter(|(name, _)| runs_product(name)) {
                    out.push_str(&format!("{command}\n"));
                }
            }
            // The tool of a database runs it with examples.
            ("prisma" | "lint-staged" | "jest", _) => {}
            _ => out.push_str(&format!("{value}\n")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_that_a_script_is_run_by_hand() {
        for path in [
            "src/scripts/a.ts",
            "db/seed/b/c.ts",
            "db/src/seed.mts",
            "src/bench.ts",
            "src/worker/build.ts",
            "src/benchTree.ts",
        ] {
            assert!(is_run_by_hand(path), "{path}");
        }
        for path in ["src/script.ts", "src/a/seeding.ts", "src/benches.ts", "src/subscripts/a.ts"] {
            assert!(!is_run_by_hand(path), "{path}");
        }
    }

    #[test]
    fn what_starts_the_product_names_its_files() {
        let tools = BTreeMap::from([("src/scripts/tide".to_owned(), 0), ("src/scripts/wind".to_owned(), 1)]);
        let names = ToolNames::of(&tools);
        let named = |path: &str, text: &str| names.named_by(&RepoPath::from(path), text.as_bytes());
        let manifest =
            r#"{"scripts": {"start": "node lib/scripts/tide.js", "fill": "tsx src/scripts/wind.ts"}}"#;
        assert_eq!(named("package.json", manifest), ["src/scripts/tide"]);
        assert_eq!(named("package.json", r#"{"bin": "out/scripts/wind.js"}"#), ["src/scripts/wind"]);
        assert_eq!(named("Dockerfile", "CMD node dist/scripts/tide.js\n"), ["src/scripts/tide"]);
        assert_eq!(named("a/index.html", "<script src=\"./scripts/wind.js\">"), ["src/scripts/wind"]);
        let recipes = "fill: a\n\ttsx src/scripts/wind.ts\n\nserve:\n\ttsx src/scripts/tide.ts\n";
        assert_eq!(named("Makefile", recipes), ["src/scripts/tide"]);
        assert!(named("a.html", "scripts/windy.js other/tide.js").is_empty());
        for path in ["deploy/run.sh", "a.html", "src/page.astro", "manifest.json", "Makefile", "justfile"] {
            assert!(names_programs(&RepoPath::from(path)), "{path}");
        }
        for path in [".github/workflows/a.yml", "tsconfig.build.json", ".vscode/tasks.json", "a.md"] {
            assert!(!names_programs(&RepoPath::from(path)), "{path}");
        }
    }

    #[test]
    fn a_pattern_or_a_template_loads_its_folder() {
        let tools = BTreeMap::from([
            ("seed".to_owned(), 0),
            ("src/scripts/db/tide".to_owned(), 1),
            ("src/scripts/wind".to_owned(), 2),
        ]);
        let names = ToolNames::of(&tools);
        let loaded = |text: &str| names.loaded_by("src/index.ts", text.as_bytes());
        let both = ["src/scripts/db/tide", "src/scripts/wind"];
        for text in ["glob('./scripts/*.ts')", "import(`./scripts/${name}.js`)", "load('../scripts/' + name)"]
        {
            assert_eq!(loaded(text), both, "{text}");
        }
        assert_eq!(loaded("import(`./db/${name}.js`)"), ["src/scripts/db/tide"]);
        assert_eq!(names.loaded_by("index.ts", b"import(`./${name}.js`)"), ["seed"]);
        assert!(loaded("import(`./${name}.js`)").is_empty());
        // A comment is no pattern.
        assert!(loaded("/* all scripts */ a = scripts / 2; '/' + a; b('src/*')").is_empty());
    }

    #[test]
    fn scripts_and_the_texts_that_name_them_are_not_multiplied() {
        let tools: BTreeMap<String, usize> =
            (0..MAX_TOOLS).map(|at| (format!("src/scripts/s{at}/t{at}"), at)).collect();
        let names = ToolNames::of(&tools);
        let text = "./scripts/a/${b} s1/t1.js / ".repeat(100_000);
        let start = std::time::Instant::now();
        assert!(!names.named_by(&RepoPath::from("a.html"), text.as_bytes()).is_empty());
        assert!(names.loaded_by("a.ts", text.as_bytes()).is_empty());
        let long = format!("{}${{", "a/".repeat(1_000_000));
        names.loaded_by("a.ts", long.as_bytes());
        names.loaded_by("a.ts", &vec![b'a'; 4_000_000]);
        let took = start.elapsed();
        assert!(took < std::time::Duration::from_secs(20), "{took:?}");
    }
}
