//! Which edits bring a packet's manifests up to date.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::change::ChangedFile;
use crate::check::{GateClaims, needs_manifest};
use crate::document::Packet;
use crate::gate::Draft;
use crate::text::{Edit, RepoPath, Source, Span, apply, line_ending};

use super::block::{FIELDS, Style, Values};
use super::place::{Block, blocks};
use super::{ManifestOptions, Outcome, window};
use crate::workflow::field::{set, set_line};

/// Blocks that were edited, by their file and their number among its blocks.
pub(super) type Touched = BTreeMap<(RepoPath, usize), Outcome>;

/// A packet with its blocks and values, gates not looked at yet.
pub(super) struct Valued {
    pub text: String,
    pub touched: Touched,
    pub stale: Vec<RepoPath>,
    pub held: Vec<RepoPath>,
}

/// The same with gates ticked.
pub(super) struct Ticked {
    pub text: String,
    pub outcomes: BTreeMap<RepoPath, Outcome>,
}

/// Brings blocks and their values up to date.
pub(super) fn values(draft: &Draft<'_>, source: &Arc<Source>, options: &ManifestOptions) -> Valued {
    let read = blocks(source);
    let model = read.iter().rev().find(|block| !block.manifest.is_template()).or(read.last());
    let style = model.map_or_else(
        || Style { ending: line_ending(source.text()), ..Style::default() },
        |block| block.style(source),
    );
    let mut plan = Plan { source, read: &read, style, edits: Vec::new(), touched: Touched::new(), options };
    let mut free = read.iter().filter(|block| block.manifest.is_template() && block.path().is_none());
    let mut added: Vec<String> = Vec::new();
    for file in &draft.files {
        let path = &file.change.path;
        let own: Vec<&Block> = read.iter().filter(|block| block.path() == Some(path)).collect();
        match own.split_last() {
            Some((last, _)) => plan.update(file, &own, last),
            None if needs_manifest(draft.layout(), file) => {
                added.extend(plan.add(file, free.next(), draft.spec_target.as_deref()));
            }
            None => {}
        }
    }
    let changed = |path: &RepoPath| draft.files.iter().any(|file| file.change.path == *path);
    let stale: Vec<&Block> =
        read.iter().filter(|block| block.path().is_some_and(|path| !changed(path))).collect();
    let (held, stale): (Vec<&Block>, Vec<&Block>) =
        stale.into_iter().partition(|block| options.prune && block.has_others_text(source));
    let gone: Vec<&Block> = if options.prune { stale.clone() } else { Vec::new() };
    plan.append(added, &gone);
    let rest = read.len() - gone.len() + plan.touched.len();
    gone.iter().enumerate().for_each(|(index, block)| plan.remove(block, index == 0 && rest == 0));
    let (text, left) = apply(source.text(), &plan.edits);
    debug_assert!(left.is_empty(), "edits of manifests overlap");
    Valued { text, touched: plan.touched, stale: names(&stale), held: names(&held) }
}

/// The files of blocks, once each.
fn names(blocks: &[&Block]) -> Vec<RepoPath> {
    let all: std::collections::BTreeSet<_> =
        blocks.iter().filter_map(|block| block.path().cloned()).collect();
    all.into_iter().collect()
}

/// Edits that are being collected.
struct Plan<'a> {
    source: &'a Arc<Source>,
    read: &'a [Block],
    style: Style,
    edits: Vec<Edit>,
    touched: Touched,
    options: &'a ManifestOptions,
}

