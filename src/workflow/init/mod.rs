//! `countersign init`: plans the documents, the configuration and the recipes
//! of a repository without governance. Existing text is never overwritten.

mod fence;
mod files;
mod runner;

use crate::change::RepositoryError;
pub(crate) use fence::{FenceRequest, plan_fence};
pub(crate) use runner::{ProjectFiles, TestStep, detect_test_steps};

use crate::document::template::GATE_LOG;
use crate::document::{Layout, LayoutName, record_files};
use crate::rule::Profile;
use crate::system::transaction::{FileWrite, WriteError};
use crate::text::{RepoPath, line_ending};

/// The choices for a new governance.
#[derive(Debug, Clone)]
pub(crate) struct InitRequest {
    /// The folders of the documents.
    pub layout: Layout,
    /// How much ceremony the repository wants.
    pub profile: Profile,
    /// Name of the main branch.
    pub main: String,
    /// The path of the specification; `None` if the project has none yet.
    pub spec: Option<RepoPath>,
    /// Steps that run the tests.
    pub steps: Vec<TestStep>,
    /// The CI system to write a file for; `None` for no file.
    pub ci: Option<Ci>,
}

/// A CI system that `init` can write a file for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ci {
    /// GitHub Actions.
    Github,
    /// GitLab CI.
    Gitlab,
}

/// The action that a plan takes for one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FileAction {
    /// The file does not exist and is created.
    Created(RepoPath),
    /// The file exists and stays unchanged.
    Kept(RepoPath),
    /// The file exists and gets these lines at its end.
    Appended(RepoPath, Vec<String>),
}

/// The files to write, the action for each file, and the next steps of the user.
#[derive(Debug, Default)]
pub(crate) struct InitPlan {
    /// The files to write.
    pub writes: Vec<FileWrite>,
    /// The action for each file, in the order of the plan.
    pub actions: Vec<FileAction>,
    /// What the user has to do next, as sentences.
    pub next_steps: Vec<String>,
}

/// The reason why no plan could be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InitError {
    /// A file cannot be read.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The repository cannot be read.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
    /// There is a configuration already.
    #[error("countersign.yaml exists already; edit it in a change of its own")]
    ConfigurationExists,
    /// An entry of the scope is not valid.
    #[error("invalid path `{entry}` for the fence: {why}")]
    InvalidEntry {
        /// The entry.
        entry: String,
        /// What is wrong, as a clause.
        why: String,
    },
}

type FileReader<'a> = &'a dyn Fn(&RepoPath) -> Result<Option<Vec<u8>>, WriteError>;

/// Plans the governance of a repository. `read` returns the bytes of a file in
/// the working tree, or `None` if it does not exist.
///
/// # Errors
/// A file cannot be read, for example because its path is a link or a folder.
pub(crate) fn plan_init(read: FileReader<'_>, request: &InitRequest) -> Result<InitPlan, InitError> {
    let mut plan = InitPlanner { read, plan: InitPlan::default() };
    if request.profile == Profile::Full {
        plan.add_records(request)?;
    } else {
        plan.create_file(&format!("{}.gitkeep", request.layout.packets), "")?;
    }
    plan.add_configuration(request)?;
    plan.add_ignore_line()?;
    if request.profile == Profile::Full {
        plan.add_recipes(&request.layout)?;
    }
    if let Some(ci) = request.ci {
        plan.add_ci(ci, &request.main)?;
    }
    if !plan.plan.writes.is_empty() {
        let line = "Commit the written files; the gates check all later work against them.";
        plan.plan.next_steps.push(line.to_owned());
    }
    if request.profile == Profile::Standard {
        let line = "Then `countersign new packet WP-1-NAME` writes a packet on the branch of the work.";
        plan.plan.next_steps.push(line.to_owned());
    }
    Ok(plan.plan)
}

