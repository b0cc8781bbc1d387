//! Finds the requirements that quote a criterion.

use std::collections::{BTreeSet, HashMap};

use super::normalize;

/// Number of characters from which the start of a criterion counts as its quotation.
const MIN_START: usize = 24;
/// Maximum number of different lengths of quotes with the same first characters. Further
/// ones quote only whole criteria.
const MAX_LENGTHS: usize = 64;

/// The quotes of the requirements of a packet, normalized.
pub(super) struct Quotes {
    /// Positions of the requirements by their whole quotes.
    whole: HashMap<String, Vec<usize>>,
    /// Positions of the requirements by quotes that may be the start of a criterion, and the
    /// lengths in bytes of these quotes by their first characters.
    starts: HashMap<String, Vec<usize>>,
    lengths: HashMap<String, BTreeSet<usize>>,
}

impl Quotes {
    pub(super) fn new<'a>(quotes: impl Iterator<Item = &'a str>) -> Self {
        let mut out = Self { whole: HashMap::new(), starts: HashMap::new(), lengths: HashMap::new() };
        for (index, quote) in quotes.enumerate() {
            let quote = normalize(quote);
            let start = quote.trim_end_matches(['.', '…', ' ']).to_owned();
            out.whole.entry(quote).or_default().push(index);
            let Some(head) = head_of(&start) else { continue };
            let lengths = out.lengths.entry(head.to_owned()).or_default();
            if lengths.len() < MAX_LENGTHS || lengths.contains(&start.len()) {
                lengths.insert(start.len());
                out.starts.entry(start).or_default().push(index);
            }
        }
        out
    }

    /// Returns the positions of the requirements that quote a normalized criterion: the
    /// whole text, or at least its first [`MIN_START`] characters.
    #[cfg(test)]
    fn of(&self, criterion: &str) -> BTreeSet<usize> {
        self.lists_of(criterion).flatten().copied().collect()
    }

    /// Returns the position of the first requirement that quotes a normalized criterion.
    pub(super) fn first_of(&self, criterion: &str) -> Option<usize> {
        self.lists_of(criterion).filter_map(|list| list.first()).min().copied()
    }

    /// Returns the positions of the requirements that quote one of the criteria.
    pub(super) fn of_all<'c>(&self, criteria: impl Iterator<Item = &'c str>) -> BTreeSet<usize> {
        let different: BTreeSet<String> = criteria.map(normalize).collect();
        different.iter().flat_map(|criterion| self.lists_of(criterion).flatten().copied()).collect()
    }

    fn lists_of(&self, criterion: &str) -> impl Iterator<Item = &Vec<usize>> {
        let lengths = head_of(criterion).and_then(|head| self.lengths.get(head));
        let starts = lengths.into_iter().flatten().filter_map(|length| criterion.get(..*length));
        self.whole.get(criterion).into_iter().chain(starts.filter_map(|start| self.starts.get(start)))
    }
}

/// Returns the first characters of a text that is long enough to be the start of another.
fn head_of(text: &str) -> Option<&str> {
    let mut ends = text.char_indices().map(|(at, c)| at + c.len_utf8());
    ends.nth(MIN_START - 1).and_then(|end| text.get(..end))
}

#[cfg(test)]
mod tests {
    use super::Quotes;

    #[test]
    fn a_whole_quote_and_a_long_start_match_and_nothing_else_does() {
        let criterion = "a reply has at most 280 characters and no link";
        let find = |quotes: &[&str]| Quotes::new(quotes.iter().copied()).of(criterion).len();
        assert_eq!(find(&["`a reply has at most 280 characters and no link`."]), 1);
        assert_eq!(find(&["a reply has at most 280 char…", "a reply has at most 280 characters"]), 2);
        assert_eq!(find(&["a reply has at most 280", "another reply has at most 280 characters"]), 0);
        assert_eq!(find(&["a reply has at most 280 characters and no link at all"]), 0);
        let long = "a reply has at most 280 characters in it";
        assert_eq!(find(&[long]), 0);
    }
}
