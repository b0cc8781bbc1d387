//! The paths that a contract in JSON allows and forbids, in every shape of JSON.
//!
//! Allowed paths have one shape, and everything else is a fault. Forbidden paths bind in
//! every shape from which they can be read: an exclusion adds duties.

use crate::document::Fault;
use crate::document::exclusion::{Certainty, exclusion_key, read_exclusion};
use crate::document::field::normalize_key;
use crate::document::json::{JsonNode, JsonValue};
use crate::document::scope_entry::ScopeEntry;
use crate::text::{Span, Spanned, to_single_line};

use super::ContractSchema;

/// Facts whose places must not be misspelt: without them a contract limits nothing.
const LIMITS: [&str; 2] = ["allowed_paths", "forbidden_paths"];
/// Similarity from which another key is a misspelling.
const SIMILAR: f64 = 0.8;
/// Keys of an object whose value is a path.
const PATH_KEYS: [&str; 9] =
    ["path", "paths", "file", "files", "folder", "directory", "pattern", "glob", "id"];

fn fault(message: String, span: Span) -> Fault {
    Fault { rule: "record/json", message, span }
}

/// Returns faults for the places of the paths: misspelt keys, and values that are no list of
/// texts.
pub(super) fn shape_faults(root: &JsonNode, schema: &ContractSchema) -> Vec<Fault> {
    let mut out = Vec::new();
    for fact in LIMITS {
        for pointer in schema.facts.get(fact).map_or(&[][..], Vec::as_slice) {
            out.extend(pointer_faults(root, pointer, fact == "allowed_paths"));
        }
    }
    let mut known: Vec<Span> = Vec::new();
    out.retain(|fault| {
        let is_new = !known.contains(&fault.span);
        known.push(fault.span);
        is_new
    });
    out
}

fn pointer_faults(root: &JsonNode, pointer: &str, is_allowed: bool) -> Option<Fault> {
    let mut node = root;
    let mut names = pointer.split('/').skip(1).peekable();
    while let Some(name) = names.next() {
        if !matches!(node.value, JsonValue::Object(_)) {
            let message =
                format!("`{pointer}` cannot be read: expected an object, found {}", node.type_name());
            return Some(fault(message, node.span));
        }
        let Some(next) = node.get(name) else {
            let (key, _) = node.members().iter().find(|(key, _)| is_misspelt(&key.value, name))?;
            let shown = to_single_line(&key.value, 60);
            let message = format!("the key `{shown}` is not known; expected `{name}`");
            return Some(fault(message, key.span));
        };
        node = next;
        if names.peek().is_some() && node.value == JsonValue::Null {
            return None;
        }
    }
    if !is_allowed {
        return None;
    }
    let is_entry = |node: &JsonNode| match &node.value {
        JsonValue::Text(_) | JsonValue::Null => true,
        JsonValue::Object(_) => PATH_KEYS.iter().any(|key| node.get_text(key).is_some()),
        _ => false,
    };
    let wrong = match &node.value {
        JsonValue::Array(items) => items.iter().find(|item| !is_entry(item)),
        _ => Some(node).filter(|node| !is_entry(node)),
    };
    let wrong = wrong?;
    let inside = if wrong.span == node.span { "" } else { " in it" };
    let message =
        format!("`{pointer}` cannot be read: expected a list of paths, found {}{inside}", wrong.type_name());
    Some(fault(message, wrong.span))
}

/// Returns whether a key is another spelling of a name.
fn is_misspelt(key: &str, name: &str) -> bool {
    let plain =
        |text: &str| text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
    let (key, name) = (plain(key), plain(name));
    key == name || strsim::normalized_levenshtein(&key, &name) >= SIMILAR
}

