//! The environment of a step: no credentials, no settings of git.

use std::ffi::OsString;

use crate::config::EnvironmentPolicy;
use crate::system::environment;

/// Variables that hold credentials by their exact name, in upper case.
const CREDENTIAL_NAMES: [&str; 10] = [
    "SSH_AUTH_SOCK",
    "SSH_ASKPASS",
    "GIT_ASKPASS",
    "NETRC",
    "KUBECONFIG",
    "PASSWORD",
    "PASSWD",
    "TOKEN",
    "MYSQL_PWD",
    "VAULT_ADDR",
];
/// Starts of names of variables that hold credentials.
const CREDENTIAL_STARTS: [&str; 7] = ["GPG_", "AWS_", "AZURE_", "GOOGLE_", "DOCKER_", "ACTIONS_", "CI_JOB_"];
/// Ends of names of variables that hold credentials.
const CREDENTIAL_ENDS: [&str; 7] =
    ["_TOKEN", "_KEY", "_CREDENTIALS", "_CREDENTIAL", "_PASS", "_PASSPHRASE", "_PAT"];
/// Parts of names of variables that hold credentials.
const CREDENTIAL_PARTS: [&str; 4] = ["SECRET", "PASSWORD", "AUTHTOKEN", "AUTH_TOKEN"];

/// Returns whether a variable holds credentials by its name. Case is ignored, as npm
/// and pip read settings in lower case.
pub(super) fn is_credential(name: &str) -> bool {
    let upper = name.to_uppercase();
    CREDENTIAL_NAMES.contains(&upper.as_str())
        || CREDENTIAL_STARTS.iter().any(|start| upper.starts_with(start))
        || CREDENTIAL_ENDS.iter().any(|end| upper.ends_with(end))
        || CREDENTIAL_PARTS.iter().any(|part| upper.contains(part))
}

/// Returns whether a pattern of the configuration names a variable: by its name, or by
/// its start before a `*`.
fn matches(pattern: &str, name: &str) -> bool {
    pattern.strip_suffix('*').map_or(name == pattern, |start| name.starts_with(start))
}

/// Returns whether an entry of `keep` names a credential: by its exact name, or by a
/// pattern for credentials only, such as `AWS_*`. `*` keeps no credentials.
fn keeps_credential(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => {
            name.starts_with(start)
                && CREDENTIAL_STARTS.iter().any(|known| start.to_uppercase().starts_with(known))
        }
        None => pattern == name,
    }
}

/// Returns whether a variable refers to a file descriptor that a step does not
/// inherit: the job server of make.
fn needs_descriptor(name: &str, value: &str) -> bool {
    matches!(name, "MAKEFLAGS" | "MFLAGS" | "CARGO_MAKEFLAGS") && value.contains("--jobserver")
}

/// Returns the complete environment of a step.
pub(super) fn process_environment(policy: &EnvironmentPolicy) -> Vec<(OsString, OsString)> {
    filter(environment::variables(), policy)
}

/// Applies a policy. Variables that configure git are dropped unless the policy keeps
/// them by name: a hook that runs a gate would make every git command in the step's
/// tests use the wrong repository. `GIT_OPTIONAL_LOCKS=0` keeps `git status` from
/// rewriting the index, which a step must not change.
fn filter(variables: Vec<(OsString, OsString)>, policy: &EnvironmentPolicy) -> Vec<(OsString, OsString)> {
    let mut out: Vec<_> = variables
        .into_iter()
        .filter(|(name, value)| {
            let (name, value) = (name.to_string_lossy(), value.to_string_lossy());
            let is_kept = match &policy.keep {
                Some(keep) if is_credential(&name) => keep.iter().any(|entry| keeps_credential(entry, &name)),
                Some(keep) => keep.iter().any(|entry| matches(entry, &name)),
                None => !name.starts_with("GIT_") && !is_credential(&name),
            };
            is_kept
                && !policy.drop.iter().any(|entry| matches(entry, &name))
                && !needs_descriptor(&name, &value)
        })
        .collect();
    out.retain(|(name, _)| !policy.set.contains_key(name.to_string_lossy().as_ref()));
    out.extend(policy.set.iter().map(|(name, value)| (name.into(), value.into())));
    if !out.iter().any(|(name, _)| name == "GIT_OPTIONAL_LOCKS") {
        out.push(("GIT_OPTIONAL_LOCKS".into(), "0".into()));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(given: &[&str], keep: Option<&[&str]>, drop: &[&str]) -> Vec<String> {
        let policy = EnvironmentPolicy {
            keep: keep.map(|all| all.iter().map(|name| (*name).to_owned()).collect()),
            drop: drop.iter().map(|name| (*name).to_owned()).collect(),
            ..EnvironmentPolicy::default()
        };
        let given = given.iter().map(|name| (OsString::from(name), OsString::from("--jobserver-auth=3,4")));
        let out = filter(given.collect(), &policy);
        let names = out.into_iter().map(|(name, _)| name.to_string_lossy().into_owned());
        names.filter(|name| name != "GIT_OPTIONAL_LOCKS").collect()
    }

    #[test]
    fn steps_get_no_credentials() {
        for name in [
            "GITHUB_TOKEN",
            "CI_JOB_TOKEN",
            "ACTIONS_RUNTIME_TOKEN",
            "ACTIONS_ID_TOKEN_REQUEST_URL",
            "AWS_PROFILE",
            "AWS_SECRET_ACCESS_KEY",
            "AZURE_CLIENT_ID",
            "CARGO_REGISTRY_TOKEN",
            "DB_PASSWORD",
            "PGPASSWORD",
            "MY_SECRETS",
            "SSH_AUTH_SOCK",
            "GPG_TTY",
            "GIT_ASKPASS",
            "SSH_ASKPASS",
            "NETRC",
            "KUBECONFIG",
            "DOCKER_CONFIG",
            "GOOGLE_APPLICATION_CREDENTIALS",
            "OPENAI_API_KEY",
            "github_token",
            "npm_config__authToken",
            "CI_JOB_JWT",
            "GIT_DIR",
            "MAKEFLAGS",
        ] {
            assert_eq!(names(&[name], None, &[]), [""; 0], "{name}");
            assert_eq!(names(&[name], Some(&["*"]), &[]).len(), usize::from(name == "GIT_DIR"), "{name}");
        }
    }

    #[test]
    fn what_is_no_credential_or_is_named_is_kept() {
        for name in
            ["PATH", "HOME", "CARGO_HOME", "TOKENIZERS_PARALLELISM", "KEYBOARD", "CI", "GITHUB_ACTIONS"]
        {
            assert_eq!(names(&[name], None, &[]), [name], "{name}");
        }
        assert_eq!(names(&["AWS_PROFILE", "PATH"], Some(&["AWS_*"]), &[]), ["AWS_PROFILE"]);
        assert_eq!(
            names(&["GITHUB_TOKEN", "PATH"], Some(&["*", "GITHUB_TOKEN"]), &[]),
            ["GITHUB_TOKEN", "PATH"]
        );
        assert_eq!(names(&["CARGO_REGISTRY_TOKEN", "CARGO_HOME"], Some(&["CARGO_*"]), &[]), ["CARGO_HOME"]);
        assert_eq!(names(&["GITHUB_TOKEN"], Some(&["GITHUB_TOKEN"]), &["GITHUB_TOKEN"]), [""; 0]);
    }
}
