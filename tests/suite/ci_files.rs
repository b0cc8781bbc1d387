//! The shell steps of the composite action, of the GitLab snippet and of the files that
//! `init` writes, run as a runner runs them.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::host::{Host, Run};
use crate::support::initialized::run_ok;
use crate::support::repo::Sandbox;

fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read_yaml(text: &str) -> serde_json::Value {
    serde_saphyr::from_str(text).expect("YAML")
}

/// A folder with programs that stand for those of the runner. `cargo install` puts the
/// tested program into the root that it is given; it must not run in a work tree.
fn stubs(clone: &Sandbox) -> PathBuf {
    let folder = clone.home().join("stubs");
    std::fs::create_dir_all(&folder).expect("folder");
    let program = env!("CARGO_BIN_EXE_countersign");
    let cargo = format!(
        "#!/bin/bash\ngit rev-parse --is-inside-work-tree 2>/dev/null | grep -q true && [ \"$PWD\" != \"{}\" ] && {{ echo 'cargo ran in a work tree'; exit 99; }}\nroot=\nwhile [ $# -gt 0 ]; do [ \"$1\" = --root ] && root=$2; shift; done\n[ -n \"$root\" ] || root={}\nmkdir -p \"$root/bin\" && cp {program} \"$root/bin/countersign\"\n",
        project().display(),
        clone.home().join("cargo").display(),
    );
    // The release binary, as `curl --output FILE URL` fetches it.
    let curl = format!(
        "#!/bin/bash\nwhile [ $# -gt 0 ]; do [ \"$1\" = --output ] && cp {program} \"$2\"; shift; done\n"
    );
    for (name, text) in [("cargo", cargo), ("curl", curl)] {
        let path = folder.join(name);
        std::fs::write(&path, text).expect("program");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("mode");
        }
    }
    folder
}

/// Runs a script with bash as GitHub does, and with nothing in the environment but `run`.
fn run_script(clone: &Sandbox, run: &Run, script: &str, more: &[(&str, String)]) -> (i32, String) {
    let temp = clone.home().join("temp");
    std::fs::create_dir_all(&temp).expect("folder");
    let event = clone.home().join("event.json");
    std::fs::write(&event, run.event.to_string()).expect("event file");
    let path = format!(
        "{}:{}:{}",
        stubs(clone).display(),
        clone.home().join("cargo/bin").display(),
        std::env::var("PATH").unwrap_or_default()
    );
    let mut bash = Command::new("bash");
    bash.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", script]);
    bash.current_dir(&clone.root).env_clear().env("HOME", clone.home()).env("PATH", path);
    bash.envs(run.variables.iter().map(|(name, value)| (name, value)));
    bash.env("GITHUB_EVENT_PATH", &event).env("RUNNER_TEMP", &temp);
    bash.env("GITHUB_STEP_SUMMARY", temp.join("summary.md")).env("GITHUB_OUTPUT", temp.join("output"));
    bash.env("GITHUB_ACTION_PATH", project());
    bash.envs(more.iter().map(|(name, value)| (*name, value)));
    let output = bash.output().expect("bash runs");
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    (output.status.code().unwrap_or(-1), said)
}

