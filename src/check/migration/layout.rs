//! Layouts of migration files: those of Diesel, sqlx, Prisma, Flyway, golang-migrate,
//! goose, dbmate and similar tools.

use std::collections::BTreeMap;

use crate::check::context::SourcesCheckContext;
use crate::scan::AreaKind;
use crate::text::RepoPath;

/// Names of folders in which tools look for migrations.
const MIGRATION_FOLDERS: [&str; 2] = ["migrations", "migration"];
/// Number of digits from which on a number is a date.
const DATE_DIGITS: usize = 7;
/// Lines that begin the part of a file that undoes the migration.
const DOWN_MARKS: [&str; 6] =
    ["-- +goose down", "-- migrate:down", "-- +migrate down", "--rollback", "-- rollback", "# --- !downs"];

/// One file of a migration.
pub(super) struct Migration {
    pub path: RepoPath,
    /// The version: one number, or several as in `V1_2__name.sql`.
    pub version: Vec<u64>,
    /// The version as written.
    pub version_text: String,
    pub is_down: bool,
    /// Whether the version is a date, which may have gaps.
    pub is_date: bool,
    /// Whether the tool identifies migrations by their whole names, and never goes back.
    pub is_named: bool,
    /// The path without the parts that distinguish up from down.
    stem: String,
}

impl Migration {
    /// Returns the possible paths of the down file, the preferred one first.
    pub(super) fn down_paths(&self) -> Vec<String> {
        let text = self.path.to_text();
        if let Some(folder) = text.strip_suffix("/up.sql") {
            return vec![format!("{folder}/down.sql")];
        }
        let (folder, name) = self.stem.rsplit_once('/').unwrap_or(("", &self.stem));
        let mut out = vec![
            format!("{}.down.sql", self.stem),
            format!("{}_down.sql", self.stem),
            format!("{folder}/down/{name}.sql"),
            format!("{folder}/down/{name}.down.sql"),
        ];
        // Flyway: the undo file of `V1__a.sql` is `U1__a.sql`.
        out.extend(name.strip_prefix(['V', 'v']).map(|rest| format!("{folder}/U{rest}.sql")));
        out
    }

    /// Returns whether the file itself says how to undo the migration.
    pub(super) fn has_down_part(&self, read: &dyn Fn(&RepoPath) -> Option<Vec<u8>>) -> bool {
        let text = read(&self.path).unwrap_or_default();
        String::from_utf8_lossy(&text).lines().any(|line| {
            let line = line.trim().to_ascii_lowercase();
            DOWN_MARKS.iter().any(|mark| line.starts_with(mark))
        })
    }
}

/// Finds the migrations of the product, grouped by the folder in which they are numbered.
pub(super) fn find_migrations(input: &SourcesCheckContext<'_>) -> BTreeMap<String, Vec<Migration>> {
    let mut out: BTreeMap<String, Vec<Migration>> = BTreeMap::new();
    let configured = &input.settings.migrations;
    for path in input.paths.iter().filter(|path| path.as_bytes().ends_with(b".sql")) {
        let is_migration = if configured.is_empty() {
            let mut folders = path.folder().split(|byte| *byte == b'/');
            folders.any(|name| MIGRATION_FOLDERS.iter().any(|known| known.as_bytes() == name))
                && input.area(path) == AreaKind::Product
        } else {
            configured.iter().any(|folder| path.is_below(folder.as_bytes())) && !input.skips(path)
        };
        if let Some((series, migration)) = parse_migration(path).filter(|_| is_migration) {
            out.entry(series).or_default().push(migration);
        }
    }
    out
}

