//! Which packets passed: work on them is over, and the verdict is PASS.

use std::fmt;

use crate::document::{Packet, PacketStatus};
use crate::finding::Label;
use crate::text::{Span, to_single_line};

/// The state of a packet that was validated with the verdict PASS: it says so in its status, or
/// it is done and its newest report has the verdict.
pub(super) struct Passed<'p> {
    packet: &'p Packet,
    /// The status, as people write it.
    status: String,
    span: Span,
    /// The verdict of the newest report, if the status does not name one.
    verdict: Option<Span>,
}

impl<'p> Passed<'p> {
    /// Returns the state of a packet; `None` if it did not pass, or not yet.
    pub(super) fn of(packet: &'p Packet) -> Option<Self> {
        let status = packet.status.as_ref()?;
        let newest = packet.phases.newest_report().filter(|report| report.verdict.value == "PASS");
        let verdict = match &status.value {
            PacketStatus::Validated(verdict) => verdict
                .as_deref()
                .is_none_or(|verdict| verdict.eq_ignore_ascii_case("PASS"))
                .then_some(None)?,
            PacketStatus::Done => Some(newest?.verdict.span),
            _ => return None,
        };
        Some(Self { packet, status: status.value.to_string(), span: status.span, verdict })
    }

    /// Returns the state of a packet whose newest report, if it has one, has the verdict PASS.
    /// After a FAIL, what is open says that work goes on.
    pub(super) fn and_not_failed(packet: &'p Packet) -> Option<Self> {
        let newest = packet.phases.newest_report();
        Self::of(packet).filter(|_| newest.is_none_or(|report| report.verdict.value == "PASS"))
    }

    /// Returns whether the status itself says so. A packet that is only done can wait for its merge.
    pub(super) fn is_validated(&self) -> bool {
        self.verdict.is_none()
    }

    /// Returns the place that says so.
    pub(super) fn label(&self) -> Label {
        let (span, text) = match self.verdict {
            Some(verdict) => (verdict, "the newest verdict"),
            None => (self.span, "the status"),
        };
        Label::text(&self.packet.source, span, text.to_owned())
    }
}

impl fmt::Display for Passed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the status is `{}`", to_single_line(&self.status, 60))?;
        match self.verdict {
            Some(_) => f.write_str(" and the newest report has the verdict PASS"),
            None => Ok(()),
        }
    }
}

/// Returns for every block whether it is in a section with such a key, below the title.
pub(super) fn blocks_below(packet: &Packet, is_wanted: impl Fn(&str) -> bool) -> Vec<bool> {
    let mut out = vec![false; packet.outline.blocks.len()];
    // Sections are nested at most six deep.
    for section in packet.sections.iter().filter(|section| section.level > 1 && is_wanted(&section.key)) {
        out.get_mut(section.blocks.clone()).unwrap_or_default().fill(true);
    }
    out
}
