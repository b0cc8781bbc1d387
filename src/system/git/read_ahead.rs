//! The newest history, read on a second thread before it is asked for.
//!
//! Each thread has a repository handle of its own. They share commits and trees by id, after
//! one of them has compared the bytes with the id. So it does not matter which one reads first.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use git2::{ObjectType, Oid};

use crate::change::{Commit, Reopen, Repository, RepositoryError};
use crate::system::parallel;
use crate::text::RepoPath;

use super::{GitRepository, git_error, to_hash, to_oid};

/// Maximum number of bytes of objects that threads share.
const MAX_SHARED_BYTES: usize = 16 * 1024 * 1024;

/// Commits and trees whose bytes have their id.
#[derive(Default)]
pub(super) struct SharedObjects {
    read: Mutex<KnownObjects>,
    /// Set when nobody needs more of them.
    is_done: AtomicBool,
}

#[derive(Default)]
struct KnownObjects {
    objects: HashMap<Oid, (ObjectType, Arc<[u8]>)>,
    bytes: usize,
}

impl SharedObjects {
    /// Returns the bytes of an object that a thread has read; `None` if it is of another kind.
    pub(super) fn get(&self, id: Oid, kind: ObjectType) -> Option<Arc<[u8]>> {
        let shared = self.read.lock().ok()?;
        shared.objects.get(&id).filter(|(known, _)| *known == kind).map(|(_, bytes)| Arc::clone(bytes))
    }

    /// Adds an object whose id was compared with its bytes.
    pub(super) fn add(&self, id: Oid, kind: ObjectType, bytes: &[u8]) {
        let Ok(mut shared) = self.read.lock() else { return };
        if kind != ObjectType::Blob && shared.bytes + bytes.len() <= MAX_SHARED_BYTES {
            shared.bytes += bytes.len();
            shared.objects.insert(id, (kind, bytes.into()));
        }
    }

    fn is_full(&self) -> bool {
        self.read.lock().map_or(true, |shared| shared.bytes > MAX_SHARED_BYTES / 2)
    }

    fn ends(&self) -> bool {
        self.is_done.load(Ordering::Relaxed) || self.is_full()
    }
}

/// The second thread; it ends with the repository.
#[derive(Default)]
pub(super) struct ReadAhead {
    objects: OnceCell<Arc<SharedObjects>>,
    thread: OnceCell<JoinHandle<()>>,
}

impl ReadAhead {
    pub(super) fn objects(&self) -> Option<&SharedObjects> {
        self.objects.get().map(Arc::as_ref)
    }
}

impl Drop for ReadAhead {
    fn drop(&mut self) {
        if let (Some(objects), Some(thread)) = (self.objects.get(), self.thread.take()) {
            objects.is_done.store(true, Ordering::Relaxed);
            // What the thread could not read, nobody has missed.
            let _ = thread.join();
        }
    }
}

/// What a second handle of a repository needs to know.
#[derive(Clone)]
pub(super) struct Origin {
    folder: PathBuf,
    root: Option<PathBuf>,
    cut: Option<(Oid, Oid)>,
    submodule_depth: usize,
}

impl Origin {
    pub(super) fn open(&self) -> Result<GitRepository, RepositoryError> {
        let operation = || format!("opening the repository of {}", self.folder.display());
        let repo = git2::Repository::open(&self.folder).map_err(git_error(operation()))?;
        if repo.workdir() != self.root.as_deref() {
            let reason = "it has another working tree now".to_owned();
            return Err(RepositoryError::Git { operation: operation(), reason });
        }
        let mut opened = GitRepository::from_git2(repo);
        opened.submodule_depth = self.submodule_depth;
        if let Some((base, head)) = self.cut {
            opened.commit_cache.cut(base, head);
        }
        Ok(opened)
    }
}

impl GitRepository {
    pub(super) fn origin(&self) -> Origin {
        let folder: &Path = self.repo.path();
        Origin {
            folder: folder.to_path_buf(),
            root: self.repo.workdir().map(Path::to_path_buf),
            cut: self.commit_cache.cut_at(),
            submodule_depth: self.submodule_depth,
        }
    }

    /// See [`Repository::reopen`].
    pub(super) fn reopen_handle(&self) -> Option<Reopen> {
        let origin = self.origin();
        let open = move || origin.open().map(|opened| Box::new(opened) as Box<dyn Repository>);
        parallel::has_second_thread().then(|| Box::new(open) as Reopen)
    }

    /// See [`crate::change::History::read_ahead`].
    pub(super) fn start_reading_ahead(&self, head: Commit, commits: usize) {
        if !parallel::has_second_thread() || self.read_ahead.objects.get().is_some() {
            return;
        }
        let objects = Arc::new(SharedObjects::default());
        let (origin, shared) = (self.origin(), Arc::clone(&objects));
        let thread = std::thread::Builder::new().spawn(move || {
            // Who needs the object reads it again and says what is wrong.
            let _ = read_newest(&origin, to_oid(head.0), commits, shared);
        });
        if let Ok(thread) = thread {
            let _ = self.read_ahead.thread.set(thread);
            let _ = self.read_ahead.objects.set(objects);
        }
    }
}

