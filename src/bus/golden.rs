//! Runs the engines for real: an operation that must be executed, and one that must not.

use std::path::Path;
use std::time::Duration;

use crate::config::{EnvironmentPolicy, StepLimits, StepRights};
use crate::ledger::{JobDescription, Recorder};
use crate::system::process::ExitReason;
use crate::system::transaction::{FileWrite, LOCK_TIMEOUT, Writer};
use crate::system::{environment, files};
use crate::text::RepoPath;

use super::conformance::ConformanceCase;
use super::document::WriteAccess;
use super::process::{ProcessError, ProcessRequest};
use super::session::Bus;

/// Runs each engine in an empty folder.
#[must_use]
pub(crate) fn run(folder: &Path) -> Vec<ConformanceCase> {
    let case = |name: &str, fault: Option<String>| ConformanceCase { name: name.to_owned(), fault };
    vec![
        case("process: a granted program runs and leaves its log", granted_program(folder).err()),
        case("process: a program that was not granted does not start", foreign_program(folder).err()),
        case("document: granted files are written", granted_write(folder).err()),
        case("document: nothing is written into git's own folder", foreign_write(folder).err()),
        case("document: a job that only reads has no right to write", reading_job().err()),
    ]
}

fn run_program(folder: &Path, granted: bool) -> Result<Result<ExitReason, ProcessError>, String> {
    let program = environment::program_path().map_err(|error| error.to_string())?;
    let argv = vec![program.display().to_string(), "--help".to_owned()];
    let mut rights = StepRights::default_of(&argv);
    if !granted {
        rights.granted = vec!["proc.exec:another".to_owned(), "fs.read".to_owned()];
    }
    let recorder = Recorder::off(JobDescription::judging("self-test"));
    let request = ProcessRequest {
        name: "golden",
        argv: &argv,
        root: folder,
        folder: folder.to_path_buf(),
        environment: &EnvironmentPolicy::default(),
        rights: &rights,
        timeout: Duration::from_secs(60),
        limits: StepLimits::default(),
        log_folder: folder.join("logs"),
        log_prefix: "self-test",
    };
    let ran = Bus::new(&recorder).run_process(&request, &mut |_| {});
    Ok(ran.and_then(|output| {
        let text = output.text.contains("--help") || output.text.contains("Usage");
        if !text {
            return Err(ProcessError::ReadLog(std::io::Error::other("the log lacks the output")));
        }
        output.outcome.map_err(ProcessError::CreateLog)
    }))
}

fn granted_program(folder: &Path) -> Result<(), String> {
    match run_program(folder, true)? {
        Ok(ExitReason::Exited(0)) => Ok(()),
        Ok(other) => Err(format!("it ended with {other:?}")),
        Err(error) => Err(error.to_string()),
    }
}

fn foreign_program(folder: &Path) -> Result<(), String> {
    let before = files::find_metadata(&folder.join("logs")).map_err(|error| error.to_string())?.is_some();
    let empty = folder.join("empty");
    files::create_folder(&empty).map_err(|error| error.to_string())?;
    match run_program(&empty, false)? {
        Err(ProcessError::Denied(_)) if before => {}
        Err(ProcessError::Denied(_)) => return Err("the granted program left no log".to_owned()),
        Ok(_) => return Err("it ran".to_owned()),
        Err(error) => return Err(error.to_string()),
    }
    let log = files::find_metadata(&empty.join("logs")).map_err(|error| error.to_string())?;
    if log.is_some() { Err("it left a log".to_owned()) } else { Ok(()) }
}

fn write(folder: &Path, path: &str) -> Result<(), String> {
    let failed = |error: &dyn std::fmt::Display| error.to_string();
    let recorder = Recorder::off(JobDescription::editing("self-test", true));
    let access = WriteAccess::of(&recorder).ok_or_else(|| "the job has no right to write".to_owned())?;
    let writer = Writer::acquire(folder, &folder.join("state"), "self-test", LOCK_TIMEOUT)
        .map_err(|error| failed(&error))?;
    let write = FileWrite { path: RepoPath::from(path), before: None, after: b"golden\n".to_vec() };
    Bus::new(&recorder).apply(&access, &writer, "self-test", &[write]).map_err(|error| failed(&error))
}

fn granted_write(folder: &Path) -> Result<(), String> {
    write(folder, "notes/a.md")?;
    let bytes = files::read(&folder.join("notes/a.md"), 100).map_err(|error| error.to_string())?;
    if bytes == b"golden\n" { Ok(()) } else { Err("the file has other bytes".to_owned()) }
}

fn foreign_write(folder: &Path) -> Result<(), String> {
    match write(folder, ".git/config") {
        Ok(()) => Err("it was written".to_owned()),
        Err(why) if why.contains("G-INTEGRITY") => Ok(()),
        Err(why) => Err(format!("another reason was given: {why}")),
    }
}

fn reading_job() -> Result<(), String> {
    for description in [JobDescription::judging("audit"), JobDescription::editing("manifest", false)] {
        if WriteAccess::of(&Recorder::off(description)).is_some() {
            return Err("it has the right".to_owned());
        }
    }
    Ok(())
}
