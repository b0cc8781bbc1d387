//! `migration/…`: numbered changes of a database, each with a way back and,
//! where there are several back ends, for each of them.

use std::collections::BTreeMap;

use crate::check::CheckResult;
use crate::check::context::SourcesCheckContext;
use crate::finding::Label;
use crate::rule::Rule;
use crate::text::RepoPath;

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

/// One file of a migration.
pub(super) struct Migration {
    pub path: RepoPath,
    pub number: u64,
    /// The number as written.
    pub number_text: String,
    pub is_down: bool,
    /// Path without what tells up from down.
    stem: String,
}

impl Migration {
    /// Where its way back may lie; the best place first.
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

/// The migrations of the tree by the folder that numbers them.
pub(super) fn find_migrations(input: &SourcesCheckContext<'_>) -> BTreeMap<String, Vec<Migration>> {
    let mut out: BTreeMap<String, Vec<Migration>> = BTreeMap::new();
    for path in input.paths.iter().filter(|path| path.as_bytes().ends_with(b".sql")) {
        let configured = &input.settings.migrations;
        let here = match configured.as_slice() {
            [] => path.folder().split(|byte| *byte == b'/').any(|name| name == b"migrations"),
            folders => folders.iter().any(|folder| path.is_below(folder.as_bytes())),
        };
        if let Some((series, migration)) =
            parse_migration(path).filter(|_| here && !input.settings.skips(path))
        {
            out.entry(series).or_default().push(migration);
        }
    }
    out
}

fn parse_migration(path: &RepoPath) -> Option<(String, Migration)> {
    let text = path.as_str()?;
    let (folder, file) = text.rsplit_once('/')?;
    let in_folder = matches!(file, "up.sql" | "down.sql");
    let (series, name) = if in_folder { folder.rsplit_once('/')? } else { (folder, file) };
    let digits = name.trim_start_matches(['V', 'v', 'U']);
    let shown: String = digits.chars().take_while(char::is_ascii_digit).collect();
    let number = shown.parse().ok()?;
    let plain = name.strip_suffix(".sql").unwrap_or(name);
    let down_folder = series.strip_suffix("/down");
    let is_down = file == "down.sql"
        || plain.strip_suffix("down").is_some_and(|stem| stem.ends_with(['.', '_']))
        || name.starts_with('U')
        || down_folder.is_some();
    let base = plain.strip_suffix(".up").or_else(|| plain.strip_suffix("_up")).unwrap_or(plain);
    let stem = if in_folder { folder.to_owned() } else { format!("{folder}/{base}") };
    let series = down_folder.or_else(|| series.strip_suffix("/up")).unwrap_or(series).to_owned();
    Some((series, Migration { path: path.clone(), number, number_text: shown, is_down, stem }))
}
