//! Parts of a `conftest.py` that can change the results of tests. Ordinary fixtures and
//! hooks have none of them.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::bytes::Regex;
use serde_json::Value;

use crate::scan::lexer::tokenize;
use crate::scan::{Language, TokenKind, TokenKindSet};

/// Maximum number of lines of one kind that are compared.
const MAX_LINES: usize = 1_000;

/// What changes results or ends the run, each with a pattern of a line of code.
const PARTS: [(&str, &str); 8] = [
    (
        "a hook that runs tests",
        r"\bdef\s+pytest_(?:pyfunc_call|runtest_protocol|runtest_call|runtestloop|cmdline_main|pycollect_makeitem|make_collect_report|collection)\s*\(",
    ),
    ("the exit code", r"\.\s*exitstatus\s*=[^=]|\btestsfailed\s*[-+]?=[^=]"),
    (
        "the outcome of a test",
        r"\.\s*(?:outcome|excinfo|wasxfail|longrepr)\s*(?::[^=]*)?=[^=]|\b(?:force_result|force_exception)\s*\(",
    ),
    ("`setattr` of a result", r"\bsetattr\s*\(\s*(?:session|report|rep|call|result|outcome|res|r)\s*,"),
    (
        "the end of the process",
        r"\b_exit\s*\(|\bos\s*\.\s*(?:kill|abort|exec\w+)\s*\(|\bsys\s*\.\s*exit\s*\(|\braise\s+SystemExit\b|\bpytest\s*\.\s*exit\s*\(.*\breturncode\b|^\s*(?:exit|quit)\s*\(",
    ),
    (
        "parts of pytest",
        r"\b_pytest(?:\s*\.\s*\w+)*\s*=[^=]|\b(?:pytest|unittest)(?:\s*\.\s*\w+)+\s*=[^=]|\bfrom\s+os\s+import\b.*\b_exit\b",
    ),
    ("`pytest_plugins`", r"^pytest_plugins\s*(?::[^=]*)?\+?="),
    ("`builtins`", r"\bbuiltins\s*\.\s*\w+\s*=[^=]"),
];

static COMPILED: LazyLock<Vec<(&str, Regex)>> = LazyLock::new(|| {
    PARTS.iter().filter_map(|(name, pattern)| Some((*name, Regex::new(pattern).ok()?))).collect()
});

/// Reads the parts that can change results; each part with the lines that it has.
#[expect(clippy::unnecessary_wraps, reason = "one type for all readers")]
pub(super) fn read_conftest(text: &str) -> Option<BTreeMap<String, Value>> {
    let code = tokenize(Language::Python, text.as_bytes())
        .masked_text(text.as_bytes(), TokenKindSet::of(&[TokenKind::Code]));
    let mut out = BTreeMap::new();
    let shown = text.as_bytes().split(|byte| *byte == b'\n');
    for (line, shown) in code.split(|byte| *byte == b'\n').zip(shown) {
        for (name, _) in COMPILED.iter().filter(|(_, pattern)| pattern.is_match(line)) {
            let lines = out.entry((*name).to_owned()).or_insert_with(|| Value::Array(Vec::new()));
            if let Value::Array(lines) = lines
                && lines.len() < MAX_LINES
            {
                lines.push(Value::from(String::from_utf8_lossy(shown).trim().to_owned()));
            }
        }
    }
    // The order of lines says nothing.
    for value in out.values_mut() {
        if let Value::Array(lines) = value {
            lines.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        read_conftest(text).unwrap_or_default().into_keys().collect()
    }

    #[test]
    fn hooks_that_change_results_are_parts_and_fixtures_are_not() {
        for hostile in [
            "def pytest_sessionfinish(session, exitstatus):\n    session.exitstatus = 0\n",
            "def pytest_runtest_makereport(item, call):\n    o = yield\n    o.get_result().outcome = 'passed'\n",
            "def pytest_pyfunc_call(pyfuncitem):\n    return True\n",
            "def pytest_configure(config):\n    print('1 passed')\n    os._exit(0)\n",
            "from os import _exit as leave\n",
            "def pytest_exception_interact(node, call, report):\n    setattr(report, 'outcome', 'passed')\n",
            "session.testsfailed = 0\n",
            "pytest_plugins = ['tests.plug']\n",
        ] {
            assert!(!names(hostile).is_empty(), "{hostile}");
        }
        for honest in [
            "import pytest\n@pytest.fixture(autouse=True)\ndef client():\n    with open('x') as f:\n        yield f\n",
            "def pytest_addoption(parser):\n    parser.addoption('--slow')\n",
            "def pytest_configure(config):\n    config.addinivalue_line('markers', 'slow: x')\n",
            "def pytest_sessionfinish(session, exitstatus):\n    print(exitstatus == 0)\n",
            "@pytest.hookimpl(hookwrapper=True)\ndef pytest_runtest_makereport(item, call):\n    o = yield\n    setattr(item, 'rep', o.get_result())\n",
            "# os._exit(0)\ntext = 'session.exitstatus = 0'\n",
        ] {
            assert!(names(honest).is_empty(), "{honest}: {:?}", names(honest));
        }
    }
}
