//! Which packet a call was made for. Nothing is guessed: a call without evidence belongs
//! to no packet, and is shown so.

use std::path::{Component, Path, PathBuf};

use super::tokens::ModelCall;

/// A working tree of the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KnownTree {
    /// Its folder.
    pub folder: PathBuf,
    /// Its branch.
    pub branch: Option<String>,
}

/// What is known about the work in a repository.
#[derive(Debug, Clone, Default)]
pub(crate) struct KnownWork {
    /// Ids of all packets.
    pub packets: Vec<String>,
    /// Branches that a record of approval names, with their packets.
    pub prepared: Vec<(String, String)>,
    /// Working trees.
    pub trees: Vec<KnownTree>,
}

/// Why a call belongs to a packet, strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Evidence {
    /// The folder of its working tree names the packet.
    Folder,
    /// A record says that its branch was prepared for the packet.
    Prepared,
    /// Its branch names the packet.
    Branch,
    /// The branch of its working tree names the packet; the log names none.
    Tree,
}

impl KnownWork {
    /// Returns the working tree in which a folder lies.
    #[must_use]
    pub(crate) fn tree_of(&self, folder: &str) -> Option<&KnownTree> {
        let folder = Path::new(folder);
        if folder.components().any(|part| part == Component::ParentDir) {
            return None;
        }
        let holds = |tree: &&KnownTree| folder.starts_with(&tree.folder);
        // A tree can lie in another one.
        self.trees.iter().filter(holds).max_by_key(|tree| tree.folder.components().count())
    }

    /// Returns the packet of a call of which only the name of its working tree and its branch
    /// are known.
    #[must_use]
    pub(crate) fn packet_named(&self, tree: &str, branch: Option<&str>) -> Option<String> {
        let by_tree = self.named_by(tree);
        let branch = branch.filter(|branch| *branch != "HEAD");
        by_tree.or_else(|| self.packet_of_branch(branch?).map(|(packet, _)| packet)).map(str::to_owned)
    }

    fn packet_of_branch(&self, branch: &str) -> Option<(&str, Evidence)> {
        let mut prepared = self.prepared.iter().filter(|(known, _)| known == branch);
        if let (Some((_, packet)), None) = (prepared.next(), prepared.next()) {
            return Some((packet, Evidence::Prepared));
        }
        self.named_by(branch).map(|packet| (packet, Evidence::Branch))
    }

    /// Returns the packet of a call, and why.
    #[must_use]
    pub(crate) fn packet_of(&self, call: &ModelCall) -> Option<(&str, Evidence)> {
        let tree = self.tree_of(&call.folder)?;
        let name = tree.folder.file_name().map(|name| name.to_string_lossy().into_owned());
        if let Some(packet) = name.and_then(|name| self.named_by(&name)) {
            return Some((packet, Evidence::Folder));
        }
        // A log that says HEAD says that no branch was checked out.
        if call.branch.as_deref() == Some("HEAD") {
            return None;
        }
        let (branch, evidence) = match (call.branch.as_deref(), tree.branch.as_deref()) {
            (Some(branch), _) => (branch, Evidence::Branch),
            (None, Some(branch)) => (branch, Evidence::Tree),
            (None, None) => return None,
        };
        let (packet, found) = self.packet_of_branch(branch)?;
        Some((packet, if found == Evidence::Prepared { found } else { evidence }))
    }

    /// Returns the packet that a name holds as a whole word; `None` if it holds several. An id
    /// that is part of a longer one does not count. A base id means its newest version.
    fn named_by(&self, name: &str) -> Option<&str> {
        let name = name.to_lowercase();
        let whole = |id: &str| {
            let id = id.to_lowercase();
            name.match_indices(&id).any(|(at, found)| {
                let is_part = |c: char| c.is_alphanumeric();
                let before = name.get(..at).unwrap_or_default().chars().next_back();
                let after = name.get(at + found.len()..).unwrap_or_default().chars().next();
                !before.is_some_and(is_part) && !after.is_some_and(|c| is_part(c) || c == '-' || c == '_')
            })
        };
        let named: Vec<&String> = self.packets.iter().filter(|id| whole(id)).collect();
        let exact = named.iter().max_by_key(|id| id.len()).copied();
        if exact.is_some_and(|longest| {
            named.iter().any(|id| !longest.to_lowercase().contains(&id.to_lowercase()))
        }) {
            return None;
        }
        let base = |id: &&String| base_of(id).0.len() < id.len() && whole(base_of(id).0);
        let newest =
            || self.packets.iter().filter(base).max_by_key(|id| (base_of(id).0.len(), base_of(id).1));
        exact.or_else(newest).map(String::as_str)
    }
}

