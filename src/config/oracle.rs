//! Differential test of the YAML reader: this parser and `yaml_serde`, the one
//! of earlier versions, read the configurations and rule files of this
//! repository, and mutations of them.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::Path;

use serde_json::Value;

use super::raw::RawConfig;
use crate::rule::oracle::{BothParsers, Comparison, Random, compare_results, mutate};
use crate::rule::{YamlNode, compare_rule_file, parse_yaml, parse_yaml_tree};
use crate::scan::{compare_added_rules, compare_scan_rule_file};
use crate::test_support::{files_below, project, read_text};

const SEED: u64 = 0x5eed_2026;
const MUTATIONS: usize = 10_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Config,
    ScanRule,
    Rule,
}

/// Compares a text by its type, and as untyped values.
fn compare_all(kind: Kind, text: &str) -> Vec<Comparison> {
    let both = BothParsers::read(text);
    let typed = match kind {
        Kind::Config => both.compare::<RawConfig>(),
        Kind::ScanRule => compare_scan_rule_file(&both),
        Kind::Rule => compare_rule_file(&both),
    };
    let mut out = vec![both.compare_untyped()];
    if kind == Kind::Config && typed == Comparison::Equal {
        let root = parse_yaml_tree(text).expect("read before");
        let added =
            root.as_ref().and_then(|root| root.get("scan")?.get("add")).map_or(&[][..], YamlNode::items);
        if !added.is_empty() {
            out.push(compare_added_rules(text, added));
        }
    }
    out.push(typed);
    out
}

/// The code blocks of a Markdown text whose language is one of `languages`.
fn code_blocks(text: &str, languages: &[&str]) -> Vec<String> {
    let mut out = Vec::new();
    let mut block: Option<String> = None;
    for line in text.lines() {
        match (&mut block, line.strip_prefix("```")) {
            (None, Some(language)) if languages.contains(&language) => block = Some(String::new()),
            (Some(_), Some(_)) => out.extend(block.take()),
            (Some(inside), None) => inside.push_str(&format!("{line}\n")),
            (None, _) => {}
        }
    }
    out
}

/// The texts that a world writes to `countersign.yaml` or to rule files.
fn written_texts(value: &Value, out: &mut Vec<(Kind, String)>) {
    let mut add = |path: &str, text: &str| {
        let extension = Path::new(path).extension().and_then(OsStr::to_str);
        if path.ends_with("countersign.yaml") {
            out.push((Kind::Config, text.to_owned()));
        } else if extension == Some("yaml") && path.contains("rules/") {
            out.push((Kind::ScanRule, text.to_owned()));
        }
    };
    match value {
        Value::Array(items) => {
            if let [Value::String(path), texts @ ..] = items.as_slice() {
                texts.iter().filter_map(Value::as_str).for_each(|text| add(path, text));
            }
            items.iter().for_each(|item| written_texts(item, out));
        }
        Value::Object(entries) => {
            if let Some(path) = entries.get("path").and_then(Value::as_str) {
                let texts = ["base", "head"].into_iter().filter_map(|key| entries.get(key)?.as_str());
                texts.for_each(|text| add(path, text));
            }
            entries.values().for_each(|entry| written_texts(entry, out));
        }
        _ => {}
    }
}

/// Paths below the project, with `/`, and texts of files with an extension.
fn files(folder: &str, extension: &str) -> Vec<(String, String)> {
    let paths = files_below(&project().join(folder)).into_iter().map(|path| {
        let path = path.strip_prefix(project()).expect("below").to_string_lossy().replace('\\', "/");
        let text = path.ends_with(extension).then(|| read_text(&path));
        (path, text)
    });
    paths.filter_map(|(path, text)| Some((path, text?))).collect()
}

