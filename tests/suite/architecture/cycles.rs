//! Import cycles between the files and subfolders of one folder.

use std::collections::{BTreeMap, BTreeSet};

use super::SourceFile;
use super::imports::paths;

/// Edges between the modules of one folder, by the folder's module path.
type Folders = BTreeMap<Vec<String>, BTreeMap<String, BTreeSet<String>>>;

/// The cycles as text, one line each.
///
/// `mod.rs` is exempt: it is the parent, which declares the files of its folder
/// and re-exports their items, and which they use through `super`.
pub fn find<'a>(files: impl Iterator<Item = &'a SourceFile>) -> Vec<String> {
    let files: Vec<&SourceFile> = files.filter(|file| file.path.contains('/')).collect();
    let modules: BTreeSet<Vec<String>> = files.iter().map(|file| module_path(&file.path)).collect();
    let mut folders = Folders::new();
    for file in &files {
        let own = module_path(&file.path);
        for path in paths(&file.code()) {
            if let Some(used) = resolve(&own, &path) {
                add_edge(&mut folders, &modules, &own, &used);
            }
        }
    }
    let mut out = Vec::new();
    for (folder, edges) in &folders {
        out.extend(cycles_of(edges).into_iter().map(|cycle| format!("src/{}: {cycle}", folder.join("/"))));
    }
    out
}

/// `check/scope/outside.rs` is the module `check::scope::outside`.
fn module_path(file: &str) -> Vec<String> {
    let names = file.trim_end_matches(".rs").trim_end_matches("/mod");
    names.split('/').map(str::to_owned).collect()
}

/// The absolute path that a path in a module means.
fn resolve(own: &[String], path: &[String]) -> Option<Vec<String>> {
    let mut base = own.to_vec();
    let mut rest = path;
    match rest.first()?.as_str() {
        "crate" => {
            base.clear();
            rest = &rest[1..];
        }
        "self" => rest = &rest[1..],
        _ => {
            while rest.first().is_some_and(|name| name == "super") {
                base.pop()?;
                rest = &rest[1..];
            }
        }
    }
    base.extend(rest.iter().cloned());
    Some(base)
}

/// Adds the edge between the two children of the deepest folder that contains
/// both modules. Top-level modules have an order of their own.
fn add_edge(folders: &mut Folders, modules: &BTreeSet<Vec<String>>, own: &[String], used: &[String]) {
    let common = own.iter().zip(used).take_while(|(a, b)| a == b).count();
    let (Some(from), Some(to)) = (own.get(common), used.get(common)) else { return };
    if common > 0 && modules.contains(&used[..=common]) {
        let edges = folders.entry(own[..common].to_vec()).or_default();
        edges.entry(from.clone()).or_default().insert(to.clone());
    }
}

/// Every module that reaches itself, each cycle once.
fn cycles_of(edges: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let mut reported = BTreeSet::new();
    let mut out = Vec::new();
    for start in edges.keys() {
        if let Some(cycle) = shortest_way_back(start, edges)
            && !cycle.iter().any(|name| reported.contains(name))
        {
            out.push(format!("{} → {start}", cycle.join(" → ")));
            reported.extend(cycle);
        }
    }
    out
}

fn shortest_way_back(start: &str, edges: &BTreeMap<String, BTreeSet<String>>) -> Option<Vec<String>> {
    let mut seen = BTreeSet::new();
    let mut ways = vec![vec![start.to_owned()]];
    while !ways.is_empty() {
        let mut longer = Vec::new();
        for way in ways {
            for next in edges.get(way.last()?).into_iter().flatten() {
                if next == start {
                    return Some(way);
                }
                if seen.insert(next.clone()) {
                    longer.push([way.as_slice(), std::slice::from_ref(next)].concat());
                }
            }
        }
        ways = longer;
    }
    None
}

#[test]
fn a_cycle_over_three_files_is_found() {
    let file = |path: &str, text: &str| SourceFile { path: path.into(), text: text.into(), is_test: false };
    let files = [
        file("check/scope/mod.rs", "pub use a::A;\nuse self::b::B;\n"),
        file("check/scope/a.rs", "use super::b::B;\n"),
        file("check/scope/b.rs", "use crate::check::scope::c::{self, C};\n"),
        file("check/scope/c/mod.rs", "fn f() { super::a::f() }\n"),
        file("check/scope/d.rs", "use super::a::A;\nuse crate::text::Span;\n"),
    ];
    assert_eq!(find(files.iter()), ["src/check/scope: a → b → c → a"]);
}
