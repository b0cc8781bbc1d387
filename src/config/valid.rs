//! The file as meant: checked, with defaults in place.

use std::sync::Arc;

use crate::check;
use crate::check::context::{Policy, ProtectedPattern, WaiverSource};
use crate::document::Layout;
use crate::finding::Level;
use crate::rule::{LevelSetting, LevelSettings, find_span, parse_yaml_document};
use crate::scan::ScanSettings;
use crate::text::{Source, Span};

use super::evidence::{EvidencePolicy, validate_evidence};
use super::layout::{parse_folder, validate_layout};
use super::step::{GateStep, validate_step};
use super::{raw, scan};

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

/// The configuration of a repository.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// Names of the main branch, in order of preference.
    pub main_branches: Vec<String>,
    /// Layout, if the file names one.
    pub layout: Option<Layout>,
    /// What checks ask for.
    pub policy: Policy,
    /// Levels of rules.
    pub levels: LevelSettings,
    /// Steps; `None` if the file does not say.
    pub steps: Option<Vec<GateStep>>,
    /// Folder of logs below the repository's root; `None` keeps them in
    /// git's own folder.
    pub logs: Option<String>,
    /// What `evidence` may run.
    pub evidence: EvidencePolicy,
    /// What scans look at.
    pub scan: ScanSettings,
}

/// What only a literal scope entry may change (CHECKS, "Scope").
const DEFAULT_PROTECTED: [&str; 16] = [
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
const ALWAYS_ERROR_RULE: &str = "approval/contract";

impl Config {
    /// The configuration of a repository without a file.
    #[must_use]
    pub fn defaults() -> Self {
        let protected = DEFAULT_PROTECTED.iter().filter_map(|text| ProtectedPattern::parse(text)).collect();
        let policy = Policy { protected, ..Policy::default() };
        let scan = ScanSettings { artifacts: scan::default_artifacts(), ..ScanSettings::default() };
        Self { main_branches: vec!["main".into(), "master".into()], policy, scan, ..Self::default() }
    }

    /// Reads a configuration file.
    ///
    /// # Errors
    /// Text that is not YAML, unknown keys, values that mean nothing; each
    /// with its place.
    pub fn read(source: &Arc<Source>) -> Result<Self, ConfigFault> {
        let text = source.text().trim_start_matches('\u{feff}');
        let file: Option<raw::RawConfig> = parse_yaml_document(text).map_err(|bad| ConfigFault {
            source: Arc::clone(source),
            span: bad.span(source),
            message: bad.message,
        })?;
        let Some(file) = file else { return Ok(Self::defaults()) };
        let mut config = Self::defaults();
        config.apply(file, source).map_err(|(needle, message)| ConfigFault {
            source: Arc::clone(source),
            span: find_span(source, &needle),
            message,
        })?;
        Ok(config)
    }

    fn apply(&mut self, file: raw::RawConfig, source: &Arc<Source>) -> Result<(), (String, String)> {
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
            Some(raw::OneOrMany::One(name)) => self.main_branches = vec![name],
            Some(raw::OneOrMany::Many(names)) => self.main_branches = names,
            None => {}
        }
        self.layout = file.layout.map(validate_layout).transpose()?;
        if let Some(minimum) = file.minimum_format {
            minimum
                .parse::<jiff::civil::Date>()
                .map_err(|_| (minimum.clone(), format!("`{minimum}` is no date, YYYY-MM-DD")))?;
            self.policy.minimum_format = Some(minimum);
        }
        self.policy.signed_approval_required = file.require_signed_approval.unwrap_or(false);
        self.policy.evidence_required = file.require_evidence.unwrap_or(false);
        for path in file.protected.unwrap_or_default() {
            let pattern = ProtectedPattern::parse(&path)
                .ok_or_else(|| (path.clone(), format!("`{path}` is no path or pattern of the repository")))?;
            self.policy.protected.push(pattern);
        }
        if let Some(anchors) = file.anchors {
            self.policy.min_token_chars = anchors.shortest_token.unwrap_or(self.policy.min_token_chars);
            self.policy.max_window_lines = anchors.longest_window.unwrap_or(self.policy.max_window_lines);
        }
        self.policy.ascii_only = file.ascii_only.unwrap_or(false);
        self.policy.separation_of_duties = file.approval.and_then(|a| a.separate_hands).unwrap_or(false);
        if let Some(from) = file.waivers.and_then(|waivers| waivers.from) {
            self.policy.waivers_from = WaiverSource::parse(&from)
                .ok_or_else(|| (from.clone(), format!("`{from}` is none of: work, contract, base")))?;
        }
        self.policy.identities = file.validator.and_then(|v| v.identities).unwrap_or_default();
        if let Some(empty) = self.policy.identities.iter().find(|name| name.trim().is_empty()) {
            return Err((empty.clone(), "an identity of `validator` is empty".to_owned()));
        }
        self.policy.spec_headings = file.spec.and_then(|spec| spec.headings).unwrap_or_default();
        for (id, word) in file.rules {
            let setting = LevelSetting::parse(&word)
                .ok_or_else(|| (id.clone(), format!("`{word}` is no level: error, warning, note or off")))?;
            // Rules of scans may be the repository's own; a scan knows them.
            if check::find_rule(&id).is_none() && !id.starts_with("scan/") {
                return Err((id.clone(), format!("there is no rule `{id}`{}", suggest_rule(&id))));
            }
            if id == ALWAYS_ERROR_RULE && setting != LevelSetting::At(Level::Error) {
                let message = format!(
                    "`{ALWAYS_ERROR_RULE}` is always an error: it guards the revision that rules are read from"
                );
                return Err((id, message));
            }
            self.levels.0.insert(id, setting);
        }
        if let Some(logs) = file.logs {
            self.logs = Some(
                parse_folder(&logs)
                    .ok_or_else(|| (logs.clone(), format!("`{logs}` is no folder of the repository")))?,
            );
        }
        self.evidence = validate_evidence(file.evidence.unwrap_or_default())?;
        self.scan = scan::validate_scan(file.scan.unwrap_or_default(), source)?;
        for own in
            self.scan.rule_folders.iter().map(|folder| format!("{folder}/")).chain(self.scan.baseline.clone())
        {
            self.policy.protected.extend(ProtectedPattern::parse(&own));
        }
        self.steps = file.steps.map(|steps| steps.into_iter().map(validate_step).collect()).transpose()?;
        Ok(())
    }
}

fn suggest_rule(id: &str) -> String {
    let scored = check::registered_rules()
        .iter()
        .map(|entry| entry.rule.id.as_str())
        .map(|known| (strsim::normalized_levenshtein(known, id), known));
    match scored.max_by(|a, b| a.0.total_cmp(&b.0)) {
        Some((score, near)) if score > 0.6 => format!("; did you mean `{near}`?"),
        _ => String::new(),
    }
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
