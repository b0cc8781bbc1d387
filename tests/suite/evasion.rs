//! Bypass cases that once passed. Each has a control case that must pass.

#![cfg(unix)]

use git2::{ObjectType, Repository};

use countersign::{DemoRepository, RecordedHashes};

use crate::support::repo::Sandbox;

const WP: &str = "WP-1-Farewell";

/// The demo's repository with its correct work committed, and its merge base.
fn committed() -> (Sandbox, String) {
    let sandbox = Sandbox::bare_folder();
    assert_eq!(sandbox.run_redacted(&["demo", "--keep", "."]).0, 0, "the demo plays");
    let base = sandbox.git(&["rev-list", "--max-parents=0", "HEAD"]);
    (sandbox, base)
}

fn run_post_work(sandbox: &Sandbox, more: &[&str]) -> (i32, String) {
    let mut arguments = vec!["post-work", WP, "--no-run"];
    arguments.extend(more);
    sandbox.run_redacted(&arguments)
}

/// Makes a commit on HEAD. Its root tree is the one of HEAD after `change` has
/// edited the raw entries (mode, name, id).
fn commit_raw(
    sandbox: &Sandbox,
    change: impl Fn(&Repository, &mut Vec<(String, String, git2::Oid)>),
) -> String {
    let repo = Repository::open(&sandbox.root).expect("repository");
    let head = repo.head().and_then(|head| head.peel_to_commit()).expect("HEAD");
    let tree = head.tree().expect("tree");
    let name = |entry: &git2::TreeEntry<'_>| String::from_utf8_lossy(entry.name_bytes()).into_owned();
    let mut entries: Vec<_> =
        tree.iter().map(|entry| (format!("{:o}", entry.filemode_raw()), name(&entry), entry.id())).collect();
    change(&repo, &mut entries);
    let mut raw = Vec::new();
    for (mode, name, id) in entries {
        raw.extend(format!("{mode} {name}\0").bytes());
        raw.extend(id.as_bytes());
    }
    let tree = repo.odb().and_then(|odb| odb.write(ObjectType::Tree, &raw)).expect("raw tree");
    sandbox.git(&["commit-tree", &tree.to_string(), "-p", "HEAD", "-m", "odd"])
}

#[test]
fn unusual_file_modes_are_reported() {
    let (sandbox, base) = committed();
    for (mode, exit) in [("120755", 1), ("120777", 1), ("160755", 1), ("110644", 2), ("0", 2)] {
        let head = commit_raw(&sandbox, |repo, entries| {
            let link = repo.blob(b"/etc/passwd").expect("blob");
            entries.push((mode.to_owned(), "zz".to_owned(), link));
        });
        let (code, said) = run_post_work(&sandbox, &["--range", &format!("{base}..{head}")]);
        assert_eq!(code, exit, "mode {mode}: {said}");
        assert!(said.contains("zz"), "mode {mode}: {said}");
    }
}

#[test]
fn a_tree_with_one_name_twice_is_not_judged() {
    let (sandbox, base) = committed();
    let head = commit_raw(&sandbox, |repo, entries| {
        let evil = repo.blob(b"evil\n").expect("blob");
        let at = entries.iter().position(|(_, name, _)| name == "Cargo.toml").expect("entry");
        entries.insert(at, ("100644".to_owned(), "Cargo.toml".to_owned(), evil));
    });
    let (code, said) = run_post_work(&sandbox, &["--range", &format!("{base}..{head}")]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("Cargo.toml is there twice"), "{said}");
}

#[test]
fn a_base_on_a_side_line_is_not_accepted() {
    let (sandbox, base) = committed();
    sandbox.git(&["switch", "-q", "-c", "side"]);
    sandbox.edit("src/invoice.rs", "+ 5", "+ 4");
    let tree_of_work = sandbox.commit("evil");
    let side = sandbox.git(&["commit-tree", &format!("{base}^{{tree}}"), "-m", "side"]);
    sandbox.git(&["switch", "-q", "feat/WP-1-Farewell"]);
    let merge = sandbox.git(&[
        "commit-tree",
        &format!("{tree_of_work}^{{tree}}"),
        "-p",
        "HEAD",
        "-p",
        &side,
        "-m",
        "merge",
    ]);
    let (code, said) = run_post_work(&sandbox, &["--range", &format!("{side}..{merge}")]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("[change/range-start]"), "{said}");
}

