//! The configuration, validated, with defaults filled in.

use std::sync::Arc;

use crate::check;
use crate::check::context::{ManifestPlace, Policy, ProtectedPattern, Roles, WaiverSource};
use crate::document::Layout;
use crate::finding::{Level, RuleId};
use crate::rule::{
    LevelSetting, LevelSettings, Profile, ValueError, ValueProblem, YamlNode, canonical_rule_id,
    did_you_mean, parse_yaml_tree,
};
use crate::scan::ScanSettings;
use crate::text::{Source, Span, Spanned, to_single_line};

use super::capability::validate_profiles;
use super::evidence::{EvidencePolicy, validate_evidence};
use super::fence::{FenceScope, read_entries, validate_fence};
use super::layout::{validate_folder, validate_layout};
use super::ledger::{LedgerMode, validate_ledger};
use super::protected;
use super::raw::{self, Text};
use super::scan;
use super::step::{GateStep, validate_step};
use super::step_scripts::{step_patterns, step_words};
use super::usage::{UsageBudgets, validate_usage};

/// An error of the configuration: the program cannot run (exit 2).
#[derive(Debug, Clone)]
pub struct ConfigFault {
    /// The file.
    pub source: Arc<Source>,
    /// Bytes of the file that are wrong.
    pub span: Span,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
}

/// A part of the configuration that is read and should be changed.
#[derive(Debug, Clone)]
pub(crate) struct ConfigWarning {
    /// The file.
    pub source: Arc<Source>,
    /// Bytes of the file that should be changed.
    pub span: Span,
    /// What should be changed, in one sentence without a full stop.
    pub message: String,
}

impl ConfigWarning {
    /// The warning with its location, on one line.
    pub(crate) fn to_line(&self) -> String {
        format!("{}:{}: {}", self.source.display_path(), self.source.line(self.span.start), self.message)
    }
}

/// The configuration of a repository.
#[derive(Debug, Clone, Default)]
pub(crate) struct Config {
    /// Whether there is no configuration file: all values are defaults.
    pub is_default: bool,
    /// Names of the main branch, in order of preference.
    pub main_branches: Vec<String>,
    /// Whether the file has the key `main_branch`.
    pub names_main_branches: bool,
    /// Layout, if the file sets one.
    pub layout: Option<Layout>,
    /// Requirements of the checks.
    pub policy: Policy,
    /// Profile and levels of rules.
    pub levels: LevelSettings,
    /// The scope of the profile `fence`; `None` in other profiles.
    pub fence: Option<FenceScope>,
    /// Steps; `None` if the file does not list steps.
    pub steps: Option<Vec<GateStep>>,
    /// Whether the file says `steps: none`: the repository has no tests.
    pub declares_no_steps: bool,
    /// Folder of logs below the root of the repository; `None` for a folder
    /// inside `.git`.
    pub logs: Option<String>,
    /// Commands that `evidence` may run.
    pub evidence: EvidencePolicy,
    /// Whether commands are recorded in the ledger.
    pub ledger: LedgerMode,
    /// What calls of models for packets may take.
    pub usage: UsageBudgets,
    /// Files and rules of scans.
    pub scan: ScanSettings,
    /// Former names that the file uses.
    pub warnings: Vec<ConfigWarning>,
}

/// Reads names of cache folders.
fn validate_caches(names: Vec<Text>) -> Result<Vec<String>, ValueError> {
    let is_name = |name: &str| {
        !name.is_empty() && !name.starts_with("..") && name != "." && !name.contains(['/', '\\', '*'])
    };
    let expected = "the name of a folder, without `/` and `*`";
    names
        .into_iter()
        .map(|name| {
            let plain = name.value.trim_end_matches('/').to_owned();
            if is_name(&plain) { Ok(plain) } else { Err(ValueError::form("folder name", &name, expected)) }
        })
        .collect()
}

