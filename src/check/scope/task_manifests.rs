//! Keys of manifests that name tasks beside the packages that a project uses.

use serde_json::Value;

use super::node_keys::Keys;

/// Manifests, each with the tables whose entries are scripts, and the keys that are compared as
/// a whole.
const MANIFESTS: [(&str, &[&str], &[&str]); 5] = [
    ("composer.json", &["/scripts"], &["/autoload-dev/files", "/config/vendor-dir", "/config/bin-dir"]),
    ("pipfile", &["/scripts"], &[]),
    ("pixi.toml", &["/tasks", "/feature/*/tasks"], &["/activation"]),
    ("hatch.toml", &[], &["/envs"]),
    ("devbox.json", &["/shell/scripts"], &["/shell/init_hook", "/include"]),
];

/// Returns whether a file with this name in lowercase is such a manifest.
pub(super) fn is_task_manifest(name: &str) -> bool {
    MANIFESTS.iter().any(|(known, _, _)| *known == name)
}

/// Reads the keys of such a manifest.
pub(super) fn read_task_manifest(name: &str, file: &Value) -> Keys {
    let mut out = Keys::new();
    let Some((_, tables, keys)) = MANIFESTS.iter().find(|(known, _, _)| *known == name) else { return out };
    for table in *tables {
        let scripts = tables_at(file, table).into_iter().filter_map(Value::as_object).flatten();
        out.extend(scripts.map(|(name, value)| (format!("scripts.{name}"), value.clone())));
    }
    for key in *keys {
        let name = key.trim_start_matches('/').replace('/', ".");
        out.extend(file.pointer(key).map(|value| (name, value.clone())));
    }
    out
}

/// Returns the values at a pointer, in which `*` stands for any key.
fn tables_at<'a>(file: &'a Value, pointer: &str) -> Vec<&'a Value> {
    let Some((before, behind)) = pointer.split_once("/*") else {
        return file.pointer(pointer).into_iter().collect();
    };
    let outer = file.pointer(before).and_then(Value::as_object).into_iter().flatten();
    outer.filter_map(|(_, value)| value.pointer(behind)).collect()
}
