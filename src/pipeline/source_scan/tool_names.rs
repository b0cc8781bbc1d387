//! How files that build, start or load programs refer to scripts.

use std::collections::BTreeMap;

use aho_corasick::AhoCorasick;
use serde_json::Value;

use crate::scan::lexer::tokenize;
use crate::scan::{Language, TokenKind, TokenKindSet};
use crate::text::RepoPath;

use super::debug_pages::{TEMPLATE_ENDINGS, split_template};
use super::run_names::{product_commands, product_recipes, runs_for_developers};

/// Returns the folder of a path.
pub(super) fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

pub(super) fn is_script_folder(folder: &str) -> bool {
    matches!(folder, "scripts" | "seed" | "seeds" | "seeders")
}

/// Endings of files that start no program: documents, styles, data, and output of tools.
const NOT_STARTING: [&str; 24] = [
    "md", "rst", "adoc", "txt", "css", "scss", "sass", "less", "svg", "png", "jpg", "gif", "ico", "webp",
    "pdf", "lock", "map", "csv", "tsv", "sql", "snap", "po", "woff2", "wasm",
];
/// Settings that name files without running them, by the start of their names.
const SETTINGS: [&str; 9] = [
    "tsconfig",
    "jsconfig",
    "package-lock",
    ".eslintrc",
    "biome",
    "cspell",
    ".gitignore",
    ".gitattributes",
    ".dockerignore",
];

/// Returns whether a file can be a manifest, or can build, start or load programs.
pub(super) fn names_programs(path: &RepoPath) -> bool {
    let text = path.to_text();
    let name = text.rsplit('/').next().unwrap_or_default();
    let is_of_developers = text.starts_with(".github/") || text.split('/').any(|part| part == ".vscode");
    let is_setting = SETTINGS.iter().any(|start| name.starts_with(start)) || name.ends_with("ignore");
    !is_of_developers && !is_setting && !NOT_STARTING.contains(&ending_of(name))
}

fn ending_of(name: &str) -> &str {
    name.rsplit_once('.').map_or("", |(_, ending)| ending)
}

fn is_justfile(name: &str) -> bool {
    name.trim_start_matches('.').eq_ignore_ascii_case("justfile")
}

const QUOTES: [char; 3] = ['"', '\'', '`'];

/// The names by which files refer to scripts, to find all of them in one pass over a text.
pub(super) struct ToolNames<'t> {
    /// The scripts by their last folder and name; without a folder at the root.
    names: BTreeMap<String, Vec<&'t str>>,
    /// The length of the longest file name of them, in bytes.
    longest: usize,
    /// A search for the file names of scripts, without their endings.
    any: Option<AhoCorasick>,
    /// A search for the quoted names of scripts beside a manifest, and these scripts.
    quoted: Option<(AhoCorasick, Vec<&'t str>)>,
    /// The scripts by each folder of scripts that they are in: what loads that folder loads them.
    folders: BTreeMap<&'t str, Vec<&'t str>>,
}

impl<'t> ToolNames<'t> {
    /// `is_beside` returns whether a script is beside a manifest: then its name is enough.
    pub(super) fn of(tools: &'t BTreeMap<String, usize>, is_beside: &dyn Fn(&str) -> bool) -> Self {
        let name = |tool: &str| tool.rsplit('/').next().unwrap_or_default().to_owned();
        let any = AhoCorasick::new(tools.keys().map(|tool| name(tool))).ok();
        let mut out =
            Self { names: BTreeMap::new(), longest: 0, any, quoted: None, folders: BTreeMap::new() };
        let mut beside = Vec::new();
        for tool in tools.keys() {
            let folders: Vec<&str> = folder_of(tool).split('/').collect();
            let name = tool.rsplit('/').next().unwrap_or_default();
            out.longest = out.longest.max(name.len());
            let last = folders.last().copied().unwrap_or_default();
            let key = if last.is_empty() { name.to_owned() } else { format!("{last}/{name}") };
            out.names.entry(key).or_default().push(tool);
            if is_beside(tool) {
                beside.push(tool.as_str());
                out.names.entry(name.to_owned()).or_default().push(tool);
            }
            // A folder above the scripts has all kinds of files.
            let first = folders.iter().position(|folder| is_script_folder(folder));
            let first = first.unwrap_or(folders.len().saturating_sub(1));
            for folder in folders.iter().skip(first) {
                out.folders.entry(*folder).or_default().push(tool);
            }
        }
        let name = |tool: &&str| tool.rsplit('/').next().unwrap_or_default().to_owned();
        let names = beside.iter().map(name);
        let quoted = names.flat_map(|name| QUOTES.map(|quote| format!("{quote}{name}")));
        let search = AhoCorasick::new(quoted).ok().filter(|_| !beside.is_empty());
        out.quoted = search.map(|search| (search, beside));
        out
    }

