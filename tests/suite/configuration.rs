//! One loader of the configuration: every command decides alike about a file
//! that is linked, a folder, too large or named by the caller, and paths of
//! options follow `-C`.

use crate::support::repo::Sandbox;

/// Commands that read the configuration of the working tree.
const READERS: [&[&str]; 12] = [
    &["check"],
    &["scan"],
    &["list"],
    &["show", "WP-1-Farewell"],
    &["governance-check"],
    &["task-board-check"],
    &["validator-packet-complete", "WP-1-Farewell"],
    &["validator-git-hygiene"],
    &["rules", "test"],
    &["new", "stub", "WP-3-Later"],
    &["validator-gate", "status", "WP-1-Farewell"],
    &["init"],
];

fn assert_refused(sandbox: &Sandbox, reason: &str) {
    for arguments in READERS {
        let (code, said) = sandbox.run_redacted(arguments);
        assert_eq!(code, 2, "{arguments:?}: {said}");
        assert!(said.contains("countersign.yaml") && said.contains(reason), "{arguments:?}: {said}");
    }
}

#[cfg(unix)]
#[test]
fn a_linked_configuration_is_refused_by_every_command() {
    let sandbox = Sandbox::with_packet();
    let text = sandbox.read("countersign.yaml");
    sandbox.remove("countersign.yaml");
    sandbox.write("other.yaml", text);
    std::os::unix::fs::symlink("other.yaml", sandbox.root.join("countersign.yaml")).expect("link");
    assert_refused(&sandbox, "symbolic link");
}

#[test]
fn a_folder_or_an_oversized_configuration_is_refused_by_every_command() {
    let sandbox = Sandbox::with_packet();
    sandbox.write("countersign.yaml", "#".repeat(17 * 1024 * 1024));
    assert_refused(&sandbox, "bytes");
    sandbox.remove("countersign.yaml");
    sandbox.write("countersign.yaml/inner", "version: 1\n");
    assert_refused(&sandbox, "folder");
}

#[test]
fn without_a_file_the_defaults_apply() {
    let sandbox = Sandbox::with_packet();
    sandbox.remove("countersign.yaml");
    let (code, said) = sandbox.run_redacted(&["check"]);
    assert_eq!(code, 0, "{said}");
}

#[test]
fn a_linked_configuration_of_a_commit_is_refused_by_gates() {
    let sandbox = Sandbox::with_packet();
    sandbox.remove("countersign.yaml");
    sandbox.write("other.yaml", "version: 1\n");
    #[cfg(unix)]
    std::os::unix::fs::symlink("other.yaml", sandbox.root.join("countersign.yaml")).expect("link");
    sandbox.commit("a link");
    sandbox.append("src/lib.rs", "// more\n");
    sandbox.commit("work");
    let (code, said) = sandbox.run_redacted(&["post-work", "WP-1-Farewell", "--range", "HEAD~1..HEAD"]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("symbolic link"), "{said}");
}

#[test]
fn paths_of_options_follow_the_working_directory() {
    let sandbox = Sandbox::with_packet();
    let above = sandbox.root.parent().expect("parent").to_path_buf();
    // A rule that the repository's own configuration does not have.
    sandbox.write("strict.yaml", "version: 1\nascii_only: true\n");
    sandbox.append(".GOV/task_packets/WP-1-Farewell.md", "\n\u{201c}quoted\u{201d}\n");
    let run = |arguments: &[&str]| {
        let output = sandbox.program().current_dir(&above).args(arguments).output().expect("runs");
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let base = ["-C", "greeter", "check", ".GOV/task_packets"];
    let (code, _) = run(&base);
    assert_eq!(code, Some(0));
    let named: Vec<&str> = base.iter().copied().chain(["--config", "strict.yaml"]).collect();
    let (code, said) = run(&named);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("text/ascii"), "{said}");
    let out: Vec<&str> = base.iter().copied().chain(["--output", "report.json"]).collect();
    assert_eq!(run(&out).0, Some(0));
    assert!(sandbox.root.join("report.json").is_file() && !above.join("report.json").exists());
    let (code, said) = run(&["-C", "home", "demo", "--keep", "kept"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(above.join("home/kept/.git").is_dir());
}

#[test]
fn renamed_rules_are_read_with_a_warning() {
    let sandbox = Sandbox::with_packet();
    sandbox.append("countersign.yaml", "\nrules:\n  milestone/open: note\n");
    let output = sandbox.run(&["check"]);
    let text =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("`milestone/open` is now called `phase-close/open-packet`"), "{text}");
}
