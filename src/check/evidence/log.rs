//! `evidence/log`: a log that is there has the recorded hash and the quoted
//! lines.

use crate::check::CheckResult;
use crate::check::context::ChangeCheckContext;
use crate::digest::sha256_hex;
use crate::rule::Rule;
use crate::text::to_single_line;

use super::{normalize, not_required_reason};

pub(in crate::check) fn check(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
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
