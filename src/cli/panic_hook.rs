//! Reports a panic, which is a bug of the program: one text on standard error,
//! exit code 70.

use std::io::Write as _;

use super::INTERNAL_ERROR;
use crate::text::escape_hidden;

/// Replaces the panic hook of the process: a panic in any thread prints its
/// message without terminal escapes and ends the process.
pub(super) fn install() {
    std::panic::set_hook(Box::new(|info| {
        let text = escape_hidden(&info.to_string()).into_owned();
        // If standard error is closed, only the exit code is left.
        let _ = writeln!(
            std::io::stderr(),
            "internal error: {text}\nThis is a bug in countersign {}. Please report this text with the command that you ran.",
            env!("CARGO_PKG_VERSION")
        );
        std::process::exit(INTERNAL_ERROR);
    }));
}