/// Runs the steps of the action with these inputs; returns the exit code of the first that
/// fails, or 0.
fn run_action(clone: &Sandbox, run: &Run, inputs: &[(&str, &str)]) -> (i32, String) {
    let text = std::fs::read_to_string(project().join("action.yml")).expect("action.yml");
    let action = read_yaml(&text);
    let value_of = |expression: &str| -> String {
        let name = expression.trim_start_matches("${{").trim_end_matches("}}").trim();
        if let Some(input) = name.strip_prefix("inputs.") {
            let default = action["inputs"][input]["default"].as_str().unwrap_or_default();
            return inputs
                .iter()
                .find(|(name, _)| *name == input)
                .map_or(default, |(_, value)| value)
                .to_owned();
        }
        match name {
            "github.base_ref" => run
                .variables
                .iter()
                .find(|(name, _)| name == "GITHUB_BASE_REF")
                .map_or("", |(_, v)| v)
                .to_owned(),
            "github.event.repository.default_branch" => "main".to_owned(),
            "github.server_url" => "https://example.org".to_owned(),
            "github.token" => String::new(),
            other if !expression.starts_with("${{") => other.to_owned(),
            other => panic!("the test does not know {other}"),
        }
    };
    let mut said = String::new();
    for step in action["runs"]["steps"].as_array().expect("steps") {
        let Some(script) = step["run"].as_str() else { continue };
        let environment = step["env"].as_object().cloned().unwrap_or_default();
        let more: Vec<(&str, String)> = environment
            .iter()
            .map(|(name, value)| (name.as_str(), value_of(value.as_str().expect("text"))))
            .collect();
        let (exit, text) = run_script(clone, run, script, &more);
        said.push_str(&text);
        if exit != 0 {
            return (exit, said);
        }
    }
    (0, said)
}

fn output_of(clone: &Sandbox, name: &str) -> String {
    let text = std::fs::read_to_string(clone.home().join("temp/output")).expect("outputs");
    let line = text.lines().find_map(|line| line.strip_prefix(&format!("{name}=")).map(str::to_owned));
    line.unwrap_or_else(|| panic!("{name} is no output: {text}"))
}

#[test]
fn the_action_judges_the_default_checkout() {
    for (path, exit, verdict) in [("src/b.txt", 0, "passed"), ("deploy.sh", 1, "failed")] {
        // A step leaves a file; the reports do not.
        let host = Host::with_change(path);
        host.advance_main();
        // Settings of cargo in the change must not reach the build.
        let merge = host.merge_into("main", "refs/pull/7/merge");
        let mut run = Run::pull_request(&host, "main", &merge);
        run.set("GITHUB_REF", "refs/pull/7/merge");
        // actions/checkout fetches one commit.
        let clone = host.check_out(&merge, 1, &["+refs/pull/7/merge:refs/remotes/pull/7/merge"]);
        let (found, said) = run_action(&clone, &run, &[]);
        assert_eq!(found, exit, "{said}");
        assert_eq!(output_of(&clone, "verdict"), verdict);
        let report = std::fs::read_to_string(output_of(&clone, "report")).expect("report");
        assert!(report.contains("--range auto, pull_request"), "{report}");
        assert!(Path::new(&output_of(&clone, "sarif")).join("verify.sarif").is_file());
        assert!(Path::new(&output_of(&clone, "sarif")).join("scan.sarif").is_file());
        assert!(Path::new(&output_of(&clone, "junit")).is_file());
        let summary = std::fs::read_to_string(clone.home().join("temp/summary.md")).expect("summary");
        assert!(summary.contains("verify") && summary.contains("scan"), "{summary}");
        assert_eq!(clone.git(&["status", "--porcelain", "-uall"]), "", "the action wrote into the work tree");
    }
}

#[test]
fn the_action_takes_a_release_binary_only_with_its_hash() {
    use sha2::Digest as _;
    let host = Host::with_change("src/b.txt");
    let run = Run::pull_request(&host, "main", &host.work);
    let bytes = std::fs::read(env!("CARGO_BIN_EXE_countersign")).expect("program");
    let hash: String = sha2::Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    for (hash, exit, says) in [
        (hash.as_str(), 0, "verify"),
        ("", 2, "must be the SHA-256"),
        ("$(touch pwned)", 2, "must be the SHA-256"),
        (&"0".repeat(64), 2, "expected 000000"),
    ] {
        let clone = host.check_out(&host.work, 0, &["+refs/heads/*:refs/remotes/origin/*"]);
        let inputs = [("binary-url", "https://example.org/countersign"), ("binary-sha256", hash)];
        let (found, said) = run_action(&clone, &run, &inputs);
        assert!(found == exit && said.contains(says), "{hash}: {found} {said}");
        assert!(!clone.root.join("pwned").exists());
    }
}

