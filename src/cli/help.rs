//! Help: commands in groups, and per command only the global options that have
//! an effect on it.

use std::ffi::OsString;

use anyhow::bail;
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory as _};

use super::exit_code::PASSED;
use super::{COULD_NOT_RUN, Cli};

/// Commands in the order of the overview, everyday ones first.
const GROUPS: &[(&str, &[&str])] = &[
    ("Start", &["init", "demo"]),
    ("Work", &["verify", "pre-work", "post-work", "evidence", "manifest", "fix", "scan"]),
    ("Review", &["audit", "check", "governance-check", "list", "show"]),
    #[cfg(feature = "llm")]
    ("Models", &["review", "providers"]),
    #[cfg(feature = "ledger")]
    ("What ran", &["jobs", "problems", "log", "usage", "ledger"]),
    ("Documents and approvals", &["approve", "new", "refine", "sign", "prepare", "validator-gate"]),
    ("Setup and help", &["hook", "explain", "rules", "self-test", "completions"]),
    ("Parts of the gates", &["gate-check", "cor701-sha"]),
    (
        "Single checks",
        &[
            "task-board-check",
            "task-packet-claim-check",
            "wp-activation-traceability-check",
            "worktree-concurrency-check",
            "spec-current-check",
            "validator-spec-regression",
            "validator-packet-complete",
            "validator-phase-gate",
            "validator-error-codes",
            "validator-dal-audit",
            "validator-traceability",
            "validator-coverage-gaps",
            "validator-git-hygiene",
            "validator-hygiene-full",
        ],
    ),
];

/// Global options that have no effect on a command, by argument id.
const WITHOUT_EFFECT: &[(&str, &[&str])] = &[
    ("list", &["output", "color", "quiet", "verbose"]),
    ("show", &["output", "color", "quiet", "verbose"]),
    ("cor701-sha", &["output", "color", "quiet", "verbose", "config"]),
    ("manifest", &["output"]),
    ("evidence", &["output"]),
    ("fix", &["output"]),
    ("init", &["output", "color", "quiet", "verbose"]),
    ("new", &["output"]),
    ("approve", &["output"]),
    ("refine", &["output"]),
    ("sign", &["output"]),
    ("prepare", &["output"]),
    ("validator-gate", &["output"]),
    ("jobs", &["output", "color", "verbose", "config"]),
    ("problems", &["output", "color", "verbose", "config"]),
    ("usage", &["output", "color", "verbose"]),
    ("log", &["output", "color", "verbose"]),
    ("ledger", &["format", "output", "color", "verbose", "config"]),
    #[cfg(feature = "llm")]
    ("providers", &["output", "color", "quiet", "verbose", "config", "folder"]),
    ("explain", &["output", "color", "quiet", "verbose"]),
    ("demo", &["format", "output", "config"]),
    ("self-test", &["folder", "output", "color", "verbose", "config"]),
    ("completions", &["folder", "format", "output", "color", "quiet", "verbose", "config"]),
    // `rules test` prints a report; `hook run` too.
    ("rules", &[]),
    ("hook", &[]),
];

/// The width that the overview is wrapped to; narrower terminals wrap again.
const MAX_COLUMNS: usize = 98;

const OVERVIEW: &str = "{about-with-newline}\n{usage-heading} {usage}\n\n{before-help}{options}{after-help}";

/// The whole command line, for help and completions.
pub(crate) fn command() -> clap::Command {
    let mut command = Cli::command();
    command.build();
    for (name, ids) in WITHOUT_EFFECT {
        command = command.mut_subcommand(*name, |sub| hide(sub, ids));
    }
    let overview = overview(&command);
    command.help_template(OVERVIEW).before_help(overview.clone()).before_long_help(overview)
}

/// Hides global options in the help of a command and of its subcommands.
fn hide(command: clap::Command, ids: &[&str]) -> clap::Command {
    let mut command = command;
    for id in ids {
        command = command.mut_arg(*id, |arg| arg.hide(true));
    }
    let names: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    names
        .into_iter()
        .filter(|name| name != "help")
        .fold(command, |command, name| command.mut_subcommand(name, |sub| hide(sub, ids)))
}

