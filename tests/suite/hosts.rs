//! Runs of continuous integration, built by git as GitHub and GitLab build them: with
//! their depth, references and variables, and nothing else in the environment.

use crate::support::host::{FENCE, Host, Run};
use crate::support::repo::isolated_command;

const ALL_BRANCHES: &str = "+refs/heads/*:refs/remotes/origin/*";

/// The verdict of a path inside and of one outside of the fence.
const CASES: [(&str, i32, &str); 2] = [("src/b.txt", 0, "verify: PASSED"), ("deploy.sh", 1, "scope/outside")];

#[test]
fn the_default_checkout_of_a_pull_request_is_judged() {
    for (path, exit, says) in CASES {
        let host = Host::with_change(path);
        host.advance_main();
        let merge = host.merge_into("main", "refs/pull/7/merge");
        let run = Run::pull_request(&host, "main", &merge);
        // The whole history, as the action fetches it.
        let clone =
            host.check_out(&merge, 0, &[ALL_BRANCHES, "+refs/pull/7/merge:refs/remotes/pull/7/merge"]);
        run.assert(&clone, exit, says);
        // The head of the request, after main moved.
        let clone = host.check_out(&host.work, 0, &[ALL_BRANCHES]);
        run.assert(&clone, exit, says);
        let explicit = run.run(&clone, &["verify", "--range", "origin/main...HEAD"]);
        assert!(explicit.0 == exit && explicit.1.contains(says), "{explicit:?}");
        let explicit = run.run(&clone, &["verify", "--range", "origin/main..HEAD"]);
        assert!(explicit.0 == exit && explicit.1.contains(says), "{explicit:?}");
        let default = run.run(&clone, &["verify"]);
        assert!(default.0 == exit && default.1.contains(says), "{default:?}");
        // Depth 2 holds the merge and its parents, and no branch.
        let clone = host.check_out(&merge, 2, &["+refs/pull/7/merge:refs/remotes/pull/7/merge"]);
        run.assert(&clone, exit, says);
    }
}

#[test]
fn a_clone_without_the_base_is_not_judged() {
    let host = Host::with_change("src/b.txt");
    let merge = host.merge_into("main", "refs/pull/7/merge");
    let run = Run::pull_request(&host, "main", &merge);
    let clone = host.check_out(&merge, 1, &["+refs/pull/7/merge:refs/remotes/pull/7/merge"]);
    run.assert(&clone, 2, "git fetch --unshallow");
    let clone = host.check_out(&host.work, 0, &["+refs/heads/work:refs/remotes/pull/7/head"]);
    run.assert(&clone, 2, "git fetch origin +refs/heads/main:refs/remotes/origin/main");
    host.advance_main();
    let clone = host.check_out(&host.work, 1, &[ALL_BRANCHES]);
    run.assert(&clone, 2, "--unshallow");
}

#[test]
fn variables_do_not_choose_the_base() {
    let host = Host::with_change("deploy.sh");
    // The branch of an attacker has rules that allow everything.
    host.origin.git(&["switch", "-q", "-c", "evil", "main"]);
    host.origin.write("countersign.yaml", FENCE.replace("  - src/\n", "  - src/\n  - deploy.sh\n"));
    host.origin.commit("lax");
    let clone = host.check_out(&host.work, 0, &[ALL_BRANCHES]);
    let run = Run::pull_request(&host, "main", &host.work);
    run.assert(&clone, 1, "scope/outside");
    run.with("GITHUB_BASE_REF", "evil").assert(&clone, 2, "retargeted");
    // Even if the event names the branch, only main is trusted.
    let forged = Run::pull_request(&host, "evil", &host.work);
    forged.assert(&clone, 1, "the target `evil` is not a main branch");
    for name in ["", "refs/heads/main", "-x", "main\n"] {
        run.with("GITHUB_BASE_REF", name).assert(&clone, 2, "--range auto");
    }
    run.with("GITHUB_SHA", &"0".repeat(40)).assert(&clone, 1, "scope/outside");
    let mut other = run.with("GITHUB_SHA", &"1".repeat(40));
    other.event["pull_request"]["head"]["sha"] = "2".repeat(40).into();
    other.assert(&clone, 2, "but the event is about");
    let merge = Run::merge_request("detached", "evil", &host.work, "");
    merge.assert(&clone, 1, "the target `evil` is not a main branch");
}

