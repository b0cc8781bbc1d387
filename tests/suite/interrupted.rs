//! Commands that write, killed at any time (`kill -9`): every file has its old
//! or its new content, and the next command finds all changes or none.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Instant;

use regex::Regex;

use crate::support::initialized::{
    PACKET, REFINEMENT, answer_refinement, approved, commit, fill_packet, governed, run_ok, signature_now,
    use_shared_records,
};
use crate::support::repo::Sandbox;

type FolderContents = BTreeMap<PathBuf, Vec<u8>>;

/// How often every command is killed.
const KILLS: u32 = 24;

/// All files except those of git, and logs.
fn read_folder(sandbox: &Sandbox) -> FolderContents {
    let walk = walkdir::WalkDir::new(&sandbox.root).into_iter().filter_entry(|entry| {
        let name = entry.file_name();
        name != ".git" && name != ".countersign"
    });
    walk.filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| {
            let path = entry.path().strip_prefix(&sandbox.root).expect("below").to_path_buf();
            (path, std::fs::read(entry.path()).expect("file"))
        })
        .collect()
}

/// Restores the files and removes the state of an interrupted write.
fn restore(sandbox: &Sandbox, wanted: &FolderContents) {
    for path in read_folder(sandbox).keys().filter(|path| !wanted.contains_key(*path)) {
        std::fs::remove_file(sandbox.root.join(path)).expect("new file");
    }
    for (path, bytes) in wanted {
        std::fs::write(sandbox.root.join(path), bytes).expect("file");
    }
    let _ = std::fs::remove_dir_all(sandbox.root.join(".git/countersign"));
}

