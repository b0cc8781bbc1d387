//! Finds versions of files by the hashes of their bytes.

use std::collections::{BTreeMap, HashMap, HashSet};

use git2::Oid;

use crate::change::{Commit, FoundVersion, RepositoryError, VersionRequest};
use crate::digest::{Hash20, sha1, sha1_with_line_ends};
use crate::system::parallel;
use crate::text::RepoPath;

use super::version::MAX_WALKED_COMMITS;
use super::{GitRepository, to_hash};

/// Maximum number of versions that wait until they are read.
const MAX_WAITING: usize = 16;
/// Maximum size of a version, in bytes, that is read beside others; a larger one is read alone.
const MAX_BESIDE_BYTES: usize = 16 * 1024 * 1024;

/// The hashes of a blob's bytes.
#[derive(Clone, Copy)]
pub(super) struct ContentHashes {
    own: Hash20,
    /// With LF and with CRLF line ends, if they were computed.
    others: Option<[Hash20; 2]>,
}

impl ContentHashes {
    /// Returns whether the bytes are a wanted version; `None` if that is not known.
    fn is_wanted(&self, want: &VersionRequest) -> Option<bool> {
        if self.own == want.sha1 || !want.any_line_ends {
            return Some(self.own == want.sha1);
        }
        self.others.map(|others| others.contains(&want.sha1))
    }
}

/// The hashes of a version; its length; and its bytes, if it is wanted.
type ReadVersion = (ContentHashes, usize, Option<Vec<u8>>);

/// A version of a file that may be a wanted one.
struct UnreadVersion<'w> {
    path: &'w RepoPath,
    blob: Oid,
    commit: Commit,
}

/// The state of one search.
struct Search<'w> {
    wanted: &'w [VersionRequest],
    found: Vec<Option<FoundVersion>>,
    /// For each file, the positions of the versions that are still missing.
    missing: BTreeMap<&'w RepoPath, Vec<usize>>,
    /// Versions that are not read yet, newest first. A file has at most as many of them as
    /// versions are missing, so each of them must be read.
    waiting: Vec<UnreadVersion<'w>>,
}

impl GitRepository {
    /// Walks back from `head` until every requested version is found or history ends.
    /// A root tree or a blob that was read before is skipped.
    pub(super) fn find_versions(
        &self,
        head: Commit,
        wanted: &[VersionRequest],
    ) -> Result<Vec<Option<FoundVersion>>, RepositoryError> {
        let mut search =
            Search { wanted, found: vec![None; wanted.len()], missing: BTreeMap::new(), waiting: Vec::new() };
        for (at, want) in wanted.iter().enumerate() {
            search.missing.entry(&want.path).or_default().push(at);
        }
        let mut trees: HashSet<Oid> = HashSet::new();
        // What was seen of a file before has none of the missing versions.
        let mut seen: HashSet<(&RepoPath, Oid)> = HashSet::new();
        let mut folders: HashMap<&RepoPath, HashMap<_, _>> = HashMap::new();
        let mut walk = self.walk_back_from(head);
        let mut walked = 0;
        while !search.missing.is_empty() {
            let Some(id) = walk.next_commit()? else { break };
            walked += 1;
            if walked > MAX_WALKED_COMMITS {
                let operation = "searching for an old version of a document";
                return Err(RepositoryError::TooManyCommits { operation, limit: MAX_WALKED_COMMITS });
            }
            if !trees.insert(self.commit_node(id)?.tree) {
                continue;
            }
            let commit = Commit(to_hash(id));
            let paths: Vec<&RepoPath> = search.missing.keys().copied().collect();
            for path in paths {
                let known = folders.entry(path).or_default();
                let Some((_, blob)) = self.entry_in_history(commit, path, known, false)? else {
                    continue;
                };
                if seen.insert((path, blob)) {
                    self.add_version(&mut search, UnreadVersion { path, blob, commit });
                }
            }
        }
        self.read_waiting(&mut search);
        Ok(search.found)
    }

    /// Adds a version, and reads those that wait if no more may wait.
    fn add_version<'w>(&self, search: &mut Search<'w>, version: UnreadVersion<'w>) {
        let waiting = search.waiting.iter().filter(|other| other.path == version.path).count();
        if search.missing.get(version.path).is_some_and(|missing| waiting >= missing.len()) {
            self.read_waiting(search);
        }
        if !search.missing.contains_key(version.path) {
            return;
        }
        search.waiting.push(version);
        let missing: usize = search.missing.values().map(Vec::len).sum();
        if search.waiting.len() >= missing.min(MAX_WAITING) {
            self.read_waiting(search);
        }
    }

    /// Reads the versions that wait, on several threads, and looks which are wanted.
    fn read_waiting(&self, search: &mut Search<'_>) {
        let waiting = std::mem::take(&mut search.waiting);
        let may_be_wanted = |version: &UnreadVersion<'_>| {
            let known = self.known_hashes(version.blob);
            known.is_none_or(|hashes| search.answers(version, hashes).iter().any(|is| *is != Some(false)))
        };
        let waiting: Vec<UnreadVersion<'_>> = waiting.into_iter().filter(may_be_wanted).collect();
        let beside: Vec<&UnreadVersion<'_>> =
            waiting.iter().filter(|version| waiting.len() > 1 && self.is_small(version.blob)).collect();
        let read = {
            let (search, origin) = (&*search, self.origin());
            let open = || origin.open().ok();
            parallel::map_large(&beside, open, |version, repo: &mut Option<Self>| {
                repo.as_ref()?.read_version(version, search)
            })
        };
        let mut read: HashMap<(&RepoPath, Oid), Option<ReadVersion>> =
            beside.iter().map(|version| (version.path, version.blob)).zip(read).collect();
        for version in &waiting {
            let read = match read.remove(&(version.path, version.blob)) {
                Some(read) => {
                    // Each thread counts with a handle of its own.
                    read.iter().for_each(|(_, length, _)| self.count_object(*length));
                    read
                }
                None => self.read_version(version, search),
            };
            // A version that cannot be read is none of the wanted ones.
            let Some((hashes, _, bytes)) = read else { continue };
            self.keep_hashes(version.blob, hashes);
            if let Some(bytes) = bytes {
                search.take_wanted(version, hashes, bytes);
            }
        }
    }

    fn is_small(&self, blob: Oid) -> bool {
        let header = self.object_store().ok().and_then(|odb| odb.read_header(blob).ok());
        header.is_some_and(|(size, _)| size <= MAX_BESIDE_BYTES)
    }

    fn read_version(&self, version: &UnreadVersion<'_>, search: &Search<'_>) -> Option<ReadVersion> {
        let bytes = self.read_blob(version.blob, version.path).ok()?;
        let mut hashes = ContentHashes { own: sha1(&bytes), others: None };
        let answers = search.answers(version, hashes);
        // What no hash fits is often asked for with other line ends next.
        if answers.contains(&None) || !answers.contains(&Some(true)) {
            hashes.others = Some(sha1_with_line_ends(&bytes, hashes.own));
        }
        let is_wanted = search.answers(version, hashes).contains(&Some(true));
        Some((hashes, bytes.len(), is_wanted.then_some(bytes)))
    }
}