/// `WP-1-Foo-v2` as `WP-1-Foo` and 2.
fn base_of(id: &str) -> (&str, u64) {
    match id.rsplit_once("-v") {
        Some((base, version)) => version.parse().map_or((id, 0), |version| (base, version)),
        None => (id, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tokens::{Agent, Quality, Tokens};
    use super::*;

    fn work() -> KnownWork {
        let tree = |folder: &str, branch: Option<&str>| KnownTree {
            folder: PathBuf::from(folder),
            branch: branch.map(str::to_owned),
        };
        KnownWork {
            packets: ["WP-1-Foo", "WP-1-Foo-Bar", "WP-1-Baz-v1", "WP-1-Baz-v2", "WP-1-Baz-v10"]
                .map(str::to_owned)
                .to_vec(),
            prepared: vec![
                ("topic".to_owned(), "WP-1-Foo".to_owned()),
                ("shared".to_owned(), "WP-1-Foo".to_owned()),
                ("shared".to_owned(), "WP-1-Foo-Bar".to_owned()),
            ],
            trees: vec![
                tree("/repo/main", Some("wp-1-foo")),
                tree("/repo/wt-WP-1-Baz-v1", Some("any")),
                tree("/repo/main/nested", None),
            ],
        }
    }

    fn packet(folder: &str, branch: Option<&str>) -> Option<(String, Evidence)> {
        let call = ModelCall {
            id: "1".to_owned(),
            agent: Agent::Claude,
            session: String::new(),
            at: String::new(),
            model: None,
            tokens: Tokens::default(),
            quality: Quality::Measured,
            log: None,
            folder: folder.to_owned(),
            branch: branch.map(str::to_owned),
            is_sidechain: false,
            role: None,
        };
        work().packet_of(&call).map(|(packet, evidence)| (packet.to_owned(), evidence))
    }

    #[test]
    fn the_strongest_evidence_counts_and_nothing_is_guessed() {
        use Evidence::{Branch, Folder, Prepared, Tree};
        let cases = [
            ("/repo/wt-WP-1-Baz-v1/src", Some("feat/WP-1-Foo"), Some(("WP-1-Baz-v1", Folder))),
            ("/repo/main", Some("topic"), Some(("WP-1-Foo", Prepared))),
            ("/repo/main", Some("feat/WP-1-Foo-Bar"), Some(("WP-1-Foo-Bar", Branch))),
            ("/repo/main", Some("feat/wp-1-foo"), Some(("WP-1-Foo", Branch))),
            ("/repo/main", Some("WP-1-Baz"), Some(("WP-1-Baz-v10", Branch))),
            ("/repo/main", None, Some(("WP-1-Foo", Tree))),
            ("/repo/main", Some("HEAD"), None),
            ("/repo/main", Some("WP-1-Foo+WP-1-Baz-v1"), None),
            ("/repo/main/../elsewhere", Some("WP-1-Foo"), None),
            ("/repo/main", Some("main"), None),
            ("/repo/main", Some("shared"), None),
            ("/repo/main", Some("WP-1-Fool"), None),
            ("/repo/main", Some("XWP-1-Foo"), None),
            ("/repo/main", Some("WP-1-Foo-Other"), None),
            ("/repo/main/nested", None, None),
            ("/repo/mainly", Some("WP-1-Foo"), None),
            ("/elsewhere", Some("WP-1-Foo"), None),
        ];
        for (folder, branch, expected) in cases {
            let expected = expected.map(|(packet, evidence)| (packet.to_owned(), evidence));
            assert_eq!(packet(folder, branch), expected, "{folder} {branch:?}");
        }
    }
}