/// The list of commands in groups.
fn overview(command: &clap::Command) -> String {
    let mut out = String::new();
    for (title, names) in GROUPS {
        out.push_str(&format!("{title}:\n"));
        let width = names.iter().map(|name| name.len()).max().unwrap_or_default();
        for name in *names {
            let about = command.find_subcommand(name).and_then(clap::Command::get_about);
            let about = about.map(ToString::to_string).unwrap_or_default();
            let mut lines = wrap(&about, MAX_COLUMNS.saturating_sub(width + 4)).into_iter();
            out.push_str(&format!("  {name:<width$}  {}\n", lines.next().unwrap_or_default()));
            out.extend(lines.map(|line| format!("  {:<width$}  {line}\n", "")));
        }
        out.push('\n');
    }
    out.push_str("`countersign COMMAND --help` explains a command.\n\n");
    out
}

/// Breaks a text into lines of at most this many columns, between words.
fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.len() + 1 + word.len() <= columns => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// Whether the arguments ask for help or the version.
pub(crate) fn is_request(error: &clap::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::DisplayHelp
            | ErrorKind::DisplayVersion
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
    )
}

/// Prints what was asked for and returns the exit code.
pub(crate) fn print(arguments: &[OsString], error: &clap::Error) -> u8 {
    if error.kind() == ErrorKind::DisplayVersion {
        let _ = error.print();
        return PASSED;
    }
    let mut shown = command();
    let is_long = arguments.iter().any(|argument| argument == "--help");
    let mut path = vec!["countersign".to_owned()];
    for argument in arguments.iter().skip(1).filter_map(|argument| argument.to_str()) {
        if let Some(sub) = shown.find_subcommand(argument).cloned() {
            path.push(sub.get_name().to_owned());
            shown = sub;
        }
    }
    let mut shown = shown.bin_name(path.join(" "));
    let text = if is_long { shown.render_long_help() } else { shown.render_help() };
    let is_asked = error.kind() == ErrorKind::DisplayHelp;
    if is_asked {
        anstream::print!("{}", text.ansi());
        PASSED
    } else {
        anstream::eprint!("{}", text.ansi());
        COULD_NOT_RUN
    }
}

/// Refuses global options that have no effect on the command.
pub(crate) fn reject_ignored_options(matches: &ArgMatches, name: &str) -> anyhow::Result<()> {
    let ids = WITHOUT_EFFECT.iter().find(|(command, _)| *command == name).map_or(&[][..], |(_, ids)| *ids);
    for id in ids {
        if matches.value_source(id) == Some(ValueSource::CommandLine) {
            let option = if *id == "folder" { "-C".to_owned() } else { format!("--{id}") };
            bail!("the option {option} has no effect on `countersign {name}`; leave it out");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_in_one_group_and_has_an_example() {
        let command = Cli::command();
        let mut grouped: Vec<&str> = GROUPS.iter().flat_map(|(_, names)| names.iter().copied()).collect();
        let mut all: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
        grouped.sort_unstable();
        all.sort_unstable();
        assert_eq!(grouped, all);
        for sub in command.get_subcommands() {
            let about = sub.get_about().map(ToString::to_string).unwrap_or_default();
            let example = sub.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(!about.ends_with(['?', '.']) && about.len() > 20, "{}: {about}", sub.get_name());
            assert!(example.contains(&format!("countersign {}", sub.get_name())), "{}", sub.get_name());
        }
    }

    #[test]
    fn own_options_come_before_global_ones() {
        let mut command = command();
        let names: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
        for name in names {
            let help = command.find_subcommand_mut(&name).expect("command").render_long_help().to_string();
            let global = help.find("Global options:");
            let own = help.find("\nOptions:").expect("options");
            assert!(global.is_none_or(|global| own < global), "{name}\n{help}");
        }
        let help = command.find_subcommand_mut("completions").expect("command").render_help().to_string();
        assert!(!help.contains("--config") && !help.contains("-C"), "{help}");
    }
}
