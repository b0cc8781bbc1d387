//! `validator/chain`: gates that are tied to the ones before still are.

use crate::check::CheckResult;
use crate::check::repository_documents::DocumentCheckContext;
use crate::document::validator_state::CHAIN_START;
use crate::finding::{Finding, Label};
use crate::rule::Rule;

use super::state_of;

pub(in crate::check) fn check(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let state = match state_of(input) {
        Ok(state) => state,
        Err(skipped) => return skipped,
    };
    let mut packets: Vec<&str> = state.all_sessions().filter_map(|session| session.packet()).collect();
    packets.sort_unstable();
    packets.dedup();
    let mut out: Vec<Finding> = Vec::new();
    let mut any = false;
    for id in packets {
        let (mut before, mut tied) = (CHAIN_START.to_owned(), false);
        let sessions = state.all_sessions().filter(|s| s.packet() == Some(id));
        for mark in sessions.flat_map(|session| &session.gates) {
            let label = |span, text: &str| Label::text(&state.source, span, text);
            match &mark.chain {
                Some(chain) if chain.value == mark.expected_chain(&before, id) => {
                    (before, tied, any) = (chain.value.clone(), true, true);
                }
                Some(chain) => {
                    any = true;
                    let message = "this gate, or one before it, was changed after it was passed";
                    out.push(
                        rule.finding(message, label(chain.span, "does not follow from what stands here")),
                    );
                    break;
                }
                // Gates of older tools are tied to nothing; they name nobody.
                None if !tied && mark.by.is_none() => {}
                None => {
                    any = true;
                    let message = "this gate is not tied to the one before";
                    out.push(rule.finding(message, label(mark.gate.span, "no `chain`")));
                    break;
                }
            }
        }
    }
    if any { out.into() } else { CheckResult::skipped("no gate of the state is tied to another") }
}
