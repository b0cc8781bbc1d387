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

pub use dossier::reuse;
pub use draft::Draft;
pub use judge::judge;
pub use plan::plan;
pub use request::{GateError, GateRequest, Judgement};
pub use search::{Located, detect_layout, locate};
pub(crate) use settle::status_of;

pub use crate::document::limit::LARGEST_DOCUMENT;