#[test]
fn two_services_and_no_service_are_not_guessed() {
    let host = Host::with_change("src/b.txt");
    let clone = host.check_out(&host.work, 0, &[ALL_BRANCHES]);
    let run = Run::pull_request(&host, "main", &host.work);
    run.with("GITLAB_CI", "true").assert(&clone, 2, "two services");
    run.with("GITHUB_ACTIONS", "").assert(&clone, 2, "give the range itself");
    run.with("GITHUB_EVENT_NAME", "issue_comment").assert(&clone, 2, "has no change to judge");
    let mut broken = run.clone();
    broken.event = serde_json::json!({"pull_request": {"base": {}}});
    broken.assert(&clone, 2, "has no pull_request.base.ref");
}

#[test]
fn a_retargeted_request_is_not_judged() {
    let host = Host::with_change("src/b.txt");
    host.origin.git(&["switch", "-q", "-c", "next", "main"]);
    host.origin.write("src/next.txt", "x\n");
    host.origin.commit("next");
    // The merge was made with `next`; the event already names `main`.
    let merge = host.merge_into("next", "refs/pull/7/merge");
    let run = Run::pull_request(&host, "main", &merge);
    let clone = host.check_out(&merge, 0, &[ALL_BRANCHES, "+refs/pull/7/merge:refs/remotes/pull/7/merge"]);
    run.assert(&clone, 2, "the request was retargeted");
}

#[test]
fn a_stacked_request_is_judged_from_main() {
    for (path, exit, says) in CASES {
        let host = Host::with_change(path);
        host.origin.git(&["switch", "-q", "work"]);
        host.origin.git(&["switch", "-q", "-c", "second"]);
        host.origin.write("src/c.txt", "x\n");
        let second = host.origin.commit("second");
        let stacked = Host { origin: host.origin, work: second.clone() };
        let run = Run::pull_request(&stacked, "work", &second);
        let clone = stacked.check_out(&second, 0, &[ALL_BRANCHES]);
        run.assert(&clone, exit, "because the target `work` is not a main branch");
        run.assert(&clone, exit, says);
    }
}

#[test]
fn a_privileged_request_runs_no_step() {
    for (path, exit, says) in CASES {
        let host = Host::with_step(path);
        let base = host.origin.git(&["rev-parse", "main"]);
        let mut run = Run::pull_request(&host, "main", &base);
        run.set("GITHUB_EVENT_NAME", "pull_request_target");
        let clone = host.check_out(&base, 0, &[ALL_BRANCHES]);
        run.assert(&clone, exit, says);
        let (_, said) = run.run(&clone, &["verify", "--range", "auto"]);
        assert!(exit == 1 || said.contains("tests were not judged"), "{said}");
        assert!(!clone.root.join("ran").exists(), "a step ran");
        let clone = host.check_out(&base, 0, &["+refs/heads/main:refs/remotes/origin/main"]);
        run.assert(&clone, 2, "git fetch origin pull/7/head");
    }
}

#[test]
fn a_merge_queue_is_judged_from_main() {
    for (path, exit, says) in CASES {
        let host = Host::with_change(path);
        host.advance_main();
        // Another entry of the queue is in front.
        host.origin.git(&["switch", "-q", "--detach", "main"]);
        host.origin.write("src/first.txt", "x\n");
        let first = host.origin.commit("first entry");
        let merge = host.merge_into(&first, "refs/heads/gh-readonly-queue/main/pr-7");
        let event = serde_json::json!({"merge_group": {
            "base_ref": "refs/heads/main", "base_sha": first, "head_sha": merge,
            "head_ref": "refs/heads/gh-readonly-queue/main/pr-7",
        }});
        let clone = host.check_out(&merge, 0, &[ALL_BRANCHES]);
        Run::github("merge_group", &merge, event).assert(&clone, exit, says);
        Run::merge_request("merge_train", "main", &merge, &host.work).assert(&clone, exit, says);
    }
}

