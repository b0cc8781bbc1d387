//! Contracts: work documents of another team (FORMATS, "Contracts").

mod read;
mod status;
mod task;

use std::sync::Arc;

use jiff::civil::DateTime;

use crate::text::{Source, Span, Spanned};

use super::section::Section;

pub(crate) use status::ContractStatus;
pub(crate) use task::{Task, TaskId, TaskState};

/// A phase: a heading `Phase n` and its tasks.
#[derive(Debug, Clone)]
pub struct ContractPhase {
    /// Number of the phase.
    pub number: u32,
    /// The heading.
    pub title: Spanned<String>,
    /// Whether the section contains a task or another list item.
    pub has_items: bool,
    /// Whether the section contains prose, code or a table.
    pub has_text: bool,
    /// Its tasks, as indexes into [`Contract::tasks`].
    pub tasks: Vec<usize>,
}

/// The acceptance criteria.
#[derive(Debug, Clone)]
pub struct AcceptanceCriteria {
    /// The heading.
    pub title: Spanned<String>,
    /// Those of the words `Given`, `When` and `Then` that are missing.
    pub missing: Vec<&'static str>,
    /// Whether the section has no text, or only a placeholder.
    pub is_empty: bool,
}

/// A dependency on another contract.
#[derive(Debug, Clone)]
pub struct ContractDependency {
    /// Name of the other contract, without folder and `.md`.
    pub name: Spanned<String>,
}

/// A dated note.
#[derive(Debug, Clone)]
pub struct ContractNote {
    /// Date and time; midnight if the note has no time.
    pub at: DateTime,
    /// Whether the note has a time.
    pub has_time: bool,
    /// Span of date and time.
    pub span: Span,
}

/// A contract with its fields, phases and tasks.
#[derive(Debug)]
pub struct Contract {
    /// Text of the contract.
    pub source: Arc<Source>,
    /// Name, from the title.
    pub name: Option<Spanned<String>>,
    /// Status, as written and as read.
    pub status: Option<(Spanned<String>, ContractStatus)>,
    /// Labels of further status fields, after the first one.
    pub repeated_status: Vec<Span>,
    /// Goal: from the labelled field, or from the section of that name.
    pub goal: Option<Spanned<String>>,
    /// Phases, in order.
    pub phases: Vec<ContractPhase>,
    /// All tasks, in order.
    pub tasks: Vec<Task>,
    /// Acceptance criteria.
    pub criteria: Option<AcceptanceCriteria>,
    /// Contracts on which it depends.
    pub dependencies: Vec<ContractDependency>,
    /// Dated notes, in document order.
    pub notes: Vec<ContractNote>,
    /// All sections.
    pub sections: Vec<Section>,
}

impl Contract {
    /// Reads a contract. Never fails.
    #[must_use]
    pub fn read(source: &Arc<Source>) -> Self {
        read::read_contract(source)
    }

    /// Returns the span for findings about the contract as a whole: its title, or
    /// its first line.
    #[must_use]
    pub fn head_span(&self) -> Span {
        self.name.as_ref().map_or_else(|| self.source.line_span(1).unwrap_or_default(), |name| name.span)
    }

    /// Returns the tasks that are neither done nor dropped.
    pub fn open_tasks(&self) -> impl Iterator<Item = &Task> {
        self.tasks.iter().filter(|task| task.state == TaskState::Open)
    }
}
