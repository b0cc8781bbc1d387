//! The folders in which a command may run.

use crate::config::wrappers::Move;

/// Stands for a folder that is not known: any folder, the root as well.
const ANYWHERE: &str = "**";
/// Maximum number of folders that are told apart.
const MAX_FOLDERS: usize = 8;
/// Maximum number of bytes of a folder.
const MAX_FOLDER_BYTES: usize = 1_000;

/// The folders below the root in which a command may run; empty text for the root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Folders(Vec<String>);

impl Folders {
    pub(super) fn of(folder: &str) -> Self {
        Self(vec![folder.to_owned()])
    }

    pub(super) fn anywhere() -> Self {
        Self::of(ANYWHERE)
    }

    /// Returns these folders and others.
    pub(super) fn or(mut self, other: Self) -> Self {
        for folder in other.0 {
            if !self.0.contains(&folder) {
                self.0.push(folder);
            }
        }
        if self.0.len() > MAX_FOLDERS || self.0.iter().any(|folder| folder.len() > MAX_FOLDER_BYTES) {
            Self::anywhere()
        } else {
            self
        }
    }

    /// Returns the folders that a path leads to. A path out of the root changes nothing: what
    /// is there is not the work.
    pub(super) fn enter(&self, path: &str) -> Self {
        match split_variable(path) {
            Some(("PWD", rest)) => return self.enter(rest),
            Some((_, rest)) => {
                return Self(vec![join_below_root(ANYWHERE, rest).unwrap_or_else(|| ANYWHERE.to_owned())]);
            }
            None if path.contains(['$', '`']) || path == "-" => return Self::anywhere(),
            None => {}
        }
        let entered = self.0.iter().map(|folder| {
            join_below_root(folder, path)
                .map_or_else(|| folder.clone(), |path| path.trim_end_matches('/').to_owned())
        });
        Self(Vec::new()).or(Self(entered.collect()))
    }

    /// Returns the folders after what an option says.
    pub(super) fn follow(self, to: Move<'_>) -> Self {
        match to {
            Move::Into(path) => self.enter(path),
            Move::Maybe(path) => self.clone().or(self.enter(path)),
            Move::Package(name) => match package_folder(name) {
                Some(path) => self.enter(path),
                None => Self::anywhere(),
            },
            Move::Anywhere => Self::anywhere(),
            Move::Root => self.or(Self::of("")),
        }
    }

    /// Returns the paths below the root of a path in these folders.
    pub(super) fn join(&self, path: &str) -> Vec<String> {
        let path = path.replace('\\', "/");
        let in_folder =
            |folder: &str, path: &str| join_below_root(folder, path).filter(|path| !path.is_empty());
        match split_variable(&path) {
            Some((variable, rest)) if variable != "PWD" => in_folder(ANYWHERE, rest).into_iter().collect(),
            found => {
                let rest = found.map_or(path.as_str(), |(_, rest)| rest);
                self.0.iter().filter_map(|folder| in_folder(folder, rest)).collect()
            }
        }
    }
}

/// Returns the folder of a package that a filter names by its path, such as `./apps/web`.
fn package_folder(name: &str) -> Option<&str> {
    let inner = name.strip_prefix('{').and_then(|name| name.strip_suffix('}'));
    let path = inner.unwrap_or(name);
    let is_path = inner.is_some() || path.starts_with("./") || (path.contains('/') && !path.starts_with('@'));
    (is_path && !path.contains(['*', '!', '[', '{', '^', '$']) && !path.contains("...")).then_some(path)
}

/// Splits `$PWD/scripts` or `${PWD}` into the name of the variable and the path behind it.
pub(super) fn split_variable(word: &str) -> Option<(&str, &str)> {
    let rest = word.strip_prefix('$')?;
    let (name, path) = rest.split_once('/').unwrap_or((rest, ""));
    let name = name.strip_prefix('{').and_then(|name| name.strip_suffix('}')).unwrap_or(name);
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    (!name.is_empty() && name.chars().all(is_name)).then_some((name, path))
}

/// Joins a folder below the root and a path; `None` if it leads out of the root.
fn join_below_root(folder: &str, path: &str) -> Option<String> {
    if path.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            // Above a folder that is not known is another one.
            ".." if parts.last() == Some(&ANYWHERE) => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    let is_folder = path.ends_with('/') && !parts.is_empty();
    Some(format!("{}{}", parts.join("/"), if is_folder { "/" } else { "" }))
}