#[test]
fn a_push_is_judged_from_where_the_branch_was() {
    for (path, exit, says) in CASES {
        let host = Host::with_change(path);
        let before = host.origin.git(&["rev-parse", "main"]);
        host.origin.git(&["merge", "-q", "--ff-only", "work"]);
        let clone = host.check_out(&host.work, 0, &[ALL_BRANCHES]);
        let push = |reference: &str, before: &str| {
            Run::github("push", &host.work, serde_json::json!({"ref": reference, "before": before}))
        };
        push("refs/heads/main", &before).assert(&clone, exit, says);
        push("refs/heads/main", &"a".repeat(40)).assert(&clone, 2, "before the push is not in this clone");
        push("refs/tags/v1", &before).assert(&clone, 2, "is not a branch");
        let mut gitlab = Run::gitlab("push", &host.work);
        gitlab.set("CI_COMMIT_BRANCH", "main");
        gitlab.set("CI_COMMIT_BEFORE_SHA", &before);
        gitlab.assert(&clone, exit, says);
        let mut tag = Run::gitlab("push", &host.work);
        tag.set("CI_COMMIT_TAG", "v1");
        tag.assert(&clone, 2, "the tag `v1` is not a branch");
        // A schedule judges the last commit of main.
        let mut scheduled = Run::github("schedule", &host.work, serde_json::json!({}));
        scheduled.set("GITHUB_REF_NAME", "main");
        scheduled.assert(&clone, exit, says);
        let mut scheduled = Run::gitlab("schedule", &host.work);
        scheduled.set("CI_COMMIT_BRANCH", "main");
        scheduled.assert(&clone, exit, says);
    }
    // A branch is judged from main, whatever it was before the push.
    for (path, exit, says) in CASES {
        let host = Host::with_change(path);
        let clone = host.check_out(&host.work, 0, &[ALL_BRANCHES]);
        for before in ["0".repeat(40), host.work.clone()] {
            let event = serde_json::json!({"ref": "refs/heads/work", "before": before});
            Run::github("push", &host.work, event).assert(&clone, exit, says);
        }
    }
}

#[test]
fn a_push_that_rewrites_main_is_not_judged() {
    let host = Host::with_change("src/b.txt");
    let before = host.advance_main();
    host.origin.git(&["reset", "-q", "--hard", "work"]);
    host.origin.git(&["branch", "old", &before]);
    let clone = host.check_out(&host.work, 0, &[ALL_BRANCHES]);
    let event = serde_json::json!({"ref": "refs/heads/main", "before": before});
    Run::github("push", &host.work, event).assert(&clone, 2, "the push rewrote `main`");
}

#[test]
fn merge_requests_are_judged() {
    for (path, exit, says) in CASES {
        let host = Host::with_change(path);
        host.advance_main();
        let merge = host.merge_into("main", "refs/merge-requests/7/merge");
        let detached = host.check_out(&host.work, 0, &[ALL_BRANCHES]);
        Run::merge_request("detached", "main", &host.work, "").assert(&detached, exit, says);
        let refs = [ALL_BRANCHES, "+refs/merge-requests/7/merge:refs/remotes/merge"];
        let merged = host.check_out(&merge, 0, &refs);
        let run = Run::merge_request("merged_result", "main", &merge, &host.work);
        run.assert(&merged, exit, says);
        // The runner's default: some commits, and no branch.
        let shallow = host.check_out(&merge, 20, &["+refs/merge-requests/7/merge:refs/remotes/merge"]);
        run.assert(&shallow, exit, says);
        let run = Run::merge_request("detached", "main", &host.work, "");
        let shallow = host.check_out(&host.work, 20, &["+refs/heads/work:refs/remotes/head"]);
        run.assert(&shallow, 2, "GIT_DEPTH");
    }
}

