//! Checks governance documents: one, some, or all of a repository.
//!
//! Documents are read one after the other, because threads cannot share a
//! repository. Several threads then parse and check them; checks that need all
//! documents together run last. Results do not depend on the number of threads.

mod check_document;
mod collect;
mod facts;
mod listing;
mod manifest_history;
mod older_forms;
mod policy;
mod query;
mod repeated_notes;
mod request;
mod run;
mod similar_paths;
mod standing;

pub(crate) use listing::{PacketListEntry, PacketListing, TaskListEntry, list_packets};
pub use query::DocumentQuery;
pub use request::{DocumentCheckRequest, NamedDocument};
pub use run::check_documents;
