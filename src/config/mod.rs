//! `countersign.yaml`: as written, then as meant.

mod evidence;
mod layout;
mod load;
mod raw;
mod scan;
mod step;
mod valid;

pub use evidence::{AllowedCommand, EvidencePolicy};
pub use load::{ConfigError, LoadedConfig, detect_layout, load, resolve_layout};
pub use step::{EnvironmentPolicy, GateStep};
pub use valid::{Config, ConfigFault};

/// The file's name at the root of a repository.
pub const FILE_NAME: &str = "countersign.yaml";
