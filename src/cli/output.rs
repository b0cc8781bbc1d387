//! Where text goes: standard output as a whole, problems to standard error.

use std::ffi::OsString;
use std::io;
use std::io::Write as _;
use std::path::Path;

use anstream::{AutoStream, ColorChoice};
use anyhow::Context as _;

use crate::config::{ConfigError, ConfigFault};
use crate::finding::{Report, Verdict};
use crate::pipeline::packet_gate::PipelineError;
use crate::pipeline::steps::{Progress, StepsError};
use crate::render::human::HumanOptions;
use crate::render::{Format, human};
use crate::system::git::GitRepository;
use crate::system::{environment, files};
use crate::text::{break_runner_commands, escape_hidden};

use super::workspace::repo_path_below;
use super::{COULD_NOT_RUN, ColorMode, FAILED, GlobalArgs, PASSED};

/// How a `#` is written that must not be read as one.
const ESCAPED_HASH: &str = "\\u{23}";

/// Where and how to print.
pub(crate) struct Output {
    /// How to print for a person.
    pub human_options: HumanOptions,
    color_choice: ColorChoice,
    shows_progress: bool,
    format: Format,
}

impl Output {
    pub(crate) fn new(global: &GlobalArgs) -> Self {
        let color_choice = match global.color {
            ColorMode::Auto => AutoStream::choice(&io::stdout()),
            ColorMode::Always => ColorChoice::Always,
            ColorMode::Never => ColorChoice::Never,
        };
        let colour = color_choice != ColorChoice::Never && global.format == Format::Human;
        let shows_progress = environment::stderr_is_terminal() && !global.quiet;
        Self {
            human_options: HumanOptions { color: colour, verbose: global.verbose, quiet: global.quiet },
            color_choice,
            shows_progress,
            format: global.format,
        }
    }

    /// Writes text to standard output, all of it or an error. A reader that
    /// went away is no error: it has seen what it wanted.
    pub(crate) fn print(&self, text: &str) -> anyhow::Result<()> {
        let text = break_runner_commands(text, self.format.escaped_hash());
        let mut stream = AutoStream::new(io::stdout().lock(), self.color_choice);
        let written = stream.write_all(text.as_bytes()).and_then(|()| stream.flush());
        match written {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            written => written.context("writing the report"),
        }
    }

    /// Writes a report to every `--output` file and prints it; returns the exit
    /// code, which does not depend on any format.
    pub(crate) fn write_report(&self, global: &GlobalArgs, report: &Report) -> anyhow::Result<u8> {
        self.write_files(global, report)?;
        self.print(&global.format.render(report, self.human_options))?;
        Ok(match report.verdict() {
            Verdict::Passed => PASSED,
            Verdict::Failed => FAILED,
            Verdict::NotRun => COULD_NOT_RUN,
        })
    }

    fn write_files(&self, global: &GlobalArgs, report: &Report) -> anyhow::Result<()> {
        for wanted in &global.output {
            let (format, path) = parse_destination(wanted)?;
            let options = HumanOptions { color: false, ..self.human_options };
            let (target, text) = (global.resolve(path)?, format.render(report, options));
            files::write_output(&target, text.as_bytes())
                .with_context(|| format!("writing the report to {}", path.display()))?;
            record_output(global, &target, text.as_bytes());
        }
        Ok(())
    }

    /// Reports that the command could not run: on standard error for a person,
    /// a mistake in the configuration with its source line; as a report with
    /// the verdict `not_run` in every other format and in every `--output`
    /// file.
    pub(crate) fn report_error(&self, global: &GlobalArgs, command: &'static str, error: &anyhow::Error) {
        match find_config_fault(error) {
            Some(fault) => {
                let options = HumanOptions { color: false, ..self.human_options };
                let text = human::render_source_error(&fault.message, &fault.source, fault.span, options);
                let _ = writeln!(io::stderr(), "{}", break_runner_commands(&text, ESCAPED_HASH));
            }
            None => Self::print_problem(&format!("{error:#}")),
        }
        self.write_not_run(global, command, &format!("{error:#}"));
    }

