//! `manifest` writes the manifests that the gate expects and changes nothing
//! else.

use countersign::RecordedHashes;

use crate::support::greeter::{PACKET, WP, greeter_sandbox, greeter_without_manifests};
use crate::support::repo::Sandbox;

fn assert_passes(sandbox: &Sandbox, arguments: &[&str]) {
    let (exit, said) = sandbox.run_redacted(&[&["post-work", WP, "--no-run"], arguments].concat());
    assert_eq!(exit, 0, "{said}");
}

fn run_manifest_write(sandbox: &Sandbox, arguments: &[&str]) -> String {
    let (exit, said) = sandbox.run_redacted(&[&["manifest", WP, "--write"], arguments].concat());
    assert_eq!(exit, 0, "{said}");
    said
}

/// The packet without its manifests.
fn split_around_manifests(text: &str) -> (String, String) {
    let (before, rest) = text.split_once("## VALIDATION").expect("section");
    let after = rest.find("## STATUS_HANDOFF").expect("next section");
    (before.to_owned(), rest[after..].to_owned())
}

#[test]
fn a_valid_change_passes_after_it_and_a_second_run_changes_nothing() {
    let sandbox = greeter_without_manifests();
    let before = sandbox.read(PACKET);
    let (exit, printed) = sandbox.run_redacted(&["manifest", WP]);
    assert_eq!((exit, sandbox.read(PACKET)), (0, before.clone()), "printing writes nothing: {printed}");
    assert!(
        printed.contains("- **Target File**: `src/farewell.rs`\n- **Start**: 1\n- **End**: 17\n"),
        "{printed}"
    );
    let said = run_manifest_write(&sandbox, &[]);
    assert!(said.contains("2 manifests written") && said.contains("2 added"), "{said}");
    assert_passes(&sandbox, &[]);
    let first = sandbox.read(PACKET);
    assert_eq!(split_around_manifests(&first), split_around_manifests(&before));
    assert!(
        first
            .contains("- **Spec Target Resolved**: .GOV/roles_shared/SPEC_CURRENT.md -> Greeter_Spec_v01.md")
    );
    assert!(run_manifest_write(&sandbox, &[]).contains("already in"));
    assert_eq!(sandbox.read(PACKET), first);
}

#[test]
fn committed_work_with_its_manifests_on_disk_is_judged_as_a_whole() {
    let sandbox = greeter_without_manifests();
    let base = sandbox.git(&["rev-parse", "HEAD^"]);
    sandbox.commit("work without manifests");
    sandbox.append("src/farewell.rs", "\n// done\n");
    sandbox.commit("more of it");
    run_manifest_write(&sandbox, &[]);
    assert_passes(&sandbox, &[]);
    let first = sandbox.read(PACKET);
    // Only the packet is uncommitted now. The whole work is still selected.
    run_manifest_write(&sandbox, &[]);
    assert_eq!(sandbox.read(PACKET), first);
    sandbox.git(&["add", "-A"]);
    assert_passes(&sandbox, &[]);
    sandbox.commit("manifests");
    assert_passes(&sandbox, &["--range", &format!("{base}..HEAD")]);
    // It does not hide a file outside the scope.
    sandbox.append("src/farewell.rs", "// more\n");
    assert_eq!(sandbox.run_redacted(&["post-work", WP, "--no-run"]).0, 1);
}

