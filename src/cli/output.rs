//! Where text goes: standard output as a whole, problems to standard error.

use std::io;
use std::io::Write as _;
use std::path::Path;

use anstream::{AutoStream, ColorChoice};
use anyhow::Context as _;

use crate::config::ConfigError;
use crate::finding::Report;
use crate::pipeline::packet_gate::PipelineError;
use crate::pipeline::steps::{EngineError, Progress};
use crate::render::human::HumanOptions;
use crate::render::{Format, human};
use crate::system::{environment, files};
use crate::text::escape_hidden;

use super::{ColorMode, FAILED, GlobalArgs, PASSED};

/// Where and how to print.
pub struct Output {
    /// How to print for a person.
    pub human_options: HumanOptions,
    color_choice: ColorChoice,
    shows_progress: bool,
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
        }
    }

    /// Writes text to standard output, all of it or an error. A reader that
    /// went away is no error: it has seen what it wanted.
    pub(crate) fn print(&self, text: &str) -> anyhow::Result<()> {
        let mut stream = AutoStream::new(io::stdout().lock(), self.color_choice);
        let written = stream.write_all(text.as_bytes()).and_then(|()| stream.flush());
        match written {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            written => written.context("writing the report"),
        }
    }

    /// Writes a report in every format that was asked for, and gives the exit
    /// code, which depends on none of them.
    pub(crate) fn write_report(&self, global: &GlobalArgs, report: &Report) -> anyhow::Result<u8> {
        for wanted in &global.output {
            let (format, path) = parse_destination(wanted)?;
            let look = HumanOptions { color: false, ..self.human_options };
            files::write(path, format.render(report, look).as_bytes())
                .with_context(|| format!("writing the report to {}", path.display()))?;
        }
        self.print(&global.format.render(report, self.human_options))?;
        Ok(if report.passed() { PASSED } else { FAILED })
    }

    /// Writes why the tool could not run; a mistake in the configuration with
    /// its source line.
    pub(crate) fn print_failure(&self, error: &anyhow::Error) {
        let engine = error
            .downcast_ref::<EngineError>()
            .and_then(|error| if let EngineError::Gate(gate) = error { Some(gate) } else { None });
        match engine.or_else(|| error.downcast_ref::<PipelineError>()) {
            Some(PipelineError::Config(ConfigError::Invalid(fault))) => {
                let text = human::render_source_error(
                    &fault.message,
                    &fault.source,
                    fault.span,
                    HumanOptions { color: false, ..self.human_options },
                );
                let _ = writeln!(io::stderr(), "{text}");
            }
            _ => Self::print_problem(&format!("{error:#}")),
        }
    }

    /// Tells something beside the answer, on standard error.
    pub(crate) fn print_notice(&self, text: &str) {
        if !self.human_options.quiet {
            let _ = write!(io::stderr(), "{text}");
        }
    }

    /// Writes a problem to standard error.
    pub(crate) fn print_problem(text: &str) {
        let _ = writeln!(io::stderr(), "error: {}", escape_hidden(text));
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
            anyhow::bail!("--output {wanted}: say which format, FORMAT={wanted}; formats are {names}")
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
