//! Names a process so that it is not mistaken for a later one with the same number.

/// Returns a text that names this process: machine start, process space, number, start.
#[must_use]
pub(crate) fn current() -> String {
    let pid = std::process::id();
    let start = start_time(pid).unwrap_or_default();
    format!("{}/{}/{pid}/{start}", boot_id(), process_space())
}

/// Returns whether the process of a text is known to have ended. A process that cannot be
/// seen from here, as in another container, counts as alive.
#[must_use]
pub(crate) fn is_gone(identity: &str) -> bool {
    let mut parts = identity.split('/');
    let (Some(boot), Some(space), Some(pid), Some(start)) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let Ok(pid) = pid.parse::<u32>() else { return false };
    if space.is_empty() {
        return false;
    }
    if !boot.is_empty() && boot != boot_id() {
        // The machine was started again, unless it is another machine.
        return !boot_id().is_empty() && space == process_space();
    }
    if space != process_space() {
        return false;
    }
    match (is_alive(pid), start_time(pid)) {
        (Some(false), _) => true,
        (_, Some(now)) => !start.is_empty() && now != start,
        _ => false,
    }
}

#[cfg(target_os = "linux")]
fn boot_id() -> String {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id")
        .map(|text| text.trim().to_owned())
        .unwrap_or_default()
}

#[cfg(not(target_os = "linux"))]
fn boot_id() -> String {
    String::new()
}

/// Numbers of processes are unique within it: a machine and a container. Empty if it is
/// not known.
#[cfg(target_os = "linux")]
fn process_space() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default().trim().replace('/', "-");
    let container = std::fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    let container: String = container.to_string_lossy().chars().filter(char::is_ascii_digit).collect();
    format!("{}:{}:{container}", read("/etc/machine-id"), read("/proc/sys/kernel/hostname"))
}

#[cfg(all(unix, not(target_os = "linux")))]
fn process_space() -> String {
    rustix::system::uname().nodename().to_string_lossy().replace('/', "-")
}

#[cfg(not(unix))]
fn process_space() -> String {
    String::new()
}

/// Ticks since the start of the machine.
#[cfg(target_os = "linux")]
fn start_time(pid: u32) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // "pid (name) state ppid …": the name may contain any character, also ")".
    stat.rsplit_once(')')?.1.split_whitespace().nth(19).map(str::to_owned)
}

#[cfg(not(target_os = "linux"))]
fn start_time(_: u32) -> Option<String> {
    None
}

#[cfg(unix)]
fn is_alive(pid: u32) -> Option<bool> {
    let pid = rustix::process::Pid::from_raw(i32::try_from(pid).ok()?)?;
    match rustix::process::test_kill_process(pid) {
        Err(rustix::io::Errno::SRCH) => Some(false),
        // Other errors say that it belongs to another user.
        Ok(()) | Err(_) => Some(true),
    }
}

#[cfg(not(unix))]
fn is_alive(_: u32) -> Option<bool> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_there_and_an_ended_one_is_not() {
        let own = current();
        assert!(!is_gone(&own), "{own}");
        for unknown in ["", "x", "a/b/c", "a/b/x/1"] {
            assert!(!is_gone(unknown), "{unknown}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_number_that_another_process_has_now_does_not_count() {
        let own = current();
        let parts: Vec<&str> = own.split('/').collect();
        let (boot, space, pid, start) = (parts[0], parts[1], parts[2], parts[3]);
        assert!(is_gone(&format!("{boot}/{space}/{pid}/{start}0")), "started at another time");
        assert!(is_gone(&format!("{boot}/{space}/4194305/{start}")), "a number that no process has");
        assert!(is_gone(&format!("an-earlier-boot/{space}/{pid}/{start}")), "before the machine started");
        assert!(!is_gone(&format!("{boot}/1/{pid}/{start}0")), "in another container");
    }
}
