//! `ssh-keygen -Y verify`.

use std::path::Path;
use std::process::{Command, Stdio};

use jiff::civil::DateTime;

use crate::document::allowed_signers::AllowedSigners;
use crate::system::files;
use crate::text::{RepoPath, Source};

use super::{CASES, Case, Generator, assert_only_the_planted_case_differs};

/// Threads that run `ssh-keygen`.
const THREADS: usize = 4;

/// Generates a file of one to three lines; `key` is allowed by some of them.
fn generate_file(generator: &mut Generator, key: &str) -> String {
    const PRINCIPALS: [&str; 18] = [
        "mira",
        "mira",
        "anna",
        "m*",
        "mir?",
        "*",
        "!mira",
        "!m*",
        "!anna",
        "MIRA",
        " mira",
        "mira ",
        "",
        "m\u{ef}ra",
        "??ra",
        "\"",
        "mi\"ra",
        "a,b",
    ];
    const OPTIONS: [&str; 26] = [
        "namespaces=\"countersign\"",
        "namespaces=\"git,countersign\"",
        "namespaces=\"git, countersign\"",
        "namespaces=\" countersign\"",
        "namespaces=\"git\"",
        "namespaces=\"*\"",
        "namespaces=\"!countersign,*\"",
        "namespaces=\"counter*\"",
        "NAMESPACES=\"countersign\"",
        "namespaces=countersign",
        "namespaces=\"a\\\"b\"",
        "namespaces=\"\"",
        "cert-authority",
        "valid-after=\"20260101\"",
        "valid-after=\"202601010000Z\"",
        "valid-after=\"20260101000000UTC\"",
        "valid-after=\"20260230\"",
        "valid-after=\"2026\"",
        "valid-before=\"20260301\"",
        "valid-before=\"20260301120000Z\"",
        "valid-before=\"20260101z\"",
        "Valid-Before=\"20261231\"",
        "valid-before=\"202613010000\"",
        "unknown",
        "valid-after=20260101",
        "valid-before=\"19700101\"",
    ];
    const BLANKS: [&str; 5] = [" ", "  ", "\t", " \t", "\r"];
    let mut out = String::new();
    for _ in 0..=generator.below(3) {
        match generator.below(12) {
            0 => out.push_str("# comment\n"),
            1 => out.push_str(generator.pick(&["\n", " \t\n", "mira\n", " # x\n"])),
            _ => {}
        }
        if generator.below(10) == 0 {
            out.push_str(generator.pick(&BLANKS));
        }
        let principals: Vec<&str> = (0..=generator.below(3)).map(|_| generator.pick(&PRINCIPALS)).collect();
        let principals = principals.join(",");
        let is_quoted = generator.below(3) == 0 || principals.contains(' ');
        out.push_str(&if is_quoted { format!("\"{principals}\"") } else { principals });
        out.push_str(generator.pick(&BLANKS));
        if generator.below(2) == 0 {
            let options: Vec<&str> = (0..=generator.below(3)).map(|_| generator.pick(&OPTIONS)).collect();
            out.push_str(if generator.below(20) == 0 { "," } else { "" });
            out.push_str(&options.join(match generator.below(24) {
                0 | 1 => ", ",
                2 => ",,",
                _ => ",",
            }));
            out.push_str(if generator.below(30) == 0 { "," } else { "" });
            out.push_str(generator.pick(&BLANKS[..4]));
        }
        match generator.below(20) {
            0 => out.push_str("ssh-ed25519"),
            1 => out.push_str("ssh-unknown AAAA"),
            _ => out.push_str(&key.replace(' ', generator.pick(&BLANKS[..4]))),
        }
        out.push_str(generator.pick(&["", " comment", "\t# x", " "]));
        out.push_str(generator.pick(&["\n", "\r\n", "\n"]));
    }
    out
}

fn ours(text: &str, key: &str, at: DateTime) -> bool {
    let signers = AllowedSigners::read(&Source::from_text(RepoPath::from("allowed_signers"), text));
    signers.signers_with_key(key).any(|signer| {
        !signer.is_authority
            && signer.is_principal("mira")
            && signer.allows_namespace("countersign")
            && signer.is_valid_at(at)
    })
}

