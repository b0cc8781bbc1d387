//! Capabilities: `axis` or `axis:scope` (section 11.1 of the specification). There are no
//! wildcards and no prefixes: an axis covers all its scopes, a scope covers itself.

use std::collections::BTreeSet;

use crate::rule::{ValueError, YamlMap, did_you_mean};

use super::raw::Text;
use super::toolchain::Toolchain;

/// Code of a capability that is in no registry.
pub(crate) const UNKNOWN_CAPABILITY: &str = "HSK-4001";

/// An axis of rights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Axis {
    name: &'static str,
    /// Whether it can only be asked for with a scope.
    needs_scope: bool,
    /// The scopes that there are; empty if any text is a scope.
    scopes: &'static [&'static str],
}

/// The registry of axes.
const AXES: [Axis; 5] = [
    Axis { name: "fs.read", needs_scope: false, scopes: &[] },
    Axis { name: "fs.write", needs_scope: false, scopes: &[] },
    Axis { name: "proc.exec", needs_scope: true, scopes: &[] },
    Axis { name: "net.http", needs_scope: true, scopes: &["any", "loopback"] },
    Axis { name: "secrets.use", needs_scope: true, scopes: &[] },
];

/// A capability that cannot be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CapabilityFault {
    /// It is in no registry: `HSK-4001`.
    Unknown {
        /// `; did you mean …`, or empty.
        hint: String,
    },
    /// Its axis is only asked for with a scope.
    NeedsScope,
}

/// Checks a capability as it is asked for.
pub(crate) fn check_request(id: &str) -> Result<(), CapabilityFault> {
    let axis = check_registered(id)?;
    if axis.needs_scope && !id.contains(':') { Err(CapabilityFault::NeedsScope) } else { Ok(()) }
}

/// Checks a capability as it is granted: an axis without a scope is possible.
pub(crate) fn check_grant(id: &str) -> Result<(), CapabilityFault> {
    check_registered(id).map(|_| ())
}

fn check_registered(id: &str) -> Result<Axis, CapabilityFault> {
    let (name, scope) = match id.split_once(':') {
        Some((name, scope)) => (name, Some(scope)),
        None => (id, None),
    };
    let unknown = |hint: String| CapabilityFault::Unknown { hint };
    let Some(axis) = AXES.iter().find(|axis| axis.name == name) else {
        return Err(unknown(did_you_mean(name, AXES.iter().map(|axis| axis.name))));
    };
    let Some(scope) = scope else { return Ok(*axis) };
    // A path can have any name; nothing but `*` alone could be meant as a wildcard.
    let is_path = name.starts_with("fs.");
    let is_plain =
        !scope.is_empty() && scope != "*" && !scope.contains('\0') && (is_path || scope.trim() == scope);
    let is_listed = axis.scopes.is_empty() || axis.scopes.contains(&scope) || is_host(name, scope);
    if !is_plain || !is_listed {
        return Err(unknown(did_you_mean(scope, axis.scopes.iter().copied())));
    }
    Ok(*axis)
}

/// Returns whether a scope of the network is a host with a dot: only calls of models have one.
fn is_host(axis: &str, scope: &str) -> bool {
    axis == "net.http"
        && scope.contains('.')
        && scope
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_.:[]".contains(&byte))
}

/// Checks a capability of a step: no platform can restrict a program to one host.
fn check_step_scope(id: &str) -> Result<(), CapabilityFault> {
    match id.split_once(':') {
        Some((axis, scope)) if is_host(axis, scope) => Err(CapabilityFault::Unknown {
            hint: "; a step has `net.http:any` or `net.http:loopback`".to_owned(),
        }),
        _ => Ok(()),
    }
}

/// Returns the axis of a capability.
#[must_use]
pub(crate) fn axis_of(id: &str) -> &str {
    id.split_once(':').map_or(id, |(axis, _)| axis)
}

/// Rights that a trusted configuration grants to a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Grants {
    /// Name of the profile.
    pub profile: String,
    granted: BTreeSet<String>,
}

impl Grants {
    /// Creates a profile.
    #[must_use]
    pub(crate) fn new(profile: &str, granted: impl IntoIterator<Item = String>) -> Self {
        Self { profile: profile.to_owned(), granted: granted.into_iter().collect() }
    }

    /// Returns whether a capability is granted.
    #[must_use]
    pub(crate) fn covers(&self, id: &str) -> bool {
        self.granted.contains(id) || self.granted.contains(axis_of(id))
    }
}

/// What a program asks for, and what it is granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StepRights {
    /// Name of the profile that grants.
    pub profile: String,
    /// Capabilities that the program asks for.
    pub requested: Vec<String>,
    /// Capabilities that the profile grants.
    pub granted: Vec<String>,
    /// Whether the operating system enforces what may be written and reached, where it can:
    /// for rights that the configuration names, and for toolchains whose caches are known.
    pub is_confined: bool,
}

/// Name of the profile of steps that name none.
pub(crate) const DEFAULT_PROFILE: &str = "default";

