//! Scans in real repositories: baselines, changes, gates, hooks.

use serde_json::Value;

use countersign::DemoRepository;

use crate::support::repo::Sandbox;

pub(crate) fn report(sandbox: &Sandbox, arguments: &[&str]) -> (i32, Value) {
    let output = sandbox.run(&[arguments, &["--format", "json"]].concat());
    let text = String::from_utf8(output.stdout).expect("text");
    let messages = String::from_utf8_lossy(&output.stderr).into_owned();
    (
        output.status.code().expect("code"),
        serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}{messages}")),
    )
}

pub(crate) fn rules(report: &Value) -> Vec<String> {
    let all = report["findings"].as_array().expect("findings");
    all.iter().map(|one| one["rule"].as_str().expect("rule").to_owned()).collect()
}

#[test]
fn a_baseline_survives_moves_and_layout_and_does_not_grow_by_itself() {
    let sandbox = Sandbox::new();
    sandbox.write("countersign.yaml", "version: 1\nscan:\n  baseline: .countersign/known.txt\n");
    sandbox.write("src/a.rs", "fn a() { b(c, d).unwrap(); }\n");
    assert_eq!(report(&sandbox, &["scan"]).0, 1);
    let (code, said) = sandbox.run_redacted(&["scan", "--baseline", "write"]);
    assert_eq!((code, said.contains("1 finding written")), (0, true), "{said}");
    let first = std::fs::read_to_string(sandbox.root.join(".countersign/known.txt")).expect("baseline");
    let (code, found) = report(&sandbox, &["scan"]);
    assert_eq!((code, &found["scan"]["baselined"]), (0, &1.into()));
    // Moved to another file, after other code, with another layout.
    sandbox.remove("src/a.rs");
    sandbox.write(
        "src/z.rs",
        "fn x() {}\n\nfn a() {\n    b(\n        c,\n        d,\n    )\n    .unwrap();\n}\n",
    );
    assert_eq!(report(&sandbox, &["scan", "--baseline", "check"]).0, 0);
    sandbox.run_redacted(&["scan", "--baseline", "write"]);
    let second = std::fs::read_to_string(sandbox.root.join(".countersign/known.txt")).expect("baseline");
    assert_eq!(first, second);
    // A second copy of the statement is a new finding.
    sandbox.append("src/z.rs", "fn y() { b(c, d).unwrap(); }\n");
    let (code, found) = report(&sandbox, &["scan"]);
    assert_eq!((code, rules(&found)), (1, vec!["scan/rust-unwrap".to_owned()]));
    // Fixed findings are reported, so that the baseline can be shortened.
    sandbox.write("src/z.rs", "fn a() {}\n");
    let (code, found) = report(&sandbox, &["scan"]);
    assert_eq!((code, rules(&found)), (0, vec!["baseline/stale".to_owned()]));
    // Entries of rules that did not run are kept.
    sandbox.write("src/c.rs", "fn a() { Instant::now(); }\n");
    sandbox.run_redacted(&["scan", "--set", "errors", "--baseline", "write"]);
    let third = std::fs::read_to_string(sandbox.root.join(".countersign/known.txt")).expect("baseline");
    assert!(third.contains("scan/rust-unwrap") && third.contains("scan/rust-clock"), "{third}");
}

#[test]
fn only_what_is_new_in_a_change_fails() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "src/a.rs",
        "fn a() { b.unwrap(); }\n#[cfg(test)]\nmod tests {\n    fn c() { d.unwrap(); }\n}\n",
    );
    sandbox.write("src/e.rs", "fn e() { f.unwrap(); }\n");
    sandbox.commit("old");
    // An old finding in a changed file is counted.
    sandbox.append("src/a.rs", "fn g() {}\n");
    let (code, found) = report(&sandbox, &["scan", "--worktree"]);
    assert_eq!((code, &found["scan"]["preexisting"]), (0, &1.into()), "{found}");
    // Another layout and location within the change: not new.
    sandbox.write("src/e.rs", "fn e() {}\n");
    sandbox.append("src/a.rs", "fn e() {\n    f\n        .unwrap();\n}\n");
    assert_eq!(report(&sandbox, &["scan", "--worktree"]).0, 0);
    // A new finding is reported with its location.
    sandbox.append("src/a.rs", "fn h() { i.unwrap(); }\n");
    let (code, found) = report(&sandbox, &["scan", "--worktree"]);
    assert_eq!((code, rules(&found).len()), (1, 1));
    assert_eq!(found["findings"][0]["place"]["line"], 11);
    // A finding in former test code is new, although its line is old.
    sandbox.git(&["checkout", "-q", "--", "src"]);
    sandbox.edit("src/a.rs", "#[cfg(test)]\n", "");
    let (code, found) = report(&sandbox, &["scan", "--worktree"]);
    assert_eq!((code, found["findings"][0]["place"]["line"].as_u64()), (1, Some(3)), "{found}");
    // The same for staged changes, and for a range.
    sandbox.git(&["add", "-A"]);
    assert_eq!(report(&sandbox, &["scan", "--staged"]).0, 1);
    sandbox.commit("new");
    assert_eq!(report(&sandbox, &["scan", "--range", "HEAD~1..HEAD"]).0, 1);
    assert_eq!(report(&sandbox, &["scan", "--staged"]).0, 0);
}