/// All configurations and rule files of this repository.
fn corpus() -> Vec<(Kind, String)> {
    let mut out = Vec::new();
    for (path, text) in files("rules", ".yaml") {
        out.push((if path.starts_with("rules/scan/") { Kind::ScanRule } else { Kind::Rule }, text));
    }
    let worlds = files("fixtures/worlds", ".yaml").into_iter();
    let pages = files("fixtures/rules", ".md");
    let blocks = |language: &'static str| {
        pages.iter().flat_map(move |(path, text)| {
            code_blocks(text, &[language]).into_iter().map(move |block| (path.clone(), block))
        })
    };
    for (path, text) in worlds.chain(blocks("world")) {
        assert_eq!(BothParsers::read(&text).compare_untyped(), Comparison::Equal, "{path}");
        written_texts(&parse_yaml(&text).expect("a world"), &mut out);
    }
    out.extend(blocks("config").map(|(_, block)| (Kind::Config, block)));
    for document in ["README.md", "docs/scans.md"] {
        out.extend(
            code_blocks(&read_text(document), &["yaml"]).into_iter().map(|block| (Kind::Config, block)),
        );
    }
    out.sort();
    out.dedup();
    out
}

/// Mutations of the corpus; more than half are configurations.
fn mutations(corpus: &[(Kind, String)]) -> Vec<(Kind, String)> {
    let mut random = Random::new(SEED);
    let of_kind = |kind| corpus.iter().filter(|(other, _)| *other == kind).collect::<Vec<_>>();
    let kinds = [Kind::Config, Kind::Config, Kind::Config, Kind::ScanRule, Kind::Rule].map(of_kind);
    (0..MUTATIONS)
        .map(|_| {
            let texts = &kinds[random.below(kinds.len())];
            let (kind, text) = texts[random.below(texts.len())];
            (*kind, mutate(text, &mut random))
        })
        .collect()
}

/// Counts the results by name, and describes the disagreements.
fn compare_texts(texts: &[(Kind, String)]) -> (BTreeMap<&'static str, usize>, Vec<String>) {
    let (mut counts, mut different) = (BTreeMap::new(), Vec::new());
    for comparison in texts.iter().flat_map(|(kind, text)| compare_all(*kind, text)) {
        let name = match comparison {
            Comparison::Equal => "equal",
            Comparison::Refused => "refused by both",
            Comparison::Stricter => "stricter",
            Comparison::Different(what) => {
                different.push(what);
                "different"
            }
        };
        *counts.entry(name).or_default() += 1;
    }
    (counts, different)
}

#[test]
fn both_parsers_agree_on_all_files_and_their_mutations() {
    let mut texts = corpus();
    let count = |kind| texts.iter().filter(|(other, _)| *other == kind).count();
    let counts = [Kind::Config, Kind::ScanRule, Kind::Rule].map(count);
    println!("seed {SEED:#x}; configurations, scan rules, rules: {counts:?}");
    assert!(counts.iter().all(|count| *count >= 30), "texts are missing: {counts:?}");
    let (_, refused) = compare_texts(&texts);
    assert!(refused.is_empty(), "{}", refused.join("\n"));
    texts = mutations(&texts);
    let results: Vec<_> = std::thread::scope(|scope| {
        let workers: Vec<_> =
            texts.chunks(MUTATIONS / 4).map(|part| scope.spawn(|| compare_texts(part))).collect();
        workers.into_iter().map(|worker| worker.join().expect("worker")).collect()
    });
    let different: Vec<String> = results.iter().flat_map(|(_, different)| different.clone()).collect();
    println!("{:?}", results.iter().map(|(counts, _)| counts).collect::<Vec<_>>());
    assert!(different.is_empty(), "seed {SEED:#x}: {}\n{}", different.len(), different.join("\n"));
}

#[test]
fn a_planted_disagreement_is_found() {
    let compare = |text: &str| {
        let before = serde_yaml::from_str::<String>(text).map_err(|error| error.to_string());
        // Trims the value.
        let now = parse_yaml::<String>(text).map(|value| value.trim().to_owned());
        compare_results(text, &before, &now)
    };
    assert_eq!(compare("'plain'"), Comparison::Equal);
    assert!(matches!(compare("' padded '"), Comparison::Different(_)));
}
