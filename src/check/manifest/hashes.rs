//! `manifest/pre-sha1`, `manifest/post-sha1`: hashes of the bytes on both
//! sides; and if one is wrong, which wrong thing it is.

use crate::change::{ChangedFile, Image};
use crate::check::Verdict;
use crate::check::input::ChangeInput;
use crate::digest::{Candidate, Hash20, Mistake, Recorded, recognise};
use crate::document::manifest::Manifest;
use crate::finding::{Finding, Place};
use crate::rule::Rule;
use crate::text::{Spanned, one_line};

use super::{at, expected, judged};

pub(in crate::check) fn pre(input: &ChangeInput<'_>, rule: &Rule) -> Verdict {
    judged(input)
        .filter_map(|(manifest, file)| wrong(input, rule, manifest, file, false))
        .collect::<Vec<_>>()
        .into()
}

pub(in crate::check) fn post(input: &ChangeInput<'_>, rule: &Rule) -> Verdict {
    judged(input)
        .filter_map(|(manifest, file)| wrong(input, rule, manifest, file, true))
        .collect::<Vec<_>>()
        .into()
}

fn wrong(
    input: &ChangeInput<'_>,
    rule: &Rule,
    manifest: &Manifest,
    file: &ChangedFile,
    post: bool,
) -> Option<Finding> {
    let recorded: &Spanned<Recorded> = (if post { &manifest.post } else { &manifest.pre }).as_ref()?;
    let want = expected(file, post);
    if recorded.value == Recorded::Sha1(want) {
        return None;
    }
    let (name, moment) = if post { ("Post-SHA1", "after") } else { ("Pre-SHA1", "before") };
    let path = &file.change.path;
    let (this, other) = if post { (&file.post, &file.pre) } else { (&file.pre, &file.post) };
    let message = match this {
        Some(_) => format!("{name} is not the hash of {path} {moment} the change"),
        None => format!("{name} must be forty zeros: {path} does not exist {moment} the change"),
    };
    let label = mistake(&recorded.value, this.as_ref(), other.as_ref(), post);
    let finding = rule.finding(message, at(input, recorded.span, label)).about(path);
    let finding = if want == Hash20::ZERO {
        finding
    } else {
        finding.help(format!("The SHA-1 of its bytes is {want}."))
    };
    let place = Place::text(&input.packet.packet.source, recorded.span);
    Some(finding.fixed_by(place, want.to_string(), format!("write the {name} of the file's bytes")))
}

fn mistake(recorded: &Recorded, this: Option<&Image>, other: Option<&Image>, post: bool) -> String {
    let other_name = if post { "the file before the change" } else { "the file after the change" };
    let others: Vec<Candidate<'_>> =
        other.map(|image| Candidate { name: other_name, bytes: &image.bytes }).into_iter().collect();
    if this.is_none() && *recorded == Recorded::Sha1(crate::digest::sha1(b"")) {
        return "this is the hash of an empty file; a file that does not exist has forty zeros".into();
    }
    let found = recognise(recorded, this.map(|image| &image.bytes[..]), &others);
    match (&found, recorded) {
        (Mistake::NotAHash, Recorded::Other(text)) => format!("`{}` is not a hash", one_line(text, 40)),
        _ => found.to_string(),
    }
}
