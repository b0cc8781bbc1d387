//! What a model is shown: the contract, the change inside the scope, findings and evidence,
//! as one JSON document. Secrets are removed before, and nothing in it can end the document.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::change::{ChangedFile, FileContent};
use crate::document::packet::{ContractPart, Packet, contract_parts};
use crate::finding::{Place, Report};
use crate::text::{RepoPath, escape_hidden, format_count, to_single_line};

use super::secrets::{Redactor, cut, describe_count};

/// Unchanged lines around a change.
const CONTEXT_LINES: usize = 3;
/// Maximum number of findings that are sent.
const MAX_FINDINGS: usize = 50;

/// Ends of names of files that hold secrets by their purpose.
const SECRET_ENDS: [&str; 11] =
    [".env", ".tfstate", ".tfvars", ".pem", ".key", ".p12", ".pfx", ".jks", ".keystore", ".kdbx", ".ppk"];
/// Names of files that hold secrets by their purpose.
const SECRET_NAMES: [&str; 20] = [
    ".npmrc",
    ".pypirc",
    ".netrc",
    ".git-credentials",
    "credentials",
    ".htpasswd",
    "terraform.tfvars",
    "secrets",
    ".pgpass",
    ".my.cnf",
    "id_dsa",
    ".vault-token",
    ".s3cfg",
    "kubeconfig",
    "service-account",
    "wp-config",
    ".dockercfg",
    "id_rsa",
    "id_ed25519",
    "id_ecdsa",
];

/// The lines that were sent, by file and number: only these can be cited.
pub(crate) type SentLines = BTreeMap<String, BTreeMap<u64, String>>;

/// What a model is shown.
#[derive(Debug, Default)]
pub(crate) struct Projection {
    /// The document.
    pub prompt: String,
    /// The lines of files in it.
    pub lines: SentLines,
    /// The documents and files in it.
    pub artifacts: Vec<String>,
    /// What was removed.
    pub redactions: Vec<String>,
    /// Files that are not in it, with the reason.
    pub left_out: Vec<String>,
}

#[derive(Serialize)]
struct Shown<'a> {
    packet: &'a str,
    contract: Vec<ShownPart>,
    findings: Vec<ShownFinding>,
    evidence: Vec<ShownClaim>,
    files: Vec<ShownFile>,
}

#[derive(Serialize)]
struct ShownPart {
    part: String,
    lines: Vec<String>,
}

#[derive(Serialize)]
struct ShownFinding {
    rule: String,
    level: String,
    message: String,
    file: Option<String>,
    line: Option<usize>,
}

#[derive(Serialize)]
struct ShownClaim {
    command: String,
    claimed_exit_code: Option<String>,
}

#[derive(Serialize)]
struct ShownFile {
    file: String,
    change: &'static str,
    hunks: Vec<Vec<ShownLine>>,
}

/// Number in the new content, `+`, `-` or a blank, and the text.
#[derive(Serialize)]
struct ShownLine(Option<u64>, char, String);

/// Builds what a model is shown: at most `max_bytes`. `files` are those inside the scope.
#[must_use]
pub(crate) fn project(
    packet_id: &str,
    packet: &Packet,
    report: &Report,
    files: &[&ChangedFile],
    max_bytes: usize,
) -> Projection {
    let mut out = Projection { artifacts: vec![packet.source.name().to_string()], ..Projection::default() };
    let mut redactor = Redactor::default();
    // Sections say what was agreed; fields about persons are not sent.
    // A typed contract has lists instead of sections.
    let fields: Vec<&str> = packet.metadata.iter().map(|field| field.key.as_str()).collect();
    let is_listed =
        |key: &str| packet.sections.is_empty() && key != "USER_SIGNATURE" && !fields.contains(&key);
    let is_agreed = |part: &ContractPart| {
        part.key == "RISK_TIER"
            || is_listed(&part.key)
            || part.lines.first().is_some_and(|line| line.value.starts_with('#'))
    };
    let contract = contract_parts(packet)
        .into_iter()
        .filter(is_agreed)
        .map(|part| ShownPart {
            part: part.key,
            lines: part.lines.iter().map(|line| redactor.clean(&line.value)).collect(),
        })
        .collect();
    let findings = shown_findings(report, &mut redactor);
    let evidence = report
        .claims
        .iter()
        .map(|claim| ShownClaim {
            command: redactor.clean(&claim.command),
            claimed_exit_code: claim
                .exit_code
                .as_deref()
                .map(|code| redactor.clean(&to_single_line(code, 20))),
        })
        .collect();
    out.redactions.extend(redactor.describe("the contract and its findings"));
    let mut shown = Shown { packet: packet_id, contract, findings, evidence, files: Vec::new() };
    let mut size = length(&shown);
    for file in files {
        let mut redactor = Redactor::default();
        let name = redactor.clean(&to_single_line(&file.change.path.to_text(), 400));
        if let Some(reason) = reason_to_leave_out(file) {
            out.left_out.push(format!("{name}: {reason}"));
            continue;
        }
        let (one, lines, (removed, cut_lines)) = show_file(file, name.clone());
        let more = length(&one) + 1;
        if size + more > max_bytes {
            out.left_out.push(format!("{name}: it does not fit into {max_bytes} bytes"));
            continue;
        }
        size += more;
        out.redactions.extend(describe_count(removed, &name));
        if cut_lines > 0 {
            out.left_out.push(format!("{name}: the ends of {}", format_count(cut_lines, "long line")));
        }
        out.artifacts.push(name.clone());
        out.lines.insert(name, lines);
        shown.files.push(one);
    }
    out.prompt = serde_json::to_string(&shown).unwrap_or_default();
    out
}

