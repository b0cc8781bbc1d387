//! Layouts of migration files: those of Diesel, sqlx, Prisma, Flyway, golang-migrate,
//! goose, dbmate and similar tools.

use std::collections::{BTreeMap, BTreeSet};

use crate::check::context::SourcesCheckContext;
use crate::scan::AreaKind;
use crate::text::RepoPath;

/// Names of folders in which tools look for migrations.
const MIGRATION_FOLDERS: [&str; 2] = ["migrations", "migration"];
/// Folders beside the migrations, or in their folder, with those that go back.
const DOWN_FOLDERS: [&str; 5] = ["/down", "/downs", "/rollback", "/rollbacks", "/undo"];
/// Folders with those that go forward.
const UP_FOLDERS: [&str; 2] = ["/up", "/ups"];
/// Words at the end of a name that say that the file goes back.
const DOWN_WORDS: [&str; 4] = ["down", "rollback", "undo", "revert"];
/// Number of digits from which on a number is a date.
const DATE_DIGITS: usize = 7;
/// Comments that begin the part of a file that undoes the migration, without their signs.
const DOWN_MARKS: [&str; 3] = ["+goose down", "migrate:down", "+migrate down"];
/// Endings of migrations that are programs.
const PROGRAM_ENDINGS: [&str; 9] = ["go", "py", "js", "ts", "mjs", "cjs", "rb", "rs", "php"];

/// One file of a migration.
#[expect(clippy::struct_excessive_bools, reason = "they are independent facts, and not states of one")]
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
    /// The name without the version and the words for up and down, in small letters.
    pub name: String,
    /// Whether only the last word of the name says that it goes back, as in `a_down.sql`:
    /// that can be a part of the name.
    is_weak_down: bool,
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
        if let Some(above) = UP_FOLDERS.iter().find_map(|end| folder.strip_suffix(end)) {
            return vec![format!("{above}/down/{name}.sql"), format!("{above}/down/{name}.down.sql")];
        }
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
        String::from_utf8_lossy(&text).lines().any(is_down_mark)
    }
}

/// Returns whether a line begins the part that undoes a migration.
fn is_down_mark(line: &str) -> bool {
    let line = line.trim().to_ascii_lowercase();
    if line.starts_with("# --- !downs") {
        return true;
    }
    let Some(comment) = line.strip_prefix("--").map(str::trim_start) else { return false };
    let is_end = |rest: &str| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_');
    if DOWN_MARKS.iter().any(|mark| comment.strip_prefix(mark).is_some_and(is_end)) {
        return true;
    }
    // Liquibase: a statement follows. Prose about a rollback is none.
    let Some(rest) = comment.strip_prefix("rollback").filter(|rest| is_end(rest)) else { return false };
    let rest = rest.trim_start_matches(':').trim();
    let verbs = ["drop", "alter", "delete", "create", "insert", "update", "truncate", "rename", "comment"];
    let first = rest.split_whitespace().next().unwrap_or_default();
    rest.is_empty() || rest.ends_with(';') || verbs.contains(&first)
}

/// The migrations of one folder.
#[derive(Default)]
pub(super) struct MigrationSeries {
    /// In the order of their paths.
    pub all: Vec<Migration>,
    /// Versions of migrations that are programs.
    pub of_programs: BTreeSet<Vec<u64>>,
}

/// Finds the migrations of the product, grouped by the folder in which they are numbered.
pub(super) fn find_migrations(input: &SourcesCheckContext<'_>) -> BTreeMap<String, MigrationSeries> {
    let mut out: BTreeMap<String, MigrationSeries> = BTreeMap::new();
    let configured = &input.settings.migrations;
    let is_sql = |path: &&RepoPath| path.as_bytes().to_ascii_lowercase().ends_with(b".sql");
    for path in input.paths.iter().filter(is_sql) {
        let is_migration = if configured.is_empty() {
            let mut folders = path.folder().split(|byte| *byte == b'/');
            (folders.any(|name| MIGRATION_FOLDERS.iter().any(|known| known.as_bytes() == name))
                // Drizzle keeps a journal beside its migrations, whatever their folder is called.
                || input.has_file(&format!("{}/meta/_journal.json", path.folder())))
                && input.area(path) == AreaKind::Product
        } else {
            configured.iter().any(|folder| path.is_below(folder.as_bytes())) && !input.skips(path)
        };
        if let Some((series, migration)) = parse_migration(path).filter(|_| is_migration) {
            out.entry(series).or_default().all.push(migration);
        }
    }
    for series in out.values_mut() {
        let ups = series.all.iter().filter(|one| !one.is_down || one.is_weak_down);
        let mut count: BTreeMap<Vec<u64>, usize> = BTreeMap::new();
        for up in ups {
            *count.entry(up.version.clone()).or_default() += 1;
        }
        for weak in series.all.iter_mut().filter(|one| one.is_weak_down) {
            weak.is_down = count.get(&weak.version).is_some_and(|count| *count > 1);
        }
    }
    add_programs(input, &mut out);
    out
}

