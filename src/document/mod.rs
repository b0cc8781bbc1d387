//! Readers of governance documents.
//!
//! Pure functions from text to typed values that keep their spans. A reader
//! never fails and never panics: text that it cannot read becomes a [`Fault`].

pub(crate) mod allowed_signers;
mod any;
pub(crate) mod audit;
mod block_ranges;
pub(crate) mod board;
pub(crate) mod contract;
pub(crate) mod denial;
pub(crate) mod evidence;
pub(in crate::document) mod exclusion;
pub(crate) mod field;
pub(crate) mod gate_log;
pub(crate) mod heading_scan;
pub(crate) mod hidden;
mod joined;
pub(crate) mod json;
pub(crate) mod json_edit;
mod kind;
mod layout;
pub(crate) mod limits;
pub(crate) mod link;
pub(crate) mod manifest;
pub(crate) mod outline;
pub(crate) mod packet;
pub(crate) mod pass_state;
mod placeholder;
pub(crate) mod record_files;
pub(crate) mod refinement;
pub(crate) mod registry;
mod scope_emphasis;
pub(crate) mod scope_entry;
mod scope_exclusion;
pub(crate) mod section;
mod signature;
pub(crate) mod signed_contract;
pub(crate) mod spec;
mod status;
pub(crate) mod stub;
pub(crate) mod table;
pub(crate) mod template;
pub(crate) mod typed_contract;
pub(crate) mod validator_state;
pub(crate) mod waiver;
mod wp_id;

#[cfg(test)]
mod tests;

use crate::text::Span;

pub(crate) use any::{Document, DocumentBody};
pub(crate) use kind::{DocumentKind, detect_json_kind, detect_kind};
pub(crate) use layout::{Layout, LayoutName};
pub(crate) use packet::Packet;
pub(crate) use placeholder::is_placeholder;
pub(crate) use refinement::Refinement;
pub(crate) use signature::Signature;
pub(crate) use status::{PacketStatus, ends_work};
pub(crate) use wp_id::{WpId, WpIdError};

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