fn length(value: &impl Serialize) -> usize {
    serde_json::to_string(value).map_or(usize::MAX / 2, |text| text.len())
}

fn shown_findings(report: &Report, redactor: &mut Redactor) -> Vec<ShownFinding> {
    let shown = |finding: &crate::finding::Finding| {
        let (file, line) = match &finding.primary.place {
            Place::Text { source, span } => {
                (Some(source.display_path().clone()), Some(source.position(span.start).line))
            }
            Place::Path(path) => (Some(path.to_string()), None),
            Place::Repository => (None, None),
        };
        (finding.rule.to_string(), finding.level.to_string(), finding.message.clone(), file, line)
    };
    report
        .findings
        .iter()
        .take(MAX_FINDINGS)
        .map(shown)
        .map(|(rule, level, message, file, line)| ShownFinding {
            rule,
            level,
            message: redactor.clean(&message),
            file: file.map(|file| redactor.clean(&to_single_line(&file, 400))),
            line,
        })
        .collect()
}

/// Why the content of a file is not sent.
fn reason_to_leave_out(file: &ChangedFile) -> Option<&'static str> {
    // Of a renamed file, the old name says what its removed lines are.
    let names = [Some(&file.change.path), file.change.renamed_with.as_ref()];
    if names.into_iter().flatten().any(holds_secrets) {
        return Some("files of this name hold secrets");
    }
    if file.is_binary() {
        return Some("it is binary");
    }
    let released = [&file.before, &file.after].into_iter().flatten().any(FileContent::is_released);
    released.then_some("it is too large")
}

fn holds_secrets(path: &RepoPath) -> bool {
    let name = String::from_utf8_lossy(path.file_name()).to_lowercase();
    name == ".env"
        || name.starts_with(".env.")
        || SECRET_NAMES.contains(&name.as_str())
        || SECRET_NAMES.iter().any(|known| name.strip_prefix(known).is_some_and(|rest| rest.starts_with('.')))
        || SECRET_ENDS.iter().any(|end| name.ends_with(end))
}

fn split_lines(bytes: &[u8]) -> Vec<String> {
    String::from_utf8_lossy(bytes).lines().map(str::to_owned).collect()
}

/// Shows the changed lines of a file and those around them; returns the numbered ones, and
/// how many lines had a secret or were cut, too.
fn show_file(file: &ChangedFile, name: String) -> (ShownFile, BTreeMap<u64, String>, (usize, usize)) {
    let mut removed = 0;
    let lines_of = |content: &Option<FileContent>| {
        content.as_ref().map(|content| split_lines(&content.bytes)).unwrap_or_default()
    };
    // Every line is cleaned, in order: a key can begin far before the change.
    let mut cut_lines = 0;
    let mut clean = |lines: Vec<String>| {
        let mut one = Redactor::of_file(&name);
        let cleaned: Vec<String> = lines.iter().map(|line| one.clean(line)).collect();
        cut_lines += one.cut_lines();
        (lines, cleaned)
    };
    let (raw_before, before) = clean(lines_of(&file.before));
    let (raw_after, after) = clean(lines_of(&file.after));
    let mut numbered = BTreeMap::new();
    let mut hunks = Vec::new();
    let all = file.hunks();
    for (index, hunk) in all.iter().enumerate() {
        let mut lines = Vec::new();
        let mut add = |index: usize, mark: char, raw: &[String], all: &[String]| {
            let Some(text) = all.get(index) else { return };
            let sent_raw = raw.get(index).map(|raw| escape_hidden(&cut(raw)).into_owned());
            removed += usize::from(sent_raw.is_some_and(|raw| raw != *text));
            let number = (mark != '-').then(|| u64::try_from(index + 1).unwrap_or(u64::MAX));
            if let Some(number) = number {
                numbered.insert(number, text.clone());
            }
            lines.push(ShownLine(number, mark, text.clone()));
        };
        // No line is shown twice: one between two changes belongs to the first.
        let before_it = index
            .checked_sub(1)
            .and_then(|index| all.get(index))
            .map_or(0, |previous| previous.after.end.saturating_add(CONTEXT_LINES).min(hunk.after.start));
        let from = hunk.after.start.saturating_sub(CONTEXT_LINES).max(before_it);
        let next = all.get(index + 1).map_or(usize::MAX, |next| next.after.start);
        let to = hunk.after.end.saturating_add(CONTEXT_LINES).min(next);
        (from..hunk.after.start).for_each(|index| add(index, ' ', &raw_after, &after));
        hunk.before.clone().for_each(|index| add(index, '-', &raw_before, &before));
        hunk.after.clone().for_each(|index| add(index, '+', &raw_after, &after));
        (hunk.after.end..to).for_each(|index| add(index, ' ', &raw_after, &after));
        hunks.push(lines);
    }
    (ShownFile { file: name, change: file.change.kind().clause(), hunks }, numbered, (removed, cut_lines))
}
