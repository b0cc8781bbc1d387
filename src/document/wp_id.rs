//! Work packet ids: `WP-{phase}-{name}` with an optional revision `-v{N}`.

use std::fmt;

/// A well-formed id: `WP-`, then a letter or digit, then letters, digits,
/// dots, underscores and dashes (FORMATS, "WP ids and files").
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WpId(String);

/// Reason why a text is not a valid id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WpIdError {
    /// Does not start with `WP-`.
    #[error("it does not start with `WP-`")]
    MissingPrefix,
    /// No letter or digit directly after `WP-`.
    #[error("`WP-` must be followed by a letter or a digit")]
    Empty,
    /// A character that is not allowed in ids.
    #[error("`{}` is not allowed; an id has only letters, digits, `.`, `_` and `-`", .0.escape_default())]
    InvalidCharacter(char),
    /// Longer than a file name may be.
    #[error("it is longer than 200 characters")]
    TooLong,
}

impl WpId {
    /// Reads an id.
    ///
    /// # Errors
    /// The text breaks one of the rules for ids.
    pub fn parse(text: &str) -> Result<Self, WpIdError> {
        let rest = text.strip_prefix("WP-").ok_or(WpIdError::MissingPrefix)?;
        if text.len() > 200 {
            return Err(WpIdError::TooLong);
        }
        if let Some(c) = rest.chars().find(|c| !(c.is_ascii_alphanumeric() || "._-".contains(*c))) {
            return Err(WpIdError::InvalidCharacter(c));
        }
        if !rest.starts_with(|c: char| c.is_ascii_alphanumeric()) {
            return Err(WpIdError::Empty);
        }
        Ok(Self(text.to_owned()))
    }

    /// Returns the id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the id without its revision `-v{N}`.
    #[must_use]
    pub fn base(&self) -> &str {
        self.split_revision().0
    }

    /// Returns the revision number; `None` if the id has no revision.
    #[must_use]
    pub fn revision(&self) -> Option<u64> {
        self.split_revision().1
    }

    /// Returns the id of the revision after this one: `WP-1-A-v2` after `WP-1-A`.
    #[must_use]
    pub(crate) fn next_revision(&self) -> String {
        format!("{}-v{}", self.base(), self.revision().unwrap_or(1).saturating_add(1))
    }

    fn split_revision(&self) -> (&str, Option<u64>) {
        if let Some((base, digits)) = self.0.rsplit_once("-v") {
            let number = digits.parse().ok().filter(|_| digits.bytes().all(|b| b.is_ascii_digit()));
            if number.is_some() && base.len() > 3 {
                return (base, number);
            }
        }
        (&self.0, None)
    }
}

impl fmt::Display for WpId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_well_formed_ids_are_accepted() {
        for invalid in
            ["W", "WP-", "WP-../x", "WP-a/b", "wp-1-a", "WP--a", "WP-1 a", "../WP-1", "WP-1-é", "WP-a\nb", ""]
        {
            assert!(WpId::parse(invalid).is_err(), "{invalid}");
        }
        let id = WpId::parse("WP-1-MEX-v1.2-Runtime-v3").ok();
        assert_eq!(id.as_ref().map(WpId::base), Some("WP-1-MEX-v1.2-Runtime"));
        assert_eq!(id.as_ref().and_then(WpId::revision), Some(3));
        assert_eq!(WpId::parse("WP-1-Calendar-v1.2").ok().and_then(|id| id.revision()), None);
    }
}
