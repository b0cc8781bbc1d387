//! `packet/section`: the sections of the packet's generation are there.

use crate::check::Verdict;
use crate::check::input::PacketInput;
use crate::rule::Rule;

pub(in crate::check) fn check(input: &PacketInput<'_>, rule: &Rule) -> Verdict {
    let missing = rule.list(input.packet.generation.key()).iter().filter(|wanted| {
        let mut spellings = wanted.split('|');
        !spellings.any(|spelling| spelling.split('+').all(|key| input.packet.section(key.trim()).is_some()))
    });
    missing
        .map(|wanted| {
            let name = wanted.split('|').next().unwrap_or(wanted).trim();
            let message =
                format!("a packet of generation {} needs the section `{name}`", input.packet.generation);
            rule.finding(message, input.at(input.packet.head(), "this packet"))
        })
        .collect::<Vec<_>>()
        .into()
}