/// The rule whose level cannot be changed: without it, a packet whose
/// `MERGE_BASE_SHA` is moved to a commit with laxer rules would be checked by
/// those rules.
const ALWAYS_ERROR_RULE: &str = "approval/contract";

impl Config {
    /// The warnings, one line each, as reports show them.
    pub(crate) fn warning_lines(&self) -> Vec<String> {
        self.warnings.iter().map(ConfigWarning::to_line).collect()
    }

    /// Returns the configuration of a repository without a file.
    #[must_use]
    pub(crate) fn defaults() -> Self {
        let policy = Policy { protected: protected::default_patterns(), ..Policy::default() };
        let scan = ScanSettings { artifacts: scan::default_artifacts(), ..ScanSettings::default() };
        Self {
            is_default: true,
            main_branches: vec!["main".into(), "master".into()],
            policy,
            scan,
            ..Self::default()
        }
    }

    /// Reads a configuration file. An empty file is an error: it has no version.
    ///
    /// # Errors
    /// Text that is not YAML, unknown keys, invalid values; each with its span.
    pub(crate) fn read(source: &Arc<Source>) -> Result<Self, ConfigFault> {
        let mut config = Self { is_default: false, ..Self::defaults() };
        let applied = match parse_yaml_tree(source.text()) {
            Ok(None) => validate_version(None, Span::default()),
            Ok(Some(root)) => config.apply(&root, source),
            Err(error) => Err(error.into()),
        };
        applied.map_err(|error| ConfigFault {
            source: Arc::clone(source),
            span: error.span,
            message: error.problem.to_string(),
        })?;
        Ok(config)
    }

    fn apply(&mut self, root: &YamlNode, source: &Arc<Source>) -> Result<(), ValueError> {
        let file: raw::RawConfig = root.read()?;
        validate_version(file.version, root.span)?;
        self.apply_profile(file.profile.as_ref())?;
        self.fence = validate_fence(self.levels.profile, file.scope, file.out_of_scope, root.span)?;
        if let Some(branches) = file.main_branch {
            let names = branches.value.into_list(branches.span);
            self.main_branches = names.into_iter().map(|name| name.value).collect();
            self.names_main_branches = true;
        }
        self.layout = file.layout.map(validate_layout).transpose()?;
        self.apply_policy(PolicyKeys {
            minimum_format: file.minimum_format,
            protected: file.protected.unwrap_or_default(),
            waivers_from: file.waivers.and_then(|waivers| waivers.from),
            identities: file.validator.and_then(|validator| validator.identities).unwrap_or_default(),
        })?;
        self.policy.signed_approval_required = file.require_signed_approval.unwrap_or(false);
        self.policy.evidence_required = file.require_evidence.unwrap_or(false);
        if let Some(anchors) = file.anchors {
            self.policy.min_token_chars = anchors.shortest_token.unwrap_or(self.policy.min_token_chars);
            self.policy.max_window_lines = anchors.longest_window.unwrap_or(self.policy.max_window_lines);
        }
        self.policy.ascii_only = file.ascii_only.unwrap_or(false);
        self.policy.separation_of_duties =
            file.approval.and_then(|approval| approval.separation_of_duties).unwrap_or(false);
        self.policy.caches = validate_caches(file.caches.unwrap_or_default())?;
        self.policy.exempt = read_entries(&file.exempt.unwrap_or_default())?;
        self.policy.roles = validate_roles(file.roles.unwrap_or_default())?;
        self.policy.spec_headings = file.spec.and_then(|spec| spec.headings).unwrap_or_default();
        self.policy.manifests = match &file.manifests {
            Some(text) => ManifestPlace::parse(&text.value).ok_or_else(|| {
                ValueError::keyword("value of `manifests`", text, vec!["packet", "file", "off"])
            })?,
            None if self.levels.profile == Profile::Standard => ManifestPlace::File,
            None => ManifestPlace::Packet,
        };
        if self.policy.manifests == ManifestPlace::Off {
            self.levels.set.insert("manifest/*".to_owned(), LevelSetting::Off);
        }
        for (id, level) in file.rules.0 {
            self.apply_level(&id, &level, source)?;
        }
        let signature_rule = RuleId::from_static("approval/signature-format");
        self.policy.requires_signature = self.levels.get(&signature_rule) != Some(LevelSetting::Off);
        self.policy.typed_signature_approves = self.levels.profile == Profile::Full;
        self.policy.minimal_packets = self.levels.profile == Profile::Standard;
        self.logs = file.logs.as_ref().map(validate_folder).transpose()?;
        self.evidence = validate_evidence(file.evidence.unwrap_or_default())?;
        self.ledger = file.ledger.as_ref().map_or(Ok(LedgerMode::default()), validate_ledger)?;
        self.usage = validate_usage(file.usage.unwrap_or_default())?;
        validate_profiles(&file.profiles)?;
        let added = root.get("scan").and_then(|scan| scan.get("add")).map_or(&[][..], YamlNode::items);
        self.scan = scan::validate_scan(file.scan.unwrap_or_default(), added, source)?;
        for own in
            self.scan.rule_folders.iter().map(|folder| format!("{folder}/")).chain(self.scan.baseline.clone())
        {
            self.policy.protected.extend(ProtectedPattern::parse(&own));
        }
        self.declares_no_steps = matches!(file.steps, Some(raw::RawSteps::None));
        self.steps = match file.steps {
            None => None,
            Some(raw::RawSteps::None) => Some(Vec::new()),
            Some(raw::RawSteps::List(steps)) => {
                let read = |step| validate_step(step, &file.profiles);
                Some(steps.into_iter().map(read).collect::<Result<_, _>>()?)
            }
        };
        let scripts = self.steps.iter().flatten().flat_map(step_patterns);
        self.policy.protected.extend(scripts);
        self.policy.step_words = self.steps.iter().flatten().flat_map(step_words).collect();
        Ok(())
    }

