//! Repositories described as data: `fixtures/worlds/<name>/world.yaml`, built
//! by the `git` program.

use std::collections::BTreeMap;

use countersign::{
    ChangedFile, DemoRepository, FileMode, GitRepository, History as _, ObjectStore as _, RecordedHashes,
    Repository as _, Selection, SelectionMode, TreeState,
};
use serde::Deserialize;

use super::repo::{Sandbox, isolated_command};
use super::{files_below, project, second_packet as second};

const PACKET: &str = ".GOV/task_packets/WP-1-Farewell.md";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorldFile {
    /// The correct verdict, and the reason.
    pub why: String,
    /// The state before the steps: `nothing`, `empty`, `project`, `approved`,
    /// `worked` or `committed`.
    pub start: String,
    /// Replacements in the packet's text, from its approval on.
    #[serde(default)]
    pub packet: Vec<(String, String)>,
    #[serde(default, rename = "do")]
    pub steps: Vec<WorldStep>,
    /// Arguments of the program; none where `modes` are given.
    #[serde(default)]
    pub run: Vec<String>,
    /// Run `post-work` on the working tree (`worktree`), then on the index
    /// (`staged`), then on the commit (`range`). Every mode must have the same
    /// exit code.
    #[serde(default)]
    pub modes: Vec<String>,
    /// Folder below the root in which the program runs.
    #[serde(default)]
    pub below: String,
    /// Environment variables of the program.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    pub exit: i32,
    /// Rules that must have a finding.
    #[serde(default)]
    pub finds: Vec<String>,
    /// Text that the output must contain.
    #[serde(default)]
    pub says: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WorldStep {
    write: Option<(String, String)>,
    append: Option<(String, String)>,
    edit: Option<(String, String, String)>,
    remove: Option<String>,
    executable: Option<String>,
    link: Option<(String, String)>,
    /// A path in hexadecimal, and its text.
    odd: Option<(String, String)>,
    /// A file in the user's home.
    home: Option<(String, String)>,
    /// A file of that many lines.
    big: Option<(String, usize)>,
    commit: Option<String>,
    git: Option<Vec<String>>,
    /// A git command that may fail.
    try_git: Option<Vec<String>>,
    /// Continue in a clone that is made with these options.
    clone: Option<Vec<String>>,
    /// Remove the object of a revision, such as `HEAD:src/lib.rs`.
    lose: Option<String>,
    /// Fill the packet's manifests for all changes since the merge base.
    hand_over: bool,
    /// Do the correct work.
    work: bool,
    /// Approve a second packet, WP-1-Invoices, with this scope.
    second: Option<Vec<String>>,
    /// Change bytes and keep size and modification time.
    sneak: Option<(String, String, String)>,
}

/// A world that has been built.
pub struct BuiltWorld {
    pub sandbox: Sandbox,
    base: String,
    packet: Vec<(String, String)>,
    /// Scope of the second packet, if there is one.
    second_scope: Option<Vec<String>>,
}

/// Every world: its folder below `fixtures/worlds` and its description.
pub fn all_worlds() -> Vec<(String, WorldFile)> {
    let root = project().join("fixtures/worlds");
    let files = files_below(&root).into_iter().filter(|path| path.ends_with("world.yaml"));
    files
        .map(|path| {
            let folder = path.parent().and_then(|folder| folder.strip_prefix(&root).ok()).expect("below");
            let text = std::fs::read_to_string(&path).expect("world.yaml");
            let world = serde_saphyr::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            (folder.to_string_lossy().replace('\\', "/"), world)
        })
        .collect()
}

pub fn build(world: &WorldFile) -> BuiltWorld {
    let built =
        |sandbox, base| BuiltWorld { sandbox, base, packet: world.packet.clone(), second_scope: None };
    if world.start == "nothing" {
        let mut built = built(Sandbox::bare_folder(), String::new());
        world.steps.iter().for_each(|step| built.run_step(step));
        return built;
    }
    let sandbox = Sandbox::new();
    let mut base = String::new();
    let rank = ["empty", "project", "approved", "worked", "committed"]
        .iter()
        .position(|name| *name == world.start)
        .expect("a known start");
    if rank >= 1 {
        DemoRepository::base_files().into_iter().for_each(|(path, text)| sandbox.write(path, text));
        base = sandbox.commit("project");
    }
    let mut built = built(sandbox, base);
    if rank >= 2 {
        built.sandbox.git(&["switch", "-q", "-c", "feat/WP-1-Farewell"]);
        for (path, text) in DemoRepository::approved_files(&built.base) {
            let text = if path == PACKET { built.apply_packet_edits(text) } else { text };
            built.sandbox.write(path, text);
        }
        built.sandbox.commit("packet");
    }
    if rank >= 3 {
        DemoRepository::work_files().into_iter().for_each(|(path, _, text)| built.sandbox.write(path, text));
        built.hand_over();
    }
    if rank >= 4 {
        built.sandbox.commit("work");
    }
    world.steps.iter().for_each(|step| built.run_step(step));
    built
}

impl BuiltWorld {
    /// Text with the values of `{base}`, `{root}` and `{head}`.
    pub fn expand_placeholders(&self, text: &str) -> String {
        let text =
            text.replace("{base}", &self.base).replace("{root}", &self.sandbox.root.display().to_string());
        if text.contains("{head}") {
            text.replace("{head}", &self.sandbox.git(&["rev-parse", "HEAD"]))
        } else {
            text
        }
    }

    fn apply_packet_edits(&self, mut text: String) -> String {
        for (from, to) in &self.packet {
            assert!(text.contains(from.as_str()), "the packet does not hold {from:?}");
            text = text.replacen(from.as_str(), to, 1);
        }
        text
    }

    fn run_step(&mut self, step: &WorldStep) {
        let sandbox = &self.sandbox;
        if step.work {
            DemoRepository::work_files().into_iter().for_each(|(path, _, text)| sandbox.write(path, text));
        }
        if let Some((path, text)) = &step.write {
            sandbox.write(path, self.expand_placeholders(text));
        }
        if let Some((path, text)) = &step.append {
            sandbox.write(path, format!("{}{text}", sandbox.read(path)));
        }
        if let Some((path, from, to)) = &step.edit {
            sandbox.edit(path, &self.expand_placeholders(from), &self.expand_placeholders(to));
        }
        if let Some(path) = &step.remove {
            sandbox.remove(path);
        }
        if let Some((path, text)) = &step.home {
            let target = sandbox.home().join(path);
            std::fs::create_dir_all(target.parent().expect("folder")).expect("folders");
            std::fs::write(target, self.expand_placeholders(text)).expect("home");
        }
        if let Some((path, lines)) = &step.big {
            sandbox.write(path, (0..*lines).map(|n| format!("// line {n} of many\n")).collect::<String>());
        }
        if let Some((path, from, to)) = &step.sneak {
            let target = sandbox.root.join(path);
            let modified = target.metadata().expect("file").modified().expect("time");
            sandbox.edit(path, from, to);
            let file = std::fs::File::options().write(true).open(&target).expect("file");
            file.set_modified(modified).expect("time set");
        }
        #[cfg(unix)]
        self.run_unix_step(step);
        if let Some(message) = &step.commit {
            sandbox.commit(message);
        }
        if let Some(arguments) = &step.git {
            let arguments: Vec<String> =
                arguments.iter().map(|argument| self.expand_placeholders(argument)).collect();
            sandbox.git(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
        }
        if let Some(arguments) = &step.try_git {
            let arguments = arguments.iter().map(|argument| self.expand_placeholders(argument));
            let _ = isolated_command("git", &sandbox.root, &sandbox.home())
                .args(arguments)
                .output()
                .expect("git runs");
        }
        if let Some(revision) = &step.lose {
            let id = sandbox.git(&["rev-parse", revision]);
            let (folder, name) = id.split_at(2);
            sandbox.remove(&format!(".git/objects/{folder}/{name}"));
        }
        if let Some(options) = &step.clone {
            let clone = sandbox.root.with_file_name("clone");
            let url = format!("file://{}", sandbox.root.display());
            sandbox.git(&["config", "uploadpack.allowFilter", "true"]);
            let mut arguments = vec!["clone", "-q"];
            arguments.extend(options.iter().map(String::as_str));
            let target = clone.display().to_string();
            arguments.extend([url.as_str(), target.as_str()]);
            sandbox.git(&arguments);
            self.sandbox.root = clone;
        }
        if let Some(scope) = &step.second {
            second::approve(&self.sandbox, &self.base, scope);
            self.second_scope = Some(scope.clone());
        }
        if step.hand_over {
            self.hand_over();
        }
    }

    #[cfg(unix)]
    fn run_unix_step(&self, step: &WorldStep) {
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

    /// Writes correct manifests for all changes since the merge base.
    fn hand_over(&self) {
        let repo = GitRepository::discover(&self.sandbox.root).expect("repository");
        let base = repo.find_commit(&self.base).expect("commit").expect("merge base");
        let selection = Selection {
            mode: SelectionMode::Worktree,
            base: Some(base),
            head: None,
            reason: String::new(),
            is_explicit: true,
            left_end: None,
        };
        let changes = repo.changes(&selection).expect("changes").changes;
        let changed: Vec<ChangedFile> = changes
            .into_iter()
            .filter(|change| !change.path.is_below(b".GOV"))
            .map(|change| {
                let pre = repo.read(TreeState::Commit(base), &change.path).expect("bytes");
                let submodule = change.after.filter(|entry| entry.mode == FileMode::Submodule);
                let post = match submodule {
                    Some(entry) => Some(entry.id.to_string().into_bytes()),
                    None => repo.read(TreeState::Worktree, &change.path).expect("bytes"),
                };
                ChangedFile::new(change, pre, post)
            })
            .collect();
        let (theirs, own): (Vec<_>, Vec<_>) = changed.into_iter().partition(|file| {
            let scope = self.second_scope.as_deref().unwrap_or_default();
            scope.iter().any(|path| file.change.path.to_text() == path.as_str())
        });
        self.sandbox.write(
            PACKET,
            self.apply_packet_edits(DemoRepository::packet_text(&self.base, RecordedHashes::Correct, &own)),
        );
        if let Some(scope) = &self.second_scope {
            self.sandbox.write(second::PACKET, second::packet(&self.base, scope, Some(&theirs)));
        }
    }

    /// Exit code and output of the program, for the run or for every mode.
    pub fn run_modes(&self, world: &WorldFile) -> Vec<(i32, String)> {
        if world.modes.is_empty() {
            return vec![self.run(world, &world.run)];
        }
        let all = ["worktree", "staged", "range"];
        assert!(world.modes.iter().all(|mode| all.contains(&mode.as_str())), "an unknown mode");
        let wanted = all.iter().filter(|mode| world.modes.iter().any(|other| other == *mode));
        let outputs = wanted.map(|mode| {
            let mut arguments = vec!["post-work".to_owned(), "WP-1-Farewell".into(), "--no-run".into()];
            match *mode {
                "worktree" => arguments.push("--worktree".into()),
                "staged" => {
                    self.sandbox.git(&["add", "-A"]);
                    arguments.push("--staged".into());
                }
                _ => {
                    self.sandbox.commit("work");
                    arguments.extend(["--range".to_owned(), "{base}..HEAD".into()]);
                }
            }
            let (exit, said) = self.run(world, &arguments);
            (exit, format!("== {mode}\n{said}"))
        });
        outputs.collect()
    }

    fn run(&self, world: &WorldFile, arguments: &[String]) -> (i32, String) {
        let arguments: Vec<String> =
            arguments.iter().map(|argument| self.expand_placeholders(argument)).collect();
        let mut program = self.sandbox.program();
        program.current_dir(self.sandbox.root.join(&world.below)).args(&arguments);
        program.envs(world.environment.iter().map(|(name, value)| (name, self.expand_placeholders(value))));
        let output = program.output().expect("countersign runs");
        let text =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        (output.status.code().unwrap_or(-1), self.sandbox.redact(&text))
    }
}
