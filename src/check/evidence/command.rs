//! `evidence/command`: every planned command was run and ended well, as far
//! as the packet claims.

use crate::check::Verdict;
use crate::check::input::ChangeInput;
use crate::finding::Finding;
use crate::rule::Rule;
use crate::text::one_line;

use super::{folded, not_asked};

pub(in crate::check) fn check(input: &ChangeInput<'_>, rule: &Rule) -> Verdict {
    if let Some(why) = not_asked(input) {
        return Verdict::skipped(why);
    }
    let packet = input.packet.packet;
    let mut out: Vec<Finding> = Vec::new();
    for command in
        packet.test_plan.iter().filter(|command| !command.is_gate() && !is_bookkeeping(&command.text))
    {
        let entries: Vec<_> = packet
            .evidence
            .iter()
            .filter(|entry| folded(&entry.command.value) == folded(&command.text))
            .collect();
        if entries.is_empty() {
            let message = format!("there is no evidence of `{}`", one_line(&command.text, 100));
            out.push(
                rule.finding(message, input.packet.at(command.span, "planned here"))
                    .about_command(&command.text),
            );
        }
    }
    for entry in &packet.evidence {
        let code = entry.exit_code.as_ref().map(|code| code.value.as_str());
        if code != Some("0") {
            let span = entry.exit_code.as_ref().map_or(entry.command.span, |code| code.span);
            let later = packet.evidence.iter().any(|other| {
                other.command.span.start > entry.command.span.start
                    && folded(&other.command.value) == folded(&entry.command.value)
            });
            if !later {
                let message = format!(
                    "the evidence of `{}` does not show exit code 0",
                    one_line(&entry.command.value, 100)
                );
                out.push(rule.finding(
                    message,
                    input.packet.at(
                        span,
                        code.map_or("EXIT_CODE is missing".to_owned(), |code| {
                            format!("shows {}", one_line(code, 20))
                        }),
                    ),
                ));
            }
        }
    }
    out.into()
}

/// Changing folders is no command to prove.
fn is_bookkeeping(line: &str) -> bool {
    let alone = !line.contains(['&', ';', '|', '`']) && !line.contains("$(");
    alone && matches!(line.split_whitespace().next(), Some("cd" | "pushd" | "popd" | "export" | "set"))
}
