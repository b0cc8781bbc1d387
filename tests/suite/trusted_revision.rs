//! The trusted revision: an honest and a hostile repository for each row of its table.

use crate::support::repo::Sandbox;

const STRICT: &str = "version: 1\nprofile: fence\nscope:\n  - src/\nsteps: []\n";
const LAX: &str = "version: 1\nprofile: fence\nscope:\n  - src/\n  - deploy.sh\nsteps: []\n";

/// A repository whose rules on main became stricter: the old ones allowed deploy.sh.
/// Returns the commit with the old rules.
fn with_stricter_rules() -> (Sandbox, String) {
    let sandbox = Sandbox::new();
    sandbox.write("src/a.txt", "one\n");
    sandbox.write("countersign.yaml", LAX);
    let old = sandbox.commit("old rules");
    sandbox.write("countersign.yaml", STRICT);
    sandbox.commit("stricter rules");
    (sandbox, old)
}

fn work(sandbox: &Sandbox, path: &str) {
    sandbox.write(path, "work\n");
    sandbox.commit("work");
}

fn verdict(sandbox: &Sandbox, arguments: &[&str], exit: i32, reason: &str) {
    let all: Vec<&str> = ["verify", "--no-run"].into_iter().chain(arguments.iter().copied()).collect();
    let (found, said) = sandbox.run_redacted(&all);
    assert!(found == exit && said.contains(reason), "exit {found}, not {exit}; {reason:?} not in:\n{said}");
}

#[test]
fn a_range_is_judged_by_its_start() {
    let (sandbox, _) = with_stricter_rules();
    sandbox.git(&["switch", "-q", "-c", "work"]);
    work(&sandbox, "src/b.txt");
    verdict(&sandbox, &["--range", "main..HEAD"], 0, "the start of the range");
    work(&sandbox, "deploy.sh");
    verdict(&sandbox, &["--range", "main..HEAD"], 1, "error[scope/outside]");
}

#[test]
fn a_branch_from_an_old_commit_is_judged_by_main() {
    let (sandbox, old) = with_stricter_rules();
    sandbox.git(&["switch", "-q", "-c", "work", &old]);
    work(&sandbox, "src/b.txt");
    verdict(&sandbox, &["--range", &format!("{old}..HEAD")], 0, "the main branch");
    work(&sandbox, "deploy.sh");
    verdict(&sandbox, &["--range", &format!("{old}..HEAD")], 1, "error[scope/outside]");
    verdict(&sandbox, &["--rev", "HEAD"], 1, "error[scope/outside]");
}

#[test]
fn three_dots_are_judged_by_their_left_end() {
    let (sandbox, old) = with_stricter_rules();
    sandbox.git(&["switch", "-q", "-c", "work", &old]);
    work(&sandbox, "src/b.txt");
    verdict(&sandbox, &["--range", "main...HEAD"], 0, "the left end of the range");
    work(&sandbox, "deploy.sh");
    verdict(&sandbox, &["--range", "main...HEAD"], 1, "error[scope/outside]");
}

#[test]
fn uncommitted_work_on_a_branch_is_judged_by_main() {
    let (sandbox, old) = with_stricter_rules();
    sandbox.git(&["switch", "-q", "-c", "work", &old]);
    sandbox.write("src/b.txt", "work\n");
    for selection in [["--worktree"].as_slice(), &[]] {
        verdict(&sandbox, selection, 0, "the main branch, `main`");
    }
    sandbox.write("deploy.sh", "x\n");
    sandbox.git(&["add", "-A"]);
    for selection in [["--worktree"].as_slice(), &["--staged"], &[]] {
        verdict(&sandbox, selection, 1, "error[scope/outside]");
    }
}

#[test]
fn work_on_main_is_judged_by_the_remote() {
    let (sandbox, old) = with_stricter_rules();
    let head = sandbox.git(&["rev-parse", "HEAD"]);
    sandbox.git(&["update-ref", "refs/remotes/origin/main", &head]);
    sandbox.write("src/b.txt", "work\n");
    verdict(&sandbox, &[], 0, "the main branch of the remote, `origin/main`");
    // Local commits on main relax nothing.
    sandbox.write("countersign.yaml", LAX);
    sandbox.write("deploy.sh", "x\n");
    sandbox.commit("relaxed");
    verdict(&sandbox, &["--range", "origin/main..HEAD"], 1, "error[scope/outside]");
    sandbox.write("deploy.sh", "y\n");
    // The rules of main and origin/main differ now: nothing is guessed.
    verdict(&sandbox, &[], 2, "name the trusted revision: `--base origin/main`");
    verdict(&sandbox, &["--base", "origin/main"], 1, "error[scope/outside]");
    let _ = old;
}

