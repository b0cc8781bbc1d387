//! `packet/spec-reference`: the packet names the specification that it
//! implements.

use crate::check::CheckResult;
use crate::check::context::PacketCheckContext;
use crate::document::packet::{ContentState, Generation};
use crate::rule::Rule;

pub(in crate::check) fn check(input: &PacketCheckContext<'_>, rule: &Rule) -> CheckResult {
    let names: &[&str] = if input.packet.generation == Generation::G0 {
        &["SPEC_ANCHOR|SPEC_CURRENT|SPEC_BASELINE|SPEC_TARGET"]
    } else {
        &["SPEC_BASELINE", "SPEC_TARGET", "SPEC_ANCHOR|SPEC_ANCHORS"]
    };
    let mut out = Vec::new();
    for name in names {
        let slots: Vec<ContentState> = name.split('|').map(|name| input.packet.content_state(name)).collect();
        if slots.iter().any(|slot| matches!(slot, ContentState::Filled(_))) {
            continue;
        }
        let first = name.split('|').next().unwrap_or(name);
        let span = slots
            .iter()
            .find_map(|slot| if let ContentState::Empty(span) = slot { Some(*span) } else { None });
        out.push(rule.finding(
            format!("the packet does not fill `{first}`"),
            input.label_at(
                span.unwrap_or_else(|| input.packet.heading_span("AUTHORITY")),
                "the specification belongs here",
            ),
        ));
    }
    out.into()
}
