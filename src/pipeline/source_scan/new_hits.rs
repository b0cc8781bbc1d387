//! Which matches a change adds, and which were there before it.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::change::ChangedFile;
use crate::finding::ScanInfo;
use crate::scan::Hit;
use crate::text::RepoPath;

use super::files::FileScan;
use super::lines::{LineEnds, line_before_change};
use super::results::ScannedText;

/// A changed file with the scan result of its content before or after the
/// change.
pub(super) struct ScannedFile<'a> {
    pub file: &'a ChangedFile,
    pub path: &'a RepoPath,
    pub bytes: &'a [u8],
    pub file_scan: FileScan,
    /// The text of the bytes, once it was needed.
    pub text: OnceCell<ScannedText>,
}

impl ScannedFile<'_> {
    /// Drops the matches that a job does not keep. The text is read only for a file with a match
    /// that is wanted.
    pub(super) fn retain_hits(
        &mut self,
        is_wanted: &dyn Fn(&Hit) -> bool,
        keeps: &dyn Fn(&Hit, &RepoPath, &ScannedText) -> bool,
    ) {
        if self.file_scan.matches.hits.iter().any(is_wanted) {
            let text = self.text.get_or_init(|| ScannedText::new(self.path, self.bytes.to_vec()));
            self.file_scan.matches.hits.retain(|hit| keeps(hit, self.path, text));
        }
    }

    /// Returns the text of the file.
    pub(super) fn text(&self) -> &ScannedText {
        self.text.get_or_init(|| ScannedText::new(self.path, self.bytes.to_vec()))
    }
}

/// A match after the change: true if its line is unchanged, the index of its
/// file, the match.
type HitCandidate<'a> = (bool, usize, &'a Hit);

/// Returns new matches by the index of their file in `after`, each with
/// its ordinal, and counts the preexisting ones.
pub(super) fn find_new_hits<'s>(
    after: &'s [ScannedFile<'_>],
    before: &'s [ScannedFile<'_>],
    today: Date,
    info: &mut ScanInfo,
) -> BTreeMap<usize, Vec<(usize, &'s Hit)>> {
    let mut counts_before: BTreeMap<(usize, &str), usize> = BTreeMap::new();
    let mut lines_before: BTreeMap<(&RepoPath, usize, usize), Vec<&str>> = BTreeMap::new();
    for scanned in before {
        let line_ends = LineEnds::new(scanned.bytes);
        for hit in unsuppressed_hits(&scanned.file_scan, today) {
            let fingerprint = hit.fingerprint.as_str();
            *counts_before.entry((hit.rule, fingerprint)).or_default() += 1;
            let line = hit.span.as_ref().map_or(0, |span| line_ends.line_at(span.start));
            lines_before.entry((scanned.path, hit.rule, line)).or_default().push(fingerprint);
        }
    }
    let mut candidates: BTreeMap<(usize, &str), Vec<HitCandidate<'_>>> = BTreeMap::new();
    for (index, scanned) in after.iter().enumerate() {
        let (file, line_ends) = (scanned.file, LineEnds::new(scanned.bytes));
        for hit in unsuppressed_hits(&scanned.file_scan, today) {
            let is_changed = hit.span.as_ref().is_none_or(|span| line_ends.is_changed(file, span));
            // A match of the same rule on the same unchanged line is the
            // same finding, even if its fingerprint depends on changed
            // lines around it.
            let line = hit
                .span
                .as_ref()
                .filter(|_| !is_changed)
                .map(|span| line_before_change(file, line_ends.line_at(span.start)));
            let same_line = line
                .and_then(|line| lines_before.get_mut(&(scanned.path, hit.rule, line)))
                .and_then(Vec::pop);
            if let Some(fingerprint) = same_line {
                info.preexisting += 1;
                counts_before
                    .entry((hit.rule, fingerprint))
                    .and_modify(|count| *count = count.saturating_sub(1));
                continue;
            }
            let key = (hit.rule, hit.fingerprint.as_str());
            candidates.entry(key).or_default().push((!is_changed, index, hit));
        }
    }
    let mut new_hits: BTreeMap<usize, Vec<(usize, &Hit)>> = BTreeMap::new();
    for (key, mut hits) in candidates {
        let known = counts_before.get(&key).copied().unwrap_or_default();
        // Matches on changed lines are reported as new before matches on
        // unchanged lines.
        hits.sort_by_key(|(unchanged, index, hit)| {
            (*unchanged, *index, hit.span.as_ref().map(|span| span.start))
        });
        let surplus = hits.len().saturating_sub(known);
        info.preexisting += hits.len() - surplus;
        for (ordinal, (_, index, hit)) in hits.into_iter().take(surplus).enumerate() {
            new_hits.entry(index).or_default().push((known + ordinal + 1, hit));
        }
    }
    new_hits
}

/// Returns the matches that no effective comment suppresses.
pub(super) fn unsuppressed_hits(file_scan: &FileScan, today: Date) -> impl Iterator<Item = &Hit> {
    let matches = &file_scan.matches;
    matches.hits.iter().filter(move |hit| {
        let suppression = hit.suppressed_by.and_then(|index| matches.suppressions.get(index));
        !suppression.is_some_and(|suppression| suppression.is_effective(today))
    })
}
