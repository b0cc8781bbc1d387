//! `manifest/agreement`: several manifests of one file say the same of it.

use crate::check::Verdict;
use crate::check::input::ChangeInput;
use crate::document::manifest::Manifest;
use crate::rule::Rule;

use super::at;

pub(in crate::check) fn check(input: &ChangeInput<'_>, rule: &Rule) -> Verdict {
    let manifests = &input.packet.packet.manifests;
    let mut out = Vec::new();
    for (index, manifest) in manifests.iter().enumerate() {
        let Some(path) = &manifest.path else { continue };
        let Some(first) = manifests.iter().take(index).find(|other| other.path.as_ref() == Some(path)) else {
            continue;
        };
        let differ: Vec<&str> = differences(first, manifest);
        if !differ.is_empty() {
            let message = format!("two manifests of {path} differ in {}", differ.join(", "));
            out.push(
                rule.finding(message, at(input, manifest.label, "this one"))
                    .related(at(input, first.label, "and this one"))
                    .about(path),
            );
        }
    }
    out.into()
}

fn differences(a: &Manifest, b: &Manifest) -> Vec<&'static str> {
    let value =
        |x: &Option<crate::text::Spanned<crate::digest::Recorded>>| x.as_ref().map(|x| x.value.clone());
    let delta = |x: &Manifest| x.delta.as_ref().map(|x| x.value.clone());
    let same = [
        ("Pre-SHA1", value(&a.pre) == value(&b.pre)),
        ("Post-SHA1", value(&a.post) == value(&b.post)),
        ("Line Delta", delta(a) == delta(b)),
    ];
    same.into_iter().filter(|(_, same)| !same).map(|(name, _)| name).collect()
}
