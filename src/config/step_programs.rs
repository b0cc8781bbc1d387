//! Which arguments of known programs are files that they run.

use super::said::has;

/// Programs that run the file of their first argument, with the ends that they add to it.
const INTERPRETERS: [(&str, &[&str]); 14] = [
    ("node nodejs", &[".js", ".mjs", ".cjs", "/index.js"]),
    (
        "tsx ts-node ts-node-esm ts-node-dev ts-node-transpile-only ts-node-script esno jiti vite-node swc-node",
        TYPESCRIPT,
    ),
    ("bun", TYPESCRIPT),
    ("babel-node electron", &[".js"]),
    ("coffee", &[".coffee"]),
    ("zx", &[".mjs"]),
    ("python pypy py ipython kernprof", &[".py", "/__main__.py"]),
    ("pwsh powershell", &[".ps1"]),
    ("sh bash rbash dash ash zsh fish ksh mksh csh tcsh elvish nu xonsh hy source", &[]),
    ("deno cscript wscript osascript ruby jruby perl php lua luajit Rscript julia elixir escript", &[]),
    ("groovy swift expect tclsh wish scala kotlin clojure bb guile racket ocaml runghc runhaskell", &[]),
    ("dart scala-cli java jbang rust-script octave raku crystal rdmd", &[]),
    ("ansible-playbook", &[]),
    // Behind a verb of a compiler: `zig run x.zig`.
    ("run-file", &[]),
];

const TYPESCRIPT: &[&str] = &[".ts", ".js"];

/// Returns the ends that an interpreter adds to the name of its script; `None` for other
/// programs.
pub(super) fn interpreter_ends(name: &str) -> Option<&'static [&'static str]> {
    INTERPRETERS.iter().find(|(names, _)| has(names, name)).map(|(_, ends)| *ends)
}

/// Shells: they read code from their input.
pub(super) const SHELLS: [&str; 11] =
    ["sh", "bash", "rbash", "dash", "ash", "zsh", "fish", "ksh", "mksh", "csh", "tcsh"];

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

/// Programs that read the files of their arguments and run none of them.
const LINTERS: &str = "ruff mypy pyright black isort flake pylint bandit pycodestyle pydocstyle \
     yapf autopep eslint oxlint stylelint tsc prettier biome rubocop shellcheck shfmt hadolint \
     yamllint markdownlint markdownlint-cli actionlint tflint ktlint swiftlint luacheck phpcs \
     phpstan clang-format cppcheck codespell";

/// Programs that read files and start no other program with their arguments.
const READERS: &str =
    "pytest py.test jest vitest mocha git grep rg cat ls echo printf test cp mv diff pip cargo";

/// Returns whether a program reads files and starts no other program with its arguments.
pub(super) fn is_reader(name: &str) -> bool {
    is_linter(name) || has(READERS, name)
}

/// Programs that start others, whose names variables often have.
const NAMES_OF_VARIABLES: &str = "npx npm pnpm yarn bunx uv uvx poetry docker podman cargo make sudo go";

/// Returns the program with this name in any case, if a variable is named after it.
pub(super) fn known_program(name: &str) -> Option<&'static str> {
    let lists = INTERPRETERS.iter().map(|(names, _)| *names).chain([LINTERS, READERS, NAMES_OF_VARIABLES]);
    lists.flat_map(|names| names.split(' ')).find(|known| known.eq_ignore_ascii_case(name))
}

/// Returns whether a program only checks the text of its files.
pub(super) fn is_linter(name: &str) -> bool {
    has(LINTERS, name)
}

/// Returns whether a verb of an interpreter reads, builds or tests its files, and runs none.
pub(super) fn is_reading_verb(interpreter: &str, verb: &str) -> bool {
    let verbs = match interpreter {
        "deno" => {
            "lint fmt check doc compile bundle cache install add remove publish info bench coverage \
             types outdated update upgrade task"
        }
        "bun" => "build install i ci add remove update outdated audit pm publish link create init upgrade",
        "dart" => "test analyze format compile pub fix doc create build info",
        "scala-cli" | "scala" => "test compile fmt package publish doc setup-ide clean",
        "crystal" => "spec build tool docs deps init",
        _ => return false,
    };
    has(verbs, verb)
}

/// Options of programs whose value is a file that they run, or that says what they run.
/// Those of all programs are in [`FILE_OPTIONS`].
const PROGRAM_OPTIONS: [(&str, &str); 36] = [
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
    ("pytest py.test", "-c --config-file"),
    ("tox", "-c --conf"),
    ("nox", "-f --noxfile"),
    ("rspec cucumber rubocop", "-r --require -O --options"),
    ("ruby jruby", "-r --require"),
    ("prove", "-e --exec"),
    ("phpunit pest", "-c --configuration --bootstrap"),
    ("ctest", "-S -SP --script"),
    ("cmake", "-P"),
    ("awk gawk mawk nawk", "-f --file -i --include"),
    ("sed", "-f --file"),
    ("gradle gradlew", "-b -I --build-file --init-script"),
    ("node", "-r --require --import --loader --experimental-loader"),
    ("tsx", "-r --require --import --loader"),
    ("nyc", "--require"),
    ("bun", "-r --preload"),
    ("go", "-exec -toolexec -overlay"),
    ("task", "-t --taskfile"),
    ("docker", "-f --file"),
    ("npm pnpm yarn", "--script-shell"),
    ("cargo", "--config-file"),
    ("cc gcc clang c++ g++ clang++", "-include -imacros -specs -fplugin -wrapper"),
    ("rustc", "-Clinker -C --codegen -Zcodegen-backend"),
    ("java", "-javaagent: -agentpath:"),
    ("kotlinc", "-script"),
    ("R", "-f --file"),
    ("php", "-dauto_prepend_file -dauto_append_file -d --define"),
    ("emacs", "--script -l --load"),
    ("nvim vim", "-l -S -u"),
];

/// Returns the options of a program whose value is a file that it runs.
pub(super) fn options_with_files(name: &str) -> Option<&'static str> {
    PROGRAM_OPTIONS.iter().find(|(names, _)| has(names, name)).map(|(_, options)| *options)
}

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
const SCRIPT_EXTENSIONS: [&str; 46] = [
    "sh", "bash", "zsh", "fish", "py", "js", "mjs", "cjs", "ts", "mts", "rb", "pl", "ps1", "php", "lua",
    "mk", "bat", "cmd", "just", "csh", "ksh", "nu", "xsh", "coffee", "r", "R", "jl", "ex", "exs", "groovy",
    "swift", "exp", "tcl", "awk", "cmake", "kts", "scala", "clj", "java", "dart", "csx", "fsx", "sc", "zig",
    "raku", "scpt",
];

/// Returns whether a word looks like the path of a script.
pub(super) fn is_script(word: &str) -> bool {
    let extension = word.rsplit_once('.').map_or("", |(_, extension)| extension);
    !word.ends_with('/') && (word.contains('/') || SCRIPT_EXTENSIONS.contains(&extension))
}

/// Endings of files that no interpreter runs.
const DATA_EXTENSIONS: &str = "json jsonc json5 yml yaml toml ini cfg conf xml csv tsv txt md rst adoc html \
     css scss svg sql lock properties puml mmd tf tfvars proto graphql log pdf png rmd c h cc cpp hpp";

/// Returns whether a word names a file of data by its ending.
pub(super) fn is_data(word: &str) -> bool {
    let file = word.rsplit('/').next().unwrap_or(word);
    file.rsplit_once('.').is_some_and(|(_, ending)| has(DATA_EXTENSIONS, &ending.to_lowercase()))
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
