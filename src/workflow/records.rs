//! The documents of a repository as commands see and change them: read from
//! disk byte for byte, changed in memory, written all together.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::document::audit::Audit;
use crate::document::board::Board;
use crate::document::gate_log::GateLog;
use crate::document::registry::Registry;
use crate::document::spec::SpecPointer;
use crate::document::{Layout, Packet, Refinement, WpId};
use crate::finding::Report;
use crate::pipeline::packet_gate::PipelineError;
use crate::system::transaction::{FileWrite, WriteError};
use crate::text::{Edit, RepoPath, Source, apply_edits};

/// Why a command does not do what it was asked: each with a way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// What is in the way, a sentence without a full stop.
    pub what: String,
    /// What to do about it.
    pub help: String,
}

impl Reason {
    /// A reason with its way out.
    pub fn new(what: impl Into<String>, help: impl Into<String>) -> Self {
        Self { what: what.into(), help: help.into() }
    }
}

/// Why a command could not, or would not.
#[derive(Debug, thiserror::Error)]
pub enum WorkflowError {
    /// It judged, and refuses.
    #[error("{}", .0.iter().map(|reason| reason.what.as_str()).collect::<Vec<_>>().join("; "))]
    Refused(Vec<Reason>),
    /// It judged a document, and that has errors.
    #[error("the document has errors")]
    DocumentHasErrors(Box<Report>),
    /// It could not write.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// It could not judge.
    #[error(transparent)]
    Gate(#[from] PipelineError),
    /// A document cannot be read.
    #[error("{0}: {1}")]
    Document(RepoPath, String),
    /// The tool or the system cannot do it.
    #[error("{0}")]
    Failed(String),
}

impl From<crate::change::RepositoryError> for WorkflowError {
    fn from(error: crate::change::RepositoryError) -> Self {
        Self::Gate(error.into())
    }
}

impl WorkflowError {
    /// A refusal for one reason.
    pub fn refused(what: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Refused(vec![Reason::new(what, help)])
    }
}

/// Reads a file as it lies on disk.
pub type DocumentReader<'a> = &'a dyn Fn(&RepoPath) -> Result<Option<Vec<u8>>, WriteError>;

/// Documents, as they are and as they are to be.
pub struct Records<'a> {
    read: DocumentReader<'a>,
    /// Where they lie.
    pub layout: Layout,
    before: RefCell<BTreeMap<RepoPath, Option<Vec<u8>>>>,
    after: BTreeMap<RepoPath, String>,
}

impl<'a> Records<'a> {
    /// Nothing is changed yet.
    pub fn new(read: DocumentReader<'a>, layout: Layout) -> Self {
        Self { read, layout, before: RefCell::default(), after: BTreeMap::new() }
    }

    /// A document as it is to be; `None` if it is not there.
    ///
    /// # Errors
    /// It cannot be read, or is no text.
    pub fn source(&self, path: &RepoPath) -> Result<Option<Arc<Source>>, WorkflowError> {
        if let Some(text) = self.after.get(path) {
            return Ok(Some(Source::from_text(path.clone(), text.clone())));
        }
        let bytes = (self.read)(path)?;
        self.before.borrow_mut().insert(path.clone(), bytes.clone());
        let Some(bytes) = bytes else { return Ok(None) };
        if let Some(why) = crate::document::limits::limit_error(&bytes) {
            return Err(WorkflowError::Document(path.clone(), format!("it is {why}")));
        }
        let source = Source::from_bytes(path.clone(), bytes);
        match source.not_utf8_at() {
            Some(at) => Err(WorkflowError::Document(path.clone(), format!("it is not UTF-8: byte {at}"))),
            None => Ok(Some(source)),
        }
    }

    /// A document that must be there.
    ///
    /// # Errors
    /// It is not.
    pub fn require(&self, path: &RepoPath) -> Result<Arc<Source>, WorkflowError> {
        self.source(path)?.ok_or_else(|| {
            WorkflowError::refused(
                format!("there is no {path}"),
                "Run `countersign init`, which writes what is missing and keeps what is there.",
            )
        })
    }

    /// Sets the whole text of a document, new or not.
    pub fn set_text(&mut self, path: RepoPath, text: String) {
        self.after.insert(path, text);
    }

