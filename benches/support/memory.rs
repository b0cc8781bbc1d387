//! Peak memory of a process.

use std::process::{Command, Stdio};

/// Peak memory in MB, polled from /proc while the process runs.
pub fn measure_peak(command: &mut Command) -> Option<f64> {
    let mut child = command.stdout(Stdio::null()).spawn().ok()?;
    let file = format!("/proc/{}/status", child.id());
    let mut most: Option<f64> = None;
    while child.try_wait().ok()?.is_none() {
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes: Option<f64> = line.and_then(|line| line.trim().split(' ').next()?.parse().ok());
        most = kilobytes.map(|kb| kb / 1000.0).into_iter().chain(most).reduce(f64::max);
    }
    most
}