/// `time` as `YYYYMMDDHHMMSS`, UTC; `zone` is the time zone of the machine.
fn theirs(folder: &Path, file: &str, text: &str, time: &str, zone: &str) -> bool {
    let path = folder.join(file);
    files::write(&path, text.as_bytes()).expect("file");
    let data = std::fs::File::open(folder.join("data")).expect("data");
    let status = Command::new("ssh-keygen")
        .args(["-Y", "verify", "-I", "mira", "-n", "countersign", "-s", "data.sig", "-f", file])
        .arg(format!("-Overify-time={time}Z"))
        .env("TZ", zone)
        .current_dir(folder)
        .stdin(data)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.expect("ssh-keygen runs").success()
}

#[test]
fn allowed_signers_are_read_as_ssh_keygen_reads_them() {
    let scratch = files::create_scratch_folder("countersign-signers-").expect("folder");
    let folder = scratch.path();
    let run = |arguments: &[&str]| {
        Command::new("ssh-keygen")
            .args(arguments)
            .current_dir(folder)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
    };
    let Ok(made) = run(&["-q", "-t", "ed25519", "-N", "", "-C", "mira", "-f", "key"]) else {
        eprintln!("skipped: there is no ssh-keygen");
        return;
    };
    assert!(made.success());
    files::write(&folder.join("data"), b"contract\n").expect("data");
    assert!(run(&["-q", "-Y", "sign", "-f", "key", "-n", "countersign", "data"]).expect("signs").success());
    let public =
        String::from_utf8(files::read(&folder.join("key.pub"), 10_000).expect("key")).expect("UTF-8");
    let key = public.split(' ').take(2).collect::<Vec<_>>().join(" ");
    let mut generator = Generator::new("signers");
    let inputs: Vec<(String, &str, &str)> = (0..=CASES)
        .map(|_| {
            let text = generate_file(&mut generator, &key);
            let time = generator.pick(&[
                "20251231235959",
                "20260101000000",
                "20260215120000",
                "20260301000000",
                "20260302000000",
            ]);
            // A limit without `Z` is local time for OpenSSH; with `Z`, the zone does not matter.
            let has_local_limit = text.to_lowercase().split("valid-").skip(1).any(|rest| {
                let value = rest.split('"').nth(1).unwrap_or_default();
                value.ends_with(|c: char| c.is_ascii_digit())
            });
            let zone = if has_local_limit {
                "UTC"
            } else {
                generator.pick(&["UTC", "Asia/Tokyo", "America/New_York"])
            };
            (text, time, zone)
        })
        .collect();
    let share = inputs.len().div_ceil(THREADS);
    let judge = |part: usize, inputs: &[(String, &str, &str)]| -> Vec<Case> {
        let one = |(index, (text, time, zone)): (usize, &(String, &str, &str))| {
            let at = DateTime::strptime("%Y%m%d%H%M%S", time).expect("time");
            let is_planted = part == 0 && index == 0;
            // The planted case: whitespace before a namespace is removed for our side.
            let planted = (
                format!("mira namespaces=\" countersign\" {key}\n"),
                format!("mira namespaces=\"countersign\" {key}\n"),
            );
            let (given, read) = if is_planted { (&planted.0, &planted.1) } else { (text, text) };
            Case {
                what: format!("{given:?} at {time}, zone {zone}"),
                ours: ours(read, &key, at).to_string(),
                theirs: theirs(folder, &format!("signers{part}"), given, time, zone).to_string(),
                is_planted,
            }
        };
        inputs.iter().enumerate().map(one).collect()
    };
    let cases: Vec<Case> = std::thread::scope(|scope| {
        let workers: Vec<_> = inputs
            .chunks(share)
            .enumerate()
            .map(|(part, inputs)| {
                let judge = &judge;
                scope.spawn(move || judge(part, inputs))
            })
            .collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("ends")).collect()
    });
    assert_only_the_planted_case_differs(&cases);
}
