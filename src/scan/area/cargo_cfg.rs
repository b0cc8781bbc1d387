//! Conditions of `cfg` that a repository itself switches on: in a build script, or in the flags of
//! `.cargo/config.toml`.

use std::collections::BTreeSet;

/// Words behind which the name of a condition follows.
const SETTERS: [&str; 2] = ["rustc-cfg=", "--cfg"];
/// Maximum number of conditions of one file.
const MAX_CONDITIONS: usize = 200;

/// Returns the conditions that a text switches on: `cfg:loom`, and for a feature its name. A name
/// that the text computes can be any one, which is `cfg:*`.
pub(super) fn conditions_of(text: &str) -> BTreeSet<String> {
    let found = SETTERS.into_iter().flat_map(|setter| text.match_indices(setter).map(move |at| (setter, at)));
    found.take(MAX_CONDITIONS).map(|(setter, (at, _))| condition_at(text.get(at + setter.len()..))).collect()
}

fn condition_at(rest: Option<&str>) -> String {
    // `--cfg", "loom`, `--cfg=loom`, `feature=\"a\"`
    let between = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ',' | '=' | '\\');
    let rest = rest.unwrap_or_default().trim_start_matches(between);
    let word = |text: &str| -> String {
        text.chars().take(100).take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')).collect()
    };
    let name = word(rest);
    match name.as_str() {
        "" => "cfg:*".to_owned(),
        "feature" => word(rest.get(name.len()..).unwrap_or_default().trim_start_matches(between)),
        _ => format!("cfg:{name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_read_from_build_scripts_and_flags() {
        for (text, expected) in [
            ("println!(\"cargo:rustc-cfg=loom\");", "cfg:loom"),
            ("println!(\"cargo::rustc-cfg=feature=\\\"__tide\\\"\");", "__tide"),
            ("println!(\"cargo:rustc-cfg={name}\");", "cfg:*"),
            ("rustflags = [\"--cfg\", \"miri\"]", "cfg:miri"),
            ("rustflags = \"--cfg=kani\"", "cfg:kani"),
            ("println!(\"cargo::rustc-check-cfg=cfg(loom)\");", ""),
        ] {
            assert_eq!(conditions_of(text).into_iter().collect::<Vec<_>>().join(" "), expected, "{text}");
        }
    }
}
