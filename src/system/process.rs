//! Runs a program and kills its process tree afterwards.
//!
//! Output goes directly into a log file, so that no pipe can fill up or stay open.
//! The program runs in its own process group (a job object on Windows). The group
//! is killed when the program ends, when it exceeds its timeout, and on Ctrl-C. On
//! Linux the command-line tool also adopts processes that leave the group
//! (`setsid`) and kills them.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use process_wrap::std::{ChildWrapper, CommandWrap};

use super::process_usage;

/// Set by the handler when the user presses Ctrl-C.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);
/// Whether this process may install a signal handler when the first step runs.
/// Without the handler, Ctrl-C ends the process in the usual way.
static MAY_HANDLE_SIGNALS: AtomicBool = AtomicBool::new(false);
/// Whether files that the caller of this process left open are closed for programs that
/// it starts.
static CLOSES_INHERITED_FILES: AtomicBool = AtomicBool::new(false);
/// Whether this process is a subreaper: orphans below it become its children.
static ADOPTS_ORPHANS: AtomicBool = AtomicBool::new(false);

/// A program to run, with its environment and limits.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    /// Program and arguments; no shell is involved.
    pub argv: Vec<OsString>,
    /// Working folder.
    pub folder: PathBuf,
    /// The complete environment; nothing is inherited.
    pub environment: Vec<(OsString, OsString)>,
    /// Maximum run time; the program is killed after it.
    pub timeout: Duration,
    /// Maximum size of the log in bytes; the program is killed above it.
    pub max_log_bytes: u64,
    /// Maximum memory of all its processes, in bytes; the program is killed above it.
    pub max_memory_bytes: Option<u64>,
    /// Maximum processor time of all its processes, in milliseconds; the program is killed
    /// above it.
    pub max_cpu_ms: Option<u64>,
}

/// The reason why a program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ExitReason {
    /// The program exited with this code.
    Exited(i32),
    /// A signal from outside killed the program.
    Killed,
    /// The program exceeded its timeout and was killed.
    TimedOut,
    /// The log exceeded its maximum size, and the program was killed.
    LogLimitExceeded,
    /// Its processes exceeded the maximum memory and were killed.
    MemoryExceeded,
    /// Its processes exceeded the maximum processor time and were killed.
    CpuExceeded,
    /// The user pressed Ctrl-C, and the program was killed.
    Interrupted,
}

/// Lets Ctrl-C end the running step instead of the tool, so that the tool can
/// finish its report; lets the tool adopt processes that leave a step's group; lets
/// steps inherit no open files, such as the pipe of a CI runner.
/// Only the command-line tool calls it: a program that uses the library keeps its
/// own handlers.
pub(crate) fn install_signal_handling() {
    MAY_HANDLE_SIGNALS.store(true, Ordering::SeqCst);
    CLOSES_INHERITED_FILES.store(true, Ordering::SeqCst);
    #[cfg(target_os = "linux")]
    if rustix::process::set_child_subreaper(Some(rustix::process::getpid())).is_ok() {
        ADOPTS_ORPHANS.store(true, Ordering::SeqCst);
    }
}

/// Returns whether the user pressed Ctrl-C.
#[must_use]
pub(crate) fn is_interrupted() -> bool {
    INTERRUPTED.load(Ordering::SeqCst)
}

/// Runs a program and writes its output to `log`. Calls `tick` at least every 50
/// milliseconds with the time since the start.
///
/// # Errors
/// The program cannot be started, or its state or log cannot be read.
pub(crate) fn run(program: &Program, log: &File, mut tick: impl FnMut(Duration)) -> io::Result<ExitReason> {
    let (name, arguments) =
        program.argv.split_first().ok_or_else(|| io::Error::other("there is no program to run"))?;
    if MAY_HANDLE_SIGNALS.swap(false, Ordering::SeqCst) {
        let _ = ctrlc::set_handler(|| INTERRUPTED.store(true, Ordering::SeqCst));
    }
    let before = adopted_children();
    let mut command = Command::new(name);
    command
        .args(arguments)
        .current_dir(&program.folder)
        .env_clear()
        .envs(program.environment.iter().cloned());
    command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log.try_clone()?);
    let mut wrap = CommandWrap::from(command);
    #[cfg(unix)]
    wrap.wrap(process_wrap::std::ProcessGroup::leader());
    #[cfg(windows)]
    wrap.wrap(process_wrap::std::JobObject);
    close_inherited_files();
    let mut running = RunningProgram { child: wrap.spawn()?, before };
    let start = Instant::now();
    let mut pause = Duration::from_millis(1);
    let reason = loop {
        if let Some(status) = running.child.inner_mut().try_wait()? {
            break status.code().map_or(ExitReason::Killed, ExitReason::Exited);
        }
        if is_interrupted() {
            break ExitReason::Interrupted;
        }
        if start.elapsed() >= program.timeout {
            break ExitReason::TimedOut;
        }
        if log.metadata()?.len() > program.max_log_bytes {
            break ExitReason::LogLimitExceeded;
        }
        if let Some(reason) = exceeded(program, running.child.id()) {
            break reason;
        }
        tick(start.elapsed());
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(50));
    };
    drop(running);
    Ok(reason)
}

