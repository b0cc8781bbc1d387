//! The configuration of a user, outside of every repository: nothing that a repository
//! brings can switch on what is here.

use serde::Deserialize;

use crate::rule::parse_yaml;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawUserConfig {
    usage: RawUsage,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawUsage {
    import: Option<String>,
}

/// The configuration of a user.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct UserConfig {
    /// Whether numbers of tokens are copied from the logs of agents.
    pub imports_usage: bool,
}

impl UserConfig {
    /// Reads the text of the file; an empty one switches nothing on.
    ///
    /// # Errors
    /// Text that is not YAML, an unknown key or value.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let raw: RawUserConfig = parse_yaml(text).map_err(|error| error.to_string())?;
        match raw.usage.import.as_deref() {
            None | Some("off") => Ok(Self::default()),
            Some("on") => Ok(Self { imports_usage: true }),
            Some(other) => {
                let other = crate::text::to_single_line(other, 40);
                Err(format!("invalid value of `usage.import` `{other}`; expected one of: on, off"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_on_that_was_not_switched_on() {
        for off in ["", "# nothing", "usage: {}", "usage: {import: off}"] {
            let read = UserConfig::parse(off);
            assert!(read.is_err() || read == Ok(UserConfig::default()), "{off}: {read:?}");
        }
        assert_eq!(UserConfig::parse("usage: {import: on}"), Ok(UserConfig { imports_usage: true }));
        for wrong in ["usage: {import: maybe}", "usage: {imports: on}", "use: 1", "- a"] {
            assert!(UserConfig::parse(wrong).is_err(), "{wrong}");
        }
    }
}
