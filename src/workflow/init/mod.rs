//! Governance for a repository that has none: documents, configuration, and
//! the recipes that people know. Nothing that is there is overwritten.

mod files;

use crate::change::RepositoryError;
use crate::document::{Layout, LayoutName};
use crate::system::transaction::{FileWrite, WriteError};
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
pub enum FileAction {
    /// It was not there.
    Created(RepoPath),
    /// It is there, and is left as it is.
    Kept(RepoPath),
    /// It is there, and got these lines at its end.
    Appended(RepoPath, Vec<String>),
}

/// Everything that is to be written, what that is, and what is left to do.
#[derive(Debug, Default)]
pub struct InitPlan {
    /// The files.
    pub writes: Vec<FileWrite>,
    /// What became of each.
    pub actions: Vec<FileAction>,
    /// What somebody still has to do, in sentences.
    pub next_steps: Vec<String>,
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

type FileReader<'a> = &'a dyn Fn(&RepoPath) -> Result<Option<Vec<u8>>, WriteError>;

/// Plans the governance of a repository; `read` gives files as they lie there.
///
/// # Errors
/// A link or folder lies where a document belongs.
pub fn plan_init(read: FileReader<'_>, request: &InitRequest) -> Result<InitPlan, InitError> {
    let mut plan = InitPlanner { read, plan: InitPlan::default() };
    let layout = &request.layout;
    let gitkeeps = [&layout.packets, &layout.stubs, &layout.refinements, &layout.validator_states];
    for folder in gitkeeps {
        plan.create_file(&format!("{folder}.gitkeep"), "")?;
    }
    for (name, text) in files::TEMPLATES {
        plan.create_file(&format!("{}{name}", layout.templates), text)?;
    }
    plan.create_file(&layout.board, files::BOARD)?;
    plan.create_file(&layout.registry, files::REGISTRY)?;
    plan.create_file(&layout.audit, files::AUDIT)?;
    plan.create_file(&layout.gate_log, files::GATE_LOG)?;
    let spec = request.spec.as_ref().map_or_else(|| "Spec_v01.md".to_owned(), ToString::to_string);
    if request.spec.is_none() && plan.create_file(&spec, files::SPEC)? {
        plan.plan
            .next_steps
            .push(format!("Say in {spec} what the project must do; refinements point at its lines."));
    }
    plan.create_file(&layout.spec_pointer, &files::render_spec_pointer(&spec))?;
    let steps = files::detect_steps(&|path| Ok(plan.read_file(path)?.is_some()))?;
    let mut configuration = files::render_configuration(&request.main, &steps);
    if layout.name == LayoutName::Docs {
        configuration.push_str("layout:\n  base: docs\n");
    }
    let is_new = plan.create_file(crate::config::FILE_NAME, &configuration)?;
    if is_new && steps.is_empty() {
        plan.plan.next_steps.push("Name the project's tests under `steps` in countersign.yaml.".to_owned());
    }
    plan.add_ignore_line()?;
    plan.add_recipes(layout)?;
    if request.ci == Some(Ci::Github) {
        plan.create_file(".github/workflows/countersign.yml", files::GITHUB)?;
    }
    if request.ci == Some(Ci::Gitlab) && plan.create_file(".gitlab/countersign.yml", files::GITLAB)? {
        let line = "include: [{local: '.gitlab/countersign.yml'}]";
        plan.plan.next_steps.push(format!("Add `{line}` to .gitlab-ci.yml."));
    }
    if !plan.plan.writes.is_empty() {
        let line = "Commit what was written; everybody's work is judged by it from then on.";
        plan.plan.next_steps.push(line.to_owned());
    }
    Ok(plan.plan)
}

struct InitPlanner<'a> {
    read: FileReader<'a>,
    plan: InitPlan,
}

impl InitPlanner<'_> {
    fn read_file(&self, path: &str) -> Result<Option<Vec<u8>>, WriteError> {
        (self.read)(&RepoPath::from(path))
    }

    /// Writes a file unless it is there; whether it is new.
    fn create_file(&mut self, path: &str, text: &str) -> Result<bool, WriteError> {
        let is_new = self.read_file(path)?.is_none();
        let path = RepoPath::from(path);
        if is_new {
            let after = text.as_bytes().to_vec();
            self.plan.writes.push(FileWrite { path: path.clone(), before: None, after });
            self.plan.actions.push(FileAction::Created(path));
        } else {
            self.plan.actions.push(FileAction::Kept(path));
        }
        Ok(is_new)
    }

    /// Has git ignore logs.
    fn add_ignore_line(&mut self) -> Result<(), WriteError> {
        let path = RepoPath::from(".gitignore");
        let Some(before) = (self.read)(&path)? else {
            return self.create_file(".gitignore", &format!("{}\n", files::IGNORE_LINE)).map(|_| ());
        };
        let text = String::from_utf8_lossy(&before).into_owned();
        let ignored = |line: &str| {
            let line = line.trim().trim_start_matches('/').trim_end_matches('/');
            line == files::IGNORE_LINE.trim_matches('/')
        };
        if text.lines().any(ignored) {
            self.plan.actions.push(FileAction::Kept(path));
            return Ok(());
        }
        let ending = line_ending(&text);
        let mut after = before.clone();
        if !after.is_empty() && !after.ends_with(b"\n") {
            after.extend_from_slice(ending.as_bytes());
        }
        after.extend_from_slice(format!("{}{ending}", files::IGNORE_LINE).as_bytes());
        self.plan.writes.push(FileWrite { path: path.clone(), before: Some(before), after });
        self.plan.actions.push(FileAction::Appended(path, vec![files::IGNORE_LINE.to_owned()]));
        Ok(())
    }

    /// The recipes, imported by the justfile if that is new.
    fn add_recipes(&mut self, layout: &Layout) -> Result<(), WriteError> {
        let folder = layout.governance_folders.first().map_or("", String::as_str);
        let own = format!("{folder}countersign.just");
        let is_new = self.create_file(&own, &files::render_recipes(&own))?;
        let spellings = ["justfile", "Justfile", ".justfile"];
        for name in spellings {
            let Some(bytes) = self.read_file(name)? else { continue };
            let imports = String::from_utf8_lossy(&bytes).contains(&own);
            if is_new && !imports {
                self.plan.next_steps.push(format!("Add `import '{own}'` to {name} to have the recipes."));
            }
            self.plan.actions.push(FileAction::Kept(RepoPath::from(name)));
            return Ok(());
        }
        self.create_file("justfile", &format!("import '{own}'\n\n_default:\n    @just --list\n")).map(|_| ())
    }
}
