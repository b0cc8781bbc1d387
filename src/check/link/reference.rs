//! `link/reference`: the files that an open packet, its refinement and the
//! gate log name are there.

use super::{NamedBy, not_looked_up, unresolved};
use crate::check::Verdict;
use crate::check::library::DocumentInput;
use crate::rule::Rule;

pub(in crate::check) fn check(input: &DocumentInput<'_>, rule: &Rule) -> Verdict {
    not_looked_up(input).unwrap_or_else(|| unresolved(input, NamedBy::Field, rule).into())
}
