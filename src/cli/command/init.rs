//! `init`: sets up governance documents and configuration.

use std::path::PathBuf;

use anyhow::{anyhow, bail};
use clap::{Args, ValueEnum};

use crate::change::{ObjectStore as _, TreeState, WorkingTree as _};
use crate::cli::workspace::{LockedWorkspace, repo_path_below};
use crate::cli::{GlobalArgs, Output, PASSED};
use crate::config::{Config, detect_layout};
use crate::document::Layout;
use crate::pipeline::test_plan::words::split_words;
use crate::render::json;
use crate::rule::Profile;
use crate::system::environment;
use crate::system::transaction::WriteError;
use crate::text::{RepoPath, escape_hidden, to_single_line};
use crate::workflow::init::{
    Ci, FenceRequest, FileAction, InitPlan, InitRequest, ProjectFiles, TestStep, detect_test_steps, plan_ci,
    plan_fence, plan_init,
};

use super::workflow::SCHEMA;

/// Arguments of `init`.
#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// Where documents go; default: the layout that exists, else `.GOV`
    #[arg(long, value_enum)]
    layout: Option<LayoutChoice>,
    /// What packets need; default: the configured profile, else `full`
    #[arg(long, value_enum)]
    profile: Option<ProfileChoice>,
    /// The specification; default: a file in the root named like `…Spec_v01.md`,
    /// else a new one
    #[arg(long, value_name = "FILE")]
    spec: Option<PathBuf>,
    /// Name of the main branch; default: the remote's, `main` or `master`, else the branch
    /// that is checked out
    #[arg(long, value_name = "BRANCH")]
    main: Option<String>,
    /// Also write a workflow for this CI system
    #[arg(long, value_enum)]
    ci: Option<CiChoice>,
    /// Write one file with these paths as the scope of all work, without packets
    #[arg(long, value_name = "PATH", num_args = 1.., conflicts_with_all = ["layout", "spec", "profile"])]
    fence: Vec<String>,
    /// A command that runs the tests; may be given several times. The default is
    /// detected from manifests and lock files
    #[arg(long, value_name = "COMMAND")]
    step: Vec<String>,
    /// Write no steps: the verdict then says that no test ran
    #[arg(long, conflicts_with = "step")]
    no_steps: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum LayoutChoice {
    /// `.GOV/…`
    Gov,
    /// `docs/…`
    Docs,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ProfileChoice {
    /// Packets with scope, test plan and done-means
    Standard,
    /// Packets with signed refinements
    Full,
}

impl ProfileChoice {
    fn to_profile(self) -> Profile {
        match self {
            Self::Standard => Profile::Standard,
            Self::Full => Profile::Full,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum CiChoice {
    Github,
    Gitlab,
}

impl CiChoice {
    fn to_ci(self) -> Ci {
        match self {
            Self::Github => Ci::Github,
            Self::Gitlab => Ci::Gitlab,
        }
    }
}

impl InitArgs {
    pub(crate) fn run(&self, global: &GlobalArgs, output: &Output) -> anyhow::Result<u8> {
        let is_json = global.is_json()?;
        let workspace = match LockedWorkspace::lock(global, "init") {
            Ok(workspace) => workspace,
            Err(error) => {
                let none = error.downcast_ref::<crate::change::RepositoryError>();
                if matches!(none, Some(crate::change::RepositoryError::NotARepository(_))) {
                    bail!("{error}; run `git init` first");
                }
                return Err(error);
            }
        };
        if !self.fence.is_empty() {
            let main = self.main_branch(&workspace)?;
            let mut plan = self.plan_fence(&workspace, global)?;
            Self::add_branch_remark(&workspace, &main, &mut plan)?;
            workspace.apply(&plan.writes)?;
            return report(&workspace, plan, is_json, output);
        }
        let config = workspace.load_config(global)?;
        if config.levels.profile == Profile::Fence && !config.is_default {
            return self.add_ci_to_fence(&workspace, &config, is_json, output);
        }
        let profile = self.choose_profile(&config)?;
        let configured = config.layout;
        let existing = detect_layout(&workspace.repo, TreeState::Worktree)?;
        let wanted = self.layout.map(|choice| match choice {
            LayoutChoice::Gov => Layout::gov(),
            LayoutChoice::Docs => Layout::docs(),
        });
        let existing = configured.or(existing);
        if let (Some(wanted), Some(existing)) = (&wanted, &existing)
            && wanted.packets != existing.packets
        {
            bail!(
                "governance exists already: packets are in {}, not in {}; move them first, or leave out --layout",
                existing.packets,
                wanted.packets
            );
        }
        let layout = wanted.or(existing).unwrap_or_else(Layout::gov);
        let request = InitRequest {
            layout,
            profile,
            main: self.main_branch(&workspace)?,
            spec: self.resolve_spec(&workspace, global)?,
            steps: self.steps(&workspace)?,
            ci: self.ci.map(CiChoice::to_ci),
        };
        let read = |path: &RepoPath| -> Result<Option<Vec<u8>>, WriteError> { workspace.writer.read(path) };
        let mut plan = plan_init(&read, &request)?;
        Self::add_branch_remark(&workspace, &request.main, &mut plan)?;
        workspace.apply(&plan.writes)?;
        report(&workspace, plan, is_json, output)
    }

    /// Returns the profile: as given, otherwise the configured one.
    fn choose_profile(&self, config: &Config) -> anyhow::Result<Profile> {
        let configured = config.levels.profile;
        let wanted = self.profile.map_or(configured, ProfileChoice::to_profile);
        if wanted != configured && !config.is_default {
            bail!(
                "countersign.yaml has the profile `{}`; change `profile:` there, in a change of its own",
                configured.as_str()
            );
        }
        Ok(wanted)
    }

    /// Adds the workflow of a CI system to a repository with a fence, which has no packets.
    fn add_ci_to_fence(
        &self,
        workspace: &LockedWorkspace,
        config: &Config,
        is_json: bool,
        output: &Output,
    ) -> anyhow::Result<u8> {
        let Some(ci) = self.ci else {
            bail!(
                "countersign.yaml has `profile: fence`, which has no packets; `countersign init --ci github` \
                 adds a workflow. For packets, remove `profile` and `scope` from countersign.yaml first"
            );
        };
        let main = match config.main_branches.first().filter(|_| config.names_main_branches) {
            Some(main) => main.clone(),
            None => self.main_branch(workspace)?,
        };
        let read = |path: &RepoPath| -> Result<Option<Vec<u8>>, WriteError> { workspace.writer.read(path) };
        let plan = plan_ci(&read, ci.to_ci(), &main)?;
        workspace.apply(&plan.writes)?;
        report(workspace, plan, is_json, output)
    }

    /// Returns the name of the main branch: as given, otherwise the existing one. The branch
    /// that is checked out is the main branch only if there is no other.
    fn main_branch(&self, workspace: &LockedWorkspace) -> anyhow::Result<String> {
        if let Some(main) = &self.main {
            return Ok(main.clone());
        }
        if let Some(main) = workspace.repo.usual_main_branch()? {
            return Ok(main);
        }
        Ok(workspace.repo.current_branch()?.unwrap_or_else(|| "main".to_owned()))
    }

    /// Says that the main branch is not the branch that is checked out, or does not exist.
    fn add_branch_remark(workspace: &LockedWorkspace, main: &str, plan: &mut InitPlan) -> anyhow::Result<()> {
        let current = workspace.repo.current_branch()?;
        let shown = to_single_line(main, 80);
        if current.as_deref() == Some(main) {
            return Ok(());
        }
        let line = if workspace.repo.has_branch(main)? {
            format!("`{shown}` is the main branch; the checks apply once these files are on it.")
        } else {
            format!(
                "There is no branch `{shown}` yet: create or fetch it, or correct `main_branch` in \
                 countersign.yaml. Until then `countersign verify` ends with exit code 2."
            )
        };
        plan.next_steps.push(line);
        Ok(())
    }

    /// Plans the one file of a fence. Without a test command, asks for one on a terminal.
    fn plan_fence(&self, workspace: &LockedWorkspace, global: &GlobalArgs) -> anyhow::Result<InitPlan> {
        let root = workspace.repo.root()?.to_path_buf();
        let folder = global.working_dir()?;
        let entry = |typed: &String| {
            // A glob is no path on disk.
            if typed.contains('*') {
                return Ok(typed.clone());
            }
            let whole = std::path::absolute(folder.join(typed))?;
            let Some(path) = repo_path_below(&root, &whole) else {
                bail!("{typed} is outside of the repository")
            };
            if path.as_bytes().is_empty() {
                bail!("{typed} covers the whole repository, so it limits nothing; name folders or files");
            }
            let path = path.to_string();
            let is_folder = typed.ends_with('/') || whole.is_dir();
            Ok(if is_folder && !path.ends_with('/') { format!("{path}/") } else { path })
        };
        let mut steps = self.steps(workspace)?;
        if steps.is_empty() && !self.no_steps {
            steps = ask_for_step()?;
        }
        let request = FenceRequest {
            scope: self.fence.iter().map(entry).collect::<anyhow::Result<_>>()?,
            main: self.main_branch(workspace)?,
            steps,
            ci: self.ci.map(CiChoice::to_ci),
        };
        let read = |path: &RepoPath| -> Result<Option<Vec<u8>>, WriteError> { workspace.writer.read(path) };
        Ok(plan_fence(&read, &request)?)
    }

    /// Returns the steps that the arguments name, otherwise the detected ones.
    fn steps(&self, workspace: &LockedWorkspace) -> anyhow::Result<Vec<TestStep>> {
        if self.no_steps {
            return Ok(Vec::new());
        }
        if !self.step.is_empty() {
            return self.step.iter().enumerate().map(|(at, text)| parse_step(text, at)).collect();
        }
        let paths = workspace.repo.list_sources(TreeState::Worktree)?;
        let read = |path: &str| {
            let bytes = workspace.writer.read(&RepoPath::from(path)).ok().flatten()?;
            Some(String::from_utf8_lossy(&bytes).into_owned())
        };
        let files = ProjectFiles::new(paths.iter().map(ToString::to_string), &read);
        Ok(detect_test_steps(&files))
    }

    /// The specification that was named, or the one in the root.
    fn resolve_spec(
        &self,
        workspace: &LockedWorkspace,
        global: &GlobalArgs,
    ) -> anyhow::Result<Option<RepoPath>> {
        let root = workspace.repo.root()?.to_path_buf();
        if let Some(named) = &self.spec {
            let whole = std::path::absolute(global.working_dir()?.join(named))?;
            let Some(path) = repo_path_below(&root, &whole) else {
                bail!("{} is outside of the repository", named.display())
            };
            if workspace.writer.read(&path)?.is_none() {
                bail!("{path} does not exist");
            }
            return Ok(Some(path));
        }
        let is_spec = |path: &RepoPath| {
            let name = path.file_name().to_string().to_lowercase();
            name.contains("spec") && crate::check::spec_version(&path.file_name().to_string()).is_some()
        };
        let mut found: Vec<RepoPath> =
            workspace.repo.list(TreeState::Worktree, "")?.into_iter().filter(is_spec).collect();
        found.sort_by_key(|path| crate::check::spec_version(&path.file_name().to_string()));
        let names: std::collections::BTreeSet<_> = found
            .iter()
            .filter_map(|path| {
                crate::check::spec_version(&path.file_name().to_string()).map(|(stem, _)| stem)
            })
            .collect();
        if names.len() > 1 {
            let shown: Vec<String> = found.iter().map(ToString::to_string).collect();
            bail!("several files could be the specification: {}; name one with --spec", shown.join(", "));
        }
        Ok(found.pop())
    }
}

/// Reads a test command as typed. `at` counts the commands from 0.
fn parse_step(text: &str, at: usize) -> anyhow::Result<TestStep> {
    let argv = split_words(text).map_err(|why| anyhow!("--step `{}`: {why}", to_single_line(text, 80)))?;
    if argv.is_empty() {
        bail!("--step is empty; expected a command such as `cargo test`");
    }
    let name = if at == 0 { "tests".to_owned() } else { format!("tests {}", at + 1) };
    Ok(TestStep { name, argv, folder: String::new() })
}

/// Asks for the test command on a terminal.
fn ask_for_step() -> anyhow::Result<Vec<TestStep>> {
    if !environment::is_interactive() {
        bail!(
            "no test command was detected; name one with `--step 'cargo test'`, or leave tests out with \
             `--no-steps`"
        );
    }
    let line = environment::prompt("No test command was detected. Type one (empty for no tests): ")?;
    if line.trim().is_empty() { Ok(Vec::new()) } else { Ok(vec![parse_step(line.trim(), 0)?]) }
}

/// Prints what was written and what comes next.
fn report(
    workspace: &LockedWorkspace,
    mut plan: InitPlan,
    is_json: bool,
    output: &Output,
) -> anyhow::Result<u8> {
    let mut lost = Vec::new();
    for did in &plan.actions {
        if let FileAction::Created(path) = did
            && workspace.repo.is_ignored_by_git(path)?
        {
            lost.push(path.to_string());
        }
    }
    if !lost.is_empty() {
        let files = lost.join(", ");
        plan.next_steps
            .insert(0, format!("git ignores {files}: correct .gitignore so that they can be committed."));
    }
    if is_json {
        let of = |wanted: &dyn Fn(&FileAction) -> Option<String>| {
            plan.actions.iter().filter_map(wanted).collect::<Vec<_>>()
        };
        output.print(&json::pretty(&serde_json::json!({
                "schema": SCHEMA,
                "command": "init",
                "done": true,
                "created": of(&|did| if let FileAction::Created(path) = did { Some(path.to_string()) } else { None }),
                "kept": of(&|did| if let FileAction::Kept(path) = did { Some(path.to_string()) } else { None }),
                "added_to": of(&|did| if let FileAction::Appended(path, _) = did { Some(path.to_string()) } else { None }),
                "next": plan.next_steps,
            })))?;
        return Ok(PASSED);
    }
    let mut out = String::new();
    for did in &plan.actions {
        out.push_str(&match did {
            FileAction::Created(path) => format!("created  {path}\n"),
            FileAction::Kept(path) => format!("kept     {path} (it exists)\n"),
            FileAction::Appended(path, lines) => format!("added    `{}` to {path}\n", lines.join("`, `")),
        });
    }
    plan.next_steps.iter().for_each(|line| out.push_str(&format!("next: {}\n", escape_hidden(line))));
    output.print(&out)?;
    Ok(PASSED)
}
