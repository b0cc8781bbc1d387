//! Human format of `show`, with line numbers on the left.

use crate::text::{escape_hidden, to_single_line};

use super::{FieldLine, ManifestLine, ScopeLine, ShowDocument, TextLine, WaiverLine};

/// A line number, from 1, and its text.
type ShowRow = (usize, String);

/// Renders the packet as text; control and hidden characters are escaped.
#[must_use]
pub(crate) fn render_human(document: &ShowDocument) -> String {
    let mut out = format!("{} ({}, {})\n", document.path, document.kind, document.generation);
    for (title, rows) in collect_sections(document) {
        if rows.is_empty() {
            continue;
        }
        out.push_str(&format!("\n{title}\n"));
        for (line, text) in rows {
            out.push_str(&format!("{line:>6}  {}\n", to_single_line(&text, 160)));
        }
    }
    escape_hidden(&out).into_owned()
}

fn collect_sections(document: &ShowDocument) -> Vec<(&'static str, Vec<ShowRow>)> {
    let template = document.manifest_template.iter().map(|line| (*line, "not filled".to_owned()));
    vec![
        ("metadata", document.metadata.iter().map(field_row).collect()),
        ("read as", decision_rows(document)),
        ("in scope", document.in_scope.iter().map(scope_row).collect()),
        ("out of scope", document.out_of_scope.iter().map(scope_row).collect()),
        ("waivers", document.waivers.iter().map(waiver_row).collect()),
        ("test plan", plain_rows(&document.test_plan)),
        ("done means", plain_rows(&document.done_means)),
        ("phases", phase_rows(document)),
        ("manifests", document.manifests.iter().map(manifest_row).collect()),
        ("manifest template", template.collect()),
        ("evidence", document.evidence.iter().map(evidence_row).collect()),
        ("requirements mapped", plain_rows(&document.requirements)),
        ("verdicts", plain_rows(&document.verdicts)),
        ("sections", plain_rows(&document.sections)),
        ("could not be read", plain_rows(&document.faults)),
    ]
}

fn plain_rows(lines: &[TextLine]) -> Vec<ShowRow> {
    lines.iter().map(|line| (line.line, line.text.clone())).collect()
}

fn field_row(field: &FieldLine) -> ShowRow {
    let note = if field.filled { "" } else { "   [not filled]" };
    (field.line, format!("{}: {}{note}", field.name, field.value))
}

fn decision_rows(document: &ShowDocument) -> Vec<ShowRow> {
    let all = [
        ("status", &document.status),
        ("signature", &document.signature),
        ("risk tier", &document.risk_tier),
        ("merge base", &document.merge_base),
        ("refinement", &document.refinement),
    ];
    let row = |(name, line): (&str, &Option<TextLine>)| {
        line.as_ref().map(|line| (line.line, format!("{name}: {}", line.text)))
    };
    all.into_iter().filter_map(row).collect()
}

fn phase_rows(document: &ShowDocument) -> Vec<ShowRow> {
    let mut rows = plain_rows(&document.phases);
    rows.extend(document.skeleton_approved.iter().map(|line| (line.line, line.text.clone())));
    rows.sort();
    rows
}

fn scope_row(entry: &ScopeLine) -> ShowRow {
    let what = match (&entry.path, &entry.problem) {
        (Some(path), _) => format!("{} {path}", entry.kind),
        (None, Some(problem)) => format!("{}: {} ({problem})", entry.kind, entry.text),
        (None, None) => entry.kind.to_owned(),
    };
    let annotation = entry.annotation.as_ref().map(|text| format!("   {text}")).unwrap_or_default();
    (entry.line, format!("{what}{annotation}"))
}

fn waiver_row(waiver: &WaiverLine) -> ShowRow {
    let or = |value: &Option<String>, none: &str| value.clone().unwrap_or_else(|| none.to_owned());
    let missing_parts = match waiver.missing.as_slice() {
        [] => String::new(),
        missing => format!("   [no {}]", missing.join(", no ")),
    };
    let (id, policy, scope) = (or(&waiver.id, "(no id)"), or(&waiver.policy, ""), or(&waiver.scope, ""));
    (waiver.line, format!("{id} {policy}: {scope}{missing_parts}"))
}

fn manifest_row(manifest: &ManifestLine) -> ShowRow {
    let or = |value: &Option<String>| value.clone().unwrap_or_else(|| "?".to_owned());
    let ticked = manifest.ticked.len();
    let text = format!(
        "{} lines {}-{} delta {} {} -> {} ({ticked} of {} gates ticked)",
        or(&manifest.target),
        or(&manifest.start),
        or(&manifest.end),
        or(&manifest.delta),
        or(&manifest.pre_sha1),
        or(&manifest.post_sha1),
        ticked + manifest.unticked.len()
    );
    (manifest.line, text)
}

fn evidence_row(entry: &FieldLine) -> ShowRow {
    let code = if entry.filled { entry.value.as_str() } else { "missing" };
    (entry.line, format!("{}: exit code {code}", entry.name))
}
