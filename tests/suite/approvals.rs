//! `init`, `new`, `refine`, `sign`, `prepare`: the files that they write pass
//! the checks, and the commands work in this order only.

use crate::support::initialized::{
    AUDIT, LOG, PACKET, REFINEMENT, SHARED_AUDIT, SHARED_LOG, answer_refinement, approved, assert_refused,
    commit, fill_packet, governed, run_ok, signature_now, use_shared_records,
};
use crate::support::repo::Sandbox;

#[test]
fn init_writes_files_that_pass_and_overwrites_nothing() {
    let sandbox = Sandbox::new();
    sandbox.write(".gitignore", "/target");
    sandbox.write("justfile", "own:\n    true\n");
    sandbox.write(".GOV/roles_shared/TASK_BOARD.md", "# Our Task Board\n\n## Done\n");
    sandbox.write("Cargo.toml", "[package]\n");
    sandbox.write("Greeter_Spec_v01.md", "# Spec\n");
    sandbox.write("Greeter_Spec_v02.md", "# Spec\n");
    let said = run_ok(&sandbox, &["init", "--ci", "github"]);
    for part in [
        "kept     .GOV/roles_shared/TASK_BOARD.md",
        "kept     justfile",
        "added    `/.countersign/logs/` to .gitignore",
        "created  .github/workflows/countersign.yml",
        "Add `import '.GOV/countersign.just'` to justfile",
    ] {
        assert!(said.contains(part), "{part} is missing in {said}");
    }
    assert_eq!(sandbox.read(".gitignore"), "/target\n/.countersign/logs/\n");
    assert_eq!(sandbox.read("justfile"), "own:\n    true\n");
    assert!(sandbox.read(".GOV/roles_shared/SPEC_CURRENT.md").contains("**Greeter_Spec_v02.md**"));
    assert!(sandbox.read("countersign.yaml").contains("run: [cargo, test]"));
    run_ok(&sandbox, &["check"]);
    let before = commit(&sandbox, "all");
    let again = run_ok(&sandbox, &["init", "--ci", "github"]);
    assert!(!again.contains("created") && !again.contains("added"), "{again}");
    assert_eq!(sandbox.git(&["status", "--porcelain"]), "", "{before}");
    let recipes = sandbox.read(".GOV/countersign.just");
    for recipe in
        ["pre-work WP", "post-work WP", "gate-check WP", "cor701-sha FILE", "validator-scan", "product-scan"]
    {
        assert!(recipes.contains(&format!("\n{recipe}")), "{recipe}");
    }
    let workflow: serde_json::Value =
        serde_saphyr::from_str(&sandbox.read(".github/workflows/countersign.yml")).expect("YAML");
    assert!(workflow.get("jobs").is_some());
}

#[test]
fn init_in_the_older_layout_and_where_there_is_no_repository() {
    let sandbox = Sandbox::new();
    run_ok(&sandbox, &["init", "--layout", "docs", "--ci", "gitlab", "--main", "yes"]);
    assert!(sandbox.read("countersign.yaml").contains("main_branch: \"yes\""));
    assert!(sandbox.root.join("docs/task_packets/stubs/.gitkeep").exists());
    run_ok(&sandbox, &["check"]);
    let bare = Sandbox::bare_folder();
    let (exit, said) = bare.run_redacted(&["init"]);
    assert!(exit == 2 && said.contains("run `git init` first"), "{exit} {said}");
}

