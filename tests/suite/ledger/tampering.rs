//! A step or a person that changes the ledger is found, as far as it can be.

use std::process::Stdio;

use rusqlite::Connection;
use serde_json::Value;

use super::{DATABASE, JUDGE, json, state_of, with_step};
use crate::support::repo::Sandbox;

#[cfg(all(unix, feature = "ssh"))]
#[test]
fn a_seal_finds_a_chain_that_was_computed_anew() {
    let sandbox = Sandbox::with_packet();
    for _ in 0..3 {
        sandbox.run(&["check"]);
    }
    let key = sandbox.root.with_file_name("key");
    let path = key.display().to_string();
    let made = std::process::Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-f", &path])
        .status();
    assert!(made.expect("ssh-keygen").success());
    assert!(sandbox.run_redacted(&["log", "verify"]).1.contains("not sealed"));
    let (exit, said) = sandbox.run_redacted(&["log", "seal", "--ssh-key", &path]);
    assert_eq!(exit, 0, "{said}");
    // The seal of a key that nobody listed proves little, and the answer says so.
    let answer = json(&sandbox, &["log", "verify"]);
    assert_eq!((&answer["verdict"], &answer["sealed_up_to"]), (&Value::from("passed"), &Value::Null));
    let public = std::fs::read_to_string(key.with_extension("pub")).expect("public key");
    let words: Vec<&str> = public.split_whitespace().take(2).collect();
    let line = format!("mira namespaces=\"countersign,countersign-ledger\" {}\n", words.join(" "));
    let layout = sandbox.run_redacted(&["log", "verify"]).1;
    sandbox.write(".GOV/roles_shared/allowed_signers", &line);
    // A key that is only on disk was put there by anyone.
    assert_eq!(json(&sandbox, &["log", "verify"])["sealed_up_to"], Value::Null);
    sandbox.commit("keys");
    let answer = json(&sandbox, &["log", "verify"]);
    let sealed = answer["sealed_up_to"].as_u64().unwrap_or_else(|| panic!("{answer} {layout}"));
    // OpenSSH accepts the same seal.
    let database = Connection::open(sandbox.root.join(DATABASE)).expect("ledger");
    let (signature, hash): (String, Vec<u8>) = database
        .query_row("SELECT signature, hash FROM seals", [], |row| Ok((row.get(0)?, row.get(1)?)))
        .expect("seal");
    let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    let message = format!("countersign ledger seal v1\nevent: {sealed}\nhash: {hash}\n");
    sandbox.write("seal.sig", &signature);
    let mut verify = std::process::Command::new("ssh-keygen");
    let signers = sandbox.root.join(".GOV/roles_shared/allowed_signers").display().to_string();
    verify.args(["-Y", "verify", "-f", &signers, "-I", "mira", "-n", "countersign-ledger", "-s", "seal.sig"]);
    let mut child = verify
        .current_dir(&sandbox.root)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("ssh-keygen");
    std::io::Write::write_all(child.stdin.as_mut().expect("stdin"), message.as_bytes()).expect("message");
    assert!(child.wait().expect("ends").success(), "OpenSSH refuses the seal");
    // All events again, with one that says something else: every hash is right.
    let before: i64 =
        database.query_row("SELECT count(*) FROM events", [], |row| row.get(0)).expect("events");
    let cut = format!("DROP TRIGGER events_are_kept; DELETE FROM events WHERE seq >= {sealed}");
    let copy = std::fs::read(sandbox.root.join(DATABASE)).expect("ledger");
    database.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").expect("one file");
    let whole = std::fs::read(sandbox.root.join(DATABASE)).unwrap_or(copy);
    database.execute_batch(&cut).expect("cut off");
    let (exit, said) = sandbox.run_redacted(&["log", "verify"]);
    assert_eq!(exit, 1, "{said}");
    drop(database);
    for end in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(sandbox.root.join(format!("{DATABASE}{end}")));
    }
    std::fs::write(sandbox.root.join(DATABASE), whole).expect("restored");
    let database = Connection::open(sandbox.root.join(DATABASE)).expect("ledger");
    let after: i64 = database.query_row("SELECT count(*) FROM events", [], |row| row.get(0)).expect("events");
    assert_eq!(before, after);
    recompute(&database);
    let (exit, said) = sandbox.run_redacted(&["log", "verify"]);
    assert_eq!(exit, 1, "{said}");
    assert!(said.contains("computed anew"), "{said}");
    database.execute("DELETE FROM seals", []).expect("seals");
    assert_eq!(sandbox.run_redacted(&["log", "verify"]).0, 0, "without a seal nobody can tell");
}

/// Removes the hash of a job's row: events of earlier versions have none.
fn without_row_hash(body: &str) -> String {
    let Some((before, rest)) = body.split_once(",\"row_sha256\":\"") else { return body.to_owned() };
    format!("{before}{}", rest.split_once('"').map_or("", |(_, rest)| rest))
}

