//! `evidence/log`: a log that is there has the recorded hash and the quoted
//! lines.

use crate::check::Verdict;
use crate::check::input::ChangeInput;
use crate::digest::sha256_hex;
use crate::rule::Rule;
use crate::text::one_line;

use super::{folded, not_asked};

pub(in crate::check) fn check(input: &ChangeInput<'_>, rule: &Rule) -> Verdict {
    if let Some(why) = not_asked(input) {
        return Verdict::skipped(why);
    }
    let mut out = Vec::new();
    for entry in &input.packet.packet.evidence {
        let Some(path) = &entry.log_path else { continue };
        let Some(log) = input.logs.get(&path.value) else { continue };
        let shown = one_line(&path.value, 100);
        if let Some(recorded) = &entry.log_sha256 {
            let real = sha256_hex(log);
            if !recorded.value.eq_ignore_ascii_case(&real) {
                out.push(
                    rule.finding(
                        format!("LOG_SHA256 is not the hash of {shown}"),
                        input.packet.at(recorded.span, "another log"),
                    )
                    .help(format!("The log's SHA-256 is {real}.")),
                );
            }
        }
        let text = folded(&String::from_utf8_lossy(log));
        for line in &entry.proof_lines {
            if !text.contains(&folded(&line.value)) {
                out.push(rule.finding(
                    format!("this line does not occur in {shown}"),
                    input.packet.at(line.span, "quoted as proof"),
                ));
            }
        }
    }
    out.into()
}
