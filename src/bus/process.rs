//! The engine `process`: runs one program to its end and writes its output to a log.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;

use crate::config::{EnvironmentPolicy, Grants, StepLimits, StepRights, Toolchain};
use crate::digest::sha256_hex;
use crate::ledger::{LedgerTrouble, Payload, TerminalCommand, new_id, now};
use crate::system::clock::Stopwatch;
use crate::system::process::{ExitReason, Program};
use crate::system::{clock, confine, environment, files, process, process_usage};

use super::caches::CacheFolders;
use super::confinement;
use super::envelope::{
    ArtifactHandle, ArtifactKind, BudgetSpec, Determinism, EngineError, EngineResult, EngineStatus,
    EvidenceDemand, OutputSpec, PlannedOperation, ProvenanceRecord, SCHEMA_VERSION,
};
use super::environment::{is_credential, process_environment};
use super::operation::{Admitted, Operation};
use super::registry::{ENGINE_VERSION, MAX_LOG_BYTES, ProcessParams};
use super::result::{ResultFault, check_result};
use super::session::{Bus, Denied, to_json};

/// Size of the part at the end of a log that is read, in bytes.
const LOG_TAIL_BYTES: u64 = 4 * 1024 * 1024;
/// Maximum number of logs of one step that start in the same second.
const MAX_LOGS_PER_SECOND: u32 = 999;

/// A program to run.
pub(crate) struct ProcessRequest<'a> {
    /// Its name in messages and in the name of its log.
    pub name: &'a str,
    /// Program and arguments; no shell is involved.
    pub argv: &'a [String],
    /// Root of the repository.
    pub root: &'a Path,
    /// Working folder.
    pub folder: PathBuf,
    /// Environment variables that it receives.
    pub environment: &'a EnvironmentPolicy,
    /// What it asks for, and what it is granted.
    pub rights: &'a StepRights,
    /// Time after which it is ended.
    pub timeout: Duration,
    /// What its processes may use.
    pub limits: StepLimits,
    /// Folder of its log.
    pub log_folder: PathBuf,
    /// Start of the log's file name.
    pub log_prefix: &'a str,
}

/// Result of a program that was run.
#[derive(Debug)]
pub(crate) struct ProcessOutput {
    /// How it ended, or why it could not be started. Never
    /// [`ExitReason::Interrupted`]: that is an error.
    pub outcome: io::Result<ExitReason>,
    /// Path of its log.
    pub log: PathBuf,
    /// SHA-256 of the log.
    pub log_sha256: String,
    /// The end of the log as text.
    pub text: String,
    /// Duration in milliseconds.
    pub milliseconds: u64,
    /// The line of the log that names a refused write, if a confined program failed.
    pub refused: Option<String>,
}

