//! The test cases of one `JUnit` file, and what its suites say about them.
//!
//! Writers of these files agree on little: a case that failed or did not run has a child
//! element, or an attribute, or only a number in its suite. Where these contradict each
//! other, the worse one counts.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// Tests of the `JUnit` files of a step.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(in crate::pipeline::steps) struct JunitTests {
    /// Test cases that are not skipped.
    pub ran: u64,
    /// Test cases with a failure or an error; at least as many as the suites count.
    pub failed: u64,
}

/// What a file says about a case.
#[derive(Debug, Clone, Copy, Default)]
struct TestCase {
    is_skipped: bool,
    is_failed: bool,
}

/// Numbers of one suite, its inner suites included.
#[derive(Debug, Clone, Copy, Default)]
struct Suite {
    /// Failures and errors that its attributes count.
    declared_failed: u64,
    /// Skipped tests that its attributes count.
    declared_skipped: u64,
    failed: u64,
    skipped: u64,
    ran: u64,
}

impl Suite {
    fn add(&mut self, case: TestCase) {
        let TestCase { is_skipped, is_failed } = case;
        self.failed += u64::from(is_failed);
        self.skipped += u64::from(is_skipped && !is_failed);
        self.ran += u64::from(!is_skipped || is_failed);
    }

    /// Returns the numbers with those that only the attributes count.
    fn settled(self) -> Self {
        let skipped = self.skipped.max(self.declared_skipped);
        let ran = self.ran.saturating_sub(skipped - self.skipped);
        Self { failed: self.failed.max(self.declared_failed), skipped, ran, ..Self::default() }
    }

    /// Adds a suite that is inside of this one.
    fn include(&mut self, inner: Self) {
        let inner = inner.settled();
        self.failed = self.failed.saturating_add(inner.failed);
        self.skipped = self.skipped.saturating_add(inner.skipped);
        self.ran = self.ran.saturating_add(inner.ran);
    }
}

/// An element that is open.
enum Open {
    Suite(Suite),
    Case(TestCase),
    Other,
}

/// Counts the cases of a file that ran, and those that failed.
///
/// # Errors
/// The text is no `JUnit` file, as a sentence without a full stop.
pub(super) fn count_test_cases(bytes: &[u8]) -> Result<JunitTests, String> {
    let text = String::from_utf8_lossy(bytes);
    let mut reader = Reader::from_str(&text);
    let mut total = Suite::default();
    let (mut open, mut has_suite): (Vec<Open>, bool) = (Vec::new(), false);
    // Positions in `open` of the suites and cases around the reader.
    let (mut suites, mut cases): (Vec<usize>, Vec<usize>) = (Vec::new(), Vec::new());
    loop {
        let event = reader.read_event().map_err(|error| error.to_string())?;
        match &event {
            Event::Start(element) | Event::Empty(element) => {
                let at = open.len();
                let name = element.local_name().as_ref().to_ascii_lowercase();
                open.push(match name.as_str() {
                    "testsuite" | "testsuites" => {
                        has_suite = true;
                        suites.push(at);
                        Open::Suite(read_suite(element)?)
                    }
                    "testcase" => {
                        cases.push(at);
                        Open::Case(read_case(element)?)
                    }
                    _ => Open::Other,
                });
                let kind = kind_of(&name);
                let case = cases.last().filter(|case| suites.last().is_none_or(|suite| suite < *case));
                match case.or(suites.last()).and_then(|around| open.get_mut(*around)) {
                    Some(Open::Case(case)) => {
                        case.is_failed |= kind == Some(CaseResult::Failed);
                        case.is_skipped |= kind == Some(CaseResult::NotRun);
                    }
                    // A fixture of the suite failed, and none of its cases.
                    Some(Open::Suite(suite)) => suite.failed += u64::from(kind == Some(CaseResult::Failed)),
                    _ => {}
                }
                if matches!(event, Event::Empty(_)) {
                    close(&mut open, &mut suites, &mut cases, &mut total);
                }
            }
            Event::End(_) => close(&mut open, &mut suites, &mut cases, &mut total),
            Event::Eof if !open.is_empty() => return Err("it ends inside an element".to_owned()),
            Event::Eof if !has_suite => return Err("it has no element `testsuite`".to_owned()),
            Event::Eof => return Ok(JunitTests { ran: total.ran, failed: total.failed }),
            _ => {}
        }
    }
}

