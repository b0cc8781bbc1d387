//! The documents that a command reads and changes: read from disk byte for byte,
//! changed in memory, and written together at the end.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::change::RepositoryError;
use crate::document::audit::Audit;
use crate::document::board::Board;
use crate::document::gate_log::GateLog;
use crate::document::registry::Registry;
use crate::document::spec::SpecPointer;
use crate::document::{Layout, Packet, Refinement, WpId, record_files};
use crate::finding::Report;
use crate::pipeline::packet_gate::PipelineError;
use crate::system::transaction::{FileWrite, WriteError};
use crate::text::{Edit, RepoPath, Source, apply_edits};

/// One reason for a refusal, with its remedy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reason {
    /// The obstacle, as a sentence without a full stop.
    pub what: String,
    /// What the user can do, as a sentence.
    pub help: String,
}

impl Reason {
    /// Creates a reason with its remedy.
    pub(crate) fn new(what: impl Into<String>, help: impl Into<String>) -> Self {
        Self { what: what.into(), help: help.into() }
    }
}

/// The reason why a command wrote nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WorkflowError {
    /// The conditions of the command are not met.
    #[error("{}", .0.iter().map(|reason| reason.what.as_str()).collect::<Vec<_>>().join("; "))]
    Refused(Vec<Reason>),
    /// A document has errors; the report lists them.
    #[error("the document has errors")]
    DocumentHasErrors(Box<Report>),
    /// A file cannot be read or written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// A check cannot run.
    #[error(transparent)]
    Gate(#[from] PipelineError),
    /// A document cannot be read or edited.
    #[error("{0}: {1}")]
    Document(RepoPath, String),
    /// Another failure, as a message.
    #[error("{0}")]
    Failed(String),
}

impl From<crate::change::RepositoryError> for WorkflowError {
    fn from(error: crate::change::RepositoryError) -> Self {
        Self::Gate(error.into())
    }
}

impl WorkflowError {
    /// Creates a refusal with one reason.
    pub(crate) fn refused(what: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Refused(vec![Reason::new(what, help)])
    }
}

/// Returns the bytes of a file on disk; `None` if it does not exist.
pub(crate) type DocumentReader<'a> = &'a dyn Fn(&RepoPath) -> Result<Option<Vec<u8>>, WriteError>;

/// Returns the files directly in a folder of the working tree.
pub(crate) type FolderReader<'a> = &'a dyn Fn(&str) -> Result<Vec<RepoPath>, RepositoryError>;

/// The documents of a repository, with the pending changes of a command.
pub(crate) struct Records<'a> {
    read: DocumentReader<'a>,
    list: FolderReader<'a>,
    /// The folders and files of the documents.
    pub layout: Layout,
    before: RefCell<BTreeMap<RepoPath, Option<Vec<u8>>>>,
    after: BTreeMap<RepoPath, String>,
}

impl<'a> Records<'a> {
    /// Creates records without pending changes.
    pub(crate) fn new(read: DocumentReader<'a>, list: FolderReader<'a>, layout: Layout) -> Self {
        Self { read, list, layout, before: RefCell::default(), after: BTreeMap::new() }
    }

    /// Returns a document with its pending changes; `None` if it does not exist.
    ///
    /// # Errors
    /// The document cannot be read, is too large, or is not UTF-8.
    pub(crate) fn source(&self, path: &RepoPath) -> Result<Option<Arc<Source>>, WorkflowError> {
        if let Some(text) = self.after.get(path) {
            return Ok(Some(Source::from_text(path.clone(), text.clone())));
        }
        let bytes = (self.read)(path)?;
        self.before.borrow_mut().insert(path.clone(), bytes.clone());
        let Some(bytes) = bytes else { return Ok(None) };
        if let Some(why) = crate::document::limits::limit_error(path, &bytes) {
            return Err(WorkflowError::Document(path.clone(), format!("it is {why}")));
        }
        let source = Source::from_bytes(path.clone(), bytes);
        match source.not_utf8_at() {
            Some(at) => Err(WorkflowError::Document(path.clone(), format!("it is not UTF-8: byte {at}"))),
            None => Ok(Some(source)),
        }
    }

