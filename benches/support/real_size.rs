//! A generated repository of the size of a real one: thousands of commits with merges,
//! packets and refinements of several generations, records, and a specification of 4 MB
//! with many versions. All contents are distinct, and it is packed as `git gc` leaves it.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

#[path = "specification.rs"]
mod specification;

use countersign::{DemoRepository, RecordedHashes};
use specification::{pointer, sha1_of, spec, spec_path};

/// Id of the packet that is worked on.
pub const ACTIVE: &str = "WP-1-Real";

/// How large the repository is.
#[derive(Clone, Copy)]
pub struct Size {
    pub merges: usize,
    pub packets: usize,
    pub refinements: usize,
    pub stubs: usize,
    pub spec_versions: usize,
    pub spec_bytes: usize,
    pub sources: usize,
    /// Functions of a source file.
    pub functions: usize,
    /// The only folders that are checked out; all if it is empty.
    pub cone: &'static [&'static str],
}

/// 2,000 commits.
pub const REAL: Size = Size {
    merges: 1_000,
    packets: 150,
    refinements: 60,
    stubs: 200,
    spec_versions: 20,
    spec_bytes: 4_000_000,
    sources: 4_000,
    functions: 50,
    cone: &[],
};

/// Nine times the history, documents as before. A walk over more than 20,000 commits is
/// refused.
pub const LONG: Size = Size { merges: 9_000, ..REAL };

/// 200,000 files, of which a sparse cone is checked out.
pub const WIDE: Size = Size {
    merges: 100,
    packets: 20,
    refinements: 10,
    stubs: 20,
    spec_versions: 2,
    spec_bytes: 100_000,
    sources: 200_000,
    functions: 5,
    cone: &[".GOV", "gen/part01"],
};

/// A stream of pseudo-random words, the same in every run.
struct Words(u64);

impl Words {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    fn sentence(&mut self) -> String {
        const PARTS: [&str; 12] =
            ["ka", "ro", "mi", "ten", "sul", "var", "ped", "lin", "os", "gra", "dun", "eth"];
        let mut out = String::new();
        for _ in 0..12 {
            for _ in 0..=self.next() % 2 {
                out.push_str(PARTS[usize::try_from(self.next() % 12).expect("index")]);
            }
            out.push(' ');
        }
        out.truncate(out.trim_end().len());
        out + "."
    }
}

/// Writes commits for `git fast-import`.
struct Importer {
    out: std::process::ChildStdin,
    commits: usize,
}

impl Importer {
    /// Writes one commit with these files; returns its mark.
    fn commit(&mut self, branch: &str, parents: &[usize], files: &[(String, String)]) -> usize {
        self.replace(branch, parents, files, None)
    }

    /// Writes one commit with these files and without another one; returns its mark.
    fn replace(
        &mut self,
        branch: &str,
        parents: &[usize],
        files: &[(String, String)],
        removed: Option<String>,
    ) -> usize {
        self.commits += 1;
        let mut head = format!("commit refs/heads/{branch}\nmark :{}\n", self.commits);
        let time = 1_700_000_000 + self.commits * 60;
        for role in ["author", "committer"] {
            let _ = writeln!(head, "{role} Bench <bench@example.org> {time} +0000");
        }
        head.push_str("data 1\nx\n");
        for (word, parent) in ["from", "merge"].iter().zip(parents) {
            let _ = writeln!(head, "{word} :{parent}");
        }
        self.out.write_all(head.as_bytes()).expect("fast-import reads");
        if let Some(path) = removed {
            self.out.write_all(format!("D {path}\n").as_bytes()).expect("fast-import reads");
        }
        for (path, text) in files {
            let header = format!("M 100644 inline {path}\ndata {}\n", text.len());
            self.out.write_all(header.as_bytes()).expect("fast-import reads");
            self.out.write_all(text.as_bytes()).expect("fast-import reads");
            self.out.write_all(b"\n").expect("fast-import reads");
        }
        self.commits
    }
}

