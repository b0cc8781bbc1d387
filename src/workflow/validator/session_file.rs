//! The state file with a packet's sessions, and the edits of it.

use crate::document::json::JsonNode;
use crate::document::json_edit::{ListPlace, format_object, insert_member_edit};
use crate::document::validator_state::ValidatorState;
use crate::document::{WpId, json};
use crate::text::{Edit, RepoPath, Source, apply_edits};
use crate::workflow::records::{Records, WorkflowError};

use super::StateSource;

const SESSIONS: &str = "validation_sessions";
const ARCHIVE: &str = "archived_sessions";

/// The state file of a packet: its path, and its text if it exists.
pub(super) struct SessionFile {
    pub path: RepoPath,
    pub source: Option<StateSource>,
}

impl SessionFile {
    /// Finds the state file: the packet's own file, or the older file for all
    /// packets if that has sessions of the packet, or else a new own file.
    pub(super) fn find(records: &Records<'_>, id: &WpId) -> Result<Self, WorkflowError> {
        let own = records.layout.validator_state_path(id);
        if let Some(source) = records.source(&own)? {
            return Ok(Self { path: own, source: Some(source) });
        }
        let shared = RepoPath::from(records.layout.shared_validator_state.as_str());
        if let Some(source) = records.source(&shared)? {
            let state = ValidatorState::read(&source);
            let has_sessions = state.all_sessions().any(|s| s.packet() == Some(id.as_str()));
            if has_sessions {
                return Ok(Self { path: shared, source: Some(source) });
            }
        }
        Ok(Self { path: own, source: None })
    }

    /// Starts a session with its first gate `mark`; an existing session moves to the
    /// archive.
    pub(super) fn begin_session(
        &self,
        records: &mut Records<'_>,
        id: &WpId,
        verdict: &str,
        stamp: &str,
        mark: &[(&str, &str)],
    ) -> Result<(), WorkflowError> {
        let session = |indent: &str, newline: &str| format_session(id, verdict, stamp, mark, indent, newline);
        let Some(source) = &self.source else {
            let key = serde_json::to_string(id.as_str()).unwrap_or_default();
            let body = session("    ", "\n");
            let text =
                format!("{{\n  \"{SESSIONS}\": {{\n    {key}: {body}\n  }},\n  \"{ARCHIVE}\": []\n}}\n");
            records.set_text(self.path.clone(), text);
            return Ok(());
        };
        if find_session_node(source, id)?.is_some() {
            self.archive_session(records, id, &[])?;
        }
        let source = records.require(&self.path)?;
        let root = parse_root(&source)?;
        let sessions = require_member(&source, &root, SESSIONS)?;
        let edit = insert_member_edit(source.text(), sessions, id.as_str(), &session);
        self.edit(records, &source, edit.into_iter().collect())
    }

    /// Adds the gate `mark` to the session; `ends` completes the session.
    pub(super) fn pass_gate(
        &self,
        records: &mut Records<'_>,
        id: &WpId,
        mark: &[(&str, &str)],
        ends: bool,
    ) -> Result<(), WorkflowError> {
        let Some(source) = &self.source else { return Err(self.document_error("it no longer exists")) };
        let Some(node) = find_session_node(source, id)? else {
            return Err(self.document_error("its session no longer exists"));
        };
        let text = source.text();
        let value = |key: &str| mark.iter().find(|(name, _)| *name == key).map_or("", |(_, value)| *value);
        let gates =
            node.get("gates").ok_or_else(|| self.document_error("its session has no list `gates`"))?;
        let item = |indent: &str, newline: &str| format_object(mark, indent, newline);
        let mut edits: Vec<Edit> =
            ListPlace::of(gates).map(|list| list.append_edit(text, &item)).into_iter().collect();
        let quoted = serde_json::to_string(value("gate")).unwrap_or_default();
        let status = node.get("status").ok_or_else(|| self.document_error("its session has no `status`"))?;
        edits.push(Edit::replace(status.span, quoted));
        self.edit(records, source, edits)?;
        if !ends {
            return Ok(());
        }
        let source = records.require(&self.path)?;
        let Some(node) = find_session_node(&source, id)? else {
            return Err(self.document_error("its session no longer exists"));
        };
        let stamp = serde_json::to_string(value("timestamp")).unwrap_or_default();
        let edit = match node.get("completed") {
            Some(old) => Some(Edit::replace(old.span, stamp)),
            None => insert_member_edit(source.text(), &node, "completed", &|_, _| stamp.clone()),
        };
        self.edit(records, &source, edit.into_iter().collect())
    }

