//! A fault of a change that only brings contracts in.

use crate::document::Layout;
use crate::finding::Label;
use crate::text::RepoPath;

/// What is wrong with a change of a contract, and where.
pub(super) struct ContractFault {
    pub(super) message: String,
    pub(super) label: Label,
    /// What to do instead, if the rule does not say it.
    pub(super) help: Option<String>,
}

impl ContractFault {
    pub(super) fn new(message: impl Into<String>, label: Label) -> Self {
        Self { message: message.into(), label, help: None }
    }

    /// Names the revision that the change may add instead.
    pub(super) fn with_revision(self, path: &RepoPath) -> Self {
        let help = Layout::id_of(path).map(|id| {
            format!(
                "Leave `{id}` as it is, and add the packet `{}` with the new text in a change without code.",
                id.next_revision()
            )
        });
        Self { help, ..self }
    }
}