#[test]
fn a_change_is_scanned_by_the_rules_of_its_base() {
    let sandbox = Sandbox::new();
    sandbox.write("src/a.rs", "fn a() {}\n");
    sandbox.commit("base");
    sandbox.append("src/a.rs", "fn b() { c.unwrap(); }\n");
    sandbox.write(
        "countersign.yaml",
        "version: 1\nrules: {scan/rust-unwrap: \"off\"}\nscan: {exclude: [src/]}\n",
    );
    assert_eq!(report(&sandbox, &["scan", "--worktree"]).0, 1);
    sandbox.commit("work");
    let (code, found) = report(&sandbox, &["scan", "--range", "HEAD~1..HEAD"]);
    assert_eq!((code, rules(&found)), (1, vec!["scan/rust-unwrap".to_owned()]));
    assert!(found["selection"]["trusted"].as_str().is_some_and(|from| from.contains("commit ")));
    // A scan of the tree has no base revision.
    let (code, said) = sandbox.run_redacted(&["scan"]);
    assert_eq!((code, said.contains("scanned")), (0, true), "{said}");
}

/// A repository whose second commit is scanned.
pub(crate) fn scan_change(before: &[(&str, &str)], after: &[(&str, &str)]) -> (i32, Value) {
    let sandbox = Sandbox::new();
    sandbox.write("Cargo.toml", "[package]\n");
    before.iter().for_each(|(path, text)| sandbox.write(path, text));
    sandbox.commit("before");
    after.iter().for_each(|(path, text)| sandbox.write(path, text));
    sandbox.commit("after");
    report(&sandbox, &["scan", "--range", "HEAD~1..HEAD"])
}

pub(crate) const BAD: &str = "pub fn bad(x: Option<u8>) -> u8 { x.unwrap() }\n";

#[test]
fn an_edit_beside_an_old_finding_makes_nothing_new() {
    let old = "fn a(x: u8) -> u8 {\n    match x {\n        1 => b.unwrap(),\n        _ => 2,\n    }\n}\n";
    let new = old.replace("_ => 2", "_ => 3");
    let (code, found) = scan_change(&[("src/a.rs", old)], &[("src/a.rs", &new)]);
    assert_eq!((code, &found["scan"]["preexisting"]), (0, &1.into()), "{found}");
    let go = "package a\nfunc b() {\n\tz := 1\n\tpanic(\"no\")\n}\n";
    assert_eq!(scan_change(&[("a.go", go)], &[("a.go", &go.replace('1', "2"))]).0, 0);
}

#[test]
fn many_findings_hide_none() {
    let crowd = "// placeholder implementation\n".repeat(2500);
    let (code, found) = scan_change(&[("src/a.rs", "fn a() {}\n")], &[("src/a.rs", &(crowd + BAD))]);
    assert_eq!(code, 1);
    assert!(rules(&found).contains(&"scan/rust-unwrap".to_owned()));
}

