//! The README shows what the program prints.

use crate::support::project;
use crate::support::repo::Sandbox;

/// The `text` block of the README that begins with a command, without it.
fn sample(command: &str) -> String {
    let readme = std::fs::read_to_string(project().join("README.md")).expect("README");
    let start = format!("```text\n$ {command}\n");
    let at = readme.find(&start).unwrap_or_else(|| panic!("no sample of `{command}`"));
    let rest = &readme[at + start.len()..];
    rest[..rest.find("```").expect("the end of the block")].to_owned()
}

#[test]
fn the_first_sample_is_what_post_work_prints() {
    let sandbox = Sandbox::with_packet();
    sandbox.append("src/invoice.rs", "\n");
    let (code, said) = sandbox.run_redacted(&["post-work", "WP-1-Farewell", "--no-run"]);
    assert_eq!(code, 1, "{said}");
    let finding = sample("countersign post-work WP-1-Farewell");
    let finding = finding.split("\n\n").next().unwrap_or_default();
    assert!(said.contains(finding), "README:\n{finding}\n\nprinted:\n{said}");
}

#[test]
fn the_sample_of_check_is_what_it_prints() {
    let sandbox = Sandbox::with_packet();
    let refinement = ".GOV/refinements/WP-1-Farewell.md";
    sandbox.edit(refinement, "CONTEXT_START_LINE: 9", "CONTEXT_START_LINE: 3");
    sandbox.edit(refinement, "CONTEXT_END_LINE: 11", "CONTEXT_END_LINE: 5");
    let (_, said) = sandbox.run_redacted(&["check"]);
    let finding = sample("countersign check");
    assert!(said.contains(finding.trim_end()), "README:\n{finding}\n\nprinted:\n{said}");
}