/// Why a program has no result.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProcessError {
    /// A gate of the bus denied it.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The user pressed Ctrl-C.
    #[error("interrupted")]
    Interrupted,
    /// The folder of its log could not be created.
    #[error("creating the folder of its log: {0}")]
    CreateLogFolder(io::Error),
    /// Its log could not be created.
    #[error("creating its log: {0}")]
    CreateLog(io::Error),
    /// Its log could not be read.
    #[error("reading its log: {0}")]
    ReadLog(io::Error),
    /// The engine's result is wrong.
    #[error(transparent)]
    Result(#[from] ResultFault),
    /// The ledger is required and cannot be used.
    #[error(transparent)]
    Ledger(#[from] LedgerTrouble),
}

impl Bus<'_> {
    /// Runs a program and waits for its end. Calls `tick` with the milliseconds since the
    /// start while it runs.
    ///
    /// # Errors
    /// A gate denied it, its log cannot be written or read, or the user pressed Ctrl-C.
    pub(crate) fn run_process(
        &self,
        request: &ProcessRequest<'_>,
        tick: &mut dyn FnMut(u64),
    ) -> Result<ProcessOutput, ProcessError> {
        let environment = process_environment(request.environment);
        let planned = plan(request, &environment);
        let grants = Grants::new(&request.rights.profile, request.rights.granted.iter().cloned());
        let operation = self.admit(planned, &grants)?;
        files::create_folder(&request.log_folder).map_err(ProcessError::CreateLogFolder)?;
        let (path, log) = create_log(request).map_err(ProcessError::CreateLog)?;
        self.write_intent()?;
        let confinement = (request.rights.is_confined && confine::is_available())
            .then(|| confinement_of(request, &operation, &environment));
        let wrapped = confinement.as_ref().and_then(|limits| confine::wrap(request.argv, limits));
        let enforced = match (&confinement, &wrapped) {
            (Some(limits), Some(_)) => confine::enforced_rights(limits),
            _ => Vec::new(),
        };
        let wrapped_name = wrapped.as_ref().and_then(|_| request.argv.first().cloned());
        let program = Program {
            argv: wrapped.unwrap_or_else(|| request.argv.iter().map(OsString::from).collect()),
            folder: request.folder.clone(),
            environment,
            timeout: request.timeout,
            max_log_bytes: operation.envelope().budget.output_bytes.unwrap_or(MAX_LOG_BYTES),
            max_memory_bytes: operation.envelope().budget.memory_bytes,
            max_cpu_ms: operation.envelope().budget.cpu_time_ms,
        };
        let started_at = now();
        let watch = Stopwatch::start();
        let outcome = process::run(&program, &log, |elapsed| {
            tick(u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX));
        });
        let milliseconds = watch.elapsed_milliseconds();
        drop(log);
        let ended = self.end_run(request, &operation, &path, &outcome, started_at, milliseconds, &enforced);
        if let Err(error) = &ended {
            // What ran has an end, also if its result does not count.
            self.record_broken(&operation.envelope().op_id, &error.to_string());
        }
        let (bytes, log_sha256) = ended?;
        if let Ok(ExitReason::Interrupted) = outcome {
            return Err(ProcessError::Interrupted);
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let outcome = match (outcome, wrapped_name) {
            (Ok(ExitReason::Exited(code)), Some(name)) if code == i32::from(confine::CANNOT_CONFINE) => {
                confine::start_error(&name, &text).map_or(Ok(ExitReason::Exited(code)), Err)
            }
            (outcome, _) => outcome,
        };
        let refused = match (&confinement, &outcome) {
            (Some(limits), Ok(ExitReason::Exited(code))) if *code != 0 => {
                confinement::find_refusal(limits, &text)
            }
            _ => None,
        };
        Ok(ProcessOutput { outcome, log: path, log_sha256, text, milliseconds, refused })
    }

    /// Checks and records the result of a program that ran. Returns the end of its log and
    /// the log's SHA-256.
    #[expect(clippy::too_many_arguments, reason = "everything that is known about one run")]
    fn end_run(
        &self,
        request: &ProcessRequest<'_>,
        operation: &Operation<Admitted>,
        path: &Path,
        outcome: &io::Result<ExitReason>,
        started_at: String,
        milliseconds: u64,
        enforced: &[&str],
    ) -> Result<(Vec<u8>, String), ProcessError> {
        let (bytes, length) = files::read_tail(path, LOG_TAIL_BYTES).map_err(ProcessError::ReadLog)?;
        let log_sha256 = files::sha256_of_file(path).map_err(ProcessError::ReadLog)?;
        let log = ArtifactHandle {
            artifact_id: new_id(),
            kind: ArtifactKind::Transcript,
            uri: path.display().to_string(),
            content_hash: log_sha256.clone(),
            size_bytes: length,
        };
        let result = describe_result(operation, outcome, log, started_at, enforced);
        // A log that grew over its limit between two looks is cut off by the limit's report.
        if !matches!(outcome, Ok(ExitReason::LogLimitExceeded)) {
            check_result(operation, &result, &|artifact| read_log(path, artifact))?;
        }
        let event = describe_run(request, operation, outcome, &result, milliseconds);
        self.record_result(&result, event)?;
        Ok((bytes, log_sha256))
    }
}

/// What a program may do, from the rights of its operation.
fn confinement_of(
    request: &ProcessRequest<'_>,
    operation: &Operation<Admitted>,
    environment: &[(OsString, OsString)],
) -> confine::Confinement {
    let toolchain = Toolchain::of(request.argv);
    let caches = CacheFolders { environment, folder: &request.folder, toolchain };
    confinement::of_rights(operation.granted(), request.root, &caches)
}