#[test]
fn approvals_keep_their_order() {
    let sandbox = governed();
    sandbox.git(&["switch", "-q", "-c", "feat/WP-1-Two"]);
    let mira = signature_now("mira");
    assert_refused(&sandbox, &["refine", "WP-1-Two"], "`WP-1-Two` has no refinement");
    assert_refused(&sandbox, &["sign", "WP-1-Two", &mira], "has no refinement");
    assert_refused(&sandbox, &["prepare", "WP-1-Two", "--coder", "a"], "has no refinement");
    let said = assert_refused(
        &sandbox,
        &["new", "packet", "WP-1-Two"],
        "the refinement .GOV/refinements/WP-1-Two.md does not exist",
    );
    for missing in ["not recorded in the gate log", "is not signed", "is not prepared"] {
        assert!(said.contains(missing), "{missing} is missing in {said}");
    }
    run_ok(&sandbox, &["new", "refinement", "WP-1-Two", "--anchor", "9-11"]);
    assert_refused(
        &sandbox,
        &["refine", "WP-1-Two"],
        "the field `CLEARLY_COVERS_VERDICT` of the refinement is not filled",
    );
    answer_refinement(&sandbox, REFINEMENT);
    assert_refused(&sandbox, &["sign", "WP-1-Two", &mira], "is not recorded in the gate log");
    run_ok(&sandbox, &["refine", "WP-1-Two"]);
    assert_refused(&sandbox, &["prepare", "WP-1-Two", "--coder", "a"], "`WP-1-Two` is not signed");
    for (bad, why) in [
        ("mira", "invalid signature"),
        ("mira300220261200", "invalid date"),
        ("mira010120990000", "in the future"),
        ("mira010120200000", "before the refinement was recorded"),
        ("Mira210220261200", "invalid signature"),
    ] {
        assert_refused(&sandbox, &["sign", "WP-1-Two", bad], why);
    }
    // The signature is for the text that the command has read.
    let recorded = sandbox.read(REFINEMENT);
    sandbox.edit(REFINEMENT, "The wording is normative.", "Somebody rewrote this.");
    assert_refused(&sandbox, &["sign", "WP-1-Two", &mira], "was changed after it was recorded");
    sandbox.write(REFINEMENT, recorded);
    run_ok(&sandbox, &["sign", "WP-1-Two", &mira]);
    let text = sandbox.read(REFINEMENT);
    assert!(text.contains("- USER_REVIEW_STATUS: APPROVED\n"), "{text}");
    assert!(text.contains(&format!("- USER_SIGNATURE: {mira}\n")));
    assert!(text.contains("- USER_APPROVAL_EVIDENCE: APPROVE REFINEMENT WP-1-Two\n"));
    assert!(sandbox.read(AUDIT).contains(&format!("| {mira} | Orchestrator | ")));
    assert_eq!(sandbox.read(LOG).matches("\"type\"").count(), 2);
    assert_refused(&sandbox, &["sign", "WP-1-Two", &mira], "is already used");
    run_ok(&sandbox, &["new", "refinement", "WP-1-Other", "--anchor", "9-11"]);
    answer_refinement(&sandbox, ".GOV/refinements/WP-1-Other.md");
    run_ok(&sandbox, &["refine", "WP-1-Other"]);
    assert_refused(&sandbox, &["sign", "WP-1-Other", &mira], "is already used");
    assert_refused(&sandbox, &["new", "packet", "WP-1-Two"], "is not prepared");
    assert_refused(
        &sandbox,
        &["prepare", "WP-1-Two", "--coder", "a", "--branch", "a..b"],
        "invalid branch name `a..b`",
    );
    assert_refused(
        &sandbox,
        &["prepare", "WP-1-Two", "--coder", "a", "--worktree", "/tmp"],
        "expected a relative path",
    );
    run_ok(&sandbox, &["prepare", "WP-1-Two", "--coder", "coder-a"]);
    run_ok(&sandbox, &["new", "packet", "WP-1-Two"]);
    fill_packet(&sandbox, PACKET);
    sandbox.edit(PACKET, "has agreed.)\n", "has agreed.)\n\nSKELETON APPROVED\n");
    run_ok(&sandbox, &["governance-check"]);
    commit(&sandbox, "packet");
    run_ok(&sandbox, &["pre-work", "WP-1-Two"]);
    assert_refused(
        &sandbox,
        &["new", "packet", "WP-1-Two"],
        "the packet .GOV/task_packets/WP-1-Two.md exists already",
    );
}

