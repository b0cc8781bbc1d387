//! Every literate fixture, in memory and in a real repository: both must find
//! exactly what the fixture says.

use std::path::Path;

use countersign::change::{FileMode, SelectionMode, SelectionRequest};
use countersign::check::context::Gate;
use countersign::finding::Finding;
use countersign::pipeline::steps::{NoProgress, StepOptions};
use countersign::system::git::GitRepository;

use crate::support::expected::{compare, format_finding};
use crate::support::memory::Files;
use crate::support::repo::Sandbox;
use crate::support::scenario::{Scenario, scenarios};
use crate::support::{files_below, project};

fn all_scenarios() -> Vec<(String, Vec<Scenario>)> {
    let folder = project().join("fixtures/rules");
    let name = |path: &Path| path.strip_prefix(&folder).expect("below").to_string_lossy().into_owned();
    files_below(&folder)
        .iter()
        .map(|path| (name(path), scenarios(&std::fs::read_to_string(path).expect("fixture"))))
        .collect()
}

#[test]
fn fixtures_in_memory() {
    let mut wrong = Vec::new();
    for (name, scenarios) in all_scenarios() {
        for scenario in scenarios.iter().filter(|scenario| !scenario.setup.steps) {
            match scenario.findings(&scenario.memory(), SelectionRequest::Default) {
                Ok(findings) => {
                    wrong.extend(compare(scenario, &findings).map(|text| format!("{name}: {text}")));
                }
                Err(error) => {
                    wrong.push(format!("{name}: scenario `{}` could not be judged: {error}", scenario.name));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[cfg(unix)]
fn write_files(sandbox: &Sandbox, files: &Files) {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    for path in
        files_below(&sandbox.root).into_iter().filter(|path| !path.starts_with(sandbox.root.join(".git")))
    {
        std::fs::remove_file(path).expect("old file");
    }
    for entry in walkdir::WalkDir::new(&sandbox.root)
        .into_iter()
        .filter_map(Result::ok)
        .filter(walkdir::DirEntry::path_is_symlink)
    {
        std::fs::remove_file(entry.path()).expect("old link");
    }
    for (path, file) in files {
        let target = sandbox.root.join(countersign::system::files::to_relative_path(path));
        std::fs::create_dir_all(target.parent().expect("folder")).expect("folders");
        if file.mode == FileMode::Symlink {
            symlink(String::from_utf8(file.bytes.clone()).expect("link"), &target).expect("link");
            continue;
        }
        std::fs::write(&target, &file.bytes).expect("file");
        let mode = if file.mode == FileMode::Executable { 0o755 } else { 0o644 };
        std::fs::set_permissions(&target, std::fs::Permissions::from_mode(mode)).expect("mode");
    }
}

/// The scenario in a real repository, by the `git` program.
#[cfg(unix)]
fn check_in_git(scenario: &Scenario) -> Vec<Finding> {
    let sandbox = Sandbox::new();
    let [project, _, _] = scenario.states(&"0".repeat(40));
    write_files(&sandbox, &project);
    let base = sandbox.commit("project");
    let [_, approved, judged] = scenario.states(&base);
    sandbox.git(&["switch", "-q", "-c", scenario.setup.branch.as_deref().unwrap_or("feat/WP-1-Farewell")]);
    let mut first = base;
    if scenario.setup.approved != Some(false) {
        write_files(&sandbox, &approved);
        let commit = sandbox.commit("packet");
        if scenario.setup.base == Some(1) {
            first = commit;
        }
    }
    write_files(&sandbox, &judged);
    let selection = match (scenario.gate(), scenario.mode()) {
        (Gate::PostWork, SelectionMode::Range) => {
            let head = sandbox.commit("work");
            SelectionRequest::Range(format!("{first}..{head}"))
        }
        (Gate::PostWork, SelectionMode::Staged) => {
            sandbox.git(&["add", "-A"]);
            SelectionRequest::Staged
        }
        _ => SelectionRequest::Worktree,
    };
    let repo = GitRepository::discover(&sandbox.root).expect("repository");
    if scenario.setup.steps {
        let request = scenario.request(selection);
        let options = StepOptions { skip: None, progress: &NoProgress };
        return countersign::pipeline::steps::run_gate(&repo, &request, &options)
            .expect("gate runs")
            .findings;
    }
    scenario.findings(&repo, selection).expect("gate judges")
}

#[cfg(unix)]
#[test]
fn fixtures_in_git() {
    let all = all_scenarios();
    let jobs: Vec<(&str, &Scenario)> =
        all.iter().flat_map(|(name, scenarios)| scenarios.iter().map(move |s| (name.as_str(), s))).collect();
    let halves = jobs.chunks(jobs.len().div_ceil(2).max(1));
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let workers: Vec<_> = halves
            .map(|half| {
                scope.spawn(move || {
                    half.iter()
                        .filter_map(|(name, scenario)| {
                            compare(scenario, &check_in_git(scenario)).map(|text| format!("{name}: {text}"))
                        })
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("worker")).collect()
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Prints what a fixture's scenarios find now: `FIXTURE=scope/outside cargo
/// test --test suite show_fixture -- --ignored --nocapture`.
#[test]
#[ignore = "a help for writing fixtures"]
fn show_fixture() {
    let wanted = std::env::var("FIXTURE").unwrap_or_default();
    for (name, scenarios) in all_scenarios().into_iter().filter(|(name, _)| name.contains(&wanted)) {
        for scenario in &scenarios {
            println!("{name}: {}", scenario.name);
            #[cfg(unix)]
            if scenario.setup.steps {
                check_in_git(scenario).iter().for_each(|finding| println!("    {}", format_finding(finding)));
                continue;
            }
            match scenario.findings(&scenario.memory(), SelectionRequest::Default) {
                Ok(findings) => {
                    findings.iter().for_each(|finding| println!("    {}", format_finding(finding)))
                }
                Err(error) => println!("    {error}"),
            }
        }
    }
}
