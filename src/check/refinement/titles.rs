//! Titles of sections that anchors name, compared with those of a specification.

use crate::document::heading_scan::Heading;
use crate::document::spec::{SpecText, normalize_title, section_number};

use super::contains_words;

/// Returns a title without its number, in small letters and without marks.
pub(super) fn plain_title(title: &str, number: &str) -> String {
    let rest = title.split_once(number).map_or(title, |(_, rest)| rest);
    let plain = rest.replace(['*', '`', '#'], "").to_lowercase();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Returns whether a heading has a title, whatever its number. A title of one short word can be
/// that of many sections.
pub(super) fn is_same_title(heading: &str, title: &str) -> bool {
    let own = plain_title(heading, section_number(heading).unwrap_or_default());
    title.chars().count() >= MIN_TITLE && own == title
}

/// Minimum number of characters of a title that is compared without its number.
const MIN_TITLE: usize = 12;

/// Finds the section whose title contains the anchor's text, or is contained in it.
/// Case and whitespace are ignored.
pub(super) fn find_section<'a>(spec: &'a SpecText, name: &str) -> Option<&'a Heading> {
    let wanted = normalize_title(name.trim_matches(['`', '(', ')', '"']));
    if wanted.chars().count() < 4 {
        return None;
    }
    let finder = memchr::memmem::Finder::new(wanted.as_bytes());
    let is_found = |title: &str| {
        finder.find(title.as_bytes()).is_some()
            || (title.len() <= wanted.len() && title.chars().count() > 3 && contains_words(&wanted, title))
    };
    let found = spec.normalized_titles().iter().position(|title| is_found(title))?;
    spec.headings().get(found)
}

/// Finds the heading whose number is the longest prefix of a section number.
pub(super) fn nearest_heading<'a>(titles: impl Iterator<Item = &'a str>, wanted: &str) -> Option<String> {
    let is_parent = |number: &str| wanted.strip_prefix(number).is_some_and(|rest| rest.starts_with('.'));
    let best = titles
        .filter_map(|title| Some((section_number(title)?, title)))
        .filter(|(number, _)| is_parent(number));
    best.max_by_key(|(number, _)| number.len()).map(|(_, title)| crate::text::to_single_line(title, 80))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_compared_without_its_number() {
        let title = plain_title("11.3.6.4 Canonical recorder tables (DuckDB)", "11.3.6.4");
        assert!(is_same_title("Canonical **recorder** tables (DuckDB)", &title));
        assert!(is_same_title("7.2 Canonical recorder tables (DuckDB)", &title));
        assert!(!is_same_title("Canonical recorder tables", &title));
        // Short titles are those of many sections.
        assert!(!is_same_title("Overview", &plain_title("2.2 Overview", "2.2")));
    }
}