    /// Returns a document that must exist.
    ///
    /// # Errors
    /// The document does not exist, or cannot be read.
    pub(crate) fn require(&self, path: &RepoPath) -> Result<Arc<Source>, WorkflowError> {
        self.source(path)?.ok_or_else(|| {
            WorkflowError::refused(
                format!("{path} does not exist"),
                "Run `countersign init`; it creates missing files and keeps existing ones.",
            )
        })
    }

    /// Sets the whole text of a new or existing document.
    pub(crate) fn set_text(&mut self, path: RepoPath, text: String) {
        self.after.insert(path, text);
    }

    /// Applies all edits to a document.
    ///
    /// # Errors
    /// Two edits overlap.
    pub(crate) fn edit(&mut self, source: &Source, edits: &[Edit]) -> Result<(), WorkflowError> {
        let (text, left) = apply_edits(source.text(), edits);
        if !left.is_empty() {
            let why = "its format is too unusual for an automatic edit; edit it by hand".to_owned();
            return Err(WorkflowError::Document(source.name().clone(), why));
        }
        self.set_text(source.name().clone(), text);
        Ok(())
    }

    /// Edits a record and checks with `is_expected` that the result reads back as
    /// intended.
    ///
    /// # Errors
    /// Two edits overlap, or the edited record does not read back.
    pub(crate) fn edit_checked(
        &mut self,
        source: &Source,
        edits: &[Edit],
        is_expected: &dyn Fn(&Arc<Source>) -> bool,
    ) -> Result<(), WorkflowError> {
        self.edit(source, edits)?;
        let edited = self.require(source.name())?;
        if is_expected(&edited) {
            return Ok(());
        }
        let why = "the edited text would not read back; its format is too unusual for an automatic edit";
        Err(WorkflowError::Document(source.name().clone(), why.to_owned()))
    }

    /// Returns the documents with pending changes, with their whole texts.
    pub(crate) fn pending_texts(&self) -> impl Iterator<Item = (&RepoPath, &String)> {
        self.after.iter()
    }

    /// Returns the writes of all documents whose bytes change.
    ///
    /// # Errors
    /// The old bytes of a document cannot be read.
    pub(crate) fn into_writes(self) -> Result<Vec<FileWrite>, WorkflowError> {
        let mut out = Vec::new();
        let read_before = self.before.into_inner();
        for (path, after) in self.after {
            let before = match read_before.get(&path) {
                Some(before) => before.clone(),
                None => (self.read)(&path)?,
            };
            if before.as_deref() != Some(after.as_bytes()) {
                out.push(FileWrite { path, before, after: after.into_bytes() });
            }
        }
        Ok(out)
    }

    /// Returns the refinement of a packet, if it exists.
    ///
    /// # Errors
    /// The refinement cannot be read.
    pub(crate) fn refinement(&self, id: &WpId) -> Result<Option<Refinement>, WorkflowError> {
        Ok(self.source(&self.layout.refinement(id))?.map(|source| Refinement::read(&source)))
    }

    /// Returns a packet, if it exists.
    ///
    /// # Errors
    /// The packet cannot be read.
    pub(crate) fn packet(&self, id: &WpId) -> Result<Option<Packet>, WorkflowError> {
        Ok(self.source(&self.layout.packet(id))?.map(|source| Packet::read(&source).value))
    }

