//! The event of a continuous-integration run, from the variables and the event file of
//! its provider. They give names, never trust: a coder can set variables.

use serde_json::Value;

/// A service that runs continuous integration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CiProvider {
    /// GitHub Actions and services with the same variables.
    Github,
    /// GitLab CI/CD.
    Gitlab,
}

/// What started the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CiEventKind {
    /// A pull request or merge request; its merge with the target may be checked out.
    Request,
    /// `pull_request_target`: the target is checked out, and the job has rights that the
    /// author of the change must not get.
    PrivilegedRequest,
    /// An entry of a merge queue.
    Queue,
    /// A push to a branch.
    Push,
    /// A schedule, or a person who started the run.
    Scheduled,
}

/// The event, as far as it is needed to select a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CiEvent {
    /// The service.
    pub provider: CiProvider,
    /// What started the run.
    pub kind: CiEventKind,
    /// Name of the event in messages.
    pub name: String,
    /// The target branch of the change, or the branch that was pushed.
    pub branch: String,
    /// The branch with the work, if the provider names it.
    pub source_branch: Option<String>,
    /// Ids of commits of which one must be checked out.
    pub heads: Vec<String>,
    /// Id of the last commit of the work itself, if it is not the one checked out.
    pub work_head: Option<String>,
    /// Number of the request, to fetch it.
    pub number: Option<String>,
    /// For a push: the commit of the branch before; `None` if the branch is new.
    pub before: Option<String>,
    /// The default branch of the repository, if the provider names it.
    pub default_branch: Option<String>,
}

/// Reads a variable of the environment.
pub(crate) type Variables<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Reads the event of this run. `event_file` returns the text of the file that
/// `GITHUB_EVENT_PATH` names.
///
/// # Errors
/// No provider or several are recognized, or the event contradicts itself; a clause with
/// what to do.
pub(crate) fn read_event(
    variables: Variables<'_>,
    event_file: &dyn Fn(&str) -> Result<String, String>,
) -> Result<CiEvent, String> {
    let is_set = |name: &str| variables(name).is_some_and(|value| value == "true");
    match (is_set("GITHUB_ACTIONS"), is_set("GITLAB_CI")) {
        (true, true) => Err(
            "the variables of two services are set (GITHUB_ACTIONS and GITLAB_CI), so it is not clear which event this is; give the range itself"
                .to_owned(),
        ),
        (false, false) => Err(
            "neither GITHUB_ACTIONS nor GITLAB_CI is `true`; give the range itself, such as `--range origin/main...HEAD`"
                .to_owned(),
        ),
        (true, false) => read_github(variables, event_file),
        (false, true) => read_gitlab(variables),
    }
}

fn require(variables: Variables<'_>, name: &str) -> Result<String, String> {
    variables(name).filter(|value| !value.is_empty()).ok_or_else(|| format!("the variable {name} is not set"))
}

