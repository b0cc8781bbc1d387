//! `contract/folder`: a contract lies where its status says.

use crate::check::CheckResult;
use crate::check::repository_documents::DocumentCheckContext;
use crate::document::contract::ContractStatus;
use crate::rule::Rule;

use super::{contract_of, label_at, status_with_span};

pub(in crate::check) fn check(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    let contract = match contract_of(input) {
        Ok(contract) => contract,
        Err(skipped) => return skipped,
    };
    let folders = input.document.path().folder().to_string();
    // `completed/area/x.md` lies among the completed ones too.
    let Some((folder, allowed)) = folders.rsplit('/').find_map(|name| Some((name, allowed_statuses(name)?)))
    else {
        return CheckResult::skipped("the contract lies in no folder of a status");
    };
    let (found, place) = status_with_span(contract);
    if found == ContractStatus::Unknown || allowed.contains(&found) {
        return Vec::new().into();
    }
    let message = format!("the contract is {}, but lies in `{folder}/`", found.as_str());
    Some(rule.finding(message, label_at(contract, place, format!("not for `{folder}/`")))).into()
}

/// The statuses of contracts in a folder of that name.
fn allowed_statuses(folder: &str) -> Option<&'static [ContractStatus]> {
    use ContractStatus::{Abandoned, Absorbed, Active, Closed, Complete, Draft, Pending};
    Some(match folder.to_lowercase().as_str() {
        "draft" | "drafts" => &[Draft, Pending],
        "active" => &[Active, Pending],
        "completed" | "complete" | "done" => &[Complete, Closed, Absorbed],
        "abandoned" => &[Abandoned, Absorbed, Closed],
        "archive" | "archived" | "closed" => &[Complete, Closed, Absorbed, Abandoned],
        _ => return None,
    })
}
