//! COR-701 manifest blocks: a packet's records of its changed files.

use crate::digest::RecordedHash;
use crate::text::{RepoPath, Span, Spanned};

use super::Fault;
use super::field::{Field, strip_quotes};
use super::outline::Outline;

/// The ten gates of COR-701 with their codes.
pub(crate) const GATES: [(&str, &str); 10] = [
    ("anchors_present", "C701-G01"),
    ("window_matches_plan", "C701-G02"),
    ("rails_untouched_outside_window", "C701-G04"),
    ("filename_canonical_and_openable", "C701-G06"),
    ("pre_sha1_captured", "C701-G05"),
    ("post_sha1_captured", "C701-G05"),
    ("line_delta_equals_expected", "C701-G05"),
    ("all_links_resolvable", "C701-G05"),
    ("manifest_written_and_path_returned", "C701-G05"),
    ("current_file_matches_preimage", "C701-G08"),
];

/// A number as a manifest records it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ManifestNumber {
    /// A whole number.
    Integer(i64),
    /// `N/A`, for binary files.
    NotApplicable,
    /// Anything else, kept as text.
    Invalid(String),
}

impl ManifestNumber {
    fn read(text: &str) -> Self {
        let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
        if text.eq_ignore_ascii_case("n/a") {
            return Self::NotApplicable;
        }
        match text.strip_prefix('+').unwrap_or(text).parse() {
            Ok(number) if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) => {
                Self::Integer(number)
            }
            _ => Self::Invalid(text.to_owned()),
        }
    }
}

/// One line of "Gates Passed".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GateTick {
    /// Name of the gate.
    pub name: String,
    /// Whether its box is ticked.
    pub is_ticked: bool,
    /// The whole line.
    pub span: Span,
    /// The character between the brackets.
    pub mark: Span,
}

/// The fields of a manifest that say how its change was checked, with their keys.
pub(crate) const RECORDS: [(&str, &str); 4] = [
    ("Lint Results", "LINT_RESULTS"),
    ("Artifacts", "ARTIFACTS"),
    ("Timestamp", "TIMESTAMP"),
    ("Operator", "OPERATOR"),
];
/// Keys of other fields that stand between those of a manifest.
const OTHER_KEYS: [&str; 2] = ["SPEC_TARGET_RESOLVED", "NOTES"];

/// One of the fields of [`RECORDS`].
#[derive(Debug, Clone)]
pub struct ManifestRecord {
    /// Its name.
    pub name: &'static str,
    /// Its label.
    pub label: Span,
    /// Whether it has a value, or items below it.
    pub is_filled: bool,
}

/// One manifest block.
#[derive(Debug, Clone)]
pub struct Manifest {
    /// From its first label to its last value.
    pub span: Span,
    /// The label `Target File`.
    pub label: Span,
    /// The file, as declared; `None` if empty or a placeholder.
    pub target: Option<Spanned<String>>,
    /// The declared file as a path.
    pub path: Option<RepoPath>,
    /// First line of the window in the post-image.
    pub start: Option<Spanned<ManifestNumber>>,
    /// Last line of the window in the post-image.
    pub end: Option<Spanned<ManifestNumber>>,
    /// lines(post) − lines(pre).
    pub delta: Option<Spanned<ManifestNumber>>,
    /// Hash of the file before the change.
    pub pre: Option<Spanned<RecordedHash>>,
    /// Hash of the file after the change.
    pub post: Option<Spanned<RecordedHash>>,
    /// The label `Gates Passed`, if there is one.
    pub gates_label: Option<Span>,
    /// The gates listed there.
    pub gates: Vec<GateTick>,
    /// What says how the change was checked, each field once.
    pub records: Vec<ManifestRecord>,
}

impl Manifest {
    /// Returns whether the block is an unfilled template: no values except
    /// perhaps the file name, no ticked gate.
    #[must_use]
    pub fn is_template(&self) -> bool {
        let unfilled = self.start.is_none() && self.end.is_none() && self.delta.is_none();
        unfilled && self.pre.is_none() && self.post.is_none() && !self.gates.iter().any(|tick| tick.is_ticked)
    }
}

