//! `contract/dependency`: dependencies are contracts that exist.

use crate::check::CheckResult;
use crate::check::repository_documents::DocumentCheckContext;
use crate::rule::Rule;

use super::{contract_of, label_at};

pub(in crate::check) fn check(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let contract = match contract_of(input) {
        Ok(contract) => contract,
        Err(skipped) => return skipped,
    };
    let Some(known) = input.known_contracts else {
        return CheckResult::skipped("the other contracts were not looked at");
    };
    let mut out = Vec::new();
    for dependency in &contract.dependencies {
        let name = dependency.name.value.to_lowercase();
        if let Some(path) = known.get(&name) {
            if *path == *input.document.path() {
                let label = label_at(contract, dependency.name.span, "this contract");
                out.push(rule.finding("the contract depends on itself", label));
            }
            continue;
        }
        let message = format!("the contract `{}` does not exist", crate::text::to_single_line(&name, 80));
        let finding =
            rule.finding(message, label_at(contract, dependency.name.span, "no contract of that name"));
        let scored = known.iter().map(|(other, path)| (strsim::normalized_levenshtein(other, &name), path));
        out.push(match scored.max_by(|a, b| a.0.total_cmp(&b.0)) {
            Some((score, near)) if score > 0.6 => finding.help(format!("The nearest one is {near}.")),
            _ => finding,
        });
    }
    out.into()
}
