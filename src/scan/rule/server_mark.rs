//! Texts in a file that say that it runs on a server.

use std::sync::OnceLock;

use regex::Regex;

/// A pattern that shows that a file is a part of a server.
#[derive(Debug, Clone, Default)]
pub(crate) struct ServerMark {
    pattern: String,
    /// A pattern that must not match in the file.
    unless: Option<String>,
    compiled: OnceLock<Option<(Regex, Option<Regex>)>>,
}

impl ServerMark {
    pub(super) fn new(pattern: String, unless: Option<String>) -> Self {
        Self { pattern, unless, compiled: OnceLock::new() }
    }

    /// Returns whether the text of a file has the mark.
    pub(super) fn is_in(&self, text: &str) -> bool {
        let compile = |pattern: &str| Regex::new(&format!("(?m){pattern}")).ok();
        let compiled = self.compiled.get_or_init(|| {
            let unless = match &self.unless {
                Some(unless) => Some(compile(unless)?),
                None => None,
            };
            Some((compile(&self.pattern)?, unless))
        });
        compiled.as_ref().is_some_and(|(pattern, unless)| {
            pattern.is_match(text) && !unless.as_ref().is_some_and(|unless| unless.is_match(text))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_counts_without_its_exception() {
        let mark = ServerMark::new("^export const loader".to_owned(), Some("^export default".to_owned()));
        assert!(mark.is_in("import a\nexport const loader = b;\n"));
        assert!(!mark.is_in("export const loader = b;\nexport default a;\n"));
        assert!(!mark.is_in("// export const loader\n"));
        assert!(!ServerMark::new("(".to_owned(), None).is_in("("));
    }
}
