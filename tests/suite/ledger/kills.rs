//! Gates that are killed: no entry that was acknowledged is lost.

use std::process::Stdio;

use serde_json::Value;

use super::{DATABASE, JUDGE, jobs, with_step};
use crate::support::repo::Sandbox;

/// Rounds of killing; `COUNTERSIGN_KILL_ROUNDS=10000 cargo test a_killed_gate` runs more.
fn kill_rounds() -> u32 {
    std::env::var("COUNTERSIGN_KILL_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(150)
}

#[test]
fn a_killed_gate_loses_no_acknowledged_job() {
    let sandbox = with_step("[sh, -c, exit 0]", "", "");
    let start = std::time::Instant::now();
    sandbox.run(&JUDGE);
    let takes = start.elapsed();
    let mut acknowledged = Vec::new();
    let rounds = kill_rounds();
    for round in 0..rounds {
        let mut program = sandbox.program();
        program.args(JUDGE).args(["--format", "json"]).stdin(Stdio::null()).stderr(Stdio::null());
        let mut child = program.stdout(Stdio::piped()).spawn().expect("runs");
        // Every moment of a run, in an order that is not the order of the moments.
        let share = f64::from((round * 7_919) % rounds) / f64::from(rounds);
        std::thread::sleep(takes.mul_f64(1.2 * share));
        let _ = child.kill();
        let output = child.wait_with_output().expect("ends");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        if let Ok(report) = serde_json::from_str::<Value>(&text) {
            acknowledged.extend(report["run"]["ledger"]["job"].as_str().map(str::to_owned));
        }
    }
    assert!(!acknowledged.is_empty(), "no run ended");
    let known: Vec<Value> = jobs(&sandbox);
    let is_known = |id: &&String| known.iter().any(|job| job["job_id"] == id.as_str());
    assert_eq!(acknowledged.iter().filter(is_known).count(), acknowledged.len());
    let (exit, said) = sandbox.run_redacted(&["log", "verify"]);
    assert_eq!(exit, 0, "{said}");
    // The next gate finds the runs that were killed.
    sandbox.run(&JUDGE);
    let running = jobs(&sandbox).into_iter().filter(|job| job["state"] == "running").count();
    assert_eq!(running, 0);
    println!("{} of {rounds} runs ended", acknowledged.len());
}

/// Files of the ledger with their bytes.
fn ledger_files(sandbox: &Sandbox) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    ["", "-wal", "-shm"]
        .iter()
        .map(|end| sandbox.root.join(format!("{DATABASE}{end}")))
        .filter_map(|path| Some((path.clone(), std::fs::read(path).ok()?)))
        .collect()
}

/// The system kills a process that makes a file longer than its limit. The log of the
/// ledger grows by 4 KB with every page, so that each limit kills at another write.
#[test]
fn a_gate_killed_at_each_write_loses_nothing() {
    let sandbox = with_step("[sh, -c, exit 0]", "", "");
    sandbox.run(&JUDGE);
    let before = jobs(&sandbox);
    let saved = ledger_files(&sandbox);
    let size = saved.iter().map(|(_, bytes)| bytes.len()).max().expect("files");
    let (mut killed, mut ended) = (0, 0);
    let mut limit = size / 1024;
    while ended < 3 {
        for (path, bytes) in &saved {
            std::fs::write(path, bytes).expect("restored");
        }
        let program = env!("CARGO_BIN_EXE_countersign");
        let script = format!("ulimit -c 0; ulimit -f {limit}; exec \"$0\" \"$@\"");
        let mut command = crate::support::repo::isolated_command("bash", &sandbox.root, &sandbox.home());
        command.args(["-c", &script, program]).args(JUDGE).args(["--format", "json"]);
        let output = command.stderr(Stdio::null()).output().expect("bash");
        let now = jobs(&sandbox);
        for job in &before {
            let same = now.iter().find(|other| other["job_id"] == job["job_id"]);
            assert_eq!(same, Some(job), "limit {limit}: an ended job changed");
        }
        let (exit, said) = sandbox.run_redacted(&["log", "verify"]);
        assert_eq!(exit, 0, "limit {limit}: {said}");
        match serde_json::from_slice::<Value>(&output.stdout) {
            Ok(report) => {
                ended += 1;
                let id = &report["run"]["ledger"]["job"];
                let is_known = id.is_null() || now.iter().any(|job| job["job_id"] == *id);
                assert!(is_known, "limit {limit}: {id} was acknowledged");
            }
            Err(_) => killed += 1,
        }
        limit += 2;
        assert!(limit < size / 1024 + 2_000, "no run ends");
    }
    println!("killed at {killed} sizes");
    assert!(killed >= 8, "only {killed} runs were killed");
}