fn source(number: usize, version: usize, functions: usize, words: &mut Words) -> (String, String) {
    let mut text = format!("//! Module {number}, version {version}: {}\n\n", words.sentence());
    for line in 0..functions {
        let _ = writeln!(text, "pub fn f{line}() -> usize {{\n    {}\n}}", number * 100 + version + line);
    }
    (format!("gen/part{:02}/module{number:05}.rs", number % 80), text)
}

/// The records with the rows of the first packets.
fn records(count: usize) -> Vec<(String, String)> {
    let mut board = "# Task Board\n\n## Ready for Dev\n\n## In Progress\n\n## Done\n\n".to_owned();
    let mut registry = "# Work Packet Traceability Registry\n\n| Base WP ID | Active Packet | Task Board | Notes |\n|---|---|---|---|\n".to_owned();
    let mut audit = "# SIGNATURE_AUDIT\n\n| Signature | Used By | Date/Time | Purpose | Master Spec Version | Notes |\n|---|---|---|---|---|---|\n".to_owned();
    let mut entries: Vec<String> = Vec::new();
    for number in 0..count {
        let id = packet_id(number);
        let signature = format!(
            "mira{:02}{:02}2025{:02}{:02}",
            number % 28 + 1,
            number % 12 + 1,
            number % 24,
            number % 60
        );
        let _ = writeln!(board, "- **[{id}]** - [VALIDATED]");
        let _ = writeln!(registry, "| {id} | .GOV/task_packets/{id}.md | Done | |");
        let _ = writeln!(
            audit,
            "| {signature} | Orchestrator | 2025-01-01 10:00 | Task packet creation: {id} | v01 | |"
        );
        entries.push(format!("    {{\"wpId\": \"{id}\", \"type\": \"REFINEMENT\", \"timestamp\": \"2025-01-01T10:00:00.000Z\"}}"));
        entries.push(format!("    {{\"wpId\": \"{id}\", \"type\": \"SIGNATURE\", \"signature\": \"{signature}\", \"timestamp\": \"2025-01-01T11:00:00.000Z\"}}"));
    }
    let log = format!("{{\n  \"gate_logs\": [\n{}\n  ]\n}}\n", entries.join(",\n"));
    vec![
        (".GOV/roles_shared/TASK_BOARD.md".into(), board),
        (".GOV/roles_shared/WP_TRACEABILITY_REGISTRY.md".into(), registry),
        (".GOV/roles_shared/SIGNATURE_AUDIT.md".into(), audit),
        (".GOV/roles/orchestrator/ORCHESTRATOR_GATES.json".into(), log),
    ]
}

fn packet_id(number: usize) -> String {
    format!("WP-{}-Part-{number:03}", number % 4 + 1)
}

/// The packet with a number: a real packet's text, longer, closed.
fn packet(number: usize) -> (String, String) {
    let id = packet_id(number);
    let text = DemoRepository::packet_text(&"a".repeat(40), RecordedHashes::Correct, &[]);
    let mut text = text.replace("WP-1-Farewell", &id).replace("In Progress", "Validated (PASS)");
    let mut words = Words(number as u64 + 1000);
    text.push_str("\n## VALIDATION_REPORTS\n\n### Report\n- Verdict: PASS\n\n");
    for _ in 0..250 {
        let _ = writeln!(text, "- {}", words.sentence());
    }
    (format!(".GOV/task_packets/{id}.md"), text)
}

/// The refinement of a packet against a version of the specification, of which it records
/// the hash.
fn refinement(number: usize, version: usize, spec_hash: &str) -> (String, String) {
    let id = packet_id(number);
    let files = DemoRepository::approved_files("x");
    let text = &files.iter().find(|(path, _)| path.contains("refinements")).expect("refinement").1;
    let mut words = Words(number as u64 + 5000);
    let recorded = text.lines().find_map(|line| line.strip_prefix("- SPEC_TARGET_SHA1: ")).expect("a hash");
    let mut text = text.replace(recorded, spec_hash);
    for (from, to) in [
        ("WP-1-Farewell", id.as_str()),
        ("Greeter_Spec_v01.md", &spec_path(version)),
        ("2.2 Farewell", "2.1 Second word"),
        (
            "The library MUST say goodbye \\u2014 by name where there is one.",
            "The file `a.txt` MUST hold a second line, the word two.",
        ),
        ("MUST say goodbye", "MUST hold a second line"),
    ] {
        assert!(text.contains(from), "the demo's refinement contains {from}");
        text = text.replace(from, to);
    }
    for _ in 0..80 {
        let _ = writeln!(text, "- {}", words.sentence());
    }
    (format!(".GOV/refinements/{id}.md"), text)
}