/// Ends the innermost open element. Cases outside of suites do not count.
fn close(open: &mut Vec<Open>, suites: &mut Vec<usize>, cases: &mut Vec<usize>, total: &mut Suite) {
    match open.pop() {
        Some(Open::Suite(suite)) => {
            suites.pop();
            match suites.last().and_then(|at| open.get_mut(*at)) {
                Some(Open::Suite(outer)) => outer.include(suite),
                _ => total.include(suite),
            }
        }
        Some(Open::Case(case)) => {
            cases.pop();
            if let Some(Open::Suite(suite)) = suites.last().and_then(|at| open.get_mut(*at)) {
                suite.add(case);
            }
        }
        Some(Open::Other) | None => {}
    }
}

/// What the name of an element or the value of an attribute says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CaseResult {
    Failed,
    NotRun,
}

/// Reads a word such as `failure`, `Not Run` or `SKIPPED`.
fn kind_of(word: &str) -> Option<CaseResult> {
    let word: String =
        word.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    match word.as_str() {
        "failure" | "failed" | "fail" | "error" | "errored" | "broken" | "timeout" | "timedout"
        | "aborted" | "abort" | "crashed" | "crash" | "interrupted" => Some(CaseResult::Failed),
        "skipped" | "skip" | "ignored" | "ignore" | "pending" | "disabled" | "notrun" | "suppressed"
        | "todo" | "notexecuted" | "notrunnable" | "inconclusive" | "cancelled" | "canceled" | "excluded"
        | "filtered" | "deselected" => Some(CaseResult::NotRun),
        _ => None,
    }
}

/// Returns the attributes of an element by their names in lower case.
fn attributes(element: &BytesStart<'_>) -> Result<Vec<(String, String)>, String> {
    let mut out = Vec::new();
    for attribute in element.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        let value = quick_xml::escape::unescape(&attribute.value).map_err(|error| error.to_string())?;
        out.push((attribute.key.local_name().as_ref().to_ascii_lowercase(), value.into_owned()));
    }
    Ok(out)
}

fn read_case(element: &BytesStart<'_>) -> Result<TestCase, String> {
    let mut case = TestCase::default();
    for (key, value) in attributes(element)? {
        let kind = match key.as_str() {
            "status" | "result" | "outcome" | "state" => kind_of(&value),
            "executed" | "run" if is_no(&value) => Some(CaseResult::NotRun),
            "success" | "passed" if is_no(&value) => Some(CaseResult::Failed),
            "skipped" | "disabled" | "ignored" if is_yes(&value) => Some(CaseResult::NotRun),
            _ => None,
        };
        case.is_failed |= kind == Some(CaseResult::Failed);
        case.is_skipped |= kind == Some(CaseResult::NotRun);
    }
    Ok(case)
}

fn is_no(value: &str) -> bool {
    value.trim().eq_ignore_ascii_case("false")
}

fn is_yes(value: &str) -> bool {
    value.trim().eq_ignore_ascii_case("true")
}

