//! Gates: which checks make one, in which order, and what they are shown.

mod approval;
mod bench;
mod dossier;
mod draft;
mod facts;
mod ground;
mod judge;
mod parallel;
mod plan;
mod record;
mod request;
mod search;
mod settle;
mod share;
mod spec;
pub mod survey;
pub mod sweep;

mod versions;
mod waive;

pub use dossier::find_signature_reuse;
pub use draft::ManifestContext;
pub use judge::run_gate_checks;
pub use plan::rules_of_gate;
pub use request::{GateError, GateRequest, GateResult};
pub use search::{LocatedPacket, detect_layout, locate};
pub(crate) use settle::status_of;

pub use crate::document::limit::MAX_DOCUMENT_BYTES;
