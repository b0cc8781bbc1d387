//! Readers of governance documents.
//!
//! Pure functions from text to typed values that keep their spans. A reader
//! never fails and never panics: what it cannot read becomes a [`Fault`].

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

/// Something that a reader could not read as it should stand; `rule` is the
/// id of the rule that reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Id of the rule.
    pub rule: &'static str,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// Where.
    pub span: Span,
}

/// A value that was read, and what was wrong with its text.
#[derive(Debug, Clone)]
pub struct Parsed<T> {
    /// What was understood.
    pub value: T,
    /// What was not.
    pub faults: Vec<Fault>,
}
