//! Documents as people write them: what gates accept, and the hostile twin of each
//! milder reading.

#![cfg(unix)]

use countersign::DemoRepository;

use crate::support::repo::Sandbox;

const WP: &str = "WP-1-Farewell";
const PACKET: &str = ".GOV/task_packets/WP-1-Farewell.md";
const FOLDER_PACKET: &str = ".GOV/task_packets/WP-1-Farewell/packet.md";
/// A list whose fence has a line without indentation. A viewer shows the text after it as
/// code, up to the next fence.
const SLIP: &str =
    "## CONTEXT\n- EXCERPT:\n  ```text\n### 2.2 Farewell\n  The library MUST say goodbye.\n  ```\n\n";

/// A repository whose packet `prepare` changed before it was approved. The work is
/// committed; returns the range.
fn worked(prepare: impl Fn(&Sandbox), work: impl Fn(&Sandbox)) -> (Sandbox, String) {
    let sandbox = Sandbox::new();
    DemoRepository::base_files().into_iter().for_each(|(path, text)| sandbox.write(path, text));
    let base = sandbox.commit("project");
    sandbox.git(&["switch", "-q", "-c", "feat/WP-1-Farewell"]);
    DemoRepository::approved_files(&base).into_iter().for_each(|(path, text)| sandbox.write(path, text));
    prepare(&sandbox);
    sandbox.commit("packet");
    for (path, _, text) in DemoRepository::work_files() {
        sandbox.write(path, text);
    }
    work(&sandbox);
    sandbox.commit("work");
    (sandbox, format!("{base}..HEAD"))
}

fn post_work(sandbox: &Sandbox, range: &str) -> (i32, String) {
    sandbox.run_redacted(&["post-work", WP, "--no-run", "--range", range])
}

/// Fills the packet with the manifests and evidence of the work.
fn account(sandbox: &Sandbox) {
    let base = sandbox.git(&["rev-list", "--max-parents=0", "HEAD"]);
    let demo = Sandbox::bare_folder();
    assert_eq!(demo.run_redacted(&["demo", "--keep", "."]).0, 0, "the demo plays");
    let demo_base = demo.git(&["rev-list", "--max-parents=0", "HEAD"]);
    let text = demo.read(PACKET).replace(&demo_base, &base);
    sandbox.write(PACKET, text);
}

#[test]
fn a_slip_of_the_approved_packet_is_one_warning_and_hides_nothing() {
    let insert = |sandbox: &Sandbox| sandbox.edit(PACKET, "## SCOPE\n", &format!("{SLIP}## SCOPE\n"));
    let (sandbox, range) = worked(insert, |sandbox| {
        account(sandbox);
        insert(sandbox);
    });
    let (exit, said) = post_work(&sandbox, &range);
    assert_eq!(exit, 0, "{said}");
    assert!(said.contains("warning[text/unclosed-fence]") && said.contains("1 warning"), "{said}");
}

#[test]
fn a_slip_that_the_approval_did_not_show_permits_nothing() {
    let (sandbox, range) = worked(
        |_| {},
        |sandbox| {
            account(sandbox);
            sandbox.edit(PACKET, "## SCOPE\n", &format!("{SLIP}## SCOPE\n"));
        },
    );
    let (exit, said) = post_work(&sandbox, &range);
    assert_eq!(exit, 1, "{said}");
    assert!(said.contains("scope/no-entry") || said.contains("approval/contract"), "{said}");
}

/// Moves the packet into a folder of its own.
fn to_folder(sandbox: &Sandbox) {
    let text = sandbox.read(PACKET);
    std::fs::remove_file(sandbox.root.join(PACKET)).expect("flat packet");
    sandbox.write(FOLDER_PACKET, text);
    let registry = ".GOV/roles_shared/WP_TRACEABILITY_REGISTRY.md";
    if sandbox.read(registry).contains(PACKET) {
        sandbox.edit(registry, PACKET, FOLDER_PACKET);
    }
}

