//! Confines a program to the folders that it may write, where the kernel can (Landlock on
//! Linux). The restriction must be set in the program's own process before it starts, and
//! unsafe code is forbidden here: the tool starts itself, restricts itself, and becomes the
//! program.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

/// First argument of the hidden call that restricts itself and becomes the program.
const MARKER: &str = "__confine";
/// What stands between the folders and the program.
const END: &str = "--";
/// Exit code of a program that could not be confined or started.
pub(crate) const CANNOT_CONFINE: u8 = 126;

/// What the hidden call says of a program that could not be started, after its name.
const NOT_STARTED: &str = "could not be started";

/// Whether this process is the command-line tool, which can start itself.
static IS_TOOL: AtomicBool = AtomicBool::new(false);

/// What a program may do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Confinement {
    /// Files and folders that it may write.
    pub writable: Vec<PathBuf>,
    /// Whether it may use TCP.
    pub network: bool,
}

/// Allows this process to start itself for confined programs.
pub(crate) fn enable() {
    IS_TOOL.store(true, Ordering::SeqCst);
}

/// Returns whether writes can be confined here: the kernel knows how, and this process is
/// the tool.
#[must_use]
pub(crate) fn is_available() -> bool {
    IS_TOOL.load(Ordering::SeqCst) && platform::is_supported()
}

/// Returns the rights that the kernel enforces for a confinement.
#[must_use]
pub(crate) fn enforced_rights(confinement: &Confinement) -> Vec<&'static str> {
    let mut out = vec!["fs.write"];
    if !confinement.network && platform::can_confine_network() {
        out.push("net.http");
    }
    out
}

/// Returns the command that confines a program; `None` if that is not possible here.
#[must_use]
pub(crate) fn wrap(argv: &[String], confinement: &Confinement) -> Option<Vec<OsString>> {
    if !is_available() {
        return None;
    }
    let own = super::environment::program_path().ok()?;
    let network = if confinement.network { "network" } else { "no-network" };
    let mut out = vec![own.into_os_string(), MARKER.into(), network.into()];
    out.extend(confinement.writable.iter().map(|path| path.clone().into_os_string()));
    out.push(END.into());
    out.extend(argv.iter().map(OsString::from));
    Some(out)
}

/// Becomes the confined program if the arguments are the hidden call; returns the exit code
/// if that failed, and `None` for every other call.
pub(crate) fn become_confined(arguments: &[OsString]) -> Option<u8> {
    let [_, marker, network, rest @ ..] = arguments else { return None };
    if marker != MARKER {
        return None;
    }
    // Only the tool itself may ask for it: it would run any program, unseen.
    if !platform::is_started_by_tool() {
        eprintln!("error: `{MARKER}` is not a command");
        return Some(CANNOT_CONFINE);
    }
    let end = rest.iter().position(|argument| argument == END)?;
    let (writable, program) = rest.split_at(end);
    let confinement =
        Confinement { writable: writable.iter().map(PathBuf::from).collect(), network: network == "network" };
    let program = program.get(1..).unwrap_or_default();
    eprintln!("error: {}", platform::become_program(&confinement, program));
    Some(CANNOT_CONFINE)
}

/// Returns the error of a confined program that could not be started, if its log holds
/// nothing but that error.
#[must_use]
pub(crate) fn start_error(name: &str, log: &str) -> Option<std::io::Error> {
    let reason = log.trim_end().strip_prefix(&format!("error: {name} {NOT_STARTED}: "))?;
    let is_missing = reason.ends_with("(os error 2)");
    let kind = if is_missing { std::io::ErrorKind::NotFound } else { std::io::ErrorKind::Other };
    (!reason.contains('\n')).then(|| std::io::Error::new(kind, reason.to_owned()))
}

#[cfg(target_os = "linux")]
mod platform {
    use std::ffi::OsString;
    use std::os::unix::process::CommandExt as _;

