//! Where text goes: standard output as a whole, problems to standard error.

use std::io::{self, Write as _};

use anstream::{AutoStream, ColorChoice};
use anyhow::Context as _;

use super::{Colour, Format, Global};
use crate::engine::{EngineError, Progress};
use crate::gate::GateError;
use crate::render::human::{self, Look};
use crate::system::environment;
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

    /// Writes a problem to standard error.
    pub(super) fn problem(text: &str) {
        let _ = writeln!(io::stderr(), "error: {}", visible(text));
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
