//! What `show` prints: a packet as it was read.

pub mod contract;
mod human;

use serde::Serialize;

pub use human::human;

use crate::digest::Recorded;
use crate::document::label::Field;
use crate::document::manifest::Number;
use crate::document::scope_entry::{Coverage, ScopeEntry};
use crate::document::waiver::Expiry;
use crate::document::{Packet, Parsed};
use crate::text::{Span, Spanned};

/// A value and its line (from 1).
#[derive(Debug, Serialize)]
pub struct Line {
    /// The line.
    pub line: usize,
    /// The text.
    pub text: String,
}

/// A labelled value.
#[derive(Debug, Serialize)]
pub struct Named {
    /// The line.
    pub line: usize,
    /// Normalised label.
    pub name: String,
    /// The value without back-ticks and hints.
    pub value: String,
    /// Whether it says something.
    pub filled: bool,
}

/// A scope entry.
#[derive(Debug, Serialize)]
pub struct Entry {
    /// The line.
    pub line: usize,
    /// As written.
    pub text: String,
    /// `file`, `folder`, `glob` or `unparsable`.
    pub kind: &'static str,
    /// The path or pattern that counts.
    pub path: Option<String>,
    /// The annotation in parentheses.
    pub annotation: Option<String>,
    /// Why it covers nothing.
    pub problem: Option<String>,
}

/// A waiver.
#[derive(Debug, Serialize)]
pub struct WaiverLine {
    /// The line.
    pub line: usize,
    /// Its id.
    pub id: Option<String>,
    /// Its policy.
    pub policy: Option<String>,
    /// Its date.
    pub date: Option<String>,
    /// Its scope.
    pub scope: Option<String>,
    /// Who granted it.
    pub approver: Option<String>,
    /// When it ends.
    pub expiry: Option<String>,
    /// What it lacks.
    pub missing: Vec<&'static str>,
}

/// A manifest.
#[derive(Debug, Serialize)]
pub struct ManifestLine {
    /// The line.
    pub line: usize,
    /// The file.
    pub target: Option<String>,
    /// First line of the window, as written.
    pub start: Option<String>,
    /// Last line of the window, as written.
    pub end: Option<String>,
    /// Line delta, as written.
    pub delta: Option<String>,
    /// Hash before, as written.
    pub pre_sha1: Option<String>,
    /// Hash after, as written.
    pub post_sha1: Option<String>,
    /// Ticked gates.
    pub ticked: Vec<String>,
    /// Unticked gates.
    pub unticked: Vec<String>,
}

/// A packet as it was read.
#[derive(Debug, Serialize)]
pub struct ShowDocument {
    /// `countersign.packet/v1`.
    pub schema: &'static str,
    /// Its path.
    pub path: String,
    /// What it is.
    pub kind: &'static str,
    /// Which shape it has.
    pub generation: String,
    /// The id in its title.
    pub title_id: Option<Line>,
    /// Its status.
    pub status: Option<Line>,
    /// Its signature.
    pub signature: Option<Line>,
    /// Its risk tier.
    pub risk_tier: Option<Line>,
    /// Its merge base.
    pub merge_base: Option<Line>,
    /// Its refinement.
    pub refinement: Option<Line>,
    /// All metadata.
    pub metadata: Vec<Named>,
    /// `IN_SCOPE_PATHS`.
    pub in_scope: Vec<Entry>,
    /// Paths of `OUT_OF_SCOPE`.
    pub out_of_scope: Vec<Entry>,
    /// Waivers.
    pub waivers: Vec<WaiverLine>,
    /// Commands of `TEST_PLAN`.
    pub test_plan: Vec<Line>,
    /// Bullets of `DONE_MEANS`.
    pub done_means: Vec<Line>,
    /// Sections of phases.
    pub phases: Vec<Line>,
    /// `SKELETON APPROVED`, where it counts.
    pub skeleton_approved: Option<Line>,
    /// Filled manifests.
    pub manifests: Vec<ManifestLine>,
    /// Line of the manifest template, if it is still there.
    pub manifest_template: Option<usize>,
    /// Commands with evidence, and their exit codes.
    pub evidence: Vec<Named>,
    /// Requirements that are mapped.
    pub requirements: Vec<Line>,
    /// Verdicts of reports.
    pub verdicts: Vec<Line>,
    /// All sections.
    pub sections: Vec<Line>,
    /// What could not be read.
    pub faults: Vec<Line>,
}

