//! Output of `show`: a packet as it was parsed.

pub(crate) mod contract;
mod human;

use serde::Serialize;

use crate::digest::RecordedHash;
use crate::document::field::Field;
use crate::document::manifest::ManifestNumber;
use crate::document::scope_entry::{ScopeEntry, ScopePattern};
use crate::document::waiver::Expiry;
use crate::document::{Packet, Parsed};
use crate::text::{Span, Spanned};

pub(crate) use human::render_human;

/// A value and its line (from 1).
#[derive(Debug, Serialize)]
pub(crate) struct TextLine {
    /// The line, from 1.
    pub line: usize,
    /// The text.
    pub text: String,
}

/// A field with its label.
#[derive(Debug, Serialize)]
pub(crate) struct FieldLine {
    /// The line, from 1.
    pub line: usize,
    /// Normalized label.
    pub name: String,
    /// The value without backticks and hints.
    pub value: String,
    /// True if the field has a value that is not a placeholder.
    pub filled: bool,
}

/// A scope entry.
#[derive(Debug, Serialize)]
pub(crate) struct ScopeLine {
    /// The line, from 1.
    pub line: usize,
    /// As written.
    pub text: String,
    /// `file`, `folder`, `glob` or `unparsable`.
    pub kind: &'static str,
    /// The normalized path or pattern.
    pub path: Option<String>,
    /// The annotation in parentheses.
    pub annotation: Option<String>,
    /// Reason why the entry is invalid and covers no path.
    pub problem: Option<String>,
}

/// A waiver.
#[derive(Debug, Serialize)]
pub(crate) struct WaiverLine {
    /// The line, from 1.
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
    /// Its expiry; none if it does not expire.
    pub expiry: Option<String>,
    /// Names of its missing parts.
    pub missing: Vec<&'static str>,
}

