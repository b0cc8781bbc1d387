//! Scripts in a folder of scripts below the sources, and programs beside the sources, which people
//! run by hand.
//!
//! Such a file is no part of the product if nothing of the product imports it, and neither a
//! manifest nor a file that builds or starts the product names it.

use std::collections::{BTreeMap, BTreeSet};

use crate::scan::{AreaKind, Language, Treatment};
use crate::text::RepoPath;

use super::files::{FileScan, ScanContext};
use super::go_files::{FILES_AT_ONCE, ReadFiles};
use super::script_doubles::{find_imports, module_path};
use super::script_runs::ScriptRuns;
use super::tool_names::{ToolNames, folder_of, is_script_folder, names_programs};

/// Maximum number of files of a package among which a script is looked for.
const MAX_SOURCES: usize = 1_000;
/// Maximum number of scripts that are examined; further ones are the product.
const MAX_TOOLS: usize = 500;

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
        is_script
            && is_product
            && !scan.matches.hits.is_empty()
            && (is_run_by_hand(&path.to_text())
                || is_program_beside_sources(context, paths, path, scan)
                || is_script_of_page(path, scan))
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
    // Beside the sources or on a page, something must say that a script is not the program of the package.
    let unsure: BTreeSet<&str> = tools
        .iter()
        .filter(|(tool, at)| {
            let text = file_scans.get(**at).and_then(|scan| scan.text.as_ref());
            let is_command = text.is_some_and(|text| reads_arguments(text.source.text().as_bytes()));
            let is_of_page = folder_of(tool).split('/').any(is_folder_of_page);
            !is_run_by_hand(tool) && (is_of_page || !(is_command || is_named_after_trials(tool)))
        })
        .map(|(tool, _)| tool.as_str())
        .collect();
    let mut of_developers: BTreeSet<&str> = BTreeSet::new();
    let names = ToolNames::of(&tools, &|tool| !is_run_by_hand(tool));
    let mut runs = ScriptRuns::default();
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
                    of_developers.extend(names.named_by_developers(path, text));
                    if path.file_name() == "package.json" {
                        runs.add_manifest(text);
                    } else {
                        runs.add_runner(text);
                    }
                }
                return;
            }
            let own = module_path(&path.to_text());
            for tool in find_imports(&path.to_text(), text, &tools) {
                if own != tool && context.treatment(path, text) != Treatment::Tests {
                    importers.entry(tool).or_default().insert(own.clone());
                }
            }
            // What configures a build names its entries without a folder.
            if context.treatment_by_path(path) != Treatment::Tests {
                of_product.extend(names.quoted_by(&own, text));
                let started = names.started_by(Language::from_path(path), text);
                of_product.extend(started.into_iter().filter(|tool| *tool != own));
            }
            // Files that are loaded by a pattern.
            if context.treatment_by_path(path) == Treatment::Product {
                of_product.extend(names.loaded_by(&path.to_text(), text));
            }
        });
    }
    of_product.extend(names.find_in(&runs.commands()));
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
        let tool = tool.as_str();
        let is_tool = !unsure.contains(tool) || of_developers.contains(tool);
        if let Some(scan) = file_scans.get_mut(*at).filter(|_| is_tool && !of_product.contains(tool)) {
            scan.mark_as_tool(context.rule_set);
        }
    }
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

/// Returns whether a script is a program beside the manifest of a package that has its sources in
/// a folder: what the package delivers is there.
fn is_program_beside_sources(
    context: &ScanContext<'_>,
    paths: &[RepoPath],
    path: &RepoPath,
    scan: &FileScan,
) -> bool {
    let folder = path.folder().to_string();
    let is_beside = context.areas.manifest_folder(path, Language::TypeScript) == Some(folder.as_str());
    let text = scan.text.as_ref().map(|text| text.source.text().as_bytes());
    is_beside && !is_usual_entry(&path.to_text()) && text.is_some_and(runs_alone) && {
        let start = if folder.is_empty() { "src/".to_owned() } else { format!("{folder}/src/") };
        let first = paths.partition_point(|path| path.as_bytes() < start.as_bytes());
        let below = paths.iter().skip(first).take_while(|path| path.as_bytes().starts_with(start.as_bytes()));
        below.take(MAX_SOURCES).any(|path| Language::from_path(path).is_script())
    }
}

/// Returns whether a script is one that pages load by its address, and that no module imports.
fn is_script_of_page(path: &RepoPath, scan: &FileScan) -> bool {
    let is_plain = matches!(Language::from_path(path), Language::JavaScript);
    let text = scan.text.as_ref().map(|text| text.source.text().as_bytes());
    is_plain && folder_of(&path.to_text()).split('/').any(is_folder_of_page) && text.is_some_and(runs_alone)
}

/// Returns whether a server gives the files of a folder to pages.
fn is_folder_of_page(name: &str) -> bool {
    matches!(name, "static" | "public" | "assets" | "wwwroot")
}

/// Returns whether a script gives nothing to others: it does something when it is run.
fn runs_alone(text: &[u8]) -> bool {
    let mentions = |words: &[u8]| memchr::memmem::find(text, words).is_some();
    !text.starts_with(b"export ")
        && !mentions(b"\nexport ")
        && !mentions(b"exports.")
        && !mentions(b"exports =")
}

/// Returns whether a script reads the arguments of a command.
fn reads_arguments(text: &[u8]) -> bool {
    let signs = ["process.argv", "Bun.argv", "Deno.args", "import.meta.main", "require.main === module"];
    text.starts_with(b"#!") || signs.iter().any(|sign| memchr::memmem::find(text, sign.as_bytes()).is_some())
}

/// Returns whether the name of a script says that somebody tries something with it: `test-client`.
fn is_named_after_trials(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.split(['-', '_']).next().is_some_and(|first| {
        name.len() > first.len() && matches!(first, "test" | "try" | "demo" | "debug" | "scratch" | "example")
    })
}

/// Returns whether a program or a framework takes a script by its name alone.
fn is_usual_entry(path: &str) -> bool {
    let module = module_path(path);
    let name = module.rsplit('/').next().unwrap_or_default();
    let first = name.split(['-', '.', '_']).next().unwrap_or_default();
    let usual = [
        "index",
        "main",
        "server",
        "app",
        "cli",
        "worker",
        "bot",
        "start",
        "run",
        "background",
        "content",
        "popup",
        "sw",
        "service",
        "preload",
        "instrumentation",
        "gatsby",
        "entry",
        "middleware",
        "bootstrap",
        "polyfills",
        "",
    ];
    usual.contains(&first)
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
}
