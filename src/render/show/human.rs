//! `show` for a person: line numbers on the left.

use crate::text::{one_line, visible};

use super::{Entry, Line, ManifestLine, Named, ShowDocument, WaiverLine};

/// A line number and what stands there.
type Row = (usize, String);

/// The packet as text; control and hidden characters are escaped.
#[must_use]
pub fn human(document: &ShowDocument) -> String {
    let mut out = format!("{} ({}, {})\n", document.path, document.kind, document.generation);
    for (title, rows) in parts(document) {
        if rows.is_empty() {
            continue;
        }
        out.push_str(&format!("\n{title}\n"));
        for (line, text) in rows {
            out.push_str(&format!("{line:>6}  {}\n", one_line(&text, 160)));
        }
    }
    visible(&out).into_owned()
}

fn parts(document: &ShowDocument) -> Vec<(&'static str, Vec<Row>)> {
    let template = document.manifest_template.iter().map(|line| (*line, "not filled".to_owned()));
    vec![
        ("metadata", document.metadata.iter().map(field).collect()),
        ("read as", decided(document)),
        ("in scope", document.in_scope.iter().map(entry).collect()),
        ("out of scope", document.out_of_scope.iter().map(entry).collect()),
        ("waivers", document.waivers.iter().map(waiver).collect()),
        ("test plan", plain(&document.test_plan)),
        ("done means", plain(&document.done_means)),
        ("phases", phases(document)),
        ("manifests", document.manifests.iter().map(manifest).collect()),
        ("manifest template", template.collect()),
        ("evidence", document.evidence.iter().map(evidence).collect()),
        ("requirements mapped", plain(&document.requirements)),
        ("verdicts", plain(&document.verdicts)),
        ("sections", plain(&document.sections)),
        ("could not be read", plain(&document.faults)),
    ]
}

fn plain(lines: &[Line]) -> Vec<Row> {
    lines.iter().map(|line| (line.line, line.text.clone())).collect()
}

fn field(field: &Named) -> Row {
    let remark = if field.filled { "" } else { "   [not filled]" };
    (field.line, format!("{}: {}{remark}", field.name, field.value))
}

fn decided(document: &ShowDocument) -> Vec<Row> {
    let all = [
        ("status", &document.status),
        ("signature", &document.signature),
        ("risk tier", &document.risk_tier),
        ("merge base", &document.merge_base),
        ("refinement", &document.refinement),
    ];
    let row = |(name, line): (&str, &Option<Line>)| {
        line.as_ref().map(|line| (line.line, format!("{name}: {}", line.text)))
    };
    all.into_iter().filter_map(row).collect()
}

fn phases(document: &ShowDocument) -> Vec<Row> {
    let mut rows = plain(&document.phases);
    rows.extend(document.skeleton_approved.iter().map(|line| (line.line, line.text.clone())));
    rows.sort();
    rows
}

fn entry(entry: &Entry) -> Row {
    let what = match (&entry.path, &entry.problem) {
        (Some(path), _) => format!("{} {path}", entry.kind),
        (None, Some(problem)) => format!("{}: {} ({problem})", entry.kind, entry.text),
        (None, None) => entry.kind.to_owned(),
    };
    let annotation = entry.annotation.as_ref().map(|text| format!("   {text}")).unwrap_or_default();
    (entry.line, format!("{what}{annotation}"))
}

fn waiver(waiver: &WaiverLine) -> Row {
    let or = |value: &Option<String>, none: &str| value.clone().unwrap_or_else(|| none.to_owned());
    let lacks = match waiver.missing.as_slice() {
        [] => String::new(),
        missing => format!("   [no {}]", missing.join(", no ")),
    };
    let (id, policy, scope) = (or(&waiver.id, "(no id)"), or(&waiver.policy, ""), or(&waiver.scope, ""));
    (waiver.line, format!("{id} {policy}: {scope}{lacks}"))
}

fn manifest(manifest: &ManifestLine) -> Row {
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

fn evidence(entry: &Named) -> Row {
    let code = if entry.filled { entry.value.as_str() } else { "missing" };
    (entry.line, format!("{}: exit code {code}", entry.name))
}
