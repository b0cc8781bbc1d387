//! Words that can name a subject of the product, such as its mock servers, instead of a
//! stand-in for something unfinished.

use super::layer::words_of;

/// The words of a rule that a product can be about.
#[derive(Debug, Clone, Default)]
pub(crate) struct RuleVocabulary {
    /// The key in `scan: vocabulary`.
    pub name: String,
    /// Words in small letters.
    pub words: Vec<String>,
    /// Words that, behind one of `words`, name a part that a product needs itself: a mock
    /// client is a stand-in, however often it is mentioned.
    pub stand_ins: Vec<String>,
}

/// Endings of a word: `mocks`, `mocked`, `stubbing`.
const ENDINGS: [&str; 8] = ["", "s", "ed", "ing", "er", "ers", "bed", "bing"];

impl RuleVocabulary {
    /// Returns which of the words a word is, in any form.
    fn find(&self, word: &str) -> Option<&str> {
        let is_form =
            |own: &&String| word.strip_prefix(own.as_str()).is_some_and(|rest| ENDINGS.contains(&rest));
        self.words.iter().find(is_form).map(String::as_str)
    }

    /// Returns whether the name of a package says that it is about one of the words:
    /// `http-mocks`, `wiremock`.
    #[must_use]
    pub(crate) fn names_package(&self, name: &str) -> bool {
        let is_part = |word: &String| {
            let starts_or_ends =
                |own: &String| word.starts_with(own.as_str()) || word.ends_with(own.as_str());
            self.find(word).is_some() || self.words.iter().any(starts_or_ends)
        };
        words_of(name).iter().any(is_part)
    }

    /// Returns whether a text contains one of the words, in any form.
    #[must_use]
    pub(crate) fn is_in(&self, text: &str) -> bool {
        words_of(text).iter().any(|word| self.find(word).is_some())
    }

    /// Returns the subjects that a name can be about: `mock server` in `newMockServers`.
    #[must_use]
    pub(crate) fn subjects(&self, name: &str) -> Vec<String> {
        let words = words_of(name);
        let pairs = words.iter().zip(words.iter().skip(1));
        let subject = |(first, second): (&String, &String)| {
            let (first, second) = (self.find(first)?, singular(second));
            let is_subject = second.len() > 2
                && second.bytes().all(|byte| byte.is_ascii_lowercase())
                && !self.stand_ins.iter().any(|word| word == second);
            is_subject.then(|| format!("{first} {second}"))
        };
        pairs.filter_map(subject).collect()
    }

    /// Returns whether a name, or the path of its file, is about a subject: `mock` itself, or
    /// `mock server`.
    #[must_use]
    pub(crate) fn is_about(&self, subject: &str, name: &str, path: &str) -> bool {
        let wanted: Vec<&str> = subject.split(' ').collect();
        let contains = |text: &str| {
            let words = words_of(text);
            words.windows(wanted.len().max(1)).any(|found| {
                found
                    .iter()
                    .zip(&wanted)
                    .all(|(word, own)| self.find(word) == Some(own) || singular(word) == singular(own))
            })
        };
        let of_subject = |word: &String| self.find(word).is_some_and(|own| wanted.contains(&own));
        contains(name) || (path.split('/').any(contains) && words_of(name).iter().any(of_subject))
    }
}

/// Returns a word without a number behind it and without the ending of a plural.
fn singular(word: &str) -> &str {
    let word = word.trim_end_matches(|c: char| c.is_ascii_digit());
    word.strip_suffix('s').filter(|rest| rest.len() > 2 && !rest.ends_with('s')).unwrap_or(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vocabulary() -> RuleVocabulary {
        let words = |all: &[&str]| all.iter().map(|word| (*word).to_owned()).collect();
        RuleVocabulary {
            name: "stand-ins".to_owned(),
            words: words(&["mock", "stub"]),
            stand_ins: words(&["client", "data"]),
        }
    }

    #[test]
    fn subjects_are_words_with_the_next_one() {
        let own = vocabulary();
        assert_eq!(own.subjects("newMockServersOf"), ["mock server"]);
        assert_eq!(own.subjects("MOCK_ROUTE_2"), ["mock route"]);
        assert_eq!(own.subjects("mockRoute2"), ["mock route"]);
        for name in ["mockClient", "MockData", "mock", "serverMock", "mock_t", "Mockingbird_a", "mock2"] {
            assert_eq!(own.subjects(name), Vec::<String>::new(), "{name}");
        }
    }

    #[test]
    fn a_name_or_its_path_is_about_a_subject() {
        let own = vocabulary();
        assert!(own.is_about("mock server", "activeMockServers", "src/a.ts"));
        assert!(own.is_about("mock server", "mockRoute", "src/mock-server/a.ts"));
        assert!(own.is_about("mock", "MockRoute", "a.ts") && own.is_about("stub", "stubbed", "a.ts"));
        for (name, path) in [
            ("mockRoute", "src/server/a.ts"),
            ("StubA", "src/MockServer/a.ts"),
            ("mockClient", "mock/server/a.ts"),
        ] {
            assert!(!own.is_about("mock server", name, path), "{name}");
        }
    }

    #[test]
    fn packages_are_named_after_words() {
        let own = vocabulary();
        for name in ["wiremock", "http-mocks", "MockTower", "@a/stubs"] {
            assert!(own.names_package(name), "{name}");
        }
        assert!(!own.names_package("smocking") && !own.names_package("server"));
        assert!(own.is_in("Mocking of HTTP") && !own.is_in("Mockup"));
    }
}
