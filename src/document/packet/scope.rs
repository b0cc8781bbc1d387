//! `IN_SCOPE_PATHS` and `OUT_OF_SCOPE` of a packet, as lists of entries.

use std::collections::HashSet;

use crate::document::Fault;
use crate::document::block_ranges::{BlockRanges, UnreadBlocks};
use crate::document::field::Field;
use crate::document::outline::Outline;
use crate::document::scope_entry::{ScopeEntry, ScopeEntryError};
use crate::document::section::Section;
use crate::document::typed_contract::TypedContract;
use crate::text::{RepoPath, Span, Spanned, to_single_line, trim_spanned};

use super::excluded::{read_excluded_text, read_lines, read_value};
use super::excluded_marks::exclude_by_mark;
use super::exclusion_lists::{ExclusionList, ExclusionReader};
use super::items::{FieldText, TextForm, texts_in};
use super::quality::single_occurrence;
use super::scope_lists::{ScopeList, find_lists};
use super::section_names::contract_pieces;

/// The scope of a packet.
#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_field_names, reason = "the names of the packet's two lists")]
pub struct Scope {
    /// Span of the label or heading `IN_SCOPE_PATHS`.
    pub declared: Option<Span>,
    /// Entries of `IN_SCOPE_PATHS`, invalid ones included.
    pub in_scope: Vec<ScopeEntry>,
    /// Paths that `OUT_OF_SCOPE` names.
    pub out_of_scope: Vec<ScopeEntry>,
    /// The entries of `out_of_scope` that are in no section of the contract: only their removal
    /// is compared with the signed text.
    pub unsigned_exclusions: Vec<ScopeEntry>,
    /// Paths that the packet's typed contract and the judged task allow: a change must be
    /// allowed by each of these lists, too.
    pub further: Vec<FurtherPaths>,
}

/// Paths that another document of the packet allows.
#[derive(Debug, Clone)]
pub struct FurtherPaths {
    /// The document.
    pub path: RepoPath,
    /// Its valid entries.
    pub entries: Vec<ScopeEntry>,
    /// Its entries of paths that must not change.
    pub forbidden: Vec<ScopeEntry>,
}

fn valid_entries(entries: &[ScopeEntry]) -> Vec<ScopeEntry> {
    entries.iter().filter(|entry| entry.pattern.is_ok()).cloned().collect()
}

impl FurtherPaths {
    /// Returns whether an entry covers a path.
    #[must_use]
    pub fn allows(&self, path: &RepoPath) -> bool {
        self.entries.iter().any(|entry| entry.covers(path))
            && !self.forbidden.iter().any(|entry| entry.excludes(path))
    }
}

impl Scope {
    /// Returns whether the packet's own lists allow a path: it is in scope, and not excluded.
    #[must_use]
    pub fn allows(&self, path: &RepoPath) -> bool {
        self.in_scope.iter().any(|entry| entry.covers(path))
            && !self.out_of_scope.iter().any(|entry| entry.excludes(path))
    }

    /// Reads the entries that begin with an alias again, as paths of the repository.
    pub(crate) fn apply_aliases(&mut self, aliases: &[(String, String)]) {
        let read = |entry: &ScopeEntry| {
            let body = entry.raw.value.trim_start_matches(['`', '"']);
            let (rest, path) =
                aliases.iter().find_map(|(alias, path)| Some((body.strip_prefix(alias.as_str())?, path)))?;
            let quote: String = entry.raw.value.chars().take_while(|c| matches!(c, '`' | '"')).collect();
            Some(ScopeEntry::read(Spanned::new(format!("{quote}{path}{rest}"), entry.raw.span)).pattern)
        };
        let allowed = self.further.iter_mut().flat_map(|list| &mut list.entries);
        for entry in self.in_scope.iter_mut().chain(allowed) {
            entry.pattern = read(entry).unwrap_or_else(|| entry.pattern.clone());
        }
        let forbidden = self.further.iter_mut().flat_map(|list| &mut list.forbidden);
        for entry in self.out_of_scope.iter_mut().chain(forbidden) {
            // What cannot be read in another way excludes what it did.
            if let Some(Ok(pattern)) = read(entry) {
                entry.pattern = Ok(pattern);
            }
        }
    }

