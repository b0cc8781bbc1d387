//! Scenarios of rule fixtures. A fixture is a Markdown file, and every `## `
//! heading is a scenario. A scenario starts from the correct repository of the
//! demo (project, approved packet, work with correct manifests) and changes it
//! by fenced blocks:
//!
//! - `world`: YAML with `gate` (or a command about documents, such as
//!   `check`), `mode`, `wp`, `branch`, `now`, `base`, `steps`, `paths`, and
//!   `files` (path, `base`, `head`, `link`, `executable`).
//! - `edit PATH`: lines `- old` / `+ new` replaced wherever the file occurs,
//!   `edit-head PATH` only in the judged state, `edit-base PATH` only before.
//! - `config`: the text of countersign.yaml in the base commit.
//! - `findings`: all findings of the gate, one a line:
//!   `level rule path ["part of the line"] :: part of the message`.

use countersign::{
    ChangedFile, DemoRepository, DocumentCheckRequest, DocumentQuery, FileMode, Finding, Gate, GateRequest,
    NamedDocument, ObjectStore as _, PipelineError, RecordedHashes, RepoPath, Repository, ScanProfile,
    ScanRequest, SelectionMode, SelectionRequest, TreeState, check_documents, check_packet, run_scan,
};
use serde::Deserialize;

use super::expected::ExpectedFinding;
use super::greeter::WP as WP_ID;
use super::memory::{Files, MemoryCommit, MemoryFile, MemoryRepository, commit_id};

pub use super::literate::scenarios;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Setup {
    pub gate: Option<String>,
    pub mode: Option<String>,
    pub wp: Option<String>,
    pub branch: Option<String>,
    pub now: Option<String>,
    /// First commit of the range: 0 the project, 1 the approved packet.
    pub base: Option<usize>,
    /// Whether the packet is approved in a commit of its own (default).
    pub approved: Option<bool>,
    /// First line of the message of that commit.
    pub subject: Option<String>,
    pub files: Vec<FileSetup>,
    /// Run the configured steps, in a real repository.
    pub steps: bool,
    /// Give the packet another id, in all documents.
    pub rename: Option<String>,
    /// No work was done: the judged state is the approved one.
    pub idle: bool,
    /// Documents that the caller of `check` names.
    pub paths: Vec<String>,
    /// The scan is of the change, not of the tree.
    pub change: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileSetup {
    pub path: String,
    pub base: Option<String>,
    /// Text in the judged state; the base's if left out.
    pub head: Option<String>,
    /// Deleted in the judged state.
    #[serde(default)]
    pub gone: bool,
    /// A link with this text in the judged state.
    pub link: Option<String>,
    #[serde(default)]
    pub executable: bool,
    /// Bytes in hexadecimal, instead of `head`.
    pub head_hex: Option<String>,
}

#[derive(Debug)]
pub struct FixtureEdit {
    pub path: String,
    pub when: When,
    pub pairs: Vec<(String, String)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    Always,
    Head,
    Base,
}

#[derive(Debug)]
pub struct Scenario {
    pub name: String,
    pub setup: Setup,
    pub edits: Vec<FixtureEdit>,
    pub config: Option<String>,
    pub expected: Vec<ExpectedFinding>,
}

impl FixtureEdit {
    /// The edit with the id of the first commit filled in.
    fn with_merge_base(&self, merge_base: &str) -> Self {
        let pairs = self.pairs.iter().map(|(old, new)| {
            (old.replace("{merge_base}", merge_base), new.replace("{merge_base}", merge_base))
        });
        Self { path: self.path.clone(), when: self.when, pairs: pairs.collect() }
    }
}

fn insert_file(files: &mut Files, path: &str, bytes: impl Into<Vec<u8>>) {
    files.insert(RepoPath::from_declared(path), MemoryFile { mode: FileMode::Regular, bytes: bytes.into() });
}

fn decode_hex(text: &str) -> Vec<u8> {
    (0..text.len() / 2).map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).expect("hex")).collect()
}

impl Scenario {
    pub fn gate(&self) -> Gate {
        match self.setup.gate.as_deref() {
            None | Some("post-work") => Gate::PostWork,
            Some(_) if self.scan_profile().is_some() => Gate::PostWork,
            Some("pre-work") => Gate::PreWork,
            Some("gate-check") => Gate::GateCheck,
            // Documents are checked in the state before work.
            Some(_) if self.document_query().is_some() => Gate::PreWork,
            Some(other) => panic!("{}: no gate {other}", self.name),
        }
    }

