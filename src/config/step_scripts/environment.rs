//! Variables of the environment and settings that name what a program runs or loads.

use super::Paths;
use super::folders::Folders;
use crate::config::said::has;

/// How the value of a variable is read.
#[derive(Clone, Copy)]
enum ValueReading {
    /// Options of this program.
    Options(&'static str),
    /// Files that are loaded.
    Files,
    /// Folders in which these files are loaded.
    Inside(&'static [&'static str]),
    /// Folders of programs.
    Programs,
    /// Modules of Python.
    Modules,
}

/// Variables by their names, which are separated by spaces.
const VARIABLES: [(&str, ValueReading); 14] = [
    ("NODE_OPTIONS", ValueReading::Options("node")),
    ("BUN_OPTIONS", ValueReading::Options("bun")),
    ("RUBYOPT", ValueReading::Options("ruby")),
    ("PERL5OPT", ValueReading::Options("perl")),
    ("PYTEST_ADDOPTS", ValueReading::Options("pytest")),
    ("MAKEFLAGS GNUMAKEFLAGS MFLAGS", ValueReading::Options("make")),
    ("GOFLAGS", ValueReading::Options("go test")),
    ("RUSTFLAGS RUSTDOCFLAGS CARGO_BUILD_RUSTFLAGS", ValueReading::Options("rustc")),
    (
        "JAVA_TOOL_OPTIONS JDK_JAVA_OPTIONS _JAVA_OPTIONS MAVEN_OPTS GRADLE_OPTS",
        ValueReading::Options("java"),
    ),
    (
        "BASH_ENV ENV MAKEFILES PYTHONSTARTUP LD_PRELOAD LD_AUDIT DYLD_INSERT_LIBRARIES JUST_JUSTFILE \
         COMPOSE_FILE TOX_CONFIG_FILE GIT_CONFIG GIT_CONFIG_GLOBAL GIT_CONFIG_SYSTEM NPM_CONFIG_USERCONFIG \
         npm_config_userconfig npm_config_globalconfig COVERAGE_PROCESS_START R_PROFILE R_PROFILE_USER \
         LUA_INIT ANSIBLE_CONFIG MISE_CONFIG_FILE HATCH_CONFIG NEXTEST_CONFIG_FILE PHPRC",
        ValueReading::Files,
    ),
    ("ZDOTDIR", ValueReading::Inside(&[".zshenv", ".zprofile", ".zshrc"])),
    ("PYTHONPATH", ValueReading::Inside(&["sitecustomize.py", "usercustomize.py"])),
    ("PATH Path", ValueReading::Programs),
    ("PYTEST_PLUGINS", ValueReading::Modules),
];

/// Last words of the names of variables and settings whose value is a command.
const COMMANDS: &str = "RUNNER WRAPPER LAUNCHER LINKER SHELL COMMAND CMD EXEC EXECUTABLE INTERPRETER \
     RUSTC RUSTDOC RUSTFMT CC CXX CPP LD AR NVCC PYTHON NODE RUBY PERL SSH ASKPASS EDITOR VISUAL PAGER \
     BROWSER DIFF COMPILER";

/// Variables of folders outside of the work.
const OUTSIDE: &str = "HOME USERPROFILE VIRTUAL_ENV VENV GOPATH GOBIN GOROOT CARGO_HOME CONDA_PREFIX \
     JAVA_HOME PATH PYENV_ROOT NVM_DIR NVM_BIN PNPM_HOME BUN_INSTALL DENO_INSTALL TMPDIR RUNNER_TEMP";

impl Paths {
    /// Collects the paths of a variable that says what a program runs or loads.
    pub(super) fn collect_assignment(&mut self, word: &str, folders: &Folders, depth: usize) {
        let Some((name, value)) = word.split_once('=') else { return };
        let Some((_, reading)) = VARIABLES.iter().find(|(names, _)| has(names, name)) else {
            if is_command(name) {
                self.collect_code(value, folders, depth + 1);
            }
            return;
        };
        match reading {
            ValueReading::Options(program) => {
                self.collect_code(&format!("{program} {value}"), folders, depth + 1);
            }
            ValueReading::Modules => {
                value.split(',').for_each(|module| self.add_plugin(module.trim(), folders));
            }
            ValueReading::Files => {
                let files = value.split([':', ';', ',', ' ']).map(|file| file.trim_start_matches('@'));
                files.filter(|file| !file.is_empty()).for_each(|file| self.add(folders, file));
            }
            ValueReading::Inside(files) => {
                for folder in value.split([':', ';']).filter(|folder| is_of_work(folder)) {
                    let folders = folders.enter(folder);
                    files.iter().for_each(|file| self.add(&folders, file));
                }
            }
            ValueReading::Programs => {
                for folder in value.split([':', ';']).filter(|folder| is_of_work(folder)) {
                    let folder = below_root(folder).trim_end_matches('/');
                    self.add(folders, &format!("{folder}/"));
                }
            }
        }
    }

    /// Collects the command of a setting of cargo: `build.rustc-wrapper="x"`.
    pub(super) fn collect_setting(&mut self, setting: &str, folders: &Folders, depth: usize) {
        let Some((key, value)) = setting.rsplit_once('=') else { return };
        let key = key.trim().rsplit('.').next().unwrap_or_default().trim_matches(['"', '\'']);
        // A list of words is a command as well.
        let value = value.replace(['[', ']', ',', '"', '\''], " ");
        let name = key.replace('-', "_");
        let name = if setting.starts_with("env.") { key } else { name.as_str() };
        let name = if name == "rustflags" { "RUSTFLAGS" } else { name };
        self.collect_assignment(&format!("{name}={}", value.trim()), folders, depth);
    }
}

impl Paths {
    /// Collects the command of a setting of git: `core.pager=x`, `alias.a=!x`.
    pub(super) fn collect_setting_of_git(&mut self, setting: &str, folders: &Folders, depth: usize) {
        let Some((key, value)) = setting.split_once('=') else { return };
        let key = key.to_lowercase();
        let last = key.rsplit('.').next().unwrap_or_default();
        if last == "hookspath" {
            self.add(folders, &format!("{}/", value.trim_end_matches('/')));
        } else if key.starts_with("alias.") {
            value.strip_prefix('!').into_iter().for_each(|code| self.collect_code(code, folders, depth + 1));
        } else if has(COMMANDS_OF_GIT, last) {
            self.collect_code(value, folders, depth + 1);
        }
    }
}

/// Last parts of the settings of git whose value is a command.
const COMMANDS_OF_GIT: &str = "sshcommand pager editor askpass external fsmonitor textconv cmd clean smudge \
     process driver gitproxy helper program command";

/// Returns whether a variable with this name holds a command.
pub(super) fn is_command(name: &str) -> bool {
    let last = name.rsplit(['_', '-']).next().unwrap_or(name).to_uppercase();
    !last.is_empty() && has(COMMANDS, &last)
}

/// Returns whether a folder in a list may be one of the work.
fn is_of_work(folder: &str) -> bool {
    let name = folder.strip_prefix('$').map(|rest| rest.trim_start_matches('{'));
    let name = name.map(|rest| rest.split(['/', '}', ':']).next().unwrap_or(rest));
    !folder.is_empty() && !folder.starts_with(['/', '~']) && !name.is_some_and(|name| has(OUTSIDE, name))
}

/// Returns the path of a folder behind a variable: of the root, more often than of another one.
fn below_root(folder: &str) -> &str {
    if !folder.starts_with('$') || folder.starts_with("$PWD") || folder.starts_with("${PWD}") {
        return folder;
    }
    folder.split_once('/').map_or("", |(_, rest)| rest)
}
