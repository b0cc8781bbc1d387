//! `scope/budget`: the number of changed files.

use super::is_own_governance;
use crate::check::CheckResult;
use crate::check::context::ChangeCheckContext;
use crate::finding::Label;
use crate::rule::Rule;
use crate::text::to_single_line;

/// `scope/budget`: the change touches at most as many files as `TOUCHED_FILE_BUDGET`
/// allows. The packet's own governance files do not count.
pub(in crate::check) fn budget(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
    let packet = input.packet.packet;
    let mut fields =
        packet.fields.iter().filter(|field| field.key == "TOUCHED_FILE_BUDGET" && field.is_filled());
    let Some(field) = fields.next() else {
        return CheckResult::skipped("the packet has no TOUCHED_FILE_BUDGET");
    };
    let value = field.bare_value();
    let at = |text: &str| input.packet.label_at(value.span, text);
    let Ok(budget) = value.value.parse::<usize>() else {
        let shown = to_single_line(value.value, 40);
        if matches!(shown.to_uppercase().as_str(), "NONE" | "N/A") {
            return Vec::new().into();
        }
        let message = format!("invalid TOUCHED_FILE_BUDGET `{shown}`; expected a number of files");
        return Some(rule.finding(message, at("not a number"))).into();
    };
    let touched: Vec<_> =
        input.files.iter().filter(|file| !is_own_governance(&input.packet, &file.change.path)).collect();
    if touched.len() <= budget {
        return Vec::new().into();
    }
    let message = format!(
        "{} changed, but TOUCHED_FILE_BUDGET allows {budget}",
        if touched.len() == 1 { "1 file is".to_owned() } else { format!("{} files are", touched.len()) }
    );
    let mut finding = rule.finding(message, at("the agreed number of files"));
    for file in touched.iter().skip(budget).take(3) {
        finding = finding.related(Label::path(&file.change.path, "beyond the budget"));
    }
    Some(finding).into()
}