impl Plan<'_> {
    /// Brings the blocks of a file up to date, and adds those that are wanted
    /// beside them.
    fn update(&mut self, file: &ChangedFile, own: &[&Block], last: &Block) {
        let wanted = if self.options.per_hunk { usize::MAX } else { own.len() };
        let windows = window::several(file, wanted);
        for (number, block) in own.iter().enumerate() {
            // A block too many repeats the last window, which harms nobody.
            let values = Values::of(file, windows.get(number).or(windows.last()).copied());
            if self.bring_up_to_date(block, &values) {
                self.touched.insert((file.change.path.clone(), number), Outcome::Updated);
            }
        }
        let style = last.style(self.source);
        for (number, window) in windows.iter().enumerate().skip(own.len()) {
            let more = format!("{}{}", style.ending, style.ending)
                + &style.block(&Values::of(file, Some(*window)), false, &[]);
            self.edits.push(Edit::insert(last.span.end, more));
            self.touched.insert((file.change.path.clone(), number), Outcome::Updated);
        }
    }

    /// A file without a block gets the unfilled one, or new ones, as text.
    fn add(&mut self, file: &ChangedFile, free: Option<&Block>, spec: Option<&str>) -> Vec<String> {
        let path = &file.change.path;
        let windows = if self.options.per_hunk {
            window::several(file, usize::MAX).into_iter().map(Some).collect()
        } else {
            vec![window::whole(file)]
        };
        let windows = if windows.is_empty() { vec![None] } else { windows };
        let time = self.options.timestamp.clone();
        let mut more: Vec<(&str, &str)> = vec![("Timestamp", &time)];
        more.extend(spec.map(|spec| ("Spec Target Resolved", spec)));
        let mut out = Vec::new();
        for (number, window) in windows.into_iter().enumerate() {
            let values = Values::of(file, window);
            self.touched.insert((path.clone(), number), Outcome::Added);
            match free.filter(|_| number == 0) {
                Some(block) => {
                    self.bring_up_to_date(block, &values);
                }
                None => out.push(self.style.block(&values, false, &more)),
            }
        }
        out
    }

    /// Edits what a block says otherwise; whether there was anything.
    fn bring_up_to_date(&mut self, block: &Block, values: &Values) -> bool {
        let before = self.edits.len();
        let style = block.style(self.source);
        let mut after: Option<Span> = None;
        for (key, label) in FIELDS {
            let wanted = values.get(key).unwrap_or_default();
            match block.field(key) {
                Some(field) => {
                    if !block.says(key, values) {
                        self.edits.push(set(self.source, field, &wanted));
                    }
                    after = Some(field.value.span.cover(field.label));
                }
                None => {
                    let at = line_end(self.source, after.unwrap_or(block.manifest.label));
                    self.edits.push(Edit::insert(at, style.ending.to_owned() + &style.line(label, &wanted)));
                }
            }
        }
        let missing: Vec<&str> = block.missing_gates().collect();
        let mut lines = String::new();
        let at = match (block.manifest.gates.last(), block.manifest.gates_label) {
            (Some(tick), _) => line_end(self.source, tick.span),
            (None, Some(label)) => line_end(self.source, label),
            (None, None) => {
                lines.push_str(&(style.ending.to_owned() + &style.line("Gates Passed", "")));
                line_end(self.source, after.unwrap_or(block.manifest.label))
            }
        };
        missing.iter().for_each(|gate| lines.push_str(&(style.ending.to_owned() + &style.gate(gate, false))));
        if !missing.is_empty() {
            self.edits.push(Edit::insert(at, lines));
        }
        self.edits.len() > before
    }

    /// Adds new blocks behind the last one that stays, or where manifests stand.
    fn append(&mut self, added: Vec<String>, gone: &[&Block]) {
        if added.is_empty() {
            return;
        }
        let ending = self.style.ending;
        let gap = ending.repeat(2);
        let text = added.iter().map(|block| format!("{gap}{block}")).collect::<String>();
        let is_gone = |block: &Block| gone.iter().any(|other| other.span == block.span);
        if let Some(last) = self.read.iter().rev().find(|block| !is_gone(block)) {
            self.edits.push(Edit::insert(last.span.end, text));
            return;
        }
        if let Some(first) = self.read.first() {
            // All of them go: the new ones stand before the first.
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

    /// Removes a block with the blank line that parted it; the last one leaves
    /// a template behind.
    fn remove(&mut self, block: &Block, is_last: bool) {
        if is_last {
            self.edits.push(Edit::replace(block.span, block.style(self.source).template()));
            return;
        }
        let text = self.source.text();
        let rest = text.get(block.span.end..).unwrap_or_default();
        let blank = rest.len() - rest.trim_start_matches(['\r', '\n', ' ', '\t']).len();
        // Up to the start of the next line that says something.
        let cut = rest.get(..blank).and_then(|blank| blank.rfind('\n')).map_or(blank, |at| at + 1);
        self.edits.push(Edit::replace(Span::new(block.span.start, block.span.end + cut), ""));
    }
}

fn line_end(source: &Source, span: Span) -> usize {
    source
        .line_span(source.line(span.end.saturating_sub(1).max(span.start)))
        .map_or(span.end, |line| line.end)
}

/// Ticks the gates that hold and no others, and dates the blocks that changed.
pub(super) fn ticks(
    draft: &Draft<'_>,
    source: &Arc<Source>,
    touched: &Touched,
    claims: &[GateClaims],
    options: &ManifestOptions,
) -> Ticked {
    let read = blocks(source);
    let mut outcomes: BTreeMap<RepoPath, Outcome> = BTreeMap::new();
    let mut numbers: BTreeMap<&RepoPath, usize> = BTreeMap::new();
    let mut edits = Vec::new();
    for block in &read {
        let Some(path) = block.path().filter(|path| draft.files.iter().any(|f| f.change.path == **path))
        else {
            continue;
        };
        let number = numbers.entry(path).or_default();
        let earlier = touched.get(&(path.clone(), *number)).copied();
        *number += 1;
        let own = claims.iter().find(|claim| claim.label == block.manifest.label);
        let before = edits.len();
        for tick in &block.manifest.gates {
            let computed = own.and_then(|own| own.gates.iter().find(|(name, _)| *name == tick.name));
            let Some((_, held)) = computed else { continue };
            if held.is_ok() != tick.ticked {
                edits.push(Edit::replace(tick.mark, if held.is_ok() { "x" } else { " " }));
            }
        }
        let spec = draft.spec_target.as_deref();
        let other_spec = block
            .field("SPEC_TARGET_RESOLVED")
            .is_some_and(|field| field.is_filled() && spec.is_some_and(|spec| field.full() != spec));
        if earlier.is_some() || edits.len() > before || other_spec {
            stamp(source, block, spec, &options.timestamp, &mut edits);
            let outcome = outcomes.entry(path.clone()).or_insert(Outcome::Updated);
            *outcome = (*outcome).min(earlier.unwrap_or(Outcome::Updated));
        }
    }
    Ticked { text: apply(source.text(), &edits).0, outcomes }
}

/// Brings time and specification of a block up to date.
fn stamp(source: &Source, block: &Block, spec: Option<&str>, time: &str, edits: &mut Vec<Edit>) {
    let style = block.style(source);
    let at = block.manifest.gates.last().map_or(block.span.end, |tick| line_end(source, tick.span));
    let mut lines = String::new();
    for (key, label, wanted) in
        [("TIMESTAMP", "Timestamp", Some(time)), ("SPEC_TARGET_RESOLVED", "Spec Target Resolved", spec)]
    {
        let Some(wanted) = wanted else { continue };
        match block.field(key) {
            Some(field) if field.is_filled() && field.full() == wanted => {}
            Some(field) => {
                let line = source.line_span(source.line(field.label.start)).unwrap_or(field.label);
                let wanted = if source.slice(line).contains('`') && !wanted.contains('`') {
                    format!("`{wanted}`")
                } else {
                    wanted.to_owned()
                };
                edits.push(set_line(source, field, &wanted));
            }
            None => lines.push_str(&(style.ending.to_owned() + &style.line(label, wanted))),
        }
    }
    if !lines.is_empty() {
        edits.push(Edit::insert(at, lines));
    }
}