fn read_suite(element: &BytesStart<'_>) -> Result<Suite, String> {
    let mut suite = Suite::default();
    for (key, value) in attributes(element)? {
        let number = || match value.trim() {
            "" => Ok(0),
            text => text.parse::<u64>().map_err(|_| format!("its attribute `{key}` is not a number")),
        };
        match key.as_str() {
            "failures" | "failed" | "errors" => {
                suite.declared_failed = suite.declared_failed.saturating_add(number()?);
            }
            "skipped" | "skips" | "ignored" | "disabled" | "notrun" | "not-run" => {
                suite.declared_skipped = suite.declared_skipped.max(number()?);
            }
            _ => {}
        }
    }
    Ok(suite)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(text: &str) -> Option<(u64, u64)> {
        count_test_cases(text.as_bytes()).ok().map(|tests| (tests.ran, tests.failed))
    }

    #[test]
    fn skipped_cases_do_not_count_and_failures_do() {
        let whole = "<?xml version=\"1.0\"?><testsuites><testsuite tests=\"99\"><testcase name=\"a\"/>\
            <testcase name=\"b\"><skipped message=\"x\"/></testcase><testcase name=\"c\"><failure>f</failure></testcase>\
            <testcase name=\"d\" status=\"notrun\"/><testcase name=\"e\"><system-out>skipped</system-out></testcase>\
            </testsuite></testsuites>";
        assert_eq!(count(whole), Some((3, 1)));
        assert_eq!(count("<testsuite tests=\"5\"></testsuite>"), Some((0, 0)));
        for bad in ["", "<html></html>", "<testsuite><testcase>", "<testsuite></other>", "{}"] {
            assert_eq!(count(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_file_that_contradicts_itself_counts_as_failed() {
        for (text, ran, failed) in [
            ("<testsuite failures=\"1\"><testcase/></testsuite>", 1, 1),
            ("<testsuites errors='2'><testsuite errors='2'><testcase/></testsuite></testsuites>", 1, 2),
            ("<testsuite><error message=\"setup\"/><testcase/></testsuite>", 1, 1),
            ("<testsuite><testcase status=\"failed\"/></testsuite>", 1, 1),
            ("<testsuite><testcase result=\"Failed\"></testcase></testsuite>", 1, 1),
            ("<testsuite><testcase success=\"False\"/></testsuite>", 1, 1),
            ("<testsuite><testcase status=\"f&#97;iled\"/></testsuite>", 1, 1),
            ("<testsuite><testcase><x><failure/></x></testcase></testsuite>", 1, 1),
            ("<testsuite><testcase status=\"skipped\"><failure/></testcase></testsuite>", 1, 1),
        ] {
            assert_eq!(count(text), Some((ran, failed)), "{text}");
        }
        for bad in [
            "<testsuite failures=\"one\"><testcase/></testsuite>",
            "<testsuite><testcase status=\"passed\" status=\"failed\"/></testsuite>",
        ] {
            assert_eq!(count(bad), None, "{bad}");
        }
    }

    #[test]
    fn cases_that_did_not_run_have_many_names() {
        for text in [
            "<testcase><ignored/></testcase>",
            "<testcase status=\"ignored\"/>",
            "<testcase status=\"pending\"/>",
            "<testcase status=\"SKIPPED\"/>",
            "<testcase result=\"Not Run\"/>",
            "<testcase executed=\"False\"/>",
        ] {
            assert_eq!(count(&format!("<testsuite>{text}</testsuite>")), Some((0, 0)), "{text}");
        }
        assert_eq!(count("<testsuite tests=\"1\" skipped=\"1\"><testcase/></testsuite>"), Some((0, 0)));
        assert_eq!(count("<x><testcase/><testsuite/></x>"), Some((0, 0)));
    }

    #[test]
    fn retries_and_passed_cases_are_no_failures() {
        for (text, ran) in [
            (
                "<testsuite failures='0' errors='' flakes='1'><testcase><flakyFailure/></testcase></testsuite>",
                1,
            ),
            (
                "<testsuite><testcase status='run' result='completed'/><testcase status='Passed'/></testsuite>",
                2,
            ),
            (
                "<testsuite><properties><property name='error'/></properties><testcase name='failure'/></testsuite>",
                1,
            ),
            ("<testsuite><system-err>error: failed</system-err><testcase/></testsuite>", 1),
            (
                "<testsuites skipped='1'><testsuite skipped='1'><testcase><skipped/></testcase><testcase/></testsuite></testsuites>",
                1,
            ),
        ] {
            assert_eq!(count(text), Some((ran, 0)), "{text}");
        }
    }
}
