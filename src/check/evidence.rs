//! `evidence/…`: claims of proof are complete and point at something.

use crate::check::CheckResult;
use crate::check::context::{ChangeCheckContext, EvidencePathFact};
use crate::digest::sha256_hex;
use crate::document::packet::PlannedCommand;
use crate::finding::Finding;
use crate::rule::Rule;
use crate::text::{format_count, to_single_line};

/// Why evidence is not asked for, if it is not.
fn not_required_reason(input: &ChangeCheckContext<'_>) -> Option<String> {
    let asked = input.packet.packet.generation.is_g2() || input.packet.policy.evidence_required;
    (!asked)
        .then(|| format!("packets of generation {} need no evidence here", input.packet.packet.generation))
}

/// Whether two texts are one command, however they are quoted.
#[must_use]
pub fn is_same_command(a: &str, b: &str) -> bool {
    normalize(a) == normalize(b)
}

/// Text for comparison: blanks folded, back-ticks, quotes and a last full
/// stop left out.
pub(super) fn normalize(text: &str) -> String {
    let plain: String = text.chars().filter(|c| !matches!(c, '`' | '"' | '*')).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ").trim_end_matches(['.', ':']).to_owned()
}

/// `evidence/command`: every planned command was run and ended well, as far
/// as the packet claims.
pub(super) fn command(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
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

/// `evidence/log`: a log that is there has the recorded hash and the quoted
/// lines.
pub(super) fn log(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
    if let Some(why) = not_required_reason(input) {
        return CheckResult::skipped(why);
    }
    let mut out = Vec::new();
    for entry in &input.packet.packet.evidence {
        let Some(path) = &entry.log_path else { continue };
        let Some(log) = input.logs.get(&path.value) else { continue };
        let shown = to_single_line(&path.value, 100);
        if let Some(recorded) = &entry.log_sha256 {
            let real = sha256_hex(log);
            if !recorded.value.eq_ignore_ascii_case(&real) {
                out.push(
                    rule.finding(
                        format!("LOG_SHA256 is not the hash of {shown}"),
                        input.packet.label_at(recorded.span, "another log"),
                    )
                    .help(format!("The log's SHA-256 is {real}.")),
                );
            }
        }
        let text = normalize(&String::from_utf8_lossy(log));
        for line in &entry.proof_lines {
            if !text.contains(&normalize(&line.value)) {
                out.push(rule.finding(
                    format!("this line does not occur in {shown}"),
                    input.packet.label_at(line.span, "quoted as proof"),
                ));
            }
        }
    }
    out.into()
}

/// `evidence/requirement`: every `DONE_MEANS` bullet is mapped to lines that
/// exist.
pub(super) fn requirement(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
    if let Some(why) = not_required_reason(input) {
        return CheckResult::skipped(why);
    }
    let packet = input.packet.packet;
    let mut out = Vec::new();
    for bullet in &packet.done_means {
        let wanted = normalize(&bullet.text.value);
        let group = bullet.group.as_deref().map(normalize);
        let quoted = packet.mapping.iter().find(|requirement| {
            let quote = normalize(&requirement.quote.value);
            matches_quote(&quote, &wanted)
                || group.as_deref().is_some_and(|group| matches_quote(&quote, group))
        });
        let Some(requirement) = quoted else {
            out.push(rule.finding(
                format!("no REQUIREMENT quotes `{}`", to_single_line(&bullet.text.value, 80)),
                input.packet.label_at(bullet.text.span, "not mapped to evidence"),
            ));
            continue;
        };
        if requirement.locations.is_empty() {
            out.push(rule.finding(
                "this requirement has no EVIDENCE",
                input.packet.label_at(requirement.quote.span, "no `path:line` below it"),
            ));
        }
    }
    for location in packet.mapping.iter().flat_map(|requirement| &requirement.locations) {
        let at = |text: String| input.packet.label_at(location.raw.span, text);
        let shown = to_single_line(&location.raw.value, 100);
        match &location.target {
            None => out.push(rule.finding(format!("`{shown}` is no `path:line`"), at("not a place".into()))),
            Some((path, line)) => {
                match input.evidence_paths.get(path) {
                    Some(EvidencePathFact::Lines(lines)) if line <= lines => {}
                    Some(EvidencePathFact::Lines(lines)) => out.push(rule.finding(
                        format!("{path} has {}, so line {line} is no evidence", format_count(*lines, "line")),
                        at("beyond the end".into()),
                    )),
                    _ => out.push(rule.finding(
                        format!("{path} does not exist in the judged tree"),
                        at("no such file".into()),
                    )),
                }
            }
        }
    }
    out.into()
}

/// A quote may be the whole bullet, or its beginning if that is long enough
/// to name it.
fn matches_quote(quote: &str, bullet: &str) -> bool {
    let start = quote.trim_end_matches(['.', '…', ' ']);
    quote == bullet || (start.chars().count() >= 24 && bullet.starts_with(start))
}
