//! Roles: who may approve, review, and grant waivers.

use crate::keys::{public_key, write_key};
use crate::support::initialized::{
    PACKET, answer_refinement, approved, assert_refused, commit, governed, run_ok, signature_now,
};
use crate::support::repo::Sandbox;

const SIGNERS: &str = ".GOV/roles_shared/allowed_signers";

#[test]
fn a_role_without_persons_and_an_unknown_role_are_refused() {
    for (roles, why) in [
        ("roles: {approver: []}", "name at least one person"),
        ("roles: {approver: [\"*\"]}", "a name without wildcards"),
        ("roles: {reviewer: [\"a,b\"]}", "a name without wildcards"),
        ("roles: {waiver: []}", "name at least one person"),
        ("roles: {janitor: [mira]}", "janitor"),
    ] {
        let sandbox = governed();
        sandbox.append("countersign.yaml", &format!("{roles}\n"));
        commit(&sandbox, "roles");
        let (exit, said) = sandbox.run_redacted(&["check"]);
        assert!(exit == 2 && said.contains(why), "{roles}: exit {exit}: {said}");
    }
}

#[test]
fn only_an_approver_signs() {
    let sandbox = governed();
    sandbox.append("countersign.yaml", "roles: {approver: [mira@example.org]}\n");
    commit(&sandbox, "roles");
    sandbox.git(&["switch", "-q", "-c", "feat/WP-1-Two"]);
    run_ok(&sandbox, &["new", "refinement", "WP-1-Two", "--anchor", "9-11"]);
    answer_refinement(&sandbox, ".GOV/refinements/WP-1-Two.md");
    run_ok(&sandbox, &["refine", "WP-1-Two"]);
    assert_refused(&sandbox, &["sign", "WP-1-Two", &signature_now("bot")], "`bot` may not approve packets");
    run_ok(&sandbox, &["sign", "WP-1-Two", &signature_now("mira")]);
}

/// A standard repository whose main branch has a packet that nobody signed.
fn unsigned_on_main(roles: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("a.txt", "one\n");
    let steps = "steps: none\nrules: {packet/section: off, packet/field: off}\n";
    sandbox.write("countersign.yaml", format!("version: 1\nprofile: standard\n{steps}{roles}"));
    let line = |name: &str| format!("{name}@example.org namespaces=\"countersign\" {}\n", public_key(name));
    sandbox.write(SIGNERS, line("mira") + &line("otto"));
    let text = "# Task Packet: WP-1-Word\n\n## METADATA\n- WP_ID: WP-1-Word\n- DATE: 2026-03-01\n- **Status:** In Progress\n- USER_SIGNATURE: <pending>\n\n## SCOPE\n- What: Add the word.\n- Why: It is missing.\n- IN_SCOPE_PATHS:\n  - a.txt\n- OUT_OF_SCOPE:\n  - b.txt\n\n## QUALITY_GATE\n### TEST_PLAN\n```bash\ngrep -qx two a.txt\n```\n### DONE_MEANS\n- a.txt has the line two.\n";
    sandbox.write(".GOV/task_packets/WP-1-Word.md", text);
    sandbox.commit("project");
    sandbox.git(&["switch", "-q", "-c", "feat/WP-1-Word"]);
    sandbox
}

#[test]
fn a_commit_of_main_is_no_approval_where_approvers_are_named() {
    let gate = ["post-work", "WP-1-Word", "--range", "main..HEAD", "--no-run"];
    let work = |sandbox: &Sandbox| {
        sandbox.write("a.txt", "one\ntwo\n");
        run_ok(sandbox, &["manifest", "WP-1-Word", "--write"]);
        sandbox.commit("work");
        sandbox.run_redacted(&gate)
    };
    let (exit, said) = work(&unsigned_on_main(""));
    assert_eq!(exit, 0, "{said}");
    let (exit, said) = work(&unsigned_on_main("roles: {approver: [mira]}\n"));
    assert!(exit == 1 && said.contains("no approver has signed the contract of `WP-1-Word`"), "{said}");
    // The signature of an approver is one; that of another allowed key is refused.
    let sandbox = unsigned_on_main("roles: {approver: [mira]}\n");
    let (mira, otto) = (write_key(&sandbox, "mira"), write_key(&sandbox, "otto"));
    assert_refused(
        &sandbox,
        &["approve", "WP-1-Word", "--ssh-key", &otto, "--yes"],
        "`otto` may not approve packets",
    );
    run_ok(&sandbox, &["approve", "WP-1-Word", "--ssh-key", &mira, "--yes"]);
    sandbox.commit("approved");
    let (exit, said) = work(&sandbox);
    assert!(exit == 0 && said.contains("signed without presence"), "{said}");
}

