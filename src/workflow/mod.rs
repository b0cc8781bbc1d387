//! Commands that write.

pub mod demo;
pub mod manifest;
pub mod self_test;