/// Adds the versions of migrations that are programs. Those in the folder above count, too:
/// `migrations/sql/` holds the queries of the programs in `migrations/`.
fn add_programs(input: &SourcesCheckContext<'_>, all: &mut BTreeMap<String, MigrationSeries>) {
    if all.is_empty() {
        return;
    }
    let mut found: BTreeMap<&str, BTreeSet<Vec<u64>>> = BTreeMap::new();
    for (folder, file) in input.paths.iter().filter_map(|path| path.as_str()?.rsplit_once('/')) {
        let Some((name, ending)) = file.rsplit_once('.') else { continue };
        if PROGRAM_ENDINGS.contains(&ending)
            && let Some((_, version, _)) = parse_version(name)
        {
            found.entry(folder).or_default().insert(version);
        }
    }
    for (folder, series) in all {
        let above = folder.strip_suffix("/sql").unwrap_or(folder);
        let both = [folder.as_str(), above].into_iter().filter_map(|place| found.get(place));
        series.of_programs.extend(both.flatten().cloned());
    }
}

/// Reads the folder and the version of a migration from its path; `None` if the name has
/// no version.
fn parse_migration(path: &RepoPath) -> Option<(String, Migration)> {
    let text = path.as_str()?;
    let (folder, file) = text.rsplit_once('/')?;
    let lower = file.to_ascii_lowercase();
    let is_named = lower == "migration.sql";
    let in_folder = is_named || matches!(lower.as_str(), "up.sql" | "down.sql");
    let (series, name) = if in_folder { folder.rsplit_once('/')? } else { (folder, file) };
    let (version_text, version, is_date) = parse_version(name)?;
    let plain = if in_folder { name } else { name.get(..name.len().checked_sub(4)?)? };
    let rest = plain.split_once(version_text.as_str()).map_or(plain, |(_, rest)| rest).to_ascii_lowercase();
    let (own, word, separator) = split_direction(&rest);
    let down_folder = DOWN_FOLDERS.iter().find_map(|end| series.strip_suffix(end));
    let is_undo = name.starts_with('U') && name.contains("__");
    let says_down = DOWN_WORDS.contains(&word) && !in_folder;
    let is_down = lower == "down.sql" || says_down || is_undo || down_folder.is_some();
    let base = [".up", "_up", "-up"].into_iter().find_map(|end| {
        let at = plain.len().checked_sub(end.len())?;
        plain.get(at..)?.eq_ignore_ascii_case(end).then(|| plain.get(..at))?
    });
    let stem = if in_folder { folder.to_owned() } else { format!("{folder}/{}", base.unwrap_or(plain)) };
    let up_folder = || UP_FOLDERS.iter().find_map(|end| series.strip_suffix(end));
    let series = down_folder.or_else(up_folder).unwrap_or(series).to_owned();
    let is_weak_down = says_down && separator != '.' && !is_undo && down_folder.is_none();
    let name = own.to_owned();
    let path = path.clone();
    let migration =
        Migration { path, version, version_text, is_down, is_date, is_named, name, is_weak_down, stem };
    Some((series, migration))
}

/// Divides what follows a version into the name, the word for up or down, and the separator
/// before that word: `_a.rollback` is `a`, `rollback` and `.`. Without a word, the separator
/// is a blank.
fn split_direction(rest: &str) -> (&str, &str, char) {
    let separators: &[char] = &['.', '_', '-'];
    // Postgrator: `0001.do.name`, `0001.undo.name`.
    for (start, word) in [(".do.", "up"), (".undo.", "undo")] {
        if let Some(own) = rest.strip_prefix(start) {
            return (own, word, '.');
        }
    }
    for word in DOWN_WORDS.into_iter().chain(["up"]) {
        let own = rest.strip_suffix(word);
        if let Some((own, separator)) = own.and_then(|own| Some((own, own.chars().next_back()?)))
            && separators.contains(&separator)
        {
            return (own.trim_matches(separators), word, separator);
        }
    }
    (rest.trim_matches(separators), "", ' ')
}

/// Reads the version at the begin of a name: as written, its numbers, and whether it is a
/// date. `2019-02-26-002946_name` is one date, `V1_2__name` has two numbers.
fn parse_version(name: &str) -> Option<(String, Vec<u64>, bool)> {
    let is_flyway = name.starts_with(['V', 'v', 'U']) && name.contains("__");
    let plain = name.trim_start_matches(['V', 'v', 'U']);
    if let Some(date) = Some(date_at_start(plain)).filter(|date| !date.is_empty() && !is_flyway) {
        let digits: String = date.chars().filter(char::is_ascii_digit).collect();
        return Some((date.to_owned(), vec![digits.parse().ok()?], true));
    }
    let end = if is_flyway { plain.find("__").unwrap_or(plain.len()) } else { plain.len() };
    let head = plain.get(..end)?;
    let is_part = |c: char| c.is_ascii_digit() || (is_flyway && matches!(c, '_' | '.'));
    let length = head.find(|c: char| !is_part(c)).unwrap_or(head.len());
    let text = head.get(..length)?.trim_end_matches(['_', '.']);
    let parts: Vec<&str> = text.split(['_', '.']).collect();
    let first_digits: usize = parts.first().map_or(0, |part| part.len());
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let mut version: Vec<u64> = parts.iter().map(|part| part.parse().ok()).collect::<Option<_>>()?;
    // For Flyway, 1 and 1.0 are one version.
    while version.len() > 1 && version.last() == Some(&0) {
        version.pop();
    }
    let is_date = first_digits >= DATE_DIGITS && !text.starts_with("000") || digits >= 12;
    Some((text.to_owned(), version, is_date))
}

