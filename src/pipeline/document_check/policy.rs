//! Configuration and layout for a check of documents.

use crate::change::Repository;
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
    let layout = match &config.layout {
        Some(layout) => Some(complete_layout(repo, layout.clone(), request.tree, request.tree)?),
        None => detect_layout(repo, request.tree)?,
    };
    Ok((config, layout))
}
