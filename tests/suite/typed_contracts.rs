//! The typed contract beside a packet in Markdown: it restricts the work, and a change cannot
//! get rid of it. Tasks in Markdown are judged as tasks in JSON are.

#![cfg(unix)]

use std::sync::OnceLock;

use countersign::DemoRepository;

use crate::support::repo::Sandbox;

const WP: &str = "WP-1-Farewell";
const FLAT: &str = ".GOV/task_packets/WP-1-Farewell.md";
const FOLDER: &str = ".GOV/task_packets/WP-1-Farewell/";

/// A contract that allows these paths and forbids one.
fn contract(allowed: &str, forbidden: &str) -> String {
    format!(
        "{{\"schema_id\": \"hsk.work_packet_contract@1\", \"wp_id\": \"{WP}\", \"base_wp_id\": \"{WP}\",\n\
         \"workflow\": {{\"lane\": \"MANUAL_RELAY\"}}, \"lifecycle\": {{\"status\": \"In Progress\"}},\n\
         \"scope\": {{\"allowed_paths\": [{allowed}], \"forbidden_paths\": [{forbidden}]}}}}\n"
    )
}

/// The packet at the end of the demo, and the first commit that it names. The demo is played
/// once.
fn finished_packet() -> &'static (String, String) {
    static PACKET: OnceLock<(String, String)> = OnceLock::new();
    PACKET.get_or_init(|| {
        let demo = Sandbox::bare_folder();
        assert_eq!(demo.run_redacted(&["demo", "--keep", "."]).0, 0, "the demo plays");
        (demo.read(FLAT), demo.git(&["rev-list", "--max-parents=0", "HEAD"]))
    })
}

/// The demo with its packet in a folder. `prepare` changes the approved state, `work` the last
/// commit. Returns the sandbox and the range of the work.
fn worked(prepare: impl Fn(&Sandbox), work: impl Fn(&Sandbox)) -> (Sandbox, String) {
    let sandbox = Sandbox::new();
    DemoRepository::base_files().into_iter().for_each(|(path, text)| sandbox.write(path, text));
    let base = sandbox.commit("project");
    sandbox.git(&["switch", "-q", "-c", "feat/WP-1-Farewell"]);
    let in_folder = |path: &str| if path == FLAT { format!("{FOLDER}packet.md") } else { path.to_owned() };
    let moved = |text: &str| text.replace(FLAT, &format!("{FOLDER}packet.md"));
    for (path, text) in DemoRepository::approved_files(&base) {
        sandbox.write(&in_folder(path), moved(&text));
    }
    prepare(&sandbox);
    sandbox.commit("packet");
    for (path, _, text) in DemoRepository::work_files() {
        sandbox.write(&in_folder(path), text);
    }
    let (packet, demo_base) = finished_packet();
    sandbox.write(&format!("{FOLDER}packet.md"), packet.replace(demo_base, &base));
    work(&sandbox);
    sandbox.commit("work");
    (sandbox, format!("{base}..HEAD"))
}

fn judge(sandbox: &Sandbox, range: &str, more: &[&str]) -> (i32, String) {
    let arguments = [&["post-work", WP, "--no-run", "--range", range], more].concat();
    sandbox.run_redacted(&arguments)
}

const ALL: &str = "\"src/farewell.rs\", \"src/lib.rs\"";
const PART: &str = "\"src/farewell.rs\"";

fn write(sandbox: &Sandbox, text: &str) {
    sandbox.write(&format!("{FOLDER}packet.json"), text);
}

#[test]
fn a_contract_that_allows_the_work_is_quiet() {
    let whole = contract(ALL, "\"docs/\"");
    let (sandbox, range) = worked(|sandbox| write(sandbox, &whole), |_| {});
    let (exit, said) = judge(&sandbox, &range, &[]);
    assert_eq!(exit, 0, "{said}");
    // Less than before needs no approval, and neither do other facts.
    let status = whole.replace("In Progress", "IN_PROGRESS").replace("\"docs/\"", "\"docs/\", \"more/\"");
    let (sandbox, range) = worked(|sandbox| write(sandbox, &whole), |sandbox| write(sandbox, &status));
    let (exit, said) = judge(&sandbox, &range, &[]);
    assert_eq!(exit, 0, "{said}");
}

