//! `countersign.yaml`: as written, then as meant.

mod raw;
mod valid;

pub use valid::{Config, ConfigFault, EnvironmentPolicy, Step};

/// The file's name at the root of a repository.
pub const FILE_NAME: &str = "countersign.yaml";
