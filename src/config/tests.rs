use std::sync::Arc;

use super::Config;
use crate::finding::Level;
use crate::rule::LevelSetting;
use crate::text::{RepoPath, Source};

fn source(text: &str) -> Arc<Source> {
    Source::from_text(RepoPath::from("countersign.yaml"), text)
}

/// Line, text and message of the error.
fn refuse(text: &str) -> (usize, String, String) {
    let fault = Config::read(&source(text)).err().unwrap_or_else(|| panic!("{text:?} is read"));
    let at = fault.source.slice(fault.span).to_owned();
    (fault.source.line(fault.span.start), at, fault.message)
}

fn read(text: &str) -> Config {
    Config::read(&source(text)).unwrap_or_else(|fault| panic!("{text:?}: {}", fault.message))
}

#[test]
fn errors_are_located_at_their_key_or_value() {
    let (line, at, message) = refuse("version: 1\nrulez: {}\n");
    assert_eq!((line, at.as_str()), (2, "rulez"));
    assert!(message.starts_with("unknown key `rulez`; expected one of: version, profile, "), "{message}");
    assert!(message.ends_with("; did you mean `rules`?"), "{message}");
    let cases = [
        ("profile: wall", "wall", "invalid profile `wall`; expected one of: fence, standard, full"),
        ("profile: fence", "version: 1", "missing key `scope`; the profile `fence` needs one"),
        ("profile: fence\nscope: [../x]", "../x", "invalid scope entry `../x`"),
        ("scope: [src/]", "[src/]", "a scope in the configuration needs `profile: fence`"),
        (
            "manifests: here",
            "here",
            "invalid value of `manifests` `here`; expected one of: packet, file, off",
        ),
        ("rules: {manifst/*: off}", "manifst/*", "unknown rule `manifst/*`"),
        ("rules: {approval/*: off}", "off", "the level of `approval/contract` must be `error`"),
        ("rules: {}", "rules: {}", "missing key `version`; add `version: 1`"),
        ("version: 2", "2", "invalid version `2`; expected 1"),
        (
            "rules:\n  scope/outsid: error",
            "scope/outsid",
            "unknown rule `scope/outsid`; did you mean `scope/outside`?",
        ),
        (
            "rules:\n  scope/outside: bogus",
            "bogus",
            "invalid level `bogus`; expected one of: error, warning, note, off",
        ),
        (
            "rules:\n  scope/outside: erorr",
            "erorr",
            "invalid level `erorr`; expected one of: error, warning, note, off; did you mean `error`?",
        ),
        (
            "rules:\n  approval/contract: note",
            "note",
            "the level of `approval/contract` must be `error`: the rule guards the revision that rules are read from",
        ),
        ("minimum_format: soon", "soon", "invalid date `soon`; expected YYYY-MM-DD"),
        (
            "layout: {base: doc}",
            "doc",
            "invalid layout `doc`; expected one of: .GOV, docs; did you mean `docs`?",
        ),
        (
            "layout: {board: ../x}",
            "../x",
            "invalid file `../x`; expected a path below the root of the repository",
        ),
        ("logs: /tmp", "/tmp", "invalid folder `/tmp`; expected a path below the root of the repository"),
        ("waivers: {from: me}", "me", "invalid value of `from` `me`; expected one of: work, contract, base"),
        ("evidence: {allow: [' ']}", "' '", "invalid entry of `allow` ` `; expected a command"),
        ("validator: {identities: [a, '']}", "''", "invalid identity ``; expected a name that is not empty"),
        ("scan: {large: -1}", "-1", "invalid type: `-1`; expected a whole number"),
        (
            "scan: {product: [/src]}",
            "/src",
            "invalid path pattern `/src`; expected a pattern relative to the root of the repository",
        ),
        (
            "scan: {override: {scan/x: {area: prodct}}}",
            "prodct",
            "invalid area `prodct`; expected one of: product, everywhere; did you mean `product`?",
        ),
        (
            "steps:\n  - name: t\n    run: []",
            "[]",
            "missing key `run`: it needs a program and its arguments, as in `run: [cargo, test]`",
        ),
        (
            "steps:\n  - name: t\n    run: [a]\n    folder: ../x",
            "../x",
            "invalid folder `../x`; expected a path below the root of the repository",
        ),
        (
            "steps:\n  - name: t\n    run: [a]\n    timeout: soon",
            "soon",
            "invalid duration `soon`; expected a number with `s`, `m` or `h`, such as 90s, 20m or 1h, at most 24h",
        ),
        (
            "steps:\n  - name: t\n    run: [a]\n    gates: [post-wrk]",
            "post-wrk",
            "invalid gate `post-wrk`; expected one of: gate-check, pre-work, post-work; did you mean `post-work`?",
        ),
        ("steps:\n  - run: [a]", "run: [a]", "missing key `name`"),
    ];
    for (text, at, message) in cases {
        let version = if text.contains("ersion") || text == "rules: {}" { "" } else { "version: 1\n" };
        let (_, found, said) = refuse(&format!("{version}{text}\n"));
        assert_eq!(found, at, "{text}");
        assert!(said.starts_with(message), "{text}: {said}");
    }
}

/// Bug 8: the location was the first place with the same letters.
#[test]
fn a_comment_with_the_same_letters_does_not_get_the_caret() {
    let text = "# never set scope/outside to bogus\nversion: 1\nrules:\n  scope/outside: bogus # bogus\n";
    let fault = Config::read(&source(text)).expect_err("bogus");
    let position = fault.source.position(fault.span.start);
    assert_eq!((position.line, position.column), (4, 18));
    let text = "# rules/house scan/a\nversion: 1\nscan:\n  rules: ../rules/house\n";
    assert_eq!(refuse(text).0, 4);
}