/// Reads the forbidden paths at some places, and those below other words for them.
pub(super) fn read_forbidden(
    root: &JsonNode,
    schema: &ContractSchema,
    faults: &mut Vec<Fault>,
) -> Vec<ScopeEntry> {
    let mut out = Vec::new();
    let pointers = schema.facts.get("forbidden_paths").map_or(&[][..], Vec::as_slice);
    let known: Vec<&JsonNode> = pointers.iter().filter_map(|pointer| super::find(root, pointer)).collect();
    for node in &known {
        read_node(node, &mut out, faults);
    }
    for (is_root, parent) in root.get("scope").map(|scope| (false, scope)).into_iter().chain([(true, root)]) {
        for (key, node) in parent.members() {
            let certainty = exclusion_key(&normalize_key(&key.value));
            if known.iter().any(|known| known.span == node.span) {
                continue;
            }
            match certainty {
                Some(Certainty::Clear) => read_node(node, &mut out, faults),
                // `"locked": false` says nothing about paths. Outside of the scope, an object
                // such as `"exceptions": {…}` can be about anything.
                Some(Certainty::Loose) => match &node.value {
                    JsonValue::Bool(_) | JsonValue::Number(_) => {}
                    JsonValue::Object(_) if is_root && is_doubtful(&key.value) => {}
                    _ if is_root && is_doubtful(&key.value) => read_paths(node, &mut out),
                    _ if is_root => {
                        let first = out.len();
                        read_node(node, &mut out, faults);
                        // `"forbidden": ["new dependencies"]` names no path.
                        let found = out.split_off(first).into_iter();
                        out.extend(found.filter(|entry| entry.pattern.is_ok() || names_path(entry)));
                    }
                    _ => read_node(node, &mut out, faults),
                },
                None => {}
            }
        }
    }
    out
}

/// Returns whether a key in the root of a contract is often about other things than paths.
fn is_doubtful(key: &str) -> bool {
    let key = normalize_key(key);
    key.starts_with("EXCEPT") || key == "LOCKED"
}

fn names_path(entry: &ScopeEntry) -> bool {
    entry.raw.value.contains(['/', '\\', '*'])
}

/// Reads the texts of a list that are paths, and no others.
fn read_paths(node: &JsonNode, out: &mut Vec<ScopeEntry>) {
    let texts: Vec<&JsonNode> = match &node.value {
        JsonValue::Array(items) => items.iter().collect(),
        _ => vec![node],
    };
    for node in texts {
        if let Some(text) = node.text().filter(|text| !text.value.contains(char::is_whitespace)) {
            read_text(&text.value, node.span, out, &mut Vec::new());
        }
    }
}

fn read_node(node: &JsonNode, out: &mut Vec<ScopeEntry>, faults: &mut Vec<Fault>) {
    match &node.value {
        JsonValue::Null => {}
        JsonValue::Text(text) => read_text(text, node.span, out, faults),
        JsonValue::Array(items) => items.iter().for_each(|item| read_node(item, out, faults)),
        JsonValue::Object(members) => {
            let named = members.iter().filter(|(key, _)| PATH_KEYS.contains(&key.value.as_str()));
            let named: Vec<&JsonNode> = named.map(|(_, value)| value).collect();
            if !named.is_empty() {
                named.into_iter().for_each(|value| read_node(value, out, faults));
                return;
            }
            // `{"src/a.rs": "frozen"}`
            for (key, value) in members {
                if key.value.contains(['/', '.', '\\']) {
                    read_text(&key.value, key.span, out, faults);
                } else {
                    read_node(value, out, faults);
                }
            }
        }
        JsonValue::Bool(_) | JsonValue::Number(_) => {
            let found = node.type_name();
            faults.push(fault(format!("expected a forbidden path, found {found}"), node.span));
        }
    }
}