#[test]
fn a_change_cannot_get_rid_of_the_contract() {
    let approved = contract(PART, "\"docs/\"");
    let schema = approved.replace("@1", "@9");
    for (what, changed, says) in [
        ("kept", Some(approved.clone()), "packet.json does not allow it"),
        ("a later schema", Some(schema), "packet.json does not allow it"),
        ("removed", None, "approval/contract"),
        ("widened", Some(contract(ALL, "\"docs/\"")), "allows more than in commit"),
        ("emptied", Some(contract("", "\"docs/\"")), "is empty now"),
        ("less forbidden", Some(contract(PART, "")), "No longer forbidden: docs"),
        ("cut off", Some(approved.chars().take(120).collect()), "typed contract cannot be read"),
        ("another schema", Some(approved.replace("hsk.work", "hsk.w")), "typed contract cannot be read"),
        ("no schema", Some(approved.replace("schema_id", "schema")), "it is no object with a `schema_id`"),
        ("in a list", Some(format!("[{approved}]")), "it is no object with a `schema_id`"),
        ("a misspelt key", Some(approved.replace("allowed_", "allowed-")), "expected `allowed_paths`"),
        ("another case", Some(approved.replace("\"scope\"", "\"Scope\"")), "expected `scope`"),
        (
            "given twice",
            Some(
                approved.replace(
                    "\"forbidden_paths\"",
                    &format!("\"allowed_paths\": [{ALL}], \"forbidden_paths\""),
                ),
            ),
            "occurs a second time",
        ),
    ] {
        let (sandbox, range) = worked(
            |sandbox| write(sandbox, &approved),
            |sandbox| match &changed {
                Some(text) => write(sandbox, text),
                None => {
                    std::fs::remove_file(sandbox.root.join(format!("{FOLDER}packet.json"))).expect("there");
                }
            },
        );
        let (exit, said) = judge(&sandbox, &range, &[]);
        assert!(exit == 1 && said.contains(says), "{what}: {exit}\n{said}");
    }
}

#[test]
fn forbidden_paths_bind_in_every_shape() {
    for forbidden in
        ["\"./src/lib.rs\"", "\"src/x.rs, src/lib.rs\"", "[\"!src/lib.rs\"]", "{\"src/lib.rs\": \"frozen\"}"]
    {
        let whole = contract(ALL, forbidden);
        let (sandbox, range) = worked(|sandbox| write(sandbox, &whole), |_| {});
        let (exit, said) = judge(&sandbox, &range, &[]);
        assert!(exit == 1 && said.contains("OUT_OF_SCOPE excludes it"), "{forbidden}: {exit}\n{said}");
    }
    // Sentences that name no path forbid none.
    let whole = contract(ALL, "\"Any change of the user interface\", null, \"NONE\"");
    let (sandbox, range) = worked(|sandbox| write(sandbox, &whole), |_| {});
    let (exit, said) = judge(&sandbox, &range, &[]);
    assert_eq!(exit, 0, "{said}");
}

/// A task in Markdown.
fn task(id: &str, files: &str, status: &str, verdict: &str) -> String {
    format!(
        "# {id}: A part\n\n## METADATA\n- WP_ID: {WP}\n- MT_ID: {id}\n- CODE_SURFACES: {files}\n\
         - DEPENDS_ON: NONE\n\n## CODER\n- STATUS: {status}\n- EVIDENCE: src/lib.rs:1\n\n## VALIDATOR\n\
         - STATUS: {verdict}\n"
    )
}

#[test]
fn tasks_in_markdown_are_judged() {
    let write_task = |sandbox: &Sandbox, id: &str, text: String| {
        sandbox.write(&format!("{FOLDER}{id}.md"), text);
    };
    let prepare = |sandbox: &Sandbox| {
        write_task(sandbox, "MT-001", task("MT-001", "src/farewell.rs; src/lib.rs", "PENDING", "PENDING"));
        write_task(sandbox, "MT-002", task("MT-002", "`src/lib.rs`", "DONE", "PASS"));
    };
    let (sandbox, range) = worked(prepare, |_| {});
    let (exit, said) = judge(&sandbox, &range, &["--task", "MT-001"]);
    assert!(exit == 0 && said.contains("task MT-001"), "{exit} {said}");
    let (exit, said) = judge(&sandbox, &range, &["--task", "MT-002"]);
    assert!(exit == 1 && said.contains("MT-002.md does not allow it"), "{exit} {said}");
    let (_, listed) = sandbox.run_redacted(&["list", "--tasks"]);
    assert!(listed.contains("PENDING") && listed.contains("2 tasks"), "{listed}");
    let (exit, said) = sandbox.run_redacted(&["check"]);
    assert_eq!(exit, 0, "{said}");
    // Another file, another name, and a finished task that failed.
    write_task(&sandbox, "MT-001", task("MT-001", "other/a.rs", "PENDING", "PENDING"));
    write_task(
        &sandbox,
        "MT-002",
        task("MT-007", "src/lib.rs", "DONE", "PASS").replace("# MT-007", "# MT-002"),
    );
    write_task(&sandbox, "MT-003", task("MT-003", "src/lib.rs", "DONE", "FAIL"));
    let (exit, said) = sandbox.run_redacted(&["check"]);
    assert_eq!(exit, 1, "{said}");
    for says in ["owns `other/a.rs`", "the task is `MT-007`", "its verdict is `FAIL`", "3 errors"] {
        assert!(said.contains(says), "{says}\n{said}");
    }
}