fn read_log(path: &Path, artifact: &ArtifactHandle) -> Result<(String, u64), String> {
    if Path::new(&artifact.uri) != path {
        return Err("it is another file".to_owned());
    }
    let length = files::find_metadata(path)
        .map_err(|error| error.to_string())?
        .ok_or_else(|| "it is not there".to_owned())?
        .len();
    let hash = files::sha256_of_file(path).map_err(|error| error.to_string())?;
    Ok((hash, length))
}

fn plan(request: &ProcessRequest<'_>, environment: &[(OsString, OsString)]) -> PlannedOperation {
    let folder = request.folder.strip_prefix(request.root).unwrap_or(Path::new(""));
    let names: Vec<String> =
        environment.iter().map(|(name, _)| name.to_string_lossy().into_owned()).collect();
    let params = ProcessParams {
        argv: request.argv.iter().take(MAX_ARGUMENTS).map(|argument| abridge(argument)).collect(),
        argv_sha256: sha256_hex(request.argv.join("\n").as_bytes()),
        folder: folder.to_string_lossy().replace('\\', "/"),
        variables: u64::try_from(names.len()).unwrap_or(u64::MAX),
        environment_sha256: sha256_hex(names.join("\n").as_bytes()),
    };
    // The program itself and the credentials that it gets are rights, whatever the request
    // says.
    let mut requested = request.rights.requested.clone();
    let program = request.argv.first().map(|name| format!("proc.exec:{name}"));
    let secrets = names.iter().filter(|name| is_credential(name));
    for id in program.into_iter().chain(secrets.map(|name| format!("secrets.use:{name}"))) {
        if !requested.contains(&id) {
            requested.push(id);
        }
    }
    PlannedOperation {
        schema_version: SCHEMA_VERSION.to_owned(),
        op_id: new_id(),
        engine_id: "process".to_owned(),
        engine_version_req: None,
        operation: "run".to_owned(),
        inputs: Vec::new(),
        params: json!(params),
        capabilities_requested: requested,
        capability_profile_id: None,
        human_consent_obtained: false,
        budget: BudgetSpec {
            cpu_time_ms: request.limits.cpu_time_ms,
            wall_time_ms: Some(u64::try_from(request.timeout.as_millis()).unwrap_or(u64::MAX)),
            memory_bytes: request.limits.memory_bytes,
            output_bytes: Some(MAX_LOG_BYTES),
        },
        determinism: Determinism::D1,
        evidence_policy: Some(EvidenceDemand { required: true, notes: None }),
        output_spec: OutputSpec {
            expected_types: vec![ArtifactKind::Transcript],
            max_bytes: Some(MAX_LOG_BYTES),
        },
    }
}

/// Maximum number of arguments that an entry quotes.
const MAX_ARGUMENTS: usize = 60;
/// Maximum length of an argument that an entry quotes, in characters.
const MAX_ARGUMENT_CHARS: usize = 120;

/// A long argument, such as a script, is quoted by its start; its hash covers the whole.
fn abridge(argument: &str) -> String {
    match argument.char_indices().nth(MAX_ARGUMENT_CHARS) {
        Some((end, _)) => format!("{}…", argument.get(..end).unwrap_or_default()),
        None => argument.to_owned(),
    }
}

