//! Finds the test command of every sub-project from its manifests and lock files.

use std::collections::{BTreeMap, BTreeSet};

/// Files with these folders in their path are not projects of their own.
const SKIPPED_FOLDERS: [&str; 10] = [
    "node_modules",
    "vendor",
    "third_party",
    "target",
    "fixtures",
    "testdata",
    "examples",
    "templates",
    ".venv",
    "dist",
];

/// A step that runs the tests of one sub-project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TestStep {
    /// Name of the step.
    pub name: String,
    /// Program and arguments.
    pub argv: Vec<String>,
    /// Folder below the root; empty for the root.
    pub folder: String,
}

/// The files of a working tree, by folder.
pub(crate) struct ProjectFiles<'a> {
    /// File names by folder; the root is the empty text.
    folders: BTreeMap<String, BTreeSet<String>>,
    read: &'a dyn Fn(&str) -> Option<String>,
}

impl<'a> ProjectFiles<'a> {
    /// Sorts paths by folder. `read` returns the text of a file.
    pub(crate) fn new(paths: impl Iterator<Item = String>, read: &'a dyn Fn(&str) -> Option<String>) -> Self {
        let mut folders: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for path in paths {
            let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
            if !folder.split('/').any(|part| SKIPPED_FOLDERS.contains(&part)) {
                folders.entry(folder.to_owned()).or_default().insert(name.to_owned());
            }
        }
        Self { folders, read }
    }

    fn has(&self, folder: &str, name: &str) -> bool {
        self.folders.get(folder).is_some_and(|names| names.contains(name))
    }

    fn text(&self, folder: &str, name: &str) -> String {
        let is_there = self.has(folder, name);
        is_there.then(|| (self.read)(&join(folder, name))).flatten().unwrap_or_default()
    }

    /// Returns whether a file below a folder has a name that `matches`.
    fn any_below(&self, folder: &str, matches: impl Fn(&str) -> bool) -> bool {
        let is_below = |other: &str| folder.is_empty() || other == folder || is_inside(other, folder);
        self.folders
            .iter()
            .filter(|(other, _)| is_below(other))
            .any(|(_, names)| names.iter().any(|n| matches(n)))
    }

    /// Returns the folder itself and its parents, nearest first.
    fn ancestors(folder: &str) -> impl Iterator<Item = &str> {
        let mut next = Some(folder);
        std::iter::from_fn(move || {
            let now = next?;
            next = (!now.is_empty()).then(|| now.rsplit_once('/').map_or("", |(parent, _)| parent));
            Some(now)
        })
    }
}

fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

