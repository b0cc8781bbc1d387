//! The house: rooms use only rooms above them, files stay small, the doors
//! to the outside are in one room.

use regex::Regex;

use crate::support::{files_below, project};

/// Top to bottom: each uses only those before it.
const MODULES: [&str; 15] = [
    "text", "digest", "finding", "document", "rule", "change", "scan", "check", "config", "system", "gate",
    "engine", "workflow", "render", "cli",
];

fn sources() -> Vec<(String, String)> {
    let root = project().join("src");
    let files = files_below(&root).into_iter().filter(|path| path.extension().is_some_and(|end| end == "rs"));
    files
        .map(|path| {
            (
                path.strip_prefix(&root).expect("below").to_string_lossy().replace('\\', "/"),
                std::fs::read_to_string(path).expect("source"),
            )
        })
        .collect()
}

#[test]
fn modules_use_only_modules_listed_above() {
    let used = Regex::new(r"\bcrate::(?:\{([^}]*)\}|([a-z_]+))").expect("pattern");
    let rank = |room: &str| MODULES.iter().position(|name| *name == room);
    let mut wrong = Vec::new();
    for (file, text) in sources() {
        let room = file.split('/').next().unwrap_or_default();
        let Some(own) = rank(room) else {
            assert!(matches!(room, "main.rs" | "lib.rs"), "src/{file} is in no room");
            continue;
        };
        for captures in used.captures_iter(&text) {
            let names = captures.get(1).or(captures.get(2)).map_or("", |m| m.as_str());
            for name in names.split(',').map(|name| name.trim().split("::").next().unwrap_or_default()) {
                match rank(name) {
                    Some(other) if other > own => {
                        wrong.push(format!("src/{file} uses {name}, which is below {room}"));
                    }
                    Some(_) => {}
                    None => wrong.push(format!("src/{file} uses crate::{name}, which is no room")),
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_are_small() {
    let all = sources().into_iter().map(|(file, text)| (format!("src/{file}"), text));
    let tests = files_below(&project().join("tests"))
        .into_iter()
        .map(|path| (path.display().to_string(), std::fs::read_to_string(path).unwrap_or_default()));
    let long: Vec<String> = all
        .chain(tests)
        .filter(|(file, text)| file.to_lowercase().ends_with(".rs") && text.lines().count() > 400)
        .map(|(file, text)| format!("{file}: {} lines", text.lines().count()))
        .collect();
    assert!(long.is_empty(), "{}", long.join("\n"));
    let main = std::fs::read_to_string(project().join("src/main.rs")).expect("main.rs");
    assert!(main.lines().count() < 40, "main.rs only parses and returns");
}

#[test]
fn only_one_module_does_io() {
    let doors =
        Regex::new(r"\bstd::(fs|env|net)::|\bCommand::new|SystemTime::now|\bgit2::").expect("pattern");
    let outside: Vec<String> = sources()
        .into_iter()
        .filter(|(file, _)| !file.starts_with("system/") && file != "main.rs")
        .flat_map(|(file, text)| {
            text.lines()
                .filter(|line| !line.trim_start().starts_with("//") && doors.is_match(line))
                .map(|line| format!("src/{file}: {}", line.trim()))
                .collect::<Vec<_>>()
        })
        .collect();
    assert!(outside.is_empty(), "{}", outside.join("\n"));
}
