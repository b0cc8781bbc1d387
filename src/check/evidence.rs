//! `evidence/…`: the evidence of commands and requirements is complete, and points
//! at existing logs and lines.

use std::collections::BTreeSet;

use crate::check::CheckResult;
use crate::check::context::{ChangeCheckContext, EvidencePathFact};
use crate::digest::sha256_hex;
use crate::document::packet::PlannedCommand;
use crate::finding::{Finding, Level, Place};
use crate::rule::Rule;
use crate::text::{format_count, to_single_line};

mod paraphrase;

/// Maximum number of pairs of bullets and requirements that are compared for paraphrases.
const MAX_COMPARED: usize = 10_000;

/// Returns the reason why evidence is not required, as a clause; `None` if it is
/// required.
fn not_required_reason(input: &ChangeCheckContext<'_>) -> Option<String> {
    let is_required = input.packet.packet.generation.is_g2() || input.packet.policy.evidence_required;
    (!is_required)
        .then(|| format!("packets of generation {} need no evidence", input.packet.packet.generation))
}

/// Returns whether two texts are the same command, ignoring quotation marks and
/// whitespace.
#[must_use]
pub(crate) fn is_same_command(a: &str, b: &str) -> bool {
    normalize(a) == normalize(b)
}

/// Normalizes a text for comparison: joins whitespace, and removes backticks,
/// quotation marks, asterisks and trailing full stops and colons.
pub(crate) fn normalize(text: &str) -> String {
    let plain: String = text.chars().filter(|c| !matches!(c, '`' | '"' | '*')).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ").trim_end_matches(['.', ':']).to_owned()
}

/// `evidence/command`: every command of `TEST_PLAN` has an EVIDENCE entry, and the
/// latest entry of each command has `EXIT_CODE` 0.
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
                format!("no EVIDENCE entry for the planned command `{shown}`")
            } else {
                format!(
                    "`{shown}` is planned {wanted} times, but it has only {} EVIDENCE entries",
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
            // A later entry replaces an earlier one, if the command is planned once. If it
            // is planned n times, n later entries are needed.
            let planned = packet.test_plan.iter().filter(|command| same(&command.text)).count().max(1);
            if later.count() < planned {
                let message =
                    format!("EXIT_CODE of `{}` is not 0", to_single_line(&entry.command.value, 100));
                out.push(rule.finding(
                    message,
                    input.packet.label_at(
                        span,
                        code.map_or("EXIT_CODE is missing".to_owned(), |code| {
                            format!("the exit code is `{}`", to_single_line(code, 20))
                        }),
                    ),
                ));
            }
        }
    }
    out.into()
}

/// Returns whether a line only changes the folder or the environment.
fn is_shell_setup(line: &str) -> bool {
    let is_single_command = !line.contains(['&', ';', '|', '`']) && !line.contains("$(");
    is_single_command
        && matches!(line.split_whitespace().next(), Some("cd" | "pushd" | "popd" | "export" | "set"))
}

/// `evidence/log`: if the log file of an EVIDENCE entry exists, it has the recorded
/// SHA-256 and contains the quoted lines.
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
            let actual = sha256_hex(log);
            if !recorded.value.eq_ignore_ascii_case(&actual) {
                out.push(
                    rule.finding(
                        format!("LOG_SHA256 is not the SHA-256 of {shown}"),
                        input.packet.label_at(recorded.span, "not the hash of the log"),
                    )
                    .help(format!("The SHA-256 of the log is {actual}.")),
                );
            }
        }
        let text = normalize(&String::from_utf8_lossy(log));
        for line in &entry.proof_lines {
            if !text.contains(&normalize(&line.value)) {
                out.push(rule.finding(
                    format!("the quoted line does not occur in {shown}"),
                    input.packet.label_at(line.span, "the quoted line"),
                ));
            }
        }
    }
    out.into()
}

