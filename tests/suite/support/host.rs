//! Repositories of hosts, and runs of continuous integration as they start them.

use std::process::Command;

use super::repo::Sandbox;

pub const FENCE: &str = "version: 1\nprofile: fence\nscope:\n  - src/\nsteps: []\n";

/// A repository of a host, and the pull request of a branch `work`.
pub struct Host {
    pub origin: Sandbox,
    pub work: String,
}

impl Host {
    /// `path` is the file that the request changes.
    pub fn with_change(path: &str) -> Self {
        Self::with_config(path, FENCE)
    }

    /// As `with_change`, with a step that leaves a file.
    pub fn with_step(path: &str) -> Self {
        let step = "steps:\n  - {name: touch, run: [touch, ran], tests: false}\n";
        Self::with_config(path, &FENCE.replace("steps: []\n", step))
    }

    fn with_config(path: &str, config: &str) -> Self {
        let origin = Sandbox::new();
        origin.write("src/a.txt", "one\n");
        origin.write("countersign.yaml", config);
        origin.commit("project");
        origin.git(&["switch", "-q", "-c", "work"]);
        origin.write(path, "changed\n");
        let work = origin.commit("work");
        origin.git(&["switch", "-q", "main"]);
        Self { origin, work }
    }

    pub fn advance_main(&self) -> String {
        self.origin.git(&["switch", "-q", "main"]);
        self.origin.append("other.txt", "x\n");
        self.origin.commit("somebody else's work")
    }

    /// The merge of a branch with the request, as the host makes it, under a reference.
    pub fn merge_into(&self, target: &str, reference: &str) -> String {
        self.origin.git(&["switch", "-q", "--detach", target]);
        self.origin.git(&["merge", "-q", "--no-ff", "-m", "Merge request", &self.work]);
        self.origin.git(&["update-ref", reference, "HEAD"]);
        let merge = self.origin.git(&["rev-parse", "HEAD"]);
        self.origin.git(&["switch", "-q", "main"]);
        merge
    }

    /// A clone by the runner: `fetched` are references of the host with the references of
    /// the clone; `depth` 0 is the whole history.
    pub fn check_out(&self, commit: &str, depth: u32, fetched: &[&str]) -> Sandbox {
        let clone = Sandbox::bare_folder();
        let url = format!("file://{}", self.origin.root.display());
        clone.git(&["init", "-q", "-b", "unused"]);
        clone.git(&["remote", "add", "origin", &url]);
        let depth = format!("--depth={depth}");
        let mut arguments = vec!["fetch", "-q", "--no-tags"];
        if depth != "--depth=0" {
            arguments.push(&depth);
        }
        arguments.push("origin");
        arguments.extend(fetched);
        self.origin.git(&["config", "uploadpack.allowAnySHA1InWant", "true"]);
        clone.git(&arguments);
        clone.git(&["checkout", "-q", "--detach", commit]);
        clone
    }
}

/// The variables and the event of a run.
#[derive(Clone)]
pub struct Run {
    pub variables: Vec<(String, String)>,
    pub event: serde_json::Value,
}

impl Run {
    pub fn github(event_name: &str, sha: &str, event: serde_json::Value) -> Self {
        let mut run = Self { variables: Vec::new(), event };
        run.set("CI", "true");
        run.set("GITHUB_ACTIONS", "true");
        run.set("GITHUB_EVENT_NAME", event_name);
        run.set("GITHUB_SHA", sha);
        run
    }

    pub fn pull_request(host: &Host, target: &str, sha: &str) -> Self {
        let event = serde_json::json!({"pull_request": {
            "number": 7,
            "base": {"ref": target, "sha": host.origin.git(&["rev-parse", "main"])},
            "head": {"ref": "work", "sha": host.work},
        }});
        let mut run = Self::github("pull_request", sha, event);
        run.set("GITHUB_BASE_REF", target);
        run.set("GITHUB_HEAD_REF", "work");
        run
    }

    pub fn gitlab(source: &str, sha: &str) -> Self {
        let mut run = Self { variables: Vec::new(), event: serde_json::Value::Null };
        run.set("CI", "true");
        run.set("GITLAB_CI", "true");
        run.set("CI_PIPELINE_SOURCE", source);
        run.set("CI_COMMIT_SHA", sha);
        run
    }

    pub fn merge_request(kind: &str, target: &str, sha: &str, source_sha: &str) -> Self {
        let mut run = Self::gitlab("merge_request_event", sha);
        run.set("CI_MERGE_REQUEST_EVENT_TYPE", kind);
        run.set("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", target);
        run.set("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME", "work");
        run.set("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA", source_sha);
        run
    }

    pub fn set(&mut self, name: &str, value: &str) {
        self.variables.retain(|(other, _)| other != name);
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut run = self.clone();
        run.set(name, value);
        run
    }

    /// Runs the program with these variables and no others (`env -i`).
    pub fn run(&self, clone: &Sandbox, arguments: &[&str]) -> (i32, String) {
        let event = clone.home().join("event.json");
        std::fs::create_dir_all(clone.home()).expect("folder");
        std::fs::write(&event, self.event.to_string()).expect("event file");
        let mut program = Command::new(env!("CARGO_BIN_EXE_countersign"));
        program.current_dir(&clone.root).env_clear().env("HOME", clone.home());
        program.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        program.envs(self.variables.iter().map(|(name, value)| (name, value)));
        if self.variables.iter().any(|(name, _)| name == "GITHUB_ACTIONS") {
            program.env("GITHUB_EVENT_PATH", &event);
        }
        let output = program.args(arguments).output().expect("runs");
        let said = [output.stdout, output.stderr].concat();
        (output.status.code().unwrap_or(-1), clone.redact(&String::from_utf8_lossy(&said)))
    }

    pub fn assert(&self, clone: &Sandbox, exit: i32, says: &str) {
        let (found, said) = self.run(clone, &["verify", "--range", "auto"]);
        assert!(found == exit && said.contains(says), "exit {found}, not {exit}; {says:?} not in:\n{said}");
    }
}
