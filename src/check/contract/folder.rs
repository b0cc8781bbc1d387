//! `contract/folder`: a contract lies where its status says.

use super::{at, contract, status};
use crate::check::Verdict;
use crate::check::library::DocumentInput;
use crate::document::contract::ContractStatus;
use crate::rule::Rule;

pub(in crate::check) fn check(input: &DocumentInput<'_>, rule: &Rule) -> Verdict {
    let contract = match contract(input) {
        Ok(contract) => contract,
        Err(skipped) => return skipped,
    };
    let folders = input.document.path().folder().to_string();
    // `completed/area/x.md` lies among the completed ones too.
    let Some((folder, allowed)) = folders.rsplit('/').find_map(|name| Some((name, allowed(name)?))) else {
        return Verdict::skipped("the contract lies in no folder of a status");
    };
    let (found, place) = status(contract);
    if found == ContractStatus::Unknown || allowed.contains(&found) {
        return Vec::new().into();
    }
    let message = format!("the contract is {}, but lies in `{folder}/`", found.as_str());
    Some(rule.finding(message, at(contract, place, format!("not for `{folder}/`")))).into()
}

/// The statuses of contracts in a folder of that name.
fn allowed(folder: &str) -> Option<&'static [ContractStatus]> {
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
