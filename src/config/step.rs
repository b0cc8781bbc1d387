//! Steps of gates as meant.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::check::context::Gate;

use super::layout::parse_folder;
use super::raw;

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
pub struct GateStep {
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

pub(super) fn validate_step(raw: raw::RawStep) -> Result<GateStep, (String, String)> {
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
        Some(text) => parse_duration(text)
            .ok_or_else(|| named(&format!("`{text}` is no duration like 90s, 20m or 1h")))?,
    };
    let gates = match &raw.gates {
        None => vec![Gate::PostWork],
        Some(names) => names
            .iter()
            .map(|name| parse_gate(name).ok_or_else(|| named(&format!("`{name}` is no gate"))))
            .collect::<Result<_, _>>()?,
    };
    let below = match &raw.folder {
        None => String::new(),
        Some(text) => {
            parse_folder(text).ok_or_else(|| named(&format!("`{text}` is no folder of the repository")))?
        }
    };
    let environment = EnvironmentPolicy {
        keep: raw.environment.keep.clone(),
        drop: raw.environment.drop.clone().unwrap_or_default(),
        set: raw.environment.set.clone(),
    };
    Ok(GateStep {
        argv: raw.run.clone(),
        folder: below,
        timeout,
        gates,
        environment,
        tests: raw.tests,
        name: raw.name,
    })
}

fn parse_gate(name: &str) -> Option<Gate> {
    [Gate::GateCheck, Gate::PreWork, Gate::PostWork].into_iter().find(|gate| gate.as_str() == name)
}

pub(super) fn parse_duration(text: &str) -> Option<Duration> {
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