#[test]
fn everything_else_stays_byte_for_byte() {
    let sandbox = greeter_sandbox(Some(RecordedHashes::GitObjectIds));
    let odd = "\u{feff}".to_owned()
        + &sandbox
            .read(PACKET)
            .replace("## HYGIENE\n", "## HYGIENE  \n- \u{1f980} emoji, trailing blanks   \n\t\n")
            .replace("  - [x] all_links_resolvable", "  - [ ] all_links_resolvable")
            .replace("- **End**: 17", "- **End**: 99")
            .replace(
                "  - [x] current_file_matches_preimage\n\n- **Target",
                "  - [x] current_file_matches_preimage\n- **Notes**: kept as it is  \n\n- **Target",
            )
            .replace('\n', "\r\n");
    sandbox.write(PACKET, &odd);
    let said = run_manifest_write(&sandbox, &[]);
    assert!(said.contains("1 updated") || said.contains("2 updated"), "{said}");
    let text = sandbox.read(PACKET);
    assert_eq!(split_around_manifests(&text), split_around_manifests(&odd));
    assert!(!text.replace("\r\n", "").contains('\n'), "line endings are kept");
    assert!(text.contains("- **Notes**: kept as it is  \r\n"));
    let without = |text: &str| {
        let kept = |line: &&str| {
            !["Timestamp", "Spec Target", "SHA1", "- **End**", "all_links"]
                .iter()
                .any(|word| line.contains(word))
        };
        text.lines().filter(kept).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(without(&text), without(&odd));
    assert_passes(&sandbox, &[]);
    run_manifest_write(&sandbox, &[]);
    assert_eq!(sandbox.read(PACKET), text);
}

#[test]
fn blocks_in_other_spellings_are_updated_in_their_own() {
    let sandbox = greeter_without_manifests();
    let text = sandbox.read(PACKET);
    let (before, after) = split_around_manifests(&text);
    let block = "## VALIDATION\n\nFiles:\n\n* TARGET_FILE: src/lib.rs\n* **Start:** 7\n* **End:** `x`\n* Post-sha1:\n* **Gates Passed:**\n    * [X] `anchors_present`\n    * [ ] tests_passed\n\nAfterwords.\n\n";
    sandbox.write(PACKET, format!("{before}{block}{after}"));
    run_manifest_write(&sandbox, &[]);
    let text = sandbox.read(PACKET);
    assert!(text.contains("\n* TARGET_FILE: src/lib.rs\n* **Start:** 1\n* **End:** `3`\n"), "{text}");
    assert!(
        text.contains("    * [X] `anchors_present`\n    * [ ] tests_passed\n    * [x] window_matches_plan\n"),
        "{text}"
    );
    assert!(text.contains("\n\nAfterwords.\n"), "{text}");
    assert_passes(&sandbox, &[]);
    run_manifest_write(&sandbox, &[]);
    assert_eq!(sandbox.read(PACKET), text);
}

#[test]
fn each_hunk_can_have_its_own_window() {
    let sandbox = greeter_without_manifests();
    sandbox.append("src/lib.rs", "\n/// Two.\npub fn two() -> u8 {\n    2\n}\n");
    run_manifest_write(&sandbox, &["--per-hunk"]);
    let text = sandbox.read(PACKET);
    assert_eq!(text.matches("`src/lib.rs`\n- **Start**").count(), 3, "{text}");
    assert_passes(&sandbox, &[]);
    run_manifest_write(&sandbox, &["--per-hunk"]);
    assert_eq!(sandbox.read(PACKET), text);
    // Without the option, existing windows are kept.
    run_manifest_write(&sandbox, &[]);
    assert_eq!(sandbox.read(PACKET), text);
}

#[test]
fn stale_blocks_are_removed_only_on_request() {
    let sandbox = greeter_without_manifests();
    run_manifest_write(&sandbox, &[]);
    let both = sandbox.read(PACKET);
    sandbox.git(&["checkout", "-q", "--", "src/lib.rs"]);
    let said = run_manifest_write(&sandbox, &[]);
    assert!(
        said.contains("src/lib.rs has a manifest but did not change; --prune removes the manifest"),
        "{said}"
    );
    assert_eq!(sandbox.read(PACKET), both);
    run_manifest_write(&sandbox, &["--prune"]);
    let text = sandbox.read(PACKET);
    assert!(
        !text.contains("`src/lib.rs`\n- **Start**") && text.contains("`src/farewell.rs`\n- **Start**"),
        "{text}"
    );
    assert_eq!(split_around_manifests(&text), split_around_manifests(&both));
    sandbox.remove("src/farewell.rs");
    run_manifest_write(&sandbox, &["--prune"]);
    assert!(sandbox.read(PACKET).contains("- **Target File**: `path/to/file`"), "a template is left");
}

#[test]
fn text_that_a_person_wrote_into_a_block_is_not_removed() {
    let sandbox = greeter_without_manifests();
    run_manifest_write(&sandbox, &[]);
    sandbox.git(&["checkout", "-q", "--", "src/lib.rs"]);
    let both = sandbox.read(PACKET);
    let at = both.find("`src/lib.rs`\n- **Start**").expect("block") + "`src/lib.rs`\n".len();
    for remark in ["- REVIEW_NOTE: Mira asked for this.\n", "- HUMAN remark\n"] {
        let text = format!("{}{remark}{}", &both[..at], &both[at..]);
        sandbox.write(PACKET, &text);
        let said = run_manifest_write(&sandbox, &["--prune"]);
        assert!(said.contains("its lines are mixed with other text"), "{said}");
        assert_eq!(sandbox.read(PACKET), text);
    }
}

#[test]
fn odd_files_get_manifests_that_read_back() {
    let sandbox = greeter_without_manifests();
    sandbox.write("src/a`b``c.bin", b"\0\x01");
    sandbox.write("src/with \"quotes\" and blanks .txt", "x\n");
    sandbox.write("src/empty", "");
    sandbox.remove("src/invoice.rs");
    #[cfg(unix)]
    std::os::unix::fs::symlink("lib.rs", sandbox.root.join("src/link")).expect("link");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let path = sandbox.root.join("Cargo.toml");
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("mode");
    }
    let said = run_manifest_write(&sandbox, &[]);
    assert!(said.contains("Cargo.toml: `window_matches_plan` is not ticked"), "{said}");
    let (_, judged) = sandbox.run_redacted(&["post-work", WP, "--no-run", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&judged).expect("JSON");
    let about: Vec<&str> = report["findings"]
        .as_array()
        .expect("findings")
        .iter()
        .filter_map(|finding| finding["rule"].as_str())
        .filter(|rule| rule.starts_with("manifest/"))
        .collect();
    assert!(about.is_empty(), "{about:?}\n{}", sandbox.read(PACKET));
    let text = sandbox.read(PACKET);
    run_manifest_write(&sandbox, &[]);
    assert_eq!(sandbox.read(PACKET), text);
}

#[test]
fn packets_without_any_block_get_a_place_for_them() {
    let sandbox = greeter_without_manifests();
    let text = sandbox.read(PACKET);
    let (before, after) = split_around_manifests(&text);
    for middle in ["## VALIDATION\n\n", ""] {
        sandbox.write(PACKET, format!("{before}{middle}{after}"));
        run_manifest_write(&sandbox, &[]);
        let text = sandbox.read(PACKET);
        assert!(text.contains("## VALIDATION\n\n- **Target File**: `src/farewell.rs`"), "{text}");
        assert_eq!(split_around_manifests(&text), (before.clone(), after.clone()));
        assert_passes(&sandbox, &[]);
    }
}

#[test]
fn refusals_have_a_reason() {
    let sandbox = greeter_without_manifests();
    let (exit, said) = sandbox.run_redacted(&["manifest", "WP-1-Farewel"]);
    assert!(exit == 1 && said.contains("WP-1-Farewell"), "{exit} {said}");
    let (exit, said) = sandbox.run_redacted(&["manifest", WP, "--range", "nope..HEAD"]);
    assert!(exit == 2 && said.contains("no such revision"), "{exit} {said}");
    let (exit, said) = sandbox.run_redacted(&["manifest", WP, "--format", "json"]);
    let answer: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!((exit, answer["files"][0]["outcome"].as_str()), (0, Some("added")));
}
