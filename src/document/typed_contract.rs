//! Packets and micro tasks as typed contracts (JSON).
//!
//! `rules/contract-schemas.json` maps each schema to the facts that the checks know:
//! a schema id, a role, and the places of every fact. The reader knows no schema.

mod markdown;
mod paths;

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use serde::Deserialize;

use crate::text::{Source, Span, Spanned};

use super::Fault;
use super::is_placeholder;
use super::json::{self, JsonNode, JsonValue};
use super::scope_entry::ScopeEntry;
use super::validator_state::first_char_span;

const SCHEMAS: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/rules/contract-schemas.json"));

/// What a contract is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ContractRole {
    /// A whole packet.
    Packet,
    /// One task of a packet.
    Task,
}

/// A schema of typed contracts.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContractSchema {
    /// The value of `schema_id`.
    pub id: String,
    /// What its contracts are about.
    pub role: ContractRole,
    /// Whether its contracts are Markdown. The pointers name a section and a label then.
    #[serde(default)]
    pub markdown: bool,
    /// JSON pointers (RFC 6901) to each fact, in order of preference.
    facts: BTreeMap<String, Vec<String>>,
    /// Known values of some facts.
    pub words: BTreeMap<String, Vec<String>>,
    /// States of finished tasks.
    pub finished: Vec<String>,
}

#[derive(Deserialize)]
struct SchemaFile {
    schemas: Vec<ContractSchema>,
}

/// Returns all known schemas.
#[must_use]
pub(crate) fn schemas() -> &'static [ContractSchema] {
    static PARSED: LazyLock<Vec<ContractSchema>> = LazyLock::new(|| {
        // A test proves that the embedded file can be read.
        serde_json::from_str::<SchemaFile>(SCHEMAS).map(|file| file.schemas).unwrap_or_default()
    });
    &PARSED
}

/// What a contract records about its generated Markdown copy.
#[derive(Debug, Clone)]
pub struct ContractProjection {
    /// Path of the copy.
    pub path: Option<Spanned<String>>,
    /// State of the copy, such as `GENERATED_IN_SYNC`.
    pub status: Option<Spanned<String>>,
    /// Path of the contract from which the copy was made.
    pub source_file: Option<Spanned<String>>,
    /// First 16 hexadecimal digits of the copy's SHA-256.
    pub projection_hash: Option<Spanned<String>>,
}

/// A contract with the facts that its schema maps.
#[derive(Debug, Clone)]
pub struct TypedContract {
    /// Text of the contract.
    pub source: Arc<Source>,
    /// Its schema.
    pub schema: &'static ContractSchema,
    /// Values of single facts, by their name.
    values: BTreeMap<&'static str, Spanned<String>>,
    /// Paths that the contract allows.
    pub allowed: Vec<ScopeEntry>,
    /// Paths that the contract forbids.
    pub forbidden: Vec<ScopeEntry>,
    /// Criteria of the contract.
    pub criteria: Vec<Spanned<String>>,
    /// The list of criteria, also an empty one.
    pub criteria_place: Option<Span>,
    /// The list of declared tasks, also an empty one.
    pub tasks_place: Option<Span>,
    /// Ids of the tasks that a packet declares.
    pub tasks: Vec<Spanned<String>>,
    /// Ids of the tasks that a task depends on.
    pub depends_on: Vec<Spanned<String>>,
    /// Evidence that a task records.
    pub evidence: Vec<Spanned<String>>,
    /// The generated copy.
    pub projection: Option<ContractProjection>,
    /// Mistakes of the JSON text. Two readers can read two contracts from it.
    pub faults: Vec<Fault>,
    /// The schema id as written, if only another version of the schema is known.
    pub unknown_version: Option<Spanned<String>>,
    /// Whether the text is not JSON. Then the contract has no values.
    pub is_broken: bool,
}

