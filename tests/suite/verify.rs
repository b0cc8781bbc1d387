//! `verify`: the fence of the configuration, the packets of a branch, and the life of a
//! configuration.

use crate::support::repo::Sandbox;

const FENCE: &str =
    "version: 1\nprofile: fence\nscope:\n  - src/\nout_of_scope:\n  - src/secret/\nsteps: []\n";

/// A project with a fence on main, and a branch for the work.
fn fenced() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("src/a.txt", "one\n");
    sandbox.commit("project");
    sandbox.write("countersign.yaml", FENCE);
    sandbox.commit("fence");
    sandbox.git(&["switch", "-q", "-c", "work"]);
    sandbox
}

fn assert_verdict(sandbox: &Sandbox, arguments: &[&str], exit: i32, says: &str) {
    let all: Vec<&str> = std::iter::once("verify").chain(arguments.iter().copied()).collect();
    let (found, said) = sandbox.run_redacted(&all);
    assert!(found == exit && said.contains(says), "exit {found}, not {exit}; {says:?} not in:\n{said}");
}

#[test]
fn work_inside_the_fence_passes_and_work_outside_fails() {
    let sandbox = fenced();
    sandbox.write("src/b.txt", "two\n");
    assert_verdict(&sandbox, &[], 0, "verify: PASSED");
    sandbox.commit("inside");
    assert_verdict(&sandbox, &[], 0, "profile fence");
    sandbox.write("deploy.sh", "x\n");
    assert_verdict(
        &sandbox,
        &[],
        1,
        "deploy.sh is changed, but no entry of `scope` of countersign.yaml covers it",
    );
    sandbox.commit("outside");
    assert_verdict(&sandbox, &[], 1, "error[scope/outside]");
    assert_verdict(&sandbox, &["--range", "main..work"], 1, "error[scope/outside]");
}

#[test]
fn excluded_and_protected_paths_fail() {
    let sandbox = fenced();
    sandbox.write("src/secret/key", "x\n");
    assert_verdict(&sandbox, &[], 1, "error[scope/excluded]");
    let sandbox = fenced();
    sandbox.write(".github/workflows/ci.yml", "x\n");
    assert_verdict(&sandbox, &[], 1, "error[scope/protected]");
}

#[test]
fn an_exclusion_of_a_fence_binds_in_every_spelling() {
    for lists in [
        "scope: [src/, \"!src/secret/\"]",
        "scope: [src/, \"!src/secret/key\"]",
        "scope: [src/]\nout_of_scope: [src/secret]",
        "scope: [src/]\nout_of_scope: [./src/secret/]",
    ] {
        let sandbox = Sandbox::new();
        sandbox.write("src/secret/key", "one\n");
        sandbox.write("countersign.yaml", format!("version: 1\nprofile: fence\n{lists}\nsteps: []\n"));
        sandbox.commit("fence");
        sandbox.git(&["switch", "-q", "-c", "work"]);
        sandbox.write("src/secrets.txt", "x\n");
        assert_verdict(&sandbox, &[], 0, "verify: PASSED");
        sandbox.write("src/secret/key", "two\n");
        assert_verdict(&sandbox, &[], 1, "error[scope/excluded]");
    }
}

#[test]
fn the_work_cannot_move_its_fence() {
    let sandbox = fenced();
    sandbox.edit("countersign.yaml", "  - src/\n", "  - src/\n  - deploy.sh\n");
    sandbox.write("deploy.sh", "x\n");
    assert_verdict(&sandbox, &[], 1, "error[scope/outside]");
    sandbox.commit("all at once");
    assert_verdict(&sandbox, &[], 1, "error[scope/outside]");
    assert_verdict(&sandbox, &["--range", "HEAD~1..HEAD"], 1, "error[scope/outside]");
    // A configuration that cannot be read does not switch the fence off.
    sandbox.write("countersign.yaml", "profile: [\n");
    sandbox.commit("broken");
    assert_verdict(&sandbox, &[], 1, "error[config/readable]");
}

#[test]
fn a_file_that_only_the_index_changes_is_judged() {
    let sandbox = fenced();
    sandbox.write("deploy.sh", "x\n");
    sandbox.git(&["add", "deploy.sh"]);
    sandbox.remove("deploy.sh");
    sandbox.write("src/b.txt", "two\n");
    assert_verdict(&sandbox, &[], 1, "deploy.sh is changed");
}