/// Reads the manifest blocks from labelled fields, in order.
#[must_use]
pub(crate) fn read_manifests<'a>(
    text: &str,
    outline: &Outline,
    fields: impl Iterator<Item = &'a Field>,
) -> (Vec<Manifest>, Vec<Fault>) {
    let mut out: Vec<Manifest> = Vec::new();
    let mut faults = Vec::new();
    // Whether only fields of the block were read since it began.
    let mut is_inside = false;
    for field in fields {
        if field.key == "TARGET_FILE" {
            out.push(Manifest {
                span: field.label.join(field.value.span),
                label: field.label,
                target: field.filled_value(),
                path: field.filled_value().map(|target| RepoPath::from_declared(&target.value)),
                start: None,
                end: None,
                delta: None,
                pre: None,
                post: None,
                gates_label: None,
                gates: Vec::new(),
                records: Vec::new(),
            });
            is_inside = true;
            continue;
        }
        let Some(manifest) = out.last_mut() else { continue };
        let number = || field.filled_value().map(|value| value.map(|text| ManifestNumber::read(&text)));
        let hash = || field.filled_value().map(|value| value.map(|text| RecordedHash::read(&text)));
        let repeated = match field.key.as_str() {
            "START" => set_once(&mut manifest.start, number()),
            "END" => set_once(&mut manifest.end, number()),
            "LINE_DELTA" => set_once(&mut manifest.delta, number()),
            "PRE_SHA1" => set_once(&mut manifest.pre, hash()),
            "POST_SHA1" => set_once(&mut manifest.post, hash()),
            "GATES_PASSED" if manifest.gates_label.is_none() => {
                manifest.gates_label = Some(field.label);
                manifest.gates = read_ticks(text, outline, field);
                false
            }
            "GATES_PASSED" => true,
            key => {
                is_inside &= read_record(manifest, outline, field, is_inside) || OTHER_KEYS.contains(&key);
                continue;
            }
        };
        manifest.span = manifest.span.join(field.label.join(field.value.span));
        if repeated {
            let message = format!(
                "`{}` is given a second time in this block",
                text.get(field.label.start..field.label.end).unwrap_or("")
            );
            faults.push(Fault { rule: "manifest/incomplete", message, span: field.label });
        }
    }
    (out, faults)
}

/// Reads a field of [`RECORDS`]; returns whether it is one. A label that follows other fields
/// belongs to another part of the packet.
fn read_record(manifest: &mut Manifest, outline: &Outline, field: &Field, is_inside: bool) -> bool {
    let Some((name, _)) = RECORDS.iter().find(|(_, key)| *key == field.key) else { return false };
    let has_items = field.item.is_some_and(|item| outline.items(Some(item)).next().is_some());
    let is_filled = !field.value.value.is_empty() || has_items;
    let is_new = manifest.records.iter().all(|record| record.name != *name);
    if is_new && is_inside {
        manifest.records.push(ManifestRecord { name, label: field.label, is_filled });
    }
    true
}

fn set_once<T>(slot: &mut Option<T>, value: Option<T>) -> bool {
    let repeated = slot.is_some();
    if !repeated {
        *slot = value;
    }
    repeated
}

fn read_ticks(text: &str, outline: &Outline, field: &Field) -> Vec<GateTick> {
    let Some(item) = field.item else { return Vec::new() };
    let mut out = Vec::new();
    for child in outline.items(Some(item)) {
        let Some(prose) = outline.item_prose(child) else { continue };
        let Some(line) = outline.prose_lines(text, prose).into_iter().next() else { continue };
        let body = line.text.trim_end();
        let mut marks = body.char_indices();
        let (Some((_, '[')), Some((at, mark)), Some((_, ']'))) = (marks.next(), marks.next(), marks.next())
        else {
            continue;
        };
        let rest = body.get(marks.offset()..).unwrap_or("").trim();
        let name = strip_quotes(rest.split_whitespace().next().unwrap_or(""));
        out.push(GateTick {
            name: name.to_owned(),
            is_ticked: !mark.is_whitespace(),
            span: Span::new(line.start, line.start + body.len()),
            mark: Span::new(line.start + at, line.start + at + mark.len_utf8()),
        });
    }
    out
}
