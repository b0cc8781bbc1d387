//! Plans the edits that update the manifests of a packet.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use crate::change::ChangedFile;
use crate::check::{GateClaims, needs_manifest};
use crate::document::Packet;
use crate::pipeline::packet_gate::ManifestContext;
use crate::text::{Edit, RepoPath, Source, Span, apply_edits, line_ending};
use crate::workflow::field::{edit_rest_of_line, edit_value};

use super::block::{BlockStyle, BlockValues, FIELDS};
use super::packet_block::{ManifestBlock, find_blocks};
use super::{ManifestOptions, ManifestOutcome, window};

/// Edited blocks by file and index, from 0, among the blocks of that file.
pub(super) type EditedBlocks = BTreeMap<(RepoPath, usize), ManifestOutcome>;

/// A packet with current blocks and values; its gates are not yet updated.
pub(super) struct PacketWithValues {
    pub text: String,
    pub edited: EditedBlocks,
    pub stale: Vec<RepoPath>,
    pub kept_blocks: Vec<RepoPath>,
}

/// A packet with current blocks, values and gates.
pub(super) struct PacketWithGates {
    pub text: String,
    pub outcomes: BTreeMap<RepoPath, ManifestOutcome>,
}

/// Updates blocks and their values.
pub(super) fn update_values(
    context: &ManifestContext<'_>,
    source: &Arc<Source>,
    options: &ManifestOptions,
) -> PacketWithValues {
    let read = find_blocks(source);
    let model = read.iter().rev().find(|block| !block.manifest.is_template()).or(read.last());
    let style = model.map_or_else(
        || BlockStyle { line_ending: line_ending(source.text()), ..BlockStyle::default() },
        |block| block.detect_style(source),
    );
    let mut plan = ManifestEditor {
        source,
        blocks: &read,
        style,
        edits: Vec::new(),
        edited: EditedBlocks::new(),
        options,
    };
    let mut free = read.iter().filter(|block| block.manifest.is_template() && block.path().is_none());
    let mut added: Vec<String> = Vec::new();
    let mut by_path: HashMap<&RepoPath, Vec<&ManifestBlock>> = HashMap::new();
    for (path, block) in read.iter().filter_map(|block| Some((block.path()?, block))) {
        by_path.entry(path).or_default().push(block);
    }
    for file in &context.files {
        let own = by_path.get(&file.change.path).map_or(&[][..], Vec::as_slice);
        match own.split_last() {
            Some((last, _)) => plan.update_file(file, own, last),
            None if needs_manifest(context.layout(), file) => {
                added.extend(plan.add_file(file, free.next(), context.spec_target.as_deref()));
            }
            None => {}
        }
    }
    let paths: HashSet<&RepoPath> = context.files.iter().map(|file| &file.change.path).collect();
    let changed = |path: &RepoPath| paths.contains(path);
    let stale: Vec<&ManifestBlock> =
        read.iter().filter(|block| block.path().is_some_and(|path| !changed(path))).collect();
    let (kept, stale): (Vec<&ManifestBlock>, Vec<&ManifestBlock>) =
        stale.into_iter().partition(|block| options.prune && block.has_foreign_text(source));
    let removed: Vec<&ManifestBlock> = if options.prune { stale.clone() } else { Vec::new() };
    plan.append_blocks(added, &removed);
    let remaining = read.len() - removed.len() + plan.edited.len();
    removed
        .iter()
        .enumerate()
        .for_each(|(index, block)| plan.remove_block(block, index == 0 && remaining == 0));
    let (text, left) = apply_edits(source.text(), &plan.edits);
    debug_assert!(left.is_empty(), "edits of manifests overlap");
    PacketWithValues {
        text,
        edited: plan.edited,
        stale: block_paths(&stale),
        kept_blocks: block_paths(&kept),
    }
}

/// Returns the files of blocks, sorted and without duplicates.
fn block_paths(blocks: &[&ManifestBlock]) -> Vec<RepoPath> {
    let all: std::collections::BTreeSet<_> =
        blocks.iter().filter_map(|block| block.path().cloned()).collect();
    all.into_iter().collect()
}

/// Collects the edits of manifests.
struct ManifestEditor<'a> {
    source: &'a Arc<Source>,
    blocks: &'a [ManifestBlock],
    style: BlockStyle,
    edits: Vec<Edit>,
    edited: EditedBlocks,
    options: &'a ManifestOptions,
}

