//! countersign.
pub mod digest;
pub mod document;
pub mod finding;
pub mod text;
pub mod change;
pub mod system;
pub mod check;
pub mod config;
pub mod rule;
pub mod gate;
