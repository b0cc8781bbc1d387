//! Every command that people wait for, on generated repositories of real size, next to
//! git in the same run.
//!
//! `cargo bench --bench real_size` prints a table for a history of 2,000 commits, and how
//! the cost grows to one of 18,000. `COUNTERSIGN_BENCH_KEEP=DIR` keeps the repositories.
#![allow(unreachable_pub, reason = "a program exports nothing; `pub` means public in its module")]
#![expect(
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    reason = "a benchmark stops at the first unexpected thing, and its figures are for people"
)]

#[path = "support/memory.rs"]
mod memory;
#[path = "support/real_size.rs"]
mod real_size;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use real_size::{ACTIVE, LONG, REAL, Size, WIDE, build, count_blobs, git};

const SAMPLES: usize = 21;

/// A command, its budget in milliseconds, and the exit codes that are expected.
struct Measured {
    arguments: &'static [&'static str],
    budget: f64,
}

const COMMANDS: [Measured; 10] = [
    Measured { arguments: &["pre-work", ACTIVE, "--no-run"], budget: 15.0 },
    Measured { arguments: &["gate-check", ACTIVE], budget: 15.0 },
    Measured { arguments: &["post-work", ACTIVE, "--range", "main..HEAD", "--no-run"], budget: 15.0 },
    Measured { arguments: &["hook", "run", "pre-commit"], budget: 15.0 },
    Measured { arguments: &["verify", "--range", "main...HEAD", "--no-run"], budget: 15.0 },
    Measured { arguments: &["audit", ACTIVE], budget: 25.0 },
    Measured { arguments: &["validator-packet-complete", ACTIVE], budget: 25.0 },
    Measured { arguments: &["list"], budget: 30.0 },
    Measured { arguments: &["check"], budget: 200.0 },
    Measured { arguments: &["governance-check"], budget: 200.0 },
];

/// The commands that need not read all files of a tree.
const WIDE_COMMANDS: [Measured; 5] = [
    Measured { arguments: &["pre-work", ACTIVE, "--no-run"], budget: 15.0 },
    Measured { arguments: &["gate-check", ACTIVE], budget: 15.0 },
    Measured { arguments: &["post-work", ACTIVE, "--range", "main..HEAD", "--no-run"], budget: 15.0 },
    Measured { arguments: &["post-work", ACTIVE, "--staged", "--no-run"], budget: 15.0 },
    Measured { arguments: &["hook", "run", "pre-commit"], budget: 15.0 },
];

const GIT: [&[&str]; 3] = [
    &["diff", "--raw", "main..HEAD"],
    &["status", "--porcelain"],
    &["log", "--format=%H", "--", "Spec_v01.md"],
];

fn program() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_countersign"))
}

fn tool(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(program());
    command.current_dir(folder).env("HOME", folder).args(arguments);
    command
}

fn main() {
    // `cargo test --benches` runs this too. Then nothing is measured.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let temporary = tempfile::tempdir().expect("temporary folder");
    let kept = std::env::var_os("COUNTERSIGN_BENCH_KEEP").map(PathBuf::from);
    let folder = kept.unwrap_or_else(|| temporary.path().to_path_buf());
    let real = measure("2,000 commits", &folder.join("real"), REAL, &COMMANDS);
    let long = measure("18,000 commits", &folder.join("long"), LONG, &COMMANDS);
    measure("200,000 files, a sparse cone", &folder.join("wide"), WIDE, &WIDE_COMMANDS);
    println!("\n| command | growth with nine times the commits |\n|---|---|");
    for ((name, before), (_, after)) in real.iter().zip(&long) {
        println!("| `{name}` | {:.2} |", after / before);
    }
}

/// Measures all commands on one repository; returns their medians.
fn measure(title: &str, folder: &Path, size: Size, commands: &[Measured]) -> Vec<(String, f64)> {
    if !folder.join(".git").is_dir() {
        std::fs::create_dir_all(folder).expect("folder");
        build(folder, &program(), size);
    }
    println!(
        "\n{title}, {} different blobs\n\n| command | median | least | p95 | budget | memory |\n|---|---|---|---|---|---|",
        count_blobs(folder)
    );
    let mut out = Vec::new();
    for Measured { arguments, budget } in commands {
        let mut times = Vec::new();
        for _ in 0..SAMPLES {
            times.push(time(tool(folder, arguments)));
        }
        let memory = memory::measure_peak(&mut tool(folder, arguments)).unwrap_or_default();
        let (median, row) = describe(times);
        println!("| `{}` | {row} | {budget} | {memory:.0} MB |", arguments.join(" "));
        out.push((arguments.join(" "), median));
    }
    for arguments in GIT {
        let times = (0..SAMPLES).map(|_| {
            let mut command = git(folder);
            command.args(arguments);
            time(command)
        });
        let (_, row) = describe(times.collect());
        println!("| `git {}` | {row} | | |", arguments.join(" "));
    }
    out
}

fn time(mut command: Command) -> f64 {
    let start = Instant::now();
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status().expect("runs");
    let took = start.elapsed().as_secs_f64() * 1000.0;
    assert!(matches!(status.code(), Some(0 | 1)), "{command:?}: {status}");
    took
}

fn describe(mut times: Vec<f64>) -> (f64, String) {
    times.sort_by(f64::total_cmp);
    let at = |share: usize| times[(times.len() - 1) * share / 100];
    (at(50), format!("{:.1} | {:.1} | {:.1}", at(50), at(0), at(95)))
}