    /// Writes the report of arguments that could not be read; clap has printed
    /// the reason for a person.
    pub(crate) fn report_usage_error(arguments: &[OsString], error: &clap::Error) {
        let global = GlobalArgs::scan_report_options(arguments);
        let text = error.to_string();
        let reason: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let reason = reason.join(" ");
        Self::new(&global).write_not_run(&global, "countersign", reason.trim_start_matches("error: "));
    }

    fn write_not_run(&self, global: &GlobalArgs, command: &'static str, reason: &str) {
        let report = Report::not_run(command, reason);
        if let Err(error) = self.write_files(global, &report) {
            let text = format!("{error:#}");
            // The command may have failed for the same reason, which was printed.
            if text != reason {
                Self::print_problem(&text);
            }
        }
        if global.format != Format::Human
            && let Err(error) = self.print(&global.format.render(&report, self.human_options))
        {
            Self::print_problem(&format!("{error:#}"));
        }
    }

    /// Prints a remark beside the answer to standard error.
    pub(crate) fn print_notice(&self, text: &str) {
        if !self.human_options.quiet {
            let _ = write!(io::stderr(), "{}", break_runner_commands(text, ESCAPED_HASH));
        }
    }

    /// Prints a problem to standard error.
    pub(crate) fn print_problem(text: &str) {
        let escaped = escape_hidden(text);
        let _ = writeln!(io::stderr(), "error: {}", break_runner_commands(&escaped, ESCAPED_HASH));
    }
}

/// Records a report below the root, so that the next command does not take it for a
/// change. Where that is not possible, the next command reports the file.
pub(crate) fn record_output(global: &GlobalArgs, target: &Path, bytes: &[u8]) {
    let record = || -> Option<()> {
        let repo = GitRepository::discover(&global.working_dir().ok()?).ok()?;
        let whole = std::path::absolute(target).ok()?;
        let path = repo_path_below(repo.root().ok()?, &whole)?;
        repo.record_output(&path, bytes).ok()
    };
    let _ = record();
}

/// The mistake in the configuration that an error is about, if it is about one.
fn find_config_fault(error: &anyhow::Error) -> Option<&ConfigFault> {
    let pipeline = error.downcast_ref::<PipelineError>().or_else(|| {
        error.downcast_ref::<StepsError>().and_then(|error| match error {
            StepsError::Gate(error) => Some(error),
            _ => None,
        })
    });
    let config = match pipeline {
        Some(PipelineError::Config(error)) => Some(error),
        _ => error.downcast_ref::<ConfigError>(),
    };
    match config {
        Some(ConfigError::Invalid(fault)) => Some(fault),
        _ => None,
    }
}

/// Format and file of `--output`.
fn parse_destination(wanted: &str) -> anyhow::Result<(Format, &Path)> {
    if let Some((name, file)) = wanted.split_once('=')
        && !file.is_empty()
        && let Some(format) = Format::from_name(name)
    {
        return Ok((format, Path::new(file)));
    }
    let path = Path::new(wanted);
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    match Format::from_extension(ending) {
        Some(format) => Ok((format, path)),
        None => {
            let names = Format::ALL.map(Format::as_str).join(", ");
            anyhow::bail!(
                "cannot tell the format of `--output {wanted}`; write FORMAT={wanted} with one of: {names}"
            )
        }
    }
}

impl Progress for Output {
    fn step_running(&self, step: &str, milliseconds: u64) {
        if self.shows_progress {
            let _ = write!(io::stderr(), "\r  running {step} … {} s ", milliseconds / 1000);
        }
    }

    fn step_ended(&self) {
        if self.shows_progress {
            let _ = write!(io::stderr(), "\r\x1b[2K");
        }
    }
}
