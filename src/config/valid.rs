//! The file as meant: checked, with defaults in place.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::check;
use crate::check::input::{Gate, Policy, ProtectedPattern};
use crate::document::{Layout, LayoutName};
use crate::finding::Level;
use crate::rule::{Levels, Setting};
use crate::text::{Source, Span};

use super::raw;

/// A mistake in the configuration: the tool cannot run (exit 2).
#[derive(Debug, Clone)]
pub struct ConfigFault {
    /// The file.
    pub source: Arc<Source>,
    /// Where.
    pub span: Span,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
}

/// Which variables a step sees.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EnvironmentPolicy {
    /// Names that are kept; `None` keeps all that are not dropped. A trailing
    /// `*` stands for any ending.
    pub keep: Option<Vec<String>>,
    /// Names that are dropped.
    pub drop: Vec<String>,
    /// Values that are set.
    pub set: BTreeMap<String, String>,
}

/// A step of a gate.
#[derive(Debug, Clone)]
pub struct Step {
    /// Its name.
    pub name: String,
    /// Program and arguments.
    pub argv: Vec<String>,
    /// Folder below the repository's root; empty for the root.
    pub folder: String,
    /// When to give up.
    pub timeout: Duration,
    /// The gates that run it.
    pub gates: Vec<Gate>,
    /// Its variables.
    pub environment: EnvironmentPolicy,
    /// Whether it must show that tests ran; `None` lets the runner decide.
    pub tests: Option<bool>,
}

/// The configuration of a repository.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// Names of the main branch, in order of preference.
    pub main: Vec<String>,
    /// Layout, if the file names one.
    pub layout: Option<Layout>,
    /// What checks ask for.
    pub policy: Policy,
    /// Levels of rules.
    pub levels: Levels,
    /// Steps; `None` if the file does not say.
    pub steps: Option<Vec<Step>>,
    /// Folder of logs below the repository's root; `None` keeps them in
    /// git's own folder.
    pub logs: Option<String>,
}

/// What only a literal scope entry may change (CHECKS, "Scope").
const PROTECTED: [&str; 16] = [
    "countersign.yaml",
    ".countersign/",
    "rules/countersign/",
    ".github/",
    ".gitlab-ci.yml",
    ".gitlab/",
    ".ci/",
    ".circleci/",
    "Jenkinsfile",
    "azure-pipelines.yml",
    ".githooks/",
    ".husky/",
    ".pre-commit-config.yaml",
    ".gitattributes",
    ".gitmodules",
    ".gitignore",
];

/// The rule that no configuration may weaken: without it, a packet whose
/// `MERGE_BASE_SHA` is moved to a commit with laxer rules would be judged by them.
const GUARD: &str = "approval/contract";

impl Config {
    /// The configuration of a repository without a file.
    #[must_use]
    pub fn defaults() -> Self {
        let protected = PROTECTED.iter().filter_map(|text| ProtectedPattern::read(text)).collect();
        let policy = Policy { protected, ..Policy::default() };
        Self { main: vec!["main".into(), "master".into()], policy, ..Self::default() }
    }

    /// Reads a configuration file.
    ///
    /// # Errors
    /// Text that is not YAML, unknown keys, values that mean nothing; each
    /// with its place.
    pub fn read(source: &Arc<Source>) -> Result<Self, ConfigFault> {
        let text = source.text().trim_start_matches('\u{feff}');
        // A value first: it refuses duplicate keys, which a map would swallow.
        let value: serde_yaml::Value =
            serde_yaml::from_str(text).map_err(|error| fault_at(source, &error))?;
        if value.is_null() {
            return Ok(Self::defaults());
        }
        let file: raw::File = serde_yaml::from_str(text).map_err(|error| fault_at(source, &error))?;
        let mut config = Self::defaults();
        config.apply(file).map_err(|(needle, message)| ConfigFault {
            source: Arc::clone(source),
            span: find(source, &needle),
            message,
        })?;
        Ok(config)
    }