#[test]
fn only_a_declaration_that_a_build_reads_makes_a_test_module() {
    let lib = ("src/lib.rs", "pub mod orders;\n");
    let base = [lib, ("src/orders.rs", "fn a() {}\n")];
    for other in ["src/mod.rs", "src/main.rs"] {
        let (code, _) = scan_change(&base, &[("src/orders.rs", BAD), (other, "#[cfg(test)]\nmod orders;\n")]);
        assert_eq!(code, 1, "{other}");
    }
    let twice = "#[cfg(test)]\nmod orders;\n#[path = \"orders.rs\"]\npub mod book;\n";
    assert_eq!(scan_change(&base, &[("src/orders.rs", BAD), ("src/lib.rs", twice)]).0, 1);
    // A file of tests that the next file declares by its path.
    let beside = "#[cfg(test)]\n#[path = \"orders_tests.rs\"]\nmod tests;\n";
    assert_eq!(scan_change(&base, &[("src/orders.rs", beside), ("src/orders_tests.rs", BAD)]).0, 0);
    // A former finding in test code does not offset one in product code.
    let helpers = [
        ("src/lib.rs", "pub mod orders;\n#[cfg(test)]\nmod helpers;\n"),
        ("src/helpers.rs", BAD),
        ("src/orders.rs", ""),
    ];
    assert_eq!(scan_change(&helpers, &[("src/helpers.rs", "\n"), ("src/orders.rs", BAD)]).0, 1);
    // Folder names below src/ are part of the product.
    for folder in ["vendor", "target", "dist", "tests", "benches"] {
        let path = format!("src/{folder}/mod.rs");
        assert_eq!(scan_change(&base, &[(&path, BAD)]).0, 1, "{folder}");
    }
}

#[test]
fn files_hidden_from_a_tree_are_found() {
    let sandbox = Sandbox::new();
    sandbox.write(".gitignore", "hidden.rs\n");
    sandbox.write(".ignore", "*.rs\n");
    sandbox.write(".rgignore", "*.rs\n");
    sandbox.write("src/hidden.rs", "fn a() { b.unwrap(); }\n");
    sandbox.write("src/.dotted.rs", "fn a() { b.unwrap(); }\n");
    sandbox.write("src/nul.rs", "// \0\nfn a() { b.unwrap(); }\n");
    sandbox.write("src/latin.rs", b"// \xe9\nfn a() { b.unwrap(); }\n");
    sandbox.git(&["add", "-A"]);
    sandbox.git(&["add", "-f", "src/hidden.rs"]);
    sandbox.write(".git/info/exclude", "*.rs\n");
    let (_, found) = report(&sandbox, &["scan"]);
    let paths: Vec<&str> = found["findings"]
        .as_array()
        .expect("findings")
        .iter()
        .filter_map(|one| one["place"]["path"].as_str())
        .collect();
    assert_eq!(paths, ["src/.dotted.rs", "src/hidden.rs", "src/latin.rs", "src/nul.rs"]);
    let latin = &found["findings"][2]["place"];
    assert_eq!((&latin["line"], &latin["column"]), (&2.into(), &12.into()));
}

#[test]
fn long_lines_and_large_files_are_reported() {
    let sandbox = Sandbox::new();
    sandbox.write("src/long.rs", format!("fn a() {{ b.unwrap(); }} // {}\n", "x".repeat(70_000)));
    sandbox.write("src/huge.rs", "// x\n".repeat(4_000_000));
    sandbox.write("data.bin", [0; 100]);
    let (code, found) = report(&sandbox, &["scan"]);
    assert_eq!((code, rules(&found)), (1, vec!["source/unread".to_owned(), "source/unread".to_owned()]));
    assert_eq!(found["findings"][1]["place"]["line"], 1);
}

#[test]
fn rules_of_a_repository_are_run_and_changed() {
    let sandbox = Sandbox::new();
    let config = "version: 1\nrules:\n  scan/rust-todo: \"off\"\n  scan/rust-print: warning\nscan:\n  override:\n    scan/rust-unwrap: {exclude: [\"src/legacy/\"]}\n    scan/rust-dbg: {tests: ignored}\n";
    sandbox.write("countersign.yaml", config);
    sandbox.write("src/legacy/a.rs", "fn a() { b.unwrap(); }\n");
    sandbox.write("src/b.rs", "fn a() { b.unwrap(); todo!(); println!(); }\n#[test]\nfn c() { dbg!(d); }\n");
    let (code, found) = report(&sandbox, &["scan"]);
    assert_eq!((code, rules(&found)), (1, vec!["scan/rust-unwrap".to_owned(), "scan/rust-print".to_owned()]));
    let own = "id: scan/house-word\nset: house\nlevel: error\nmessage: a word\nwhy: \"w \\e]0;t\\a\"\nremedy: r\nlanguages: [rust]\npattern: salutation\nexamples: {match: [salutation], pass: [other]}\n";
    sandbox.write("house/word.yaml", own);
    sandbox.append("countersign.yaml", "  rules: house\n");
    sandbox.append("src/b.rs", "fn e() { salutation(); }\n");
    let (code, said) = sandbox.run_redacted(&["--color", "always", "scan"]);
    assert_eq!(
        (code, said.contains("[scan/house-word]"), said.contains("\u{1b}]")),
        (1, true, false),
        "{said}"
    );
    let (code, said) = sandbox.run_redacted(&["explain", "scan/house-word"]);
    assert_eq!((code, said.contains("set house"), said.contains('\u{1b}')), (0, true, false), "{said}");
    let (code, said) = sandbox.run_redacted(&["scan", "--set", "nothing"]);
    assert_eq!(
        (code, said.contains("unknown set of scan rules `nothing`; expected one of: product")),
        (2, true),
        "{said}"
    );
}

