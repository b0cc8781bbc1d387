//! How migrations are named: `0001_users.sql`, `0001_users.up.sql` with
//! `0001_users.down.sql`, `V1__users.sql`, `0001_users/up.sql`.

use std::collections::BTreeMap;

use crate::check::context::SourcesCheckContext;
use crate::text::RepoPath;

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
