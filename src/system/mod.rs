//! The only doors to the outside: git, files, the clock, processes and the
//! environment. Every other room gets data.

pub mod clock;
pub mod environment;
pub mod files;
pub mod git;
pub mod process;