#[test]
fn a_refinement_that_needs_enrichment_is_not_signed() {
    let sandbox = governed();
    run_ok(&sandbox, &["new", "refinement", "WP-1-Two", "--anchor", "9-11"]);
    answer_refinement(&sandbox, REFINEMENT);
    sandbox.edit(REFINEMENT, "ENRICHMENT_NEEDED: NO", "ENRICHMENT_NEEDED: YES");
    sandbox.edit(REFINEMENT, "CLEARLY_COVERS_VERDICT: PASS", "CLEARLY_COVERS_VERDICT: FAIL");
    sandbox.edit(
        REFINEMENT,
        "#### PROPOSED_SPEC_ENRICHMENT\n- NONE",
        "#### PROPOSED_SPEC_ENRICHMENT\n```md\nMore words.\n```",
    );
    run_ok(&sandbox, &["refine", "WP-1-Two"]);
    let said = assert_refused(
        &sandbox,
        &["sign", "WP-1-Two", &signature_now("mira")],
        "does not contain `ENRICHMENT_NEEDED: NO`",
    );
    assert!(said.contains("Add the missing requirements to the specification"), "{said}");
}

#[test]
fn ids_follow_the_naming_rules() {
    let sandbox = governed();
    for (id, why) in [
        ("W", "invalid work packet id"),
        ("WP-1", "phase and name must begin and end with a letter or a digit"),
        ("WP-1-Two-20260101", "contains a date"),
        ("WP-1-Two-v1", "invalid revision"),
        ("../WP-1-Two", "invalid work packet id"),
        ("WP-1-Two-", "phase and name must begin and end with a letter or a digit"),
    ] {
        assert_refused(&sandbox, &["new", "stub", id], why);
        assert_refused(&sandbox, &["new", "refinement", id], why);
        assert_refused(&sandbox, &["new", "packet", id], why);
    }
    run_ok(&sandbox, &["new", "stub", "WP-1-Two"]);
    assert_refused(&sandbox, &["new", "stub", "WP-1-two"], "differs only in case from the existing");
    assert_refused(&sandbox, &["new", "stub", "WP-1-Two"], "exists already");
    let board = sandbox.read(".GOV/roles_shared/TASK_BOARD/WP-1-Two.md");
    assert_eq!(board, "## Stub Backlog\n\n- **[WP-1-Two]** - [STUB]\n");
    let (exit, said) = sandbox.run_redacted(&["new", "refinement", "WP-1-Three", "--anchor", "9-99"]);
    assert!(exit == 1 && said.contains("line 99 does not exist"), "{exit} {said}");
    let (exit, said) = sandbox.run_redacted(&["new", "refinement", "WP-1-Three", "--anchor", "9..11"]);
    assert!(exit == 2 && said.contains("FIRST-LAST"), "{exit} {said}");
}

#[test]
fn a_revision_takes_over_from_its_stub_and_its_predecessor() {
    let sandbox = approved();
    assert_refused(
        &sandbox,
        &["new", "packet", "WP-1-None-v2"],
        "is a revision, but `WP-1-None` has no earlier packet",
    );
    run_ok(&sandbox, &["new", "stub", "WP-1-Two-v2"]);
    run_ok(&sandbox, &["new", "refinement", "WP-1-Two-v2", "--anchor", "9-11"]);
    answer_refinement(&sandbox, ".GOV/refinements/WP-1-Two-v2.md");
    run_ok(&sandbox, &["refine", "WP-1-Two-v2"]);
    run_ok(&sandbox, &["sign", "WP-1-Two-v2", &signature_now("anna"), "--yes"]);
    assert_refused(
        &sandbox,
        &["prepare", "WP-1-Two-v2", "--coder", "b", "--branch", "feat/WP-1-Two"],
        "is prepared for `WP-1-Two`",
    );
    run_ok(&sandbox, &["prepare", "WP-1-Two-v2", "--coder", "b"]);
    run_ok(&sandbox, &["new", "packet", "WP-1-Two-v2"]);
    let text = sandbox.read(".GOV/task_packets/WP-1-Two-v2.md");
    assert!(text.contains("- BASE_WP_ID: WP-1-Two\n") && text.contains("- SUPERSEDES: WP-1-Two\n"), "{text}");
    assert!(text.contains("\n- WP-1-Two (.GOV/task_packets/WP-1-Two.md): <fill"), "{text}");
    let board = sandbox.read(".GOV/roles_shared/TASK_BOARD/WP-1-Two-v2.md");
    assert_eq!(board, "## Ready for Dev\n\n- **[WP-1-Two-v2]** - [READY_FOR_DEV]\n");
    let registry = sandbox.read(".GOV/roles_shared/WP_TRACEABILITY_REGISTRY/WP-1-Two.md");
    assert!(registry.contains("| WP-1-Two | .GOV/task_packets/WP-1-Two-v2.md |"), "{registry}");
}