    fn apply(&mut self, file: raw::File) -> Result<(), (String, String)> {
        match file.version {
            Some(1) => {}
            Some(other) => {
                return Err((
                    "version".into(),
                    format!("version {other} is not known; this tool reads version 1"),
                ));
            }
            None => return Err(("version".into(), "`version: 1` is missing".into())),
        }
        match file.main_branch {
            Some(raw::OneOrMany::One(name)) => self.main = vec![name],
            Some(raw::OneOrMany::Many(names)) => self.main = names,
            None => {}
        }
        self.layout = file.layout.map(layout).transpose()?;
        if let Some(minimum) = file.minimum_format {
            minimum
                .parse::<jiff::civil::Date>()
                .map_err(|_| (minimum.clone(), format!("`{minimum}` is no date, YYYY-MM-DD")))?;
            self.policy.minimum_format = Some(minimum);
        }
        self.policy.evidence_required = file.require_evidence.unwrap_or(false);
        for path in file.protected.unwrap_or_default() {
            let pattern = ProtectedPattern::read(&path)
                .ok_or_else(|| (path.clone(), format!("`{path}` is no path or pattern of the repository")))?;
            self.policy.protected.push(pattern);
        }
        if let Some(anchors) = file.anchors {
            self.policy.shortest_token = anchors.shortest_token.unwrap_or(self.policy.shortest_token);
            self.policy.longest_window = anchors.longest_window.unwrap_or(self.policy.longest_window);
        }
        self.policy.ascii_only = file.ascii_only.unwrap_or(false);
        self.policy.spec_headings = file.spec.and_then(|spec| spec.headings).unwrap_or_default();
        for (id, word) in file.rules {
            let setting = setting(&word)
                .ok_or_else(|| (id.clone(), format!("`{word}` is no level: error, warning, note or off")))?;
            if check::find(&id).is_none() {
                return Err((id.clone(), format!("there is no rule `{id}`{}", near_rule(&id))));
            }
            if id == GUARD && setting != Setting::At(Level::Error) {
                let message =
                    format!("`{GUARD}` is always an error: it guards the revision that rules are read from");
                return Err((id, message));
            }
            self.levels.0.insert(id, setting);
        }
        if let Some(logs) = file.logs {
            self.logs = Some(
                folder(&logs)
                    .ok_or_else(|| (logs.clone(), format!("`{logs}` is no folder of the repository")))?,
            );
        }
        self.steps = file.steps.map(|steps| steps.into_iter().map(step).collect()).transpose()?;
        Ok(())
    }
}

fn setting(word: &str) -> Option<Setting> {
    Some(match word {
        "error" => Setting::At(Level::Error),
        "warning" => Setting::At(Level::Warning),
        "note" => Setting::At(Level::Note),
        "off" => Setting::Off,
        _ => return None,
    })
}

fn near_rule(id: &str) -> String {
    let scored = check::registered()
        .iter()
        .map(|entry| entry.rule.id.as_str())
        .map(|known| (strsim::normalized_levenshtein(known, id), known));
    match scored.max_by(|a, b| a.0.total_cmp(&b.0)) {
        Some((score, near)) if score > 0.6 => format!("; did you mean `{near}`?"),
        _ => String::new(),
    }
}

fn fault_at(source: &Arc<Source>, error: &serde_yaml::Error) -> ConfigFault {
    let line = error.location().map_or(1, |location| location.line());
    let span =
        source.line_span(line).map(|span| crate::text::trimmed(source.text(), span).span).unwrap_or_default();
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or_default().to_owned();
    ConfigFault { source: Arc::clone(source), span, message }
}

/// Where a value stands; the parser keeps no places of values.
fn find(source: &Source, needle: &str) -> Span {
    match source.text().find(needle) {
        Some(at) if !needle.is_empty() => Span::new(at, at + needle.len()),
        _ => source.line_span(1).unwrap_or_default(),
    }
}

/// A folder below the root, without trailing slash; `None` if it leaves it.
fn folder(text: &str) -> Option<String> {
    let text = text.trim_end_matches('/');
    let inside = !text.starts_with('/')
        && !text.contains(['\\', ':'])
        && text.split('/').all(|name| !matches!(name, "" | "..") || text.is_empty());
    inside.then(|| if text == "." { String::new() } else { text.to_owned() })
}

fn layout(raw: raw::Layout) -> Result<Layout, (String, String)> {
    let mut out = match raw.base.as_deref() {
        None | Some(".GOV") => Layout::gov(),
        Some("docs") => Layout::docs(),
        Some(other) => {
            return Err((other.to_owned(), format!("`{other}` is no layout; known are `docs` and `.GOV`")));
        }
    };
    let folders = [
        (raw.packets, &mut out.packets),
        (raw.stubs, &mut out.stubs),
        (raw.refinements, &mut out.refinements),
        (raw.contracts, &mut out.contracts),
        (raw.validator_states, &mut out.validator_states),
    ];
    for (given, slot) in folders {
        if let Some(given) = given {
            *slot = format!(
                "{}/",
                folder(&given)
                    .filter(|f| !f.is_empty())
                    .ok_or_else(|| (given.clone(), format!("`{given}` is no folder of the repository")))?
            );
        }
    }
    let files = [
        (raw.board, &mut out.board),
        (raw.registry, &mut out.registry),
        (raw.audit, &mut out.audit),
        (raw.spec_pointer, &mut out.spec_pointer),
        (raw.gate_log, &mut out.gate_log),
        (raw.validator_state, &mut out.validator_state),
    ];
    for (given, slot) in files {
        if let Some(given) = given {
            *slot = folder(&given)
                .filter(|f| !f.is_empty())
                .ok_or_else(|| (given.clone(), format!("`{given}` is no file of the repository")))?;
        }
    }
    if let Some(governance) = raw.governance {
        out.governance = governance;
    }
    out.name = LayoutName::Configured;
    Ok(out)
}