#[test]
fn update_branch_rebase_and_cherry_pick_pass_and_an_evil_merge_fails() {
    for (path, exit, _) in CASES {
        for how in ["merge", "rebase", "cherry-pick", "amend"] {
            let mut host = Host::with_change(path);
            host.advance_main();
            match how {
                "merge" => {
                    host.origin.git(&["switch", "-q", "work"]);
                    host.origin.git(&["merge", "-q", "--no-edit", "main"]);
                }
                "rebase" => {
                    host.origin.git(&["rebase", "-q", "main", "work"]);
                }
                "cherry-pick" => {
                    host.origin.git(&["switch", "-q", "-C", "picked", "main"]);
                    host.origin.git(&["cherry-pick", "work"]);
                }
                _ => {
                    host.origin.git(&["switch", "-q", "work"]);
                    host.origin.git(&["commit", "-q", "--amend", "-m", "better words"]);
                }
            }
            host.work = host.origin.git(&["rev-parse", "HEAD"]);
            let clone = host.check_out(&host.work, 0, &[ALL_BRANCHES]);
            let run = Run::pull_request(&host, "main", &host.work);
            run.assert(&clone, exit, if exit == 0 { "verify: PASSED" } else { "scope/outside" });
        }
    }
    // The merge of main adds a file that neither side has.
    let mut host = Host::with_change("src/b.txt");
    host.advance_main();
    host.origin.git(&["switch", "-q", "work"]);
    host.origin.git(&["merge", "-q", "--no-commit", "--no-ff", "main"]);
    host.origin.write("deploy.sh", "x\n");
    host.work = host.origin.commit("Merge branch 'main' into work");
    let clone = host.check_out(&host.work, 0, &[ALL_BRANCHES]);
    Run::pull_request(&host, "main", &host.work).assert(&clone, 1, "deploy.sh is changed");
    // A merge of something that only looks like main.
    let mut host = Host::with_change("src/b.txt");
    host.origin.git(&["switch", "-q", "-c", "other/main", "main"]);
    host.origin.write("deploy.sh", "x\n");
    host.origin.commit("not main");
    host.origin.git(&["switch", "-q", "work"]);
    host.origin.git(&["merge", "-q", "--no-ff", "-m", "Merge branch 'main'", "other/main"]);
    host.work = host.origin.git(&["rev-parse", "HEAD"]);
    let clone = host.check_out(&host.work, 0, &[ALL_BRANCHES]);
    Run::pull_request(&host, "main", &host.work).assert(&clone, 1, "deploy.sh is changed");
}

#[test]
fn a_fork_is_judged_by_the_main_branch_of_the_target() {
    for (path, exit, says) in CASES {
        let host = Host::with_change(path);
        // The fork's branch is called `main`, too.
        let merge = host.merge_into("main", "refs/pull/7/merge");
        let mut run = Run::pull_request(&host, "main", &merge);
        run.event["pull_request"]["head"]["ref"] = "main".into();
        run.set("GITHUB_HEAD_REF", "main");
        let clone = host.check_out(
            &merge,
            0,
            &["+refs/heads/main:refs/remotes/origin/main", "+refs/pull/7/merge:refs/remotes/pull/7/merge"],
        );
        run.assert(&clone, exit, says);
    }
}

