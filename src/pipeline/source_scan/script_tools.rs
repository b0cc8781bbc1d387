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
                of_product.extend(named_by(path, text, &tools));
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
                let is_loaded = |tool: &&String| {
                    let folder = folder_of(tool).rsplit('/').next().unwrap_or_default();
                    memchr::memmem::find(text, format!("{folder}/*").as_bytes()).is_some()
                };
                of_product.extend(tools.keys().filter(is_loaded).map(String::as_str));
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

/// Returns whether a file is in a folder of scripts, builds, fills a database with examples, or measures.
fn is_run_by_hand(path: &str) -> bool {
    let stem = module_path(path);
    let name = stem.rsplit('/').next().unwrap_or_default();
    let is_folder = |folder: &str| matches!(folder, "scripts" | "seed" | "seeds" | "seeders");
    let measures = name.strip_prefix("bench").is_some_and(|rest| {
        rest.is_empty() || rest.starts_with(|c: char| c.is_ascii_uppercase() || matches!(c, '-' | '_' | '.'))
    });
    folder_of(path).split('/').any(is_folder) || matches!(name, "seed" | "seeds" | "build") || measures
}

/// Returns whether a file is a manifest, or builds or starts programs.
fn names_programs(path: &RepoPath) -> bool {
    let text = path.to_text();
    let name = text.rsplit('/').next().unwrap_or_default();
    let is_of_workflow = text.starts_with(".github/");
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    let starts = name.contains("Dockerfile") || matches!(name, "Procfile" | "package.json" | "Caddyfile");
    !is_of_workflow && (starts || matches!(ending, "sh" | "yml" | "yaml" | "toml" | "service" | "conf"))
}

/// Returns the scripts that such a file names: by the last folder and the name.
fn named_by<'t>(path: &RepoPath, text: &[u8], tools: &'t BTreeMap<String, usize>) -> Vec<&'t str> {
    let relevant = if path.to_text().ends_with("package.json") {
        product_commands(text)
    } else {
        String::from_utf8_lossy(text).into_owned()
    };
    let is_named = |tool: &&str| {
        let folder = folder_of(tool).rsplit('/').next().unwrap_or_default();
        let name = tool.rsplit('/').next().unwrap_or_default();
        relevant.contains(&format!("{folder}/{name}"))
    };
    tools.keys().map(String::as_str).filter(is_named).collect()
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
                let of_product = |name: &str| {
                    name.split([':', '-', '.']).next().is_some_and(|first| OF_PRODUCT.contains(&first))
                };
                for (_, command) in scripts.iter().filter(|(name, _)| of_product(name)) {
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
        let named = |path: &str, text: &str| named_by(&RepoPath::from(path), text.as_bytes(), &tools);
        let manifest =
            r#"{"scripts": {"start": "node lib/scripts/tide.js", "fill": "tsx src/scripts/wind.ts"}}"#;
        assert_eq!(named("package.json", manifest), ["src/scripts/tide"]);
        assert_eq!(named("package.json", r#"{"bin": "out/scripts/wind.js"}"#), ["src/scripts/wind"]);
        assert_eq!(named("Dockerfile", "CMD node dist/scripts/tide.js\n"), ["src/scripts/tide"]);
        assert!(names_programs(&RepoPath::from("deploy/run.sh")));
        assert!(!names_programs(&RepoPath::from(".github/workflows/a.yml")));
    }
}
