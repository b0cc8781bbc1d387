//! Benchmarks. Where users wait for a process, whole processes are measured.
//!
//! `cargo bench` (or `just bench`) prints: the check of one packet in MB/s; a gate
//! without steps over a generated repository of 5,000 files with 100 changed
//! ones and their manifests, next to `git diff --raw` of the same range, runs
//! of both in turn; the memory of the gate; the size of the program.
//! `COUNTERSIGN_BENCH_KEEP=DIR` builds the repository in a new folder and
//! keeps it, for a profile.
#![allow(unreachable_pub, reason = "a program exports nothing; `pub` means public in its module")]
#![expect(
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    clippy::indexing_slicing,
    reason = "a benchmark stops at the first unexpected thing, and its figures are for people"
)]

#[path = "support/memory.rs"]
mod memory;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use countersign::{
    ChangedFile, DemoRepository, DocumentCheckRequest, DocumentQuery, NamedDocument, PlainFolder,
    RecordedHashes, TreeState, check_documents,
};

const FILES: usize = 5_000;
const CHANGED: usize = 100;
const SAMPLES: usize = 41;
/// Files of the large working tree.
const TREE: usize = 20_000;

fn main() {
    // `cargo test --benches` runs this too. Then nothing is measured.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    bench_packet();
    let folder = tempfile::tempdir().expect("temporary folder");
    let kept = std::env::var_os("COUNTERSIGN_BENCH_KEEP").map(PathBuf::from);
    let folder = kept.as_deref().unwrap_or(folder.path());
    let range = generate(folder);
    bench_gates(folder, &range);
    bench_worktree(folder);
    bench_flagged_files();
    bench_documents();
    println!("size of the program: {:.1} MB", program().metadata().expect("program").len() as f64 / 1e6);
}

fn program() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_countersign"))
}

fn source(number: usize, changed: bool) -> String {
    let mut text = format!("//! Module {number}.\n\n");
    for line in 0..60 {
        text.push_str(&format!("pub fn f{line}() -> usize {{\n    {}\n}}\n", number * line));
    }
    if changed {
        text = text.replacen("    0\n", "    1\n", 1);
        text.push_str("// one line more\n");
    }
    text
}

fn path(number: usize) -> String {
    format!("gen/part{:02}/module{number:04}.rs", number % 50)
}

fn bench_packet() {
    let changed: Vec<ChangedFile> = (0..30)
        .map(|n| DemoRepository::changed_file(&path(n), Some(&source(n, false)), Some(&source(n, true))))
        .collect();
    let text = DemoRepository::packet_text(&"a".repeat(40), RecordedHashes::Correct, &changed);
    let folder = tempfile::tempdir().expect("temporary folder");
    let repository = PlainFolder::new(folder.path());
    let packet = NamedDocument { path: "p.md".into(), bytes: Some(text.clone().into_bytes()) };
    let request = DocumentCheckRequest {
        query: DocumentQuery::Check,
        tree: TreeState::Worktree,
        named_documents: vec![packet],
        config: None,
        now: "2026-03-01T12:00:00".parse().expect("a time"),
    };
    let start = Instant::now();
    let mut read = 0;
    while start.elapsed() < Duration::from_secs(1) {
        let report = check_documents(&repository, &request).expect("the packet is checked");
        assert!(report.documents.is_some_and(|documents| documents.count() == 1), "one packet");
        read += text.len();
    }
    println!("check of one packet in memory: {:.1} MB/s", read as f64 / 1e6 / start.elapsed().as_secs_f64());
}

fn git(folder: &Path) -> Command {
    let mut command = Command::new("git");
    command.current_dir(folder).env("HOME", folder).env("GIT_CONFIG_NOSYSTEM", "1").stdout(Stdio::null());
    // A commit starts no collection in the background, which would share the processors.
    command.envs([("GIT_CONFIG_COUNT", "1"), ("GIT_CONFIG_KEY_0", "gc.auto"), ("GIT_CONFIG_VALUE_0", "0")]);
    for (name, value) in [("NAME", "Bench"), ("EMAIL", "bench@example.org")] {
        command.env(format!("GIT_AUTHOR_{name}"), value).env(format!("GIT_COMMITTER_{name}"), value);
    }
    command
}

fn run_git(folder: &Path, arguments: &[&str]) {
    assert!(git(folder).args(arguments).status().expect("git runs").success(), "git {arguments:?}");
}

fn write(folder: &Path, path: &str, text: &str) {
    let target = folder.join(path);
    std::fs::create_dir_all(target.parent().expect("folder")).expect("folders");
    std::fs::write(target, text).expect("file");
}

