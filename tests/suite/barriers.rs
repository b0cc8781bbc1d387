//! Ways around the gates through git itself: hooks, objects, links, devices.

#![cfg(unix)]

use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use countersign::DemoRepository;

use crate::support::repo::{Sandbox, isolated_command};

/// A project with one clean file, without governance.
fn project() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("Cargo.toml", "[package]\nname = \"a\"\nversion = \"0.1.0\"\n");
    sandbox.write("src/lib.rs", "pub fn a() {}\n");
    sandbox.commit("base");
    sandbox
}

/// Runs git with the program in PATH and some variables; returns whether it succeeded.
fn git_succeeds(sandbox: &Sandbox, arguments: &[&str], variables: &[(&str, &str)]) -> bool {
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_countersign")).parent().expect("folder");
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap_or_default());
    let mut command = isolated_command("git", &sandbox.root, &sandbox.home());
    command.env("PATH", path).envs(variables.iter().copied()).args(arguments);
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().expect("git runs").success()
}

#[test]
fn a_commit_of_paths_or_of_everything_is_judged_by_its_own_index() {
    for entry in ["hook run pre-commit", "scan --staged --quiet"] {
        let sandbox = project();
        let hook = format!("#!/bin/sh\nexec countersign {entry}\n");
        sandbox.write(".git/hooks/pre-commit", hook);
        isolated_command("chmod", &sandbox.root, &sandbox.home())
            .args(["+x", ".git/hooks/pre-commit"])
            .status()
            .expect("chmod");
        sandbox.write("src/lib.rs", "pub fn a() { x.unwrap(); }\n");
        assert!(!git_succeeds(&sandbox, &["commit", "-q", "-a", "-m", "all"], &[]), "{entry}");
        assert!(!git_succeeds(&sandbox, &["commit", "-q", "-m", "one", "src/lib.rs"], &[]), "{entry}");
        // What stays staged beside a clean file is not part of the commit.
        sandbox.write("src/b.rs", "pub fn b() { v.unwrap(); }\n");
        sandbox.git(&["add", "src/b.rs"]);
        sandbox.write("src/lib.rs", "pub fn a() { let _ = 1; }\n");
        assert!(git_succeeds(&sandbox, &["commit", "-q", "-m", "clean", "src/lib.rs"], &[]), "{entry}");
    }
}

#[test]
fn a_push_is_judged_by_what_this_remote_lacks() {
    let sandbox = project();
    for name in ["pub", "fork"] {
        let path = sandbox.root.with_file_name(format!("{name}.git"));
        sandbox.git(&["init", "-q", "--bare", &path.display().to_string()]);
        sandbox.git(&["remote", "add", name, &path.display().to_string()]);
        sandbox.git(&["push", "-q", name, "main"]);
    }
    sandbox.git(&["switch", "-q", "-c", "f"]);
    sandbox.write("src/clean.rs", "pub fn c() {}\n");
    sandbox.commit("clean");
    assert_eq!(sandbox.run_redacted(&["hook", "install", "pre-push"]).0, 0);
    assert!(git_succeeds(&sandbox, &["push", "-q", "pub", "f:refs/heads/clean"], &[]));
    sandbox.write("src/lib.rs", "pub fn a() { x.unwrap(); }\n");
    sandbox.commit("work");
    sandbox.git(&["push", "-q", "--no-verify", "fork", "f"]);
    let url = sandbox.root.with_file_name("pub.git").display().to_string();
    for target in ["pub", url.as_str()] {
        assert!(!git_succeeds(&sandbox, &["push", "-q", target, "f"], &[]), "{target}");
    }
    // The other remote has the commit already: only the tag is new.
    sandbox.git(&["tag", "-a", "v1", "-m", "v1"]);
    assert!(git_succeeds(&sandbox, &["push", "-q", "fork", "v1"], &[]));
    assert!(!git_succeeds(&sandbox, &["push", "-q", "pub", "v1"], &[]));
    // A tag that leads to no commit cannot be scanned.
    let blob = sandbox.git(&["rev-parse", "HEAD:src/lib.rs"]);
    sandbox.git(&["tag", "blob", &blob]);
    assert!(!git_succeeds(&sandbox, &["push", "-q", "pub", "blob"], &[]));
}

