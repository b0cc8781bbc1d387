//! Two readings of one packet: as people read it, and as CommonMark defines it.
//!
//! The readings differ only where a fence was recovered or a label ends a list (see
//! [`crate::document::outline`]). A gate must not take a permission from a
//! recovered text, because nobody who renders the packet sees it; it takes every
//! duty from either reading (CHECKS, "Reading what people meant").

use std::collections::{BTreeSet, HashSet};

use crate::text::Span;

use super::{Packet, VerdictReport};

impl Packet {
    /// Returns whether everything that is read differently from CommonMark was already in an
    /// earlier version of the packet. Who approved that version approved this reading.
    #[must_use]
    pub(crate) fn has_fences_of(&self, approved: &Packet) -> bool {
        let texts = |packet: &Packet| -> BTreeSet<String> {
            let fences = packet.outline.recoveries.iter().map(|recovery| recovery.span);
            let all = fences.chain(packet.outline.split_labels.iter().copied());
            all.map(|span| packet.source.slice(span).to_owned()).collect()
        };
        texts(self).is_subset(&texts(approved))
    }

    /// Returns the packet with the permissions of both readings and the duties of
    /// either reading; `None` if there is only one reading.
    ///
    /// Permissions are scope entries, waivers, the approval marker, the signature,
    /// manifests, evidence, mapped requirements, and verdicts other than FAIL.
    #[must_use]
    pub(crate) fn restricted(&self) -> Option<Packet> {
        let strict = self.commonmark.as_deref()?;
        let mut out = self.clone();
        let spans = |spans: Vec<Span>| move |span: Span| spans.contains(&span);
        let in_scope = spans(strict.scope.in_scope.iter().map(|entry| entry.raw.span).collect());
        out.scope.in_scope.retain(|entry| in_scope(entry.raw.span));
        retain_equal(&mut out.waivers, &strict.waivers);
        retain_equal(&mut out.manifests, &strict.manifests);
        retain_equal(&mut out.evidence, &strict.evidence);
        retain_equal(&mut out.mapping, &strict.mapping);
        let marker = strict.phases.approval_marker;
        out.phases.approval_marker = out.phases.approval_marker.filter(|own| Some(*own) == marker);
        let signature = strict.signature.as_ref().map(|signature| signature.span);
        out.signature = out.signature.filter(|own| Some(own.span) == signature);
        out.phases.reports.retain(|report| is_fail(report) || contains(&strict.phases.reports, report));
        out.add_duties(strict);
        Some(out)
    }

    /// Adds what only the other reading requires: excluded paths, planned commands,
    /// criteria, verdicts FAIL, and the lock.
    fn add_duties(&mut self, strict: &Packet) {
        let known: HashSet<Span> = self.scope.out_of_scope.iter().map(|entry| entry.raw.span).collect();
        let more = strict.scope.out_of_scope.iter().filter(|entry| !known.contains(&entry.raw.span));
        self.scope.out_of_scope.extend(more.cloned());
        let known: HashSet<Span> = self.test_plan.iter().map(|command| command.span).collect();
        let more = strict.test_plan.iter().filter(|command| !known.contains(&command.span));
        self.test_plan.extend(more.cloned());
        let known: HashSet<Span> = self.done_means.iter().map(|criterion| criterion.text.span).collect();
        let more = strict.done_means.iter().filter(|criterion| !known.contains(&criterion.text.span));
        self.done_means.extend(more.cloned());
        let fails = strict.phases.reports.iter().filter(|report| is_fail(report));
        let missing: Vec<VerdictReport> =
            fails.filter(|report| !contains(&self.phases.reports, report)).cloned().collect();
        self.phases.reports.extend(missing);
        self.phases.reports.sort_by_key(|report| report.verdict.span);
        self.locked = self.locked.or(strict.locked);
    }
}

/// Keeps the entries that the other reading has with the same fields: a field that only
/// one reading shows, such as a tick or an exit code, must not complete an entry.
fn retain_equal<T: std::fmt::Debug>(own: &mut Vec<T>, other: &[T]) {
    let known: HashSet<String> = other.iter().map(|entry| format!("{entry:?}")).collect();
    own.retain(|entry| known.contains(&format!("{entry:?}")));
}

fn is_fail(report: &VerdictReport) -> bool {
    report.verdict.value == "FAIL"
}

fn contains(reports: &[VerdictReport], report: &VerdictReport) -> bool {
    reports.iter().any(|other| other.verdict.span == report.verdict.span)
}
