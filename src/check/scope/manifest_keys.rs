//! Keys of package manifests that determine what a test step runs. The file itself may
//! change with its folder; these keys change only with an exact scope entry.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::change::{ChangedFile, FileContent};
use crate::check::context::ChangeCheckContext;
use crate::finding::{Finding, Label};
use crate::rule::Rule;
use crate::text::{RepoPath, to_single_line};

use super::node_keys::{Keys, LocalPackages, is_provided_runner, list_entries, read_node};
use super::python_hooks::read_conftest;
use super::script_names::{ScriptNames, texts_of};
use super::task_manifests::{is_task_manifest, read_task_manifest};
use super::{describe_change, find_covering_entry, protection_reason};

/// Maximum number of keys in one message.
const MAX_NAMED: usize = 4;

/// Tables below `tool` of `pyproject.toml` that configure or name test runs.
const PYTHON_TOOLS: [&str; 8] = ["pytest", "tox", "nox", "hatch", "poe", "taskipy", "unittest", "pdm"];

/// Creates the finding for a manifest in scope that is not named literally, if the change
/// alters a key that determines what a test step runs.
pub(super) fn changed_manifest_keys(
    input: &ChangeCheckContext<'_>,
    file: &ChangedFile,
    local: &LocalPackages,
    rule: &Rule,
) -> Option<Finding> {
    let path = &file.change.path;
    let entry = find_covering_entry(&input.packet, path)?;
    let scope = &input.packet.packet.scope;
    let is_named = scope.in_scope.iter().any(|entry| entry.names_literally(path));
    if is_named || protection_reason(&input.packet, path).is_some() {
        return None;
    }
    let keys = changed_keys(file, &input.packet.policy.step_words, local);
    let shown = (!keys.is_empty()).then(|| to_single_line(&keys.join(", "), 200))?;
    let list = input.packet.scope_name();
    let message = format!(
        "{path} changes {shown}, which determines what tests run, but {list} does not name this exact path"
    );
    let finding = rule.finding(message, Label::path(path, describe_change(file))).about_path(path);
    Some(
        finding.related(input.packet.label_at(entry.raw.span, "a folder or glob is not enough for this key")),
    )
}

/// Returns the keys of a manifest that the change adds, removes or alters and that
/// determine what a test step runs. A new manifest has only those by which it takes the place of a
/// test runner: no step of the base reads it.
fn changed_keys(file: &ChangedFile, step_words: &[String], local: &LocalPackages) -> Vec<String> {
    let is_loaded = file.change.path.file_name().to_string().eq_ignore_ascii_case("conftest.py");
    // A new file of pytest is loaded at once, and so is a new package that is a test runner.
    if file.before.is_none() && !is_loaded {
        let keys = file.after.as_ref().and_then(|after| read_keys(&file.change.path, after));
        let is_node = file.change.path.file_name() == b"package.json".as_slice();
        let provided = keys.filter(|_| is_node).into_iter().flatten().map(|(key, _)| key);
        return provided.filter(|key| is_provided_runner(key)).map(|key| format!("`{key}`")).collect();
    }
    // A package that goes takes its tests with it; that is another rule.
    let Some(after) = &file.after else { return Vec::new() };
    // What could not be read before ran nothing.
    let before = file.before.as_ref();
    let old = before.and_then(|before| read_keys(&file.change.path, before)).unwrap_or_default();
    let Some(new) = read_keys(&file.change.path, after) else {
        let unreadable = (!old.is_empty()).then(|| "so that it cannot be read,".to_owned());
        return unreadable.into_iter().collect();
    };
    let relevant = relevant_scripts(&old, &new, step_words);
    let names = old.keys().chain(new.keys().filter(|name| !old.contains_key(*name)));
    let changed = names.filter(|name| {
        let is_script = name.starts_with("scripts.");
        old.get(*name) != new.get(*name)
            && (!is_loaded || new.contains_key(*name))
            && !is_harmless_target(name, &old, &new)
            && !local.is_harmless(name, &old, &new)
            && (!is_script || (relevant.contains(*name) && !is_new_script(name, &old)))
    });
    let mut out: Vec<String> = changed.map(|name| format!("`{name}`")).collect();
    if out.len() > MAX_NAMED {
        out.truncate(MAX_NAMED);
        out.push("and others".to_owned());
    }
    out
}