#[test]
fn a_hook_is_installed_only_where_git_runs_it() {
    let sandbox = project();
    let install = |variables: &[(&str, &str)]| {
        let mut program = sandbox.program();
        let output = program
            .envs(variables.iter().copied())
            .args(["hook", "install", "pre-commit"])
            .output()
            .expect("runs");
        output.status.code()
    };
    assert_eq!(install(&[]), Some(0));
    sandbox.git(&["config", "core.hooksPath", ".git/hooks"]);
    assert_eq!(install(&[]), Some(0), "the same folder by another name");
    sandbox.git(&["config", "core.hooksPath", ""]);
    assert_eq!(install(&[]), Some(2), "an empty path");
    sandbox.git(&["config", "--unset", "core.hooksPath"]);
    let global = sandbox.home().join("global");
    std::fs::write(&global, "[core]\n\thooksPath = /elsewhere\n").expect("file");
    assert_eq!(install(&[("GIT_CONFIG_GLOBAL", &global.display().to_string())]), Some(2));
    let counted = [
        ("GIT_CONFIG_COUNT", "1"),
        ("GIT_CONFIG_KEY_0", "Core.HooksPath"),
        ("GIT_CONFIG_VALUE_0", "/elsewhere"),
    ];
    assert_eq!(install(&counted), Some(2));
}