    fn apply_policy(&mut self, keys: PolicyKeys) -> Result<(), ValueError> {
        if let Some(minimum) = keys.minimum_format {
            if minimum.value.parse::<jiff::civil::Date>().is_err() {
                return Err(ValueError::form("date", &minimum, "YYYY-MM-DD"));
            }
            self.policy.minimum_format = Some(minimum.value);
        }
        for path in keys.protected {
            let pattern = ProtectedPattern::parse(&path.value).ok_or_else(|| {
                ValueError::form("path", &path, "a path or pattern below the root of the repository")
            })?;
            self.policy.protected.push(pattern);
        }
        if self.levels.profile == Profile::Standard {
            self.policy.waivers_from = WaiverSource::Contract;
        }
        if let Some(from) = keys.waivers_from {
            self.policy.waivers_from = WaiverSource::parse(&from.value).ok_or_else(|| {
                ValueError::keyword("value of `from`", &from, vec!["work", "contract", "base"])
            })?;
        }
        if let Some(empty) = keys.identities.iter().find(|name| name.value.trim().is_empty()) {
            return Err(ValueError::form("identity", empty, "a name that is not empty"));
        }
        self.policy.identities = keys.identities.into_iter().map(|name| name.value).collect();
        Ok(())
    }

    fn apply_profile(&mut self, profile: Option<&Text>) -> Result<(), ValueError> {
        let Some(name) = profile else { return Ok(()) };
        self.levels.profile = Profile::parse(&name.value)
            .ok_or_else(|| ValueError::keyword("profile", name, Profile::NAMES.to_vec()))?;
        Ok(())
    }

