//! Contracts: another team's work document (FORMATS, "Contracts").

mod read;
mod status;
mod task;

use std::sync::Arc;

use jiff::civil::DateTime;

use crate::text::{Source, Span, Spanned};

use super::section::Section;

pub use status::ContractStatus;
pub use task::{Task, TaskId, TaskState};

/// A phase: a heading `Phase n` and the tasks that belong to it.
#[derive(Debug, Clone)]
pub struct ContractPhase {
    /// Its number.
    pub number: u32,
    /// The heading.
    pub title: Spanned<String>,
    /// Whether anything is listed under it: a task, or any item.
    pub has_items: bool,
    /// Whether anything stands under it at all.
    pub has_text: bool,
    /// Its tasks, by their place in [`Contract::tasks`].
    pub tasks: Vec<usize>,
}

/// The acceptance criteria.
#[derive(Debug, Clone)]
pub struct AcceptanceCriteria {
    /// The heading.
    pub title: Spanned<String>,
    /// The words of `Given`, `When` and `Then` that do not stand there.
    pub missing: Vec<&'static str>,
    /// Whether anything stands there at all.
    pub is_empty: bool,
}

/// A row of the dependencies.
#[derive(Debug, Clone)]
pub struct ContractDependency {
    /// The contract that is named, without folder and `.md`.
    pub name: Spanned<String>,
}

/// A dated note.
#[derive(Debug, Clone)]
pub struct ContractNote {
    /// Its date, at midnight if it gives no time.
    pub at: DateTime,
    /// Whether it gives a time.
    pub has_time: bool,
    /// The date in the text.
    pub span: Span,
}

/// A contract as it was read.
#[derive(Debug)]
pub struct Contract {
    /// Its text.
    pub source: Arc<Source>,
    /// Its name, from the title.
    pub name: Option<Spanned<String>>,
    /// Its status, as written and as understood.
    pub status: Option<(Spanned<String>, ContractStatus)>,
    /// Where a status is given again.
    pub repeated_status: Vec<Span>,
    /// Its goal: the labelled field, or the section of that name.
    pub goal: Option<Spanned<String>>,
    /// Its phases, in order.
    pub phases: Vec<ContractPhase>,
    /// All its tasks, in order.
    pub tasks: Vec<Task>,
    /// Its acceptance criteria.
    pub criteria: Option<AcceptanceCriteria>,
    /// The contracts that it depends on.
    pub dependencies: Vec<ContractDependency>,
    /// Its dated notes, in order of the document.
    pub notes: Vec<ContractNote>,
    /// Its sections.
    pub sections: Vec<Section>,
}

impl Contract {
    /// Reads a contract. Never fails.
    #[must_use]
    pub fn read(source: &Arc<Source>) -> Self {
        read::read_contract(source)
    }

    /// A place for findings about the contract as a whole: its title.
    #[must_use]
    pub fn head_span(&self) -> Span {
        self.name.as_ref().map_or_else(|| self.source.line_span(1).unwrap_or_default(), |name| name.span)
    }

    /// Tasks that are neither done nor set aside.
    pub fn open_tasks(&self) -> impl Iterator<Item = &Task> {
        self.tasks.iter().filter(|task| task.state == TaskState::Open)
    }
}