fn is_inside(path: &str, folder: &str) -> bool {
    folder.is_empty() || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

/// Returns one step for every sub-project, in the order of their folders.
pub(crate) fn detect_test_steps(files: &ProjectFiles<'_>) -> Vec<TestStep> {
    let mut out: Vec<TestStep> = Vec::new();
    let mut covered: Vec<(&'static str, String)> = Vec::new();
    for folder in files.folders.keys() {
        let mut found = false;
        for (kind, detect) in DETECTORS {
            let is_covered = covered
                .iter()
                .any(|(other, root)| *other == kind && root != folder && is_inside(folder, root));
            let Some(found_here) = (!is_covered).then(|| detect(files, folder)).flatten() else { continue };
            if found_here.covers_subfolders {
                covered.push((kind, folder.clone()));
            }
            found = true;
            out.extend(found_here.argv.map(|argv| new_step(folder, kind, argv)));
        }
        // A task runner usually calls the tools above; it counts where there are none.
        let under_project = out.iter().any(|step| is_inside(folder, &step.folder) && step.folder != *folder);
        if !found && !under_project {
            out.extend(detect_task_runner(files, folder).map(|argv| new_step(folder, "tasks", argv)));
        }
    }
    name_steps(&mut out);
    out
}

fn new_step(folder: &str, kind: &str, argv: Vec<String>) -> TestStep {
    TestStep { name: kind.to_owned(), argv, folder: folder.to_owned() }
}

/// Gives every step a name of its own: `tests`, or with its kind and folder.
fn name_steps(steps: &mut [TestStep]) {
    let is_only = steps.len() == 1;
    for step in steps {
        let folder = if step.folder.is_empty() { String::new() } else { format!(" in {}", step.folder) };
        step.name = if is_only { "tests".to_owned() } else { format!("{} tests{folder}", step.name) };
    }
}

/// What a manifest says about the tests of its folder.
struct Project {
    /// The command; `None` if the project has no tests of its own.
    argv: Option<Vec<String>>,
    /// Whether the command also runs the tests of projects below the folder.
    covers_subfolders: bool,
}

type Detector = fn(&ProjectFiles<'_>, &str) -> Option<Project>;

const DETECTORS: [(&str, Detector); 8] = [
    ("Rust", detect_rust),
    ("Node", detect_node),
    ("Python", detect_python),
    ("Go", detect_go),
    ("Java", detect_java),
    (".NET", detect_dotnet),
    ("Ruby", detect_ruby),
    ("PHP", detect_php),
];

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

fn has_table(text: &str, name: &str) -> bool {
    text.lines().any(|line| {
        let line = line.trim();
        line == format!("[{name}]") || line.starts_with(&format!("[{name}."))
    })
}

fn detect_rust(files: &ProjectFiles<'_>, folder: &str) -> Option<Project> {
    if !files.has(folder, "Cargo.toml") {
        return None;
    }
    let is_workspace = has_table(&files.text(folder, "Cargo.toml"), "workspace");
    let command = if is_workspace { "cargo test --workspace" } else { "cargo test" };
    Some(Project { argv: Some(words(command)), covers_subfolders: is_workspace })
}

/// The text that `npm init` writes as the test script of a package without tests.
const NO_TEST_SCRIPT: &str = "no test specified";

fn detect_node(files: &ProjectFiles<'_>, folder: &str) -> Option<Project> {
    if !files.has(folder, "package.json") {
        return None;
    }
    let package: serde_json::Value =
        serde_json::from_str(&files.text(folder, "package.json")).unwrap_or_default();
    let script = package.pointer("/scripts/test").and_then(serde_json::Value::as_str).unwrap_or_default();
    let has_tests = !script.is_empty() && !script.contains(NO_TEST_SCRIPT);
    let is_workspace = package.get("workspaces").is_some() || files.has(folder, "pnpm-workspace.yaml");
    let manager = node_manager(files, folder, &package);
    let command = match (manager, has_tests, is_workspace) {
        (manager, true, _) => {
            // `bun test` is bun's own runner, not the script.
            let run = if manager == "bun" { "bun run test".to_owned() } else { format!("{manager} test") };
            Some(run)
        }
        ("pnpm", false, true) => Some("pnpm --recursive test".to_owned()),
        ("npm", false, true) => Some("npm test --workspaces --if-present".to_owned()),
        ("yarn", false, true) if files.has(folder, ".yarnrc.yml") => {
            Some("yarn workspaces foreach --all run test".to_owned())
        }
        ("yarn", false, true) => Some("yarn workspaces run test".to_owned()),
        ("bun", false, true) => Some("bun run --filter * test".to_owned()),
        ("bun", false, false) if files.any_below(folder, is_script_test) => Some("bun test".to_owned()),
        _ => None,
    };
    let covers_subfolders = is_workspace && command.is_some();
    Some(Project { argv: command.map(|command| words(&command)), covers_subfolders })
}

fn is_script_test(name: &str) -> bool {
    name.contains(".test.") || name.contains(".spec.") || name.contains("_test.")
}

/// Returns the package manager: the one that the package names, otherwise the one of
/// the nearest lock file.
fn node_manager(files: &ProjectFiles<'_>, folder: &str, package: &serde_json::Value) -> &'static str {
    let named = package.get("packageManager").and_then(serde_json::Value::as_str).unwrap_or_default();
    let known = ["pnpm", "yarn", "bun", "npm"];
    if let Some(manager) = known.into_iter().find(|manager| named.starts_with(&format!("{manager}@"))) {
        return manager;
    }
    let locks = [
        ("pnpm-lock.yaml", "pnpm"),
        ("yarn.lock", "yarn"),
        ("bun.lock", "bun"),
        ("bun.lockb", "bun"),
        ("package-lock.json", "npm"),
        ("npm-shrinkwrap.json", "npm"),
    ];
    ProjectFiles::ancestors(folder)
        .find_map(|folder| locks.into_iter().find(|(lock, _)| files.has(folder, lock)))
        .map_or("npm", |(_, manager)| manager)
}

fn detect_python(files: &ProjectFiles<'_>, folder: &str) -> Option<Project> {
    let manifests = ["pyproject.toml", "setup.py", "setup.cfg", "tox.ini", "pytest.ini", "requirements.txt"];
    if !manifests.iter().any(|name| files.has(folder, name)) {
        return None;
    }
    let pyproject = files.text(folder, "pyproject.toml");
    let is_test = |name: &str| {
        let is_python = name.strip_suffix(".py");
        is_python.is_some_and(|stem| stem.starts_with("test_") || stem.ends_with("_test") || stem == "tests")
    };
    let has_tests = files.any_below(folder, is_test);
    let names_pytest = files.has(folder, "pytest.ini")
        || files.any_below(folder, |name| name == "conftest.py")
        || manifests.iter().any(|name| files.text(folder, name).contains("pytest"));
    let runner = if names_pytest { "pytest" } else { "python -m unittest discover" };
    let has_tox = files.has(folder, "tox.ini") || has_table(&pyproject, "tool.tox");
    let command = if has_tox {
        Some("tox".to_owned())
    } else if !has_tests {
        None
    } else if files.has(folder, "uv.lock") {
        Some(format!("uv run {runner}"))
    } else if files.has(folder, "poetry.lock") {
        Some(format!("poetry run {runner}"))
    } else if files.has(folder, "pdm.lock") {
        Some(format!("pdm run {runner}"))
    } else if files.has(folder, "Pipfile.lock") {
        Some(format!("pipenv run {runner}"))
    } else if names_pytest {
        Some("python -m pytest".to_owned())
    } else {
        Some(runner.to_owned())
    };
    let covers_subfolders = command.is_some();
    Some(Project { argv: command.map(|command| words(&command)), covers_subfolders })
}

fn detect_go(files: &ProjectFiles<'_>, folder: &str) -> Option<Project> {
    let is_module = files.has(folder, "go.mod");
    is_module.then(|| Project { argv: Some(words("go test ./...")), covers_subfolders: false })
}

fn detect_java(files: &ProjectFiles<'_>, folder: &str) -> Option<Project> {
    let is_gradle = ["settings.gradle", "settings.gradle.kts", "build.gradle", "build.gradle.kts"]
        .iter()
        .any(|name| files.has(folder, name));
    let command = match (files.has(folder, "pom.xml"), is_gradle) {
        (_, true) if files.has(folder, "gradlew") => "./gradlew test",
        (_, true) => "gradle test",
        (true, false) if files.has(folder, "mvnw") => "./mvnw test",
        (true, false) => "mvn test",
        (false, false) => return None,
    };
    Some(Project { argv: Some(words(command)), covers_subfolders: true })
}

fn detect_dotnet(files: &ProjectFiles<'_>, folder: &str) -> Option<Project> {
    let names = files.folders.get(folder)?;
    let with = |ending: &str| names.iter().find(|name| name.ends_with(ending));
    if let Some(solution) = with(".sln").or_else(|| with(".slnx")) {
        let argv = vec!["dotnet".to_owned(), "test".to_owned(), solution.clone()];
        return Some(Project { argv: Some(argv), covers_subfolders: true });
    }
    let project = with(".csproj").or_else(|| with(".fsproj"))?;
    let text = files.text(folder, project);
    let is_test = text.contains("Microsoft.NET.Test.Sdk");
    Some(Project { argv: is_test.then(|| words("dotnet test")), covers_subfolders: false })
}

fn detect_ruby(files: &ProjectFiles<'_>, folder: &str) -> Option<Project> {
    if !files.has(folder, "Gemfile") {
        return None;
    }
    let uses_rspec =
        files.has(folder, ".rspec") || files.any_below(folder, |name| name.ends_with("_spec.rb"));
    let has_tests = files.any_below(folder, |name| name.ends_with("_test.rb") || name.starts_with("test_"));
    let command = if uses_rspec {
        Some("bundle exec rspec")
    } else if has_tests && files.has(folder, "Rakefile") {
        Some("bundle exec rake test")
    } else {
        None
    };
    Some(Project { argv: command.map(words), covers_subfolders: command.is_some() })
}

fn detect_php(files: &ProjectFiles<'_>, folder: &str) -> Option<Project> {
    if !files.has(folder, "composer.json") {
        return None;
    }
    let composer: serde_json::Value =
        serde_json::from_str(&files.text(folder, "composer.json")).unwrap_or_default();
    let command = if composer.pointer("/scripts/test").is_some() {
        Some("composer test")
    } else if files.has(folder, "phpunit.xml") || files.has(folder, "phpunit.xml.dist") {
        Some("vendor/bin/phpunit")
    } else {
        None
    };
    Some(Project { argv: command.map(words), covers_subfolders: command.is_some() })
}

/// Returns the command of a `test` recipe of just or make.
fn detect_task_runner(files: &ProjectFiles<'_>, folder: &str) -> Option<Vec<String>> {
    let has_recipe = |name: &str| {
        let text = files.text(folder, name);
        text.lines().any(|line| {
            let target = line.trim_start_matches('@');
            let name = target.split([':', ' ']).next().unwrap_or_default();
            name == "test" && target.contains(':') && !target.contains(":=")
        })
    };
    if ["justfile", "Justfile", ".justfile"].iter().any(|name| has_recipe(name)) {
        return Some(words("just test"));
    }
    ["GNUmakefile", "makefile", "Makefile"].iter().any(|name| has_recipe(name)).then(|| words("make test"))
}

#[cfg(test)]
#[path = "runner_tests.rs"]
mod tests;
