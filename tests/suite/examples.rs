//! The programs in `examples/` build and run.

use std::path::PathBuf;
use std::process::Command;

use crate::support::greeter::{WP, greeter_without_manifests};
use crate::support::project;
use crate::support::repo::isolated_command;

/// An example's program. `cargo test` builds it next to the tests; a run of
/// this test program alone builds it here.
fn example(name: &str) -> PathBuf {
    let tests = std::env::current_exe().expect("this program");
    let profile = tests.parent().and_then(|folder| folder.parent()).expect("the profile's folder");
    let path = profile.join("examples").join(name).with_extension(std::env::consts::EXE_EXTENSION);
    if !path.exists() {
        let target = profile.parent().expect("target folder");
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let status = Command::new(cargo)
            .current_dir(project())
            .args(["build", "--quiet", "--offline", "--example", name, "--target-dir"])
            .arg(target)
            .status();
        assert!(status.expect("cargo runs").success(), "{name} builds");
    }
    path
}

#[test]
fn judge_change_prints_the_findings_of_a_change() {
    let sandbox = greeter_without_manifests();
    let program = example("judge_change");
    let run = |arguments: &[&str]| {
        let mut command = isolated_command(&program.to_string_lossy(), &sandbox.root, &sandbox.home());
        let output = command.args(arguments).output().expect("the example runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    };
    let demo = run(&[]);
    assert!(demo.contains("error [scope/outside] src/invoice.rs"), "{demo}");
    let named = run(&[&sandbox.root.to_string_lossy(), WP]);
    assert!(named.contains("[manifest/missing]") && !named.contains("[scope/outside]"), "{named}");
}
