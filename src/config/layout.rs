//! Folders and files of the documents, validated.

use crate::document::{Layout, LayoutName};
use crate::rule::ValueError;

use super::raw::{self, Text};

/// Reads a folder below the root: without a trailing slash, empty for the
/// root itself; `None` if the path leaves the repository.
pub(super) fn parse_folder(text: &str) -> Option<String> {
    let text = text.trim_end_matches('/');
    let inside = !text.starts_with('/')
        && !text.contains(['\\', ':'])
        && text.split('/').all(|name| !matches!(name, "" | "..") || text.is_empty());
    inside.then(|| if text == "." { String::new() } else { text.to_owned() })
}

/// Reads a folder of the repository that may be the root.
///
/// # Errors
/// A path that leaves the repository.
pub(super) fn validate_folder(text: &Text) -> Result<String, ValueError> {
    parse_folder(&text.value)
        .ok_or_else(|| ValueError::form("folder", text, "a path below the root of the repository"))
}

/// Reads a path below the root; `what` is `folder` or `file`.
///
/// # Errors
/// The root itself, or a path that leaves the repository.
pub(super) fn validate_path(text: &Text, what: &'static str) -> Result<String, ValueError> {
    parse_folder(&text.value)
        .filter(|path| !path.is_empty())
        .ok_or_else(|| ValueError::form(what, text, "a path below the root of the repository"))
}

/// Validates an alias: a prefix of paths outside the repository, and the folder of the
/// repository for which it stands, or the empty text for the root.
fn validate_alias(alias: Text, path: Text) -> Result<(String, String), ValueError> {
    if !alias.value.starts_with("../") || !alias.value.ends_with('/') {
        return Err(ValueError::form("alias", &alias, "a path such as `../main_tree/`"));
    }
    let folder = validate_folder(&path)?;
    let folder = if folder.is_empty() { folder } else { format!("{folder}/") };
    Ok((alias.value, folder))
}

pub(super) fn validate_layout(raw: raw::RawLayout) -> Result<Layout, ValueError> {
    let mut out = match &raw.base {
        None => Layout::gov(),
        Some(base) => match base.value.as_str() {
            ".GOV" => Layout::gov(),
            "docs" => Layout::docs(),
            _ => return Err(ValueError::keyword("layout", base, vec![".GOV", "docs"])),
        },
    };
    let folders = [
        (raw.packets, &mut out.packets),
        (raw.stubs, &mut out.stubs),
        (raw.refinements, &mut out.refinements),
        (raw.contracts, &mut out.contracts),
        (raw.templates, &mut out.templates),
        (raw.signatures, &mut out.signed_contracts),
        (raw.validator_states, &mut out.validator_states),
    ];
    for (given, slot) in folders {
        if let Some(given) = given {
            *slot = format!("{}/", validate_path(&given, "folder")?);
        }
    }
    let files = [
        (raw.board, &mut out.board),
        (raw.registry, &mut out.registry),
        (raw.audit, &mut out.audit),
        (raw.spec_pointer, &mut out.spec_pointer),
        (raw.gate_log, &mut out.gate_log),
        (raw.validator_state, &mut out.shared_validator_state),
        (raw.allowed_signers, &mut out.allowed_signers),
    ];
    for (given, slot) in files {
        if let Some(given) = given {
            *slot = validate_path(&given, "file")?;
        }
    }
    let aliases = raw.aliases.0.into_iter().map(|(alias, path)| validate_alias(alias, path));
    out.aliases = aliases.collect::<Result<_, _>>()?;
    out.aliases.sort_by_key(|(alias, _)| std::cmp::Reverse(alias.len()));
    if let Some(governance) = raw.governance {
        out.governance_folders = governance;
    }
    out.name = LayoutName::Configured;
    Ok(out)
}
