//! Selects the checks of each command and builds their inputs.
//!
//! - [`packet_gate`]: pre-work, post-work, gate-check and audit of a packet.
//! - [`document_check`]: check, list, governance-check and the single checks of
//!   documents.
//! - [`source_scan`]: scans of source files.
//! - [`steps`]: the repository's own commands, run after a gate's checks.

mod causes;
pub(crate) mod ci_range;
pub(crate) mod document_check;
pub(crate) mod error;
pub(crate) mod job;
pub(crate) mod locate;
mod outcome;
pub(crate) mod packet_gate;
pub(crate) mod selected_change;
pub(crate) mod source_scan;
mod spec_versions;
pub(crate) mod steps;
pub(crate) mod test_plan;
pub(crate) mod trusted_revision;
pub(crate) mod verify;
