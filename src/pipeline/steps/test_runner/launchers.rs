//! Programs that start another program: `env`, `timeout`, `npx`, `uv run`, `python -m`,
//! and a shell with a script.

use super::names::{package_name, program_name, runner_by_name, script_name};

/// Programs that only start another program. The text lists their options that take
/// a value, separated by spaces.
const LAUNCHERS: [(&str, &str); 15] = [
    ("nice", "-n --adjustment"),
    ("ionice", "-c -n --class --classdata"),
    ("nohup", ""),
    ("setsid", ""),
    ("time", "-f -o --format --output"),
    ("stdbuf", "-i -o -e"),
    ("unbuffer", ""),
    ("xvfb-run", "-n -s -e -f --server-num --server-args"),
    ("sudo", "-u -g --user --group"),
    ("doas", "-u"),
    ("command", ""),
    ("nyc", "-x -n --exclude --include --reporter"),
    ("c8", "-x -n --exclude --include --reporter -r"),
    ("cross-env", ""),
    ("dotenv", "-e -f --file"),
];

/// Programs with a subcommand that starts another program, with the subcommands and
/// the options that take a value.
const RUN_LAUNCHERS: [(&str, &str, &str); 11] = [
    (
        "uv",
        "run",
        "--with --extra --group --only-group --no-group --package --python -p --directory --project --env-file \
         --with-requirements --with-editable --index --default-index --config-file",
    ),
    ("poetry", "run", "-C --directory -P --project"),
    ("pipenv", "run", ""),
    ("pdm", "run", "-p --project"),
    ("hatch", "run", "-e --env"),
    ("rye", "run", ""),
    ("pixi", "run", "-e --environment --manifest-path"),
    ("conda", "run", "-n --name -p --prefix"),
    ("mise", "exec x", ""),
    ("bundle", "exec", ""),
    ("direnv", "exec", ""),
];

/// Removes options at the start; `valued` lists options whose value is the next
/// word. `--` ends the options.
pub(super) fn skip_options<'a>(words: &[&'a str], valued: &str) -> Vec<&'a str> {
    let mut rest = words.iter();
    let mut out: Vec<&'a str> = Vec::new();
    while let Some(word) = rest.next() {
        if *word == "--" {
            break;
        }
        if !word.starts_with('-') {
            out.push(*word);
            break;
        }
        if valued.split(' ').any(|option| option == *word) {
            rest.next();
        }
    }
    out.extend(rest);
    out
}

/// Returns whether a word such as `A=1` sets a variable.
fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    })
}

/// Returns the command that a launcher starts; `None` if the program is no launcher.
pub(super) fn peel<'a>(words: &[&'a str]) -> Option<Vec<&'a str>> {
    let (program, rest) = words.split_first()?;
    let name = program_name(program);
    if let Some((_, valued)) = LAUNCHERS.iter().find(|(launcher, _)| *launcher == name) {
        let rest = skip_options(rest, valued);
        return Some(rest.into_iter().skip_while(|word| is_assignment(word)).collect());
    }
    if let Some((_, subcommands, valued)) = RUN_LAUNCHERS.iter().find(|(launcher, ..)| *launcher == name) {
        let rest = skip_options(rest, valued);
        let (subcommand, rest) = rest.split_first()?;
        let starts = subcommands.split(' ').any(|known| known == *subcommand);
        return starts.then(|| skip_options(rest, valued));
    }
    match name {
        "env" => {
            let rest = skip_options(rest, "-u --unset -C --chdir");
            Some(rest.into_iter().skip_while(|word| is_assignment(word)).collect())
        }
        "timeout" | "gtimeout" => {
            let rest = skip_options(rest, "-s -k --signal --kill-after");
            Some(rest.get(1..)?.to_vec())
        }
        "sh" | "bash" | "dash" | "zsh" | "ksh" => peel_shell(rest),
        "npx" | "bunx" | "pnpx" => Some(skip_options(rest, "-p --package -w --workspace")),
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
        let text = rest.get(at + 1)?;
        let needs_shell = text.contains(['|', '&', ';', '<', '>', '(', ')', '$', '`', '\n', '\'', '"', '\\']);
        return (!needs_shell)
            .then(|| text.split_whitespace().skip_while(|word| is_assignment(word)).collect());
    }
    Some(skip_options(rest, "-o -O"))
}

/// `pnpm exec vitest`, `yarn jest`: the program behind a package manager. Scripts of
/// package.json are classified by [`classify`].
fn peel_package_manager<'a>(manager: &str, rest: &[&'a str]) -> Option<Vec<&'a str>> {
    let mut rest = skip_options(rest, "-C --prefix --dir --filter -F -w --workspace --cwd");
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
