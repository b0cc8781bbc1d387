//! The scripts and task files that the command of a step names.

use crate::check::context::ProtectedPattern;

use super::step::GateStep;

/// Task runners, with the files that say what a task runs.
const TASK_RUNNERS: [(&str, &[&str]); 11] = [
    ("just", &["justfile", ".justfile"]),
    ("make", &["makefile", "GNUmakefile"]),
    ("gmake", &["makefile", "GNUmakefile"]),
    ("task", &["Taskfile.yml", "Taskfile.yaml", "Taskfile.dist.yml", "Taskfile.dist.yaml"]),
    ("rake", &["Rakefile"]),
    ("tox", &["tox.ini", "tox.toml"]),
    ("nox", &["noxfile.py"]),
    ("invoke", &["tasks.py", "tasks/__init__.py"]),
    ("inv", &["tasks.py", "tasks/__init__.py"]),
    ("mage", &["magefile.go", "magefiles/"]),
    ("ninja", &["build.ninja"]),
];

/// Programs that run the file of their first argument, with the ends that they add to it.
const INTERPRETERS: [(&str, &[&str]); 21] = [
    ("node", &[".js", ".mjs", ".cjs", "/index.js"]),
    ("tsx", &[".ts", ".js"]),
    ("ts-node", &[".ts", ".js"]),
    ("bun", &[".ts", ".js"]),
    ("deno", &[]),
    ("python", &[".py", "/__main__.py"]),
    ("py", &[".py", "/__main__.py"]),
    ("sh", &[]),
    ("bash", &[]),
    ("dash", &[]),
    ("zsh", &[]),
    ("fish", &[]),
    ("ksh", &[]),
    ("pwsh", &[".ps1"]),
    ("powershell", &[".ps1"]),
    ("ruby", &[]),
    ("perl", &[]),
    ("php", &[]),
    ("lua", &[]),
    ("Rscript", &[]),
    ("source", &[]),
];

/// Options of interpreters and task runners whose value is a file that they run.
const FILE_OPTIONS: [&str; 12] = [
    "-r",
    "--require",
    "--import",
    "--loader",
    "-f",
    "--file",
    "--justfile",
    "--makefile",
    "--taskfile",
    "-File",
    "--rcfile",
    "--init-file",
];

/// Extensions of scripts.
const SCRIPT_EXTENSIONS: [&str; 19] = [
    "sh", "bash", "zsh", "fish", "py", "js", "mjs", "cjs", "ts", "mts", "rb", "pl", "ps1", "php", "lua",
    "mk", "bat", "cmd", "just",
];

/// Programs that start the program behind them.
const LAUNCHERS: [&str; 14] = [
    "env", "timeout", "nice", "nohup", "time", "xvfb-run", "uv", "poetry", "pipenv", "pdm", "hatch", "rye",
    "npx", "sudo",
];

/// Interpreters that are test runners with an option or subcommand: what follows are tests.
const TESTING_INTERPRETERS: [&str; 4] = ["node", "deno", "bun", "ruby"];

/// Returns the scripts and task files that a step runs: the work must not edit them unasked.
/// A script that another script calls is not found.
pub(super) fn step_patterns(step: &GateStep) -> Vec<ProtectedPattern> {
    let mut paths: Vec<String> = Vec::new();
    collect_paths(&step.argv, &step.folder, &mut paths);
    paths.sort();
    paths.dedup();
    let reason = || format!("the step `{}` runs it", step.name);
    paths.iter().filter_map(|path| ProtectedPattern::parse_path(path, reason())).collect()
}

/// Returns the name of a program, without its folder, extension and version.
fn program_name(word: &str) -> &str {
    let name = word.rsplit(['/', '\\']).next().unwrap_or(word);
    let name = name.strip_suffix(".exe").unwrap_or(name);
    name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.')
}