    /// The document check of the scenario, if it is one.
    pub fn document_query(&self) -> Option<DocumentQuery> {
        let command = self.setup.gate.as_deref()?;
        let default = if command == "validator-phase-gate" { "" } else { WP_ID };
        DocumentQuery::from_command(command, self.setup.wp.as_deref().unwrap_or(default))
    }

    /// The scan of the scenario, if it is one.
    pub fn scan_profile(&self) -> Option<ScanProfile> {
        ScanProfile::from_command(self.setup.gate.as_deref()?)
    }

    pub fn document_check_request(&self, inquiry: DocumentQuery) -> DocumentCheckRequest {
        let now = self.setup.now.as_deref().unwrap_or("2026-03-01T12:00:00");
        let named = self.setup.paths.iter();
        DocumentCheckRequest {
            query: inquiry,
            tree: TreeState::Worktree,
            named_documents: named
                .map(|path| NamedDocument { path: RepoPath::from(path.as_str()), bytes: None })
                .collect(),
            config: None,
            now: now.parse().expect("now"),
        }
    }

    /// Runs the scenario's gate, document check or scan; returns its findings.
    pub fn findings(
        &self,
        repo: &dyn Repository,
        selection: SelectionRequest,
    ) -> Result<Vec<Finding>, PipelineError> {
        if let Some(scan) = self.scan_profile() {
            let request = ScanRequest {
                profile: scan,
                tree: TreeState::Worktree,
                change: self.setup.change.then_some(selection),
                base: None,
                paths: Vec::new(),
                config: None,
                baseline: None,
                show_baselined: false,
                now: self.setup.now.as_deref().unwrap_or("2026-03-01T12:00:00").parse().expect("now"),
            };
            return Ok(run_scan(repo, &request)?.findings);
        }
        match self.document_query() {
            Some(inquiry) => Ok(check_documents(repo, &self.document_check_request(inquiry))?.findings),
            None => Ok(check_packet(repo, &self.request(selection))?.findings),
        }
    }

    pub fn mode(&self) -> SelectionMode {
        match self.setup.mode.as_deref() {
            None | Some("range") => SelectionMode::Range,
            Some("staged") => SelectionMode::Staged,
            Some("worktree") => SelectionMode::Worktree,
            Some(other) => panic!("{}: no mode {other}", self.name),
        }
    }

    pub fn request(&self, selection: SelectionRequest) -> GateRequest {
        let now = self.setup.now.as_deref().unwrap_or("2026-03-01T12:00:00");
        GateRequest {
            task: None,
            other_packets: Vec::new(),
            gate: self.gate(),
            packet: self.setup.wp.clone().unwrap_or_else(|| WP_ID.into()),
            selection,
            base: None,
            config: None,
            now: now.parse().expect("now"),
        }
    }

    /// The states of the repository: project, approved, judged. `merge_base` is
    /// the id of the first commit.
    pub fn states(&self, merge_base: &str) -> [Files; 3] {
        let mut project = Files::new();
        for (path, text) in DemoRepository::base_files() {
            insert_file(&mut project, path, text);
        }
        if let Some(config) = &self.config {
            insert_file(&mut project, "countersign.yaml", config.clone());
        }
        for file in &self.setup.files {
            if let Some(base) = &file.base {
                insert_file(&mut project, &file.path, base.clone());
            }
        }
        let mut approved = project.clone();
        for (path, text) in DemoRepository::approved_files(merge_base) {
            insert_file(&mut approved, path, text);
        }
        let mut judged = approved.clone();
        if self.gate() == Gate::PostWork && !self.setup.idle {
            self.apply_work(&mut judged, &project, merge_base);
        }
        for edit in &self.edits {
            let edit = edit.with_merge_base(merge_base);
            let path = RepoPath::from_declared(&edit.path);
            let states: &mut [&mut Files] = match edit.when {
                When::Always => &mut [&mut project, &mut approved, &mut judged],
                When::Head => &mut [&mut judged],
                When::Base => &mut [&mut project, &mut approved],
            };
            let mut done = false;
            for state in states.iter_mut() {
                if edit.pairs.iter().all(|(old, new)| old == "*" && new.is_empty()) {
                    done |= state.remove(&path).is_some();
                } else if let Some(file) = state.get_mut(&path) {
                    done |= apply_edit(file, &edit, &self.name, done);
                }
            }
            assert!(done, "{}: nothing of {:?} was edited", self.name, edit.path);
        }
        [project, approved, judged].map(|files| self.rename_packet(files))
    }

