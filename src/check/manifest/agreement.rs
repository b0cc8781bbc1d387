//! `manifest/agreement`: several manifests of one file say the same of it.

use crate::check::CheckResult;
use crate::check::context::ChangeCheckContext;
use crate::document::manifest::Manifest;
use crate::rule::Rule;

use super::label_at;

pub(in crate::check) fn check(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
    let manifests = &input.packet.packet.manifests;
    let mut out = Vec::new();
    for (index, manifest) in manifests.iter().enumerate() {
        let Some(path) = &manifest.path else { continue };
        let Some(first) = manifests.iter().take(index).find(|other| other.path.as_ref() == Some(path)) else {
            continue;
        };
        let differ: Vec<&str> = differing_fields(first, manifest);
        if !differ.is_empty() {
            let message = format!("two manifests of {path} differ in {}", differ.join(", "));
            out.push(
                rule.finding(message, label_at(input, manifest.label, "this one"))
                    .related(label_at(input, first.label, "and this one"))
                    .about_path(path),
            );
        }
    }
    out.into()
}

fn differing_fields(a: &Manifest, b: &Manifest) -> Vec<&'static str> {
    let value =
        |x: &Option<crate::text::Spanned<crate::digest::RecordedHash>>| x.as_ref().map(|x| x.value.clone());
    let delta = |x: &Manifest| x.delta.as_ref().map(|x| x.value.clone());
    let same = [
        ("Pre-SHA1", value(&a.pre) == value(&b.pre)),
        ("Post-SHA1", value(&a.post) == value(&b.post)),
        ("Line Delta", delta(a) == delta(b)),
    ];
    same.into_iter().filter(|(_, same)| !same).map(|(name, _)| name).collect()
}
