//! Whole-gate worlds: repositories described as data, built by the `git`
//! program, judged by the built program, compared with a reviewed report.
//!
//! `fixtures/worlds/<name>/world.yaml` describes one; `report.txt` beside it
//! is what the program says. `COUNTERSIGN_ACCEPT=1 cargo test worlds` writes
//! the reports anew, for review.

use std::path::Path;

use countersign::change::{ChangedFile, Repository as _, Selection, SelectionMode, Side};
use countersign::system::git::GitRepository;
use countersign::workflow::demo::{Manifests, World};
use serde::Deserialize;

use crate::support::repo::{Sandbox, scrubbed};
use crate::support::second;
use crate::support::{files_below, project};

const PACKET: &str = ".GOV/task_packets/WP-1-Farewell.md";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorldFile {
    /// Which verdict is right, and why.
    pub why: String,
    /// `nothing`, `empty`, `project`, `approved`, `worked`, `committed`.
    pub start: String,
    #[serde(default, rename = "do")]
    pub steps: Vec<Step>,
    pub run: Vec<String>,
    /// Folder below the root in which the program runs.
    #[serde(default)]
    pub below: String,
    pub exit: i32,
    /// Rules whose findings must be there.
    #[serde(default)]
    pub finds: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Step {
    write: Option<(String, String)>,
    append: Option<(String, String)>,
    edit: Option<(String, String, String)>,
    remove: Option<String>,
    executable: Option<String>,
    link: Option<(String, String)>,
    /// A path in hexadecimal, and its text.
    odd: Option<(String, String)>,
    commit: Option<String>,
    git: Option<Vec<String>>,
    /// A git command that may fail.
    try_git: Option<Vec<String>>,
    /// Fill the packet's manifests for all changes since the merge base.
    hand_over: bool,
    /// Approve a second packet, WP-1-Invoices, with this scope.
    second: Option<Vec<String>>,
    /// Change bytes and keep size and modification time.
    sneak: Option<(String, String, String)>,
}

struct Built {
    sandbox: Sandbox,
    base: String,
    /// Scope of the second packet, if there is one.
    second: Option<Vec<String>>,
}

fn build(world: &WorldFile) -> Built {
    if world.start == "nothing" {
        return Built { sandbox: Sandbox::bare_folder(), base: String::new(), second: None };
    }
    let sandbox = Sandbox::new();
    let mut base = String::new();
    let rank = ["empty", "project", "approved", "worked", "committed"]
        .iter()
        .position(|name| *name == world.start)
        .expect("a known start");
    if rank >= 1 {
        World::base_files().into_iter().for_each(|(path, text)| sandbox.write(path, text));
        base = sandbox.commit("project");
    }
    if rank >= 2 {
        sandbox.git(&["switch", "-q", "-c", "feat/WP-1-Farewell"]);
        World::approved_files(&base).into_iter().for_each(|(path, text)| sandbox.write(path, text));
        sandbox.commit("packet");
    }
    let mut built = Built { sandbox, base, second: None };
    if rank >= 3 {
        World::worked_files().into_iter().for_each(|(path, _, text)| built.sandbox.write(path, text));
        built.hand_over();
    }
    if rank >= 4 {
        built.sandbox.commit("work");
    }
    world.steps.iter().for_each(|step| built.step(step));
    built
}

impl Built {
    fn named(&self, text: &str) -> String {
        text.replace("{base}", &self.base)
    }

    fn step(&mut self, step: &Step) {
        let sandbox = &self.sandbox;
        if let Some((path, text)) = &step.write {
            sandbox.write(path, self.named(text));
        }
        if let Some((path, text)) = &step.append {
            sandbox.write(path, format!("{}{text}", sandbox.read(path)));
        }
        if let Some((path, from, to)) = &step.edit {
            sandbox.edit(path, &self.named(from), &self.named(to));
        }
        if let Some(path) = &step.remove {
            sandbox.remove(path);
        }
        if let Some((path, from, to)) = &step.sneak {
            let target = sandbox.root.join(path);
            let modified = target.metadata().expect("file").modified().expect("time");
            sandbox.edit(path, from, to);
            std::fs::File::options()
                .write(true)
                .open(&target)
                .expect("file")
                .set_modified(modified)
                .expect("time set");
        }
        #[cfg(unix)]
        self.unix_step(step);
        if let Some(message) = &step.commit {
            sandbox.commit(message);
        }
        if let Some(arguments) = &step.git {
            let arguments: Vec<String> = arguments.iter().map(|argument| self.named(argument)).collect();
            sandbox.git(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
        }
        if let Some(arguments) = &step.try_git {
            let _ =
                scrubbed("git", &sandbox.root, &sandbox.home()).args(arguments).output().expect("git runs");
        }
        if let Some(scope) = &step.second {
            second::approve(sandbox, &self.base, scope);
            self.second = Some(scope.clone());
        }
        if step.hand_over {
            self.hand_over();
        }
    }

    #[cfg(unix)]
    fn unix_step(&self, step: &Step) {
        use std::os::unix::ffi::OsStrExt as _;
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        let root = &self.sandbox.root;
        if let Some(path) = &step.executable {
            std::fs::set_permissions(root.join(path), std::fs::Permissions::from_mode(0o755)).expect("mode");
        }
        if let Some((path, target)) = &step.link {
            let _ = std::fs::remove_file(root.join(path));
            symlink(target, root.join(path)).expect("link");
        }
        if let Some((hex, text)) = &step.odd {
            let name: Vec<u8> = (0..hex.len() / 2)
                .map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).expect("hex"))
                .collect();
            std::fs::write(root.join(std::ffi::OsStr::from_bytes(&name)), text).expect("odd file");
        }
    }

    /// Right manifests for everything that differs from the merge base.
    fn hand_over(&self) {
        let repo = GitRepository::discover(&self.sandbox.root).expect("repository");
        let base = repo.commit(&self.base).expect("commit").expect("merge base");
        let selection = Selection {
            mode: SelectionMode::Worktree,
            base: Some(base),
            head: None,
            reason: String::new(),
            asked: true,
        };
        let changes = repo.changes(&selection).expect("changes").changes;
        let changed: Vec<ChangedFile> = changes
            .into_iter()
            .filter(|change| !change.path.is_below(b".GOV"))
            .map(|change| {
                let pre = repo.read(Side::Commit(base), &change.path).expect("bytes");
                let submodule =
                    change.post.filter(|entry| entry.mode == countersign::change::FileMode::Submodule);
                let post = match submodule {
                    Some(entry) => Some(entry.id.to_string().into_bytes()),
                    None => repo.read(Side::Worktree, &change.path).expect("bytes"),
                };
                ChangedFile::new(change, pre, post)
            })
            .collect();
        let (theirs, own): (Vec<_>, Vec<_>) = changed.into_iter().partition(|file| {
            let scope = self.second.as_deref().unwrap_or_default();
            scope.iter().any(|path| file.change.path.to_text() == path.as_str())
        });
        self.sandbox.write(PACKET, World::packet(&self.base, Manifests::Right, &own));
        if let Some(scope) = &self.second {
            self.sandbox.write(second::PACKET, second::packet(&self.base, scope, Some(&theirs)));
        }
    }
}

