//! Commands that `.cargo/config.toml` adds to Cargo: developers run them in the repository.

use std::collections::BTreeSet;

use toml::Value;

/// Returns the packages that an alias of their own name runs: `shopdev = "run -p shopdev --"`.
pub(super) fn packages_with_alias(configurations: &[(String, String)]) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    for (_, text) in configurations {
        let Ok(file) = toml::from_str::<toml::Table>(text) else { continue };
        for (name, value) in file.get("alias").and_then(Value::as_table).into_iter().flatten() {
            let words: Vec<&str> = match value {
                Value::String(text) => text.split_whitespace().collect(),
                Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
                _ => continue,
            };
            out.extend(package_of(&words).filter(|package| package == name));
        }
    }
    out
}

/// Returns the package that the words of an alias run.
fn package_of(words: &[&str]) -> Option<String> {
    let (first, rest) = words.split_first()?;
    if !matches!(*first, "run" | "r") {
        return None;
    }
    let mut rest = rest.iter().take_while(|word| **word != "--");
    while let Some(word) = rest.next() {
        if matches!(*word, "-p" | "--package" | "--bin") {
            return rest.next().map(|name| (*name).to_owned());
        }
        if let Some(name) = word.strip_prefix("--package=").or_else(|| word.strip_prefix("--bin=")) {
            return Some(name.to_owned());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alias_names_the_package_that_it_runs() {
        let read = |text: &str| {
            let all = packages_with_alias(&[(".cargo".to_owned(), text.to_owned())]);
            all.into_iter().collect::<Vec<_>>().join(" ")
        };
        assert_eq!(read("[alias]\nshopdev = \"run --quiet --package shopdev --\"\n"), "shopdev");
        assert_eq!(read("[alias]\nshopdev = [\"run\", \"--bin=shopdev\"]\n"), "shopdev");
        for text in [
            "[alias]\ngo = \"run -p shop\"\n",
            "[alias]\nshop = \"test -p shop\"\n",
            "[alias]\nshop = \"run -- -p shop\"\n",
            "[build]\nshop = \"run -p shop\"\n",
            "[",
        ] {
            assert_eq!(read(text), "", "{text}");
        }
    }
}