    /// Returns the files that a record consists of, joined: its own file, and those of
    /// single packets.
    ///
    /// # Errors
    /// The record has no file, or a file cannot be read.
    fn record(&self, name: &str) -> Result<Arc<Source>, WorkflowError> {
        let path = RepoPath::from(name);
        let mut paths = (self.list)(&record_files::folder(name))?;
        paths.extend(self.after.keys().cloned());
        paths.retain(|path| record_files::id_of(name, path).is_some());
        paths.sort();
        paths.dedup();
        if paths.is_empty() {
            return self.require(&path);
        }
        let mut sources: Vec<Arc<Source>> = self.source(&path)?.into_iter().collect();
        for path in &paths {
            sources.push(self.require(path)?);
        }
        Ok(Source::join(path, sources))
    }

    /// Returns whether a record gets one file per packet: its folder has such files, or
    /// the file that keeps it.
    ///
    /// # Errors
    /// The folder cannot be read.
    fn has_packet_files(&self, name: &str) -> Result<bool, WorkflowError> {
        let files = (self.list)(&record_files::folder(name))?;
        Ok(files.iter().any(|path| record_files::is_mark(name, path)))
    }

    /// Returns the file of a record into which an entry of a packet is written: that of
    /// the packet, which may be new and then has the text `new`, or the record itself.
    ///
    /// # Errors
    /// The file cannot be read, or the record does not exist.
    pub(crate) fn writable_record(
        &self,
        name: &str,
        id: &str,
        new: impl Into<String>,
    ) -> Result<Arc<Source>, WorkflowError> {
        if !self.has_packet_files(name)? {
            return self.require(&RepoPath::from(name));
        }
        let path = record_files::packet_file(name, id);
        Ok(self.source(&path)?.unwrap_or_else(|| Source::from_text(path, new)))
    }

    /// Returns the gate log.
    ///
    /// # Errors
    /// The file does not exist, or is not a valid gate log.
    pub(crate) fn gate_log(&self) -> Result<GateLog, WorkflowError> {
        let log = GateLog::read(&self.record(&self.layout.gate_log)?);
        match log.faults.first() {
            Some(fault) => Err(fault_error(&log.source, fault)),
            None => Ok(log),
        }
    }

    /// Returns the signature audit.
    ///
    /// # Errors
    /// The file does not exist, or cannot be read.
    pub(crate) fn audit(&self) -> Result<Audit, WorkflowError> {
        Ok(Audit::read(&self.record(&self.layout.audit)?))
    }

    /// Returns the task board.
    ///
    /// # Errors
    /// The file does not exist, or cannot be read.
    pub(crate) fn board(&self) -> Result<Board, WorkflowError> {
        Ok(Board::read(&self.record(&self.layout.board)?))
    }

    /// Returns the traceability registry.
    ///
    /// # Errors
    /// The file does not exist, or cannot be read.
    pub(crate) fn registry(&self) -> Result<Registry, WorkflowError> {
        Ok(Registry::read(&self.record(&self.layout.registry)?))
    }

    /// Returns the specification that the specification pointer names.
    ///
    /// # Errors
    /// The pointer does not exist, names no file, or names a file that does not
    /// exist.
    pub(crate) fn spec(&self) -> Result<Arc<Source>, WorkflowError> {
        let pointer = SpecPointer::read(&self.require(&RepoPath::from(self.layout.spec_pointer.as_str()))?);
        let Some(named) = pointer.spec() else {
            return Err(WorkflowError::refused(
                format!("{} names no specification", pointer.source.name()),
                "Write the file name of the specification in bold there, such as **Spec_v01.md**.",
            ));
        };
        let path = RepoPath::from(named.value.as_str());
        let found = self.source(&path)?;
        found.ok_or_else(|| {
            WorkflowError::refused(
                format!("the current specification {path} does not exist"),
                format!("Correct the name in {}.", pointer.source.name()),
            )
        })
    }
}

/// Returns the error for a fault of a document, with its line from 1.
fn fault_error(source: &Source, fault: &crate::document::Fault) -> WorkflowError {
    let (source, span) = source.file_at(fault.span);
    let line = source.line(span.start);
    WorkflowError::Document(source.name().clone(), format!("line {line}: {}", fault.message))
}