fn told(world: &WorldFile) -> (i32, String) {
    let built = build(world);
    let arguments: Vec<String> = world.run.iter().map(|argument| built.named(argument)).collect();
    let mut program = built.sandbox.program();
    program.current_dir(built.sandbox.root.join(&world.below)).args(&arguments);
    let output = program.output().expect("countersign runs");
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output.status.code().unwrap_or(-1), built.sandbox.redacted(&text))
}

fn check(folder: &Path) -> Result<(), String> {
    let name = folder.file_name().expect("name").to_string_lossy().into_owned();
    let text = std::fs::read_to_string(folder.join("world.yaml")).expect("world.yaml");
    let world: WorldFile = serde_yaml::from_str(&text).map_err(|error| format!("{name}: {error}"))?;
    let (exit, said) = told(&world);
    let report = folder.join("report.txt");
    if std::env::var_os("COUNTERSIGN_ACCEPT").is_some() {
        std::fs::write(&report, &said).expect("report.txt");
    }
    if exit != world.exit {
        return Err(format!("{name}: exit code {exit}, not {} ({})\n{said}", world.exit, world.why));
    }
    if let Some(rule) = world.finds.iter().find(|rule| !said.contains(&format!("[{rule}]"))) {
        return Err(format!("{name}: {rule} was not found\n{said}"));
    }
    let want = std::fs::read_to_string(&report).unwrap_or_default();
    if want == said {
        Ok(())
    } else {
        Err(format!("{name}: the report differs from report.txt\n--- report.txt\n{want}\n--- now\n{said}"))
    }
}

/// Every world and the rules that it finds.
pub fn all() -> Vec<(String, WorldFile)> {
    let files = files_below(&project().join("fixtures/worlds"));
    let worlds = files.iter().filter(|path| path.ends_with("world.yaml"));
    worlds
        .map(|path| {
            (
                path.display().to_string(),
                serde_yaml::from_str(&std::fs::read_to_string(path).expect("world")).expect("a world"),
            )
        })
        .collect()
}

#[cfg(unix)]
#[test]
fn worlds_are_judged_as_described() {
    let files = files_below(&project().join("fixtures/worlds"));
    let folders: Vec<&Path> =
        files.iter().filter(|path| path.ends_with("world.yaml")).filter_map(|path| path.parent()).collect();
    assert!(folders.len() >= 30, "worlds are missing");
    let half = folders.len().div_ceil(2);
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let workers: Vec<_> = folders
            .chunks(half)
            .map(|part| {
                scope.spawn(move || part.iter().filter_map(|folder| check(folder).err()).collect::<Vec<_>>())
            })
            .collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("worker")).collect()
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
