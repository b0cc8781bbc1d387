//! Commands that write.

pub mod demo;
pub mod manifest;
