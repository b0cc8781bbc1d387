//! One manifest block: its values and its text.

use crate::change::{ChangedFile, FileContent};
use crate::check::has_lines;
use crate::digest::Hash20;
use crate::document::is_placeholder;
use crate::document::manifest::GATES;
use crate::text::RepoPath;

use super::window::{Window, whole_window};
use crate::workflow::field::wrap_in_backticks;

/// The values of a manifest block, in the form in which they are written.
#[derive(Debug, Clone)]
pub(super) struct BlockValues {
    pub path: RepoPath,
    pub start: String,
    pub end: String,
    pub delta: String,
    pub pre: Hash20,
    pub post: Hash20,
}

impl BlockValues {
    /// Returns the values of a file with this window; `None` for a file without
    /// lines.
    pub(super) fn from_file(file: &ChangedFile, window: Option<Window>) -> Self {
        let hash = |content: &Option<FileContent>| content.as_ref().map_or(Hash20::ZERO, FileContent::sha1);
        let absent = || "N/A".to_owned();
        let (start, end) = window
            .map_or_else(|| (absent(), absent()), |(first, last)| (first.to_string(), last.to_string()));
        let delta = if has_lines(file) { file.line_delta().to_string() } else { absent() };
        let (pre, post) = (hash(&file.before), hash(&file.after));
        Self { path: file.change.path.clone(), start, end, delta, pre, post }
    }

    /// Returns the value of a field, in the form in which it is written; `None` for
    /// an unknown key.
    pub(super) fn get(&self, key: &str) -> Option<String> {
        Some(match key {
            "TARGET_FILE" => wrap_in_backticks(&quote_path(&self.path)),
            "START" => self.start.clone(),
            "END" => self.end.clone(),
            "LINE_DELTA" => self.delta.clone(),
            "PRE_SHA1" => wrap_in_backticks(&self.pre.to_string()),
            "POST_SHA1" => wrap_in_backticks(&self.post.to_string()),
            _ => return None,
        })
    }
}

/// Returns a path in a form that reads back. A path that looks like a placeholder
/// of a template or like markup is quoted, with its first byte as an octal escape.
fn quote_path(path: &RepoPath) -> String {
    let plain = path.to_string();
    let is_ambiguous =
        is_placeholder(&plain) || plain.starts_with(['<', '{', '-', '.', '(']) || plain.contains("<!--");
    match path.as_bytes().split_first() {
        Some((first, rest)) if is_ambiguous && !plain.starts_with('"') => {
            let rest = RepoPath::from_bytes(rest).to_string();
            format!("\"\\{first:03o}{}\"", rest.trim_matches('"'))
        }
        _ if path.as_bytes().iter().all(|byte| *byte == b'`') => {
            let escaped: String = path.as_bytes().iter().map(|byte| format!("\\{byte:03o}")).collect();
            format!("\"{escaped}\"")
        }
        _ => plain,
    }
}

/// Fields of every block in their order: key and label.
pub(super) const FIELDS: [(&str, &str); 6] = [
    ("TARGET_FILE", "Target File"),
    ("START", "Start"),
    ("END", "End"),
    ("LINE_DELTA", "Line Delta"),
    ("PRE_SHA1", "Pre-SHA1"),
    ("POST_SHA1", "Post-SHA1"),
];

/// The format of the lines of a block.
#[derive(Debug, Clone)]
pub(super) struct BlockStyle {
    /// The text from the start of a line to its label.
    pub label_prefix: String,
    /// The text from the label to the value.
    pub label_suffix: String,
    /// The text from the start of a gate's line to its check box.
    pub gate_prefix: String,
    /// The line ending.
    pub line_ending: &'static str,
}

impl Default for BlockStyle {
    fn default() -> Self {
        Self {
            label_prefix: "- **".into(),
            label_suffix: "**: ".into(),
            gate_prefix: "  - ".into(),
            line_ending: "\n",
        }
    }
}

impl BlockStyle {
    /// Returns one labelled line, without a line ending.
    pub(super) fn format_line(&self, label: &str, value: &str) -> String {
        format!("{}{label}{}{value}", self.label_prefix, self.label_suffix).trim_end().to_owned()
    }

    /// Returns the line of one gate, without a line ending.
    pub(super) fn format_gate(&self, name: &str, ticked: bool) -> String {
        format!("{}[{}] {name}", self.gate_prefix, if ticked { 'x' } else { ' ' })
    }

    /// Returns a whole block without a final line ending. `ticked` applies to every
    /// gate; the labels and values of `more` follow the gates.
    pub(super) fn format_block(&self, values: &BlockValues, ticked: bool, more: &[(&str, &str)]) -> String {
        let value = |key: &str| values.get(key).unwrap_or_default();
        let mut lines: Vec<String> =
            FIELDS.iter().map(|(key, label)| self.format_line(label, &value(key))).collect();
        lines.push(self.format_line("Gates Passed", ""));
        lines.extend(GATES.iter().map(|(gate, _)| self.format_gate(gate, ticked)));
        lines.extend(more.iter().map(|(label, value)| self.format_line(label, value)));
        lines.join(self.line_ending)
    }

    /// Returns the unfilled block of a new packet.
    pub(super) fn format_template(&self) -> String {
        let values =
            ["`path/to/file`", "<line>", "<line>", "<lines after - lines before>", "`<hash>`", "`<hash>`"];
        let mut lines: Vec<String> =
            FIELDS.iter().zip(values).map(|((_, label), value)| self.format_line(label, value)).collect();
        lines.push(self.format_line("Gates Passed", ""));
        lines.extend(GATES.iter().map(|(gate, _)| self.format_gate(gate, false)));
        lines.join(self.line_ending)
    }
}

/// Returns the COR-701 block of a changed file, with one window over all its
/// changes and all gates ticked. Lines end with `\n`; an empty line follows.
#[must_use]
pub(crate) fn render_block(file: &ChangedFile) -> String {
    format!(
        "{}\n\n",
        BlockStyle::default().format_block(&BlockValues::from_file(file, whole_window(file)), true, &[])
    )
}
