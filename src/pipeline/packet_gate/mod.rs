//! Gates over packets: selects the checks of each gate, builds their inputs and
//! runs them in order.

mod approval_facts;
mod approval_report;
mod approved_reading;
mod attribution;
mod change_facts;
mod check_runner;
mod code_commits;
mod context;
mod earlier_records;
mod earlier_work;
mod gate_result;
mod gate_rules;
mod lookups;
mod manifest_context;
mod packet_versions;
mod record;
mod related_documents;
mod request;
mod run_checks;
mod task;
mod trusted_approval;
mod waivers;
mod work_on_main;

pub use super::error::PipelineError;
pub(crate) use super::locate::locate;
pub(crate) use super::outcome::status_of;
pub(crate) use crate::document::limits::MAX_DOCUMENT_BYTES;
pub(crate) use attribution::refuse_too_many_globs;
pub(crate) use gate_result::{FencePacket, GateResult};
pub(crate) use gate_rules::rules_of_gate;
pub(crate) use lookups::cached_link_target;
pub(crate) use manifest_context::ManifestContext;
pub(crate) use packet_versions::PacketVersion;
pub(crate) use related_documents::find_signature_reuse;
pub use request::GateRequest;
pub use run_checks::check_packet;
pub(crate) use run_checks::run_gate_checks;