#[test]
fn records_keep_windows_line_endings_and_a_custom_template_is_used() {
    let sandbox = governed();
    use_shared_records(&sandbox);
    for path in [SHARED_LOG, SHARED_AUDIT, "Spec_v01.md", ".GOV/roles_shared/SPEC_CURRENT.md"] {
        let text = format!("\u{feff}{}", sandbox.read(path).replace('\n', "\r\n"));
        sandbox.write(path, text);
    }
    let template = ".GOV/templates/REFINEMENT_TEMPLATE.md";
    sandbox.edit(template, "### GAPS_IDENTIFIED", "### OWN_QUESTION\n- House style.\n\n### GAPS_IDENTIFIED");
    commit(&sandbox, "windows");
    run_ok(&sandbox, &["new", "refinement", "WP-1-Two", "--anchor", "9-11"]);
    assert!(sandbox.read(REFINEMENT).contains("### OWN_QUESTION\n- House style."));
    answer_refinement(&sandbox, REFINEMENT);
    run_ok(&sandbox, &["refine", "WP-1-Two"]);
    run_ok(&sandbox, &["sign", "WP-1-Two", &signature_now("mira")]);
    for path in [SHARED_LOG, SHARED_AUDIT] {
        let text = sandbox.read(path);
        assert!(text.starts_with('\u{feff}') && !text.replace("\r\n", "").contains('\n'), "{path}: {text:?}");
    }
    run_ok(&sandbox, &["check"]);
}

#[test]
fn a_second_signature_moves_the_start_of_the_work() {
    let sandbox = approved();
    sandbox.git(&["switch", "-q", "main"]);
    sandbox.write("other.txt", "x\n");
    let base = commit(&sandbox, "somebody else's work");
    sandbox.git(&["switch", "-q", "feat/WP-1-Two"]);
    sandbox.git(&["merge", "-q", "--no-edit", "main"]);
    run_ok(&sandbox, &["sign", "WP-1-Two", &signature_now("anna"), "--move-merge-base", "--yes"]);
    let text = sandbox.read(PACKET);
    assert!(text.contains(&format!("- MERGE_BASE_SHA: {base}\n")), "{text}");
    commit(&sandbox, "signed again");
    run_ok(&sandbox, &["pre-work", "WP-1-Two"]);
    sandbox.append("a.txt", "two\n");
    run_ok(&sandbox, &["manifest", "WP-1-Two", "--write"]);
    let (_, said) = sandbox.run_redacted(&["post-work", "WP-1-Two", "--no-run"]);
    assert!(!said.contains("scope/outside") && !said.contains("manifest/"), "{said}");
}