/// A manifest.
#[derive(Debug, Serialize)]
pub(crate) struct ManifestLine {
    /// The line, from 1.
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

/// A packet as it was parsed.
#[derive(Debug, Serialize)]
pub(crate) struct ShowDocument {
    /// `countersign.packet/v1`.
    pub schema: &'static str,
    /// Its path.
    pub path: String,
    /// The kind of document.
    pub kind: &'static str,
    /// Its format generation.
    pub generation: String,
    /// The id in its title.
    pub title_id: Option<TextLine>,
    /// Its status.
    pub status: Option<TextLine>,
    /// Its signature.
    pub signature: Option<TextLine>,
    /// Its risk tier.
    pub risk_tier: Option<TextLine>,
    /// Its merge base.
    pub merge_base: Option<TextLine>,
    /// Its refinement.
    pub refinement: Option<TextLine>,
    /// All metadata.
    pub metadata: Vec<FieldLine>,
    /// `IN_SCOPE_PATHS`.
    pub in_scope: Vec<ScopeLine>,
    /// Paths of `OUT_OF_SCOPE`.
    pub out_of_scope: Vec<ScopeLine>,
    /// Waivers.
    pub waivers: Vec<WaiverLine>,
    /// Commands of `TEST_PLAN`.
    pub test_plan: Vec<TextLine>,
    /// Bullets of `DONE_MEANS`.
    pub done_means: Vec<TextLine>,
    /// Sections of phases.
    pub phases: Vec<TextLine>,
    /// The valid `SKELETON APPROVED` marker.
    pub skeleton_approved: Option<TextLine>,
    /// Filled manifests.
    pub manifests: Vec<ManifestLine>,
    /// Line of the unfilled manifest template, if the packet contains it.
    pub manifest_template: Option<usize>,
    /// Commands with evidence, and their exit codes.
    pub evidence: Vec<FieldLine>,
    /// Requirements that are mapped.
    pub requirements: Vec<TextLine>,
    /// Verdicts of reports.
    pub verdicts: Vec<TextLine>,
    /// All sections.
    pub sections: Vec<TextLine>,
    /// Faults that the reader reported.
    pub faults: Vec<TextLine>,
}

/// Converts a parsed packet to its document.
#[must_use]
pub(crate) fn to_document(parsed: &Parsed<Packet>) -> ShowDocument {
    let packet = &parsed.value;
    let line = |span: Span| packet.source.line(span.start);
    let text = |value: &Spanned<String>| TextLine { line: line(value.span), text: value.value.clone() };
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
            .map(|status| TextLine { line: line(status.span), text: status.value.to_string() }),
        signature: optional(&packet.signature),
        risk_tier: optional(&packet.risk_tier),
        merge_base: optional(&packet.merge_base),
        refinement: optional(&packet.refinement_file),
        metadata: packet.metadata.iter().map(|field| field_line(packet, field)).collect(),
        in_scope: packet.scope.in_scope.iter().map(|entry| scope_line(packet, entry)).collect(),
        out_of_scope: packet.scope.out_of_scope.iter().map(|entry| scope_line(packet, entry)).collect(),
        waivers: packet.waivers.iter().map(|waiver| waiver_line(packet, waiver)).collect(),
        test_plan: packet
            .test_plan
            .iter()
            .map(|command| TextLine { line: line(command.span), text: command.text.clone() })
            .collect(),
        done_means: packet.done_means.iter().map(|criterion| text(&criterion.text)).collect(),
        phases: packet
            .phases
            .sections
            .iter()
            .map(|mark| TextLine { line: line(mark.heading), text: mark.key.to_owned() })
            .collect(),
        skeleton_approved: packet
            .phases
            .approval_marker
            .map(|span| TextLine { line: line(span), text: packet.source.slice(span).to_owned() }),
        manifests: packet.manifests.iter().map(|manifest| manifest_line(packet, manifest)).collect(),
        manifest_template: packet.manifest_template.map(line),
        evidence: packet
            .evidence
            .iter()
            .map(|entry| FieldLine {
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
            .map(|fault| TextLine {
                line: line(fault.span),
                text: format!("{}: {}", fault.rule, fault.message),
            })
            .collect(),
    }
}

fn field_line(packet: &Packet, field: &Field) -> FieldLine {
    FieldLine {
        line: packet.source.line(field.label.start),
        name: field.key.clone(),
        value: field.bare_value().value.to_owned(),
        filled: field.is_filled(),
    }
}

fn scope_line(packet: &Packet, entry: &ScopeEntry) -> ScopeLine {
    let (kind, path, problem) = match &entry.pattern {
        Ok(ScopePattern::File(path)) => ("file", Some(path.to_string()), None),
        Ok(ScopePattern::Folder(path)) => ("folder", Some(format!("{path}/")), None),
        Ok(ScopePattern::Glob(parts)) => ("glob", Some(parts.join("/")), None),
        Err(error) => ("unparsable", None, Some(error.to_string())),
    };
    let annotation = entry.annotation.as_ref().map(|annotation| annotation.value.clone());
    ScopeLine {
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
            Expiry::Never => None,
            Expiry::On(date) => Some(date.to_string()),
            Expiry::Closure => Some("on closure of the packet".to_owned()),
            Expiry::Unreadable(text) => Some(format!("unreadable: {text}")),
        },
        missing: waiver.missing(),
    }
}

fn manifest_line(packet: &Packet, manifest: &crate::document::manifest::Manifest) -> ManifestLine {
    let number = |value: &Option<Spanned<ManifestNumber>>| {
        value.as_ref().map(|value| match &value.value {
            ManifestNumber::Integer(number) => number.to_string(),
            ManifestNumber::NotApplicable => "N/A".to_owned(),
            ManifestNumber::Invalid(text) => text.clone(),
        })
    };
    let hash = |value: &Option<Spanned<RecordedHash>>| {
        value.as_ref().map(|value| match &value.value {
            RecordedHash::Sha1(hash) => hash.to_string(),
            RecordedHash::Other(text) => text.clone(),
        })
    };
    let gates = |ticked: bool| {
        manifest.gates.iter().filter(|tick| tick.is_ticked == ticked).map(|tick| tick.name.clone()).collect()
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
