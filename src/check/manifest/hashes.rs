//! `manifest/pre-sha1`, `manifest/post-sha1`: hashes of the bytes on both
//! sides; and if one is wrong, which wrong thing it is.

use crate::change::{ChangedFile, FileContent};
use crate::check::CheckResult;
use crate::check::context::ChangeCheckContext;
use crate::digest::{Hash20, HashMismatch, OtherVersion, RecordedHash, diagnose};
use crate::document::manifest::Manifest;
use crate::finding::{Finding, Place};
use crate::rule::Rule;
use crate::text::{Spanned, to_single_line};

use super::{expected_hash, label_at, manifests_with_files};

pub(in crate::check) fn pre_sha1(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
    manifests_with_files(input)
        .filter_map(|(manifest, file)| check_hash(input, rule, manifest, file, false))
        .collect::<Vec<_>>()
        .into()
}

pub(in crate::check) fn post_sha1(input: &ChangeCheckContext<'_>, rule: &Rule) -> CheckResult {
    manifests_with_files(input)
        .filter_map(|(manifest, file)| check_hash(input, rule, manifest, file, true))
        .collect::<Vec<_>>()
        .into()
}

fn check_hash(
    input: &ChangeCheckContext<'_>,
    rule: &Rule,
    manifest: &Manifest,
    file: &ChangedFile,
    post: bool,
) -> Option<Finding> {
    let recorded: &Spanned<RecordedHash> = (if post { &manifest.post } else { &manifest.pre }).as_ref()?;
    let want = expected_hash(file, post);
    if recorded.value == RecordedHash::Sha1(want) {
        return None;
    }
    let (name, moment) = if post { ("Post-SHA1", "after") } else { ("Pre-SHA1", "before") };
    let path = &file.change.path;
    let (this, other) = if post { (&file.after, &file.before) } else { (&file.before, &file.after) };
    let message = match this {
        Some(_) => format!("{name} is not the hash of {path} {moment} the change"),
        None => format!("{name} must be forty zeros: {path} does not exist {moment} the change"),
    };
    let label = explain_hash(&recorded.value, this.as_ref(), other.as_ref(), post);
    let finding = rule.finding(message, label_at(input, recorded.span, label)).about_path(path);
    let finding = if want == Hash20::ZERO {
        finding
    } else {
        finding.help(format!("The SHA-1 of its bytes is {want}."))
    };
    let place = Place::text(&input.packet.packet.source, recorded.span);
    Some(finding.with_fix(place, want.to_string(), format!("write the {name} of the file's bytes")))
}

fn explain_hash(
    recorded: &RecordedHash,
    this: Option<&FileContent>,
    other: Option<&FileContent>,
    post: bool,
) -> String {
    let other_name = if post { "the file before the change" } else { "the file after the change" };
    let others: Vec<OtherVersion<'_>> =
        other.map(|image| OtherVersion { name: other_name, bytes: &image.bytes }).into_iter().collect();
    if this.is_none() && *recorded == RecordedHash::Sha1(crate::digest::sha1(b"")) {
        return "this is the hash of an empty file; a file that does not exist has forty zeros".into();
    }
    let found = diagnose(recorded, this.map(|image| &image.bytes[..]), &others);
    match (&found, recorded) {
        (HashMismatch::NotAHash, RecordedHash::Other(text)) => {
            format!("`{}` is not a hash", to_single_line(text, 40))
        }
        _ => found.to_string(),
    }
}