    use landlock::{
        ABI, Access as _, AccessFs, AccessNet, CompatLevel, Compatible as _, Ruleset, RulesetAttr as _,
        RulesetCreatedAttr as _, RulesetStatus, path_beneath_rules,
    };

    use super::{Confinement, NOT_STARTED};

    /// The version of Landlock that has all rights of files that are asked for here.
    const FILES: ABI = ABI::V3;

    /// Returns whether the kernel can confine writes.
    pub(super) fn is_supported() -> bool {
        Ruleset::default()
            .set_compatibility(CompatLevel::HardRequirement)
            .handle_access(AccessFs::from_write(FILES))
            .and_then(Ruleset::create)
            .is_ok()
    }

    /// Returns whether the kernel can confine TCP.
    pub(super) fn can_confine_network() -> bool {
        Ruleset::default()
            .set_compatibility(CompatLevel::HardRequirement)
            .handle_access(AccessNet::from_all(ABI::V4))
            .and_then(Ruleset::create)
            .is_ok()
    }

    /// Returns whether the parent of this process is the same program.
    pub(super) fn is_started_by_tool() -> bool {
        let Some(parent) = rustix::process::getppid() else { return false };
        let program = |pid: &str| std::fs::read_link(format!("/proc/{pid}/exe")).ok();
        let own = program("self");
        own.is_some() && own == program(&parent.as_raw_nonzero().to_string())
    }

    /// Restricts this process and becomes the program; returns why that failed.
    pub(super) fn become_program(confinement: &Confinement, program: &[OsString]) -> String {
        let Some((name, arguments)) = program.split_first() else {
            return "there is no program to confine".to_owned();
        };
        if let Err(error) = restrict(confinement) {
            return format!("{} cannot be confined: {error}", name.display());
        }
        #[expect(clippy::disallowed_methods, reason = "this module starts the confined program")]
        let error = std::process::Command::new(name).args(arguments).exec();
        format!("{} {NOT_STARTED}: {error}", name.display())
    }

    fn restrict(confinement: &Confinement) -> Result<(), String> {
        let failed = |error: &dyn std::fmt::Display| error.to_string();
        let mut ruleset =
            Ruleset::default().handle_access(AccessFs::from_write(FILES)).map_err(|error| failed(&error))?;
        if !confinement.network {
            ruleset = ruleset.handle_access(AccessNet::from_all(ABI::V4)).map_err(|error| failed(&error))?;
        }
        let status = ruleset
            .create()
            .and_then(|created| {
                created.add_rules(path_beneath_rules(&confinement.writable, AccessFs::from_write(FILES)))
            })
            .and_then(landlock::RulesetCreated::restrict_self)
            .map_err(|error| failed(&error))?;
        if status.ruleset == RulesetStatus::NotEnforced {
            return Err("the kernel enforces nothing".to_owned());
        }
        Ok(())
    }
}

#[cfg(not(target_os = "linux"))]
mod platform {
    use std::ffi::OsString;

    use super::Confinement;

    pub(super) fn is_supported() -> bool {
        false
    }

    pub(super) fn can_confine_network() -> bool {
        false
    }

    pub(super) fn is_started_by_tool() -> bool {
        false
    }

    pub(super) fn become_program(_: &Confinement, _: &[OsString]) -> String {
        "programs cannot be confined on this system".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_hidden_call_confines() {
        let call = |all: &[&str]| become_confined(&all.iter().map(OsString::from).collect::<Vec<_>>());
        for other in [&["countersign"][..], &["countersign", "check"], &["countersign", "check", MARKER]] {
            assert_eq!(call(other), None, "{other:?}");
        }
        let stranger = call(&["countersign", MARKER, "network", "/tmp", END, "true"]);
        assert_eq!(stranger, Some(CANNOT_CONFINE), "the parent of a test is another program");
    }

    #[test]
    fn a_library_confines_nothing() {
        assert_eq!(wrap(&["true".to_owned()], &Confinement::default()), None);
    }
}