/// A packet with its work, in a repository whose base configures scans.
fn governed(config: &str, code: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    DemoRepository::base_files().into_iter().for_each(|(path, text)| sandbox.write(path, text));
    sandbox.write("countersign.yaml", config);
    sandbox.commit("project");
    sandbox.write("src/lib.rs", code);
    sandbox
}

#[test]
fn unknown_scans_of_a_gate_are_not_a_pass() {
    let sandbox = governed("version: 1\nsteps: []\nscan: {gate: [prodct]}\n", "fn a() {}\n");
    let base = sandbox.git(&["rev-parse", "HEAD"]);
    for (path, text) in DemoRepository::approved_files(&base) {
        sandbox.write(path, text);
    }
    let (code, said) = sandbox.run_redacted(&["post-work", "WP-1-Farewell", "--worktree"]);
    assert_eq!(
        (code, said.contains("unknown set of scan rules `prodct` in `scan: gate`")),
        (2, true),
        "{said}"
    );
}

#[cfg(unix)]
#[test]
fn foreign_hooks_are_not_changed() {
    let sandbox = Sandbox::new();
    sandbox.write("src/a.rs", "fn a() {}\n");
    sandbox.commit("first");
    let hook = sandbox.root.join(".git/hooks/pre-commit");
    sandbox.write(".git/hooks/pre-commit", "#!/bin/sh\necho mine\n");
    let (code, said) = sandbox.run_redacted(&["hook", "install", "pre-commit"]);
    assert_eq!((code, said.contains("countersign did not write")), (2, true), "{said}");
    assert_eq!(std::fs::read_to_string(&hook).expect("hook"), "#!/bin/sh\necho mine\n");
    assert_eq!(sandbox.run_redacted(&["hook", "remove", "pre-commit"]).0, 2);
    std::fs::remove_file(&hook).expect("removed");
    assert_eq!(sandbox.run_redacted(&["hook", "install", "pre-commit"]).0, 0);
    assert_eq!(sandbox.run_redacted(&["hook", "install", "pre-commit"]).0, 0, "our own may be written anew");
    // Git runs the hook, also for `commit -a`, which has its own index.
    let program = std::path::PathBuf::from(env!("CARGO_BIN_EXE_countersign"));
    let path =
        format!("{}:{}", program.parent().expect("folder").display(), std::env::var("PATH").expect("PATH"));
    let commit = |arguments: &[&str]| {
        let mut git = crate::support::repo::isolated_command("git", &sandbox.root, &sandbox.home());
        let output = git.args(arguments).env("PATH", &path).output().expect("git");
        (
            output.status.success(),
            String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned(),
        )
    };
    sandbox.append("src/a.rs", "fn b() { c.unwrap(); }\n");
    let (done, said) = commit(&["commit", "-q", "-a", "-m", "bad"]);
    assert!(!done && said.contains("[scan/rust-unwrap]"), "{said}");
    sandbox.edit("src/a.rs", "c.unwrap();", "");
    let (done, said) = commit(&["commit", "-q", "-a", "-m", "good"]);
    assert!(done, "{said}");
    // Before a push, all commits that the remote repository lacks are scanned.
    assert_eq!(sandbox.run_redacted(&["hook", "install", "pre-push"]).0, 0);
    let other = sandbox.root.with_file_name("other.git");
    sandbox.git(&["init", "-q", "--bare", other.to_str().expect("path")]);
    sandbox.git(&["remote", "add", "origin", other.to_str().expect("path")]);
    let (done, said) = commit(&["push", "-q", "origin", "main"]);
    assert!(done, "{said}");
    sandbox.git(&["switch", "-q", "-c", "work"]);
    sandbox.append("src/a.rs", "fn d() { todo!() }\n");
    sandbox.git(&["add", "-A"]);
    sandbox.git(&["commit", "-q", "--no-verify", "-m", "bad"]);
    let (done, said) = commit(&["push", "-q", "origin", "work"]);
    assert!(!done && said.contains("[scan/rust-todo]"), "{said}");
    // The push of another branch, made from a commit that only this repository
    // has, does not pass either.
    sandbox.git(&["branch", "-f", "main", "work"]);
    sandbox.git(&["switch", "-q", "-c", "harmless"]);
    sandbox.write("notes.txt", "x\n");
    sandbox.git(&["add", "-A"]);
    sandbox.git(&["commit", "-q", "--no-verify", "-m", "harmless"]);
    let (done, said) = commit(&["push", "-q", "origin", "harmless"]);
    assert!(!done && said.contains("[scan/rust-todo]"), "{said}");
    assert_eq!(sandbox.run_redacted(&["hook", "remove", "pre-push"]).0, 0);
    sandbox.git(&["config", "core.hooksPath", "elsewhere"]);
    let (code, said) = sandbox.run_redacted(&["hook", "install", "pre-push"]);
    assert_eq!((code, said.contains("core.hooksPath")), (2, true), "{said}");
}

