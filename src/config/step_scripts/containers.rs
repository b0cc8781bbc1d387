//! Paths in containers, which lead to the work through what is mounted.

use super::words::{ANYWHERE, join_below_root};

/// Maximum number of mounts that are read.
const MAX_MOUNTS: usize = 16;
/// Maximum number of folders of a path whose start is not known.
const MAX_PARTS: usize = 8;
/// Folders of an image that never hold the work.
const SYSTEM_FOLDERS: [&str; 6] = ["bin", "sbin", "etc", "dev", "proc", "sys"];

/// What a container shows of the work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Container {
    /// Folders of the container, each with the folder below the root that is there.
    mounts: Vec<(String, String)>,
    /// Whether none of these is known to be the work, so that it can be in any folder.
    is_unknown: bool,
}

impl Container {
    /// Reads mounts such as `.:/w` and `type=bind,source=.,target=/w`. Returns the container, and
    /// the folders of the work that it shows. `enter` finds the folders of a path.
    pub(super) fn of(mounts: &[&str], enter: &dyn Fn(&str) -> Vec<String>) -> (Self, Vec<String>) {
        let (mut read, mut hosts) = (Vec::new(), Vec::new());
        for mount in mounts.iter().take(MAX_MOUNTS) {
            let Some((host, target)) = split_mount(mount) else { continue };
            let host = host.replace("$(pwd)", ".").replace("%cd%", ".");
            let is_outside = ["$HOME", "${HOME}", "~"].iter().any(|home| host.starts_with(home));
            let is_volume = !host.starts_with(['.', '$', '/']) || is_outside;
            let target = target.trim_matches('/').to_owned();
            if host.starts_with('/') {
                // The work may be there.
                read.push((target, ANYWHERE.to_owned()));
            } else if !is_volume {
                for folder in enter(&host) {
                    read.push((target.clone(), folder.clone()));
                    hosts.push(folder);
                }
            }
        }
        (Self { mounts: read, is_unknown: hosts.is_empty() }, hosts)
    }

    /// Returns the paths below the root that an absolute path of the container can mean; `None`
    /// for another path.
    pub(super) fn find(&self, path: &str) -> Option<Vec<String>> {
        let path = path.strip_prefix('/')?;
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let mut out: Vec<String> = Vec::new();
        for (target, host) in &self.mounts {
            let below = path.strip_prefix(target.as_str());
            let rest = below.filter(|rest| target.is_empty() || rest.is_empty() || rest.starts_with('/'));
            out.extend(rest.and_then(|rest| join_below_root(host, rest.trim_start_matches('/'))));
        }
        let is_system = parts.first().is_some_and(|part| SYSTEM_FOLDERS.contains(part))
            || (parts.first() == Some(&"usr") && parts.get(1) != Some(&"src"));
        if self.is_unknown && !is_system {
            let start = parts.len().saturating_sub(MAX_PARTS);
            let ends = (start..=parts.len()).map(|at| parts.get(at..).unwrap_or_default().join("/"));
            out.extend(ends.filter_map(|end| join_below_root("", &end)));
        }
        Some(out)
    }
}

/// Splits a mount into the folder outside and the one in the container.
fn split_mount(mount: &str) -> Option<(&str, &str)> {
    if mount.contains("target=") || mount.contains("dst=") || mount.contains("destination=") {
        let value = |names: [&str; 3]| {
            let mut pairs = mount.split(',').filter_map(|pair| pair.split_once('='));
            pairs.find(|(name, _)| names.contains(name)).map(|(_, value)| value)
        };
        return Some((value(["source", "src", "from"])?, value(["target", "dst", "destination"])?));
    }
    // The value of a variable may hold a sign: `${A:-.}:/w`.
    let at = mount.find(":/")?;
    let (host, target) = mount.split_at(at);
    let target = target.get(1..).unwrap_or_default();
    Some((host, target.split(':').next().unwrap_or(target)))
}