#[test]
fn work_on_main_without_a_remote_is_judged_by_head_with_a_warning() {
    let (sandbox, _) = with_stricter_rules();
    sandbox.write("src/b.txt", "work\n");
    verdict(&sandbox, &[], 0, "warning[fence/soft]");
    sandbox.write("deploy.sh", "x\n");
    verdict(&sandbox, &[], 1, "error[scope/outside]");
}

#[test]
fn without_a_main_branch_head_judges_with_a_warning() {
    let (sandbox, _) = with_stricter_rules();
    sandbox.git(&["branch", "-m", "main", "topic"]);
    sandbox.write("src/b.txt", "work\n");
    verdict(&sandbox, &[], 0, "no main branch is known");
    sandbox.write("deploy.sh", "x\n");
    verdict(&sandbox, &[], 1, "error[scope/outside]");
    // What is committed cannot be told from what was there before.
    sandbox.commit("work");
    verdict(&sandbox, &[], 2, "no main branch `main` or `master`");
}

#[test]
fn history_of_main_is_judged_by_its_own_start() {
    let (sandbox, old) = with_stricter_rules();
    let first = sandbox.git(&["rev-parse", "HEAD"]);
    work(&sandbox, "src/b.txt");
    verdict(&sandbox, &["--range", &format!("{first}..HEAD")], 0, "the start of the range");
    work(&sandbox, "deploy.sh");
    verdict(&sandbox, &["--range", &format!("{first}..HEAD")], 1, "error[scope/outside]");
    let _ = old;
}

#[test]
fn planted_references_do_not_choose_the_rules() {
    let (sandbox, old) = with_stricter_rules();
    sandbox.git(&["switch", "-q", "-c", "work"]);
    sandbox.write("deploy.sh", "x\n");
    sandbox.commit("work");
    // A tag with the name of the main branch, at the old rules.
    sandbox.git(&["tag", "master", &old]);
    verdict(&sandbox, &[], 1, "error[scope/outside]");
    sandbox.git(&["tag", "-d", "master"]);
    // A branch with a name of main and other rules: nothing is guessed.
    sandbox.git(&["branch", "master", &old]);
    verdict(&sandbox, &[], 2, "may both be the main branch");
    verdict(&sandbox, &["--base", "main"], 1, "error[scope/outside]");
    // A branch without a configuration that main contains is passed over.
    sandbox.git(&["branch", "-D", "master"]);
    let root = sandbox.git(&["commit-tree", "-m", "root", "4b825dc642cb6eb9a060e54bf8d69288fbee4904"]);
    sandbox.git(&["update-ref", "refs/remotes/origin/HEAD", &old]);
    sandbox.git(&["update-ref", "-d", "refs/remotes/origin/HEAD"]);
    sandbox.git(&["branch", "master", &root]);
    verdict(&sandbox, &[], 2, "may both be the main branch");
}

#[test]
fn an_unsigned_packet_is_read_from_the_trusted_revision() {
    let sandbox = Sandbox::new();
    let packet = "# Task Packet: WP-1-Fence\n\n## SCOPE\n- IN_SCOPE_PATHS:\n  - src/\n";
    sandbox.write("src/a.txt", "one\n");
    sandbox.write("docs/task_packets/WP-1-Fence.md", packet);
    let off =
        "packet/*: off\n  approval/refinement: off\n  approval/signature-format: off\n  manifest/*: off\n";
    sandbox.write("countersign.yaml", format!("version: 1\nsteps: []\nrules:\n  {off}"));
    sandbox.commit("fence");
    sandbox.git(&["switch", "-q", "-c", "work"]);
    sandbox.write("deploy.sh", "x\n");
    sandbox.append("docs/task_packets/WP-1-Fence.md", "  - deploy.sh\n");
    sandbox.commit("outside, and the fence with it");
    for range in ["HEAD~1..HEAD", "main...HEAD"] {
        let (exit, said) = sandbox.run_redacted(&["post-work", "WP-1-Fence", "--range", range, "--no-run"]);
        assert!(exit == 1 && said.contains("error[approval/unsigned-contract]"), "{range}: {said}");
    }
}