/// Runs `hook run pre-push` for references that the remote does not have.
fn push_new(sandbox: &Sandbox, references: &[(&str, &str)], arguments: &[&str]) -> (i32, String) {
    use std::io::Write as _;
    use std::process::Stdio;
    let mut program = sandbox.program();
    program.args(["hook", "run", "pre-push"]).args(arguments);
    let piped = program.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = piped.spawn().expect("runs");
    let zeros = "0".repeat(40);
    let lines: String =
        references.iter().map(|(name, id)| format!("refs/{name} {id} refs/{name} {zeros}\n")).collect();
    child.stdin.take().expect("stdin").write_all(lines.as_bytes()).expect("written");
    let output = child.wait_with_output().expect("ends");
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    (output.status.code().expect("code"), text)
}

#[test]
fn the_first_push_scans_all_commits() {
    let sandbox = Sandbox::new();
    sandbox.write("src/a.rs", "fn a() { b().unwrap(); }\n");
    let first = sandbox.commit("bad");
    sandbox.write("notes.txt", "x\n");
    let second = sandbox.commit("harmless");
    let (code, said) = push_new(&sandbox, &[("heads/main", &second)], &[]);
    assert!(code == 1 && said.contains("[scan/rust-unwrap]"), "{code} {said}");
    sandbox.git(&["tag", "-a", "-m", "a tag", "v1"]);
    let tag = sandbox.git(&["rev-parse", "v1"]);
    assert_eq!(push_new(&sandbox, &[("tags/v1", &tag)], &[]).0, 1, "an annotated tag");
    // Grafts of this machine do not decide what the remote has.
    sandbox.remove("src/a.rs");
    sandbox.commit("good");
    sandbox.git(&["update-ref", "refs/remotes/origin/main", "HEAD"]);
    let base = sandbox.git(&["rev-parse", "HEAD"]);
    sandbox.write("src/b.rs", "fn b() { todo!() }\n");
    let head = sandbox.commit("bad");
    sandbox.write(".git/info/grafts", format!("{base} {head}\n{head} {first}\n"));
    let (code, said) = push_new(&sandbox, &[("heads/main", &head)], &[]);
    assert!(code == 1 && said.contains("[scan/rust-todo]"), "{code} {said}");
    assert!(!said.contains("[scan/rust-unwrap]"), "{said}");
}

#[test]
fn a_push_of_several_references_has_one_report() {
    let sandbox = Sandbox::new();
    let root = sandbox.commit("root");
    sandbox.write("src/a.rs", "fn a() { b().unwrap(); }\n");
    let first = sandbox.commit("bad");
    sandbox.write("src/b.rs", "fn b() { todo!() }\n");
    let second = sandbox.commit("worse");
    let references = [("heads/work", second.as_str()), ("heads/main", first.as_str())];
    let check = || {
        let (code, text) = push_new(&sandbox, &references, &["--format", "json"]);
        let report: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        assert_eq!((code, rules(&report)), (1, vec!["scan/rust-unwrap".into(), "scan/rust-todo".into()]));
    };
    check();
    // The same with ranges: the remote has an earlier commit.
    sandbox.git(&["update-ref", "refs/remotes/origin/other", &root]);
    check();
    let nothing = push_new(&sandbox, &[], &["--format", "json"]);
    assert!(nothing.0 == 0 && serde_json::from_str::<Value>(&nothing.1).is_ok(), "{nothing:?}");
}