/// Writes objects with git, and returns the id that it prints.
fn write_object(sandbox: &Sandbox, arguments: &[&str], input: &str) -> String {
    let mut command = isolated_command("git", &sandbox.root, &sandbox.home());
    let mut child =
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("git runs");
    child.stdin.take().expect("stdin").write_all(input.as_bytes()).expect("input");
    let output = child.wait_with_output().expect("git ends");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

#[test]
fn trees_that_unfold_to_millions_of_paths_are_refused() {
    let sandbox = Sandbox::with_packet();
    let blob = write_object(&sandbox, &["hash-object", "-w", "--stdin"], "x\n");
    let level = |entry: &dyn Fn(usize) -> String| -> String { (0..10).map(entry).collect() };
    // One kind ends in files, one in empty folders.
    let leaves = [level(&|n| format!("100644 blob {blob}\tf{n}\n")), String::new()];
    for leaf in leaves {
        let mut tree = write_object(&sandbox, &["mktree"], &leaf);
        for _ in 0..9 {
            tree = write_object(&sandbox, &["mktree"], &level(&|n| format!("040000 tree {tree}\td{n}\n")));
        }
        let listed = sandbox.git(&["ls-tree", "HEAD"]);
        let root = write_object(&sandbox, &["mktree"], &format!("{listed}\n040000 tree {tree}\tzbomb\n"));
        let commit = sandbox.git(&["commit-tree", &root, "-p", "HEAD", "-m", "bomb"]);
        let start = Instant::now();
        let range = format!("HEAD..{commit}");
        let (exit, said) =
            sandbox.run_redacted(&["post-work", "WP-1-Farewell", "--range", &range, "--no-run"]);
        assert_eq!(exit, 2, "{said}");
        assert!(said.contains("more than"), "{said}");
        // A debug build on a busy machine needs seconds; the whole tree would take hours.
        assert!(start.elapsed() < Duration::from_secs(120), "{:?}", start.elapsed());
    }
}

#[test]
fn names_that_no_checkout_may_hold_are_refused() {
    let sandbox = Sandbox::with_packet();
    let repo = git2::Repository::open(&sandbox.root).expect("repository");
    let blob = repo.blob(b"x\n").expect("blob");
    for name in [".GIT", "..", "git~1"] {
        let listed = sandbox.git(&["ls-tree", "HEAD"]);
        let mut raw: Vec<(Vec<u8>, Vec<u8>)> = listed
            .lines()
            .map(|line| {
                let (facts, name) = line.split_once('\t').expect("name");
                let mut words = facts.split(' ');
                let mode = words.next().expect("mode").trim_start_matches('0').to_owned();
                let id = git2::Oid::from_str(words.nth(1).expect("id")).expect("id");
                (name.as_bytes().to_vec(), [format!("{mode} {name}\0").as_bytes(), id.as_bytes()].concat())
            })
            .collect();
        raw.push((
            name.as_bytes().to_vec(),
            [format!("100644 {name}\0").as_bytes(), blob.as_bytes()].concat(),
        ));
        raw.sort();
        let bytes: Vec<u8> = raw.into_iter().flat_map(|(_, entry)| entry).collect();
        let odb = repo.odb().expect("object store");
        let tree = odb.write(git2::ObjectType::Tree, &bytes).expect("tree");
        let head = sandbox.git(&["rev-parse", "HEAD"]);
        let text = format!(
            "tree {tree}\nparent {head}\nauthor C <c@e> 1771000000 +0000\ncommitter C <c@e> 1771000000 +0000\n\nx\n"
        );
        let commit = odb.write(git2::ObjectType::Commit, text.as_bytes()).expect("commit");
        let range = format!("HEAD..{commit}");
        let (exit, said) =
            sandbox.run_redacted(&["post-work", "WP-1-Farewell", "--range", &range, "--no-run"]);
        assert!(exit == 2 && said.contains("has a name"), "{name}: {exit} {said}");
    }
}

#[test]
fn a_fifo_where_a_file_is_expected_is_refused_at_once() {
    let sandbox = Sandbox::with_packet();
    let fifo = sandbox.root.join("fifo");
    isolated_command("mkfifo", &sandbox.root, &sandbox.home()).arg(&fifo).status().expect("mkfifo");
    for arguments in [["check", "--config", "fifo"], ["check", "--config", "/dev/zero"]] {
        let start = Instant::now();
        let (exit, said) = sandbox.run_redacted(&arguments);
        assert!(exit == 2 && said.contains("not a regular file"), "{exit} {said}");
        assert!(start.elapsed() < Duration::from_secs(20));
    }
}

#[test]
fn an_ignore_file_that_is_a_device_or_a_pipe_is_refused_at_once() {
    let sandbox = Sandbox::new();
    sandbox.write("src/lib.rs", "pub fn f() {}\n");
    let ignore = sandbox.root.join("src/.gitignore");
    let assert_scan = |is_refused: bool| {
        let start = Instant::now();
        let (exit, said) = sandbox.run_redacted(&["scan", "--set", "product"]);
        assert_eq!(exit == 2 && said.contains("not a regular file"), is_refused, "{exit} {said}");
        assert!(start.elapsed() < Duration::from_secs(20));
    };
    std::os::unix::fs::symlink("/dev/zero", &ignore).expect("link");
    assert_scan(true);
    std::fs::remove_file(&ignore).expect("removed");
    isolated_command("mkfifo", &sandbox.root, &sandbox.home()).arg(&ignore).status().expect("mkfifo");
    assert_scan(true);
    std::fs::remove_file(&ignore).expect("removed");
    sandbox.write("src/.gitignore", "*.bak\n");
    assert_scan(false);
}

#[test]
fn a_pipe_in_the_folder_of_git_is_refused_at_once() {
    let sandbox = Sandbox::new();
    sandbox.write("countersign.yaml", "version: 1\nsteps: []\n");
    sandbox.commit("project");
    sandbox.git(&["worktree", "add", "-q", "../linked"]);
    let linked = sandbox.root.parent().expect("a parent").join("linked");
    let (common, own) = (sandbox.root.join(".git"), sandbox.root.join(".git/worktrees/linked"));
    let at = |folder: &Path| {
        let start = Instant::now();
        let output = sandbox.program().current_dir(folder).arg("check").output().expect("it runs");
        assert!(start.elapsed() < Duration::from_secs(20));
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let cases = [
        (&sandbox.root, common.join("index")),
        (&sandbox.root, common.join("config")),
        (&sandbox.root, common.join("packed-refs")),
        (&sandbox.root, common.join("commondir")),
        (&linked, common.join("config")),
        (&linked, own.join("index")),
        (&linked, own.join("commondir")),
        (&linked, linked.join(".git")),
    ];
    for (folder, file) in cases {
        let honest = at(folder);
        assert!(!honest.1.contains("not a regular file"), "{}: {}", file.display(), honest.1);
        let kept = file.with_extension("kept");
        let _ = std::fs::rename(&file, &kept);
        isolated_command("mkfifo", &sandbox.root, &sandbox.home()).arg(&file).status().expect("mkfifo");
        let (exit, said) = at(folder);
        assert!(exit == Some(2) && said.contains("not a regular file"), "{}: {said}", file.display());
        std::fs::remove_file(&file).expect("removed");
        let _ = std::fs::rename(&kept, &file);
        assert_eq!(at(folder), honest, "{}", file.display());
    }
}

#[test]
fn evidence_that_ran_here_is_not_only_typed() {
    let sandbox = Sandbox::new();
    DemoRepository::base_files().into_iter().for_each(|(path, text)| sandbox.write(path, text));
    let rules = "version: 1\nlogs: .countersign/logs\nsteps: []\nevidence: {allow: [cargo test]}\n";
    sandbox.write("countersign.yaml", rules);
    sandbox.write(".gitignore", "/.countersign/logs/\n/target/\n");
    let base = sandbox.commit("project");
    DemoRepository::approved_files(&base).into_iter().for_each(|(path, text)| sandbox.write(path, text));
    sandbox.commit("packet");
    let (exit, said) = sandbox.run_redacted(&["evidence", "WP-1-Farewell", "--yes", "--write"]);
    assert_eq!(exit, 0, "{said}");
    let receipts = sandbox.root.join(".git/countersign/evidence");
    assert_eq!(std::fs::read_dir(receipts).expect("receipts").count(), 1);
}