    /// Returns the scripts that a script starts with a command: their names with an ending, in a
    /// text such as `'node fill.js'` or `'./fill.js'`.
    pub(super) fn started_by(&self, language: Language, text: &[u8]) -> Vec<&'t str> {
        if self.quoted.is_none() || !self.has_any(text) {
            return Vec::new();
        }
        let texts = tokenize(language, text).masked_text(text, TokenKindSet::of(&[TokenKind::Str]));
        let texts = String::from_utf8_lossy(&texts);
        let words = texts.split(|c: char| !is_of_path(c));
        let named = words.filter(|word| Language::from_path(&RepoPath::from(*word)).is_script());
        named.flat_map(|word| self.find_in(word)).collect()
    }

    /// Returns whether a text has the name of any of the scripts.
    fn has_any(&self, text: &[u8]) -> bool {
        self.any.as_ref().is_none_or(|any| any.is_match(text))
    }

    /// Returns the scripts that a file names which builds or starts programs.
    pub(super) fn named_by(&self, path: &RepoPath, text: &[u8]) -> Vec<&'t str> {
        if !self.has_any(text) {
            return Vec::new();
        }
        let name = path.file_name().to_string();
        let relevant = match name.as_str() {
            "package.json" => product_commands(text),
            "Makefile" => product_recipes(text),
            _ if ending_of(&name) == "mk" || is_justfile(&name) => product_recipes(text),
            _ if TEMPLATE_ENDINGS.contains(&ending_of(&name)) => {
                split_template(&String::from_utf8_lossy(text)).0
            }
            _ => String::from_utf8_lossy(text).into_owned(),
        };
        self.find_in(&relevant)
    }

    /// Returns the scripts that a `package.json` runs for its developers alone, or that a page loads
    /// on a server for debugging alone.
    pub(super) fn named_by_developers(&self, path: &RepoPath, text: &[u8]) -> Vec<&'t str> {
        if TEMPLATE_ENDINGS.contains(&ending_of(&path.file_name().to_string())) {
            return self.find_in(&split_template(&String::from_utf8_lossy(text)).1);
        }
        let is_manifest = path.file_name() == "package.json";
        let manifest =
            serde_json::from_slice::<Value>(text).ok().filter(|_| is_manifest && self.quoted.is_some());
        let scripts = manifest.as_ref().and_then(|manifest| manifest.get("scripts")?.as_object());
        let own = scripts.into_iter().flatten().filter(|(name, _)| runs_for_developers(name));
        own.flat_map(|(_, command)| self.find_in(command.as_str().unwrap_or_default())).collect()
    }

    /// Returns the scripts that a text names.
    pub(super) fn find_in(&self, relevant: &str) -> Vec<&'t str> {
        let mut out = Vec::new();
        for word in relevant.split(|c: char| !is_of_path(c)) {
            let parts: Vec<&str> = word.split('/').filter(|part| !matches!(*part, "" | "." | "..")).collect();
            for (at, part) in parts.iter().enumerate() {
                let folder = at.checked_sub(1).and_then(|before| parts.get(before));
                // Endings may follow the name: `fill.d.ts`.
                let ends = part.match_indices('.').map(|(end, _)| end).chain([part.len()]);
                for end in ends.take_while(|end| *end <= self.longest) {
                    let name = part.get(..end).unwrap_or_default();
                    // The name alone is that of a script beside a manifest, wherever its output is.
                    out.extend(self.names.get(name).into_iter().flatten());
                    let key = folder.map(|folder| format!("{folder}/{name}"));
                    out.extend(key.and_then(|key| self.names.get(&key)).into_iter().flatten());
                }
            }
        }
        out
    }

    /// Returns the scripts beside a manifest whose plain names are in quotes in another script, with
    /// an ending or without.
    pub(super) fn quoted_by(&self, own: &str, text: &[u8]) -> Vec<&'t str> {
        let Some((search, tools)) = &self.quoted else { return Vec::new() };
        let is_end =
            |found: &aho_corasick::Match| matches!(text.get(found.end()), Some(b'.' | b'"' | b'\'' | b'`'));
        let found = search.find_overlapping_iter(text).filter(is_end);
        let named = found.filter_map(|found| tools.get(found.pattern().as_usize() / QUOTES.len()));
        named.copied().filter(|tool| *tool != own).collect()
    }

    /// Returns the scripts that a file loads by a pattern or a template: `./scripts/*.ts`,
    /// `./scripts/${name}.js`, `'./scripts/' + name`.
    pub(super) fn loaded_by(&self, path: &str, text: &[u8]) -> Vec<&'t str> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_starts_the_product_names_its_files() {
        let tools = BTreeMap::from([("src/scripts/tide".to_owned(), 0), ("src/scripts/wind".to_owned(), 1)]);
        let names = ToolNames::of(&tools, &|_| false);
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
        for path in ["start.ps1", "a/main.py", "src/main.rs", "Jenkinsfile", "page.pug", "bin/run", "a.xml"] {
            assert!(names_programs(&RepoPath::from(path)), "{path}");
        }
        for path in [".github/workflows/a.yml", "tsconfig.build.json", ".vscode/tasks.json", "a.md", "a.css"]
        {
            assert!(!names_programs(&RepoPath::from(path)), "{path}");
        }
    }

    #[test]
    fn a_command_in_a_text_starts_a_script_beside_a_manifest() {
        let tools = BTreeMap::from([("app/tide".to_owned(), 0)]);
        let names = ToolNames::of(&tools, &|_| true);
        let started = |text: &str| names.started_by(Language::TypeScript, text.as_bytes());
        for text in ["exec('node tide.js -a')", "fork('./tide.mjs')", "run(`${root}/tide.ts`)"] {
            assert_eq!(started(text), ["app/tide"], "{text}");
        }
        for text in ["// node tide.js", "a('the tide')", "tide.js()", "a('tides.js')"] {
            assert!(started(text).is_empty(), "{text}");
        }
        // The compiled file of a program.
        let manifest = RepoPath::from("app/package.json");
        assert_eq!(names.named_by(&manifest, br#"{"bin": "./out/tide.js"}"#), ["app/tide"]);
    }

    #[test]
    fn a_pattern_or_a_template_loads_its_folder() {
        let tools = BTreeMap::from([
            ("seed".to_owned(), 0),
            ("src/scripts/db/tide".to_owned(), 1),
            ("src/scripts/wind".to_owned(), 2),
        ]);
        let names = ToolNames::of(&tools, &|_| false);
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
            (0..500).map(|at| (format!("src/scripts/s{at}/t{at}"), at)).collect();
        let names = ToolNames::of(&tools, &|_| false);
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
