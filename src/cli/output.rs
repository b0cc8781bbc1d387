//! Where text goes: standard output as a whole, problems to standard error.

use std::io::{self, Write as _};
use std::path::Path;

use anstream::{AutoStream, ColorChoice};
use anyhow::Context as _;

use super::{Colour, FAILED, Global, PASSED};
use crate::engine::{EngineError, Progress};
use crate::finding::Report;
use crate::gate::GateError;
use crate::render::Format;
use crate::render::human::{self, Look};
use crate::system::{environment, files};
use crate::text::visible;

/// Where and how to print.
pub struct Output {
    /// How to print for a person.
    pub look: Look,
    choice: ColorChoice,
    progress: bool,
}

impl Output {
    pub(super) fn new(global: &Global) -> Self {
        let choice = match global.color {
            Colour::Auto => AutoStream::choice(&io::stdout()),
            Colour::Always => ColorChoice::Always,
            Colour::Never => ColorChoice::Never,
        };
        let colour = choice != ColorChoice::Never && global.format == Format::Human;
        let progress = environment::stderr_is_terminal() && !global.quiet;
        Self { look: Look { colour, verbose: global.verbose, quiet: global.quiet }, choice, progress }
    }

    /// Writes text to standard output, all of it or an error. A reader that
    /// went away is no error: it has seen what it wanted.
    pub(super) fn print(&self, text: &str) -> anyhow::Result<()> {
        let mut stream = AutoStream::new(io::stdout().lock(), self.choice);
        let written = stream.write_all(text.as_bytes()).and_then(|()| stream.flush());
        match written {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            written => written.context("writing the report"),
        }
    }

    /// Writes a report in every format that was asked for, and gives the exit
    /// code, which depends on none of them.
    pub(super) fn report(&self, global: &Global, report: &Report) -> anyhow::Result<u8> {
        for wanted in &global.output {
            let (format, path) = destination(wanted)?;
            let look = Look { colour: false, ..self.look };
            files::write(path, format.render(report, look).as_bytes())
                .with_context(|| format!("writing the report to {}", path.display()))?;
        }
        self.print(&global.format.render(report, self.look))?;
        Ok(if report.passed() { PASSED } else { FAILED })
    }

    /// Writes why the tool could not run; a mistake in the configuration with
    /// its source line.
    pub(super) fn failure(&self, error: &anyhow::Error) {
        let engine = error
            .downcast_ref::<EngineError>()
            .and_then(|error| if let EngineError::Gate(gate) = error { Some(gate) } else { None });
        match engine.or_else(|| error.downcast_ref::<GateError>()) {
            Some(GateError::Config(fault)) => {
                let text = human::mistake(
                    &fault.message,
                    &fault.source,
                    fault.span,
                    Look { colour: false, ..self.look },
                );
                let _ = writeln!(io::stderr(), "{text}");
            }
            _ => Self::problem(&format!("{error:#}")),
        }
    }

    /// Tells something beside the answer, on standard error.
    pub(super) fn aside(&self, text: &str) {
        if !self.look.quiet {
            let _ = write!(io::stderr(), "{text}");
        }
    }

    /// Writes a problem to standard error.
    pub(super) fn problem(text: &str) {
        let _ = writeln!(io::stderr(), "error: {}", visible(text));
    }
}

/// Format and file of `--output`.
fn destination(wanted: &str) -> anyhow::Result<(Format, &Path)> {
    if let Some((name, file)) = wanted.split_once('=')
        && !file.is_empty()
        && let Some(format) = Format::named(name)
    {
        return Ok((format, Path::new(file)));
    }
    let path = Path::new(wanted);
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    match Format::of_ending(ending) {
        Some(format) => Ok((format, path)),
        None => {
            let names = Format::ALL.map(Format::as_str).join(", ");
            anyhow::bail!("--output {wanted}: say which format, FORMAT={wanted}; formats are {names}")
        }
    }
}

impl Progress for Output {
    fn running(&self, step: &str, milliseconds: u64) {
        if self.progress {
            let _ = write!(io::stderr(), "\r  running {step} … {} s ", milliseconds / 1000);
        }
    }

    fn ended(&self) {
        if self.progress {
            let _ = write!(io::stderr(), "\r\x1b[2K");
        }
    }
}
