//! `link/reference`: the files that an open packet, its refinement and the
//! gate log name are there.

use crate::check::CheckResult;
use crate::check::repository_documents::DocumentCheckContext;
use crate::rule::Rule;

use super::{NamedBy, check_named_paths, skip_outside_repository};

pub(in crate::check) fn check(input: &DocumentCheckContext<'_>, rule: &Rule) -> CheckResult {
    skip_outside_repository(input).unwrap_or_else(|| check_named_paths(input, NamedBy::Field, rule).into())
}