fn commit(folder: &Path) -> String {
    run_git(folder, &["add", "-A"]);
    run_git(folder, &["commit", "-q", "-m", "x"]);
    let output = git(folder).args(["rev-parse", "HEAD"]).stdout(Stdio::piped()).output().expect("git runs");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Builds the repository and returns the range of the work.
fn generate(folder: &Path) -> String {
    run_git(folder, &["init", "-q", "-b", "main"]);
    for (path, text) in DemoRepository::base_files() {
        write(folder, path, &text);
    }
    (0..FILES).for_each(|number| write(folder, &path(number), &source(number, false)));
    let base = commit(folder);
    let scoped = |text: &str| text.replacen("  - src/lib.rs\n", "  - src/lib.rs\n  - gen/\n", 1);
    for (path, text) in DemoRepository::approved_files(&base) {
        write(folder, path, &if path.contains("task_packets") { scoped(&text) } else { text });
    }
    commit(folder);
    let mut changed: Vec<ChangedFile> = DemoRepository::work_files()
        .into_iter()
        .map(|(path, pre, post)| {
            write(folder, path, post);
            DemoRepository::changed_file(path, pre, Some(post))
        })
        .collect();
    for number in (0..FILES).step_by(FILES / CHANGED).take(CHANGED - changed.len()) {
        let (pre, post) = (source(number, false), source(number, true));
        write(folder, &path(number), &post);
        changed.push(DemoRepository::changed_file(&path(number), Some(&pre), Some(&post)));
    }
    let packet = DemoRepository::packet_text(&base, RecordedHashes::Correct, &changed);
    write(folder, ".GOV/task_packets/WP-1-Farewell.md", &scoped(&packet));
    commit(folder);
    run_git(folder, &["gc", "-q"]);
    format!("{base}..HEAD")
}

struct Durations(Vec<Duration>);

impl Durations {
    fn median(&mut self) -> f64 {
        self.0.sort();
        self.0[self.0.len() / 2].as_secs_f64() * 1000.0
    }

    fn format_times(&mut self) -> String {
        let median = self.median();
        let least = self.0[0].as_secs_f64() * 1000.0;
        let most = self.0[self.0.len() - 1].as_secs_f64() * 1000.0;
        format!("{median:.1} ms ({least:.1} to {most:.1})")
    }
}

fn time_command(command: &mut Command) -> Duration {
    let start = Instant::now();
    let status = command.stdout(Stdio::null()).status().expect("runs");
    let took = start.elapsed();
    assert!(status.success(), "{command:?} failed");
    took
}

fn post_work(folder: &Path, more: &[&str]) -> Command {
    let mut command = Command::new(program());
    command
        .current_dir(folder)
        .env("HOME", folder)
        .args(["post-work", "WP-1-Farewell", "--no-run"])
        .args(more);
    command
}

fn bench_gates(folder: &Path, range: &str) {
    let (mut ours, mut theirs) = (Durations(Vec::new()), Durations(Vec::new()));
    for _ in 0..SAMPLES {
        ours.0.push(time_command(&mut post_work(folder, &["--range", range])));
        theirs.0.push(time_command(git(folder).args(["diff", "--raw", range])));
    }
    println!("post-work, {FILES} files, {CHANGED} changed with manifests: {}", ours.format_times());
    println!("git diff --raw of the same range: {}", theirs.format_times());
    println!("ratio of the medians: {:.2}", ours.median() / theirs.median());
    let mut check = Durations(
        (0..SAMPLES)
            .map(|_| {
                time_command(
                    Command::new(program())
                        .current_dir(folder)
                        .env("HOME", folder)
                        .args(["gate-check", "WP-1-Farewell"]),
                )
            })
            .collect(),
    );
    println!("gate-check: {}", check.format_times());
    if let Some(memory) = memory::measure_peak(&mut post_work(folder, &["--range", range])) {
        println!("memory of post-work: {memory:.1} MB at most, as polled");
    }
}

fn bench_worktree(folder: &Path) {
    write(folder, "README.md", "x\n");
    compare_with_git_status(folder, SAMPLES, &format!("{FILES} files"));
}

/// Compares the gate over a working tree, in which README.md is out of scope,
/// with `git status`.
fn compare_with_git_status(folder: &Path, runs: usize, what: &str) {
    let (mut ours, mut theirs) = (Durations(Vec::new()), Durations(Vec::new()));
    for _ in 0..runs {
        let start = Instant::now();
        let status = post_work(folder, &["--worktree"]).stdout(Stdio::null()).status().expect("runs");
        ours.0.push(start.elapsed());
        assert_eq!(status.code(), Some(1), "README.md is out of scope");
        theirs.0.push(time_command(git(folder).args(["status", "--porcelain"])));
    }
    println!("post-work --worktree, {what}: {}", ours.format_times());
    println!("git status of the same tree: {}", theirs.format_times());
}

/// A working tree of 20,000 files in three states: normal, with every path
/// flagged as unchanged in the index, and with 20,000 more ignored files.
fn bench_flagged_files() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let folder = folder.path();
    run_git(folder, &["init", "-q", "-b", "main"]);
    DemoRepository::base_files().into_iter().for_each(|(path, text)| write(folder, path, &text));
    let name = |number: usize| format!("gen/part{:03}/module{number:05}.rs", number % 200);
    (0..TREE).for_each(|number| write(folder, &name(number), &source(number, false)));
    let base = commit(folder);
    DemoRepository::approved_files(&base).into_iter().for_each(|(path, text)| write(folder, path, &text));
    commit(folder);
    run_git(folder, &["gc", "-q"]);
    write(folder, "README.md", "x\n");
    let measure = |what: &str| compare_with_git_status(folder, 11, &format!("{TREE} files{what}"));
    measure("");
    let all: String = (0..TREE).map(|number| format!("{}\n", name(number))).collect();
    write(folder, ".git/all", &all);
    let input = std::fs::File::open(folder.join(".git/all")).expect("list");
    let flags = git(folder).args(["update-index", "--assume-unchanged", "--stdin"]).stdin(input).status();
    assert!(flags.expect("git runs").success(), "flags are set");
    measure(", all flagged as unchanged");
    (0..TREE).for_each(|number| write(folder, &format!("target/{}", name(number)), "x\n"));
    write(folder, "src/.gitattributes", "*.txt text\n");
    measure(", 20,000 more ignored, and attributes");
}