    /// The files with the packet's other id, if the scenario gives it one.
    fn rename_packet(&self, files: Files) -> Files {
        let Some(id) = &self.setup.rename else { return files };
        let rename = |(path, mut file): (RepoPath, MemoryFile)| {
            file.bytes = String::from_utf8_lossy(&file.bytes)
                .replace(WP_ID, id)
                .replace(&format!("BASE_WP_ID: {id}"), &format!("BASE_WP_ID: {WP_ID}"))
                .replace("WP-1-Fare{}well", WP_ID)
                .into_bytes();
            (RepoPath::from(path.to_text().replace(WP_ID, id).as_str()), file)
        };
        let mut files: Files = files.into_iter().map(rename).collect();
        for file in &self.setup.files {
            insert_file(&mut files, &file.path, file.base.clone().unwrap_or_default());
        }
        files
    }

    fn apply_work(&self, judged: &mut Files, project: &Files, merge_base: &str) {
        for (path, _, post) in DemoRepository::work_files() {
            insert_file(judged, path, post);
        }
        for file in &self.setup.files {
            let path = RepoPath::from_declared(&file.path);
            if file.gone {
                judged.remove(&path);
                continue;
            }
            let (mode, bytes) = match (&file.link, &file.head_hex, file.head.as_ref().or(file.base.as_ref()))
            {
                (Some(link), _, _) => (FileMode::Symlink, link.clone().into_bytes()),
                (None, Some(hex), _) => (FileMode::Regular, decode_hex(hex)),
                (None, None, Some(text)) => (
                    if file.executable { FileMode::Executable } else { FileMode::Regular },
                    text.clone().into_bytes(),
                ),
                (None, None, None) => panic!("{}: {} has no text", self.name, file.path),
            };
            judged.insert(path, MemoryFile { mode, bytes });
        }
        let memory = MemoryRepository {
            commits: vec![
                MemoryCommit { files: project.clone(), committer: String::new(), subject: String::new() },
                MemoryCommit { files: judged.clone(), committer: String::new(), subject: String::new() },
            ],
            disk: judged.clone(),
            branch: None,
            folder: String::new(),
            mode: SelectionMode::Range,
            base: 0,
        };
        let selection = memory.select(&SelectionRequest::Default, &|_| None, None).expect("selection");
        let changed: Vec<ChangedFile> = memory
            .changes(&selection)
            .expect("changes")
            .changes
            .into_iter()
            .filter(|change| !change.path.is_below(b".GOV"))
            .map(|change| {
                let read = |side: TreeState| memory.read(side, &change.path).expect("bytes");
                let (pre, post) = (
                    read(TreeState::Commit(selection.base.expect("base"))),
                    read(TreeState::Commit(selection.head.expect("head"))),
                );
                ChangedFile::new(change, pre, post)
            })
            .collect();
        let packet = DemoRepository::packet_text(merge_base, RecordedHashes::Correct, &changed);
        insert_file(judged, ".GOV/task_packets/WP-1-Farewell.md", packet);
    }

    /// The scenario's repository in memory.
    pub fn memory(&self) -> MemoryRepository {
        let [project, approved, judged] = self.states(&commit_id(0).to_string());
        let subject = self.setup.subject.as_deref().unwrap_or("packet");
        let snapshot = |files: &Files, committer: &str| MemoryCommit {
            files: files.clone(),
            committer: committer.to_owned(),
            subject: subject.to_owned(),
        };
        let mut commits = vec![snapshot(&project, "Tess <tess@example.org>")];
        if self.setup.approved != Some(false) {
            commits.push(snapshot(&approved, "Tess <tess@example.org>"));
        }
        if self.gate() == Gate::PostWork && self.mode() == SelectionMode::Range {
            commits.push(snapshot(&judged, "Tess <tess@example.org>"));
        }
        MemoryRepository {
            commits,
            disk: judged,
            branch: Some(self.setup.branch.clone().unwrap_or_else(|| "feat/WP-1-Farewell".into())),
            folder: "greeter".into(),
            mode: self.mode(),
            base: self.setup.base.unwrap_or(0),
        }
    }
}

fn apply_edit(file: &mut MemoryFile, edit: &FixtureEdit, name: &str, lenient: bool) -> bool {
    let mut text = String::from_utf8(file.bytes.clone()).expect("text");
    let mut done = false;
    for (old, new) in &edit.pairs {
        if text.contains(old.as_str()) {
            text = text.replacen(old.as_str(), new, 1);
            done = true;
        } else {
            assert!(lenient || edit.when == When::Always, "{name}: {} does not hold {old:?}", edit.path);
        }
    }
    file.bytes = text.into_bytes();
    done
}