/// Returns the limit that the processes of a program exceed.
fn exceeded(program: &Program, pid: u32) -> Option<ExitReason> {
    if program.max_memory_bytes.is_none() && program.max_cpu_ms.is_none() {
        return None;
    }
    let usage = process_usage::of_tree(pid);
    if program.max_memory_bytes.is_some_and(|limit| usage.memory_bytes > limit) {
        return Some(ExitReason::MemoryExceeded);
    }
    program.max_cpu_ms.is_some_and(|limit| usage.cpu_ms > limit).then_some(ExitReason::CpuExceeded)
}

/// Marks all open files except the standard streams as closed for started programs.
#[cfg(unix)]
fn close_inherited_files() {
    if CLOSES_INHERITED_FILES.load(Ordering::SeqCst) {
        close_fds::CloseFdsBuilder::new().threadsafe(true).cloexecfrom(3);
    }
}

#[cfg(not(unix))]
fn close_inherited_files() {}

/// A started program. Its process tree is killed when the value is dropped, so that
/// an error or a panic does not leave it running.
struct RunningProgram {
    child: Box<dyn ChildWrapper>,
    /// Children of this process from before the run.
    before: Vec<i32>,
}

impl Drop for RunningProgram {
    fn drop(&mut self) {
        kill_process_tree(self.child.as_mut(), &self.before);
    }
}

/// Kills the process group, then the adopted processes that left it. `before` are
/// children of this process from before the run.
fn kill_process_tree(child: &mut dyn ChildWrapper, before: &[i32]) {
    let _ = child.start_kill();
    let _ = child.inner_mut().wait();
    for _ in 0..64 {
        let orphans: Vec<i32> = adopted_children().into_iter().filter(|pid| !before.contains(pid)).collect();
        if orphans.is_empty() {
            break;
        }
        kill_orphans(&orphans);
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[cfg(target_os = "linux")]
fn kill_orphans(orphans: &[i32]) {
    use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
    for pid in orphans.iter().filter_map(|pid| Pid::from_raw(*pid)) {
        let _ = kill_process(pid, Signal::KILL);
        let _ = waitpid(Some(pid), WaitOptions::NOHANG);
    }
}

#[cfg(not(target_os = "linux"))]
fn kill_orphans(_: &[i32]) {}

/// Returns the process ids of this process's children; empty if it does not adopt
/// orphans.
#[cfg(target_os = "linux")]
fn adopted_children() -> Vec<i32> {
    if !ADOPTS_ORPHANS.load(Ordering::SeqCst) {
        return Vec::new();
    }
    let own = rustix::process::getpid().as_raw_nonzero().get().to_string();
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<i32>().ok());
    pids.filter(|pid| parent_of(*pid).as_deref() == Some(own.as_str())).collect()
}

#[cfg(target_os = "linux")]
fn parent_of(pid: i32) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // "pid (name) state ppid …"; the name may contain any character, also ")".
    stat.rsplit_once(')')?.1.split_whitespace().nth(1).map(str::to_owned)
}

#[cfg(not(target_os = "linux"))]
fn adopted_children() -> Vec<i32> {
    Vec::new()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;
    use crate::system::files;

    #[test]
    fn a_run_that_stops_early_leaves_no_process() {
        let scratch = files::create_scratch_folder("countersign-process-").expect("folder");
        let path = scratch.path().join("log");
        let log = files::create_new(&path).expect("log");
        let program = Program {
            argv: ["sh", "-c", "echo $$; exec sleep 60"].map(OsString::from).to_vec(),
            folder: scratch.path().to_path_buf(),
            environment: vec![("PATH".into(), "/usr/bin:/bin".into())],
            timeout: Duration::from_secs(30),
            max_log_bytes: 1000,
            max_memory_bytes: None,
            max_cpu_ms: None,
        };
        let read_pid = || {
            let text = files::read(&path, 1000).expect("log");
            String::from_utf8_lossy(&text).strip_suffix('\n').map(str::to_owned)
        };
        let stopped = catch_unwind(AssertUnwindSafe(|| {
            run(&program, &log, |_| assert!(read_pid().is_none(), "stops the run"))
        }));
        assert!(stopped.is_err());
        let process = PathBuf::from("/proc").join(read_pid().expect("process id"));
        assert!(!process.exists(), "{} still runs", process.display());
    }
}