#[test]
fn a_poisoned_stat_cache_hides_nothing() {
    let (sandbox, _) = committed();
    sandbox.write(".git/info/attributes", "src/invoice.rs filter=x\n");
    sandbox.git(&["config", "filter.x.clean", "git show HEAD:src/invoice.rs"]);
    sandbox.edit("src/invoice.rs", "+ 5", "+ 4");
    sandbox.git(&["add", "src/invoice.rs"]);
    sandbox.remove(".git/info/attributes");
    sandbox.git(&["config", "--unset", "filter.x.clean"]);
    for more in [&[][..], &["--worktree"][..]] {
        let (code, said) = run_post_work(&sandbox, more);
        assert_eq!(code, 1, "{said}");
        assert!(said.contains("src/invoice.rs is changed"), "{said}");
    }
}

#[test]
fn steps_do_not_run_beside_unchecked_files() {
    let sandbox = Sandbox::new();
    DemoRepository::base_files().into_iter().for_each(|(path, text)| sandbox.write(path, text));
    sandbox.write("countersign.yaml", "version: 1\nsteps:\n  - name: check\n    run: [sh, check.sh]\n");
    let base = sandbox.commit("project");
    sandbox.git(&["switch", "-q", "-c", "feat/WP-1-Farewell"]);
    DemoRepository::approved_files(&base).into_iter().for_each(|(path, text)| sandbox.write(path, text));
    sandbox.commit("packet");
    DemoRepository::work_files().into_iter().for_each(|(path, _, text)| sandbox.write(path, text));
    let changed: Vec<_> = DemoRepository::work_files()
        .into_iter()
        .map(|(path, pre, post)| DemoRepository::changed_file(path, pre, Some(post)))
        .collect();
    let packet = DemoRepository::packet_text(&base, RecordedHashes::Correct, &changed);
    sandbox.write(".GOV/task_packets/WP-1-Farewell.md", packet);
    sandbox.commit("work");
    sandbox.write("check.sh", "exit 0\n");
    let (code, said) = sandbox.run_redacted(&["post-work", WP, "--range", &format!("{base}..HEAD")]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("[step/other-tree]") && said.contains("check.sh"), "{said}");
}

#[test]
fn a_void_waiver_is_not_fixed_by_removing_and_adding_it() {
    let (sandbox, base) = committed();
    let packet = ".GOV/task_packets/WP-1-Farewell.md";
    let before = sandbox.read(packet);
    let waiver = "- Waiver ID: W-1\n  - Policy: CX-573F\n  - Date: 2026-02-14\n  - Scope: `src/invoice.rs`\n  - Justification: x\n  - Approver: Mira";
    let with = before.replace("- NONE\n", &format!("{waiver}\n"));
    sandbox.edit("src/invoice.rs", "+ 5", "+ 4");
    sandbox.write(packet, &with);
    sandbox.commit("code and its waiver");
    sandbox.write(packet, &before);
    sandbox.commit("out");
    sandbox.write(packet, &with);
    sandbox.commit("in again");
    let (code, said) = run_post_work(&sandbox, &["--range", &format!("{base}..HEAD")]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("[waiver/void]"), "{said}");
}

#[test]
fn a_scope_of_thousands_is_refused_quickly() {
    let (sandbox, base) = committed();
    let many: String = (0..20_000).map(|n| format!("  - src/**/a{n}*b*c*d.rs\n")).collect();
    let deep = format!("  - {}src/x.rs\n", "- ".repeat(90));
    let packet = ".GOV/task_packets/WP-1-Farewell.md";
    sandbox.edit(packet, "  - src/lib.rs\n", &format!("  - src/lib.rs\n{many}{deep}"));
    sandbox.edit(packet, "- OUT_OF_SCOPE:\n", &format!("- OUT_OF_SCOPE:\n{many}"));
    sandbox.commit("bomb");
    let start = std::time::Instant::now();
    let (code, said) = run_post_work(&sandbox, &["--range", &format!("{base}..HEAD")]);
    assert_eq!(code, 1, "{}", said.chars().take(400).collect::<String>());
    assert!(start.elapsed() < std::time::Duration::from_secs(60), "{:?}", start.elapsed());
    assert!(
        said.contains("too many or too long to compare"),
        "{}",
        said.chars().take(3000).collect::<String>()
    );
}

