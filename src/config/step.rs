//! Steps of gates, validated.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::SignedDuration;

use crate::check::context::{Gate, ProtectedPattern};
use crate::rule::ValueError;

use super::capability::{CapabilityProfiles, StepRights, validate_rights};
use super::layout::validate_folder;
use super::raw::{self, Text};

/// Environment variables of a step.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct EnvironmentPolicy {
    /// Names that the step sees; `None` keeps all that are not dropped. A
    /// trailing `*` matches any rest of a name. Credentials are dropped unless
    /// they are named here.
    pub keep: Option<Vec<String>>,
    /// Names that the step does not see.
    pub drop: Vec<String>,
    /// Values that the step sees, by name.
    pub set: BTreeMap<String, String>,
}

/// What the processes of a step may use together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct StepLimits {
    /// Memory in bytes.
    pub memory_bytes: Option<u64>,
    /// Processor time in milliseconds.
    pub cpu_time_ms: Option<u64>,
}

/// A step of a gate.
#[derive(Debug, Clone)]
pub(crate) struct GateStep {
    /// Name in reports.
    pub name: String,
    /// Program and arguments.
    pub argv: Vec<String>,
    /// Folder below the repository's root; empty for the root.
    pub folder: String,
    /// Maximum run time.
    pub timeout: Duration,
    /// Gates that run the step.
    pub gates: Vec<Gate>,
    /// Environment variables.
    pub environment: EnvironmentPolicy,
    /// Whether its output must show that tests ran; `None`: if its command is a known test runner.
    pub tests: Option<bool>,
    /// `JUnit` file that the step writes, or a folder of them with a trailing `/`.
    pub junit: Option<String>,
    /// The step runs only if the change touches one of these paths; `None` always
    /// runs it.
    pub paths: Option<Vec<ProtectedPattern>>,
    /// What it asks for, and what it is granted.
    pub rights: StepRights,
    /// What its processes may use.
    pub limits: StepLimits,
    /// Whether it runs twice, and both results must agree.
    pub twice: bool,
}

/// Run time of a step that sets no `timeout`.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30 * 60);
/// Maximum number of bytes of a step's name.
const MAX_NAME_BYTES: usize = 60;

pub(super) fn validate_step(
    raw: raw::RawStep,
    profiles: &CapabilityProfiles,
) -> Result<GateStep, ValueError> {
    let name = &raw.name.value;
    let is_plain = !name.is_empty()
        && name.len() <= MAX_NAME_BYTES
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "._- ".contains(c));
    if !is_plain {
        let expected = "1 to 60 letters, digits, spaces, `.`, `_` or `-`";
        return Err(ValueError::form("step name", &raw.name, expected));
    }
    if raw.run.value.first().is_none_or(String::is_empty) {
        return Err(ValueError::missing(
            raw.run.span,
            "run",
            ": it needs a program and its arguments, as in `run: [cargo, test]`",
        ));
    }
    let timeout = raw.timeout.as_ref().map_or(Ok(DEFAULT_TIMEOUT), validate_duration)?;
    let gates = match &raw.gates {
        None => vec![Gate::PostWork],
        Some(names) => names.iter().map(validate_gate).collect::<Result<_, _>>()?,
    };
    let folder = raw.folder.as_ref().map_or(Ok(String::new()), validate_folder)?;
    let environment = EnvironmentPolicy {
        keep: raw.environment.keep,
        drop: raw.environment.drop.unwrap_or_default(),
        set: raw.environment.set,
    };
    let mut rights =
        validate_rights(&raw.run.value, raw.capabilities.as_deref(), raw.profile.as_ref(), profiles)?;
    rights.is_confined = raw.confine.unwrap_or(rights.is_confined);
    Ok(GateStep {
        rights,
        limits: StepLimits {
            memory_bytes: raw.memory.as_ref().map(validate_size).transpose()?,
            cpu_time_ms: match &raw.cpu_time {
                Some(text) => u64::try_from(validate_duration(text)?.as_millis()).ok(),
                None => None,
            },
        },
        twice: raw.twice,
        name: raw.name.value,
        argv: raw.run.value,
        folder,
        timeout,
        gates,
        environment,
        tests: raw.tests,
        junit: raw.junit.as_ref().map(validate_junit).transpose()?,
        paths: raw.paths.as_ref().map(|paths| paths.iter().map(validate_path).collect()).transpose()?,
    })
}

/// Reads a path of a file, or of a folder with a trailing `/`.
fn validate_junit(path: &Text) -> Result<String, ValueError> {
    let folder = validate_folder(path)?;
    if folder.is_empty() {
        return Err(ValueError::form("path", path, "a file, or a folder with a trailing `/`"));
    }
    Ok(if path.value.ends_with('/') { format!("{folder}/") } else { folder })
}

fn validate_path(path: &Text) -> Result<ProtectedPattern, ValueError> {
    ProtectedPattern::parse(&path.value)
        .ok_or_else(|| ValueError::form("path", path, "a path or pattern below the root of the repository"))
}

fn validate_gate(name: &Text) -> Result<Gate, ValueError> {
    let known = [Gate::GateCheck, Gate::PreWork, Gate::PostWork];
    known
        .into_iter()
        .find(|gate| gate.as_str() == name.value)
        .ok_or_else(|| ValueError::keyword("gate", name, known.map(Gate::as_str).to_vec()))
}

/// Reads a size such as `512MiB` or `2GiB`, of at least 1 MiB.
fn validate_size(text: &Text) -> Result<u64, ValueError> {
    let value = text.value.trim();
    let units = [("KiB", 1u64 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];
    let found = units.iter().find_map(|(unit, bytes)| {
        let number: u64 = value.strip_suffix(unit)?.trim().parse().ok()?;
        number.checked_mul(*bytes)
    });
    found.filter(|bytes| *bytes >= 1 << 20).ok_or_else(|| {
        ValueError::form("size", text, "a number with `MiB` or `GiB`, such as 512MiB or 2GiB, at least 1MiB")
    })
}

/// Reads a duration of 1 second to 24 hours, such as `90s`, `20m` or `1h`.
pub(super) fn validate_duration(text: &Text) -> Result<Duration, ValueError> {
    parse_duration(&text.value).ok_or_else(|| {
        ValueError::form(
            "duration",
            text,
            "a number with `s`, `m` or `h`, such as 90s, 20m or 1h, at most 24h",
        )
    })
}

fn parse_duration(text: &str) -> Option<Duration> {
    let duration: SignedDuration = text.trim().parse().ok()?;
    let allowed = SignedDuration::from_secs(1)..=SignedDuration::from_hours(24);
    if !allowed.contains(&duration) {
        return None;
    }
    Duration::try_from(duration).ok()
}