    /// Adds the scope of a task: a path must be allowed by it, too. A task without files
    /// allows none.
    pub(crate) fn restrict_to_task(&mut self, contract: &TypedContract) {
        self.further.push(FurtherPaths {
            path: contract.source.name().clone(),
            entries: valid_entries(&contract.allowed),
            forbidden: valid_entries(&contract.forbidden),
        });
    }

    /// Adds the scope of a typed contract: a path must be allowed by it, too.
    pub(crate) fn restrict_to(&mut self, contract: &TypedContract) {
        if !contract.allowed.is_empty() {
            let path = contract.source.name().clone();
            let entries = valid_entries(&contract.allowed);
            self.further.push(FurtherPaths { path, entries, forbidden: Vec::new() });
        }
        self.out_of_scope.extend(valid_entries(&contract.forbidden));
    }
}

/// Maximum nesting depth of lists; deeper items are ignored.
const MAX_LIST_DEPTH: usize = 32;

pub(super) fn read_scope(
    text: &str,
    outline: &Outline,
    sections: &[Section],
    all: &[Field],
) -> (Scope, Vec<Fault>) {
    let mut scope = Scope::default();
    let (exclusions, skipped) = ExclusionReader::new(text, outline, sections, all).find();
    let mut faults: Vec<Fault> =
        skipped.into_iter().map(|span| cut_out_fault(text, "OUT_OF_SCOPE", span)).collect();
    let found = find_lists(text, outline, sections, all);
    faults.extend(found.cut_out.iter().map(|span| cut_out_fault(text, "IN_SCOPE_PATHS", *span)));
    for span in found.repeated {
        let message = "IN_SCOPE_PATHS is declared a second time".to_owned();
        faults.push(Fault { rule: "packet/duplicate-field", message, span });
    }
    let mut unread = UnreadBlocks::new(outline.blocks.len());
    let excluded: Vec<Vec<usize>> = exclusions
        .iter()
        .map(|list| list.blocks.iter().flat_map(|blocks| unread.take(blocks.clone())).collect())
        .collect();
    if let Some(listing) = &found.first {
        scope.declared = Some(listing.declared);
        for value in listing.inline.iter().flat_map(split_inline_entries) {
            scope.in_scope.push(ScopeEntry::read(value));
        }
        // A list of exclusions inside the list allows nothing.
        let labels = exclusions.iter().map(|list| list.block);
        let mut read: HashSet<usize> = excluded.iter().flatten().copied().chain(labels).collect();
        let reader = EntryReader { text, outline };
        for item in &listing.items {
            reader.read(*item, MAX_LIST_DEPTH, &mut scope.in_scope, &mut read);
        }
        scope.in_scope.extend(unread_entries(text, outline, listing, &read));
    }
    let contract = contract_pieces(sections).into_iter().flat_map(|(_, pieces)| pieces).collect();
    let criteria = criteria_blocks(sections, all, outline);
    let in_scope: HashSet<String> = scope.in_scope.iter().map(ScopeEntry::pattern_text).collect();
    let reader = ExcludedReader { text, outline, contract, criteria, in_scope };
    for (list, blocks) in exclusions.iter().zip(&excluded) {
        reader.read(list, blocks, &mut scope, &mut faults);
    }
    let mut known = HashSet::new();
    scope.out_of_scope.retain(|entry| known.insert(entry.pattern_text()));
    scope.unsigned_exclusions.retain(|entry| known.contains(&entry.pattern_text()));
    exclude_by_mark(&mut scope.in_scope, &mut scope.out_of_scope);
    // After the removal of a comment a value is shorter than its span: such an
    // entry points at the list instead.
    let declared = scope.declared.unwrap_or_default();
    for entry in scope.in_scope.iter_mut().chain(&mut scope.out_of_scope) {
        if text.get(entry.raw.span.start..entry.raw.span.end) != Some(entry.raw.value.as_str()) {
            entry.raw.span = declared;
            entry.annotation = None;
        }
    }
    (scope, faults)
}

/// Reports a list in a section of the work inside of a section of the contract.
fn cut_out_fault(text: &str, list: &str, span: Span) -> Fault {
    let label = text.get(span.start..span.end).unwrap_or("");
    let message = format!(
        "`{}` is not read: {list} cannot be in a section that records the work; move it to SCOPE",
        to_single_line(label, 60)
    );
    Fault { rule: "packet/unread-item", message, span }
}