/// Collects the paths of a command that runs in a folder below the root.
fn collect_paths(argv: &[String], folder: &str, out: &mut Vec<String>) {
    let mut folder = folder.to_owned();
    let is_launched = argv.first().is_some_and(|word| LAUNCHERS.contains(&program_name(word)));
    let mut may_test = false;
    let mut words = argv.iter().map(String::as_str).enumerate();
    let mut interpreter: Option<&[&str]> = None;
    let mut runner: Option<&[&str]> = None;
    let mut plain: Option<&str> = None;
    let mut add = |folder: &str, path: &str| out.extend(join_below_root(folder, path));
    while let Some((index, word)) = words.next() {
        let name = program_name(word);
        let is_start = interpreter.is_none() && runner.is_none();
        if is_start
            && word.contains('/')
            && !word.starts_with('-')
            && (index == 0 || (is_launched && word.starts_with("./")))
        {
            add(&folder, word);
        }
        if word.contains(char::is_whitespace) {
            collect_from_code(word, &folder, &mut add);
        } else if let Some((_, files)) = TASK_RUNNERS.iter().find(|(known, _)| is_start && *known == name) {
            runner = Some(files);
        } else if let Some((_, ends)) = INTERPRETERS.iter().find(|(known, _)| is_start && *known == name) {
            interpreter = Some(ends);
            may_test = TESTING_INTERPRETERS.contains(&name);
        } else if matches!(word, "-C" | "--directory" | "--working-directory") {
            folder = words.next().and_then(|(_, next)| join_below_root(&folder, next)).unwrap_or(folder);
        } else if word == "-m" && interpreter.is_some() {
            let module = words.next().map_or_else(String::new, |(_, next)| next.replace('.', "/"));
            add(&folder, &format!("{module}.py"));
            add(&folder, &format!("{module}/__main__.py"));
            return;
        } else if may_test && (matches!(word, "--test" | "test") || word.starts_with("-Itest")) {
            return;
        } else if interpreter.is_some() && is_code_option(word) {
            // Code of a shell can name scripts; code of a language is on the command line.
            words.next().into_iter().for_each(|(_, code)| collect_from_code(code, &folder, &mut add));
            return;
        } else if FILE_OPTIONS.contains(&word) && !is_start {
            words.next().into_iter().for_each(|(_, next)| add(&folder, next));
        } else if let Some(option) = word.strip_prefix('-').filter(|_| !is_start) {
            // `--file=x.mk`, `-fx.mk`: the value of an option can be a file that runs.
            let value =
                option.split_once('=').map_or(option.get(1..).unwrap_or_default(), |(_, value)| value);
            if is_script(value) {
                add(&folder, value);
            }
        } else if let Some(ends) = interpreter {
            if is_script(word) {
                add(&folder, word);
                ends.iter().for_each(|end| add(&folder, &format!("{word}{end}")));
                return;
            }
            plain = plain.or(Some(word).filter(|word| !matches!(*word, "run" | "x" | "exec" | "task")));
        } else if runner.is_some() && word.contains('/') {
            add(&folder, word);
        }
    }
    if let (Some(ends), Some(word)) = (interpreter, plain) {
        add(&folder, word);
        ends.iter().for_each(|end| add(&folder, &format!("{word}{end}")));
    }
    runner.into_iter().flatten().for_each(|file| add(&folder, file));
}

/// Returns whether an option is followed by code, as in `bash -lc` and `node -e`.
fn is_code_option(word: &str) -> bool {
    let letters = word.strip_prefix('-').filter(|rest| !rest.starts_with('-')).unwrap_or_default();
    matches!(word, "-e" | "--eval" | "-p" | "--print" | "-Command")
        || (letters.ends_with('c') && letters.len() <= 4 && letters.chars().all(|c| c.is_ascii_lowercase()))
}

/// Returns whether a word looks like the path of a script.
fn is_script(word: &str) -> bool {
    let extension = word.rsplit_once('.').map_or("", |(_, extension)| extension);
    !word.ends_with('/') && (word.contains('/') || SCRIPT_EXTENSIONS.contains(&extension))
}

/// Collects the paths of code for a shell, which may change its folder first.
fn collect_from_code(code: &str, folder: &str, add: &mut dyn FnMut(&str, &str)) {
    let mut folder = folder.to_owned();
    for command in code.split(['\n', ';', '&', '|']) {
        let words: Vec<String> =
            command.split_whitespace().map(|word| word.trim_matches(['"', '\'']).to_owned()).collect();
        match words.as_slice() {
            [first, to, ..] if first == "cd" => folder = join_below_root(&folder, to).unwrap_or(folder),
            [] => {}
            words => {
                let mut found = Vec::new();
                collect_paths(words, &folder, &mut found);
                found.iter().for_each(|path| add("", path));
            }
        }
    }
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
            (&["node", "scripts/run"], "scripts/run.js"),
            (&["bash", "-euo", "pipefail", "scripts/test.sh"], "scripts/test.sh"),
            (&["bash", "scripts/run.sh", "test"], "scripts/run.sh"),
            (&["bash", "scripts/run.sh", "jest", "--test"], "scripts/run.sh"),
            (&["node", "scripts/run.js", "--test"], "scripts/run.js"),
            (&["env", "A=1", "./run.sh"], "run.sh"),
            (&["bash", "-lc", "scripts/test.sh"], "scripts/test.sh"),
            (&["sh", "-c", "cd backend && ./run-tests.sh"], "backend/run-tests.sh"),
            (&["make", "-C", "tools", "check"], "tools/makefile"),
            (&["make", "--file=build/x.mk"], "build/x.mk"),
            (&["make", "-fbuild/x.mk"], "build/x.mk"),
            (&["env", "-S", "bash scripts/test.sh"], "scripts/test.sh"),
            (&["timeout", "-s", "KILL", "60", "bash", "scripts/test.sh"], "scripts/test.sh"),
            (&["python3.12", "-W", "error", "tools/check.py"], "tools/check.py"),
            (&["python3", "-m", "tools.check"], "tools/check.py"),
            (&["python3", "tools/check"], "tools/check/__main__.py"),
            (&["node", "-r", "./setup.js", "scripts/run.js"], "scripts/run.js"),
            (&["uv", "run", "--with", "pyyaml", "python", "scripts/t.py"], "scripts/t.py"),
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
            (&["npx", "jest", "tests/a.test.js"], "tests/a.test.js"),
            (&["go", "test", "./..."], "a/b.go"),
            (&["pytest", "./tests/test_a.py"], "tests/test_a.py"),
            (&["grep", "-q", "two", "src/a.txt"], "src/a.txt"),
            (&["ruff", "check", "src/a.py"], "src/a.py"),
            (&["bash", "scripts/lint.sh", "src/a.py"], "src/a.py"),
            (&["ruby", "-Itest", "test/a.rb"], "test/a.rb"),
        ] {
            assert!(!protects(argv, path), "{argv:?}");
        }
    }
}