impl Search<'_> {
    /// Returns for each missing version of the file whether the hashes are those of it.
    fn answers(&self, version: &UnreadVersion<'_>, hashes: ContentHashes) -> Vec<Option<bool>> {
        let missing = self.missing.get(version.path).into_iter().flatten();
        missing.filter_map(|at| self.wanted.get(*at)).map(|want| hashes.is_wanted(want)).collect()
    }

    /// Takes a version for every request that it fits.
    fn take_wanted(&mut self, version: &UnreadVersion<'_>, hashes: ContentHashes, bytes: Vec<u8>) {
        let Some(positions) = self.missing.get_mut(version.path) else { return };
        let mut fits: Vec<usize> = Vec::new();
        positions.retain(|at| {
            let fit = self.wanted.get(*at).is_some_and(|want| hashes.is_wanted(want) == Some(true));
            fits.extend(fit.then_some(*at));
            !fit
        });
        if positions.is_empty() {
            self.missing.remove(version.path);
        }
        let found = FoundVersion { commit: version.commit, bytes, sha1: hashes.own };
        let Some((last, others)) = fits.split_last() else { return };
        for at in others {
            if let Some(slot) = self.found.get_mut(*at) {
                *slot = Some(found.clone());
            }
        }
        if let Some(slot) = self.found.get_mut(*last) {
            *slot = Some(found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::files;
    use crate::system::git::{Identity, RepositoryBuilder};

    /// Returns the newest commit and the bytes for a request, from all contents.
    fn search_simply(
        history: &[(Commit, BTreeMap<&str, String>)],
        want: &VersionRequest,
    ) -> Option<FoundVersion> {
        history.iter().rev().find_map(|(commit, files)| {
            let bytes = files.get(want.path.to_string().as_str())?.clone().into_bytes();
            let hash = sha1(&bytes);
            let others = sha1_with_line_ends(&bytes, hash);
            let fits = hash == want.sha1 || (want.any_line_ends && others.contains(&want.sha1));
            fits.then_some(FoundVersion { commit: *commit, bytes, sha1: hash })
        })
    }

    #[test]
    fn a_search_finds_what_a_simple_one_finds() {
        let paths = ["a.md", "b.md", "docs/c.md", "docs/old/d.md"];
        let mut state: u64 = 20_261_201;
        let mut next = |limit: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(state >> 33).unwrap_or_default() % limit
        };
        for _ in 0..12 {
            let scratch = files::create_scratch_folder("countersign-versions-").expect("folder");
            let builder = RepositoryBuilder::create(scratch.path()).expect("repository");
            let mut history: Vec<(Commit, BTreeMap<&str, String>)> = Vec::new();
            let mut now: BTreeMap<&str, String> = BTreeMap::new();
            let text = |number: usize| match number % 3 {
                0 => format!("text {number}\nend\n"),
                1 => format!("text {}\r\nend\r\n", number - 1),
                _ => format!("text {number}\r\nmixed\n"),
            };
            for at in 0..24 {
                for path in paths {
                    match next(4) {
                        0 => {
                            now.insert(path, text(next(18)));
                            builder.write(path, &now[path]).expect("file");
                        }
                        1 if now.remove(path).is_some() => builder.remove(path).expect("removal"),
                        _ => {}
                    }
                }
                builder.write("number.txt", &at.to_string()).expect("file");
                let who = Identity { name: "a", email: "a@example.org" };
                let commit = builder.commit_all("change", who, 1_700_000_000 + at * 100).expect("commit");
                history.push((commit, now.clone()));
            }
            let wanted: Vec<VersionRequest> = (0..=next(30))
                .map(|_| VersionRequest {
                    path: RepoPath::from(paths[next(paths.len())]),
                    sha1: sha1(text(next(24)).as_bytes()),
                    any_line_ends: next(3) == 0,
                })
                .collect();
            let repo = GitRepository::discover(scratch.path()).expect("repository");
            let head = history.last().expect("commits").0;
            let expected: Vec<_> = wanted.iter().map(|want| search_simply(&history, want)).collect();
            // The second search knows the hashes of the first one.
            for _ in 0..2 {
                assert_eq!(repo.find_versions(head, &wanted).expect("a search"), expected);
            }
            assert!(expected.iter().any(Option::is_some) || wanted.len() < 8);
        }
    }
}