/// Returns the blocks of the lists of criteria and of planned commands.
fn criteria_blocks(sections: &[Section], all: &[Field], outline: &Outline) -> BlockRanges {
    let blocks = ["DONE_MEANS", "TEST_PLAN"].into_iter().filter_map(|key| {
        let (first, _) = single_occurrence(sections, all, outline, key);
        first.map(|found| found.blocks)
    });
    BlockRanges::new(&blocks.collect::<Vec<_>>())
}

/// Reads the entries of the lists of exclusions.
struct ExcludedReader<'t> {
    text: &'t str,
    outline: &'t Outline,
    /// The text that a signature covers.
    contract: Vec<Span>,
    criteria: BlockRanges,
    /// The entries of `IN_SCOPE_PATHS`, as patterns.
    in_scope: HashSet<String>,
}

impl ExcludedReader<'_> {
    fn read(&self, list: &ExclusionList, blocks: &[usize], scope: &mut Scope, faults: &mut Vec<Fault>) {
        let before = scope.out_of_scope.len();
        let out = &mut scope.out_of_scope;
        match &list.inline {
            Some(value) if list.has_lines => read_lines(&value.value, value.span.start, out),
            Some(value) => {
                let found = FieldText { text: value.clone(), form: TextForm::Paragraph, block: list.block };
                read_value(&found, out, faults);
            }
            None => {}
        }
        let inline = out.len();
        for index in blocks {
            let first = out.len();
            for found in texts_in(self.text, self.outline, *index..*index + 1) {
                read_excluded_text(self.text, self.outline, &found, out, faults);
            }
            if !self.is_in_contract(*index) {
                let own = out.get(first..).unwrap_or_default();
                scope.unsigned_exclusions.extend(own.iter().cloned());
            }
        }
        if !self.is_in_contract(list.block) {
            let own = out.get(before..inline).unwrap_or_default();
            scope.unsigned_exclusions.extend(own.iter().cloned());
        }
        // `Keep unchanged: …` in a criterion is about what a file does, if the packet has that
        // file in scope. Other labels forbid changes wherever they are.
        if !list.is_clear && self.criteria.contains(list.block) {
            let kept = out.split_off(before).into_iter();
            out.extend(kept.filter(|entry| !self.in_scope.contains(&entry.pattern_text())));
        }
    }

    /// Returns whether a signature covers a block.
    fn is_in_contract(&self, index: usize) -> bool {
        let Some(start) = self.outline.get(index).map(|block| block.span.start) else { return true };
        let after = self.contract.partition_point(|piece| piece.start <= start);
        after.checked_sub(1).and_then(|at| self.contract.get(at)).is_some_and(|piece| start < piece.end)
    }
}

/// Splits an inline value into entries, separated by commas or semicolons.
fn split_inline_entries(value: &Spanned<String>) -> Vec<Spanned<String>> {
    let mut out = Vec::new();
    let mut offset = 0;
    for piece in value.value.split_inclusive([',', ';']) {
        let body =
            trim_spanned(&value.value, Span::new(offset, offset + piece.trim_end_matches([',', ';']).len()));
        offset += piece.len();
        if !body.value.is_empty() {
            let span = Span::new(value.span.start + body.span.start, value.span.start + body.span.end);
            out.push(Spanned::new(body.value.to_owned(), span));
        }
    }
    out
}

fn item_text(text: &str, outline: &Outline, item: usize) -> Option<Spanned<String>> {
    let prose = outline.item_prose(item)?;
    let block = outline.get(prose)?;
    let whole: String = outline.prose_lines(text, prose).into_iter().map(|line| line.text).collect();
    let body = whole.trim().to_owned();
    let at = block.content.start + whole.find(body.as_str()).unwrap_or(0);
    Some(Spanned::new(body.clone(), Span::new(at, at + body.len())))
}

/// Reads the items of `IN_SCOPE_PATHS`.
struct EntryReader<'t> {
    text: &'t str,
    outline: &'t Outline,
}