impl ManifestEditor<'_> {
    /// Updates the blocks of a file, and adds a block for every further window.
    fn update_file(&mut self, file: &ChangedFile, own: &[&ManifestBlock], last: &ManifestBlock) {
        let wanted = if self.options.per_hunk { usize::MAX } else { own.len() };
        let windows = window::merge_windows(file, wanted);
        for (number, block) in own.iter().enumerate() {
            // A surplus block repeats the last window, which the checks accept.
            let values = BlockValues::from_file(file, windows.get(number).or(windows.last()).copied());
            if self.update_block(block, &values) {
                self.edited.insert((file.change.path.clone(), number), ManifestOutcome::Updated);
            }
        }
        let style = last.detect_style(self.source);
        for (number, window) in windows.iter().enumerate().skip(own.len()) {
            let more = format!("{}{}", style.line_ending, style.line_ending)
                + &style.format_block(&BlockValues::from_file(file, Some(*window)), false, &[]);
            self.edits.push(Edit::insert(last.span.end, more));
            self.edited.insert((file.change.path.clone(), number), ManifestOutcome::Updated);
        }
    }

    /// Fills the unfilled block for a file without one. Returns the texts of the
    /// further blocks that it needs.
    fn add_file(
        &mut self,
        file: &ChangedFile,
        free: Option<&ManifestBlock>,
        spec: Option<&str>,
    ) -> Vec<String> {
        let path = &file.change.path;
        let windows = if self.options.per_hunk {
            window::merge_windows(file, usize::MAX).into_iter().map(Some).collect()
        } else {
            vec![window::whole_window(file)]
        };
        let windows = if windows.is_empty() { vec![None] } else { windows };
        let time = self.options.timestamp.clone();
        let mut more: Vec<(&str, &str)> = vec![("Timestamp", &time)];
        more.extend(spec.map(|spec| ("Spec Target Resolved", spec)));
        let mut out = Vec::new();
        for (number, window) in windows.into_iter().enumerate() {
            let values = BlockValues::from_file(file, window);
            self.edited.insert((path.clone(), number), ManifestOutcome::Added);
            match free.filter(|_| number == 0) {
                Some(block) => {
                    self.update_block(block, &values);
                }
                None => out.push(self.style.format_block(&values, false, &more)),
            }
        }
        out
    }

    /// Edits the values of a block that differ, and adds missing lines. Returns
    /// whether anything changed.
    fn update_block(&mut self, block: &ManifestBlock, values: &BlockValues) -> bool {
        let before = self.edits.len();
        let style = block.detect_style(self.source);
        let mut after: Option<Span> = None;
        for (key, label) in FIELDS {
            let wanted = values.get(key).unwrap_or_default();
            match block.field(key) {
                Some(field) => {
                    if !block.has_value(key, values) {
                        self.edits.push(edit_value(self.source, field, &wanted));
                    }
                    after = Some(field.value.span.join(field.label));
                }
                None => {
                    let at = line_end(self.source, after.unwrap_or(block.manifest.label));
                    self.edits.push(Edit::insert(
                        at,
                        style.line_ending.to_owned() + &style.format_line(label, &wanted),
                    ));
                }
            }
        }
        let missing: Vec<&str> = block.missing_gates().collect();
        let mut lines = String::new();
        let at = match (block.manifest.gates.last(), block.manifest.gates_label) {
            (Some(tick), _) => line_end(self.source, tick.span),
            (None, Some(label)) => line_end(self.source, label),
            (None, None) => {
                lines.push_str(&(style.line_ending.to_owned() + &style.format_line("Gates Passed", "")));
                line_end(self.source, after.unwrap_or(block.manifest.label))
            }
        };
        missing.iter().for_each(|gate| {
            lines.push_str(&(style.line_ending.to_owned() + &style.format_gate(gate, false)));
        });
        if !missing.is_empty() {
            self.edits.push(Edit::insert(at, lines));
        }
        self.edits.len() > before
    }

    /// Adds new blocks after the last block that stays, or at the section for
    /// manifests if there is none.
    fn append_blocks(&mut self, added: Vec<String>, removed: &[&ManifestBlock]) {
        if added.is_empty() {
            return;
        }
        let ending = self.style.line_ending;
        let gap = ending.repeat(2);
        let text = added.iter().map(|block| format!("{gap}{block}")).collect::<String>();
        let is_removed = |block: &ManifestBlock| removed.iter().any(|other| other.span == block.span);
        if let Some(last) = self.blocks.iter().rev().find(|block| !is_removed(block)) {
            self.edits.push(Edit::insert(last.span.end, text));
            return;
        }
        if let Some(first) = self.blocks.first() {
            // All old blocks are removed: insert the new ones before the first.
            let text = added.iter().map(|block| format!("{block}{gap}")).collect::<String>();
            self.edits.push(Edit::insert(first.span.start, text));
            return;
        }
        let packet = Packet::read(self.source).value;
        let section = packet.section("VALIDATION");
        let next = packet.sections.iter().find(|s| {
            matches!(
                s.key.as_str(),
                "STATUS_HANDOFF" | "EVIDENCE_MAPPING" | "EVIDENCE" | "VALIDATION_REPORTS"
            )
        });
        let whole = self.source.text();
        let (before, text) = match (section, next) {
            (Some(section), _) => (section.span.end, text),
            (None, Some(next)) => (next.span.start, format!("{gap}## VALIDATION{text}")),
            (None, None) => (whole.len(), format!("{gap}## VALIDATION{text}")),
        };
        let kept = whole.get(..before).unwrap_or_default().trim_end().len();
        let rest = whole.get(kept..before).unwrap_or_default();
        let close = if rest.contains('\n') { "" } else { ending };
        self.edits.push(Edit::insert(kept, format!("{text}{close}")));
    }

    /// Removes a block with the empty line after it; replaces the last block by an
    /// unfilled template.
    fn remove_block(&mut self, block: &ManifestBlock, is_last: bool) {
        if is_last {
            self.edits.push(Edit::replace(block.span, block.detect_style(self.source).format_template()));
            return;
        }
        let text = self.source.text();
        let rest = text.get(block.span.end..).unwrap_or_default();
        let blank_len = rest.len() - rest.trim_start_matches(['\r', '\n', ' ', '\t']).len();
        // Up to the start of the next line with text, to keep its indentation.
        let cut = rest.get(..blank_len).and_then(|blank| blank.rfind('\n')).map_or(blank_len, |at| at + 1);
        self.edits.push(Edit::replace(Span::new(block.span.start, block.span.end + cut), ""));
    }
}

