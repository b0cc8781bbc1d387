//! Paths that control the checks, by kind: a change to them needs an exact scope entry.

use crate::check::context::ProtectedPattern;

use super::step::GateStep;

/// Files of this tool, of hooks and of git.
const CHECKS: [&str; 13] = [
    "countersign.yaml",
    ".countersign/",
    "rules/countersign/",
    ".githooks/",
    ".husky/",
    ".pre-commit-config.yaml",
    "lefthook.yml",
    "lefthook.yaml",
    ".lefthook.yml",
    ".gitattributes",
    ".gitmodules",
    ".gitignore",
    ".lfsconfig",
];

/// Files of continuous integration, and of who must review.
const INTEGRATION: [&str; 50] = [
    ".github/",
    ".gitlab-ci.yml",
    ".gitlab-ci.yaml",
    ".gitlab/",
    ".ci/",
    ".circleci/",
    "Jenkinsfile",
    ".jenkins/",
    "azure-pipelines.yml",
    "azure-pipelines.yaml",
    ".azure-pipelines/",
    ".azuredevops/",
    ".travis.yml",
    "appveyor.yml",
    ".appveyor.yml",
    ".appveyor/",
    ".drone.yml",
    ".drone.yaml",
    ".drone.star",
    ".drone.jsonnet",
    ".woodpecker.yml",
    ".woodpecker.yaml",
    ".woodpecker/",
    ".buildkite/",
    "bitbucket-pipelines.yml",
    ".teamcity/",
    ".cirrus.yml",
    ".cirrus.star",
    ".semaphore/",
    "buildspec.yml",
    "buildspec.yaml",
    "cloudbuild.yaml",
    "cloudbuild.yml",
    ".tekton/",
    ".forgejo/",
    ".gitea/",
    ".builds/",
    ".build.yml",
    ".zuul.yaml",
    ".zuul.d/",
    "zuul.yaml",
    "bamboo-specs/",
    "wercker.yml",
    "screwdriver.yaml",
    ".taskcluster.yml",
    ".harness/",
    "codemagic.yaml",
    "bitrise.yml",
    ".prow/",
    "CODEOWNERS",
];

/// Settings that run programs, and settings and hooks of coding agents.
const TOOLS: [&str; 18] = [
    ".cargo/",
    ".claude/",
    ".codex/",
    ".cursor/",
    ".cursorrules",
    ".windsurf/",
    ".windsurfrules",
    ".gemini/",
    ".continue/",
    ".roo/",
    ".roomodes",
    ".clinerules",
    ".clinerules/",
    ".aider.conf.yml",
    ".mcp.json",
    ".amazonq/",
    ".kiro/",
    ".opencode/",
];

/// Returns the paths that the first configuration of a repository may come together with.
pub(crate) fn setup_patterns() -> Vec<ProtectedPattern> {
    parse_all(CHECKS.iter().chain(&INTEGRATION))
}

/// Returns the paths that are protected in every repository.
pub(super) fn default_patterns() -> Vec<ProtectedPattern> {
    parse_all(CHECKS.iter().chain(&INTEGRATION).chain(&TOOLS))
}

fn parse_all<'a>(texts: impl Iterator<Item = &'a &'static str>) -> Vec<ProtectedPattern> {
    texts.filter_map(|text| ProtectedPattern::parse(text)).collect()
}

/// Interpreters whose first argument is a script.
const INTERPRETERS: [&str; 22] = [
    "sh",
    "bash",
    "dash",
    "zsh",
    "fish",
    "ksh",
    "pwsh",
    "powershell",
    "python",
    "python3",
    "py",
    "node",
    "nodejs",
    "deno",
    "bun",
    "ruby",
    "perl",
    "php",
    "lua",
    "tsx",
    "ts-node",
    "Rscript",
];

/// Task runners, with the files that say what a task runs.
const TASK_RUNNERS: [(&str, &[&str]); 10] = [
    ("just", &["justfile", ".justfile"]),
    ("make", &["makefile", "GNUmakefile"]),
    ("gmake", &["makefile", "GNUmakefile"]),
    ("task", &["Taskfile.yml", "Taskfile.yaml", "Taskfile.dist.yml"]),
    ("rake", &["Rakefile"]),
    ("tox", &["tox.ini"]),
    ("nox", &["noxfile.py"]),
    ("invoke", &["tasks.py"]),
    ("mage", &["magefile.go", "magefiles/"]),
    ("ninja", &["build.ninja"]),
];

/// Programs that start the program behind them.
const LAUNCHERS: [&str; 12] =
    ["env", "uv", "uvx", "poetry", "pipenv", "pdm", "hatch", "rye", "npx", "nice", "time", "timeout"];

