//! Programs that start the program behind them: `env`, `timeout`, `xvfb-run`, `uv run`.
//!
//! Both the code that recognizes test runs and the code that finds the scripts of steps use
//! this list.

/// Programs that only start another program. The text lists their options that take a
/// value, separated by spaces; the number counts their own arguments before the program.
const LAUNCHERS: [(&str, &str, usize); 43] = [
    ("nice", "-n --adjustment", 0),
    ("ionice", "-c -n --class --classdata", 0),
    ("nohup", "", 0),
    ("setsid", "", 0),
    ("time", "-f -o --format --output", 0),
    ("gtime", "-f -o --format --output", 0),
    ("stdbuf", "-i -o -e --input --output --error", 0),
    ("unbuffer", "", 0),
    ("xvfb-run", "-n -s -e -f -w --server-num --server-args --auth-file --error-file", 0),
    ("sudo", "-u -g -h -p -C -D --user --group --chdir", 0),
    ("doas", "-u -C", 0),
    ("command", "", 0),
    ("builtin", "", 0),
    ("exec", "-a", 0),
    ("nyc", "-x -n --exclude --include --reporter --nycrc-path", 0),
    ("c8", "-x -n --exclude --include --reporter -r -c --config", 0),
    ("cross-env", "", 0),
    ("cross-env-shell", "", 0),
    ("dotenv", "-e -f --file", 0),
    ("env", "-u --unset -C --chdir", 0),
    ("timeout", "-s -k --signal --kill-after", 1),
    ("gtimeout", "-s -k --signal --kill-after", 1),
    ("flock", "-w -E --timeout --wait --conflict-exit-code", 1),
    ("xargs", "-a -d -E -I -L -n -P -s --arg-file --delimiter --max-args --max-procs --replace", 0),
    ("parallel", "-j --jobs -a --arg-file --delay --timeout --retries", 0),
    ("taskset", "-p", 1),
    ("chrt", "-T -P -D", 1),
    ("numactl", "-N -m -C -i --cpunodebind --membind --physcpubind --interleave", 0),
    ("strace", "-e -o -p -s -u -E", 0),
    ("ltrace", "-e -o -p -s -u", 0),
    ("valgrind", "", 0),
    ("chronic", "", 0),
    ("caffeinate", "-t -w", 0),
    ("eatmydata", "", 0),
    ("fakeroot", "-l -s -i", 0),
    ("catchsegv", "", 0),
    ("dbus-run-session", "--config-file", 0),
    ("systemd-run", "-p -u --property --unit --slice -E --setenv --uid --gid --working-directory", 0),
    ("unshare", "-S -G --setuid --setgid -w --wd", 0),
    ("prlimit", "-p --pid", 0),
    ("softlimit", "-a -c -d -f -l -m -o -p -r -s -t", 0),
    ("busybox", "", 0),
    ("winpty", "", 0),
];

/// Programs with a subcommand that starts another program, with the subcommands and
/// the options that take a value.
const RUN_LAUNCHERS: [(&str, &str, &str); 15] = [
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
    ("mamba", "run", "-n --name -p --prefix"),
    ("micromamba", "run", "-n --name -p --prefix"),
    ("mise", "exec x", ""),
    ("rtx", "exec x", ""),
    ("bundle", "exec", ""),
    ("asdf", "exec", ""),
    ("rustup", "run", ""),
];

/// Removes options at the start; `valued` lists options whose value is the next
/// word. `--` ends the options.
pub(crate) fn skip_options<'a>(words: &[&'a str], valued: &str) -> Vec<&'a str> {
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

/// Returns the options of a package manager that have a value. `-w` names a workspace for npm
/// only; for pnpm it is the root of the workspace.
pub(crate) fn manager_options(manager: &str) -> &'static str {
    match manager {
        "npx" => "-p --package -w --workspace",
        "bunx" | "pnpx" => "-p --package",
        "npm" => "-C --prefix --dir -w --workspace --loglevel --userconfig --registry --cache --script-shell",
        _ => {
            "-C --prefix --dir --filter --filter-prod -F --cwd --loglevel --reporter --workspace-concurrency \
             --userconfig --registry --cache --script-shell"
        }
    }
}

/// Returns whether a word such as `A=1` sets a variable.
pub(crate) fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        let is_start = |c: char| c.is_ascii_alphabetic() || c == '_';
        name.starts_with(is_start) && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    })
}

/// Returns the command that a launcher with this name starts with these words behind it;
/// `None` if the program is no launcher.
pub(crate) fn peel_launcher<'a>(name: &str, rest: &[&'a str]) -> Option<Vec<&'a str>> {
    if let Some((_, valued, own)) = LAUNCHERS.iter().find(|(launcher, ..)| *launcher == name) {
        let rest = skip_options(rest, valued);
        let words = rest.into_iter().skip_while(|word| is_assignment(word)).skip(*own);
        return Some(words.skip_while(|word| is_assignment(word)).collect());
    }
    let (_, subcommands, valued) = RUN_LAUNCHERS.iter().find(|(launcher, ..)| *launcher == name)?;
    let rest = skip_options(rest, valued);
    let (subcommand, rest) = rest.split_first()?;
    let starts = subcommands.split(' ').any(|known| known == *subcommand);
    let skipped = usize::from(name == "rustup");
    starts.then(|| skip_options(rest, valued).into_iter().skip(skipped).collect())
}