#[test]
fn the_action_says_what_it_could_not_judge() {
    let host = Host::with_change("src/b.txt");
    let run = Run::pull_request(&host, "main", &host.work).with("GITHUB_SHA", &"1".repeat(40));
    let mut other = run;
    other.event["pull_request"]["head"]["sha"] = "2".repeat(40).into();
    let clone = host.check_out(&host.work, 0, &["+refs/heads/*:refs/remotes/origin/*"]);
    let (exit, said) = run_action(&clone, &other, &[("scan", "false")]);
    assert!(exit == 2 && said.contains("but the event is about"), "{exit} {said}");
    assert_eq!(output_of(&clone, "verdict"), "not_run");
}

/// The script lines of a GitLab job, as its runner joins them.
fn gitlab_script(text: &str) -> String {
    let file = read_yaml(text);
    let job = &file["countersign"];
    let lines = |key: &str| -> Vec<String> {
        job[key].as_array().expect(key).iter().map(|line| line.as_str().expect("text").to_owned()).collect()
    };
    [lines("before_script"), lines("script")].concat().join("\n")
}

#[test]
fn the_gitlab_snippets_judge_a_merge_request() {
    let init = Sandbox::new();
    init.commit("empty");
    run_ok(&init, &["init", "--ci", "gitlab"]);
    let texts = [
        std::fs::read_to_string(project().join("docs/ci/gitlab.yml")).expect("snippet"),
        init.read(".gitlab/countersign.yml"),
    ];
    for (path, exit) in [("src/b.txt", 0), ("deploy.sh", 1)] {
        for text in &texts {
            let host = Host::with_change(path);
            host.advance_main();
            let mut run = Run::merge_request("detached", "main", &host.work, "");
            run.set("CI_DEFAULT_BRANCH", "main");
            // The runner fetches the whole history of the request, and no other branch.
            let clone = host.check_out(&host.work, 0, &["+refs/heads/work:refs/remotes/origin/work"]);
            let (found, said) = run_script(&clone, &run, &gitlab_script(text), &[]);
            assert_eq!(found, exit, "{said}");
            assert!(clone.root.join("gl-scan.json").is_file() && clone.root.join("gl-verify.json").is_file());
            // A second run sees the reports of the first, and says the same.
            let (found, said) = run_script(&clone, &run, &gitlab_script(text), &[]);
            assert_eq!(found, exit, "{said}");
        }
    }
}

#[test]
fn the_workflow_of_init_judges_a_pull_request() {
    let init = Sandbox::new();
    init.commit("empty");
    run_ok(&init, &["init", "--ci", "github"]);
    let workflow = read_yaml(&init.read(".github/workflows/countersign.yml"));
    let steps = workflow["jobs"]["countersign"]["steps"].as_array().expect("steps").clone();
    assert_eq!(steps[0]["with"]["persist-credentials"], false);
    let types = workflow["on"]["pull_request"]["types"].as_array().expect("types");
    assert!(types.iter().any(|kind| kind == "edited"));
    for (path, exit) in [("src/b.txt", 0), ("deploy.sh", 1)] {
        let host = Host::with_change(path);
        let merge = host.merge_into("main", "refs/pull/7/merge");
        let run = Run::pull_request(&host, "main", &merge);
        let refs = ["+refs/heads/*:refs/remotes/origin/*", "+refs/pull/7/merge:refs/remotes/pull/7/merge"];
        let clone = host.check_out(&merge, 0, &refs);
        let mut last = 0;
        for step in steps.iter().filter(|step| step["run"].is_string()) {
            let script = step["run"].as_str().expect("script");
            assert!(!script.contains("${{"), "an expression would be read by the shell: {script}");
            let folder = step["working-directory"].as_str();
            assert!(folder.is_none_or(|folder| folder == "${{ runner.temp }}"), "{folder:?}");
            let script =
                if folder.is_some() { format!("cd \"$RUNNER_TEMP\"\n{script}") } else { script.to_owned() };
            let (found, said) = run_script(&clone, &run, &script, &[]);
            last = found;
            assert!(found == 0 || found == exit, "{said}");
        }
        assert_eq!(last, exit);
    }
}
