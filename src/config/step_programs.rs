//! Which arguments of known programs are files that they run.

/// Task runners, with the files that say what a task runs.
pub(super) const TASK_RUNNERS: [(&str, &[&str]); 28] = [
    ("just", &["justfile", ".justfile"]),
    ("make", &["makefile", "GNUmakefile"]),
    ("gmake", &["makefile", "GNUmakefile"]),
    ("bmake", &["makefile", "BSDmakefile"]),
    ("task", &["Taskfile.yml", "Taskfile.yaml", "Taskfile.dist.yml", "Taskfile.dist.yaml"]),
    ("go-task", &["Taskfile.yml", "Taskfile.yaml", "Taskfile.dist.yml", "Taskfile.dist.yaml"]),
    ("rake", &["Rakefile", "Rakefile.rb"]),
    ("tox", &["tox.ini", "tox.toml"]),
    ("nox", &["noxfile.py"]),
    ("invoke", &["tasks.py", "tasks/__init__.py"]),
    ("inv", &["tasks.py", "tasks/__init__.py"]),
    ("mage", &["magefile.go", "magefiles/"]),
    ("ninja", &["build.ninja"]),
    ("doit", &["dodo.py"]),
    ("fab", &["fabfile.py"]),
    ("scons", &["SConstruct"]),
    ("ant", &["build.xml"]),
    ("gulp", &["gulpfile.js", "gulpfile.mjs", "gulpfile.ts", "gulpfile.babel.js"]),
    ("grunt", &["Gruntfile.js", "Gruntfile.cjs"]),
    ("jake", &["Jakefile", "Jakefile.js"]),
    ("earthly", &["Earthfile"]),
    ("makers", &["Makefile.toml"]),
    ("docker-compose", COMPOSE),
    ("podman-compose", COMPOSE),
    ("gradlew", &["gradle/wrapper/"]),
    ("mvnw", &[".mvn/"]),
    ("deno-task", &["deno.json", "deno.jsonc"]),
    (
        "mise-task",
        &[
            "mise.toml",
            ".mise.toml",
            ".mise/config.toml",
            ".config/mise.toml",
            "mise-tasks/",
            ".mise-tasks/",
            ".mise/tasks/",
        ],
    ),
];

/// Files that `docker compose` reads.
const COMPOSE: &[&str] = &[
    "docker-compose.yml",
    "docker-compose.yaml",
    "compose.yml",
    "compose.yaml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
    "compose.override.yml",
    "compose.override.yaml",
];

/// Programs that run the file of their first argument, with the ends that they add to it.
pub(super) const INTERPRETERS: [(&str, &[&str]); 62] = [
    ("node", &[".js", ".mjs", ".cjs", "/index.js"]),
    ("nodejs", &[".js", ".mjs", ".cjs", "/index.js"]),
    ("tsx", &[".ts", ".js"]),
    ("ts-node", &[".ts", ".js"]),
    ("ts-node-esm", &[".ts", ".js"]),
    ("esno", &[".ts", ".js"]),
    ("jiti", &[".ts", ".js"]),
    ("vite-node", &[".ts", ".js"]),
    ("babel-node", &[".js"]),
    ("coffee", &[".coffee"]),
    ("zx", &[".mjs"]),
    ("bun", &[".ts", ".js"]),
    ("deno", &[]),
    ("python", &[".py", "/__main__.py"]),
    ("pypy", &[".py", "/__main__.py"]),
    ("py", &[".py", "/__main__.py"]),
    ("xonsh", &[]),
    ("hy", &[]),
    ("sh", &[]),
    ("bash", &[]),
    ("rbash", &[]),
    ("dash", &[]),
    ("ash", &[]),
    ("zsh", &[]),
    ("fish", &[]),
    ("ksh", &[]),
    ("mksh", &[]),
    ("csh", &[]),
    ("tcsh", &[]),
    ("elvish", &[]),
    ("nu", &[]),
    ("pwsh", &[".ps1"]),
    ("powershell", &[".ps1"]),
    ("cscript", &[]),
    ("wscript", &[]),
    ("osascript", &[]),
    ("ruby", &[]),
    ("jruby", &[]),
    ("perl", &[]),
    ("php", &[]),
    ("lua", &[]),
    ("luajit", &[]),
    ("Rscript", &[]),
    ("julia", &[]),
    ("elixir", &[]),
    ("escript", &[]),
    ("groovy", &[]),
    ("swift", &[]),
    ("expect", &[]),
    ("tclsh", &[]),
    ("wish", &[]),
    ("scala", &[]),
    ("kotlin", &[]),
    ("clojure", &[]),
    ("bb", &[]),
    ("guile", &[]),
    ("racket", &[]),
    ("ocaml", &[]),
    ("runghc", &[]),
    ("runhaskell", &[]),
    ("ansible-playbook", &[]),
    ("source", &[]),
];

/// Shells: they read code from their input.
pub(super) const SHELLS: [&str; 14] = [
    "sh", "bash", "rbash", "dash", "ash", "zsh", "fish", "ksh", "mksh", "csh", "tcsh", "python", "node",
    "perl",
];

/// Interpreters that are test runners with an option or subcommand: what follows are tests.
pub(super) const TESTING_INTERPRETERS: [&str; 6] = ["node", "nodejs", "tsx", "deno", "bun", "ruby"];

/// Interpreters whose name stands for nothing else in a command line.
pub(super) const STRONG_INTERPRETERS: [&str; 16] = [
    "node",
    "nodejs",
    "tsx",
    "ts-node",
    "bun",
    "deno",
    "python",
    "bash",
    "sh",
    "zsh",
    "dash",
    "ruby",
    "perl",
    "php",
    "pwsh",
    "powershell",
];

