//! Readers of governance documents.
//!
//! Pure functions from text to typed values that keep their spans. A reader
//! never fails and never panics: text that it cannot read becomes a [`Fault`].

pub mod allowed_signers;
mod any;
pub mod audit;
pub mod board;
pub mod contract;
pub mod evidence;
pub mod field;
pub mod gate_log;
pub mod json;
pub mod json_edit;
mod kind;
mod layout;
pub mod limits;
pub mod link;
pub mod manifest;
pub mod outline;
pub mod packet;
mod placeholder;
pub mod refinement;
pub mod registry;
pub mod scope_entry;
pub mod section;
mod signature;
pub mod signed_contract;
pub mod spec;
mod status;
pub mod stub;
pub mod table;
pub mod template;
pub mod validator_state;
pub mod waiver;
mod wp_id;

#[cfg(test)]
mod tests;

use crate::text::Span;

pub use any::{Document, DocumentBody};
pub use kind::{DocumentKind, detect_json_kind, detect_kind};
pub use layout::{Layout, LayoutName};
pub use packet::Packet;
pub use placeholder::is_placeholder;
pub use refinement::Refinement;
pub use signature::{Signature, SignatureError};
pub use status::PacketStatus;
pub use wp_id::{WpId, WpIdError};

/// A mistake that a reader found in a document; a check reports it as a
/// finding of `rule`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Id of the rule that reports the fault.
    pub rule: &'static str,
    /// The mistake, in one sentence without a full stop.
    pub message: String,
    /// Location in the document.
    pub span: Span,
}

/// A value that was read, with the faults of its text.
#[derive(Debug, Clone)]
pub struct Parsed<T> {
    /// The value, as far as it could be read.
    pub value: T,
    /// The mistakes in its text.
    pub faults: Vec<Fault>,
}
