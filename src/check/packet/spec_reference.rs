//! `packet/spec-reference`: the packet names the specification that it
//! implements.

use crate::check::Verdict;
use crate::check::input::PacketInput;
use crate::document::packet::{Generation, Slot};
use crate::rule::Rule;

pub(in crate::check) fn check(input: &PacketInput<'_>, rule: &Rule) -> Verdict {
    let names: &[&str] = if input.packet.generation == Generation::G0 {
        &["SPEC_ANCHOR|SPEC_CURRENT|SPEC_BASELINE|SPEC_TARGET"]
    } else {
        &["SPEC_BASELINE", "SPEC_TARGET", "SPEC_ANCHOR|SPEC_ANCHORS"]
    };
    let mut out = Vec::new();
    for name in names {
        let slots: Vec<Slot> = name.split('|').map(|name| input.packet.slot(name)).collect();
        if slots.iter().any(|slot| matches!(slot, Slot::Filled(_))) {
            continue;
        }
        let first = name.split('|').next().unwrap_or(name);
        let span =
            slots.iter().find_map(|slot| if let Slot::Empty(span) = slot { Some(*span) } else { None });
        out.push(rule.finding(
            format!("the packet does not fill `{first}`"),
            input.at(
                span.unwrap_or_else(|| input.packet.heading("AUTHORITY")),
                "the specification belongs here",
            ),
        ));
    }
    out.into()
}