#[test]
fn an_empty_change_passes_locally_and_fails_in_continuous_integration() {
    let sandbox = fenced();
    assert_verdict(&sandbox, &[], 0, "nothing to check");
    sandbox.write("src/b.txt", "two\n");
    sandbox.commit("work");
    sandbox.git(&["revert", "--no-edit", "HEAD"]);
    assert_verdict(&sandbox, &[], 0, "nothing to check");
    let output = sandbox.program().env("CI", "true").arg("verify").output().expect("runs");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    // The base is the head: there is no work yet.
    let sandbox = fenced();
    let output = sandbox.program().env("CI", "true").arg("verify").output().expect("runs");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

#[test]
fn the_first_configuration_passes_alone_and_fails_with_code() {
    let sandbox = Sandbox::new();
    sandbox.write("src/a.txt", "one\n");
    sandbox.commit("project");
    sandbox.git(&["switch", "-q", "-c", "setup"]);
    sandbox.write("countersign.yaml", FENCE);
    sandbox.commit("fence");
    assert_verdict(&sandbox, &[], 0, "PASSED, first configuration");
    sandbox.write("src/a.txt", "two\n");
    sandbox.commit("code");
    assert_verdict(&sandbox, &[], 1, "the first configuration together with src/a.txt");
    let broken = Sandbox::new();
    broken.commit("empty");
    broken.git(&["switch", "-q", "-c", "setup"]);
    broken.write("countersign.yaml", "version: 1\nprofile: wall\n");
    broken.commit("fence");
    assert_verdict(&broken, &[], 1, "invalid profile `wall`");
}

#[test]
fn a_policy_change_needs_a_key_or_a_person() {
    let sandbox = fenced();
    sandbox.edit("countersign.yaml", "  - src/\n", "  - src/\n  - docs/\n");
    sandbox.commit("wider");
    assert_verdict(&sandbox, &[], 1, "error[config/policy-change]");
    assert_verdict(&sandbox, &["--policy-change"], 2, "--policy-change needs a person");
    let agent =
        sandbox.program().env("CLAUDECODE", "1").args(["verify", "--policy-change"]).output().expect("runs");
    assert_eq!(agent.status.code(), Some(2), "{agent:?}");
    let job = sandbox.program().env("CI", "true").args(["verify", "--policy-change"]).output().expect("runs");
    assert_eq!(job.status.code(), Some(0), "{job:?}");
    assert!(String::from_utf8_lossy(&job.stdout).contains("PASSED, policy change"), "{job:?}");
    // With code it is no policy change, whoever runs it.
    sandbox.write("src/b.txt", "two\n");
    sandbox.commit("code");
    let mixed =
        sandbox.program().env("CI", "true").args(["verify", "--policy-change"]).output().expect("runs");
    assert_eq!(mixed.status.code(), Some(1), "{mixed:?}");
}

#[test]
fn the_packet_of_the_branch_is_the_one_of_its_prepare_record() {
    let sandbox = Sandbox::with_packet();
    sandbox.git(&["switch", "-q", "-c", "feat/WP-1-Farewell"]);
    sandbox.write("src/outside.rs", "// not agreed\n");
    assert_verdict(&sandbox, &["--no-run"], 1, "src/outside.rs is changed");
    sandbox.git(&["switch", "-q", "-c", "elsewhere"]);
    assert_verdict(
        &sandbox,
        &["--no-run"],
        2,
        "the branch `elsewhere` works on: no record on the main branch names it, and the scope of no open packet",
    );
    assert_verdict(&sandbox, &["--no-run", "--packet", "WP-1-Farewell"], 1, "src/outside.rs is changed");
}

#[test]
fn a_contract_alone_reaches_its_base() {
    let sandbox = Sandbox::with_packet();
    sandbox.git(&["switch", "-q", "-c", "contract"]);
    let text = sandbox.read(".GOV/task_packets/WP-1-Farewell.md");
    sandbox.write(".GOV/task_packets/WP-1-Next.md", text.replace("WP-1-Farewell", "WP-1-Next"));
    sandbox.commit("the next packet");
    assert_verdict(&sandbox, &["--no-run"], 0, "PASSED, contract only");
    // The contract of a packet that the main branch has is not a new one.
    sandbox.edit(".GOV/task_packets/WP-1-Farewell.md", "  - src/lib.rs\n", "  - src/lib.rs\n  - deploy.sh\n");
    assert_verdict(&sandbox, &["--no-run"], 1, "alters the contract of a packet");
    sandbox.git(&["checkout", "-q", "."]);
    sandbox.edit(".GOV/roles_shared/SIGNATURE_AUDIT.md", "mira140220260915", "mira140220260916");
    assert_verdict(&sandbox, &["--no-run"], 1, "error[approval/record-removed]");
}

#[test]
fn gates_of_packets_refuse_a_fence() {
    let sandbox = fenced();
    let (exit, said) = sandbox.run_redacted(&["pre-work", "WP-1-Two"]);
    assert!(exit == 2 && said.contains("run `countersign verify`"), "{exit} {said}");
}

#[test]
fn init_writes_one_file_with_the_runner_of_each_project() {
    let sandbox = Sandbox::new();
    sandbox.write("backend/Cargo.toml", "[package]\n");
    sandbox.write("web/package.json", r#"{"scripts": {"test": "vitest run"}}"#);
    sandbox.write("web/pnpm-lock.yaml", "");
    sandbox.write("web/src/a.ts", "");
    sandbox.commit("project");
    let (exit, said) = sandbox.run_redacted(&["init", "--fence", "backend", "web/src/", "docs/**"]);
    assert_eq!(exit, 0, "{said}");
    let text = sandbox.read("countersign.yaml");
    for part in
        ["profile: fence", "  - backend/\n  - web/src/\n", "[cargo, test]", "folder: web", "[pnpm, test]"]
    {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
    assert_eq!(sandbox.git(&["status", "--porcelain"]), "?? countersign.yaml");
    assert_verdict(&sandbox, &[], 0, "PASSED, first configuration");
    let (exit, said) = sandbox.run_redacted(&["init", "--fence", "backend"]);
    assert!(exit == 2 && said.contains("exists already"), "{said}");
}

#[test]
fn init_without_a_runner_asks_or_names_the_options() {
    let sandbox = Sandbox::new();
    sandbox.write("src/a.txt", "one\n");
    sandbox.commit("project");
    let (exit, said) = sandbox.run_redacted(&["init", "--fence", "src"]);
    assert!(exit == 2 && said.contains("--step") && said.contains("--no-steps"), "{exit} {said}");
    for (arguments, part) in
        [(["--step", "sh tests.sh"].as_slice(), "[sh, tests.sh]"), (&["--no-steps"], "steps: []")]
    {
        let all: Vec<&str> =
            ["init", "--fence", "src"].into_iter().chain(arguments.iter().copied()).collect();
        let (exit, said) = sandbox.run_redacted(&all);
        assert!(exit == 0 && sandbox.read("countersign.yaml").contains(part), "{said}");
        sandbox.remove("countersign.yaml");
    }
    for bad in ["..", ".", "/etc"] {
        let (exit, said) = sandbox.run_redacted(&["init", "--fence", bad, "--no-steps"]);
        assert_eq!(exit, 2, "{bad}: {said}");
    }
}

/// Commits what is staged through the installed hook.
fn commit_succeeds(sandbox: &Sandbox) -> bool {
    let mut command = crate::support::repo::isolated_command("git", &sandbox.root, &sandbox.home());
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_countersign")).parent().expect("folder");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(program.to_path_buf()).chain(std::env::split_paths(&path));
    command.env("PATH", std::env::join_paths(folders).expect("PATH"));
    command.args(["commit", "-q", "-m", "through the hook"]).output().expect("git runs").status.success()
}

#[test]
fn the_hook_judges_the_scope_of_fence_and_packet() {
    for sandbox in [fenced(), on_branch_of_packet()] {
        let (exit, said) = sandbox.run_redacted(&["hook", "install", "pre-commit"]);
        assert_eq!(exit, 0, "{said}");
        sandbox.append("src/lib.rs", "// more\n");
        sandbox.git(&["add", "src/lib.rs"]);
        assert!(commit_succeeds(&sandbox), "work in scope");
        sandbox.write("deploy.sh", "x\n");
        sandbox.git(&["add", "deploy.sh"]);
        assert!(!commit_succeeds(&sandbox), "work outside the scope");
        assert_eq!(sandbox.run(&["verify", "--staged", "--no-run"]).status.code(), Some(1));
        sandbox.git(&["rm", "-q", "--cached", "deploy.sh"]);
        sandbox.write(".github/workflows/x.yml", "x\n");
        sandbox.git(&["add", ".github"]);
        assert!(!commit_succeeds(&sandbox), "a protected file");
    }
}

fn on_branch_of_packet() -> Sandbox {
    let sandbox = Sandbox::with_packet();
    sandbox.git(&["switch", "-q", "-c", "feat/WP-1-Farewell"]);
    sandbox
}

#[test]
fn the_hook_is_quiet_where_no_fence_and_no_packet_is_in_force() {
    let sandbox = Sandbox::new();
    sandbox.commit("empty");
    sandbox.run(&["hook", "install", "pre-commit"]);
    sandbox.write("anything.txt", "x\n");
    sandbox.git(&["add", "-A"]);
    assert!(commit_succeeds(&sandbox));
    // A change of the rules themselves gets its signature with the commit.
    let sandbox = fenced();
    sandbox.run(&["hook", "install", "pre-commit"]);
    sandbox.edit("countersign.yaml", "  - src/\n", "  - src/\n  - docs/\n");
    sandbox.git(&["add", "-A"]);
    assert!(commit_succeeds(&sandbox));
}

/// Number of generated commits on which the hook and `verify` are compared.
const COMMITS: usize = 240;
/// Threads that compare them, each in a repository of its own.
const THREADS: usize = 4;

/// The verdict of the hook is the one of `verify --staged`, for changes of all kinds.
#[test]
fn hook_and_verify_agree_on_generated_commits() {
    let verdicts: Vec<[usize; 2]> = std::thread::scope(|scope| {
        let workers: Vec<_> =
            (0..THREADS).map(|seed| scope.spawn(move || compare_hook_and_verify(seed as u64))).collect();
        workers.into_iter().map(|worker| worker.join().expect("ends")).collect()
    });
    let [failed, passed] = verdicts.iter().fold([0, 0], |[a, b], [x, y]| [a + x, b + y]);
    assert_eq!(failed + passed, COMMITS);
    assert!(failed > COMMITS / 10 && passed > COMMITS / 10, "{failed} failed, {passed} passed");
}

/// Compares the verdicts on a share of the commits; returns how many failed and passed.
fn compare_hook_and_verify(seed: u64) -> [usize; 2] {
    let sandbox = fenced();
    sandbox.write("src/kept.txt", "one\n");
    sandbox.commit("kept");
    let mut state = seed + 7;
    let mut next = |limit: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).expect("number") % limit
    };
    let paths = [
        "src/a.txt",
        "src/b/c.txt",
        "src/d/e.txt",
        "src/ä.txt",
        "src/kept.txt",
        "src/web/package.json",
        "src/secret/key",
        "src/.cargo/config.toml",
        "deploy.sh",
        "docs/x.md",
        ".github/workflows/ci.yml",
        "SRC/a.txt",
        "Makefile",
        ".gitattributes",
    ];
    let mut verdicts = [0, 0];
    while verdicts.iter().sum::<usize>() < COMMITS / THREADS {
        sandbox.git(&["reset", "-q", "--hard"]);
        sandbox.git(&["clean", "-qfdx"]);
        for _ in 0..=next(2) {
            // Half of the paths are in scope, so that both verdicts occur.
            let path = paths[if next(2) == 0 { next(6) } else { next(paths.len()) }];
            let disk = sandbox.root.join(path);
            match next(6) {
                _ if disk.is_dir() => {}
                0 if disk.is_file() => sandbox.remove(path),
                1 if disk.is_file() => {
                    sandbox.git(&["update-index", "--add", "--chmod=+x", path]);
                }
                2 => {
                    std::fs::create_dir_all(disk.parent().expect("folder")).expect("folder");
                    let _ = std::fs::remove_file(&disk);
                    let target = ["kept.txt", "../deploy.sh", "../../outside", "/etc/passwd"][next(4)];
                    std::os::unix::fs::symlink(target, &disk).expect("link");
                }
                _ => {
                    let _ = std::fs::remove_file(&disk);
                    sandbox.write(path, format!("{}\n", next(1_000)));
                }
            }
        }
        sandbox.git(&["add", "-A"]);
        let staged = sandbox.git(&["diff", "--cached", "--name-only"]);
        if staged.is_empty() {
            continue;
        }
        let by_hook = sandbox.run(&["hook", "run", "pre-commit"]).status.code();
        let by_verify = sandbox.run(&["verify", "--staged", "--no-run"]).status.code();
        assert_eq!(by_hook, by_verify, "seed {seed}, after {verdicts:?}: {staged}");
        verdicts[usize::from(by_hook == Some(0))] += 1;
    }
    verdicts
}