/// Collects what was read.
#[must_use]
pub fn document(parsed: &Parsed<Packet>) -> ShowDocument {
    let packet = &parsed.value;
    let line = |span: Span| packet.source.line(span.start);
    let text = |value: &Spanned<String>| Line { line: line(value.span), text: value.value.clone() };
    let optional = |value: &Option<Spanned<String>>| value.as_ref().map(text);
    ShowDocument {
        schema: "countersign.packet/v1",
        path: packet.source.name().to_string(),
        kind: packet.kind.as_str(),
        generation: packet.generation.to_string(),
        title_id: optional(&packet.title_id),
        status: packet
            .status
            .as_ref()
            .map(|status| Line { line: line(status.span), text: status.value.to_string() }),
        signature: optional(&packet.signature),
        risk_tier: optional(&packet.risk_tier),
        merge_base: optional(&packet.merge_base),
        refinement: optional(&packet.refinement_file),
        metadata: packet.metadata.iter().map(|field| named(packet, field)).collect(),
        in_scope: packet.scope.inside.iter().map(|entry| scope_line(packet, entry)).collect(),
        out_of_scope: packet.scope.outside.iter().map(|entry| scope_line(packet, entry)).collect(),
        waivers: packet.waivers.iter().map(|waiver| waiver_line(packet, waiver)).collect(),
        test_plan: packet
            .test_plan
            .iter()
            .map(|command| Line { line: line(command.span), text: command.text.clone() })
            .collect(),
        done_means: packet.done_means.iter().map(|criterion| text(&criterion.text)).collect(),
        phases: packet
            .phases
            .marks
            .iter()
            .map(|mark| Line { line: line(mark.heading), text: mark.key.to_owned() })
            .collect(),
        skeleton_approved: packet
            .phases
            .approved
            .map(|span| Line { line: line(span), text: packet.source.slice(span).to_owned() }),
        manifests: packet.manifests.iter().map(|manifest| manifest_line(packet, manifest)).collect(),
        manifest_template: packet.manifest_template.map(line),
        evidence: packet
            .evidence
            .iter()
            .map(|entry| Named {
                line: line(entry.command.span),
                name: entry.command.value.clone(),
                value: entry.exit_code.as_ref().map(|code| code.value.clone()).unwrap_or_default(),
                filled: entry.exit_code.is_some(),
            })
            .collect(),
        requirements: packet.mapping.iter().map(|requirement| text(&requirement.quote)).collect(),
        verdicts: packet.phases.reports.iter().map(|report| text(&report.verdict)).collect(),
        sections: packet.sections.iter().map(|section| text(&section.title)).collect(),
        faults: parsed
            .faults
            .iter()
            .map(|fault| Line { line: line(fault.span), text: format!("{}: {}", fault.rule, fault.message) })
            .collect(),
    }
}

fn named(packet: &Packet, field: &Field) -> Named {
    Named {
        line: packet.source.line(field.label.start),
        name: field.key.clone(),
        value: field.bare().value.to_owned(),
        filled: field.is_filled(),
    }
}

fn scope_line(packet: &Packet, entry: &ScopeEntry) -> Entry {
    let (kind, path, problem) = match &entry.coverage {
        Ok(Coverage::File(path)) => ("file", Some(path.to_string()), None),
        Ok(Coverage::Folder(path)) => ("folder", Some(format!("{path}/")), None),
        Ok(Coverage::Glob(parts)) => ("glob", Some(parts.join("/")), None),
        Err(why) => ("unparsable", None, Some(why.to_string())),
    };
    let annotation = entry.annotation.as_ref().map(|annotation| annotation.value.clone());
    Entry {
        line: packet.source.line(entry.raw.span.start),
        text: entry.raw.value.clone(),
        kind,
        path,
        annotation,
        problem,
    }
}

fn waiver_line(packet: &Packet, waiver: &crate::document::waiver::Waiver) -> WaiverLine {
    let value = |value: &Option<Spanned<String>>| value.as_ref().map(|value| value.value.clone());
    WaiverLine {
        line: packet.source.line(waiver.span.start),
        id: value(&waiver.id),
        policy: value(&waiver.policy),
        date: waiver.date.as_ref().map(|date| date.value.to_string()),
        scope: value(&waiver.scope),
        approver: value(&waiver.approver),
        expiry: match &waiver.expiry {
            Expiry::None => None,
            Expiry::On(date) => Some(date.to_string()),
            Expiry::Closure => Some("on closure of the packet".to_owned()),
            Expiry::Unreadable(text) => Some(format!("unreadable: {text}")),
        },
        missing: waiver.missing(),
    }
}

fn manifest_line(packet: &Packet, manifest: &crate::document::manifest::Manifest) -> ManifestLine {
    let number = |value: &Option<Spanned<Number>>| {
        value.as_ref().map(|value| match &value.value {
            Number::Is(number) => number.to_string(),
            Number::NotApplicable => "N/A".to_owned(),
            Number::Bad(text) => text.clone(),
        })
    };
    let hash = |value: &Option<Spanned<Recorded>>| {
        value.as_ref().map(|value| match &value.value {
            Recorded::Sha1(hash) => hash.to_string(),
            Recorded::Other(text) => text.clone(),
        })
    };
    let gates = |ticked: bool| {
        manifest.gates.iter().filter(|tick| tick.ticked == ticked).map(|tick| tick.name.clone()).collect()
    };
    ManifestLine {
        line: packet.source.line(manifest.label.start),
        target: manifest.target.as_ref().map(|target| target.value.clone()),
        start: number(&manifest.start),
        end: number(&manifest.end),
        delta: number(&manifest.delta),
        pre_sha1: hash(&manifest.pre),
        post_sha1: hash(&manifest.post),
        ticked: gates(true),
        unticked: gates(false),
    }
}
