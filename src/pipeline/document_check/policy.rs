//! Configuration and layout for a check of documents.

use crate::change::{Repository, TreeState};
use crate::config::{Config, complete_layout, detect_layout, load};
use crate::document::Layout;
use crate::pipeline::error::PipelineError;

use super::request::DocumentCheckRequest;

/// Loads the configuration and the layout of the requested tree; no layout if
/// none is configured and none is detected.
pub(super) fn load_config_and_layout(
    repo: &dyn Repository,
    request: &DocumentCheckRequest,
) -> Result<(Config, Option<Layout>), PipelineError> {
    let config = load(repo, request.tree, request.config.as_ref())?.config;
    // A file that is not committed does not replace the packet of HEAD.
    let trusted = repo.head()?.map_or(request.tree, TreeState::Commit);
    let layout = match &config.layout {
        Some(layout) => Some(layout.clone()),
        None => detect_layout(repo, request.tree)?,
    };
    let layout = layout.map(|layout| complete_layout(repo, layout, trusted, request.tree)).transpose()?;
    Ok((config, layout))
}
