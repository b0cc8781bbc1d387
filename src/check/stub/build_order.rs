//! `stub/build-order`: what open stubs say of their order agrees from both sides.

use std::collections::{BTreeMap, BTreeSet};

use crate::check::CheckResult;
use crate::check::repository_documents::RepositoryCheckContext;
use crate::document::audit::find_wp_ids;
use crate::document::field::Field;
use crate::document::stub::Stub;
use crate::document::{DocumentBody, WpId};
use crate::finding::{Finding, Label, Level};
use crate::rule::Rule;
use crate::text::format_count;

/// The two labels, each with its opposite and what another stub says with the opposite.
const SIDES: [(&str, &str, &str); 2] = [
    ("BUILD_ORDER_DEPENDS_ON", "BUILD_ORDER_BLOCKS", "says that it blocks this stub"),
    ("BUILD_ORDER_BLOCKS", "BUILD_ORDER_DEPENDS_ON", "says that it depends on this stub"),
];
/// Maximum number of ids that are read of one list, and of places that one finding shows.
const MAX_IDS: usize = 200;
const MAX_SHOWN: usize = 5;

/// A stub whose work has not begun.
struct OpenStub<'a> {
    id: &'a str,
    base: String,
    stub: &'a Stub,
}

/// `stub/build-order`: if an open stub says that it blocks another one, the other one says that
/// it depends on it, and the other way round.
pub(in crate::check) fn build_order(input: &RepositoryCheckContext<'_>, rule: &Rule) -> CheckResult {
    let stubs = open_stubs(input);
    // A base id with several open stubs does not say which of them is meant.
    let mut by_base: BTreeMap<&str, Option<usize>> = BTreeMap::new();
    for (at, stub) in stubs.iter().enumerate() {
        by_base.entry(stub.base.as_str()).and_modify(|known| *known = None).or_insert(Some(at));
    }
    let mut out = Vec::new();
    for (label, opposite, says) in SIDES {
        let mut missing: BTreeMap<usize, Vec<&OpenStub<'_>>> = BTreeMap::new();
        for (at, other) in stubs.iter().enumerate() {
            let mut named: Vec<usize> = listed(other.stub, opposite)
                .unwrap_or_default()
                .iter()
                .filter_map(|base| by_base.get(base.as_str()).copied().flatten())
                .filter(|named| *named != at)
                .collect();
            named.sort_unstable();
            named.dedup();
            for index in named {
                missing.entry(index).or_default().push(other);
            }
        }
        for (index, others) in missing {
            let Some(own) = stubs.get(index) else { continue };
            let list = match listed(own.stub, label) {
                Some(list) => list,
                // Older stubs have no such label, and name what they need in their text.
                None if label == SIDES[0].0 && own.stub.field(label).is_none() => named_anywhere(own.stub),
                None => continue,
            };
            let others: Vec<&OpenStub<'_>> =
                others.into_iter().filter(|other| !list.contains(&other.base)).collect();
            out.extend(one_sided(own, label, (opposite, says), &others, rule));
        }
    }
    out.into()
}

/// Returns the stubs that no packet followed, and that no record calls ended.
fn open_stubs<'a>(input: &'a RepositoryCheckContext<'_>) -> Vec<OpenStub<'a>> {
    let governance = input.governance;
    let is_open = |id: &str| governance.packet(id).is_none() && !governance.is_historical_id(id);
    let stubs = governance.stubs().filter(|(id, _)| is_open(id));
    let stubs = stubs.filter_map(|(id, document)| {
        let DocumentBody::Stub(stub) = &document.body else { return None };
        Some(OpenStub { id, base: WpId::parse(id).ok()?.base().to_owned(), stub })
    });
    stubs.collect()
}

/// Returns the base ids in a list; `None` if the stub has no such list, or did not fill it.
fn listed(stub: &Stub, label: &str) -> Option<BTreeSet<String>> {
    let field = stub.field(label).filter(|field| field.is_filled())?;
    let bases: BTreeSet<String> = bases(&field.value.value).collect();
    let is_none = field.bare_value().value.trim().to_uppercase().starts_with("NONE");
    (is_none || !bases.is_empty()).then_some(bases)
}

/// Returns the base ids that a stub names anywhere.
fn named_anywhere(stub: &Stub) -> BTreeSet<String> {
    bases(stub.source.text()).collect()
}

fn bases(text: &str) -> impl Iterator<Item = String> {
    find_wp_ids(text).take(MAX_IDS).filter_map(|id| Some(WpId::parse(id).ok()?.base().to_owned()))
}

fn one_sided(
    own: &OpenStub<'_>,
    label: &str,
    (opposite, says): (&str, &str),
    others: &[&OpenStub<'_>],
    rule: &Rule,
) -> Option<Finding> {
    let first = others.first()?;
    let more = match others.len() - 1 {
        0 => String::new(),
        more => format!(" (and {})", format_count(more, "other")),
    };
    let field = own.stub.field(label);
    let what = if field.is_some() { label } else { "the stub" };
    let message = format!("{what} does not name `{}`, which {says}{more}", first.id);
    let here = field.map_or_else(|| own.stub.head_span(), |field| field.label.join(field.value.span));
    let here = Label::text(&own.stub.source, here, "not named here");
    let there = |other: &&OpenStub<'_>| {
        let field: &Field = other.stub.field(opposite)?;
        Some(Label::text(&other.stub.source, field.value.span, "this stub is named"))
    };
    let shown = others.iter().take(MAX_SHOWN).filter_map(there);
    Some(shown.fold(rule.finding(message, here).with_level(Level::Note), Finding::related))
}
