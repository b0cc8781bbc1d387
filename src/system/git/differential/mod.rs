//! Differential tests: generated cases on which git and OpenSSH must agree with us.
//!
//! The cases are the same in every run, so that an unchanged tree gives an unchanged
//! answer. Set `COUNTERSIGN_SEED` to a number for other cases, or to `random` for new ones
//! each time; every test prints its seed. One case of each test is planted: our side gets another input than git, and the harness
//! must report exactly this case.

mod attributes;
mod ignores;
mod parents;
mod signers;
mod stored_bytes;

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::system::files::{self, ScratchFolder};

/// Number of generated cases of each test.
const CASES: usize = 5_000;

/// A generator of numbers (xorshift64*), so that a seed gives the same cases on every
/// machine.
pub(super) struct Generator(u64);

impl Generator {
    /// Prints the seed of a test, and starts from it.
    pub(super) fn new(test: &str) -> Self {
        let given = std::env::var("COUNTERSIGN_SEED").unwrap_or_default();
        let variant = if given == "random" { u64::from(std::process::id()) } else { 0 };
        let seed: u64 = given.parse().unwrap_or(0x9e37_79b9_7f4a_7c15 ^ (variant << 20));
        eprintln!("{test}: COUNTERSIGN_SEED={seed}");
        Self(seed.max(1))
    }

    fn advance(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// Returns a number below `limit`.
    pub(super) fn below(&mut self, limit: usize) -> usize {
        usize::try_from((self.advance() >> 33) % u64::try_from(limit).expect("limit")).expect("number")
    }

    pub(super) fn pick(&mut self, all: &[&'static str]) -> &'static str {
        all[self.below(all.len())]
    }

    /// Joins between 1 and `most` random parts.
    pub(super) fn join(&mut self, parts: &[&'static str], most: usize) -> String {
        (0..=self.below(most)).map(|_| self.pick(parts)).collect()
    }
}

/// One case: the answers of both sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Case {
    pub what: String,
    pub ours: String,
    pub theirs: String,
    /// Whether our side got another input on purpose.
    pub is_planted: bool,
}

/// Fails if the sides disagree on another case than the planted one, or agree on that.
pub(super) fn assert_only_the_planted_case_differs(cases: &[Case]) {
    assert!(cases.len() > CASES, "{} cases", cases.len());
    let wrong: Vec<&Case> =
        cases.iter().filter(|case| !case.is_planted && case.ours != case.theirs).collect();
    assert!(
        wrong.is_empty(),
        "{} of {} cases differ: {:#?}",
        wrong.len(),
        cases.len(),
        &wrong[..wrong.len().min(12)]
    );
    let planted: Vec<&Case> = cases.iter().filter(|case| case.is_planted).collect();
    assert!(
        planted.iter().any(|case| case.ours != case.theirs),
        "the planted case was not found: {planted:?}"
    );
}

/// A repository made by the `git` program, without settings of the user.
pub(super) struct GitSandbox {
    pub folder: ScratchFolder,
}

impl GitSandbox {
    pub(super) fn new() -> Self {
        let sandbox = Self { folder: files::create_scratch_folder("countersign-diff-").expect("folder") };
        sandbox.git(&["init", "-q", "-b", "main"], b"");
        sandbox
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Runs git with some bytes on its standard input; returns its output.
    pub(super) fn git(&self, arguments: &[&str], input: &[u8]) -> Vec<u8> {
        let mut command = Command::new("git");
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("GIT_") {
                command.env_remove(name);
            }
        }
        command.env("HOME", self.path()).env("XDG_CONFIG_HOME", self.path()).env("GIT_CONFIG_NOSYSTEM", "1");
        command.env("GIT_ATTR_NOSYSTEM", "1").args(["-c", "core.safecrlf=false"]).args(arguments);
        command.current_dir(self.path()).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("git runs");
        let mut stdin = child.stdin.take().expect("stdin");
        let output = std::thread::scope(|scope| {
            scope.spawn(move || {
                // git may end before it reads everything.
                let _ = stdin.write_all(input);
            });
            child.wait_with_output().expect("git ends")
        });
        // `check-ignore` ends with 1 if it ignores nothing.
        assert!(
            output.status.success() || arguments.first() == Some(&"check-ignore"),
            "git {arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        output.stdout
    }

    pub(super) fn write(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path().join(path);
        std::fs::create_dir_all(path.parent().expect("folder")).expect("folder");
        std::fs::write(path, bytes).expect("file");
    }
}

/// Names of files and folders for generated paths.
pub(super) const NAMES: [&str; 16] = [
    "a", "b", "ab", "abc", "x.txt", "foo", "foo.txt", "a b", "a ", "*", "[ab]", "é", "{a,b}", "#a", "!a", "A",
];

/// Generates a path of one to four names.
pub(super) fn generate_path(generator: &mut Generator) -> String {
    let names: Vec<&str> = (0..=generator.below(4)).map(|_| generator.pick(&NAMES)).collect();
    names.join("/")
}

/// Generates a pattern of an ignore or attributes file.
pub(super) fn generate_pattern(generator: &mut Generator) -> String {
    const PARTS: [&str; 36] = [
        "a",
        "b",
        "ab",
        "x.txt",
        "foo",
        ".txt",
        "*",
        "*",
        "**",
        "**/",
        "/**",
        "/",
        "/",
        "?",
        "[ab]",
        "[!a]",
        "[^b]",
        "[a-c]",
        "[[:alpha:]]",
        "[[:bogus:]]",
        "[]a]",
        "[a",
        "]",
        "\\*",
        "\\a",
        "\\",
        "{a,b}",
        "é",
        "!",
        "#",
        ".",
        "-",
        "A",
        "[[:digit:][:upper:]]",
        "***",
        "[\\]a]",
    ];
    generator.join(&PARTS, 5)
}