#[test]
fn an_empty_file_has_no_version_and_a_byte_order_mark_is_skipped() {
    for text in ["", "\u{feff}", "# nothing\n", "---\n", "~\n"] {
        assert_eq!(refuse(text).2, "missing key `version`; add `version: 1`", "{text:?}");
    }
    assert_eq!(read("version: 1\n").main_branches, ["main", "master"]);
    let (line, at, _) = refuse("\u{feff}version: 1\nlogs: ../x\n");
    assert_eq!((line, at.as_str()), (2, "../x"));
    assert_eq!(refuse("version: 1\nversion: 1\n").2, "duplicate key `version`");
}

#[test]
fn names_are_text_and_branches_one_or_many() {
    assert_eq!(read("version: 1\nmain_branch: yes\n").main_branches, ["yes"]);
    assert_eq!(read("version: 1\nmain_branch: [a, on]\n").main_branches, ["a", "on"]);
    for (value, found) in [("5", "integer `5`"), ("[a, true]", "boolean `true`"), ("{a: b}", "map")] {
        let (_, _, message) = refuse(&format!("version: 1\nmain_branch: {value}\n"));
        assert!(message.starts_with(&format!("invalid type: {found}; expected a string")), "{message}");
    }
    assert_eq!(
        read("version: 1\nminimum_format: 2026-02-01\n").policy.minimum_format.as_deref(),
        Some("2026-02-01")
    );
}

#[test]
fn the_former_key_of_separation_of_duties_is_read_and_both_are_refused() {
    for key in ["separation_of_duties", "separate_hands"] {
        assert!(read(&format!("version: 1\napproval: {{{key}: true}}\n")).policy.separation_of_duties);
    }
    let text = "version: 1\napproval:\n  separation_of_duties: true\n  separate_hands: true\n";
    let message =
        "`separate_hands` is the former name of `separation_of_duties`; use only `separation_of_duties`";
    assert_eq!(refuse(text), (4, "separate_hands".to_owned(), message.to_owned()));
}

#[test]
fn former_rule_ids_set_the_level_of_the_present_rule_with_a_warning() {
    let config = read("version: 1\nrules:\n  milestone/open: \"off\"\n  source/rule: note\n");
    let id = crate::finding::RuleId::from_static("phase-close/open-packet");
    assert_eq!(config.levels.get(&id), Some(LevelSetting::Off));
    let [warning] = config.warnings.as_slice() else { panic!("{:?}", config.warnings) };
    assert_eq!(warning.source.slice(warning.span), "milestone/open");
    let message = "rule `milestone/open` is now called `phase-close/open-packet`; use the new id";
    assert_eq!(warning.message, message);
    let both = "version: 1\nrules:\n  milestone/open: note\n  phase-close/open-packet: note\n";
    assert_eq!(refuse(both).1, "phase-close/open-packet");
}

#[test]
fn an_error_in_an_added_rule_is_a_fault_of_the_rule_at_its_location() {
    let rule = "set: house\n      level: error\n      message: x\n      why: x\n      remedy: x\n      pattern: abc\n      examples: {match: [abc], pass: [b]}\n";
    let text = format!(
        "version: 1 # scan/b patern\nscan:\n  add:\n    - id: scan/a\n      {rule}    - id: scan/b\n      patern: x\n      {rule}"
    );
    let config = read(&text);
    assert_eq!(config.scan.inline_rules.len(), 1);
    let [fault] = config.scan.rule_faults.as_slice() else { panic!("{:?}", config.scan.rule_faults) };
    assert_eq!(fault.source.slice(fault.span), "patern");
    assert!(fault.message.ends_with("; did you mean `pattern`?"), "{}", fault.message);
    let twice = text.replace("patern: x\n      ", "").replace("scan/b\n", "scan/a\n");
    let (line, at, message) = refuse(&twice);
    assert_eq!((line, at.as_str()), (12, "scan/a"));
    assert_eq!(message, "duplicate rule `scan/a`; `scan.add` has another rule with this id");
}

#[test]
fn a_family_sets_the_level_of_its_rules_and_a_rule_its_own() {
    let config = read(
        "version: 1\nprofile: standard\nrules:\n  scope/*: warning\n  scope/outside: error\n  phase/order: note\n",
    );
    let level = |id: &'static str| config.levels.get(&crate::finding::RuleId::from_static(id));
    assert_eq!(level("scope/excluded"), Some(LevelSetting::At(Level::Warning)));
    assert_eq!(level("scope/outside"), Some(LevelSetting::At(Level::Error)));
    // The profile switches these off, unless the configuration names them.
    assert_eq!(level("phase/order"), Some(LevelSetting::At(Level::Note)));
    assert_eq!(level("phase/approval"), Some(LevelSetting::Off));
    assert_eq!(level("step/failed"), None);
    let full = read("version: 1\n");
    assert_eq!(full.levels.get(&crate::finding::RuleId::from_static("phase/approval")), None);
}

/// The budgets of a configuration.
#[cfg(feature = "ledger")]
pub(crate) fn budgets_of(text: &str) -> super::UsageBudgets {
    read(&format!("version: 1\n{text}")).usage
}

#[test]
fn budgets_are_whole_tokens_and_cents() {
    for wrong in [
        "usage: {tokens: 0}",
        "usage: {tokens: -5}",
        "usage: {tokens: 1.5}",
        "usage: {tokens: many}",
        "usage: {usd: 0}",
        "usage: {usd: 1.234}",
        "usage: {usd: '$5'}",
        "usage: {over_budget: fail}",
        "usage: {import: on}",
        "usage: {packets: {WP-1-A: {token: 5}}}",
    ] {
        assert!(Config::read(&source(&format!("version: 1\n{wrong}\n"))).is_err(), "{wrong}");
    }
}
