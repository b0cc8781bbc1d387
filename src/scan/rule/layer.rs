//! Layers of the product that rules are about.

use super::PathPatterns;
use super::server_mark::ServerMark;

/// A layer of the product in which a pattern is allowed. The rule applies to the rest of
/// the product, if there is such a layer.
#[derive(Debug, Clone, Default)]
pub(crate) struct RuleLayer {
    /// The key in `scan: layers`.
    pub name: String,
    /// The name in messages.
    pub title: String,
    /// Words that begin or end the name of a folder of the layer.
    pub folders: Vec<String>,
    /// Words that end the name of a file of the layer.
    pub files: Vec<String>,
    /// Names of files, in small letters with `-`, from which the layer is inferred; if it is
    /// empty, all files of the layer.
    pub inferred_from: Vec<String>,
    /// Words of folders and files from which the layer is not inferred: they name what is used,
    /// and a connector to it has the same name.
    pub not_inferred_from: Vec<String>,
    /// Paths in which the pattern is a finding even if no layer was found.
    pub without_layer: PathPatterns,
    /// Paths of servers, to which the rule does not apply.
    pub servers: PathPatterns,
    /// What the text of a file of a server has.
    pub server_marks: Vec<ServerMark>,
    /// Paths of the user interface: they are neither a server nor the layer, whatever their
    /// folders are called.
    pub user_interface: PathPatterns,
    /// Whether each package has a layer of its own.
    pub per_package: bool,
    /// Whether a layer is inferred for the package that contains it; a package that is named
    /// like the layer is that of all packages. Unlike with `per_package`, the name of a package
    /// makes its files the layer.
    pub per_crate: bool,
    /// Names of libraries that a file may import from a place of its own: then a name is the
    /// layer's, and not the library's.
    pub libraries: Vec<String>,
    /// Names of packages that implement what the layer uses, and so have no such layer.
    pub implementations: Vec<String>,
}

impl RuleLayer {
    /// Returns whether a path is the layer by its names: `db_schema/a.rs`,
    /// `sqlite_store.rs` and `UserRepository.ts` are a data layer.
    #[must_use]
    pub(crate) fn is_named(&self, path: &str) -> bool {
        self.is_named_by(path, &[])
    }

    /// Returns whether a folder of a package is named like the layer: `crates/db`, `shop-store`.
    #[must_use]
    pub(crate) fn is_package(&self, folder: &str) -> bool {
        let name = folder.rsplit('/').next().unwrap_or(folder);
        words_of(name)
            .last()
            .is_some_and(|word| self.folders.contains(word) && !self.not_inferred_from.contains(word))
    }

    /// Returns whether a path is the layer by its names, without some words.
    fn is_named_by(&self, path: &str, without: &[String]) -> bool {
        let is_one_of = |word: Option<&String>, words: &[String]| {
            word.is_some_and(|word| words.contains(word) && !without.contains(word))
        };
        let (folders, file) = path.rsplit_once('/').unwrap_or(("", path));
        let stem = file.split('.').find(|part| !part.is_empty()).unwrap_or(file);
        let kind = file.split('.').nth(1).filter(|_| file.matches('.').count() > 1);
        let begins_or_ends = |folder: &str| {
            let words = words_of(folder);
            is_one_of(words.first(), &self.folders) || is_one_of(words.last(), &self.folders)
        };
        // `ClientStore.ts` is not a client.
        let ends = |name: &str| is_one_of(words_of(name).last(), &self.files);
        folders.split('/').any(begins_or_ends)
            || ends(stem)
            // `order.service.ts`
            || kind.is_some_and(ends)
    }

    /// Returns whether a path is a part of a server.
    #[must_use]
    pub(crate) fn is_server(&self, path: &str) -> bool {
        self.servers.matches(path) && !self.user_interface.matches(path)
    }

    /// Returns whether the text of a file says that it runs on a server.
    #[must_use]
    pub(crate) fn is_text_of_server(&self, text: &str) -> bool {
        self.server_marks.iter().any(|mark| mark.is_in(text))
    }

    /// Returns whether a file shows that there is a layer: `apiClient.ts` shows a client.
    #[must_use]
    pub(crate) fn is_shown_by(&self, path: &str) -> bool {
        let file = path.rsplit('/').next().unwrap_or(path);
        let stem = file.split('.').next().unwrap_or(file);
        self.is_named_by(path, &self.not_inferred_from)
            && (self.inferred_from.is_empty() || self.inferred_from.contains(&words_of(stem).join("-")))
    }

    /// Returns whether a package implements what the layer uses: by its name, or as a part
    /// of a package with that name.
    #[must_use]
    pub(crate) fn is_implemented_by(&self, package: &str) -> bool {
        let package = package.replace('_', "-");
        let is_part = |name: &String| {
            package.strip_prefix(&name.replace('_', "-")).is_some_and(|rest| matches!(rest, "" | "-core"))
        };
        self.implementations.iter().any(is_part)
    }
}

/// Returns the words of a name in small letters. Words are separated by `-`, `_`, or a
/// capital letter.
pub(super) fn words_of(name: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut after_small = false;
    for c in name.chars() {
        if !c.is_alphanumeric() {
            after_small = false;
            found.push(String::new());
            continue;
        }
        if found.is_empty() || (after_small && c.is_uppercase()) {
            found.push(String::new());
        }
        after_small = !c.is_uppercase();
        if let Some(last) = found.last_mut() {
            last.extend(c.to_lowercase());
        }
    }
    found.retain(|word| !word.is_empty());
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_are_found_by_the_words_of_names() {
        let words = |all: &[&str]| all.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let layer = RuleLayer {
            folders: words(&["db", "services"]),
            files: words(&["store", "client", "service"]),
            implementations: words(&["sqlx"]),
            ..RuleLayer::default()
        };
        for path in [
            "src/db_schema/a.rs",
            "a/db/b.rs",
            "sqlite_store.rs",
            "src/apiClient.ts",
            "a/order.service.ts",
            "store.rs",
        ] {
            assert!(layer.is_named(path), "{path}");
        }
        for path in [
            "src/error.rs",
            "src/storefront.rs",
            "src/ClientHook.ts",
            "adb/a.rs",
            "src/restore.rs",
            "client/src/a.ts",
        ] {
            assert!(!layer.is_named(path), "{path}");
        }
        assert!(layer.is_shown_by("a/order.service.ts"));
        let other = RuleLayer { not_inferred_from: words(&["services"]), ..layer.clone() };
        assert!(other.is_named("services/a.rs") && !other.is_shown_by("services/a.rs"));
        assert!(other.is_shown_by("services/order_store.rs"));
        assert!(layer.is_package("crates/shop-db") && !layer.is_package("crates/db-shop"));
        assert!(layer.is_package("services") && !other.is_package("services"));
        let layer = RuleLayer { inferred_from: words(&["api-client"]), ..layer };
        assert!(layer.is_shown_by("src/apiClient.ts") && layer.is_shown_by("db/api_client.ts"));
        assert!(!layer.is_shown_by("a/order.service.ts") && !layer.is_shown_by("db/route.ts"));
        assert!(layer.is_implemented_by("sqlx-core") && !layer.is_implemented_by("sqlx-demo"));
    }
}