fn step(raw: raw::Step) -> Result<Step, (String, String)> {
    let named = |what: &str| (raw.name.clone(), format!("step `{}`: {what}", raw.name));
    let plain = !raw.name.is_empty()
        && raw.name.len() <= 60
        && raw.name.chars().all(|c| c.is_ascii_alphanumeric() || "._- ".contains(c));
    if !plain {
        return Err(named("a name has letters, digits, blanks, `.`, `_` and `-`, at most 60"));
    }
    if raw.run.first().is_none_or(String::is_empty) {
        return Err(named("`run` is a list of program and arguments"));
    }
    let timeout = match &raw.timeout {
        None => Duration::from_secs(30 * 60),
        Some(text) => {
            duration(text).ok_or_else(|| named(&format!("`{text}` is no duration like 90s, 20m or 1h")))?
        }
    };
    let gates = match &raw.gates {
        None => vec![Gate::PostWork],
        Some(names) => names
            .iter()
            .map(|name| gate(name).ok_or_else(|| named(&format!("`{name}` is no gate"))))
            .collect::<Result<_, _>>()?,
    };
    let below = match &raw.folder {
        None => String::new(),
        Some(text) => {
            folder(text).ok_or_else(|| named(&format!("`{text}` is no folder of the repository")))?
        }
    };
    let environment = EnvironmentPolicy {
        keep: raw.environment.keep.clone(),
        drop: raw.environment.drop.clone().unwrap_or_default(),
        set: raw.environment.set.clone(),
    };
    Ok(Step {
        argv: raw.run.clone(),
        folder: below,
        timeout,
        gates,
        environment,
        tests: raw.tests,
        name: raw.name,
    })
}

fn gate(name: &str) -> Option<Gate> {
    [Gate::GateCheck, Gate::PreWork, Gate::PostWork].into_iter().find(|gate| gate.as_str() == name)
}

fn duration(text: &str) -> Option<Duration> {
    let unit = text.chars().last()?;
    let number: u64 = text.get(..text.len() - unit.len_utf8())?.trim().parse().ok()?;
    let seconds = match unit {
        's' => number,
        'm' => number.checked_mul(60)?,
        'h' => number.checked_mul(3600)?,
        _ => return None,
    };
    (seconds > 0 && seconds <= 24 * 3600).then(|| Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::RepoPath;

    fn read(text: &str) -> Result<Config, String> {
        Config::read(&Source::from_text(RepoPath::from("countersign.yaml"), text))
            .map_err(|fault| format!("{}: {}", fault.source.line(fault.span.start), fault.message))
    }

    #[test]
    fn mistakes_have_a_place() {
        assert_eq!(read("version: 1\nrulez: {}\n").err().map(|e| e.starts_with("2: ")), Some(true));
        assert_eq!(
            read("version: 1\nrules:\n  scope/outsid: error\n").err(),
            Some("3: there is no rule `scope/outsid`; did you mean `scope/outside`?".into())
        );
        assert!(read("version: 1\nversion: 1\n").is_err());
        assert!(read("rules: {}\n").is_err());
        assert!(read("version: 1\nrules:\n  approval/contract: note\n").is_err());
        assert!(read("version: 1\nrules:\n  approval/contract: error\n").is_ok());
        assert!(read("version: 1\nsteps:\n  - name: t\n    run: []\n").is_err());
        assert!(read("version: 1\nsteps:\n  - name: t\n    run: [a]\n    folder: ../x\n").is_err());
        assert!(read("version: 1\nsteps:\n  - name: t\n    run: [a]\n    timeout: soon\n").is_err());
    }

    #[test]
    fn an_empty_file_and_a_bom_are_fine() {
        assert!(read("").is_ok());
        assert!(read("\u{feff}version: 1\n").is_ok());
    }
}