#[test]
fn the_same_scan_and_gate_commands_take_the_event() {
    let host = Host::with_change("src/b.txt");
    let clone = host.check_out(&host.work, 0, &[ALL_BRANCHES]);
    let run = Run::pull_request(&host, "main", &host.work);
    let (exit, said) = run.run(&clone, &["scan", "--range", "auto", "--format", "json"]);
    assert!(exit == 0 && said.contains("--range auto, pull_request"), "{exit} {said}");
    let (exit, said) = run.run(&clone, &["--format", "json", "verify", "--range", "auto"]);
    assert!(exit == 0 && said.contains("\"reason\": \"--range auto, pull_request"), "{exit} {said}");
    let (exit, said) =
        run.with("GITLAB_CI", "true").run(&clone, &["--format", "json", "verify", "--range", "auto"]);
    assert!(exit == 2 && said.contains("not_run"), "{exit} {said}");
    let mut git = isolated_command("git", &clone.root, &clone.home());
    assert!(git.args(["status"]).status().expect("git runs").success());
}

#[test]
fn a_branch_cannot_make_itself_a_main_branch() {
    let host = Host::with_change("deploy.sh");
    host.origin.git(&["switch", "-q", "main"]);
    host.origin.append("countersign.yaml", "main_branch: main\n");
    host.origin.commit("names itself");
    host.origin.git(&["switch", "-q", "-c", "master"]);
    let lax = FENCE.replace("  - src/\n", "  - src/\n  - deploy.sh\n");
    host.origin.write("countersign.yaml", format!("{lax}main_branch: master\n"));
    host.origin.commit("lax rules");
    host.origin.git(&["switch", "-q", "main"]);
    let clone = host.check_out(&host.work, 0, &[ALL_BRANCHES]);
    Run::pull_request(&host, "main", &host.work).assert(&clone, 1, "scope/outside");
    let (exit, said) =
        Run::pull_request(&host, "master", &host.work).run(&clone, &["verify", "--range", "auto"]);
    assert!(exit != 0, "{said}");
    // Nothing names `master` but the list of the program.
    host.origin.git(&["switch", "-q", "-C", "master", "main~1"]);
    host.origin.write("countersign.yaml", &lax);
    host.origin.commit("lax rules");
    host.origin.git(&["switch", "-q", "-C", "main", "main~1"]);
    let clone = host.check_out(&host.work, 0, &[ALL_BRANCHES]);
    let to_master = Run::pull_request(&host, "master", &host.work);
    to_master.assert(&clone, 2, "can both be the main branch");
    let mut known = to_master.clone();
    known.event["repository"] = serde_json::json!({"default_branch": "main"});
    known.assert(&clone, 1, "scope/outside");
    known.assert(&clone, 1, "because the target `master` is not a main branch");
    let mut to_main = Run::pull_request(&host, "main", &host.work);
    to_main.event["repository"] = serde_json::json!({"default_branch": "main"});
    to_main.assert(&clone, 1, "scope/outside");
    let mut gitlab = Run::merge_request("detached", "master", &host.work, "");
    gitlab.set("CI_DEFAULT_BRANCH", "main");
    gitlab.assert(&clone, 1, "scope/outside");
    // A stale `master` beside `main` is no obstacle to honest work.
    let honest = Host::with_change("src/b.txt");
    honest.origin.git(&["branch", "master", "main"]);
    honest.advance_main();
    let clone = honest.check_out(&honest.work, 0, &[ALL_BRANCHES]);
    let mut run = Run::pull_request(&honest, "main", &honest.work);
    run.event["repository"] = serde_json::json!({"default_branch": "main"});
    run.assert(&clone, 0, "verify: PASSED");
    // Two branches that main itself names are both targets.
    let mut host = Host::with_change("src/b.txt");
    host.origin.append("countersign.yaml", "main_branch: [main, release]\n");
    host.origin.commit("names both");
    host.origin.git(&["branch", "release"]);
    host.origin.git(&["rebase", "-q", "main", "work"]);
    host.work = host.origin.git(&["rev-parse", "HEAD"]);
    let clone = host.check_out(&host.work, 0, &[ALL_BRANCHES]);
    for target in ["main", "release"] {
        Run::pull_request(&host, target, &host.work).assert(&clone, 0, "the merge base with `origin/main`\n");
    }
}