/// Returns the scripts and task files that a step runs: the work must not edit them unasked.
pub(super) fn step_patterns(step: &GateStep) -> Vec<ProtectedPattern> {
    let mut words = step.argv.iter().map(String::as_str).peekable();
    let mut out = Vec::new();
    let add = |text: &str, out: &mut Vec<ProtectedPattern>| {
        let path = join_below_root(&step.folder, text);
        let reason = || format!("the step `{}` runs it", step.name);
        out.extend(path.and_then(|path| ProtectedPattern::parse_path(&path, reason())));
    };
    while let Some(word) = words.next() {
        let name = word.rsplit(['/', '\\']).next().unwrap_or(word);
        let name = name.strip_suffix(".exe").unwrap_or(name);
        if word.contains('/') && !word.starts_with('-') {
            add(word, &mut out);
        }
        if LAUNCHERS.contains(&name) {
            // `uv run pytest`, `env A=1 make test`: the program comes later.
            while words.next_if(|word| is_launcher_word(word)).is_some() {}
            continue;
        }
        if let Some((_, files)) = TASK_RUNNERS.iter().find(|(runner, _)| *runner == name) {
            for file in *files {
                add(file, &mut out);
            }
            while let Some(word) = words.next() {
                if matches!(word, "-f" | "--file" | "--justfile" | "--makefile" | "--taskfile") {
                    words.peek().into_iter().for_each(|file| add(file, &mut out));
                }
            }
        } else if INTERPRETERS.contains(&name) {
            let is_shell = name.ends_with("sh");
            let is_code = |word: &str| {
                if is_shell {
                    // `-ec` has the same meaning as `-e -c`.
                    return word.starts_with('-') && !word.starts_with("--") && word.contains('c');
                }
                matches!(word, "-c" | "-m" | "-e" | "--eval" | "-p" | "--print" | "eval")
            };
            let rest: Vec<&str> = words.collect();
            // Arguments of a test runner are tests, not scripts.
            if rest.iter().any(|word| matches!(*word, "--test" | "test" | "-Itest" | "-Ispec")) {
                break;
            }
            let script = rest.into_iter().take_while(|word| !is_code(word)).find(|word| {
                !word.starts_with('-')
                    && !word.ends_with('/')
                    && !matches!(*word, "run" | "x")
                    && !word.is_empty()
            });
            script.into_iter().for_each(|script| add(script, &mut out));
        }
        break;
    }
    out
}

/// Returns whether a word behind a launcher is one of its own: an option, a variable, a
/// number or its subcommand.
fn is_launcher_word(word: &str) -> bool {
    word.starts_with('-')
        || word.contains('=')
        || matches!(word, "run" | "exec")
        || word.starts_with(|c: char| c.is_ascii_digit())
}

/// Joins a folder below the root and a path; `None` if it leads out of the root.
fn join_below_root(folder: &str, path: &str) -> Option<String> {
    if path.starts_with('/') || path.contains('\\') {
        return None;
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    let is_folder = path.ends_with('/');
    (!parts.is_empty()).then(|| format!("{}{}", parts.join("/"), if is_folder { "/" } else { "" }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::text::{RepoPath, Source};

    fn protects(argv: &[&str], path: &str) -> bool {
        let words: Vec<String> = argv.iter().map(|word| format!("{word:?}")).collect();
        let text = format!("version: 1\nsteps:\n  - name: t\n    run: [{}]\n", words.join(", "));
        let source = Source::from_text(RepoPath::from("countersign.yaml"), &text);
        let config = Config::read(&source).expect("configuration");
        let step = config.steps.expect("steps").remove(0);
        step_patterns(&step).iter().any(|pattern| pattern.covers(&RepoPath::from(path)))
    }

    #[test]
    fn scripts_that_a_step_runs_are_protected() {
        for (argv, path) in [
            (&["./scripts/test.sh", "--all"][..], "scripts/test.sh"),
            (&["bash", "-e", "scripts/test.sh"], "scripts/test.sh"),
            (&["just", "test"], "justfile"),
            (&["env", "A=1", "make", "-f", "build/rules.mk", "check"], "build/rules.mk"),
            (&["make", "check"], "makefile"),
            (&["uv", "run", "python", "tools/check.py"], "tools/check.py"),
            (&["node", "scripts/run.mjs"], "scripts/run.mjs"),
        ] {
            assert!(protects(argv, path), "{argv:?}");
        }
        for (argv, path) in [
            (&["cargo", "test"][..], "src/lib.rs"),
            (&["pytest", "tests/"], "tests/test_a.py"),
            (&["python", "-m", "pytest", "tests/test_a.py"], "tests/test_a.py"),
            (&["bash", "-c", "true"], "true"),
            (&["node", "--test", "test/a.test.mjs"], "test/a.test.mjs"),
            (&["deno", "test", "-A", "test/"], "test/a.ts"),
            (&["bun", "test", "test/a.ts"], "test/a.ts"),
            (&["just", "test"], "sub/justfile"),
            (&["/usr/bin/make", "x"], "usr/bin/make"),
        ] {
            assert!(!protects(argv, path), "{argv:?}");
        }
    }

    #[test]
    fn kinds_of_files_are_protected_in_every_folder() {
        let all = default_patterns();
        let covers = |path: &str| all.iter().any(|pattern| pattern.covers(&RepoPath::from(path)));
        for path in [".drone.yml", "docs/codeowners", "a/.cargo/config.toml", ".claude/settings.json"] {
            assert!(covers(path), "{path}");
        }
        for path in ["src/cargo/a.rs", "docs/claude.md", "agents.md", "src/builds/a.rs"] {
            assert!(!covers(path), "{path}");
        }
        assert_eq!(all.len(), CHECKS.len() + INTEGRATION.len() + TOOLS.len());
    }
}