    /// Edits a document; every edit must fit.
    ///
    /// # Errors
    /// Two edits touch the same place.
    pub fn edit(&mut self, source: &Source, edits: &[Edit]) -> Result<(), WorkflowError> {
        let (text, left) = apply_edits(source.text(), edits);
        if !left.is_empty() {
            let why = "it is too unusual to be edited".to_owned();
            return Err(WorkflowError::Document(source.name().clone(), why));
        }
        self.set_text(source.name().clone(), text);
        Ok(())
    }

    /// Edits a record and looks whether it says afterwards what it should.
    ///
    /// # Errors
    /// The edits do not fit, or the record is too unusual: what was written
    /// would not be read.
    pub fn edit_checked(
        &mut self,
        source: &Source,
        edits: &[Edit],
        says: &dyn Fn(&Arc<Source>) -> bool,
    ) -> Result<(), WorkflowError> {
        self.edit(source, edits)?;
        let now = self.require(source.name())?;
        if says(&now) {
            return Ok(());
        }
        let why = "what is written there would not be read back; it is too unusual to be edited".to_owned();
        Err(WorkflowError::Document(source.name().clone(), why))
    }

    /// What is changed so far.
    pub fn pending_texts(&self) -> impl Iterator<Item = (&RepoPath, &String)> {
        self.after.iter()
    }

    /// All that is to be written.
    ///
    /// # Errors
    /// What was there cannot be read.
    pub fn into_writes(self) -> Result<Vec<FileWrite>, WorkflowError> {
        let mut out = Vec::new();
        let known = self.before.into_inner();
        for (path, after) in self.after {
            let before = match known.get(&path) {
                Some(before) => before.clone(),
                None => (self.read)(&path)?,
            };
            if before.as_deref() != Some(after.as_bytes()) {
                out.push(FileWrite { path, before, after: after.into_bytes() });
            }
        }
        Ok(out)
    }

    /// The refinement of a packet, if it is there.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn refinement(&self, id: &WpId) -> Result<Option<Refinement>, WorkflowError> {
        Ok(self.source(&self.layout.refinement(id))?.map(|source| Refinement::read(&source)))
    }

    /// A packet, if it is there.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn packet(&self, id: &WpId) -> Result<Option<Packet>, WorkflowError> {
        Ok(self.source(&self.layout.packet(id))?.map(|source| Packet::read(&source).value))
    }

    /// The gate log.
    ///
    /// # Errors
    /// It is not there, or is no log.
    pub fn gate_log(&self) -> Result<GateLog, WorkflowError> {
        let log = GateLog::read(&self.require(&RepoPath::from(self.layout.gate_log.as_str()))?);
        match log.faults.first() {
            Some(fault) => Err(fault_error(&log.source, fault)),
            None => Ok(log),
        }
    }

    /// The signature audit.
    ///
    /// # Errors
    /// It is not there.
    pub fn audit(&self) -> Result<Audit, WorkflowError> {
        Ok(Audit::read(&self.require(&RepoPath::from(self.layout.audit.as_str()))?))
    }

    /// The task board.
    ///
    /// # Errors
    /// It is not there.
    pub fn board(&self) -> Result<Board, WorkflowError> {
        Ok(Board::read(&self.require(&RepoPath::from(self.layout.board.as_str()))?))
    }

    /// The registry.
    ///
    /// # Errors
    /// It is not there.
    pub fn registry(&self) -> Result<Registry, WorkflowError> {
        Ok(Registry::read(&self.require(&RepoPath::from(self.layout.registry.as_str()))?))
    }

    /// The specification that the pointer names, with its path.
    ///
    /// # Errors
    /// There is no pointer, it names nothing, or that is not there.
    pub fn spec(&self) -> Result<Arc<Source>, WorkflowError> {
        let pointer = SpecPointer::read(&self.require(&RepoPath::from(self.layout.spec_pointer.as_str()))?);
        let Some(named) = pointer.spec() else {
            return Err(WorkflowError::refused(
                format!("{} names no specification", pointer.source.name()),
                "Write its file's name in bold there: **Spec_v01.md**.",
            ));
        };
        let path = RepoPath::from(named.value.as_str());
        let found = self.source(&path)?;
        found.ok_or_else(|| {
            WorkflowError::refused(
                format!("the current specification {path} is not there"),
                format!("Mend the name in {}.", pointer.source.name()),
            )
        })
    }
}

fn fault_error(source: &Source, fault: &crate::document::Fault) -> WorkflowError {
    let line = source.line(fault.span.start);
    WorkflowError::Document(source.name().clone(), format!("line {line}: {}", fault.message))
}
