//! Files that the program writes: reports of `--output`, and its own state.

#![cfg(unix)]

use std::fs::{self, Permissions};
use std::io::Read as _;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::Path;
use std::process::Command;

use sha2::{Digest as _, Sha256};

use crate::support::repo::{Sandbox, isolated_command};

fn mode_of(path: &Path) -> u32 {
    fs::symlink_metadata(path).expect("metadata").permissions().mode() & 0o777
}

fn is_report(text: &str) -> bool {
    serde_json::from_str::<serde_json::Value>(text).is_ok_and(|report| report["schema"].is_string())
}

fn project() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("src/a.rs", "fn a() {}\n");
    sandbox.commit("first");
    sandbox
}

#[test]
fn output_replaces_only_regular_files() {
    let sandbox = project();
    let path = |name: &str| sandbox.root.with_file_name(name);
    // A file with a mode of its own, links to a file, to nothing and to a device.
    fs::write(path("private"), "old").expect("file");
    fs::set_permissions(path("private"), Permissions::from_mode(0o600)).expect("mode");
    fs::write(path("target"), "old").expect("file");
    for (link, target) in [("link", "target"), ("broken", "created"), ("null", "/dev/null")] {
        std::os::unix::fs::symlink(target, path(link)).expect("link");
    }
    assert!(Command::new("mkfifo").arg(path("fifo")).status().expect("mkfifo").success());
    // Only root can create a device.
    let device = path("device");
    let mknod = Command::new("mknod").arg(&device).args(["c", "1", "3"]).output().expect("mknod");
    let mut names = vec!["fifo", "private", "link", "broken", "null", "new"];
    names.extend(mknod.status.success().then_some("device"));
    let fifo = path("fifo");
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut text = String::new();
        let read = fs::File::open(fifo).and_then(|mut file| file.read_to_string(&mut text));
        let _ = sender.send(read.map(|_| text));
    });
    let program = env!("CARGO_BIN_EXE_countersign");
    let mut shell = isolated_command("sh", &sandbox.root, &sandbox.home());
    shell.args(["-c", "umask 027; exec \"$0\" \"$@\"", program, "scan"]);
    for name in &names {
        shell.arg("--output").arg(format!("json={}", path(name).display()));
    }
    let output = shell.output().expect("runs");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(fs::symlink_metadata(path("fifo")).expect("metadata").file_type().is_fifo());
    let received = receiver.recv_timeout(std::time::Duration::from_secs(20)).expect("a report in the FIFO");
    assert!(is_report(&received.expect("text")));
    for name in ["private", "target", "created", "new"] {
        assert!(is_report(&fs::read_to_string(path(name)).expect("report")), "{name}");
    }
    for link in ["link", "broken", "null"] {
        assert!(path(link).is_symlink(), "{link} is still a link");
    }
    assert_eq!((mode_of(&path("private")), mode_of(&path("new"))), (0o600, 0o640));
    if mknod.status.success() {
        assert!(fs::symlink_metadata(&device).expect("metadata").file_type().is_char_device());
    }
}

#[test]
fn output_to_standard_output_does_not_overwrite_the_report() {
    let sandbox = project();
    let path = sandbox.root.with_file_name("both");
    let file = fs::File::create(&path).expect("file");
    let status = sandbox.program().args(["scan", "--output", "json=/dev/stdout"]).stdout(file).status();
    assert_eq!(status.expect("runs").code(), Some(0));
    let text = fs::read_to_string(&path).expect("text");
    let (json, report) = text.rsplit_once("}\n").expect("JSON, then the report");
    assert!(is_report(&format!("{json}}}")), "{text}");
    assert!(report.contains("PASSED"), "{text}");
}

#[test]
fn a_journal_in_the_temporary_folder_is_ignored() {
    let sandbox = Sandbox::bare_folder();
    sandbox.write("docs/TASK_BOARD.md", "# Task Board\n\n## Done\n\n- **[WP-1-A]** - [VALIDATED]\n");
    let temporary = sandbox.root.with_file_name("temporary");
    let hash =
        |bytes: &[u8]| -> String { Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect() };
    let name = hash(sandbox.root.to_str().expect("text").as_bytes());
    let write = temporary.join(format!("countersign-{}", &name[..16])).join("write");
    fs::create_dir_all(&write).expect("folder");
    fs::write(write.join("0"), "planted").expect("file");
    let after = hash(b"planted");
    let journal = format!(
        r#"{{"version":1,"command":"x","files":[{{"path":"planted.sh","before":null,"after":"{after}"}}]}}"#
    );
    fs::write(write.join("journal.json"), &journal).expect("journal");
    let run = |sandbox: &Sandbox| {
        let mut program = sandbox.program();
        program.env("TMPDIR", &temporary).arg("fix").output().expect("runs")
    };
    run(&sandbox);
    assert!(!sandbox.root.join("planted.sh").exists());
    // The user's own state folder is used, and only if no other user can write it.
    let state = sandbox.home().join(".local/state/countersign");
    let own = state.join(&name[..32]);
    assert_eq!((mode_of(&state), mode_of(&own)), (0o700, 0o700));
    fs::create_dir(own.join("write")).expect("folder");
    fs::write(own.join("write/0"), "planted").expect("file");
    fs::write(own.join("write/journal.json"), &journal).expect("journal");
    fs::set_permissions(&own, Permissions::from_mode(0o777)).expect("mode");
    let refused = run(&sandbox);
    let message = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!((refused.status.code(), message.contains("chmod 700")), (Some(2), true), "{message}");
    assert!(!sandbox.root.join("planted.sh").exists());
    fs::set_permissions(&own, Permissions::from_mode(0o700)).expect("mode");
    run(&sandbox);
    assert!(sandbox.root.join("planted.sh").exists(), "a write of this user is completed");
}
