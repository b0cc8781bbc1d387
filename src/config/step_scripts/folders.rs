//! The folders in which a command may run.

use super::containers::Container;
use super::words::{ANYWHERE, join_below_root, meanings};
use crate::config::said::Move;

/// Maximum number of folders that are told apart.
const MAX_FOLDERS: usize = 8;
/// Maximum number of bytes of a folder.
const MAX_FOLDER_BYTES: usize = 1_000;

/// The folders below the root in which a command may run; empty text for the root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Folders {
    list: Vec<String>,
    /// The container of the command, if it runs in one.
    container: Option<Container>,
}

impl Folders {
    pub(super) fn of(folder: &str) -> Self {
        Self { list: vec![folder.to_owned()], container: None }
    }

    pub(super) fn anywhere() -> Self {
        Self::of(ANYWHERE)
    }

    fn with(&self, list: Vec<String>) -> Self {
        Self { list, container: self.container.clone() }
    }

    /// Returns these folders and others.
    pub(super) fn or(mut self, other: Self) -> Self {
        for folder in other.list {
            if !self.list.contains(&folder) {
                self.list.push(folder);
            }
        }
        self.container = self.container.or(other.container);
        if self.list.len() > MAX_FOLDERS || self.list.iter().any(|folder| folder.len() > MAX_FOLDER_BYTES) {
            self.list = vec![ANYWHERE.to_owned()];
        }
        self
    }

    /// Returns the folders of a command in a container with these mounts.
    pub(super) fn in_container(&self, mounts: &[&str]) -> Self {
        let (container, hosts) = Container::of(mounts, &|host| self.enter(host).list);
        // It may start in a folder of the work.
        let list = self.list.iter().cloned().chain(hosts).collect();
        Self { list: Vec::new(), container: Some(container) }.or(Self { list, container: None })
    }

    /// Returns the folders that a path leads to. A path out of the root changes nothing: what
    /// is there is not the work.
    pub(super) fn enter(&self, path: &str) -> Self {
        if path == "-" || path.contains('`') {
            return self.with(vec![ANYWHERE.to_owned()]);
        }
        if let Some(found) = self.container.as_ref().and_then(|container| container.find(path)) {
            return if found.is_empty() { self.clone() } else { self.with(Vec::new()).or(self.with(found)) };
        }
        let entered = match meanings(path).pop() {
            Some(meaning) if meaning.is_anywhere => {
                let joined = join_below_root(ANYWHERE, &meaning.path);
                return self.with(vec![joined.unwrap_or_else(|| ANYWHERE.to_owned())]);
            }
            Some(meaning) if path.contains('$') && meaning.path.contains('*') => {
                return self.with(vec![ANYWHERE.to_owned()]);
            }
            Some(meaning) => self.enter_known(&meaning.path),
            None => self.enter_known(path),
        };
        self.with(Vec::new()).or(self.with(entered))
    }

    fn enter_known(&self, path: &str) -> Vec<String> {
        let entered = self.list.iter().map(|folder| {
            join_below_root(folder, path)
                .map_or_else(|| folder.clone(), |path| path.trim_end_matches('/').to_owned())
        });
        entered.collect()
    }

    /// Returns the folders after what an option says.
    pub(super) fn follow(self, to: Move<'_>) -> Self {
        match to {
            Move::Into(path) => self.enter(path),
            Move::Maybe(path) => self.clone().or(self.enter(path)),
            Move::Package(name) => match package_folder(name) {
                Some(path) => self.enter(path),
                None => self.with(vec![ANYWHERE.to_owned()]),
            },
            Move::Anywhere => self.with(vec![ANYWHERE.to_owned()]),
            Move::Root => self.or(Self::of("")),
        }
    }

    /// Returns the paths below the root of a path in these folders, with `*` for what is not
    /// known of it.
    pub(super) fn join(&self, path: &str) -> Vec<String> {
        let path = path.replace('\\', "/");
        if let Some(found) = self.container.as_ref().and_then(|container| container.find(&path)) {
            return found.into_iter().filter(|path| !path.is_empty()).collect();
        }
        let in_folder =
            |folder: &str, path: &str| join_below_root(folder, path).filter(|path| !path.is_empty());
        let mut out: Vec<String> = self.list.iter().filter_map(|folder| in_folder(folder, &path)).collect();
        for meaning in meanings(&path) {
            if meaning.is_anywhere {
                out = in_folder(ANYWHERE, &meaning.path).into_iter().collect();
            } else {
                out.extend(self.list.iter().filter_map(|folder| in_folder(folder, &meaning.path)));
            }
        }
        out
    }
}

/// Returns the folder of a package that a filter names by its path, such as `./apps/web`.
fn package_folder(name: &str) -> Option<&str> {
    let inner = name.strip_prefix('{').and_then(|name| name.strip_suffix('}'));
    let path = inner.unwrap_or(name);
    let is_path = inner.is_some() || path.starts_with("./") || (path.contains('/') && !path.starts_with('@'));
    (is_path && !path.contains(['*', '!', '[', '{', '^', '$']) && !path.contains("...")).then_some(path)
}