fn read_text(text: &str, span: Span, out: &mut Vec<ScopeEntry>, faults: &mut Vec<Fault>) {
    if matches!(text.trim().to_uppercase().as_str(), "" | "NONE" | "N/A") {
        return;
    }
    // Contracts that were made from Markdown keep its bullets.
    let plain = ["- ", "* "].iter().find_map(|bullet| text.strip_prefix(bullet)).unwrap_or(text).trim();
    let raw = Spanned::new(plain.to_owned(), span);
    let (entries, is_unread) = read_exclusion(&raw);
    if is_unread {
        let shown = to_single_line(plain, 60);
        faults.push(fault(format!("the forbidden path `{shown}` cannot be read; write one path"), span));
    }
    if entries.is_empty() {
        // It excludes nothing, but it is an entry of the list.
        let read = ScopeEntry::read(raw.clone());
        let is_word = !plain.contains(char::is_whitespace);
        let pattern =
            if is_word { read.pattern } else { Err(crate::document::scope_entry::ScopeEntryError::Prose) };
        out.push(ScopeEntry { raw, pattern, annotation: None });
        return;
    }
    // The text of JSON has other offsets than its value.
    out.extend(entries.into_iter().map(|entry| ScopeEntry {
        raw: raw.clone(),
        pattern: entry.pattern,
        annotation: None,
    }));
}

#[cfg(test)]
mod tests {
    use crate::document::scope_entry::ScopeEntry;
    use crate::document::typed_contract::{TypedContract, schemas};
    use crate::text::{RepoPath, Source};

    /// Reads a contract with more members in its root and its scope; returns what it forbids and
    /// the number of faults.
    fn read(root: &str, scope: &str) -> (Vec<String>, usize) {
        let schema = &schemas()[0].id;
        let text = format!(
            "{{\"schema_id\": \"{schema}\", {root} \"scope\": {{{scope} \"allowed_paths\": [\"src/\"]}}}}"
        );
        let source = Source::from_text(RepoPath::from("a/WP-1-A/packet.json"), &text);
        let contract = TypedContract::read(&source).expect("a contract");
        let forbidden = contract.forbidden.iter().map(ScopeEntry::pattern_text).collect();
        (forbidden, contract.faults.len())
    }

    #[test]
    fn members_about_other_things_forbid_nothing() {
        for root in [
            "\"locked\": false,",
            "\"locked\": true,",
            "\"exceptions\": {\"policy\": \"see docs/a.md\", \"count\": 0, \"path\": \"src/a.rs\"},",
            "\"exceptions\": [\"none of src/a.rs is needed\"],",
            "\"excluded\": null,",
            "\"forbidden\": [\"new dependencies\"],",
            "\"frozen\": false,",
        ] {
            assert_eq!(read(root, ""), (Vec::new(), 0), "{root}");
        }
        assert_eq!(read("", "\"locked\": false,"), (Vec::new(), 0));
    }

    #[test]
    fn other_words_for_forbidden_paths_bind() {
        let one = vec!["src/a.rs".to_owned()];
        for root in [
            "\"frozen\": [\"src/a.rs\"],",
            "\"forbidden\": \"src/a.rs\",",
            "\"frozen\": {\"paths\": [\"src/a.rs\"]},",
            "\"forbidden\": {\"files\": [\"src/a.rs\"]},",
            "\"forbidden\": [\"src/a.rs (owner Tom)\"],",
            "\"excluded\": [{\"path\": \"src/a.rs\"}],",
            "\"excluded\": [\"- src/a.rs\"],",
            "\"do_not_touch\": {\"src/a.rs\": \"frozen\"},",
            "\"out_of_scope\": {\"files\": [\"src/a.rs\"]},",
        ] {
            assert_eq!(read(root, ""), (one.clone(), 0), "{root}");
        }
        let both = vec!["src/a.rs".to_owned(), "src/b.rs".to_owned()];
        assert_eq!(read("\"forbidden\": \"src/a.rs, src/b.rs\",", ""), (both, 0));
        assert_eq!(read("", "\"exceptions\": {\"path\": \"src/a.rs\"},"), (one, 0));
        assert_eq!(read("\"out_of_scope\": true,", "").1, 1);
    }
}