#[test]
fn a_packet_in_a_folder_is_found_by_every_command() {
    let (sandbox, range) = worked(to_folder, |sandbox| {
        account(sandbox);
        to_folder(sandbox);
    });
    let (exit, said) = post_work(&sandbox, &range);
    assert_eq!(exit, 0, "{said}");
    for arguments in [&["show", WP][..], &["gate-check", WP], &["check"]] {
        let (exit, said) = sandbox.run_redacted(arguments);
        assert_eq!(exit, 0, "{arguments:?}: {said}");
    }
    let (_, listed) = sandbox.run_redacted(&["list"]);
    assert!(listed.contains("1 packet, 0 stubs"), "{listed}");
    let (exit, said) = sandbox.run_redacted(&["manifest", WP]);
    assert_eq!(exit, 0, "{said}");
}

/// A contract of a task of the packet, as JSON.
fn task(id: &str, files: &str) -> String {
    format!(
        "{{\"schema_id\": \"hsk.microtask_contract@1\", \"wp_id\": \"{WP}\", \"mt_id\": \"{id}\",\n\
         \"lifecycle\": {{\"status\": \"READY\", \"depends_on\": []}}, \"owned_files\": [{files}]}}\n"
    )
}

#[test]
fn a_task_allows_only_its_own_files() {
    let folder = format!(".GOV/task_packets/{WP}/");
    let write_task = |sandbox: &Sandbox, id: &str, files: &str| {
        sandbox.write(&format!("{folder}{id}.json"), task(id, files));
    };
    let prepare = |sandbox: &Sandbox| {
        to_folder(sandbox);
        write_task(sandbox, "MT-001", "\"src/farewell.rs\", \"src/lib.rs\", \"tests/\"");
        write_task(sandbox, "MT-002", "\"docs/\"");
        write_task(sandbox, "MT-003", "");
    };
    let move_packet = |sandbox: &Sandbox| {
        account(sandbox);
        to_folder(sandbox);
    };
    let judge = |sandbox: &Sandbox, range: &str, id: &str, exit: i32, says: &str| {
        let arguments = ["post-work", WP, "--no-run", "--range", range, "--task", id];
        let (found, said) = sandbox.run_redacted(&arguments);
        assert!(found == exit && said.contains(says), "{id}: {found}, not {exit}: {says:?}\n{said}");
    };
    let (sandbox, range) = worked(prepare, move_packet);
    judge(&sandbox, &range, "MT-001", 0, "task MT-001");
    judge(&sandbox, &range, "MT-002", 1, "MT-002.json does not allow it");
    judge(&sandbox, &range, "MT-003", 2, "lists no file");
    judge(&sandbox, &range, "MT-009", 2, "its tasks are: MT-001, MT-002, MT-003");
    let (_, listed) = sandbox.run_redacted(&["list", "--tasks"]);
    assert!(listed.contains("MT-001") && listed.contains("3 tasks"), "{listed}");
    // A task that the work itself widens allows what it allowed before.
    let (sandbox, range) = worked(prepare, |sandbox| {
        move_packet(sandbox);
        write_task(sandbox, "MT-002", "\"docs/\", \"src/\", \"tests/\"");
    });
    let since_packet = format!("HEAD^..{}", range.rsplit('.').next().unwrap_or("HEAD"));
    judge(&sandbox, &since_packet, "MT-002", 1, "MT-002.json does not allow it");
    judge(&sandbox, &range, "MT-002", 1, "MT-002.json does not allow it");
    // Nor where the work is not committed to its end.
    sandbox.append("src/lib.rs", "// more\n");
    let (exit, said) = sandbox.run_redacted(&["post-work", WP, "--no-run", "--worktree", "--task", "MT-002"]);
    assert!(exit == 1 && said.contains("MT-002.json does not allow it"), "{exit} {said}");
    // Nor under another file name, nor with a second file.
    let (sandbox, range) = worked(prepare, |sandbox| {
        move_packet(sandbox);
        sandbox.git(&["rm", "-q", &format!("{folder}MT-002.json")]);
        sandbox.write(&format!("{folder}MT-000.json"), task("MT-002", "\"docs/\", \"src/\", \"tests/\""));
    });
    judge(&sandbox, &range, "MT-002", 1, "MT-002.json does not allow it");
    let (sandbox, range) = worked(prepare, |sandbox| {
        move_packet(sandbox);
        sandbox.write(&format!("{folder}MT-000.json"), task("MT-002", "\"docs/\", \"src/\", \"tests/\""));
    });
    judge(&sandbox, &range, "MT-002", 2, "has two files");
}

