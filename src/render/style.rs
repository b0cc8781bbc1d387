//! Options and colors of output for a person.

use anstyle::{AnsiColor, Style};

/// Options of the human format.
#[derive(Debug, Clone, Copy)]
pub struct HumanOptions {
    /// With colors.
    pub color: bool,
    /// With every check and its outcome.
    pub verbose: bool,
    /// With failures only.
    pub quiet: bool,
}

pub(super) const PASS_STYLE: Style = AnsiColor::Green.on_default().bold();
pub(super) const FAIL_STYLE: Style = AnsiColor::Red.on_default().bold();
pub(super) const DIM_STYLE: Style = Style::new().dimmed();

/// Returns the text in a style, or unchanged if the options forbid color.
pub(super) fn paint(options: HumanOptions, style: Style, text: &str) -> String {
    if options.color { format!("{style}{text}{style:#}") } else { text.to_owned() }
}
