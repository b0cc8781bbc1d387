//! Which packet a call was made for. Nothing is guessed: a call without evidence belongs
//! to no packet, and is shown so.

use std::collections::BTreeMap;
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

/// A packet for which a branch was prepared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PreparedWork {
    /// The branch.
    pub branch: String,
    /// The packet.
    pub packet: String,
    /// When it was prepared, RFC 3339; `None` if the record does not say.
    pub at: Option<String>,
}

/// What is known about the work in a repository.
#[derive(Debug, Clone, Default)]
pub(crate) struct KnownWork {
    /// Ids of all packets.
    pub packets: Vec<String>,
    /// Branches that a record of approval names, with their packets.
    pub prepared: Vec<PreparedWork>,
    /// Working trees.
    pub trees: Vec<KnownTree>,
    /// Packets of sessions that were recorded.
    pub sessions: BTreeMap<String, String>,
}

/// Why a call belongs to a packet, strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Evidence {
    /// Its session was recorded.
    Session,
    /// The folder of its working tree names the packet.
    Folder,
    /// A record says that its branch was prepared for the packet.
    Prepared,
    /// Its branch was prepared for several packets, and for this one last before the call.
    Window,
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
        by_tree.or_else(|| self.packet_of_branch(branch?, None).map(|(packet, _)| packet)).map(str::to_owned)
    }

    /// Returns the packet for which a branch was prepared last before a time. `None` if a
    /// record of the branch has no time, or two have the same.
    fn prepared_before(&self, branch: &str, at: &str) -> Option<&PreparedWork> {
        let at: jiff::Timestamp = at.parse().ok()?;
        let mut last: Option<(jiff::Timestamp, &PreparedWork)> = None;
        for work in self.prepared.iter().filter(|work| work.branch == branch) {
            let from: jiff::Timestamp = work.at.as_deref()?.parse().ok()?;
            match last {
                Some((known, _)) if from == known => return None,
                Some((known, _)) if from < known => {}
                _ if from > at => {}
                _ => last = Some((from, work)),
            }
        }
        last.map(|(_, work)| work)
    }

    fn packet_of_branch(&self, branch: &str, at: Option<&str>) -> Option<(&str, Evidence)> {
        let mut prepared = self.prepared.iter().filter(|work| work.branch == branch);
        if let (Some(work), None) = (prepared.next(), prepared.next()) {
            return Some((&work.packet, Evidence::Prepared));
        }
        if let Some(work) = at.and_then(|at| self.prepared_before(branch, at)) {
            return Some((&work.packet, Evidence::Window));
        }
        self.named_by(branch).map(|packet| (packet, Evidence::Branch))
    }

    /// Returns the packet of a call, and why.
    #[must_use]
    pub(crate) fn packet_of(&self, call: &ModelCall) -> Option<(&str, Evidence)> {
        let tree = self.tree_of(&call.folder)?;
        if let Some(packet) = self.sessions.get(&call.session) {
            return Some((packet, Evidence::Session));
        }
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
        let (packet, found) = self.packet_of_branch(branch, Some(&call.at))?;
        let is_recorded = matches!(found, Evidence::Prepared | Evidence::Window);
        Some((packet, if is_recorded { found } else { evidence }))
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
                prepared("topic", "WP-1-Foo", None),
                prepared("shared", "WP-1-Foo", Some("2026-03-01T10:00:00Z")),
                prepared("shared", "WP-1-Foo-Bar", Some("2026-03-05T10:00:00Z")),
                prepared("unclear", "WP-1-Foo", Some("2026-03-01T10:00:00Z")),
                prepared("unclear", "WP-1-Foo-Bar", None),
            ],
            trees: vec![
                tree("/repo/main", Some("wp-1-foo")),
                tree("/repo/wt-WP-1-Baz-v1", Some("any")),
                tree("/repo/main/nested", None),
            ],
            sessions: [("s9".to_owned(), "WP-1-Baz-v2".to_owned())].into_iter().collect(),
        }
    }

    fn prepared(branch: &str, packet: &str, at: Option<&str>) -> PreparedWork {
        PreparedWork { branch: branch.to_owned(), packet: packet.to_owned(), at: at.map(str::to_owned) }
    }

    fn packet(folder: &str, branch: Option<&str>) -> Option<(String, Evidence)> {
        packet_at(folder, branch, "")
    }

    fn packet_at(folder: &str, branch: Option<&str>, at: &str) -> Option<(String, Evidence)> {
        packet_in("", folder, branch, at)
    }

    fn packet_in(session: &str, folder: &str, branch: Option<&str>, at: &str) -> Option<(String, Evidence)> {
        let call = ModelCall {
            id: "1".to_owned(),
            agent: Agent::Claude,
            session: session.to_owned(),
            at: at.to_owned(),
            model: None,
            tokens: Tokens::default(),
            quality: Quality::Measured,
            log: None,
            folder: folder.to_owned(),
            branch: branch.map(str::to_owned),
            is_sidechain: false,
            role: None,
            effort: None,
        };
        work().packet_of(&call).map(|(packet, evidence)| (packet.to_owned(), evidence))
    }

    #[test]
    fn a_recorded_session_counts_most() {
        let found = packet_in("s9", "/repo/wt-WP-1-Baz-v1", Some("feat/WP-1-Foo"), "");
        assert_eq!(found, Some(("WP-1-Baz-v2".to_owned(), Evidence::Session)));
        // A session in another repository is none of this one.
        assert_eq!(packet_in("s9", "/elsewhere", None, ""), None);
    }

    #[test]
    fn a_branch_of_several_packets_is_that_of_the_last_one_before_the_call() {
        let of = |branch: &str, at: &str| packet_at("/repo/main", Some(branch), at);
        let found = |packet: &str| Some((packet.to_owned(), Evidence::Window));
        assert_eq!(of("shared", "2026-03-02T00:00:00Z"), found("WP-1-Foo"));
        assert_eq!(of("shared", "2026-03-05T10:00:00Z"), found("WP-1-Foo-Bar"));
        assert_eq!(of("shared", "2026-03-05T12:00:00+03:00"), found("WP-1-Foo"));
        // Before the first, without a time, or where a record has none: nothing is guessed.
        for (branch, at) in
            [("shared", "2026-02-01T00:00:00Z"), ("shared", "yesterday"), ("unclear", "2026-03-02T00:00:00Z")]
        {
            assert_eq!(of(branch, at), None, "{branch} {at}");
        }
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
