//! `migration/…`: numbered changes of a database, each with a way back and,
//! where there are several back ends, for each of them.

mod name;

use std::collections::BTreeMap;

use name::{Migration, find_migrations};

use crate::finding::Label;
use crate::rule::Rule;
use crate::text::RepoPath;

use super::CheckResult;
use super::context::SourcesCheckContext;

/// `migration/number`: numbers are unique and follow each other.
pub(super) fn number(input: &SourcesCheckContext<'_>, rule: &Rule) -> CheckResult {
    let mut found = Vec::new();
    for all in find_migrations(input).values() {
        let mut numbers: BTreeMap<u64, Vec<&Migration>> = BTreeMap::new();
        for migration in all.iter().filter(|migration| !migration.is_down) {
            numbers.entry(migration.number).or_default().push(migration);
        }
        for twice in numbers.values().filter(|same| same.len() > 1) {
            for migration in twice.iter().skip(1).filter(|one| input.is_reported(&one.path)) {
                let first = twice.first().map_or(&migration.path, |first| &first.path);
                let message = format!("migration number {} is given twice", migration.number_text);
                let finding =
                    rule.finding(message, Label::path(&migration.path, "the second of this number"));
                found.push(finding.related(Label::path(first, "the first")).about_path(&migration.path));
            }
        }
        // Dates are numbers with gaps.
        let counted = numbers.iter().filter(|(number, _)| **number < 1_000_000);
        let mut last: Option<u64> = None;
        for (number, same) in counted {
            let gap = last.is_some_and(|last| *number > last + 1);
            if let Some(migration) = same.first().filter(|one| gap && input.is_reported(&one.path)) {
                let before = last.unwrap_or_default();
                let message = format!("migration {} does not follow {before}", migration.number_text);
                let label = Label::path(&migration.path, format!("number {} is missing", before + 1));
                found.push(rule.finding(message, label).about_path(&migration.path));
            }
            last = Some(*number);
        }
    }
    found.into()
}

/// `migration/down`: every migration has a way back.
pub(super) fn down(input: &SourcesCheckContext<'_>, rule: &Rule) -> CheckResult {
    let all = find_migrations(input);
    let mut found = Vec::new();
    for migration in all.values().flatten().filter(|one| !one.is_down && input.is_reported(&one.path)) {
        if !migration.down_migration_paths().iter().any(|path| input.has_file(path)) {
            let message = format!("migration {} has no way back", migration.number_text);
            let wanted = migration.down_migration_paths().into_iter().next().unwrap_or_default();
            let label = Label::path(&migration.path, "goes one way only");
            found.push(
                rule.finding(message, label).help(format!("Add {wanted}.")).about_path(&migration.path),
            );
        }
    }
    found.into()
}

/// `migration/backend`: what one back end has, the others have.
pub(super) fn backend(input: &SourcesCheckContext<'_>, rule: &Rule) -> CheckResult {
    let names: Vec<String> = match input.settings.backends.as_slice() {
        [] => vec!["sqlite".to_owned(), "postgres".to_owned()],
        given => given.to_vec(),
    };
    let named = |path: &RepoPath, name: &String| path_for_backend(path, name, name).is_some();
    let present: Vec<&String> =
        names.iter().filter(|name| input.paths.iter().any(|path| named(path, name))).collect();
    if present.len() < 2 {
        return CheckResult::skipped(match present.first() {
            Some(one) => format!("the tree has one back end only, `{one}`"),
            None => "the tree has no files of several back ends".to_owned(),
        });
    }
    let mut found = Vec::new();
    for path in input.paths.iter().filter(|path| input.is_reported(path) && !input.settings.skips(path)) {
        for own in &present {
            for other in present.iter().filter(|other| *other != own) {
                if let Some(wanted) =
                    path_for_backend(path, own, other).filter(|wanted| !input.has_file(wanted))
                {
                    let message = format!("{path} is there for `{own}` only");
                    let label = Label::path(path, format!("{wanted} is missing"));
                    found.push(rule.finding(message, label).about_path(path));
                }
            }
        }
    }
    found.into()
}

/// The path with one back end's name instead of another's, where the name is
/// that of a folder or the stem of the file.
fn path_for_backend(path: &RepoPath, own: &str, other: &str) -> Option<String> {
    let text = path.as_str()?;
    let mut found = false;
    let mut put = |name: &str| {
        let (stem, ending) = name.split_once('.').map_or((name, None), |(stem, ending)| (stem, Some(ending)));
        if stem != own {
            return name.to_owned();
        }
        found = true;
        ending.map_or_else(|| other.to_owned(), |ending| format!("{other}.{ending}"))
    };
    let names: Vec<String> = text.split('/').map(&mut put).collect();
    found.then(|| names.join("/"))
}
