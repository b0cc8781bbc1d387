//! Governance for a repository that has none: documents, configuration, and
//! the recipes that people know. Nothing that is there is overwritten.

mod files;

use crate::change::RepositoryError;
use crate::document::{Layout, LayoutName};
use crate::system::writing::{FileWrite, WriteError};
use crate::text::{RepoPath, line_ending};

/// What a new governance is to be like.
#[derive(Debug, Clone)]
pub struct InitRequest {
    /// Where documents lie.
    pub layout: Layout,
    /// Name of the main branch.
    pub main: String,
    /// The specification, if there is one.
    pub spec: Option<RepoPath>,
    /// Whose CI is set up, if any.
    pub ci: Option<Ci>,
}

/// A continuous integration that a file can be written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ci {
    /// GitHub Actions.
    Github,
    /// GitLab CI.
    Gitlab,
}

/// What was done with one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Did {
    /// It was not there.
    Created(RepoPath),
    /// It is there, and is left as it is.
    Kept(RepoPath),
    /// It is there, and got these lines at its end.
    Added(RepoPath, Vec<String>),
}

/// Everything that is to be written, what that is, and what is left to do.
#[derive(Debug, Default)]
pub struct Init {
    /// The files.
    pub writes: Vec<FileWrite>,
    /// What became of each.
    pub did: Vec<Did>,
    /// What somebody still has to do, in sentences.
    pub todo: Vec<String>,
}

/// Why it could not be planned.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// A file cannot be looked at.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The repository cannot answer.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
}

type Read<'a> = &'a dyn Fn(&RepoPath) -> Result<Option<Vec<u8>>, WriteError>;

/// Plans the governance of a repository; `read` gives files as they lie there.
///
/// # Errors
/// A link or folder lies where a document belongs.
pub fn init(read: Read<'_>, request: &InitRequest) -> Result<Init, InitError> {
    let mut plan = Plan { read, out: Init::default() };
    let layout = &request.layout;
    let gitkeeps = [&layout.packets, &layout.stubs, &layout.refinements, &layout.validator_states];
    for folder in gitkeeps {
        plan.create(&format!("{folder}.gitkeep"), "")?;
    }
    for (name, text) in files::TEMPLATES {
        plan.create(&format!("{}{name}", layout.templates), text)?;
    }
    plan.create(&layout.board, files::BOARD)?;
    plan.create(&layout.registry, files::REGISTRY)?;
    plan.create(&layout.audit, files::AUDIT)?;
    plan.create(&layout.gate_log, files::GATE_LOG)?;
    let spec = request.spec.as_ref().map_or_else(|| "Spec_v01.md".to_owned(), ToString::to_string);
    if request.spec.is_none() && plan.create(&spec, files::SPEC)? {
        plan.out
            .todo
            .push(format!("Say in {spec} what the project must do; refinements point at its lines."));
    }
    plan.create(&layout.spec_pointer, &files::pointer(&spec))?;
    let steps = files::steps(&|path| Ok(plan.there(path)?.is_some()))?;
    let mut configuration = files::configuration(&request.main, &steps);
    if layout.name == LayoutName::Docs {
        configuration.push_str("layout:\n  base: docs\n");
    }
    let is_new = plan.create(crate::config::FILE_NAME, &configuration)?;
    if is_new && steps.is_empty() {
        plan.out.todo.push("Name the project's tests under `steps` in countersign.yaml.".to_owned());
    }
    plan.ignore()?;
    plan.recipes(layout)?;
    if request.ci == Some(Ci::Github) {
        plan.create(".github/workflows/countersign.yml", files::GITHUB)?;
    }
    if request.ci == Some(Ci::Gitlab) && plan.create(".gitlab/countersign.yml", files::GITLAB)? {
        let line = "include: [{local: '.gitlab/countersign.yml'}]";
        plan.out.todo.push(format!("Add `{line}` to .gitlab-ci.yml."));
    }
    if !plan.out.writes.is_empty() {
        let line = "Commit what was written; everybody's work is judged by it from then on.";
        plan.out.todo.push(line.to_owned());
    }
    Ok(plan.out)
}

struct Plan<'a> {
    read: Read<'a>,
    out: Init,
}

impl Plan<'_> {
    fn there(&self, path: &str) -> Result<Option<Vec<u8>>, WriteError> {
        (self.read)(&RepoPath::from(path))
    }

    /// Writes a file unless it is there; whether it is new.
    fn create(&mut self, path: &str, text: &str) -> Result<bool, WriteError> {
        let is_new = self.there(path)?.is_none();
        let path = RepoPath::from(path);
        if is_new {
            let after = text.as_bytes().to_vec();
            self.out.writes.push(FileWrite { path: path.clone(), before: None, after });
            self.out.did.push(Did::Created(path));
        } else {
            self.out.did.push(Did::Kept(path));
        }
        Ok(is_new)
    }

    /// Has git ignore logs.
    fn ignore(&mut self) -> Result<(), WriteError> {
        let path = RepoPath::from(".gitignore");
        let Some(before) = (self.read)(&path)? else {
            return self.create(".gitignore", &format!("{}\n", files::IGNORED)).map(|_| ());
        };
        let text = String::from_utf8_lossy(&before).into_owned();
        let ignored = |line: &str| {
            let line = line.trim().trim_start_matches('/').trim_end_matches('/');
            line == files::IGNORED.trim_matches('/')
        };
        if text.lines().any(ignored) {
            self.out.did.push(Did::Kept(path));
            return Ok(());
        }
        let ending = line_ending(&text);
        let mut after = before.clone();
        if !after.is_empty() && !after.ends_with(b"\n") {
            after.extend_from_slice(ending.as_bytes());
        }
        after.extend_from_slice(format!("{}{ending}", files::IGNORED).as_bytes());
        self.out.writes.push(FileWrite { path: path.clone(), before: Some(before), after });
        self.out.did.push(Did::Added(path, vec![files::IGNORED.to_owned()]));
        Ok(())
    }

    /// The recipes, imported by the justfile if that is new.
    fn recipes(&mut self, layout: &Layout) -> Result<(), WriteError> {
        let folder = layout.governance.first().map_or("", String::as_str);
        let own = format!("{folder}countersign.just");
        let is_new = self.create(&own, &files::recipes(&own))?;
        let spellings = ["justfile", "Justfile", ".justfile"];
        for name in spellings {
            let Some(bytes) = self.there(name)? else { continue };
            let imports = String::from_utf8_lossy(&bytes).contains(&own);
            if is_new && !imports {
                self.out.todo.push(format!("Add `import '{own}'` to {name} to have the recipes."));
            }
            self.out.did.push(Did::Kept(RepoPath::from(name)));
            return Ok(());
        }
        self.create("justfile", &format!("import '{own}'\n\n_default:\n    @just --list\n")).map(|_| ())
    }
}
