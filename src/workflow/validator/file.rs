//! The file that holds a packet's sessions, and its edits.

use crate::document::WpId;
use crate::document::json::{self, Node};
use crate::document::json_edit::{adding, appending, object};
use crate::document::validator_state::ValidatorState;
use crate::text::{Edit, RepoPath, Source, apply};
use crate::workflow::records::{Records, WorkflowError};

use super::Text;

const SESSIONS: &str = "validation_sessions";
const ARCHIVE: &str = "archived_sessions";

/// Where a packet's state lies, and its text if it is there.
pub(super) struct Place {
    pub path: RepoPath,
    pub source: Option<Text>,
}

impl Place {
    /// The packet's own file; the older one for all packets where that has the
    /// packet's sessions; else a new file of its own.
    pub(super) fn find(records: &Records<'_>, id: &WpId) -> Result<Self, WorkflowError> {
        let own = records.layout.validator_state_of(id);
        if let Some(source) = records.source(&own)? {
            return Ok(Self { path: own, source: Some(source) });
        }
        let older = RepoPath::from(records.layout.validator_state.as_str());
        if let Some(source) = records.source(&older)? {
            let state = ValidatorState::read(&source);
            let has = state.all().any(|s| s.packet() == Some(id.as_str()));
            if has {
                return Ok(Self { path: older, source: Some(source) });
            }
        }
        Ok(Self { path: own, source: None })
    }

    /// Begins a session; one that is there goes to the archive.
    pub(super) fn begin(
        &self,
        records: &mut Records<'_>,
        id: &WpId,
        verdict: &str,
        stamp: &str,
        mark: &[(&str, &str)],
    ) -> Result<(), WorkflowError> {
        let session = |indent: &str, ending: &str| session(id, verdict, stamp, mark, indent, ending);
        let Some(source) = &self.source else {
            let key = serde_json::to_string(id.as_str()).unwrap_or_default();
            let body = session("    ", "\n");
            let text =
                format!("{{\n  \"{SESSIONS}\": {{\n    {key}: {body}\n  }},\n  \"{ARCHIVE}\": []\n}}\n");
            records.put(self.path.clone(), text);
            return Ok(());
        };
        if session_node(source, id)?.is_some() {
            self.archive(records, id, &[])?;
        }
        let source = records.needed(&self.path)?;
        let root = root(&source)?;
        let sessions = member(&source, &root, SESSIONS)?;
        let edit = adding(source.text(), sessions, id.as_str(), &session);
        self.edit(records, &source, edit.into_iter().collect())
    }

    /// Adds a gate to the session, and ends it with the last one.
    pub(super) fn pass(
        &self,
        records: &mut Records<'_>,
        id: &WpId,
        mark: &[(&str, &str)],
        ends: bool,
    ) -> Result<(), WorkflowError> {
        let Some(source) = &self.source else { return Err(self.unusual("it is gone")) };
        let Some(node) = session_node(source, id)? else { return Err(self.unusual("the session is gone")) };
        let text = source.text();
        let value = |key: &str| mark.iter().find(|(name, _)| *name == key).map_or("", |(_, value)| *value);
        let gates = node.get("gates").ok_or_else(|| self.unusual("the session has no list `gates`"))?;
        let item = |indent: &str, ending: &str| object(mark, indent, ending);
        let mut edits: Vec<Edit> = appending(text, gates, &item).into_iter().collect();
        let quoted = serde_json::to_string(value("gate")).unwrap_or_default();
        let status = node.get("status").ok_or_else(|| self.unusual("the session has no `status`"))?;
        edits.push(Edit::replace(status.span, quoted));
        self.edit(records, source, edits)?;
        if !ends {
            return Ok(());
        }
        let source = records.needed(&self.path)?;
        let Some(node) = session_node(&source, id)? else { return Err(self.unusual("the session is gone")) };
        let stamp = serde_json::to_string(value("timestamp")).unwrap_or_default();
        let edit = match node.get("completed") {
            Some(there) => Some(Edit::replace(there.span, stamp)),
            None => adding(source.text(), &node, "completed", &|_, _| stamp.clone()),
        };
        self.edit(records, &source, edit.into_iter().collect())
    }