    /// Moves the session to the archive; `reset` holds time, identity and reason of a
    /// reset, or is empty.
    pub(super) fn archive_session(
        &self,
        records: &mut Records<'_>,
        id: &WpId,
        reset: &[(&str, &str)],
    ) -> Result<(), WorkflowError> {
        let source = records.require(&self.path)?;
        let Some(node) = find_session_node(&source, id)? else {
            return Err(self.document_error("its session no longer exists"));
        };
        let mut kept = source.slice(node.span).to_owned();
        if node.get("wpId").is_none() {
            // The archive is a list without keys, so the session needs its own id.
            let quoted = serde_json::to_string(id.as_str()).unwrap_or_default();
            let inner = json::parse(&kept)
                .value
                .ok_or_else(|| self.document_error("its session is not an object"))?;
            let edit = insert_member_edit(&kept, &inner, "wpId", &|_, _| quoted.clone());
            kept = apply_edits(&kept, &edit.into_iter().collect::<Vec<_>>()).0;
        }
        if !reset.is_empty() {
            let inner = json::parse(&kept)
                .value
                .ok_or_else(|| self.document_error("its session is not an object"))?;
            let edit = insert_member_edit(&kept, &inner, "reset", &|indent, newline| {
                format_object(reset, indent, newline)
            });
            kept = apply_edits(&kept, &edit.into_iter().collect::<Vec<_>>()).0;
        }
        let root = parse_root(&source)?;
        let sessions = require_member(&source, &root, SESSIONS)?;
        let mut edits = vec![remove_member(sessions, id)];
        match root.get(ARCHIVE) {
            Some(list) => {
                let list = ListPlace::of(list);
                edits.extend(list.map(|list| list.append_edit(source.text(), &|_, _| kept.clone())));
            }
            None => {
                let list =
                    |indent: &str, newline: &str| format!("[{newline}{indent}  {kept}{newline}{indent}]");
                edits.extend(insert_member_edit(source.text(), &root, ARCHIVE, &list));
            }
        }
        self.edit(records, &source, edits)
    }

    /// Applies edits and checks that the state file still reads without faults.
    fn edit(
        &self,
        records: &mut Records<'_>,
        source: &Source,
        edits: Vec<Edit>,
    ) -> Result<(), WorkflowError> {
        if edits.is_empty() {
            return Err(self.document_error("its format is too unusual for an automatic edit"));
        }
        records.edit_checked(source, &edits, &|source| ValidatorState::read(source).faults.is_empty())
    }

    /// Returns an error about the state file; `why` is a clause.
    fn document_error(&self, why: &str) -> WorkflowError {
        WorkflowError::Document(self.path.clone(), why.to_owned())
    }
}

/// Returns the root value of a JSON file.
fn parse_root(source: &Source) -> Result<JsonNode, WorkflowError> {
    json::parse(source.text())
        .value
        .ok_or_else(|| WorkflowError::Document(source.name().clone(), "it is not valid JSON".to_owned()))
}

/// Returns a member that the object must have.
fn require_member<'n>(source: &Source, root: &'n JsonNode, key: &str) -> Result<&'n JsonNode, WorkflowError> {
    root.get(key).ok_or_else(|| WorkflowError::Document(source.name().clone(), format!("it has no `{key}`")))
}

/// Returns the JSON text of a new session.
fn format_session(
    id: &WpId,
    verdict: &str,
    stamp: &str,
    mark: &[(&str, &str)],
    indent: &str,
    newline: &str,
) -> String {
    let quoted = |text: &str| serde_json::to_string(text).unwrap_or_default();
    let status = mark.iter().find(|(name, _)| *name == "gate").map_or("", |(_, value)| *value);
    let gate = format_object(mark, &format!("{indent}    "), newline);
    [
        "{".to_owned(),
        format!("{indent}  \"wpId\": {},", quoted(id.as_str())),
        format!("{indent}  \"verdict\": {},", quoted(verdict)),
        format!("{indent}  \"status\": {},", quoted(status)),
        format!("{indent}  \"started\": {},", quoted(stamp)),
        format!("{indent}  \"gates\": ["),
        format!("{indent}    {gate}"),
        format!("{indent}  ]"),
        format!("{indent}}}"),
    ]
    .join(newline)
}

/// Returns the edit that removes a member from an object.
fn remove_member(map: &JsonNode, id: &WpId) -> Edit {
    let members = map.members();
    let index = members.iter().position(|(key, _)| key.value == id.as_str()).unwrap_or(0);
    let before = index.checked_sub(1).and_then(|index| members.get(index));
    let after = members.get(index + 1);
    let own = members.get(index).map_or(map.span, |(key, node)| key.span.join(node.span));
    let span = match (before, after) {
        // Remove the comma and the whitespace between it and a neighbor too.
        (Some((_, before)), _) => crate::text::Span::new(before.span.end, own.end),
        (None, Some((after, _))) => crate::text::Span::new(own.start, after.span.start),
        (None, None) => crate::text::Span::new(map.span.start + 1, map.span.end - 1),
    };
    Edit::replace(span, "")
}

/// Returns the current session of a packet.
fn find_session_node(source: &Source, id: &WpId) -> Result<Option<JsonNode>, WorkflowError> {
    let root = parse_root(source)?;
    Ok(require_member(source, &root, SESSIONS)?.get(id.as_str()).cloned())
}