fn stub(number: usize) -> (String, String) {
    let id = format!("WP-9-Stub-{number:03}");
    let text = format!(
        "# Work Packet Stub: {id}\n\n## METADATA\n- WP_ID: {id}\n\n{}\n",
        Words(number as u64).sentence()
    );
    (format!(".GOV/task_packets/stubs/{id}.md"), text)
}

pub fn git(folder: &Path) -> Command {
    let mut command = Command::new("git");
    command.current_dir(folder).env("HOME", folder).env("GIT_CONFIG_NOSYSTEM", "1").stdout(Stdio::null());
    for role in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{role}_NAME"), "Bench").env(format!("GIT_{role}_EMAIL"), "b@example.org");
    }
    command
}

pub fn run_git(folder: &Path, arguments: &[&str]) {
    assert!(git(folder).args(arguments).status().expect("git runs").success(), "git {arguments:?}");
}

/// Builds the history on main.
fn import_history(folder: &Path, size: Size) {
    run_git(folder, &["init", "-q", "-b", "main"]);
    let mut import =
        git(folder).args(["fast-import", "--quiet"]).stdin(Stdio::piped()).spawn().expect("git runs");
    let mut importer = Importer { out: import.stdin.take().expect("input"), commits: 0 };
    let mut words = Words(1);
    let mut first: Vec<(String, String)> = vec![
        ("a.txt".into(), "one\n".into()),
        (".gitignore".into(), "/target\n/.countersign/\n".into()),
        (
            "countersign.yaml".into(),
            "version: 1\nmain_branch: main\nminimum_format: \"2026-02-01\"\nlogs: .countersign/logs\nsteps: []\n".into(),
        ),
        (spec_path(0), spec(0, size)),
        pointer(0),
    ];
    let (mut version, mut spec_hash) = (0, sha1_of(&spec(0, size)));
    first.extend(records(0));
    first.extend((0..size.stubs).map(stub));
    first.extend((0..size.sources).map(|number| source(number, 0, size.functions, &mut words)));
    let mut main = importer.commit("main", &[], &first);
    let every = |count: usize| (size.merges / count).max(1);
    for merge in 1..=size.merges {
        let changed: Vec<(String, String)> = (0..3)
            .map(|n| source((merge * 7 + n * 131) % size.sources, merge, size.functions, &mut words))
            .collect();
        let branch = importer.commit("work", &[main], &changed);
        let mut files = changed;
        if merge % every(size.packets) == 0 && merge / every(size.packets) <= size.packets {
            let number = merge / every(size.packets) - 1;
            files.push(packet(number));
            // Refinements were made against all versions.
            let refined = |number: usize| number * size.refinements / size.packets;
            if refined(number) != refined(number + 1) {
                files.push(refinement(number, version, &spec_hash));
            }
            files.extend(records(number + 1));
        }
        let mut removed = None;
        if merge % every(size.spec_versions) == 0 && version + 1 < size.spec_versions {
            removed = Some(spec_path(version));
            version += 1;
            let text = spec(version, size);
            spec_hash = sha1_of(&text);
            files.extend([(spec_path(version), text), pointer(version)]);
        }
        main = importer.replace("main", &[main, branch], &files, removed);
    }
    drop(importer);
    assert!(import.wait().expect("fast-import ends").success(), "fast-import");
    run_git(folder, &["branch", "-D", "work"]);
    if !size.cone.is_empty() {
        run_git(folder, &[&["sparse-checkout", "set", "--cone"], size.cone].concat());
    }
    run_git(folder, &["checkout", "-q", "-f", "main"]);
}

/// Runs the tool, which must succeed.
fn run_tool(folder: &Path, program: &Path, arguments: &[&str]) {
    let output = Command::new(program).current_dir(folder).env("HOME", folder).args(arguments).output();
    let output = output.expect("runs");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stdout));
}