#[test]
fn a_configuration_of_the_change_itself_has_no_effect() {
    let (sandbox, _) = committed();
    let text = sandbox.read("countersign.yaml");
    let off = "rules:\n  scope/outside: \"off\"\n  scope/protected: \"off\"\n  manifest/missing: \"off\"\n";
    sandbox.write("countersign.yaml", format!("{text}{off}"));
    sandbox.commit("laxer rules");
    sandbox.edit("src/invoice.rs", "+ 5", "+ 4");
    for more in [&["--worktree"][..], &[][..]] {
        let (code, said) = run_post_work(&sandbox, more);
        assert_eq!(code, 1, "{said}");
        assert!(said.contains("[scope/outside]"), "{said}");
    }
    sandbox.git(&["add", "-A"]);
    let (code, said) = run_post_work(&sandbox, &["--staged"]);
    assert!(code == 1 && said.contains("[scope/outside]"), "{said}");
}

#[test]
fn a_working_tree_elsewhere_is_not_judged_instead() {
    let (sandbox, _) = committed();
    let clean = sandbox.root.with_file_name("clean");
    std::fs::create_dir_all(&clean).expect("folder");
    sandbox.git(&["worktree", "prune"]);
    sandbox.git(&["config", "core.worktree", &clean.display().to_string()]);
    let (code, said) = run_post_work(&sandbox, &["--worktree"]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("puts the working tree elsewhere"), "{said}");
}

#[test]
fn a_merge_base_moved_to_laxer_rules_is_seen() {
    let (sandbox, base) = committed();
    let text = sandbox.read("countersign.yaml");
    let off = "rules:\n  scope/outside: \"off\"\n  manifest/missing: \"off\"\n  manifest/stale: \"off\"\n";
    sandbox.write("countersign.yaml", format!("{text}{off}"));
    let lax = sandbox.commit("laxer rules");
    let packet = ".GOV/task_packets/WP-1-Farewell.md";
    let moved = sandbox.read(packet).replace(&base, &lax);
    sandbox.write(packet, moved);
    sandbox.edit("src/invoice.rs", "+ 5", "+ 4");
    let (code, said) = run_post_work(&sandbox, &["--worktree"]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("[approval/contract]") && said.contains("MERGE_BASE_SHA"), "{said}");
}

#[test]
fn a_forged_commit_graph_changes_no_parents() {
    let (sandbox, base) = committed();
    sandbox.edit("src/invoice.rs", "+ 5", "+ 4");
    let evil = sandbox.commit("evil");
    // A history in which the parent of the bad commit is on another branch.
    sandbox.git(&["commit-graph", "write", "--reachable"]);
    let file = ".git/objects/info/commit-graph";
    let mut bytes = std::fs::read(sandbox.root.join(file)).expect("commit-graph");
    let forged = forge_roots(&mut bytes);
    let target = sandbox.root.join(file);
    std::fs::remove_file(&target).expect("old graph");
    std::fs::write(&target, &bytes).expect("forged graph");
    assert!(forged > 0, "the file has commits");
    // Git itself reads the forged file and sees no history.
    assert_eq!(sandbox.git(&["rev-list", "--count", "HEAD"]), "1");
    let (code, said) = run_post_work(&sandbox, &["--range", &format!("{base}..{evil}")]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("src/invoice.rs is changed") && !said.contains("[change/base]"), "{said}");
}

/// Writes "no parent" into every commit of a commit-graph file and updates its
/// checksum; returns the number of commits.
fn forge_roots(bytes: &mut [u8]) -> usize {
    let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().expect("four bytes")) as usize;
    let chunks = usize::from(bytes[6]);
    let chunk = |name: &[u8]| {
        (0..chunks).map(|n| 8 + 12 * n).find(|at| &bytes[*at..at + 4] == name).map(|at| number(at + 8))
    };
    let (data, fanout) = (chunk(b"CDAT").expect("data"), chunk(b"OIDF").expect("fan-out"));
    let commits = number(fanout + 255 * 4);
    for commit in 0..commits {
        let at = data + commit * 36 + 20;
        bytes[at..at + 4].copy_from_slice(&0x7000_0000_u32.to_be_bytes());
    }
    let end = bytes.len() - 20;
    let sum = crate::support::memory::sha1(&bytes[..end]);
    bytes[end..].copy_from_slice(&sum.0);
    commits
}
