//! `packet/identity`: file name, title and `WP_ID` name one packet.

use crate::check::Verdict;
use crate::check::input::PacketInput;
use crate::rule::Rule;

pub(in crate::check) fn check(input: &PacketInput<'_>, rule: &Rule) -> Verdict {
    let mut out = Vec::new();
    let id = input.id.as_str();
    let title = input.packet.title_id.iter().map(|title| ("the title", title.clone()));
    let fields =
        ["WP_ID", "TASK_ID"].into_iter().filter_map(|key| Some((key, input.packet.meta(key)?.filled()?)));
    for (name, value) in title.chain(fields) {
        if value.value != id {
            out.push(rule.finding(
                format!("{name} says `{}`, the file is `{id}.md`", crate::text::one_line(&value.value, 80)),
                input.at(value.span, format!("not `{id}`")),
            ));
        }
    }
    if let Some(base) = input.packet.meta("BASE_WP_ID").and_then(crate::document::label::Field::filled)
        && base.value != input.id.base()
        && base.value != id
    {
        let message =
            format!("BASE_WP_ID says `{}`, the base of `{id}` is `{}`", base.value, input.id.base());
        out.push(rule.finding(message, input.at(base.span, "another base id")));
    }
    out.into()
}
