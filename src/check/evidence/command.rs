//! `evidence/command`: every planned command was run and ended well, as far
//! as the packet claims.

use crate::check::CheckResult;
use crate::check::context::ChangeCheckContext;
use crate::document::packet::PlannedCommand;
use crate::finding::Finding;
use crate::rule::Rule;
use crate::text::to_single_line;

use super::{normalize, not_required_reason};

pub(in crate::check) fn check(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
    if let Some(why) = not_required_reason(input) {
        return CheckResult::skipped(why);
    }
    let packet = input.packet.packet;
    let mut out: Vec<Finding> = Vec::new();
    for command in
        packet.test_plan.iter().filter(|command| !command.is_gate() && !is_shell_setup(&command.text))
    {
        let entries: Vec<_> = packet
            .evidence
            .iter()
            .filter(|entry| normalize(&entry.command.value) == normalize(&command.text))
            .collect();
        let same = |other: &&PlannedCommand| normalize(&other.text) == normalize(&command.text);
        let wanted = packet.test_plan.iter().filter(same).count();
        let is_first = packet.test_plan.iter().find(same).is_some_and(|first| first.span == command.span);
        if entries.len() < wanted && is_first {
            let shown = to_single_line(&command.text, 100);
            let message = if entries.is_empty() {
                format!("there is no evidence of `{shown}`")
            } else {
                format!(
                    "`{shown}` is planned {wanted} times, but there is evidence of {} of them",
                    entries.len()
                )
            };
            out.push(
                rule.finding(message, input.packet.label_at(command.span, "planned here"))
                    .about_command(&command.text),
            );
        }
    }
    for entry in &packet.evidence {
        let code = entry.exit_code.as_ref().map(|code| code.value.as_str());
        if code != Some("0") {
            let span = entry.exit_code.as_ref().map_or(entry.command.span, |code| code.span);
            let same = |text: &str| normalize(text) == normalize(&entry.command.value);
            let later = packet.evidence.iter().filter(|other| {
                other.command.span.start > entry.command.span.start && same(&other.command.value)
            });
            // A later run stands for an earlier one, as often as it is planned.
            let planned = packet.test_plan.iter().filter(|command| same(&command.text)).count().max(1);
            if later.count() < planned {
                let message = format!(
                    "the evidence of `{}` does not show exit code 0",
                    to_single_line(&entry.command.value, 100)
                );
                out.push(rule.finding(
                    message,
                    input.packet.label_at(
                        span,
                        code.map_or("EXIT_CODE is missing".to_owned(), |code| {
                            format!("shows {}", to_single_line(code, 20))
                        }),
                    ),
                ));
            }
        }
    }
    out.into()
}

/// Changing folders is no command to prove.
fn is_shell_setup(line: &str) -> bool {
    let alone = !line.contains(['&', ';', '|', '`']) && !line.contains("$(");
    alone && matches!(line.split_whitespace().next(), Some("cd" | "pushd" | "popd" | "export" | "set"))
}
