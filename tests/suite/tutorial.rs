//! Runs all commands of `docs/tutorial.md` and compares their output with the
//! page.

use std::process::{Command, Stdio};

use crate::support::project;
use crate::support::repo::{Sandbox, isolated_command};

/// The commands of the page, each with the output that follows it, if any.
fn blocks() -> Vec<(String, Option<String>)> {
    let page = std::fs::read_to_string(project().join("docs/tutorial.md")).expect("tutorial");
    let mut out: Vec<(String, Option<String>)> = Vec::new();
    let mut open: Option<(&str, String)> = None;
    for line in page.lines() {
        match (&mut open, line) {
            (None, "```sh" | "```text") => open = Some((&line[3..], String::new())),
            (None, _) => {}
            (Some((kind, text)), "```") => {
                // A fence inside the output is indented.
                match *kind {
                    "sh" => out.push((text.clone(), None)),
                    _ => out.last_mut().expect("commands before").1 = Some(text.clone()),
                }
                open = None;
            }
            (Some((_, text)), line) => text.push_str(&format!("{line}\n")),
        }
    }
    out
}

/// True if a line is the one of the page, where `…` means any text.
fn matches_line(wanted: &str, line: &str) -> bool {
    let mut rest = line;
    let pieces: Vec<&str> = wanted.split('…').collect();
    let Some((first, others)) = pieces.split_first() else { return false };
    let Some(tail) = rest.strip_prefix(first) else { return false };
    rest = tail;
    for (index, piece) in others.iter().enumerate() {
        if index + 1 == others.len() {
            return rest.ends_with(piece);
        }
        match rest.find(piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    rest.is_empty()
}

/// The first difference between the output and the page; a line `…` means any
/// lines.
fn find_difference(wanted: &[&str], lines: &[&str]) -> Option<String> {
    match wanted.split_first() {
        None => lines.first().map(|line| format!("nothing more is said, but printed is: {line}")),
        Some((&"…", rest)) => {
            let tries = (0..=lines.len()).map(|skip| find_difference(rest, &lines[skip..]));
            let mut last = None;
            for found in tries {
                found.as_ref()?;
                last = last.or(found);
            }
            last
        }
        Some((first, rest)) => match lines.split_first() {
            Some((line, others)) if matches_line(first, line) => find_difference(rest, others),
            Some((line, _)) => Some(format!("said is: {first}\nprinted: {line}")),
            None => Some(format!("said, but not printed: {first}")),
        },
    }
}

#[cfg(unix)]
#[test]
fn the_tutorial_matches_the_program() {
    let sandbox = Sandbox::bare_folder();
    std::fs::remove_dir(&sandbox.root).expect("the page makes the folder");
    let folder = sandbox.root.parent().expect("folder").to_path_buf();
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_countersign"));
    let path = std::env::join_paths(
        std::iter::once(program.parent().expect("folder").to_path_buf())
            .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())),
    );
    let all = blocks();
    assert!(all.len() > 10, "{}", all.len());
    let has_keys = Command::new("ssh-keygen").arg("-?").output().is_ok();
    // One shell runs all blocks, so that `cd` has an effect on later blocks.
    let mut script = "set -eu\n".to_owned();
    for (number, (commands, _)) in all.iter().enumerate() {
        if commands.contains("ssh-keygen") && !has_keys {
            eprintln!("skipped from here: there is no ssh-keygen");
            break;
        }
        script.push_str(&format!("echo '=== {number}'\n{commands}\n"));
    }
    let file = folder.join("tutorial.sh");
    std::fs::write(&file, script).expect("script");
    let mut shell = isolated_command("sh", &folder, &sandbox.home());
    shell.env_remove("GIT_AUTHOR_DATE").env_remove("GIT_COMMITTER_DATE");
    shell.env("PATH", path.expect("path")).env("LC_ALL", "C.UTF-8").stdin(Stdio::null());
    shell.arg("-c").arg("exec 2>&1; . ./tutorial.sh");
    let output = shell.output().expect("the shell runs");
    let printed = sandbox.redact(&String::from_utf8_lossy(&output.stdout));
    assert!(output.status.success(), "{printed}");
    for (number, (commands, wanted)) in all.iter().enumerate() {
        let Some((_, rest)) = printed.split_once(&format!("=== {number}\n")) else { continue };
        let own = rest.split("=== ").next().unwrap_or_default();
        let lines: Vec<&str> = own.lines().collect();
        let wanted: Vec<&str> = wanted.as_deref().unwrap_or_default().lines().collect();
        if let Some(why) = find_difference(&wanted, &lines) {
            panic!("{commands}\n{why}\n\nall that was printed:\n{own}");
        }
    }
}
