//! Whole-gate worlds: repositories described as data, built by the `git`
//! program, judged by the built program, compared with a reviewed report.
//!
//! `fixtures/worlds/<name>/world.yaml` describes one; `report.txt` beside it
//! is what the program says. `COUNTERSIGN_ACCEPT=1 cargo test worlds` writes
//! the reports anew, for review.

use std::path::Path;

use crate::support::world::{WorldFile, build};
use crate::support::{files_below, project};

/// A file that no program may make: programs that configuration names would.
const EXPLOIT_MARKER: &str = "pwned";

fn check_world(folder: &Path) -> Result<(), String> {
    let name = folder.file_name().expect("name").to_string_lossy().into_owned();
    let text = std::fs::read_to_string(folder.join("world.yaml")).expect("world.yaml");
    let world: WorldFile = serde_yaml::from_str(&text).map_err(|error| format!("{name}: {error}"))?;
    let built = build(&world);
    // Git itself may run what it is configured to while the world is built.
    let canary = built.sandbox.root.join(EXPLOIT_MARKER);
    let _ = std::fs::remove_file(&canary);
    let told = built.run_modes(&world);
    if canary.exists() && world.modes.is_empty() {
        return Err(format!("{name}: a program that git's configuration names was started"));
    }
    let said: String = told.iter().map(|(_, said)| said.as_str()).collect();
    let report = folder.join("report.txt");
    if std::env::var_os("COUNTERSIGN_ACCEPT").is_some() {
        std::fs::write(&report, &said).expect("report.txt");
    }
    for (exit, said) in &told {
        if *exit != world.exit {
            return Err(format!("{name}: exit code {exit}, not {} ({})\n{said}", world.exit, world.why));
        }
        if let Some(rule) = world.finds.iter().find(|rule| !said.contains(&format!("[{rule}]"))) {
            return Err(format!("{name}: {rule} was not found\n{said}"));
        }
        if let Some(words) = world.says.iter().find(|words| !said.contains(words.as_str())) {
            return Err(format!("{name}: {words:?} is not said\n{said}"));
        }
    }
    let want = std::fs::read_to_string(&report).unwrap_or_default();
    if want == said {
        Ok(())
    } else {
        Err(format!("{name}: the report differs from report.txt\n--- report.txt\n{want}\n--- now\n{said}"))
    }
}

/// Every world and the rules that it finds.
pub fn all() -> Vec<(String, WorldFile)> {
    let files = files_below(&project().join("fixtures/worlds"));
    let worlds = files.iter().filter(|path| path.ends_with("world.yaml"));
    worlds
        .map(|path| {
            let text = std::fs::read_to_string(path).expect("world");
            let world = serde_yaml::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            (path.display().to_string(), world)
        })
        .collect()
}

#[cfg(unix)]
#[test]
fn worlds_are_reported_as_described() {
    let files = files_below(&project().join("fixtures/worlds"));
    let folders: Vec<&Path> =
        files.iter().filter(|path| path.ends_with("world.yaml")).filter_map(|path| path.parent()).collect();
    assert!(folders.len() >= 170, "worlds are missing");
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..4)
            .map(|worker| {
                let part = folders.iter().skip(worker).step_by(4);
                scope.spawn(move || part.filter_map(|folder| check_world(folder).err()).collect::<Vec<_>>())
            })
            .collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("worker")).collect()
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
