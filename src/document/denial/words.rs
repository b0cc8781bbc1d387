//! Words that the reader of notes knows.

/// Beginnings of words that take a state back.
pub(super) const DENIALS: [&str; 26] = [
    "fail",
    "error",
    "block",
    "reject",
    "revok",
    "withdr",
    "retract",
    "rescind",
    "void",
    "superseded",
    "pending",
    "premature",
    "provisional",
    "overturn",
    "revers",
    "revert",
    "invalid",
    "cancel",
    "annul",
    "broke",
    "disput",
    "incomplete",
    "unproven",
    "unverified",
    "untested",
    "expired",
];
/// Words that say that there are none of what follows, or of what they follow.
pub(super) const ZEROS: [&str; 6] = ["no", "zero", "none", "nothing", "without", "nil"];
/// The only words between a zero and what there are none of.
pub(super) const BETWEEN: [&str; 27] = [
    "of", "out", "the", "a", "an", "any", "single", "test", "tests", "check", "checks", "case", "cases",
    "known", "new", "open", "or", "number", "them", "these", "is", "are", "was", "were", "has", "have",
    "been",
];
/// Kinds of failures, directly in front of them: `no compile errors`.
pub(super) const KINDS: [&str; 26] = [
    "compile",
    "compiler",
    "compilation",
    "build",
    "lint",
    "linter",
    "clippy",
    "type",
    "runtime",
    "syntax",
    "console",
    "blocking",
    "unexpected",
    "unit",
    "e2e",
    "integration",
    "regression",
    "validation",
    "format",
    "formatting",
    "stringly",
    "unhandled",
    "remaining",
    "parse",
    "schema",
    "assertion",
];
/// Things that can stand in such a place in front of `or`: `no warnings or errors`.
pub(super) const THINGS: [&str; 8] =
    ["warning", "warnings", "issues", "problems", "regressions", "findings", "blockers", "crashes"];
/// Words of success. With a zero in front, there was none.
pub(super) const SUCCESSES: [&str; 21] = [
    "pass",
    "passed",
    "passes",
    "passing",
    "succeeded",
    "success",
    "successes",
    "ran",
    "run",
    "executed",
    "green",
    "ok",
    "okay",
    "done",
    "verified",
    "completed",
    "tested",
    "checked",
    "proven",
    "compiled",
    "built",
];
/// Other words that a number counts in a tally: `passed 34 failed 0`.
pub(super) const COUNTED: [&str; 9] =
    ["skipped", "ignored", "tests", "total", "warnings", "measured", "checks", "cases", "filtered"];
/// Words in front of a failure that is over.
pub(super) const PAST: [&str; 8] =
    ["prior", "previous", "earlier", "expected", "supersedes", "former", "past", "superseding"];
/// What can stand between such a word and the failure.
pub(super) const PAST_RUNS: [&str; 6] = ["test", "tests", "run", "runs", "validation", "report"];
/// The only words behind a failure that is over, unless its clause ends.
pub(super) const PAST_ENDS: [&str; 11] =
    ["verdict", "verdicts", "report", "reports", "status", "entry", "of", "from", "on", "at", "dated"];
