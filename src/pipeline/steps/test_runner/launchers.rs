//! Programs that start another program: `env`, `timeout`, `npx`, `uv run`, `python -m`,
//! and a shell with a script.

use crate::config::{code_of_options, is_assignment, options_of, peel_launcher, skip_options};

use super::names::{package_name, program_name, runner_by_name, script_name};

/// Returns the command that a launcher starts; `None` if the program is no launcher.
pub(super) fn peel<'a>(words: &[&'a str]) -> Option<Vec<&'a str>> {
    let (program, rest) = words.split_first()?;
    let name = program_name(program);
    let inner = peel_words(name, rest)?;
    // `npx -c jest` has the command in an option.
    if inner.is_empty() { code_of_options(name, rest).and_then(split_code) } else { Some(inner) }
}

fn peel_words<'a>(name: &str, rest: &[&'a str]) -> Option<Vec<&'a str>> {
    if let Some(inner) = peel_launcher(name, rest) {
        return Some(inner);
    }
    match name {
        "direnv" => {
            let (subcommand, rest) = rest.split_first()?;
            (*subcommand == "exec").then(|| rest.get(1..).unwrap_or_default().to_vec())
        }
        "sh" | "bash" | "dash" | "zsh" | "ksh" => peel_shell(rest),
        "npx" | "bunx" | "pnpx" => Some(skip_options(rest, options_of(name))),
        "npm" | "pnpm" | "yarn" | "bun" => peel_package_manager(name, rest),
        "node" | "nodejs" => peel_node(rest),
        "coverage" => {
            let (subcommand, rest) = rest.split_first()?;
            let rest = (*subcommand == "run").then(|| skip_options_but_module(rest))?;
            Some(rest)
        }
        _ if is_python(name) => {
            let inner = skip_options_but_module(rest);
            let is_module = rest.contains(&"-m");
            let is_script =
                inner.first().is_some_and(|word| std::path::Path::new(word).extension().is_some());
            (is_module || is_script).then_some(inner)
        }
        _ => None,
    }
}

fn is_python(name: &str) -> bool {
    let rest = name.strip_prefix("python").or_else(|| name.strip_prefix("pypy"));
    rest.is_some_and(|version| version.chars().all(|c| c.is_ascii_digit() || c == '.')) || name == "py"
}

/// Returns the module after `-m` with its arguments, or the script with its
/// arguments.
fn skip_options_but_module<'a>(words: &[&'a str]) -> Vec<&'a str> {
    let before_script = words.iter().take_while(|word| word.starts_with('-')).position(|word| *word == "-m");
    match before_script {
        Some(at) => words.get(at + 1..).unwrap_or_default().to_vec(),
        None => skip_options(words, "-W -X --source --omit --include --rcfile --data-file"),
    }
}

/// A shell runs a script, or with `-c` one command. A command that needs a shell is
/// not followed.
fn peel_shell<'a>(rest: &[&'a str]) -> Option<Vec<&'a str>> {
    let is_command = |word: &&&str| word.starts_with('-') && !word.starts_with("--") && word.contains('c');
    if let Some(at) = rest.iter().take_while(|word| word.starts_with('-')).position(|word| is_command(&word))
    {
        return split_code(rest.get(at + 1)?);
    }
    Some(skip_options(rest, "-o -O"))
}

/// Splits code that is one command without anything for a shell.
fn split_code(code: &str) -> Option<Vec<&str>> {
    let needs_shell = code.contains(['|', '&', ';', '<', '>', '(', ')', '$', '`', '\n', '\'', '"', '\\']);
    (!needs_shell).then(|| code.split_whitespace().skip_while(|word| is_assignment(word)).collect())
}

/// `pnpm exec vitest`, `yarn jest`: the program behind a package manager. Scripts of
/// package.json are classified by [`classify`].
fn peel_package_manager<'a>(manager: &str, rest: &[&'a str]) -> Option<Vec<&'a str>> {
    let mut rest = skip_options(rest, options_of(manager));
    if rest.first() == Some(&"workspace") && manager == "yarn" {
        rest = rest.get(2..)?.to_vec();
    }
    let (subcommand, arguments) = rest.split_first()?;
    match (manager, *subcommand) {
        ("npm" | "pnpm" | "yarn", "exec") | ("pnpm" | "yarn", "dlx") | ("npm" | "bun", "x") => {
            Some(skip_options(arguments, "-p --package -c"))
        }
        ("pnpm" | "yarn", word) if runner_by_name(package_name(word)).is_some() => Some(rest),
        ("bun", "run") if arguments.first().is_some_and(|word| runner_by_name(word).is_some()) => {
            Some(arguments.to_vec())
        }
        _ => None,
    }
}

fn peel_node<'a>(rest: &[&'a str]) -> Option<Vec<&'a str>> {
    let is_test = rest.iter().take_while(|word| word.starts_with('-')).any(|word| *word == "--test");
    if is_test {
        return None;
    }
    let rest = skip_options(rest, "-r --require --import --loader -C --conditions");
    let is_program = rest.first().is_some_and(|word| runner_by_name(script_name(word)).is_some());
    is_program.then_some(rest)
}