/// Reads the folder and the version of a migration from its path; `None` if the name has
/// no version.
fn parse_migration(path: &RepoPath) -> Option<(String, Migration)> {
    let text = path.as_str()?;
    let (folder, file) = text.rsplit_once('/')?;
    let is_named = file == "migration.sql";
    let in_folder = is_named || matches!(file, "up.sql" | "down.sql");
    let (series, name) = if in_folder { folder.rsplit_once('/')? } else { (folder, file) };
    let (version_text, version, is_date) = parse_version(name)?;
    let plain = name.strip_suffix(".sql").unwrap_or(name);
    let down_folder = series.strip_suffix("/down");
    let is_undo = name.starts_with('U') && name.contains("__");
    let is_down = file == "down.sql"
        || plain.strip_suffix("down").is_some_and(|stem| stem.ends_with(['.', '_', '-']))
        || is_undo
        || down_folder.is_some();
    let base = [".up", "_up", "-up"].into_iter().find_map(|end| plain.strip_suffix(end)).unwrap_or(plain);
    let stem = if in_folder { folder.to_owned() } else { format!("{folder}/{base}") };
    let series = down_folder.or_else(|| series.strip_suffix("/up")).unwrap_or(series).to_owned();
    let path = path.clone();
    Some((series, Migration { path, version, version_text, is_down, is_date, is_named, stem }))
}

/// Reads the version at the begin of a name: as written, its numbers, and whether it is a
/// date. `2019-02-26-002946_name` is one date, `V1_2__name` has two numbers.
fn parse_version(name: &str) -> Option<(String, Vec<u64>, bool)> {
    let is_flyway = name.starts_with(['V', 'v', 'U']) && name.contains("__");
    let plain = name.trim_start_matches(['V', 'v', 'U']);
    let end = if is_flyway { plain.find("__").unwrap_or(plain.len()) } else { plain.len() };
    let head = plain.get(..end)?;
    let separators: &[char] = if is_flyway { &['_', '.'] } else { &['-'] };
    let length = head.find(|c: char| !(c.is_ascii_digit() || separators.contains(&c))).unwrap_or(head.len());
    let text = head.get(..length)?.trim_end_matches(separators);
    let parts: Vec<&str> = text.split(separators).collect();
    let first_digits: usize = parts.first().map_or(0, |part| part.len());
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    if !is_flyway && parts.len() > 1 {
        // `2019-02-26-002946` is a date; `0001-2fa` is the number 1.
        let is_date = first_digits == 4 && digits.len() > DATE_DIGITS;
        return if is_date {
            Some((text.to_owned(), vec![digits.parse().ok()?], true))
        } else {
            let first = parts.first()?;
            Some(((*first).to_owned(), vec![first.parse().ok()?], first.len() >= DATE_DIGITS))
        };
    }
    let version: Vec<u64> = parts.iter().map(|part| part.parse().ok()).collect::<Option<_>>()?;
    let is_date = first_digits >= DATE_DIGITS && !text.starts_with("000") || digits.len() >= 12;
    Some((text.to_owned(), version, is_date))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_the_tools_read_them() {
        let version =
            |name: &str| parse_version(name).map(|(text, version, is_date)| (text, version, is_date));
        let some = |text: &str, version: &[u64], is_date| Some((text.to_owned(), version.to_vec(), is_date));
        assert_eq!(
            version("2019-02-26-002946_create_user"),
            some("2019-02-26-002946", &[20_190_226_002_946], true)
        );
        assert_eq!(version("00000000000000_diesel_initial_setup"), some("00000000000000", &[0], true));
        assert_eq!(version("20220718_a.sql"), some("20220718", &[20_220_718], true));
        assert_eq!(version("000012_a.up.sql"), some("000012", &[12], false));
        assert_eq!(version("1_a.sql"), some("1", &[1], false));
        assert_eq!(version("0001-2fa.sql"), some("0001", &[1], false));
        assert_eq!(version("V1_2__a.sql"), some("1_2", &[1, 2], false));
        assert_eq!(version("V1.10__a.sql"), some("1.10", &[1, 10], false));
        assert_eq!(version("V3__2fa.sql"), some("3", &[3], false));
        assert_eq!(version("R__view.sql"), None);
        assert_eq!(version("init.sql"), None);
    }
}
