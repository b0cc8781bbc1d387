//! Exit codes, the same for every command. The output format never changes
//! them.

/// The gate or check passed, or the command did its work.
pub(crate) const PASSED: u8 = 0;
/// The gate or check failed: there are findings at error level.
pub(crate) const FAILED: u8 = 1;
/// The command could not run: usage, configuration or environment. Nothing was
/// judged.
pub(crate) const COULD_NOT_RUN: u8 = 2;
/// A bug in the program.
pub(crate) const INTERNAL_ERROR: i32 = 70;
