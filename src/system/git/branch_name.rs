//! Names of branches.

/// Returns whether git accepts a text as the name of a branch.
#[must_use]
pub(crate) fn is_valid_branch_name(text: &str) -> bool {
    // libgit2 accepts `@`, which git reads as HEAD.
    text != "@" && git2::Branch::name_is_valid(text).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::is_valid_branch_name;

    #[test]
    fn branch_names_follow_the_rules_of_git() {
        for valid in ["main", "feat/WP-1-A", "a@b", "\u{e4}/b.c"] {
            assert!(is_valid_branch_name(valid), "{valid}");
        }
        for invalid in
            ["", "-x", "a b", "a..b", "a/", "/a", "a//b", ".a", "a/.b", "a.lock", "a~1", "@", "x@{1}", "a\nb"]
        {
            assert!(!is_valid_branch_name(invalid), "{invalid:?}");
        }
    }
}