/// Returns the byte at which the last line of a span ends.
fn line_end(source: &Source, span: Span) -> usize {
    source
        .line_span(source.line(span.end.saturating_sub(1).max(span.start)))
        .map_or(span.end, |line| line.end)
}

/// Ticks exactly the gates that hold, and updates the time of changed blocks.
pub(super) fn tick_gates(
    context: &ManifestContext<'_>,
    source: &Arc<Source>,
    touched: &EditedBlocks,
    claims: &[GateClaims],
    options: &ManifestOptions,
) -> PacketWithGates {
    let read = find_blocks(source);
    let mut outcomes: BTreeMap<RepoPath, ManifestOutcome> = BTreeMap::new();
    let mut numbers: BTreeMap<&RepoPath, usize> = BTreeMap::new();
    let mut edits = Vec::new();
    let paths: HashSet<&RepoPath> = context.files.iter().map(|file| &file.change.path).collect();
    let claims: HashMap<Span, &GateClaims> = claims.iter().map(|claim| (claim.label, claim)).collect();
    for block in &read {
        let Some(path) = block.path().filter(|path| paths.contains(path)) else { continue };
        let number = numbers.entry(path).or_default();
        let earlier = touched.get(&(path.clone(), *number)).copied();
        *number += 1;
        let own = claims.get(&block.manifest.label);
        let before = edits.len();
        for tick in &block.manifest.gates {
            let computed = own.and_then(|own| own.gates.iter().find(|(name, _)| *name == tick.name));
            let Some((_, result)) = computed else { continue };
            if result.is_ok() != tick.is_ticked {
                edits.push(Edit::replace(tick.mark, if result.is_ok() { "x" } else { " " }));
            }
        }
        let spec = context.spec_target.as_deref();
        let other_spec = block.field("SPEC_TARGET_RESOLVED").is_some_and(|field| {
            field.is_filled() && spec.is_some_and(|spec| field.unquoted_value() != spec)
        });
        if earlier.is_some() || edits.len() > before || other_spec {
            update_stamp(source, block, spec, &options.timestamp, &mut edits);
            let outcome = outcomes.entry(path.clone()).or_insert(ManifestOutcome::Updated);
            *outcome = (*outcome).min(earlier.unwrap_or(ManifestOutcome::Updated));
        }
    }
    PacketWithGates { text: apply_edits(source.text(), &edits).0, outcomes }
}

/// Updates the time and the specification of a block.
fn update_stamp(
    source: &Source,
    block: &ManifestBlock,
    spec: Option<&str>,
    time: &str,
    edits: &mut Vec<Edit>,
) {
    let style = block.detect_style(source);
    let at = block.manifest.gates.last().map_or(block.span.end, |tick| line_end(source, tick.span));
    let mut lines = String::new();
    for (key, label, wanted) in
        [("TIMESTAMP", "Timestamp", Some(time)), ("SPEC_TARGET_RESOLVED", "Spec Target Resolved", spec)]
    {
        let Some(wanted) = wanted else { continue };
        match block.field(key) {
            Some(field) if field.is_filled() && field.unquoted_value() == wanted => {}
            Some(field) => {
                let line = source.line_span(source.line(field.label.start)).unwrap_or(field.label);
                let wanted = if source.slice(line).contains('`') && !wanted.contains('`') {
                    format!("`{wanted}`")
                } else {
                    wanted.to_owned()
                };
                edits.push(edit_rest_of_line(source, field, &wanted));
            }
            None => lines.push_str(&(style.line_ending.to_owned() + &style.format_line(label, wanted))),
        }
    }
    if !lines.is_empty() {
        edits.push(Edit::insert(at, lines));
    }
}