/// `check` over all documents of a repository.
fn bench_documents() {
    let changed: Vec<ChangedFile> = (0..10)
        .map(|n| DemoRepository::changed_file(&path(n), Some(&source(n, false)), Some(&source(n, true))))
        .collect();
    let folder = tempfile::tempdir().expect("temporary folder");
    let mut bytes = 0;
    let mut lay = |path: &str, text: &str| {
        bytes += text.len();
        write(folder.path(), path, text);
    };
    for (path, text) in
        DemoRepository::base_files().into_iter().chain(DemoRepository::approved_files(&"a".repeat(40)))
    {
        lay(path, &text);
    }
    let packet = DemoRepository::packet_text(&"a".repeat(40), RecordedHashes::Correct, &changed);
    let refinement =
        DemoRepository::approved_files("x").into_iter().find(|(path, _)| path.contains("refinements"));
    let refinement = refinement.expect("refinement").1;
    for number in 0..250 {
        let named = |text: &str| text.replace("Farewell", &format!("Farewell-{number:03}"));
        lay(&format!(".GOV/task_packets/WP-1-Farewell-{number:03}.md"), &named(&packet));
        lay(&format!(".GOV/refinements/WP-1-Farewell-{number:03}.md"), &named(&refinement));
    }
    bench_check("500 generated documents", folder.path(), &[], bytes, 508);
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    let folders = ["packets", "refinements", "stubs", "contracts"];
    if corpus.is_dir() {
        let files = folders.iter().flat_map(|name| std::fs::read_dir(corpus.join(name)).expect("corpus"));
        let sizes: Vec<u64> = files.map(|file| file.expect("file").metadata().expect("size").len()).collect();
        let bytes = usize::try_from(sizes.iter().sum::<u64>()).expect("size");
        bench_check("the corpus", &corpus, &folders, bytes, sizes.len());
    } else {
        println!("check over the corpus: skipped, it is not there");
    }
}

fn bench_check(name: &str, folder: &Path, paths: &[&str], bytes: usize, documents: usize) {
    let run = |_| {
        let start = Instant::now();
        let mut command = Command::new(program());
        let status = command
            .current_dir(folder)
            .env("HOME", folder)
            .arg("check")
            .args(paths)
            .args(["--format", "json"]);
        let code = status.stdout(Stdio::null()).status().expect("runs").code();
        assert_eq!(code, Some(1), "these documents have findings");
        start.elapsed()
    };
    let mut times = Durations((0..11).map(run).collect());
    let seconds = times.median() / 1000.0;
    let (rate, each) = (bytes as f64 / 1e6 / seconds, documents as f64 / seconds);
    println!(
        "check over {name}, {:.1} MB: {}, {rate:.0} MB/s, {each:.0} documents/s",
        bytes as f64 / 1e6,
        times.format_times()
    );
}
