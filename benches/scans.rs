//! Compares `scan` with ripgrep: one alternation of the same patterns over the
//! same tree, in turn. Whole processes are measured, with output to a file.
//!
//! The variable `RG` or the path names ripgrep; without it, only the times of
//! `scan` are printed. Both look at Rust files, hidden ones too; ripgrep is measured with
//! and without `--multiline`, because our patterns match over lines.
#![allow(unreachable_pub, reason = "a program exports nothing; `pub` means public in its module")]
#![expect(
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    reason = "a benchmark stops at the first unexpected thing, and its figures are for people"
)]

#[path = "support/memory.rs"]
mod memory;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The patterns of the set `product` for Rust, without their groups.
const PATTERNS: &str = r"(?:\.|::)\s*split_whitespace\b|\.\s*unwrap\s*\(\s*\)|\b(?:Option|Result)\s*(?:(?:::\s*)?<[^;{}=]*>)?\s*::\s*unwrap\b|\.\s*expect\s*\(|\b(?:todo|unimplemented)\s*!\s*[(\[{]|\bdbg\s*!\s*[(\[{]|\be?print(?:ln)?\s*!\s*[(\[{]|\bpanic\s*!\s*[(\[{]";

const FILES: usize = 20_000;

fn program() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_countersign"))
}

fn ripgrep() -> Option<PathBuf> {
    let named = std::env::var_os("RG").map(PathBuf::from);
    let found = named.unwrap_or_else(|| PathBuf::from("rg"));
    Command::new(&found).arg("--version").stdout(Stdio::null()).status().ok()?.success().then_some(found)
}

/// A typical source file: some findings, most of them in tests.
fn source(number: usize) -> String {
    let mut out = format!("//! Module {number}.\n\nuse std::collections::BTreeMap;\n\n");
    for function in 0..6 {
        let _ = write!(
            out,
            "/// Says what {function} is; never `unwrap()`s.\npub fn part{function}(input: &str) -> Result<BTreeMap<String, usize>, Error> {{\n    let mut counts = BTreeMap::new();\n    for (at, word) in input.split(' ').enumerate() {{\n        // A word may come twice: the last one counts.\n        counts.insert(word.to_owned(), at + {number});\n    }}\n    if counts.is_empty() {{\n        return Err(Error::Empty(\"there is no word, and no panic!\".len()));\n    }}\n    Ok(counts)\n}}\n\n"
        );
    }
    if number.is_multiple_of(10) {
        out.push_str(
            "pub fn first(input: &[u8]) -> u8 {\n    *input\n        .first()\n        .unwrap()\n}\n\n",
        );
    }
    out.push_str("#[cfg(test)]\nmod tests {\n    use super::*;\n\n    #[test]\n    fn counts() {\n        assert_eq!(part0(\"a b\").unwrap().len(), 2);\n        part1(\"\").expect(\"words\");\n    }\n}\n");
    out
}

fn time_command(command: &mut Command, out: &Path) -> Duration {
    let file = std::fs::File::create(out).expect("output");
    let start = Instant::now();
    command.stdout(file).status().expect("runs");
    start.elapsed()
}

fn format_times(times: &mut [Duration]) -> String {
    times.sort();
    let at = |index: usize| times.get(index).map_or(0.0, |time| time.as_secs_f64() * 1000.0);
    format!("{:.0} ms ({:.0} to {:.0})", at(times.len() / 2), at(0), at(times.len() - 1))
}

fn compare(name: &str, folder: &Path, runs: usize) {
    let out = tempfile::NamedTempFile::new().expect("temporary file");
    let scan = |arguments: &[&str]| {
        let mut command = Command::new(program());
        command.current_dir(folder).args(["scan", "--set", "product"]).args(arguments);
        command
    };
    let rg = ripgrep();
    let search = |multiline: bool| {
        let rg = rg.as_ref()?;
        let mut command = Command::new(rg);
        command.current_dir(folder).args([
            "--hidden",
            "--no-require-git",
            "--no-ignore-global",
            "-t",
            "rust",
        ]);
        command.args(multiline.then_some("--multiline"));
        command.args(["-e", PATTERNS, "."]).stdin(Stdio::null());
        Some(command)
    };
    let (mut ours, mut lines, mut multi) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..runs {
        ours.push(time_command(&mut scan(&[]), out.path()));
        lines.extend(search(false).map(|mut command| time_command(&mut command, out.path())));
        multi.extend(search(true).map(|mut command| time_command(&mut command, out.path())));
    }
    println!("scan over {name}: {}", format_times(&mut ours));
    if rg.is_some() {
        println!("ripgrep, same patterns, multiline: {}", format_times(&mut multi));
        println!("ripgrep, same patterns, by line (misses calls over lines): {}", format_times(&mut lines));
    } else {
        println!("ripgrep is not here; RG names it");
    }
    if let Some(memory) = memory::measure_peak(&mut scan(&[])) {
        println!("memory of scan: {memory:.0} MB at most, as polled");
    }
}

fn main() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let root = folder.path();
    std::fs::write(root.join("Cargo.toml"), "[package]\n").expect("manifest");
    let mut bytes = 0;
    for number in 0..FILES {
        let part = root.join(format!("src/part{:03}", number % 200));
        std::fs::create_dir_all(&part).expect("folder");
        let text = source(number);
        bytes += text.len();
        std::fs::write(part.join(format!("module{number:05}.rs")), text).expect("file");
    }
    println!("{FILES} files, {:.1} MB", bytes as f64 / 1e6);
    compare("the generated tree", root, 11);
    let huge = root.join("src/huge.sql");
    let file = std::fs::File::create(&huge).expect("file");
    file.set_len(500 * 1000 * 1000).expect("size");
    let mut command = Command::new(program());
    command.current_dir(root).args(["scan", "--set", "product"]);
    if let Some(memory) = memory::measure_peak(&mut command) {
        println!("memory with a file of 500 MB in the tree: {memory:.0} MB at most, as polled");
    }
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")));
    let registry = home.map(|home| home.join("registry/src")).filter(|folder| folder.is_dir());
    match registry {
        Some(registry) => compare("cargo's registry", &registry, 5),
        None => println!("there is no cargo registry to scan"),
    }
}