/// Words of a clause that says that what failed before fails now.
pub(super) const REPEATS: [&str; 6] = ["too", "likewise", "ditto", "same", "still", "also"];
/// Words directly in front of a denial that turn it around: `non-blocking`.
pub(super) const NEGATIONS: [&str; 4] = ["non", "not", "never", "nor"];
/// Beginnings of denials that can name a thing together with the next word.
pub(super) const NAMING: [&str; 6] = ["error", "fail", "failure", "invalid", "cancel", "cancellation"];
/// Words behind them that make such a name: `error handling`, `fail-safe`, `invalid input`.
pub(super) const NAMED: [&str; 42] = [
    "handling",
    "handler",
    "handlers",
    "path",
    "paths",
    "case",
    "cases",
    "message",
    "messages",
    "code",
    "codes",
    "page",
    "pages",
    "state",
    "states",
    "scenario",
    "scenarios",
    "mode",
    "modes",
    "recovery",
    "injection",
    "boundary",
    "boundaries",
    "type",
    "types",
    "text",
    "texts",
    "log",
    "logs",
    "reporting",
    "detection",
    "button",
    "closed",
    "safe",
    "fast",
    "over",
    "soft",
    "input",
    "inputs",
    "value",
    "values",
    "data",
];
/// Words behind a name that say that it is fine.
pub(super) const CARES: [&str; 22] = [
    "reviewed",
    "checked",
    "tested",
    "covered",
    "works",
    "work",
    "handled",
    "refused",
    "verified",
    "added",
    "improved",
    "documented",
    "unchanged",
    "implemented",
    "inspected",
    "reported",
    "confirmed",
    "audited",
    "exercised",
    "proven",
    "pass",
    "passed",
];
/// Words in front of a name that say what looked at it: `tests of the error paths`.
pub(super) const PROBES: [&str; 12] = [
    "tests",
    "test",
    "review",
    "checks",
    "coverage",
    "proof",
    "tested",
    "covers",
    "covering",
    "checked",
    "reviewed",
    "including",
];
/// Words that say that a failure is over, behind it. Behind a zero, they say that it is not.
pub(super) const REPAIRS: [&str; 12] = [
    "fixed",
    "repaired",
    "resolved",
    "corrected",
    "addressed",
    "handled",
    "gone",
    "caught",
    "solved",
    "removed",
    "cleared",
    "closed",
];
/// The only words in front of a failure that is repaired, and between the two.
pub(super) const BEFORE_REPAIR: [&str; 16] = [
    "after", "the", "all", "both", "every", "this", "that", "known", "prior", "previous", "earlier", "found",
    "reported", "test", "build", "of",
];
pub(super) const TO_REPAIR: [&str; 10] =
    ["is", "are", "was", "were", "has", "have", "been", "all", "now", "already"];
/// Words behind a zero and a failure that limit the zero.
pub(super) const LIMITS: [&str; 10] =
    ["until", "till", "before", "unless", "if", "yet", "only", "not", "first", "so"];
/// Words that begin another clause.
pub(super) const BREAKS: [&str; 8] = ["and", "but", "while", "though", "although", "however", "then", "now"];
/// States that `not` denies.
pub(super) const DENIED: [&str; 23] = [
    "run",
    "yet",
    "pass",
    "passed",
    "passing",
    "proven",
    "proved",
    "tested",
    "verified",
    "checked",
    "executed",
    "ok",
    "okay",
    "complete",
    "completed",
    "finished",
    "done",
    "all",
    "compiled",
    "built",
    "green",
    "covered",
    "fixed",
];
/// Words between `not` and such a state, and those that are enough alone.
pub(super) const DEGREES: [&str; 5] = ["fully", "entirely", "completely", "wholly", "quite"];
/// Words that leave a part out of what passed.
pub(super) const EXCEPTIONS: [&str; 4] = ["except", "excepting", "excluding", "besides"];
/// Words behind `without` that leave out the proof.
pub(super) const PROOFS: [&str; 12] = [
    "test",
    "tests",
    "e2e",
    "running",
    "run",
    "checks",
    "checking",
    "review",
    "validation",
    "verification",
    "proof",
    "evidence",
];
/// Words that take a state back if they begin a clause.
pub(super) const UNDONE: [&str; 3] = ["todo", "tbd", "wip"];
/// Words that take a state back if they are the first clause.
pub(super) const BARE: [&str; 9] =
    ["no", "nope", "false", "maybe", "unclear", "unknown", "later", "soon", "never"];
/// Words in front of a fraction that counts no results: `page 2/3`.
pub(super) const PLACES: [&str; 4] = ["page", "round", "attempt", "section"];
/// Numbers in words.
pub(super) const COUNTS: [&str; 12] =
    ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "some", "several"];
/// Endings of the names of files.
pub(super) const ENDINGS: [&str; 12] =
    ["rs", "md", "ts", "tsx", "js", "py", "toml", "json", "yaml", "yml", "sh", "go"];
