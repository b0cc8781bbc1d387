//! Finds the manifest blocks of a packet.

use crate::digest::RecordedHash;
use crate::document::field::{Field, read_fields};
use crate::document::manifest::{GATES, Manifest, ManifestNumber};
use crate::document::outline::{BlockKind, Outline};
use crate::document::packet::manifest_fields;
use crate::document::{Packet, manifest};
use crate::text::{RepoPath, Source, Span, line_ending};
use crate::workflow::field::separator_span;

use super::block::{BlockStyle, BlockValues, FIELDS};

/// Further fields of a block that a command or a template writes.
const EXTRA_FIELDS: [&str; 6] =
    ["GATES_PASSED", "TIMESTAMP", "OPERATOR", "SPEC_TARGET_RESOLVED", "LINT_RESULTS", "ARTIFACTS"];

/// A manifest block with its fields.
#[derive(Debug)]
pub(super) struct ManifestBlock {
    /// The manifest; empty for an unfilled template.
    pub manifest: Manifest,
    /// The labelled fields, in order.
    pub fields: Vec<Field>,
    /// The span from the start of the first line to the end of the last line,
    /// without a line ending.
    pub span: Span,
}

impl ManifestBlock {
    /// Returns the file that the manifest names, if it names one.
    pub(super) fn path(&self) -> Option<&RepoPath> {
        self.manifest.path.as_ref()
    }

    /// Returns the time of the block as written, if it has one.
    pub(super) fn timestamp(&self) -> Option<String> {
        self.field("TIMESTAMP").map(|field| field.bare_value().value.to_owned())
    }

    /// Returns the first field with this key.
    pub(super) fn field(&self, key: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.key == key)
    }

    /// Returns whether a field has the expected value, in any accepted spelling.
    pub(super) fn has_value(&self, key: &str, values: &BlockValues) -> bool {
        let number = |found: &Option<crate::text::Spanned<ManifestNumber>>, wanted: &str| {
            found.as_ref().is_some_and(|found| match &found.value {
                ManifestNumber::Integer(number) => wanted.parse() == Ok(*number),
                ManifestNumber::NotApplicable => wanted == "N/A",
                ManifestNumber::Invalid(_) => false,
            })
        };
        let hash = |found: &Option<crate::text::Spanned<RecordedHash>>, wanted| {
            found.as_ref().is_some_and(|found| found.value == RecordedHash::Sha1(wanted))
        };
        match key {
            "TARGET_FILE" => self.path() == Some(&values.path),
            "START" => number(&self.manifest.start, &values.start),
            "END" => number(&self.manifest.end, &values.end),
            "LINE_DELTA" => number(&self.manifest.delta, &values.delta),
            "PRE_SHA1" => hash(&self.manifest.pre, values.pre),
            "POST_SHA1" => hash(&self.manifest.post, values.post),
            _ => true,
        }
    }

    /// Returns the format of the lines of the block.
    pub(super) fn detect_style(&self, source: &Source) -> BlockStyle {
        let label = self.manifest.label;
        let line = source.line_span(source.line(label.start)).unwrap_or(label);
        let before =
            source.slice(Span::new(line.start, label.start)).trim_start_matches('\u{feff}').to_owned();
        let after = format!("{} ", source.slice(separator_span(source, label)).trim_end());
        let gates = self.manifest.gates.first().map(|tick| {
            let line = source.line_span(source.line(tick.span.start)).unwrap_or(tick.span);
            source.slice(Span::new(line.start, tick.span.start)).to_owned()
        });
        let indent: String = before.chars().take_while(|c| c.is_whitespace()).collect();
        let gate = gates.filter(|gate| gate.len() < 40).unwrap_or_else(|| format!("{indent}  - "));
        BlockStyle {
            label_prefix: before,
            label_suffix: after,
            gate_prefix: gate,
            line_ending: line_ending(source.text()),
        }
    }

    /// Returns whether a person wrote text between the lines of the block.
    pub(super) fn has_foreign_text(&self, source: &Source) -> bool {
        let computed = |field: &&Field| {
            FIELDS.iter().map(|(key, _)| *key).chain(EXTRA_FIELDS).any(|key| key == field.key)
                || !field.is_filled()
        };
        let fields = self.fields.iter().filter(computed).map(|field| field.label.start);
        let gates = self.manifest.gates.iter().map(|tick| tick.span.start);
        let own: Vec<usize> = fields.chain(gates).map(|at| source.line(at)).collect();
        let lines = source.line(self.span.start)..=source.line(self.span.end);
        lines.into_iter().any(|number| {
            let has_text = source.line_span(number).is_some_and(|line| !source.slice(line).trim().is_empty());
            has_text && !own.contains(&number)
        })
    }

    /// Returns the gates that the block does not list.
    pub(super) fn missing_gates(&self) -> impl Iterator<Item = &'static str> + '_ {
        let listed = |name: &str| self.manifest.gates.iter().any(|tick| tick.name == name);
        GATES.iter().map(|(name, _)| *name).filter(move |name| !listed(name))
    }
}

/// Returns all manifest blocks of a packet in order, with unfilled templates.
pub(super) fn find_blocks(source: &std::sync::Arc<Source>) -> Vec<ManifestBlock> {
    let packet = Packet::read(source).value;
    let all = read_fields(source.text(), &packet.outline, 0..packet.outline.blocks.len());
    let all: Vec<Field> = manifest_fields(&packet.sections, &all).cloned().collect();
    let (manifests, _) = manifest::read_manifests(source.text(), &packet.outline, all.iter());
    let mut out = Vec::new();
    for (index, manifest) in manifests.iter().enumerate() {
        let limit = manifests.get(index + 1).map_or(source.text().len(), |next| next.label.start);
        let heading =
            packet.sections.iter().map(|section| section.span.start).find(|at| *at > manifest.label.start);
        let limit = heading.map_or(limit, |heading| heading.min(limit));
        let own = |field: &&Field| manifest.label.start <= field.label.start && field.label.start < limit;
        let fields: Vec<Field> = all.iter().filter(own).cloned().collect();
        let start = source.line_span(source.line(manifest.label.start)).map_or(0, |line| line.start);
        let end = fields_end(&packet.outline, &fields).max(manifest.span.end).min(limit);
        // The start of the next block's line, before its label, is not part of this
        // block.
        let body = source.slice(Span::new(start, end));
        let body = if end == limit { body.rsplit_once('\n').map_or(body, |(body, _)| body) } else { body };
        let span = Span::new(start, start + body.trim_end().len());
        out.push(ManifestBlock { manifest: manifest.clone(), fields, span });
    }
    out
}

/// Returns the byte at which the list or paragraph of the last field ends.
fn fields_end(outline: &Outline, fields: &[Field]) -> usize {
    let Some(last) = fields.last() else { return 0 };
    let block = outline.get(last.item.unwrap_or(last.block));
    let list = block
        .and_then(|block| outline.get(block.parent?))
        .filter(|list| matches!(list.kind, BlockKind::List(_)));
    list.or(block).map_or(last.value.span.end, |block| block.span.end)
}