#[test]
fn a_second_file_of_the_packet_is_never_in_force() {
    // The work adds a folder packet that allows everything below src/.
    let (sandbox, range) = worked(
        |_| {},
        |sandbox| {
            account(sandbox);
            let wide = sandbox.read(PACKET).replace("  - src/lib.rs\n", "  - src/\n");
            sandbox.write(FOLDER_PACKET, wide);
            sandbox.write("src/evil.rs", "pub fn evil() {}\n");
        },
    );
    let (exit, said) = post_work(&sandbox, &range);
    assert_eq!(exit, 1, "{said}");
    assert!(said.contains("src/evil.rs is changed, but no entry of IN_SCOPE_PATHS covers it"), "{said}");
    assert!(said.contains(&format!("{FOLDER_PACKET} is changed")), "{said}");
}

#[test]
fn a_packet_in_another_encoding_is_shown_and_checked_but_no_gate_accepts_it() {
    let sandbox = Sandbox::with_packet();
    let text = sandbox.read(PACKET).replace("Teach the greeter", "Teach the \u{201c}greeter\u{201d}");
    let bytes: Vec<u8> = text
        .chars()
        .map(|c| match c {
            '\u{201c}' => 0x93,
            '\u{201d}' => 0x94,
            c => u8::try_from(u32::from(c)).expect("one byte"),
        })
        .collect();
    sandbox.write(PACKET, bytes);
    sandbox.commit("another encoding");
    let (exit, said) = sandbox.run_redacted(&["gate-check", WP]);
    assert_eq!(exit, 1, "{said}");
    assert_eq!(sandbox.run_redacted(&["show", WP]).0, 0);
    let (exit, said) = sandbox.run_redacted(&["check"]);
    assert_eq!((exit, said.matches("text/readable").count()), (0, 2), "{said}");
    let (exit, said) = sandbox.run_redacted(&["fix", "--unsafe", PACKET]);
    assert_eq!(exit, 0, "{said}");
    assert!(sandbox.read(PACKET).contains("\u{201c}greeter\u{201d}"));
}

#[test]
fn an_alias_of_the_configuration_names_the_repository() {
    let alias = |sandbox: &Sandbox| {
        sandbox.edit(PACKET, "  - src/lib.rs\n", "  - ../greeter_main/src/lib.rs\n");
    };
    for (config, exit) in [("layout: {aliases: {\"../greeter_main/\": \".\"}}\n", 0), ("", 1)] {
        let sandbox = Sandbox::new();
        DemoRepository::base_files().into_iter().for_each(|(path, text)| sandbox.write(path, text));
        let text = sandbox.read("countersign.yaml");
        sandbox.write("countersign.yaml", format!("{text}{config}"));
        let base = sandbox.commit("project");
        sandbox.git(&["switch", "-q", "-c", "feat/WP-1-Farewell"]);
        DemoRepository::approved_files(&base).into_iter().for_each(|(path, text)| sandbox.write(path, text));
        alias(&sandbox);
        sandbox.commit("packet");
        for (path, _, text) in DemoRepository::work_files() {
            sandbox.write(path, text);
        }
        account(&sandbox);
        alias(&sandbox);
        sandbox.commit("work");
        let (found, said) = post_work(&sandbox, &format!("{base}..HEAD"));
        assert_eq!(found, exit, "{config}: {said}");
    }
}
