//! `migration/…`: database migrations are numbered, have down files, and exist for
//! every database backend.

mod layout;

use std::collections::{BTreeMap, BTreeSet};

use crate::check::CheckResult;
use crate::check::context::SourcesCheckContext;
use crate::finding::{Finding, Label};
use crate::rule::Rule;
use crate::scan::{AreaKind, Language};
use crate::text::RepoPath;

use self::layout::{Migration, MigrationSeries, find_migrations};

/// A series with more gaps than this is not numbered without gaps: one gap, or one for so
/// many migrations.
const MIGRATIONS_PER_GAP: usize = 5;

/// `migration/number`: the numbers of the migrations in a folder are unique and have
/// no gaps.
pub(super) fn number(input: &SourcesCheckContext<'_>, rule: &Rule) -> CheckResult {
    let mut found = Vec::new();
    for series in find_migrations(input).values() {
        let mut versions: BTreeMap<&[u64], Vec<&Migration>> = BTreeMap::new();
        for migration in series.all.iter().filter(|migration| !migration.is_down) {
            versions.entry(&migration.version).or_default().push(migration);
        }
        for same in versions.values().filter(|same| same.len() > 1) {
            let is_duplicate = |other: &&&Migration| !other.is_named && input.is_reported(&other.path);
            for migration in same.iter().skip(1).filter(is_duplicate) {
                let first = same.first().map_or(&migration.path, |first| &first.path);
                let message = format!("the migration number {} is not unique", migration.version_text);
                let finding =
                    rule.finding(message, Label::path(&migration.path, "a further file with this number"));
                found.push(
                    finding
                        .related(Label::path(first, "the first file with this number"))
                        .about_path(&migration.path),
                );
            }
        }
        found.extend(find_gaps(input, rule, series, &versions));
    }
    found.into()
}

/// Returns the gaps in a series of single numbers. Dates have gaps, and a series with many
/// gaps is not meant to be without.
fn find_gaps(
    input: &SourcesCheckContext<'_>,
    rule: &Rule,
    series: &MigrationSeries,
    versions: &BTreeMap<&[u64], Vec<&Migration>>,
) -> Vec<Finding> {
    let counted = versions.iter().filter_map(|(version, same)| match version {
        [number] => same.first().filter(|first| !first.is_date).map(|first| (*number, *first)),
        _ => None,
    });
    let counted: Vec<(u64, &Migration)> = counted.collect();
    let pairs = counted.iter().zip(counted.iter().skip(1));
    // The first number of each gap that no program has, either.
    let gaps: Vec<(u64, &Migration)> = pairs
        .filter_map(|((before, _), (number, migration))| {
            let mut missing = before + 1..*number;
            Some((missing.find(|one| !series.of_programs.contains(&vec![*one]))?, *migration))
        })
        .collect();
    if gaps.len() > 1 && gaps.len() * MIGRATIONS_PER_GAP > counted.len() {
        return Vec::new();
    }
    let report = |(missing, migration): (u64, &Migration)| {
        let message = format!(
            "migration {} follows {}, so number {missing} is missing",
            migration.version_text,
            missing - 1
        );
        rule.finding(message, Label::path(&migration.path, "after the gap")).about_path(&migration.path)
    };
    gaps.into_iter().filter(|(_, migration)| input.is_reported(&migration.path)).map(report).collect()
}

/// `migration/down`: every migration has a down file, if the project has any.
pub(super) fn down(input: &SourcesCheckContext<'_>, rule: &Rule) -> CheckResult {
    let mut found = Vec::new();
    let (mut series, mut forward_only) = (0, 0);
    for MigrationSeries { all, .. } in find_migrations(input).values() {
        series += 1;
        let mut ups: BTreeMap<&[u64], usize> = BTreeMap::new();
        let (mut down_names, mut down_versions) = (BTreeSet::new(), BTreeSet::new());
        for migration in all {
            if migration.is_down {
                down_names.insert((migration.version.as_slice(), migration.name.as_str()));
                down_versions.insert(migration.version.as_slice());
            } else {
                *ups.entry(&migration.version).or_default() += 1;
            }
        }
        // A version with several migrations has a down file for each.
        let is_undone = |migration: &Migration| {
            let version = migration.version.as_slice();
            down_names.contains(&(version, migration.name.as_str()))
                || (ups.get(version) == Some(&1) && down_versions.contains(version))
        };
        let has_down = |migration: &Migration| {
            is_undone(migration)
                || migration.down_paths().iter().any(|path| input.has_file(path))
                || migration.has_down_part(input.read_file)
        };
        let ups: Vec<(&Migration, bool)> = all
            .iter()
            .filter(|migration| !migration.is_down && !migration.is_named)
            .map(|migration| (migration, has_down(migration)))
            .collect();
        // A project that never goes back writes no down file at all.
        if !all.iter().any(|migration| migration.is_down) && !ups.iter().any(|(_, has_down)| *has_down) {
            forward_only += 1;
            continue;
        }
        for (migration, _) in ups.iter().filter(|(up, has_down)| !has_down && input.is_reported(&up.path)) {
            let message = format!("migration {} has no down file", migration.version_text);
            let wanted = migration.down_paths().into_iter().next().unwrap_or_default();
            let label = Label::path(&migration.path, "no down file");
            found.push(
                rule.finding(message, label)
                    .help(format!("Add the file {wanted}."))
                    .about_path(&migration.path),
            );
        }
    }
    if series > 0 && forward_only == series {
        return CheckResult::skipped("no migration has a down file: the migrations only go forward");
    }
    found.into()
}

