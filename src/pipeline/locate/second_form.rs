//! The typed contract next to a packet in Markdown. It must not be ignored: a contract that
//! cannot be read is a mistake of the packet.

use std::sync::Arc;

use crate::change::{Commit, FileMode, Repository, RepositoryError, TreeState};
use crate::document::typed_contract::{ContractRole, TypedContract, schemas};
use crate::document::{Fault, Layout, WpId, json};
use crate::text::{RepoPath, Source, Span, to_single_line};

use super::read_document;

/// The typed contract next to a packet in Markdown.
pub(crate) enum SecondForm {
    /// There is none.
    Absent,
    /// It can be read.
    Contract(Box<TypedContract>),
    /// Its text is not JSON, or two readers can read two contracts from it.
    Unreadable {
        /// The text.
        source: Arc<Source>,
        /// The first mistake.
        fault: Fault,
    },
}

impl SecondForm {
    /// Returns the contract; `None` if there is none or it cannot be read.
    pub(crate) fn contract(self) -> Option<Box<TypedContract>> {
        if let Self::Contract(contract) = self { Some(contract) } else { None }
    }
}

/// Reads the typed contract next to a packet in Markdown, also if the packet is a single file
/// and only the contract is in a folder of its name. `revision` is shown before its
/// path, if it is not the judged one.
///
/// # Errors
/// The repository cannot be read.
pub(crate) fn read_second_form(
    repo: &dyn Repository,
    tree: TreeState,
    layout: &Layout,
    (id, path): (&WpId, &RepoPath),
    revision: Option<Commit>,
) -> Result<SecondForm, RepositoryError> {
    let second = layout.packet_contract(id);
    if second == *path {
        return Ok(SecondForm::Absent);
    }
    let Some(source) = read_document(repo, tree, &second)? else {
        if !matches!(repo.mode(tree, &second)?, Some(FileMode::Symlink | FileMode::Submodule)) {
            return Ok(SecondForm::Absent);
        }
        let message = "it is no regular file".to_owned();
        let fault = Fault { rule: "record/json", message, span: Span::default() };
        return Ok(SecondForm::Unreadable { source: Source::from_text(second, ""), fault });
    };
    let source = match revision {
        Some(commit) => source.with_revision(commit.short()),
        None => source,
    };
    let contract =
        TypedContract::read(&source).filter(|contract| contract.schema.role == ContractRole::Packet);
    let fault = match &contract {
        Some(contract) => contract.faults.first().cloned(),
        // A contract that is not understood must not be ignored.
        None => {
            let faults = json::parse(source.text()).faults;
            faults.into_iter().next().or_else(|| Some(not_a_contract(&source)))
        }
    };
    Ok(match (contract, fault) {
        (_, Some(fault)) => SecondForm::Unreadable { source, fault },
        (Some(contract), None) => SecondForm::Contract(Box::new(contract)),
        (None, None) => SecondForm::Absent,
    })
}

/// Returns the fault of JSON that is no contract of a packet.
fn not_a_contract(source: &Source) -> Fault {
    let root = json::parse(source.text()).value;
    let id = root.as_ref().and_then(|root| root.get_text("schema_id"));
    let expected = schemas().iter().find(|schema| schema.role == ContractRole::Packet);
    let expected = expected.map_or("", |schema| schema.id.as_str());
    let (found, span) = match id {
        Some(id) => (format!("its `schema_id` is `{}`", to_single_line(&id.value, 60)), id.span),
        None => ("it is no object with a `schema_id`".to_owned(), source.line_span(1).unwrap_or_default()),
    };
    Fault { rule: "record/json", message: format!("{found}; expected `{expected}`"), span }
}
