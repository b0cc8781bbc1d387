//! Where documents lie, as meant.

use crate::document::{Layout, LayoutName};

use super::raw;

/// A folder below the root, without trailing slash; `None` if it leaves it.
pub(super) fn parse_folder(text: &str) -> Option<String> {
    let text = text.trim_end_matches('/');
    let inside = !text.starts_with('/')
        && !text.contains(['\\', ':'])
        && text.split('/').all(|name| !matches!(name, "" | "..") || text.is_empty());
    inside.then(|| if text == "." { String::new() } else { text.to_owned() })
}

pub(super) fn validate_layout(raw: raw::RawLayout) -> Result<Layout, (String, String)> {
    let mut out = match raw.base.as_deref() {
        None | Some(".GOV") => Layout::gov(),
        Some("docs") => Layout::docs(),
        Some(other) => {
            return Err((other.to_owned(), format!("`{other}` is no layout; known are `docs` and `.GOV`")));
        }
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
            *slot = format!(
                "{}/",
                parse_folder(&given)
                    .filter(|f| !f.is_empty())
                    .ok_or_else(|| (given.clone(), format!("`{given}` is no folder of the repository")))?
            );
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
            *slot = parse_folder(&given)
                .filter(|f| !f.is_empty())
                .ok_or_else(|| (given.clone(), format!("`{given}` is no file of the repository")))?;
        }
    }
    if let Some(governance) = raw.governance {
        out.governance_folders = governance;
    }
    out.name = LayoutName::Configured;
    Ok(out)
}
