//! The files that task runners read and run.

use super::said::has;

/// Task runners, with the files that say what a task runs.
const TASK_RUNNERS: [(&str, &[&str]); 28] = [
    ("just", &["justfile", ".justfile"]),
    ("make gmake", &["makefile", "GNUmakefile"]),
    ("bmake", &["makefile", "BSDmakefile"]),
    ("task go-task", &["Taskfile.yml", "Taskfile.yaml", "Taskfile.dist.yml", "Taskfile.dist.yaml"]),
    ("rake", &["Rakefile", "Rakefile.rb", "rakelib/**/*.rake", "lib/tasks/**/*.rake"]),
    ("tox", &["tox.ini", "tox.toml"]),
    ("nox", &["noxfile.py"]),
    ("invoke inv", &["tasks.py", "tasks/__init__.py"]),
    ("mage", &["magefile.go", "magefiles/"]),
    ("ninja", &["build.ninja"]),
    ("doit", &["dodo.py"]),
    ("fab", &["fabfile.py"]),
    ("scons", &["SConstruct"]),
    ("ant", &["build.xml"]),
    ("gulp", &["gulpfile.js", "gulpfile.mjs", "gulpfile.ts", "gulpfile.babel.js"]),
    ("grunt", &["Gruntfile.js", "Gruntfile.cjs"]),
    ("jake", &["Jakefile", "Jakefile.js"]),
    ("earthly", &["Earthfile"]),
    ("makers", &["Makefile.toml"]),
    ("docker-compose podman-compose", COMPOSE),
    ("gradlew", &["gradle/wrapper/"]),
    ("mvnw", &[".mvn/"]),
    ("nx", &["nx.json", "**/project.json"]),
    ("turbo", &["turbo.json", "**/turbo.json"]),
    ("lerna", &["lerna.json"]),
    ("moon", &[".moon/", "**/moon.yml"]),
    ("deno-task", &["deno.json", "deno.jsonc"]),
    (
        "mise-task",
        &[
            "mise.toml",
            ".mise.toml",
            ".mise/config.toml",
            ".config/mise.toml",
            "mise-tasks/",
            ".mise-tasks/",
            ".mise/tasks/",
            "mise/tasks/",
            ".config/mise/",
        ],
    ),
];

/// Files that `docker compose` reads.
const COMPOSE: &[&str] = &[
    "docker-compose.yml",
    "docker-compose.yaml",
    "compose.yml",
    "compose.yaml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
    "compose.override.yml",
    "compose.override.yaml",
];

/// Returns the files that a task runner reads in its folder; `None` for other programs.
pub(super) fn task_files(name: &str) -> Option<&'static [&'static str]> {
    TASK_RUNNERS.iter().find(|(names, _)| has(names, name)).map(|(_, files)| *files)
}
