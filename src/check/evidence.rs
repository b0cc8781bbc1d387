//! `evidence/…`: the evidence of commands and requirements is complete, and points
//! at existing logs and lines.

use std::collections::{BTreeSet, HashMap};

use crate::check::CheckResult;
use crate::check::context::{ChangeCheckContext, EvidencePathFact};
use crate::digest::sha256_hex;
use crate::document::field::strip_hint;
use crate::document::packet::{PlannedCommand, without_comment};
use crate::finding::{Finding, Level, Place};
use crate::rule::Rule;
use crate::text::{Span, format_count, to_single_line};

mod failed;
mod not_run;
mod paraphrase;
mod quotes;
mod record;

pub(super) use record::record;

/// Maximum number of pairs of bullets and requirements that are compared for paraphrases.
const MAX_COMPARED: usize = 10_000;
/// Maximum number of bytes of logs that are searched for quoted lines.
const MAX_SEARCHED_BYTES: usize = 1024 * 1024 * 1024;

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
    command_key(a) == command_key(b)
}

/// Returns the text by which commands are compared, without a comment of the shell.
pub(super) fn command_key(text: &str) -> String {
    normalize(without_comment(text))
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
    // For each command, the offsets of its entries, in order.
    let mut entries: HashMap<String, Vec<usize>> = HashMap::new();
    for entry in &packet.evidence {
        entries.entry(command_key(&entry.command.value)).or_default().push(entry.command.span.start);
    }
    entries.values_mut().for_each(|offsets| offsets.sort_unstable());
    // A remark behind a command without backticks need not be repeated: `cargo test (unit)`.
    let key_of = |command: &PlannedCommand| {
        let whole = command_key(&command.text);
        let is_known = command.is_quoted || entries.contains_key(&whole);
        if is_known { whole } else { command_key(strip_hint(&command.text)) }
    };
    // For each command, how often it is planned, and where first.
    let mut planned: HashMap<String, (usize, Span)> = HashMap::new();
    for command in &packet.test_plan {
        planned.entry(key_of(command)).or_insert((0, command.span)).0 += 1;
    }
    for command in
        packet.test_plan.iter().filter(|command| !command.is_gate() && !is_shell_setup(&command.text))
    {
        let key = key_of(command);
        let found = entries.get(&key).map_or(0, Vec::len);
        let (wanted, first) = planned.get(&key).copied().unwrap_or((1, command.span));
        if found < wanted && first == command.span {
            let shown = to_single_line(&command.text, 100);
            let message = if found == 0 {
                format!("no EVIDENCE entry for the planned command `{shown}`")
            } else {
                format!("`{shown}` is planned {wanted} times, but it has only {found} EVIDENCE entries")
            };
            out.push(
                rule.finding(message, input.packet.label_at(command.span, "planned here"))
                    .about_command(&command.text),
            );
        }
    }
    for entry in &packet.evidence {
        let code = entry.exit_code.as_ref().map(|code| code.value.as_str());
        if code == Some("0") {
            continue;
        }
        let key = command_key(&entry.command.value);
        let own = entries.get(&key).map_or(&[][..], Vec::as_slice);
        let later = own.len() - own.partition_point(|start| *start <= entry.command.span.start);
        // A later entry replaces an earlier one, if the command is planned once. If it is
        // planned n times, n later entries are needed.
        if later < planned.get(&key).map_or(1, |(count, _)| *count) {
            let span = entry.exit_code.as_ref().map_or(entry.command.span, |code| code.span);
            let message = format!("EXIT_CODE of `{}` is not 0", to_single_line(&entry.command.value, 100));
            let label = code.map_or("EXIT_CODE is missing".to_owned(), |code| {
                format!("the exit code is `{}`", to_single_line(code, 20))
            });
            out.push(rule.finding(message, input.packet.label_at(span, label)));
        }
    }
    out.into()
}

/// Returns whether a line only changes the folder or the environment.
pub(super) fn is_shell_setup(line: &str) -> bool {
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
    // Each log is hashed and normalized once.
    let mut read: HashMap<&str, (String, String)> = HashMap::new();
    let mut searched = 0_usize;
    for entry in &input.packet.packet.evidence {
        let Some(path) = &entry.log_path else { continue };
        let Some(log) = input.logs.get(&path.value) else { continue };
        let shown = to_single_line(&path.value, 100);
        let (actual, text) = read
            .entry(path.value.as_str())
            .or_insert_with(|| (sha256_hex(log), normalize(&String::from_utf8_lossy(log))));
        if let Some(recorded) = &entry.log_sha256
            && !recorded.value.eq_ignore_ascii_case(actual)
        {
            out.push(
                rule.finding(
                    format!("LOG_SHA256 is not the SHA-256 of {shown}"),
                    input.packet.label_at(recorded.span, "not the hash of the log"),
                )
                .help(format!("The SHA-256 of the log is {actual}.")),
            );
        }
        for line in &entry.proof_lines {
            searched = searched.saturating_add(text.len());
            if searched > MAX_SEARCHED_BYTES {
                let message = format!(
                    "the quoted lines and the logs are too large to compare; at most {MAX_SEARCHED_BYTES} \
                        bytes are searched"
                );
                out.push(rule.finding(message, input.packet.label_at(line.span, "not searched")));
                return out.into();
            }
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
    let quotes = quotes::Quotes::new(packet.mapping.iter().map(|requirement| &*requirement.quote.value));
    // A REQUIREMENT accounts for one bullet: one that quotes a bullet paraphrases no other.
    let mut taken: BTreeSet<usize> = BTreeSet::new();
    if is_small {
        taken = quotes.of_all(packet.done_means.iter().map(|bullet| &*bullet.text.value));
    }
    for bullet in &packet.done_means {
        let group = bullet.group.as_deref().map(normalize);
        let found = quotes.first_of(&normalize(&bullet.text.value));
        let found = found.into_iter().chain(group.and_then(|group| quotes.first_of(&group))).min();
        let quoted = found.and_then(|index| packet.mapping.get(index));
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
                format!(
                    "no REQUIREMENT quotes this bullet of DONE_MEANS: {}",
                    to_single_line(&bullet.text.value, 80)
                ),
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