impl EntryReader<'_> {
    /// Reads one item: a group heading with nested items, or an entry with notes. Blocks in
    /// `read` are skipped; the texts that were read are added.
    fn read(&self, item: usize, depth: usize, out: &mut Vec<ScopeEntry>, read: &mut HashSet<usize>) {
        let Some(depth) = depth.checked_sub(1) else { return };
        let prose = self.outline.item_prose(item);
        if read.contains(&item) || prose.is_some_and(|prose| read.contains(&prose)) {
            return;
        }
        let nested: Vec<usize> = self.outline.items(Some(item)).collect();
        let Some(own) = item_text(self.text, self.outline, item) else {
            nested.into_iter().for_each(|child| self.read(child, depth, out, read));
            return;
        };
        read.extend(prose);
        if is_group(&own.value, !nested.is_empty()) {
            nested.into_iter().for_each(|child| self.read(child, depth, out, read));
            return;
        }
        let entry = ScopeEntry::read(own);
        let is_valid = entry.pattern.is_ok();
        out.push(entry);
        for child in nested {
            let before = out.len();
            self.read(child, depth, out, read);
            if is_valid {
                // Below a path, an item that is not a path is a note about it. A note that
                // names a path could exclude it, so that it must not be ignored.
                let kept: Vec<ScopeEntry> = out.drain(before..).filter_map(kept_note).collect();
                out.extend(kept);
            }
        }
    }
}

/// Returns whether an item is the heading of a group: bold, or with a colon above nested
/// items. A path in bold is an entry.
fn is_group(text: &str, has_nested: bool) -> bool {
    let is_bold = text.len() > 4 && text.starts_with("**") && text.trim_end_matches(':').ends_with("**");
    let has_letters = text.chars().any(char::is_alphanumeric);
    let is_path = || {
        text.split_whitespace().count() == 1 && text.trim_end_matches([':', '*', '`']).contains(['/', '.'])
    };
    has_letters && ((is_bold && !is_path()) || (text.ends_with(':') && has_nested))
}

fn kept_note(mut entry: ScopeEntry) -> Option<ScopeEntry> {
    let names_path = entry.raw.value.split_whitespace().any(|word| word.contains('/') || word.contains('*'));
    if entry.pattern.is_err() && names_path {
        entry.pattern = Err(ScopeEntryError::Note);
    }
    names_path.then_some(entry)
}

/// Returns an invalid entry for each text of `IN_SCOPE_PATHS` that is not an item of
/// its list: it allows nothing, but it is reported.
fn unread_entries(
    text: &str,
    outline: &Outline,
    listing: &ScopeList,
    read: &HashSet<usize>,
) -> Vec<ScopeEntry> {
    let is_unread = |found: &FieldText| {
        !read.contains(&found.block)
            && !found.is_empty_statement()
            && !found.is_introduction()
            && found.form != TextForm::Heading
    };
    let unread = texts_in(text, outline, listing.blocks.clone()).into_iter().filter(is_unread);
    unread
        .map(|found| ScopeEntry {
            raw: found.text,
            pattern: Err(ScopeEntryError::NotAnItem),
            annotation: None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Packet;
    use crate::text::Source;

    fn excluded(text: &str) -> Vec<String> {
        let text = format!("# Task Packet: WP-1-A\n\n{text}");
        let packet = Packet::read(&Source::from_text(RepoPath::from("a/WP-1-A.md"), &text)).value;
        packet.scope.out_of_scope.iter().map(ScopeEntry::pattern_text).collect()
    }

    #[test]
    fn clear_labels_among_criteria_exclude_paths_in_scope() {
        let start =
            "## SCOPE\n- IN_SCOPE_PATHS:\n  - src/lib.rs\n\n## QUALITY_GATE\n### DONE_MEANS\n- It works.\n";
        for label in ["Do not touch", "OUT_OF_SCOPE"] {
            assert_eq!(excluded(&format!("{start}  - {label}: src/lib.rs\n")), ["src/lib.rs"], "{label}");
        }
        assert!(excluded(&format!("{start}  - Keep unchanged: src/lib.rs\n")).is_empty());
        assert_eq!(excluded(&format!("{start}  - Keep unchanged: src/a.rs\n")), ["src/a.rs"]);
    }

    #[test]
    fn labels_with_a_slash_or_dot_exclude() {
        let start = "## SCOPE\n- IN_SCOPE_PATHS:\n  - src/\n";
        for list in [
            "- Forbidden/protected files: src/a.rs\n",
            "- OUT_OF_SCOPE/PATHS: src/a.rs\n",
            "- Frozen/read-only:\n  - src/a.rs\n",
            "- OUT_OF_SCOPE.files: src/a.rs\n",
        ] {
            assert_eq!(excluded(&format!("{start}{list}")), ["src/a.rs"], "{list}");
        }
        for path in ["exceptions.py", "exceptions/", "locked/a.rs", "exceptions.py: new"] {
            assert!(excluded(&format!("{start}  - {path}\n")).is_empty(), "{path}");
        }
    }
}