/// `migration/backend`: if a repository supports several database backends, each
/// backend has the same files as the others.
pub(super) fn backend(input: &SourcesCheckContext<'_>, rule: &Rule) -> CheckResult {
    let names: Vec<String> = match input.settings.backends.as_slice() {
        [] => vec!["sqlite".to_owned(), "postgres".to_owned()],
        given => given.to_vec(),
    };
    let is_of_backend = |path: &RepoPath, name: &String| path_for_backend(path, name, name).is_some();
    let present: Vec<&String> =
        names.iter().filter(|name| input.paths.iter().any(|path| is_of_backend(path, name))).collect();
    if present.len() < 2 {
        return CheckResult::skipped(match present.first() {
            Some(one) => format!("the tree has only one database backend, `{one}`"),
            None => "the tree has no files of several database backends".to_owned(),
        });
    }
    let is_configured = !input.settings.backends.is_empty();
    let mut groups: BTreeMap<String, MirroredFolder> = BTreeMap::new();
    for path in input.paths.iter().filter(|path| is_mirrored_kind(input, path)) {
        for own in &present {
            for other in present.iter().filter(|other| *other != own) {
                let Some(wanted) = path_for_backend(path, own, other) else { continue };
                let group = groups.entry(folder_of_backends(path, own)).or_default();
                if input.has_file(&wanted) {
                    group.mirrored += 1;
                } else {
                    group.missing.push((path.clone(), (*own).clone(), (*other).clone(), wanted));
                }
            }
        }
    }
    // Folders with these names that mirror each other hold the same files for each backend.
    // Others are modules that each have a structure of their own.
    let is_premise = |group: &MirroredFolder| is_configured || group.mirrored >= group.missing.len() * 2;
    let mut found = Vec::new();
    for (path, own, other, wanted) in groups.into_values().filter(is_premise).flat_map(|group| group.missing)
    {
        if input.is_reported(&path) {
            let message = format!("{path} exists for `{own}`, but not for `{other}`: {wanted} is missing");
            let label = Label::path(&path, format!("the file for `{own}`"));
            found.push(rule.finding(message, label).about_path(&path));
        }
    }
    found.into()
}

/// The files of a folder that holds one part for each backend.
#[derive(Default)]
struct MirroredFolder {
    /// Number of files that the other backend has as well.
    mirrored: usize,
    /// Files that it lacks: the file, its backend, the other backend, the missing path.
    missing: Vec<(RepoPath, String, String, String)>,
}

/// Returns whether each backend needs a file like this: a query, a migration, or code of
/// the product.
fn is_mirrored_kind(input: &SourcesCheckContext<'_>, path: &RepoPath) -> bool {
    Language::from_path(path).is_code() && input.area(path) == AreaKind::Product
}

/// Returns the folder above the part of a path that names a backend.
fn folder_of_backends(path: &RepoPath, own: &str) -> String {
    let text = path.to_text();
    let is_own = |name: &&str| name.split('.').next() == Some(own);
    let above: Vec<&str> = text.split('/').take_while(|name| !is_own(name)).collect();
    above.join("/")
}

/// Replaces the name of one backend with that of another in a path, where the name is
/// a folder or the stem of the file. Returns `None` if the path does not contain it.
fn path_for_backend(path: &RepoPath, own: &str, other: &str) -> Option<String> {
    let text = path.as_str()?;
    let mut found = false;
    let mut replace = |name: &str| {
        let (stem, extension) =
            name.split_once('.').map_or((name, None), |(stem, extension)| (stem, Some(extension)));
        if stem != own {
            return name.to_owned();
        }
        found = true;
        extension.map_or_else(|| other.to_owned(), |extension| format!("{other}.{extension}"))
    };
    let names: Vec<String> = text.split('/').map(&mut replace).collect();
    found.then(|| names.join("/"))
}