/// The result of a run, as the engine reports it.
fn describe_result(
    operation: &Operation<Admitted>,
    outcome: &io::Result<ExitReason>,
    log: ArtifactHandle,
    started_at: String,
    confined: &[&str],
) -> EngineResult {
    let planned = operation.envelope();
    let error = match outcome {
        Ok(ExitReason::Exited(0)) => None,
        Ok(ExitReason::Exited(code)) => Some(("EXIT", format!("exit code {code}"))),
        Ok(ExitReason::Killed) => Some(("KILLED", "killed by a signal".to_owned())),
        Ok(ExitReason::TimedOut) => Some(("TIMEOUT", "it reached its time limit".to_owned())),
        Ok(ExitReason::LogLimitExceeded) => Some(("OUTPUT", "it reached the limit of its output".to_owned())),
        Ok(ExitReason::MemoryExceeded) => Some(("MEMORY", "it reached the limit of its memory".to_owned())),
        Ok(ExitReason::CpuExceeded) => Some(("CPU", "it reached the limit of its processor time".to_owned())),
        Ok(ExitReason::Interrupted) => Some(("CANCELLED", "its user ended it".to_owned())),
        Err(error) => Some(("START", format!("it could not be started: {error}"))),
    };
    let errors: Vec<EngineError> = error
        .map(|(code, message)| EngineError { code: code.to_owned(), message, details_ref: None })
        .into_iter()
        .collect();
    let mut enforced = vec!["wall_time_ms", "output_bytes", "proc.exec", "secrets.use"];
    enforced.extend(confined);
    if process_usage::is_available() {
        enforced.extend(["memory_bytes", "cpu_time_ms"]);
    }
    let axis = |right: &String| crate::config::axis_of(right).to_owned();
    let mut declared: Vec<String> =
        operation.granted().iter().map(axis).filter(|axis| !enforced.contains(&axis.as_str())).collect();
    declared.sort();
    declared.dedup();
    declared.extend(operation.degraded().iter().map(|denial| denial.reason.clone()));
    let limits = json!({
        "platform": environment::platform(),
        "enforced": enforced,
        "declared": declared,
    });
    EngineResult {
        op_id: planned.op_id.clone(),
        status: if errors.is_empty() { EngineStatus::Succeeded } else { EngineStatus::Failed },
        started_at,
        ended_at: now(),
        outputs: vec![log.clone()],
        evidence: vec![log.clone()],
        provenance: ProvenanceRecord {
            engine_id: planned.engine_id.clone(),
            engine_version: Some(ENGINE_VERSION.to_owned()),
            implementation: Some(format!("countersign {ENGINE_VERSION}")),
            determinism: planned.determinism,
            config_hash: Some(sha256_hex(to_json(&planned.params).as_bytes())),
            inputs: planned.inputs.clone(),
            outputs: vec![log.clone()],
            capabilities_granted: operation.granted().to_vec(),
            environment: Some(limits),
        },
        errors,
        logs_ref: Some(log),
    }
}

fn describe_run(
    request: &ProcessRequest<'_>,
    operation: &Operation<Admitted>,
    outcome: &io::Result<ExitReason>,
    result: &EngineResult,
    milliseconds: u64,
) -> Payload {
    let params = &operation.envelope().params;
    let log = result
        .logs_ref
        .as_ref()
        .map(|log| format!("{} sha256:{}", log.uri.replace('\\', "/"), log.content_hash));
    let (command, args) = match request.argv.split_first() {
        Some((command, args)) => {
            (command.clone(), args.iter().take(MAX_ARGUMENTS).map(|argument| abridge(argument)).collect())
        }
        None => (String::new(), Vec::new()),
    };
    Payload::TerminalCommand(TerminalCommand {
        session_id: operation.envelope().op_id.clone(),
        cwd: params.get("folder").and_then(|folder| folder.as_str()).unwrap_or_default().to_owned(),
        command,
        args,
        exit_code: match outcome {
            Ok(ExitReason::Exited(code)) => Some(*code),
            _ => None,
        },
        duration_ms: milliseconds,
        timed_out: matches!(outcome, Ok(ExitReason::TimedOut)),
        cancelled: matches!(outcome, Ok(ExitReason::Interrupted)),
        truncated_bytes: 0,
        stdout_ref: log.clone(),
        stderr_ref: log,
        env_ref: params.get("environment_sha256").and_then(|hash| hash.as_str()).map(str::to_owned),
    })
}

/// Creates a new log for this run: two runs at the same time never share one.
fn create_log(run: &ProcessRequest<'_>) -> io::Result<(PathBuf, files::LogFile)> {
    let stamp = clock::now().strftime("%Y%m%dT%H%M%SZ").to_string();
    let name: String =
        run.name.chars().take(40).map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    for number in 1..=MAX_LOGS_PER_SECOND {
        let path = run.log_folder.join(format!("{}-{name}-{stamp}-{number}.log", run.log_prefix));
        match files::create_new(&path) {
            Ok(file) => return Ok((path, file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other("too many logs of the same second"))
}