impl TypedContract {
    /// Reads a contract; `None` if the text is neither JSON with a known schema nor a broken
    /// text that names one. Another version of a known schema is read as far as it is understood.
    #[must_use]
    pub fn read(source: &Arc<Source>) -> Option<Self> {
        let text = source.text();
        if !text.trim_start_matches('\u{feff}').trim_start().starts_with('{') {
            return markdown::read(source);
        }
        if !text.contains("schema_id") {
            return None;
        }
        let parsed = json::parse(text);
        let is_broken = parsed.value.is_none();
        let id = match &parsed.value {
            Some(root) => root.get_text("schema_id")?,
            None => written_schema(text)?,
        };
        let root =
            parsed.value.unwrap_or(JsonNode { value: JsonValue::Object(Vec::new()), span: Span::default() });
        let (schema, is_known) = find_schema(&id.value)?;
        let nodes = |fact: &str| -> Vec<&JsonNode> {
            let pointers = schema.facts.get(fact).map_or(&[][..], Vec::as_slice);
            pointers.iter().filter_map(|pointer| find(&root, pointer)).collect()
        };
        let single = ["wp_id", "base_id", "task_id", "status", "risk_tier", "signature", "format_version"];
        let more = ["refinement_contract", "merge_base", "lane", "verdict", "containment", "merged_commit"];
        let value = |fact: &&'static str| Some((*fact, nodes(fact).into_iter().find_map(JsonNode::text)?));
        let values: BTreeMap<&'static str, Spanned<String>> =
            single.iter().chain(&more).filter_map(value).filter(|(_, text)| !text.value.is_empty()).collect();
        // The first place that has entries counts: later schemas moved the lists.
        let list = |fact: &str| -> Vec<Spanned<String>> {
            let lists = nodes(fact).into_iter().map(texts_of);
            lists.into_iter().find(|list| !list.is_empty()).unwrap_or_default()
        };
        let all = |fact: &str| nodes(fact).into_iter().flat_map(texts_of).collect::<Vec<_>>();
        let entries = |fact: &str| list(fact).iter().map(read_path).collect::<Vec<_>>();
        let mut faults = parsed.faults;
        let forbidden = paths::read_forbidden(&root, schema, &mut faults);
        if !is_broken {
            faults.extend(paths::shape_faults(&root, schema));
        }
        let projection = nodes("projection").into_iter().next().map(|node| ContractProjection {
            path: node.get_text("path"),
            status: node.get_text("status"),
            source_file: node.get_text("source_file"),
            projection_hash: node.get_text("projection_hash"),
        });
        Some(Self {
            source: Arc::clone(source),
            schema,
            values,
            allowed: entries("allowed_paths"),
            forbidden,
            criteria: list("criteria"),
            criteria_place: nodes("criteria").first().map(|node| first_char_span(node.span)),
            tasks_place: nodes("tasks").first().map(|node| first_char_span(node.span)),
            tasks: list("tasks"),
            depends_on: all("depends_on").iter().flat_map(ids_in).collect(),
            evidence: all("evidence"),
            projection,
            faults,
            unknown_version: Some(id).filter(|_| !is_known),
            is_broken,
        })
    }

    /// Returns the id of a task: as written or, without one, by the name of its file.
    #[must_use]
    pub fn task_name(&self) -> String {
        self.value("task_id").map_or_else(|| self.file_stem(), |id| id.value.clone())
    }

    /// Returns the name of the file without its extension.
    #[must_use]
    pub fn file_stem(&self) -> String {
        let name = self.source.name().file_name().to_string();
        let stem = [".json", ".md"].iter().find_map(|extension| name.strip_suffix(extension));
        stem.map_or_else(|| name.clone(), str::to_owned)
    }

    /// Returns the value of a fact; `None` if it is absent or a placeholder.
    #[must_use]
    pub fn value(&self, fact: &str) -> Option<&Spanned<String>> {
        self.values.get(fact).filter(|value| !is_placeholder(&value.value))
    }

    /// Returns the value of a fact as it is written, also if it is a placeholder: `PENDING`.
    #[must_use]
    pub fn written(&self, fact: &str) -> Option<&Spanned<String>> {
        self.values.get(fact)
    }

    /// Returns whether a fact has a value that its schema does not know.
    #[must_use]
    pub fn unknown_value(&self, fact: &str) -> Option<(&Spanned<String>, &[String])> {
        let known = self.schema.words.get(fact)?;
        let value = self.value(fact)?;
        let is_known = known.iter().any(|word| word.eq_ignore_ascii_case(&value.value));
        (!is_known).then_some((value, known.as_slice()))
    }

    /// Returns whether a task is finished.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.value("status").is_some_and(|status| {
            let word = status.value.to_uppercase().replace([' ', '-'], "_");
            self.schema.finished.contains(&word)
        })
    }

    /// Returns the span for findings about the contract as a whole.
    #[must_use]
    pub fn head_span(&self) -> Span {
        self.values
            .get("task_id")
            .or_else(|| self.values.get("wp_id"))
            .map_or_else(|| self.source.line_span(1).unwrap_or_default(), |value| value.span)
    }
}

/// Returns the schema with an id, or another version of it, and whether the id is known.
fn find_schema(id: &str) -> Option<(&'static ContractSchema, bool)> {
    let mut known = schemas().iter().filter(|schema| !schema.markdown);
    if let Some(schema) = known.find(|schema| schema.id == id) {
        return Some((schema, true));
    }
    let name = |id: &str| id.split_once('@').map(|(name, _)| name.to_owned());
    let wanted = name(id)?;
    schemas().iter().find(|schema| name(&schema.id).as_ref() == Some(&wanted)).map(|schema| (schema, false))
}

/// Finds the schema id in a text that is not JSON: the first string behind the key.
fn written_schema(text: &str) -> Option<Spanned<String>> {
    let key = text.find("\"schema_id\"")? + "\"schema_id\"".len();
    let open = key + text.get(key..)?.find('"')? + 1;
    let id = text.get(open..)?.split(['"', '\n']).next()?;
    let between = text.get(key..open)?;
    between
        .trim_matches(['"', ' ', '\t', ':'])
        .is_empty()
        .then(|| Spanned::new(id.to_owned(), Span::new(open, open + id.len())))
}