    /// Moves the session to the archive, with why if it is given up.
    pub(super) fn archive(
        &self,
        records: &mut Records<'_>,
        id: &WpId,
        reset: &[(&str, &str)],
    ) -> Result<(), WorkflowError> {
        let source = records.needed(&self.path)?;
        let Some(node) = session_node(&source, id)? else { return Err(self.unusual("the session is gone")) };
        let mut kept = source.slice(node.span).to_owned();
        if node.get("wpId").is_none() {
            // In the archive no key says whose session it was.
            let quoted = serde_json::to_string(id.as_str()).unwrap_or_default();
            let inner = json::read(&kept).value.ok_or_else(|| self.unusual("the session is no object"))?;
            let edit = adding(&kept, &inner, "wpId", &|_, _| quoted.clone());
            kept = apply(&kept, &edit.into_iter().collect::<Vec<_>>()).0;
        }
        if !reset.is_empty() {
            let inner = json::read(&kept).value.ok_or_else(|| self.unusual("the session is no object"))?;
            let edit = adding(&kept, &inner, "reset", &|indent, ending| object(reset, indent, ending));
            kept = apply(&kept, &edit.into_iter().collect::<Vec<_>>()).0;
        }
        let root = root(&source)?;
        let sessions = member(&source, &root, SESSIONS)?;
        let mut edits = vec![without(sessions, id)];
        match root.get(ARCHIVE) {
            Some(list) => edits.extend(appending(source.text(), list, &|_, _| kept.clone())),
            None => {
                let list = |indent: &str, ending: &str| format!("[{ending}{indent}  {kept}{ending}{indent}]");
                edits.extend(adding(source.text(), &root, ARCHIVE, &list));
            }
        }
        self.edit(records, &source, edits)
    }

    fn edit(
        &self,
        records: &mut Records<'_>,
        source: &Source,
        edits: Vec<Edit>,
    ) -> Result<(), WorkflowError> {
        if edits.is_empty() {
            return Err(self.unusual("it is too unusual to be edited"));
        }
        records.edit_checked(source, &edits, &|source| ValidatorState::read(source).faults.is_empty())
    }

    fn unusual(&self, why: &str) -> WorkflowError {
        WorkflowError::Document(self.path.clone(), why.to_owned())
    }
}

fn root(source: &Source) -> Result<Node, WorkflowError> {
    json::read(source.text())
        .value
        .ok_or_else(|| WorkflowError::Document(source.name().clone(), "it is no JSON".to_owned()))
}

fn member<'n>(source: &Source, root: &'n Node, key: &str) -> Result<&'n Node, WorkflowError> {
    root.get(key).ok_or_else(|| WorkflowError::Document(source.name().clone(), format!("it has no `{key}`")))
}

/// The text of a new session.
fn session(
    id: &WpId,
    verdict: &str,
    stamp: &str,
    mark: &[(&str, &str)],
    indent: &str,
    ending: &str,
) -> String {
    let quoted = |text: &str| serde_json::to_string(text).unwrap_or_default();
    let status = mark.iter().find(|(name, _)| *name == "gate").map_or("", |(_, value)| *value);
    let gate = object(mark, &format!("{indent}    "), ending);
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
    .join(ending)
}

/// The edit that takes a member out of an object.
fn without(map: &Node, id: &WpId) -> Edit {
    let members = map.members();
    let index = members.iter().position(|(key, _)| key.value == id.as_str()).unwrap_or(0);
    let before = index.checked_sub(1).and_then(|index| members.get(index));
    let after = members.get(index + 1);
    let own = members.get(index).map_or(map.span, |(key, node)| key.span.cover(node.span));
    let span = match (before, after) {
        // With the comma and blanks that part it from a neighbour.
        (Some((_, before)), _) => crate::text::Span::new(before.span.end, own.end),
        (None, Some((after, _))) => crate::text::Span::new(own.start, after.span.start),
        (None, None) => crate::text::Span::new(map.span.start + 1, map.span.end - 1),
    };
    Edit::replace(span, "")
}

/// The packet's session in force.
fn session_node(source: &Source, id: &WpId) -> Result<Option<Node>, WorkflowError> {
    let root = root(source)?;
    Ok(member(source, &root, SESSIONS)?.get(id.as_str()).cloned())
}