/// Reads the newest commits, and then their root trees, the oldest first: the other thread
/// begins with the newest.
fn read_newest(
    origin: &Origin,
    head: Oid,
    commits: usize,
    shared: Arc<SharedObjects>,
) -> Result<(), RepositoryError> {
    let repo = origin.open()?;
    let shared = repo.read_ahead.objects.get_or_init(|| shared);
    let mut walk = repo.walk_back_from(Commit(to_hash(head)));
    let mut trees = Vec::new();
    while trees.len() < commits && !shared.ends() {
        let Some(id) = walk.next_commit()? else { break };
        trees.push(repo.commit_node(id)?.tree);
    }
    let odb = repo.object_store()?;
    for tree in trees.into_iter().rev().take_while(|_| !shared.ends()) {
        repo.read_object(&odb, tree, ObjectType::Tree, &|| {
            format!("reading folder {}", RepoPath::default())
        })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::RepositoryBuilder;
    use super::*;
    use crate::change::{ObjectStore as _, TreeState};
    use crate::system::files;

    #[test]
    fn shared_objects_are_bounded_and_of_one_kind() {
        let shared = SharedObjects::default();
        let id = |byte: u8| Oid::from_bytes(&[byte; 20]).expect("id");
        shared.add(id(1), ObjectType::Commit, b"one");
        shared.add(id(2), ObjectType::Blob, b"two");
        shared.add(id(3), ObjectType::Tree, &vec![0; MAX_SHARED_BYTES]);
        assert_eq!(shared.get(id(1), ObjectType::Commit).as_deref(), Some(b"one".as_slice()));
        assert!(shared.get(id(1), ObjectType::Tree).is_none());
        assert!(shared.get(id(2), ObjectType::Blob).is_none(), "blobs are not shared");
        assert!(shared.get(id(3), ObjectType::Tree).is_none(), "more than the limit");
    }

    #[test]
    fn a_second_handle_has_the_same_working_tree() {
        let scratch = files::create_scratch_folder("countersign-ahead-").expect("folder");
        let root = scratch.path().join("main");
        std::fs::create_dir(&root).expect("folder");
        let builder = RepositoryBuilder::create(&root).expect("repository");
        builder.write("a.txt", "one\n").expect("file");
        let who = super::super::Identity { name: "a", email: "a@example.org" };
        builder.commit_all("one", who, 1).expect("commit");
        let linked = scratch.path().join("linked");
        let made = git2::Repository::open(&root).expect("repository");
        made.worktree("linked", &linked, None).expect("working tree");
        for folder in [root, linked] {
            let first = GitRepository::discover(&folder).expect("repository");
            let second = first.origin().open().expect("a second handle");
            assert_eq!(first.root().expect("root"), second.root().expect("root"));
        }
    }

    #[test]
    fn a_damaged_object_is_not_shared() {
        let scratch = files::create_scratch_folder("countersign-ahead-").expect("folder");
        let root = scratch.path();
        let builder = RepositoryBuilder::create(root).expect("repository");
        let who = super::super::Identity { name: "a", email: "a@example.org" };
        let mut commits = Vec::new();
        for (at, text) in [(1, "one\n"), (2, "two\n"), (3, "three\n")] {
            builder.write("a.txt", text).expect("file");
            commits.push(builder.commit_all(text, who, at).expect("commit"));
        }
        let [oldest, middle, head] = commits[..] else { panic!("three commits") };
        let read_ahead = || {
            let repo = GitRepository::discover(root).expect("repository");
            repo.start_reading_ahead(head, 10);
            while repo.read_ahead.thread.get().is_some_and(|thread| !thread.is_finished()) {
                std::thread::yield_now();
            }
            repo
        };
        let path = RepoPath::from("a.txt");
        let repo = read_ahead();
        let tree = repo.tree_of(oldest).expect("tree");
        let other = repo.tree_of(middle).expect("tree");
        if let Some(shared) = repo.read_ahead.objects() {
            assert!(shared.get(tree, ObjectType::Tree).is_some(), "the oldest tree is read");
        }
        assert_eq!(repo.read(TreeState::Commit(oldest), &path).expect("readable"), Some(b"one\n".to_vec()));
        drop(repo);
        let file = |id: Oid| {
            let hex = id.to_string();
            let (folder, name) = hex.split_at(2);
            root.join(".git/objects").join(folder).join(name)
        };
        let damaged = files::read(&file(other), 10_000).expect("object");
        std::fs::remove_file(file(tree)).expect("object");
        files::write(&file(tree), &damaged).expect("object");
        let error = read_ahead().read(TreeState::Commit(oldest), &path).expect_err("damaged").to_string();
        assert!(error.contains("its bytes have another id"), "{error}");
    }
}
