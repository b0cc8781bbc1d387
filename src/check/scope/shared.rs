//! `scope/shared`: of several packets that are judged together, one allows
//! each file.

use crate::check::CheckResult;
use crate::finding::Label;
use crate::rule::Rule;
use crate::text::RepoPath;

pub(in crate::check) fn check(shared: &[(RepoPath, String)], rule: &Rule) -> CheckResult {
    let finding = |(path, other): &(RepoPath, String)| {
        let message = format!("{path} is changed, and the scope of `{other}` allows it too");
        rule.finding(message, Label::path(path, "belongs to two packets")).about_path(path)
    };
    shared.iter().map(finding).collect::<Vec<_>>().into()
}
