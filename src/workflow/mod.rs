//! Commands that write.

pub mod demo;
pub mod fix;
pub mod hook;
pub mod manifest;
pub mod self_test;