/// Words in the names of scripts that check something.
const CHECKING_WORDS: [&str; 10] =
    ["test", "spec", "check", "lint", "verify", "ci", "e2e", "coverage", "typecheck", "validate"];

/// Returns the keys of scripts that check something, that a step names, or that such a
/// script calls.
fn relevant_scripts(old: &Keys, new: &Keys, step_words: &[String]) -> BTreeSet<String> {
    let scripts: BTreeSet<&str> =
        old.keys().chain(new.keys()).filter_map(|key| key.strip_prefix("scripts.")).collect();
    let checks = |name: &str| {
        let mut parts = name.split(|c: char| !c.is_ascii_alphanumeric());
        parts.any(|part| {
            let part = part.strip_prefix("pre").or(part.strip_prefix("post")).unwrap_or(part);
            CHECKING_WORDS.contains(&part)
        })
    };
    let scripts = ScriptNames(scripts);
    let mut out: BTreeSet<String> = BTreeSet::new();
    let mut pending: Vec<&str> = scripts.0.iter().copied().filter(|name| checks(name)).collect();
    pending.extend(scripts.named_by(step_words.iter().map(String::as_str)));
    while let Some(name) = pending.pop() {
        let key = format!("scripts.{name}");
        if !out.insert(key.clone()) {
            continue;
        }
        let texts = [old, new].into_iter().filter_map(|keys| keys.get(&key)).flat_map(texts_of);
        let called = scripts.named_by(texts.flat_map(str::split_whitespace));
        let hooks = ["pre", "post"].map(|hook| format!("{hook}{name}"));
        pending.extend(called);
        pending.extend(hooks.iter().filter_map(|hook| scripts.0.get(hook.as_str()).copied()));
    }
    out
}

/// Returns whether a target is new and has no setting that leaves its tests out.
fn is_harmless_target(name: &str, old: &Keys, new: &Keys) -> bool {
    let is_member = ["workspace.members ", "workspaces "].iter().any(|list| name.starts_with(list));
    // A new member adds its tests. A negated one leaves some out.
    if is_member && !old.contains_key(name) && !name.contains("\"!") {
        return true;
    }
    name.starts_with("[[test]] ")
        && !old.contains_key(name)
        && new.get(name).is_some_and(|value| value.get("harness").is_none() && value.get("test").is_none())
}

/// Reads the keys of a manifest that determine what a test step runs; `None` for other
/// files, and if it cannot be read.
pub(crate) fn read_keys(path: &RepoPath, content: &FileContent) -> Option<Keys> {
    let name = path.to_text().rsplit('/').next().unwrap_or_default().to_lowercase();
    let read = reader_of(&name);
    if read.is_none() && !is_task_manifest(&name) {
        return None;
    }
    let text = std::str::from_utf8(&content.bytes).ok().filter(|_| !content.is_released())?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if let Some(read) = read {
        return read(text);
    }
    let is_json = std::path::Path::new(&name).extension().is_some_and(|end| end == "json");
    let file = if is_json { serde_json::from_str(text).ok()? } else { read_toml(text)? };
    Some(read_task_manifest(&name, &file))
}

/// Returns whether a script is new and no hook of an old one: no step of the base runs it.
fn is_new_script(name: &str, old: &Keys) -> bool {
    let Some(script) = name.strip_prefix("scripts.") else { return false };
    let hooked = script.strip_prefix("pre").or_else(|| script.strip_prefix("post"));
    let is_hook = hooked.is_some_and(|of| {
        old.contains_key(&format!("scripts.{of}")) || matches!(of, "test" | "install" | "pare" | "publish")
    });
    !old.contains_key(name) && !is_hook && !matches!(script, "test" | "install" | "prepare")
}