fn replace_all(path: &Path, pairs: &[(&str, &str)]) {
    let mut text = std::fs::read_to_string(path).expect("document");
    for (from, to) in pairs {
        assert!(text.contains(from), "{} does not contain {from}", path.display());
        text = text.replace(from, to);
    }
    std::fs::write(path, text).expect("document");
}

/// Builds the repository in an empty folder: the history, and the signed packet [`ACTIVE`]
/// with its work on a branch. Returns the range of the work.
pub fn build(folder: &Path, program: &Path, size: Size) -> String {
    import_history(folder, size);
    run_git(folder, &["switch", "-q", "-c", "feat/WP-1-Real"]);
    run_tool(folder, program, &["new", "refinement", ACTIVE, "--anchor", "9-11"]);
    replace_all(
        &folder.join(".GOV/refinements/WP-1-Real.md"),
        &[
            ("[ ]", "[x] PASS"),
            ("<fill: PASS or FAIL>", "PASS"),
            ("<fill: YES or NO>", "NO"),
            ("<fill: why>", "Section 2.1 says it."),
            ("<fill: why the specification suffices>", "The wording is normative."),
            ("<fill: what is ambiguous, or NONE>", "NONE"),
            ("<fill: what the specification leaves open, or NONE>", "NONE"),
            ("<fill: what is recorded, or NONE>", "NONE"),
            ("<fill: how this could be abused, or NONE>", "NONE"),
            ("<fill: the types and functions, or NONE>", "NONE"),
        ],
    );
    run_tool(folder, program, &["refine", ACTIVE]);
    let signature = format!("mira{}", jiff::Timestamp::now().strftime("%d%m%y%H%M%S"));
    run_tool(folder, program, &["sign", ACTIVE, &signature]);
    run_tool(folder, program, &["prepare", ACTIVE, "--coder", "coder-a"]);
    run_tool(folder, program, &["new", "packet", ACTIVE]);
    replace_all(
        &folder.join(".GOV/task_packets/WP-1-Real.md"),
        &[
            ("<fill: who wants this>", "Mira (Operator)"),
            ("<fill: who wrote this packet>", "orchestrator-1"),
            ("<fill: LOW, MEDIUM or HIGH>", "LOW"),
            ("<fill: the change, in a sentence>", "Add the second word."),
            ("<fill: the need behind it>", "The specification asks for it."),
            ("  - path/to/file\n", "  - gen/part01/\n"),
            ("<fill: what stays as it is>", "All other files"),
            ("<fill: one command a line>", "grep -qx two a.txt"),
            ("measurable criterion 1", "a.txt has a second line, `two`."),
            ("<fill: a path>", "a.txt"),
            ("<fill: a word>", "\"one\""),
            ("<fill: a command>", "cat a.txt"),
            ("<fill: \"risk\" -> \"impact\">", "\"the word is lost\" -> \"readers fail\""),
            ("has agreed.)\n", "has agreed.)\n\nSKELETON APPROVED\n"),
        ],
    );
    run_git(folder, &["add", "-A"]);
    run_git(folder, &["commit", "-q", "-m", "contract"]);
    let mut words = Words(3);
    for number in (1..size.sources).step_by(80).take(40) {
        let (path, text) = source(number, 900_000, size.functions, &mut words);
        std::fs::write(folder.join(path), text).expect("source");
    }
    run_tool(folder, program, &["manifest", ACTIVE, "--write"]);
    run_git(folder, &["add", "-A"]);
    run_git(folder, &["commit", "-q", "-m", "work"]);
    run_git(folder, &["gc", "-q"]);
    "main..HEAD".to_owned()
}

/// Returns the number of different blobs of a repository.
pub fn count_blobs(folder: &Path) -> usize {
    let output = git(folder)
        .args(["cat-file", "--batch-all-objects", "--batch-check=%(objecttype)"])
        .stdout(Stdio::piped())
        .output()
        .expect("git runs");
    output.stdout.split(|byte| *byte == b'\n').filter(|line| *line == b"blob").count()
}
