//! What every shape of an event has in common.

/// Why an event is not valid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("HSK-400-INVALID-EVENT: {0}")]
pub(crate) struct InvalidEvent(pub String);

/// Returns whether a text is a UUID other than the nil one.
pub(super) fn is_uuid(text: &str) -> bool {
    uuid::Uuid::try_parse(text).is_ok_and(|id| !id.is_nil())
}