/// Contents without times and hashes, which differ between runs.
fn without_times_and_hashes(files: &FolderContents) -> FolderContents {
    let moving =
        Regex::new(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z|\d{8}T\d{6}Z-\d+|\b[0-9a-f]{64}\b|\b\d{13}\b")
            .expect("pattern");
    let one = |(path, bytes): (&PathBuf, &Vec<u8>)| {
        let text = String::from_utf8_lossy(bytes).into_owned();
        (path.clone(), moving.replace_all(&text, "…").into_owned().into_bytes())
    };
    files.iter().map(one).collect()
}

/// Kills a command at many times during its run; returns how often no file was
/// written and how often all were.
fn kill_repeatedly(sandbox: &Sandbox, arguments: &[&str]) -> (u32, u32) {
    let old = read_folder(sandbox);
    let start = Instant::now();
    run_ok(sandbox, arguments);
    let takes = start.elapsed();
    let new = without_times_and_hashes(&read_folder(sandbox));
    restore(sandbox, &old);
    let before = without_times_and_hashes(&old);
    assert_ne!(before, new, "{arguments:?} writes nothing");
    let (mut nothing, mut all) = (0, 0);
    for time in 0..KILLS {
        let mut program = sandbox.program();
        let child = program.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = child.spawn().expect("runs");
        // Most writing is done in the second half.
        let share = f64::from(time) / f64::from(KILLS - 1);
        std::thread::sleep(takes.mul_f64(0.3 + 0.8 * share));
        let _ = child.kill();
        let _ = child.wait();
        let seen = without_times_and_hashes(&read_folder(sandbox));
        for path in seen.keys().chain(before.keys()).chain(new.keys()) {
            let now = seen.get(path);
            assert!(
                now == before.get(path) || now == new.get(path),
                "{arguments:?}: {} is neither as it was nor as it is to be: {:?}",
                path.display(),
                now.map(|bytes| String::from_utf8_lossy(bytes))
            );
        }
        // The next command that reads finds all changes or none.
        let _ = sandbox.run_redacted(&["list"]);
        let seen = without_times_and_hashes(&read_folder(sandbox));
        if seen == before {
            nothing += 1;
        } else {
            assert!(seen == new, "{arguments:?}: some files are as they were, others are not");
            all += 1;
        }
        restore(sandbox, &old);
    }
    run_ok(sandbox, arguments);
    (nothing, all)
}

#[cfg(unix)]
#[test]
fn a_command_killed_at_any_time_writes_everything_or_nothing() {
    let sandbox = Sandbox::new();
    sandbox.write("a.txt", "one\n");
    let mut counts = Vec::new();
    let mut kill = |sandbox: &Sandbox, arguments: &[&str]| {
        counts.push((arguments.join(" "), kill_repeatedly(sandbox, arguments)));
    };
    kill(&sandbox, &["init"]);
    sandbox.write("Spec_v01.md", crate::support::initialized::SPEC);
    sandbox.append("countersign.yaml", "evidence:\n  allow: [\"grep *\"]\n");
    commit(&sandbox, "governance");
    sandbox.git(&["switch", "-q", "-c", "feat/WP-1-Two"]);
    kill(&sandbox, &["new", "stub", "WP-1-Two"]);
    kill(&sandbox, &["new", "refinement", "WP-1-Two", "--anchor", "9-11"]);
    answer_refinement(&sandbox, REFINEMENT);
    kill(&sandbox, &["refine", "WP-1-Two"]);
    kill(&sandbox, &["sign", "WP-1-Two", &signature_now("mira")]);
    kill(&sandbox, &["prepare", "WP-1-Two", "--coder", "coder-a"]);
    kill(&sandbox, &["new", "packet", "WP-1-Two"]);
    fill_packet(&sandbox, PACKET);
    sandbox.remove(".GOV/task_packets/stubs/WP-1-Two.md");
    commit(&sandbox, "packet");
    sandbox.append("a.txt", "two\n");
    kill(&sandbox, &["manifest", "WP-1-Two", "--write"]);
    kill(&sandbox, &["validator-gate", "present", "WP-1-Two", "OUTDATED_ONLY"]);
    kill(&sandbox, &["validator-gate", "acknowledge", "WP-1-Two", "--by", "user-1"]);
    kill(&sandbox, &["validator-gate", "reset", "WP-1-Two", "--reason", "again"]);
    run_ok(&sandbox, &["validator-gate", "present", "WP-1-Two", "OUTDATED_ONLY"]);
    run_ok(&sandbox, &["validator-gate", "acknowledge", "WP-1-Two", "--by", "user-1"]);
    sandbox.append(PACKET, "\n### Report\n- Verdict: OUTDATED_ONLY\n");
    kill(&sandbox, &["validator-gate", "append", "WP-1-Two"]);
    commit(&sandbox, "report");
    kill(&sandbox, &["validator-gate", "commit", "WP-1-Two"]);
    kill(&sandbox, &["evidence", "WP-1-Two", "--yes", "--write"]);
    kill(&sandbox, &["sign", "WP-1-Two", &signature_now("anna"), "--contract"]);
    let odd = sandbox.read(PACKET).replace("## HYGIENE\n", "## HYGIENE\n- zero\u{200b}width\n");
    sandbox.write(PACKET, odd);
    sandbox.remove(".GOV/roles_shared/TASK_BOARD/WP-1-Two.md");
    kill(&sandbox, &["fix"]);
    let (nothing, all) = counts.iter().fold((0, 0), |(a, b), (_, (c, d))| (a + c, b + d));
    assert!(nothing > 0 && all > 0, "the times were badly chosen: {counts:?}");
}

#[test]
fn writers_wait_for_each_other_and_nothing_is_lost() {
    let sandbox = governed();
    use_shared_records(&sandbox);
    let names: Vec<String> = (0..8).map(|number| format!("WP-1-Stub{number}")).collect();
    let children: Vec<_> = names
        .iter()
        .map(|name| {
            let mut program = sandbox.program();
            program.args(["new", "stub", name]).stdout(Stdio::piped()).stderr(Stdio::piped());
            program.spawn().expect("runs")
        })
        .collect();
    for child in children {
        let output = child.wait_with_output().expect("ends");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let board = sandbox.read(".GOV/roles_shared/TASK_BOARD.md");
    for name in &names {
        assert!(board.contains(&format!("- **[{name}]** - [STUB]\n")), "{name} is lost: {board}");
    }
}

#[test]
fn the_holder_of_the_lock_is_named() {
    let sandbox = approved();
    let state = sandbox.root.join(".git/countersign");
    std::fs::create_dir_all(&state).expect("folder");
    let lock = std::fs::File::create(state.join("lock")).expect("lock file");
    lock.lock().expect("lock");
    std::fs::write(state.join("holder"), "`a long command` (process 1, since 2026-03-01T12:00:00Z)\n")
        .expect("holder");
    let (exit, said) = sandbox.run_redacted(&["new", "stub", "WP-1-Other"]);
    assert_eq!(exit, 2, "{said}");
    assert!(said.contains("another countersign is writing here: `a long command` (process"), "{said}");
    drop(lock);
    run_ok(&sandbox, &["new", "stub", "WP-1-Other"]);
}