fn reader_of(name: &str) -> Option<fn(&str) -> Option<Keys>> {
    Some(match name {
        "package.json" => read_node,
        "cargo.toml" => read_cargo,
        "pyproject.toml" => read_python,
        "go.mod" => read_go,
        "conftest.py" => read_conftest,
        _ => return None,
    })
}

/// Reads TOML as JSON values, which compare alike.
fn read_toml(text: &str) -> Option<Value> {
    serde_json::to_value(toml::from_str::<toml::Table>(text).ok()?).ok()
}

fn read_cargo(text: &str) -> Option<Keys> {
    let file = read_toml(text)?;
    let mut out = Keys::new();
    for (pointer, name) in [
        ("/lib/test", "lib.test"),
        ("/lib/doctest", "lib.doctest"),
        ("/lib/harness", "lib.harness"),
        ("/package/autotests", "package.autotests"),
        ("/package/autobins", "package.autobins"),
        ("/lib/path", "lib.path"),
        ("/package/build", "package.build"),
        ("/patch", "patch"),
        ("/replace", "replace"),
        ("/workspace/default-members", "workspace.default-members"),
        ("/workspace/exclude", "workspace.exclude"),
        ("/package/metadata/nextest", "package.metadata.nextest"),
    ] {
        out.extend(file.pointer(pointer).map(|value| (name.to_owned(), value.clone())));
    }
    out.extend(list_entries(file.pointer("/workspace/members"), "workspace.members"));
    for (at, target) in file.get("test").and_then(Value::as_array).into_iter().flatten().enumerate() {
        let name = target.get("name").and_then(Value::as_str).map_or_else(|| at.to_string(), str::to_owned);
        out.insert(format!("[[test]] {name}"), target.clone());
    }
    // Programs and examples of a package have tests as well.
    for kind in ["bin", "example"] {
        let targets = file.get(kind).and_then(Value::as_array);
        let switched = targets.into_iter().flatten().filter_map(|target| {
            let keys = ["test", "doctest", "harness"].map(|key| target.get(key));
            let name = target.get("name").and_then(Value::as_str).unwrap_or_default();
            keys.iter().any(Option::is_some).then(|| {
                let shown = keys.map(|value| value.cloned().unwrap_or_default());
                (format!("{kind}.{name}"), Value::Array(shown.to_vec()))
            })
        });
        out.extend(switched);
    }
    Some(out)
}

fn read_python(text: &str) -> Option<Keys> {
    let file = read_toml(text)?;
    let mut out = Keys::new();
    for tool in PYTHON_TOOLS {
        // Of these, only the parts that name commands.
        let parts: &[&str] = match tool {
            "hatch" => &["/envs"],
            "pdm" => &["/scripts"],
            _ => &[""],
        };
        for part in parts {
            let value = file.pointer(&format!("/tool/{tool}{part}"));
            let name = format!("tool.{tool}{}", part.replace('/', "."));
            out.extend(value.map(|value| (name, value.clone())));
        }
    }
    for (pointer, name) in [
        ("/tool/uv/sources", "tool.uv.sources"),
        ("/tool/rye/scripts", "tool.rye.scripts"),
        ("/tool/pixi/tasks", "tool.pixi.tasks"),
        ("/project/entry-points/pytest11", "project.entry-points.pytest11"),
        ("/tool/poetry/plugins/pytest11", "tool.poetry.plugins.pytest11"),
    ] {
        out.extend(file.pointer(pointer).map(|value| (name.to_owned(), value.clone())));
    }
    Some(out)
}