/// `evidence/requirement`: every bullet of `DONE_MEANS` is quoted by a REQUIREMENT,
/// and its EVIDENCE points at existing lines.
pub(super) fn requirement(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
    if let Some(why) = not_required_reason(input) {
        return CheckResult::skipped(why);
    }
    let packet = input.packet.packet;
    let mut out = Vec::new();
    let is_small = packet.done_means.len().saturating_mul(packet.mapping.len()) <= MAX_COMPARED;
    // A REQUIREMENT accounts for one bullet: one that quotes a bullet paraphrases no other.
    let mut taken: BTreeSet<usize> = BTreeSet::new();
    if is_small {
        let bullets: Vec<String> =
            packet.done_means.iter().map(|bullet| normalize(&bullet.text.value)).collect();
        for (index, requirement) in packet.mapping.iter().enumerate() {
            let quote = normalize(&requirement.quote.value);
            if bullets.iter().any(|bullet| matches_quote(&quote, bullet)) {
                taken.insert(index);
            }
        }
    }
    for bullet in &packet.done_means {
        let wanted = normalize(&bullet.text.value);
        let group = bullet.group.as_deref().map(normalize);
        let quoted = packet.mapping.iter().find(|requirement| {
            let quote = normalize(&requirement.quote.value);
            matches_quote(&quote, &wanted)
                || group.as_deref().is_some_and(|group| matches_quote(&quote, group))
        });
        let paraphrase = || {
            let free =
                packet.mapping.iter().enumerate().filter(|(index, _)| is_small && !taken.contains(index));
            free.into_iter().find(|(_, requirement)| {
                paraphrase::is_paraphrase(&requirement.quote.value, &bullet.text.value)
            })
        };
        let paraphrased = if quoted.is_none() { paraphrase() } else { None };
        if let Some((index, requirement)) = paraphrased {
            taken.insert(index);
            let message = format!("the REQUIREMENT paraphrases `{}`", to_single_line(&bullet.text.value, 80));
            let source = &input.packet.packet.source;
            let finding = rule
                .finding(message, input.packet.label_at(requirement.quote.span, "not a quotation"))
                .with_level(Level::Warning)
                .related(input.packet.label_at(bullet.text.span, "the bullet"));
            let quote = format!("\"{}\"", bullet.text.value);
            let place = Place::text(source, requirement.quote.span);
            out.push(finding.with_fix(place, quote, "quote the bullet"));
        }
        let Some(requirement) = quoted.or(paraphrased.map(|(_, requirement)| requirement)) else {
            out.push(rule.finding(
                format!("no REQUIREMENT quotes `{}`", to_single_line(&bullet.text.value, 80)),
                input.packet.label_at(bullet.text.span, "no REQUIREMENT for this bullet"),
            ));
            continue;
        };
        if requirement.locations.is_empty() {
            out.push(rule.finding(
                "the REQUIREMENT has no EVIDENCE; expected `path:line`",
                input.packet.label_at(requirement.quote.span, "no EVIDENCE"),
            ));
        }
    }
    for location in packet.mapping.iter().flat_map(|requirement| &requirement.locations) {
        let at = |text: String| input.packet.label_at(location.raw.span, text);
        let shown = to_single_line(&location.raw.value, 100);
        match &location.target {
            None => out.push(rule.finding(
                format!("invalid EVIDENCE `{shown}`; expected `path:line`"),
                at("not a location".into()),
            )),
            Some((path, line)) => {
                match input.evidence_paths.get(path) {
                    Some(EvidencePathFact::Lines(lines)) if line <= lines => {}
                    Some(EvidencePathFact::Lines(lines)) => out.push(rule.finding(
                        format!(
                            "line {line} of {path} does not exist; the file has {}",
                            format_count(*lines, "line")
                        ),
                        at("after the last line".into()),
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

/// Returns whether a quote matches a bullet: it is the whole bullet, or at least its
/// first 24 characters.
fn matches_quote(quote: &str, bullet: &str) -> bool {
    let start = quote.trim_end_matches(['.', '…', ' ']);
    quote == bullet || (start.chars().count() >= 24 && bullet.starts_with(start))
}