/// Changes one event and computes all hashes again, as an attacker would.
fn recompute(database: &Connection) {
    use sha2::{Digest as _, Sha256};
    database
        .execute_batch("DROP TRIGGER events_never_change; DROP TRIGGER jobs_keep_their_end;
             UPDATE jobs SET verdict = 'failed' WHERE verdict = 'passed'; UPDATE events SET hash = randomblob(32), prev = randomblob(32)")
        .expect("unlocked");
    let mut read = database.prepare("SELECT seq, body FROM events ORDER BY seq").expect("events");
    let events: Vec<(i64, String)> =
        read.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("rows").flatten().collect();
    let mut prev = [0u8; 32];
    for (seq, body) in events {
        let body = without_row_hash(&body.replace("\"PASS\"", "\"FAIL\""));
        let mut hasher = Sha256::new();
        hasher.update(u64::try_from(seq).expect("number").to_be_bytes());
        hasher.update(prev);
        hasher.update(body.as_bytes());
        let hash: [u8; 32] = hasher.finalize().into();
        let sql = "UPDATE events SET body = ?2, prev = ?3, hash = ?4 WHERE seq = ?1";
        database.execute(sql, (seq, &body, prev.as_slice(), hash.as_slice())).expect("event");
        prev = hash;
    }
}

/// Runs SQL with the tool's own constraints switched off.
fn tamper(sandbox: &Sandbox, sql: &str) {
    let unlock = "DROP TRIGGER IF EXISTS events_are_kept; DROP TRIGGER IF EXISTS jobs_are_kept;
        DROP TRIGGER IF EXISTS jobs_keep_their_end; DROP TRIGGER IF EXISTS jobs_follow_transitions;
        DROP TRIGGER IF EXISTS operations_keep_their_end;";
    let database = Connection::open(sandbox.root.join(DATABASE)).expect("ledger");
    database.execute_batch(&format!("{unlock}{sql}")).expect("changed");
}

#[cfg(unix)]
#[test]
fn tables_that_contradict_the_chain_are_found() {
    let poison = "[git, config, core.abbrev, \"12\"]";
    for (sql, part) in [
        ("DELETE FROM jobs WHERE state = 'poisoned'", "is missing"),
        ("UPDATE jobs SET state = 'completed'", "its last event says poisoned"),
        (
            "UPDATE jobs SET verdict = CASE verdict WHEN 'passed' THEN 'failed' ELSE 'passed' END",
            "another verdict",
        ),
        ("INSERT INTO acknowledgements VALUES ((SELECT job_id FROM jobs), 'x', 'y', 'z')", "is in no event"),
        ("UPDATE operations SET result = '{}'", "was changed"),
    ] {
        let sandbox = with_step(poison, "", "");
        sandbox.run(&JUDGE);
        assert_eq!(sandbox.run_redacted(&["log", "verify"]).0, 0, "before");
        tamper(&sandbox, sql);
        let (exit, said) = sandbox.run_redacted(&["log", "verify"]);
        assert!(exit == 1 && said.contains(part), "{sql}: {exit}: {said}");
    }
}

#[cfg(unix)]
#[test]
fn a_step_cannot_end_its_own_job() {
    let end = "import sqlite3; d = sqlite3.connect(\".git/countersign/ledger.db\"); \
               d.execute(\"update jobs set state=?, verdict=? where state=?\", \
               (\"completed\", \"passed\", \"running\")); d.commit()";
    let available = std::process::Command::new("python3").args(["-c", "import sqlite3"]).status();
    if !available.is_ok_and(|status| status.success()) {
        eprintln!("skipped: python3 with sqlite3 is not installed");
        return;
    }
    let sandbox = with_step(&format!("[python3, -c, '{end}']"), "", "");
    let (_, said) = sandbox.run_redacted(&JUDGE);
    assert!(said.contains("the ledger was changed"), "{said}");
    assert_eq!(json(&sandbox, &["jobs", "--state", "poisoned"])["jobs"].as_array().expect("jobs").len(), 1);
    let (_, said) = sandbox.run_redacted(&["audit", "WP-1-Farewell"]);
    assert!(said.contains("jobs acknowledge"), "{said}");
}

#[cfg(unix)]
#[test]
fn a_pipe_in_place_of_a_file_of_the_ledger_stops_nothing() {
    for end in ["-journal", "-wal", ""] {
        let sandbox = with_step("[sh, -c, exit 0]", "", "");
        std::fs::create_dir_all(sandbox.root.join(".git/countersign")).expect("folder");
        let pipe = sandbox.root.join(format!("{DATABASE}{end}")).display().to_string();
        assert!(std::process::Command::new("mkfifo").arg(pipe).status().expect("mkfifo").success());
        let (exit, said) = sandbox.run_redacted(&[&JUDGE[..], &["--verbose"]].concat());
        assert!(exit == 0 && said.contains("nothing was recorded"), "{end}: {exit}: {said}");
    }
}

#[cfg(unix)]
#[test]
fn long_commands_and_many_variables_are_no_reason_to_deny() {
    let long = format!("[sh, -c, \"# {}\\nexit 0\"]", "x".repeat(40_000));
    let sandbox = with_step(&long, "", "");
    let mut program = sandbox.program();
    for number in 0..900 {
        program.env(format!("A_RATHER_LONG_NAME_OF_A_SERVICE_IN_A_CLUSTER_{number}_PORT"), "1");
    }
    let output = program.args(JUDGE).output().expect("runs");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let name = format!("./tools/{}.sh", "n".repeat(120));
    let sandbox = with_step(&format!("[\"{name}\"]"), "", "");
    sandbox.run(&JUDGE);
    assert_eq!(state_of(&sandbox, "pre-work"), "failed", "it was started, and there is no such program");
    let (_, said) = sandbox.run_redacted(&JUDGE);
    assert!(said.contains("could not be started"), "{said}");
}

#[cfg(target_os = "linux")]
#[test]
fn no_stranger_starts_programs_through_the_tool() {
    let sandbox = Sandbox::with_packet();
    let (exit, said) = sandbox.run_redacted(&["__confine", "network", "/", "--", "touch", "started"]);
    assert!(exit == 126 && !sandbox.root.join("started").exists(), "{exit}: {said}");
}
