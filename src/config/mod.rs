//! `countersign.yaml`: the file as written (`raw`), then validated, with defaults filled in.

mod capability;
mod evidence;
mod fence;
mod layout;
mod ledger;
mod load;
#[cfg(test)]
mod oracle;
mod protected;
mod raw;
mod said;
mod scan;
mod shell_code;
mod step;
mod step_programs;
mod step_scripts;
mod task_files;
#[cfg(test)]
mod tests;
mod toolchain;
mod usage;
#[cfg(feature = "ledger")]
mod user;
mod valid;
mod wrapper_options;
mod wrapper_table;
mod wrappers;

pub(crate) use capability::{
    CapabilityFault, Grants, StepRights, UNKNOWN_CAPABILITY, axis_of, check_request,
};
pub(crate) use ledger::LedgerMode;
pub(crate) use load::{
    ConfigError, LoadedConfig, allowed_signers_path, complete_layout, detect_layout, load,
    main_branches_in_history, resolve_layout,
};
pub(crate) use protected::setup_patterns;
pub(crate) use said::options_of;
pub(crate) use step::{EnvironmentPolicy, GateStep, StepLimits};
#[cfg(all(test, feature = "ledger"))]
pub(crate) use tests::budgets_of;
pub(crate) use toolchain::Toolchain;
#[cfg(feature = "ledger")]
pub(crate) use usage::UsageBudgets;
#[cfg(feature = "ledger")]
pub(crate) use user::UserConfig;
#[cfg(all(feature = "ledger", feature = "ssh", any(test, feature = "llm")))]
pub(crate) use user::{KeySettings, ModelSettings, ProviderSettings};
pub(crate) use valid::{Config, ConfigFault};
pub(crate) use wrappers::{code_of_options, is_assignment, peel_launcher, skip_options};

/// Name of the file at the root of a repository.
pub(crate) const FILE_NAME: &str = "countersign.yaml";