/// Plans the workflow of a CI system alone.
///
/// # Errors
/// A file cannot be read.
pub(crate) fn plan_ci(read: FileReader<'_>, ci: Ci, main: &str) -> Result<InitPlan, InitError> {
    let mut plan = InitPlanner { read, plan: InitPlan::default() };
    plan.add_ci(ci, main)?;
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

    /// Adds a new file to the plan unless it exists. Returns whether it is new.
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

    /// Adds the documents of the profile `full`.
    fn add_records(&mut self, request: &InitRequest) -> Result<(), InitError> {
        let layout = &request.layout;
        let gitkeeps = [&layout.packets, &layout.stubs, &layout.refinements, &layout.validator_states];
        for folder in gitkeeps {
            self.create_file(&format!("{folder}.gitkeep"), "")?;
        }
        for (name, text) in files::TEMPLATES {
            self.create_file(&format!("{}{name}", layout.templates), text)?;
        }
        let records = [
            (&layout.board, files::BOARD),
            (&layout.registry, files::REGISTRY),
            (&layout.audit, files::AUDIT),
            (&layout.gate_log, GATE_LOG),
        ];
        for (record, text) in records {
            // An existing table stays the place of all packets.
            if self.create_file(record, text)? {
                self.create_file(&record_files::keep_file(record), "")?;
            }
        }
        let spec = request.spec.as_ref().map_or_else(|| "Spec_v01.md".to_owned(), ToString::to_string);
        if request.spec.is_none() && self.create_file(&spec, files::SPEC)? {
            self.plan.next_steps.push(format!(
                "Describe in {spec} what the project must do; refinements refer to its lines."
            ));
        }
        self.create_file(&layout.spec_pointer, &files::render_spec_pointer(&spec))?;
        Ok(())
    }

    /// Adds the configuration.
    fn add_configuration(&mut self, request: &InitRequest) -> Result<(), InitError> {
        let mut configuration = files::render_configuration(&request.main, &request.steps, request.profile);
        if request.layout.name == LayoutName::Docs {
            configuration.push_str("layout:\n  base: docs\n");
        }
        let is_new = self.create_file(crate::config::FILE_NAME, &configuration)?;
        if is_new && request.steps.is_empty() {
            let line = "Add the project's test command to `steps` in countersign.yaml.";
            self.plan.next_steps.push(line.to_owned());
        }
        Ok(())
    }

    /// Adds the workflow of a CI system.
    fn add_ci(&mut self, ci: Ci, main: &str) -> Result<(), WriteError> {
        match ci {
            Ci::Github => {
                let text = files::render_github(main);
                self.create_file(".github/workflows/countersign.yml", &text)?;
            }
            Ci::Gitlab => {
                if self.create_file(".gitlab/countersign.yml", files::GITLAB)? {
                    let line = "include: [{local: '.gitlab/countersign.yml'}]";
                    self.plan.next_steps.push(format!("Add `{line}` to .gitlab-ci.yml."));
                }
            }
        }
        Ok(())
    }

    /// Adds the line to `.gitignore` that makes git ignore logs.
    fn add_ignore_line(&mut self) -> Result<(), WriteError> {
        let path = RepoPath::from(".gitignore");
        let Some(before) = (self.read)(&path)? else {
            return self.create_file(".gitignore", &format!("{}\n", files::IGNORE_LINE)).map(|_| ());
        };
        let text = String::from_utf8_lossy(&before).into_owned();
        let ignored = |line: &str| {
            let line = line.trim().trim_start_matches('/').trim_end_matches('/');
            line == files::IGNORE_LINE.trim_matches('/') || line == ".countersign"
        };
        if text.lines().any(ignored) {
            self.plan.actions.push(FileAction::Kept(path));
            return Ok(());
        }
        let newline = line_ending(&text);
        let mut after = before.clone();
        if !after.is_empty() && !after.ends_with(b"\n") {
            after.extend_from_slice(newline.as_bytes());
        }
        after.extend_from_slice(format!("{}{newline}", files::IGNORE_LINE).as_bytes());
        self.plan.writes.push(FileWrite { path: path.clone(), before: Some(before), after });
        self.plan.actions.push(FileAction::Appended(path, vec![files::IGNORE_LINE.to_owned()]));
        Ok(())
    }

    /// Adds the recipe file, and a justfile that imports it if there is none.
    fn add_recipes(&mut self, layout: &Layout) -> Result<(), WriteError> {
        let folder = layout.governance_folders.first().map_or("", String::as_str);
        let recipes = format!("{folder}countersign.just");
        let is_new = self.create_file(&recipes, &files::render_recipes(&recipes))?;
        let spellings = ["justfile", "Justfile", ".justfile"];
        for name in spellings {
            let Some(bytes) = self.read_file(name)? else { continue };
            let imports = String::from_utf8_lossy(&bytes).contains(&recipes);
            if is_new && !imports {
                let line = format!("Add `import '{recipes}'` to {name} to use the recipes.");
                self.plan.next_steps.push(line);
            }
            self.plan.actions.push(FileAction::Kept(RepoPath::from(name)));
            return Ok(());
        }
        let justfile = format!("import '{recipes}'\n\n_default:\n    @just --list\n");
        self.create_file("justfile", &justfile).map(|_| ())
    }
}