#[test]
fn only_a_reviewer_presents_a_report() {
    let sandbox = approved();
    sandbox.git(&["switch", "-q", "main"]);
    sandbox.append("countersign.yaml", "roles: {reviewer: [val-1]}\n");
    commit(&sandbox, "roles");
    sandbox.git(&["switch", "-q", "feat/WP-1-Two"]);
    sandbox.git(&["merge", "-q", "--no-edit", "main"]);
    let present = |by| ["validator-gate", "present", "WP-1-Two", "FAIL", "--by", by];
    assert_refused(&sandbox, &present("bot"), "`bot` is not a reviewer");
    run_ok(&sandbox, &present("val-1"));
    run_ok(&sandbox, &["validator-gate", "acknowledge", "WP-1-Two", "--by", "user-1"]);
    run_ok(&sandbox, &["check"]);
    // A name that was edited into the state is found, too.
    let state = ".GOV/validator_gates/WP-1-Two.json";
    sandbox.edit(state, "\"val-1\"", "\"bot\"");
    let (exit, said) = sandbox.run_redacted(&["check"]);
    assert!(exit == 1 && said.contains("`bot` presented the report, but is not a reviewer"), "{said}");
}

#[test]
fn only_a_person_with_the_role_grants_a_waiver() {
    for (role, approver, counts) in [
        ("", "Otto (coder)", true),
        ("roles: {waiver: [mira]}\n", "Mira (Operator)", true),
        ("roles: {waiver: [mira]}\n", "Otto (coder)", false),
        ("roles: {waiver: [mira]}\n", "Otto for Mira", false),
    ] {
        let sandbox = approved();
        sandbox.edit("countersign.yaml", "waivers: {from: contract}", "waivers: {from: work}");
        sandbox.append("countersign.yaml", &format!("# roles\n{role}"));
        commit(&sandbox, "roles");
        let waiver = format!(
            "- WAIVER_ID: W-1\n  - Policy: CX-573F\n  - Scope: `notes.txt`\n  - Date: 2026-01-02\n  - Justification: A note.\n  - Approver: {approver}\n  - Expiry: permanent\n"
        );
        let text = sandbox.read(PACKET);
        let at = text.find("## WAIVERS GRANTED").expect("section");
        let end = text[at..].find('\n').expect("line") + at + 1;
        sandbox.write(PACKET, format!("{}{waiver}{}", &text[..end], &text[end..]));
        commit(&sandbox, "waiver");
        sandbox.git(&["branch", "-f", "main", "HEAD"]);
        sandbox.write("notes.txt", "a note\n");
        let (_, said) = sandbox.run_redacted(&["post-work", "WP-1-Two", "--no-run"]);
        assert_eq!(said.contains("may not grant waivers"), !counts, "{role}{approver}: {said}");
        assert_eq!(said.contains("error[scope/outside]"), !counts, "{role}{approver}: {said}");
        assert_eq!(said.contains("error[manifest/missing]"), !counts, "{role}{approver}: {said}");
    }
}

#[test]
fn in_a_new_repository_a_waiver_counts_only_if_it_was_signed() {
    let sandbox = approved();
    assert!(sandbox.read("countersign.yaml").contains("waivers: {from: contract}"));
    let waiver = "- WAIVER_ID: W-1\n  - Policy: CX-573F\n  - Scope: `notes.txt`\n  - Date: 2026-01-02\n  - Justification: A note.\n  - Approver: Mira (Operator)\n  - Expiry: permanent\n";
    let text = sandbox.read(PACKET);
    let at = text.find("## WAIVERS GRANTED").expect("section");
    let end = text[at..].find('\n').expect("line") + at + 1;
    sandbox.write(PACKET, format!("{}{waiver}{}", &text[..end], &text[end..]));
    commit(&sandbox, "waiver");
    sandbox.write("notes.txt", "a note\n");
    let (exit, said) = sandbox.run_redacted(&["post-work", "WP-1-Two", "--no-run"]);
    assert!(exit == 1 && said.contains("error[scope/outside]"), "{said}");
}
