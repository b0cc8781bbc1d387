//! countersign.
pub mod digest;
pub mod document;
pub mod finding;
pub mod text;
pub mod change;
pub mod system;
