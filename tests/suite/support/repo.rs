//! Real repositories in temporary folders, made by the `git` program with a
//! scrubbed environment, and the built program run on them.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use countersign::DemoRepository;
use tempfile::TempDir;

/// A temporary folder with a home folder that has no configuration.
pub struct Sandbox {
    pub dir: TempDir,
    pub root: PathBuf,
}

/// A command without environment variables of the user or of git.
pub fn isolated_command(program: &str, folder: &Path, home: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder);
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy().into_owned();
        let prefixes = [
            "GIT_", "XDG_", "CARGO_", "CI", "GITHUB_", "GITLAB_", "CLAUDE", "CODEX_", "CURSOR_", "GEMINI_",
            "AIDER_", "OPENCODE", "COPILOT_", "AI_AGENT",
        ];
        if prefixes.iter().any(|prefix| text.starts_with(prefix)) || text == "HOME" || text == "RUSTFLAGS" {
            command.env_remove(&name);
        }
    }
    // Steps of a test may need cargo, which keeps its toolchain elsewhere.
    for (name, value) in std::env::vars_os().filter(|(name, _)| name == "CARGO_HOME" || name == "RUSTUP_HOME")
    {
        command.env(name, value);
    }
    if let Some(real) = std::env::var_os("HOME") {
        let real = PathBuf::from(real);
        for (name, folder) in [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")] {
            if std::env::var_os(name).is_none() && real.join(folder).is_dir() {
                command.env(name, real.join(folder));
            }
        }
    }
    command.env("HOME", home).env("XDG_CONFIG_HOME", home.join("config")).env("GIT_CONFIG_NOSYSTEM", "1");
    for (name, value) in [
        ("GIT_AUTHOR_NAME", "Tess"),
        ("GIT_AUTHOR_EMAIL", "tess@example.org"),
        ("GIT_COMMITTER_NAME", "Tess"),
        ("GIT_COMMITTER_EMAIL", "tess@example.org"),
        ("GIT_AUTHOR_DATE", "2026-03-01T10:00:00Z"),
        ("GIT_COMMITTER_DATE", "2026-03-01T10:00:00Z"),
        ("LC_ALL", "C"),
    ] {
        command.env(name, value);
    }
    command
}

impl Sandbox {
    /// A folder without a repository.
    pub fn bare_folder() -> Self {
        let dir = tempfile::Builder::new().prefix("countersign-test-").tempdir().expect("temporary folder");
        let root = dir.path().canonicalize().expect("its path").join("greeter");
        std::fs::create_dir_all(&root).expect("folder");
        std::fs::create_dir_all(root.with_file_name("home")).expect("home");
        Self { dir, root }
    }

    /// A folder with an empty repository.
    pub fn new() -> Self {
        let sandbox = Self::bare_folder();
        sandbox.git(&["init", "-q", "-b", "main"]);
        sandbox.git(&["config", "commit.gpgsign", "false"]);
        sandbox
    }

    /// A repository with the demo's project and its approved packet, each
    /// committed on main.
    pub fn with_packet() -> Self {
        let sandbox = Sandbox::new();
        DemoRepository::base_files().into_iter().for_each(|(path, text)| sandbox.write(path, text));
        let base = sandbox.commit("project");
        DemoRepository::approved_files(&base).into_iter().for_each(|(path, text)| sandbox.write(path, text));
        sandbox.commit("packet");
        sandbox
    }

    pub fn home(&self) -> PathBuf {
        self.root.with_file_name("home")
    }

    pub fn git(&self, arguments: &[&str]) -> String {
        let output =
            isolated_command("git", &self.root, &self.home()).args(arguments).output().expect("git runs");
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    pub fn write(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let target = self.root.join(path);
        std::fs::create_dir_all(target.parent().expect("folder")).expect("folders");
        if target.is_symlink() {
            std::fs::remove_file(&target).expect("old link");
        }
        std::fs::write(target, bytes).expect("file");
    }

    pub fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.root.join(path)).expect("file")
    }

    /// Adds text to the end of a file.
    pub fn append(&self, path: &str, text: &str) {
        let old = std::fs::read_to_string(self.root.join(path)).unwrap_or_default();
        self.write(path, old + text);
    }

    pub fn edit(&self, path: &str, from: &str, to: &str) {
        let text = self.read(path);
        assert!(text.contains(from), "{path} does not hold {from:?}");
        self.write(path, text.replacen(from, to, 1));
    }

    pub fn remove(&self, path: &str) {
        std::fs::remove_file(self.root.join(path)).expect("file to remove");
    }

    pub fn commit(&self, message: &str) -> String {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// The program, ready to run in the repository.
    pub fn program(&self) -> Command {
        isolated_command(env!("CARGO_BIN_EXE_countersign"), &self.root, &self.home())
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.program().args(arguments).output().expect("countersign runs")
    }

    /// Exit code and both outputs, without this machine's paths.
    pub fn run_redacted(&self, arguments: &[&str]) -> (i32, String) {
        let output = self.run(arguments);
        let text =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        (output.status.code().unwrap_or(-1), self.redact(&text))
    }

    /// Text without this machine's paths and times.
    pub fn redact(&self, text: &str) -> String {
        let text = text
            .replace(&self.root.display().to_string(), "[ROOT]")
            .replace(&self.dir.path().display().to_string(), "[TEMP]");
        let seconds = regex::Regex::new(r"\(\d+\.\d s\)").expect("pattern");
        let stamps = regex::Regex::new(r"\d{8}T\d{6}Z-\d+").expect("pattern");
        stamps.replace_all(&seconds.replace_all(&text, "([TIME])"), "[STAMP]").into_owned()
    }
}
