//! `migration/…`: database migrations are numbered, have down files, and exist for
//! every database backend.

use std::collections::BTreeMap;

use crate::check::CheckResult;
use crate::check::context::SourcesCheckContext;
use crate::finding::Label;
use crate::rule::Rule;
use crate::text::RepoPath;

/// `migration/number`: the numbers of the migrations in a folder are unique and have
/// no gaps.
pub(super) fn number(input: &SourcesCheckContext<'_>, rule: &Rule) -> CheckResult {
    let mut found = Vec::new();
    for all in find_migrations(input).values() {
        let mut numbers: BTreeMap<u64, Vec<&Migration>> = BTreeMap::new();
        for migration in all.iter().filter(|migration| !migration.is_down) {
            numbers.entry(migration.number).or_default().push(migration);
        }
        for same in numbers.values().filter(|same| same.len() > 1) {
            for migration in same.iter().skip(1).filter(|other| input.is_reported(&other.path)) {
                let first = same.first().map_or(&migration.path, |first| &first.path);
                let message = format!("the migration number {} is not unique", migration.number_text);
                let finding =
                    rule.finding(message, Label::path(&migration.path, "a further file with this number"));
                found.push(
                    finding
                        .related(Label::path(first, "the first file with this number"))
                        .about_path(&migration.path),
                );
            }
        }
        // Larger numbers are dates, which have gaps.
        let counted = numbers.iter().filter(|(number, _)| **number < 1_000_000);
        let mut last: Option<u64> = None;
        for (number, same) in counted {
            let gap = last.is_some_and(|last| *number > last + 1);
            if let Some(migration) =
                same.first().filter(|migration| gap && input.is_reported(&migration.path))
            {
                let before = last.unwrap_or_default();
                let message = format!(
                    "migration {} follows {before}, so number {} is missing",
                    migration.number_text,
                    before + 1
                );
                let label = Label::path(&migration.path, "after the gap");
                found.push(rule.finding(message, label).about_path(&migration.path));
            }
            last = Some(*number);
        }
    }
    found.into()
}

/// `migration/down`: every migration has a down file.
pub(super) fn down(input: &SourcesCheckContext<'_>, rule: &Rule) -> CheckResult {
    let all = find_migrations(input);
    let mut found = Vec::new();
    for migration in
        all.values().flatten().filter(|migration| !migration.is_down && input.is_reported(&migration.path))
    {
        if !migration.down_migration_paths().iter().any(|path| input.has_file(path)) {
            let message = format!("migration {} has no down file", migration.number_text);
            let wanted = migration.down_migration_paths().into_iter().next().unwrap_or_default();
            let label = Label::path(&migration.path, "no down file");
            found.push(
                rule.finding(message, label)
                    .help(format!("Add the file {wanted}."))
                    .about_path(&migration.path),
            );
        }
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
    let mut found = Vec::new();
    for path in input.paths.iter().filter(|path| input.is_reported(path) && !input.skips(path)) {
        for own in &present {
            for other in present.iter().filter(|other| *other != own) {
                if let Some(wanted) =
                    path_for_backend(path, own, other).filter(|wanted| !input.has_file(wanted))
                {
                    let message =
                        format!("{path} exists for `{own}`, but not for `{other}`: {wanted} is missing");
                    let label = Label::path(path, format!("the file for `{own}`"));
                    found.push(rule.finding(message, label).about_path(path));
                }
            }
        }
    }
    found.into()
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

/// One file of a migration.
pub(super) struct Migration {
    pub path: RepoPath,
    pub number: u64,
    /// The number as written.
    pub number_text: String,
    pub is_down: bool,
    /// The path without the parts that distinguish up from down.
    stem: String,
}

impl Migration {
    /// Returns the possible paths of the down file, the preferred one first.
    pub(super) fn down_migration_paths(&self) -> Vec<String> {
        let text = self.path.to_text();
        if let Some(folder) = text.strip_suffix("/up.sql") {
            return vec![format!("{folder}/down.sql")];
        }
        let (folder, name) = self.stem.rsplit_once('/').unwrap_or(("", &self.stem));
        vec![
            format!("{}.down.sql", self.stem),
            format!("{}_down.sql", self.stem),
            format!("{folder}/down/{name}.sql"),
            format!("{folder}/down/{name}.down.sql"),
        ]
    }
}

/// Finds the migrations of the tree, grouped by the folder in which they are
/// numbered.
pub(super) fn find_migrations(input: &SourcesCheckContext<'_>) -> BTreeMap<String, Vec<Migration>> {
    let mut out: BTreeMap<String, Vec<Migration>> = BTreeMap::new();
    for path in input.paths.iter().filter(|path| path.as_bytes().ends_with(b".sql")) {
        let configured = &input.settings.migrations;
        let is_migration_folder = match configured.as_slice() {
            [] => path.folder().split(|byte| *byte == b'/').any(|name| name == b"migrations"),
            folders => folders.iter().any(|folder| path.is_below(folder.as_bytes())),
        };
        if let Some((series, migration)) =
            parse_migration(path).filter(|_| is_migration_folder && !input.skips(path))
        {
            out.entry(series).or_default().push(migration);
        }
    }
    out
}

/// Reads the folder and the number of a migration from its path; `None` if the name
/// has no number.
fn parse_migration(path: &RepoPath) -> Option<(String, Migration)> {
    let text = path.as_str()?;
    let (folder, file) = text.rsplit_once('/')?;
    let in_folder = matches!(file, "up.sql" | "down.sql");
    let (series, name) = if in_folder { folder.rsplit_once('/')? } else { (folder, file) };
    let digits = name.trim_start_matches(['V', 'v', 'U']);
    let number_text: String = digits.chars().take_while(char::is_ascii_digit).collect();
    let number = number_text.parse().ok()?;
    let plain = name.strip_suffix(".sql").unwrap_or(name);
    let down_folder = series.strip_suffix("/down");
    let is_down = file == "down.sql"
        || plain.strip_suffix("down").is_some_and(|stem| stem.ends_with(['.', '_']))
        || name.starts_with('U')
        || down_folder.is_some();
    let base = plain.strip_suffix(".up").or_else(|| plain.strip_suffix("_up")).unwrap_or(plain);
    let stem = if in_folder { folder.to_owned() } else { format!("{folder}/{base}") };
    let series = down_folder.or_else(|| series.strip_suffix("/up")).unwrap_or(series).to_owned();
    Some((series, Migration { path: path.clone(), number, number_text, is_down, stem }))
}