fn read_github(
    variables: Variables<'_>,
    event_file: &dyn Fn(&str) -> Result<String, String>,
) -> Result<CiEvent, String> {
    let name = require(variables, "GITHUB_EVENT_NAME")?;
    let path = require(variables, "GITHUB_EVENT_PATH")?;
    let text = event_file(&path)?;
    let event: Value =
        serde_json::from_str(&text).map_err(|error| format!("the event file is not JSON: {error}"))?;
    let sha = require(variables, "GITHUB_SHA")?;
    let text_at = |pointer: &str| event.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    let needed = |pointer: &str| {
        text_at(pointer).ok_or_else(|| format!("the event file of `{name}` has no {}", dotted(pointer)))
    };
    let base = CiEvent {
        provider: CiProvider::Github,
        kind: CiEventKind::Scheduled,
        name: name.clone(),
        branch: variables("GITHUB_REF_NAME").unwrap_or_default(),
        source_branch: None,
        heads: vec![sha.clone()],
        work_head: None,
        number: None,
        before: None,
        default_branch: text_at("/repository/default_branch"),
    };
    match name.as_str() {
        "pull_request" | "pull_request_target" => {
            let target = needed("/pull_request/base/ref")?;
            let variable = require(variables, "GITHUB_BASE_REF")?;
            if variable != target {
                return Err(format!(
                    "GITHUB_BASE_REF is `{variable}`, but the event is about the target `{target}`: the request was retargeted; run the check again from its new state"
                ));
            }
            let head = needed("/pull_request/head/sha")?;
            let is_privileged = name == "pull_request_target";
            let mut heads = vec![sha];
            heads.extend((!is_privileged).then(|| head.clone()));
            Ok(CiEvent {
                kind: if is_privileged { CiEventKind::PrivilegedRequest } else { CiEventKind::Request },
                branch: target,
                source_branch: text_at("/pull_request/head/ref"),
                heads,
                work_head: Some(head),
                number: event.pointer("/pull_request/number").and_then(Value::as_u64).map(|n| n.to_string()),
                ..base
            })
        }
        "merge_group" => {
            let target = needed("/merge_group/base_ref")?;
            let branch = target.strip_prefix("refs/heads/").unwrap_or(&target).to_owned();
            let head = needed("/merge_group/head_sha")?;
            Ok(CiEvent { kind: CiEventKind::Queue, branch, heads: vec![sha, head], ..base })
        }
        "push" => {
            let reference = needed("/ref")?;
            let Some(branch) = reference.strip_prefix("refs/heads/").map(str::to_owned) else {
                return Err(format!("`{reference}` is not a branch; give the range itself"));
            };
            let before = needed("/before")?;
            let before = Some(before).filter(|id| id.bytes().any(|byte| byte != b'0'));
            Ok(CiEvent {
                kind: CiEventKind::Push,
                source_branch: Some(branch.clone()),
                branch,
                heads: vec![sha],
                before,
                ..base
            })
        }
        "schedule" | "workflow_dispatch" | "repository_dispatch" => {
            Ok(CiEvent { source_branch: Some(base.branch.clone()), ..base })
        }
        other => Err(format!(
            "the event `{other}` has no change to judge; known are pull_request, pull_request_target, merge_group, push, schedule and workflow_dispatch"
        )),
    }
}

/// Writes a JSON pointer as people write the path: `pull_request.base.ref`.
fn dotted(pointer: &str) -> String {
    pointer.trim_start_matches('/').replace('/', ".")
}

fn read_gitlab(variables: Variables<'_>) -> Result<CiEvent, String> {
    let source = require(variables, "CI_PIPELINE_SOURCE")?;
    let commit = require(variables, "CI_COMMIT_SHA")?;
    let base = CiEvent {
        provider: CiProvider::Gitlab,
        kind: CiEventKind::Scheduled,
        name: source.clone(),
        branch: variables("CI_COMMIT_BRANCH").unwrap_or_default(),
        source_branch: variables("CI_COMMIT_BRANCH"),
        heads: vec![commit],
        work_head: None,
        number: None,
        before: None,
        default_branch: variables("CI_DEFAULT_BRANCH").filter(|name| !name.is_empty()),
    };
    match source.as_str() {
        "merge_request_event" => {
            let kind = match variables("CI_MERGE_REQUEST_EVENT_TYPE").as_deref() {
                Some("merge_train") => CiEventKind::Queue,
                _ => CiEventKind::Request,
            };
            let name = variables("CI_MERGE_REQUEST_EVENT_TYPE").unwrap_or_else(|| "merge request".to_owned());
            Ok(CiEvent {
                kind,
                name,
                branch: require(variables, "CI_MERGE_REQUEST_TARGET_BRANCH_NAME")?,
                source_branch: variables("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME"),
                // Empty, unless the merge with the target is checked out.
                work_head: variables("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA").filter(|id| !id.is_empty()),
                number: variables("CI_MERGE_REQUEST_IID"),
                ..base
            })
        }
        "push" => {
            if let Some(tag) = variables("CI_COMMIT_TAG").filter(|tag| !tag.is_empty()) {
                return Err(format!("the tag `{tag}` is not a branch; give the range itself"));
            }
            let branch = require(variables, "CI_COMMIT_BRANCH")?;
            let before = variables("CI_COMMIT_BEFORE_SHA").filter(|id| id.bytes().any(|byte| byte != b'0'));
            Ok(CiEvent { kind: CiEventKind::Push, branch, before, ..base })
        }
        "schedule" | "web" | "api" | "trigger" => Ok(base),
        other => Err(format!(
            "a pipeline by `{other}` has no change to judge; known are merge_request_event, push, schedule, web, api and trigger"
        )),
    }
}