/// Returns the date with separators at the begin of a name, as `2024_01_02_000000`,
/// `2024.01.02`, `2024-01` and `20240102T000000`; empty if there is none.
fn date_at_start(name: &str) -> &str {
    let digits = |from: usize| {
        let rest = name.get(from..).unwrap_or_default();
        rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len())
    };
    let number = |from: usize, length: usize| {
        name.get(from..from + length).and_then(|text| text.parse::<u64>().ok()).unwrap_or_default()
    };
    let first = digits(0);
    let is_day = first == 8 && (1..=12).contains(&number(4, 2));
    if !((first == 4 || is_day) && (1970..2200).contains(&number(0, 4))) {
        return "";
    }
    let mut end = first;
    loop {
        let separator = name.get(end..).and_then(|rest| rest.chars().next());
        let is_separator = match separator {
            Some('_') => first == 4,
            Some('-' | '.') => true,
            Some('T' | 't') => is_day && end == first,
            _ => false,
        };
        let length = digits(end + 1);
        let after = name.get(end + 1 + length..).and_then(|rest| rest.chars().next());
        let is_whole = after.is_none_or(|c| matches!(c, '_' | '-' | '.' | 'T' | 't' | 'Z' | 'z'));
        let is_month = end != 4 || (length == 2 && (1..=12).contains(&number(5, 2)));
        if !is_separator || length == 0 || !is_whole || !is_month || end + length > 24 {
            break;
        }
        end += 1 + length;
    }
    if end > first { name.get(..end).unwrap_or_default() } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_the_tools_read_them() {
        let version = |name: &str| parse_version(name);
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
        assert_eq!(version("V1.0__a.sql"), some("1.0", &[1], false));
        for (name, text, number) in [
            ("2024_01_02_000000_a.sql", "2024_01_02_000000", 20_240_102_000_000),
            ("2024.01.02_a.sql", "2024.01.02", 20_240_102),
            ("2023-02-a.sql", "2023-02", 202_302),
            ("20240102T000304_a.sql", "20240102T000304", 20_240_102_000_304),
            ("20240102-2-a.sql", "20240102-2", 202_401_022),
            ("20240102_2_a.sql", "20240102", 20_240_102),
        ] {
            assert_eq!(version(name), some(text, &[number], true), "{name}");
        }
        assert_eq!(version("2024_a.sql"), some("2024", &[2024], false));
        assert_eq!(version("2024-2fa.sql"), some("2024", &[2024], false));
        assert_eq!(version("R__view.sql"), None);
        assert_eq!(version("init.sql"), None);
    }

    #[test]
    fn names_say_which_way_a_migration_goes() {
        let down = |path: &str| {
            let (series, migration) = parse_migration(&RepoPath::from(path)).expect("a migration");
            (series, migration.name, migration.is_down, migration.is_weak_down)
        };
        let expect = |name: &str, is_down, is_weak| ("m".to_owned(), name.to_owned(), is_down, is_weak);
        assert_eq!(down("m/0001_a.up.sql"), expect("a", false, false));
        assert_eq!(down("m/0001_a.DOWN.SQL"), expect("a", true, false));
        assert_eq!(down("m/0001-a-down.sql"), expect("a", true, true));
        assert_eq!(down("m/0001_a.rollback.sql"), expect("a", true, false));
        assert_eq!(down("m/0001.undo.a.sql"), expect("a", true, false));
        assert_eq!(down("m/0001.do.a.sql"), expect("a", false, false));
        assert_eq!(down("m/down/0001_a.sql"), expect("a", true, false));
        assert_eq!(down("m/rollback/0001_a.sql"), expect("a", true, false));
        assert_eq!(down("m/0001_markdown.sql"), expect("markdown", false, false));
    }

    #[test]
    fn marks_of_the_part_that_goes_back_are_no_prose() {
        for line in [
            "-- +goose Down",
            "--+goose Down",
            "-- migrate:down transaction:false",
            "--rollback DROP TABLE a;",
            "-- rollback",
            "# --- !Downs",
        ] {
            assert!(is_down_mark(line), "{line}");
        }
        for line in
            ["-- rollback is not possible here", "-- +goose downwards", "--rollback: never", "rollback;"]
        {
            assert!(!is_down_mark(line), "{line}");
        }
    }
}