/// Programs that read files and start no other program with their arguments.
pub(super) const READERS: [&str; 33] = [
    "pytest",
    "py.test",
    "ruff",
    "mypy",
    "pyright",
    "black",
    "isort",
    "flake",
    "pylint",
    "bandit",
    "eslint",
    "tsc",
    "prettier",
    "biome",
    "jest",
    "vitest",
    "mocha",
    "git",
    "grep",
    "rg",
    "cat",
    "ls",
    "echo",
    "printf",
    "test",
    "cp",
    "mv",
    "diff",
    "pip",
    "cargo",
    "rubocop",
    "shellcheck",
    "shfmt",
];

/// Returns whether a verb of an interpreter reads, builds or tests its files, and runs none.
pub(super) fn is_reading_verb(interpreter: &str, verb: &str) -> bool {
    match interpreter {
        "deno" => matches!(
            verb,
            "lint"
                | "fmt"
                | "check"
                | "doc"
                | "compile"
                | "bundle"
                | "cache"
                | "install"
                | "add"
                | "remove"
                | "publish"
                | "info"
                | "bench"
                | "coverage"
                | "types"
                | "outdated"
                | "update"
                | "upgrade"
                | "task"
        ),
        "bun" => matches!(
            verb,
            "build"
                | "install"
                | "i"
                | "ci"
                | "add"
                | "remove"
                | "update"
                | "outdated"
                | "audit"
                | "pm"
                | "publish"
                | "link"
                | "create"
                | "init"
                | "upgrade"
        ),
        _ => false,
    }
}

/// Options of programs whose value is a file that they run, or that says what they run.
/// Those of all programs are in [`FILE_OPTIONS`].
pub(super) const PROGRAM_OPTIONS: [(&str, &str); 32] = [
    (
        "jest",
        "-c --config --setupFiles --setupFilesAfterEnv --globalSetup --testRunner --runner --testEnvironment",
    ),
    ("vitest", "-c --config --workspace --globalSetup --setupFiles --runner"),
    ("mocha", "-r --require --config --file --import --loader --opts --ui"),
    ("ava", "--config --require"),
    ("playwright", "-c --config"),
    ("cypress", "-C --config-file"),
    ("karma", "--config"),
    ("pytest", "-c --config-file"),
    ("py.test", "-c --config-file"),
    ("tox", "-c --conf"),
    ("nox", "-f --noxfile"),
    ("rspec", "-r --require -O --options"),
    ("phpunit", "-c --configuration --bootstrap"),
    ("ctest", "-S -SP --script"),
    ("cmake", "-P"),
    ("awk", "-f --file"),
    ("gawk", "-f --file -i --include"),
    ("mawk", "-f"),
    ("nawk", "-f"),
    ("sed", "-f --file"),
    ("gradle", "-b -I --build-file --init-script"),
    ("gradlew", "-b -I --build-file --init-script"),
    ("node", "-r --require --import --loader --experimental-loader"),
    ("tsx", "-r --require --import --loader"),
    ("nyc", "--require"),
    ("bun", "-r --preload"),
    ("go", "-exec -toolexec -overlay"),
    ("task", "-t --taskfile"),
    ("docker", "-f --file"),
    ("npm", "--script-shell"),
    ("pnpm", "--script-shell"),
    ("yarn", "--script-shell"),
];

/// Options of interpreters and task runners whose value is a file that they run.
pub(super) const FILE_OPTIONS: [&str; 15] = [
    "-r",
    "--require",
    "--import",
    "--loader",
    "--experimental-loader",
    "-f",
    "--file",
    "--justfile",
    "--makefile",
    "--taskfile",
    "-buildfile",
    "--gulpfile",
    "-File",
    "--rcfile",
    "--init-file",
];

/// Manifests: their keys are compared by themselves.
pub(super) const MANIFESTS: [&str; 4] = ["package.json", "pyproject.toml", "Cargo.toml", "go.mod"];

/// Extensions of scripts.
const SCRIPT_EXTENSIONS: [&str; 38] = [
    "sh", "bash", "zsh", "fish", "py", "js", "mjs", "cjs", "ts", "mts", "rb", "pl", "ps1", "php", "lua",
    "mk", "bat", "cmd", "just", "csh", "ksh", "nu", "xsh", "coffee", "r", "R", "jl", "ex", "exs", "groovy",
    "swift", "exp", "tcl", "awk", "cmake", "kts", "scala", "clj",
];

/// Returns whether a word looks like the path of a script.
pub(super) fn is_script(word: &str) -> bool {
    let extension = word.rsplit_once('.').map_or("", |(_, extension)| extension);
    !word.ends_with('/') && (word.contains('/') || SCRIPT_EXTENSIONS.contains(&extension))
}

/// Returns the name of a program, without its folder, extension and version.
pub(super) fn program_name(word: &str) -> &str {
    let name = word.rsplit(['/', '\\']).next().unwrap_or(word);
    let name = [".exe", ".cmd", ".bat"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
    // `npx tsx@4` names a version.
    let name = name.split_once('@').map(|(name, _)| name).filter(|name| !name.is_empty()).unwrap_or(name);
    name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.')
}

/// Returns whether an option is followed by code, as in `bash -lc` and `node -e`.
pub(super) fn is_code_option(word: &str) -> bool {
    let letters = word.strip_prefix('-').filter(|rest| !rest.starts_with('-')).unwrap_or_default();
    matches!(word, "-e" | "--eval" | "-p" | "--print" | "-Command")
        || (letters.ends_with('c') && letters.len() <= 4 && letters.chars().all(|c| c.is_ascii_lowercase()))
}