#[test]
fn a_refinement_that_is_recorded_again_is_signed_again() {
    let sandbox = governed();
    sandbox.git(&["switch", "-q", "-c", "feat/WP-1-Two"]);
    run_ok(&sandbox, &["new", "refinement", "WP-1-Two", "--anchor", "9-11"]);
    answer_refinement(&sandbox, REFINEMENT);
    run_ok(&sandbox, &["refine", "WP-1-Two"]);
    let signature = signature_now("mira");
    for notes in ["two\n| rows |", "hidden\u{202e}"] {
        assert_refused(
            &sandbox,
            &["sign", "WP-1-Two", &signature, "--notes", notes],
            "--notes contains invisible characters",
        );
    }
    run_ok(&sandbox, &["sign", "WP-1-Two", &signature]);
    run_ok(&sandbox, &["prepare", "WP-1-Two", "--coder", "coder-a"]);
    sandbox.edit(REFINEMENT, "The wording is normative.", "The wording is normative, all of it.");
    assert_refused(&sandbox, &["new", "packet", "WP-1-Two"], "was changed after it was signed");
    run_ok(&sandbox, &["refine", "WP-1-Two"]);
    assert_refused(&sandbox, &["new", "packet", "WP-1-Two"], "recorded again after it was signed");
    // The same time written in another way is the same signature.
    let (user, at) = signature.split_at(4);
    let other = format!("{user}{}{}{}00", &at[..4], &at[6..8], &at[8..]);
    assert_refused(&sandbox, &["sign", "WP-1-Two", &other], "is already used");
    run_ok(&sandbox, &["sign", "WP-1-Two", &crate::support::initialized::signature_now("anna"), "--yes"]);
    assert_refused(&sandbox, &["new", "packet", "WP-1-Two"], "was prepared before its latest signature");
    run_ok(&sandbox, &["prepare", "WP-1-Two", "--coder", "coder-a"]);
    run_ok(&sandbox, &["new", "packet", "WP-1-Two"]);
}

#[test]
fn names_that_are_read_in_two_ways_are_refused() {
    let sandbox = governed();
    for (id, why) in [
        ("WP-1-Two-v02", "ends like a revision, but its form is not valid"),
        ("WP-1-Two-V2", "ends like a revision, but its form is not valid"),
        ("WP-1-Two-v2-v3", "ends like a revision, but its form is not valid"),
        ("WP-1-Two-2026-02-14", "contains a date"),
        ("WP-1-Two-14-02-2026", "contains a date"),
    ] {
        assert_refused(&sandbox, &["new", "stub", id], why);
    }
    run_ok(&sandbox, &["new", "stub", "WP-1-Two-2026"]);
}

#[test]
fn init_keeps_the_existing_layout_and_reports_what_git_ignores() {
    let sandbox = governed();
    let (exit, said) = sandbox.run_redacted(&["init", "--layout", "docs"]);
    assert!(exit == 2 && said.contains("packets are in .GOV/task_packets/, not in docs/"), "{exit} {said}");
    let again = run_ok(&sandbox, &["init"]);
    assert!(!again.contains("next:"), "{again}");
    let other = Sandbox::new();
    other.write(".gitignore", ".GOV/roles_shared/\n");
    let said = run_ok(&other, &["init"]);
    assert!(said.contains("git ignores .GOV/roles_shared/"), "{said}");
}

#[test]
fn text_after_the_anchors_of_a_template_is_kept() {
    let sandbox = governed();
    let template = ".GOV/templates/REFINEMENT_TEMPLATE.md";
    sandbox.append(template, "\n### OUR OWN PART\n- <fill: who was asked>\n");
    commit(&sandbox, "template");
    run_ok(&sandbox, &["new", "refinement", "WP-1-Two", "--anchor", "9-11"]);
    let text = sandbox.read(REFINEMENT);
    assert!(text.ends_with("  ```\n\n### OUR OWN PART\n- <fill: who was asked>\n"), "{text}");
    assert_eq!(text.matches("#### ANCHOR").count(), 1);
}

#[test]
fn a_squash_of_a_name_says_what_to_do() {
    let sandbox = approved();
    sandbox.append("a.txt", "two\n");
    run_ok(&sandbox, &["manifest", "WP-1-Two", "--write"]);
    commit(&sandbox, "work");
    sandbox.git(&["switch", "-q", "main"]);
    sandbox.git(&["merge", "-q", "--squash", "feat/WP-1-Two"]);
    commit(&sandbox, "Two (#1)");
    for arguments in
        [vec!["audit", "WP-1-Two"], vec!["post-work", "WP-1-Two", "--range", "main~1..main", "--no-run"]]
    {
        let (exit, said) = sandbox.run_redacted(&arguments);
        assert!(exit == 1 && said.contains("[approval/contract]"), "{arguments:?}: {said}");
        assert!(said.contains("approve the packet on main first, sign it with a key"), "{said}");
    }
}