impl StepRights {
    /// The rights of a program without settings: to run, to read, to write the working
    /// tree, temporary files and its caches, and to use the network. Credentials are those
    /// that `environment.keep` names.
    #[must_use]
    pub(crate) fn default_of(argv: &[String]) -> Self {
        let mut requested: Vec<String> =
            argv.first().map(|name| format!("proc.exec:{name}")).into_iter().collect();
        requested.extend(
            ["fs.read", "fs.write:workspace", "fs.write:tmp", "fs.write:cache", "net.http:any"]
                .map(str::to_owned),
        );
        // A step may ask for less of each axis, and only for its own program.
        let axes = ["fs.read", "fs.write", "net.http", "secrets.use"].map(str::to_owned);
        let granted = requested.iter().take(1).cloned().chain(axes).collect();
        Self {
            profile: DEFAULT_PROFILE.to_owned(),
            granted,
            requested,
            is_confined: Toolchain::of(argv).is_some(),
        }
    }
}

/// Profiles of capabilities, by name.
pub(super) type CapabilityProfiles = YamlMap<Vec<Text>>;

/// Checks the profiles of a configuration.
pub(super) fn validate_profiles(profiles: &CapabilityProfiles) -> Result<(), ValueError> {
    for id in profiles.0.iter().flat_map(|(_, granted)| granted) {
        check_grant(&id.value)
            .and_then(|()| check_step_scope(&id.value))
            .map_err(|fault| capability_error(id, &fault))?;
    }
    Ok(())
}

/// Reads the rights of a step: `capabilities` is what it asks for, `profile` what grants.
pub(super) fn validate_rights(
    argv: &[String],
    capabilities: Option<&[Text]>,
    profile: Option<&Text>,
    profiles: &CapabilityProfiles,
) -> Result<StepRights, ValueError> {
    let mut rights = StepRights::default_of(argv);
    rights.is_confined |= profile.is_some() || capabilities.is_some();
    if let Some(name) = profile {
        let found = profiles.0.iter().find(|(known, _)| known.value == name.value);
        let Some((_, granted)) = found else {
            let known: Vec<&str> = profiles.0.iter().map(|(name, _)| name.value.as_str()).collect();
            return Err(ValueError::form(
                "profile",
                name,
                &format!("one of `profiles`: {}", known.join(", ")),
            ));
        };
        rights.profile = name.value.clone();
        rights.granted = granted.iter().map(|id| id.value.clone()).collect();
        let whole_network =
            |id: &String| if id == "net.http" { "net.http:any".to_owned() } else { id.clone() };
        let wanted = rights.granted.iter().map(whole_network);
        rights.requested = wanted.filter(|id| check_request(id).is_ok()).collect();
    }
    if let Some(asked) = capabilities {
        for id in asked {
            check_request(&id.value)
                .and_then(|()| check_step_scope(&id.value))
                .map_err(|fault| capability_error(id, &fault))?;
        }
        rights.requested = asked.iter().map(|id| id.value.clone()).collect();
        // Every step runs a program and reads files: that need not be written.
        let implied = [argv.first().map(|name| format!("proc.exec:{name}")), Some("fs.read".to_owned())];
        for id in implied.into_iter().flatten() {
            if !rights.requested.iter().any(|asked| axis_of(asked) == axis_of(&id)) {
                rights.requested.push(id);
            }
        }
    }
    Ok(rights)
}

fn capability_error(id: &Text, fault: &CapabilityFault) -> ValueError {
    match fault {
        CapabilityFault::Unknown { hint } => ValueError::form(
            "capability",
            id,
            &format!("{UNKNOWN_CAPABILITY}: fs.read, fs.write, proc.exec, net.http or secrets.use{hint}"),
        ),
        CapabilityFault::NeedsScope => {
            ValueError::form("capability", id, &format!("a scope, as in `{}:NAME`", id.value))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_registered_capabilities_are_known() {
        for good in [
            "fs.read",
            "fs.write:target",
            "proc.exec:cargo",
            "net.http:any",
            "net.http:api.example.com:443",
            "secrets.use:TOKEN",
        ] {
            assert_eq!(check_request(good), Ok(()), "{good}");
        }
        for bare in ["proc.exec", "net.http", "secrets.use"] {
            assert_eq!(check_request(bare), Err(CapabilityFault::NeedsScope), "{bare}");
            assert_eq!(check_grant(bare), Ok(()), "{bare} can be granted");
        }
        for unknown in [
            "",
            "magic.wand",
            "gpu.compute",
            "FS.READ",
            "fs.read:",
            "fs.read:*",
            "net.http:moon",
            "net.http:evil.example/path",
            "proc.exec: a",
        ] {
            let fault = check_request(unknown);
            assert!(matches!(fault, Err(CapabilityFault::Unknown { .. })), "{unknown}: {fault:?}");
        }
        let hint = |id: &str| match check_request(id) {
            Err(CapabilityFault::Unknown { hint }) => hint,
            _ => String::new(),
        };
        assert_eq!(hint("proc.exce:cargo"), "; did you mean `proc.exec`?");
        assert_eq!(hint("net.http:loopbak"), "; did you mean `loopback`?");
    }

    #[test]
    fn an_axis_covers_its_scopes_and_a_scope_covers_itself() {
        let grants = Grants::new("a", ["fs.read".to_owned(), "fs.write:target".to_owned()]);
        assert!(grants.covers("fs.read") && grants.covers("fs.read:src"));
        assert!(grants.covers("fs.write:target"));
        for refused in ["fs.write", "fs.write:target/debug", "fs.write:targe", "proc.exec:cargo", "fs"] {
            assert!(!grants.covers(refused), "{refused}");
        }
    }
}