    /// Checks the level of a family. A family with a fixed rule keeps its level.
    fn validate_family(
        family: &str,
        id: &Text,
        setting: LevelSetting,
        level: &Text,
    ) -> Result<(), ValueError> {
        let families = || check::registered_rules().iter().map(|entry| entry.rule.id.family());
        if family != "scan" && !families().any(|known| known == family) {
            let hint = did_you_mean(family, families());
            let id_text = to_single_line(&id.value, 80);
            return Err(ValueError::new(id.span, ValueProblem::UnknownRule { id: id_text, hint }));
        }
        let has_fixed_rule = ALWAYS_ERROR_RULE.strip_prefix(family).is_some_and(|rest| rest.starts_with('/'));
        if has_fixed_rule && setting != LevelSetting::At(Level::Error) {
            return Err(ValueError::new(level.span, ValueProblem::FixedLevel { id: ALWAYS_ERROR_RULE }));
        }
        Ok(())
    }

    /// Sets the level of one rule; a former id counts as the present one.
    fn apply_level(&mut self, id: &Text, level: &Text, source: &Arc<Source>) -> Result<(), ValueError> {
        let setting = LevelSetting::parse(&level.value)
            .ok_or_else(|| ValueError::keyword("level", level, LevelSetting::NAMES.to_vec()))?;
        let present = canonical_rule_id(&id.value).unwrap_or(&id.value);
        if present != id.value {
            self.warnings.push(ConfigWarning {
                source: Arc::clone(source),
                span: id.span,
                message: format!("rule `{}` is now called `{present}`; use the new id", id.value),
            });
        }
        if let Some(family) = present.strip_suffix("/*") {
            Self::validate_family(family, id, setting, level)?;
        } else if check::find_rule(present).is_none() && !present.starts_with("scan/") {
            let known = check::registered_rules().iter().map(|entry| entry.rule.id.as_str());
            let hint = did_you_mean(present, known);
            let id_text = to_single_line(present, 80);
            return Err(ValueError::new(id.span, ValueProblem::UnknownRule { id: id_text, hint }));
        }
        if present == ALWAYS_ERROR_RULE && setting != LevelSetting::At(Level::Error) {
            return Err(ValueError::new(level.span, ValueProblem::FixedLevel { id: ALWAYS_ERROR_RULE }));
        }
        if self.levels.set.insert(present.to_owned(), setting).is_some() {
            let rest = "`rules` sets its level by its former id and by its present id";
            let problem = ValueProblem::DuplicateRule { id: present.to_owned(), rest };
            return Err(ValueError::new(id.span, problem));
        }
        Ok(())
    }
}

/// Keys of the file that set a [`Policy`] and whose values can be wrong.
struct PolicyKeys {
    minimum_format: Option<Text>,
    protected: Vec<Text>,
    waivers_from: Option<Text>,
    identities: Vec<Text>,
}

/// Checks the version of the format; `file` is the span of the file's first key.
fn validate_version(version: Option<Spanned<u64>>, file: Span) -> Result<(), ValueError> {
    match version {
        Some(Spanned { value: 1, .. }) => Ok(()),
        Some(other) => Err(ValueError::form("version", &other.map(|number| number.to_string()), "1")),
        None => Err(ValueError::missing(file, "version", "; add `version: 1`")),
    }
}

/// Checks the persons of each role.
fn validate_roles(roles: raw::RawRoles) -> Result<Roles, ValueError> {
    Ok(Roles {
        approver: validate_persons("approver", roles.approver)?,
        reviewer: validate_persons("reviewer", roles.reviewer)?,
        waiver: validate_persons("waiver", roles.waiver)?,
    })
}

fn validate_persons(
    role: &'static str,
    names: Option<Spanned<Vec<Text>>>,
) -> Result<Vec<String>, ValueError> {
    let Some(names) = names else { return Ok(Vec::new()) };
    if names.value.is_empty() {
        return Err(ValueError::missing(names.span, role, "; name at least one person"));
    }
    let is_name = |name: &Text| !name.value.trim().is_empty() && !name.value.contains(['*', '?', '!', ',']);
    if let Some(wrong) = names.value.iter().find(|name| !is_name(name)) {
        return Err(ValueError::form(role, wrong, "a name without wildcards"));
    }
    Ok(names.value.into_iter().map(|name| name.value).collect())
}