/// Reads the lines of `go.mod` that replace the code of a module: a replaced test library
/// determines what a test does.
#[expect(clippy::unnecessary_wraps, reason = "one type for all readers")]
fn read_go(text: &str) -> Option<Keys> {
    let mut out = Keys::new();
    let mut in_block = false;
    for line in text.lines() {
        let words: Vec<&str> = line.split("//").next().unwrap_or_default().split_whitespace().collect();
        let (is_replace, is_open) = (words.first() == Some(&"replace"), words.last() == Some(&"("));
        if in_block && words.first() == Some(&")") {
            in_block = false;
        } else if is_replace && is_open {
            in_block = true;
        } else if in_block || is_replace || words.first() == Some(&"ignore") {
            let skipped = usize::from(is_replace && !in_block);
            let rule = words.iter().skip(skipped).copied().collect::<Vec<_>>().join(" ");
            if words.first() == Some(&"ignore") {
                out.insert(words.join(" "), Value::Bool(true));
            } else if let Some((module, target)) = rule.split_once("=>") {
                out.insert(format!("replace {}", module.trim()), Value::from(target.trim()));
            }
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::{Change, FileMode, TreeEntry};
    use crate::digest::git_blob_id;

    fn changed(path: &str, before: Option<&str>, after: Option<&str>) -> Vec<String> {
        let entry = |text: &str| TreeEntry { mode: FileMode::Regular, id: git_blob_id(text.as_bytes()) };
        let change = Change::from_entries(RepoPath::from(path), before.map(entry), after.map(entry));
        let bytes = |text: &str| text.as_bytes().to_vec();
        let file = ChangedFile::new(change.expect("a change"), before.map(bytes), after.map(bytes));
        changed_keys(&file, &[], &LocalPackages::of(std::slice::from_ref(&file)))
    }

    #[test]
    fn keys_that_determine_test_runs_are_compared() {
        let node = |scripts: &str, rest: &str| format!("{{\"scripts\": {{{scripts}}}{rest}}}");
        let old = node("\"test\": \"jest\", \"build\": \"tsc\"", "");
        let is = |after: &str, expected: &[&str]| {
            assert_eq!(changed("web/package.json", Some(&old), Some(after)), expected, "{after}");
        };
        is(&node("\"test\": \"true\", \"build\": \"tsc\"", ""), &["`scripts.test`"]);
        is(&node("\"build\": \"tsc\"", ""), &["`scripts.test`"]);
        is(&node("\"test\": \"jest\", \"build\": \"tsc\", \"pretest\": \"x\"", ""), &["`scripts.pretest`"]);
        is(&node("\"test\": \"jest\", \"build\": \"tsc\"", ", \"jest\": {}"), &["`jest`"]);
        is("{\"scripts\":", &["so that it cannot be read,"]);
        let runner = |version: &str| {
            node(
                "\"test\": \"jest\", \"build\": \"tsc\"",
                &format!(", \"devDependencies\": {{\"jest\": \"{version}\"}}"),
            )
        };
        is(&runner("file:./fake"), &["`devDependencies.jest`"]);
        is(&runner("npm:other@1"), &["`devDependencies.jest`"]);
        is(&runner("^30.0.0"), &[]);
        // Honest changes: a dependency, another order, a new script.
        is(&node("\"build\": \"tsc\", \"test\": \"jest\"", ", \"dependencies\": {\"a\": \"1\"}"), &[]);
        is(&node("\"test\": \"jest\", \"build\": \"tsc\", \"docs\": \"x\"", ""), &[]);
        assert!(changed("new/package.json", None, Some(&old)).is_empty());
        is(&node("\"test\": \"jest\", \"build\": \"other\"", ""), &[]);
        assert!(changed("package.json", Some(&old), None).is_empty(), "a package that goes");
        assert!(changed("package.json", Some("{{broken}}"), Some("{{other}}")).is_empty(), "a template");
        let calls = node("\"test\": \"npm run unit\", \"unit\": \"jest\"", "");
        let fakes = node("\"test\": \"npm run unit\", \"unit\": \"true\"", "");
        assert_eq!(changed("package.json", Some(&calls), Some(&fakes)), ["`scripts.unit`"]);
    }

    #[test]
    fn other_manifests_have_such_keys_too() {
        let one = |path: &str, before: &str, after: &str| changed(path, Some(before), Some(after)).join(" ");
        let cargo = "[package]\nname = \"a\"\n";
        assert_eq!(one("Cargo.toml", cargo, &format!("{cargo}[lib]\ntest = false\n")), "`lib.test`");
        assert_eq!(one("Cargo.toml", cargo, &format!("{cargo}autotests = false\n")), "`package.autotests`");
        assert_eq!(
            one("Cargo.toml", cargo, &format!("{cargo}[[test]]\nname = \"x\"\nharness = false\n")),
            "`[[test]] x`"
        );
        assert_eq!(one("Cargo.toml", cargo, &format!("{cargo}[[test]]\nname = \"x\"\n")), "");
        assert_eq!(one("Cargo.toml", cargo, &format!("{cargo}[dependencies]\nx = \"1\"\n")), "");
        let python = "[tool.ruff]\nline-length = 90\n";
        let pytest = "[tool.pytest.ini_options]\naddopts = \"-k x\"\n";
        assert_eq!(one("pyproject.toml", python, &format!("{python}{pytest}")), "`tool.pytest`");
        assert_eq!(one("pyproject.toml", python, "[tool.ruff]\nline-length = 99\n"), "");
        let go = "module a\n\nrequire x v1\n";
        assert_eq!(one("go.mod", go, &format!("{go}replace (\n\tx => ./fake\n)\n")), "`replace x`");
        assert_eq!(one("go.mod", go, "module a\n\nrequire x v2\n"), "");
    }

    #[test]
    fn manifests_of_task_runners_have_scripts_and_packages() {
        let one = |path: &str, before: &str, after: &str| changed(path, Some(before), Some(after)).join(" ");
        let composer = |script: &str, rest: &str| {
            format!(
                "{{\"scripts\": {{\"test\": [\"@unit\"], \"unit\": \"{script}\", \"serve\": \"a\"}}{rest}}}"
            )
        };
        let old = composer("phpunit", "");
        assert_eq!(one("composer.json", &old, &composer("true", "")), "`scripts.unit`");
        assert_eq!(one("composer.json", &old, &composer("phpunit", ", \"require\": {\"a/b\": \"^1\"}")), "");
        assert_eq!(one("composer.json", &old, &old.replace("\"a\"", "\"b\"")), "");
        let pipfile = |script: &str| format!("[packages]\na = \"*\"\n[scripts]\ntest = \"{script}\"\n");
        assert_eq!(one("Pipfile", &pipfile("pytest"), &pipfile("true")), "`scripts.test`");
        assert_eq!(one("Pipfile", &pipfile("pytest"), &pipfile("pytest").replace("a =", "b =")), "");
        let pixi = |task: &str| format!("[dependencies]\na = \"*\"\n[feature.x.tasks]\ntest = \"{task}\"\n");
        assert_eq!(one("pixi.toml", &pixi("pytest"), &pixi("true")), "`scripts.test`");
        assert_eq!(one("pixi.toml", &pixi("pytest"), &pixi("pytest").replace("a =", "b =")), "");
        let hatch = |task: &str| format!("[envs.test.scripts]\nall = \"{task}\"\n");
        assert_eq!(one("hatch.toml", &hatch("pytest"), &hatch("true")), "`envs`");
        let devbox =
            |hook: &str| format!("{{\"packages\": [\"go\"], \"shell\": {{\"init_hook\": \"{hook}\"}}}}");
        assert_eq!(one("devbox.json", &devbox("a"), &devbox("b")), "`shell.init_hook`");
        assert_eq!(one("devbox.json", &devbox("a"), &devbox("a").replace("go", "node")), "");
    }

    #[test]
    fn scripts_that_are_glued_to_other_words_are_found() {
        for call in
            ["concurrently \\\"npm:go\\\"", "node --run=go", "run-p go a", "npm-run-all g*", "(npm run go)"]
        {
            let node =
                |script: &str| format!("{{\"scripts\": {{\"test\": \"{call}\", \"go\": \"{script}\"}}}}");
            let found = changed("package.json", Some(&node("jest")), Some(&node("true")));
            assert_eq!(found, ["`scripts.go`"], "{call}");
        }
    }
}
