//! Running a program to its end, and its whole family with it.
//!
//! Output goes straight into a log file: no pipe can fill up or be held open.
//! The program leads its own process group (a job object on Windows), which
//! is killed when the program ends, when its time is up, and on Ctrl-C. On
//! Linux the command line also adopts what leaves the group (`setsid`) and
//! ends it.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use process_wrap::std::{ChildWrapper, CommandWrap};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);
/// Whether this process may install handlers, once a step runs. Until then
/// Ctrl-C ends it as it ends any program.
static MAY_HANDLE_SIGNALS: AtomicBool = AtomicBool::new(false);
static ADOPTS_ORPHANS: AtomicBool = AtomicBool::new(false);

/// What to run.
#[derive(Debug, Clone)]
pub struct Program {
    /// Program and arguments; no shell is involved.
    pub argv: Vec<String>,
    /// Working folder.
    pub folder: PathBuf,
    /// The whole environment.
    pub environment: Vec<(OsString, OsString)>,
    /// When to give up.
    pub timeout: Duration,
    /// How long the log may become, in bytes.
    pub max_log_bytes: u64,
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitReason {
    /// By itself, with this code.
    Exited(i32),
    /// By a signal that nobody here sent.
    Killed,
    /// Its time was up.
    TimedOut,
    /// It wrote more than a log may hold.
    LogLimitExceeded,
    /// Ctrl-C.
    Interrupted,
}

/// Makes Ctrl-C end the running step instead of the tool, which then ends by
/// itself, and lets the tool adopt processes that leave a step's group.
/// For programs; a library's host keeps its own handlers.
pub fn install_signal_handling() {
    MAY_HANDLE_SIGNALS.store(true, Ordering::SeqCst);
    #[cfg(target_os = "linux")]
    if rustix::process::set_child_subreaper(Some(rustix::process::getpid())).is_ok() {
        ADOPTS_ORPHANS.store(true, Ordering::SeqCst);
    }
}

/// Whether Ctrl-C was pressed.
#[must_use]
pub fn is_interrupted() -> bool {
    INTERRUPTED.load(Ordering::SeqCst)
}

/// Runs a program with its output in `log`; `tick` is called every moment
/// with the time since its start.
///
/// # Errors
/// It could not be started.
pub fn run(program: &Program, log: &File, mut tick: impl FnMut(Duration)) -> io::Result<ExitReason> {
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
    let mut child = wrap.spawn()?;
    let start = Instant::now();
    let mut pause = Duration::from_millis(1);
    let ended = loop {
        if let Some(status) = child.inner_mut().try_wait()? {
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
        tick(start.elapsed());
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(50));
    };
    kill_process_tree(child.as_mut(), &before);
    Ok(ended)
}

/// Kills the group, then whatever left it and was handed to us.
fn kill_process_tree(child: &mut dyn ChildWrapper, before: &[i32]) {
    let _ = child.start_kill();
    let _ = child.inner_mut().wait();
    for _ in 0..64 {
        let strays: Vec<i32> = adopted_children().into_iter().filter(|pid| !before.contains(pid)).collect();
        if strays.is_empty() {
            break;
        }
        kill_orphans(&strays);
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[cfg(target_os = "linux")]
fn kill_orphans(strays: &[i32]) {
    use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
    for pid in strays.iter().filter_map(|pid| Pid::from_raw(*pid)) {
        let _ = kill_process(pid, Signal::KILL);
        let _ = waitpid(Some(pid), WaitOptions::NOHANG);
    }
}

#[cfg(not(target_os = "linux"))]
fn kill_orphans(_: &[i32]) {}

/// Our children, if we adopt.
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
    // "pid (name) state ppid …"; the name may hold anything, also ")".
    stat.rsplit_once(')')?.1.split_whitespace().nth(1).map(str::to_owned)
}

#[cfg(not(target_os = "linux"))]
fn adopted_children() -> Vec<i32> {
    Vec::new()
}