/// Returns the node at a JSON pointer (RFC 6901).
fn find<'a>(root: &'a JsonNode, pointer: &str) -> Option<&'a JsonNode> {
    let names = pointer.split('/').skip(1).map(|name| name.replace("~1", "/").replace("~0", "~"));
    let mut node = root;
    for name in names {
        node = node.get(&name)?;
    }
    Some(node)
}

/// Returns the texts of a string, or of the strings and objects with an id or path in
/// a list.
fn texts_of(node: &JsonNode) -> Vec<Spanned<String>> {
    let text = |node: &JsonNode| {
        node.text()
            .or_else(|| ["path", "id", "command", "ref", "summary"].iter().find_map(|key| node.get_text(key)))
    };
    let found: Vec<Spanned<String>> = match &node.value {
        JsonValue::Array(items) => items.iter().filter_map(text).collect(),
        _ => text(node).into_iter().collect(),
    };
    let is_none = |text: &str| matches!(text.trim().to_uppercase().as_str(), "" | "NONE" | "N/A");
    found.into_iter().filter(|text| !is_none(&text.value)).collect()
}

/// Returns the ids in a text: `MT-001; MT-002`, `MT-001 through MT-025`. An id has a
/// dash and a digit.
fn ids_in(text: &Spanned<String>) -> Vec<Spanned<String>> {
    let words = text.value.split([' ', ',', ';', '/']).map(|word| word.trim_matches(['`', '(', ')', '.']));
    let ids = words.filter(|word| word.contains('-') && word.contains(|c: char| c.is_ascii_digit()));
    ids.map(|id| Spanned::new(id.to_owned(), text.span)).collect()
}

/// Reads a path. Contracts that were made from Markdown keep its bullets.
fn read_path(text: &Spanned<String>) -> ScopeEntry {
    let plain = ["- ", "* "].iter().find_map(|bullet| text.value.strip_prefix(bullet));
    ScopeEntry::read(Spanned::new(plain.unwrap_or(&text.value).trim().to_owned(), text.span))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::RepoPath;

    fn read(text: &str) -> Option<TypedContract> {
        TypedContract::read(&Source::from_text(RepoPath::from("a/WP-1-A/packet.json"), text))
    }

    #[test]
    fn the_embedded_schemas_are_read() {
        let roles: Vec<ContractRole> = schemas().iter().map(|schema| schema.role).collect();
        assert_eq!(roles, [ContractRole::Packet, ContractRole::Task, ContractRole::Task]);
    }

    #[test]
    fn facts_are_found_by_the_schema() {
        let schema = &schemas()[0].id;
        let text = format!(
            "\u{feff}{{\"schema_id\": \"{schema}\", \"wp_id\": \"WP-1-A\", \"lifecycle\": {{\"status\": \"IN_PROGRESS\", \
             \"risk_tier\": \"EXTREME\", \"user_signature\": \"<pending>\"}}, \"scope\": {{\"allowed_paths\": \
             [\"- src/a.rs\", \"src/b/**\"]}}, \"microtasks\": {{\"declared_ids\": [\"MT-001\"]}}}}"
        );
        let contract = read(&text).expect("a contract");
        assert_eq!(contract.value("wp_id").map(|id| id.value.as_str()), Some("WP-1-A"));
        assert!(contract.value("signature").is_none());
        assert!(contract.allowed.iter().all(|entry| entry.pattern.is_ok()));
        assert_eq!((contract.allowed.len(), contract.tasks.len()), (2, 1));
        assert_eq!(
            contract.unknown_value("risk_tier").map(|(value, _)| value.value.as_str()),
            Some("EXTREME")
        );
        assert!(read("{\"schema_id\": \"other@1\"}").is_none());
        assert!(read("# no JSON, schema_id").is_none());
    }

    #[test]
    fn a_broken_contract_and_another_version_are_contracts() {
        let schema = &schemas()[0].id;
        let broken = read(&format!("{{\"schema_id\": \"{schema}\", \"wp_id\": ")).expect("a contract");
        assert!(broken.is_broken && !broken.faults.is_empty() && broken.value("wp_id").is_none());
        let (name, _) = schema.split_once('@').expect("a version");
        let text = format!("{{\"schema_id\": \"{name}@77\", \"scope\": {{\"allowed_paths\": [\"a.rs\"]}}}}");
        let later = read(&text).expect("a contract");
        assert_eq!(later.unknown_version.map(|id| id.value), Some(format!("{name}@77")));
        assert_eq!(later.allowed.len(), 1);
        assert!(read(&text.replace(name, "other")).is_none());
        assert!(read("{\"schema_id\": \"other@1\", ").is_none());
    }

    #[test]
    fn a_task_owns_the_files_of_either_shape() {
        let schema = &schemas()[1].id;
        let old = format!("{{\"schema_id\": \"{schema}\", \"scope\": {{\"allowed_paths\": [\"a.rs\"]}}}}");
        let new = format!("{{\"schema_id\": \"{schema}\", \"owned_files\": [\"b.rs\"], \"scope\": {{}}}}");
        let path = |text: &str| read(text).expect("a task").allowed[0].raw.value.clone();
        assert_eq!((path(&old), path(&new)), ("a.rs".to_owned(), "b.rs".to_owned()));
    }
}
