//! How much memory and processor time a program and all its children use.

/// What a process tree uses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct TreeUsage {
    /// Resident memory of all its processes, in bytes.
    pub memory_bytes: u64,
    /// Processor time of all its processes, and of those that they waited for, in
    /// milliseconds.
    pub cpu_ms: u64,
}

/// Returns whether the use of a process tree can be read here.
#[must_use]
pub(crate) fn is_available() -> bool {
    cfg!(target_os = "linux")
}

/// Returns what a process and everything below it use; zeros if that cannot be read.
#[cfg(target_os = "linux")]
#[must_use]
pub(crate) fn of_tree(root: u32) -> TreeUsage {
    let Ok(entries) = std::fs::read_dir("/proc") else { return TreeUsage::default() };
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    let all: std::collections::BTreeMap<u32, ProcessStat> =
        pids.filter_map(|pid| Some((pid, read_stat(pid)?))).collect();
    let mut usage = TreeUsage::default();
    for (pid, stat) in &all {
        if is_below(*pid, root, &all) || stat.group == root {
            usage.memory_bytes = usage.memory_bytes.saturating_add(stat.memory_bytes);
            usage.cpu_ms = usage.cpu_ms.saturating_add(stat.cpu_ms);
        }
    }
    usage
}

/// Nothing is known on other systems.
#[cfg(not(target_os = "linux"))]
#[must_use]
pub(crate) fn of_tree(_: u32) -> TreeUsage {
    TreeUsage::default()
}

#[cfg(target_os = "linux")]
struct ProcessStat {
    parent: u32,
    group: u32,
    memory_bytes: u64,
    cpu_ms: u64,
}

/// Follows parents; a chain is never longer than the number of processes.
#[cfg(target_os = "linux")]
fn is_below(pid: u32, root: u32, all: &std::collections::BTreeMap<u32, ProcessStat>) -> bool {
    let mut at = pid;
    for _ in 0..all.len() {
        if at == root {
            return true;
        }
        let Some(stat) = all.get(&at) else { return false };
        at = stat.parent;
    }
    false
}

#[cfg(target_os = "linux")]
fn read_stat(pid: u32) -> Option<ProcessStat> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // "pid (name) state ppid pgrp …": the name may contain any character, also ")".
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |index: usize| fields.get(index)?.parse::<u64>().ok();
    let ticks = [11, 12, 13, 14].iter().filter_map(|index| number(*index)).fold(0u64, u64::saturating_add);
    Some(ProcessStat {
        parent: fields.get(1)?.parse().ok()?,
        group: fields.get(2)?.parse().ok()?,
        memory_bytes: number(21)?.saturating_mul(u64::try_from(rustix::param::page_size()).ok()?),
        cpu_ms: ticks.saturating_mul(1_000) / rustix::param::clock_ticks_per_second().max(1),
    })
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn this_process_uses_memory_and_time() {
        let before = of_tree(std::process::id());
        assert!(before.memory_bytes > 1_000_000, "{before:?}");
        // A busy machine gives this thread little of the clock's time.
        let start = std::time::Instant::now();
        let mut sum = 0u64;
        let has_used = || of_tree(std::process::id()).cpu_ms >= before.cpu_ms + 40;
        while !has_used() && start.elapsed() < std::time::Duration::from_secs(60) {
            for _ in 0..1_000_000 {
                sum = sum.wrapping_mul(31).wrapping_add(7);
            }
        }
        assert_ne!(sum, 1);
        assert!(has_used());
        assert_eq!(of_tree(u32::MAX), TreeUsage::default());
    }
}
